/* day_test.c - days on disk: what is committed is found, what is aborted is not, readers see one
 * state. */
#include "store/day_lmdb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DAY INT64_C(20000)

struct folder {
    char dir[128];
    struct days *days;
};

static int setup(void **state)
{
    struct folder *f = xnew(struct folder);

    snprintf(f->dir, sizeof(f->dir), "%s/day-test-XXXXXX", TEST_BUILD_DIR);
    assert_non_null(mkdtemp(f->dir));
    assert_int_equal(days_open(f->dir, &store_io_system, &f->days, NULL), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct folder *f = *state;

    days_close(f->days);
    assert_int_equal(file_remove_tree(f->dir), 0);
    free(f);
    return 0;
}

static void write_block(struct folder *f, int64_t number, uint32_t group, int64_t from, int64_t to,
                        const char *text, bool commit)
{
    struct day *day;
    struct day_write *w;

    assert_int_equal(days_get(f->days, number, true, &day, NULL), 0);
    assert_int_equal(day_write_begin(day, &w, NULL), 0);
    assert_int_equal(
        day_write_block(w,
                        &(struct day_place){group, number * DAY_MS + from, number * DAY_MS + to, 0},
                        text, strlen(text), NULL),
        0);
    if (commit)
        assert_int_equal(day_write_commit(w, NULL), 0);
    else
        day_write_abort(w);
    day_put(day);
}

static int collect(void *ctx, const struct day_blob *blob, int64_t min_ms, int64_t max_ms)
{
    struct buf *to = ctx;

    assert_true(min_ms <= max_ms);
    buf_add(to, blob->bytes, blob->n);
    buf_char(to, ' ');
    return 0;
}

static void assert_blocks(struct day_read *r, uint32_t group, int64_t from, int64_t to,
                          const char *wanted)
{
    struct buf found = {0};

    assert_int_equal(
        day_read_blocks(r, group, DAY * DAY_MS + from, DAY * DAY_MS + to, collect, &found, NULL),
        0);
    buf_char(&found, '\0');
    assert_string_equal(found.ptr, wanted);
    buf_fini(&found);
}

static void blocks_are_found_by_group_and_time(void **state)
{
    struct folder *f = *state;
    struct day *day;
    struct day_read *r, *later;

    write_block(f, DAY, 7, 0, 100, "a", true);
    write_block(f, DAY, 7, 101, 200, "b", true);
    write_block(f, DAY, 7, 150, 5000, "long", true);
    write_block(f, DAY, 7, 300, 400, "never", false);
    write_block(f, DAY, 8, 0, 50, "other", true);
    assert_int_equal(days_get(f->days, DAY, false, &day, NULL), 0);
    assert_int_equal(day_read_begin(day, &r, NULL), 0);
    write_block(f, DAY, 7, 250, 260, "new", true);
    assert_int_equal(day_read_begin(day, &later, NULL), 0);
    assert_blocks(r, 7, 0, 10000, "a b long ");
    assert_blocks(later, 7, 0, 10000, "a b long new ");
    assert_blocks(r, 7, 100, 101, "a b ");
    assert_blocks(r, 7, 4000, 4000, "long ");
    assert_blocks(r, 7, 5001, 9000, "");
    assert_blocks(r, 6, 0, 10000, "");
    assert_blocks(r, 8, 0, 10000, "other ");
    day_read_end(r);
    day_read_end(later);
    day_put(day);
}

static void days_are_listed_closed_and_found_again(void **state)
{
    struct folder *f = *state;
    int64_t numbers[4], from, to;
    struct days_stats stats;
    struct day *day;

    for (int64_t i = 0; i < 18; i++) /* more than stay open */
        write_block(f, DAY + i * 3, 1, 5, 9, "x", true);
    assert_int_equal(days_get(f->days, DAY + 1, false, &day, NULL), -ENOENT);
    days_close(f->days);
    f->days = NULL;
    assert_int_equal(days_open(f->dir, &store_io_system, &f->days, NULL), 0);
    assert_int_equal(days_list(f->days, DAY + 1, DAY + 9, numbers, 4), 3);
    assert_int_equal(numbers[0], DAY + 3);
    assert_true(days_range(f->days, &from, &to));
    assert_int_equal(from, DAY * DAY_MS + 5);
    assert_int_equal(to, (DAY + 51) * DAY_MS + 9);
    for (int i = 0; i < 18; i++)
        days_learn(f->days);
    days_get_stats(f->days, &stats);
    assert_int_equal(stats.days, 18);
    assert_int_equal(stats.blocks, 18);
    days_drop(f->days, DAY + 3);
    assert_int_equal(days_list(f->days, 0, INT64_MAX, numbers, 4), 17);
}

static int write_large(struct folder *f, const char *bytes, size_t n)
{
    struct day *day;
    struct day_write *w;
    int64_t at = (DAY - 9000) * DAY_MS;
    int code = 0;

    assert_int_equal(days_get(f->days, DAY - 9000, true, &day, NULL), 0);
    assert_int_equal(day_write_begin(day, &w, NULL), 0);
    for (int k = 0; k < 4 && !code; k++)
        code = day_write_block(w, &(struct day_place){1, at, at, 0}, bytes, n, NULL);
    if (code)
        day_write_abort(w);
    else
        code = day_write_commit(w, NULL);
    day_put(day);
    return code;
}

static void an_oversized_commit_is_a_full_disk_and_the_day_grows(void **state)
{
    struct folder *f = *state;
    size_t size = (size_t)1 << 20;
    char *large = calloc(1, size);

    assert_non_null(large);
    f->days->map_old = (size_t)2 << 20;
    assert_int_equal(write_large(f, large, size), -ENOSPC);
    assert_int_equal(write_large(f, large, size), 0);
    free(large);
}

static int ignore_block(void *ctx, const struct day_blob *blob, int64_t min_ms, int64_t max_ms)
{
    size_t *bytes = ctx;

    for (size_t i = 0; i < blob->n; i++) /* touches every page */
        *bytes += ((const char *)blob->bytes)[i] != 0;
    assert_true(min_ms <= max_ms);
    return 0;
}

static void a_day_cut_short_is_damage_and_no_crash(void **state)
{
    struct folder *f = *state;
    size_t size = (size_t)300 << 10, bytes = 0;
    char *large = malloc(size + 1), path[256];
    struct day_read *r;
    struct day *day;
    struct stat st;

    assert_non_null(large);
    memset(large, 'x', size);
    large[size] = '\0';
    write_block(f, DAY, 1, 0, 9, large, true);
    free(large);
    snprintf(path, sizeof(path), "%s/2024-10-04.mdb", f->dir);
    assert_int_equal(stat(path, &st), 0);
    for (off_t left = st.st_size / 2; left >= 2 * (off_t)sysconf(_SC_PAGESIZE); left /= 2) {
        days_close(f->days);
        f->days = NULL;
        assert_int_equal(truncate(path, left), 0);
        assert_int_equal(days_open(f->dir, &store_io_system, &f->days, NULL), 0);
        if (days_get(f->days, DAY, false, &day, NULL))
            continue; /* said to be damaged: as good */
        if (day_read_begin(day, &r, NULL) == 0) {
            (void)!day_read_blocks(r, 1, DAY * DAY_MS, DAY * DAY_MS + 9, ignore_block, &bytes,
                                   NULL);
            day_read_end(r);
        }
        day_put(day);
    }
    assert_true(bytes < size); /* what was cut off is not made up */
}

static void the_table_of_readers_has_its_room_on_the_disk(void **state)
{
    struct folder *f = *state;
    char path[256];
    struct stat st;

    write_block(f, DAY, 1, 0, 9, "x", true);
    snprintf(path, sizeof(path), "%s/2024-10-04.mdb-lock", f->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size > 0);
    assert_true((off_t)st.st_blocks * 512 >= st.st_size); /* no hole that a full disk cannot fill */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blocks_are_found_by_group_and_time, setup, teardown),
        cmocka_unit_test_setup_teardown(days_are_listed_closed_and_found_again, setup, teardown),
        cmocka_unit_test_setup_teardown(an_oversized_commit_is_a_full_disk_and_the_day_grows, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_day_cut_short_is_damage_and_no_crash, setup, teardown),
        cmocka_unit_test_setup_teardown(the_table_of_readers_has_its_room_on_the_disk, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
