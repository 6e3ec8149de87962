/* postings.c - sets of series numbers. */
#include "store/postings.h"

static int store_open_run(struct postings *p)
{
    if (p->cap - p->used < 2 * VARINT_MAX) {
        uint32_t cap = MAX(p->cap * 2, 4 * (uint32_t)VARINT_MAX);
        uint8_t *grown = cap > p->cap ? realloc(p->bytes, cap) : NULL;
        if (!grown)
            return -ENOMEM;
        p->bytes = grown;
        p->cap = cap;
    }
    p->used += (uint32_t)varint_put(p->bytes + p->used, p->start - p->stored_end);
    p->used += (uint32_t)varint_put(p->bytes + p->used, p->len - 1);
    p->stored_end = p->start + p->len;
    p->len = 0;
    return 0;
}

int postings_add(struct postings *p, uint32_t id)
{
    if (p->len && id < p->start + p->len)
        return 0;
    if (p->len && id == p->start + p->len) {
        p->len++;
        return 0;
    }
    int code = p->len ? store_open_run(p) : 0;
    if (code)
        return code;
    p->start = id;
    p->len = 1;
    return 0;
}

void postings_write(const struct postings *p, struct buf *to)
{
    buf_add(to, p->bytes, p->used);
    if (p->len) {
        varint_add(to, p->start - p->stored_end);
        varint_add(to, p->len - 1);
    }
}

void postings_fini(struct postings *p)
{
    free(p->bytes);
    *p = (struct postings){0};
}

static size_t words_of(uint32_t bits)
{
    return ((size_t)bits + 63) / 64;
}

int bitmap_init(struct bitmap *b, uint32_t bits)
{
    b->bits = bits;
    b->words = calloc(words_of(bits) + 1, sizeof(*b->words));
    return b->words ? 0 : -ENOMEM;
}

void bitmap_fini(struct bitmap *b)
{
    free(b->words);
    *b = (struct bitmap){0};
}

void bitmap_clear(struct bitmap *b)
{
    memset(b->words, 0, words_of(b->bits) * sizeof(*b->words));
}

static void set_range(struct bitmap *b, uint32_t start, uint32_t len)
{
    uint32_t end = start + len;
    uint32_t first = start / 64, last = end / 64;
    uint64_t head = ~UINT64_C(0) << (start % 64);
    uint64_t tail = ((uint64_t)1 << (end % 64)) - 1;

    if (first == last) {
        b->words[first] |= head & tail;
        return;
    }
    b->words[first] |= head;
    for (uint32_t i = first + 1; i < last; i++)
        b->words[i] = ~UINT64_C(0);
    if (tail)
        b->words[last] |= tail;
}

void bitmap_fill(struct bitmap *b)
{
    if (b->bits)
        set_range(b, 0, b->bits);
}

/* Steps through the runs of a set. */
struct walk {
    struct reader bytes;
    struct posting_view view;
    uint64_t end;
    bool open_done;
};

static bool walk_next(struct walk *w, uint64_t *ret_start, uint64_t *ret_len)
{
    if (w->bytes.at != w->bytes.end) {
        uint64_t gap = varint_read(&w->bytes);
        uint64_t more = varint_read(&w->bytes);
        if (w->bytes.failed || gap > UINT32_MAX || more > UINT32_MAX)
            return false;
        *ret_start = w->end + gap;
        *ret_len = more + 1;
        w->end = *ret_start + *ret_len;
        return w->end <= UINT32_MAX;
    }
    if (w->open_done || !w->view.len)
        return false;
    w->open_done = true;
    *ret_start = w->view.start;
    *ret_len = w->view.len;
    return true;
}

static struct walk walk_of(struct posting_view p)
{
    return (struct walk){reader_of(p.bytes, p.n), p, 0, false};
}

bool bitmap_add(struct bitmap *b, struct posting_view p)
{
    struct walk w = walk_of(p);
    uint64_t start, len;

    while (walk_next(&w, &start, &len)) {
        if (start >= b->bits)
            continue;
        set_range(b, (uint32_t)start, (uint32_t)MIN(len, b->bits - start));
    }
    return w.bytes.at == w.bytes.end && !w.bytes.failed;
}

bool bitmap_meets(const struct bitmap *b, struct posting_view p)
{
    struct walk w = walk_of(p);
    uint64_t start, len;

    while (walk_next(&w, &start, &len)) {
        if (start >= b->bits)
            continue;
        if (bitmap_next(b, (uint32_t)start) < start + len)
            return true;
    }
    return false;
}

void bitmap_or(struct bitmap *a, const struct bitmap *b)
{
    for (size_t i = 0; i < words_of(a->bits); i++)
        a->words[i] |= b->words[i];
}

void bitmap_and(struct bitmap *a, const struct bitmap *b)
{
    for (size_t i = 0; i < words_of(a->bits); i++)
        a->words[i] &= b->words[i];
}

void bitmap_and_not(struct bitmap *a, const struct bitmap *b)
{
    for (size_t i = 0; i < words_of(a->bits); i++)
        a->words[i] &= ~b->words[i];
}

uint32_t bitmap_count(const struct bitmap *b)
{
    uint32_t count = 0;
    for (size_t i = 0; i < words_of(b->bits); i++)
        count += (uint32_t)__builtin_popcountll(b->words[i]);
    return count;
}

uint32_t bitmap_next(const struct bitmap *b, uint32_t from)
{
    if (from >= b->bits)
        return UINT32_MAX;
    size_t i = from / 64, words = words_of(b->bits);
    uint64_t word = b->words[i] & (~UINT64_C(0) << (from % 64));
    while (!word) {
        if (++i >= words)
            return UINT32_MAX;
        word = b->words[i];
    }
    return (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(word);
}
