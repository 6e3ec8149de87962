#include "device/linux_owner.h"

#include "device/linux_proc.h"

#define ID_DIGITS    64
#define SHORT_DIGITS 12
#define UID_DIGITS   32 /* of a pod's UUID, without its dashes */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* How many of the bytes at `at` are lower-case hexadecimal digits. */
static size_t hex_run(struct str path, size_t at)
{
    size_t n = 0;

    while (at + n < path.len && is_hex(path.ptr[at + n]))
        n++;
    return n;
}

/* systemd writes what its names cannot hold as \xNN: "\x2d" is a dash. */
static void unescape(char *to, size_t size, struct str text)
{
    char plain[128];
    size_t used = 0;

    for (size_t i = 0; i < text.len && used < sizeof(plain); used++) {
        if (i + 3 < text.len && text.ptr[i] == '\\' && text.ptr[i + 1] == 'x' &&
            is_hex(text.ptr[i + 2]) && is_hex(text.ptr[i + 3])) {
            char high = text.ptr[i + 2], low = text.ptr[i + 3];
            int value = (high <= '9' ? high - '0' : high - 'a' + 10) * 16;
            plain[used] = (char)(value + (low <= '9' ? low - '0' : low - 'a' + 10));
            i += 4;
        } else {
            plain[used] = text.ptr[i++];
        }
    }
    linux_proc_clean(to, size, str_make(plain, used));
}

/* ---- containers ---- */

/* What stands in front of an id in its own path component tells the runtime; where that is nothing,
 * the component above. */
static const char *runtime_of(struct str path, size_t id)
{
    static const struct {
        const char *mark, *runtime;
    } marks[] = {
        {"cri-containerd", "containerd"},
        {"nerdctl", "containerd"},
        {"crio", "cri-o"},
        {"docker", "docker"},
        {"libpod", "podman"},
    };
    size_t from = id;

    while (from && path.ptr[from - 1] != '/')
        from--;
    struct str front = str_make(path.ptr + from, id - from);
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (str_contains(front, str_of(marks[i].mark)))
            return marks[i].runtime;
    struct str above = str_make(path.ptr, from);
    if (str_ends(above, STR("/docker/")))
        return "docker";
    if (str_ends(above, STR("/k8s.io/")))
        return "containerd";
    return str_starts(path, STR("/ecs/")) ? "ecs" : "";
}

/* Podman and CRI-O give each container's monitor a cgroup that is named after it too. */
static bool is_monitor(struct str path, size_t at)
{
    return str_ends(str_make(path.ptr, at), STR("conmon-"));
}

static void find_container(struct linux_owner *to, struct str path)
{
    struct process_owner *owner = &to->is;

    for (size_t at = 0; at < path.len;) {
        size_t n = hex_run(path, at);
        bool begins = at == 0 || strchr("/-._:", path.ptr[at - 1]);
        bool ends = at + n == path.len || strchr("/-._", path.ptr[at + n]);
        if (n == ID_DIGITS && begins && ends && !is_monitor(path, at)) {
            str_copy(to->container, sizeof(to->container), str_make(path.ptr + at, n));
            str_copy(owner->container_id, sizeof(owner->container_id),
                     str_make(path.ptr + at, SHORT_DIGITS));
            str_copy(owner->runtime, sizeof(owner->runtime), str_of(runtime_of(path, at)));
        }
        at += n ? n : 1;
    }
}

/* Behind `prefix` in a component of its own: "job_" of "/slurm/uid_5/job_77/step_0". */
static bool component_behind(struct str path, struct str prefix, struct str *ret)
{
    while (path.ptr) {
        struct str part = str_cut(&path, '/');
        if (!str_starts(part, prefix) || part.len == prefix.len)
            continue;
        *ret = str_make(part.ptr + prefix.len, part.len - prefix.len);
        return true;
    }
    return false;
}

static void cut_end(struct str *text, struct str end)
{
    if (str_ends(*text, end))
        text->len -= end.len;
}

