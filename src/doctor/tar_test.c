/* tar_test.c - the bytes of an archive; tests/integration/bundle.test.mjs has tar(1) read one. */
#include "doctor/tar.h"

#include <libdeflate.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static unsigned octal(const char *text)
{
    unsigned value = 0;

    for (; *text >= '0' && *text <= '7'; text++)
        value = value * 8 + (unsigned)(*text - '0');
    return value;
}

static void assert_header(const char *h, const char *name, char type, unsigned size)
{
    unsigned sum = 0;

    for (int i = 0; i < 512; i++)
        sum += i >= 148 && i < 156 ? ' ' : (unsigned char)h[i];
    assert_string_equal(h, name);
    assert_int_equal(h[156], type);
    assert_int_equal(octal(h + 124), size);
    assert_int_equal(octal(h + 148), sum);
    assert_memory_equal(h + 257, "ustar\00000", 8);
}

static void a_file_is_a_header_and_whole_blocks(void **state)
{
    struct buf tar;

    (void)state;
    buf_init(&tar, 0);
    tar_file(&tar, STR("proc/stat"), STR("cpu 1 2\n"), 1700000000);
    tar_file(&tar, STR("empty"), STR(""), 0);
    tar_link(&tar, STR("link"), STR("target"), 0);
    assert_int_equal(tar.len, 512 * 4);
    assert_header(tar.ptr, "proc/stat", '0', 8);
    assert_int_equal(octal(tar.ptr + 100), 0600);
    assert_int_equal(octal(tar.ptr + 136), 1700000000);
    assert_memory_equal(tar.ptr + 512, "cpu 1 2\n\0", 9);
    assert_header(tar.ptr + 1024, "empty", '0', 0);
    assert_header(tar.ptr + 1536, "link", '2', 0);
    assert_string_equal(tar.ptr + 1536 + 157, "target");
    buf_fini(&tar);
}

static void a_long_name_stands_before_in_full(void **state)
{
    char name[300], wanted[340];
    struct buf tar;

    (void)state;
    for (size_t len = 95; len < sizeof(name); len++) {
        memset(name, 'x', len);
        name[len] = '\0';
        buf_init(&tar, 0);
        tar_file(&tar, str_of(name), STR("1"), 0);
        if (len > 100) { /* its record counts itself */
            unsigned n = octal(tar.ptr + 124);
            snprintf(wanted, sizeof(wanted), "%u path=%s\n", n, name);
            assert_int_equal(tar.ptr[156], 'x');
            assert_int_equal(strlen(wanted), n);
            assert_memory_equal(tar.ptr + 512, wanted, n);
        }
        assert_int_equal(tar.len, len > 100 ? 512 * 4 : 512 * 2);
        buf_fini(&tar);
    }
}

static void the_end_is_two_empty_blocks_and_compressed(void **state)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    struct buf tar, packed;
    char back[4096];
    size_t n = 0;

    (void)state;
    buf_init(&tar, 0);
    buf_init(&packed, 0);
    tar_file(&tar, STR("a"), STR("b"), 0);
    assert_int_equal(tar_gzip(&tar, &packed), 0);
    assert_int_equal(libdeflate_gzip_decompress(d, packed.ptr, packed.len, back, sizeof(back), &n),
                     LIBDEFLATE_SUCCESS);
    assert_int_equal(n, 512 * 4);
    for (size_t i = 1024; i < n; i++)
        assert_int_equal(back[i], 0);
    tar.failed = true;
    assert_int_equal(tar_gzip(&tar, &packed), -ENOMEM);
    libdeflate_free_decompressor(d);
    buf_fini(&tar);
    buf_fini(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_a_header_and_whole_blocks),
        cmocka_unit_test(a_long_name_stands_before_in_full),
        cmocka_unit_test(the_end_is_two_empty_blocks_and_compressed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
