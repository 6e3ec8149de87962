/* dns_sd.c - this room's door to the C library's resolver. It asks as everything else on the
 * machine does (servers, search list and options of resolv.conf, read anew each time), speaks TCP
 * where an answer is cut, and gives whole messages, which SRV and MX need; no library has to be
 * installed. It waits while it asks, which is what the threads of pull.h are for. */
#include "scrape/dns_sd.h"

#include "scrape/ask.h"
#include "scrape/meta.h"
#include "scrape/sd_config.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>

#define REFRESH_MS  30000
#define ANSWER_MAX  65535
#define WAIT_S      3 /* for one server's answer, twice */
#define NAME_LENGTH 1025

struct dns_sd {
    struct ask_server server; /* only its arena is used */
    struct text_list names;
    enum dns_type type;
    uint64_t port;
};

static const struct {
    const char *name;
    int number;
} types[] = {[DNS_SRV] = {"SRV", ns_t_srv},
             [DNS_A] = {"A", ns_t_a},
             [DNS_AAAA] = {"AAAA", ns_t_aaaa},
             [DNS_MX] = {"MX", ns_t_mx},
             [DNS_NS] = {"NS", ns_t_ns}};

/* ---- answers ---- */

/* The name at `skip` bytes into a record's data, with a dot at its end. */
static int read_name(const ns_msg *message, const ns_rr *record, size_t skip, char *to)
{
    char name[NAME_LENGTH];

    if (ns_rr_rdlen(*record) <= skip ||
        ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(*record) + skip,
                           name, sizeof(name)) < 0)
        return -EBADMSG;
    snprintf(to, NAME_LENGTH + 1, "%s.", name);
    return 0;
}

static int read_address(const ns_rr *record, int family, size_t size, char *to)
{
    if (ns_rr_rdlen(*record) != size ||
        !inet_ntop(family, ns_rr_rdata(*record), to, INET6_ADDRSTRLEN))
        return -EBADMSG;
    return 0;
}

/* One target of one record of the wanted type. */
static int add_record(const ns_msg *message, const ns_rr *record, struct str name,
                      enum dns_type type, uint64_t port, struct group_list *ret)
{
    static const char *const labels[] = {[DNS_SRV] = "__meta_dns_srv_record_target",
                                         [DNS_A] = NULL,
                                         [DNS_AAAA] = NULL,
                                         [DNS_MX] = "__meta_dns_mx_record_target",
                                         [DNS_NS] = "__meta_dns_ns_record_target"};
    char host[NAME_LENGTH + 1], digits[NUM_MAX_TEXT];
    struct meta m;
    int code = 0;

    if (type == DNS_A)
        code = read_address(record, AF_INET, 4, host);
    else if (type == DNS_AAAA)
        code = read_address(record, AF_INET6, 16, host);
    else
        code = read_name(message, record, type == DNS_SRV ? 6 : type == DNS_MX ? 2 : 0, host);
    if (code)
        return code;
    meta_init(&m, &ret->arena);
    meta_set(&m, "__meta_dns_name", name);
    if (labels[type])
        meta_set(&m, labels[type], str_of(host));
    if (type == DNS_SRV) {
        port = ns_get16(ns_rr_rdata(*record) + 4);
        meta_number(&m, "__meta_dns_srv_record_port", port);
    }
    struct str bare = str_of(host);
    if (labels[type] && bare.len > 1)
        bare.len--; /* the dot */
    meta_host_port(&m, "__address__", bare, str_make(digits, num_print_u64(digits, port)));
    return meta_add(&m, ret);
}

int dns_sd_read_answer(const unsigned char *message, size_t len, struct str name,
                       enum dns_type type, uint64_t port, struct group_list *ret, struct error *err)
{
    ns_msg parsed;
    ns_rr record;

    if (ns_initparse(message, (int)len, &parsed) < 0)
        return error_set(err, -EBADMSG, "%.*s: not a DNS message", (int)MIN(name.len, (size_t)100),
                         name.ptr);
    for (int i = 0; i < ns_msg_count(parsed, ns_s_an); i++) {
        int code = ns_parserr(&parsed, ns_s_an, i, &record) < 0 ? -EBADMSG : 0;
        /* Others, such as CNAME, lead to those that are wanted. */
        if (!code && (int)ns_rr_type(record) == types[type].number)
            code = add_record(&parsed, &record, name, type, port, ret);
        if (code)
            return error_errno(err, code, "%.*s: answer of DNS", (int)MIN(name.len, (size_t)100),
                               name.ptr);
    }
    return 0;
}

/* ---- questions ---- */

