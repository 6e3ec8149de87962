/* linux_disk.c - file systems by mount point: those that hold data, each device once. */
#include "device/linux_disk.h"

#include "device/linux.h"
#include "device/linux_aside.h"
#include "device/linux_cgroup.h"
#include "device/linux_proc.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#define CANDIDATES_MAX 512   /* mounts looked at; a busy Kubernetes node has some hundreds */
#define STUCK_MAX      16    /* file systems that may hang at once; beyond, reading fails */
#define ASK_MS         1000  /* statvfs() of a healthy NFS server takes milliseconds */
#define INTERVAL_MS    30000 /* disks fill slowly, and each look at NFS is a request to its server */

/* A mount worth asking, where its device has no better one. */
struct candidate {
    unsigned major, minor;
    bool whole; /* the file system's own root, no bind mount of a part */
    struct filesystem fs;
};

struct stuck {
    char path[LINUX_PATH_MAX];
    struct linux_aside *aside;
};

struct state {
    struct host_paths paths;
    void (*ask)(void *job);
    int64_t timeout_ms;
    struct linux_aside *aside; /* NULL until needed */
    struct candidate *list;    /* CANDIDATES_MAX of them */
    struct stuck stuck[STUCK_MAX];
    size_t stuck_len;
};

/* Kinds that hold no data of their own: kernel interfaces, memory, images that are always full. */
static const char *const pseudo_types[] = {
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "erofs",
    "fuse.gvfsd-fuse",
    "fuse.lxcfs",
    "fuse.portal",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nfsd",
    "nsfs",
    "overlay",
    "proc",
    "pstore",
    "ramfs",
    "rootfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tmpfs",
    "tracefs",
    "udf",
    "fuse.snapfuse",
    "fuse.squashfuse",
};

/* Places that belong to the kernel or to container runtimes; what is mounted there is theirs or a
 * copy of a mount elsewhere. */
static const struct str skipped_places[] = {
    {"/dev", 4},
    {"/proc", 5},
    {"/sys", 4},
    {"/run/credentials", 16},
    {"/run/containerd", 15},
    {"/run/k3s", 8},
    {"/var/lib/containerd", 19},
    {"/var/lib/containers", 19},
    {"/var/lib/docker", 15},
    {"/var/lib/kubelet", 16},
    {"/snap", 5},
};

static bool is_below(struct str path, struct str place)
{
    return str_starts(path, place) && (path.len == place.len || path.ptr[place.len] == '/');
}

static bool is_wanted(const struct linux_mount *mount, struct str mount_point)
{
    /* The root of a container or a live system is an overlay, and how full it is matters. */
    if (str_is(mount->type, "overlay") && str_is(mount_point, "/"))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(pseudo_types); i++)
        if (str_is(mount->type, pseudo_types[i]))
            return false;
    for (size_t i = 0; i < ARRAY_LEN(skipped_places); i++)
        if (is_below(mount_point, skipped_places[i]))
            return false;
    return true;
}

/* By device; of one device the whole before parts, short paths before long ones. */
static int by_preference(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    size_t x_len = strlen(x->fs.mount_point), y_len = strlen(y->fs.mount_point);

    if (x->major != y->major)
        return x->major < y->major ? -1 : 1;
    if (x->minor != y->minor)
        return x->minor < y->minor ? -1 : 1;
    if (x->whole != y->whole)
        return x->whole ? -1 : 1;
    if (x_len != y_len)
        return x_len < y_len ? -1 : 1;
    return strcmp(x->fs.mount_point, y->fs.mount_point);
}

static int by_mount_point(const void *a, const void *b)
{
    const struct filesystem *x = a, *y = b;
    return strcmp(x->mount_point, y->mount_point);
}

/* Takes `prefix` off a mount point that stands below it; false when it does not. */
static bool strip(char *mount_point, struct str prefix)
{
    struct str path = str_of(mount_point);

    while (prefix.len && prefix.ptr[prefix.len - 1] == '/')
        prefix.len--;
    if (!prefix.len)
        return true;
    if (!is_below(path, prefix))
        return false;
    if (path.len == prefix.len)
        memcpy(mount_point, "/", 2);
    else
        memmove(mount_point, mount_point + prefix.len, path.len - prefix.len + 1);
    return true;
}

