/* fake_view.h - collectors' views with made-up readings, for tests of what is made of them. */
#ifndef ALGALON_WORKER_FAKE_VIEW_H
#define ALGALON_WORKER_FAKE_VIEW_H

#include "worker/fake.h"
#include "worker/merge.h"

static inline void fake_view_fini(struct recycled *r)
{
    arena_fini(&((struct held_reading *)r)->arena);
}

/* A view that is up, with an empty reading to be filled; `home` makes the readings. */
static inline struct collector_view fake_view(struct recycler *home, const char *name)
{
    struct held_reading *held = (struct held_reading *)recycler_take(home);

    arena_init(&held->arena, 0);
    reading_init(&held->reading, &held->arena);
    return (struct collector_view){
        .name = name,
        .seen = true,
        .up = true,
        .duration_s = 0.0015,
        .readings = 7,
        .held = held,
    };
}

static inline struct recycler *fake_recycler(void)
{
    static const struct recycler_ops ops = {sizeof(struct held_reading), NULL, NULL,
                                            fake_view_fini};
    return recycler_new(&ops, 0);
}

static inline struct machine fake_machine(void)
{
    return (struct machine){
        .hostname = "node1",
        .version = "1.2.3",
        .os = "linux",
        .arch = "x86_64",
        .process_limit = 3,
        .process_series_limit = 1000,
        .dcgm_host_label = "Hostname",
    };
}

#endif
