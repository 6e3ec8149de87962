/* config.c - a table of keys for each map of the format; see
 * https://prometheus.io/docs/prometheus/latest/configuration/configuration/ for what they mean. */
#include "scrape/config.h"

#include <stdlib.h>

#define DEFAULT_INTERVAL_MS 60000
#define DEFAULT_TIMEOUT_MS  10000
#define LOCAL_JOB           "worker"

struct reader {
    const char *name;
    struct str folder;
    struct arena *arena;
    struct error *err;
};

/* One key of a map: its reader gets the place behind `offset` of the struct that is filled. */
struct key {
    const char *name;
    int (*read)(struct reader *r, const struct yaml_node *node, void *to);
    size_t offset;
};

static int bad(struct reader *r, size_t line, const char *reason)
{
    return error_set(r->err, -EINVAL, "%s:%zu: %s", r->name, line, reason);
}

static int out_of_memory(struct reader *r)
{
    return error_errno(r->err, -ENOMEM, "%s", r->name);
}

/* Puts file and line before what `r->err` says. */
static int at_line(struct reader *r, size_t line)
{
    return error_in(r->err, "%s:%zu", r->name, line);
}

static int read_map(struct reader *r, const struct yaml_node *node, const char *what,
                    const struct key *keys, size_t len, void *to)
{
    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_MAP)
        return error_set(r->err, -EINVAL, "%s:%zu: %s: a map is wanted", r->name, node->line, what);
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        size_t i = 0;
        while (i < len && !str_is(it->key, keys[i].name))
            i++;
        if (i == len)
            return error_set(r->err, -EINVAL, "%s:%zu: key '%.*s' of %s is not supported", r->name,
                             it->line, (int)MIN(it->key.len, (size_t)60), it->key.ptr, what);
        int code = keys[i].read(r, it->value, (char *)to + keys[i].offset);
        if (code)
            return code;
    }
    return 0;
}

/* ---- plain values ---- */

static int read_text(struct reader *r, const struct yaml_node *node, void *to)
{
    if (node->kind != YAML_TEXT)
        return bad(r, node->line, "a text is wanted");
    *(struct str *)to = yaml_is_null(node) ? STR("") : node->text;
    return 0;
}

static int read_bool(struct reader *r, const struct yaml_node *node, void *to)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};

    for (size_t i = 0; node->kind == YAML_TEXT && node->plain && i < ARRAY_LEN(words); i++) {
        if (node->text.len == strlen(words[i]) &&
            !strncasecmp(node->text.ptr, words[i], node->text.len)) {
            *(bool *)to = i % 2;
            return 0;
        }
    }
    return bad(r, node->line, "true or false is wanted");
}

static int read_count(struct reader *r, const struct yaml_node *node, void *to)
{
    if (node->kind != YAML_TEXT || !num_parse_u64(node->text, to))
        return bad(r, node->line, "a whole number is wanted");
    return 0;
}

static int read_size(struct reader *r, const struct yaml_node *node, void *to)
{
    if (node->kind != YAML_TEXT)
        return bad(r, node->line, "a size is wanted (such as 10MB)");
    int code = num_parse_size(node->text, to, r->err);
    return code ? at_line(r, node->line) : 0;
}

static int read_duration(struct reader *r, const struct yaml_node *node, void *to)
{
    if (node->kind != YAML_TEXT)
        return bad(r, node->line, "a duration is wanted (such as 5s)");
    int code = num_parse_duration(node->text, to, r->err);
    return code ? at_line(r, node->line) : 0;
}

static int read_path(struct reader *r, const struct yaml_node *node, void *to)
{
    struct str path = STR("");
    int code = read_text(r, node, &path);

    if (code)
        return code;
    *(struct str *)to = path;
    if (!path.len || path.ptr[0] == '/' || !r->folder.len)
        return 0;
    char *joined = arena_alloc(r->arena, r->folder.len + path.len + 2);
    if (!joined)
        return out_of_memory(r);
    memcpy(joined, r->folder.ptr, r->folder.len);
    joined[r->folder.len] = '/';
    memcpy(joined + r->folder.len + 1, path.ptr, path.len + 1);
    *(struct str *)to = str_of(joined);
    return 0;
}

