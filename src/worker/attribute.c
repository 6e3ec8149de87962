#include "worker/attribute.h"

#include "worker/dcgm_owner.h"
#include "worker/given.h"
#include "worker/merge.h"

#define RECHECK_TURNS 60 /* a process without a device may come to one */
#define RETRY_TURNS   3  /* it may also be that it opened its device just now */
#define MISSING_TURNS 2  /* a process younger than the process table is not missing yet */
#define KUBELET_TURNS 6  /* by then the kubelet was asked about a new process's pod */

const char *const attribution_reasons[ATTRIBUTION_REASONS] = {
    [ATTRIBUTION_NOT_FOUND] = "not_found",         [ATTRIBUTION_NOT_HOLDER] = "not_holder",
    [ATTRIBUTION_UNVERIFIED] = "unverified",       [ATTRIBUTION_NO_POD] = "no_pod_name",
    [ATTRIBUTION_NOT_ALLOCATED] = "not_allocated",
};

void attribution_fini(struct attribution *a)
{
    ledger_fini(&a->ledger);
    openers_fini(&a->openers);
    free(a->now);
    free(a->before);
    a->now = a->before = NULL;
}

/* ---- who the processes are ---- */

static void count_once(struct attribution *a, struct checked *c, enum attribution_reason reason)
{
    if (c->counted & 1u << reason)
        return;
    c->counted |= (uint8_t)(1u << reason);
    a->failures[reason]++;
}

/* Looks at its open files, at once and then now and then. Clients of MPS leave the device to their
 * server, so theirs prove nothing. */
static void check(struct attribution *a, struct checked *c, const struct merged_process *p)
{
    bool due = c->age == 0 || (c->holding == HOLDING_NO && c->age <= RETRY_TURNS) ||
               c->age >= RECHECK_TURNS;

    if (due)
        c->holding =
            a->holds && p->use.type != 'M' ? a->holds(&a->paths, p->use.pid) : HOLDING_UNKNOWN;
    c->age = due && c->age >= RECHECK_TURNS ? 1 : (uint8_t)(c->age + 1);
    if (c->holding == HOLDING_NO && c->age > RETRY_TURNS)
        count_once(a, c, ATTRIBUTION_NOT_HOLDER);
    if (c->holding == HOLDING_UNKNOWN && a->holds && p->use.type != 'M')
        count_once(a, c, ATTRIBUTION_UNVERIFIED);
    const struct process_owner *owner = p->host.owner;
    if (owner && owner->pod_uid[0] && !owner->pod[0] && c->age > RETRY_TURNS)
        count_once(a, c, ATTRIBUTION_NO_POD);
}

/* What was known of the process, if it is the same; `*at` goes through last turn's list. */
static struct checked recall(const struct attribution *a, size_t *at,
                             const struct merged_process *p)
{
    struct checked fresh = {.pid = p->use.pid, .found = p->known};

    fresh.start_ticks = p->host.start_ticks;
    while (*at < a->before_len && a->before[*at].pid < p->use.pid)
        (*at)++;
    if (*at == a->before_len || a->before[*at].pid != p->use.pid)
        return fresh;
    const struct checked *old = &a->before[*at];
    return old->found == fresh.found && old->start_ticks == fresh.start_ticks ? *old : fresh;
}

static int check_all(struct attribution *a, struct snapshot *s)
{
    struct checked *list = a->before;
    size_t cap = a->before_cap, at = 0;

    a->before = a->now;
    a->before_len = a->now_len;
    a->before_cap = a->now_cap;
    a->now = list;
    a->now_len = 0;
    a->now_cap = cap;
    list = array_grow(a->now, &a->now_cap, MAX(s->device_process_len, (size_t)1), sizeof(*list));
    if (!list)
        return -ENOMEM;
    a->now = list;
    for (size_t i = 0; i < s->device_process_len; i++) {
        struct merged_process *p = &s->device_processes[i];
        p->first = !i || s->device_processes[i - 1].use.pid != p->use.pid;
        if (p->first) {
            struct checked c = recall(a, &at, p);
            if (p->known)
                check(a, &c, p);
            else if (s->process_count != UNKNOWN_COUNT &&
                     (c.missing = (uint8_t)MIN(c.missing + 1, MISSING_TURNS)) == MISSING_TURNS)
                count_once(a, &c, ATTRIBUTION_NOT_FOUND);
            a->now[a->now_len++] = c;
        }
        if (p->known && a->now[a->now_len - 1].holding == HOLDING_NO) {
            p->known = false;
            merge_host_unknown(&p->host, p->use.pid);
        }
    }
    return 0;
}

