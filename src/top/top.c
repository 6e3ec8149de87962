/* top.c - readers on threads of their own, the newest reading of each, and the loop that shows
 * them. */
#include "top.h"

#include "screen.h"
#include "view.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define TEXT_MAX ((size_t)256 << 20)
#define WAKE_MS  200 /* how soon a new reading or a signal shows */

/* One source and the thread that reads it. Under `lock` of the watch: reading, trouble, turn. */
struct reader {
    struct watch *watch;
    struct top_source source;
    pthread_t thread;
    bool running;
    struct reading *reading; /* the newest; may be NULL */
    struct trouble trouble;  /* text "": it answers */
    uint64_t turn;           /* readings and failures so far */
};

struct watch {
    const struct top_options *options;
    struct reader readers[TOP_SOURCES_MAX];
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a reader has something new, or `stop` */
    bool stop;
    uint64_t asked; /* how often keys have wished for a reading at once */
    bool hold;      /* what comes is thrown away */
};

static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
    (void)signal;
    ended = 1;
}

/* ---- reading ---- */

static void publish(struct reader *r, struct reading *reading, const struct error *err)
{
    struct watch *w = r->watch;

    pthread_mutex_lock(&w->lock);
    if (w->hold) {
        pthread_mutex_unlock(&w->lock);
        reading_free(reading);
        return;
    }
    struct reading *old = r->reading;
    if (reading)
        r->reading = reading;
    r->trouble.source = r->source.name;
    str_copy(r->trouble.text, sizeof(r->trouble.text), reading ? STR("") : str_of(err->text));
    r->turn++;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    if (reading)
        reading_free(old);
}

static void read_once(struct reader *r)
{
    struct reading *reading = NULL;
    struct error err = {0};
    struct buf text;

    buf_init(&text, TEXT_MAX);
    int code = r->source.fetch(r->source.ctx, &text, &err);
    if (!code && text.failed)
        code = error_errno(&err, -ENOMEM, "%s", r->source.name);
    if (!code)
        code = reading_new(buf_str(&text), r->source.name, &reading, &err);
    if (!code && !reading->samples) {
        code = error_set(&err, -ENODATA, "its answer holds no metrics: is it an exporter?");
        reading_free(reading);
        reading = NULL;
    }
    buf_fini(&text);
    publish(r, code ? NULL : reading, &err);
}

static void *run_reader(void *arg)
{
    struct reader *r = arg;
    struct watch *w = r->watch;
    uint64_t next = clock_mono_ns();

    pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        uint64_t asked = w->asked;
        pthread_mutex_unlock(&w->lock);
        read_once(r);
        pthread_mutex_lock(&w->lock);
        next = MAX(next + (uint64_t)w->options->interval_ms * NS_PER_MS, clock_mono_ns());
        while (!w->stop && w->asked == asked && !thread_wait_until(&w->changed, &w->lock, next)) {
        }
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static void watch_stop(struct watch *w)
{
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < w->options->source_len; i++) {
        struct reader *r = &w->readers[i];
        if (r->running)
            pthread_join(r->thread, NULL);
        reading_free(r->reading);
    }
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static int watch_start(const struct top_options *options, struct watch **ret, struct error *err)
{
    struct watch *w = calloc(1, sizeof(*w));
    int code = 0;

    if (!w)
        return error_errno(err, -ENOMEM, "top");
    w->options = options;
    pthread_mutex_init(&w->lock, NULL);
    thread_cond_init(&w->changed);
    for (size_t i = 0; i < options->source_len && !code; i++) {
        struct reader *r = &w->readers[i];
        *r = (struct reader){.watch = w, .source = options->sources[i]};
        code = thread_start(&r->thread, "top-read", run_reader, r, err);
        r->running = !code;
    }
    if (code) {
        watch_stop(w);
        return code;
    }
    *ret = w;
    return 0;
}

/* ---- showing ---- */

/* Readings are borrowed from the readers: w->lock is held while the frame is drawn. */
struct shown {
    struct frame frame;
    const struct reading *readings[TOP_SOURCES_MAX];
    struct trouble troubles[TOP_SOURCES_MAX];
};

static void gather(struct watch *w, const struct history *history, struct shown *ret)
{
    struct frame *f = &ret->frame;

    *f = (struct frame){.readings = ret->readings,
                        .troubles = ret->troubles,
                        .history = history,
                        .now_ms =
                            w->options->at_ms ? atomic_load(w->options->at_ms) : clock_now_ms(),
                        .past = w->options->at_ms != NULL,
                        .interval_ms = w->options->interval_ms};
    for (size_t i = 0; i < w->options->source_len; i++) {
        const struct reader *r = &w->readers[i];
        if (r->reading && !r->trouble.text[0])
            ret->readings[f->reading_len++] = r->reading;
        if (r->trouble.text[0])
            ret->troubles[f->trouble_len++] = r->trouble;
    }
}

static int draw(struct watch *w, struct view *v, const struct history *history, unsigned width,
                unsigned height, struct canvas *ret)
{
    struct shown shown;

    pthread_mutex_lock(&w->lock);
    gather(w, history, &shown);
    int code = canvas_init(ret, width, height ? height : view_height(v, &shown.frame));
    if (!code)
        view_draw(v, &shown.frame, ret);
    pthread_mutex_unlock(&w->lock);
    return code;
}

/* Adds what came since to the curves. */
static bool take_news(struct watch *w, uint64_t *turns, struct history *history)
{
    uint64_t slot = clock_mono_ns() / NS_PER_MS / (uint64_t)w->options->interval_ms;
    bool news = false;

    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->options->source_len; i++) {
        const struct reader *r = &w->readers[i];
        if (r->turn == turns[i])
            continue;
        turns[i] = r->turn;
        news = true;
        if (r->reading && !r->trouble.text[0] && !w->options->at_ms)
            history_add(history, r->reading, slot);
    }
    if (news)
        history_prune(history, slot);
    pthread_mutex_unlock(&w->lock);
    return news;
}

