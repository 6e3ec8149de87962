/* demo_tree.h - the files of a machine that does not exist: small texts below a folder, made at
 * first and then written over. */
#ifndef ALGALON_CMD_DEMO_TREE_H
#define ALGALON_CMD_DEMO_TREE_H

#include "base/base.h"

#define DEMO_PATH 512

struct demo_tree {
    const char *dir; /* borrowed */
    struct buf text; /* what is written next */
    int code;        /* the first error */
};

void demo_tree_init(struct demo_tree *t, const char *dir);
void demo_tree_fini(struct demo_tree *t);

/** Writes `text` to `path` below the folder, in place, since collectors keep some files open; a
 * reader in between sees whole lines, not an empty file. Makes the folders above. `text` is empty
 * afterwards. Errors: in `code`. */
void demo_tree_put(struct demo_tree *t, const char *path);

/** The same for files that are opened at each reading: all of it at once. */
void demo_tree_swap(struct demo_tree *t, const char *path);

/** Writes a line to `folder`/`name`. */
void demo_tree_line(struct demo_tree *t, const char *folder, const char *name, const char *format,
                    ...) PRINTF_LIKE(4, 5);

/** Writes bytes as a recorded answer. */
void demo_tree_answer(struct demo_tree *t, const char *folder, const char *name, const void *bytes,
                      size_t len);

/** A symbolic link; one that is there stays. */
void demo_tree_link(struct demo_tree *t, const char *path, const char *target);

#endif
