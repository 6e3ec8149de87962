/* presence.h - GPUs that should be there: what the bus shows, what the driver lists, and what was
 * there before, as one list with a state each. What was there can be kept in a file, so that a GPU
 * which was lost before a restart is still missed after it.
 *
 * Used by one thread: the publisher. */
#ifndef ALGALON_WORKER_PRESENCE_H
#define ALGALON_WORKER_PRESENCE_H

#include "worker/snapshot.h"

#define PRESENCE_MAX 256 /* GPUs remembered */
#define PRESENCE_FORGET_S                                                                          \
    (7 * 24 * INT64_C(3600)) /* one that was not seen for so long is forgotten */

/* A GPU that was there. */
struct presence_known {
    char bus_id[24], uuid[96], name[96], serial[32];
    unsigned number; /* gpu_index at that time */
    int64_t seen_s;  /* Unix time, moved on by the time that no worker ran */
};

struct presence {
    const char *file; /* borrowed; NULL: remembered only while this runs */
    struct presence_known *known;
    size_t len, cap;
    uint64_t index_changes; /* GPUs that came to another number, ever */
    uint64_t replacements;  /* boards that took the place of another, ever */
    bool read;              /* from the file, and not looked at yet */
    bool changed;           /* since it was written last */
    bool write_failed;      /* and was logged */
    int64_t written_s;
};

/** Takes what `file` (borrowed; NULL: none) remembers. One that cannot be read or understood is
 * logged and as good as empty. */
void presence_init(struct presence *p, const char *file);

void presence_fini(struct presence *p);

/** Lists s->presences, after merge(). Writes the file where something changed, and each hour.
 * Errors: -ENOMEM, the snapshot then has none. */
MUST_CHECK int presence_update(struct presence *p, struct snapshot *s);

/** Adds to the empty `ret` what the text of such a file says. Errors: -EINVAL, `err` says which
 * line; -ENOMEM; `ret` is then empty. */
MUST_CHECK int presence_parse(struct str text, struct presence *ret, struct error *err);

/** Appends that text. */
void presence_print(const struct presence *p, struct buf *to);

/** What a state means and what to do about it, in a sentence each; "" for those that are well. */
const char *presence_meaning(enum presence_state state);
const char *presence_advice(enum presence_state state);

#endif
