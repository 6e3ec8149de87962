/* linux_cards.h - the set of cards of a collector: found in the order of their places, numbered so
 * for good. Cards that come later stand behind the others; one that went keeps its place, and gets
 * it back when it comes again, under whatever number of the kernel.
 *
 * Threads: a set belongs to one thread. */
#ifndef ALGALON_DEVICE_LINUX_CARDS_H
#define ALGALON_DEVICE_LINUX_CARDS_H

#include "device/linux_card.h"

struct linux_cards {
    /* The collector's, to be set before linux_cards_open(): */
    const char *platform; /* "intel" */
    const char *what;     /* for messages: "Intel GPU" */
    void *own;            /* the collector's state */
    /** Lists the cards that are there in order of their places; at most LINUX_CARDS. */
    size_t (*list)(const struct linux_cards *s, struct linux_card *to);
    /** A card stands at place `i` now, whose identity has its platform, number and address;
     * `again`: another one, or the same under another number, stood there before. Fills in the
     * identity. */
    void (*meet)(struct linux_cards *s, size_t i, bool again);
    /** Whether a card is there and awake. NULL: as linux_card_state() has it. */
    enum accelerator_state (*state)(const struct host_paths *paths, const struct linux_card *c);
    uint64_t renew_every_ns; /* how often new cards are looked for */

    struct host_paths paths;
    struct platform_info platform_info;
    struct linux_card cards[LINUX_CARDS];
    struct accelerator identity[LINUX_CARDS]; /* what does not change while a card is there */
    size_t len;
    uint64_t renewed_ns;
};

/** Lists the cards and meets each. */
void linux_cards_open(struct linux_cards *s, const struct host_paths *paths);

/**
 * Begins a reading: looks for cards that came when it is time, and adds all to it with identity and
 * state, the platform beside them. Errors: -ENOMEM; -ENODEV none is left, in words.
 */
MUST_CHECK int linux_cards_begin(struct linux_cards *s, struct reading *out, struct error *err);

/** Whether a card of the set is there and awake. */
enum accelerator_state linux_cards_state(const struct linux_cards *s, size_t i);

#endif
