/* hash.h - XXH3 for tables and series identity, CRC32C for bytes on disk. */
#ifndef ALGALON_BASE_HASH_H
#define ALGALON_BASE_HASH_H

#include "base/std.h"
#include "base/str.h"

/** XXH3, 64 bits. Stable over releases: it may stand in files. */
uint64_t hash_bytes(const void *bytes, size_t n);

/** Hashes `n` bytes onto an earlier hash. */
uint64_t hash_more(uint64_t hash, const void *bytes, size_t n);

/** CRC32C (Castagnoli, as in iSCSI, RFC 3720), continuing from `crc`; start with 0. Uses the CPU's
 * own where it has one. */
uint32_t hash_crc32c(uint32_t crc, const void *bytes, size_t n);

#endif
