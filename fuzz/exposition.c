/* exposition.c - any bytes as exposition text: nothing crashes, each line is taken or refused, and
 * what is taken is recognised by exposition_match() with the same value. */
#include "metric/metric.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

/* The series as written, read again from its printed form, must be the same set. */
static void check_print(struct labels l, struct arena *a)
{
    struct labels again;
    struct buf text;

    buf_init(&text, 0);
    labels_print(l, &text);
    demand(exposition_labels(buf_str(&text), a, &again, NULL) == 0);
    demand(labels_equal(l, again) && labels_hash(l) == labels_hash(again));
    buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct exposition e = {.rest = {(const char *)data, size}, .openmetrics = size % 2};
    struct arena a;

    arena_init(&a, (size_t)1 << 24);
    for (;;) {
        struct exposition before = e;
        struct exposition_line line, known;
        struct error err;
        struct labels l;
        int code = exposition_next(&e, &line, &err);
        if (!code)
            break;
        if (code < 0 || line.kind != EXPOSITION_SAMPLE)
            continue;
        if (exposition_labels(line.series, &a, &l, &err) == 0)
            check_print(l, &a);
        size_t skipped = (size_t)(line.series.ptr - before.rest.ptr);
        before.rest = str_make(line.series.ptr, before.rest.len - skipped);
        if (exposition_match(&before, line.series, &known)) {
            demand(value_bits(known.value) == value_bits(line.value));
            demand(known.has_ts == line.has_ts && (!known.has_ts || known.ts_ms == line.ts_ms));
            demand(before.rest.ptr == e.rest.ptr && before.rest.len == e.rest.len);
        }
    }
    arena_fini(&a);
    return 0;
}
