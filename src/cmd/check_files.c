#include "check_files.h"

#include "settings.h"

#include "http/http.h"
#include "rules/rules.h"
#include "scrape/scrape.h"
#include "store/store.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define CHECK_FILE_MAX  ((size_t)16 << 20)
#define CHECK_DIR_FILES 10000

static const char *const kinds[] = {"config",    "scrape", "targets", "rules",
                                    "dashboard", "web",    "data"};

enum file_kind check_files_kind(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (!strcmp(word, kinds[i]))
            return (enum file_kind)i;
    return FILE_UNKNOWN;
}

static bool has(const struct yaml_node *map, const char *key)
{
    return yaml_get(map, key) != NULL;
}

static enum file_kind kind_of_tree(const struct yaml_node *root)
{
    if (root->kind == YAML_LIST)
        return FILE_TARGETS;
    if (has(root, "panels") || has(root, "rows") || has(root, "dashboard") ||
        has(root, "__inputs") || (has(root, "model") && has(root, "kind")))
        return FILE_DASHBOARD;
    if (has(root, "groups"))
        return FILE_RULES;
    if (has(root, "scrape_configs") || has(root, "global") || has(root, "scrape_config_files") ||
        has(root, "alerting") || has(root, "remote_write") || has(root, "rule_files") ||
        has(root, "remote_read") || has(root, "storage"))
        return FILE_SCRAPE;
    if (has(root, "tls_server_config") || has(root, "basic_auth_users") ||
        has(root, "http_server_config"))
        return FILE_WEB;
    return FILE_CONFIG;
}

static int parse(const char *path, struct str text, struct arena *a, const struct yaml_node **ret,
                 struct error *err)
{
    struct str name = str_of(path);
    struct str start = str_trim(text);
    bool json = str_ends(name, STR(".json")) ||
                (start.len && start.ptr[0] == '{' && !str_ends(name, STR(".yml")) &&
                 !str_ends(name, STR(".yaml")));

    return json ? yaml_parse_json(path, text, a, ret, err) : yaml_parse(path, text, a, ret, err);
}

/* ---- what each kind is asked ---- */

static int64_t duration_at(const struct yaml_node *map, const char *key, size_t *ret_line)
{
    const struct yaml_node *node = yaml_get(map, key);
    int64_t ms;

    if (!node || node->kind != YAML_TEXT || num_parse_duration(node->text, &ms, NULL))
        return 0;
    *ret_line = node->line;
    return ms;
}

static void look_at_config(struct check_files *c, const char *path, const struct yaml_node *root)
{
    struct error err;
    size_t line = 0, scrape_line = 0;
    char a[48], b[48];

    if (settings_check_file(path, &err)) {
        report_error(c->report, &err);
        return;
    }
    int64_t interval = duration_at(root, "interval", &line);
    int64_t scrape = duration_at(root, "scrape-interval", &scrape_line);
    c->worker_interval_ms = interval ? interval : 5000;
    c->worker_file = c->report->file;
    if ((interval || scrape) && (scrape ? scrape : 5000) < c->worker_interval_ms)
        report_add(c->report, REPORT_WARNING, MAX(line, scrape_line), NULL,
                   "set scrape-interval to interval or a multiple of it",
                   "scraped every %s although hardware is read every %s only: each reading is kept "
                   "several times",
                   num_print_duration(a, scrape ? scrape : 5000),
                   num_print_duration(b, c->worker_interval_ms));
}

static void note_interval(struct check_files *c, int64_t ms, size_t line)
{
    if (!ms || (c->shortest_scrape_ms && c->shortest_scrape_ms <= ms))
        return;
    c->shortest_scrape_ms = ms;
    c->scrape_file = c->report->file;
    c->scrape_line = line;
}

static void add_warning(void *ctx, const char *text)
{
    struct check_files *c = ctx;

    report_text(c->report, REPORT_WARNING, text);
}

