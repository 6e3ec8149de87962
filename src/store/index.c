/* index.c - the series known in memory. */
#include "store/index.h"

struct slot {
    uint32_t tag, id; /* id + 1; 0: free */
};

int index_init(struct index *ix)
{
    pthread_rwlockattr_t attr;

    *ix = (struct index){0};
    pthread_rwlockattr_init(&attr);
#ifdef __GLIBC__
    /* Else queries that follow each other closely would keep new series out for ever. */
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
    pthread_rwlock_init(&ix->lock, &attr);
    pthread_rwlockattr_destroy(&attr);
    arena_init(&ix->memory, 0);
    map_init(&ix->name_map);
    ix->pages = calloc(INDEX_PAGE_MAX, sizeof(struct series *));
    return ix->pages ? 0 : -ENOMEM;
}

void index_fini(struct index *ix)
{
    for (size_t i = 0; i < ix->pair_len; i++)
        postings_fini(&ix->pairs[i].postings);
    for (size_t i = 0; i < ix->name_len; i++)
        free(ix->names[i].pairs);
    for (size_t i = 0; ix->pages && i < INDEX_PAGE_MAX && ix->pages[i]; i++)
        free(ix->pages[i]);
    free(ix->pages);
    free(ix->pairs);
    free(ix->names);
    free(ix->places);
    free(ix->hidden);
    free(ix->series_table);
    free(ix->pair_table);
    map_fini(&ix->name_map);
    arena_fini(&ix->memory);
    pthread_rwlock_destroy(&ix->lock);
    *ix = (struct index){0};
}

void index_swap(struct index *a, struct index *b)
{
    /* The lock stands first and stays. */
    const size_t from = offsetof(struct index, memory), n = sizeof(*a) - from;
    char held[sizeof(struct index)];

    memcpy(held, (char *)a + from, n);
    memcpy((char *)a + from, (char *)b + from, n);
    memcpy((char *)b + from, held, n);
}

/* Makes room for one more of `len` entries in an open-addressed table. */
static int table_room(struct slot **table, size_t *cap, size_t len)
{
    if ((len + 1) * 4 <= *cap * 3)
        return 0;
    size_t next = MAX(*cap * 2, (size_t)64);
    struct slot *fresh = calloc(next, sizeof(*fresh));
    if (!fresh)
        return -ENOMEM;
    for (size_t i = 0; i < *cap; i++) {
        if (!(*table)[i].id)
            continue;
        size_t at = (*table)[i].tag & (next - 1);
        while (fresh[at].id)
            at = (at + 1) & (next - 1);
        fresh[at] = (*table)[i];
    }
    free(*table);
    *table = fresh;
    *cap = next;
    return 0;
}

