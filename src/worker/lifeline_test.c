/* lifeline_test.c - what processes leave behind, and the seconds of holders. */
#include "worker/fake_room.h"

/* What was logged while `room` ran, as one text; the log is closed. */
static char *logged(struct process_log *log, const char *path, const char *hostname)
{
    struct buf found;

    lifeline_fini(&room.attribution.life, hostname);
    process_log_close(log);
    room.attribution.life.log = NULL;
    buf_init(&found, 0);
    assert_int_equal(file_read(path, 1 << 20, &found, NULL), 0);
    buf_char(&found, '\0');
    unlink(path);
    return found.ptr;
}

static struct process_log *begin_log(char path[64])
{
    struct process_log *log;

    snprintf(path, 64, "/tmp/algalon-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(process_log_open(path, 1 << 20, &log, NULL), 0);
    room.attribution.life.log = log;
    return log;
}

static size_t lines_of(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void a_process_leaves_a_line_when_it_ends(void **state)
{
    char path[64], *text;
    struct process_log *log = begin_log(path);

    (void)state;
    for (int turn = 0; turn < 6; turn++) {
        begin(1, turn < 3 ? 1 : 0);
        if (turn < 3) {
            put(owned(1000)->slurm_job, "42");
            room.gpus->accelerator_processes[0].sm_ratio = 0.5;
            room.gpus->accelerator_processes[0].mem_used_bytes =
                turn == 1 ? 9 * FAKE_GIB : FAKE_GIB;
        }
        room.gpus->accelerators[0].energy_j_total = 1000 * turn;
        snapshot_release(end());
    }
    text = logged(log, path, "node1");
    assert_int_equal(lines_of(text), 1);
    static const char *const parts[] = {
        "{\"event\":\"process_ended\",\"hostname\":\"node1\",\"pid\":1000,",
        "\"user\":\"alice\",\"holder_kind\":\"job\",\"holder\":\"42\",\"slurm_job\":\"42\",",
        "\"started\":\"",
        "\"seen_from\":\"",
        "\"seen_until\":\"",
        ("\"devices\":[{\"gpu_index\":0,\"uuid\":\"GPU-nvidia-0\",\"memory_peak_bytes\":9663676416,"
         "\"held_seconds\":10,\"busy_seconds\":5,\"energy_joules\":2000}]}\n")};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (!strstr(text, parts[i]))
            fail_msg("%s lacks %s", text, parts[i]);
    free(text);
}

static void a_number_used_again_is_two_lives(void **state)
{
    char path[64], *text;
    struct process_log *log = begin_log(path);

    (void)state;
    for (unsigned turn = 0; turn < 4; turn++) {
        begin(1, 1);
        room.host->processes[0].start_ticks = turn < 2 ? 5 : 9;
        snapshot_release(end());
    }
    text = logged(log, path, "node1");
    assert_int_equal(lines_of(text), 2);
    assert_non_null(strstr(text, "\"process_ended\""));
    assert_non_null(strstr(text, "\"process_left\"")); /* the worker stops, it goes on */
    free(text);
}

static void a_process_on_two_devices_has_one_life(void **state)
{
    char path[64], *text;
    struct process_log *log = begin_log(path);

    (void)state;
    begin(2, 1);
    room.gpus->accelerator_processes[1].pid = room.gpus->accelerator_processes[0].pid;
    snapshot_release(end());
    text = logged(log, path, "node1");
    assert_int_equal(lines_of(text), 1);
    assert_non_null(strstr(text, "\"gpu_index\":0"));
    assert_non_null(strstr(text, "\"gpu_index\":1"));
    free(text);
}

static void a_device_that_is_silent_ends_nobody(void **state)
{
    char path[64], *text;
    struct process_log *log = begin_log(path);

    (void)state;
    for (int turn = 0; turn < 6; turn++) {
        begin(1, turn < 1 || turn > 4 ? 1 : 0);
        if (turn >= 1 && turn <= 4)
            room.gpus->accelerators[0].state = ACCELERATOR_LOST;
        snapshot_release(end());
    }
    text = logged(log, path, "node1");
    assert_int_equal(lines_of(text), 1);
    assert_non_null(strstr(text, "\"process_left\""));
    free(text);
}

static void gpu_seconds_of_a_holder_count_holding_and_work(void **state)
{
    struct snapshot *s = NULL;

    (void)state;
    for (int turn = 0; turn < 4; turn++) {
        if (s)
            snapshot_release(s);
        begin(2, 1);
        room.gpus->accelerator_processes[0].sm_ratio = 0.25;
        room.gpus->accelerator_processes[1].sm_ratio = UNKNOWN;
        struct process_owner *o = owned(1007);
        put(o->container_id, "cc");
        put(o->devices, "1");
        s = end();
    }
    assert_near(get(s, 0, "alice")->held_s_total, 15);
    assert_near(get(s, 0, "alice")->busy_s_total, 3.75);
    assert_true(isnan(get(s, 1, "alice")->busy_s_total));
    assert_near(get(s, 1, "cc")->held_s_total, 15); /* given, and not used */
    snapshot_release(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_process_leaves_a_line_when_it_ends),
        TEST(a_number_used_again_is_two_lives),
        TEST(a_process_on_two_devices_has_one_life),
        TEST(a_device_that_is_silent_ends_nobody),
        TEST(gpu_seconds_of_a_holder_count_holding_and_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
