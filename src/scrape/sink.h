/* sink.h - where scraped rows go: the store, or what a test puts in its place. */
#ifndef ALGALON_SCRAPE_SINK_H
#define ALGALON_SCRAPE_SINK_H

#include "base/base.h"
#include "store/store.h"

/* The calls are those of store.h with the same contracts. */
struct sink {
    void *self;
    int (*group)(void *self, struct str name, struct group **ret, struct error *err);
    int (*column)(void *self, struct group *g, struct labels labels, uint32_t *ret,
                  struct error *err);
    int (*append)(void *self, struct group *g, int64_t ts_ms, const double *values, size_t n,
                  struct error *err);
    void (*end)(void *self, struct group *g);
};

/** The sink that is `store`. */
struct sink sink_of_store(struct store *store);

#endif
