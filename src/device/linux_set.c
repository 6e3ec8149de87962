#include "device/linux_set.h"

#include "device/linux_cgroup.h"
#include "device/linux_file.h"
#include "device/linux_proc.h"

#define RENEW_NS (10 * (uint64_t)NS_PER_S) /* how often new cards are looked for */

static size_t list(const struct linux_cards *all, struct linux_card *to)
{
    const struct linux_set *s = all->own;

    return linux_card_list(all->paths.sysfs, s->class, s->wanted, to);
}

static void meet(struct linux_cards *all, size_t i, bool again)
{
    struct linux_set *s = all->own;

    (void)again;
    linux_sensors_find(&s->sensors[i], all->paths.sysfs, &all->cards[i], s->zone);
    s->identify(s, i);
}

void linux_set_open(struct linux_set *s, const struct host_paths *paths, const char *platform)
{
    struct linux_view view;
    char text[128];

    s->all = (struct linux_cards){.platform = platform,
                                  .what = "device",
                                  .own = s,
                                  .list = list,
                                  .meet = meet,
                                  .renew_every_ns = RENEW_NS};
    if (linux_file_text(text, sizeof(text), paths->procfs, "sys/kernel/osrelease") > 0)
        linux_proc_clean(s->all.platform_info.driver_version,
                         sizeof(s->all.platform_info.driver_version), str_of(text));
    linux_view_look(paths, &view);
    s->all_processes = !view.runtime[0] || view.host;
    s->drm = linux_drm_open(paths->procfs);
    linux_cards_open(&s->all, paths);
}

void linux_set_close(struct linux_set *s)
{
    linux_drm_close(s->drm);
}

int linux_set_begin(struct linux_set *s, struct reading *out, struct error *err)
{
    s->turn++;
    return linux_cards_begin(&s->all, out, err);
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

    for (size_t i = 0; i < s->all.len; i++)
        if (may_look[i])
            len = linux_card_nodes(s->all.paths.sysfs, &s->all.cards[i], (unsigned)i, nodes, len);
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
    for (size_t i = 0; i < s->all.len; i++)
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
    if (vram + other && (s->all.cards[i].bus_id[0] ? vram : other))
        a->mem_used_bytes = s->all.cards[i].bus_id[0] ? vram : other;
}