/* ---- holders ---- */

static void copy(char *to, size_t size, const char *from)
{
    str_copy(to, size, str_of(from));
}

static void name_container(struct holder *h, const struct process_owner *o)
{
    copy(h->container, sizeof(h->container), o->container[0] ? o->container : o->container_id);
}

static void holder_of(struct holder *h, const struct process *p, bool known)
{
    static const struct process_owner nobody;
    const struct process_owner *o = p->owner ? p->owner : &nobody;

    *h = (struct holder){.kind = HOLDER_UNKNOWN, .name = "unknown"};
    if (!known)
        return;
    copy(h->namespace, sizeof(h->namespace), o->namespace);
    copy(h->pod, sizeof(h->pod), o->pod);
    copy(h->slurm_job, sizeof(h->slurm_job), o->slurm_job);
    if (o->slurm_job[0]) {
        h->kind = HOLDER_JOB;
        copy(h->name, sizeof(h->name), o->slurm_job);
        copy(h->user, sizeof(h->user), o->job_user[0] ? o->job_user : p->user);
    } else if (o->batch_job[0]) {
        h->kind = HOLDER_JOB;
        copy(h->name, sizeof(h->name), o->batch_job);
        copy(h->user, sizeof(h->user), p->user);
    } else if (o->pod_uid[0] || o->pod[0]) {
        h->kind = HOLDER_POD;
        name_container(h, o);
        if (o->pod[0])
            snprintf(h->name, sizeof(h->name), "%s/%s", o->namespace, o->pod);
        else
            copy(h->name, sizeof(h->name), o->pod_uid);
    } else if (o->container_id[0]) {
        h->kind = HOLDER_CONTAINER;
        name_container(h, o);
        copy(h->name, sizeof(h->name), o->container_id);
        copy(h->user, sizeof(h->user), p->user);
    } else if (o->unit[0]) {
        h->kind = HOLDER_UNIT;
        copy(h->name, sizeof(h->name), o->unit);
        copy(h->user, sizeof(h->user), p->user);
    } else if (p->user[0]) {
        h->kind = HOLDER_USER;
        copy(h->name, sizeof(h->name), p->user);
        copy(h->user, sizeof(h->user), p->user);
    }
}

static void add_ratio(double *to, double ratio)
{
    if (!isnan(ratio))
        *to = MIN((isnan(*to) ? 0 : *to) + ratio, 1);
}

static void add_use(struct account *to, const struct accelerator_process *use)
{
    const double *const works[] = {&use->sm_ratio, &use->encoder_ratio, &use->decoder_ratio};

    to->is.processes++;
    if (use->mem_used_bytes != UNKNOWN_COUNT)
        to->is.mem_used_bytes =
            use->mem_used_bytes +
            (to->is.mem_used_bytes == UNKNOWN_COUNT ? 0 : to->is.mem_used_bytes);
    add_ratio(&to->is.sm_ratio, use->sm_ratio);
    to->sm_sum += use->sm_ratio > 0 ? use->sm_ratio : 0;
    to->told = to->told || !isnan(use->sm_ratio);
    for (size_t i = 0; i < ARRAY_LEN(works); i++)
        to->active = to->active || *works[i] > 0;
}

static struct merged_accelerator *find_accelerator(struct snapshot *s, unsigned number)
{
    for (size_t i = 0; i < s->accelerator_len; i++)
        if (s->accelerators[i].number == number)
            return &s->accelerators[i];
    return NULL;
}

