/* book.c - see book.h. */
#include "book.h"

#include <stdlib.h>

void book_init(struct book *k, enum notify_kind kind, int64_t repeat_ms, const char *external_url)
{
    *k = (struct book){.kind = kind, .repeat_ms = repeat_ms, .external_url = external_url};
    map_init(&k->entries);
}

static struct str key_of(const uint64_t *hash)
{
    return str_make((const char *)hash, sizeof(*hash));
}

static void unlink_entry(struct book *k, struct entry *e)
{
    *(e->prev ? &e->prev->next : &k->first) = e->next;
    *(e->next ? &e->next->prev : &k->last) = e->prev;
    e->prev = e->next = NULL;
}

static void forget(struct book *k, struct entry *e)
{
    k->waiting -= e->waits;
    unlink_entry(k, e);
    map_take(&k->entries, key_of(&e->hash));
    free(e);
}

static void append_entry(struct book *k, struct entry *e)
{
    e->prev = k->last;
    *(k->last ? &k->last->next : &k->first) = e;
    k->last = e;
}

/* True when the receiver wants to hear of `e`, having known `old` (or NULL). */
static bool is_wanted(const struct book *k, const struct entry *e, const struct entry *old,
                      int64_t now_ms)
{
    if (old && e->resolved && !old->told && !old->sending && !old->resolved)
        return false; /* it never heard that it began */
    if (k->kind == NOTIFY_ALERTMANAGER)
        return true;
    if (!old || !old->told || old->waits)
        return old || !e->resolved;
    return old->resolved != e->resolved || old->starts_ms != e->starts_ms ||
           (!e->resolved && now_ms - old->told_ms >= k->repeat_ms);
}

void book_push(struct book *k, const struct notice *n, struct labels labels, int64_t now_ms)
{
    struct entry *e = entry_new(n, labels);

    if (!e) {
        k->dropped++;
        return;
    }
    struct entry *old = map_get(&k->entries, key_of(&e->hash));
    e->waits = is_wanted(k, e, old, now_ms);
    if (old) {
        e->told = old->told;
        e->told_ms = old->told_ms;
        e->sending = old->sending;
        e->turn = old->turn + 1;
        forget(k, old);
    }
    /* What has ended and was told of is done with. */
    if (e->resolved && !e->waits) {
        free(e);
    } else if (map_put(&k->entries, key_of(&e->hash), e, NULL)) {
        k->dropped++;
        free(e);
    } else {
        append_entry(k, e);
        k->waiting += e->waits;
        if (k->entries.len > NOTIFY_ALERTS_MAX) {
            k->dropped += k->first->waits;
            forget(k, k->first);
        }
    }
}

/* ---- what is sent ---- */

static bool shares_message(const struct book *k, const struct entry *a, const struct entry *b)
{
    return k->kind == NOTIFY_ALERTMANAGER ||
           (a->resolved == b->resolved && str_equal(labels_get(a->labels, STR("alertname")),
                                                    labels_get(b->labels, STR("alertname"))));
}

static void print_batch(const struct book *k, struct entry *const *entries, size_t n,
                        struct buf *to)
{
    if (k->kind == NOTIFY_WEBHOOK) {
        entry_print_group(entries, n, k->external_url, to);
        return;
    }
    buf_char(to, '[');
    for (size_t i = 0; i < n; i++) {
        buf_text(to, i ? "," : "");
        entry_print_alertmanager(entries[i], k->external_url, to);
    }
    buf_char(to, ']');
}

bool book_gather(struct book *k, struct batch *b)
{
    struct entry *entries[BATCH_MAX];

    b->len = 0;
    buf_reset(&b->body);
    for (struct entry *e = k->first; e && k->waiting && b->len < BATCH_MAX; e = e->next) {
        if (!e->waits || (b->len && !shares_message(k, entries[0], e)))
            continue;
        b->hashes[b->len] = e->hash;
        b->turns[b->len] = e->turn;
        b->resolved[b->len] = e->resolved;
        e->sending = true;
        entries[b->len++] = e;
    }
    if (b->len)
        print_batch(k, entries, b->len, &b->body);
    return b->len > 0;
}

/* The receiver took the words of a batch, or refused them for good: they are done with. */
static void settle(struct book *k, const struct batch *b, size_t i, struct entry *e, bool taken,
                   int64_t now_ms)
{
    e->told = e->told || taken;
    e->told_ms = now_ms;
    /* A newer word that says the same is news to an Alertmanager only. */
    if (e->turn != b->turns[i] &&
        (k->kind == NOTIFY_ALERTMANAGER || !taken || e->resolved != b->resolved[i]))
        return;
    if (e->resolved) {
        forget(k, e);
        return;
    }
    k->waiting -= e->waits;
    e->waits = false;
}

void book_end(struct book *k, const struct batch *b, enum book_end how, int64_t now_ms)
{
    for (size_t i = 0; i < b->len; i++) {
        struct entry *e = map_get(&k->entries, key_of(&b->hashes[i]));
        if (!e)
            continue;
        e->sending = false;
        if (how != BOOK_AGAIN)
            settle(k, b, i, e, how == BOOK_TAKEN, now_ms);
    }
}

void book_fini(struct book *k)
{
    while (k->first)
        forget(k, k->first);
    map_fini(&k->entries);
}
