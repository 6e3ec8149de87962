/* store_test.c - the store from outside: what goes in comes out, also after closing and reopening.
 */
#include "store/store_test.h"

#include "store/store.h"

static void rows_come_back_sorted_by_labels(void **state)
{
    struct test_store *t = *state;
    struct group *g;
    struct error err;

    assert_int_equal(store_group(t->store, STR("job;a"), &g, &err), 0);
    uint32_t up = test_column(t, g, "up", "node", "b");
    uint32_t load = test_column(t, g, "load", "node", "b");
    assert_int_equal(up, 0);
    assert_int_equal(load, 1);
    assert_int_equal(test_column(t, g, "up", "node", "b"), 0);
    for (int i = 0; i < 100; i++)
        test_append(t, g, 1000 + i * 10, (double[]){1, i * 0.25}, 2);
    for (int round = 0; round < 2; round++) {
        struct selection *s = test_select(t, "node", "b", 0, 5000);
        assert_int_equal(s->len, 2);
        assert_true(str_is(labels_name(s->labels[0]), "load"));
        assert_true(str_is(labels_name(s->labels[1]), "up"));
        struct column a = test_read(t, s, 0, 0, 5000), b = test_read(t, s, 1, 0, 5000);
        assert_int_equal(a.len, 100);
        assert_int_equal(b.len, 100);
        assert_ptr_equal(a.ts_ms, b.ts_ms);
        assert_int_equal(a.ts_ms[99], 1990);
        assert_true(a.values[7] == 1.75);
        struct column c = test_read(t, s, 0, 1010, 1029);
        assert_int_equal(c.len, 2);
        assert_true(c.values[1] == 0.5);
        selection_free(s);
        test_reopen(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_come_back_sorted_by_labels, test_setup, test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
