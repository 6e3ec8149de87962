/* base_test.c - the ground floor. */
#include "base/base.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static void numbers_read_and_print_back_the_same(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"0", "0"},
        {"-0", "-0"},
        {"1", "1"},
        {"12.5", "12.5"},
        {"0.001", "0.001"},
        {"100.05", "100.05"},
        {"1e21", "1e+21"},
        {"1e20", "100000000000000000000"},
        {"1.7976931348623157e308", "1.7976931348623157e+308"},
        {"5e-324", "5e-324"},
        {"0.1", "0.1"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"123456789012345680", "123456789012345680"},
        {"18446744073709551616", "18446744073709552000"}, /* 2^64: the mantissa wraps to 0 */
        {"1e-6", "0.000001"},
        {"1.5e-7", "1.5e-07"},
        {"+Inf", "+Inf"},
        {"-inf", "-Inf"},
        {"NaN", "NaN"},
        {"0x10", "16"},
        {"1700000000.123", "1700000000.123"},
        {"0x1p-44", "5.684341886080802e-14"}, /* the nearest of 16 digits is another number's */
        {"0x1p-1007", "7.291122019556398e-304"},
        {"2.2250738585072014e-308", "2.2250738585072014e-308"},
        {"4.9406564584124654e-322", "4.94e-322"},
        {"9007199254740993", "9007199254740992"},
        {"123456789.125", "123456789.125"},
        {"0.000123456789", "0.000123456789"},
    };
    char text[NUM_MAX_TEXT];
    double value;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_true(num_parse(str_of(cases[i].in), &value));
        size_t n = num_print(text, value);
        assert_true(n <= NUM_MAX_TEXT);
        text[n] = '\0';
        assert_string_equal(text, cases[i].out);
    }
}

static void fixed_decimals_print_exactly(void **state)
{
    static const struct {
        int64_t units;
        unsigned decimals;
        const char *out;
    } cases[] = {
        {0, 0, "0"},
        {0, 2, "0"},
        {1, 2, "0.01"},
        {-1, 2, "-0.01"},
        {10, 2, "0.1"},
        {1234, 2, "12.34"},
        {1200, 2, "12"},
        {-120, 1, "-12"},
        {100, 0, "100"},
        {700123, 3, "700.123"},
        {INT64_MAX, 18, "9.223372036854775807"},
        {INT64_MIN, 0, "-9223372036854775808"},
    };
    char text[NUM_MAX_TEXT];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t n = num_print_fixed(text, cases[i].units, cases[i].decimals);
        assert_true(n < NUM_MAX_TEXT);
        text[n] = '\0';
        assert_string_equal(text, cases[i].out);
    }
}

static void brief_numbers_have_an_exponent_from_a_million_on(void **state)
{
    static const struct {
        double value;
        const char *out;
    } cases[] = {{0, "0"},
                 {-0.0, "-0"},
                 {100000, "100000"},
                 {1e6, "1e+06"},
                 {1234567, "1.234567e+06"},
                 {999999.5, "999999.5"},
                 {0.0001, "0.0001"},
                 {0.00001, "1e-05"},
                 {-12.25, "-12.25"},
                 {NAN, "NaN"},
                 {INFINITY, "+Inf"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {5e-324, "5e-324"}};
    char text[NUM_MAX_TEXT + 1];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        text[num_print_brief(text, cases[i].value)] = '\0';
        assert_string_equal(text, cases[i].out);
    }
}

static void any_double_survives_text(void **state)
{
    uint64_t seed = 42;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = hash_more(seed, &i, sizeof(i));
        double value, back;
        char text[NUM_MAX_TEXT];
        memcpy(&value, &bits, sizeof(value));
        if (isnan(value))
            continue;
        size_t n = num_print(text, value);
        assert_true(n <= NUM_MAX_TEXT);
        assert_true(num_parse(str_make(text, n), &back));
        assert_memory_equal(&value, &back, sizeof(value));
    }
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const cases[] = {"",     "-",  "+",  ".",  "e5",  "1e", "1x",
                                        "nanx", "0x", " 1", "1 ", "--1", "1e+"};
    double value;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_false(num_parse(str_of(cases[i]), &value));
}

static void durations_are_prometheus_durations(void **state)
{
    static const struct {
        const char *in;
        int64_t ms; /* -1: refused */
    } cases[] = {
        {"5s", 5000},  {"1h30m", 5400000}, {"250ms", 250},      {"30d", 2592000000},
        {"15", 15000}, {"0.5", 500},       {"1y", 31536000000}, {"", -1},
        {"s", -1},     {"5x", -1},         {"1m1h", -1},        {"-5s", -1},
        {"1d1d", -1},  {"0", 0},           {"0s", 0},           {"99999999999999999y", -1},
    };
    struct error err;
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int code = num_parse_duration(str_of(cases[i].in), &ms, &err);
        assert_int_equal(code == 0, cases[i].ms >= 0);
        if (!code)
            assert_int_equal(ms, cases[i].ms);
    }
    char text[48];
    assert_string_equal(num_print_duration(text, 5400000), "1h30m");
    assert_string_equal(num_print_duration(text, 0), "0s");
    assert_string_equal(num_print_duration(text, 250), "250ms");
}