static void look_at_scrape(struct check_files *c, const char *path, const struct yaml_node *root)
{
    const struct yaml_node *global = yaml_get(root, "global"),
                           *configs = yaml_get(root, "scrape_configs");
    struct error err;
    size_t jobs, line = 0;
    int64_t common = global ? duration_at(global, "scrape_interval", &line) : 0;

    if (scrape_check_config(path, add_warning, c, &jobs, &err)) {
        report_error(c->report, &err);
        if (strstr(err.text, "scrape_timeout"))
            c->report->items[c->report->len - 1].advice =
                "Prometheus refuses such a file, vmagent shortens the timeout without a word: set "
                "scrape_timeout to scrape_interval or less";
        return;
    }
    note_interval(c, common, line);
    for (const struct yaml_item *it = configs ? configs->first : NULL; it; it = it->next)
        note_interval(c, duration_at(it->value, "scrape_interval", &line), line);
    report_add(c->report, REPORT_OK, 0, NULL, NULL, "a scrape configuration of %zu job%s", jobs,
               jobs == 1 ? "" : "s");
}

static void look_at_targets(struct check_files *c, const char *path, const struct yaml_node *root)
{
    struct error err;
    size_t targets;

    if (scrape_check_targets(path, &targets, &err)) {
        report_error(c->report, &err);
        return;
    }
    for (const struct yaml_item *it = root->first; it; it = it->next) {
        const struct yaml_node *labels = yaml_get(it->value, "labels");
        const struct yaml_node *job = labels ? yaml_get(labels, "job") : NULL;
        if (job)
            report_add(c->report, REPORT_WARNING, job->line, NULL,
                       "take it out, or give it another name",
                       "the label `job` takes the place of the scrape job's own name");
    }
    report_add(c->report, targets ? REPORT_OK : REPORT_WARNING, 0, NULL, NULL, "%zu target%s",
               targets, targets == 1 ? "" : "s");
}

static void look_at_rules(struct check_files *c, const char *path, const struct yaml_node *root)
{
    struct rules_options options = {.files = &path, .file_len = 1, .interval_ms = 15000};
    struct rules_stats stats;
    struct rules *rules;
    struct error err;

    if (rules_open(&options, &rules, &err)) {
        report_error(c->report, &err);
        return;
    }
    rules_get_stats(rules, &stats);
    rules_close(rules);
    rule_file_check(root, c->known, c->report);
    report_add(c->report, REPORT_OK, 0, NULL, NULL, "%zu rules in %zu groups", (size_t)stats.rules,
               (size_t)stats.groups);
}

static void look_at_web(struct check_files *c, const char *path)
{
    struct error err;
    bool credentials;

    if (http_check_web_config(path, &credentials, &err))
        report_error(c->report, &err);
    else if (!credentials)
        report_add(c->report, REPORT_WARNING, 0, NULL,
                   "add basic_auth_users, or client certificates that are verified",
                   "keeps no stranger out: it names no users");
    else
        report_add(c->report, REPORT_OK, 0, NULL, NULL, "a web configuration with credentials");
}

static void add_damage(void *ctx, const char *file, const char *what)
{
    struct check_files *c = ctx;

    report_add(
        c->report, REPORT_ERROR, 0, file,
        "it is served without what is damaged; to have it whole, put the file of a copy in its "
        "place while the program is stopped",
        "%s", what);
}

static void look_at_data(struct check_files *c, const char *path)
{
    struct store_inspection found;
    struct statvfs disk;
    struct error err;
    int code = store_inspect(path, add_damage, c, &found, &err);

    if (code == -EBUSY)
        report_add(c->report, REPORT_NOTE, 0, NULL, NULL,
                   "%s: what is in it is looked at while it is stopped", err.text);
    else if (code)
        report_error(c->report, &err);
    else
        report_add(c->report, REPORT_OK, 0, NULL, NULL,
                   "can be opened as a data directory: %" PRIu64 " days with %" PRIu64
                   " blocks, %" PRIu64 " log segments, %" PRIu64 " MB read",
                   found.days, found.blocks, found.log_segments, found.bytes >> 20);
    if (!code && !statvfs(path, &disk) && disk.f_bavail * disk.f_frsize < (128u << 20))
        report_add(c->report, REPORT_WARNING, 0, NULL,
                   "free space, or set --min-free-disk and --retention-size",
                   "the disk has less than 128 MB free: nothing would be kept");
}

/* ---- which is which ---- */

