/* store_faults_test.c - the store on a disk that fails: one call after the other fails, is cut
 * short or is the process's last, over a start, ingest, sealing, a copy, deletion, downsampling and
 * retention. Each time the store must go on or refuse in words, and afterwards hold all it
 * acknowledged.
 *
 * CI tries some of the calls; ALGALON_FAULT_EVERY=1 tries each (script/torture --disk). */
#include "disk.h"
#include "store/store_test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define NOON    (INT64_C(20000) * DAY_MS + DAY_MS / 2)
#define OLD     (NOON - 40 * DAY_MS)  /* is made coarser */
#define OLDEST  (NOON - 100 * DAY_MS) /* goes with the retention */
#define WINDOW  INT64_C(300000)
#define COLUMNS 5
#define ROWS    260
#define PUSHES  40
#define OLDS    300 /* rows of the old day, 10 s apart */

/* What the process under test said it had done; shared with the one that looks afterwards. */
static struct told {
    bool refused;                     /* to start */
    bool rows[ROWS], rows_safe[ROWS]; /* acknowledged; and a sync came after */
    bool pushes[PUSHES], pushes_safe[PUSHES];
    bool tried_row[ROWS], tried_push[PUSHES];
    bool deleted, copied;
    int rows_before_copy;
    char wrong[600]; /* the first thing that must not be */
    char last[240];  /* why the last row was refused */
} * told;

static struct {
    int64_t now_ms;
    uint64_t mono_ns;
} clocks;

static char base[160], dir[200], shadow[200];
static struct store_io io;

static int64_t fake_now(void)
{
    return clocks.now_ms;
}

static uint64_t fake_mono(void)
{
    return clocks.mono_ns;
}

static void pass(int64_t ms)
{
    clocks.now_ms += ms;
    clocks.mono_ns += (uint64_t)ms * NS_PER_MS;
}

static void PRINTF_LIKE(2, 3) must(bool good, const char *format, ...)
{
    va_list rest;

    if (good || told->wrong[0])
        return;
    va_start(rest, format);
    vsnprintf(told->wrong, sizeof(told->wrong), format, rest);
    va_end(rest);
}

static double value_of(int row, int column)
{
    return row * (column + 1) / 8.0;
}

static int64_t time_of(int row)
{
    return NOON + row * INT64_C(1000);
}

static struct store_options options(void)
{
    struct store_options o;

    store_options_init(&o);
    o.dir = dir;
    o.min_free_bytes = 0;
    o.sync_interval_ms = 3600000;
    o.downsample[0] = (struct store_downsample){30 * DAY_MS, WINDOW};
    o.downsample_len = 1;
    return o;
}

static struct labels labels_of(const char *name, struct label items[2])
{
    items[0] = (struct label){STR("__name__"), str_of(name)};
    items[1] = (struct label){STR("node"), STR("a")};
    return (struct labels){items, 2};
}

/* What is wrong must be said where an operator looks. */
static void check_words(struct store *s, int code, const struct error *err, const char *what)
{
    struct store_stats stats;

    if (!code)
        return;
    must(err->text[0], "%s failed with %d and no words", what, code);
    store_get_stats(s, &stats);
    must(!stats.read_only || stats.trouble[0], "%s: read-only and no reason given", what);
}

static int append_row(struct store *s, int row)
{
    struct group *g;
    struct error err = {0};
    double values[COLUMNS];
    int code = store_group(s, STR("g"), &g, &err);

    for (int i = 0; i < COLUMNS && !code; i++) {
        char name[] = {'m', (char)('0' + i), '\0'};
        struct label items[2];
        uint32_t column;
        code = store_column(s, g, labels_of(name, items), &column, &err);
        values[i] = value_of(row, i);
    }
    if (code) {
        check_words(s, code, &err, "a new group");
        return code;
    }
    told->tried_row[row] = true;
    code = store_append(s, g, time_of(row), values, COLUMNS, &err);
    told->rows[row] = !code;
    snprintf(told->last, sizeof(told->last), "%s", err.text);
    check_words(s, code, &err, "append");
    struct store_stats stats;
    store_get_stats(s, &stats);
    must(!code || stats.read_only, "append failed (%s) and the store does not say so", err.text);
    return code;
}

static int push(struct store *s, int number)
{
    struct store_push_result result;
    struct error err = {0};
    struct label items[2][2];
    struct store_sample samples[] = {
        {labels_of("pushed", items[0]), time_of(number), number},
        {labels_of("doomed", items[1]), time_of(number), number},
    };

    told->tried_push[number] = true;
    int code = store_push(s, samples, 2, &result, &err);
    told->pushes[number] = !code && result.kept == 2;
    check_words(s, code, &err, "push");
    return code;
}

