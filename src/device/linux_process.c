/* linux_process.c - the processes of the machine.
 *
 * What is read when: stat of every process at every turn, one open, read and close. User, command
 * line and owner (status, cmdline, cgroup: dearer, and cmdline waits for the process's memory map)
 * are looked up for a process
 *   - at its first and its second turn, as a new one may yet change its user or become another
 *     program,
 *   - when its name changed, as it does with exec,
 *   - else every LOOKUP_TURNS turns, staggered by pid.
 * A process that waits in the kernel (state D) keeps its command line for later: reading it would
 * wait for the same lock and hold up all others. Kernel threads need no look-up. One that has used
 * no CPU time for IDLE_TURNS turns is read at every IDLE_TURNS-th only and shown as it was: a
 * server with 256 CPUs has some 3,000 of them asleep. */
#include "device/linux.h"

#include "device/linux_cgroup.h"
#include "device/linux_file.h"
#include "device/linux_holder.h"
#include "device/linux_kubelet.h"
#include "device/linux_names.h"
#include "device/linux_nodes.h"
#include "device/linux_owner.h"
#include "device/linux_owners.h"
#include "device/linux_proc.h"
#include "device/linux_users.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#define PIDS_MAX     262144 /* taken up at most; more are left out */
#define LOOKUP_TURNS 64
#define IDLE_TURNS   6
#define LOOKUP_READ  8192  /* of status, cgroup and cmdline; of the latter 255 bytes are shown */
#define ENVIRON_READ 65536 /* pods with many services around them have long ones */
#define COMM_CUT     15    /* the kernel cuts names of programs here */

/* What is remembered of a process from turn to turn. */
struct known {
    int pid;
    bool kernel;
    char state;
    uint8_t idle;    /* turns without CPU time, up to IDLE_TURNS */
    uint8_t lookups; /* up to 2 */
    uint32_t threads;
    uint64_t start_ticks, ticks, mono_ns, rss_pages;
    uint64_t name_hash;
    double cpu_ratio;
    char *texts;               /* TEXTS of them, each terminated */
    struct linux_owned *owner; /* NULL: nobody in particular */
};

enum {
    NAME,
    USER,
    COMMAND,
    TEXTS
};

struct table {
    struct known *list; /* by pid */
    size_t len, cap;
};

struct state {
    struct host_paths paths;
    DIR *dir;
    struct linux_users users;
    struct linux_kubelet kubelet;
    struct linux_names names;
    struct linux_nodes nodes;
    struct linux_owners owners;
    char *environ_text; /* ENVIRON_READ bytes, once the first is read */
    struct table now, before;
    int *pids;
    size_t pid_len, pid_cap;
    uint64_t turn, mono_ns, page_size, ticks_per_s; /* mono_ns: of the turn */
    double boot_time_s;
};

static bool process_detect(const struct host_paths *paths)
{
    return linux_file_exists(paths->procfs, "stat");
}

static void known_free(struct state *s, struct known *k)
{
    free(k->texts);
    linux_owners_drop(&s->owners, k->owner);
    k->texts = NULL;
    k->owner = NULL;
}

static void table_fini(struct state *s, struct table *t)
{
    for (size_t i = 0; i < t->len; i++)
        known_free(s, &t->list[i]);
    free(t->list);
}

static void process_close(void *state)
{
    struct state *s = state;

    if (!s)
        return;
    table_fini(s, &s->now);
    table_fini(s, &s->before);
    linux_owners_fini(&s->owners);
    linux_users_fini(&s->users);
    linux_kubelet_fini(&s->kubelet);
    linux_names_fini(&s->names);
    linux_nodes_fini(&s->nodes);
    free(s->environ_text);
    free(s->pids);
    closedir(s->dir);
    free(s);
}

