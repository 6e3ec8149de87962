/* migrate_data.c - `algalon migrate data`: history from one store to another, a stretch of time
 * after the other, so that memory is bounded and an interrupted move goes on where it was. */
#include "migrate_data.h"

#include "names_source.h"

#include "outbound/outbound.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define POST_TIMEOUT_MS 300000
#define STRETCH_MIN_MS  1000

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

struct move {
    const struct settings *s;
    struct outbound *to;
    int64_t at_ms, end_ms;
    uint64_t bytes, stretches;
};

static void encode(struct str s, struct buf *to)
{
    for (size_t i = 0; i < s.len; i++)
        buf_printf(to, "%%%02X", (unsigned char)s.ptr[i]);
}

/* The state file: "algalon move 1\nSOURCE\nTARGET\nMATCH\nTIME\n"; TIME is where to go on, Unix ms.
 */
static void print_state(const struct move *m, struct buf *to)
{
    buf_printf(to, "algalon move 1\n%s\n%s\n%s\n%" PRId64 "\n", m->s->move_from, m->s->move_into,
               m->s->move_match, m->at_ms);
}

static int read_state(struct move *m, struct error *err)
{
    struct buf text, wanted;
    int64_t at = m->at_ms;

    if (!*m->s->move_state)
        return 0;
    buf_init(&text, 0);
    buf_init(&wanted, 0);
    int code = file_read(m->s->move_state, 1 << 16, &text, err);
    if (code == -ENOENT) {
        buf_fini(&text);
        return 0;
    }
    struct str kept = str_trim(buf_str(&text));
    const char *last = kept.len ? memrchr(kept.ptr, '\n', kept.len) : NULL;
    if (!code && (!last || !num_parse_i64(
                               str_make(last + 1, (size_t)(kept.ptr + kept.len - last - 1)), &at)))
        code = error_set(err, -EINVAL, "%s is no state of a move", m->s->move_state);
    m->at_ms = at;
    print_state(m, &wanted);
    if (!code && !str_equal(str_trim(buf_str(&wanted)), kept))
        code =
            error_set(err, -EINVAL, "%s belongs to another move: other stores or another --match",
                      m->s->move_state);
    buf_fini(&wanted);
    buf_fini(&text);
    return code;
}

static int keep_state(const struct move *m, struct error *err)
{
    struct buf text;

    if (!*m->s->move_state)
        return 0;
    buf_init(&text, 0);
    print_state(m, &text);
    int code = text.failed ? error_errno(err, -ENOMEM, "%s", m->s->move_state)
                           : file_replace(m->s->move_state, text.ptr, text.len, err);
    buf_fini(&text);
    return code;
}

static int read_stretch(const struct move *m, int64_t until_ms, struct buf *to, struct error *err)
{
    struct buf url;

    buf_init(&url, 0);
    buf_printf(&url, "%s/api/v1/export?match%%5B%%5D=", m->s->move_from);
    encode(str_of(m->s->move_match), &url);
    buf_printf(&url, "&start=%" PRId64 ".%03d&end=%" PRId64 ".%03d", m->at_ms / 1000,
               (int)(m->at_ms % 1000), (until_ms - 1) / 1000, (int)((until_ms - 1) % 1000));
    buf_char(&url, '\0');
    int code = url.failed ? error_errno(err, -ENOMEM, "%s", m->s->move_from)
                          : names_source_get(url.ptr, POST_TIMEOUT_MS, to, err);
    buf_fini(&url);
    return code;
}

static int write_stretch(const struct move *m, struct str lines, struct error *err)
{
    struct outbound_answer answer = {0};
    struct buf url;
    int code = 0;

    buf_init(&url, 0);
    buf_printf(&url, "%s/api/v1/import", m->s->move_into);
    buf_char(&url, '\0');
    if (url.failed)
        return error_errno(err, -ENOMEM, "%s", m->s->move_into);
    outbound_send(m->to, "POST", url.ptr, lines, POST_TIMEOUT_MS, &answer);
    if (answer.status < 200 || answer.status > 299)
        code = error_set(err, -EIO, "%s: %s%.*s", m->s->move_into,
                         answer.status ? "it refuses: " : answer.error,
                         (int)MIN(answer.body.len, (size_t)150), answer.body.ptr);
    outbound_answer_fini(&answer);
    buf_fini(&url);
    return code;
}

static int move_stretch(struct move *m, struct error *err)
{
    int64_t until = MIN(m->at_ms + m->s->move_chunk_ms, m->end_ms);
    struct buf lines;

    buf_init(&lines, 0);
    int code = read_stretch(m, until, &lines, err);
    if (!code && lines.len)
        code = write_stretch(m, buf_str(&lines), err);
    if (!code) {
        m->bytes += lines.len;
        m->stretches++;
        m->at_ms = until;
        code = keep_state(m, err);
    }
    buf_fini(&lines);
    return code;
}

static int move_all(struct move *m, struct error *err)
{
    int64_t start = m->at_ms;
    uint64_t said = 0;
    int code = 0;

    while (!code && !stopped && m->at_ms < m->end_ms) {
        code = move_stretch(m, err);
        if (clock_mono_ns() - said < NS_PER_S && m->at_ms < m->end_ms)
            continue;
        said = clock_mono_ns();
        fprintf(stderr, "%3.0f %%: %" PRIu64 " MiB of lines moved\n",
                100.0 * (double)(m->at_ms - start) / (double)MAX(m->end_ms - start, (int64_t)1),
                m->bytes >> 20);
    }
    return code;
}

int migrate_data(const struct settings *s, struct error *err)
{
    struct outbound_options options = {.answer_max = 400};
    struct move m = {.s = s, .end_ms = clock_now_ms()};

    m.at_ms = (m.end_ms - s->move_since_ms) / STRETCH_MIN_MS * STRETCH_MIN_MS;
    int code = read_state(&m, err);
    if (!code)
        code = outbound_open(&options, &m.to, err);
    if (code)
        return code;
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    code = move_all(&m, err);
    if (!code && stopped)
        code = error_set(err, -EINTR, "stopped%s",
                         *s->move_state ? "; the same command goes on from here" : "");
    outbound_close(m.to);
    return code;
}