/* `accounts` gets the account of each process. */
static int hold_by_use(struct attribution *a, struct snapshot *s, struct account **accounts,
                       uint64_t mono_ns)
{
    int code = 0;

    for (size_t i = 0; i < s->device_process_len; i++) {
        const struct merged_process *p = &s->device_processes[i];
        const struct merged_accelerator *on = find_accelerator(s, p->number);
        struct holder holder;
        holder_of(&holder, &p->host, p->known);
        s->attributed[holder.kind] += p->first;
        if (!on || on->processes == UNKNOWN_COUNT)
            continue;
        struct account *to = ledger_hold(&a->ledger, on, &holder, mono_ns);
        accounts[i] = to;
        if (to)
            add_use(to, &p->use);
        else
            code = -ENOMEM;
    }
    return code;
}

/* ---- devices that were given ---- */

/* By the numbers of the nodes that it may use. A container that may use all of them may be a
 * monitor or a shell with privileges, and counts as given none, unless its runtime says that it
 * gave them. */
static bool is_gift(const struct snapshot *s, const struct process_owner *o)
{
    size_t all = 0, has = 0;

    if (!o->nodes_known)
        return false;
    for (size_t i = 0; i < s->accelerator_len; i++) {
        unsigned minor = given_minor_of(&s->accelerators[i].device);
        bool is = minor < DEVICE_MINORS;
        all += is;
        has += is && (o->nodes.bits[minor / 64] >> (minor % 64) & 1);
    }
    return has && (has < all || o->devices_void || o->slurm_job[0] || o->batch_job[0]);
}

static int give(struct attribution *a, const struct merged_accelerator *on,
                const struct holder *holder, uint64_t mono_ns)
{
    if (!on || on->processes == UNKNOWN_COUNT)
        return 0;
    struct account *to = ledger_hold(&a->ledger, on, holder, mono_ns);
    if (!to)
        return -ENOMEM;
    to->is.allocated = 1;
    return 0;
}

static int hold_given(struct attribution *a, const struct snapshot *s, const struct process *p,
                      uint64_t mono_ns)
{
    const struct process_owner *o = p->owner;
    struct holder holder;
    int code = 0, next;

    holder_of(&holder, p, true);
    if (o->devices[0])
        for (struct str rest = str_of(o->devices); rest.ptr;) {
            next = give(a,
                        given_find(s, str_cut(&rest, ','),
                                   o->slurm_job[0] ? GIVEN_NUMBER_MINOR : GIVEN_NUMBER_INDEX),
                        &holder, mono_ns);
            code = code ? code : next;
        }
    else if (is_gift(s, o))
        for (unsigned minor = 0; minor < DEVICE_MINORS; minor++)
            if (o->nodes.bits[minor / 64] >> (minor % 64) & 1) {
                next = give(a, given_minor(s, minor), &holder, mono_ns);
                code = code ? code : next;
            }
    return code;
}

/* Every process of the machine counts here: a device may be held by one that never used it. */
static int hold_by_gift(struct attribution *a, const struct snapshot *s, uint64_t mono_ns)
{
    int code = 0;

    for (size_t i = 0; s->accelerator_len && i < s->held_len; i++) {
        const struct reading *r = &s->held[i]->reading;
        for (size_t j = 0; j < r->process_len; j++)
            if (r->processes[j].owner && hold_given(a, s, &r->processes[j], mono_ns) < 0)
                code = -ENOMEM;
    }
    return code;
}

/* ---- what the kubelet says ---- */

static const struct reading *kubelet_of(const struct snapshot *s)
{
    for (size_t i = 0; s->accelerator_len && i < s->held_len; i++)
        if (s->held[i]->reading.allocations_known)
            return &s->held[i]->reading;
    return NULL;
}

static int hold_by_kubelet(struct attribution *a, const struct snapshot *s,
                           const struct reading *kubelet, uint64_t mono_ns)
{
    int code = 0;

    for (size_t i = 0; i < kubelet->allocation_len; i++) {
        const struct allocation *g = &kubelet->allocations[i];
        const struct merged_accelerator *on = given_find(s, str_of(g->device), GIVEN_NUMBER_NONE);
        struct holder holder = {.kind = HOLDER_POD};
        if (!on)
            continue;
        snprintf(holder.name, sizeof(holder.name), "%s/%s", g->namespace, g->pod);
        memcpy(holder.namespace, g->namespace, sizeof(holder.namespace));
        memcpy(holder.pod, g->pod, sizeof(holder.pod));
        memcpy(holder.container, g->container, sizeof(holder.container));
        int next = give(a, on, &holder, mono_ns);
        code = code ? code : next;
    }
    return code;
}