static int read_scheme(struct reader *r, const struct yaml_node *node, void *to)
{
    int code = read_text(r, node, to);

    if (!code && !str_is(*(struct str *)to, "http") && !str_is(*(struct str *)to, "https"))
        return bad(r, node->line, "scheme is http or https");
    return code;
}

static int read_labels(struct reader *r, const struct yaml_node *node, void *to)
{
    struct label_builder b;
    struct labels view;

    if (node->kind != YAML_MAP)
        return bad(r, node->line, "a map of labels is wanted");
    label_builder_init(&b, (struct labels){0});
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        if (!label_name_is_valid(it->key))
            return bad(r, it->line, "not a label name");
        if (it->value->kind != YAML_TEXT || it->value->text.len > LABEL_VALUE_MAX)
            return bad(r, it->line, "the value of a label is a text (of 4096 bytes)");
        label_builder_set(&b, it->key, it->value->text);
    }
    if (label_builder_view(&b, &view, r->err))
        return at_line(r, node->line);
    return labels_copy(view, r->arena, to) ? out_of_memory(r) : 0;
}

/* ---- relabelling ---- */

/* What stood in one rule: some actions take only some keys. */
struct rule_text {
    struct relabel_rule rule;
    struct str action, regex;
    bool has_sources, has_separator, has_target, has_replacement, has_regex, has_modulus;
};

static int read_sources(struct reader *r, const struct yaml_node *node, void *to)
{
    struct rule_text *t = to;

    if (node->kind != YAML_LIST)
        return bad(r, node->line, "source_labels: a list is wanted");
    t->rule.sources = arena_calloc(r->arena, node->len + 1, sizeof(struct str));
    if (!t->rule.sources)
        return out_of_memory(r);
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        if (it->value->kind != YAML_TEXT || !label_name_is_valid(it->value->text))
            return bad(r, it->line, "source_labels: not a label name");
        t->rule.sources[t->rule.source_len++] = it->value->text;
    }
    t->has_sources = t->rule.source_len > 0;
    return 0;
}

#define RULE_TEXT_KEY(function, field, flag)                                                       \
    static int function(struct reader *r, const struct yaml_node *node, void *to)                  \
    {                                                                                              \
        struct rule_text *t = to;                                                                  \
        t->flag = true;                                                                            \
        return read_text(r, node, &t->field);                                                      \
    }
RULE_TEXT_KEY(read_separator, rule.separator, has_separator)
RULE_TEXT_KEY(read_target, rule.target, has_target)
RULE_TEXT_KEY(read_replacement, rule.replacement, has_replacement)
RULE_TEXT_KEY(read_regex, regex, has_regex)

static int read_modulus(struct reader *r, const struct yaml_node *node, void *to)
{
    struct rule_text *t = to;
    t->has_modulus = true;
    return read_count(r, node, &t->rule.modulus);
}

static const struct key rule_keys[] = {
    {"source_labels", read_sources, 0},
    {"separator", read_separator, 0},
    {"target_label", read_target, 0},
    {"replacement", read_replacement, 0},
    {"regex", read_regex, 0},
    {"modulus", read_modulus, 0},
    {"action", read_text, offsetof(struct rule_text, action)},
};

/* The target of replace may hold $1 and the like; of the others it is a name. */
static bool target_is_good(const struct rule_text *t)
{
    if (t->rule.action == RELABEL_REPLACE && t->rule.target.len &&
        memchr(t->rule.target.ptr, '$', t->rule.target.len))
        return true;
    return label_name_is_valid(t->rule.target);
}

/* The rules of Prometheus's own check: which keys an action wants and which it refuses. */
static const char *check_rule(const struct rule_text *t)
{
    enum relabel_action action = t->rule.action;
    bool equal = action == RELABEL_KEEPEQUAL || action == RELABEL_DROPEQUAL;
    bool targeted = equal || action == RELABEL_REPLACE || action == RELABEL_HASHMOD ||
                    action == RELABEL_LOWERCASE || action == RELABEL_UPPERCASE;

    if (action == RELABEL_HASHMOD && !t->rule.modulus)
        return "hashmod wants a modulus that is not 0";
    if (targeted && !t->rule.target.len)
        return "this action wants a target_label";
    if (targeted && !target_is_good(t))
        return "target_label is not a label name";
    if ((action == RELABEL_LOWERCASE || action == RELABEL_UPPERCASE) && t->has_replacement)
        return "this action takes no replacement";
    if (equal && (t->has_regex || t->has_modulus || t->has_separator || t->has_replacement))
        return "this action takes source_labels and target_label only";
    if ((action == RELABEL_LABELDROP || action == RELABEL_LABELKEEP) &&
        (t->has_sources || t->has_target || t->has_modulus || t->has_separator ||
         t->has_replacement))
        return "this action takes regex only";
    return NULL;
}

