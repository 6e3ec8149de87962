/* feed_state.h - what the files of a feed share: feed.c is its outside and its groups, feed_walk.c
 * walks texts, feed_row.c makes rows. Threads: one at a time per feed. */
#ifndef ALGALON_SCRAPE_FEED_STATE_H
#define ALGALON_SCRAPE_FEED_STATE_H

#include "scrape/feed.h"

#define COLUMN_DROPPED   UINT32_MAX       /* relabelling dropped the series */
#define COLUMN_REFUSED   (UINT32_MAX - 1) /* the store or a bound refused it */
#define COLUMN_DUPLICATE (UINT32_MAX - 2) /* an earlier line has the same series */
#define COLUMN_NONE      (UINT32_MAX - 2) /* from here on they are no columns */
#define RETRY_SCRAPES    60               /* after so many scrapes refused series are tried again */
#define REPORT_LEN       8                /* five always, three when the settings say so */
#define REPORT_FEW       5

#define TRACKED_NOW    1 /* in this scrape */
#define TRACKED_BEFORE 2 /* in the last one */

/* One sample line of the last text. The bytes before the series are comments since the line before;
 * they are compared with it. */
struct entry {
    uint32_t at;     /* where in the text the comments or the series start */
    uint32_t series; /* where the series starts, from `at` */
    uint32_t len;    /* of both */
    uint32_t column;
};

/* A sample that brought its own timestamp. */
struct stamped {
    int64_t ts_ms;
    uint32_t column, order;
    double value;
};

struct layout {
    struct buf text;
    struct entry *entries;
    size_t len, cap;
    size_t lines_refused; /* of the text; the same bytes are refused again */
    bool openmetrics;
};

struct feed {
    struct sink sink;
    struct metadata *metadata;
    char *name;
    struct group *group; /* NULL: not asked for yet */
    struct feed_settings settings;
    uint32_t report[REPORT_LEN];
    size_t report_len;
    struct layout layout;
    bool settled;         /* `before` holds exactly the columns of `layout`, nothing was stamped */
    bool refused;         /* some entry is COLUMN_REFUSED */
    unsigned tried;       /* scrapes since they were tried */
    double *row, *before; /* this scrape's values and the last's; absent where there is none */
    double *spare;        /* absent all over between uses; for samples with their own timestamps */
    size_t row_cap, before_cap, spare_cap, width; /* width: columns in use */
    unsigned char *tracked; /* NULL, or for each column whether it had a sample with its own
                               timestamp: TRACKED_NOW, TRACKED_BEFORE */
    size_t tracked_cap;
    struct stamped *stamped;
    size_t stamped_len, stamped_cap;
    uint32_t
        *index; /* of the layout by hash of the series: entry + 1, 0 free; only while walking */
    size_t index_size;
    struct arena arena; /* labels of the line in hand */
    size_t live;        /* columns in use by the layout and the scrape's own series */
    size_t burden;      /* dead columns, summed over the scrapes since they are too many */
    double *carried; /* NULL, or the group has ended: the last sample of each entry of the layout,
                        for the group that comes after it */
};

/* ---- feed_row.c: columns and rows, and the samples that bring timestamps of their own ---- */

/** Makes room to note which columns have timestamps of their own, where that is wanted. Errors:
 * -ENOMEM. */
MUST_CHECK int feed_row_track(struct feed *f, size_t width);

/** Asks the sink for the group and the columns of the scrape's own series. Errors: the sink's,
 * -ENOMEM. */
MUST_CHECK int feed_row_group(struct feed *f, struct error *err);

/** Asks the sink for a column and makes room for it in both rows. Errors: the sink's, -ENOMEM. */
MUST_CHECK int feed_row_column(struct feed *f, struct labels labels, uint32_t *ret,
                               struct error *err);

/** Begins a row. */
void feed_row_clear(struct feed *f);

/** Puts stale markers where the last scrape had a sample and this one has none; counts the series
 * that are new. */
size_t feed_row_mark(struct feed *f);

/** Appends the row and makes it the last one; `settled` as in struct feed. Errors: the sink's. */
MUST_CHECK int feed_row_commit(struct feed *f, int64_t ts_ms, const double report[REPORT_LEN],
                               bool settled, struct error *err);

/** Keeps a sample that brought its own timestamp. Errors: -ENOMEM. */
MUST_CHECK int feed_row_add_stamped(struct feed *f, const struct exposition_line *line,
                                    uint32_t column);

/** Appends a row for each distinct timestamp. Rows the store finds too old or that lie in the
 * future are counted. Errors: the sink's, -ENOMEM. */
MUST_CHECK int feed_row_append_stamped(struct feed *f, int64_t now_ms, struct feed_result *ret,
                                       struct error *err);

/* ---- feed_walk.c: from text to samples ---- */

void feed_layout_fini(struct layout *l);

/** The series of an entry, as it stands in the text. */
struct str feed_entry_series(const struct layout *l, const struct entry *it);

/** True when every line of the text is that of the last scrape; false leaves the row half filled.
 */
bool feed_walk_quickly(struct feed *f, struct exposition *e, struct feed_result *ret);

/** Walks the text line by line and makes the new layout. Errors: -EBADMSG, -E2BIG as feed_scrape(),
 * -ENOMEM. */
MUST_CHECK int feed_walk_carefully(struct feed *f, struct str text, bool openmetrics,
                                   struct feed_result *ret, struct error *err);

/** The column of a series by its labels: COLUMN_DROPPED and COLUMN_REFUSED among the answers.
 * Errors: -E2BIG, a limit of the configuration: the scrape fails. */
MUST_CHECK int feed_walk_resolve(struct feed *f, struct str series, uint32_t *ret,
                                 struct feed_result *result, struct error *err);

#endif
