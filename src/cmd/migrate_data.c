/* migrate_data.c - `algalon migrate data`: history from one store to another, a stretch of time
 * after the other, so that an interrupted move goes on where it was. Lines are sent on while they
 * are read, so that memory is bounded. */
#include "migrate_data.h"

#include "outbound/outbound.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define POST_TIMEOUT_MS 300000
#define QUIET_MS        300000 /* the source may think so long */
#define STRETCH_MIN_MS  1000
#define BODY_BYTES      ((size_t)8 << 20)   /* lines are sent on when there are so many bytes */
#define BODY_MAX        ((size_t)128 << 20) /* with a line that long there is something wrong */

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

struct move {
    const struct settings *s;
    struct outbound *from, *to;
    struct buf lines;     /* read and not sent on yet */
    struct error trouble; /* why sending on ended */
    int64_t start_ms, at_ms, end_ms;
    uint64_t bytes, said_ns;
};

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

static int write_lines(struct move *m, struct str lines, struct error *err)
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
    else
        m->bytes += lines.len;
    outbound_answer_fini(&answer);
    buf_fini(&url);
    return code;
}

/* Once a second, and at the end. */
static void say(struct move *m, bool always)
{
    uint64_t now = clock_mono_ns();

    if (!always && now - m->said_ns < NS_PER_S)
        return;
    m->said_ns = now;
    fprintf(stderr, "%3.0f %%: %" PRIu64 " MiB of lines moved\n",
            100.0 * (double)(m->at_ms - m->start_ms) /
                (double)MAX(m->end_ms - m->start_ms, (int64_t)1),
            m->bytes >> 20);
}

/* outbound_sink: sends whole lines on when there are enough of them. */
static int take(void *ctx, struct str bytes)
{
    struct move *m = ctx;
    struct buf *lines = &m->lines;

    buf_str_add(lines, bytes);
    if (lines->failed)
        return error_set(&m->trouble, -E2BIG, "%s: a line is longer than %zu MiB", m->s->move_from,
                         BODY_MAX >> 20);
    const char *last = lines->len < BODY_BYTES ? NULL : memrchr(lines->ptr, '\n', lines->len);
    if (!last)
        return stopped ? error_set(&m->trouble, -EINTR, "stopped") : 0;
    size_t whole = (size_t)(last + 1 - lines->ptr);
    int code = write_lines(m, str_make(lines->ptr, whole), &m->trouble);
    memmove(lines->ptr, lines->ptr + whole, lines->len - whole);
    lines->len -= whole;
    say(m, false);
    return code;
}

static int read_lines(struct move *m, const char *url, struct error *err)
{
    struct outbound_answer answer = {0};
    int code = 0;

    m->trouble = (struct error){0};
    outbound_receive(m->from, url, QUIET_MS, take, m, &answer);
    if (m->trouble.code)
        code = error_set(err, m->trouble.code, "%s", m->trouble.text);
    else if (answer.status != 200)
        code = error_set(err, -EIO, "%s: %s%.*s", m->s->move_from,
                         answer.status ? "it refuses: " : answer.error,
                         (int)MIN(answer.body.len, (size_t)150), answer.body.ptr);
    else if (m->lines.len)
        code = write_lines(m, buf_str(&m->lines), err);
    outbound_answer_fini(&answer);
    return code;
}

static int move_stretch(struct move *m, struct error *err)
{
    int64_t until = MIN(m->at_ms + m->s->move_chunk_ms, m->end_ms);
    struct buf url;

    buf_init(&url, 0);
    buf_printf(&url, "%s/api/v1/export?match%%5B%%5D=", m->s->move_from);
    buf_escape(&url, str_of(m->s->move_match));
    buf_printf(&url, "&start=%" PRId64 ".%03d&end=%" PRId64 ".%03d", m->at_ms / 1000,
               (int)(m->at_ms % 1000), (until - 1) / 1000, (int)((until - 1) % 1000));
    buf_char(&url, '\0');
    buf_reset(&m->lines);
    int code =
        url.failed ? error_errno(err, -ENOMEM, "%s", m->s->move_from) : read_lines(m, url.ptr, err);
    buf_fini(&url);
    if (code)
        return code;
    m->at_ms = until;
    return keep_state(m, err);
}

static int move_all(struct move *m, struct error *err)
{
    int code = 0;

    m->start_ms = m->at_ms;
    while (!code && !stopped && m->at_ms < m->end_ms) {
        code = move_stretch(m, err);
        say(m, m->at_ms >= m->end_ms);
    }
    return code;
}

int migrate_data(const struct settings *s, struct error *err)
{
    struct outbound_options options = {.answer_max = 400};
    struct move m = {.s = s, .end_ms = clock_now_ms()};

    m.at_ms = (m.end_ms - s->move_since_ms) / STRETCH_MIN_MS * STRETCH_MIN_MS;
    int code = read_state(&m, err);
    if (code)
        return code;
    buf_init(&m.lines, BODY_MAX);
    code = outbound_open(&options, &m.from, err);
    if (!code)
        code = outbound_open(&options, &m.to, err);
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    if (!code)
        code = move_all(&m, err);
    if (!code && stopped)
        code = error_set(err, -EINTR, "stopped%s",
                         *s->move_state ? "; the same command goes on from here" : "");
    outbound_close(m.from);
    outbound_close(m.to);
    buf_fini(&m.lines);
    return code;
}