static int read_rule(struct reader *r, const struct yaml_node *node, struct relabel_rule *ret)
{
    struct rule_text t = {.rule = {.separator = STR(";"), .replacement = STR("$1")},
                          .action = STR("replace"),
                          .regex = STR("(.*)")};

    int code = read_map(r, node, "a relabelling rule", rule_keys, ARRAY_LEN(rule_keys), &t);
    if (code)
        return code;
    if (node->kind != YAML_MAP)
        return bad(r, node->line, "an empty relabelling rule");
    if (!relabel_action_of(t.action, &t.rule.action))
        return error_set(r->err, -EINVAL, "%s:%zu: unknown relabel action '%.*s'", r->name,
                         node->line, (int)MIN(t.action.len, (size_t)60), t.action.ptr);
    const char *reason = check_rule(&t);
    if (reason)
        return error_set(r->err, -EINVAL, "%s:%zu: %s: %s", r->name, node->line,
                         relabel_action_name(t.rule.action), reason);
    t.rule.any = str_is(t.regex, "(.*)");
    if (regex_new(t.regex, &t.rule.regex, r->err))
        return at_line(r, node->line);
    *ret = t.rule;
    return 0;
}

static int read_relabel(struct reader *r, const struct yaml_node *node, void *to)
{
    struct relabel *relabel = to;

    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_LIST)
        return bad(r, node->line, "a list of relabelling rules is wanted");
    relabel->rules = arena_calloc(r->arena, node->len + 1, sizeof(*relabel->rules));
    if (!relabel->rules)
        return out_of_memory(r);
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        int code = read_rule(r, it->value, &relabel->rules[relabel->len]);
        if (code)
            return code;
        relabel->len++;
    }
    return 0;
}

/* ---- jobs ---- */

static int read_params(struct reader *r, const struct yaml_node *node, void *to)
{
    struct scrape_job *job = to;

    if (node->kind != YAML_MAP)
        return bad(r, node->line, "params: a map of lists is wanted");
    if (node->len > CONFIG_PARAMS_MAX)
        return bad(r, node->line, "params: too many");
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        struct scrape_param *param = &job->params[job->param_len++];
        if (it->value->kind != YAML_LIST)
            return bad(r, it->line, "params: the value of each is a list");
        param->name = it->key;
        param->values = arena_calloc(r->arena, it->value->len + 1, sizeof(struct str));
        if (!param->values)
            return out_of_memory(r);
        for (const struct yaml_item *in = it->value->first; in; in = in->next) {
            int code = read_text(r, in->value, &param->values[param->len++]);
            if (code)
                return code;
        }
    }
    return 0;
}

static int read_basic_auth(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct key keys[] = {
        {"username", read_text, offsetof(struct scrape_auth, username)},
        {"password", read_text, offsetof(struct scrape_auth, password)},
        {"password_file", read_path, offsetof(struct scrape_auth, password_file)},
    };
    struct scrape_auth *auth = to;

    auth->basic = true;
    int code = read_map(r, node, "basic_auth", keys, ARRAY_LEN(keys), to);
    if (!code && auth->password.len && auth->password_file.len)
        return bad(r, node->line, "basic_auth: password or password_file, not both");
    return code;
}

static int read_authorization(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct key keys[] = {
        {"type", read_text, offsetof(struct scrape_auth, type)},
        {"credentials", read_text, offsetof(struct scrape_auth, credentials)},
        {"credentials_file", read_path, offsetof(struct scrape_auth, credentials_file)},
    };
    struct scrape_auth *auth = to;

    auth->authorization = true;
    int code = read_map(r, node, "authorization", keys, ARRAY_LEN(keys), to);
    if (code)
        return code;
    if (auth->credentials.len && auth->credentials_file.len)
        return bad(r, node->line, "authorization: credentials or credentials_file, not both");
    if (!auth->type.len)
        auth->type = STR("Bearer");
    if (auth->type.len == 5 && !strncasecmp(auth->type.ptr, "basic", 5))
        return bad(r, node->line, "authorization: for type Basic there is basic_auth");
    return 0;
}

