/* doctor.c - what every collector found on this machine, and what the worker itself sees. */
#include "worker/machine.h"
#include "worker/presence.h"
#include "worker/schedule.h"
#include "worker/worker_with.h"

#include <pwd.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/timex.h>
#endif

#define CLOCK_SANE_MS INT64_C(1735689600000) /* 2025-01-01: older than the program itself */
#define MEMORY_SCARCE (UINT64_C(64) << 20)   /* several times what the worker takes */
#define MEMINFO_MAX   ((size_t)8 << 10)

struct list {
    struct arena *arena;
    struct finding *items;
    size_t len;
};

static void look_at_host(const struct worker_options *options, struct list *to)
{
    struct machine m;

    machine_init(&m, options);
    finding_add(to->arena, &to->items, &to->len, FINDING_OK, "host", "",
                "%s, %s on %s, %ld processors online", m.hostname, m.os, m.arch,
                sysconf(_SC_NPROCESSORS_ONLN));
    if (strcmp(m.hostname, "localhost") == 0 || strncmp(m.hostname, "localhost.", 10) == 0)
        finding_add(to->arena, &to->items, &to->len, FINDING_WARNING, "host name",
                    "Set the machine's name, or give one with --hostname: it tells the machines of "
                    "a fleet apart.",
                    "the machine calls itself %s", m.hostname);
}

static void look_at_clock(struct list *to)
{
    int64_t now_ms = clock_now_ms();

    if (now_ms < CLOCK_SANE_MS) {
        finding_add(to->arena, &to->items, &to->len, FINDING_ERROR, "clock",
                    "Set the clock: samples are kept under the time they were read at.",
                    "the clock stands %lld s before this program was made",
                    (long long)((CLOCK_SANE_MS - now_ms) / 1000));
        return;
    }
#ifdef __linux__
    struct timex state = {0};
    if (adjtimex(&state) < 0)
        return; /* not allowed here: nothing known, nothing said */
    if (state.status & STA_UNSYNC)
        finding_add(to->arena, &to->items, &to->len, FINDING_WARNING, "clock",
                    "Start chrony, ntpd or systemd-timesyncd: machines whose clocks differ cannot "
                    "be compared.",
                    "the kernel says that nothing keeps the clock right");
    else
        finding_add(to->arena, &to->items, &to->len, FINDING_OK, "clock", "",
                    "kept right, by at most %ld ms", state.maxerror / 1000);
#endif
}

static void look_at_rights(struct list *to)
{
    uid_t uid = geteuid();
    struct passwd entry, *found = NULL;
    char room[1024];

    if (getpwuid_r(uid, &entry, room, sizeof(room), &found))
        found = NULL;
    finding_add(to->arena, &to->items, &to->len, FINDING_OK, "rights", "",
                uid ? "runs as %s (uid %u): what needs more rights is named here"
                    : "runs as %s (uid %u)",
                found ? found->pw_name : "an unnamed user", (unsigned)uid);
}

/* The figure of `name` in /proc/meminfo's form, in bytes; UNKNOWN_COUNT when it is not there. */
static uint64_t meminfo_bytes(struct str rest, struct str name)
{
    uint64_t kib;

    while (rest.ptr) {
        struct str line = str_cut(&rest, '\n');
        struct str key = str_cut(&line, ':');
        if (!str_equal(key, name) || !line.ptr)
            continue;
        struct str value = str_trim(line);
        if (num_parse_u64(str_cut(&value, ' '), &kib) && kib < UINT64_MAX >> 10)
            return kib << 10;
    }
    return UNKNOWN_COUNT;
}

static void look_at_memory(const struct worker_options *options, struct list *to)
{
    char path[4096], text[MEMINFO_MAX];

    snprintf(path, sizeof(path), "%s/meminfo", options->paths.procfs);
    ssize_t n = file_read_small(path, text, sizeof(text));
    if (n < 0) {
        finding_add(to->arena, &to->items, &to->len, FINDING_WARNING, "memory",
                    "Mount /proc, or say with --path.procfs where it is.", "cannot read %s: %s",
                    path, strerror((int)-n));
        return;
    }
    uint64_t available = meminfo_bytes(str_make(text, (size_t)n), STR("MemAvailable"));
    if (available == UNKNOWN_COUNT)
        return;
    bool scarce = available < MEMORY_SCARCE;
    finding_add(to->arena, &to->items, &to->len, scarce ? FINDING_WARNING : FINDING_OK, "memory",
                scarce ? "The worker needs about 10 MB; the machine is about to run out." : "",
                "%" PRIu64 " MiB available", available >> 20);
}

static bool is_on_bus(const struct host_paths *paths, const char *bus_id)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/bus/pci/devices/%s", paths->sysfs, bus_id);
    return access(path, F_OK) == 0;
}

/* GPUs that a worker remembers and that the bus does not show any more. What the bus shows is the
 * collectors' business. */
static void look_at_gpus(const struct worker_options *options, struct list *to)
{
    struct presence p;
    size_t here = 0;
    char path[4096];

    snprintf(path, sizeof(path), "%s/bus/pci/devices", options->paths.sysfs);
    if (!options->gpu_inventory || access(path, R_OK))
        return;
    presence_init(&p, options->gpu_inventory);
    for (size_t i = 0; i < p.len; i++) {
        const struct presence_known *k = &p.known[i];
        if (is_on_bus(&options->paths, k->bus_id))
            here++;
        else
            finding_add(to->arena, &to->items, &to->len, FINDING_ERROR, "gpus",
                        presence_advice(PRESENCE_OFF_BUS), "GPU %u (%s, %s, %s) %s", k->number,
                        k->name[0] ? k->name : "of unknown model", k->bus_id, k->uuid,
                        presence_meaning(PRESENCE_OFF_BUS));
    }
    if (p.len)
        finding_add(to->arena, &to->items, &to->len, here == p.len ? FINDING_OK : FINDING_NOTE,
                    "gpus", "",
                    "%zu of %zu GPUs that were here are on the bus; %" PRIu64
                    " came to another number, %" PRIu64 " were replaced",
                    here, p.len, p.index_changes, p.replacements);
    presence_fini(&p);
}

/* The worst first; of one level in the order they were found. */
static void sort_by_level(struct finding *items, size_t len)
{
    for (size_t i = 1; i < len; i++) {
        struct finding moved = items[i];
        size_t at = i;
        for (; at && items[at - 1].level < moved.level; at--)
            items[at] = items[at - 1];
        items[at] = moved;
    }
}

void worker_diagnose_with(const struct worker_options *options,
                          const struct collector *const *table, struct arena *a,
                          struct finding **ret, size_t *ret_len)
{
    struct list list = {.arena = a};

    look_at_host(options, &list);
    look_at_clock(&list);
    look_at_rights(&list);
    look_at_memory(options, &list);
    look_at_gpus(options, &list);
    for (size_t i = 0; table[i]; i++) {
        if (schedule_is_listed(options->disabled, table[i]->name))
            finding_add(a, &list.items, &list.len, FINDING_NOTE, "collectors", "",
                        "%s is switched off by --disable-collectors", table[i]->name);
        else if (table[i]->diagnose)
            table[i]->diagnose(&options->paths, a, &list.items, &list.len);
    }
    sort_by_level(list.items, list.len);
    *ret = list.items;
    *ret_len = list.len;
}

void worker_diagnose(const struct worker_options *options, struct arena *a, struct finding **ret,
                     size_t *ret_len)
{
    worker_diagnose_with(options, collectors, a, ret, ret_len);
}