static size_t list_mounts(struct linux_lines *lines, struct str prefix, struct candidate *to)
{
    size_t len = 0;
    struct str line;

    while (len < CANDIDATES_MAX && linux_lines_next(lines, &line)) {
        struct linux_mount mount;
        struct candidate *c = &to[len];
        char text[LINUX_PATH_MAX];
        if (!linux_proc_mount(line, &mount) ||
            !linux_proc_unescape(text, sizeof(text), mount.mount_point) || !strip(text, prefix) ||
            strlen(text) >= sizeof(c->fs.mount_point) || !is_wanted(&mount, str_of(text)))
            continue;
        memcpy(c->fs.mount_point, text, strlen(text) + 1);
        c->major = mount.major;
        c->minor = mount.minor;
        c->whole = str_is(mount.root, "/");
        str_copy(c->fs.type, sizeof(c->fs.type), mount.type);
        if (!linux_proc_unescape(text, sizeof(text), mount.source))
            text[0] = '\0';
        str_copy(c->fs.device, sizeof(c->fs.device), str_of(text));
        len++;
    }
    qsort(to, len, sizeof(*to), by_preference);
    return len;
}

/* With another root the mounts are those of its first process. Only root may read them; otherwise
 * our own, as far as they lie below that root, say the same. */
static int open_mounts(const struct state *s, struct linux_lines *lines, struct str *ret_prefix)
{
    bool moved = strcmp(s->paths.rootfs, "/") != 0 && s->paths.rootfs[0];

    *ret_prefix = STR("");
    if (moved && linux_lines_open(lines, s->paths.procfs, "1/mountinfo"))
        return 0;
    *ret_prefix = str_of(moved ? s->paths.rootfs : "");
    return linux_lines_open(lines, s->paths.procfs, "self/mountinfo") ? 0 : -errno;
}

void linux_disk_ask(void *job)
{
    struct linux_disk_probe *probe = job;
    struct statvfs vfs;
    struct stat st;

    if (stat(probe->path, &st) || statvfs(probe->path, &vfs))
        return;
    uint64_t unit = vfs.f_frsize ? vfs.f_frsize : vfs.f_bsize;
    probe->answered = true;
    probe->folder = S_ISDIR(st.st_mode);
    probe->device = st.st_dev;
    probe->total_bytes = vfs.f_blocks * unit;
    probe->used_bytes = (vfs.f_blocks - MIN(vfs.f_bfree, vfs.f_blocks)) * unit;
    probe->available_bytes = vfs.f_bavail * unit;
}

/* True when `path` still hangs from before. One that came back may be asked again. */
static bool hangs(struct state *s, const char *path)
{
    for (size_t i = 0; i < s->stuck_len; i++) {
        if (strcmp(s->stuck[i].path, path) != 0)
            continue;
        if (!linux_aside_idle(s->stuck[i].aside))
            return true;
        linux_aside_close(s->stuck[i].aside);
        s->stuck[i] = s->stuck[--s->stuck_len];
        return false;
    }
    return false;
}

/* Fills `probe` about `mount_point` below the root; what does not answer stays `answered = false`.
 * Fails only when no thread can be had for asking. */
static int ask(struct state *s, const char *mount_point, struct linux_disk_probe *probe,
               struct error *err)
{
    *probe = (struct linux_disk_probe){.answered = false};
    if (!linux_file_path(probe->path, s->paths.rootfs, "%s", mount_point + 1) ||
        hangs(s, probe->path))
        return 0;
    if (s->stuck_len == STUCK_MAX)
        return error_set(err, -EBUSY, "%d file systems do not answer", STUCK_MAX);
    if (!s->aside) {
        int code = linux_aside_open(&s->aside, err);
        if (code)
            return code;
    }
    if (linux_aside_call(s->aside, s->ask, probe, sizeof(*probe), s->timeout_ms) == -ETIMEDOUT) {
        struct stuck *stuck = &s->stuck[s->stuck_len++];
        memcpy(stuck->path, probe->path, sizeof(stuck->path));
        stuck->aside = s->aside;
        s->aside = NULL;
    }
    return 0;
}

static bool same_device(const struct candidate *a, const struct candidate *b)
{
    return a->major == b->major && a->minor == b->minor;
}

/* The device of the root below which all is looked up, if the mounts listed are really those: then
 * a mount point that shows the root's device is a folder where nothing is mounted, since its mount
 * was not carried over into this container. */
static uint64_t root_device(struct state *s, const struct candidate *list, size_t len)
{
    struct linux_disk_probe probe;

    if (ask(s, "/", &probe, NULL) || !probe.answered)
        return 0;
    for (size_t i = 0; i < len; i++)
        if (strcmp(list[i].fs.mount_point, "/") == 0 &&
            probe.device == makedev(list[i].major, list[i].minor))
            return probe.device;
    return 0;
}

static bool disk_detect(const struct host_paths *paths)
{
    return linux_file_exists(paths->procfs, "self/mountinfo") ||
           linux_file_exists(paths->procfs, "1/mountinfo");
}

