/* store_year_bench.c - how fast a store opens that holds a year: makes such a folder when it is
 * given an empty one, then opens it, with the files' pages dropped from memory and once more. Not a
 * test: `store_year_bench FOLDER [nodes [days [rows a day]]]`. The rows of a day cost time to make,
 * and opening does not read them, so that few will do. */
#include "base/base.h"
#include "store/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COLUMNS 1155

static void check(int code, const struct error *err)
{
    if (code) {
        fprintf(stderr, "%s\n", err->text);
        exit(1);
    }
}

static double cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double wall_ms(void)
{
    return (double)clock_mono_ns() / 1e6;
}

static struct labels labels_of(unsigned node, unsigned column, char text[3][64],
                               struct label items[6])
{
    snprintf(text[0], 64, "all_smi_metric_of_some_length_%03u", column / 8);
    snprintf(text[1], 64, "%u", column % 8);
    snprintf(text[2], 64, "gpu-node-%05u", node);
    items[0] = (struct label){STR("__name__"), str_of(text[0])};
    items[1] = (struct label){STR("gpu_index"), str_of(text[1])};
    items[2] = (struct label){STR("gpu_name"), STR("NVIDIA H100 80GB HBM3")};
    items[3] = (struct label){STR("hostname"), str_of(text[2])};
    items[4] = (struct label){STR("instance"), str_of(text[2])};
    items[5] = (struct label){STR("job"), STR("algalon")};
    return (struct labels){items, 6};
}

static void open_store(const char *dir, struct store **ret)
{
    struct store_options options;
    struct error err = {0};

    store_options_init(&options);
    options.dir = dir;
    options.retention_ms = 0;
    check(store_open(&options, ret, &err), &err);
}

/* The values of a row: half of them stay, the others wander. */
static void fill_row(double *values, uint64_t row)
{
    for (unsigned i = 0; i < COLUMNS; i += 2)
        values[i] = (double)(hash_more(row, &i, sizeof(i)) % 10000) / 100;
}

static void make(const char *dir, unsigned nodes, unsigned days, unsigned rows)
{
    static double values[COLUMNS];
    struct group **groups = calloc(nodes, sizeof(struct group *));
    struct store *s;
    struct error err = {0};
    struct label items[6];
    char text[3][64];
    uint32_t column;
    int64_t first_ms = (clock_now_ms() / MS_PER_DAY - (int64_t)days) * MS_PER_DAY;

    if (!groups)
        exit(1);
    open_store(dir, &s);
    for (unsigned g = 0; g < nodes; g++) {
        snprintf(text[0], 64, "bench;%u", g);
        check(store_group(s, str_of(text[0]), &groups[g], &err), &err);
        for (unsigned i = 0; i < COLUMNS; i++)
            check(store_column(s, groups[g], labels_of(g, i, text, items), &column, &err), &err);
    }
    for (unsigned day = 0; day < days; day++) {
        for (unsigned r = 0; r < rows; r++) {
            int64_t ts_ms = first_ms + day * MS_PER_DAY + r * (MS_PER_DAY / rows);
            fill_row(values, day * rows + r);
            for (unsigned g = 0; g < nodes; g++)
                check(store_append(s, groups[g], ts_ms, values, COLUMNS, &err), &err);
        }
        check(store_flush(s, &err), &err);
        store_trim_log(s);
    }
    free(groups);
    store_close(s);
}

/* Drops the files' pages from the kernel's memory, as after a boot. */
static void forget_pages(const char *dir, const char *folder)
{
    char path[512];
    struct dirent *entry;

    snprintf(path, sizeof(path), "%s/%s", dir, folder);
    DIR *d = opendir(path);
    while (d && (entry = readdir(d))) {
        int fd = openat(dirfd(d), entry->d_name, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            fdatasync(fd);
            posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
            close(fd);
        }
    }
    if (d)
        closedir(d);
}

static void query(struct store *s, int64_t start_ms, int64_t end_ms)
{
    struct queryable q = store_queryable(s);
    struct matcher m[2];
    struct selection *found;
    struct error err = {0};
    struct arena a;
    size_t samples = 0, series;
    double begun = wall_ms(), spent = cpu_ms();

    arena_init(&a, 0);
    check(matcher_init(&m[0], MATCH_EQUAL, STR("__name__"),
                       STR("all_smi_metric_of_some_length_100"), &err),
          &err);
    check(matcher_init(&m[1], MATCH_EQUAL, STR("hostname"), STR("gpu-node-00007"), &err), &err);
    check(q.select(q.self, (struct selector){m, 2}, start_ms, end_ms, 0, &found, &err), &err);
    series = found->len;
    for (size_t i = 0; i < found->len; i++) {
        struct column c;
        check(found->ops->read(found, i, start_ms, end_ms, &a, &c, &err), &err);
        samples += c.len;
    }
    selection_free(found);
    matcher_fini(&m[0]);
    matcher_fini(&m[1]);
    arena_fini(&a);
    printf("    %zu series over %" PRId64 " days, %zu samples: %.1f ms, CPU %.1f ms\n", series,
           (end_ms - start_ms) / MS_PER_DAY, samples, wall_ms() - begun, cpu_ms() - spent);
}

static void open_once(const char *dir, const char *how)
{
    struct store_stats stats;
    struct store *s;
    double begun = wall_ms(), spent = cpu_ms();

    open_store(dir, &s);
    double opened = wall_ms(), cpu = cpu_ms();
    store_get_stats(s, &stats);
    printf("  open, %s: %.1f ms, CPU %.1f ms (%" PRIu64 " days, %.1f GB)\n", how, opened - begun,
           cpu - spent, stats.days, (double)stats.disk_bytes / 1e9);
    query(s, stats.newest_ts_ms - 3600000, stats.newest_ts_ms);
    query(s, stats.oldest_ts_ms, stats.newest_ts_ms);
    store_close(s);
}

static unsigned number(int argc, char **argv, int i, unsigned otherwise)
{
    uint64_t ret;

    if (i >= argc)
        return otherwise;
    if (!num_parse_u64(str_of(argv[i]), &ret) || ret < 1 || ret > 100000) {
        fprintf(stderr, "'%s' is no number from 1 to 100000\n", argv[i]);
        exit(2);
    }
    return (unsigned)ret;
}

int main(int argc, char **argv)
{
    char path[512];

    if (argc < 2 || argc > 5) {
        fprintf(stderr, "usage: store_year_bench FOLDER [nodes=50 [days=365 [rows a day=48]]]\n");
        return 2;
    }
    unsigned nodes = number(argc, argv, 2, 50), days = number(argc, argv, 3, 365);
    unsigned rows = number(argc, argv, 4, 48);
    snprintf(path, sizeof(path), "%s/STORE", argv[1]);
    if (access(path, F_OK)) {
        double spent = cpu_ms();
        make(argv[1], nodes, days, rows);
        printf("%u nodes of %d series, %u days of %u rows: made in CPU %.0f s\n", nodes, COLUMNS,
               days, rows, (cpu_ms() - spent) / 1e3);
    }
    forget_pages(argv[1], "days");
    forget_pages(argv[1], "log");
    open_once(argv[1], "pages dropped");
    open_once(argv[1], "again");
    return 0;
}