static int show(struct watch *w, struct view *v, struct screen *screen, const struct history *h)
{
    struct canvas canvas;
    unsigned width, height;

    screen_size(screen, &width, &height);
    int code = draw(w, v, h, width, MAX(height, 1U), &canvas);
    if (code)
        return code;
    screen_show(screen, &canvas);
    canvas_fini(&canvas);
    return 0;
}

/* In the past: a second or a minute on or back, to now at the latest. False for other keys. */
static bool move_moment(struct watch *w, const struct view *v, int key)
{
    int64_t by_ms = key == ',' ? -1000 : key == '.' ? 1000 : key == '<' ? -60000 : 60000;

    if (!w->options->at_ms || v->typing || !(key == ',' || key == '.' || key == '<' || key == '>'))
        return false;
    int64_t at_ms = MIN(atomic_load(w->options->at_ms) + by_ms, clock_now_ms());
    atomic_store(w->options->at_ms, at_ms);
    pthread_mutex_lock(&w->lock);
    w->asked++;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return true;
}

static int loop(struct watch *w, struct view *v, struct screen *screen)
{
    uint64_t turns[TOP_SOURCES_MAX] = {0}, shown = 0;
    struct history history;
    int code = 0;

    history_init(&history);
    while (!code && !ended) {
        uint64_t now = clock_mono_ns();
        bool news = take_news(w, turns, &history) || now - shown >= NS_PER_S;
        if (news && !v->hold) {
            code = show(w, v, screen, &history);
            shown = now;
        }
        int key = screen_key(screen, WAKE_MS);
        if (key == SCREEN_NO_KEY)
            continue;
        if (!move_moment(w, v, key) && !view_key(v, key))
            break;
        pthread_mutex_lock(&w->lock);
        w->hold = v->hold;
        pthread_mutex_unlock(&w->lock);
        code = show(w, v, screen, &history);
    }
    history_fini(&history);
    return code;
}

int top_run(const struct top_options *options, struct error *err)
{
    struct screen *screen = NULL;
    struct watch *w = NULL;
    struct view v;
    int code = screen_open(options->color != TOP_COLOR_NEVER, &screen, err);

    if (code)
        return code;
    ended = 0;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGHUP, on_signal);
    code = watch_start(options, &w, err);
    if (!code) {
        view_init(&v, options->utf8);
        code = loop(w, &v, screen);
        if (code)
            error_set(err, code, "out of memory");
        view_fini(&v);
    }
    screen_close(screen);
    if (w)
        watch_stop(w);
    return code;
}

static bool all_came(const struct watch *w)
{
    for (size_t i = 0; i < w->options->source_len; i++)
        if (!w->readers[i].turn)
            return false;
    return true;
}

int top_print(const struct top_options *options, int64_t patience_ms, struct buf *to,
              struct error *err)
{
    uint64_t deadline = clock_mono_ns() + (uint64_t)patience_ms * NS_PER_MS;
    struct canvas canvas;
    struct watch *w;
    struct view v;
    bool any = false;
    int code = watch_start(options, &w, err);

    if (code)
        return code;
    pthread_mutex_lock(&w->lock);
    while (!all_came(w) && !thread_wait_until(&w->changed, &w->lock, deadline)) {
    }
    for (size_t i = 0; i < options->source_len; i++)
        any |= w->readers[i].reading != NULL;
    if (!any)
        code = error_set(err, -EIO, "%s: %s", w->readers[0].source.name,
                         w->readers[0].trouble.text[0] ? w->readers[0].trouble.text
                                                       : "no answer in time");
    pthread_mutex_unlock(&w->lock);
    view_init(&v, options->utf8);
    v.focus = PANES; /* no cursor in a picture that stands still */
    if (!code)
        code = draw(w, &v, NULL, options->width ? options->width : 80, options->height, &canvas);
    if (!code) {
        canvas_text(&canvas, to);
        canvas_fini(&canvas);
    }
    view_fini(&v);
    watch_stop(w);
    return code;
}
