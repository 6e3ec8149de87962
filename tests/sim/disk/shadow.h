/* shadow.h - what of a folder would survive a power cut. Paths are the folder's files'; the caller
 * holds a lock. A name is safe when its folder was synced, bytes when their file was. Folders
 * themselves count as safe once they are made. */
#ifndef ALGALON_TESTS_SIM_SHADOW_H
#define ALGALON_TESTS_SIM_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** All that is in `dir` now is safe; notes go to the folder `shadow`, which is made anew. */
void shadow_begin(const char *dir, const char *shadow);

void shadow_created(const char *path);

/** Keeps the safe bytes of a file that is about to change. */
void shadow_save(const char *path);

/** A file, or a folder, was synced. */
void shadow_synced(const char *path);

/** Bytes were written and synced at once. */
void shadow_wrote(const char *path, const void *bytes, size_t n, off_t at);

/** A file has another name; `to` NULL: none. */
void shadow_renamed(const char *from, const char *to);

#endif
