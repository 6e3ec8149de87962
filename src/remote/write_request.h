/* write_request.h - the protobuf messages of remote write: 1.0 (prometheus.WriteRequest), read as a
 * stream of series and written series by series, and 2.0 (io.prometheus.write.v2.Request), which is
 * read. */
#ifndef ALGALON_REMOTE_WRITE_REQUEST_H
#define ALGALON_REMOTE_WRITE_REQUEST_H

#include "base/base.h"
#include "metric/metric.h"

struct write_sample {
    int64_t ts_ms;
    double value;
};

enum write_kind {
    WRITE_END,
    WRITE_SERIES,
    WRITE_METADATA
};

/* One part of a request. All texts lie in the message. */
struct write_item {
    enum write_kind kind;
    /* Of a series: sorted labels, which live as long as the item; what is wrong with them, NULL
     * when nothing is; how many samples there are, and how many histograms, which are not read. */
    struct labels labels;
    const char *fault;
    size_t samples, histograms;
    /* Of metadata; in 2.0 it comes with a series: `family` is empty where there is none. */
    struct str family, type, help, unit;

    struct label_builder builder; /* holds `labels` */
    struct str rest;              /* of the series, for write_item_sample() */
};

struct write_reader {
    struct str rest;
    const struct str *symbols; /* of version 2.0; NULL: the message is of 1.0 */
    size_t symbol_len;
};

/** A reader of the unpacked body `message`, which is borrowed. */
static inline struct write_reader write_reader_of(struct str message)
{
    return (struct write_reader){.rest = message};
}

/** The same for a message of version 2.0; its table of texts is kept in `a`. Errors: -EBADMSG,
 * -ENOMEM. */
MUST_CHECK int write_reader_v2(struct str message, struct arena *a, struct write_reader *ret,
                               struct error *err);

/**
 * Reads the next part into `ret`, whose kind is WRITE_END at the end. A series with labels that
 * can't be is no error: `fault` says so and its samples may be passed over. Errors: -EBADMSG the
 * bytes are no such message; what was read before stands.
 */
MUST_CHECK int write_reader_next(struct write_reader *r, struct write_item *ret, struct error *err);

/** The next sample of a series; false past the last. */
bool write_item_sample(struct write_item *item, struct write_sample *ret);

/** Appends labels as the message has them: for write_series_add(). */
void write_labels_add(struct buf *to, struct labels labels);

/** Appends a series: `labels` as write_labels_add() made them, and its samples. */
void write_series_add(struct buf *to, struct str labels, const struct write_sample *samples,
                      size_t n);

/** Appends what is known of a family; an unknown `type` is sent as such. */
void write_metadata_add(struct buf *to, const struct metadata_entry *entry);

#endif
