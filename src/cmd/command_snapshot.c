/* command_snapshot.c - one reading to stdout. */
#include "service.h"
#include "worker/worker.h"

#include <unistd.h>

enum exit_code command_snapshot(struct settings *settings)
{
    struct worker_options options;
    struct snapshot *snapshot = NULL;
    struct error err;
    struct buf out;
    int code = service_worker_options(settings, &options, &err);

    if (code) {
        log_error("cannot read this machine", "error", err.text);
        return EXIT_USAGE;
    }
    code = worker_once(&options, settings->over_ms, &snapshot, &err);
    if (code) {
        log_error("cannot read this machine", "error", err.text);
        return EXIT_FAILED;
    }
    buf_init(&out, 0);
    if (!strcmp(settings->format, "json"))
        snapshot_json(snapshot, &out);
    else if (!strcmp(settings->format, "csv"))
        snapshot_csv(snapshot, &out);
    else
        buf_str_add(&out, snapshot_body(snapshot, SNAPSHOT_TEXT));
    code = out.failed ? -ENOMEM : file_write_all(STDOUT_FILENO, out.ptr, out.len);
    if (code)
        log_error("cannot write to stdout", "error", strerror(-code));
    buf_fini(&out);
    snapshot_release(snapshot);
    return code ? EXIT_FAILED : EXIT_DONE;
}
