/* npu_set.h - what collectors of accelerators that are no GPUs have in common: finding the cards,
 * keeping their numbers while cards come and go, reading each that is there, and saying who has
 * them open. A vendor's file says what is particular: see struct npu_kind.
 *
 * Threads: a set belongs to one thread. */
#ifndef ALGALON_DEVICE_NPU_NPU_SET_H
#define ALGALON_DEVICE_NPU_NPU_SET_H

#include "device/linux_cards.h"
#include "device/linux_node.h"

/* Power of a device added up over time. Begins zeroed, and after a silence with a power of
 * UNKNOWN. */
struct npu_energy {
    uint64_t mono_ns; /* of the power below; 0: none */
    double power_w, total_j;
};

struct npu_device {
    const struct linux_card *card;
    struct accelerator *identity; /* what does not change while it is there */
    uint64_t mono_ns;             /* of the reading before; 0: none */
    struct npu_energy energy;
    void *own;          /* the vendor's, of own_size bytes, zero at first */
    const void *shared; /* the vendor's, of all cards */
};

struct npu_kind {
    const char *platform; /* "gaudi": also the collector's name */
    const char *what;     /* for messages: "Gaudi" */
    size_t own_size;
    /** Lists the cards that are there in order of their places; at most LINUX_CARDS. */
    size_t (*list)(const struct host_paths *paths, struct linux_card *to);
    /** Whether a card is there and awake. NULL: as linux_card_state() has it. */
    enum accelerator_state (*state)(const struct host_paths *paths, const struct linux_card *c);
    /** Before the cards of a reading, for what is asked once for all of them; `shared` is of
     * shared_size bytes, zero at first. NULL: nothing is. */
    void (*begin)(const struct host_paths *paths, const struct npu_device *devices, size_t len,
                  uint64_t mono_ns, void *shared);
    /** Frees what `shared` holds. NULL: nothing. */
    void (*end)(void *shared);
    size_t shared_size;
    /** Fills in what does not change. */
    void (*identify)(const struct host_paths *paths, struct npu_device *d);
    /** Fills in `a`, which holds the identity, of a card that is there and awake. */
    void (*read)(const struct host_paths *paths, struct npu_device *d, uint64_t mono_ns,
                 struct accelerator *a);
    /** Adds the card's nodes, as uses of device `index`; returns the new length. */
    size_t (*nodes)(const struct linux_card *c, unsigned index, struct linux_node *to, size_t len);
    /** Adds who has a card that is there, where the driver tells; -ENOENT when it does not, and the
     * nodes are looked for. NULL: it never does. */
    int (*users)(const struct host_paths *paths, const struct npu_device *d, struct reading *out);
    /** Versions of its software. */
    void (*versions)(const struct host_paths *paths, struct platform_info *p);
    /** Says what an operator could do about a card that is there and awake. NULL: nothing. */
    void (*advise)(const struct host_paths *paths, const struct npu_device *d, struct arena *a,
                   struct finding **ret, size_t *ret_len);
};

struct npu_set {
    const struct npu_kind *kind;
    struct linux_cards all;
    struct npu_device devices[LINUX_CARDS];
    void *shared;
    struct linux_node_watch watch;
};

/** True when there is a card. */
bool npu_set_detect(const struct npu_kind *kind, const struct host_paths *paths);

struct npu_set *npu_set_open(const struct npu_kind *kind, const struct host_paths *paths);

/* The collector of a kind: what struct collector asks for, by the set. */
#define NPU_COLLECTOR(name_of_it, kind)                                                            \
    static bool detect_cards(const struct host_paths *paths)                                       \
    {                                                                                              \
        return npu_set_detect(&(kind), paths);                                                     \
    }                                                                                              \
    static int open_cards(const struct host_paths *paths, void **ret, struct error *err)           \
    {                                                                                              \
        (void)err;                                                                                 \
        *ret = npu_set_open(&(kind), paths);                                                       \
        return 0;                                                                                  \
    }                                                                                              \
    static void diagnose_cards(const struct host_paths *paths, struct arena *a,                    \
                               struct finding **ret, size_t *ret_len)                              \
    {                                                                                              \
        npu_set_diagnose(&(kind), paths, a, ret, ret_len);                                         \
    }                                                                                              \
    const struct collector name_of_it = {                                                          \
        .name = #kind,                                                                             \
        .detect = detect_cards,                                                                    \
        .open = open_cards,                                                                        \
        .read = npu_set_read,                                                                      \
        .close = npu_set_close,                                                                    \
        .diagnose = diagnose_cards,                                                                \
    }
void npu_set_close(void *state); /* NULL is fine */

/** As read() of struct collector. Errors: -ENODEV no card is left, -ENOMEM. */
MUST_CHECK int npu_set_read(void *state, struct reading *out, struct error *err);

/** Says what was found, a line a card. */
void npu_set_diagnose(const struct npu_kind *kind, const struct host_paths *paths, struct arena *a,
                      struct finding **ret, size_t *ret_len);

/* ---- for the vendors' files ---- */

/** The text of a file of the card's folder, cleaned; "" when it is not there. */
void npu_text(const struct host_paths *paths, const struct npu_device *d, const char *file,
              char *to, size_t size);

/** A number of it times `scale`; unknown when it is not there. */
double npu_number(const struct host_paths *paths, const struct npu_device *d, const char *file,
                  double scale);

/** The same of its first sensor chip. */
double npu_sensor(const struct host_paths *paths, const struct npu_device *d, const char *file,
                  double scale);

/** Energy as an integral of the power in `a`, marked as estimated; nothing while power is unknown.
 */
void npu_energy(struct npu_energy *e, uint64_t mono_ns, struct accelerator *a);

/** What comes next does not follow what was: the device was away or asleep. */
void npu_energy_rest(struct npu_energy *e);

#endif
