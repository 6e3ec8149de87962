/* reader.h - maps of a configuration by tables of keys: every key has a reader, one that is not in
 * a table is an error with file and line. Used by all files that read a part of the format. */
#ifndef ALGALON_SCRAPE_READER_H
#define ALGALON_SCRAPE_READER_H

#include "base/base.h"
#include "metric/metric.h"

#define READER_WARNINGS_MAX 32

/* What is valid and has no effect: "file:line: what, and what to do". */
struct reader_warnings {
    struct str items[READER_WARNINGS_MAX];
    size_t len;
    size_t left_out; /* those beyond: counted, for whoever shows the others */
};

struct reader {
    const char *name;                 /* the file, for messages */
    struct str folder;                /* paths are relative to it */
    struct arena *arena;              /* what is read lives here */
    struct error *err;                /* never NULL */
    struct reader_warnings *warnings; /* whose texts live in `arena`; NULL: nobody wants them */
};

/* One key of a map: its reader gets the place behind `offset` of the struct that is filled. */
struct key {
    const char *name;
    int (*read)(struct reader *r, const struct yaml_node *node, void *to);
    size_t offset;
};

/* The keys that fill one struct; a map may fill several. */
struct key_table {
    const struct key *keys;
    size_t len;
    void *to;
};

/** Puts "file:line: reason" into r->err and returns -EINVAL. */
int reader_bad(struct reader *r, size_t line, const char *reason);

/** Adds "file:line: what" to the warnings. 0 or -ENOMEM. */
int reader_warn(struct reader *r, size_t line, const char *what);

/** As reader_bad() for -ENOMEM. */
int reader_out_of_memory(struct reader *r);

/** Puts file and line before what r->err says; returns its code. */
int reader_at_line(struct reader *r, size_t line);

/** Reads the map `node` (null is an empty one) by `tables`. `what` names it in messages. */
MUST_CHECK int reader_map(struct reader *r, const struct yaml_node *node, const char *what,
                          const struct key_table *tables, size_t len);

/* Readers of plain values; `to` is the type named. */
int reader_text(struct reader *r, const struct yaml_node *node, void *to);     /* struct str */
int reader_bool(struct reader *r, const struct yaml_node *node, void *to);     /* bool */
int reader_count(struct reader *r, const struct yaml_node *node, void *to);    /* uint64_t */
int reader_size(struct reader *r, const struct yaml_node *node, void *to);     /* uint64_t, bytes */
int reader_duration(struct reader *r, const struct yaml_node *node, void *to); /* int64_t, ms */
int reader_path(struct reader *r, const struct yaml_node *node, void *to);     /* struct str */
int reader_labels(struct reader *r, const struct yaml_node *node, void *to);   /* struct labels */
int reader_url(struct reader *r, const struct yaml_node *node, void *to);      /* http or https */

/* A list of texts. */
struct text_list {
    struct str *items;
    size_t len;
};
int reader_texts(struct reader *r, const struct yaml_node *node, void *to); /* struct text_list */
int reader_paths(struct reader *r, const struct yaml_node *node, void *to); /* the same of paths */

#endif
