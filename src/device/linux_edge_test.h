/* linux_edge_test.h - a kernel's edge for tests: device nodes that answer with bytes a test gives,
 * and counters that it sets. What is opened is counted, so that a test can say that nothing was. */
#ifndef ALGALON_DEVICE_LINUX_EDGE_TEST_H
#define ALGALON_DEVICE_LINUX_EDGE_TEST_H

#include "device/linux_edge.h"

#define FAKE_COUNTERS 64
#define FAKE_NODE_FD  1000 /* and on; nothing that the kernel gave out in a test */
#define FAKE_COUNT_FD 2000

struct fake_edge {
    struct linux_edge edge;
    const char *node; /* the only one that opens; NULL: none */
    int (*answer)(struct fake_edge *fake, unsigned long request, void *argument);
    int counter_code; /* what opening one fails with; 0: it does not */
    struct {
        uint32_t type;
        uint64_t config, value;
        int cpu;
    } counters[FAKE_COUNTERS];
    size_t counter_len;
    bool silent;             /* nothing comes of the node */
    unsigned opened, closed; /* of both kinds */
    void *own;               /* the test's */
};

static inline int fake_open(void *context, const char *rootfs, const char *node)
{
    struct fake_edge *f = context;

    (void)rootfs;
    if (!f->node || strcmp(f->node, node) != 0)
        return -ENOENT;
    f->opened++;
    return FAKE_NODE_FD;
}

static inline int fake_ioctl(void *context, int fd, unsigned long request, void *argument)
{
    struct fake_edge *f = context;

    return fd == FAKE_NODE_FD && f->answer ? f->answer(f, request, argument) : -EBADF;
}

static inline int fake_counter(void *context, uint32_t type, uint64_t config, int cpu)
{
    struct fake_edge *f = context;

    if (f->counter_code || f->counter_len == FAKE_COUNTERS)
        return f->counter_code ? f->counter_code : -EMFILE;
    f->counters[f->counter_len].type = type;
    f->counters[f->counter_len].config = config;
    f->counters[f->counter_len].cpu = cpu;
    f->opened++;
    return FAKE_COUNT_FD + (int)f->counter_len++;
}

static inline bool fake_count(void *context, int fd, uint64_t *ret)
{
    const struct fake_edge *f = context;

    *ret = fd >= FAKE_COUNT_FD && fd < FAKE_COUNT_FD + (int)f->counter_len
               ? f->counters[fd - FAKE_COUNT_FD].value
               : 0;
    return fd >= FAKE_COUNT_FD;
}

static inline bool fake_wait(void *context, int fd, int patience_ms)
{
    const struct fake_edge *f = context;

    (void)patience_ms;
    return fd == FAKE_NODE_FD && !f->silent;
}

static inline void fake_close(void *context, int fd)
{
    struct fake_edge *f = context;

    (void)fd;
    f->closed++;
}

static inline void fake_edge_init(struct fake_edge *f)
{
    *f =
        (struct fake_edge){.edge = *linux_edge_kernel()}; /* tools and services are the machine's */
    f->edge.open = fake_open;
    f->edge.ioctl = fake_ioctl;
    f->edge.counter = fake_counter;
    f->edge.count = fake_count;
    f->edge.wait = fake_wait;
    f->edge.close = fake_close;
    f->edge.context = f;
}

/** The place of the counter of an event; the test fails by the caller's hand when it is
 * FAKE_COUNTERS. */
static inline size_t fake_counter_at(const struct fake_edge *f, uint64_t config)
{
    for (size_t i = 0; i < f->counter_len; i++)
        if (f->counters[i].config == config)
            return i;
    return FAKE_COUNTERS;
}

#endif
