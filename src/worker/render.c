/* render.c - the text format 0.0.4 from the tables of schema.c.
 *
 * A line is a family's name, the label part of the thing it speaks of, and a number. Names and HELP
 * are fixed when the renderer is made; label parts are kept per scope and written again only when
 * the identity of one of its things changes, which a hash over what they would say tells. */
#include "worker/render.h"

#include "worker/schema.h"

#include <assert.h>

#define EXACT_UNITS 9e15 /* below this a rounded number of smallest units is exact in a float64 */

/* The label parts of a scope's lines, one behind the other. */
struct label_cache {
    struct buf text;
    size_t *ends; /* [lines] */
    size_t cap, lines, longest;
    uint64_t hash;
    bool valid;
    bool used; /* by a family of the schemas in force */
};

struct family {
    const struct schema_rule *rule;
    const struct catalogue_family *catalogued;
    double factor; /* from the value to its smallest unit */
    size_t name_len;
    size_t head, head_len; /* HELP and TYPE, in `heads` */
};

struct renderer {
    struct family *families;
    size_t len;
    size_t max_bytes;  /* of the text, and of the label parts; SIZE_MAX: no bound */
    size_t bulk_bytes; /* of the text being written: lines of scopes that are bulk */
    struct buf heads;
    struct buf scratch; /* labels are written here first */
    char end[24];       /* of each line of the text being written: "\n", or a time before it */
    size_t end_len;
    struct label_cache caches[SCOPE_COUNT];
};

/* ---- making ---- */

/* A help of the operator's own words; those of the catalogue need no escape. */
static void add_help(struct buf *to, const char *help)
{
    for (; *help; help++) {
        if (*help == '\\')
            buf_text(to, "\\\\");
        else if (*help == '\n')
            buf_text(to, "\\n");
        else
            buf_char(to, *help);
    }
}

/* Nothing when the family was not chosen. */
static void add_family(struct renderer *r, const struct schema_rule *rule,
                       const struct choice *choice)
{
    const struct catalogue_family *family = catalogue_find(str_of(rule->name));
    bool dcgm = str_starts(str_of(rule->name), STR("DCGM_"));
    const struct choice_field *chosen = dcgm && choice ? choice_find(choice, rule->name) : NULL;

    assert(family);
    if (dcgm && (choice ? !chosen : family->chosen))
        return;
    struct family *to = &r->families[r->len++];
    to->rule = rule;
    to->catalogued = family;
    to->factor = rule->scale;
    for (unsigned i = 0; i < rule->decimals; i++)
        to->factor *= 10;
    to->name_len = strlen(rule->name);
    to->head = r->heads.len;
    buf_printf(&r->heads, "# HELP %s ", family->name);
    add_help(&r->heads, chosen ? chosen->help : family->help);
    buf_printf(&r->heads, "\n# TYPE %s %s\n", family->name, chosen ? chosen->type : family->type);
    to->head_len = r->heads.len - to->head;
    r->caches[rule->scope].used = true;
}

int renderer_new(unsigned schemas, const struct choice *choice, struct renderer **ret,
                 struct error *err)
{
    unsigned known = 0;
    size_t len = 0;

    for (size_t i = 0; i < schema_tables_len; i++) {
        known |= (unsigned)schema_tables[i].schema;
        len += *schema_tables[i].len;
    }
    if (!schemas || (schemas & ~known))
        return error_set(err, -EINVAL, "no such schema (there are all-smi, dcgm and algalon-v1)");
    struct renderer *r = xnew(struct renderer);
    r->max_bytes = SIZE_MAX;
    r->families = xcalloc(len, sizeof(*r->families));
    for (size_t i = 0; i < schema_tables_len; i++)
        for (size_t j = 0;
             (schemas & (unsigned)schema_tables[i].schema) && j < *schema_tables[i].len; j++)
            add_family(r, &schema_tables[i].rules[j], choice);
    if (r->heads.failed) {
        renderer_free(r);
        return error_errno(err, -ENOMEM, "renderer");
    }
    *ret = r;
    return 0;
}

void renderer_free(struct renderer *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        buf_fini(&r->caches[i].text);
        free(r->caches[i].ends);
    }
    buf_fini(&r->heads);
    buf_fini(&r->scratch);
    free(r->families);
    free(r);
}

void renderer_limit(struct renderer *r, size_t bytes)
{
    r->max_bytes = bytes;
}

