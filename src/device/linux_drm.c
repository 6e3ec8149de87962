/* linux_drm.c - scans fdinfo. What costs is looking through the folders of open files: a process
 * that had no DRM file is looked through again only at every tenth reading. */
#include "device/linux_drm.h"

#include "device/linux_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
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
    else if (str_is(rest, "KHz"))
        unit = 1000;
    else if (str_is(rest, "MHz"))
        unit = 1000000;
    else if (rest.len && !str_is(rest, "ns") && !str_is(rest, "B") && !str_is(rest, "Hz"))
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

/* Bytes by one spelling: drm-memory- is what amdgpu called drm-resident- before. Where a file has
 * both, they say the same. */
struct bytes_of {
    uint64_t vram, other;
};

/* "drm-resident-vram0: 1523 MiB": a device with several tiles has a region for each. */
static void take_memory(struct bytes_of *to, struct str region, uint64_t bytes)
{
    bool vram = str_starts(region, STR("vram")) || str_starts(region, STR("local"));
    uint64_t *sum = vram ? &to->vram : &to->other;

    if (!vram && !str_starts(region, STR("gtt")) && !str_starts(region, STR("system")) &&
        !str_is(region, "memory") && !str_is(region, "stolen"))
        return;
    *sum += MIN(bytes, UINT64_MAX - *sum);
}

/* What the text says beside the engines. */
struct reading_of {
    bool has_id;
    struct bytes_of resident, memory;
    uint64_t own; /* amdxdna's count of its own, which counts no buffer twice */
};

static void take_count(struct linux_drm_client *c, struct str name, struct str value, size_t offset,
                       bool largest)
{
    uint64_t n;
    struct linux_drm_engine *e = parse_size(value, &n) ? engine_of(c, name) : NULL;

    if (!e)
        return;
    uint64_t *to = (uint64_t *)(void *)((char *)e + offset);
    *to = largest ? MAX(*to, n) : *to + MIN(n, UINT64_MAX - *to);
}

static void take_line(struct linux_drm_client *c, struct str key, struct str value,
                      struct reading_of *r)
{
    struct str name;
    uint64_t n;

    if (str_is(key, "drm-driver")) {
        str_copy(c->driver, sizeof(c->driver), value);
    } else if (str_is(key, "drm-pdev")) {
        str_copy(c->pdev, sizeof(c->pdev), value);
    } else if (str_is(key, "drm-client-id")) {
        r->has_id = num_parse_u64(value, &c->id);
    } else if ((name = without_prefix(key, "drm-engine-capacity-")).len) {
        struct linux_drm_engine *e =
            num_parse_u64(value, &n) && n && n < 1000 ? engine_of(c, name) : NULL;
        if (e)
            e->capacity = (double)n;
    } else if ((name = without_prefix(key, "drm-engine-")).len) {
        take_count(c, name, value, offsetof(struct linux_drm_engine, busy_ns), false);
    } else if ((name = without_prefix(key, "drm-total-cycles-")).len) {
        take_count(c, name, value, offsetof(struct linux_drm_engine, total_cycles), true);
    } else if ((name = without_prefix(key, "drm-cycles-")).len) {
        take_count(c, name, value, offsetof(struct linux_drm_engine, cycles), true);
    } else if ((name = without_prefix(key, "drm-maxfreq-")).len) {
        take_count(c, name, value, offsetof(struct linux_drm_engine, max_hz), true);
    } else if ((name = without_prefix(key, "drm-curfreq-")).len) {
        take_count(c, name, value, offsetof(struct linux_drm_engine, cur_hz), true);
    } else if ((str_ends(key, STR("-internal-alloc")) || str_ends(key, STR("-external-alloc"))) &&
               parse_size(value, &n)) {
        r->own += MIN(n, UINT64_MAX - r->own);
    } else if ((name = without_prefix(key, "drm-resident-")).len) {
        if (parse_size(value, &n))
            take_memory(&r->resident, name, n);
    } else if ((name = without_prefix(key, "drm-memory-")).len) {
        if (parse_size(value, &n))
            take_memory(&r->memory, name, n);
    }
}