/* Containers and machines that are known by name. */
static void find_named(struct process_owner *owner, struct str path)
{
    const char *runtime = "lxc";
    struct str name;

    if (str_starts(path, STR("/lxc/")) || str_starts(path, STR("/lxc.payload/"))) {
        name = path;
        str_cut(&name, '/');
        str_cut(&name, '/');
        name = str_cut(&name, '/');
    } else if (component_behind(path, STR("lxc.payload."), &name)) {
        runtime = "lxc";
    } else if (component_behind(path, STR("systemd-nspawn@"), &name)) {
        runtime = "nspawn";
        cut_end(&name, STR(".service"));
    } else if (component_behind(path, STR("machine-qemu\\x2d"), &name)) {
        runtime = "libvirt";
        cut_end(&name, STR(".scope"));
        size_t digits = 0; /* libvirt's own number of the machine changes with each start */
        while (digits < name.len && name.ptr[digits] >= '0' && name.ptr[digits] <= '9')
            digits++;
        struct str rest = str_make(name.ptr + digits, name.len - digits);
        if (digits && str_starts(rest, STR("\\x2d")))
            name = str_make(rest.ptr + 4, rest.len - 4);
    } else {
        return;
    }
    unescape(owner->container_id, sizeof(owner->container_id), name);
    if (owner->container_id[0])
        str_copy(owner->runtime, sizeof(owner->runtime), str_of(runtime));
}

/* "pod" and a UUID, with dashes, with underscores (systemd) or with nothing between (static pods,
 * whose number is a hash). */
static void find_pod(struct process_owner *owner, struct str path)
{
    for (size_t at = 1; at + 3 < path.len; at++) {
        char uid[sizeof(owner->pod_uid)];
        size_t used = 0, digits = 0;
        if (memcmp(path.ptr + at, "pod", 3) != 0 || !strchr("/-", path.ptr[at - 1]) ||
            !is_hex(path.ptr[at + 3])) /* "libpod-" is none */
            continue;
        for (size_t i = at + 3; i < path.len && used + 1 < sizeof(uid) && digits < UID_DIGITS;
             i++) {
            char c = path.ptr[i] == '_' ? '-' : path.ptr[i];
            if (!is_hex(c) && c != '-')
                break;
            digits += c != '-';
            uid[used++] = c;
        }
        if (digits == UID_DIGITS)
            str_copy(owner->pod_uid, sizeof(owner->pod_uid), str_make(uid, used));
    }
}

/* ---- jobs ---- */

static bool is_number(struct str text, size_t max)
{
    uint64_t number;
    return text.len && text.len <= max && num_parse_u64(text, &number);
}

/* job_<n> counts behind a component with "slurm" in its name, and where step_<m> follows it: from
 * inside a cgroup namespace the front of the path cannot be seen. */
static void find_job(struct linux_owner *owner, struct str path)
{
    struct process_owner *to = &owner->is;
    struct str job = {NULL, 0};
    bool slurm = false;
    uint64_t uid;

    while (path.ptr) {
        struct str part = str_cut(&path, '/');
        bool follows = job.ptr != NULL;
        if (follows && str_starts(part, STR("step_"))) {
            str_copy(to->slurm_job, sizeof(to->slurm_job), job);
            linux_proc_clean(to->slurm_step, sizeof(to->slurm_step),
                             str_make(part.ptr + 5, part.len - 5));
            return;
        }
        if (follows && slurm)
            break;
        job = (struct str){NULL, 0};
        slurm = slurm || str_contains(part, STR("slurm"));
        if (str_starts(part, STR("uid_")) &&
            num_parse_u64(str_make(part.ptr + 4, part.len - 4), &uid) && uid <= UINT32_MAX) {
            owner->job_uid = (uint32_t)uid;
            owner->job_uid_known = slurm;
        }
        if (str_starts(part, STR("job_")) &&
            is_number(str_make(part.ptr + 4, part.len - 4), sizeof(to->slurm_job) - 1))
            job = str_make(part.ptr + 4, part.len - 4);
    }
    if (job.ptr && slurm)
        str_copy(to->slurm_job, sizeof(to->slurm_job), job);
}

/* A component of a path and the two in front of it. */
struct place {
    struct str above_that, above, part;
};

static bool begins_with_digit(struct str text)
{
    return text.len && text.ptr[0] >= '0' && text.ptr[0] <= '9';
}

/* The folder above is PBS's own ("pbs_jobs.service", whose first part a site may change; older ones
 * "pbspro"). The whole name is the job's, as its commands take it. */
static bool is_of_pbs(const struct place *p, struct str *ret)
{
    bool service = str_starts(p->above_that, STR("pbs")) &&
                   str_ends(p->above_that, STR(".service")) &&
                   (str_is(p->above, "jobid") || str_is(p->above, "jobs"));

    *ret = p->part;
    return (service || str_is(p->above, "pbspro")) && begins_with_digit(p->part);
}

/* The slot: it has the folder's path with underscores in front, and may have the host behind. */
static bool is_of_htcondor(const struct place *p, struct str *ret)
{
    struct str part = p->part;
    size_t at = part.len;

    if (!str_is(p->above, "htcondor") || !str_starts(part, STR("condor_")))
        return false;
    while (at > 6 && !str_starts(str_make(part.ptr + at, part.len - at), STR("_slot")))
        at--;
    *ret = str_make(part.ptr + at + 1, part.len - at - 1);
    *ret = str_cut(ret, '@');
    return at > 6;
}

