#include "doctor/bundle.h"

#include "doctor/examine.h"
#include "doctor/tar.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define RECORD_MS   5000 /* that the driver may take to answer 200 calls a GPU */
#define TREE_MS     8000
#define OVER_MS     1000 /* between the two readings that rates are made of */
#define PATIENCE_MS 5000
#define HUNG_MS     1000 /* the same, of a driver that has not answered before */

/* ---- what is read ---- */

static void read_metrics(struct bundle *b, const struct worker_options *options,
                         int64_t patience_ms)
{
    struct worker_options all = *options;
    struct snapshot *snapshot = NULL;
    struct error err = {0};

    all.schemas = SCHEMA_ALL_SMI | SCHEMA_DCGM;
    all.process_command = PROCESS_COMMAND_OFF; /* whatever the worker shows */
    all.process_log = NULL;
    all.gpu_inventory = NULL; /* the worker's own: not to be written here */
    if (worker_once(&all, OVER_MS, patience_ms, b->silent, sizeof(b->silent), &snapshot, &err)) {
        snprintf(b->silent, sizeof(b->silent), "%.150s", err.text);
        return;
    }
    buf_str_add(&b->parts[BUNDLE_METRICS], snapshot_body(snapshot, SNAPSHOT_TEXT));
    snapshot_json(snapshot, &b->parts[BUNDLE_SNAPSHOT]);
    snapshot_release(snapshot);
}

#ifdef __linux__
static void keep_answer(void *ctx, const char *name, struct str text)
{
    struct bundle *b = ctx;
    char full[TREE_PATH_MAX];

    if (snprintf(full, sizeof(full), BUNDLE_ANSWERS "%s", name) < (int)sizeof(full))
        tree_add(&b->tree, full, text);
}
#endif

/* What diagnosis and collectors are told meanwhile that no file holds is kept too. */
static void examine_and_read(struct bundle *b, const struct worker_options *options,
                             int64_t patience_ms)
{
    struct worker_options recorded = *options;

#ifdef __linux__
    struct answer_recorder *recorder = answer_recorder_new(&options->paths, keep_answer, b);
    recorded.paths.edge = answer_recorder_edge(recorder);
#endif
    examine_both(&recorded, &b->parts[BUNDLE_DOCTOR_TEXT], &b->parts[BUNDLE_DOCTOR_JSON]);
    read_metrics(b, &recorded, patience_ms);
#ifdef __linux__
    answer_recorder_stop(recorder);
    /* Also of a machine that has none: replayed without them another's would be asked. */
    tree_add(&b->tree, BUNDLE_ANSWERS "about.txt",
             STR("What was answered to Algalon, for --path.answers: bytes as hex digits, tools' "
                 "answers as they came.\n"));
    if (!*b->silent) /* else a collector still waits for its answer in there */
        answer_recorder_free(recorder);
#endif
}

static void read_all(struct bundle *b, const struct worker_options *options)
{
    struct driver_record record;
    int code = driver_record(&options->paths, RECORD_MS, &record, &b->no_driver);

    if (code == 0) {
        b->gpus = record.gpus;
        b->asleep = record.asleep;
        b->parts[BUNDLE_SCENARIO] = record.scenario;
    }
    if (tree_read(&options->paths, record.pids, record.pid_len, TREE_MS, &b->tree, NULL))
        b->failed = true;
    free(record.pids);
    examine_and_read(b, options, code == -ETIMEDOUT ? HUNG_MS : PATIENCE_MS);
    if (code == 0)
        b->no_driver = (struct error){0};
}

static void bundle_init(struct bundle *b, const struct worker_options *options,
                        const struct doctor_bundle *wanted)
{
    *b = (struct bundle){.version = str_of(options->version)};
    redact_init(&b->redactor);
    for (size_t i = 0; i < BUNDLE_PARTS; i++)
        buf_init(&b->parts[i], 0);
    buf_init(&b->tar, 0);
    buf_init(&b->archive, 0);
    buf_str_add(&b->parts[BUNDLE_SETTINGS], wanted->settings);
}

static void bundle_fini(struct bundle *b)
{
    redact_fini(&b->redactor);
    for (size_t i = 0; i < BUNDLE_PARTS; i++)
        buf_fini(&b->parts[i]);
    tree_fini(&b->tree);
    buf_fini(&b->tar);
    buf_fini(&b->archive);
}

/* ---- the file ---- */

/* The host's name is left out of the file's, and nobody else's file is written over. */
static int make_file(const char *wanted, char *path, size_t size, int *ret, struct error *err)
{
    time_t now = (time_t)(clock_now_ms() / 1000);
    struct tm utc;

    if (*wanted) {
        if (strlen(wanted) >= size)
            return error_set(err, -ENAMETOOLONG, "%.60s...: the name is too long", wanted);
        str_copy(path, size, str_of(wanted));
    } else if (!gmtime_r(&now, &utc) ||
               !strftime(path, size, "algalon-bundle-%Y%m%dT%H%M%SZ.tar.gz", &utc)) {
        return error_set(err, -ERANGE, "the clock is wrong");
    }
    *ret = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*ret >= 0)
        return 0;
    if (errno == EEXIST)
        return error_set(err, -EEXIST, "%s is there already; name another: --bundle=FILE", path);
    return error_errno(err, -errno, "%s", path);
}

static int write_file(int fd, const char *path, struct str bytes, struct error *err)
{
    int code = file_write_all(fd, bytes.ptr, bytes.len);

    if (!code && fsync(fd) && errno != EINVAL) /* a pipe cannot */
        code = -errno;
    return code ? error_errno(err, code, "%s", path) : 0;
}

int doctor_bundle(const struct worker_options *options, const struct doctor_bundle *wanted,
                  const struct doctor_form *form, struct buf *to, struct error *err)
{
    char path[512];
    struct bundle b;
    int fd = -1;
    int code = make_file(wanted->path, path, sizeof(path), &fd, err);

    if (code)
        return code;
    bundle_init(&b, options, wanted);
    read_all(&b, options);
    bundle_learn(&b, options);
    bundle_pack(&b, clock_now_ms() / 1000);
    if (b.failed || b.redactor.failed || tar_gzip(&b.tar, &b.archive))
        code = error_set(err, -ENOMEM, "there is too much to be replaced, or too little memory");
    else
        code = write_file(fd, path, buf_str(&b.archive), err);
    close(fd);
    if (code)
        unlink(path);
    else
        bundle_report(&b, path, form, to);
    bundle_fini(&b);
    return code;
}
