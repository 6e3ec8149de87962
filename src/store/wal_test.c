/* wal_test.c - the log: records come back, a torn end is cut, damage costs what it hits. */
#include "store/store_test.h"
#include "store/wal_file.h"

#include <fcntl.h>
#include <sys/stat.h>

struct seen {
    char text[4096];
    size_t count;
};

static int note(void *ctx, uint64_t pos, enum wal_type type, const uint8_t *payload, size_t n)
{
    struct seen *seen = ctx;
    size_t len = strlen(seen->text);

    (void)pos;
    assert_int_equal(type, WAL_ROW);
    snprintf(seen->text + len, sizeof(seen->text) - len, "%.*s ", (int)n, (const char *)payload);
    seen->count++;
    return 0;
}

static char *log_dir(void **state)
{
    char *dir = xstrdup(TEST_BUILD_DIR "/wal-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    *state = dir;
    return dir;
}

static int setup(void **state)
{
    log_dir(state);
    return 0;
}

static int teardown(void **state)
{
    assert_int_equal(file_remove_tree(*state), 0);
    free(*state);
    return 0;
}

static void write_text(struct wal *w, const char *text, int wanted)
{
    struct buf b;
    struct error err;
    uint64_t pos;
    int code;

    buf_init(&b, 0);
    size_t start = wal_record_begin(&b);
    buf_text(&b, text);
    wal_record_end(&b, start, WAL_ROW);
    do
        code = wal_write(w, wal_segment(w), b.ptr, b.len, &pos, &err);
    while (code == -EAGAIN);
    assert_int_equal(code, wanted);
    buf_fini(&b);
}

static struct wal *open_log(const char *dir, uint32_t number, uint32_t segment_bytes,
                            const struct store_io *io)
{
    struct wal *w;
    struct error err = {0};
    assert_int_equal(wal_open(dir, number, segment_bytes, io, &w, &err), 0);
    return w;
}

static struct wal_replay_result replay(const char *dir, struct seen *seen)
{
    struct wal_replay_result result;
    struct error err = {0};
    *seen = (struct seen){.count = 0};
    assert_int_equal(wal_replay(dir, note, seen, &result, &err), 0);
    return result;
}

static void records_come_back_over_segments(void **state)
{
    struct wal *w = open_log(*state, 1, 64, &store_io_system);
    struct seen seen;
    struct wal_stats stats;

    for (int i = 0; i < 9; i++)
        write_text(w, (char[]){'r', 'o', 'w', (char)('0' + i), '\0'}, 0);
    wal_get_stats(w, &stats);
    assert_int_equal(stats.segments, 3);
    assert_int_equal(wal_sync(w, NULL), 0);
    wal_close(w);
    struct wal_replay_result result = replay(*state, &seen);
    assert_string_equal(seen.text, "row0 row1 row2 row3 row4 row5 row6 row7 row8 ");
    assert_int_equal(result.next_segment, 4);
    assert_int_equal(result.torn_bytes + result.damaged_bytes, 0);

    w = open_log(*state, 4, 64, &store_io_system);
    assert_int_equal(wal_trim(w, 3, NULL), 0);
    wal_close(w);
    result = replay(*state, &seen);
    assert_string_equal(seen.text, "row6 row7 row8 ");
    assert_int_equal(result.torn_bytes, 0); /* the last segment has a header and no record */
}

static char *segment_path(const char *dir, uint32_t number)
{
    struct buf path;
    buf_init(&path, 0);
    wal_file_path(&path, dir, number);
    return buf_take(&path);
}

static void every_prefix_of_a_segment_replays_to_a_prefix_of_its_records(void **state)
{
    struct wal *w = open_log(*state, 1, 1u << 20, &store_io_system);
    char *path = segment_path(*state, 1);
    struct seen seen, whole;
    struct buf bytes;
    size_t before = 0;

    write_text(w, "a", 0);
    write_text(w, "", 0);
    write_text(w, "a longer one with more than eight bytes", 0);
    write_text(w, "12345678", 0);
    wal_close(w);
    buf_init(&bytes, 0);
    assert_int_equal(file_read(path, 1u << 20, &bytes, NULL), 0);
    replay(*state, &whole);
    assert_int_equal(whole.count, 4);
    for (size_t n = 0; n <= bytes.len; n++) {
        assert_int_equal(file_replace(path, bytes.ptr, n, NULL), 0);
        struct wal_replay_result result = replay(*state, &seen);
        struct stat st;
        assert_true(seen.count >= before);
        before = seen.count;
        assert_memory_equal(seen.text, whole.text, strlen(seen.text));
        assert_int_equal(result.damaged_bytes, 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal((size_t)st.st_size + result.torn_bytes, n);
    }
    assert_int_equal(before, 4);
    buf_fini(&bytes);
    free(path);
}

static void damage_in_the_middle_costs_what_it_hits(void **state)
{
    struct wal *w = open_log(*state, 1, 1u << 20, &store_io_system);
    char *path = segment_path(*state, 1);
    struct seen seen;
    struct buf bytes;

    write_text(w, "one", 0);
    write_text(w, "two", 0);
    write_text(w, "three", 0);
    wal_close(w);
    w = open_log(*state, 2, 1u << 20, &store_io_system);
    write_text(w, "four", 0);
    wal_close(w);
    buf_init(&bytes, 0);
    assert_int_equal(file_read(path, 1u << 20, &bytes, NULL), 0);
    for (size_t i = WAL_FILE_HEADER; i < bytes.len; i++) {
        bytes.ptr[i] ^= 0x40;
        assert_int_equal(file_replace(path, bytes.ptr, bytes.len, NULL), 0);
        struct wal_replay_result result = replay(*state, &seen);
        bool padding = seen.count == 4;
        assert_true(seen.count == 3 || padding);
        assert_non_null(strstr(seen.text, "four"));
        if (!padding)
            assert_int_equal(result.damaged_bytes, 16);
        bytes.ptr[i] ^= 0x40;
    }
    buf_fini(&bytes);
    free(path);
}

static void a_newer_format_is_refused(void **state)
{
    struct wal *w = open_log(*state, 1, 1u << 20, &store_io_system);
    char *path = segment_path(*state, 1);
    struct wal_file_header h = wal_file_header_make(1);
    struct wal_replay_result result;
    struct seen seen = {.count = 0};
    struct error err;

    wal_close(w);
    h.bytes[4] = WAL_FILE_VERSION + 1;
    uint32_t crc = hash_crc32c(0, h.bytes, 12);
    memcpy(h.bytes + 12, &crc, sizeof(crc));
    assert_int_equal(file_replace(path, h.bytes, sizeof(h.bytes), NULL), 0);
    assert_int_equal(wal_replay(*state, note, &seen, &result, &err), -EINVAL);
    free(path);
}

/* What the outside does next: fails after so many calls. */
static struct {
    int writes_left, code;
    size_t part; /* bytes of the failing write that still go through */
    int truncates_left;
    int sync_code;
} outside;

static ssize_t failing_write(int fd, const void *bytes, size_t n)
{
    if (outside.writes_left-- > 0)
        return write(fd, bytes, n);
    if (outside.part && n > outside.part) {
        size_t part = outside.part;
        outside.part = 0;
        outside.writes_left = 0;
        return write(fd, bytes, part);
    }
    errno = outside.code;
    return -1;
}

static int failing_truncate(int fd, off_t len)
{
    if (outside.truncates_left-- > 0)
        return ftruncate(fd, len);
    errno = EIO;
    return -1;
}

static int failing_sync(int fd)
{
    (void)fd;
    errno = outside.sync_code;
    return outside.sync_code ? -1 : 0;
}

static const struct store_io failing_io = {
    .write = failing_write, .sync = failing_sync, .truncate = failing_truncate};

static void a_full_disk_leaves_no_torn_record_and_passes(void **state)
{
    struct seen seen;

    outside.writes_left = 2; /* header and one record */
    outside.code = ENOSPC;
    outside.part = 5;
    outside.truncates_left = 1000;
    outside.sync_code = 0;
    struct wal *w = open_log(*state, 1, 1u << 20, &failing_io);
    write_text(w, "kept", 0);
    write_text(w, "lost", -ENOSPC);
    write_text(w, "lost too", -ENOSPC);
    outside.writes_left = 1000;
    write_text(w, "kept again", 0);
    wal_close(w);
    struct wal_replay_result result = replay(*state, &seen);
    assert_string_equal(seen.text, "kept kept again ");
    assert_int_equal(result.torn_bytes + result.damaged_bytes, 0);
}

static void a_torn_record_that_cannot_be_cut_ends_its_segment(void **state)
{
    struct seen seen;

    outside.writes_left = 2;
    outside.code = ENOSPC;
    outside.part = 5;
    outside.truncates_left = 0;
    outside.sync_code = 0;
    struct wal *w = open_log(*state, 1, 1u << 20, &failing_io);
    write_text(w, "kept", 0);
    write_text(w, "lost", -ENOSPC);
    outside.writes_left = 1000;
    write_text(w, "kept again", 0);
    assert_int_equal(wal_segment(w), 2);
    wal_close(w);
    struct wal_replay_result result = replay(*state, &seen);
    assert_string_equal(seen.text, "kept kept again ");
    assert_int_equal(result.damaged_bytes, 5);
}

static void an_input_output_error_ends_writing_for_good(void **state)
{
    struct error err;

    outside.writes_left = 2;
    outside.code = EIO;
    outside.part = 0;
    outside.truncates_left = 1000;
    outside.sync_code = 0;
    struct wal *w = open_log(*state, 1, 1u << 20, &failing_io);
    write_text(w, "kept", 0);
    write_text(w, "lost", -EIO);
    outside.writes_left = 1000;
    write_text(w, "lost too", -EIO);
    wal_close(w);

    w = open_log(*state, 2, 1u << 20, &failing_io);
    write_text(w, "written", 0);
    outside.sync_code = EIO;
    assert_int_equal(wal_sync(w, &err), -EIO);
    outside.sync_code = 0;
    write_text(w, "what the file holds is not known any more", -EIO);
    wal_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_come_back_over_segments, setup, teardown),
        cmocka_unit_test_setup_teardown(
            every_prefix_of_a_segment_replays_to_a_prefix_of_its_records, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_in_the_middle_costs_what_it_hits, setup, teardown),
        cmocka_unit_test_setup_teardown(a_newer_format_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_leaves_no_torn_record_and_passes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_torn_record_that_cannot_be_cut_ends_its_segment, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_input_output_error_ends_writing_for_good, setup,
                                        teardown),
    };
    log_setup(LOG_ERROR, LOG_LOGFMT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