/* A round of the keeper: after it, what was acknowledged is safe, unless it could not sync. */
static void round_of_keeper(struct store *s)
{
    struct store_stats stats;

    pass(1000);
    keeper_round(s);
    store_get_stats(s, &stats);
    if (atomic_load(&s->broken))
        return;
    memcpy(told->rows_safe, told->rows, sizeof(told->rows));
    memcpy(told->pushes_safe, told->pushes, sizeof(told->pushes));
}

static int start(struct store **ret)
{
    struct store_options o = options();
    struct error err = {0};
    int code = store_open_with(&o, &io, 4096, ret, &err);

    must(!code || err.text[0], "the start failed with %d and no words", code);
    return code;
}

/* Rows [from, to), a push for each fifth, the keeper now and then. */
static void ingest(struct store *s, int from, int to)
{
    for (int i = from; i < to; i++) {
        (void)!append_row(s, i);
        if (i % 5 == 0 && i / 5 < PUSHES)
            (void)!push(s, i / 5);
        if (i % 20 == 19)
            round_of_keeper(s);
    }
}

static void delete_doomed(struct store *s)
{
    struct store_deletion result;
    struct error err = {0};
    struct matcher m;

    if (matcher_init(&m, MATCH_EQUAL, STR("__name__"), STR("doomed"), &err))
        return;
    int code = store_delete(s, &(struct selector){&m, 1}, 1, 0, TS_MAX, &result, &err);
    told->deleted = !code;
    check_words(s, code, &err, "delete");
    matcher_fini(&m);
}

static void copy(struct store *s)
{
    struct error err = {0};
    char path[240];

    snprintf(path, sizeof(path), "%s/snapshots", dir);
    (void)!mkdir(path, 0750);
    snprintf(path, sizeof(path), "%s/snapshots/one", dir);
    int code = store_backup(s, path, &err);
    told->copied = !code;
    check_words(s, code, &err, "backup");
}

static bool heals(int error)
{
    return error != EIO && error != EROFS;
}

/* The life under test. The faults begin before it and end, when they stay, before the last rows. */
static void live(void)
{
    struct disk_control *disk = disk_control();
    struct store *s;

    if (start(&s)) {
        told->refused = true;
        if (disk->mode == DISK_STAYS)
            disk->ops = 0;
        int code = start(&s); /* the operator tries again */
        must(!code, "a start after the fault fails");
        if (code)
            return;
    }
    ingest(s, 0, 100);
    struct error err = {0};
    check_words(s, store_flush(s, &err), &err, "flush");
    ingest(s, 100, 120);
    told->rows_before_copy = 120;
    copy(s);
    delete_doomed(s);
    pass(2 * 3600000);
    round_of_keeper(s);
    (void)!store_downsample(s);
    ingest(s, 120, 200);
    uint32_t failed = disk->failed;
    disk->ops = 0; /* it is repaired */
    round_of_keeper(s);
    for (int i = 200; i < 220; i++) {
        int code = append_row(s, i);
        must(!code || !failed || !heals(disk->error) || atomic_load(&s->broken),
             "%d rows on, it still refuses: %s", i - 200, told->last);
    }
    round_of_keeper(s);
    store_close(s);
    must(start(&s) == 0, "a start after the repair fails");
    if (told->wrong[0])
        return;
    ingest(s, 220, ROWS);
    must(told->rows[ROWS - 1], "after the repair and a start rows are refused: %s", told->last);
    store_close(s);
}

/* ---- looking afterwards ---- */

static void look_at_rows(struct test_store *t, const char *what, int end, const bool *wanted)
{
    for (int i = 0; i < COLUMNS; i++) {
        char name[] = {'m', (char)('0' + i), '\0'};
        struct selection *found = test_select(t, "__name__", name, NOON, TS_MAX);
        struct column c = found->len ? test_read(t, found, 0, NOON, TS_MAX) : (struct column){0};
        size_t at = 0;
        for (int row = 0; row < end; row++) {
            if (at < c.len && c.ts_ms[at] == time_of(row)) {
                must(c.values[at] == value_of(row, i), "%s: row %d has another value", what, row);
                must(told->tried_row[row], "%s: row %d was never written", what, row);
                at++;
            } else {
                must(!wanted[row], "%s: row %d was acknowledged and is lost", what, row);
            }
        }
        must(end < ROWS || at == c.len, "%s: %zu samples nobody wrote", what, c.len - at);
        selection_free(found);
    }
}

static size_t count(struct test_store *t, const char *name, int64_t from, int64_t to)
{
    struct selection *found = test_select(t, "__name__", name, from, to);
    size_t n = found->len ? test_read(t, found, 0, from, to).len : 0;

    selection_free(found);
    return n;
}

