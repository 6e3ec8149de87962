/* dns_sd.h - dns_sd_configs: targets from records of DNS. */
#ifndef ALGALON_SCRAPE_DNS_SD_H
#define ALGALON_SCRAPE_DNS_SD_H

#include "scrape/discovery.h"
#include "scrape/reader.h"

/** Makes the discovery of one entry. Errors: -EINVAL with file and line, -ENOMEM. */
MUST_CHECK int dns_sd_new(struct reader *r, const struct yaml_node *node, struct discovery **ret);

enum dns_type {
    DNS_SRV,
    DNS_A,
    DNS_AAAA,
    DNS_MX,
    DNS_NS
};

/** Adds the targets of a DNS message, an answer to a question for `name`, to `ret`; `port` is that
 * of records without one. Errors: -EBADMSG it is no DNS message, -ENOMEM. */
MUST_CHECK int dns_sd_read_answer(const unsigned char *message, size_t len, struct str name,
                                  enum dns_type type, uint64_t port, struct group_list *ret,
                                  struct error *err);

#endif
