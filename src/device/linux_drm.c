/* linux_drm.c - scans fdinfo. What costs is looking through the folders of open files: a process
 * that had no DRM file is looked through again only at every tenth reading. */
#include "device/linux_drm.h"

#include "device/linux_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define FDINFO_BYTES  8192
#define LOOK_AGAIN    10u    /* readings */
#define PROCESSES_MAX 65536u /* remembered */
#define FILES_MAX     65536u /* looked at of one process */

/* Times of a client at the reading before. */
struct client_memory {
    struct linux_drm_engine engines[LINUX_DRM_ENGINES];
    size_t engine_len;
    uint64_t mono_ns;
    uint64_t turn; /* in which it was seen last */
    char key[64];
};

/* A process that had no such file. */
struct without {
    int pid;
    uint64_t turn; /* when it was looked at */
};

struct linux_drm {
    char *procfs;
    struct map clients;      /* of struct client_memory */
    struct without *without; /* a table by pid: collisions overwrite, and cost a look */
    uint64_t turn;
};

/* ---- one file ---- */

static bool parse_size(struct str text, uint64_t *ret)
{
    struct str rest = str_trim(text), number = str_cut(&rest, ' ');
    uint64_t value, unit = 1;

    rest = str_trim(rest);
    if (str_is(rest, "KiB"))
        unit = 1024;
    else if (str_is(rest, "MiB"))
        unit = 1024 * 1024;
    else if (rest.len && !str_is(rest, "ns") && !str_is(rest, "B"))
        return false;
    if (!num_parse_u64(number, &value) || value > UINT64_MAX / unit)
        return false;
    *ret = value * unit;
    return true;
}

static struct linux_drm_engine *engine_of(struct linux_drm_client *c, struct str name)
{
    for (size_t i = 0; i < c->engine_len; i++)
        if (str_is(name, c->engines[i].name))
            return &c->engines[i];
    if (c->engine_len == LINUX_DRM_ENGINES || name.len >= sizeof(c->engines->name))
        return NULL;
    struct linux_drm_engine *e = &c->engines[c->engine_len++];
    *e = (struct linux_drm_engine){.capacity = 1};
    str_copy(e->name, sizeof(e->name), name);
    return e;
}

static struct str without_prefix(struct str s, const char *prefix)
{
    size_t len = strlen(prefix);

    return str_starts(s, str_of(prefix)) ? str_make(s.ptr + len, s.len - len) : STR("");
}

/* "drm-resident-vram0: 1523 MiB"; drm-memory- is what amdgpu called it before. Where a file has
 * both, they say the same. */
static void take_memory(struct linux_drm_client *c, struct str region, uint64_t bytes)
{
    bool vram = str_starts(region, STR("vram")) || str_starts(region, STR("local"));

    if (vram)
        c->resident_vram = MAX(c->resident_vram, bytes);
    else if (str_starts(region, STR("gtt")) || str_starts(region, STR("system")))
        c->resident_other = MAX(c->resident_other, bytes);
}

static void take_line(struct linux_drm_client *c, struct str key, struct str value, bool *ret_id)
{
    struct str name;
    uint64_t n;

    if (str_is(key, "drm-driver")) {
        str_copy(c->driver, sizeof(c->driver), value);
    } else if (str_is(key, "drm-pdev")) {
        str_copy(c->pdev, sizeof(c->pdev), value);
    } else if (str_is(key, "drm-client-id")) {
        *ret_id = num_parse_u64(value, &c->id);
    } else if ((name = without_prefix(key, "drm-engine-capacity-")).len) {
        struct linux_drm_engine *e =
            num_parse_u64(value, &n) && n && n < 1000 ? engine_of(c, name) : NULL;
        if (e)
            e->capacity = (double)n;
    } else if ((name = without_prefix(key, "drm-engine-")).len) {
        struct linux_drm_engine *e = parse_size(value, &n) ? engine_of(c, name) : NULL;
        if (e)
            e->busy_ns += n;
    } else if ((name = without_prefix(key, "drm-resident-")).len ||
               (name = without_prefix(key, "drm-memory-")).len) {
        if (parse_size(value, &n))
            take_memory(c, name, n);
    }
}

bool linux_drm_parse(struct str text, struct linux_drm_client *ret)
{
    bool has_id = false;
    int pid = ret->pid;

    *ret = (struct linux_drm_client){.pid = pid};
    while (text.len) {
        struct str line = str_cut(&text, '\n'), key = str_cut(&line, ':');
        take_line(ret, str_trim(key), str_trim(line), &has_id);
    }
    return has_id && ret->driver[0];
}

