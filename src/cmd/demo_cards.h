/* demo_cards.h - accelerators of machines that do not exist, of all makers but NVIDIA: the files of
 * their drivers, what processes have open, and what nodes, tools and services answer. All values
 * follow from the seed and the time; the collectors read them as they read real ones. */
#ifndef ALGALON_CMD_DEMO_CARDS_H
#define ALGALON_CMD_DEMO_CARDS_H

#include "demo_tree.h"
#include "demo_wave.h"

enum demo_maker {
    DEMO_AMD,
    DEMO_INTEL,
    DEMO_INTEL_NPU,
    DEMO_AMD_NPU,
    DEMO_GAUDI,
    DEMO_TENSTORRENT,
    DEMO_REBELLIONS,
    DEMO_FURIOSA,
    DEMO_TPU,
    DEMO_MAKERS
};

/* Some alike cards of a machine. */
struct demo_card_kind {
    enum demo_maker maker;
    unsigned count, first_bus; /* cards stand on buses first_bus, first_bus + 1, ... */
    const char *address;       /* of a single one that stands elsewhere: "0000:00:02.0"; NULL */
    unsigned device, revision; /* PCI numbers */
    const char *model;         /* where the driver or tool tells it: "HL-338", "p150a" */
    uint64_t memory_bytes;     /* UINT64_MAX: the machine's, as parts of processors have */
    double memory_ratio;       /* of it in use */
    double load_ratio, swing;  /* mean, and how far it goes from that */
    double idle_w, max_w, max_mhz, max_memory_mhz;
    int first_pid;    /* of those that have them open, each the next; 0: nobody has */
    bool one_process; /* that one has all of them */
};

struct demo_card {
    const struct demo_card_kind *kind;
    unsigned number;  /* among those of its maker on this machine */
    unsigned place;   /* among those of its kind */
    char address[16]; /* "0000:03:00.0" */
    uint64_t seed;
    struct demo_wave load;
};

/* One at a moment. */
struct demo_card_state {
    double t_s, load, busy_s; /* busy_s: its sum since the start */
    double power_w, energy_j, temperature_c, mhz;
    uint64_t memory_used;
    int pid; /* 0: nobody */
};

struct demo_cards;

/** Lays out what stays. `kinds` is borrowed until demo_cards_free(); NULL for none. Errors: in
 * `t`. */
struct demo_cards *demo_cards_new(const struct demo_card_kind *kinds, size_t len, uint64_t seed,
                                  struct demo_tree *t);

/** Brings all that moves to `t_s` since the start of the machine. */
void demo_cards_move(struct demo_cards *cards, double t_s, struct demo_tree *t);
void demo_cards_free(struct demo_cards *cards); /* NULL is fine */

/* ---- between demo_cards.c and the files of the makers ---- */

/* How a maker's cards look. */
struct demo_maker_files {
    void (*lay)(struct demo_tree *t, const struct demo_card *c);
    void (*move)(struct demo_tree *t, const struct demo_card *c, const struct demo_card_state *s);
    /* What is told of all cards of the maker at once; NULL: nothing is. */
    void (*tell)(struct demo_tree *t, const struct demo_card *c, const struct demo_card_state *s,
                 size_t len);
};

extern const struct demo_maker_files demo_amd, demo_intel, demo_intel_npu, demo_amd_npu, demo_gaudi,
    demo_tenstorrent, demo_rebellions, demo_furiosa, demo_tpu;

/** The files that PCI devices have, in `folder`. */
void demo_card_pci(struct demo_tree *t, const struct demo_card *c, const char *folder,
                   unsigned vendor, const char *driver);

/** Its link: of `generation`, with `lanes`. */
void demo_card_link(struct demo_tree *t, const struct demo_card *c, unsigned generation,
                    unsigned lanes);

/** The process that has a card; 0: none. */
int demo_card_pid(const struct demo_card *c);

/** Has the process of a card open its node, as file number 10 + the card's number. */
void demo_card_hold(struct demo_tree *t, const struct demo_card *c, const char *node);

/** A number from 0 to below 1 that is the card's own. */
double demo_card_random(const struct demo_card *c, unsigned n);

#endif
