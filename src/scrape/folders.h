/* folders.h - tells when something in a folder changes, where the system can: inotify on Linux. It
 * only makes looking sooner: network file systems and other systems say nothing, so whoever waits
 * here looks by himself once a second as well. */
#ifndef ALGALON_SCRAPE_FOLDERS_H
#define ALGALON_SCRAPE_FOLDERS_H

#include "base/base.h"

#define FOLDERS_MAX 1000 /* further ones are only looked at */

struct folders;

/** NULL when memory or file descriptors are out. */
struct folders *folders_new(void);
void folders_free(struct folders *w); /* NULL is fine */

/** Forgets all folders. */
void folders_reset(struct folders *w);

/** Adds a folder; one that is not there is passed over. */
void folders_add(struct folders *w, const char *folder);

/** Waits until something changes, folders_wake() is called or `timeout_ms` are over. */
void folders_wait(struct folders *w, int timeout_ms);

/** Ends a folders_wait() going on or the next one. Any thread. */
void folders_wake(struct folders *w);

#endif
