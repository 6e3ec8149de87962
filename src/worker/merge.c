/* merge.c - numbers the accelerators, joins their processes with the host's, picks the busiest. */
#include "worker/merge.h"

#include <limits.h>

void inventory_fini(struct inventory *inventory)
{
    for (size_t i = 0; i < COLLECTORS_MAX; i++)
        free(inventory->of[i].devices);
    *inventory = (struct inventory){0};
}

/* Zeroed elements in the snapshot's arena, one at least so that NULL means no memory. */
static void *new_array(struct snapshot *s, size_t count, size_t size)
{
    return arena_calloc(&s->arena, MAX(count, (size_t)1), size);
}

/* ---- accelerators ---- */

/* Never 0 of a device that has a UUID. */
static uint64_t owner_of(const struct accelerator *a)
{
    return a->uuid[0] ? hash_bytes(a->uuid, strlen(a->uuid)) | 1 : 0;
}

/* The place that a device had before; UINT_MAX when it was not there. NVIDIA's stand where the
 * driver says: their number is the one that its tools show. */
static unsigned known_place(const struct inventory *inventory, size_t i,
                            const struct accelerator *a)
{
    uint64_t owner = owner_of(a);

    if (!strcmp(a->platform, "nvidia"))
        return a->index;
    for (unsigned k = 0; owner && k < ACCELERATORS_MAX; k++)
        if (inventory->of[i].owners[k] == owner)
            return k;
    return UINT_MAX;
}

static void put_at(struct inventory *inventory, size_t i, const struct accelerator *a,
                   unsigned place)
{
    unsigned index = MIN(a->index, (unsigned)ACCELERATORS_MAX - 1);

    inventory->of[i].owners[place] = owner_of(a);
    inventory->of[i].places[index] = (unsigned short)place;
    inventory->of[i].placed = MAX(inventory->of[i].placed, index + 1);
    inventory->of[i].count = MAX(inventory->of[i].count, place + 1);
}

/* Places for the devices of a reading: those that are known first, then the others, each at its
 * index where nobody of this reading stands, else behind all. */
static void find_places(struct inventory *inventory, size_t i, const struct reading *r)
{
    bool taken[ACCELERATORS_MAX] = {false}, done[ACCELERATORS_MAX] = {false};
    size_t len = MIN(r->accelerator_len, (size_t)ACCELERATORS_MAX);
    const unsigned last = ACCELERATORS_MAX - 1;

    inventory->of[i].placed = 0;
    for (size_t j = 0; j < len; j++) {
        unsigned place = known_place(inventory, i, &r->accelerators[j]);
        done[j] = place <= last && !taken[place]; /* two may say that they are the same one */
        if (!done[j])
            continue;
        taken[place] = true;
        put_at(inventory, i, &r->accelerators[j], place);
    }
    for (size_t j = 0; j < len; j++) {
        unsigned index = MIN(r->accelerators[j].index, last);
        unsigned place = taken[index] ? MIN(inventory->of[i].count, last) : index;
        if (done[j])
            continue;
        taken[place] = true;
        put_at(inventory, i, &r->accelerators[j], place);
    }
}

/* Keeps who the devices of a good reading are. */
static int note(struct inventory *inventory, size_t i, const struct reading *r)
{
    size_t len = MIN(r->accelerator_len, (size_t)ACCELERATORS_MAX);

    if (len) {
        struct accelerator *devices =
            array_grow(inventory->of[i].devices, &inventory->of[i].cap, len, sizeof(*devices));
        if (!devices)
            return -ENOMEM;
        inventory->of[i].devices = devices;
        memcpy(devices, r->accelerators, len * sizeof(*devices));
        for (size_t j = 0; j < len; j++)
            devices[j].index =
                inventory->of[i].places[MIN(devices[j].index, (unsigned)ACCELERATORS_MAX - 1)];
    }
    inventory->of[i].len = len;
    if (r->platform_len) {
        inventory->of[i].platform = r->platforms[0];
        inventory->of[i].platform_known = true;
    }
    return 0;
}

/* The identity of `from` with every reading unknown. */
static struct accelerator lost(const struct accelerator *from)
{
    struct accelerator a;