static int process_open(const struct host_paths *paths, void **ret, struct error *err)
{
    char auxv[1024];
    DIR *dir = opendir(paths->procfs);

    if (!dir)
        return error_errno(err, -errno, "%s", paths->procfs);
    struct state *s = xnew(struct state);
    s->paths = *paths;
    s->dir = dir;
    linux_users_init(&s->users, paths->rootfs);
    linux_kubelet_init(&s->kubelet, paths->rootfs);
    linux_names_init(&s->names, paths->rootfs);
    linux_owners_init(&s->owners);
    /* The tree may be another machine's: its own word on page size and tick comes first. */
    s->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    s->ticks_per_s = (uint64_t)sysconf(_SC_CLK_TCK);
    ssize_t n = linux_file_text(auxv, sizeof(auxv), paths->procfs, "self/auxv");
    linux_proc_auxv(str_make(auxv, n > 0 ? (size_t)n : 0), &s->page_size, &s->ticks_per_s);
    *ret = s;
    return 0;
}

static int by_pid(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Lists the numeric entries, rising: procfs gives them so, ordinary folders do not. */
static int list_pids(struct state *s, struct error *err)
{
    bool sorted = true;

    s->pid_len = 0;
    rewinddir(s->dir);
    for (struct dirent *entry; (entry = readdir(s->dir));) {
        uint64_t pid;
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
            !num_parse_u64(str_of(entry->d_name), &pid) || pid > INT32_MAX)
            continue;
        if (s->pid_len == PIDS_MAX)
            break;
        int *grown = array_grow(s->pids, &s->pid_cap, s->pid_len + 1, sizeof(*grown));
        if (!grown)
            return error_errno(err, -ENOMEM, "list of processes");
        s->pids = grown;
        s->pids[s->pid_len] = (int)pid;
        sorted = sorted && (!s->pid_len || s->pids[s->pid_len - 1] < (int)pid);
        s->pid_len++;
    }
    if (!sorted)
        qsort(s->pids, s->pid_len, sizeof(*s->pids), by_pid);
    return 0;
}