bool linux_drm_parse(struct str text, struct linux_drm_client *ret)
{
    struct reading_of r = {.has_id = false};

    *ret = (struct linux_drm_client){.pid = ret->pid, .device = ret->device};
    while (text.len) {
        struct str line = str_cut(&text, '\n'), key = str_cut(&line, ':');
        take_line(ret, str_trim(key), str_trim(line), &r);
    }
    ret->resident_vram = MAX(r.resident.vram, r.memory.vram);
    ret->resident_other = r.own ? r.own : MAX(r.resident.other, r.memory.other);
    return r.has_id && ret->driver[0];
}

/* ---- one process ---- */

struct scan {
    struct linux_drm *d;
    const struct linux_drm_node *nodes;
    size_t node_len;
    struct buf clients; /* of struct linux_drm_client */
    uint64_t unreadable, untold;
};

/* The node that an open file is of: whether it is one of ours, and which. */
static bool is_drm_node(int dir, const char *name, const struct scan *s,
                        const struct linux_drm_node **ret)
{
    char target[64];
    ssize_t n = readlinkat(dir, name, target, sizeof(target));
    struct str path = str_make(target, n > 0 ? (size_t)n : 0);

    *ret = NULL;
    if (!str_starts(path, STR("/dev/dri/")) && !str_starts(path, STR("/dev/accel/")))
        return false;
    for (size_t i = 0; i < s->node_len && !*ret; i++)
        if (str_is(path, s->nodes[i].path))
            *ret = &s->nodes[i];
    return true;
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
        if (known[i].id == c->id && known[i].device == c->device)
            return true;
    return false;
}

