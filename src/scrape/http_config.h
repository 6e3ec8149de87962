/* http_config.h - the keys of Prometheus's HTTPClientConfig, which jobs, discoveries and receivers
 * share; what they fill is outbound/http_config.h. */
#ifndef ALGALON_SCRAPE_HTTP_CONFIG_H
#define ALGALON_SCRAPE_HTTP_CONFIG_H

#include "outbound/outbound.h"
#include "scrape/reader.h"

#define HTTP_HEADERS_MAX 64

/** The keys; for reader_map(), with a struct http_config to fill. */
struct key_table http_config_keys(struct http_config *h);

/** Adds a header of the configuration; the texts are borrowed. Errors: -EINVAL with file and line,
 * it is none or one that the request says itself; -ENOMEM. */
MUST_CHECK int http_config_add_header(struct reader *r, size_t line, struct http_config *h,
                                      struct str name, struct str value);

/** What keys mean together: `line` is that of the map they stand in. Errors: -EINVAL. */
MUST_CHECK int http_config_settle(struct reader *r, size_t line, struct http_config *h);

#endif