/* Servers and options as the system has them, or the one that was given. */
static int open_resolver(struct __res_state *state, const char *server, struct error *err)
{
    memset(state, 0, sizeof(*state));
    if (res_ninit(state) < 0)
        return error_set(err, -EIO, "the resolver cannot be set up");
    state->retrans = WAIT_S;
    state->retry = 2;
    if (!server)
        return 0;
    struct str rest = str_of(server), host = str_cut(&rest, ':');
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
    char text[INET_ADDRSTRLEN];
    uint64_t port = 53;
    str_copy(text, sizeof(text), host);
    if (inet_pton(AF_INET, text, &address.sin_addr) != 1 ||
        (rest.ptr && (!num_parse_u64(rest, &port) || !port || port > 65535))) {
        res_nclose(state);
        return error_set(err, -EINVAL, "DNS server '%.60s' is not an IPv4 address and port",
                         server);
    }
    address.sin_port = htons((uint16_t)port);
    state->nsaddr_list[0] = address;
    state->nscount = 1;
    return 0;
}

static int ask_name(struct __res_state *state, const struct dns_sd *sd, struct str name,
                    unsigned char *answer, struct group_list *ret, struct error *err)
{
    int len = res_nsearch(state, name.ptr, ns_c_in, types[sd->type].number, answer, ANSWER_MAX);

    if (len > 0)
        return dns_sd_read_answer(answer, MIN((size_t)len, (size_t)ANSWER_MAX), name, sd->type,
                                  sd->port, ret, err);
    if (state->res_h_errno == HOST_NOT_FOUND || state->res_h_errno == NO_DATA)
        return 0; /* a name with no such record has no targets */
    return error_set(err, -EIO, "%.*s: no answer from DNS", (int)MIN(name.len, (size_t)100),
                     name.ptr);
}

static int ask(void *self, const struct pull_context *ctx, struct group_list *ret,
               struct error *err)
{
    const struct dns_sd *sd = self;
    struct __res_state state;

    int code = open_resolver(&state, ctx->dns_server, err);
    if (code)
        return code;
    unsigned char *answer = malloc(ANSWER_MAX);
    if (!answer)
        code = error_errno(err, -ENOMEM, "DNS");
    for (size_t i = 0; i < sd->names.len && !code; i++)
        code = atomic_load(ctx->stop) ? error_set(err, -ECANCELED, "stopped")
                                      : ask_name(&state, sd, sd->names.items[i], answer, ret, err);
    free(answer);
    res_nclose(&state);
    return code;
}

static void close_sd(void *self)
{
    struct dns_sd *sd = self;

    arena_fini(&sd->server.arena);
    free(sd);
}

static const struct pull_kind kind = {"dns", false, false, ask, close_sd};

/* ---- configuration ---- */

static int read_type(struct reader *r, const struct yaml_node *node, void *to)
{
    struct str text = STR("");
    int code = reader_text(r, node, &text);

    for (size_t i = 0; !code && i < ARRAY_LEN(types); i++) {
        if (text.len == strlen(types[i].name) && !strncasecmp(text.ptr, types[i].name, text.len)) {
            *(enum dns_type *)to = (enum dns_type)i;
            return 0;
        }
    }
    return code ? code : reader_bad(r, node->line, "type is SRV, A, AAAA, MX or NS");
}

int dns_sd_new(struct reader *r, const struct yaml_node *node, struct discovery **ret)
{
    struct settings {
        struct text_list names;
        enum dns_type type;
        uint64_t port;
        int64_t refresh_ms;
    } s = {.type = DNS_SRV, .refresh_ms = REFRESH_MS};
    static const struct key keys[] = {
        {"names", reader_texts, offsetof(struct settings, names)},
        {"type", read_type, offsetof(struct settings, type)},
        {"port", reader_count, offsetof(struct settings, port)},
        {"refresh_interval", reader_duration, offsetof(struct settings, refresh_ms)},
    };
    const struct key_table table = {keys, ARRAY_LEN(keys), &s};
    struct dns_sd *sd;
    struct reader own;

    int code = sd_config_begin(r, &node, sizeof(*sd), (void **)&sd, &own);
    if (code)
        return code;
    code = reader_map(&own, node, "dns_sd_configs", &table, 1);
    if (!code && !s.names.len)
        code = reader_bad(r, node->line, "dns_sd_configs: names is missing");
    if (!code && s.type != DNS_SRV && !s.port)
        code = reader_bad(r, node->line, "dns_sd_configs: all types but SRV want a port");
    if (!code && s.port > 65535)
        code = reader_bad(r, node->line, "dns_sd_configs: a port is at most 65535");
    if (!code && s.refresh_ms < SD_REFRESH_MIN_MS)
        code = reader_bad(r, node->line, "dns_sd_configs: refresh_interval is shorter than 1s");
    if (code) {
        close_sd(sd);
        return code;
    }
    sd->names = s.names;
    sd->type = s.type;
    sd->port = s.port;
    return sd_config_end(r, &kind, sd, s.refresh_ms, node, s.names.items[0], ret);
}