static void look_at_pushes(struct test_store *t, const bool *wanted)
{
    static const char *const names[] = {"pushed", "doomed"};

    for (int k = 0; k < 2; k++)
        for (int i = 0; i < PUSHES; i++) {
            size_t n = count(t, names[k], time_of(i), time_of(i));
            bool gone = k && told->deleted && i < 24; /* pushed before it was deleted */
            must(!n || told->tried_push[i], "%s %d was never pushed", names[k], i);
            must(n || !wanted[i] || k, "%s %d was acknowledged and is lost", names[k], i);
            must(!n || !gone, "%s %d was deleted and is back", names[k], i);
        }
}

static void look_at_old(struct test_store *t)
{
    for (int64_t end = OLD + WINDOW; end <= OLD + OLDS * INT64_C(10000); end += WINDOW)
        must(count(t, "old", end - 9999, end) == 1, "a window of the old day is lost");
}

/* Opens what is left and holds it against what was said. */
static void look(bool power_was_cut)
{
    struct test_store t = {.io = &io, .segment_bytes = 4096};
    struct error err = {0};
    char path[240];

    t.options = options();
    int code = store_open_with(&t.options, t.io, t.segment_bytes, &t.store, &err);
    must(!code, "it does not open: %s", err.text);
    if (code)
        return;
    arena_init(&t.arena, 0);
    look_at_rows(&t, "the store", ROWS, power_was_cut ? told->rows_safe : told->rows);
    look_at_pushes(&t, power_was_cut ? told->pushes_safe : told->pushes);
    look_at_old(&t);
    store_close(t.store);
    if (told->copied) {
        snprintf(path, sizeof(path), "%s/snapshots/one", dir);
        t.options.dir = path;
        code = store_open_with(&t.options, t.io, t.segment_bytes, &t.store, &err);
        must(!code, "the copy does not open: %s", err.text);
        if (!code) {
            look_at_rows(&t, "the copy", told->rows_before_copy, told->rows);
            store_close(t.store);
        }
    }
    arena_fini(&t.arena);
}

/* ---- runs ---- */

