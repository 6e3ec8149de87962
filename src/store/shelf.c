/* shelf.c - the label index of a part of a day. */
#include "store/shelf.h"

enum {
    AT_MAGIC = 0,
    AT_CRC = 4, /* over all from AT_SIZE on */
    AT_SIZE = 8,
    AT_NAMES = 12,
    AT_PAIRS = 16,
    AT_SERIES = 20,
    AT_LABELS = 24,
    AT_TEXT = 28,
    AT_POSTINGS = 32,
    HEADER = 40
};

#define MAGIC        0x31464853u /* "SHF1" */
#define NAME_BYTES   12          /* text offset, text length, first pair */
#define PAIR_BYTES   16          /* text offset, text length, postings offset, postings length */
#define SERIES_BYTES 12          /* group, column, first label */
#define LABEL_BYTES  4           /* pair */

struct sorter {
    const struct index *ix;
    uint32_t *names; /* in order of text */
    uint32_t *pairs; /* in order of name, then value */
    uint32_t *rank;  /* of each pair in `pairs` */
    struct buf name_rows, pair_rows, text, postings;
};

static void add_le32(struct buf *to, uint32_t v)
{
    uint8_t bytes[4];
    put_le32(bytes, v);
    buf_add(to, bytes, sizeof(bytes));
}

static int by_text(const void *pa, const void *pb, void *ctx)
{
    const struct index *ix = ctx;
    return str_compare(ix->names[*(const uint32_t *)pa].text,
                       ix->names[*(const uint32_t *)pb].text);
}

static int by_value(const void *pa, const void *pb, void *ctx)
{
    const struct index *ix = ctx;
    const struct pair *a = &ix->pairs[*(const uint32_t *)pa],
                      *b = &ix->pairs[*(const uint32_t *)pb];

    return str_compare(str_make(a->value, a->value_len), str_make(b->value, b->value_len));
}

/* qsort_r() differs between systems; heapsort does without it. */
static void sort_by(uint32_t *items, size_t n, int (*compare)(const void *, const void *, void *),
                    void *ctx)
{
    for (size_t end = n, start = n / 2; end > 1;) {
        uint32_t moved;
        if (start) {
            moved = items[--start];
        } else {
            moved = items[--end];
            items[end] = items[0];
        }
        size_t at = start, child;
        while ((child = 2 * at + 1) < end) {
            if (child + 1 < end && compare(&items[child], &items[child + 1], ctx) < 0)
                child++;
            if (compare(&moved, &items[child], ctx) >= 0)
                break;
            items[at] = items[child];
            at = child;
        }
        items[at] = moved;
    }
}

static void add_text(struct sorter *s, struct buf *row, const char *text, size_t n)
{
    add_le32(row, (uint32_t)s->text.len);
    add_le32(row, (uint32_t)n);
    buf_add(&s->text, text, n);
}

static void add_pairs(struct sorter *s, const struct name *name, uint32_t *at)
{
    uint32_t first = *at;

    for (size_t i = 0; i < name->len; i++)
        if (!postings_empty(&s->ix->pairs[name->pairs[i]].postings))
            s->pairs[(*at)++] = name->pairs[i];
    sort_by(s->pairs + first, *at - first, by_value, (void *)(uintptr_t)s->ix);
    for (uint32_t i = first; i < *at; i++) {
        const struct pair *p = &s->ix->pairs[s->pairs[i]];
        size_t start = s->postings.len;
        s->rank[s->pairs[i]] = i;
        postings_write(&p->postings, &s->postings);
        add_text(s, &s->pair_rows, p->value, p->value_len);
        add_le32(&s->pair_rows, (uint32_t)start);
        add_le32(&s->pair_rows, (uint32_t)(s->postings.len - start));
    }
}

static uint32_t add_series(const struct sorter *s, struct buf *series, struct buf *labels)
{
    uint32_t count = 0;

    for (uint32_t id = 0; id < s->ix->len; id++) {
        const struct series *one = index_series(s->ix, id);
        add_le32(series, one->place.group);
        add_le32(series, one->place.column);
        add_le32(series, count);
        for (uint32_t i = 0; i < one->pair_len; i++)
            add_le32(labels, s->rank[one->pairs[i]]);
        count += one->pair_len;
    }
    return count;
}

