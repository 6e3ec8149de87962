/* pull.c - see pull.h. The lock of the configuration guards everything here; it is given up while
 * something is asked. A discovery that goes away while it is asked is freed by who asks. */
#include "scrape/pull.h"

#include "scrape/config.h"

#include <stdlib.h>

#define STACK_BYTES ((size_t)1 << 20) /* TLS handshakes run on it */
#define WAIT_NS     (10 * (uint64_t)NS_PER_S)
#define RETRY_MS    ((int64_t)5000) /* after a failure, when the refresh interval is longer */
#define PATIENCE_MS                                                                                \
    ((int64_t)30000) /* a watch without a word: that it works is noted this often                  \
                      */
#define ACCOUNT_DIR "/var/run/secrets/kubernetes.io/serviceaccount/"

struct pull {
    struct discovery base;
    const struct pull_kind *kind;
    void *self;
    char *what;
    int64_t refresh_ms;
    uint64_t due_ns; /* 0: at once */
    bool asking, closed;
    atomic_bool cancel;            /* ends a question that waits */
    struct group_list list, fresh; /* fresh: found, not taken over yet */
    bool has_fresh;
    uint64_t hash; /* of the newest list */
};

/* ---- the discovery ---- */

static bool pull_refresh(struct discovery *d)
{
    struct pull *p = (struct pull *)d;

    if (!p->has_fresh)
        return false;
    groups_fini(&p->list);
    p->list = p->fresh;
    p->has_fresh = false;
    return true;
}

static void pull_visit(const struct discovery *d, group_visit *visit, void *ctx)
{
    const struct pull *p = (const struct pull *)d;

    for (size_t i = 0; i < p->list.len; i++)
        visit(ctx, &p->list.groups[i]);
}

static void pull_free(struct pull *p)
{
    p->kind->close(p->self);
    groups_fini(&p->list);
    if (p->has_fresh)
        groups_fini(&p->fresh);
    free(p->what);
    free(p);
}

static void pull_close(struct discovery *d)
{
    struct pull *p = (struct pull *)d;

    p->closed = true;
    atomic_store(&p->cancel, true);
    if (!p->asking)
        pull_free(p);
}

static const struct discovery_ops *ops_of(const struct pull_kind *kind)
{
    static const struct discovery_ops ops[] = {
        {"http", pull_refresh, pull_visit, pull_close},
        {"dns", pull_refresh, pull_visit, pull_close},
        {"docker", pull_refresh, pull_visit, pull_close},
        {"kubernetes", pull_refresh, pull_visit, pull_close},
    };

    for (size_t i = 0; i < ARRAY_LEN(ops); i++)
        if (!strcmp(ops[i].name, kind->name))
            return &ops[i];
    return NULL;
}

static bool is_pull(const struct discovery *d)
{
    return d->ops->refresh == pull_refresh;
}

struct discovery *pull_new(const struct pull_kind *kind, void *self, int64_t refresh_ms,
                           uint64_t key, const char *what)
{
    struct pull *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->base.ops = ops_of(kind);
    p->base.key = key ? key : 1;
    p->kind = kind;
    p->self = self;
    p->what = xstrdup(what);
    p->refresh_ms = refresh_ms;
    groups_init(&p->list);
    return &p->base;
}

/* Keeps what was found, or notes why nothing was. The lock is held. */
static bool keep_answer(struct pull *p, struct group_list *found, int code, const struct error *err)
{
    uint64_t hash = code ? 0 : groups_hash(found);
    bool changed = !code && (hash != p->hash || !p->base.state.last_ok_ms);

    discovery_note(&p->base, p->what, code ? err : NULL);
    if (!changed) {
        groups_fini(found);
        return false;
    }
    if (p->has_fresh)
        groups_fini(&p->fresh);
    p->fresh = *found;
    p->has_fresh = true;
    p->hash = hash;
    return true;
}

int pull_ask(struct discovery *d, const struct pull_context *ctx, struct error *err)
{
    struct pull *p = (struct pull *)d;
    struct group_list found;

    groups_init(&found);
    int code = p->kind->ask(p->self, ctx, &found, err);
    keep_answer(p, &found, code, err);
    return code;
}

/* ---- the threads ---- */

struct pullers {
    pthread_mutex_t *lock;
    pthread_cond_t turn; /* the configuration is new, or the end has come */
    struct scrape_config *const *config;
    void (*wake)(void *ctx);
    void *ctx;
    char *user_agent, *dns_server, *account_dir;
    atomic_bool stop;
    unsigned waiting; /* discoveries that want to wait */
    struct puller {
        struct pullers *all;
        struct client *client;
        pthread_t thread;
        bool waits; /* asks the kinds that wait, and they alone */
    } threads[PULL_THREADS_MAX + PULL_WATCHES_MAX];
    unsigned len;
};

struct pullers *pullers_new(const struct pullers_options *options)
{
    struct pullers *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->lock = options->lock;
    p->config = options->config;
    p->wake = options->wake;
    p->ctx = options->ctx;
    p->user_agent = xstrdup(options->user_agent);
    p->dns_server =
        options->dns_server && *options->dns_server ? xstrdup(options->dns_server) : NULL;
    p->account_dir = xstrdup(options->account_dir ? options->account_dir : ACCOUNT_DIR);
    thread_cond_init(&p->turn);
    return p;
}

/* The discovery whose turn comes first and nobody asks; NULL when there is none. */
static struct pull *next_pull(const struct scrape_config *config, bool waits)
{
    struct pull *first = NULL;

    struct discovery **list;