static int read_tls(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct key keys[] = {
        {"ca_file", read_path, offsetof(struct scrape_tls, ca_file)},
        {"cert_file", read_path, offsetof(struct scrape_tls, cert_file)},
        {"key_file", read_path, offsetof(struct scrape_tls, key_file)},
        {"server_name", read_text, offsetof(struct scrape_tls, server_name)},
        {"insecure_skip_verify", read_bool, offsetof(struct scrape_tls, insecure_skip_verify)},
    };
    struct scrape_tls *tls = to;

    int code = read_map(r, node, "tls_config", keys, ARRAY_LEN(keys), to);
    if (!code && !tls->cert_file.len != !tls->key_file.len)
        return bad(r, node->line, "tls_config: cert_file and key_file go together");
    return code;
}

static void add_discovery(struct scrape_job *job, struct discovery *d)
{
    struct discovery **end = &job->discoveries;
    while (*end)
        end = &(*end)->next;
    *end = d;
}

static int read_static(struct reader *r, const struct yaml_node *node, void *to)
{
    struct discovery *d;

    int code = discovery_static(r->name, node, &d, r->err);
    if (!code)
        add_discovery(to, d);
    return code;
}

struct file_sd {
    struct str *patterns;
    size_t len;
    int64_t refresh_ms;
};

/* As in Prometheus: the ending tells the format, and only the last part may have wildcards. */
static bool pattern_is_good(struct str path)
{
    const char *slash = memrchr(path.ptr, '/', path.len);
    struct str folder = slash ? str_make(path.ptr, (size_t)(slash - path.ptr)) : STR("");
    bool ending =
        str_ends(path, STR(".json")) || str_ends(path, STR(".yml")) || str_ends(path, STR(".yaml"));
    return ending && !(folder.len && memchr(folder.ptr, '*', folder.len));
}

static int read_files(struct reader *r, const struct yaml_node *node, void *to)
{
    struct file_sd *sd = to;

    if (node->kind != YAML_LIST || !node->len)
        return bad(r, node->line, "files: a list of paths is wanted");
    sd->patterns = arena_calloc(r->arena, node->len, sizeof(struct str));
    if (!sd->patterns)
        return out_of_memory(r);
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        int code = read_path(r, it->value, &sd->patterns[sd->len]);
        if (code)
            return code;
        if (!pattern_is_good(sd->patterns[sd->len++]))
            return bad(r, it->line,
                       "files: a path ends in .json, .yml or .yaml, with * in its last part only");
    }
    return 0;
}

static int read_file_sd(struct reader *r, const struct yaml_node *node, void *to)
{
    /* refresh_interval is taken for Prometheus's sake: files are looked at every second anyway. */
    static const struct key keys[] = {
        {"files", read_files, 0},
        {"refresh_interval", read_duration, offsetof(struct file_sd, refresh_ms)},
    };

    if (node->kind != YAML_LIST)
        return bad(r, node->line, "file_sd_configs: a list is wanted");
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        struct file_sd sd = {0};
        int code = read_map(r, it->value, "file_sd_configs", keys, ARRAY_LEN(keys), &sd);
        if (code)
            return code;
        if (!sd.len)
            return bad(r, it->line, "file_sd_configs: files is missing");
        struct discovery *d = discovery_files(sd.patterns, sd.len);
        if (!d)
            return out_of_memory(r);
        add_discovery(to, d);
    }
    return 0;
}

#define JOB(field) offsetof(struct scrape_job, field)

