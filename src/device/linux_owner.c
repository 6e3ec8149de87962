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

/* Podman and CRI-O give each container's monitor a cgroup that is named after it too. */
static bool is_monitor(struct str path, size_t at)
{
    return str_ends(str_make(path.ptr, at), STR("conmon-"));
}

static void find_container(struct linux_owner *owner, struct str path)
{
    for (size_t at = 0; at < path.len;) {
        size_t n = hex_run(path, at);
        bool begins = at == 0 || strchr("/-._:", path.ptr[at - 1]);
        bool ends = at + n == path.len || strchr("/-._", path.ptr[at + n]);
        if (n == ID_DIGITS && begins && ends && !is_monitor(path, at))
            str_copy(owner->container, sizeof(owner->container),
                     str_make(path.ptr + at, SHORT_DIGITS));
        at += n ? n : 1;
    }
}

/* "pod" and a UUID, with dashes, with underscores (systemd) or with nothing between (static pods,
 * whose number is a hash). */
static void find_pod(struct linux_owner *owner, struct str path)
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

static void find_job(struct linux_owner *owner, struct str path)
{
    struct str number;
    uint64_t job;

    if (str_contains(path, STR("slurm")) && component_behind(path, STR("job_"), &number) &&
        num_parse_u64(number, &job))
        str_copy(owner->slurm_job, sizeof(owner->slurm_job), number);
}

static void find_lxc(struct linux_owner *owner, struct str path)
{
    struct str name = {NULL, 0};

    if (str_starts(path, STR("/lxc/")))
        name = str_make(path.ptr + 5, path.len - 5);
    else if (!component_behind(path, STR("lxc.payload."), &name))
        return;
    name = str_cut(&name, '/');
    linux_proc_clean(owner->container, sizeof(owner->container), name);
}

/* Version 1 has a line for each controller, and a runtime may leave some of them alone: what is
 * not known yet is taken from the next. */
void linux_owner_read(struct linux_owner *ret, struct str text)
{
    *ret = (struct linux_owner){.container = ""};
    while (text.ptr) {
        struct linux_cgroup_line line;
        if (!linux_proc_cgroup(str_cut(&text, '\n'), &line))
            continue;
        if (!ret->container[0])
            find_container(ret, line.path);
        if (!ret->container[0])
            find_lxc(ret, line.path);
        if (!ret->pod_uid[0])
            find_pod(ret, line.path);
        if (!ret->slurm_job[0])
            find_job(ret, line.path);
    }
}