static void look_at_tree(struct check_files *c, const char *path, enum file_kind kind,
                         struct str text, const struct yaml_node *root)
{
    if (kind == FILE_UNKNOWN && has(root, "rule_files") && has(root, "tests")) {
        report_add(c->report, REPORT_NOTE, 0, NULL, NULL,
                   "tests of rules: promtool test rules runs them");
        return;
    }
    switch (kind == FILE_UNKNOWN ? kind_of_tree(root) : kind) {
    case FILE_SCRAPE:
        look_at_scrape(c, path, root);
        break;
    case FILE_TARGETS:
        look_at_targets(c, path, root);
        break;
    case FILE_RULES:
        look_at_rules(c, path, root);
        break;
    case FILE_WEB:
        look_at_web(c, path);
        break;
    case FILE_DASHBOARD:
        dashboard_check(text, c->known, c->report);
        break;
    case FILE_CONFIG:
    case FILE_DATA:
    case FILE_UNKNOWN:
        look_at_config(c, path, root);
        break;
    }
}

static void look_at_file(struct check_files *c, const char *path, enum file_kind kind)
{
    const struct yaml_node *root;
    struct arena arena;
    struct buf text;
    struct error err;

    report_file(c->report, path);
    buf_init(&text, 0);
    arena_init(&arena, 0);
    if (file_read(path, CHECK_FILE_MAX, &text, &err) ||
        parse(path, buf_str(&text), &arena, &root, &err))
        report_error(c->report, &err);
    else
        look_at_tree(c, path, kind, buf_str(&text), root);
    arena_fini(&arena);
    buf_fini(&text);
}

static bool is_text_file(const struct dirent *entry)
{
    struct str name = str_of(entry->d_name);

    return name.ptr[0] != '.' && (str_ends(name, STR(".yml")) || str_ends(name, STR(".yaml")) ||
                                  str_ends(name, STR(".json")));
}

static int only_text_files(const struct dirent *entry)
{
    return is_text_file(entry);
}

/* A folder of configuration or dashboards is its files; every other one is to be a data directory.
 */
static void look_at_folder(struct check_files *c, const char *path, enum file_kind kind)
{
    struct dirent **entries = NULL;
    int n = kind == FILE_DATA ? 0 : scandir(path, &entries, only_text_files, alphasort);

    if (n <= 0) {
        report_file(c->report, path);
        look_at_data(c, path);
    }
    for (int i = 0; i < n; i++) {
        struct buf name;
        buf_init(&name, 0);
        buf_printf(&name, "%s/%s", path, entries[i]->d_name);
        char *whole = i < CHECK_DIR_FILES ? buf_take(&name) : NULL;
        if (whole)
            look_at_file(c, whole, kind);
        else if (i == CHECK_DIR_FILES)
            report_add(c->report, REPORT_ERROR, 0, NULL, NULL, "more than %d files in %s",
                       CHECK_DIR_FILES, path);
        buf_fini(&name);
        free(whole);
        free(entries[i]);
    }
    free(entries);
}

void check_files_look(struct check_files *c, const char *path, enum file_kind kind)
{
    struct stat st;

    if (!stat(path, &st) && S_ISDIR(st.st_mode))
        look_at_folder(c, path, kind);
    else if (kind == FILE_DATA) {
        report_file(c->report, path);
        look_at_data(c, path);
    } else
        look_at_file(c, path, kind);
}

void check_files_compare(struct check_files *c)
{
    char a[48], b[48];

    if (!c->worker_interval_ms || !c->shortest_scrape_ms)
        return;
    c->report->file = c->scrape_file;
    if (c->shortest_scrape_ms < c->worker_interval_ms)
        report_add(c->report, REPORT_WARNING, c->scrape_line, NULL,
                   "set scrape_interval to the worker's interval or a multiple of it",
                   "scrapes every %s although the worker of %s reads every %s only: each reading "
                   "is kept several times",
                   num_print_duration(a, c->shortest_scrape_ms), c->worker_file,
                   num_print_duration(b, c->worker_interval_ms));
    else if (c->shortest_scrape_ms % c->worker_interval_ms)
        report_add(c->report, REPORT_NOTE, c->scrape_line, NULL, NULL,
                   "scrapes every %s, which is no multiple of the worker's %s (%s): readings are "
                   "kept at uneven distances",
                   num_print_duration(a, c->shortest_scrape_ms),
                   num_print_duration(b, c->worker_interval_ms), c->worker_file);
}
