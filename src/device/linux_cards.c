#include "device/linux_cards.h"

#include "device/linux_file.h"

static void meet(struct linux_cards *s, size_t i, bool again)
{
    struct accelerator *a = &s->identity[i];
    int64_t node;

    accelerator_init(a, s->platform, (unsigned)i);
    str_copy(a->pci_bus_id, sizeof(a->pci_bus_id), str_of(s->cards[i].bus_id));
    if (linux_file_i64(&node, s->paths.sysfs, "%s/device/numa_node", s->cards[i].folder) &&
        node >= 0)
        a->numa_node = (double)node;
    s->meet(s, i, again);
}

void linux_cards_open(struct linux_cards *s, const struct host_paths *paths)
{
    s->paths = *paths;
    s->platform_info.platform = s->platform;
    s->len = s->list(s, s->cards);
    for (size_t i = 0; i < s->len; i++)
        meet(s, i, false);
}

static void renew(struct linux_cards *s, uint64_t mono_ns)
{
    struct linux_card now[LINUX_CARDS], before[LINUX_CARDS];
    size_t len = s->len;

    if (mono_ns - s->renewed_ns < s->renew_every_ns)
        return;
    s->renewed_ns = mono_ns;
    memcpy(before, s->cards, sizeof(before));
    s->len = linux_card_join(s->cards, len, now, s->list(s, now));
    for (size_t i = 0; i < s->len; i++)
        if (i >= len || before[i].number != s->cards[i].number ||
            strcmp(before[i].folder, s->cards[i].folder) != 0)
            meet(s, i, i < len);
}

enum accelerator_state linux_cards_state(const struct linux_cards *s, size_t i)
{
    return s->state ? s->state(&s->paths, &s->cards[i])
                    : linux_card_state(s->paths.sysfs, &s->cards[i]);
}

int linux_cards_begin(struct linux_cards *s, struct reading *out, struct error *err)
{
    size_t gone = 0;

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    renew(s, out->mono_ns);
    out->accelerators = arena_calloc(out->arena, s->len, sizeof(*out->accelerators));
    out->platforms = arena_new(out->arena, struct platform_info);
    if (!out->accelerators || !out->platforms)
        return error_errno(err, -ENOMEM, "reading of every %s", s->what);
    for (size_t i = 0; i < s->len; i++) {
        out->accelerators[i] = s->identity[i];
        out->accelerators[i].state = linux_cards_state(s, i);
        gone += out->accelerators[i].state == ACCELERATOR_LOST;
    }
    out->accelerator_len = s->len;
    out->platforms[0] = s->platform_info;
    out->platform_len = 1;
    return gone == s->len ? error_set(err, -ENODEV, "no %s is left: its driver is gone", s->what)
                          : 0;
}
