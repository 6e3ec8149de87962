/* metadata.c - what targets say of their metric families, one entry a family. */
#include "metric/metadata.h"

#include <pthread.h>
#include <stdlib.h>

#define UNIT_MAX 64 /* bytes kept of a unit */

struct family {
    char *name, *help, *unit; /* help and unit may be NULL */
    const char *type;         /* one of `types` */
};

struct metadata {
    pthread_mutex_t lock; /* lock: families, left_out */
    struct map families;  /* name -> struct family */
    uint64_t left_out;    /* families past METADATA_MAX_FAMILIES */
};

static const char unknown[] = "unknown";
static const char *const types[] = {"counter",        "gauge", "histogram", "summary",
                                    "gaugehistogram", "info",  "stateset"};

struct metadata *metadata_new(void)
{
    struct metadata *m = calloc(1, sizeof(*m));

    if (m)
        pthread_mutex_init(&m->lock, NULL);
    return m;
}

static void family_free(struct family *f)
{
    if (!f)
        return;
    free(f->name);
    free(f->help);
    free(f->unit);
    free(f);
}

void metadata_free(struct metadata *m)
{
    struct map_entry *entry;
    size_t at = 0;

    if (!m)
        return;
    while ((entry = map_next(&m->families, &at)))
        family_free(entry->value);
    map_fini(&m->families);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

/* "untyped" and words nobody knows are the same to a reader. */
static const char *known_type(struct str type)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (str_is(type, types[i]))
            return types[i];
    return unknown;
}

/* Replaces *slot by `text` (cut to `max` bytes at a character) when it differs; out of memory
 * leaves what was known. */
static void replace(char **slot, struct str text, size_t max)
{
    if (!text.len || (*slot && str_is(text, *slot)))
        return;
    size_t n = MIN(text.len, max);
    while (n && n < text.len && ((unsigned char)text.ptr[n] & 0xc0) == 0x80)
        n--;
    char *copy = malloc(n + 1);
    if (!copy)
        return;
    memcpy(copy, text.ptr, n);
    copy[n] = '\0';
    free(*slot);
    *slot = copy;
}

/* The entry of `name`, made when absent; NULL when the registry is full or memory is out. */
static struct family *family_of(struct metadata *m, struct str name)
{
    struct family *f = map_get(&m->families, name);

    if (f)
        return f;
    if (m->families.len >= METADATA_MAX_FAMILIES) {
        m->left_out++;
        return NULL;
    }
    f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    f->type = unknown;
    f->name = malloc(name.len + 1);
    if (f->name) {
        memcpy(f->name, name.ptr, name.len);
        f->name[name.len] = '\0';
        if (map_put(&m->families, str_make(f->name, name.len), f, NULL) == 0)
            return f;
    }
    family_free(f);
    return NULL;
}

void metadata_set(struct metadata *m, struct str family, struct str type, struct str help,
                  struct str unit)
{
    if (!family.len || family.len > LABEL_VALUE_MAX)
        return;
    pthread_mutex_lock(&m->lock);
    struct family *f = family_of(m, family);
    if (f) {
        if (type.len)
            f->type = known_type(type);
        replace(&f->help, help, METADATA_HELP_MAX);
        replace(&f->unit, unit, UNIT_MAX);
    }
    pthread_mutex_unlock(&m->lock);
}

uint64_t metadata_left_out(struct metadata *m)
{
    pthread_mutex_lock(&m->lock);
    uint64_t n = m->left_out;
    pthread_mutex_unlock(&m->lock);
    return n;
}

static int by_name(const void *a, const void *b)
{
    const struct family *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void visit_one(const struct family *f, struct str name,
                      void (*visit)(void *ctx, const struct metadata_entry *entry), void *ctx)
{
    struct metadata_entry entry = {name, str_of(f->type), str_of(f->help), str_of(f->unit)};
    visit(ctx, &entry);
}

void metadata_visit(struct metadata *m, struct str family,
                    void (*visit)(void *ctx, const struct metadata_entry *entry), void *ctx)
{
    pthread_mutex_lock(&m->lock);
    if (family.len) {
        const struct family *f = map_get(&m->families, family);
        if (f)
            visit_one(f, family, visit, ctx);
        pthread_mutex_unlock(&m->lock);
        return;
    }
    const struct family **all = calloc(m->families.len + 1, sizeof(*all));
    if (all) {
        struct map_entry *entry;
        size_t n = 0, at = 0;
        while ((entry = map_next(&m->families, &at)))
            all[n++] = entry->value;
        qsort(all, n, sizeof(*all), by_name);
        for (size_t i = 0; i < n; i++)
            visit_one(all[i], str_of(all[i]->name), visit, ctx);
        free(all);
    }
    pthread_mutex_unlock(&m->lock);
}