/* ---- one process ---- */

struct scan {
    struct linux_drm *d;
    const char *driver;
    struct buf clients; /* of struct linux_drm_client */
    uint64_t unreadable;
};

static bool is_drm_node(int dir, const char *name)
{
    char target[64];
    ssize_t n = readlinkat(dir, name, target, sizeof(target));
    struct str path = str_make(target, n > 0 ? (size_t)n : 0);

    return str_starts(path, STR("/dev/dri/")) || str_starts(path, STR("/dev/accel/"));
}

static struct linux_drm_client *clients_of(const struct scan *s, size_t *ret_len)
{
    *ret_len = s->clients.len / sizeof(struct linux_drm_client);
    return (struct linux_drm_client *)(void *)s->clients.ptr;
}

static bool is_known(const struct scan *s, const struct linux_drm_client *c)
{
    size_t len;
    const struct linux_drm_client *known = clients_of(s, &len);

    for (size_t i = 0; i < len; i++)
        if (known[i].id == c->id && !strcmp(known[i].pdev, c->pdev))
            return true;
    return false;
}

static void take_file(struct scan *s, int pid, const char *name)
{
    struct linux_drm_client c = {.pid = pid};
    char text[FDINFO_BYTES];
    ssize_t n = linux_file_text(text, sizeof(text), s->d->procfs, "%d/fdinfo/%s", pid, name);

    if (n <= 0 || !linux_drm_parse(str_make(text, (size_t)n), &c) ||
        strcmp(c.driver, s->driver) != 0 || is_known(s, &c))
        return;
    buf_add(&s->clients, &c, sizeof(c));
}

/* True when it has a DRM file, of whichever driver, or may not be looked at: ask again. */
static bool look_through(struct scan *s, int pid)
{
    char path[LINUX_PATH_MAX];
    bool any = false;
    unsigned files = 0;

    if (!linux_file_path(path, s->d->procfs, "%d/fd", pid))
        return true;
    DIR *dir = opendir(path);
    if (!dir) {
        s->unreadable += errno == EACCES || errno == EPERM;
        return false;
    }
    for (struct dirent *e; (e = readdir(dir)) && files < FILES_MAX; files++) {
        if (e->d_name[0] == '.' || !is_drm_node(dirfd(dir), e->d_name))
            continue;
        any = true;
        take_file(s, pid, e->d_name);
    }
    closedir(dir);
    return any;
}