/* ---- what a scheduler's prolog noted ---- */

static int hold_by_prolog(struct attribution *a, const struct snapshot *s, uint64_t mono_ns)
{
    int code = 0;

    for (size_t i = 0; s->accelerator_len && i < s->held_len; i++) {
        const struct reading *r = &s->held[i]->reading;
        for (size_t j = 0; j < r->hpc_job_len; j++) {
            char number[24];
            struct holder holder = {.kind = HOLDER_JOB};
            size_t n = num_print_u64(number, r->hpc_jobs[j].gpu);
            copy(holder.name, sizeof(holder.name), r->hpc_jobs[j].job);
            int next =
                give(a, given_find(s, str_make(number, n), GIVEN_NUMBER_INDEX), &holder, mono_ns);
            code = code ? code : next;
        }
    }
    return code;
}

static bool has_allocation(const struct snapshot *s, const struct reading *kubelet,
                           const struct process_owner *o, unsigned number)
{
    for (size_t i = 0; i < kubelet->allocation_len; i++) {
        const struct allocation *g = &kubelet->allocations[i];
        if (strcmp(g->pod, o->pod) != 0 || strcmp(g->namespace, o->namespace) != 0)
            continue;
        const struct merged_accelerator *on = given_find(s, str_of(g->device), GIVEN_NUMBER_NONE);
        if (on && on->number == number)
            return true;
    }
    return false;
}

/* The driver is believed about who uses a device, the kubelet about whom it was given to: where a
 * pod uses one that it was not given, both stand and the process is counted. */
static void compare_with_kubelet(struct attribution *a, const struct snapshot *s,
                                 const struct reading *kubelet)
{
    size_t at = 0;

    for (size_t i = 0; i < s->device_process_len; i++) {
        const struct merged_process *p = &s->device_processes[i];
        while (at < a->now_len && a->now[at].pid < p->use.pid)
            at++;
        if (!p->known || !p->host.owner || !p->host.owner->pod[0] || at == a->now_len ||
            a->now[at].age < KUBELET_TURNS)
            continue;
        if (!has_allocation(s, kubelet, p->host.owner, p->number))
            count_once(a, &a->now[at], ATTRIBUTION_NOT_ALLOCATED);
    }
}

/* ---- memory of nobody ---- */

/* Where the memory of a process is not known, or instances share the device and a process on two of
 * them is listed with one, or the memory is the host's, nothing can be said. */
static void find_unattributed(struct snapshot *s)
{
    for (size_t i = 0; i < s->accelerator_len; i++) {
        struct merged_accelerator *on = &s->accelerators[i];
        uint64_t sum = 0;
        bool known = on->processes != UNKNOWN_COUNT && !(on->device.mig_mode > 0);
        known = known && on->device.mem_used_bytes != UNKNOWN_COUNT && !(on->device.mem_shared > 0);
        for (size_t j = 0; known && j < s->device_process_len; j++) {
            const struct merged_process *p = &s->device_processes[j];
            if (p->number != on->number)
                continue;
            known = p->use.mem_used_bytes != UNKNOWN_COUNT;
            sum += known ? p->use.mem_used_bytes : 0;
        }
        if (known)
            on->mem_unattributed_bytes =
                on->device.mem_used_bytes > sum ? on->device.mem_used_bytes - sum : 0;
    }
}

/* ---- rows ---- */

static uint64_t memory_of(const struct merged_process *p)
{
    return p->use.mem_used_bytes == UNKNOWN_COUNT ? 0 : p->use.mem_used_bytes;
}