static void in_a_child(void (*work)(void), bool may_be_killed)
{
    int status;

    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        alarm(60);
        work();
        fflush(NULL);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (may_be_killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return;
    must(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the process ended with status %x", status);
}

static void look_whole(void)
{
    look(false);
}

static void look_after_cut(void)
{
    look(true);
}

static void copy_tree(const char *from, const char *to)
{
    char command[600];

    assert_int_equal(file_remove_tree(to), 0);
    snprintf(command, sizeof(command), "cp -a %s %s", from, to);
    assert_int_equal(system(command), 0);
}

static struct {
    uint32_t ops, mode, nth;
    int error;
    uint64_t cut_seed;
    bool shadowed;
} fault;

static void live_with_fault(void)
{
    struct disk_control *disk = disk_control();

    disk_watch(dir, fault.shadowed ? shadow : NULL);
    *disk = (struct disk_control){
        .ops = fault.ops, .mode = fault.mode, .error = fault.error, .nth = fault.nth};
    live();
    told->tried_row[0] = told->tried_row[0] || told->refused;
}

static void report(const char *what)
{
    if (told->wrong[0]) {
        print_error("%s, call %u, errno %d: %s\n", what, fault.nth, fault.error, told->wrong);
        fail();
    }
}

static void run_once(const char *what)
{
    memset(told, 0, sizeof(*told));
    copy_tree(base, dir);
    in_a_child(live_with_fault, fault.mode == DISK_KILLS);
    if (!told->wrong[0])
        in_a_child(look_whole, false);
    report(what);
}

/* The same until the kill, then the power goes. */
static void run_and_cut(const char *what)
{
    memset(told, 0, sizeof(*told));
    copy_tree(base, dir);
    fault.shadowed = true;
    in_a_child(live_with_fault, true);
    fault.shadowed = false;
    disk_power_cut(dir, shadow, fault.cut_seed);
    if (!told->wrong[0])
        in_a_child(look_after_cut, false);
    report(what);
}

static uint32_t calls(uint32_t ops);

static uint32_t every(void)
{
    const char *text = getenv("ALGALON_FAULT_EVERY");
    uint64_t n = 0;

    return text && num_parse_u64(str_of(text), &n) && n && n < 1000 ? (uint32_t)n : 47;
}

static void sweep(const char *what, uint32_t ops, uint32_t mode, int error)
{
    uint32_t step = every(), first = step > 1 ? 1 + (mode * 7 + (uint32_t)error) % step : 1;
    uint32_t n = calls(ops);

    assert_true(n > 0);
    fault.ops = ops;
    fault.mode = mode;
    fault.error = error;
    for (fault.nth = MIN(first, n); fault.nth <= n; fault.nth += step)
        run_once(what);
}

static uint32_t *counted;

static void count_calls(void)
{
    disk_watch(dir, NULL);
    *disk_control() = (struct disk_control){.ops = fault.ops};
    live();
    *counted = disk_control()->count;
}

/* How many such calls the life makes that nothing disturbs. */
static uint32_t calls(uint32_t ops)
{
    fault.ops = ops;
    memset(told, 0, sizeof(*told));
    copy_tree(base, dir);
    in_a_child(count_calls, false);
    assert_string_equal(told->wrong, "");
    assert_true(told->deleted && told->copied && told->rows[ROWS - 1]);
    in_a_child(look_whole, false);
    assert_string_equal(told->wrong, "");
    return *counted;
}

static void any_call_may_fail_once(void **state)
{
    static const int errors[] = {EIO, ENOSPC, EDQUOT, EMFILE};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(errors); i++)
        sweep("one call fails", DISK_ALL & ~(uint32_t)DISK_READ, DISK_ONCE, errors[i]);
}

static void all_calls_may_fail_from_one_on(void **state)
{
    (void)state;
    sweep("the disk is full", DISK_WRITE | DISK_SIZE, DISK_STAYS, ENOSPC);
    sweep("the quota is used up", DISK_WRITE | DISK_SIZE | DISK_NAME, DISK_STAYS, EDQUOT);
    sweep("no more descriptors", DISK_OPEN | DISK_MAP, DISK_STAYS, EMFILE);
    sweep("the disk is broken", DISK_WRITE | DISK_SYNC | DISK_SIZE | DISK_NAME, DISK_STAYS, EIO);
    sweep("the disk became read-only", DISK_WRITE | DISK_SYNC | DISK_SIZE | DISK_NAME | DISK_OPEN,
          DISK_STAYS, EROFS);
}

static void reads_may_fail(void **state)
{
    (void)state;
    sweep("one read fails", DISK_READ, DISK_ONCE, EIO);
}

static void any_write_may_be_short(void **state)
{
    (void)state;
    sweep("a short write", DISK_WRITE, DISK_SHORT, 0);
}

static void any_call_may_be_the_last(void **state)
{
    (void)state;
    sweep("killed", DISK_ALL & ~(uint32_t)DISK_READ, DISK_KILLS, 0);
}

static void the_power_may_go_at_any_call(void **state)
{
    uint32_t step = every(), n;

    (void)state;
    n = calls(DISK_WRITE | DISK_SYNC | DISK_NAME);
    fault.mode = DISK_KILLS;
    fault.error = 0;
    for (fault.nth = MIN(5u, step); fault.nth <= n; fault.nth += step)
        for (fault.cut_seed = 0; fault.cut_seed < 3; fault.cut_seed++)
            run_and_cut(fault.cut_seed ? "power cut, sectors mixed" : "power cut");
}

/* What every life begins with: an old day and one older than the retention, and rows in the log. */
static void prepare(void)
{
    struct store *s;
    struct group *g;
    struct error err = {0};
    struct label items[2];
    uint32_t column;
    double value = 1;
    int code = start(&s);

    code = code ? code : store_group(s, STR("old"), &g, &err);
    code = code ? code : store_column(s, g, labels_of("old", items), &column, &err);
    for (int i = 1; i <= OLDS && !code; i++) {
        clocks.now_ms = OLD + i * INT64_C(10000);
        code = store_append(s, g, clocks.now_ms, &value, 1, &err);
    }
    struct store_push_result result;
    struct store_sample sample = {labels_of("oldest", items), OLDEST, 1};
    code = code ? code : store_push(s, &sample, 1, &result, &err);
    code = code ? code : store_flush(s, &err);
    must(!code, "preparing: %s", err.text);
    if (!code)
        store_close(s);
    clocks.now_ms = NOON;
}

static int setup(void **state)
{
    (void)state;
    told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    counted = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    snprintf(base, sizeof(base), "%s/faults-test-XXXXXX", TEST_BUILD_DIR);
    if (told == MAP_FAILED || counted == MAP_FAILED || !mkdtemp(base))
        return -1;
    snprintf(dir, sizeof(dir), "%s", base);
    io = store_io_system;
    io.now_ms = fake_now;
    io.mono_ns = fake_mono;
    clocks.now_ms = NOON;
    clocks.mono_ns = 1000 * (uint64_t)NS_PER_S;
    in_a_child(prepare, false);
    snprintf(dir, sizeof(dir), "%s.live", base);
    snprintf(shadow, sizeof(shadow), "%s.shadow", base);
    log_setup(LOG_OFF, LOG_LOGFMT);
    return told->wrong[0] ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    return file_remove_tree(base) || file_remove_tree(dir) || file_remove_tree(shadow) ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_call_may_fail_once),
        cmocka_unit_test(all_calls_may_fail_from_one_on),
        cmocka_unit_test(reads_may_fail),
        cmocka_unit_test(any_write_may_be_short),
        cmocka_unit_test(any_call_may_be_the_last),
        cmocka_unit_test(the_power_may_go_at_any_call),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