static void table_put(struct slot *table, size_t cap, uint32_t tag, uint32_t id)
{
    size_t at = tag & (cap - 1);
    while (table[at].id)
        at = (at + 1) & (cap - 1);
    table[at] = (struct slot){tag, id + 1};
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t find_name(const void *self, struct str name)
{
    const struct index *ix = self;
    const struct name *found = map_get(&ix->name_map, name);
    /* The map holds offsets as pointers, because the array of names moves when it grows. */
    return found ? (uint32_t)((uintptr_t)found - 1) : INDEX_NONE;
}

static uint64_t pair_hash(uint32_t name, struct str value)
{
    return hash_more(name, value.ptr, value.len);
}

static uint32_t find_pair(const struct index *ix, uint32_t name, struct str value, uint32_t tag)
{
    if (!ix->pair_table_cap)
        return INDEX_NONE;
    for (size_t at = tag & (ix->pair_table_cap - 1); ix->pair_table[at].id;
         at = (at + 1) & (ix->pair_table_cap - 1)) {
        if (ix->pair_table[at].tag != tag)
            continue;
        const struct pair *p = &ix->pairs[ix->pair_table[at].id - 1];
        if (p->name == name && str_equal(str_make(p->value, p->value_len), value))
            return ix->pair_table[at].id - 1;
    }
    return INDEX_NONE;
}

static int add_name(struct index *ix, struct str text, uint32_t *ret)
{
    struct name *grown = array_grow(ix->names, &ix->name_cap, ix->name_len + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    ix->names = grown;
    char *copy = arena_strndup(&ix->memory, text.ptr, text.len);
    if (!copy)
        return -ENOMEM;
    struct name *n = &ix->names[ix->name_len];
    *n = (struct name){.text = str_make(copy, text.len)};
    int code = map_put(&ix->name_map, n->text, (void *)(uintptr_t)(ix->name_len + 1), NULL);
    if (!code)
        *ret = (uint32_t)ix->name_len++;
    return code;
}

static int add_pair(struct index *ix, uint32_t name, struct str value, uint32_t tag, uint32_t *ret)
{
    struct name *n = &ix->names[name];
    struct pair *grown = array_grow(ix->pairs, &ix->pair_cap, ix->pair_len + 1, sizeof(*grown));
    if (!grown || table_room(&ix->pair_table, &ix->pair_table_cap, ix->pair_len))
        return -ENOMEM;
    ix->pairs = grown;
    uint32_t *values = array_grow(n->pairs, &n->cap, n->len + 1, sizeof(*values));
    char *copy = values ? arena_strndup(&ix->memory, value.ptr, value.len) : NULL;
    if (values)
        n->pairs = values;
    if (!copy)
        return -ENOMEM;
    uint32_t id = (uint32_t)ix->pair_len++;
    ix->pairs[id] = (struct pair){.value = copy, .value_len = (uint32_t)value.len, .name = name};
    n->pairs[n->len++] = id;
    table_put(ix->pair_table, ix->pair_table_cap, tag, id);
    *ret = id;
    return 0;
}

static bool is_pair(const struct index *ix, uint32_t pair, const struct label *label)
{
    const struct pair *p = &ix->pairs[pair];

    return str_equal(str_make(p->value, p->value_len), label->value) &&
           str_equal(ix->names[p->name].text, label->name);
}

/* `guess` is a pair that it may be, or INDEX_NONE. */
static int pair_of(struct index *ix, const struct label *label, uint32_t guess, uint32_t *ret)
{
    if (guess != INDEX_NONE && is_pair(ix, guess, label)) {
        *ret = guess;
        return 0;
    }
    uint32_t name = find_name(ix, label->name);
    int code = name == INDEX_NONE ? add_name(ix, label->name, &name) : 0;

    if (code)
        return code;
    uint32_t tag = tag_of(pair_hash(name, label->value));
    *ret = find_pair(ix, name, label->value, tag);
    return *ret == INDEX_NONE ? add_pair(ix, name, label->value, tag, ret) : 0;
}

static bool has_labels(const struct index *ix, const struct series *s, struct labels labels)
{
    if (s->pair_len != labels.len)
        return false;
    for (size_t i = 0; i < labels.len; i++)
        if (!is_pair(ix, s->pairs[i], &labels.items[i]))
            return false;
    return true;
}

uint64_t index_prepare(const struct index *ix, struct labels labels)
{
    uint64_t hash = labels_hash(labels);

    if (ix->series_cap)
        __builtin_prefetch(&ix->series_table[tag_of(hash) & (ix->series_cap - 1)], 1);
    return hash;
}

uint32_t index_find(const struct index *ix, struct labels labels, uint64_t hash)
{
    uint32_t tag = tag_of(hash);

    if (!ix->series_cap)
        return INDEX_NONE;
    for (size_t at = tag & (ix->series_cap - 1); ix->series_table[at].id;
         at = (at + 1) & (ix->series_cap - 1)) {
        uint32_t id = ix->series_table[at].id - 1;
        if (ix->series_table[at].tag == tag && has_labels(ix, index_series(ix, id), labels))
            return id;
    }
    return INDEX_NONE;
}

int index_add(struct index *ix, struct labels labels, uint64_t hash, uint32_t group,
              uint32_t column, uint32_t *ret)
{
    uint32_t id = ix->len, page = id / INDEX_PAGE;
    int code = page >= INDEX_PAGE_MAX ? -ENOMEM : 0;

    if (!code && !ix->pages[page]) {
        ix->pages[page] = calloc(INDEX_PAGE, sizeof(struct series));
        code = ix->pages[page] ? 0 : -ENOMEM;
    }
    if (!code)
        code = table_room(&ix->series_table, &ix->series_cap, ix->len);
    uint32_t *pairs = code ? NULL : arena_calloc(&ix->memory, labels.len + 1, sizeof(*pairs));
    if (!pairs)
        return -ENOMEM;
    /* Series that are added one after another have most labels in common. */
    const struct series *last = id ? index_series(ix, id - 1) : NULL;
    for (size_t i = 0; i < labels.len && !code; i++)
        code = pair_of(ix, &labels.items[i],
                       last && i < last->pair_len ? last->pairs[i] : INDEX_NONE, &pairs[i]);
    /* Numbers may stay in some postings when memory ends half way: the next series gets the same
     * number, so they then name one series too many. Nothing is added twice. */
    for (size_t i = 0; i < labels.len && !code; i++)
        code = postings_add(&ix->pairs[pairs[i]].postings, id);
    if (code)
        return code;
    *index_series(ix, id) = (struct series){
        .pairs = pairs,
        .pair_len = (uint32_t)labels.len,
        .tag = tag_of(hash),
        .place = {group, column, 0},
    };
    table_put(ix->series_table, ix->series_cap, tag_of(hash), id);
    ix->len++;
    *ret = id;
    return 0;
}

int index_add_place(struct index *ix, uint32_t series, uint32_t group, uint32_t column)
{
    size_t at = MAX(ix->place_len, (size_t)1);
    struct place *grown = array_grow(ix->places, &ix->place_cap, at + 1, sizeof(*grown));
    struct place *first = &index_series(ix, series)->place;

    if (!grown)
        return -ENOMEM;
    ix->places = grown;
    ix->places[at] = (struct place){group, column, first->next};
    first->next = (uint32_t)at;
    ix->place_len = at + 1;
    return 0;
}

uint32_t index_column(const struct index *ix, uint32_t series, uint32_t group)
{
    for (const struct place *p = &index_series(ix, series)->place; p; p = index_next_place(ix, p))
        if (p->group == group)
            return p->column;
    return INDEX_NONE;
}

int index_labels(const struct index *ix, uint32_t series, struct arena *a, struct labels *ret)
{
    const struct series *s = index_series(ix, series);
    struct label *items = arena_alloc(a, (s->pair_len + 1) * sizeof(*items));

    if (!items)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->pair_len; i++) {
        const struct pair *p = &ix->pairs[s->pairs[i]];
        items[i] = (struct label){ix->names[p->name].text, str_make(p->value, p->value_len)};
    }
    *ret = (struct labels){items, s->pair_len};
    return 0;
}

static uint32_t name_count(const void *self)
{
    const struct index *ix = self;
    return (uint32_t)ix->name_len;
}

static struct str name_at(const void *self, uint32_t name)
{
    const struct index *ix = self;
    return ix->names[name].text;
}

static uint32_t value_count(const void *self, uint32_t name)
{
    const struct index *ix = self;
    return (uint32_t)ix->names[name].len;
}

static struct str value_at(const void *self, uint32_t name, uint32_t i, struct posting_view *ret)
{
    const struct index *ix = self;
    const struct pair *p = &ix->pairs[ix->names[name].pairs[i]];

    *ret = postings_view(&p->postings);
    return str_make(p->value, p->value_len);
}

static bool find_value(const void *self, uint32_t name, struct str value, struct posting_view *ret)
{
    const struct index *ix = self;
    uint32_t pair = find_pair(ix, name, value, tag_of(pair_hash(name, value)));

    if (pair == INDEX_NONE)
        return false;
    *ret = postings_view(&ix->pairs[pair].postings);
    return true;
}

struct label_source index_source(const struct index *ix)
{
    static const struct label_source_ops ops = {name_count,  name_at,  find_name,
                                                value_count, value_at, find_value};
    return (struct label_source){&ops, ix, ix->len, ix->hidden_len ? ix->hidden : NULL};
}

int index_hide(struct index *ix, uint32_t series)
{
    uint64_t *grown =
        array_grow(ix->hidden, &ix->hidden_cap, (size_t)ix->len / 64 + 1, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    ix->hidden = grown;
    ix->hidden_len += !index_is_hidden(ix, series);
    ix->hidden[series / 64] |= UINT64_C(1) << series % 64;
    return 0;
}

void index_show(struct index *ix, uint32_t series)
{
    if (!index_is_hidden(ix, series))
        return;
    ix->hidden[series / 64] &= ~(UINT64_C(1) << series % 64);
    ix->hidden_len--;
}

uint64_t index_bytes(const struct index *ix)
{
    uint64_t pages = ((uint64_t)ix->len + INDEX_PAGE - 1) / INDEX_PAGE;
    uint64_t bytes = arena_bytes(&ix->memory) + pages * INDEX_PAGE * sizeof(struct series);

    bytes += (ix->series_cap + ix->pair_table_cap) * sizeof(struct slot);
    bytes += ix->pair_cap * sizeof(struct pair) + ix->place_cap * sizeof(struct place);
    for (size_t i = 0; i < ix->pair_len; i++)
        bytes += ix->pairs[i].postings.cap;
    for (size_t i = 0; i < ix->name_len; i++)
        bytes += ix->names[i].cap * sizeof(uint32_t);
    return bytes;
}
