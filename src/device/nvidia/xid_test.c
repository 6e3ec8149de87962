/* xid_test.c - the catalogue of XIDs is sound, and docs/xid.md says what it says. */
#include "device/nvidia/xid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void codes_stand_once_in_order_with_something_to_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < xids_len; i++) {
        assert_true(!i || xids[i].code > xids[i - 1].code);
        assert_ptr_equal(xid_find(xids[i].code), &xids[i]);
        assert_true(xids[i].name[0] && xids[i].now[0]);
        assert_true(strlen(xids[i].now) + strlen(xids[i].again) < 250); /* doctor has a line */
        assert_true(strlen(xids[i].name) < 80);
        assert_non_null(xid_fault_text(xids[i].fault));
        assert_null(strpbrk(xids[i].name, "|\n\""));
    }
    assert_null(xid_find(0));
}

static void who_is_at_fault_is_told_apart(void **state)
{
    (void)state;
    assert_int_equal(xid_find(31)->fault, XID_APPLICATION);
    assert_int_equal(xid_find(79)->fault, XID_HARDWARE);
    assert_int_equal(xid_find(45)->fault, XID_NOTICE);
    assert_non_null(strstr(xid_find(163)->moot, "162"));
}

/* To renew the page: ALGALON_UPDATE=1 unit/device_xid_test */
static void the_page_of_documentation_is_the_table(void **state)
{
    struct buf wanted, found;
    struct error err;

    (void)state;
    buf_init(&wanted, 0);
    buf_init(&found, 0);
    xid_markdown(&wanted);
    assert_false(wanted.failed);
    if (getenv("ALGALON_UPDATE"))
        assert_int_equal(
            file_replace(TEST_FIXTURES "/../../docs/xid.md", wanted.ptr, wanted.len, &err), 0);
    assert_int_equal(file_read(TEST_FIXTURES "/../../docs/xid.md", 1 << 20, &found, &err), 0);
    assert_true(str_equal(buf_str(&wanted), buf_str(&found)));
    buf_fini(&wanted);
    buf_fini(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_stand_once_in_order_with_something_to_do),
        cmocka_unit_test(who_is_at_fault_is_told_apart),
        cmocka_unit_test(the_page_of_documentation_is_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
