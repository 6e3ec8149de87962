/* look.c - see state.h. Files are read and targets are made here, so that a list of ten thousand
 * targets does not hold up a scrape. */
#include "scrape/state.h"

#define LOOK_MS  1000
#define BUSY_MAX 4 /* looking takes at most one part in so many and one of a processor */
#define REST_NS  (100 * (uint64_t)NS_PER_MS) /* between two looks */

static void add_folder(void *ctx, const char *path)
{
    folders_add(ctx, path);
}

void look_watch(struct scrape *s)
{
    struct discovery **list;

    if (!s->folders)
        return;
    folders_reset(s->folders);
    for (size_t i = 0; (list = config_discoveries(s->config, i)); i++)
        for (const struct discovery *d = *list; d; d = d->next)
            discovery_visit_folders(d, add_folder, s->folders);
}

static void look(struct scrape *s)
{
    uint64_t from_ns = clock_mono_ns();
    struct error err;

    pthread_mutex_lock(&s->config_lock);
    if (fleet_refresh_alerts(s->config))
        atomic_fetch_add(&s->alerts_version, 1);
    if (fleet_refresh(s->config) && fleet_rebuild(s, NULL, &err))
        log_error("targets could not be made anew", "error", err.text);
    pthread_mutex_unlock(&s->config_lock);
    uint64_t now_ns = clock_mono_ns();
    s->look_again_ns = now_ns + MAX(REST_NS, BUSY_MAX * (now_ns - from_ns));
}

/* Milliseconds until the next look may be. */
static int rest_ms(const struct scrape *s)
{
    uint64_t now_ns = clock_mono_ns();

    return s->look_again_ns > now_ns ? (int)((s->look_again_ns - now_ns) / NS_PER_MS) + 1 : 0;
}

void *look_run(void *arg)
{
    struct scrape *s = arg;

    while (!s->stop) {
        folders_wait(s->folders, LOOK_MS);
        while (!s->stop && rest_ms(s))
            folders_wait(s->folders, MIN(rest_ms(s), LOOK_MS));
        if (!s->stop)
            look(s);
    }
    return NULL;
}
