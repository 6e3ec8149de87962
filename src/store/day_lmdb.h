/* day_lmdb.h - what the two files that know LMDB share: day.c opens days, day_txn.c reads and
 * writes them. */
#ifndef ALGALON_STORE_DAY_LMDB_H
#define ALGALON_STORE_DAY_LMDB_H

#include "store/columns.h"
#include "store/day.h"

#include <lmdb.h>

#define DAY_FORMAT         1
#define DAY_FORMAT_WINDOWS 2 /* of a day that holds windows in the place of samples */
#define DAY_FORMAT_RELATED 3 /* there are blocks of format 2; windows perhaps too */
#define DAY_TOUCHED        4096

/* What the meta database remembers between openings. */
struct day_range {
    uint8_t bytes[24]; /* first time, last time, longest span */
};

struct day {
    struct days *days;
    int64_t number;
    char *path;
    MDB_env *env; /* NULL: closed */
    MDB_dbi blocks, shelves, meta;
    unsigned refs;
    uint64_t last_use;
    bool dropped;
    bool reopen;    /* the environment cannot go on: close it as soon as nobody uses it */
    bool read_only; /* opened while there was no room for its lock file */
    bool known;     /* the counts below are right */
    size_t map_min; /* of the map, after it was found full */
    uint64_t block_count, bytes;
    struct day_age age;
    uint32_t format;     /* DAY_FORMAT... */
    uint64_t written_ns; /* monotonic: the last commit; 0: none since the start */
    int64_t min_ms, max_ms;
    _Atomic int64_t span_ms;    /* of its longest block */
    struct column_set indexed;  /* columns the day's index has; the writing thread's */
    pthread_mutex_t trust_lock; /* lock: trusted */
    uint64_t *trusted;          /* keys of shelves whose checksum is good */
    size_t trusted_len, trusted_cap;
    atomic_bool damaged;  /* something of it could not be read */
    atomic_int unindexed; /* 1: and that was its label index; 2: its columns are being told anew */
    atomic_uint touched[DAY_TOUCHED]; /* monotonic second + 1 of the last reading */
};

struct days {
    char *dir;
    const struct store_io *io;
    size_t map_old;       /* of a day that is not written now, at least */
    pthread_mutex_t lock; /* lock: all below, and every day's refs, env, flags and counts */
    struct day **items;   /* by number */
    size_t len, cap;
    uint64_t uses;
    bool read_only;               /* nothing is ever written, not even a lock file */
    atomic_uint_least64_t damage; /* readings that left something out */
};

/** A negative errno for what LMDB says, and its words. */
int day_failed(struct error *err, const struct day *day, int rc);

/** Removes `name` from the folder when it is a draft that was never finished. */
void day_draft_clean(const char *dir, const char *name);

/** Takes the room of the lock file beforehand. 0 or an errno. */
int day_reserve_lock(const struct day *day);

/** Reads the file's size anew. lock of days held */
void day_learn_bytes(struct day *day);

/** A day that no list has; NULL when memory is out. */
struct day *day_new(struct days *d, int64_t number);
void day_free(struct day *day);

/** Opens its environment. lock of days held, unless no list has the day. */
MUST_CHECK int day_open(struct day *day, struct error *err);

/** Where day `number` stands or would stand in the list. lock of days held */
size_t days_find(const struct days *d, int64_t number);

/** The path of a day's lock file, to free(); NULL when memory is out. */
char *day_lock_path(const struct day *day);

/** The map size the day should have. */
size_t day_map_size(const struct day *day);

#endif