static void take_file(struct scan *s, int pid, const char *name, unsigned device)
{
    struct linux_drm_client c = {.pid = pid, .device = device};
    char text[FDINFO_BYTES];
    ssize_t n = linux_file_text(text, sizeof(text), s->d->procfs, "%d/fdinfo/%s", pid, name);

    if (n <= 0 || !linux_drm_parse(str_make(text, (size_t)n), &c))
        s->untold++;
    else if (!is_known(s, &c))
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
        const struct linux_drm_node *node;
        if (e->d_name[0] == '.' || !is_drm_node(dirfd(dir), e->d_name, s, &node))
            continue;
        any = true;
        if (node)
            take_file(s, pid, e->d_name, node->device);
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

    snprintf(key, sizeof(key), "%u %" PRIu64, c->device, c->id);
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

/* Which of the four an engine's time counts for: amdgpu's, i915's, xe's, v3d's and others' names.
 * Intel's video engines decode and encode alike; they count as the former. */
static double *kind_of(struct linux_drm_use *u, const char *engine)
{
    static const char *const graphics[] = {"gfx",      "render",       "rcs", "gpu",     "bin",
                                           "fragment", "vertex-tiler", "3d",  "panthor", "3D"};

    if (!strcmp(engine, "compute") || !strcmp(engine, "ccs") || !strcmp(engine, "csd"))
        return &u->compute;
    if (!strncmp(engine, "dec", 3) || !strcmp(engine, "jpeg") || !strcmp(engine, "video") ||
        !strcmp(engine, "vcs"))
        return &u->decode;
    if (!strncmp(engine, "enc", 3))
        return &u->encode;
    for (size_t i = 0; i < ARRAY_LEN(graphics); i++)
        if (!strcmp(engine, graphics[i]))
            return &u->graphics;
    return NULL;
}

static struct linux_drm_engine *engine_before(struct client_memory *m, const char *engine)
{
    for (size_t i = 0; i < m->engine_len; i++)
        if (!strcmp(m->engines[i].name, engine))
            return &m->engines[i];
    return NULL;
}

/* Share of the interval in which a client used an engine. Engines without use are not printed:
 * what is new began at 0. NAN when that cannot be said. */
static double busy_of(const struct linux_drm_engine *before, const struct linux_drm_engine *now,
                      double ns)
{
    static const struct linux_drm_engine none;

    before = before ? before : &none;
    if (now->total_cycles) { /* cycles of both from one reading of the hardware */
        if (!before->total_cycles || now->total_cycles <= before->total_cycles)
            return UNKNOWN;
        double cycles = now->cycles > before->cycles ? (double)(now->cycles - before->cycles) : 0;
        return MIN(cycles / (double)(now->total_cycles - before->total_cycles) / now->capacity,
                   1.0);
    }
    double busy = now->busy_ns > before->busy_ns ? (double)(now->busy_ns - before->busy_ns) : 0;
    if (!now->busy_ns && now->cycles &&
        now->max_hz) /* cycles at its highest clock: at least that */
        busy = now->cycles > before->cycles
                   ? (double)(now->cycles - before->cycles) * 1e9 / (double)now->max_hz
                   : 0;
    return MIN(busy / ns / now->capacity, 1.0);
}

/* Counters may go back for a moment: the larger is kept, so that what comes again counts once. */
static void remember(struct client_memory *m, const struct linux_drm_client *c, uint64_t mono_ns)
{
    struct linux_drm_engine now[LINUX_DRM_ENGINES] = {0};

    for (size_t i = 0; i < c->engine_len; i++) {
        const struct linux_drm_engine *before = engine_before(m, c->engines[i].name);
        now[i] = c->engines[i];
        if (!before)
            continue;
        now[i].busy_ns = MAX(now[i].busy_ns, before->busy_ns);
        now[i].cycles = MAX(now[i].cycles, before->cycles);
        now[i].total_cycles = MAX(now[i].total_cycles, before->total_cycles);
    }
    memcpy(m->engines, now, sizeof(now));
    m->engine_len = c->engine_len;
    m->mono_ns = mono_ns;
}

static double mhz(uint64_t hz)
{
    return hz ? (double)hz / 1e6 : UNKNOWN;
}

static void add_load(struct linux_drm_reading *r, unsigned device, const struct linux_drm_engine *e,
                     double busy)
{
    const char *engine = e->name;
    struct linux_drm_load *l = NULL;

    for (size_t i = 0; i < r->load_len && !l; i++)
        if (r->loads[i].device == device && !strcmp(r->loads[i].name, engine))
            l = &r->loads[i];
    if (!l) {
        l = &r->loads[r->load_len++];
        *l = (struct linux_drm_load){
            .device = device, .clock_mhz = mhz(e->cur_hz), .clock_max_mhz = mhz(e->max_hz)};
        str_copy(l->name, sizeof(l->name), str_of(engine));
    }
    l->busy_ratio = MIN(l->busy_ratio + busy, 1.0);
}

static void add_times(struct linux_drm *d, const struct linux_drm_client *c, uint64_t mono_ns,
                      struct linux_drm_use *u, struct linux_drm_reading *r)
{
    bool is_new;
    struct client_memory *m = memory_of(d, c, &is_new);

    if (!m)
        return;
    double ns = !is_new && mono_ns > m->mono_ns ? (double)(mono_ns - m->mono_ns) : 0;
    double *const all[] = {&u->compute, &u->graphics, &u->decode, &u->encode};
    /* amdgpu prints engines that were used; a driver that prints none at all does not count. */
    bool counts = c->engine_len || !strcmp(c->driver, "amdgpu");
    for (size_t i = 0; ns > 0 && counts && i < ARRAY_LEN(all); i++)
        *all[i] = isnan(*all[i]) ? 0 : *all[i];
    for (size_t i = 0; ns > 0 && i < c->engine_len; i++) {
        const struct linux_drm_engine *e = &c->engines[i];
        double *kind = kind_of(u, e->name), busy = busy_of(engine_before(m, e->name), e, ns);
        if (isnan(busy))
            continue;
        if (kind)
            *kind = MIN(*kind + busy, 1.0);
        add_load(r, c->device, e, busy);
    }
    remember(m, c, mono_ns);
    m->turn = d->turn;
}

static struct linux_drm_use *use_of(struct linux_drm_reading *r, const struct linux_drm_client *c)
{
    for (size_t i = 0; i < r->use_len; i++)
        if (r->uses[i].pid == c->pid && r->uses[i].device == c->device)
            return &r->uses[i];
    struct linux_drm_use *u = &r->uses[r->use_len++];
    *u = (struct linux_drm_use){.pid = c->pid,
                                .device = c->device,
                                .compute = UNKNOWN,
                                .graphics = UNKNOWN,
                                .decode = UNKNOWN,
                                .encode = UNKNOWN};
    return u;
}

static void scan_processes(struct scan *s, const int *pids, size_t len)
{
    struct linux_drm *d = s->d;

    for (size_t i = 0; i < len; i++) {
        struct without *w = &d->without[(unsigned)pids[i] % PROCESSES_MAX];
        if (w->pid == pids[i] && d->turn - w->turn < LOOK_AGAIN)
            continue;
        if (look_through(s, pids[i]))
            w->pid = w->pid == pids[i] ? 0 : w->pid;
        else
            *w = (struct without){pids[i], d->turn};
    }
}

int linux_drm_read(struct linux_drm *d, const struct linux_drm_node *nodes, size_t len,
                   uint64_t mono_ns, struct arena *a, struct linux_drm_reading *ret)
{
    struct scan s = {.d = d, .nodes = nodes, .node_len = len};
    size_t pid_len, client_len;
    int *pids = list_processes(d->procfs, a, &pid_len);

    *ret = (struct linux_drm_reading){.unreadable = 0};
    d->turn++;
    if (!pids)
        return -ENOMEM;
    buf_init(&s.clients, LINUX_DRM_CLIENTS * sizeof(struct linux_drm_client));
    scan_processes(&s, pids, pid_len);
    const struct linux_drm_client *clients = clients_of(&s, &client_len);
    size_t engines = 0;
    for (size_t i = 0; i < client_len; i++)
        engines += clients[i].engine_len;
    ret->uses = arena_calloc(a, client_len + 1, sizeof(*ret->uses));
    ret->loads = arena_calloc(a, engines + 1, sizeof(*ret->loads));
    bool fits = ret->uses && ret->loads;
    for (size_t i = 0; fits && i < client_len; i++) {
        struct linux_drm_use *u = use_of(ret, &clients[i]);
        u->vram_bytes += clients[i].resident_vram;
        u->other_bytes += clients[i].resident_other;
        add_times(d, &clients[i], mono_ns, u, ret);
    }
    forget_others(d);
    buf_fini(&s.clients);
    ret->unreadable = s.unreadable;
    ret->untold = s.untold;
    return fits ? 0 : -ENOMEM;
}

double linux_drm_busiest(const struct linux_drm_reading *r, unsigned device)
{
    double busiest = UNKNOWN;

    for (size_t i = 0; i < r->load_len; i++)
        if (r->loads[i].device == device)
            busiest = fmax(busiest, r->loads[i].busy_ratio); /* passes over NAN */
    return busiest;
}

void linux_drm_memory(const struct linux_drm_reading *r, unsigned device, uint64_t *ret_vram,
                      uint64_t *ret_other)
{
    *ret_vram = *ret_other = 0;
    for (size_t i = 0; i < r->use_len; i++) {
        if (r->uses[i].device != device)
            continue;
        *ret_vram += r->uses[i].vram_bytes;
        *ret_other += r->uses[i].other_bytes;
    }
}
