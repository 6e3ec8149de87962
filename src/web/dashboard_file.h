/* dashboard_file.h - one dashboard file: read, checked, and kept as the answer that serves it. */
#ifndef ALGALON_WEB_DASHBOARD_FILE_H
#define ALGALON_WEB_DASHBOARD_FILE_H

#include "base/base.h"

#define DASHBOARD_MAX_BYTES ((size_t)4 << 20) /* the largest published ones have 1 MiB */
#define DASHBOARD_MAX_DEPTH 64                /* of nested JSON; real files reach 15 */
#define DASHBOARD_MAX_UID   128
#define DASHBOARD_MAX_TAGS  64

/* Where it comes from: all but kept ones are for reading only. */
enum dashboard_origin {
    DASHBOARD_SHIPPED, /* compiled into the program */
    DASHBOARD_FOLDER,  /* of --dashboards */
    DASHBOARD_KEPT,    /* saved from the pages, in the data directory */
};

/* What is known of a file. A broken one has an `error` and no `answer`. */
struct dashboard_file {
    char *file;  /* its name in its folder */
    char *uid;   /* its own, or made from the file's name */
    char *title; /* its own, or the file's name */
    char **tags;
    size_t tag_len;
    char *error;         /* "gpu.json:3:14: what is wrong"; NULL: nothing */
    size_t line, column; /* of the mistake, from 1; 0: of the whole file */
    struct buf answer;   /* {"meta":...,"dashboard":...} */
    uint64_t hash;       /* of the answer */
    enum dashboard_origin origin;
    size_t place; /* among the shipped ones, as they are embedded; SIZE_MAX: not one of them */
};

/**
 * Takes the text of a dashboard file: bare, or wrapped as Grafana's API and exports have it
 * ({"dashboard": ...}). A mistake is no failure: it stands in `ret->error`, with line and column
 * where they are known. The result is the caller's, to dashboard_file_fini().
 */
void dashboard_file_init(struct dashboard_file *ret, const char *file, struct str text,
                         enum dashboard_origin origin);
void dashboard_file_fini(struct dashboard_file *d);

/** "shipped", "folder", "kept" */
const char *dashboard_origin_text(enum dashboard_origin origin);

/** Makes a file broken: `format` says why, behind the file's name. */
void dashboard_file_fail(struct dashboard_file *d, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
