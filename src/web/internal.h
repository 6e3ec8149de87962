/* internal.h - the pages as web.c and edit.c share them. */
#ifndef ALGALON_WEB_INTERNAL_H
#define ALGALON_WEB_INTERNAL_H

#include "web/catalog.h"
#include "web/web.h"

struct web {
    char *dir, *kept; /* NULL: none */
    bool read_only;
    int (*series_now)(void *ctx, struct buf *to, struct error *err); /* NULL: nobody knows */
    void *ctx;
    pthread_mutex_t lock; /* lock: catalog */
    struct catalog *catalog;
    pthread_mutex_t write_lock; /* one change of what is kept at a time; taken before `lock` */
};

/** The dashboards of this moment; the caller's, to catalog_release(). */
struct catalog *web_catalog(struct web *w);

/** The file's text as it is on disk or in the program, appended. Errors: those of reading. */
MUST_CHECK int web_file_text(const struct web *w, const struct dashboard_file *d, struct buf *to,
                             struct error *err);

/** Headers of every answer of the pages. */
void web_safe_headers(struct http_request *r);

/** Answers {"message": what}. */
void web_refuse(struct http_request *r, unsigned status, const char *what);

/** The tag by which a client names what it has seen: "0123456789abcdef" with its quotes. */
#define WEB_TAG_SIZE 24
void web_tag(uint64_t hash, char tag[WEB_TAG_SIZE]);

/* edit.c */
http_handler edit_put, edit_delete, edit_file, edit_versions, edit_check;

#endif
