/* import_batch.h - what the readers of pushed text share: samples gathered until there are enough
 * to hand on, and lines that cannot be read, counted. */
#ifndef ALGALON_API_IMPORT_BATCH_H
#define ALGALON_API_IMPORT_BATCH_H

#include "scrape/scrape.h"
#include "store/store.h"

#define IMPORT_BATCH 4096 /* samples kept at once */

typedef int import_push(void *ctx, const struct store_sample *samples, size_t n,
                        struct store_push_result *ret, struct error *err);

struct import_batch {
    import_push *push;
    void *ctx;
    struct import_result *result; /* counts; begins zeroed */
    struct store_sample *samples; /* [IMPORT_BATCH] */
    size_t len;
};

/** Everything else is the caller's to set. Errors: -ENOMEM. */
MUST_CHECK int import_batch_init(struct import_batch *b, struct error *err);
void import_batch_fini(struct import_batch *b);

/** Counts a line that cannot be read; the first one's reason is remembered. */
void import_batch_note(struct import_batch *b, size_t line, const char *what);

/** Adds a sample, whose labels must live until the next flush; true when the batch is full. */
bool import_batch_add(struct import_batch *b, struct labels labels, int64_t ts_ms, double value);

/** Hands on what was gathered. Errors: those of `push`. */
MUST_CHECK int import_batch_flush(struct import_batch *b, struct error *err);

#endif