    for (size_t i = 0; (list = config_discoveries(config, i)); i++) {
        for (struct discovery *d = *list; d; d = d->next) {
            struct pull *p = (struct pull *)d;
            if (is_pull(d) && p->kind->waits == waits && !p->asking &&
                (!first || p->due_ns < first->due_ns))
                first = p;
        }
    }
    return first;
}

/* When `p` is asked again after an answer of `code`. One that waits is asked at once; there it
 * waits for what changes. With more of those than threads they take turns, as the others do. */
static int64_t pause_ms(const struct pullers *all, const struct pull *p, int code)
{
    if (code)
        return MIN(p->refresh_ms, RETRY_MS);
    return p->kind->waits && all->waiting <= PULL_WATCHES_MAX ? 0 : p->refresh_ms;
}

/* The lock is held, and given up while the question is out. */
static void ask_one(struct puller *own, struct pull *p)
{
    struct pullers *all = own->all;
    const struct pull_context ctx = {
        .client = own->client,
        .stop = p->kind->waits ? &p->cancel : &all->stop,
        .dns_server = all->dns_server,
        .account_dir = all->account_dir,
        .user_agent = all->user_agent,
        .patience_ms = all->waiting <= PULL_WATCHES_MAX ? PATIENCE_MS : 0,
    };
    struct group_list found;
    struct error err;

    p->asking = true;
    pthread_mutex_unlock(all->lock);
    groups_init(&found);
    int code = p->kind->ask(p->self, &ctx, &found, &err);
    pthread_mutex_lock(all->lock);
    p->asking = false;
    p->due_ns = clock_mono_ns() + (uint64_t)pause_ms(all, p, code) * NS_PER_MS;
    if (p->closed || code == -ECANCELED) {
        groups_fini(&found);
        if (p->closed)
            pull_free(p);
    } else if (keep_answer(p, &found, code, &err)) {
        pthread_mutex_unlock(all->lock);
        all->wake(all->ctx);
        pthread_mutex_lock(all->lock);
    }
}

static void *run(void *arg)
{
    struct puller *own = arg;
    struct pullers *p = own->all;

    pthread_mutex_lock(p->lock);
    while (!p->stop) {
        uint64_t now_ns = clock_mono_ns();
        struct pull *next = next_pull(*p->config, own->waits);
        if (next && next->due_ns <= now_ns)
            ask_one(own, next);
        else
            thread_wait_until(&p->turn, p->lock,
                              next ? MIN(next->due_ns, now_ns + WAIT_NS) : now_ns + WAIT_NS);
    }
    pthread_mutex_unlock(p->lock);
    return NULL;
}

static int add_thread(struct pullers *p, bool waits, unsigned number, struct error *err)
{
    struct puller *own = &p->threads[p->len];
    char name[16];

    own->all = p;
    own->waits = waits;
    if (!own->client)
        own->client = client_new(p->user_agent);
    if (!own->client)
        return error_errno(err, -ENOMEM, "discovery");
    snprintf(name, sizeof(name), "%s-%u", waits ? "watch" : "discover", number);
    int code = thread_start_small(&own->thread, name, STACK_BYTES, run, own, err);
    p->len += !code;
    return code;
}

/* Sees to it that there are `wanted` threads of a sort, as far as may be. */
static int want_threads(struct pullers *p, bool waits, unsigned wanted, struct error *err)
{
    unsigned most = waits ? PULL_WATCHES_MAX : PULL_THREADS_MAX, there = 0;
    int code = 0;

    for (unsigned i = 0; i < p->len; i++)
        there += p->threads[i].waits == waits;
    for (; !code && there < MIN(wanted, most); there++)
        code = add_thread(p, waits, there, err);
    return code;
}

int pullers_start(struct pullers *p, const struct scrape_config *config, struct error *err)
{
    unsigned wanted[2] = {0, 0}; /* of kinds that do not wait, and that do */
    struct discovery **list;
    bool http = false;

    for (size_t i = 0; (list = config_discoveries(config, i)); i++) {
        for (const struct discovery *d = *list; d; d = d->next) {
            if (!is_pull(d))
                continue;
            const struct pull_kind *kind = ((const struct pull *)d)->kind;
            wanted[kind->waits]++;
            http |= kind->http;
        }
    }
    p->waiting = wanted[1];
    int code = want_threads(p, false, wanted[0], err);
    if (!code)
        code = want_threads(p, true, wanted[1], err);
    for (unsigned i = 0; !code && http && i < p->len; i++)
        code = client_open(p->threads[i].client, err);
    pthread_cond_broadcast(&p->turn);
    return code;
}

/* Ends questions that wait. The lock is held. */
static void cancel_waiting(const struct scrape_config *config)
{
    struct discovery **list;

    for (size_t i = 0; (list = config_discoveries(config, i)); i++)
        for (struct discovery *d = *list; d; d = d->next)
            if (is_pull(d) && ((struct pull *)d)->kind->waits)
                atomic_store(&((struct pull *)d)->cancel, true);
}

void pullers_free(struct pullers *p)
{
    if (!p)
        return;
    pthread_mutex_lock(p->lock);
    p->stop = true;
    if (*p->config)
        cancel_waiting(*p->config);
    pthread_cond_broadcast(&p->turn);
    pthread_mutex_unlock(p->lock);
    for (unsigned i = 0; i < p->len; i++)
        pthread_join(p->threads[i].thread, NULL);
    for (unsigned i = 0; i < ARRAY_LEN(p->threads); i++)
        client_free(p->threads[i].client);
    pthread_cond_destroy(&p->turn);
    free(p->user_agent);
    free(p->dns_server);
    free(p->account_dir);
    free(p);
}