static void sizes_are_powers_of_1024(void **state)
{
    uint64_t bytes;

    (void)state;
    assert_int_equal(num_parse_size(STR("2GB"), &bytes, NULL), 0);
    assert_int_equal(bytes, 2147483648);
    assert_int_equal(num_parse_size(STR("1.5MiB"), &bytes, NULL), 0);
    assert_int_equal(bytes, 1572864);
    assert_int_equal(num_parse_size(STR("17"), &bytes, NULL), 0);
    assert_int_equal(bytes, 17);
    assert_int_equal(num_parse_size(STR("-1GB"), &bytes, NULL), -EINVAL);
    assert_int_equal(num_parse_size(STR("GB"), &bytes, NULL), -EINVAL);
}

static void a_map_finds_what_was_put_and_not_taken(void **state)
{
    static char keys[1000][8];
    struct map m;
    void *old;

    (void)state;
    map_init(&m);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
        assert_int_equal(map_put(&m, str_of(keys[i]), keys[i], &old), 0);
        assert_null(old);
    }
    for (size_t i = 0; i < ARRAY_LEN(keys); i += 2)
        assert_ptr_equal(map_take(&m, str_of(keys[i])), keys[i]);
    assert_int_equal(m.len, 500);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        assert_ptr_equal(map_get(&m, str_of(keys[i])), i % 2 ? keys[i] : NULL);
    for (int round = 0; round < 50; round++)
        for (size_t i = 0; i < ARRAY_LEN(keys); i += 2) {
            assert_int_equal(map_put(&m, str_of(keys[i]), keys[i], NULL), 0);
            assert_ptr_equal(map_take(&m, str_of(keys[i])), keys[i]);
        }
    assert_true(m.cap <= 4096);
    map_fini(&m);
}

/* Pages of [ptr, ptr + bytes) that are in memory. */
static size_t resident(const void *ptr, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = 0;
    unsigned char state[512];
    uintptr_t from = ((uintptr_t)ptr + page - 1) / page * page;
    size_t pages = ((uintptr_t)ptr + bytes - from) / page;

    assert_true(pages > 0 && pages <= sizeof(state));
    assert_int_equal(mincore((void *)from, pages * page, (void *)state), 0);
    for (size_t i = 0; i < pages; i++)
        n += state[i] & 1;
    return n;
}

static void what_rests_keeps_its_place_but_no_memory(void **state)
{
    static const size_t bytes = 1 << 20;
    struct buf b;
    struct arena a;

    (void)state;
#ifndef __linux__
    skip();
#endif
    buf_init(&b, 0);
    memset(buf_reserve(&b, bytes), 'x', bytes);
    b.len = bytes;
    const char *place = b.ptr;
    assert_true(resident(place, bytes) > 200);
    buf_rest(&b);
    assert_int_equal(resident(place, bytes), 0);
    buf_text(&b, "again");
    assert_ptr_equal(b.ptr, place);
    assert_true(str_is(buf_str(&b), "again"));
    buf_fini(&b);

    arena_init(&a, 0);
    char *first = arena_alloc(&a, bytes);
    assert_non_null(first);
    memset(first, 'x', bytes);
    arena_rest(&a);
    assert_int_equal(resident(first, bytes), 0);
    assert_ptr_equal(arena_alloc(&a, 1000), first);
    assert_int_equal(arena_calloc(&a, 1, sizeof(int)) ? 0 : 1, 0);
    arena_fini(&a);
    arena_rest(&a);
    mem_rest(NULL, 0);
}

static void an_arena_keeps_its_bound(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 100000);
    size_t got = 0;
    while (arena_alloc(&a, 1000))
        got += 1000;
    assert_true(got > 50000 && got <= 100000);
    assert_true(arena_bytes(&a) <= 100000);
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, 1000));
    assert_null(arena_calloc(&a, SIZE_MAX / 2, 4));
    arena_fini(&a);
}

static void a_buffer_fails_at_its_cap_and_says_so(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 8);
    buf_text(&b, "12345678");
    assert_false(b.failed);
    buf_char(&b, '9');
    assert_true(b.failed);
    assert_int_equal(b.len, 8);
    buf_fini(&b);
}

static void json_strings_are_escaped(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 0);
    buf_json(&b, str_make("a\"\\\n\x01\xc3\xa9", 7));
    buf_json(&b, str_make("\xff", 1));
    char *text = buf_take(&b);
    assert_string_equal(text, "\"a\\\"\\\\\\n\\u0001\xc3\xa9\"\"\xef\xbf\xbd\"");
    free(text);
}