/* What users of the machine can multiply as they like. */
static bool is_bulk(enum scope scope)
{
    return scope == SCOPE_GPU_PROCESS || scope == SCOPE_GPU_PROCESS_INFO ||
           scope == SCOPE_PROCESS || scope == SCOPE_HOLDER || scope == SCOPE_DISK ||
           scope == SCOPE_DISK_INFO || scope == SCOPE_ACCOUNT;
}

/* Bytes that lines of this scope may still take. */
static size_t room_for(const struct renderer *r, enum scope scope, size_t used, size_t bulk_used)
{
    size_t room = r->max_bytes - MIN(r->max_bytes, used), half = r->max_bytes / 2;

    return is_bulk(scope) ? MIN(room, half - MIN(half, bulk_used)) : room;
}

/* ---- labels ---- */

static const void *thing_at(const struct scope_things *things, size_t i)
{
    return (const char *)things->base + i * things->stride;
}

static uint64_t identity(const struct snapshot *s, enum scope scope,
                         const struct scope_things *things)
{
    struct label_sink sink = {.hash = things->len};

    /* All variants of a thing say the same of it: the first stands for them. */
    for (size_t i = 0; i < things->len; i++)
        scope_labels(s, scope, thing_at(things, i), i, 0, &sink);
    return sink.hash;
}

static size_t room_for_labels(const struct renderer *r, enum scope scope)
{
    size_t used = 0, bulk = 0;

    for (unsigned i = 0; i < SCOPE_COUNT; i++) {
        used += i == scope ? 0 : r->caches[i].text.len;
        bulk += i == scope || !is_bulk((enum scope)i) ? 0 : r->caches[i].text.len;
    }
    return room_for(r, scope, used, bulk);
}

static int write_labels(struct renderer *r, const struct snapshot *s, enum scope scope,
                        const struct scope_things *things)
{
    struct label_cache *cache = &r->caches[scope];
    size_t lines = things->len * things->variants, start = 0, room = room_for_labels(r, scope);
    size_t *ends = array_grow(cache->ends, &cache->cap, lines, sizeof(*ends));
    struct buf *text = &r->scratch;
    struct label_sink sink = {.text = text};

    cache->valid = false;
    if (lines && !ends)
        return -ENOMEM;
    if (ends)
        cache->ends = ends;
    cache->longest = 0;
    cache->lines = 0;
    for (size_t i = 0; i < lines && text->len < room; i++) {
        scope_labels(s, scope, thing_at(things, i / things->variants), i / things->variants,
                     (unsigned)(i % things->variants), &sink);
        cache->ends[i] = text->len;
        cache->longest = MAX(cache->longest, text->len - start);
        start = text->len;
        cache->lines++;
    }
    bool failed = text->failed;
    if (cache->text.cap < text->len || cache->text.cap / 2 > text->len)
        buf_fini(&cache->text); /* so that it gets as much as it needs: it stays for long */
    buf_reset(&cache->text);
    buf_add(&cache->text, text->ptr, text->len);
    buf_rest(text);
    return failed || cache->text.failed ? -ENOMEM : 0;
}

static int refresh_labels(struct renderer *r, const struct snapshot *s)
{
    for (unsigned i = 0; i < SCOPE_COUNT; i++) {
        struct label_cache *cache = &r->caches[i];
        if (!cache->used)
            continue;
        struct scope_things things = scope_things(s, (enum scope)i);
        uint64_t hash = identity(s, (enum scope)i, &things);
        if (cache->valid && cache->hash == hash)
            continue;
        int code = write_labels(r, s, (enum scope)i, &things);
        if (code)
            return code;
        cache->hash = hash;
        cache->valid = true;
    }
    return 0;
}

/* ---- lines ---- */

/* Writes the number of one line to `to`; 0 when there is none. */
static size_t print_value(const struct family *family, const void *thing, unsigned variant,
                          char *to)
{
    const struct schema_rule *rule = family->rule;
    double value = 1;
    uint64_t count;

    switch (rule->source) {
    case VALUE_ONE:
        to[0] = '1';
        return 1;
    case VALUE_COUNT:
        memcpy(&count, (const char *)thing + rule->offset, sizeof(count));
        return count == UNKNOWN_COUNT ? 0 : num_print_u64(to, count);
    case VALUE_DOUBLE:
        memcpy(&value, (const char *)thing + rule->offset, sizeof(value));
        break;
    case VALUE_ARRAY:
        memcpy(&value, (const char *)thing + rule->offset + variant * sizeof(value), sizeof(value));
        break;
    case VALUE_COMPUTED:
        value = rule->compute(thing, variant);
        break;
    }
    double units = value * family->factor;
    if (fabs(units) < EXACT_UNITS)
        return num_print_fixed(to, llrint(units), rule->decimals);
    return isfinite(value) ? num_print(to, value * rule->scale) : 0;
}

