/* http_params.c - what stands in a request line and its headers: query strings and form bodies,
 * escapes, Accept-Encoding, times and durations, compressed bodies. */
#include "api/times.h"
#include "http/body.h"
#include "http/params.h"

#include <stdlib.h>

#define BODY_MAX 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_parameters(struct str text)
{
    struct params params = {0};
    struct arena arena;
    struct str decoded;

    arena_init(&arena, 1u << 20);
    if (params_parse(&params, text, &arena, NULL) == 0)
        for (size_t i = 0; i < params.len; i++) {
            struct str first = params_get(&params, params.items[i].name, 0);
            if (!first.ptr || params.items[i].value.len > text.len)
                abort();
        }
    params_fini(&params);
    if (params_decode(text, false, &arena, &decoded) == 0 && decoded.len > text.len)
        abort();
    arena_fini(&arena);
}

static void parse_times(struct str text)
{
    int64_t ms = 0, again = 0;
    struct buf out;

    if (!times_parse(text, &ms))
        ms = 0;
    if (ms < TIMES_MIN_MS || ms > TIMES_MAX_MS)
        abort();
    /* What is printed is read back as the same time. */
    buf_init(&out, 0);
    times_print(&out, ms);
    if (!times_parse(buf_str(&out), &again) || again != ms)
        abort();
    buf_fini(&out);
    if (times_parse_duration(text, &ms) && (ms > TIMES_MAX_MS || ms < TIMES_MIN_MS))
        abort();
}

static void unpack(const char *coding, struct str text)
{
    struct buf body, plain = {0};

    buf_init(&body, 0);
    buf_str_add(&body, text);
    if (body_decode(str_of(coding), &body, BODY_MAX, &plain, NULL) == 0 && plain.len > BODY_MAX)
        abort();
    buf_fini(&body);
    buf_fini(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);

    parse_parameters(text);
    parse_times(text);
    if (params_accepts(text, STR("gzip")) && !size)
        abort();
    if (size && size < BODY_MAX) {
        unpack("gzip", text);
        unpack("zstd", text);
    }
    return 0;
}