static const struct key job_keys[] = {
    {"job_name", read_text, JOB(name)},
    {"scrape_interval", read_duration, JOB(interval_ms)},
    {"scrape_timeout", read_duration, JOB(timeout_ms)},
    {"metrics_path", read_text, JOB(metrics_path)},
    {"scheme", read_scheme, JOB(scheme)},
    {"params", read_params, 0},
    {"honor_labels", read_bool, JOB(honor_labels)},
    {"honor_timestamps", read_bool, JOB(honor_timestamps)},
    {"follow_redirects", read_bool, JOB(follow_redirects)},
    {"sample_limit", read_count, JOB(sample_limit)},
    {"label_limit", read_count, JOB(label_limit)},
    {"label_name_length_limit", read_count, JOB(label_name_length_limit)},
    {"label_value_length_limit", read_count, JOB(label_value_length_limit)},
    {"body_size_limit", read_size, JOB(body_size_limit)},
    {"basic_auth", read_basic_auth, JOB(auth)},
    {"authorization", read_authorization, JOB(auth)},
    {"tls_config", read_tls, JOB(tls)},
    {"static_configs", read_static, 0},
    {"file_sd_configs", read_file_sd, 0},
    {"relabel_configs", read_relabel, JOB(relabel)},
    {"metric_relabel_configs", read_relabel, JOB(metric_relabel)},
};

static uint64_t take_hash(const struct yaml_node *node)
{
    static const char *const keys[] = {
        "honor_labels", "honor_timestamps",        "metric_relabel_configs",   "sample_limit",
        "label_limit",  "label_name_length_limit", "label_value_length_limit",
    };
    uint64_t hash = 0;

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const struct yaml_node *value = yaml_get(node, keys[i]);
        uint64_t inner = value ? yaml_hash(value) : i;
        hash = hash_more(hash, &inner, sizeof(inner));
    }
    return hash;
}

/* A job with its defaults, added to the configuration, which owns it from then on. */
static struct scrape_job *new_job(struct scrape_config *c)
{
    struct scrape_job *job = arena_new(&c->arena, struct scrape_job);

    if (!job)
        return NULL;
    if (c->job_len == c->job_cap) {
        struct scrape_job **grown =
            array_grow(c->jobs, &c->job_cap, c->job_len + 1, sizeof(*grown));
        if (!grown)
            return NULL;
        c->jobs = grown;
    }
    job->metrics_path = STR("/metrics");
    job->scheme = STR("http");
    job->honor_timestamps = true;
    job->follow_redirects = true;
    c->jobs[c->job_len++] = job;
    return job;
}

/* Interval and timeout of a job, from its own or the global ones. */
static int settle_times(struct reader *r, const struct scrape_config *c, struct scrape_job *job)
{
    char interval[48], timeout[48];

    if (!job->interval_ms)
        job->interval_ms = c->interval_ms;
    if (job->timeout_ms > job->interval_ms)
        return error_set(r->err, -EINVAL,
                         "%s:%zu: job '%.*s': scrape_timeout (%s) is longer than scrape_interval "
                         "(%s)",
                         r->name, job->line, (int)MIN(job->name.len, (size_t)60), job->name.ptr,
                         num_print_duration(timeout, job->timeout_ms),
                         num_print_duration(interval, job->interval_ms));
    if (job->interval_ms < CONFIG_INTERVAL_MIN_MS)
        return bad(r, job->line, "scrape_interval is shorter than 100ms");
    if (!job->timeout_ms)
        job->timeout_ms = MIN(c->timeout_ms, job->interval_ms);
    return 0;
}

static int read_job(struct reader *r, const struct yaml_node *node, struct scrape_config *c)
{
    if (c->job_len == CONFIG_JOBS_MAX)
        return bad(r, node->line, "too many jobs");
    struct scrape_job *job = new_job(c);
    if (!job)
        return out_of_memory(r);
    job->line = node->line;
    int code = read_map(r, node, "scrape_configs", job_keys, ARRAY_LEN(job_keys), job);
    if (code)
        return code;
    if (!job->name.len)
        return bad(r, node->line, "job_name is missing");
    for (size_t i = 0; i + 1 < c->job_len; i++)
        if (str_equal(c->jobs[i]->name, job->name))
            return error_set(r->err, -EINVAL, "%s:%zu: job_name '%.*s' twice", r->name, node->line,
                             (int)MIN(job->name.len, (size_t)60), job->name.ptr);
    if (job->auth.basic && job->auth.authorization)
        return bad(r, node->line, "basic_auth or authorization, not both");
    job->take_hash = take_hash(node);
    return 0;
}

static int read_jobs(struct reader *r, const struct yaml_node *node, void *to)
{
    struct scrape_config *c = to;

    if (yaml_is_null(node))
        return 0;
    if (node->kind != YAML_LIST)
        return bad(r, node->line, "scrape_configs: a list is wanted");
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        int code = read_job(r, it->value, c);
        if (code)
            return code;
    }
    return 0;
}

