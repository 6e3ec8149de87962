/* inspect.c - looking through a data directory that no process has: every checksum of days and log.
 * Nothing is changed. */
#include "store/block.h"
#include "store/day.h"
#include "store/shelf.h"
#include "store/store.h"
#include "store/wal.h"
#include "store/wal_file.h"

#include <stdarg.h>
#include <unistd.h>

#define SEGMENT_MAX ((size_t)1 << 30)

struct inspector {
    struct store_inspection *result;
    void (*found)(void *ctx, const char *file, const char *what);
    void *ctx;
    const char *file; /* at hand */
    uint64_t bad_blocks, bad_shelves;
};

static void report(struct inspector *in, const char *format, ...) PRINTF_LIKE(2, 3);

static void report(struct inspector *in, const char *format, ...)
{
    char text[240];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    in->result->damages++;
    in->found(in->ctx, in->file, text);
}

static int look_at_shelf(void *ctx, const struct day_blob *blob, bool trusted)
{
    struct inspector *in = ctx;
    struct shelf shelf;

    (void)trusted;
    in->result->shelves++;
    in->result->bytes += blob->n;
    in->bad_shelves += shelf_open(blob->bytes, blob->n, false, &shelf) != 0;
    return 0;
}

static int look_at_block(void *ctx, const struct day_place *place, const struct day_blob *blob)
{
    struct inspector *in = ctx;
    struct block_view view;

    in->result->blocks++;
    in->result->bytes += blob->n;
    in->bad_blocks += block_open(blob->bytes, blob->n, false, &view) || !block_verify(&view) ||
                      view.min_ms != place->min_ms || view.max_ms != place->max_ms;
    return 0;
}

static void look_at_day(struct inspector *in, struct days *days, int64_t number)
{
    struct day_read *r = NULL;
    struct error err;
    struct day *day;

    in->result->days++;
    in->bad_blocks = in->bad_shelves = 0;
    if (days_get(days, number, false, &day, &err)) {
        report(in, "cannot be opened: %s", err.text);
        return;
    }
    int code = day_read_begin(day, &r, &err);
    if (!code)
        code = day_read_shelves(r, look_at_shelf, in, &err);
    if (code)
        report(in, "the label index cannot be read: %s", err.text);
    code = r ? day_read_all(r, look_at_block, in, &err) : 0;
    if (code)
        report(in, "the blocks cannot be read to the end: %s", err.text);
    if (in->bad_shelves)
        report(in,
               "%" PRIu64 " of the parts of its label index are damaged: series may be missing in "
               "answers",
               in->bad_shelves);
    if (in->bad_blocks)
        report(in, "%" PRIu64 " of its blocks are damaged: reading them is an error",
               in->bad_blocks);
    day_read_end(r);
    day_put(day);
}

static int look_at_days(struct inspector *in, const char *dir, struct error *err)
{
    struct days *days = NULL;
    int code = days_open_read_only(dir, &days, err);
    size_t n = code ? 0 : days_list(days, 0, INT64_MAX, NULL, 0);
    int64_t *numbers = calloc(n + 1, sizeof(*numbers));

    if (!code && !numbers)
        code = error_errno(err, -ENOMEM, "%s", dir);
    n = code ? 0 : MIN(n, days_list(days, 0, INT64_MAX, numbers, n));
    for (size_t i = 0; i < n; i++) {
        char date[16], file[32];
        day_print_date(numbers[i], date);
        snprintf(file, sizeof(file), "days/%s.mdb", date);
        in->file = file;
        look_at_day(in, days, numbers[i]);
    }
    free(numbers);
    days_close(days);
    return code;
}

static int count_record(void *ctx, uint64_t pos, enum wal_type type, const uint8_t *payload,
                        size_t n)
{
    (void)ctx;
    (void)pos;
    (void)type;
    (void)payload;
    (void)n;
    return 0;
}

static int look_at_segment(struct inspector *in, const char *path, uint32_t number, bool last,
                           struct error *err)
{
    uint64_t damaged = 0, records = 0;
    size_t good = 0;
    struct buf bytes;

    buf_init(&bytes, SEGMENT_MAX);
    int code = file_read(path, SEGMENT_MAX, &bytes, err);
    if (!code) {
        const uint8_t *at = (const uint8_t *)bytes.ptr;
        in->result->log_segments++;
        in->result->bytes += bytes.len;
        /* Earlier versions cut a segment that was not used down to nothing. */
        if (bytes.len && wal_file_header_check(at, bytes.len, number) &&
            !(last && bytes.len < WAL_FILE_HEADER))
            report(in, "has no good header");
        if (bytes.len > WAL_FILE_HEADER)
            code = wal_scan(at, bytes.len, number, count_record, NULL, &good, &damaged, &records);
        if (!last && good < bytes.len)
            damaged += bytes.len - good;
        if (damaged)
            report(in, "%" PRIu64 " bytes are damaged: their rows are lost", damaged);
    }
    buf_fini(&bytes);
    return code;
}

static int look_at_log(struct inspector *in, const char *dir, struct error *err)
{
    uint32_t *numbers = NULL;
    size_t len = 0;
    int code = wal_file_list(dir, &numbers, &len, err);

    for (size_t i = 0; i < len && !code; i++) {
        struct buf path;
        char file[32];
        buf_init(&path, 0);
        wal_file_path(&path, dir, numbers[i]);
        char *name = buf_take(&path);
        snprintf(file, sizeof(file), "log/%010u.log", numbers[i]);
        in->file = file;
        code = name ? look_at_segment(in, name, numbers[i], i + 1 == len, err)
                    : error_errno(err, -ENOMEM, "%s", dir);
        free(name);
    }
    free(numbers);
    return code;
}

static char *path_in(const char *dir, const char *name)
{
    struct buf path;

    buf_init(&path, 0);
    buf_printf(&path, "%s/%s", dir, name);
    return buf_take(&path);
}

int store_inspect(const char *dir, void (*found)(void *ctx, const char *file, const char *what),
                  void *ctx, struct store_inspection *ret, struct error *err)
{
    struct inspector in = {.result = ret, .found = found, .ctx = ctx};
    char *log = path_in(dir, "log"), *days = path_in(dir, "days"), *marker = path_in(dir, "STORE");
    int code =
        log && days && marker ? store_check_dir(dir, err) : error_errno(err, -ENOMEM, "%s", dir);

    *ret = (struct store_inspection){0};
    if (!code && access(marker, F_OK) == 0) { /* else it is empty */
        code = access(days, F_OK) ? 0 : look_at_days(&in, days, err);
        if (!code && access(log, F_OK) == 0)
            code = look_at_log(&in, log, err);
    }
    free(log);
    free(days);
    free(marker);
    return code;
}
