#include "doctor/redact.h"

#include "doctor/redact_match.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#define WORDS_MAX  ((size_t)65536)
#define WORD_BYTES 96 /* of one that is looked for everywhere; pods have 63, hosts 64 */
#define LITERAL_MIN                                                                                \
    3 /* shorter names would be found in every sentence; hosts and users: one less */
#define ID_BYTES   12 /* that runtimes show of a container's id */
#define KIND_BYTES 16

struct redact_word {
    enum redact_kind kind;
    unsigned number;
    unsigned next; /* as redactor.literal_first */
    uint64_t hash; /* of the lower-case text */
    size_t len;
    char text[WORD_BYTES]; /* of a literal */
};

static const struct {
    const char *word, *text;
} kinds[REDACT_KINDS] = {
    [REDACT_HOST] = {"host", "host names"},
    [REDACT_USER] = {"user", "user names"},
    [REDACT_NAME] = {"name", "names of pods, namespaces, containers, jobs and virtual machines"},
    [REDACT_SERIAL] = {"serial", "serial numbers"},
    [REDACT_UUID] = {"uuid", "UUIDs"},
    [REDACT_ID] = {"id", "ids of containers and machines"},
    [REDACT_IP] = {"ip", "IP addresses"},
    [REDACT_MAC] = {"mac", "MAC addresses"},
    [REDACT_COMMAND] = {"command", "command lines"},
    [REDACT_SECRET] = {"secret", "values of tokens, passwords, secrets and keys"},
};

const char *redact_kind_text(enum redact_kind kind)
{
    return kinds[kind].text;
}

void redact_init(struct redactor *r)
{
    *r = (struct redactor){0};
}

void redact_fini(struct redactor *r)
{
    free(r->words);
    redact_init(r);
}

static unsigned char lower(char c)
{
    return (unsigned char)tolower((unsigned char)c);
}

static uint64_t hash_of(struct str what)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < what.len; i += 64) {
        char block[72] = {0};
        size_t n = MIN(what.len - i, (size_t)64);
        for (size_t k = 0; k < n; k++)
            block[k] = (char)lower(what.ptr[i + k]);
        memcpy(block + 64, &hash, sizeof(hash));
        hash = hash_bytes(block, sizeof(block));
    }
    return hash;
}

/* Things that people name are one thing whatever the field: a user who is also a holder. */
static bool is_named(enum redact_kind kind)
{
    return kind <= REDACT_NAME;
}

static struct redact_word *find(struct redactor *r, enum redact_kind kind, struct str what,
                                uint64_t hash)
{
    for (size_t i = 0; i < r->len; i++) {
        struct redact_word *w = &r->words[i];
        if (w->hash == hash && w->len == what.len &&
            (w->kind == kind || (is_named(w->kind) && is_named(kind))))
            return w;
    }
    return NULL;
}

static bool is_number(struct str what)
{
    for (size_t i = 0; i < what.len; i++)
        if (!isdigit((unsigned char)what.ptr[i]))
            return false;
    return true;
}

/* Whether it is also looked for outside of its field. */
static bool is_literal(enum redact_kind kind, struct str what)
{
    if (kind == REDACT_SECRET || kind == REDACT_COMMAND || kind == REDACT_UUID ||
        what.len >= WORD_BYTES || !redact_is_word(what.ptr[0]) ||
        what.len < (size_t)LITERAL_MIN - (kind == REDACT_HOST || kind == REDACT_USER))
        return false;
    if (is_number(what))
        return kind == REDACT_SERIAL && what.len >= 8;
    return !redact_is_common(what);
}

static struct redact_word *add(struct redactor *r, enum redact_kind kind, struct str what,
                               uint64_t hash, unsigned number)
{
    struct redact_word *grown =
        r->len < WORDS_MAX ? array_grow(r->words, &r->cap, r->len + 1, sizeof(*r->words)) : NULL;

    if (!grown) {
        r->failed = true;
        return NULL;
    }
    r->words = grown;
    struct redact_word *w = &r->words[r->len++];
    *w = (struct redact_word){.kind = kind, .number = number, .hash = hash, .len = what.len};
    if (is_literal(kind, what)) {
        unsigned *first = &r->literal_first[lower(what.ptr[0])];
        memcpy(w->text, what.ptr, what.len);
        w->next = *first;
        *first = (unsigned)r->len;
    }
    return w;
}

/* The thing itself, without what differs between two ways to write it. `room` has 40 bytes. */
static struct str plain(enum redact_kind kind, struct str what, char *room)
{
    if (kind == REDACT_UUID && what.len < 40) {
        for (size_t i = 0; i < what.len; i++)
            room[i] = (char)(what.ptr[i] == '_' ? '-' : what.ptr[i]);
        return str_make(room, what.len);
    }
    if (kind == REDACT_ID)
        return str_make(what.ptr, MIN(what.len, (size_t)ID_BYTES));
    return what;
}

