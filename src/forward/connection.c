/* connection.c - see connection.h.
 *
 * Whether a receiver takes Zstandard is asked as VictoriaMetrics' agents ask: GET
 * ?get_vm_proto_version=1, answered with a version from 1 on. Everybody else answers something
 * else. */
#include "connection.h"

#include "remote/remote.h"
#include "translate.h"

#include <stdlib.h>

#define PROBE_TIMEOUT_MS 10000

struct connection {
    const struct scrape_receiver *to;
    const atomic_bool *stop;
    char agent[64];
    struct outbound *outbound; /* NULL: has to be opened */
    bool asked, zstd;          /* asked: `zstd` is known */
    struct buf body;
};

/* ---- connecting ---- */

static int connect_anew(struct connection *c, struct error *err)
{
    const char *const headers[] = {
        "Content-Type: application/x-protobuf",
        c->zstd ? "Content-Encoding: zstd" : "Content-Encoding: snappy",
        c->zstd ? "X-VictoriaMetrics-Remote-Write-Version: 1"
                : "X-Prometheus-Remote-Write-Version: 0.1.0",
    };
    const struct outbound_options o = {.user_agent = c->agent,
                                       .headers = headers,
                                       .header_len = ARRAY_LEN(headers),
                                       .http = c->to->http,
                                       .stop = c->stop};

    outbound_close(c->outbound);
    c->outbound = NULL;
    return outbound_open(&o, &c->outbound, err);
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
    struct error err;

    if (!c->outbound && connect_anew(c, &err)) {
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

void connection_tell(struct connection *c, struct str message, struct outbound_answer *answer)
{
    struct error err;

    answer->status = 0;
    if (!prepare(c, answer)) {
        answer->status = 0;
        return;
    }
    buf_reset(&c->body);
    if (c->zstd ? zstd_encode(message, &c->body, &err) : snappy_encode(message, &c->body, &err)) {
        str_copy(answer->error, sizeof(answer->error), str_of(err.text));
        return;
    }
    outbound_send(c->outbound, "POST", c->to->url, buf_str(&c->body), c->to->timeout_ms, answer);
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
