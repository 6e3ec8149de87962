/* scrape_config.c - any bytes as a scrape configuration: it is taken or refused with file and line,
 * and every target of one that is taken can be made. */
#include "scrape/alert_config.h"
#include "scrape/config.h"
#include "scrape/target.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make_targets(void *ctx, const struct target_group *group)
{
    struct error err;

    for (size_t i = 0; i < group->len; i++) {
        struct target *t;
        if (target_new(ctx, group->labels, group->addresses[i], &t, &err) >= 0)
            target_free(t);
    }
}

static void make_managers(void *ctx, const struct target_group *group)
{
    struct error err;
    struct buf url;

    buf_init(&url, 0);
    for (size_t i = 0; i < group->len; i++)
        (void)!alert_config_url(ctx, group->labels, group->addresses[i], &url, &err);
    buf_fini(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct scrape_config *c;
    struct error err = {0};
    const struct yaml_node *root;
    struct arena a;

    if (config_parse("f.yml", text, &c, &err)) {
        if (!str_starts(str_of(err.text), STR("f.yml")))
            abort();
    } else {
        for (size_t i = 0; i < c->job_len; i++)
            for (struct discovery *d = c->jobs[i]->discoveries; d; d = d->next)
                d->ops->visit(d, make_targets, c->jobs[i]);
        for (size_t i = 0; c->alerting && i < c->alerting->len; i++)
            for (struct discovery *d = c->alerting->entries[i].source.discoveries; d; d = d->next)
                d->ops->visit(d, make_managers, &c->alerting->entries[i]);
        config_free(c);
    }
    arena_init(&a, 0);
    if (yaml_parse_json("f.json", text, &a, &root, &err) == 0)
        (void)yaml_hash(root);
    arena_fini(&a);
    return 0;
}