static int read_global(struct reader *r, const struct yaml_node *node, void *to)
{
    static const struct key keys[] = {
        {"scrape_interval", read_duration, offsetof(struct scrape_config, interval_ms)},
        {"scrape_timeout", read_duration, offsetof(struct scrape_config, timeout_ms)},
        {"external_labels", read_labels, offsetof(struct scrape_config, external_labels)},
    };
    return read_map(r, node, "global", keys, ARRAY_LEN(keys), to);
}

static int by_name(const void *a, const void *b)
{
    const struct scrape_job *const *x = a, *const *y = b;
    return str_compare((*x)->name, (*y)->name);
}

static int read_config(struct reader *r, const struct yaml_node *root, struct scrape_config *c)
{
    static const struct key keys[] = {
        {"global", read_global, 0},
        {"scrape_configs", read_jobs, 0},
    };

    int code = read_map(r, root, "the scrape configuration", keys, ARRAY_LEN(keys), c);
    if (code)
        return code;
    const struct yaml_node *global = yaml_get(root, "global");
    size_t line = global ? global->line : root->line;
    if (!c->interval_ms)
        c->interval_ms = DEFAULT_INTERVAL_MS;
    if (c->timeout_ms > c->interval_ms)
        return bad(r, line, "global scrape_timeout is longer than scrape_interval");
    if (!c->timeout_ms)
        c->timeout_ms = MIN(DEFAULT_TIMEOUT_MS, c->interval_ms);
    for (size_t i = 0; i < c->job_len && !code; i++)
        code = settle_times(r, c, c->jobs[i]);
    if (!code && c->job_len)
        qsort(c->jobs, c->job_len, sizeof(*c->jobs), by_name);
    return code;
}

struct scrape_config *config_empty(void)
{
    struct scrape_config *c = calloc(1, sizeof(*c));
    if (c)
        arena_init(&c->arena, 0);
    return c;
}

int config_parse(const char *name, struct str text, struct scrape_config **ret, struct error *err)
{
    struct scrape_config *c = config_empty();
    const struct yaml_node *root;
    struct error unseen;

    if (!c)
        return error_errno(err, -ENOMEM, "%s", name);
    const char *slash = strrchr(name, '/');
    struct reader r = {.name = name,
                       .folder = str_make(name, slash ? (size_t)(slash - name) : 0),
                       .arena = &c->arena,
                       .err = err ? err : &unseen};
    int code = yaml_parse(name, text, &c->arena, &root, r.err);
    if (!code)
        code = read_config(&r, root, c);
    if (code)
        config_free(c);
    else
        *ret = c;
    return code;
}

int config_load(const char *path, struct scrape_config **ret, struct error *err)
{
    struct buf text;

    buf_init(&text, CONFIG_BYTES_MAX);
    int code = file_read(path, CONFIG_BYTES_MAX, &text, err);
    if (!code)
        code = config_parse(path, buf_str(&text), ret, err);
    buf_fini(&text);
    return code;
}

int config_add_targets(struct scrape_config *c, const char *const *targets, size_t len,
                       int64_t interval_ms, struct error *err)
{
    for (size_t i = 0; i < c->job_len; i++)
        if (str_is(c->jobs[i]->name, LOCAL_JOB))
            return error_set(err, -EINVAL,
                             "the configuration has a job '%s' too; give its targets there",
                             LOCAL_JOB);
    struct scrape_job *job = new_job(c);
    if (!job)
        return error_errno(err, -ENOMEM, "targets");
    job->name = STR(LOCAL_JOB);
    job->interval_ms = interval_ms;
    job->timeout_ms = MIN(interval_ms, DEFAULT_TIMEOUT_MS);
    job->honor_labels = true;
    job->default_port = true;
    job->discoveries = discovery_addresses(targets, len);
    qsort(c->jobs, c->job_len, sizeof(*c->jobs), by_name);
    return job->discoveries ? 0 : error_errno(err, -ENOMEM, "targets");
}

void config_free(struct scrape_config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->job_len; i++) {
        discovery_close_all(c->jobs[i]->discoveries);
        relabel_fini(&c->jobs[i]->relabel);
        relabel_fini(&c->jobs[i]->metric_relabel);
    }
    free(c->jobs);
    arena_fini(&c->arena);
    free(c);
}
