/* command_compare.c - `algalon compare`: two exporters of the same GPUs over a time. */
#include "commands.h"
#include "names_source.h"

#include "migrate/migrate.h"

#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SCRAPE_TIMEOUT_MS 10000
#define QUERY_TIMEOUT_MS  60000
#define FAILURES_SHOWN    3

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static enum exit_code wrong_usage(const char *what)
{
    fprintf(stderr, "algalon compare: %s (see algalon compare --help)\n", what);
    return EXIT_USAGE;
}

/* ---- scraping ---- */

static double greater(double known, double seen)
{
    return isnan(known) ? seen : MAX(known, seen);
}

/* NAN where they may not be counted: another user's. */
static double count_files(uint64_t pid)
{
    char path[64];
    double n = 0;

    snprintf(path, sizeof(path), "/proc/%" PRIu64 "/fd", pid);
    DIR *dir = opendir(path);
    if (!dir)
        return (double)NAN;
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir))
        n += *e->d_name != '.';
    closedir(dir);
    return n;
}

static void read_process(uint64_t pid, struct compare_cost *cost, int64_t now_ms)
{
    char path[64], text[1024];
    unsigned long long user = 0, system = 0, pages = 0;
    long threads = 0;

    if (!pid)
        return;
    snprintf(path, sizeof(path), "/proc/%" PRIu64 "/stat", pid);
    ssize_t n = file_read_small(path, text, sizeof(text));
    const char *after = n > 0 ? strrchr(text, ')') : NULL;
    if (!after ||
        sscanf(after + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %ld", &user,
               &system, &threads) != 3)
        return;
    double seconds = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    if (isnan(cost->cpu_first)) {
        cost->cpu_first = seconds;
        cost->cpu_first_ms = now_ms;
    }
    cost->cpu_last = seconds;
    cost->cpu_last_ms = now_ms;
    snprintf(path, sizeof(path), "/proc/%" PRIu64 "/statm", pid);
    if (file_read_small(path, text, sizeof(text)) > 0 && sscanf(text, "%*u %llu", &pages) == 1) {
        double bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
        cost->memory_max = greater(cost->memory_max, bytes);
    }
    cost->threads_max = greater(cost->threads_max, (double)threads);
    double files = count_files(pid);
    if (!isnan(files))
        cost->files_max = greater(cost->files_max, files);
}

static int scrape(struct compare *c, enum compare_side side, const char *url, int64_t window_ms,
                  struct error *err)
{
    struct compare_cost *cost = compare_cost(c, side);
    uint64_t before = clock_mono_ns();
    struct buf text;

    buf_init(&text, 0);
    int code = names_source_get(url, SCRAPE_TIMEOUT_MS, &text, err);
    if (!code)
        code = compare_add_scrape(c, side, buf_str(&text), (double)(clock_mono_ns() - before) / 1e9,
                                  clock_now_ms(), window_ms);
    else if (cost->failures++ < FAILURES_SHOWN)
        log_warn("scrape failed", "error", err->text);
    buf_fini(&text);
    return code == -E2BIG || code == -ENOMEM || code == -ELIBACC ? code : 0;
}

static void sleep_until(uint64_t mono_ns)
{
    while (!stopped) {
        uint64_t now = clock_mono_ns();
        if (now >= mono_ns)
            return;
        uint64_t left = MIN(mono_ns - now, (uint64_t)200000000);
        struct timespec t = {0, (long)left};
        nanosleep(&t, NULL);
    }
}

static uint64_t pid_at(const struct settings *s, size_t i)
{
    uint64_t pid = 0;

    return i < s->pids.len && num_parse_u64(str_of(s->pids.items[i]), &pid) ? pid : 0;
}

static int watch(const struct settings *s, struct compare *c, struct error *err)
{
    uint64_t start = clock_mono_ns(), end = start + (uint64_t)s->compare_ms * NS_PER_MS;
    int code = 0;

    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    for (uint64_t turn = start; !code && !stopped; turn += (uint64_t)s->every_ms * NS_PER_MS) {
        sleep_until(turn);
        for (size_t side = 0; side < 2 && !code; side++) {
            read_process(pid_at(s, side), compare_cost(c, (enum compare_side)side), clock_now_ms());
            code = scrape(c, (enum compare_side)side, s->operands.items[side], s->every_ms, err);
        }
        if (turn + (uint64_t)s->every_ms * NS_PER_MS > end)
            break;
    }
    return code;
}

/* ---- out of a store ---- */

static void url_encode(struct str s, struct buf *to)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char b = (unsigned char)s.ptr[i];
        if ((b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') ||
            strchr("-_.~", b))
            buf_char(to, (char)b);
        else
            buf_printf(to, "%%%02X", b);
    }
}

/* What a store answers, to be brought into the order of time: then each moment of one side stands
 * beside the same moment of the other. */
struct moment {
    int64_t ts_ms;
    enum compare_side side;
    struct labels labels;
    double value;
};

struct moments {
    struct arena arena;
    struct moment *items;
    size_t len, cap;
};