static int write_shelf(struct sorter *s, uint32_t pairs, struct buf *to)
{
    struct buf series, labels;
    uint8_t header[HEADER] = {0};
    size_t start = to->len;
    int code = 0;

    buf_init(&series, 0);
    buf_init(&labels, 0);
    uint32_t label_len = add_series(s, &series, &labels);
    struct buf *parts[] = {&s->name_rows, &s->pair_rows, &series, &labels, &s->text, &s->postings};
    buf_add(to, header, sizeof(header));
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i]->failed)
            code = -ENOMEM;
        buf_add(to, parts[i]->ptr, parts[i]->len);
    }
    if (to->failed || to->len - start > UINT32_MAX)
        code = -ENOMEM;
    if (!code) {
        char *at = to->ptr + start;
        put_le32(at + AT_MAGIC, MAGIC);
        put_le32(at + AT_SIZE, (uint32_t)(to->len - start));
        put_le32(at + AT_NAMES, (uint32_t)(s->name_rows.len / NAME_BYTES));
        put_le32(at + AT_PAIRS, pairs);
        put_le32(at + AT_SERIES, s->ix->len);
        put_le32(at + AT_LABELS, label_len);
        put_le32(at + AT_TEXT, (uint32_t)s->text.len);
        put_le32(at + AT_POSTINGS, (uint32_t)s->postings.len);
        put_le32(at + AT_CRC, hash_crc32c(0, at + AT_SIZE, to->len - start - AT_SIZE));
    }
    buf_fini(&series);
    buf_fini(&labels);
    return code;
}

int shelf_build(const struct index *ix, struct buf *to)
{
    struct sorter s = {.ix = ix};
    uint32_t at = 0;
    int code = -ENOMEM;

    s.names = calloc(ix->name_len + 1, sizeof(*s.names));
    s.pairs = calloc(ix->pair_len + 1, sizeof(*s.pairs));
    s.rank = calloc(ix->pair_len + 1, sizeof(*s.rank));
    if (s.names && s.pairs && s.rank) {
        for (uint32_t i = 0; i < ix->name_len; i++)
            s.names[i] = i;
        sort_by(s.names, ix->name_len, by_text, (void *)(uintptr_t)ix);
        for (uint32_t i = 0; i < ix->name_len; i++) {
            const struct name *name = &ix->names[s.names[i]];
            add_text(&s, &s.name_rows, name->text.ptr, name->text.len);
            add_le32(&s.name_rows, at);
            add_pairs(&s, name, &at);
        }
        code = write_shelf(&s, at, to);
    }
    free(s.names);
    free(s.pairs);
    free(s.rank);
    buf_fini(&s.name_rows);
    buf_fini(&s.pair_rows);
    buf_fini(&s.text);
    buf_fini(&s.postings);
    return code;
}

int shelf_open(const void *bytes, size_t n, bool trusted, struct shelf *ret)
{
    const uint8_t *at = bytes;

    if (n < HEADER || le32(at + AT_MAGIC) != MAGIC || le32(at + AT_SIZE) != n)
        return -EIO;
    if (!trusted && hash_crc32c(0, at + AT_SIZE, n - AT_SIZE) != le32(at + AT_CRC))
        return -EIO;
    *ret = (struct shelf){
        .bytes = at,
        .size = (uint32_t)n,
        .names = le32(at + AT_NAMES),
        .pairs = le32(at + AT_PAIRS),
        .series = le32(at + AT_SERIES),
        .labels = le32(at + AT_LABELS),
        .text_size = le32(at + AT_TEXT),
        .posting_size = le32(at + AT_POSTINGS),
    };
    uint64_t want = (uint64_t)HEADER + (uint64_t)ret->names * NAME_BYTES +
                    (uint64_t)ret->pairs * PAIR_BYTES + (uint64_t)ret->series * SERIES_BYTES +
                    (uint64_t)ret->labels * LABEL_BYTES + ret->text_size + ret->posting_size;
    if (want != n)
        return -EIO;
    ret->name_at = at + HEADER;
    ret->pair_at = ret->name_at + (size_t)ret->names * NAME_BYTES;
    ret->series_at = ret->pair_at + (size_t)ret->pairs * PAIR_BYTES;
    ret->label_at = ret->series_at + (size_t)ret->series * SERIES_BYTES;
    ret->text_at = ret->label_at + (size_t)ret->labels * LABEL_BYTES;
    ret->posting_at = ret->text_at + ret->text_size;
    return 0;
}

/* A stretch of the text; empty when it lies outside, which only damage does. */
static struct str text_of(const struct shelf *s, const uint8_t *row)
{
    uint32_t at = le32(row), n = le32(row + 4);

    if (at > s->text_size || n > s->text_size - at)
        return STR("");
    return str_make((const char *)s->text_at + at, n);
}