    accelerator_init(&a, from->platform, from->index);
    a.state = ACCELERATOR_LOST;
    memcpy(a.uuid, from->uuid, sizeof(a.uuid));
    memcpy(a.name, from->name, sizeof(a.name));
    memcpy(a.pci_bus_id, from->pci_bus_id, sizeof(a.pci_bus_id));
    memcpy(a.serial, from->serial, sizeof(a.serial));
    memcpy(a.vbios, from->vbios, sizeof(a.vbios));
    memcpy(a.architecture, from->architecture, sizeof(a.architecture));
    memcpy(a.board_part, from->board_part, sizeof(a.board_part));
    memcpy(a.compute_capability, from->compute_capability, sizeof(a.compute_capability));
    a.minor = from->minor;
    return a;
}

/* Whether a reading has a device that stands at a place. */
static bool has_place(const struct inventory *inventory, size_t i, const struct reading *r,
                      unsigned place)
{
    for (size_t j = 0; r && j < MIN(r->accelerator_len, (size_t)ACCELERATORS_MAX); j++)
        if (r->accelerators[j].index < inventory->of[i].placed &&
            inventory->of[i].places[r->accelerators[j].index] == place)
            return true;
    return false;
}

static int by_number(const void *a, const void *b)
{
    const struct merged_accelerator *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static void add_accelerator(struct snapshot *s, const struct accelerator *a, unsigned number,
                            const struct platform_info *platform, bool answers)
{
    if (number == UINT_MAX) /* an index beyond what can be */
        return;
    s->accelerators[s->accelerator_len++] = (struct merged_accelerator){
        .device = *a,
        .number = number,
        .platform = platform,
        .processes =
            answers && a->state == ACCELERATOR_OK && !a->processes_untold ? 0 : UNKNOWN_COUNT,
        .mps_servers = UNKNOWN_COUNT,
        .held = UNKNOWN,
        .mem_unattributed_bytes = UNKNOWN_COUNT,
        .open_unlisted = UNKNOWN_COUNT,
    };
    for (size_t i = 0; i < DOUBTS; i++)
        s->accelerators[s->accelerator_len - 1].doubtful[i] = UNKNOWN;
}

unsigned merge_number(const struct inventory *inventory, size_t i, unsigned index)
{
    unsigned place = index < inventory->of[i].placed ? inventory->of[i].places[index] : UINT_MAX;

    return place < inventory->of[i].numbered ? inventory->of[i].numbers[place] : UINT_MAX;
}

/* Numbers follow each other without a gap: the next one is how many were given out. */
static void give_numbers(struct inventory *inventory, size_t len)
{
    unsigned next = 0;
    bool fresh = false;

    for (size_t i = 0; i < len; i++) {
        next += inventory->of[i].numbered;
        fresh = fresh || (inventory->of[i].count && !inventory->of[i].numbered);
    }
    next = fresh ? 0 : next;
    for (size_t i = 0; i < len; i++) {
        unsigned most = MAX(inventory->of[i].count, inventory->of[i].numbered);
        for (unsigned k = fresh ? 0 : inventory->of[i].numbered; k < MIN(most, ACCELERATORS_MAX);
             k++)
            inventory->of[i].numbers[k] = (unsigned short)next++;
        inventory->of[i].numbered = MIN(most, ACCELERATORS_MAX);
    }
}

static int merge_accelerators(struct snapshot *s, struct inventory *inventory,
                              const struct collector_view *views, size_t len)
{
    size_t most = 0;
    int code = 0;

    for (size_t i = 0; i < len; i++) {
        const struct reading *r = views[i].held ? &views[i].held->reading : NULL;
        if (r && r->accelerator_len) /* also what it read before it failed */
            find_places(inventory, i, r);
        if (r && views[i].up && note(inventory, i, r) < 0)
            code = -ENOMEM;
        most += (r ? MIN(r->accelerator_len, (size_t)ACCELERATORS_MAX) : 0) + inventory->of[i].len;
    }
    give_numbers(inventory, len);
    s->accelerators = new_array(s, most, sizeof(*s->accelerators));
    if (!s->accelerators)
        return -ENOMEM;
    for (size_t i = 0; i < len; i++) {
        const struct reading *r = views[i].held ? &views[i].held->reading : NULL;
        const struct platform_info *platform = NULL;
        if (inventory->of[i].platform_known) {
            struct platform_info *copy = arena_new(&s->arena, struct platform_info);
            if (copy)
                *copy = inventory->of[i].platform;
            platform = copy;
        }
        for (size_t j = 0; r && j < r->accelerator_len && j < ACCELERATORS_MAX; j++)
            add_accelerator(s, &r->accelerators[j],
                            merge_number(inventory, i, r->accelerators[j].index), platform, true);
        for (size_t j = 0; !views[i].up && j < inventory->of[i].len; j++) {
            struct accelerator a = lost(&inventory->of[i].devices[j]);
            if (!has_place(inventory, i, r, a.index))
                add_accelerator(s, &a,
                                a.index < inventory->of[i].numbered
                                    ? inventory->of[i].numbers[a.index]
                                    : UINT_MAX,
                                platform, false);
        }
    }
    if (s->accelerator_len)
        qsort(s->accelerators, s->accelerator_len, sizeof(*s->accelerators), by_number);
    return code;
}

/* ---- processes ---- */

static int by_pid_and_number(const void *a, const void *b)
{
    const struct merged_process *x = a, *y = b;
    if (x->use.pid != y->use.pid)
        return x->use.pid < y->use.pid ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

void merge_host_unknown(struct process *p, int pid)
{
    *p = (struct process){
        .pid = pid,
        .start_time_s = (double)NAN,
        .cpu_ratio = (double)NAN,
        .memory_bytes = UNKNOWN_COUNT,
        .threads = UINT_MAX,
    };
}

static double larger(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

/* A process with a compute and a graphics context on one device is listed twice by NVML, each time
 * with the memory of the whole process: the larger figure of each stands for both. */
static void join_contexts(struct snapshot *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->device_process_len; i++) {
        struct merged_process *from = &s->device_processes[i];
        struct merged_process *to = kept ? &s->device_processes[kept - 1] : NULL;
        if (!to || to->use.pid != from->use.pid || to->number != from->number) {
            if (from != &s->device_processes[kept])
                s->device_processes[kept] = *from;
            kept++;
            continue;
        }
        if (to->use.mem_used_bytes == UNKNOWN_COUNT ||
            (from->use.mem_used_bytes != UNKNOWN_COUNT &&
             from->use.mem_used_bytes > to->use.mem_used_bytes))
            to->use.mem_used_bytes = from->use.mem_used_bytes;
        to->use.sm_ratio = larger(to->use.sm_ratio, from->use.sm_ratio);
        to->use.mem_ratio = larger(to->use.mem_ratio, from->use.mem_ratio);
        to->use.encoder_ratio = larger(to->use.encoder_ratio, from->use.encoder_ratio);
        to->use.decoder_ratio = larger(to->use.decoder_ratio, from->use.decoder_ratio);
    }
    s->device_process_len = kept;
}

static struct merged_accelerator *find_accelerator(struct snapshot *s, unsigned number)
{
    for (size_t i = 0; i < s->accelerator_len; i++)
        if (s->accelerators[i].number == number)
            return &s->accelerators[i];
    return NULL;
}

static int merge_device_processes(struct snapshot *s, const struct collector_view *views,
                                  size_t len, const struct inventory *inventory)
{
    size_t most = 0;

    for (size_t i = 0; i < len; i++)
        most += views[i].held ? views[i].held->reading.accelerator_process_len : 0;
    /* They are copied twice more, to be attributed and as rows. */
    size_t room = arena_room(&s->arena) / 4 / sizeof(*s->device_processes);
    s->left_out[LEFT_OUT_DEVICE_PROCESSES] = most - MIN(most, room);
    most = MIN(most, room);
    s->device_processes = new_array(s, most, sizeof(*s->device_processes));
    if (!s->device_processes)
        return -ENOMEM;
    for (size_t i = 0; i < len; i++) {
        const struct reading *r = views[i].held ? &views[i].held->reading : NULL;
        for (size_t j = 0; r && j < r->accelerator_process_len && s->device_process_len < most;
             j++) {
            const struct accelerator_process *use = &r->accelerator_processes[j];
            const struct merged_accelerator *on =
                find_accelerator(s, merge_number(inventory, i, use->accelerator));
            if (!on)
                continue;
            struct merged_process *p = &s->device_processes[s->device_process_len++];
            p->use = *use;
            p->number = on->number;
            memcpy(p->device_uuid, on->device.uuid, sizeof(p->device_uuid));
            merge_host_unknown(&p->host, use->pid);
        }
    }
    if (s->device_process_len)
        qsort(s->device_processes, s->device_process_len, sizeof(*s->device_processes),
              by_pid_and_number);
    join_contexts(s);
    for (size_t i = 0; i < s->device_process_len; i++) {
        struct merged_accelerator *on = find_accelerator(s, s->device_processes[i].number);
        if (on && on->processes != UNKNOWN_COUNT)
            on->processes++;
    }
    s->process_rows = s->device_processes;
    s->process_row_len = s->device_process_len;
    return 0;
}

/* The first entry of `pid` among the processes on devices, or NULL. */
static struct merged_process *find_device_process(const struct snapshot *s, int pid)
{
    size_t from = 0, to = s->device_process_len;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (s->device_processes[middle].use.pid < pid)
            from = middle + 1;
        else
            to = middle;
    }
    bool found = from < s->device_process_len && s->device_processes[from].use.pid == pid;
    return found ? &s->device_processes[from] : NULL;
}

/* By CPU, then memory, then pid: the order in which the busiest are picked. An unknown share counts
 * as none. */
static bool is_busier(const struct process *a, const struct process *b)
{
    double cpu_a = isnan(a->cpu_ratio) ? 0 : a->cpu_ratio;
    double cpu_b = isnan(b->cpu_ratio) ? 0 : b->cpu_ratio;
    uint64_t memory_a = a->memory_bytes == UNKNOWN_COUNT ? 0 : a->memory_bytes;
    uint64_t memory_b = b->memory_bytes == UNKNOWN_COUNT ? 0 : b->memory_bytes;

    if (cpu_a > cpu_b || cpu_a < cpu_b)
        return cpu_a > cpu_b;
    if (memory_a != memory_b)
        return memory_a > memory_b;
    return a->pid < b->pid;
}

/* Puts `p` into the heap of the busiest found so far, whose root is the least busy of them. */
static void offer(const struct process **heap, size_t *len, size_t limit, const struct process *p)
{
    size_t at;

    if (*len < limit) {
        at = (*len)++;
        for (; at && is_busier(heap[(at - 1) / 2], p); at = (at - 1) / 2)
            heap[at] = heap[(at - 1) / 2];
        heap[at] = p;
        return;
    }
    if (!limit || !is_busier(p, heap[0]))
        return;
    for (at = 0;;) {
        size_t child = at * 2 + 1;
        if (child >= *len)
            break;
        if (child + 1 < *len && is_busier(heap[child], heap[child + 1]))
            child++;
        if (!is_busier(p, heap[child]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = p;
}

static int by_pid(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Joins the processes on devices with the host's, and keeps the busiest of the host. */
static int merge_processes(struct snapshot *s, const struct reading *r)
{
    size_t limit = MIN((size_t)s->machine.process_limit, r->process_len), heap_len = 0;
    const struct process **heap = new_array(s, limit, sizeof(*heap));
    struct process *kept =
        new_array(s, MIN(limit + s->device_process_len, r->process_len), sizeof(*kept));

    s->process_count = r->process_len;
    if (!heap || !kept)
        return -ENOMEM;
    s->processes = kept;
    for (size_t i = 0; i < r->process_len; i++) {
        const struct process *p = &r->processes[i];
        struct merged_process *use = find_device_process(s, p->pid);
        if (!use) {
            offer(heap, &heap_len, limit, p);
            continue;
        }
        const struct merged_process *end = s->device_processes + s->device_process_len;
        bool first = !use->known; /* a pid that is listed twice counts once */
        for (; use < end && use->use.pid == p->pid; use++) {
            use->known = true;
            use->host = *p;
        }
        if (first)
            kept[s->process_len++] = *p;
    }
    for (size_t i = 0; i < heap_len; i++)
        kept[s->process_len++] = *heap[i];
    if (s->process_len)
        qsort(kept, s->process_len, sizeof(*kept), by_pid);
    return 0;
}

/* ---- the rest ---- */

static int by_mount_point(const void *a, const void *b)
{
    const struct filesystem *x = a, *y = b;
    return strcmp(x->mount_point, y->mount_point);
}

static int copy_filesystems(struct snapshot *s, const struct reading *r)
{
    s->filesystems = new_array(s, r->filesystem_len, sizeof(*s->filesystems));
    if (!s->filesystems)
        return -ENOMEM;
    memcpy(s->filesystems, r->filesystems, r->filesystem_len * sizeof(*s->filesystems));
    s->filesystem_len = r->filesystem_len;
    qsort(s->filesystems, s->filesystem_len, sizeof(*s->filesystems), by_mount_point);
    return 0;
}

static void set_memory_ratios(struct snapshot *s)
{
    uint64_t total = s->memory ? s->memory->total_bytes : UNKNOWN_COUNT;

    for (size_t i = 0; i < s->process_len; i++) {
        struct process *p = &s->processes[i];
        bool known = total && total != UNKNOWN_COUNT && p->memory_bytes != UNKNOWN_COUNT;
        p->memory_ratio = known ? (double)p->memory_bytes / (double)total : UNKNOWN;
    }
}

/* Of the host's parts the first collector that gives one is taken. */
/* The board's sensors come from the kernel and from its management controller: what the first does
 * not tell, the second does. */
static void join_chassis(struct snapshot *s, const struct chassis *c)
{
    struct chassis *all = arena_new(&s->arena, struct chassis);

    if (!s->chassis || !all) {
        s->chassis = s->chassis ? s->chassis : c;
        return;
    }
    *all = *s->chassis;
    all->power_w = isnan(all->power_w) ? c->power_w : all->power_w;
    if (isnan(all->inlet_temperature_c))
        all->inlet_temperature_c = c->inlet_temperature_c;
    if (isnan(all->outlet_temperature_c))
        all->outlet_temperature_c = c->outlet_temperature_c;
    for (size_t i = 0, k = 0; i < CHASSIS_FANS && k < CHASSIS_FANS; i++) {
        if (all->fan_name[i][0])
            continue;
        all->fan_rpm[i] = c->fan_rpm[k];
        memcpy(all->fan_name[i], c->fan_name[k], sizeof(all->fan_name[i]));
        k++;
    }
    s->chassis = all;
}

static int merge_host(struct snapshot *s, const struct reading *r)
{
    int code = 0;

    s->withdrawn = s->withdrawn || r->withdrawn;
    if (!s->cpu && r->cpu.present)
        s->cpu = &r->cpu;
    if (!s->memory && r->memory.present)
        s->memory = &r->memory;
    if (r->chassis.present)
        join_chassis(s, &r->chassis);
    if (!s->board && r->board.present)
        s->board = &r->board;
    if (!s->slots_read && r->slots_read) {
        s->slots = r->slots;
        s->slot_len = r->slot_len;
        s->slots_read = true;
    }
    if (!s->filesystem_len && r->filesystem_len)
        code = copy_filesystems(s, r);
    if (s->process_count == UNKNOWN_COUNT && r->process_len) {
        s->processes_hidden = r->processes_hidden;
        s->left_out[LEFT_OUT_PROCESSES] = r->processes_left_out;
        if (merge_processes(s, r) < 0)
            code = -ENOMEM;
    }
    return code;
}

static int merge_lists(struct snapshot *s, const struct collector_view *views, size_t len)
{
    size_t rejects = len, platforms = 0;

    for (size_t i = 0; i < len; i++) {
        rejects += views[i].held ? views[i].held->reading.reject_len : 0;
        platforms += views[i].held ? views[i].held->reading.platform_len : 0;
    }
    s->rejects = new_array(s, rejects, sizeof(*s->rejects));
    s->platforms = new_array(s, platforms, sizeof(*s->platforms));
    s->collectors = new_array(s, len, sizeof(*s->collectors));
    if (!s->rejects || !s->platforms || !s->collectors)
        return -ENOMEM;
    for (size_t i = 0; i < len; i++) {
        const struct reading *r = views[i].held ? &views[i].held->reading : NULL;
        for (size_t j = 0; r && j < r->reject_len; j++)
            s->rejects[s->reject_len++] = r->rejects[j];
        for (size_t j = 0; r && j < r->platform_len; j++)
            s->platforms[s->platform_len++] = r->platforms[j];
        if (views[i].stale)
            s->rejects[s->reject_len++] =
                (struct reading_reject){views[i].name, "stale", views[i].stale};
        if (views[i].seen) {
            s->collectors[s->collector_len] = views[i];
            s->collectors[s->collector_len++].held = NULL;
        }
    }
    return 0;
}

int merge(struct snapshot *s, struct inventory *inventory, struct collector_view *views, size_t len)
{
    int code = merge_accelerators(s, inventory, views, len);
    int next = merge_parts(s, views, len, inventory);

    code = code ? code : next;
    next = merge_device_processes(s, views, len, inventory);
    code = code ? code : next;
    for (size_t i = 0; i < len; i++) {
        if (!views[i].held)
            continue;
        next = merge_host(s, &views[i].held->reading);
        code = code ? code : next;
    }
    set_memory_ratios(s);
    merge_mps_servers(s);
    next = merge_lists(s, views, len);
    for (size_t i = 0; i < len; i++) {
        if (views[i].held)
            s->held[s->held_len++] = views[i].held;
        views[i].held = NULL;
    }
    return code ? code : next;
}