/* One file of a process with one read(); length or negative errno. */
static ssize_t read_of(const struct state *s, int pid, const char *file, char *to, size_t size)
{
    char name[32];
    size_t n = num_print_u64(name, (uint64_t)pid);

    name[n++] = '/';
    memcpy(name + n, file, strlen(file) + 1);
    int fd = openat(dirfd(s->dir), name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    ssize_t got = read(fd, to, size);
    int code = got < 0 ? -errno : 0;
    close(fd);
    return code ? code : got;
}

/* The kernel cuts a program's name after 15 bytes; where argv[0] goes on in the same way, that is
 * the whole name. */
static void full_name(char *to, size_t size, struct str comm, struct str command)
{
    struct str program = str_cut(&command, '\0');
    const char *slash = program.len ? memrchr(program.ptr, '/', program.len) : NULL;

    if (slash)
        program = str_make(slash + 1, (size_t)(program.ptr + program.len - slash - 1));
    linux_proc_clean(to, size, comm.len == COMM_CUT && str_starts(program, comm) ? program : comm);
}

static char *join_texts(const char *const parts[TEXTS])
{
    size_t size = 0;

    for (size_t i = 0; i < TEXTS; i++)
        size += strlen(parts[i]) + 1;
    char *texts = xcalloc(1, size), *at = texts;
    for (size_t i = 0; i < TEXTS; i++) {
        size_t n = strlen(parts[i]) + 1;
        memcpy(at, parts[i], n);
        at += n;
    }
    return texts;
}

/* Reads a file of a process into `to`; empty when that cannot be. */
static struct str text_of(const struct state *s, int pid, const char *file, char *to, size_t size)
{
    ssize_t n = read_of(s, pid, file, to, size);
    return str_make(to, n > 0 ? (size_t)n : 0);
}

static bool is_contained(const struct process_owner *o)
{
    return o->container_id[0] || o->pod_uid[0];
}

/* What a process in a container or job was given: by its environment, its control group, and its
 * container's /dev, in that order. Of no other process is any of these read; and not of one that
 * waits, as reading its environment would wait too. */
static void look_up_devices(struct state *s, const struct known *k, struct process_owner *is,
                            struct str cgroup_text)
{
    bool job = is->slurm_job[0] != '\0';

    if (!is_contained(is) && !job && !is->batch_job[0])
        return;
    if (k->state == 'D') {
        if (!k->owner)
            return;
        memcpy(is->devices, k->owner->is.devices, sizeof(is->devices));
        is->devices_void = k->owner->is.devices_void;
        is->nodes_known = k->owner->is.nodes_known;
        is->nodes = k->owner->is.nodes;
        return;
    }
    if (!s->environ_text)
        s->environ_text = xcalloc(1, ENVIRON_READ);
    linux_owner_devices(is->devices, sizeof(is->devices),
                        text_of(s, k->pid, "environ", s->environ_text, ENVIRON_READ), job,
                        &is->devices_void);
    if (is->devices[0])
        return;
    is->nodes_known =
        linux_nodes_list(&s->paths, cgroup_text, &is->nodes) ||
        (is_contained(is) && linux_nodes_look(&s->nodes, &s->paths, k->pid, &is->nodes));
    /* A /dev that could not be looked through in time is what it was. */
    if (!is->nodes_known && is_contained(is) && k->owner &&
        !strcmp(k->owner->is.container_id, is->container_id)) {
        is->nodes_known = k->owner->is.nodes_known;
        is->nodes = k->owner->is.nodes;
    }
}

/* A pod's number, or a container of a runtime that Kubernetes uses (the pod's part of a path may be
 * hidden by a cgroup namespace), whose names the kubelet's folders may have. */
static bool lacks_pod_names(const struct process_owner *o)
{
    bool pod = o->pod_uid[0] || !strcmp(o->runtime, "containerd") || !strcmp(o->runtime, "cri-o");

    return pod && (!o->pod[0] || !o->container[0]);
}

/* Finds out on whose behalf a process runs. */
static void look_up_owner(struct state *s, struct known *k, char *bytes, size_t size)
{
    struct linux_owner owner;
    struct process_owner *is = &owner.is;
    struct str cgroup_text = text_of(s, k->pid, "cgroup", bytes, size);

    if (!linux_owner_read(&owner, cgroup_text)) {
        linux_owners_drop(&s->owners, k->owner);
        k->owner = NULL;
        return;
    }
    if (owner.job_uid_known)
        linux_users_name(&s->users, owner.job_uid, is->job_user, sizeof(is->job_user));
    look_up_devices(s, k, is, cgroup_text);
    if (owner.container[0])
        linux_names_find(&s->names, owner.container, is, s->mono_ns);
    if (lacks_pod_names(is))
        linux_kubelet_name(&s->kubelet, is, s->mono_ns);
    struct linux_owned *before = k->owner;
    k->owner = linux_owners_take(&s->owners, is);
    linux_owners_drop(&s->owners, before);
}

/* Finds out who a process is: name, user, command line, owner. */
static void look_up(struct state *s, struct known *k, struct str comm)
{
    char bytes[LOOKUP_READ], name[64], user[64] = "", command[256] = "";
    bool waits = k->state == 'D';
    uint32_t uid;

    if (k->kernel) {
        linux_proc_clean(name, sizeof(name), comm);
        linux_users_name(&s->users, 0, user, sizeof(user));
    } else {
        if (linux_proc_status_uid(text_of(s, k->pid, "status", bytes, sizeof(bytes)), &uid))
            linux_users_name(&s->users, uid, user, sizeof(user));
        look_up_owner(s, k, bytes, sizeof(bytes));
        struct str line = {NULL, 0};
        if (!waits)
            line = text_of(s, k->pid, "cmdline", bytes, sizeof(bytes));
        linux_proc_clean(command, sizeof(command), line);
        full_name(name, sizeof(name), comm, line);
    }
    if (!command[0]) /* kernel threads have none, zombies none any more */
        snprintf(command, sizeof(command), "[%s]", name);
    const char *const parts[TEXTS] = {[NAME] = name, [USER] = user, [COMMAND] = command};
    free(k->texts);
    k->texts = join_texts(parts);
    k->name_hash = hash_bytes(comm.ptr, comm.len);
    k->lookups = waits ? 0 : (uint8_t)MIN(k->lookups + 1, 2);
}

static bool needs_lookup(const struct state *s, const struct known *k, struct str comm)
{
    if (!k->texts || k->name_hash != hash_bytes(comm.ptr, comm.len))
        return true;
    return !k->kernel && k->state != 'D' &&
           (k->lookups < 2 || (s->turn + (unsigned)k->pid) % LOOKUP_TURNS == 0);
}

/* CPU time since the turn before, in CPUs. */
static double cpu_since(const struct state *s, const struct known *k, uint64_t ticks,
                        uint64_t mono_ns)
{
    if (mono_ns <= k->mono_ns)
        return UNKNOWN;
    double seconds = (double)(mono_ns - k->mono_ns) / NS_PER_S;
    uint64_t used = ticks > k->ticks ? ticks - k->ticks : 0;
    return (double)used / (double)s->ticks_per_s / seconds;
}

/* Reads one process into `k`, which holds what is known of it from before, if anything. 0, or the
 * errno that says why not. */
static int read_one(struct state *s, struct known *k, uint64_t mono_ns)
{
    char text[1024];
    struct linux_pid_stat stat;
    ssize_t n = read_of(s, k->pid, "stat", text, sizeof(text));

    if (n < 0)
        return (int)n;
    if (!linux_proc_pid_stat(str_make(text, (size_t)n), &stat))
        return -ESRCH;
    if (k->texts && k->start_ticks != stat.start_ticks) { /* another process has the number now */
        known_free(s, k);
        *k = (struct known){.pid = k->pid};
    }
    bool first = !k->texts;
    k->kernel = stat.kernel;
    k->cpu_ratio = first ? UNKNOWN : cpu_since(s, k, stat.ticks, mono_ns);
    k->idle = !first && stat.ticks == k->ticks ? (uint8_t)MIN(k->idle + 1, IDLE_TURNS) : 0;
    k->state = stat.state;
    k->threads = (uint32_t)MIN(stat.threads, (uint64_t)UINT32_MAX);
    k->start_ticks = stat.start_ticks;
    k->ticks = stat.ticks;
    k->rss_pages = stat.rss_pages;
    k->mono_ns = mono_ns;
    if (needs_lookup(s, k, stat.name))
        look_up(s, k, stat.name);
    return 0;
}

static bool may_rest(const struct state *s, const struct known *k)
{
    return k->kernel && k->texts && k->idle == IDLE_TURNS &&
           (s->turn + (unsigned)k->pid) % IDLE_TURNS != 0;
}

/* Walks the pids and last turn's table side by side, both rising. */
static int read_all(struct state *s, uint64_t mono_ns, uint64_t *ret_hidden, struct error *err)
{
    struct table last = s->now;
    size_t at = 0;

    s->now = s->before;
    s->before = last;
    s->now.len = 0;
    struct known *grown = array_grow(s->now.list, &s->now.cap, MAX(s->pid_len, 1), sizeof(*grown));
    if (!grown)
        return error_errno(err, -ENOMEM, "table of processes");
    s->now.list = grown;
    for (size_t i = 0; i < s->pid_len; i++) {
        struct known k = {.pid = s->pids[i]};
        while (at < s->before.len && s->before.list[at].pid < k.pid)
            at++;
        if (at < s->before.len && s->before.list[at].pid == k.pid) {
            k = s->before.list[at];
            s->before.list[at].texts = NULL; /* handed over */
            s->before.list[at].owner = NULL;
        }
        int code = may_rest(s, &k) ? 0 : read_one(s, &k, mono_ns);
        if (!code) {
            s->now.list[s->now.len++] = k;
            continue;
        }
        known_free(s, &k);
        *ret_hidden += code == -EPERM || code == -EACCES; /* others: it ended meanwhile */
    }
    for (size_t i = 0; i < s->before.len; i++)
        known_free(s, &s->before.list[i]);
    s->before.len = 0;
    return 0;
}

/* Where process 1 is not even listed (hidepid=2), all of other users are not. How many these are
 * only the count of threads in loadavg tells: what it has beyond those seen is taken for hidden. */
static uint64_t count_invisible(const struct state *s)
{
    char text[128];
    struct linux_loadavg load;
    uint64_t seen = 0;
    ssize_t n = linux_file_text(text, sizeof(text), s->paths.procfs, "loadavg");

    if (!s->now.len || s->pids[0] == 1 || n <= 0 ||
        !linux_proc_loadavg(str_make(text, (size_t)n), &load) || load.threads == UINT64_MAX)
        return 0;
    for (size_t i = 0; i < s->now.len; i++)
        seen += s->now.list[i].threads;
    return load.threads > seen ? load.threads - seen : 0;
}

/* False when memory is out: the process is then shown without its owner. */
/* What a change of an owner needs. */
struct naming {
    struct state *state;
    uint64_t mono_ns;
};

static void name_pod(void *ctx, struct process_owner *is)
{
    const struct naming *n = ctx;

    linux_kubelet_name(&n->state->kubelet, is, n->mono_ns);
}

static bool show_owner(struct state *s, struct known *k, struct process *p, struct reading *out)
{
    struct linux_owned *o = k->owner;

    p->owner = NULL;
    if (!o)
        return true;
    if (o->turn != s->turn && lacks_pod_names(&o->is))
        linux_owners_change(&s->owners, o, name_pod, &(struct naming){s, out->mono_ns});
    p->owner = linux_owners_show(o, s->turn, out->arena);
    return p->owner != NULL;
}

static void show(const struct state *s, const struct known *k, struct process *p)
{
    const struct {
        char *to;
        size_t size;
    } places[TEXTS] = {[NAME] = {p->name, sizeof(p->name)},
                       [USER] = {p->user, sizeof(p->user)},
                       [COMMAND] = {p->command, sizeof(p->command)}};
    const char *text = k->texts;

    for (size_t i = 0; i < TEXTS; i++) { /* they were cut to size when they were looked up */
        size_t n = strlen(text) + 1;
        memcpy(places[i].to, text, MIN(n, places[i].size));
        text += n;
    }
    p->pid = k->pid;
    p->start_ticks = k->start_ticks;
    p->start_time_s = /* NAN stays NAN */
        s->boot_time_s + (double)k->start_ticks / (double)s->ticks_per_s;
    p->state = k->state;
    p->threads = k->threads;
    p->cpu_ratio = k->cpu_ratio;
    p->memory_bytes = k->rss_pages * s->page_size;
}

static int process_read(void *state, struct reading *out, struct error *err)
{
    struct state *s = state;
    uint64_t hidden = 0;

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    s->mono_ns = out->mono_ns;
    if (s->turn++ % LOOKUP_TURNS == 0)
        s->boot_time_s = linux_file_boot_time(s->paths.procfs);
    int code = list_pids(s, err);
    /* Half of the room: the rest is for what was doubled, and for names. The newest are left out:
     * what runs long is what people ask for, and what somebody starts by the thousand comes late.
     */
    size_t most =
        arena_room(out->arena) / 2 / (sizeof(struct process) + sizeof(struct process_owner));
    out->processes_left_out = s->pid_len - MIN(s->pid_len, most);
    s->pid_len = MIN(s->pid_len, most);
    if (!code)
        code = read_all(s, out->mono_ns, &hidden, err);
    if (code)
        return code;
    out->processes_hidden = hidden + count_invisible(s);
    out->processes = arena_alloc(out->arena, MAX(s->now.len, 1) * sizeof(*out->processes));
    if (!out->processes)
        return error_errno(err, -ENOMEM, "reading of %zu processes", s->now.len);
    for (size_t i = 0; i < s->now.len; i++) {
        show(s, &s->now.list[i], &out->processes[i]);
        if (!show_owner(s, &s->now.list[i], &out->processes[i], out))
            code = error_errno(err, -ENOMEM, "owners of processes");
    }
    out->process_len = s->now.len;
    return code;
}

/* The value of hidepid= on the procfs that is read; empty when there is none. */
static void find_hidepid(const char *procfs, char *to, size_t size)
{
    struct linux_lines lines;
    struct str line;

    to[0] = '\0';
    if (!linux_lines_open(&lines, procfs, "self/mountinfo"))
        return;
    while (!to[0] && linux_lines_next(&lines, &line)) {
        struct linux_mount mount;
        if (!linux_proc_mount(line, &mount) || !str_is(mount.type, "proc"))
            continue;
        while (mount.super_options.ptr) {
            struct str option = str_cut(&mount.super_options, ',');
            if (str_starts(option, STR("hidepid=")) && !str_is(option, "hidepid=0") &&
                !str_is(option, "hidepid=off"))
                str_copy(to, size, option);
        }
    }
    linux_lines_close(&lines);
}

/* Which ways of attribution work here, and why the others do not. */
static void diagnose_owners(const struct host_paths *paths, const struct reading *r,
                            struct arena *a, struct finding **ret, size_t *ret_len)
{
    size_t pods = 0, named = 0, jobs = 0, containers = 0;

    for (size_t i = 0; i < r->process_len; i++) {
        const struct process_owner *o = r->processes[i].owner;
        if (!o)
            continue;
        pods += o->pod_uid[0] != '\0';
        named += o->pod[0] != '\0';
        jobs += o->slurm_job[0] != '\0';
        containers += o->container_id[0] && !o->pod_uid[0];
    }
    finding_add(a, ret, ret_len, FINDING_OK, "attribution", "",
                "processes in pods: %zu, in other containers: %zu, in Slurm jobs: %zu", pods,
                containers, jobs);
    if (pods > named)
        finding_add(a, ret, ret_len, FINDING_WARNING, "attribution",
                    "Mount the host's /var/log/pods and /var/log/containers read-only at the same "
                    "places below --path.rootfs.",
                    "%zu processes in pods cannot be named: the kubelet's folders of logs do not "
                    "have their pods",
                    pods - named);
    if (linux_file_exists(paths->procfs, "1") && linux_holder_look(paths, 1) == HOLDING_UNKNOWN)
        finding_add(a, ret, ret_len, FINDING_NOTE, "attribution",
                    "Run it with CAP_SYS_PTRACE, which root has outside of containers, to be "
                    "certain whom a GPU's process "
                    "numbers mean and what was given to whom.",
                    "open files and environments of other users' processes may not be read");
}

static void process_diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                             size_t *ret_len)
{
    struct linux_view view;
    struct reading reading;
    struct error error;
    char hidepid[32];
    void *state;

    reading_init(&reading, a);
    if (process_open(paths, &state, &error)) {
        finding_add(a, ret, ret_len, FINDING_ERROR, "processes",
                    "Mount the host's /proc, or correct --path.procfs.", "%s", error.text);
        return;
    }
    int code = process_read(state, &reading, &error);
    process_close(state);
    if (code) {
        finding_add(a, ret, ret_len, FINDING_ERROR, "processes", "", "%s", error.text);
        return;
    }
    finding_add(a, ret, ret_len, FINDING_OK, "processes", "", "%zu processes", reading.process_len);
    diagnose_owners(paths, &reading, a, ret, ret_len);
    find_hidepid(paths->procfs, hidepid, sizeof(hidepid));
    if (reading.processes_hidden)
        finding_add(a, ret, ret_len, FINDING_WARNING, "processes",
                    "Let algalon's group see them: mount -o remount,gid=<group of algalon> /proc "
                    "(and in /etc/fstab), or run it with CAP_SYS_PTRACE.",
                    "%llu processes or threads of other users are hidden from this user (%s)",
                    (unsigned long long)reading.processes_hidden,
                    hidepid[0] ? hidepid : "no right to read them");
    linux_view_look(paths, &view);
    if (view.runtime[0] && !view.host)
        finding_add(a, ret, ret_len, FINDING_WARNING, "processes",
                    "Run the container in the host's PID namespace (docker: --pid=host, "
                    "Kubernetes: hostPID: true); drivers name processes by their host numbers.",
                    "this container (%s) sees its own processes only", view.runtime);
}

const struct collector linux_process_collector = {
    .name = "process",
    .detect = process_detect,
    .open = process_open,
    .read = process_read,
    .close = process_close,
    .diagnose = process_diagnose,
    .holds = linux_holder_look,
};
