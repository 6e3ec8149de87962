/* match_test.c - all kinds of matchers on the index in memory and on a shelf, against trying each
 * series. */
#include "store/match.h"
#include "store/shelf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SERIES 300

static struct labels labels_of(uint32_t i, char text[3][16], struct label items[4])
{
    size_t n = 0;

    snprintf(text[0], 16, "m%u", i / 50);
    items[n++] = (struct label){STR("__name__"), str_of(text[0])};
    if (i % 3) {
        snprintf(text[1], 16, "gpu-%u", i % 7);
        items[n++] = (struct label){STR("gpu"), str_of(text[1])};
    }
    snprintf(text[2], 16, "node%u", i % 13);
    items[n++] = (struct label){STR("node"), str_of(text[2])};
    if (i % 100 == 50)
        items[n++] = (struct label){STR("odd"), STR("yes")};
    return (struct labels){items, n};
}

struct both {
    struct index index;
    struct buf bytes;
    struct shelf shelf;
};

static int setup(void **state)
{
    struct both *b = xnew(struct both);
    char text[3][16];
    struct label items[4];
    uint32_t id;

    assert_int_equal(index_init(&b->index), 0);
    for (uint32_t i = 0; i < SERIES; i++) {
        struct labels l = labels_of(i, text, items);
        assert_int_equal(index_add(&b->index, l, labels_hash(l), 7, i, &id), 0);
        assert_int_equal(id, i);
    }
    assert_int_equal(shelf_build(&b->index, &b->bytes), 0);
    assert_int_equal(shelf_open(b->bytes.ptr, b->bytes.len, false, &b->shelf), 0);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct both *b = *state;

    index_fini(&b->index);
    buf_fini(&b->bytes);
    free(b);
    return 0;
}

static const struct {
    enum match_type type;
    const char *name, *value;
} asked[] = {
    {MATCH_EQUAL, "__name__", "m3"},
    {MATCH_EQUAL, "gpu", "gpu-2"},
    {MATCH_EQUAL, "gpu", ""},
    {MATCH_EQUAL, "nothing", ""},
    {MATCH_EQUAL, "nothing", "x"},
    {MATCH_EQUAL, "gpu", "gpu-99"},
    {MATCH_NOT_EQUAL, "gpu", "gpu-2"},
    {MATCH_NOT_EQUAL, "gpu", ""},
    {MATCH_NOT_EQUAL, "nothing", "x"},
    {MATCH_NOT_EQUAL, "nothing", ""},
    {MATCH_REGEX, "gpu", "gpu-[1-3]"},
    {MATCH_REGEX, "gpu", "gpu-1|gpu-5|x"},
    {MATCH_REGEX, "gpu", ".*"},
    {MATCH_REGEX, "gpu", ".+"},
    {MATCH_REGEX, "gpu", "|gpu-1"},
    {MATCH_REGEX, "node", "node1.*"},
    {MATCH_NOT_REGEX, "gpu", "gpu-[1-3]"},
    {MATCH_NOT_REGEX, "gpu", ".*"},
    {MATCH_NOT_REGEX, "gpu", ".+"},
    {MATCH_NOT_REGEX, "gpu", "|gpu-1"},
    {MATCH_REGEX, "odd", "yes|no"},
    {MATCH_NOT_EQUAL, "odd", "yes"},
};

static void compare(struct both *b, const struct matcher *matchers, size_t n)
{
    struct label_source sources[] = {index_source(&b->index), shelf_source(&b->shelf)};
    char text[3][16];
    struct label items[4];

    for (size_t s = 0; s < ARRAY_LEN(sources); s++) {
        struct bitmap found;
        assert_int_equal(match_series(&sources[s], matchers, n, &found, NULL), 0);
        for (uint32_t i = 0; i < SERIES; i++) {
            bool is = bitmap_next(&found, i) == i;
            assert_int_equal(is, matchers_match(matchers, n, labels_of(i, text, items)));
        }
        bitmap_fini(&found);
    }
}

