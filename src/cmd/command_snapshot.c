/* command_snapshot.c - one reading to stdout. */
#include "service.h"
#include "worker/worker.h"

#include <unistd.h>

static enum exit_code print(struct snapshot *snapshot, const char *format)
{
    struct buf out;

    buf_init(&out, 0);
    if (!strcmp(format, "json"))
        snapshot_json(snapshot, &out);
    else if (!strcmp(format, "csv"))
        snapshot_csv(snapshot, &out);
    else
        buf_str_add(&out, snapshot_body(snapshot, SNAPSHOT_TEXT));
    int code = out.failed ? -ENOMEM : file_write_all(STDOUT_FILENO, out.ptr, out.len);
    if (code)
        log_error("cannot write to stdout", "error", strerror(-code));
    buf_fini(&out);
    return code ? EXIT_FAILED : EXIT_DONE;
}

enum exit_code command_snapshot(struct settings *settings)
{
    struct worker_options options;
    struct snapshot *snapshot = NULL;
    struct error err;
    char late[200];
    int code = service_worker_options(settings, &options, &err);

    if (code) {
        log_error("cannot read this machine", "error", err.text);
        return EXIT_USAGE;
    }
    code = worker_once(&options, settings->over_ms, settings->snapshot_timeout_ms, late,
                       sizeof(late), &snapshot, &err);
    if (code) {
        log_error("cannot read this machine", "error", err.text);
        return EXIT_FAILED;
    }
    enum exit_code done = print(snapshot, settings->format);
    snapshot_release(snapshot);
    if (!late[0])
        return done;
    log_error("a driver does not answer: what it would tell is missing. A cold driver may need a "
              "longer --timeout; see algalon doctor",
              "collectors", late);
    fflush(NULL);
    _exit(EXIT_FAILED); /* what libraries do at the end could wait for that driver */
}
