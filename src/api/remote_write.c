/* remote_write.c - /api/v1/write: remote write 1.0 and 2.0, and the form of it that
 * VictoriaMetrics' agents speak, with Zstandard in place of Snappy. */
#include "api/answer.h"
#include "api/families.h"
#include "api/refusal.h"
#include "remote/remote.h"

#include <stdlib.h>

#define BATCH_SAMPLES   65536
#define BATCH_BYTES_MAX ((size_t)8 << 20)  /* labels of one batch */
#define ROOM_BYTES_MAX  ((size_t)4 << 20)  /* of a body that are kept for the next one */
#define BODY_MAX        ((size_t)64 << 20) /* unpacked; the bound of http/ for its own codings */

/* What came of a request. */
struct outcome {
    uint64_t kept, too_old, refused, histograms;
    char example[240]; /* the first series or sample not kept, and why */
};

/* What reading a request needs: taking it from the system and giving it back would cost a fifth of
 * a bulk write. The last one rests at the api. */
struct write_room {
    struct buf unpacked; /* of Snappy */
    struct store_sample samples[BATCH_SAMPLES];
};

static struct write_room *room_take(struct api *api)
{
    struct write_room *room = atomic_exchange(&api->write_room, NULL);

    if (!room && (room = malloc(sizeof(*room))))
        buf_init(&room->unpacked, 0);
    return room;
}

static void room_free(struct write_room *room)
{
    if (room)
        buf_fini(&room->unpacked);
    free(room);
}

static void room_give(struct api *api, struct write_room *room)
{
    if (room->unpacked.cap > ROOM_BYTES_MAX)
        buf_fini(&room->unpacked);
    buf_reset(&room->unpacked);
    room_free(atomic_exchange(&api->write_room, room));
}

void api_fini(struct api *api)
{
    room_free(atomic_exchange(&api->write_room, NULL));
}

struct batch {
    struct api *api;
    struct store_sample *samples;
    size_t len;
    struct arena labels;
    struct outcome *outcome;
};

static void note(struct outcome *o, const char *why)
{
    if (!o->example[0])
        snprintf(o->example, sizeof(o->example), "%s", why);
}

static int flush(struct batch *b, struct error *err)
{
    struct store_push_result pushed = {0};

    int code = b->len ? store_push(b->api->store, b->samples, b->len, &pushed, err) : 0;
    b->outcome->kept += pushed.kept;
    b->outcome->too_old += pushed.too_old;
    b->outcome->refused += pushed.refused;
    if (pushed.example[0])
        note(b->outcome, pushed.example);
    b->len = 0;
    arena_reset(&b->labels);
    return code;
}

/* The labels of a series as the batch keeps them: the texts stay in the body. */
static struct label *keep_labels(struct batch *b, struct labels labels)
{
    struct label *items = arena_calloc(&b->labels, labels.len, sizeof(*items));

    if (items)
        memcpy(items, labels.items, labels.len * sizeof(*items));
    return items;
}

static int take_series(struct batch *b, struct write_item *item, struct error *err)
{
    struct label *items = NULL;
    struct write_sample sample;

    if (item->histograms) {
        note(b->outcome, "native histograms are not taken");
        b->outcome->histograms += item->histograms;
    }
    if (item->fault) {
        note(b->outcome, item->fault);
        b->outcome->refused += item->samples;
        return 0;
    }
    while (write_item_sample(item, &sample)) {
        if (b->len == BATCH_SAMPLES) {
            int code = flush(b, err);
            if (code)
                return code;
            items = NULL;
        }
        if (!items && !(items = keep_labels(b, item->labels))) {
            int code = flush(b, err); /* the batch is full of labels */
            if (code)
                return code;
            items = keep_labels(b, item->labels);
            if (!items)
                return error_errno(err, -ENOMEM, "labels");
        }
        b->samples[b->len++] =
            (struct store_sample){{items, item->labels.len}, sample.ts_ms, sample.value};
    }
    return 0;
}

/* Keeps what is good of `message`. Errors: -EBADMSG it is none, or those of the store. */
static int take_message(struct api *api, struct write_reader reader, struct write_room *room,
                        struct outcome *ret, struct error *err)
{
    struct batch b = {.api = api, .samples = room->samples, .outcome = ret};
    struct write_item item;
    struct error broken;
    int code = 0, read;

