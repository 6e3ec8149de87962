/* oauth2_test.c - answers of token endpoints. Requests with tokens: tests/integration/scrape_ways.
 */
#include "outbound/oauth2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void answers_are_read(void **state)
{
    static const struct {
        const char *answer, *value; /* NULL: refused */
        int64_t life_ms;
    } cases[] = {
        {"{\"access_token\":\"abc\",\"token_type\":\"bearer\",\"expires_in\":3600}", "Bearer abc",
         3590000},
        {"{\"access_token\":\"abc\",\"expires_in\":\"100\"}", "Bearer abc", 90000},
        {"{\"access_token\":\"abc\",\"token_type\":\"MAC\",\"expires_in\":4}", "MAC abc", 2000},
        {"{\"access_token\":\"abc\",\"token_type\":7}", "7 abc", 3600000},
        {"{\"access_token\":\"abc\",\"token_type\":null}", "Bearer abc", 3600000},
        {"{\"access_token\":\"abc\",\"expires_in\":0}", "Bearer abc", 3600000},
        {"{\"access_token\":\"abc\",\"expires_in\":-5}", "Bearer abc", 3600000},
        {"{\"access_token\":\"abc\",\"expires_in\":1e300}", "Bearer abc", INT64_C(31535990000)},
        {"{\"access_token\":\"abc\",\"expires_in\":[]}", "Bearer abc", 3600000},
        {"{\"access_token\":\"a\\r\\nX: y\"}", NULL, 0},
        {"{\"access_token\":\"\"}", NULL, 0},
        {"{\"access_token\":{}}", NULL, 0},
        {"{\"error\":\"invalid_client\"}", NULL, 0},
        {"[]", NULL, 0},
        {"access_token=abc", NULL, 0},
        {"", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err;
        int64_t life_ms = 0;
        char *value = NULL;
        int code = oauth2_read(str_of(cases[i].answer), &value, &life_ms, &err);
        assert_int_equal(code, cases[i].value ? 0 : -EINVAL);
        if (cases[i].value) {
            assert_string_equal(value, cases[i].value);
            assert_int_equal(life_ms, cases[i].life_ms);
        }
        free(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_are_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
