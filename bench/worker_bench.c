/* worker_bench.c - what the worker's own part costs: merging and rendering a snapshot, compressing
 * it, printing it. Made-up readings, no hardware, no sockets.
 *   worker_bench [GPUS] [PROCESSES PER GPU] [CORES]     default 8 4 128 */
#include "worker/fake_view.h"
#include "worker/merge.h"
#include "worker/render.h"

#include <stdlib.h>
#include <time.h>

#define ROUNDS 2000

#ifdef __GLIBC__
/* Counts allocations on their way to the C library. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *ptr, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *ptr, size_t size);

static size_t allocations;

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size)
{
    allocations++;
    return __libc_realloc(ptr, size);
}
#else
static size_t allocations;
#endif

struct bench {
    struct recycler *readings, *snapshots;
    struct inventory inventory;
    struct renderer *renderer;
    struct machine machine;
    struct held_reading *gpus, *host;
};

static double cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static size_t count_samples(struct str text)
{
    size_t lines = 0;

    while (text.ptr) {
        struct str line = str_cut(&text, '\n');
        lines += line.len && *line.ptr != '#';
    }
    return lines;
}

/* A snapshot of the two readings, with values that differ from round to round. */
static struct snapshot *merged(struct bench *b, unsigned round)
{
    struct collector_view views[] = {
        {.name = "nvidia", .seen = true, .up = true, .duration_s = 0.01, .held = b->gpus},
        {.name = "linux", .seen = true, .up = true, .duration_s = 0.02, .held = b->host}};

    for (size_t i = 0; i < b->gpus->reading.accelerator_len; i++)
        b->gpus->reading.accelerators[i].power_w = 300 + round % 400 + 0.123 * (double)i;
    for (size_t i = 0; i < ARRAY_LEN(views); i++)
        recycled_retain(&views[i].held->base);
    struct snapshot *s = snapshot_take(b->snapshots, &b->machine);
    if (!s || merge(s, &b->inventory, views, ARRAY_LEN(views)) < 0)
        abort();
    return s;
}

static void print(const char *what, double us, size_t allocated)
{
    printf("%-34s %9.1f us %6zu allocations\n", what, us, allocated);
}

/* The mean over many rounds, after two that let buffers grow. */
static void measure_snapshots(struct bench *b)
{
    double merging = 0, rendering = 0;
    size_t merge_allocations = 0, render_allocations = 0;

    for (unsigned i = 0; i < ROUNDS + 2; i++) {
        size_t before = allocations;
        double began = cpu_us();
        struct snapshot *s = merged(b, i);
        double middle = cpu_us();
        size_t between = allocations;
        if (render(b->renderer, s) < 0)
            abort();
        if (i >= 2) {
            rendering += cpu_us() - middle;
            merging += middle - began;
            merge_allocations += between - before;
            render_allocations += allocations - between;
        }
        snapshot_release(s);
    }
    print("merge", merging / ROUNDS, merge_allocations / ROUNDS);
    print("render", rendering / ROUNDS, render_allocations / ROUNDS);
}

static void measure_forms(struct bench *b)
{
    static const struct {
        enum snapshot_form form;
        const char *name;
    } forms[] = {{SNAPSHOT_TEXT_GZIP, "text, gzip"},
                 {SNAPSHOT_OPENMETRICS, "OpenMetrics"},
                 {SNAPSHOT_OPENMETRICS_GZIP, "OpenMetrics, gzip"}};
    struct snapshot *s = merged(b, 1);

    if (render(b->renderer, s) < 0)
        abort();
    struct str text = snapshot_body(s, SNAPSHOT_TEXT);
    printf("%-34s %9zu samples, %zu bytes\n", "text", count_samples(text), text.len);
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        double began = cpu_us();
        size_t len = snapshot_body(s, forms[i].form).len;
        printf("%-34s %9.1f us, %zu bytes\n", forms[i].name, cpu_us() - began, len);
    }
    double began = cpu_us();
    for (unsigned i = 0; i < 1000 * ROUNDS; i++)
        snapshot_release(snapshot_body(s, SNAPSHOT_TEXT_GZIP).len ? snapshot_retain(s) : NULL);
    printf("%-34s %9.3f us\n", "a scrape's part of it", (cpu_us() - began) / (1000 * ROUNDS));

    struct buf json;
    buf_init(&json, 0);
    began = cpu_us();
    snapshot_json(s, &json);
    printf("%-34s %9.1f us, %zu bytes\n", "JSON", cpu_us() - began, json.len);
    buf_fini(&json);
    snapshot_release(s);
}

int main(int argc, char **argv)
{
    unsigned given[3] = {8, 4, 128};
    uint64_t value;

    for (int i = 1; i < argc && i <= 3; i++)
        if (num_parse_u64(str_of(argv[i]), &value) && value <= 1024)
            given[i - 1] = (unsigned)value;
    struct bench b = {
        .readings = fake_recycler(), .snapshots = snapshot_recycler(), .machine = fake_machine()};
    b.machine.process_limit = 20;
    if (renderer_new(SCHEMA_ALL_SMI, NULL, &b.renderer, NULL))
        return 1;
    struct collector_view gpus = fake_view(b.readings, "nvidia");
    struct collector_view host = fake_view(b.readings, "linux");
    b.gpus = gpus.held;
    b.host = host.held;
    fake_accelerators(&b.gpus->reading, "nvidia", given[0], given[1]);
    fake_host(&b.host->reading, given[2]);
    fake_processes(&b.host->reading, 500, 1000, 1);

    printf("%u GPUs, %u processes on each, %u cores, 500 processes; CPU time, mean of %d\n",
           given[0], given[1], given[2], ROUNDS);
    measure_snapshots(&b);
    measure_forms(&b);

    recycled_release(&b.gpus->base);
    recycled_release(&b.host->base);
    inventory_fini(&b.inventory);
    renderer_free(b.renderer);
    recycler_close(b.readings);
    recycler_close(b.snapshots);
    return 0;
}
