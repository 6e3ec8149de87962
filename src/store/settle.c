/* settle.c - ended days packed anew: the blocks that a group sealed every few minutes become few
 * long ones. A column costs less in them, since what stands in front of its values is paid once,
 * and reading over hours finds and checks fewer blocks. */
#include "store/regroup.h"

#define SETTLE_AFTER_MS INT64_C(3600000) /* an ended day may get late samples for so long */
#define SETTLE_ROWS                                                                                \
    1440                                /* two hours at 5 s: longer ones save 1 % and cost short   \
                                           queries more */
#define GATHER_BYTES ((size_t)16 << 20) /* of one group that are merged at a time */

static uint64_t blocks_of(uint64_t rows)
{
    return (rows + SETTLE_ROWS - 1) / SETTLE_ROWS;
}

/* Blocks of equal length, none longer than SETTLE_ROWS. */
static void cut(const struct regroup *r, uint32_t kind, uint64_t rows, int64_t *ret_split_ms,
                uint32_t *ret_rows)
{
    uint64_t blocks = blocks_of(rows);

    (void)r;
    (void)kind;
    *ret_split_ms = 0;
    *ret_rows = (uint32_t)((rows + blocks - 1) / blocks);
}

/* Whether merging would give no fewer blocks: of a group that nothing was added to. */
static bool stays(const struct regroup *r)
{
    uint64_t rows = 0;

    for (size_t i = 0; i < r->len; i++) {
        rows += r->pieces[i].view.rows;
        if (i && r->pieces[i].place.min_ms <= r->pieces[i - 1].place.max_ms)
            return false;
    }
    return r->len <= blocks_of(rows);
}

static int take(struct regroup *r, uint32_t kind, const void *block, size_t n)
{
    struct block_view view;
    int code = block_open(block, n, true, &view);

    (void)kind;
    if (code)
        return code;
    struct day_place place = {r->pieces[0].place.group, view.min_ms, view.max_ms, r->number};
    return rewrite_put(r->rewrite, &place, block, n);
}

static int settle_day(struct store *s, int64_t number, struct error *err)
{
    struct regroup r = {
        .below_ms = 1, .gather_bytes = GATHER_BYTES, .cut = cut, .stays = stays, .take = take};
    const struct rewrite_ops ops = {
        .block = regroup_block, .end = regroup_end, .settles = true, .ctx = &r};
    int code = 0;

    r.merger = store_take_merger(s);
    if (!r.merger)
        return error_errno(err, -ENOMEM, "packing a day anew");
    merger_relate(r.merger, true);
    pthread_mutex_lock(&s->rewrite_lock);
    code = rewrite_day(s, number, &ops, 0, err);
    pthread_mutex_unlock(&s->rewrite_lock);
    merger_relate(r.merger, false);
    store_give_merger(s, r.merger);
    regroup_fini(&r);
    return code;
}

/* Settles a day and notes how it went: 0, -ECANCELED, or an error that was counted. */
static int settle_and_tell(struct store *s, int64_t day)
{
    struct error err;
    char date[16];
    uint64_t start = clock_mono_ns();
    int code = settle_day(s, day, &err);

    if (code == -ECANCELED || code == -ENOENT) /* dropped by the retention meanwhile */
        return code == -ENOENT ? 0 : code;
    day_print_date(day, date);
    if (code) {
        /* Told once: without room for a second copy of a day this may go on for long. */
        if (!atomic_exchange(&s->settle_failed, true))
            log_warn("an ended day could not be packed anew, will try again", "day", date, "error",
                     err.text);
        atomic_fetch_add(&s->settle_errors, 1);
        return code;
    }
    atomic_store(&s->settle_failed, false);
    log_info("a day was packed anew", "day", date, "took_ms",
             LOG_NUM((clock_mono_ns() - start) / NS_PER_MS));
    return 0;
}

bool store_settle(struct store *s)
{
    int64_t now = atomic_load(&s->believed_ms);
    int64_t day = now ? days_unsettled(s->days, (now - SETTLE_AFTER_MS) / DAY_MS - 1) : -1;

    return day >= 0 && settle_and_tell(s, day) == 0;
}

void store_settle_all(struct store *s)
{
    struct error err;
    size_t n = days_list(s->days, 0, INT64_MAX, NULL, 0);
    int64_t *numbers = calloc(n + 1, sizeof(*numbers));
    int code = numbers ? store_flush(s, &err) : error_errno(&err, -ENOMEM, "packing days anew");

    if (code)
        log_warn("days cannot be packed anew", "error", err.text);
    n = numbers && !code ? MIN(n + 1, days_list(s->days, 0, INT64_MAX, numbers, n + 1)) : 0;
    for (size_t i = 0; i < n && code != -ECANCELED; i++)
        if (days_has_late(s->days, numbers[i]))
            code = settle_and_tell(s, numbers[i]);
    free(numbers);
}

void store_request_settle(struct store *s)
{
    pthread_mutex_lock(&s->state_lock);
    s->settle_requested = true;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->state_lock);
}
