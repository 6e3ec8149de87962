/* intel_pmu.c - bus/event_source/devices/i915*: the events called <engine>-busy count ns. */
#include "intel_pmu.h"

#include "device/linux_file.h"

#include <dirent.h>

#define EVENTS "bus/event_source/devices/%s/events"

bool intel_pmu_event(struct str text, uint64_t *ret_config)
{
    struct str digits = str_trim(text);
    uint64_t value = 0;

    if (!str_starts(digits, STR("config=0x")) || digits.len < 10 || digits.len > 9 + 16)
        return false;
    for (size_t i = 9; i < digits.len; i++) {
        char c = digits.ptr[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16;
        if (digit > 15)
            return false;
        value = value << 4 | digit;
    }
    *ret_config = value;
    return true;
}

void intel_pmu_class(const char *engine, char to[24])
{
    static const struct {
        const char *name, *class;
    } classes[] = {{"rcs", "render"},
                   {"bcs", "copy"},
                   {"vcs", "video"},
                   {"vecs", "video-enhance"},
                   {"ccs", "compute"}};
    size_t len = strcspn(engine, "0123456789");

    str_copy(to, 24, str_make(engine, len));
    for (size_t i = 0; i < ARRAY_LEN(classes); i++)
        if (!strcmp(to, classes[i].name))
            str_copy(to, 24, str_of(classes[i].class));
}

/* "i915" for the part of a processor, "i915_0000_03_00.0" for a board. */
static void pmu_name(char *to, size_t size, const char *bus_id, bool integrated)
{
    snprintf(to, size, "i915%s%s", integrated ? "" : "_", integrated ? "" : bus_id);
    for (char *c = to; *c; c++)
        *c = *c == ':' ? '_' : *c;
}

static int open_event(struct intel_pmu *p, const struct host_paths *paths, const char *name,
                      const char *event, uint32_t type, int cpu)
{
    const char *end = strstr(event, "-busy");
    char text[64];
    uint64_t config;

    if (!end || end[5] || p->len == INTEL_PMU_ENGINES || (size_t)(end - event) >= 24 ||
        linux_file_text(text, sizeof(text), paths->sysfs, EVENTS "/%s", name, event) <= 0 ||
        !intel_pmu_event(str_of(text), &config))
        return 0;
    int fd = p->edge->counter(p->edge->context, type, config, cpu);
    if (fd < 0)
        return fd;
    struct intel_pmu_engine *e = &p->engines[p->len++];
    *e = (struct intel_pmu_engine){.fd = fd};
    str_copy(text, sizeof(text), str_make(event, (size_t)(end - event)));
    intel_pmu_class(text, e->name);
    return 0;
}

int intel_pmu_open(struct intel_pmu *p, const struct host_paths *paths, const char *bus_id,
                   bool integrated)
{
    char name[48], path[LINUX_PATH_MAX];
    struct linux_cpuset cpus;
    uint64_t type;
    int code = 0;

    *p = (struct intel_pmu){.edge = linux_edge_of(paths)};
    pmu_name(name, sizeof(name), bus_id, integrated);
    if (!linux_file_u64(&type, paths->sysfs, "bus/event_source/devices/%s/type", name) ||
        type > UINT32_MAX)
        return -ENOENT;
    /* Older kernels count on one CPU only, and name it. */
    bool named =
        linux_cpuset_read(&cpus, paths->sysfs, "bus/event_source/devices/%s/cpumask", name);
    unsigned cpu = named ? linux_cpuset_next(&cpus, 0) : 0;
    DIR *dir = linux_file_path(path, paths->sysfs, EVENTS, name) ? opendir(path) : NULL;
    for (struct dirent *e; dir && !code && (e = readdir(dir));)
        code = open_event(p, paths, name, e->d_name, (uint32_t)type,
                          cpu < LINUX_CPU_MAX ? (int)cpu : 0);
    if (dir)
        closedir(dir);
    if (code)
        intel_pmu_close(p);
    return code ? code : p->len ? 0 : -ENOENT;
}

static struct intel_pmu_load *load_of(struct intel_pmu_load *to, size_t *len, const char *name)
{
    for (size_t i = 0; i < *len; i++)
        if (!strcmp(to[i].name, name))
            return &to[i];
    struct intel_pmu_load *l = &to[(*len)++];
    *l = (struct intel_pmu_load){.engines = 0};
    str_copy(l->name, sizeof(l->name), str_of(name));
    return l;
}

size_t intel_pmu_read(struct intel_pmu *p, uint64_t mono_ns, struct intel_pmu_load *to)
{
    double ns = p->mono_ns && mono_ns > p->mono_ns ? (double)(mono_ns - p->mono_ns) : 0;
    size_t len = 0;

    for (size_t i = 0; i < p->len; i++) {
        struct intel_pmu_engine *e = &p->engines[i];
        uint64_t now, before = e->busy_ns;
        if (!p->edge->count(p->edge->context, e->fd, &now))
            continue;
        e->busy_ns = MAX(now, before);
        if (!(ns > 0))
            continue;
        struct intel_pmu_load *l = load_of(to, &len, e->name);
        l->busy_ratio += MIN((double)(e->busy_ns - before) / ns, 1.0);
        l->engines++;
    }
    p->mono_ns = mono_ns;
    for (size_t i = 0; i < len; i++)
        to[i].busy_ratio /= to[i].engines;
    return len;
}

void intel_pmu_close(struct intel_pmu *p)
{
    for (size_t i = 0; i < p->len; i++)
        p->edge->close(p->edge->context, p->engines[i].fd);
    p->len = 0;
    p->mono_ns = 0;
}
