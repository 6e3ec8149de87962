/* nvidia_accounting.c - the driver's own accounting of processes, where an operator switched it on,
 * and confidential computing. */
#include "device/nvidia/nvidia_parts.h"

/* ---- accounting ---- */

/* All ones, in 32 or 64 bits: the driver does not know. */
static double share(struct gpu_context *c, unsigned percent)
{
    return percent == UINT32_MAX ? (double)NAN : check_gauge(&c->check, CHECK_ACCOUNT, percent);
}

static void drop(struct nvidia_parts *p, unsigned gpu)
{
    size_t n = 0;

    for (size_t i = 0; i < p->account_len; i++)
        if (p->accounts[i].accelerator != gpu)
            p->accounts[n++] = p->accounts[i];
    p->account_len = n;
}

static int ask(struct gpu_context *c, struct gpu *g, struct nvidia_parts *p, int pid)
{
    struct nvml_accounting stats = {0};

    if (!c->nvml.accounting_stats || !nvidia_gpu_may(c, g, ASK_ACCOUNTING_STATS))
        return 0;
    int code = c->nvml.accounting_stats(g->handle, (unsigned)pid, &stats);
    if (!nvidia_gpu_told(c, g, ASK_ACCOUNTING_STATS, code) || !stats.running)
        return 0;
    struct accelerator_account *grown =
        array_grow(p->accounts, &p->account_cap, p->account_len + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    p->accounts = grown;
    struct accelerator_account *a = &p->accounts[p->account_len++];
    *a = (struct accelerator_account){.accelerator = g->identity.index,
                                      .pid = pid,
                                      .sm_ratio = share(c, stats.gpu),
                                      .mem_ratio = share(c, stats.memory),
                                      .mem_max_bytes = NAN};
    if (stats.memory_max != NVML_MEMORY_UNAVAILABLE)
        a->mem_max_bytes = check_gauge(&c->check, CHECK_PROCESS_MEMORY, (double)stats.memory_max);
    a->time_s = check_gauge(&c->check, CHECK_ACCOUNT_TIME, (double)stats.time_ms);
    return 0;
}

int nvidia_accounting_read(struct gpu_context *c, struct gpu *g, struct accelerator *a,
                           size_t first)
{
    struct nvidia_parts *p = nvidia_parts_of(c);
    unsigned mode;
    int code = 0;

    if (!nvidia_is_turn(c, &g->accounting_next_ns)) {
        a->detail.accounting_mode = g->kept.accounting_mode;
        return 0;
    }
    drop(p, g->identity.index);
    g->kept.accounting_mode = NAN;
    if (ASK(c, g, ASK_ACCOUNTING_MODE, accounting_mode, &mode))
        g->kept.accounting_mode = check_gauge(&c->check, CHECK_SWITCH, mode);
    a->detail.accounting_mode = g->kept.accounting_mode;
    if (!(g->kept.accounting_mode > 0))
        return 0;
    size_t last = MIN(c->process_len, first + ACCOUNTS_MAX);
    for (size_t i = first; i < last && code == 0; i++)
        code = ask(c, g, p, c->processes[i].pid);
    return code;
}

/* ---- confidential computing ---- */

void nvidia_confidential_identify(struct gpu_context *c)
{
    struct nvidia_parts *p = nvidia_parts_of(c);

    p->confidential_known = c->nvml.confidential_state &&
                            c->nvml.confidential_state(&p->confidential) == NVML_SUCCESS &&
                            p->confidential.feature <= 1;
    p->confidential_ready = NAN;
    p->confidential_next_ns = 0;
}

void nvidia_confidential_read(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    struct nvidia_parts *p = nvidia_parts_of(c);
    struct accelerator_detail *d = &a->detail;
    struct nvml_memory_v1 memory;
    unsigned ready;

    if (!p->confidential_known || g->state != ACCELERATOR_OK)
        return;
    d->confidential_mode = p->confidential.feature;
    if (!p->confidential.feature)
        return;
    d->confidential_devtools = check_gauge(&c->check, CHECK_SWITCH, p->confidential.devtools);
    if (nvidia_is_turn(c, &p->confidential_next_ns)) {
        p->confidential_ready = NAN;
        if (c->nvml.confidential_ready && c->nvml.confidential_ready(&ready) == NVML_SUCCESS)
            p->confidential_ready = check_gauge(&c->check, CHECK_SWITCH, ready);
    }
    d->confidential_ready = p->confidential_ready;
    if (ASK(c, g, ASK_CONFIDENTIAL_MEMORY, confidential_memory, &memory))
        d->confidential_used_bytes =
            check_gauge(&c->check, CHECK_PROCESS_MEMORY, (double)memory.used);
}
