/* show.c - what scraping tells of itself. */
#include "scrape/config_text.h"
#include "scrape/relabel_config.h"
#include "scrape/state.h"

void scrape_visit_targets(struct scrape *s, void (*visit)(void *ctx, const struct target_status *t),
                          void *ctx)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->target_len; i++) {
        const struct target *t = s->targets[i];
        struct target_status status = {
            .job = t->spec.job_name,
            .url = t->spec.url,
            .instance = t->spec.instance,
            .labels = t->spec.labels,
            .discovered = t->spec.discovered,
            .health = t->health,
            .last_scrape_ms = t->last_scrape_ms,
            .last_duration_s = t->last_duration_s,
            .interval_ms = t->spec.interval_ms,
            .timeout_ms = t->spec.timeout_ms,
            .last_samples = t->last_samples,
        };
        memcpy(status.last_error, t->last_error, sizeof(status.last_error));
        visit(ctx, &status);
    }
    pthread_mutex_unlock(&s->lock);
}

void scrape_visit_dropped(struct scrape *s,
                          void (*visit)(void *ctx, struct str job, struct labels discovered),
                          void *ctx)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->dropped.len; i++)
        visit(ctx, s->dropped.items[i].job, s->dropped.items[i].discovered);
    pthread_mutex_unlock(&s->lock);
}

void scrape_visit_jobs(struct scrape *s, void (*visit)(void *ctx, struct str job, size_t dropped),
                       void *ctx)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->dropped.job_len; i++)
        visit(ctx, s->dropped.jobs[i].name, s->dropped.jobs[i].count);
    pthread_mutex_unlock(&s->lock);
}

/* ---- discoveries ---- */

static void count_addresses(void *ctx, const struct target_group *group)
{
    *(size_t *)ctx += group->len;
}

void scrape_visit_discoveries(struct scrape *s,
                              void (*visit)(void *ctx, const struct discovery_status *d), void *ctx)
{
    struct discovery **list;

    pthread_mutex_lock(&s->config_lock);
    const struct scrape_config *c = s->config;
    for (size_t i = 0; (list = config_discoveries(c, i)); i++) {
        for (const struct discovery *d = *list; d; d = d->next) {
            struct discovery_status status = {
                .job = i < c->job_len ? c->jobs[i]->name : STR("alertmanagers"),
                .kind = d->ops->name,
                .last_ok_ms = d->state.last_ok_ms,
                .looks_total = d->state.looks_total,
                .failures_total = d->state.failures_total,
            };
            memcpy(status.last_error, d->state.last_error, sizeof(status.last_error));
            d->ops->visit(d, count_addresses, &status.found);
            visit(ctx, &status);
        }
    }
    pthread_mutex_unlock(&s->config_lock);
}

/* ---- relabelling, rule by rule ---- */

static int read_label_object(struct str json, struct label_builder *b, struct arena *a,
                             struct error *err)
{
    const struct yaml_node *root;

    int code = yaml_parse_json("labels", json, a, &root, err);
    if (!code && root->kind != YAML_MAP)
        code = error_set(err, -EINVAL, "labels: an object is wanted");
    for (const struct yaml_item *it = code ? NULL : root->first; it; it = it->next) {
        if (it->value->kind != YAML_TEXT)
            return error_set(err, -EINVAL, "labels: the value of each is a text");
        label_builder_set(b, it->key, it->value->text);
    }
    return code;
}

static int print_steps(const struct relabel *rules, struct label_builder *b, struct arena *a,
                       struct buf *to, struct error *err)
{
    struct labels view;
    int keep = 1;

    buf_char(to, '[');
    for (size_t i = 0; i < rules->len && keep > 0; i++) {
        keep = relabel_apply_rule(&rules->rules[i], b, a);
        if (keep < 0)
            return error_errno(err, keep, "relabelling rule %zu", i + 1);
        int code = label_builder_view(b, &view, err);
        if (code)
            return code;
        buf_text(to, i ? ",{\"rule\":" : "{\"rule\":");
        relabel_config_print(&rules->rules[i], to);
        buf_text(to, ",\"output\":");
        labels_print_json(keep ? view : (struct labels){0}, to);
        buf_printf(to, ",\"keep\":%s}", keep ? "true" : "false");
    }
    buf_char(to, ']');
    return 0;
}

int scrape_relabel_steps(struct scrape *s, struct str job, struct str labels_json, struct buf *to,
                         struct error *err)
{
    struct label items[GROUP_LABELS_MAX + 1];
    struct label_builder b;
    struct arena a;

    arena_init(&a, (size_t)16 << 20);
    label_builder_init_wide(&b, items, GROUP_LABELS_MAX, (struct labels){0});
    int code = read_label_object(labels_json, &b, &a, err);
    pthread_mutex_lock(&s->config_lock);
    const struct scrape_job *found = code ? NULL : config_job(s->config, job);
    if (!code && !found)
        code = error_set(err, -ENOENT, "there is no scrape pool '%.*s'",
                         (int)MIN(job.len, (size_t)60), job.ptr);
    if (found)
        code = print_steps(&found->relabel, &b, &a, to, err);
    pthread_mutex_unlock(&s->config_lock);
    arena_fini(&a);
    return code;
}

/* ---- the configuration ---- */

void scrape_print_config(struct scrape *s, struct buf *to)
{
    pthread_mutex_lock(&s->config_lock);
    if (s->config->root)
        config_text_print(s->config->root, to);
    pthread_mutex_unlock(&s->config_lock);
}

/* ---- numbers ---- */

static void add_discovery(void *ctx, const struct discovery_status *d)
{
    struct scrape_stats *stats = ctx;

    stats->discoveries++;
    stats->discoveries_failing += d->last_error[0] != '\0';
    stats->looks_total += d->looks_total;
    stats->look_failures_total += d->failures_total;
}

void scrape_get_stats(struct scrape *s, struct scrape_stats *ret)
{
    pthread_mutex_lock(&s->lock);
    *ret = s->stats; /* whose fields of the list are 0 */
    ret->targets = s->target_len;
    ret->targets_up = 0;
    for (size_t i = 0; i < s->target_len; i++)
        ret->targets_up += s->targets[i]->health == TARGET_UP;
    for (size_t i = 0; i < s->dropped.job_len; i++)
        ret->targets_dropped += s->dropped.jobs[i].count;
    pthread_mutex_unlock(&s->lock);
    scrape_visit_discoveries(s, add_discovery, ret);
}
