#include "device/linux_set.h"

#include "device/linux_cgroup.h"
#include "device/linux_file.h"
#include "device/linux_proc.h"

#define RENEW_NS (10 * (uint64_t)NS_PER_S) /* how often new cards are looked for */

static void identify(struct linux_set *s, size_t i)
{
    struct accelerator *a = &s->identity[i];
    const struct linux_card *c = &s->cards[i];
    int64_t node;

    accelerator_init(a, s->platform.platform, (unsigned)i);
    str_copy(a->pci_bus_id, sizeof(a->pci_bus_id), str_of(c->bus_id));
    if (linux_file_i64(&node, s->paths.sysfs, "%s/device/numa_node", c->folder) && node >= 0)
        a->numa_node = (double)node;
    linux_sensors_find(&s->sensors[i], s->paths.sysfs, c, s->zone);
    s->identify(s, i);
}

void linux_set_open(struct linux_set *s, const struct host_paths *paths, const char *platform)
{
    struct linux_view view;
    char text[128];

    s->paths = *paths;
    s->platform.platform = platform;
    if (linux_file_text(text, sizeof(text), paths->procfs, "sys/kernel/osrelease") > 0)
        linux_proc_clean(s->platform.driver_version, sizeof(s->platform.driver_version),
                         str_of(text));
    linux_view_look(paths, &view);
    s->all_processes = !view.runtime[0] || view.host;
    s->drm = linux_drm_open(paths->procfs);
    s->len = linux_card_list(paths->sysfs, s->class, s->wanted, s->cards);
    for (size_t i = 0; i < s->len; i++)
        identify(s, i);
}

void linux_set_close(struct linux_set *s)
{
    linux_drm_close(s->drm);
}

/* Cards that came, and those that came back under another number of the kernel. */
static void renew(struct linux_set *s, uint64_t mono_ns)
{
    struct linux_card before[LINUX_CARDS];
    size_t len = s->len;

    if (mono_ns - s->renew_ns < RENEW_NS)
        return;
    s->renew_ns = mono_ns;
    memcpy(before, s->cards, sizeof(before));
    s->len = linux_card_renew(s->paths.sysfs, s->class, s->wanted, s->cards, len);
    for (size_t i = 0; i < s->len; i++)
        if (i >= len || before[i].number != s->cards[i].number)
            identify(s, i);
}

int linux_set_begin(struct linux_set *s, struct reading *out, struct error *err)
{
    size_t gone = 0;

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    renew(s, out->mono_ns);
    s->turn++;
    out->accelerators = arena_calloc(out->arena, s->len, sizeof(*out->accelerators));
    out->platforms = arena_new(out->arena, struct platform_info);
    if (!out->accelerators || !out->platforms)
        return error_errno(err, -ENOMEM, "reading of class %s", s->class);
    for (size_t i = 0; i < s->len; i++) {
        out->accelerators[i] = s->identity[i];
        out->accelerators[i].state = linux_card_state(s->paths.sysfs, &s->cards[i]);
        gone += out->accelerators[i].state == ACCELERATOR_LOST;
    }
    out->accelerator_len = s->len;
    out->platforms[0] = s->platform;
    out->platform_len = 1;
    if (gone == s->len)
        return error_set(err, -ENODEV, "no device of class %s is left: its drivers are gone",
                         s->class);
    return 0;
}

static double sum(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : MIN(a + b, 1.0);
}

int linux_set_clients(struct linux_set *s, const bool *may_look, struct reading *out,
                      struct linux_drm_reading *ret, bool *ret_complete)
{
    struct linux_drm_node nodes[LINUX_DRM_NODES];
    size_t len = 0;

    for (size_t i = 0; i < s->len; i++)
        if (may_look[i])
            len = linux_card_nodes(s->paths.sysfs, &s->cards[i], (unsigned)i, nodes, len);
    int code = linux_drm_read(s->drm, nodes, len, out->mono_ns, out->arena, ret);
    if (code)
        return code;
    out->accelerator_processes =
        arena_calloc(out->arena, ret->use_len + 1, sizeof(*out->accelerator_processes));
    if (!out->accelerator_processes)
        return -ENOMEM;
    for (size_t i = 0; i < ret->use_len; i++) {
        const struct linux_drm_use *u = &ret->uses[i];
        out->accelerator_processes[out->accelerator_process_len++] = (struct accelerator_process){
            .accelerator = u->device,
            .pid = u->pid,
            .type = u->graphics > 0 && !(u->compute > 0) ? 'G' : 'C',
            .mem_used_bytes = u->vram_bytes + u->other_bytes,
            .sm_ratio = sum(u->compute, u->graphics),
            .mem_ratio = UNKNOWN,
            .encoder_ratio = u->encode,
            .decoder_ratio = u->decode,
        };
    }
    *ret_complete = s->all_processes && !ret->unreadable && !ret->untold;
    for (size_t i = 0; i < s->len; i++)
        out->accelerators[i].processes_untold = !*ret_complete || !may_look[i];
    return 0;
}

void linux_set_load(const struct linux_set *s, size_t i, const struct linux_drm_reading *drm,
                    bool complete, struct reading *out)
{
    struct accelerator *a = &out->accelerators[i];
    uint64_t vram, other;

    for (size_t k = 0; k < drm->load_len; k++) {
        const struct linux_drm_load *l = &drm->loads[k];
        if (l->device != i)
            continue;
        if (isnan(a->clock_graphics_mhz)) {
            a->clock_graphics_mhz = l->clock_mhz;
            a->clock_graphics_max_mhz = l->clock_max_mhz;
        }
        struct accelerator_part *p =
            complete ? reading_add_part(out, (unsigned)i, "engine", l->name) : NULL;
        if (p)
            p->utilization_ratio = l->busy_ratio;
    }
    if (!complete)
        return;
    a->utilization_ratio = linux_drm_busiest(drm, (unsigned)i);
    linux_drm_memory(drm, (unsigned)i, &vram, &other);
    /* No client at all, and clients of drivers that tell no memory, look alike: that is not 0. */
    if (vram + other && (s->cards[i].bus_id[0] ? vram : other))
        a->mem_used_bytes = s->cards[i].bus_id[0] ? vram : other;
}
