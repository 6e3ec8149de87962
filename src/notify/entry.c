/* entry.c - see entry.h. The formats: Alertmanager's OpenAPI (api/v2/openapi.yaml, postableAlert)
 * and the page "webhook_config" of its documentation, version 4. */
#include "entry.h"

#include <stdlib.h>

#define ALERTNAME "alertname"

/* ---- copies ---- */

static size_t pairs_bytes(struct labels l)
{
    size_t bytes = l.len * sizeof(struct label);

    for (size_t i = 0; i < l.len; i++)
        bytes += l.items[i].name.len + l.items[i].value.len;
    return bytes;
}

static struct str put_text(char **at, struct str s)
{
    struct str copy = {*at, s.len};

    if (s.len)
        memcpy(*at, s.ptr, s.len);
    *at += s.len;
    return copy;
}

static struct labels put_pairs(struct label *to, char **at, struct labels l)
{
    for (size_t i = 0; i < l.len; i++) {
        to[i].name = put_text(at, l.items[i].name);
        to[i].value = put_text(at, l.items[i].value);
    }
    return (struct labels){to, l.len};
}

struct entry *entry_new(const struct notice *n, struct labels labels)
{
    struct entry *e =
        malloc(sizeof(*e) + pairs_bytes(labels) + pairs_bytes(n->annotations) + n->query.len);

    if (!e)
        return NULL;
    struct label *pairs = (struct label *)(e + 1);
    char *at = (char *)(pairs + labels.len + n->annotations.len);
    *e = (struct entry){.hash = labels_hash(labels),
                        .starts_ms = n->starts_ms,
                        .ends_ms = n->ends_ms,
                        .resolved = n->resolved};
    e->labels = put_pairs(pairs, &at, labels);
    e->annotations = put_pairs(pairs + labels.len, &at, n->annotations);
    e->query = put_text(&at, n->query);
    return e;
}

/* ---- JSON ---- */

/* The page that draws the rule's expression. */
static void print_link(const struct entry *e, const char *external_url, struct buf *to)
{
    struct buf url;

    buf_init(&url, 0);
    buf_printf(&url, "%s/explore?expr=", external_url);
    buf_escape(&url, e->query);
    buf_json(to, buf_str(&url));
    buf_fini(&url);
}

static void print_time(const char *name, int64_t ms, struct buf *to)
{
    buf_printf(to, ",\"%s\":\"", name);
    buf_rfc3339(to, ms);
    buf_char(to, '"');
}

static void print_common(const struct entry *e, int64_t ends_ms, const char *external_url,
                         struct buf *to)
{
    buf_text(to, "\"labels\":");
    labels_print_json(e->labels, to);
    buf_text(to, ",\"annotations\":");
    labels_print_json(e->annotations, to);
    print_time("startsAt", e->starts_ms, to);
    print_time("endsAt", ends_ms, to);
    buf_text(to, ",\"generatorURL\":");
    print_link(e, external_url, to);
}

void entry_print_alertmanager(const struct entry *e, const char *external_url, struct buf *to)
{
    buf_char(to, '{');
    print_common(e, e->ends_ms, external_url, to);
    buf_char(to, '}');
}

void entry_print_webhook(const struct entry *e, const char *external_url, struct buf *to)
{
    buf_printf(to, "{\"status\":\"%s\",", e->resolved ? "resolved" : "firing");
    print_common(e, e->resolved ? e->ends_ms : -1, external_url, to);
    buf_printf(to, ",\"fingerprint\":\"%016" PRIx64 "\"}", e->hash);
}

/* The pairs that all entries have alike. */
static void print_shared(struct entry *const *entries, size_t n, bool annotations, struct buf *to)
{
    struct labels first = annotations ? entries[0]->annotations : entries[0]->labels;
    bool any = false;

    buf_char(to, '{');
    for (size_t i = 0; i < first.len; i++) {
        size_t k = 1;
        while (k < n &&
               str_equal(labels_get(annotations ? entries[k]->annotations : entries[k]->labels,
                                    first.items[i].name),
                         first.items[i].value))
            k++;
        if (k < n)
            continue;
        buf_text(to, any ? "," : "");
        buf_json(to, first.items[i].name);
        buf_char(to, ':');
        buf_json(to, first.items[i].value);
        any = true;
    }
    buf_char(to, '}');
}

void entry_print_group(struct entry *const *entries, size_t n, const char *external_url,
                       struct buf *to)
{
    struct str name = labels_get(entries[0]->labels, STR(ALERTNAME));
    struct buf key;

    buf_init(&key, 0);
    buf_printf(&key, "{}:{" ALERTNAME "=\"%.*s\"}", STR_ARG(name));
    buf_text(to, "{\"version\":\"4\",\"groupKey\":");
    buf_json(to, buf_str(&key));
    buf_fini(&key);
    buf_printf(to,
               ",\"truncatedAlerts\":0,\"status\":\"%s\",\"receiver\":\"algalon\","
               "\"groupLabels\":{\"" ALERTNAME "\":",
               entries[0]->resolved ? "resolved" : "firing");
    buf_json(to, name);
    buf_text(to, "},\"commonLabels\":");
    print_shared(entries, n, false, to);
    buf_text(to, ",\"commonAnnotations\":");
    print_shared(entries, n, true, to);
    buf_text(to, ",\"externalURL\":");
    buf_json(to, str_of(external_url));
    buf_text(to, ",\"alerts\":[");
    for (size_t i = 0; i < n; i++) {
        buf_text(to, i ? "," : "");
        entry_print_webhook(entries[i], external_url, to);
    }
    buf_text(to, "]}");
}
