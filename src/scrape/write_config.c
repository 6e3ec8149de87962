/* write_config.c - the keys of Prometheus's RemoteWriteConfig. Those of its queue have no meaning
 * here: what waits lies on disk, bounded by options of the program. */
#include "scrape/write_config.h"

#include "scrape/receiver.h"
#include "scrape/relabel_config.h"

#define METADATA_INTERVAL_MIN_MS 1000

static int read_protocol(struct reader *r, const struct yaml_node *node, void *to)
{
    struct str text = STR("");
    int code = reader_text(r, node, &text);

    (void)to;
    if (!code && text.len && !str_is(text, "prometheus.WriteRequest"))
        return reader_bad(r, node->line,
                          "protobuf_message: prometheus.WriteRequest (1.0) is what is sent");
    return code;
}

static int read_exemplars(struct reader *r, const struct yaml_node *node, void *to)
{
    bool on = false;
    int code = reader_bool(r, node, &on);

    (void)to;
    return !code && on ? reader_bad(r, node->line, "send_exemplars: there are none to be sent")
                       : code;
}

static int read_histograms(struct reader *r, const struct yaml_node *node, void *to)
{
    bool on = false;
    int code = reader_bool(r, node, &on);

    (void)to;
    return !code && on
               ? reader_bad(r, node->line, "send_native_histograms: there are none to be sent")
               : code;
}

static int read_round_robin(struct reader *r, const struct yaml_node *node, void *to)
{
    bool on = false;
    int code = reader_bool(r, node, &on);

    (void)to;
    return !code && on
               ? reader_bad(
                     r, node->line,
                     "round_robin_dns is not supported: the addresses of a name are tried in "
                     "the order in which the resolver gives them")
               : code;
}

#define REFUSED(function, text)                                                                    \
    static int function(struct reader *r, const struct yaml_node *node, void *to)                  \
    {                                                                                              \
        (void)to;                                                                                  \
        return yaml_is_null(node) ? 0 : reader_bad(r, node->line, text);                           \
    }
REFUSED(read_sigv4, "sigv4 is not supported: let a proxy that signs (aws-sigv4-proxy) stand before "
                    "the receiver")
REFUSED(read_azuread,
        "azuread is not supported: use oauth2, or authorization.credentials_file with a "
        "token that something else renews")
REFUSED(read_google, "google_iam is not supported: use authorization.credentials_file with a token "
                     "that something else renews")

/* It would leave out samples that are sent here. */
static int read_age(struct reader *r, const struct yaml_node *node, void *to)
{
    int64_t age_ms = 0;
    int code = reader_duration(r, node, &age_ms);

    (void)to;
    return !code && age_ms ? reader_bad(r, node->line,
                                        "sample_age_limit is not supported: start with "
                                        "--remote-write-queue-age instead")
                           : code;
}

/* Shards, batches and back-off of a queue in memory. Checked, so that a slip of the pen is seen,
 * and said to be without effect. */
static int read_queue(struct reader *r, const struct yaml_node *node, void *to)
{
    struct queue {
        uint64_t count;
        int64_t duration_ms;
        bool on;
    } unused;
    static const struct key keys[] = {
        {"capacity", reader_count, offsetof(struct queue, count)},
        {"max_shards", reader_count, offsetof(struct queue, count)},
        {"min_shards", reader_count, offsetof(struct queue, count)},
        {"max_samples_per_send", reader_count, offsetof(struct queue, count)},
        {"batch_send_deadline", reader_duration, offsetof(struct queue, duration_ms)},
        {"min_backoff", reader_duration, offsetof(struct queue, duration_ms)},
        {"max_backoff", reader_duration, offsetof(struct queue, duration_ms)},
        {"sample_age_limit", read_age, 0},
        {"retry_on_http_429", reader_bool, offsetof(struct queue, on)},
    };
    const struct key_table table = {keys, ARRAY_LEN(keys), &unused};

    (void)to;
    if (yaml_is_null(node))
        return 0;
    int code = reader_map(r, node, "queue_config", &table, 1);
    return code ? code
                : reader_warn(r, node->line,
                              "queue_config has no effect: the queue lies on disk; bound it by "
                              "--remote-write-queue-size and -age, and take queue_config out");
}

static int read_metadata(struct reader *r, const struct yaml_node *node, void *to)
{
    struct write_metadata *m = to;
    struct {
        bool send;
    } on = {true};
    static const struct key send[] = {{"send", reader_bool, 0}};
    static const struct key keys[] = {
        {"send_interval", reader_duration, offsetof(struct write_metadata, interval_ms)},
        {"max_samples_per_send", reader_count, offsetof(struct write_metadata, families)},
    };
    const struct key_table tables[] = {{send, ARRAY_LEN(send), &on}, {keys, ARRAY_LEN(keys), m}};
    int code = reader_map(r, node, "metadata_config", tables, ARRAY_LEN(tables));

    m->off = !on.send;
    if (!code && (m->interval_ms < METADATA_INTERVAL_MIN_MS || !m->families))
        code = reader_bad(r, node->line,
                          "metadata_config: send_interval is at least 1s, max_samples_per_send 1");
    return code;
}

/* `headers` is a map here, not the list of vmagent's jobs. */
static int read_headers(struct reader *r, const struct yaml_node *node, void *to)
{
    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_MAP)
        return reader_bad(r, node->line, "headers: a map of names and values is wanted");
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        struct str value = STR("");
        int code = reader_text(r, it->value, &value);
        if (!code)
            code = http_config_add_header(r, it->line, to, it->key, value);
        if (code)
            return code;
    }
    return 0;
}

#define WRITE(field) offsetof(struct write_config, field)

static const struct key keys[] = {
    {"url", reader_url, WRITE(url)},
    {"name", reader_text, WRITE(name)},
    {"remote_timeout", reader_duration, WRITE(timeout_ms)},
    {"write_relabel_configs", relabel_config_read, WRITE(relabel)},
    {"headers", read_headers, WRITE(http)},
    {"protobuf_message", read_protocol, 0},
    {"send_exemplars", read_exemplars, 0},
    {"send_native_histograms", read_histograms, 0},
    {"round_robin_dns", read_round_robin, 0},
    {"queue_config", read_queue, 0},
    {"metadata_config", read_metadata, WRITE(metadata)},
    {"sigv4", read_sigv4, 0},
    {"azuread", read_azuread, 0},
    {"google_iam", read_google, 0},
};

int write_config_read(struct reader *r, const struct yaml_node *node, struct write_config *to)
{
    http_config_init(&to->http);
    to->metadata = (struct write_metadata){.interval_ms = RECEIVER_METADATA_MS,
                                           .families = RECEIVER_METADATA_FAMILIES};
    to->key = yaml_hash(node) ^ hash_bytes(r->folder.ptr, r->folder.len);
    const struct key_table tables[] = {{keys, ARRAY_LEN(keys), to}, http_config_keys(&to->http)};
    int code = reader_map(r, node, "remote_write", tables, ARRAY_LEN(tables));

    if (!code && !to->url.len)
        code = reader_bad(r, node->line, "remote_write: url is missing");
    if (!code)
        code = http_config_settle(r, node->line, &to->http);
    return code;
}