int linux_disk_open(const struct host_paths *paths, void (*ask_fn)(void *job), int64_t timeout_ms,
                    void **ret, struct error *err)
{
    struct state *s = xnew(struct state);
    struct linux_lines lines;
    struct str prefix;

    s->paths = *paths;
    s->ask = ask_fn;
    s->timeout_ms = timeout_ms;
    s->list = xcalloc(CANDIDATES_MAX, sizeof(*s->list));
    int code = open_mounts(s, &lines, &prefix);
    if (code) {
        free(s->list);
        free(s);
        return error_errno(err, code, "%s/self/mountinfo", paths->procfs);
    }
    linux_lines_close(&lines);
    *ret = s;
    return 0;
}

static int disk_open(const struct host_paths *paths, void **ret, struct error *err)
{
    return linux_disk_open(paths, linux_disk_ask, ASK_MS, ret, err);
}

static void disk_close(void *state)
{
    struct state *s = state;

    if (!s)
        return;
    linux_aside_close(s->aside);
    for (size_t i = 0; i < s->stuck_len; i++)
        linux_aside_close(s->stuck[i].aside);
    free(s->list);
    free(s);
}

static int read_mounts(struct state *s, const struct candidate *list, size_t len,
                       struct reading *out, struct error *err)
{
    uint64_t root = root_device(s, list, len);

    for (size_t i = 0; i < len;) {
        const struct candidate *c = &list[i++];
        struct linux_disk_probe probe;
        int code = ask(s, c->fs.mount_point, &probe, err);
        if (code)
            return code;
        bool elsewhere = root && probe.device == root && strcmp(c->fs.mount_point, "/") != 0 &&
                         makedev(c->major, c->minor) != root;
        if (!probe.answered || !probe.folder || !probe.total_bytes || elsewhere)
            continue; /* the next one may be another mount of the same device */
        struct filesystem *fs = &out->filesystems[out->filesystem_len++];
        *fs = c->fs;
        fs->total_bytes = probe.total_bytes;
        fs->used_bytes = probe.used_bytes;
        fs->available_bytes = probe.available_bytes;
        while (i < len && same_device(c, &list[i]))
            i++;
    }
    return 0;
}

static int disk_read(void *state, struct reading *out, struct error *err)
{
    struct state *s = state;
    struct linux_lines lines;
    struct str prefix;

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    int code = open_mounts(s, &lines, &prefix);
    if (code)
        return error_errno(err, code, "%s/self/mountinfo", s->paths.procfs);
    size_t len = list_mounts(&lines, prefix, s->list);
    linux_lines_close(&lines);
    out->filesystems = arena_calloc(out->arena, MAX(len, 1), sizeof(*out->filesystems));
    if (!out->filesystems)
        return error_errno(err, -ENOMEM, "file systems");
    code = read_mounts(s, s->list, len, out, err);
    qsort(out->filesystems, out->filesystem_len, sizeof(*out->filesystems), by_mount_point);
    return code;
}

static void disk_diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                          size_t *ret_len)
{
    struct linux_view view;
    struct reading reading;
    struct error error;
    void *state;

    reading_init(&reading, a);
    if (disk_open(paths, &state, &error)) {
        finding_add(a, ret, ret_len, FINDING_WARNING, "disks",
                    "Mount the host's /proc, or correct --path.procfs.", "%s", error.text);
        return;
    }
    const struct state *s = state;
    if (disk_read(state, &reading, &error))
        finding_add(a, ret, ret_len, FINDING_WARNING, "disks", "", "%s", error.text);
    else
        finding_add(a, ret, ret_len, FINDING_OK, "disks", "", "%zu file system%s",
                    reading.filesystem_len, reading.filesystem_len == 1 ? "" : "s");
    for (size_t i = 0; i < s->stuck_len; i++)
        finding_add(a, ret, ret_len, FINDING_WARNING, "disks",
                    "Its server or disk does not answer; it is left out until it does.",
                    "%.150s did not answer within %d ms", s->stuck[i].path, ASK_MS);
    linux_view_look(paths, &view);
    if (view.runtime[0] && strcmp(paths->rootfs, "/") == 0)
        finding_add(a, ret, ret_len, FINDING_NOTE, "disks",
                    "To show the host's: mount its / (read-only, rslave) at /host/root and give "
                    "--path.rootfs=/host/root.",
                    "this container sees its own file systems only");
    disk_close(state);
}

const struct collector linux_disk_collector = {
    .name = "disk",
    .detect = disk_detect,
    .open = disk_open,
    .read = disk_read,
    .close = disk_close,
    .diagnose = disk_diagnose,
    .interval_ms = INTERVAL_MS,
};