static const uint8_t *pair_row(const struct shelf *s, uint32_t pair)
{
    return s->pair_at + (size_t)pair * PAIR_BYTES;
}

static const uint8_t *name_row(const struct shelf *s, uint32_t name)
{
    return s->name_at + (size_t)name * NAME_BYTES;
}

static struct posting_view postings_of(const struct shelf *s, uint32_t pair)
{
    uint32_t at = le32(pair_row(s, pair) + 8), n = le32(pair_row(s, pair) + 12);

    if (at > s->posting_size || n > s->posting_size - at)
        return (struct posting_view){0};
    return (struct posting_view){s->posting_at + at, n, 0, 0};
}

static uint32_t name_count(const void *self)
{
    const struct shelf *s = self;
    return s->names;
}

static struct str name_at(const void *self, uint32_t name)
{
    return text_of(self, name_row(self, name));
}

static uint32_t first_pair(const struct shelf *s, uint32_t name)
{
    return name < s->names ? MIN(le32(name_row(s, name) + 8), s->pairs) : s->pairs;
}

static uint32_t value_count(const void *self, uint32_t name)
{
    uint32_t first = first_pair(self, name), end = first_pair(self, name + 1);
    return end > first ? end - first : 0;
}

static struct str value_at(const void *self, uint32_t name, uint32_t i, struct posting_view *ret)
{
    uint32_t pair = first_pair(self, name) + i;

    *ret = postings_of(self, pair);
    return text_of(self, pair_row(self, pair));
}

static uint32_t find_name(const void *self, struct str name)
{
    const struct shelf *s = self;
    uint32_t low = 0, high = s->names;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = str_compare(name_at(s, middle), name);
        if (!order)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return INDEX_NONE;
}

static bool find_value(const void *self, uint32_t name, struct str value, struct posting_view *ret)
{
    const struct shelf *s = self;
    uint32_t low = first_pair(s, name), high = low + value_count(s, name);

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = str_compare(text_of(s, pair_row(s, middle)), value);
        if (!order) {
            *ret = postings_of(s, middle);
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

struct label_source shelf_source(const struct shelf *s)
{
    static const struct label_source_ops ops = {name_count,  name_at,  find_name,
                                                value_count, value_at, find_value};
    return (struct label_source){.ops = &ops, .self = s, .series = s->series};
}

void shelf_place(const struct shelf *s, uint32_t i, uint32_t *ret_group, uint32_t *ret_column)
{
    const uint8_t *row = s->series_at + (size_t)i * SERIES_BYTES;

    *ret_group = le32(row);
    *ret_column = le32(row + 4);
}

/* The name that pair number `pair` belongs to. */
static uint32_t name_of_pair(const struct shelf *s, uint32_t pair)
{
    uint32_t low = 0, high = s->names;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (first_pair(s, middle) <= pair)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

int shelf_labels(const struct shelf *s, uint32_t i, struct arena *a, struct labels *ret)
{
    const uint8_t *row = s->series_at + (size_t)i * SERIES_BYTES;
    uint32_t first = le32(row + 8);
    uint32_t end = i + 1 < s->series ? le32(row + SERIES_BYTES + 8) : s->labels;

    if (first > end || end > s->labels || end - first > LABELS_MAX)
        return -EIO;
    struct label *items = arena_alloc(a, (end - first + 1) * sizeof(*items));
    if (!items)
        return -ENOMEM;
    for (uint32_t k = first; k < end; k++) {
        uint32_t pair = le32(s->label_at + (size_t)k * LABEL_BYTES);
        if (pair >= s->pairs || !s->names || first_pair(s, 0) > pair)
            return -EIO;
        items[k - first] =
            (struct label){name_at(s, name_of_pair(s, pair)), text_of(s, pair_row(s, pair))};
    }
    *ret = (struct labels){items, end - first};
    return 0;
}

int shelf_match(const struct shelf *s, const struct selector *selectors, size_t n,
                struct column_set *to, struct error *err)
{
    struct label_source source = shelf_source(s);

    for (size_t k = 0; k < n; k++) {
        struct bitmap matched;
        int code = match_series(&source, selectors[k].matchers, selectors[k].len, &matched, err);
        if (code)
            return code;
        for (uint32_t i = bitmap_next(&matched, 0); i != UINT32_MAX && code >= 0;
             i = bitmap_next(&matched, i + 1)) {
            uint32_t group, column;
            shelf_place(s, i, &group, &column);
            code = column_set_add(to, group, column);
        }
        bitmap_fini(&matched);
        if (code < 0)
            return error_errno(err, code, "matching series");
    }
    return 0;
}
