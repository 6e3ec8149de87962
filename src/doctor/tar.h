/* tar.h - an archive in POSIX's ustar form, in memory, gzipped at the end.
 *
 * Each entry is a header of 512 bytes, then its bytes filled with zeros to a multiple of 512; two
 * blocks of zeros end the archive. Numbers are octal text:
 *
 *     0 name[100] | 100 mode[8] | 108 uid[8] | 116 gid[8] | 124 size[12] | 136 mtime[12]
 *     148 checksum[8] | 156 type | 157 link[100] | 257 "ustar\0" "00" | zeros to 512
 *
 * The checksum is the sum of the header's bytes with the checksum's own eight as blanks. A name or
 * target of more than 100 bytes stands in an entry of type 'x' before (POSIX.1-2001's pax): lines
 * "LENGTH path=NAME\n", LENGTH with its own digits. Everybody's tar reads that. */
#ifndef ALGALON_DOCTOR_TAR_H
#define ALGALON_DOCTOR_TAR_H

#include "base/base.h"

/** Appends a file that its owner may read. */
void tar_file(struct buf *to, struct str name, struct str bytes, int64_t time_s);

/** Appends a symbolic link. */
void tar_link(struct buf *to, struct str name, struct str target, int64_t time_s);

/** Ends the archive and appends it to `ret`, compressed. Errors: -ENOMEM. */
MUST_CHECK int tar_gzip(struct buf *tar, struct buf *ret);

#endif
