/* usage.h - which files ask for which metrics: the inventory before a move. */
#ifndef ALGALON_MIGRATE_USAGE_H
#define ALGALON_MIGRATE_USAGE_H

#include "base/base.h"

#define USAGE_FILE_MAX  ((size_t)16 << 20)
#define USAGE_FILES_MAX 100000
#define USAGE_DEPTH_MAX 32 /* of folders */

struct usage_place {
    const char *file;
    size_t count; /* expressions of the file that ask for it */
};

struct usage_metric {
    struct str name;
    struct usage_place *places;
    size_t len, cap;
};

struct usage {
    struct arena arena;
    struct map metrics; /* struct usage_metric by name */
    size_t files, files_skipped;
};

void usage_init(struct usage *u);
void usage_fini(struct usage *u);

/**
 * Looks at a file, or at every file below a folder (hidden ones and links to folders left out). Of
 * JSON and YAML every text that is an expression counts, dashboards, rules or anything else; of
 * other texts the words that begin as an exporter's names do. Files that are too large or no text
 * are counted in files_skipped. Errors: what reading gives, -E2BIG more than USAGE_FILES_MAX files.
 */
MUST_CHECK int usage_add(struct usage *u, const char *path, struct error *err);

/** The same for a text; `file` names it. Errors: -ENOMEM. */
MUST_CHECK int usage_add_text(struct usage *u, const char *file, struct str text);

/** Appends a table: metric, its counterpart in the other schema, and the files below it. */
void usage_print(const struct usage *u, struct buf *to);
void usage_print_json(const struct usage *u, struct buf *to);

#endif
