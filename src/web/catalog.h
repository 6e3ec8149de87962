/* catalog.h - all dashboards of one moment: the shipped ones, a folder's, and those that are kept,
 * in the order in which they are listed. Never changed once made; shared by reference count. */
#ifndef ALGALON_WEB_CATALOG_H
#define ALGALON_WEB_CATALOG_H

#include "web/assets.h"
#include "web/dashboard_file.h"

#define CATALOG_MAX_FILES 1000 /* of a folder; what is beyond is logged and left out */

struct catalog {
    atomic_uint refs;
    struct dashboard_file *items; /* shipped ones as embedded, then by title; broken ones last */
    size_t len, cap;
    struct buf list; /* what GET /api/dashboards answers */
};

/**
 * Reads `shipped`, the *.json files of `dir`, and those of `kept` (NULL or not there: none). Of the
 * same uid the folder's wins over a kept one, and both win over a shipped one. What is wrong with a
 * file stands in its item; a folder that cannot be read is logged. The caller's, to
 * catalog_release(). Errors: -ENOMEM.
 */
MUST_CHECK int catalog_load(const struct asset *shipped, size_t shipped_len, const char *dir,
                            const char *kept, struct catalog **ret, struct error *err);

struct catalog *catalog_retain(struct catalog *c);
void catalog_release(struct catalog *c); /* NULL is fine */

/** The dashboard of a uid, else the one whose file in a folder is called `uid`.json; or NULL. */
const struct dashboard_file *catalog_get(const struct catalog *c, struct str uid);

/** Appends a uid that none has: `uid` with a number behind it. */
void catalog_free_uid(const struct catalog *c, struct str uid, struct buf *to);

/** The one that "/" shows: the first without a mistake; NULL when there is none. */
const struct dashboard_file *catalog_first(const struct catalog *c);

#endif
