/* check_files.h - looks at the files that `algalon check` is given, each as the part of the program
 * that would read it does. */
#ifndef ALGALON_CMD_CHECK_FILES_H
#define ALGALON_CMD_CHECK_FILES_H

#include "migrate/migrate.h"

enum file_kind {
    FILE_CONFIG,
    FILE_SCRAPE,
    FILE_TARGETS,
    FILE_RULES,
    FILE_DASHBOARD,
    FILE_WEB,
    FILE_DATA,
    FILE_UNKNOWN
};

/* What one file says that matters to another: intervals. */
struct check_files {
    struct report *report;
    const struct known *known;  /* what expressions are held against; NULL: nothing */
    int64_t worker_interval_ms; /* of a configuration that was seen; 0: none */
    const char *worker_file;
    int64_t shortest_scrape_ms; /* 0: none seen */
    const char *scrape_file;
    size_t scrape_line;
};

/** The kind that a word of --kind means; FILE_UNKNOWN for "auto". */
enum file_kind check_files_kind(const char *word);

/** Looks at `path`; a folder that is no data directory stands for the files in it. What it finds
 * goes into the report. */
void check_files_look(struct check_files *c, const char *path, enum file_kind kind);

/** What the files say together. */
void check_files_compare(struct check_files *c);

#endif