static int by_memory(const void *a, const void *b)
{
    const struct merged_process *x = a, *y = b;
    uint64_t m = memory_of(x), n = memory_of(y);

    if (m != n)
        return m > n ? -1 : 1;
    if (x->use.pid != y->use.pid)
        return x->use.pid < y->use.pid ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static int by_pid_and_number(const void *a, const void *b)
{
    const struct merged_process *x = a, *y = b;

    if (x->use.pid != y->use.pid)
        return x->use.pid < y->use.pid ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void add_gauge(double *to, double value)
{
    if (!isnan(value))
        *to = (isnan(*to) ? 0 : *to) + value;
}

/* The sum of the rows beyond the limit that are on the device of `*p`. */
static void add_to_other(struct merged_process *rows, size_t kept, size_t *len,
                         const struct merged_process *p)
{
    size_t at = kept;

    while (at < *len && rows[at].number != p->number)
        at++;
    if (at == *len) {
        struct merged_process *row = &rows[(*len)++];
        *row = (struct merged_process){.number = p->number, .other = true};
        row->use.accelerator = p->use.accelerator;
        row->use.mem_used_bytes = UNKNOWN_COUNT;
        row->use.sm_ratio = row->use.mem_ratio = UNKNOWN;
        row->use.encoder_ratio = row->use.decoder_ratio = UNKNOWN;
        memcpy(row->device_uuid, p->device_uuid, sizeof(row->device_uuid));
        merge_host_unknown(&row->host, 0);
    }
    struct merged_process *to = &rows[at];
    if (p->use.mem_used_bytes != UNKNOWN_COUNT)
        to->use.mem_used_bytes = memory_of(to) + p->use.mem_used_bytes;
    add_ratio(&to->use.sm_ratio, p->use.sm_ratio);
    add_ratio(&to->use.mem_ratio, p->use.mem_ratio);
    add_gauge(&to->host.cpu_ratio, p->host.cpu_ratio);
}

static int choose_rows(struct snapshot *s)
{
    size_t limit = s->machine.process_series_limit, len = s->device_process_len;

    s->process_rows = s->device_processes;
    s->process_row_len = len;
    if (len <= limit)
        return 0;
    struct merged_process *sorted = arena_alloc(&s->arena, len * sizeof(*sorted));
    struct merged_process *rows =
        arena_alloc(&s->arena, (limit + s->accelerator_len) * sizeof(*rows));
    s->process_row_len = 0;
    if (!sorted || !rows)
        return -ENOMEM;
    memcpy(sorted, s->device_processes, len * sizeof(*sorted));
    qsort(sorted, len, sizeof(*sorted), by_memory);
    if (limit)
        qsort(sorted, limit, sizeof(*sorted), by_pid_and_number);
    memcpy(rows, sorted, limit * sizeof(*rows));
    for (size_t i = 0; i < limit; i++)
        rows[i].first = !i || rows[i - 1].use.pid != rows[i].use.pid;
    s->process_row_len = limit;
    for (size_t i = limit; i < len; i++)
        add_to_other(rows, limit, &s->process_row_len, &sorted[i]);
    s->process_rows = rows;
    return 0;
}

int attribute(struct attribution *a, struct snapshot *s, uint64_t mono_ns)
{
    struct account **accounts =
        arena_calloc(&s->arena, s->device_process_len + 1, sizeof(struct account *));
    int code = accounts ? check_all(a, s) : -ENOMEM, next;

    if (!accounts)
        return code;
    ledger_begin(&a->ledger);
    next = hold_by_use(a, s, accounts, mono_ns);
    code = code ? code : next;
    next = hold_by_gift(a, s, mono_ns);
    code = code ? code : next;
    next = hold_by_prolog(a, s, mono_ns);
    code = code ? code : next;
    const struct reading *kubelet = kubelet_of(s);
    if (kubelet) {
        next = hold_by_kubelet(a, s, kubelet, mono_ns);
        code = code ? code : next;
        compare_with_kubelet(a, s, kubelet);
    }
    find_unattributed(s);
    next = openers_find(&a->openers, s, mono_ns);
    code = code ? code : next;
    next = ledger_end(&a->ledger, s, mono_ns);
    code = code ? code : next;
    next = dcgm_owner_find(s);
    code = code ? code : next;
    if (a->life.log) {
        next = lifeline_turn(&a->life, s, accounts, mono_ns);
        code = code ? code : next;
        process_log_counts(a->life.log, &s->process_log_lines, &s->process_log_lost);
    }
    next = choose_rows(s);
    memcpy(s->attribution_failures, a->failures, sizeof(s->attribution_failures));
    return code ? code : next;
}
