/* releases.h - which names each release gave: what an upgrade changes is told from it. A released
 * list never changes; that of the version at work is the catalogue (changes_test.c writes it). */
#ifndef ALGALON_MIGRATE_RELEASES_H
#define ALGALON_MIGRATE_RELEASES_H

#include "base/base.h"

/* As the catalogue has them. */
struct release_name {
    const char *name, *unit, *labels;
    bool chosen; /* given only when somebody asks for it by name (--dcgm.collectors) */
};

struct release {
    const char *version;
    const struct release_name *names;
    size_t len;
};

/* In the order of versions; the last is the one at work. */
extern const struct release releases[];
extern const size_t releases_len;

/** The release called `version`; NULL when there is none. */
const struct release *release_find(struct str version);

#endif
