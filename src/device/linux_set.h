/* linux_set.h - cards of one class with the clients of each: what the collectors of drivers have in
 * common that tell little themselves. */
#ifndef ALGALON_DEVICE_LINUX_SET_H
#define ALGALON_DEVICE_LINUX_SET_H

#include "device/linux_cards.h"
#include "device/linux_sensors.h"

struct linux_set {
    struct linux_cards all;
    struct linux_sensors sensors[LINUX_CARDS];
    uint64_t turn;
    struct linux_drm *drm;
    bool all_processes; /* procfs shows those of the whole machine */

    /* The collector's, to be set before linux_set_open(). */
    const char *class;
    bool (*wanted)(const struct linux_card *card);
    /* Fills in what does not change; of a card at place `i`. */
    void (*identify)(struct linux_set *s, size_t i);
    const char *zone; /* as of linux_sensors_find() */
    void *own;
};

/** Lists the cards of `class` and identifies them. */
void linux_set_open(struct linux_set *s, const struct host_paths *paths, const char *platform);
void linux_set_close(struct linux_set *s);

/**
 * Begins a reading: cards that came stand behind the others, each card's state is there, the
 * platform is. Errors: -ENOMEM; -ENODEV: all are gone.
 */
MUST_CHECK int linux_set_begin(struct linux_set *s, struct reading *out, struct error *err);

/** Looks for the clients of the cards for which `may_look` is set, and lists their processes.
 * `*ret_complete`: all of them could be looked at and told of themselves. Errors: -ENOMEM. */
MUST_CHECK int linux_set_clients(struct linux_set *s, const bool *may_look, struct reading *out,
                                 struct linux_drm_reading *ret, bool *ret_complete);

/** The load of a card's engines by its clients, as parts and as a whole, and the clock that they
 * tell; nothing where the driver counts none or not all could be seen. */
void linux_set_load(const struct linux_set *s, size_t i, const struct linux_drm_reading *drm,
                    bool complete, struct reading *out);

#endif
