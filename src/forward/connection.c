/* connection.c - see connection.h.
 *
 * Whether a receiver takes Zstandard is asked as VictoriaMetrics' agents ask: GET
 * ?get_vm_proto_version=1, answered with a version from 1 on. Everybody else answers something
 * else. */
#include "connection.h"

#include "remote/remote.h"
#include "translate.h"

#include <stdlib.h>
#include <sys/stat.h>

#define SECRET_MAX       65536
#define HEADERS_OWN      4
#define PROBE_TIMEOUT_MS 10000

/* A file of a secret, and what it held. */
struct secret {
    const char *path; /* NULL: there is none */
    struct timespec changed;
    char *text;
};

struct connection {
    const struct scrape_receiver *to;
    const atomic_bool *stop;
    char agent[64];
    struct outbound *outbound; /* NULL: has to be opened */
    struct secret user, password, credentials;
    bool asked, zstd; /* asked: `zstd` is known */
    struct buf body;
};

/* ---- credentials ---- */

static int read_secret(struct secret *s, struct error *err)
{
    struct stat st;
    struct buf text;

    if (!s->path)
        return 0;
    if (stat(s->path, &st))
        return error_errno(err, -errno, "%s", s->path);
    buf_init(&text, SECRET_MAX);
    int code = file_read(s->path, SECRET_MAX, &text, err);
    struct str trimmed = str_trim(buf_str(&text));
    char *copy = code ? NULL : xcalloc(trimmed.len + 1, 1);
    if (copy) {
        memcpy(copy, trimmed.ptr, trimmed.len);
        free(s->text);
        s->text = copy;
        s->changed = st.st_mtim;
    }
    buf_fini(&text);
    return code;
}

static bool is_changed(const struct secret *s)
{
    struct stat st;

    return s->path && stat(s->path, &st) == 0 &&
           (st.st_mtim.tv_sec != s->changed.tv_sec || st.st_mtim.tv_nsec != s->changed.tv_nsec);
}

static int read_secrets(struct connection *c, struct error *err)
{
    int code = read_secret(&c->user, err);

    if (!code)
        code = read_secret(&c->password, err);
    return code ? code : read_secret(&c->credentials, err);
}

static const char *secret_of(const struct secret *s, const char *given)
{
    return s->text ? s->text : given;
}

/* ---- connecting ---- */

static char *authorization(const struct connection *c)
{
    const char *credentials = secret_of(&c->credentials, c->to->credentials);
    struct buf line;

    if (!credentials)
        return NULL;
    buf_init(&line, 0);
    buf_printf(&line, "Authorization: %s %s", c->to->type ? c->to->type : "Bearer", credentials);
    return buf_take(&line);
}

static int connect_anew(struct connection *c, struct error *err)
{
    const struct scrape_receiver *to = c->to;
    const char **headers = xcalloc(to->header_len + HEADERS_OWN, sizeof(*headers));
    char *authorized;
    size_t n = 0;

    outbound_close(c->outbound);
    c->outbound = NULL;
    int code = read_secrets(c, err);
    authorized = code ? NULL : authorization(c);
    headers[n++] = "Content-Type: application/x-protobuf";
    headers[n++] = c->zstd ? "Content-Encoding: zstd" : "Content-Encoding: snappy";
    headers[n++] = c->zstd ? "X-VictoriaMetrics-Remote-Write-Version: 1"
                           : "X-Prometheus-Remote-Write-Version: 0.1.0";
    if (authorized)
        headers[n++] = authorized;
    for (size_t i = 0; i < to->header_len; i++)
        headers[n++] = to->headers[i];
    const struct outbound_options o = {
        .user_agent = c->agent,
        .headers = headers,
        .header_len = n,
        .user = secret_of(&c->user, to->user),
        .password = secret_of(&c->password, to->password),
        .ca_file = to->ca_file,
        .cert_file = to->cert_file,
        .key_file = to->key_file,
        .insecure = to->insecure,
        .proxy = to->proxy,
        .stop = c->stop,
    };
    if (!code)
        code = outbound_open(&o, &c->outbound, err);
    free(authorized);
    free(headers);
    return code;
}

