/* feed_labels.h - the labels of a scraped series: those of the line with those of the target. */
#ifndef ALGALON_SCRAPE_FEED_LABELS_H
#define ALGALON_SCRAPE_FEED_LABELS_H

#include "scrape/feed.h"

/** Sets the target's labels in `b`, which holds those of the line `series`, as honor_labels says;
 * new names are made in `a`. Errors: -ENOMEM. */
MUST_CHECK int feed_labels_join(const struct feed_settings *s, struct str series,
                                struct label_builder *b, struct arena *a);

/** Holds labels against the configured limits. Errors: -E2BIG, with the limit passed. */
MUST_CHECK int feed_labels_check(const struct feed_settings *s, struct labels l, struct error *err);

#endif
