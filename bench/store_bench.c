/* store_bench.c - what the store's codec makes of rows as a GPU node's worker gives them: bytes and
 * nanoseconds a sample, packing, writing and reading; and the whole store when it is given a
 * folder. Not a test: `store_bench [rows [folder]]`. */
#include "base/base.h"
#include "store/block.h"
#include "store/store.h"

#include <math.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

/* ---- the whole store ---- */

#define GROUPS 100

static double cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double resident(void)
{
    char text[256];
    uint64_t pages = 0;

    if (file_read_small("/proc/self/statm", text, sizeof(text)) > 0) {
        struct str rest = str_of(text);
        str_cut(&rest, ' ');
        if (!num_parse_u64(str_cut(&rest, ' '), &pages))
            pages = 0;
    }
    return (double)pages * 4096;
}

static void check(int code, const struct error *err)
{
    if (code) {
        fprintf(stderr, "%s\n", err->text);
        exit(1);
    }
}

static struct labels labels_of(unsigned group, unsigned column, char text[4][64],
                               struct label items[8])
{
    snprintf(text[0], 64, "all_smi_metric_of_some_length_%03u", column / 8);
    snprintf(text[1], 64, "%u", column % 8);
    snprintf(text[2], 64, "gpu-node-%05u", group);
    snprintf(text[3], 64, "GPU-%08x-1234-5678-9abc-%012x", group * 8 + column % 8, group);
    items[0] = (struct label){STR("__name__"), str_of(text[0])};
    items[1] = (struct label){STR("gpu_index"), str_of(text[1])};
    items[2] = (struct label){STR("gpu_name"), STR("NVIDIA H100 80GB HBM3")};
    items[3] = (struct label){STR("hostname"), str_of(text[2])};
    items[4] = (struct label){STR("instance"), str_of(text[2])};
    items[5] = (struct label){STR("job"), STR("algalon")};
    items[6] = (struct label){STR("uuid"), str_of(text[3])};
    return (struct labels){items, 7};
}

static void query(struct store *s, const char *metric, int64_t start_ms, int64_t end_ms)
{
    struct queryable q = store_queryable(s);
    struct selection *found;
    struct matcher m;
    struct error err = {0};
    struct arena a;
    size_t samples = 0;

    arena_init(&a, 0);
    double start = cpu();
    check(matcher_init(&m, MATCH_EQUAL, STR("__name__"), str_of(metric), &err), &err);
    check(q.select(q.self, (struct selector){&m, 1}, start_ms, end_ms, 0, &found, &err), &err);
    double selected = cpu();
    for (size_t i = 0; i < found->len; i++) {
        struct column c;
        check(found->ops->read(found, i, start_ms, end_ms, &a, &c, &err), &err);
        samples += c.len;
    }
    double read = cpu();
    printf("  query %zu series, %zu samples: select %.2f ms, read %.2f ms (%.1f ns a sample)\n",
           found->len, samples, (selected - start) / 1e6, (read - selected) / 1e6,
           (read - selected) / (double)samples);
    selection_free(found);
    matcher_fini(&m);
    arena_fini(&a);
}

static void push_bulk(struct store *s)
{
    static struct store_sample samples[60 * 1000];
    static struct label items[1000][8];
    static char text[1000][4][64];
    struct store_push_result result;
    struct error err = {0};
    double total = 0, start = cpu();

    for (unsigned request = 0; request < 20; request++) {
        for (unsigned i = 0; i < 1000; i++) {
            struct labels labels =
                labels_of(50000 + i / 100, request * 100 + i % 100, text[i], items[i]);
            for (unsigned k = 0; k < 60; k++)
                samples[i * 60 + k] =
                    (struct store_sample){labels, INT64_C(1699000000000) + k * INT64_C(15000),
                                          (double)((i * 7 + k * 13) % 1000) / 10};
        }
        check(store_push(s, samples, ARRAY_LEN(samples), &result, &err), &err);
        total += (double)result.kept;
    }
    report("  push, 60 samples of a series", 0, cpu() - start, total);
}