static int take_series(struct moments *m, enum compare_side side, json_t *series)
{
    json_t *metric = json_object_get(series, "metric"), *value;
    const json_t *values = json_object_get(series, "values");
    struct label_builder b;
    struct labels labels, none = {0};
    const char *key;
    int code = 0;

    label_builder_init(&b, none);
    json_object_foreach(metric, key, value)
        label_builder_set(&b, str_of(key), str_of(json_string_value(value)));
    code = label_builder_view(&b, &labels, NULL);
    if (!code)
        code = labels_copy(labels, &m->arena, &labels);
    for (size_t i = 0; i < json_array_size(values) && !code; i++) {
        const json_t *pair = json_array_get(values, i);
        struct moment *grown = array_grow(m->items, &m->cap, m->len + 1, sizeof(*grown));
        double number;
        if (!grown)
            return -ENOMEM;
        m->items = grown;
        if (num_parse(str_of(json_string_value(json_array_get(pair, 1))), &number))
            m->items[m->len++] = (struct moment){
                (int64_t)(json_number_value(json_array_get(pair, 0)) * 1000), side, labels, number};
    }
    return code;
}

static int ask(const struct settings *s, struct moments *m, enum compare_side side,
               const char *name, int64_t now_ms, struct error *err)
{
    struct buf url, answer;
    json_error_t why;

    buf_init(&url, 0);
    buf_init(&answer, 0);
    buf_printf(&url, "%s/api/v1/query_range?query=", s->compare_url);
    url_encode(str_of(name), &url);
    url_encode(str_of(s->operands.items[side]), &url);
    buf_printf(&url, "&start=%.3f&end=%.3f&step=%.3f", (double)(now_ms - s->compare_ms) / 1000,
               (double)now_ms / 1000, (double)s->every_ms / 1000);
    buf_char(&url, '\0');
    int code = url.failed ? -ENOMEM : names_source_get(url.ptr, QUERY_TIMEOUT_MS, &answer, err);
    json_t *root = code ? NULL : json_loadb(answer.ptr, answer.len, 0, &why);
    if (!code && !root)
        code = error_set(err, -EIO, "%s: the answer is no JSON: %s", s->compare_url, why.text);
    const json_t *result = json_object_get(json_object_get(root, "data"), "result");
    for (size_t i = 0; i < json_array_size(result) && !code; i++)
        code = take_series(m, side, json_array_get(result, i));
    json_decref(root);
    buf_fini(&answer);
    buf_fini(&url);
    return code;
}

static bool asked_before(const char *name, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (!strcmp(equivalences[k].all_smi, name))
            return true;
    return false;
}

static int by_time(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;

    if (x->ts_ms != y->ts_ms)
        return x->ts_ms < y->ts_ms ? -1 : 1;
    return (x->side > y->side) - (x->side < y->side);
}

static int query(const struct settings *s, struct compare *c, struct error *err)
{
    int64_t now = clock_now_ms() / s->every_ms * s->every_ms;
    struct moments m = {0};
    int code = 0;

    arena_init(&m.arena, 0);
    for (size_t i = 0; i < equivalences_len && !code; i++) {
        const char *names[] = {equivalences[i].dcgm, equivalences[i].all_smi};
        for (size_t k = 0; k < 2 * ARRAY_LEN(names) && !code; k++)
            if (!strchr(names[k / 2], '$') && (k < 2 || !asked_before(names[1], i)))
                code = ask(s, &m, k % 2 ? COMPARE_B : COMPARE_A, names[k / 2], now, err);
    }
    if (m.len)
        qsort(m.items, m.len, sizeof(*m.items), by_time);
    for (size_t i = 0; i < m.len && !code; i++)
        code = compare_add(c, m.items[i].side, m.items[i].labels, m.items[i].value,
                           m.items[i].ts_ms, s->every_ms / 2);
    free(m.items);
    arena_fini(&m.arena);
    return code;
}

enum exit_code command_compare(struct settings *s)
{
    struct error err = {0};
    struct buf out;

    if (s->operands.len != 2)
        return wrong_usage(*s->compare_url ? "it wants two selectors" : "it wants two URLs");
    if (s->pids.len && s->pids.len != 2)
        return wrong_usage("--pids wants two process ids");
    struct compare *c = compare_new(s->operands.items[0], s->operands.items[1]);
    int code = *s->compare_url ? query(s, c, &err) : watch(s, c, &err);
    enum exit_code done = EXIT_FAILED;
    if (code) {
        fprintf(stderr, "algalon compare: %s\n", *err.text ? err.text : strerror(-code));
    } else {
        buf_init(&out, 0);
        compare_print(c, s->report, &out);
        code = out.failed ? -ENOMEM : file_write_all(STDOUT_FILENO, out.ptr, out.len);
        buf_fini(&out);
        bool both = compare_count(c, COMPARE_EQUAL) + compare_count(c, COMPARE_DIFFERS) +
                    compare_count(c, COMPARE_FEW);
        if (!both)
            fprintf(stderr, "algalon compare: no GPU and metric is on both sides\n");
        done = code || !both || compare_count(c, COMPARE_DIFFERS) ? EXIT_FAILED : EXIT_DONE;
    }
    compare_free(c);
    return done;
}
