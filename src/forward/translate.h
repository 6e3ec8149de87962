/* translate.h - blocks of the queue made over for one receiver: other labels, another packing. */
#ifndef ALGALON_FORWARD_TRANSLATE_H
#define ALGALON_FORWARD_TRANSLATE_H

#include "base/base.h"
#include "scrape/scrape.h"

/**
 * Appends to `ret` what is sent of `block` (a WriteRequest in Snappy's form): labels rewritten by
 * the receiver's rules, packed with Zstandard or Snappy. *ret_samples are those in it, *ret_left
 * those that the rules leave out; nothing is appended when none is left. Errors: -EBADMSG the block
 * is none, -ENOMEM.
 */
MUST_CHECK int translate_block(const struct scrape_receiver *receiver, struct str block, bool zstd,
                               struct buf *ret, uint32_t *ret_samples, uint32_t *ret_left,
                               struct error *err);

#endif
