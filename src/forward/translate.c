/* translate.c - see translate.h. */
#include "translate.h"

#include "remote/remote.h"

#define MESSAGE_MAX ((size_t)64 << 20) /* unpacked; blocks are gathered up to 1 MB */

struct work {
    const struct scrape_receiver *receiver;
    struct arena arena; /* of one series */
    struct buf labels, message;
    uint32_t samples, left;
    struct error *err;
};

static int no_memory(struct work *w)
{
    return error_errno(w->err, -ENOMEM, "block to be sent");
}

/* Writes a series with the labels that the receiver's rules give it. Rules that cannot be followed
 * (a regex past its bound, too many labels) leave the series out, counted. */
static int add_series(struct work *w, struct write_item *item)
{
    struct label_builder b;
    struct write_sample sample;
    struct labels labels;
    bool keep = !item->fault;

    arena_reset(&w->arena);
    label_builder_init(&b, item->labels);
    if (keep) {
        int code = scrape_receiver_relabel(w->receiver, &b, &w->arena);
        if (code == -ENOMEM)
            return no_memory(w);
        keep = code > 0 && !label_builder_view(&b, &labels, NULL) && labels.len;
    }
    if (!keep) {
        w->left += (uint32_t)item->samples;
        return 0;
    }
    buf_reset(&w->labels);
    write_labels_add(&w->labels, labels);
    while (write_item_sample(item, &sample)) {
        write_series_add(&w->message, buf_str(&w->labels), &sample, 1);
        w->samples++;
    }
    return w->labels.failed || w->message.failed ? no_memory(w) : 0;
}

static int rewrite(struct work *w, struct str message)
{
    struct write_reader reader = write_reader_of(message);
    struct write_item item;
    int code;

    while (!(code = write_reader_next(&reader, &item, w->err)) && item.kind != WRITE_END)
        if (item.kind == WRITE_SERIES && (code = add_series(w, &item)))
            break;
    return code;
}

int translate_block(const struct scrape_receiver *receiver, struct str block, bool zstd,
                    struct buf *ret, uint32_t *ret_samples, uint32_t *ret_left, struct error *err)
{
    struct work w = {.receiver = receiver, .err = err};
    struct buf plain;

    arena_init(&w.arena, 0);
    buf_init(&w.labels, 0);
    buf_init(&w.message, 0);
    buf_init(&plain, 0);
    int code = snappy_decode(block, MESSAGE_MAX, &plain, err);
    if (!code && receiver->relabel)
        code = rewrite(&w, buf_str(&plain));
    struct str message = receiver->relabel ? buf_str(&w.message) : buf_str(&plain);
    if (!code && message.len)
        code = zstd ? zstd_encode(message, ret, err) : snappy_encode(message, ret, err);
    *ret_samples = w.samples;
    *ret_left = w.left;
    arena_fini(&w.arena);
    buf_fini(&w.labels);
    buf_fini(&w.message);
    buf_fini(&plain);
    return code;
}