static bool add_span(struct snapshot *s, const struct family *family, size_t start, size_t end)
{
    struct family_span *spans = array_grow(s->spans, &s->span_cap, s->span_len + 1, sizeof(*spans));

    if (!spans)
        return false;
    s->spans = spans;
    spans[s->span_len++] =
        (struct family_span){family->catalogued, start, start + family->head_len, end};
    return true;
}

/* How many lines from `from` on there would be, had they room. */
static uint64_t count_lines(const struct family *family, const struct scope_things *things,
                            size_t from)
{
    char number[NUM_MAX_TEXT];
    uint64_t n = 0;

    for (size_t i = from; i < things->len * things->variants; i++) {
        const void *thing = thing_at(things, i / things->variants);
        unsigned variant = (unsigned)(i % things->variants);
        n += scope_fits(family->rule->scope, thing) &&
             print_value(family, thing, variant, number) > 0;
    }
    return n;
}

static void render_family(struct renderer *r, struct snapshot *s, const struct family *family)
{
    const struct schema_rule *rule = family->rule;
    const struct label_cache *cache = &r->caches[rule->scope];
    const struct scope_things things = scope_things(s, rule->scope);
    size_t start = s->text.len, from = 0;
    size_t longest = family->name_len + cache->longest + NUM_MAX_TEXT + 1 + r->end_len;
    size_t lines = cache->lines;

    if (rule->scope != SCOPE_LEFT_OUT) {
        size_t room = room_for(r, rule->scope, s->text.len, r->bulk_bytes);
        lines = MIN(lines, (room - MIN(room, family->head_len)) / longest);
        if (lines < things.len * things.variants)
            s->left_out[LEFT_OUT_SERIES] += count_lines(family, &things, lines);
    }
    char *begin = lines ? buf_reserve(&s->text, family->head_len + lines * longest) : NULL;
    if (!begin)
        return;
    char *at = begin + family->head_len;
    for (size_t i = 0; i < lines; i++) {
        size_t len = cache->ends[i] - from;
        const char *labels = len ? cache->text.ptr + from : "";
        char number[NUM_MAX_TEXT];
        from = cache->ends[i];
        size_t digits = len ? print_value(family, thing_at(&things, i / things.variants),
                                          (unsigned)(i % things.variants), number)
                            : 0;
        if (!digits)
            continue;
        memcpy(at, rule->name, family->name_len);
        at += family->name_len;
        memcpy(at, labels, len);
        at += len;
        *at++ = ' ';
        memcpy(at, number, digits);
        at += digits;
        memcpy(at, r->end, r->end_len);
        at += r->end_len;
    }
    if (at == begin + family->head_len)
        return;
    memcpy(begin, r->heads.ptr + family->head, family->head_len);
    s->text.len += (size_t)(at - begin);
    r->bulk_bytes += is_bulk(rule->scope) ? (size_t)(at - begin) : 0;
    if (!add_span(s, family, start, s->text.len))
        s->text.failed = true;
}

int render(struct renderer *r, struct snapshot *s)
{
    int code = refresh_labels(r, s);

    buf_reset(&s->text);
    s->span_len = 0;
    s->left_out[LEFT_OUT_SERIES] = 0;
    r->bulk_bytes = 0;
    r->end_len = s->machine.timestamps
                     ? (size_t)snprintf(r->end, sizeof(r->end), " %" PRId64 "\n", s->ts_ms)
                     : (size_t)snprintf(r->end, sizeof(r->end), "\n");
    for (size_t i = 0; !code && i < r->len; i++)
        if (r->families[i].rule->scope != SCOPE_LEFT_OUT)
            render_family(r, s, &r->families[i]);
    for (size_t i = 0; !code && i < r->len; i++) /* now it is known */
        if (r->families[i].rule->scope == SCOPE_LEFT_OUT)
            render_family(r, s, &r->families[i]);
    if (code || s->text.failed) {
        buf_reset(&s->text);
        s->span_len = 0;
        return -ENOMEM;
    }
    return 0;
}
