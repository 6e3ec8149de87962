/* book.h - what one receiver knows of every alert and what it is still to be told. No clock, no
 * thread, no network: receiver.c has those. */
#ifndef ALGALON_NOTIFY_BOOK_H
#define ALGALON_NOTIFY_BOOK_H

#include "entry.h"

#define BATCH_MAX 64 /* alerts in one request, as Prometheus has it */

struct book {
    enum notify_kind kind;
    int64_t repeat_ms;
    const char *external_url;   /* borrowed */
    struct map entries;         /* by hash */
    struct entry *first, *last; /* the one heard of longest ago, and newest */
    size_t waiting;
    uint64_t dropped;
};

/* What one request carries. Begins zeroed; `body` is the caller's to free. */
struct batch {
    uint64_t hashes[BATCH_MAX], turns[BATCH_MAX];
    bool resolved[BATCH_MAX];
    size_t len;
    struct buf body;
};

void book_init(struct book *k, enum notify_kind kind, int64_t repeat_ms, const char *external_url);
void book_fini(struct book *k);

/** Takes the newest word on an alert, heard at now_ms; `labels` are all of them. */
void book_push(struct book *k, const struct notice *n, struct labels labels, int64_t now_ms);

/** Fills `b` with what is to be sent next; false: nothing waits. book_end() follows. */
bool book_gather(struct book *k, struct batch *b);

enum book_end {
    BOOK_TAKEN,
    BOOK_REFUSED, /* for good */
    BOOK_AGAIN    /* the receiver was away: it all waits again */
};
void book_end(struct book *k, const struct batch *b, enum book_end how, int64_t now_ms);

#endif
