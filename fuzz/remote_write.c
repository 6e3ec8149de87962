/* remote_write.c - any bytes as a remote write body: packed and plain. Nothing crashes, what is
 * read again after being written is the same, and packing and unpacking undo each other. */
#include "remote/remote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UNPACKED_MAX ((size_t)1 << 20)

static void demand(bool truth)
{
    if (!truth)
        abort();
}

/* A series written and read again is the same. */
static void check_again(struct write_item *item)
{
    struct buf labels, message;
    struct write_item again;
    struct write_sample sample, back;
    struct write_reader reader;

    buf_init(&labels, 0);
    buf_init(&message, 0);
    write_labels_add(&labels, item->labels);
    while (write_item_sample(item, &sample)) {
        buf_reset(&message);
        write_series_add(&message, buf_str(&labels), &sample, 1);
        reader = write_reader_of(buf_str(&message));
        demand(write_reader_next(&reader, &again, NULL) == 0 && again.kind == WRITE_SERIES);
        demand(!again.fault && again.samples == 1 && labels_equal(again.labels, item->labels));
        demand(write_item_sample(&again, &back) && back.ts_ms == sample.ts_ms);
        demand(value_bits(back.value) == value_bits(sample.value));
    }
    buf_fini(&labels);
    buf_fini(&message);
}

static void check_message(struct write_reader reader)
{
    struct write_item item;
    struct error err;

    while (write_reader_next(&reader, &item, &err) == 0 && item.kind != WRITE_END)
        if (item.kind == WRITE_SERIES && !item.fault)
            check_again(&item);
}

static void check_both(struct str message)
{
    struct write_reader reader;
    struct arena a;

    check_message(write_reader_of(message));
    arena_init(&a, 0);
    if (write_reader_v2(message, &a, &reader, NULL) == 0)
        check_message(reader);
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str input = str_make((const char *)data, size);
    struct buf unpacked, packed;
    struct error err;

    buf_init(&unpacked, 0);
    buf_init(&packed, 0);
    if (snappy_decode(input, UNPACKED_MAX, &unpacked, &err) == 0)
        check_both(buf_str(&unpacked));
    check_both(input);
    buf_reset(&unpacked);
    demand(snappy_encode(input, &packed, &err) == 0);
    demand(snappy_decode(buf_str(&packed), size, &unpacked, &err) == 0);
    demand(str_equal(buf_str(&unpacked), input));
    buf_fini(&unpacked);
    buf_fini(&packed);
    return 0;
}
