/* history.h - how busy each device was at the last readings, for the curve beside its row. */
#ifndef ALGALON_TOP_HISTORY_H
#define ALGALON_TOP_HISTORY_H

#include "reading.h"

#define HISTORY_LEN 120

struct history {
    struct map tracks;
};

/* One value for each slot of time; the newest stands last. */
struct track {
    float values[HISTORY_LEN]; /* 0 to 1; NAN: not known */
    uint64_t slot;             /* of the newest */
    char *key;
};

void history_init(struct history *h);
void history_fini(struct history *h);

/** Adds what `r` says of each device at time slot `slot` (intervals since whenever; they rise).
 * Slots without a reading are gaps. Out of memory, curves are missing. */
void history_add(struct history *h, const struct reading *r, uint64_t slot);

/** Forgets the devices whose newest value is older than the curve at `slot`. */
void history_prune(struct history *h, uint64_t slot);

/** HISTORY_LEN values, or NULL for a device that is not known. */
const float *history_get(const struct history *h, const struct gpu *g);

#endif
