/* fake_room.h - a machine whose turns are made up by a test: begin() a turn, change what was read,
 * end() it and look at the snapshot. */
#ifndef ALGALON_WORKER_FAKE_ROOM_H
#define ALGALON_WORKER_FAKE_ROOM_H

#include "worker/attribute.h"
#include "worker/fake_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define TURN_NS (5 * (uint64_t)NS_PER_S)

static struct {
    struct recycler *readings, *snapshots;
    struct inventory inventory;
    struct machine machine;
    struct attribution attribution;
    uint64_t mono_ns;
    struct collector_view views[2];
    struct reading *gpus, *host;
} room;

static enum holding answer; /* of the open files of every process */
static unsigned looks;

static inline enum holding holds(const struct host_paths *paths, int pid)
{
    (void)paths;
    (void)pid;
    looks++;
    return answer;
}

static inline int set_up(void **state)
{
    (void)state;
    memset(&room, 0, sizeof(room));
    room.readings = fake_recycler();
    room.snapshots = snapshot_recycler();
    room.machine = fake_machine();
    room.attribution.holds = holds;
    room.mono_ns = 1000 * (uint64_t)NS_PER_S;
    answer = HOLDING_YES;
    looks = 0;
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    inventory_fini(&room.inventory);
    attribution_fini(&room.attribution);
    recycler_close(room.readings);
    recycler_close(room.snapshots);
    return 0;
}

/* Begins a turn on a machine with `gpus` boards of `per_gpu` processes each, which the host has. */
static inline void begin(unsigned gpus, unsigned per_gpu)
{
    room.views[0] = fake_view(room.readings, "nvidia");
    room.views[1] = fake_view(room.readings, "process");
    room.gpus = &room.views[0].held->reading;
    room.host = &room.views[1].held->reading;
    fake_accelerators(room.gpus, "nvidia", gpus, per_gpu);
    fake_processes(room.host, 100 * gpus, 1000, 1);
    room.mono_ns += TURN_NS;
}

static inline struct snapshot *end(void)
{
    struct snapshot *s = snapshot_take(room.snapshots, &room.machine);

    assert_int_equal(merge(s, &room.inventory, room.views, 2), 0);
    assert_int_equal(attribute(&room.attribution, s, room.mono_ns), 0);
    return s;
}

static inline struct process_owner *owned(int pid)
{
    struct process_owner *o = arena_calloc(room.host->arena, 1, sizeof(*o));

    assert_non_null(o);
    for (size_t i = 0; i < room.host->process_len; i++)
        if (room.host->processes[i].pid == pid)
            room.host->processes[i].owner = o;
    return o;
}

static inline void put(char *to, const char *text)
{
    memcpy(to, text, strlen(text) + 1);
}

static inline const struct holder *find(const struct snapshot *s, unsigned number, const char *name)
{
    for (size_t i = 0; i < s->holder_len; i++)
        if (s->holders[i].number == number && !strcmp(s->holders[i].name, name))
            return &s->holders[i];
    return NULL;
}

static inline const struct holder *get(const struct snapshot *s, unsigned number, const char *name)
{
    static const struct holder none;
    const struct holder *h = find(s, number, name);

    if (!h)
        fail_msg("no holder %s", name);
    return h ? h : &none;
}

static inline void assert_near(double got, double wanted)
{
    if (!(fabs(got - wanted) < 1e-6))
        fail_msg("got %g, wanted %g", got, wanted);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
