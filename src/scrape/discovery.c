/* discovery.c - groups from the configuration itself, and from files beside it. Files are looked at
 * each second by their size, time and number: cheap, and right on every file system, where
 * notifications (folders.h) only make it sooner. */
#include "scrape/discovery.h"

#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX ((size_t)64 << 20)
#define FILES_MAX      1000 /* of one discovery */

#define FRESH_NS (2 * (int64_t)NS_PER_S) /* a file changed since then is read again to be sure */

void discovery_note(struct discovery *d, const char *what, const struct error *err)
{
    struct discovery_state *state = &d->state;

    state->looks_total++;
    if (!err) {
        if (state->last_error[0])
            log_info("discovery works again", "kind", d->ops->name, "of", what);
        state->last_error[0] = '\0';
        state->last_ok_ms = clock_now_ms();
        return;
    }
    state->failures_total++;
    if (!state->last_error[0])
        log_warn("discovery failed, its targets stay what they were", "kind", d->ops->name, "of",
                 what, "error", err->text);
    str_copy(state->last_error, sizeof(state->last_error), str_of(err->text));
}

/* ---- groups that never change ---- */

struct fixed {
    struct discovery base;
    struct group_list list;
};

static bool fixed_refresh(struct discovery *d)
{
    (void)d;
    return false;
}

static void visit_list(const struct group_list *list, group_visit *visit, void *ctx)
{
    for (size_t i = 0; i < list->len; i++)
        visit(ctx, &list->groups[i]);
}

static void fixed_visit(const struct discovery *d, group_visit *visit, void *ctx)
{
    visit_list(&((const struct fixed *)d)->list, visit, ctx);
}

static void fixed_close(struct discovery *d)
{
    struct fixed *f = (struct fixed *)d;

    groups_fini(&f->list);
    free(f);
}

static const struct discovery_ops fixed_ops = {"static", fixed_refresh, fixed_visit, fixed_close};

int discovery_static(const char *name, const struct yaml_node *groups, struct discovery **ret,
                     struct error *err)
{
    struct fixed *f = calloc(1, sizeof(*f));

    if (!f)
        return error_errno(err, -ENOMEM, "%s", name);
    f->base.ops = &fixed_ops;
    groups_init(&f->list);
    int code = groups_read(name, groups, &f->list, err);
    if (code)
        fixed_close(&f->base);
    else
        *ret = &f->base;
    return code;
}

struct discovery *discovery_addresses(const char *const *addresses, size_t len)
{
    struct fixed *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->base.ops = &fixed_ops;
    groups_init(&f->list);
    for (size_t i = 0; i < len; i++) {
        if (groups_add(&f->list, (struct labels){0}, str_of(addresses[i]))) {
            fixed_close(&f->base);
            return NULL;
        }
    }
    return &f->base;
}

/* ---- files ---- */

struct sd_file {
    char *path;
    struct stat seen; /* when it was read last */
    struct group_list list;
    uint64_t hash;
    bool found, fresh; /* found by the look that is going on; to be read once more */
    bool troubled;     /* it could not be read, and `error` says why */
    char error[240];
};

struct files {
    struct discovery base;
    char **patterns;
    size_t pattern_len;
    struct sd_file *files;
    size_t len, cap;
};

/* Reads a file of groups into a fresh list. */
static int load_file(const char *path, struct group_list *ret, struct error *err)
{
    struct group_list list;
    const struct yaml_node *root;
    struct buf text;

    groups_init(&list);
    buf_init(&text, FILE_BYTES_MAX);
    int code = file_read(path, FILE_BYTES_MAX, &text, err);
    bool json = str_ends(str_of(path), STR(".json")) || str_ends(str_of(path), STR(".JSON"));
    if (!code)
        code = json ? yaml_parse_json(path, buf_str(&text), &list.arena, &root, err)
                    : yaml_parse(path, buf_str(&text), &list.arena, &root, err);
    if (!code)
        code = groups_read(path, root, &list, err);
    const char *source = arena_strndup(&list.arena, path, strlen(path));
    if (!code &&
        (code = source ? groups_label_all(&list, STR("__meta_filepath"), str_of(source)) : -ENOMEM))
        error_errno(err, code, "%s: labels", path);
    buf_fini(&text);
    if (code)
        groups_fini(&list);
    else
        *ret = list;
    return code;
}

