/* promql_eval.c - fuzzes evaluation: whatever parses must end within its bounds, over series that
 * have gaps, resets, stale markers, infinities and buckets. */
#include "promql/promql.h"

#include "promql/test_store.h"

#include <stdlib.h>

#define SAMPLES 24
#define STEP_MS 15000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_series(struct test_store *s, const char *name, const char *key, const char *value,
                       int salt)
{
    struct label pairs[] = {{STR(LABEL_NAME), str_of(name)}, {str_of(key), str_of(value)}};
    int64_t times[SAMPLES];
    double values[SAMPLES];
    size_t n = 0;

    for (int k = 0; k < SAMPLES; k++) {
        if ((k + salt) % 7 == 3)
            continue;
        times[n] = (int64_t)k * STEP_MS;
        values[n] = k * (salt + 1) % 37 - salt;
        if ((k + salt) % 11 == 5)
            values[n] = (double)NAN;
        if ((k + salt) % 13 == 5)
            values[n] = value_stale();
        if ((k * salt) % 17 == 11)
            values[n] = (double)INFINITY;
        n++;
    }
    test_store_add(s, (struct labels){pairs, 2}, times, values, n);
}

static struct test_store *store(void)
{
    static const char *const names[] = {"a", "b", "m", "up", "x_bucket"};
    struct test_store *s = xnew(struct test_store);

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        add_series(s, names[i], "job", "a", (int)i);
        add_series(s, names[i], "job", "b", (int)i + 3);
        add_series(s, names[i], "le", i % 2 ? "+Inf" : "0.5", (int)i + 7);
    }
    return s;
}

static struct promql_result *ask(struct test_store *s, struct str text, int64_t start, int64_t end,
                                 int64_t step)
{
    struct queryable q = test_store_queryable(s);
    struct promql_options o = {.start_ms = start, .end_ms = end, .step_ms = step, .threads = 1};
    struct promql_result *r = NULL;
    struct promql_error err;

    o.max_memory = (size_t)4 << 20;
    o.deadline_mono_ns = clock_mono_ns() + 100 * NS_PER_MS;
    if (promql_query(&q, text, &o, &r, &err) && !err.text[0])
        abort();
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct test_store *s = store();

    promql_result_free(ask(s, text, 150000, 150000, 0));
    promql_result_free(ask(s, text, 0, 300000, 30000));
    test_store_clear(s);
    free(s);
    return 0;
}