/* *ret_kind: what it was first known as. */
static unsigned know(struct redactor *r, enum redact_kind *kind, struct str what)
{
    char room[40];
    struct str is = plain(*kind, what, room);
    uint64_t hash = hash_of(is);
    struct redact_word *w = find(r, *kind, is, hash);

    if (!w)
        w = add(r, *kind, is, hash, r->count[*kind] + 1);
    if (!w)
        return 0;
    *kind = w->kind;
    unsigned number = w->number;
    if (number <= r->count[*kind])
        return number;
    r->count[*kind] = number;
    const char *dot = *kind == REDACT_HOST ? memchr(is.ptr, '.', is.len) : NULL;
    struct str first = str_make(is.ptr, dot ? (size_t)(dot - is.ptr) : 0);
    if (first.len && !is_number(first) && !redact_is_kept(first) &&
        !find(r, REDACT_HOST, first, hash_of(first)))
        add(r, REDACT_HOST, first, hash_of(first), number);
    return number;
}

void redact_know(struct redactor *r, enum redact_kind kind, struct str what)
{
    what = str_trim(what);
    if (!redact_is_kept(what))
        know(r, &kind, what);
}

static bool is_version(const struct redactor *r, struct str what)
{
    for (size_t i = 0; i < r->version_len; i++)
        if (str_is(what, r->versions[i]))
            return true;
    return false;
}

void redact_keep_version(struct redactor *r, struct str version)
{
    version = str_trim(version);
    if (version.len && version.len < REDACT_VERSION_BYTES && r->version_len < REDACT_VERSIONS &&
        !is_version(r, version))
        str_copy(r->versions[r->version_len++], REDACT_VERSION_BYTES, version);
}

/* "gpu07" is no part of another word, also with '_' beside it; "store" may be. */
static bool is_distinct(const struct redact_word *w)
{
    for (size_t i = 0; i < w->len; i++)
        if (!isalpha((unsigned char)w->text[i]))
            return true;
    return false;
}

static bool is_inside(char beside, const struct redact_word *w)
{
    return redact_is_word(beside) && !(beside == '_' && is_distinct(w));
}

/* The longest known word that stands here whole and is no name of a label or key. */
static bool match_literal(const struct redactor *r, struct str text, size_t at,
                          struct redact_hit *hit)
{
    struct str s = str_make(text.ptr + at, text.len - at);
    size_t best = 0;

    for (unsigned i = r->literal_first[lower(s.ptr[0])]; i; i = r->words[i - 1].next) {
        const struct redact_word *w = &r->words[i - 1];
        if (w->len <= best || w->len > s.len || strncasecmp(w->text, s.ptr, w->len) != 0)
            continue;
        struct str rest = str_make(s.ptr + w->len, s.len - w->len);
        if ((at && is_inside(text.ptr[at - 1], w)) || (rest.len && is_inside(rest.ptr[0], w)) ||
            str_starts(rest, STR("=\"")) || str_starts(rest, STR("\":")))
            continue;
        best = w->len;
        *hit = (struct redact_hit){w->kind, 0, w->len};
    }
    return best > 0;
}

static void put(struct buf *to, enum redact_kind kind, unsigned number, struct str what)
{
    char text[KIND_BYTES + 64];

    if (kind == REDACT_UUID) { /* programs that read a bundle want a UUID where there was one */
        char sep = what.len > 8 && what.ptr[8] == '_' ? '_' : '-';
        buf_printf(to, "00000000%c0000%c0000%c0000%c%012u", sep, sep, sep, sep, number);
    } else if (kind == REDACT_ID) {
        snprintf(text, sizeof(text), "%0*x", ID_BYTES, number);
        buf_text(to, text);
        for (size_t i = ID_BYTES; i < what.len; i++)
            buf_char(to, '0');
    } else if (kind == REDACT_NAME && is_number(what)) {
        buf_printf(to, "%u", number); /* a job's number stays one */
    } else {
        buf_printf(to, "%s-%u", kinds[kind].word, number);
    }
}

/* Of several kinds the one that was named first: a user who is called as the host is one word. */
static void walk(struct redactor *r, struct str text, struct buf *to)
{
    size_t at = 0, done = 0;

    while (at < text.len && !r->failed) {
        struct redact_hit hit;
        bool starts = !at || !isalnum((unsigned char)text.ptr[at - 1]);
        if (!redact_match(text, at, &hit) && !(starts && match_literal(r, text, at, &hit))) {
            at++;
            continue;
        }
        struct str what = str_make(text.ptr + at + hit.before, hit.len);
        if (hit.kind == REDACT_IP && is_version(r, what)) {
            at += hit.before + hit.len;
            continue;
        }
        unsigned number = know(r, &hit.kind, what);
        if (to) {
            buf_add(to, text.ptr + done, at + hit.before - done);
            put(to, hit.kind, number, what);
        }
        at += hit.before + hit.len;
        done = at;
    }
    if (to)
        buf_add(to, text.ptr + done, text.len - done);
}

void redact_learn(struct redactor *r, struct str text)
{
    walk(r, text, NULL);
}

void redact(struct redactor *r, struct str text, struct buf *to)
{
    walk(r, text, to);
}

void redact_bytes(struct redactor *r, char *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        struct redact_hit hit = {.len = 0};
        bool starts = !at || !isalnum((unsigned char)bytes[at - 1]);
        if (!starts || !match_literal(r, str_make(bytes, len), at, &hit)) {
            at++;
            continue;
        }
        memset(bytes + at, 'x', hit.len);
        at += hit.len;
    }
}

void redact_word(struct redactor *r, enum redact_kind kind, struct str what, struct buf *to)
{
    if (redact_is_kept(what)) {
        buf_str_add(to, what);
        return;
    }
    unsigned number = know(r, &kind, what);
    put(to, kind, number, what);
}