static int by_pid(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

/* The numbers of all processes, smallest first. */
static int *list_processes(const char *procfs, struct arena *a, size_t *ret_len)
{
    DIR *dir = opendir(procfs);
    struct buf pids;
    uint64_t pid;

    buf_init(&pids, (size_t)64 << 20);
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (num_parse_u64(str_of(e->d_name), &pid) && pid && pid <= INT_MAX)
            buf_add(&pids, &(int){(int)pid}, sizeof(int));
    if (dir)
        closedir(dir);
    *ret_len = pids.len / sizeof(int);
    int *list = arena_calloc(a, *ret_len + 1, sizeof(int));
    if (list && pids.len)
        memcpy(list, pids.ptr, pids.len);
    buf_fini(&pids);
    if (list)
        qsort(list, *ret_len, sizeof(int), by_pid);
    return list;
}

/* ---- times ---- */

struct linux_drm *linux_drm_open(const char *procfs)
{
    struct linux_drm *d = xnew(struct linux_drm);

    d->procfs = xstrdup(procfs);
    d->without = xcalloc(PROCESSES_MAX, sizeof(*d->without));
    map_init(&d->clients);
    return d;
}

void linux_drm_close(struct linux_drm *d)
{
    size_t at = 0;

    if (!d)
        return;
    for (struct map_entry *e; (e = map_next(&d->clients, &at));)
        free(e->value);
    map_fini(&d->clients);
    free(d->without);
    free(d->procfs);
    free(d);
}

static struct client_memory *memory_of(struct linux_drm *d, const struct linux_drm_client *c,
                                       bool *ret_new)
{
    char key[64];

    snprintf(key, sizeof(key), "%s %" PRIu64, c->pdev, c->id);
    struct client_memory *m = map_get(&d->clients, str_of(key));
    *ret_new = !m;
    if (m)
        return m;
    m = xnew(struct client_memory);
    str_copy(m->key, sizeof(m->key), str_of(key));
    if (!map_put(&d->clients, str_of(m->key), m, NULL))
        return m;
    free(m);
    return NULL;
}

static void forget_others(struct linux_drm *d)
{
    size_t at = 0;

    for (struct map_entry *e; (e = map_next(&d->clients, &at));) {
        struct client_memory *m = e->value;
        if (m->turn == d->turn)
            continue;
        (void)map_take(&d->clients, e->key);
        free(m);
    }
}

/* Which of the four an engine's time counts for: amdgpu's, i915's and xe's names. */
static double *kind_of(struct linux_drm_use *u, const char *engine)
{
    if (!strcmp(engine, "compute") || !strcmp(engine, "ccs"))
        return &u->compute;
    if (!strncmp(engine, "dec", 3) || !strcmp(engine, "jpeg"))
        return &u->decode;
    if (!strncmp(engine, "enc", 3))
        return &u->encode;
    if (!strcmp(engine, "gfx") || !strcmp(engine, "render") || !strcmp(engine, "rcs"))
        return &u->graphics;
    return NULL;
}

static uint64_t time_before(const struct client_memory *m, const char *engine)
{
    for (size_t i = 0; i < m->engine_len; i++)
        if (!strcmp(m->engines[i].name, engine))
            return m->engines[i].busy_ns;
    return 0; /* engines without use are not printed */
}

static void add_times(struct linux_drm *d, const struct linux_drm_client *c, uint64_t mono_ns,
                      struct linux_drm_use *u)
{
    bool is_new;
    struct client_memory *m = memory_of(d, c, &is_new);

    if (!m)
        return;
    double ns = !is_new && mono_ns > m->mono_ns ? (double)(mono_ns - m->mono_ns) : 0;
    double *const all[] = {&u->compute, &u->graphics, &u->decode, &u->encode};
    for (size_t i = 0; ns > 0 && i < ARRAY_LEN(all); i++)
        *all[i] = isnan(*all[i]) ? 0 : *all[i];
    for (size_t i = 0; i < c->engine_len; i++) {
        double *kind = kind_of(u, c->engines[i].name);
        uint64_t before = time_before(m, c->engines[i].name), now = c->engines[i].busy_ns;
        if (kind && ns > 0 && now > before) /* times may go back: no time then */
            *kind += MIN((double)(now - before) / ns / c->engines[i].capacity, 1.0);
    }
    memcpy(m->engines, c->engines, sizeof(m->engines));
    m->engine_len = c->engine_len;
    m->mono_ns = mono_ns;
    m->turn = d->turn;
}

static struct linux_drm_use *use_of(struct linux_drm_use *list, size_t *len,
                                    const struct linux_drm_client *c)
{
    for (size_t i = 0; i < *len; i++)
        if (list[i].pid == c->pid && !strcmp(list[i].pdev, c->pdev))
            return &list[i];
    struct linux_drm_use *u = &list[(*len)++];
    *u = (struct linux_drm_use){.pid = c->pid,
                                .compute = UNKNOWN,
                                .graphics = UNKNOWN,
                                .decode = UNKNOWN,
                                .encode = UNKNOWN};
    str_copy(u->pdev, sizeof(u->pdev), str_of(c->pdev));
    return u;
}

int linux_drm_read(struct linux_drm *d, const char *driver, uint64_t mono_ns, struct arena *a,
                   struct linux_drm_use **ret, size_t *ret_len, uint64_t *ret_unreadable)
{
    struct scan s = {.d = d, .driver = driver};
    size_t pid_len, client_len, len = 0;
    int *pids = list_processes(d->procfs, a, &pid_len);

    d->turn++;
    if (!pids)
        return -ENOMEM;
    buf_init(&s.clients, LINUX_DRM_CLIENTS * sizeof(struct linux_drm_client));
    for (size_t i = 0; i < pid_len; i++) {
        struct without *w = &d->without[(unsigned)pids[i] % PROCESSES_MAX];
        if (w->pid == pids[i] && d->turn - w->turn < LOOK_AGAIN)
            continue;
        if (look_through(&s, pids[i]))
            w->pid = w->pid == pids[i] ? 0 : w->pid;
        else
            *w = (struct without){pids[i], d->turn};
    }
    const struct linux_drm_client *clients = clients_of(&s, &client_len);
    struct linux_drm_use *list = arena_calloc(a, client_len + 1, sizeof(*list));
    for (size_t i = 0; list && i < client_len; i++) {
        struct linux_drm_use *u = use_of(list, &len, &clients[i]);
        u->vram_bytes += clients[i].resident_vram;
        u->other_bytes += clients[i].resident_other;
        add_times(d, &clients[i], mono_ns, u);
    }
    forget_others(d);
    buf_fini(&s.clients);
    if (!list)
        return -ENOMEM;
    *ret = list;
    *ret_len = len;
    *ret_unreadable = s.unreadable;
    return 0;
}
