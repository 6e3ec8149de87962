/* gunzip.h - undoes gzip, never past a bound; gunzip.c is this room's one door to
 * libdeflate. */
#ifndef ALGALON_SCRAPE_GUNZIP_H
#define ALGALON_SCRAPE_GUNZIP_H

#include "base/base.h"

struct gunzip;

/** One thread at a time. NULL when memory is out. */
struct gunzip *gunzip_new(void);
void gunzip_free(struct gunzip *g); /* NULL is fine */

/** Unpacks `packed` (one gzip member or several); *ret is borrowed until the next call. A large
 * text is freed then, the room of a small one is used again. Errors: -EBADMSG damaged or no gzip,
 * -EFBIG more than `max` bytes, -ENOMEM. */
MUST_CHECK int gunzip_text(struct gunzip *g, struct str packed, size_t max, struct str *ret,
                           struct error *err);

#endif
