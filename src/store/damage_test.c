/* damage_test.c - bytes that rotted on the disk: what can be read is served, what cannot is named.
 */
#include "store/store_test.h"

#define DAY_1 (INT64_C(20000) * DAY_MS)
#define DAY_2 (DAY_1 + DAY_MS)

static void put_row(struct test_store *t, const char *group, const char *name, int64_t ts_ms)
{
    struct group *g;
    double value = 7;

    assert_int_equal(store_group(t->store, str_of(group), &g, NULL), 0);
    assert_int_equal(test_column(t, g, name, "node", "a"), 0);
    test_append(t, g, ts_ms, &value, 1);
}

/* Changes the byte `offset` behind each place in the day's file that begins with `magic`. */
static void damage(struct test_store *t, const char *date, const char *magic, size_t offset)
{
    struct buf path, bytes;
    size_t found = 0;

    buf_init(&path, 0);
    buf_init(&bytes, 0);
    buf_printf(&path, "%s/days/%s.mdb", t->dir, date);
    assert_int_equal(file_read(path.ptr, (size_t)64 << 20, &bytes, NULL), 0);
    for (size_t i = 0; i + 4 + offset < bytes.len; i++)
        if (memcmp(bytes.ptr + i, magic, 4) == 0) {
            bytes.ptr[i + offset] ^= 0x40;
            found++;
        }
    assert_true(found > 0);
    assert_int_equal(file_replace(path.ptr, bytes.ptr, bytes.len, NULL), 0);
    buf_fini(&bytes);
    buf_fini(&path);
}

static size_t samples(struct test_store *t, const char **ret_warning)
{
    struct selection *s = test_select(t, "node", "a", 0, INT64_MAX - 1);
    static char warning[200];
    size_t n = 0;

    for (size_t i = 0; i < s->len; i++)
        n += test_read(t, s, i, 0, INT64_MAX - 1).len;
    snprintf(warning, sizeof(warning), "%s", s->warning ? s->warning : "");
    *ret_warning = warning;
    selection_free(s);
    return n;
}

static void a_damaged_label_index_costs_its_own_series_and_is_said(void **state)
{
    struct test_store *t = *state;
    struct store_stats stats;
    const char *warning;

    put_row(t, "g", "first", DAY_1);
    put_row(t, "h", "second", DAY_2);
    store_close(t->store);
    damage(t, "2024-10-04", "SHF1", 20);
    test_open(t);
    assert_int_equal(samples(t, &warning), 1); /* the other day is read */
    assert_non_null(strstr(warning, "label index of 2024-10-04 is damaged"));
    store_get_stats(t->store, &stats);
    assert_int_equal(stats.damaged_days, 1);
    assert_true(stats.damaged_reads > 0);
    assert_false(stats.read_only);
    /* What comes for the day from now on is found: it is indexed anew. */
    put_row(t, "i", "third", DAY_1 + 5000);
    assert_int_equal(store_flush(t->store, NULL), 0);
    test_reopen(t);
    assert_int_equal(samples(t, &warning), 2);
}

static int count_shelf(void *ctx, const struct day_blob *blob, bool trusted)
{
    size_t *n = ctx;

    (void)blob;
    (void)trusted;
    (*n)++;
    return 0;
}

static size_t count_shelves(struct test_store *t)
{
    struct day_read *r;
    struct day *day;
    size_t n = 0;

    assert_int_equal(days_get(t->store->days, DAY_1 / DAY_MS, false, &day, NULL), 0);
    assert_int_equal(day_read_begin(day, &r, NULL), 0);
    assert_int_equal(day_read_shelves(r, count_shelf, &n, NULL), 0);
    day_read_end(r);
    day_put(day);
    return n;
}

static void a_series_that_goes_on_is_indexed_anew_once(void **state)
{
    static const size_t want[] = {1, 1, 2, 2};
    struct test_store *t = *state;
    struct day *day;

    for (int i = 0; i < 4; i++) {
        if (i >= 2) { /* as a reader that meets damage does */
            assert_int_equal(days_get(t->store->days, DAY_1 / DAY_MS, false, &day, NULL), 0);
            day_note_index_damage(day);
            day_put(day);
        }
        put_row(t, "g", "m", DAY_1 + i * 1000);
        assert_int_equal(store_flush(t->store, NULL), 0);
        assert_int_equal(count_shelves(t), want[i]);
    }
}

static void a_day_that_cannot_be_opened_is_left_out(void **state)
{
    struct test_store *t = *state;
    const char *warning;
    char path[256];

    put_row(t, "g", "first", DAY_1);
    put_row(t, "g", "first", DAY_2);
    store_close(t->store);
    snprintf(path, sizeof(path), "%s/days/2024-10-04.mdb", t->dir);
    assert_int_equal(file_replace(path, "no database at all", 18, NULL), 0);
    test_open(t);
    assert_int_equal(samples(t, &warning), 1);
    assert_non_null(strstr(warning, "2024-10-04 is damaged"));
}

struct finding {
    size_t len;
    char text[1024];
};

static void note(void *ctx, const char *file, const char *what)
{
    struct finding *f = ctx;
    size_t n = strlen(f->text);

    f->len++;
    snprintf(f->text + n, sizeof(f->text) - n, "%s: %s\n", file, what);
}

static void inspection_names_what_is_damaged(void **state)
{
    struct test_store *t = *state;
    struct store_inspection result;
    struct finding f = {0};
    struct error err;

    put_row(t, "g", "first", DAY_1);
    put_row(t, "g", "first", DAY_2);
    assert_int_equal(store_inspect(t->dir, note, &f, &result, &err), -EBUSY);
    store_close(t->store);
    assert_int_equal(store_inspect(t->dir, note, &f, &result, &err), 0);
    assert_int_equal(f.len, 0);
    assert_int_equal(result.days, 2);
    assert_int_equal(result.blocks, 2);
    damage(t, "2024-10-04", "SHF1", 20);
    damage(t, "2024-10-05", "BLK1", 57);
    assert_int_equal(store_inspect(t->dir, note, &f, &result, &err), 0);
    assert_int_equal(result.damages, 2);
    assert_non_null(strstr(f.text, "days/2024-10-04.mdb: 1 of the parts of its label index"));
    assert_non_null(strstr(f.text, "days/2024-10-05.mdb: 1 of its blocks"));
    t->store = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_damaged_label_index_costs_its_own_series_and_is_said,
                                        test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(a_series_that_goes_on_is_indexed_anew_once, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_day_that_cannot_be_opened_is_left_out, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(inspection_names_what_is_damaged, test_setup,
                                        test_teardown),
    };
    log_setup((enum log_level)(LOG_ERROR + 1), LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
