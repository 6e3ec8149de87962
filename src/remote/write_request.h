/* write_request.h - the protobuf message of remote write 1.0 (prometheus.WriteRequest), read as a
 * stream of series and written series by series. */
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
    /* Of metadata. */
    struct str family, type, help, unit;

    struct label_builder builder; /* holds `labels` */
    struct str rest;              /* of the series, for write_item_sample() */
};

struct write_reader {
    struct str rest;
};

/** A reader of the unpacked body `message`, which is borrowed. */
static inline struct write_reader write_reader_of(struct str message)
{
    return (struct write_reader){message};
}

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