/* Rows in the log of a process that died, and how long the next one reads them back. */
static void run_crash(const char *dir, uint32_t rows)
{
    static struct series series[COLUMNS];
    static double values[COLUMNS];
    struct store_options options;
    struct store_stats stats;
    struct store *s;
    struct error err = {0};
    struct label items[8];
    char text[4][64];
    uint32_t column;

    store_options_init(&options);
    options.dir = dir;
    options.retention_ms = 0;
    pid_t pid = fork();
    if (pid == 0) {
        struct group *groups[GROUPS];
        check(store_open(&options, &s, &err), &err);
        for (unsigned g = 0; g < GROUPS; g++) {
            snprintf(text[0], 64, "bench;%u", g);
            check(store_group(s, str_of(text[0]), &groups[g], &err), &err);
            for (unsigned i = 0; i < COLUMNS; i++)
                check(store_column(s, groups[g], labels_of(g, i, text, items), &column, &err),
                      &err);
        }
        make_series(series);
        for (uint32_t r = 0; r < rows; r++) {
            for (unsigned i = 0; i < COLUMNS; i++)
                values[i] = sample(&series[i], true);
            for (unsigned g = 0; g < GROUPS; g++)
                check(store_append(s, groups[g], clock_now_ms() + r, values, COLUMNS, &err), &err);
        }
        _exit(0);
    }
    int status = 1;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
        exit(1);
    double start = cpu();
    uint64_t begun = clock_mono_ns();
    check(store_open(&options, &s, &err), &err);
    store_get_stats(s, &stats);
    printf("  start after a crash: %" PRIu64 " series, %" PRIu64
           " rows in the log: %.1f ms, CPU %.1f ms\n",
           stats.series_active, stats.replayed_rows, (double)(clock_mono_ns() - begun) / 1e6,
           (cpu() - start) / 1e6);
    store_close(s);
}

static void run_store(const char *dir, uint32_t rows)
{
    static struct series series[COLUMNS];
    static double values[COLUMNS];
    struct group *groups[GROUPS];
    struct store_options options;
    struct store_stats stats;
    struct store *s;
    struct error err = {0};
    struct label items[8];
    char text[4][64];
    double base = resident(), series_len = (double)GROUPS * COLUMNS;
    double spent = 0, samples = (double)rows * GROUPS * COLUMNS;
    uint32_t column;

    store_options_init(&options);
    options.dir = dir;
    options.retention_ms = 0;
    check(store_open(&options, &s, &err), &err);
    double start = cpu();
    for (unsigned g = 0; g < GROUPS; g++) {
        snprintf(text[0], 64, "bench;%u", g);
        check(store_group(s, str_of(text[0]), &groups[g], &err), &err);
        for (unsigned i = 0; i < COLUMNS; i++)
            check(store_column(s, groups[g], labels_of(g, i, text, items), &column, &err), &err);
    }
    printf("store, %d groups of %d series\n", GROUPS, COLUMNS);
    printf("  new series                        %8.1f ns each, %.0f bytes resident each\n",
           (cpu() - start) / series_len, (resident() - base) / series_len);
    make_series(series);
    for (uint32_t r = 0; r < rows; r++) {
        for (unsigned i = 0; i < COLUMNS; i++)
            values[i] = sample(&series[i], true);
        double before = cpu();
        for (unsigned g = 0; g < GROUPS; g++)
            check(store_append(s, groups[g], INT64_C(1700000000000) + r * INT64_C(5000), values,
                               COLUMNS, &err),
                  &err);
        spent += cpu() - before;
        if (r == 11 || r == 100) {
            store_get_stats(s, &stats);
            printf("  after %3u rows: %.0f bytes resident a series, %.2f bytes on disk a sample\n",
                   r + 1, (resident() - base) / series_len,
                   (double)stats.disk_bytes / (r + 1) / series_len);
        }
    }
    report("  append, log, pack, part of sealing", 0, spent, samples);
    start = cpu();
    check(store_flush(s, &err), &err);
    store_get_stats(s, &stats);
    report("  flush", (double)stats.disk_bytes, cpu() - start, samples);
    int64_t end_ms = INT64_C(1700000000000) + rows * INT64_C(5000);
    query(s, "all_smi_metric_of_some_length_100", end_ms - 900000, end_ms);
    query(s, "all_smi_metric_of_some_length_100", 0, end_ms);
    query(s, "all_smi_metric_of_some_length_100", 0, end_ms);
    push_bulk(s);
    start = cpu();
    store_close(s);
    printf("  close %.1f ms, ", (cpu() - start) / 1e6);
    start = cpu();
    check(store_open(&options, &s, &err), &err);
    printf("open %.1f ms\n", (cpu() - start) / 1e6);
    store_close(s);
}

int main(int argc, char **argv)
{
    uint64_t rows = 120;

    if (argc > 3 || (argc > 1 && (!num_parse_u64(str_of(argv[1]), &rows) || rows < 1 ||
                                  rows > BLOCK_ROWS_MAX))) {
        fprintf(stderr,
                "usage: store_bench [rows, 1 to %d] [an empty folder, for the whole store]\n",
                BLOCK_ROWS_MAX);
        return 2;
    }
    run((uint32_t)rows, false);
    run((uint32_t)rows, true);
    if (argc > 2) {
        char crashed[512];
        run_store(argv[2], (uint32_t)rows);
        snprintf(crashed, sizeof(crashed), "%s/snapshots", argv[2]); /* a name the store knows */
        run_crash(crashed, 100);
    }
    return 0;
}
