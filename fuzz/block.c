/* block.c - fuzzes blocks and shelves: what a day holds, and what the log holds of pushed samples.
 */
#include "store/block.h"
#include "store/shelf.h"
#include "store/summary.h"

/* The same bytes as columns of several lengths, read together. */
static void read_columns(const uint8_t *data, size_t size, size_t half)
{
    uint64_t values[6][64];
    struct column_job jobs[6];

    for (uint32_t i = 0; i < 6; i++)
        jobs[i] =
            (struct column_job){.tables = str_make((const char *)data, 16),
                                .bytes = str_make((const char *)data + 16, half - i),
                                .other = str_make((const char *)data + 16 + half, size - 16 - half),
                                .readable = data + size,
                                .rows = 1 + (data[0] + 7 * i) % 64,
                                .ret = values[i]};
    if (!column_decode(jobs, 6))
        return;
    for (uint32_t i = 0; i < 6; i++)
        if (jobs[i].present > jobs[i].rows)
            __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_block(const uint8_t *data, size_t size)
{
    static uint64_t values[BLOCK_ROWS_MAX];
    static int64_t times[BLOCK_ROWS_MAX];
    struct block_view v;
    uint32_t run = 0, at = 0, present, column, seen = 0;

    /* Trusted, so that the bytes are not all stopped by the checksums. */
    if (block_open(data, size, true, &v))
        return;
    if (block_times(&v, times) == 0 && times[0] != v.min_ms)
        __builtin_trap();
    while ((column = block_next_column(&v, &run, &at)) != BLOCK_NONE && seen++ < 64) {
        uint32_t i = block_find(&v, column);
        const uint8_t *start;
        size_t len;
        block_extent(&v, i, &start, &len);
        if (start < data || start + len > data + size)
            __builtin_trap();
        if (block_read(&v, i, values, &present) == 0 && present > v.rows)
            __builtin_trap();
    }
}

static bool every_second(void *ctx, uint32_t column)
{
    (void)ctx;
    return column % 2 == 0;
}

/* Windows of any block, and windows of these again. */
static void sum_up(const uint8_t *data, size_t size)
{
    static struct summary *s;
    static uint64_t values[BLOCK_ROWS_MAX];
    struct block_view v, windows;
    const struct buf *bytes;
    bool any;

    if (block_open(data, size, true, &v) || v.columns > 256)
        return;
    if (!s && !(s = summary_new()))
        return;
    for (enum sample_part part = SAMPLE_LAST; part <= SAMPLE_MEAN; part++)
        (void)!summary_read(&v, size % 8, part, values, &any);
    if (summary_make(s, &v, 300000, every_second, NULL, &bytes, &windows))
        return;
    if (windows.rows > v.rows || bytes->len != windows.size)
        __builtin_trap();
}

static void read_shelf(const uint8_t *data, size_t size)
{
    struct shelf s;
    struct arena a;

    if (shelf_open(data, size, true, &s))
        return;
    arena_init(&a, 1u << 20);
    struct label_source source = shelf_source(&s);
    for (uint32_t name = 0; name < s.names && name < 16; name++) {
        struct posting_view postings;
        struct bitmap b;
        if (source.series > 100000 || bitmap_init(&b, source.series))
            break;
        uint32_t values = source.ops->value_count(&s, name);
        for (uint32_t i = 0; i < values && i < 16; i++) {
            struct str value = source.ops->value_at(&s, name, i, &postings);
            bitmap_add(&b, postings);
            source.ops->find_value(&s, name, value, &postings);
        }
        bitmap_fini(&b);
    }
    for (uint32_t i = 0; i < s.series && i < 64; i++) {
        struct labels labels;
        if (shelf_labels(&s, i, &a, &labels))
            break;
    }
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t half = size > 32 ? (size - 16) / 2 : 0;

    read_block(data, size);
    sum_up(data, size);
    read_shelf(data, size);
    if (half)
        read_columns(data, size, half);
    return 0;
}