int discovery_check_file(const char *path, size_t *ret_targets, struct error *err)
{
    struct group_list list;

    int code = load_file(path, &list, err);
    if (!code) {
        *ret_targets = list.addresses;
        groups_fini(&list);
    }
    return code;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The entry of `path`, made when it is new; NULL past the bound or without memory. */
static struct sd_file *file_of(struct files *f, const char *path)
{
    for (size_t i = 0; i < f->len; i++)
        if (strcmp(f->files[i].path, path) == 0)
            return &f->files[i];
    if (f->len == FILES_MAX)
        return NULL;
    if (f->len == f->cap) {
        struct sd_file *grown = array_grow(f->files, &f->cap, f->len + 1, sizeof(*grown));
        if (!grown)
            return NULL;
        f->files = grown;
    }
    struct sd_file *it = &f->files[f->len++];
    *it = (struct sd_file){.path = xstrdup(path), .hash = 0};
    groups_init(&it->list);
    return it;
}

/* True for a file that may have been changed once more within what its time can tell. */
static bool is_fresh(const struct stat *file)
{
    int64_t changed_ns = (int64_t)file->st_mtim.tv_sec * NS_PER_S + file->st_mtim.tv_nsec;

    return clock_now_ms() * (int64_t)NS_PER_MS - changed_ns < FRESH_NS;
}

/* Looks at one file; true when its groups have changed. A file that can't be read keeps its groups:
 * it may be half written. */
static bool look_at(struct files *f, const char *path)
{
    struct sd_file *it = file_of(f, path);
    struct group_list list;
    struct error err;
    struct stat now;

    if (!it || stat(path, &now))
        return false;
    it->found = true;
    if (is_same(&it->seen, &now) && !it->fresh)
        return false;
    it->fresh = is_fresh(&now);
    it->seen = now;
    f->base.state.looks_total++;
    if (load_file(path, &list, &err)) {
        if (!it->troubled)
            log_warn("file of targets cannot be read, its old targets stay", "error", err.text);
        it->troubled = true;
        str_copy(it->error, sizeof(it->error), str_of(err.text));
        f->base.state.failures_total++;
        return false;
    }
    it->troubled = false;
    uint64_t hash = groups_hash(&list);
    bool changed = hash != it->hash;
    it->hash = hash;
    groups_fini(&it->list);
    it->list = list;
    return changed;
}

static void sd_file_fini(struct sd_file *it)
{
    groups_fini(&it->list);
    free(it->path);
}

/* What is wrong with one of the files is what is wrong with the discovery. */
static void note_files(struct files *f)
{
    struct discovery_state *state = &f->base.state;

    state->last_error[0] = '\0';
    for (size_t i = 0; i < f->len; i++)
        if (f->files[i].troubled)
            memcpy(state->last_error, f->files[i].error, sizeof(state->last_error));
    if (!state->last_error[0])
        state->last_ok_ms = clock_now_ms();
}

static bool files_refresh(struct discovery *d)
{
    struct files *f = (struct files *)d;
    bool changed = false;

    for (size_t i = 0; i < f->len; i++)
        f->files[i].found = false;
    for (size_t i = 0; i < f->pattern_len; i++) {
        glob_t found;
        if (glob(f->patterns[i], 0, NULL, &found))
            continue;
        for (size_t k = 0; k < found.gl_pathc; k++)
            changed |= look_at(f, found.gl_pathv[k]);
        globfree(&found);
    }
    for (size_t i = 0; i < f->len;) {
        if (f->files[i].found) {
            i++;
            continue;
        }
        changed |= f->files[i].list.len > 0;
        sd_file_fini(&f->files[i]);
        f->len--;
        memmove(&f->files[i], &f->files[i + 1], (f->len - i) * sizeof(f->files[0]));
    }
    note_files(f);
    return changed;
}

static void files_visit(const struct discovery *d, group_visit *visit, void *ctx)
{
    const struct files *f = (const struct files *)d;

    for (size_t i = 0; i < f->len; i++)
        visit_list(&f->files[i].list, visit, ctx);
}

static void files_close(struct discovery *d)
{
    struct files *f = (struct files *)d;

    for (size_t i = 0; i < f->len; i++)
        sd_file_fini(&f->files[i]);
    for (size_t i = 0; i < f->pattern_len; i++)
        free(f->patterns[i]);
    free(f->patterns);
    free(f->files);
    free(f);
}

static const struct discovery_ops files_ops = {"file", files_refresh, files_visit, files_close};

struct discovery *discovery_files(const struct str *patterns, size_t len)
{
    struct files *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->base.ops = &files_ops;
    f->base.key = len;
    f->patterns = calloc(len + 1, sizeof(*f->patterns));
    if (!f->patterns) {
        free(f);
        return NULL;
    }
    for (size_t i = 0; i < len; i++) {
        f->patterns[f->pattern_len++] = xstrndup(patterns[i].ptr, patterns[i].len);
        f->base.key = hash_more(f->base.key, patterns[i].ptr, patterns[i].len + 1);
    }
    return &f->base;
}

void discovery_visit_folders(const struct discovery *d, void (*visit)(void *ctx, const char *path),
                             void *ctx)
{
    const struct files *f = (const struct files *)d;

    for (size_t i = 0; d->ops == &files_ops && i < f->pattern_len; i++) {
        const char *slash = strrchr(f->patterns[i], '/');
        char *folder =
            slash ? xstrndup(f->patterns[i], (size_t)(slash - f->patterns[i]) + 1) : xstrdup(".");
        visit(ctx, folder);
        free(folder);
    }
}

void discovery_close_all(struct discovery *first)
{
    while (first) {
        struct discovery *next = first->next;
        first->ops->close(first);
        first = next;
    }
}