static void crc32c_matches_the_rfc(void **state)
{
    unsigned char zeros[32] = {0};

    (void)state;
    assert_int_equal(hash_crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(hash_crc32c(0, zeros, 32), 0x8a9136aa); /* RFC 3720, B.4 */
    assert_int_equal(hash_crc32c(hash_crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
}

static void errors_gather_what_each_layer_was_doing(void **state)
{
    struct error err;

    (void)state;
    assert_int_equal(error_errno(&err, -ENOENT, "file %s", "x"), -ENOENT);
    assert_int_equal(error_in(&err, "scrape %d", 7), -ENOENT);
    assert_string_equal(err.text, "scrape 7: file x: No such file or directory");
    assert_int_equal(error_set(NULL, -EINVAL, "nobody listens"), -EINVAL);
}

static void text_is_cut_and_trimmed(void **state)
{
    struct str rest = STR("a,,b"), part;
    char small[4];

    (void)state;
    part = str_cut(&rest, ',');
    assert_true(str_is(part, "a"));
    part = str_cut(&rest, ',');
    assert_true(str_is(part, ""));
    part = str_cut(&rest, ',');
    assert_true(str_is(part, "b"));
    assert_null(rest.ptr);
    assert_true(str_is(str_trim(STR(" \tx y\r\n")), "x y"));
    str_copy(small, sizeof(small), STR("ab\xc3\xa9"));
    assert_string_equal(small, "ab");
    rest = (struct str){NULL,
                        0}; /* what is absent starts, ends and holds nothing but the empty view */
    assert_true(str_starts(rest, rest) && str_ends(rest, rest) && str_contains(rest, rest));
    assert_false(str_starts(rest, STR("a")) || str_ends(rest, STR("a")) ||
                 str_contains(rest, STR("a")));
    assert_false(str_is_utf8(STR("\xed\xa0\x80")));
    assert_true(str_is_utf8(STR("\xf0\x9f\x98\x80")));
}

static void bytes_that_are_not_utf8_are_replaced_one_by_one(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {"plain text", "plain text"},
        {"gr\xc3\xbc\xc3\x9f"
         "e",
         "gr\xc3\xbc\xc3\x9f"
         "e"},
        {"a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"12345678\xc3", "12345678\xef\xbf\xbd"},
        {"123456789\xe2\x82", "123456789\xef\xbf\xbd\xef\xbf\xbd"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out;
        buf_init(&out, 0);
        buf_utf8(&out, str_of(cases[i].in));
        assert_true(str_is(buf_str(&out), cases[i].out));
        assert_int_equal(str_is_utf8(str_of(cases[i].in)), strcmp(cases[i].in, cases[i].out) == 0);
        buf_fini(&out);
    }
}

static void the_unknown_and_the_infinite_are_doubles(void **state)
{
    (void)state;
    assert_int_equal(sizeof(NAN), sizeof(double));
    assert_int_equal(sizeof(INFINITY), sizeof(double));
    assert_true(isnan(NAN) && isinf(INFINITY) && INFINITY > 0);
}

/* ---- letters ---- */

static void case_is_that_of_unicode(void **state)
{
    static const struct {
        const char *text, *lower, *upper;
    } cases[] = {{"aBc-1", "abc-1", "ABC-1"},
                 {"", "", ""},
                 {"\xc3\x84\xc3\xa9", "\xc3\xa4\xc3\xa9", "\xc3\x84\xc3\x89"},
                 {"a\xff", "a\xef\xbf\xbd", "A\xef\xbf\xbd"},
                 {"\xf0\x90\x90\x80", "\xf0\x90\x90\xa8", "\xf0\x90\x90\x80"}};
    struct arena a;
    struct str got;

    (void)state;
    arena_init(&a, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(letter_case(str_of(cases[i].text), false, &a, &got), 0);
        assert_true(str_is(got, cases[i].lower));
        assert_int_equal(letter_case(str_of(cases[i].text), true, &a, &got), 0);
        assert_true(str_is(got, cases[i].upper));
    }
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_unknown_and_the_infinite_are_doubles),
        cmocka_unit_test(bytes_that_are_not_utf8_are_replaced_one_by_one),
        cmocka_unit_test(numbers_read_and_print_back_the_same),
        cmocka_unit_test(fixed_decimals_print_exactly),
        cmocka_unit_test(brief_numbers_have_an_exponent_from_a_million_on),
        cmocka_unit_test(any_double_survives_text),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(durations_are_prometheus_durations),
        cmocka_unit_test(sizes_are_powers_of_1024),
        cmocka_unit_test(a_map_finds_what_was_put_and_not_taken),
        cmocka_unit_test(what_rests_keeps_its_place_but_no_memory),
        cmocka_unit_test(an_arena_keeps_its_bound),
        cmocka_unit_test(a_buffer_fails_at_its_cap_and_says_so),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(crc32c_matches_the_rfc),
        cmocka_unit_test(errors_gather_what_each_layer_was_doing),
        cmocka_unit_test(text_is_cut_and_trimmed),
        cmocka_unit_test(case_is_that_of_unicode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
