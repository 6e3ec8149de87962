/* sink.c - the store as a sink. */
#include "scrape/sink.h"

static int to_group(void *self, struct str name, struct group **ret, struct error *err)
{
    return store_group(self, name, ret, err);
}

static int to_column(void *self, struct group *g, struct labels labels, uint32_t *ret,
                     struct error *err)
{
    return store_column(self, g, labels, ret, err);
}

static int to_append(void *self, struct group *g, int64_t ts_ms, const double *values, size_t n,
                     struct error *err)
{
    return store_append(self, g, ts_ms, values, n, err);
}

static void to_end(void *self, struct group *g)
{
    store_group_end(self, g);
}

struct sink sink_of_store(struct store *store)
{
    return (struct sink){store, to_group, to_column, to_append, to_end};
}
