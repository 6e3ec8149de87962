/* tree.h - copies what the collectors read of /proc, /sys and below the host's root, so that
 * `--path.procfs` and the like can be pointed at the copy. Start at tree_read(); tree_files.c lists
 * what is copied.
 *
 * Links in the middle of a path are followed and become folders; of those whose target is an
 * answer by itself (the driver of a device) the last name is kept. Files that hold what people
 * wrote (cmdline, environ) are never opened. A device that sleeps is not looked at more closely.
 *
 * Threads: "bundle-tree"; it is left behind when a file does not answer. */
#ifndef ALGALON_DOCTOR_TREE_H
#define ALGALON_DOCTOR_TREE_H

#include "device/device.h"

#define TREE_FILE_MAX  ((size_t)1 << 20)  /* of one file; what is longer is cut there */
#define TREE_FILES_MAX 4000               /* 256 CPUs alone have 1,500, of a line each */
#define TREE_BYTES_MAX ((size_t)12 << 20) /* of all; the bundle's other files take the rest */

enum tree_kind {
    TREE_FILE,
    TREE_LINK, /* `bytes` is its target */
    TREE_NAME  /* only that it is there matters */
};

enum tree_place {
    TREE_PROC,
    TREE_SYS,
    TREE_ROOT
};

struct tree_entry {
    enum tree_kind kind;
    char *name; /* "proc/stat", "sys/class/...", "root/etc/...", "answers/..." */
    char *bytes;
    size_t len;
};

struct tree {
    struct tree_entry *entries; /* in no order */
    size_t len, cap, bytes;
    size_t cut;                /* files longer than TREE_FILE_MAX */
    size_t left_out;           /* beyond TREE_FILES_MAX or TREE_BYTES_MAX */
    size_t processes_left_out; /* beyond those that are copied of a machine with many */
    char waiting[256];         /* the file that did not answer; "" when all did */
};

/**
 * Copies; processes in `pids` (borrowed) first. Errors: -EAGAIN, no thread. That a file did not
 * answer within `patience_ms` is no error: what was read before is there, and `ret->waiting` names
 * it. The caller frees with tree_fini().
 */
MUST_CHECK int tree_read(const struct host_paths *paths, const int *pids, size_t pid_len,
                         int64_t patience_ms, struct tree *ret, struct error *err);
void tree_fini(struct tree *t);

/** The entry of that name, or NULL. */
const struct tree_entry *tree_get(const struct tree *t, const char *name);

/** Takes a file that was made elsewhere, in place of one of that name; within the same bounds, but
 * what is longer than TREE_FILE_MAX is left out whole. `bytes` are copied. */
void tree_add(struct tree *t, const char *name, struct str bytes);

/* ---- between tree.c and tree_files.c, on the thread ---- */

#define TREE_PATH_MAX 1024

struct tree_job;

/** Copies all of it. */
void tree_collect(struct tree_job *job, const int *pids, size_t pid_len);

/** Copies what matches a pattern below a place; '*' in a component stands for any text. A "!"
 * before it: not where the first folder that was so found is a device that sleeps, or a sensor of
 * one. */
void tree_match(struct tree_job *job, enum tree_place place, enum tree_kind kind,
                const char *pattern);

/** Takes an entry as it is. `name` is below its place; `bytes` are copied. */
void tree_put(struct tree_job *job, enum tree_place place, enum tree_kind kind, const char *name,
              struct str bytes);

/** Where a place is read. */
const char *tree_root(const struct tree_job *job, enum tree_place place);

/** Says which file is touched next; false when nobody waits any more. */
bool tree_step(struct tree_job *job, const char *path);

void tree_left_out_processes(struct tree_job *job, size_t n);

/** Reads a plain file, at most TREE_FILE_MAX bytes; false for all else. */
bool tree_file(struct tree_job *job, const char *path, struct buf *to);

/** The names in a folder, sorted, each its own and the list too; NULL when it cannot be read. */
char **tree_list(struct tree_job *job, const char *path, size_t *ret_len);
void tree_list_free(char **names, size_t len);

#endif
