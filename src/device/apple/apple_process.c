/* apple_process.c - the processes of macOS. Of those of other users the kernel tells only root more
 * than that they are there. */
#include "apple.h"

#include "apple_calls.h"

#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#define PIDS_MAX  65536
#define USERS_MAX 64 /* whose names are kept */

/* What a process had used when it was last seen. */
struct seen {
    int pid;
    uint64_t start; /* microseconds of Unix time: with the pid it is never used twice */
    uint64_t units; /* of mach's time, user and system */
};

struct user {
    uint32_t uid;
    char name[64];
};

struct state {
    struct apple_calls calls;
    double s_per_unit;
    struct seen *seen; /* by pid */
    size_t len, cap, next_cap;
    struct seen *next;
    uint64_t mono_ns;
    struct user users[USERS_MAX];
    size_t user_len;
};

static bool detect(const struct host_paths *paths)
{
    struct apple_calls own;
    const struct apple_calls *c = apple_calls_of(paths, &own);

    return c && c->process;
}

static int apple_process_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct apple_calls own;
    const struct apple_calls *c = apple_calls_of(paths, &own);
    struct apple_timebase base = {0};

    if (!c || !c->process)
        return error_set(err, -ENODEV, "this is no system of Apple's");
    if (c->mach_timebase_info(&base) != APPLE_OK || !base.denom || !base.numer)
        return error_set(err, -ENOTSUP, "this system does not tell the unit of its clock");
    struct state *s = xnew(struct state);
    s->calls = *c;
    s->s_per_unit = (double)base.numer / base.denom / 1e9; /* 125/3 ns on chips of Apple's */
    *ret = s;
    return 0;
}

static void apple_process_close(void *state)
{
    struct state *s = state;

    if (!s)
        return;
    free(s->seen);
    free(s->next);
    free(s);
}

static void user_name(struct state *s, uint32_t uid, char *to, size_t size)
{
    struct passwd entry, *found = NULL;
    char room[1024];

    for (size_t i = 0; i < s->user_len; i++) {
        if (s->users[i].uid != uid)
            continue;
        str_copy(to, size, str_of(s->users[i].name));
        return;
    }
    if (getpwuid_r(uid, &entry, room, sizeof(room), &found) || !found)
        snprintf(to, size, "%u", (unsigned)uid);
    else
        str_copy(to, size, str_of(found->pw_name));
    if (s->user_len == USERS_MAX)
        return;
    struct user *kept = &s->users[s->user_len++];
    kept->uid = uid;
    str_copy(kept->name, sizeof(kept->name), str_of(to));
}

static int by_pid(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

static double cpu_ratio(const struct state *s, const struct seen *now, uint64_t mono_ns)
{
    const struct seen *then = s->len ? bsearch(now, s->seen, s->len, sizeof(*now), by_pid) : NULL;

    if (!then || then->start != now->start || now->units < then->units || mono_ns <= s->mono_ns)
        return UNKNOWN;
    return (double)(now->units - then->units) * s->s_per_unit /
           ((double)(mono_ns - s->mono_ns) / (double)NS_PER_S);
}

static void name_of(const struct apple_process *p, char *to, size_t size)
{
    const char *from = p->name[0] ? p->name : p->comm;
    size_t room = p->name[0] ? sizeof(p->name) : sizeof(p->comm);
    const char *end = memchr(from, '\0', room);

    str_copy(to, size, str_make(from, end ? (size_t)(end - from) : room));
    for (char *c = to; *c; c++)
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? ' ' : *c;
}

static void take(struct state *s, const struct apple_process *p, uint64_t mono_ns,
                 struct process *to, struct seen *now)
{
    static const char letters[] = {'?', 'I', 'R', 'S', 'T', 'Z'}; /* SIDL, SRUN, SSLEEP ... */

    *now = (struct seen){.pid = (int)p->pid,
                         .start = p->start_sec * 1000000 + p->start_usec,
                         .units = p->user + p->system};
    *to = (struct process){
        .pid = (int)p->pid,
        .start_ticks = now->start,
        .start_time_s = (double)p->start_sec + (double)p->start_usec / 1e6,
        .state = p->status < sizeof(letters) ? letters[p->status] : '?',
        .threads = p->threads > 0 ? (unsigned)p->threads : UINT_MAX,
        .cpu_ratio = cpu_ratio(s, now, mono_ns),
        .memory_bytes = p->resident_size,
        .memory_ratio = UNKNOWN,
    };
    name_of(p, to->name, sizeof(to->name));
    user_name(s, p->uid, to->user, sizeof(to->user));
}

static int read_pids(struct state *s, const int *pids, size_t count, struct reading *out)
{
    size_t room = arena_room(out->arena) / 2 / sizeof(*out->processes);
    size_t len = MIN(count, room), seen = 0;

    out->processes_hidden = 0;
    out->processes_left_out = count - len;
    out->processes = arena_calloc(out->arena, len, sizeof(*out->processes));
    struct seen *next = array_grow(s->next, &s->next_cap, len + 1, sizeof(*next));
    if (!out->processes || !next)
        return -ENOMEM;
    s->next = next;
    for (size_t i = 0; i < len; i++) {
        struct apple_process p = {0};
        if (pids[i] <= 0) /* the kernel itself */
            continue;
        if (s->calls.proc_pidinfo(pids[i], APPLE_TASKALLINFO, 0, &p, sizeof(p)) != sizeof(p)) {
            out->processes_hidden++; /* another's, or gone since the list was made */
            continue;
        }
        take(s, &p, out->mono_ns, &out->processes[out->process_len++], &next[seen++]);
    }
    qsort(next, seen, sizeof(*next), by_pid);
    struct seen *before = s->seen;
    size_t cap = s->cap;
    s->seen = next;
    s->cap = s->next_cap;
    s->len = seen;
    s->next = before;
    s->next_cap = cap;
    s->mono_ns = out->mono_ns;
    return 0;
}

static int apple_process_read(void *state, struct reading *out, struct error *err)
{
    struct state *s = state;
    int count = s->calls.proc_listallpids(NULL, 0), code = -EIO;
    size_t room = count > 0 ? MIN((size_t)count + 64, (size_t)PIDS_MAX) : 0;
    int *pids = calloc(room ? room : 1, sizeof(*pids));

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    if (!pids)
        return error_errno(err, -ENOMEM, "processes");
    count = room ? s->calls.proc_listallpids(pids, (int)(room * sizeof(*pids))) : 0;
    if (count > 0)
        code = read_pids(s, pids, MIN((size_t)count, room), out);
    free(pids);
    return code ? error_errno(err, code, "processes") : 0;
}

const struct collector apple_process_collector = {
    .name = "process",
    .detect = detect,
    .open = apple_process_open,
    .read = apple_process_read,
    .close = apple_process_close,
};
