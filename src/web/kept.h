/* kept.h - the dashboards that users keep in the data directory, and their earlier versions.
 *
 *     DIR/UID.json             what is shown
 *     DIR/.versions/UID@N.json what it was before, N counting up; also of a deleted one
 *
 * One caller at a time (web.c holds a lock); files are replaced whole, so a crash leaves the old
 * one or the new one. */
#ifndef ALGALON_WEB_KEPT_H
#define ALGALON_WEB_KEPT_H

#include "base/base.h"

#define KEPT_MAX_FILES    500  /* dashboards */
#define KEPT_MAX_VERSIONS 20   /* of one dashboard; the oldest goes first */
#define KEPT_MAX_OLD      2000 /* versions of all, deleted ones among them; the oldest goes first */

/** Whether a dashboard of this uid can be kept: letters, digits, "_", "-" and ".", no "." first. */
bool kept_is_uid(struct str uid);

/** The file of a uid, which kept_is_uid(); the caller's, to free(). NULL: out of memory. */
char *kept_path(const char *dir, struct str uid);

/**
 * Writes a dashboard; what it was before becomes a version. `*ret_new`: there was none. Makes the
 * folder. Errors: -EDQUOT KEPT_MAX_FILES are kept, -ENOSPC the disk is full, or others of writing.
 */
MUST_CHECK int kept_put(const char *dir, struct str uid, struct str text, bool *ret_new,
                        struct error *err);

/** Takes a dashboard away; it becomes a version. Errors: -ENOENT, or those of writing. */
MUST_CHECK int kept_remove(const char *dir, struct str uid, struct error *err);

/** Appends [{"version":N,"saved":Unix ms,"bytes":N},...], the newest first. Errors: -ENOMEM. */
MUST_CHECK int kept_versions(const char *dir, struct str uid, struct buf *to);

/** Appends the text of a version. Errors: -ENOENT, or those of reading. */
MUST_CHECK int kept_version(const char *dir, struct str uid, uint64_t version, struct buf *to,
                            struct error *err);

#endif
