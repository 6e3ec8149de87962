/* demo_cards_test.c - the cards of the demo's fleet, as our own collectors read them. */
#include "demo_fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef __linux__ /* only there are collectors that read such a tree */

#define NOW_MS ((int64_t)1770000000000)
#define TURNS  5
#define TURN_S 5

static const struct {
    const char *collector;
    bool load, heat, memory; /* what it tells */
} makers[DEMO_MAKERS] = {
    [DEMO_AMD] = {"amd", true, true, true},
    [DEMO_INTEL] = {"intel", true, false, true}, /* of parts of processors heat is not told */
    [DEMO_INTEL_NPU] = {"accel", true, false, true},
    [DEMO_AMD_NPU] = {"accel", true, false, true},
    [DEMO_GAUDI] = {"gaudi", true, true, true},
    [DEMO_TENSTORRENT] = {"tenstorrent", false, true, false},
    [DEMO_REBELLIONS] = {"rebellions", true, true, true},
    [DEMO_FURIOSA] = {"furiosa", true, true, true},
    [DEMO_TPU] = {"tpu", true, false, true},
};

static const struct collector *collector_named(const char *name)
{
    for (size_t i = 0; collectors[i]; i++)
        if (strcmp(collectors[i]->name, name) == 0)
            return collectors[i];
    fail_msg("no collector %s", name);
    return collectors[0];
}

/* Cards that a collector has to find. */
static unsigned count_of(const struct demo_host_spec *spec, const char *collector)
{
    unsigned count = 0;

    for (size_t i = 0; i < spec->card_len; i++)
        if (strcmp(makers[spec->cards[i].maker].collector, collector) == 0)
            count += spec->cards[i].count;
    return count;
}

/* What was simulated at an address. */
static const struct demo_card_kind *kind_at(const struct demo_host_spec *spec, const char *bus_id)
{
    for (size_t i = 0; i < spec->card_len; i++)
        for (unsigned n = 0; n < spec->cards[i].count; n++) {
            const struct demo_card_kind *kind = &spec->cards[i];
            char address[24];
            snprintf(address, sizeof(address), "0000:%02x:00.0", kind->first_bus + n);
            if (!strcmp(kind->address ? kind->address : address, bus_id))
                return kind;
        }
    fail_msg("%s has no card at %s", spec->hostname, bus_id);
    return spec->cards;
}

static void check_card(const struct demo_card_kind *kind, const struct accelerator *a)
{
    double used = (double)a->mem_used_bytes, total = (double)a->mem_total_bytes;

    assert_int_equal(a->state, ACCELERATOR_OK);
    assert_string_not_equal(a->name, "");
    assert_string_not_equal(a->uuid, "");
    if (makers[kind->maker].load && !(a->utilization_ratio >= 0 && a->utilization_ratio < 1))
        fail_msg("%s has the load %g", a->name, a->utilization_ratio);
    assert_true(makers[kind->maker].load || isnan(a->utilization_ratio));
    if (makers[kind->maker].heat && !(a->temperature_c > 25 && a->temperature_c < 95))
        fail_msg("%s has %g C", a->name, a->temperature_c);
    if (makers[kind->maker].memory && !(used > 0 && used < total))
        fail_msg("%s has %g bytes of %g in use", a->name, used, total);
    if (!isnan(a->power_w) && !(a->power_w >= kind->idle_w && a->power_w <= kind->max_w + 1))
        fail_msg("%s draws %g W", a->name, a->power_w);
}

static void check_kind(struct demo_host *host, const struct demo_host_spec *spec,
                       const struct demo_card_kind *kind, int64_t *now_ms)
{
    const struct collector *c = collector_named(makers[kind->maker].collector);
    struct host_paths paths = demo_host_paths(host);
    struct answers *answers;
    struct reading r;
    struct arena arena;
    struct error err;
    void *state;

    assert_int_equal(answers_open(demo_host_answers(host), &answers, NULL), 0);
    paths.edge = answers_edge(answers);
    arena_init(&arena, 0);
    assert_true(c->detect(&paths));
    if (c->open(&paths, &state, &err))
        fail_msg("%s: %s", c->name, err.text);
    for (unsigned turn = 0; turn < TURNS; turn++) {
        demo_host_tick(host, *now_ms += TURN_S * 1000);
        arena_reset(&arena);
        reading_init(&r, &arena);
        r.mono_ns = (uint64_t)(*now_ms - NOW_MS + 100000) * NS_PER_MS;
        if (c->read(state, &r, &err))
            fail_msg("%s: %s", c->name, err.text);
    }
    assert_int_equal(r.accelerator_len, count_of(spec, c->name));
    for (size_t i = 0; i < r.accelerator_len; i++) {
        const struct demo_card_kind *own = kind_at(spec, r.accelerators[i].pci_bus_id);
        bool held = false;
        check_card(own, &r.accelerators[i]);
        for (size_t k = 0; k < r.accelerator_process_len; k++)
            held = held || r.accelerator_processes[k].accelerator == i;
        assert_int_equal(held, own->first_pid > 0);
    }
    c->close(state);
    arena_fini(&arena);
    answers_close(answers);
}

static void every_card_of_the_fleet_is_read(void **state)
{
    bool seen[DEMO_MAKERS] = {false};
    struct error err;

    (void)state;
    for (size_t i = 0; i < demo_fleet_len; i++) {
        const struct demo_host_spec *spec = &demo_fleet[i].host;
        int64_t now_ms = NOW_MS;
        struct demo_host *host;
        char dir[64];
        if (!spec->card_len)
            continue;
        snprintf(dir, sizeof(dir), "%s/algalon-demo-XXXXXX",
                 access("/dev/shm", W_OK | X_OK) ? "/tmp" : "/dev/shm"); /* in memory if possible */
        assert_non_null(mkdtemp(dir));
        if (demo_host_open(dir, spec, &host, &err))
            fail_msg("%s", err.text);
        demo_host_tick(host, now_ms);
        for (size_t k = 0; k < spec->card_len; k++) {
            seen[spec->cards[k].maker] = true;
            check_kind(host, spec, &spec->cards[k], &now_ms);
        }
        demo_host_close(host);
        assert_int_equal(file_remove_tree(dir), 0);
    }
    for (unsigned maker = 0; maker < DEMO_MAKERS; maker++)
        assert_true(seen[maker]);
}

static void processes_that_hold_a_card_are_of_their_machine(void **state)
{
    (void)state;
    for (size_t i = 0; i < demo_fleet_len; i++)
        for (size_t k = 0; k < demo_fleet[i].host.card_len; k++) {
            const struct demo_host_spec *spec = &demo_fleet[i].host;
            const struct demo_card_kind *kind = &spec->cards[k];
            for (unsigned n = 0; kind->first_pid && n < (kind->one_process ? 1 : kind->count);
                 n++) {
                bool there = false;
                for (size_t p = 0; p < spec->process_len; p++)
                    there = there || spec->processes[p].pid == kind->first_pid + (int)n;
                if (!there)
                    fail_msg("%s has no process %d", spec->hostname, kind->first_pid + (int)n);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_card_of_the_fleet_is_read),
        cmocka_unit_test(processes_that_hold_a_card_are_of_their_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 0;
}

#endif