/* "lsf", the cluster, "job.", the job's number (with its index where it is one of an array), and
 * what tells its runs apart. */
static bool is_of_lsf(const struct place *p, struct str *ret)
{
    struct str name = p->part;

    if (!str_is(p->above_that, "lsf") || !str_starts(name, STR("job.")))
        return false;
    str_cut(&name, '.');
    *ret = str_cut(&name, '.');
    return begins_with_digit(*ret);
}

static void find_batch_job(struct process_owner *owner, struct str path)
{
    struct place at = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    struct str job = {NULL, 0};
    const char *scheduler = NULL;

    while (path.ptr && !scheduler) {
        at.part = str_cut(&path, '/');
        scheduler = is_of_pbs(&at, &job)        ? "pbs"
                    : is_of_htcondor(&at, &job) ? "htcondor"
                    : is_of_lsf(&at, &job)      ? "lsf"
                                                : NULL;
        at.above_that = at.above;
        at.above = at.part;
    }
    if (!scheduler)
        return;
    unescape(owner->batch_job, sizeof(owner->batch_job), job);
    str_copy(owner->scheduler, sizeof(owner->scheduler), str_of(scheduler));
}

/* ---- what systemd runs ---- */

/* A user's scopes are made by desktops and terminals under names that never come again; services
 * are named by someone. */
static void find_unit(struct process_owner *owner, struct str path)
{
    bool user = str_starts(path, STR("/user.slice/"));

    while (path.ptr) {
        struct str part = str_cut(&path, '/');
        bool service = str_ends(part, STR(".service"));
        struct str number = part;
        if (str_contains(part, STR("conmon-"))) /* the monitor of a container */
            continue;
        if (str_starts(part, STR("session-")) && str_ends(part, STR(".scope"))) {
            cut_end(&number, STR(".scope"));
            linux_proc_clean(owner->session, sizeof(owner->session),
                             str_make(number.ptr + 8, number.len - 8));
        } else if ((service && !str_starts(part, STR("user@"))) ||
                   (!user && str_ends(part, STR(".scope")) && !str_is(part, "init.scope"))) {
            unescape(owner->unit, sizeof(owner->unit), part);
        }
    }
}

/* Version 1 has a line for each controller, and a runtime may leave some of them alone: what is
 * not known yet is taken from the next. */
bool linux_owner_read(struct linux_owner *ret, struct str text)
{
    struct process_owner *is = &ret->is;

    *ret = (struct linux_owner){.job_uid = 0};
    while (text.ptr) {
        struct linux_cgroup_line line;
        if (!linux_proc_cgroup(str_cut(&text, '\n'), &line))
            continue;
        if (!is->container_id[0])
            find_container(ret, line.path);
        if (!is->container_id[0])
            find_named(is, line.path);
        if (!is->pod_uid[0])
            find_pod(is, line.path);
        if (!is->slurm_job[0])
            find_job(ret, line.path);
        if (!is->batch_job[0])
            find_batch_job(is, line.path);
        if (!is->unit[0])
            find_unit(is, line.path);
    }
    if (is->slurm_job[0])
        is->batch_job[0] = is->scheduler[0] = '\0';
    if (is->container_id[0] || is->slurm_job[0] || is->batch_job[0] || is->pod_uid[0])
        is->unit[0] = is->session[0] = '\0';
    return is->container_id[0] || is->pod_uid[0] || is->slurm_job[0] || is->batch_job[0] ||
           is->unit[0] || is->session[0];
}

void linux_owner_devices(char *to, size_t size, struct str environ_text, bool job, bool *ret_void)
{
    static const char *const of_job[] = {"SLURM_STEP_GPUS", "SLURM_JOB_GPUS", NULL};
    static const char *const of_container[] = {"NVIDIA_VISIBLE_DEVICES", NULL};
    static const char *const nothing[] = {"all", "none", "void"};
    struct str value = {NULL, 0};

    to[0] = '\0';
    *ret_void = false;
    for (const char *const *name = job ? of_job : of_container; *name; name++)
        if (linux_proc_environ(environ_text, *name, &value))
            break;
    if (!value.len || value.len >= size)
        return;
    *ret_void = str_is(value, "void");
    for (size_t i = 0; i < ARRAY_LEN(nothing); i++)
        if (str_is(value, nothing[i]))
            return;
    linux_proc_clean(to, size, value);
}