    arena_init(&b.labels, BATCH_BYTES_MAX);
    while (!(read = write_reader_next(&reader, &item, &broken)) && item.kind != WRITE_END &&
           !code) {
        if (item.kind == WRITE_SERIES)
            code = take_series(&b, &item, err);
        if (api->metadata && item.family.len)
            metadata_set(api->metadata, item.family, item.type, item.help, item.unit);
    }
    if (!code)
        code = flush(&b, err);
    if (!code && read)
        code = error_set(err, read, "%s", broken.text);
    arena_fini(&b.labels);
    return code;
}

/* The request's message: the body with its coding undone. False: answered. */
static bool unpack(struct http_request *r, struct buf *room, struct str *ret)
{
    struct str coding = http_header(r, "Content-Encoding"), body = http_body(r);
    struct error err;

    *ret = body;
    if (str_is(coding, "zstd") || str_is(coding, "gzip"))
        return true; /* http/ has undone it */
    int code = snappy_decode(body, BODY_MAX, room, &err);
    if (!code) {
        *ret = buf_str(room);
        return true;
    }
    if (code == -ENOMEM)
        refusal_of_store(r, &err);
    else
        answer_error(r, code == -EFBIG ? 413 : 400, "bad_data", "%s", err.text);
    return false;
}

static void count(struct api *api, const struct outcome *o)
{
    struct api_counters *c = &api->counters;

    atomic_fetch_add(&c->write_requests, 1);
    atomic_fetch_add(&c->write_samples, o->kept);
    atomic_fetch_add(&c->write_too_old, o->too_old);
    atomic_fetch_add(&c->write_refused, o->refused + o->histograms);
}

/* 400 tells the sender not to come again with what was not kept; what was good of it is kept. */
static void answer(struct http_request *r, const struct outcome *o, int code,
                   const struct error *err)
{
    if (code == -EBADMSG)
        answer_error(r, 400, "bad_data", "%s; %" PRIu64 " samples before it were kept", err->text,
                     o->kept);
    else if (code)
        refusal_of_store(r, err);
    else if (o->too_old || o->refused || o->histograms)
        answer_error(r, 400, "bad_data",
                     "%" PRIu64 " samples were kept, %" PRIu64 " are too old, %" PRIu64
                     " were refused; first: %s",
                     o->kept, o->too_old, o->refused + o->histograms, o->example);
    else
        http_reply_text(r, 204, NULL, "");
}

/* What a sender of 2.0 wants to hear: how much was kept. */
static void tell_written(struct http_request *r, const struct outcome *o)
{
    char samples[24];

    snprintf(samples, sizeof(samples), "%" PRIu64, o->kept);
    http_set_header(r, "X-Prometheus-Remote-Write-Samples-Written", samples);
    http_set_header(r, "X-Prometheus-Remote-Write-Histograms-Written", "0");
    http_set_header(r, "X-Prometheus-Remote-Write-Exemplars-Written", "0");
}

static void take_request(struct http_request *r, struct api *api, struct str message,
                         struct write_room *room, bool v2)
{
    struct write_reader reader = write_reader_of(message);
    struct outcome outcome = {0};
    struct error err = {0};
    int code = v2 ? write_reader_v2(message, http_arena(r), &reader, &err) : 0;

    if (!code)
        code = take_message(api, reader, room, &outcome, &err);
    count(api, &outcome);
    if (v2)
        tell_written(r, &outcome);
    answer(r, &outcome, code, &err);
}

void remote_write(struct http_request *r, void *ctx)
{
    struct str type = http_header(r, "Content-Type");
    struct api *api = ctx;
    struct str message;

    /* VictoriaMetrics' agents ask so whether they may send Zstandard; 1 is the version they know.
     */
    if (http_param(r, "get_vm_proto_version").ptr) {
        http_reply_text(r, 200, "text/plain; charset=utf-8", "1");
        return;
    }
    if (str_contains(type, STR("proto=")) &&
        !str_contains(type, STR("proto=io.prometheus.write.v2.Request")) &&
        !str_contains(type, STR("proto=prometheus.WriteRequest"))) {
        answer_error(r, 415, "bad_data",
                     "prometheus.WriteRequest (1.0) and io.prometheus.write.v2.Request (2.0) are "
                     "taken, not %.*s",
                     (int)MIN(type.len, 100), type.ptr);
        return;
    }
    struct write_room *room = room_take(api);
    if (!room) {
        refusal_of_store(r, &(struct error){-ENOMEM, "remote write: out of memory"});
        return;
    }
    if (unpack(r, &room->unpacked, &message))
        take_request(r, api, message, room,
                     str_contains(type, STR("io.prometheus.write.v2.Request")));
    room_give(api, room);
}
