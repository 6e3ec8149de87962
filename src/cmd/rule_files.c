/* rule_files.c - see rule_files.h. */
#include "rule_files.h"

#include <stdlib.h>

#define INTERVAL_DEFAULT_MS 15000 /* of --rules-interval */

int rule_files_gather(struct rule_files *ret, const struct settings *settings,
                      struct scrape *scrape, const struct scrape_config *config, struct error *err)
{
    struct scrape_rules named = {0};
    struct arena a;

    *ret = (struct rule_files){.interval_ms = settings->rules_interval_ms};
    arena_init(&a, 0);
    int code = scrape ? scrape_get_rules(scrape, config, &a, &named, err) : 0;
    ret->items = code ? NULL : calloc(settings->rules.len + named.len + 1, sizeof(*ret->items));
    if (!code && !ret->items)
        code = error_errno(err, -ENOMEM, "rules");
    for (size_t i = 0; !code && i < settings->rules.len; i++)
        ret->items[ret->len++] = xstrdup(settings->rules.items[i]);
    for (size_t i = 0; !code && i < named.len; i++)
        ret->items[ret->len++] = xstrdup(named.files[i]);
    if (named.interval_ms && ret->interval_ms == INTERVAL_DEFAULT_MS)
        ret->interval_ms = named.interval_ms;
    ret->query_offset_ms = named.query_offset_ms;
    arena_fini(&a);
    return code;
}

void rule_files_fini(struct rule_files *files)
{
    for (size_t i = 0; i < files->len; i++)
        free((void *)(uintptr_t)files->items[i]);
    free(files->items);
    *files = (struct rule_files){0};
}

int rule_files_read(const struct settings *settings, struct scrape *scrape,
                    const struct scrape_config *config, struct rule_set **ret, struct error *err)
{
    struct rule_files files;
    int code = rule_files_gather(&files, settings, scrape, config, err);

    if (!code)
        code =
            rules_read(files.items, files.len, files.interval_ms, files.query_offset_ms, ret, err);
    rule_files_fini(&files);
    return code;
}