int connection_open(const struct scrape_receiver *to, enum forward_packing packing,
                    const char *version, const atomic_bool *stop, struct connection **ret,
                    struct error *err)
{
    struct connection *c = xnew(struct connection);

    c->to = to;
    c->stop = stop;
    c->asked = packing != FORWARD_PACKING_AUTO;
    c->zstd = packing == FORWARD_PACKING_ZSTD;
    c->user.path = to->user_file;
    c->password.path = to->password_file;
    c->credentials.path = to->credentials_file;
    buf_init(&c->body, 0);
    snprintf(c->agent, sizeof(c->agent), "algalon/%s", version ? version : "0");
    int code = connect_anew(c, err);
    if (code)
        connection_close(c);
    else
        *ret = c;
    return code;
}

void connection_close(struct connection *c)
{
    if (!c)
        return;
    outbound_close(c->outbound);
    free(c->user.text);
    free(c->password.text);
    free(c->credentials.text);
    buf_fini(&c->body);
    free(c);
}

/* ---- sending ---- */

/* Asks whether the receiver takes Zstandard; false: it does not answer. */
static bool ask(struct connection *c, struct outbound_answer *answer)
{
    struct buf url;

    buf_init(&url, 0);
    buf_printf(&url, "%s%cget_vm_proto_version=1", c->to->url, strchr(c->to->url, '?') ? '&' : '?');
    char *text = buf_take(&url);
    if (!text)
        return false;
    outbound_send(c->outbound, "GET", text, STR(""), PROBE_TIMEOUT_MS, answer);
    free(text);
    if (!answer->status)
        return false;
    uint64_t version = 0;
    c->zstd = answer->status == 200 && num_parse_u64(str_trim(buf_str(&answer->body)), &version) &&
              version >= 1;
    c->asked = true;
    return true;
}

/* Sees to it that the connection can be used as it is wanted; false: `answer` says why not. */
static bool prepare(struct connection *c, struct outbound_answer *answer)
{
    bool anew = !c->outbound || is_changed(&c->user) || is_changed(&c->password) ||
                is_changed(&c->credentials);
    struct error err;

    if (anew && connect_anew(c, &err)) {
        str_copy(answer->error, sizeof(answer->error), str_of(err.text));
        return false;
    }
    if (c->asked)
        return true;
    if (!ask(c, answer))
        return false;
    if (c->zstd && connect_anew(c, &err)) {
        str_copy(answer->error, sizeof(answer->error), str_of(err.text));
        return false;
    }
    return true;
}

void connection_send(struct connection *c, struct str block, uint32_t block_samples,
                     struct outbound_answer *answer, uint32_t *ret_samples, uint32_t *ret_left)
{
    struct error err;

    *ret_samples = block_samples;
    *ret_left = 0;
    answer->status = 0;
    if (!prepare(c, answer)) {
        answer->status = 0;
        return;
    }
    if (c->zstd || c->to->relabel) {
        uint32_t samples;
        buf_reset(&c->body);
        int code = translate_block(c->to, block, c->zstd, &c->body, &samples, ret_left, &err);
        if (c->to->relabel)
            *ret_samples = samples;
        if (code || !c->body.len) {
            buf_reset(&answer->body);
            answer->status = code == -ENOMEM ? 0 : code ? 400 : 204;
            str_copy(answer->error, sizeof(answer->error), str_of(code ? err.text : ""));
            return;
        }
        block = buf_str(&c->body);
    }
    outbound_send(c->outbound, "POST", c->to->url, block, c->to->timeout_ms, answer);
}

bool connection_fall_back(struct connection *c, long status)
{
    if (!c->zstd || (status != 400 && status != 415))
        return false;
    c->zstd = false;
    c->asked = false; /* it is asked again: perhaps it was the data after all */
    outbound_close(c->outbound);
    c->outbound = NULL;
    return true;
}