static void every_matcher_finds_what_trying_each_series_finds(void **state)
{
    for (size_t a = 0; a < ARRAY_LEN(asked); a++) {
        struct matcher m[2];
        assert_int_equal(
            matcher_init(&m[0], asked[a].type, str_of(asked[a].name), str_of(asked[a].value), NULL),
            0);
        compare(*state, m, 1);
        for (size_t b = 0; b < ARRAY_LEN(asked); b++) {
            assert_int_equal(matcher_init(&m[1], asked[b].type, str_of(asked[b].name),
                                          str_of(asked[b].value), NULL),
                             0);
            compare(*state, m, 2);
            matcher_fini(&m[1]);
        }
        matcher_fini(&m[0]);
    }
    compare(*state, NULL, 0);
}

static void a_shelf_gives_back_labels_and_places(void **state)
{
    struct both *b = *state;
    struct arena a;

    arena_init(&a, 0);
    for (uint32_t i = 0; i < SERIES; i++) {
        char text[3][16];
        struct label items[4];
        struct labels got, memory;
        uint32_t group, column;
        assert_int_equal(shelf_labels(&b->shelf, i, &a, &got), 0);
        assert_int_equal(index_labels(&b->index, i, &a, &memory), 0);
        assert_true(labels_equal(got, labels_of(i, text, items)));
        assert_true(labels_equal(memory, got));
        shelf_place(&b->shelf, i, &group, &column);
        assert_int_equal(group, 7);
        assert_int_equal(column, i);
    }
    arena_fini(&a);
}

static void names_and_values_are_sorted_distinct_and_cut(void **state)
{
    struct both *b = *state;
    struct label_source sources[] = {index_source(&b->index), shelf_source(&b->shelf)};
    struct str node = STR("node"), odd = STR("odd");
    struct matcher m;
    struct arena a;

    arena_init(&a, 0);
    assert_int_equal(matcher_init(&m, MATCH_EQUAL, STR("odd"), STR("yes"), NULL), 0);
    for (size_t s = 0; s < ARRAY_LEN(sources); s++) {
        struct str_set set;
        struct str_list list;
        struct selector selector = {&m, 1};
        bool cut;
        str_set_init(&set, &a);
        assert_int_equal(match_list(&sources[s], NULL, NULL, 0, &set, NULL), 0);
        str_set_take(&set, 0, &list, &cut);
        assert_int_equal(list.len, 4);
        assert_true(str_is(list.items[0], "__name__") && str_is(list.items[3], "odd") && !cut);
        str_set_fini(&set);
        str_set_init(&set, &a);
        assert_int_equal(match_list(&sources[s], &node, NULL, 0, &set, NULL), 0);
        str_set_take(&set, 5, &list, &cut);
        assert_int_equal(list.len, 5);
        assert_true(cut && str_is(list.items[0], "node0") && str_is(list.items[1], "node1"));
        str_set_fini(&set);
        str_set_init(&set, &a);
        assert_int_equal(match_list(&sources[s], &node, &selector, 1, &set, NULL), 0);
        assert_int_equal(match_list(&sources[s], &odd, &selector, 1, &set, NULL), 0);
        str_set_take(&set, 0, &list, &cut);
        assert_int_equal(list.len, 4); /* nodes of series 50, 150 and 250; and "yes" */
        str_set_fini(&set);
    }
    matcher_fini(&m);
    arena_fini(&a);
}

static void a_damaged_shelf_is_refused(void **state)
{
    struct both *b = *state;
    struct shelf s;

    for (size_t i = 0; i < b->bytes.len; i++) {
        b->bytes.ptr[i] ^= 4;
        assert_int_equal(shelf_open(b->bytes.ptr, b->bytes.len, false, &s), -EIO);
        b->bytes.ptr[i] ^= 4;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_matcher_finds_what_trying_each_series_finds, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_shelf_gives_back_labels_and_places, setup, teardown),
        cmocka_unit_test_setup_teardown(names_and_values_are_sorted_distinct_and_cut, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_damaged_shelf_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
