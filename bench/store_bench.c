/* store_bench.c - what the store's codec makes of rows as a GPU node's worker gives them: bytes and
 * nanoseconds a sample, packing, writing and reading. Not a test: `store_bench [rows]`. */
#include "base/base.h"
#include "store/block.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#define COLUMNS 1155
#define PACKS   16
#define ROUNDS  10

/* What one series does; a node's 1,155 are a mix of these. */
enum kind {
    CONSTANT, /* limits, counts, states: most of all series */
    STEPS,    /* changes now and then */
    PERCENT,  /* whole percents, wandering */
    SHARE,    /* 0 to 1 */
    WATTS,    /* about a level, with noise */
    BYTES,    /* memory in use, in pages */
    COUNTER,  /* of bytes or packets, uneven rate */
    ENERGY,   /* millijoules, even rate with noise */
    SECONDS,  /* CPU time in hundredths */
    KINDS
};

static const unsigned parts[KINDS] = {520, 120, 70, 90, 60, 70, 110, 15, 100};

struct series {
    enum kind kind;
    double level, value;
};

static uint64_t seed = 1;

static double uniform(void)
{
    seed = hash_more(seed, "u", 1);
    return (double)(seed >> 11) / 9007199254740992.0;
}

static double normal(void)
{
    return sqrt(-2 * log(uniform() + 1e-300)) * cos(6.283185307179586 * uniform());
}

static double wander(double value, double step, double low, double high)
{
    value += step * normal();
    return value < low ? low : value > high ? high : value;
}

static double sample(struct series *s, bool rounded)
{
    switch (s->kind) {
    case CONSTANT:
        return s->level;
    case STEPS:
        return s->value += uniform() < 0.02 ? nearbyint(4 * normal()) : 0;
    case PERCENT:
        return nearbyint(s->value = wander(s->value, 3, 0, 100));
    case SHARE:
        s->value = wander(s->value, 0.02, 0, 1);
        return rounded ? nearbyint(s->value * 100) / 100 : s->value;
    case WATTS:
        s->value = s->level + 12 * normal();
        return rounded ? nearbyint(s->value * 100) / 100 : nearbyint(s->value * 1000) / 1000;
    case BYTES:
        return 4096 * nearbyint(s->value = wander(s->value, uniform() < 0.3 ? 200 : 0, 0, 2e7));
    case COUNTER:
        return s->value += uniform() < 0.3 ? 0 : nearbyint(s->level * -log(uniform() + 1e-300));
    case ENERGY:
        return s->value += nearbyint(s->level * (5000 + 60 * normal()));
    default:
        return nearbyint((s->value += s->level * uniform()) * 100) / 100;
    }
}

static void make_series(struct series s[COLUMNS])
{
    size_t at = 0;

    for (unsigned kind = 0; kind < KINDS; kind++)
        for (unsigned i = 0; i < parts[kind] && at < COLUMNS; i++, at++)
            s[at] = (struct series){(enum kind)kind, 0, 0};
    for (size_t i = 0; i < COLUMNS; i++) {
        s[i].level = nearbyint(exp(6 * uniform()));
        s[i].value = s[i].kind == SHARE     ? uniform()
                     : s[i].kind == PERCENT ? 100 * uniform()
                                            : nearbyint(exp(16 * uniform()));
    }
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void report(const char *what, double bytes, double ns, double samples)
{
    if (bytes > 0)
        printf("%-34s %6.3f bytes %8.1f ns a sample\n", what, bytes / samples, ns / samples);
    else
        printf("%-34s              %8.1f ns a sample\n", what, ns / samples);
}

static double encode(struct block_builder *b, const int64_t *ts, const uint64_t *columns,
                     uint32_t stride, uint32_t rows, struct buf *to)
{
    double start = now();

    block_begin(b, ts, rows);
    for (uint32_t i = 0; i < COLUMNS; i++)
        block_add(b, i, columns + (size_t)i * stride);
    buf_reset(to);
    if (block_end(b, to))
        exit(1);
    return now() - start;
}

static double decode(const struct buf *block, const uint64_t *want, uint32_t stride)
{
    static uint64_t out[BLOCK_ROWS_MAX];
    struct block_view view;
    uint32_t present;
    double start = now();

    if (block_open(block->ptr, block->len, false, &view))
        exit(1);
    for (uint32_t i = 0; i < COLUMNS; i++)
        if (block_read(&view, i, out, &present) ||
            memcmp(out, want + (size_t)i * stride, view.rows * sizeof(*out)) != 0) {
            fprintf(stderr, "column %u does not come back\n", i);
            exit(1);
        }
    return now() - start;
}

static void run(uint32_t rows, bool rounded)
{
    static struct series series[COLUMNS];
    uint64_t *columns = calloc((size_t)COLUMNS * rows, sizeof(*columns));
    int64_t *ts = calloc(rows, sizeof(*ts));
    struct block_builder b;
    struct buf block;
    double samples = (double)COLUMNS * rows, pack_bytes = 0, pack_ns = 0;

    if (!columns || !ts)
        exit(1);
    make_series(series);
    for (uint32_t r = 0; r < rows; r++) {
        ts[r] = INT64_C(1700000000000) + r * INT64_C(5000);
        for (uint32_t i = 0; i < COLUMNS; i++) {
            double v = sample(&series[i], rounded);
            memcpy(&columns[(size_t)i * rows + r], &v, sizeof(v));
        }
    }
    block_builder_init(&b);
    buf_init(&block, 0);
    printf("%u rows of %d series, shares %s\n", rows, COLUMNS,
           rounded ? "with two decimals" : "with 17 digits");
    for (uint32_t r = 0; r + PACKS <= rows; r += PACKS) {
        pack_ns += encode(&b, ts + r, columns + r, rows, PACKS, &block);
        pack_bytes += (double)block.len;
    }
    report("  packed in memory, 16 rows", pack_bytes, pack_ns, samples);
    double ns = 0, back_ns = 0;
    for (int i = 0; i < ROUNDS; i++) {
        ns += encode(&b, ts, columns, rows, rows, &block);
        back_ns += decode(&block, columns, rows);
    }
    report("  block", (double)block.len, ns / ROUNDS, samples);
    report("  block read back, checksums too", 0, back_ns / ROUNDS, samples);
    for (unsigned kind = 0, at = 0; kind < KINDS; at += parts[kind++]) {
        static const char *const names[] = {"constant", "steps",   "percent", "share",  "watts",
                                            "bytes",    "counter", "energy",  "seconds"};
        struct block_view view;
        double bytes = 0;
        if (block_open(block.ptr, block.len, true, &view))
            exit(1);
        for (unsigned i = at; i < at + parts[kind] && i < COLUMNS; i++)
            bytes += le16(view.length_at + (size_t)i * 2);
        printf("    %-10s %3u series %7.3f bytes a sample\n", names[kind], parts[kind],
               bytes / parts[kind] / rows);
    }
    block_builder_fini(&b);
    buf_fini(&block);
    free(columns);
    free(ts);
}

int main(int argc, char **argv)
{
    uint64_t rows = 120;

    if (argc > 1 && (!num_parse_u64(str_of(argv[1]), &rows) || rows < 1 || rows > BLOCK_ROWS_MAX)) {
        fprintf(stderr, "usage: store_bench [rows, 1 to %d]\n", BLOCK_ROWS_MAX);
        return 2;
    }
    run((uint32_t)rows, false);
    run((uint32_t)rows, true);
    return 0;
}
