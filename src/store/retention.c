/* retention.c - dropping old days.
 *
 * A wall clock that jumps ahead must not make good days old: retention believes the clock as long
 * as it goes with the monotonic one. A jump ahead is believed once it has lasted an hour; a jump
 * back at once, since it only keeps more. At the start the newest sample stands for the clock that
 * was. */
#include "store/internal.h"

#define JUMP_MS    INT64_C(600000)
#define BELIEVE_NS (UINT64_C(3600) * NS_PER_S)
#define START_MS   DAY_MS /* how long a store may have been closed without doubt */

static int64_t believed_now(struct store *s)
{
    struct clock_guard *g = &s->guard;
    int64_t wall = s->io->now_ms(), newest = atomic_load(&s->newest_ms);
    uint64_t mono = s->io->mono_ns();

    if (!g->mono_ns) {
        bool doubtful = newest != INT64_MIN && wall - newest > START_MS;
        *g = (struct clock_guard){doubtful ? newest : wall, mono, 0};
    }
    int64_t expected = g->wall_ms + (int64_t)((mono - g->mono_ns) / NS_PER_MS);
    if (wall <= expected + JUMP_MS) {
        *g = (struct clock_guard){wall, mono, 0};
        return wall;
    }
    if (!g->jumped_ns)
        g->jumped_ns = mono;
    if (mono - g->jumped_ns < BELIEVE_NS)
        return expected;
    *g = (struct clock_guard){wall, mono, 0};
    return wall;
}

static void drop(struct store *s, int64_t day, const char *why)
{
    char date[16];

    day_print_date(day, date);
    log_info("old day dropped", "day", date, "because", why);
    days_drop(s->days, day);
}

static void drop_by_size(struct store *s, int64_t today)
{
    for (;;) {
        struct days_stats stats;
        struct wal_stats log;
        int64_t oldest;
        days_get_stats(s->days, &stats);
        wal_get_stats(s->wal, &log);
        if (stats.disk_bytes + log.bytes <= s->options.retention_bytes || stats.days < 2 ||
            !days_list(s->days, 0, today - 1, &oldest, 1))
            return;
        drop(s, oldest, "the store is larger than it may be");
    }
}

void store_retain(struct store *s)
{
    int64_t now = believed_now(s), oldest, newest;
    bool dropped = false;

    atomic_store(&s->believed_ms, now);
    if (s->options.retention_ms > 0) {
        int64_t floor = MAX(now - s->options.retention_ms, INT64_C(0));
        int64_t old[64];
        atomic_store(&s->retention_floor_ms, floor);
        size_t n = days_list(s->days, 0, floor / DAY_MS - 1, old, ARRAY_LEN(old));
        for (size_t i = 0; i < MIN(n, ARRAY_LEN(old)); i++)
            drop(s, old[i], "it is older than the retention");
        dropped = n > 0;
    }
    if (s->options.retention_bytes)
        drop_by_size(s, now / DAY_MS);
    if (dropped && days_range(s->days, &oldest, &newest))
        atomic_store(&s->oldest_ms, MIN(oldest, atomic_load(&s->newest_ms)));
}
