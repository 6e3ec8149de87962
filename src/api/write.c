/* write.c - /api/v1/import, and /native, /prometheus and /csv below it: pushed JSON lines, blocks,
 * text, and comma-separated values. */
#include "api/answer.h"
#include "api/families.h"
#include "api/import_csv.h"
#include "api/import_lines.h"
#include "api/native.h"
#include "api/refusal.h"

/* extra_label=name=value, any number of times; the labels live as long as the builder. */
static bool read_extra_labels(struct http_request *r, struct label_builder *to, struct labels *ret)
{
    struct error err = {0};

    label_builder_init(to, (struct labels){0});
    for (size_t i = 0;; i++) {
        struct str rest = http_param_at(r, "extra_label", i);
        if (!rest.ptr)
            break;
        struct str name = str_cut(&rest, '=');
        if (!rest.ptr || !label_name_is_valid(name) || i >= LABELS_MAX) {
            answer_error(r, 400, "bad_data",
                         "invalid parameter \"extra_label\": wanted NAME=VALUE, not \"%.*s\"",
                         (int)MIN(name.len, 100), name.ptr);
            return false;
        }
        label_builder_set(to, name, rest);
    }
    if (label_builder_view(to, ret, &err) < 0) {
        answer_error(r, 400, "bad_data", "invalid parameter \"extra_label\": %s", err.text);
        return false;
    }
    return true;
}

static void count(struct api *api, const struct import_result *result)
{
    struct api_counters *c = &api->counters;

    atomic_fetch_add(&c->import_samples, result->samples);
    atomic_fetch_add(&c->import_lines_refused, result->lines_refused);
    atomic_fetch_add(&c->import_too_old, result->too_old);
    atomic_fetch_add(&c->import_series_refused, result->refused);
}

void refusal_of_store(struct http_request *r, const struct error *err)
{
    if (err->code != -EIO) { /* it may pass: a full disk, no descriptor, no memory */
        http_set_header(r, "Retry-After", "60");
        answer_error(r, 503, "unavailable", "%s", err->text);
        return;
    }
    answer_error(r, 500, "internal", "%s", err->text);
}

/* What was good is kept in any case. A line that cannot be read, or a sample that is too old, makes
 * the answer an error only when nothing was kept: the sender would otherwise send all of it again
 * for the sake of one line. Series past the bound make it one always: nobody would notice else. */
static void answer_import(struct http_request *r, const struct import_result *result)
{
    uint64_t lost = result->lines_refused + result->too_old + result->refused;

    if (!lost || (result->samples && !result->refused)) {
        http_reply_text(r, 204, NULL, "");
        return;
    }
    struct buf kept;
    buf_init(&kept, 0);
    if (result->samples)
        buf_printf(&kept, "%" PRIu64 " samples were kept, not all", result->samples);
    else
        buf_text(&kept, "nothing was kept");
    struct str said = kept.failed ? STR("not all was kept") : buf_str(&kept);
    answer_error(r, 400, "bad_data",
                 "%.*s: %" PRIu64 " lines cannot be read, %" PRIu64 " samples are too old, %" PRIu64
                 " were refused; first: %s",
                 STR_ARG(said), result->lines_refused, result->too_old, result->refused,
                 result->first_error);
    buf_fini(&kept);
}

static void finish(struct http_request *r, struct api *api, int code,
                   const struct import_result *result, const struct error *err)
{
    count(api, result);
    if (code < 0)
        refusal_of_store(r, err);
    else
        answer_import(r, result);
}

void write_import(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct str stamp = http_param(r, "timestamp");
    int64_t ts_ms = clock_now_ms();
    struct import_result result = {0};
    struct label_builder extra;
    struct labels labels;
    struct error err = {0};

    if (stamp.len && !num_parse_i64(stamp, &ts_ms)) {
        answer_error(r, 400, "bad_data",
                     "invalid parameter \"timestamp\": wanted Unix time in milliseconds");
        return;
    }
    if (!read_extra_labels(r, &extra, &labels))
        return;
    int code = import_text(api->store, api->metadata, http_body(r), ts_ms, labels, &result, &err);
    finish(r, api, code, &result, &err);
}

static int push_samples(void *ctx, const struct store_sample *samples, size_t n,
                        struct store_push_result *ret, struct error *err)
{
    return store_push(((struct api *)ctx)->store, samples, n, ret, err);
}

typedef int import_read(struct str body, struct labels extra, import_push *push, void *ctx,
                        struct import_result *ret, struct error *err);

static void take_import(struct http_request *r, struct api *api, import_read *read)
{
    struct import_result result = {0};
    struct label_builder extra;
    struct labels labels;
    struct error err = {0};

    if (!read_extra_labels(r, &extra, &labels))
        return;
    int code = read(http_body(r), labels, push_samples, api, &result, &err);

    finish(r, api, code, &result, &err);
}

void write_import_csv(struct http_request *r, void *ctx)
{
    struct api *api = ctx;
    struct str description = http_param(r, "format");
    struct import_result result = {0};
    struct label_builder extra;
    struct labels labels;
    struct csv_format format;
    struct error err = {0};

    if (!read_extra_labels(r, &extra, &labels))
        return;
    if (csv_format_read(description.ptr ? description : STR(""), http_arena(r), &format, &err)) {
        answer_error(r, 400, "bad_data", "invalid parameter \"format\": %s", err.text);
        return;
    }
    int code = import_csv_read(http_body(r), &format, clock_now_ms(), labels, push_samples, api,
                               &result, &err);
    finish(r, api, code, &result, &err);
}

void write_import_lines(struct http_request *r, void *ctx)
{
    take_import(r, ctx, import_lines_read);
}

void write_import_native(struct http_request *r, void *ctx)
{
    take_import(r, ctx, native_read);
}
