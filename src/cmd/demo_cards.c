#include "demo_cards.h"

#include <stdlib.h>

#define HALF_WARM_S  40.0 /* metal follows the load */
#define IDLE_C       36.0
#define BUSY_C       74.0
#define IDLE_CLOCK   0.25 /* of the highest */
#define MEMORY_SWING 0.03

struct demo_cards {
    struct demo_card *cards;
    struct demo_card_state *states;
    size_t len;
};

static const struct demo_maker_files *const makers[DEMO_MAKERS] = {
    [DEMO_AMD] = &demo_amd,
    [DEMO_INTEL] = &demo_intel,
    [DEMO_INTEL_NPU] = &demo_intel_npu,
    [DEMO_AMD_NPU] = &demo_amd_npu,
    [DEMO_GAUDI] = &demo_gaudi,
    [DEMO_TENSTORRENT] = &demo_tenstorrent,
    [DEMO_REBELLIONS] = &demo_rebellions,
    [DEMO_FURIOSA] = &demo_furiosa,
    [DEMO_TPU] = &demo_tpu,
};

double demo_card_random(const struct demo_card *c, unsigned n)
{
    return demo_random(c->seed, n);
}

int demo_card_pid(const struct demo_card *c)
{
    const struct demo_card_kind *k = c->kind;

    return k->first_pid && !k->one_process ? k->first_pid + (int)c->place : k->first_pid;
}

static void init_card(struct demo_card *c, const struct demo_card_kind *kind, unsigned number,
                      unsigned place, uint64_t seed)
{
    c->kind = kind;
    c->number = number;
    c->place = place;
    c->seed = hash_more(seed, &number, sizeof(number)) + kind->maker;
    snprintf(c->address, sizeof(c->address), "0000:%02x:00.0", (kind->first_bus + place) & 0xff);
    if (kind->address)
        str_copy(c->address, sizeof(c->address), str_of(kind->address));
    /* Cards are a little unlike. */
    double mean = kind->load_ratio * (0.93 + 0.14 * demo_card_random(c, 0));
    demo_wave_init(&c->load, c->seed, MIN(mean, 0.97 / (1 + kind->swing)), kind->swing);
}

struct demo_cards *demo_cards_new(const struct demo_card_kind *kinds, size_t len, uint64_t seed,
                                  struct demo_tree *t)
{
    unsigned numbers[DEMO_MAKERS] = {0};
    size_t count = 0;

    for (size_t i = 0; i < len; i++)
        count += kinds[i].count;
    struct demo_cards *all = xnew(struct demo_cards);
    all->cards = xcalloc(count + 1, sizeof(*all->cards));
    all->states = xcalloc(count + 1, sizeof(*all->states));
    for (unsigned maker = 0; maker < DEMO_MAKERS; maker++) /* those of a maker together */
        for (size_t i = 0; i < len; i++)
            for (unsigned k = 0; kinds[i].maker == maker && k < kinds[i].count; k++) {
                struct demo_card *c = &all->cards[all->len++];
                init_card(c, &kinds[i], numbers[maker]++, k, seed);
                makers[maker]->lay(t, c);
            }
    return all;
}

static struct demo_card_state state_at(const struct demo_card *c, double t_s)
{
    const struct demo_card_kind *k = c->kind;
    double load = demo_wave_at(&c->load, t_s), busy_s = demo_wave_sum(&c->load, t_s);
    double warm = (busy_s - demo_wave_sum(&c->load, t_s - HALF_WARM_S)) / HALF_WARM_S;
    double memory = k->memory_ratio;

    if (c->load.mean > 0)
        memory *= 1 + MEMORY_SWING * (load / c->load.mean - 1);
    return (struct demo_card_state){
        .t_s = t_s,
        .load = load,
        .busy_s = busy_s,
        .power_w = k->idle_w + (k->max_w - k->idle_w) * load,
        .energy_j = k->idle_w * t_s + (k->max_w - k->idle_w) * busy_s,
        .temperature_c = IDLE_C + (BUSY_C - IDLE_C) * warm + 5 * demo_card_random(c, 1),
        .mhz = k->max_mhz * MIN(IDLE_CLOCK + 2 * load, 1),
        .memory_used = (uint64_t)((double)k->memory_bytes * MIN(memory, 1)),
        .pid = demo_card_pid(c),
    };
}

void demo_cards_move(struct demo_cards *all, double t_s, struct demo_tree *t)
{
    for (size_t i = 0, n; i < all->len; i += n) {
        const struct demo_maker_files *maker = makers[all->cards[i].kind->maker];
        for (n = 0; i + n < all->len && makers[all->cards[i + n].kind->maker] == maker; n++) {
            all->states[i + n] = state_at(&all->cards[i + n], t_s);
            maker->move(t, &all->cards[i + n], &all->states[i + n]);
        }
        if (maker->tell)
            maker->tell(t, &all->cards[i], &all->states[i], n);
    }
}

void demo_cards_free(struct demo_cards *all)
{
    if (!all)
        return;
    free(all->cards);
    free(all->states);
    free(all);
}

/* ---- what many have ---- */

void demo_card_pci(struct demo_tree *t, const struct demo_card *c, const char *folder,
                   unsigned vendor, const char *driver)
{
    buf_printf(&t->text, "DRIVER=%s\n", driver);
    demo_tree_line(t, folder, "uevent", "PCI_SLOT_NAME=%s", c->address);
    demo_tree_line(t, folder, "vendor", "0x%04x", vendor);
    demo_tree_line(t, folder, "device", "0x%04x", c->kind->device);
    demo_tree_line(t, folder, "revision", "0x%02x", c->kind->revision);
    demo_tree_line(t, folder, "numa_node", "0");
    demo_tree_line(t, folder, "power/runtime_status", "active");
}

void demo_card_link(struct demo_tree *t, const struct demo_card *c, unsigned generation,
                    unsigned lanes)
{
    static const char *const speeds[] = {"2.5", "5.0", "8.0", "16.0", "32.0"};
    const char *speed = speeds[MIN(MAX(generation, 1u), 5u) - 1];
    char folder[DEMO_PATH];

    snprintf(folder, sizeof(folder), "sys/bus/pci/devices/%s", c->address);
    demo_tree_line(t, folder, "class", "0x120000");
    demo_tree_line(t, folder, "current_link_speed", "%s GT/s PCIe", speed);
    demo_tree_line(t, folder, "max_link_speed", "%s GT/s PCIe", speed);
    demo_tree_line(t, folder, "current_link_width", "%u", lanes);
    demo_tree_line(t, folder, "max_link_width", "%u", lanes);
}

void demo_card_hold(struct demo_tree *t, const struct demo_card *c, const char *node)
{
    char path[DEMO_PATH];

    if (!demo_card_pid(c))
        return;
    snprintf(path, sizeof(path), "proc/%d/fd/%u", demo_card_pid(c), 10 + c->number);
    demo_tree_link(t, path, node);
}
