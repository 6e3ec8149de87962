/* catalog.c - gathers dashboard files, settles who wins a uid, orders and lists them. */
#include "web/catalog.h"

#include <dirent.h>
#include <strings.h>
#include <unistd.h>

static int add(struct catalog *c, const char *file, struct str text, enum dashboard_origin origin)
{
    struct dashboard_file *grown = array_grow(c->items, &c->cap, c->len + 1, sizeof(*c->items));

    if (!grown)
        return -ENOMEM;
    c->items = grown;
    dashboard_file_init(&c->items[c->len], file, text, origin);
    c->items[c->len].place = origin == DASHBOARD_SHIPPED ? c->len : SIZE_MAX;
    c->len++;
    return 0;
}

static int add_file(struct catalog *c, const char *dir, const char *name,
                    enum dashboard_origin origin)
{
    struct buf path, text;
    struct error err = {0};
    int code;

    buf_init(&path, 0);
    buf_init(&text, 0);
    buf_printf(&path, "%s/%s", dir, name);
    char *p = buf_take(&path);
    code = p ? file_read(p, DASHBOARD_MAX_BYTES, &text, &err) : -ENOMEM;
    if (code == -ENOMEM)
        goto out;
    int added = add(c, name, code ? STR("") : buf_str(&text), origin);
    if (!added && code == -EFBIG)
        dashboard_file_fail(&c->items[c->len - 1], ": larger than %zu MiB",
                            DASHBOARD_MAX_BYTES >> 20);
    else if (!added && code)
        dashboard_file_fail(&c->items[c->len - 1], ": %s", err.text);
    code = added;
out:
    free(p);
    buf_fini(&text);
    return code;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The *.json files of a folder in order of their names; hidden ones (editors' own) left out. */
static char **names_of(const char *dir, size_t *ret_len)
{
    DIR *d = opendir(dir);
    char **names = NULL;
    size_t len = 0, cap = 0;

    *ret_len = 0;
    if (!d) {
        log_warn("the folder of dashboards cannot be read", "dir", dir, "error", strerror(errno));
        return NULL;
    }
    for (const struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.' || !str_ends(str_of(e->d_name), STR(".json")))
            continue;
        if (len == CATALOG_MAX_FILES) {
            log_warn("the folder holds too many dashboards: some are left out", "dir", dir);
            break;
        }
        char **grown = array_grow(names, &cap, len + 1, sizeof(*names));
        if (!grown)
            break;
        names = grown;
        names[len++] = xstrdup(e->d_name);
    }
    closedir(d);
    if (len)
        qsort(names, len, sizeof(*names), by_name);
    *ret_len = len;
    return names;
}

static int add_folder(struct catalog *c, const char *dir, enum dashboard_origin origin)
{
    size_t len;
    char **names = names_of(dir, &len);
    int code = 0;

    for (size_t i = 0; i < len; i++) {
        if (!code)
            code = add_file(c, dir, names[i], origin);
        free(names[i]);
    }
    free(names);
    return code;
}

static void take_out(struct catalog *c, size_t i)
{
    dashboard_file_fini(&c->items[i]);
    memmove(&c->items[i], &c->items[i + 1], (c->len - i - 1) * sizeof(*c->items));
    c->len--;
}

/* A user's file takes the place of a shipped one; of two users' files the first keeps the uid: the
 * folder's come before the kept ones. */
static void settle_uids(struct catalog *c)
{
    for (size_t i = 0; i < c->len; i++)
        for (size_t j = i + 1; j < c->len; j++) {
            struct dashboard_file *a = &c->items[i], *b = &c->items[j];
            if (strcmp(a->uid, b->uid) || a->error || b->error)
                continue;
            if (a->origin == DASHBOARD_SHIPPED && b->origin != DASHBOARD_SHIPPED) {
                b->place = a->place;
                take_out(c, i--);
                break;
            }
            dashboard_file_fail(b, ": has the uid of %s: \"%s\"", a->file, a->uid);
        }
}

static int by_place(const void *pa, const void *pb)
{
    const struct dashboard_file *a = pa, *b = pb;

    if (!a->error != !b->error)
        return a->error ? 1 : -1;
    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    int order = strcasecmp(a->title, b->title);
    return order ? order : strcmp(a->uid, b->uid);
}

static void write_item(struct buf *b, const struct dashboard_file *d)
{
    buf_text(b, "{\"uid\":");
    buf_json(b, str_of(d->uid));
    buf_text(b, ",\"title\":");
    buf_json(b, str_of(d->title));
    buf_text(b, ",\"tags\":[");
    for (size_t i = 0; i < d->tag_len; i++) {
        if (i)
            buf_char(b, ',');
        buf_json(b, str_of(d->tags[i]));
    }
    buf_printf(b, "],\"origin\":\"%s\"", dashboard_origin_text(d->origin));
    if (d->error) {
        buf_text(b, ",\"error\":");
        buf_json(b, str_of(d->error));
    }
    buf_char(b, '}');
}

static void write_list(struct catalog *c)
{
    buf_char(&c->list, '[');
    for (size_t i = 0; i < c->len; i++) {
        if (i)
            buf_char(&c->list, ',');
        write_item(&c->list, &c->items[i]);
    }
    buf_char(&c->list, ']');
}

int catalog_load(const struct asset *shipped, size_t shipped_len, const char *dir, const char *kept,
                 struct catalog **ret, struct error *err)
{
    struct catalog *c = xnew(struct catalog);
    int code = 0;

    atomic_init(&c->refs, 1);
    buf_init(&c->list, 0);
    for (size_t i = 0; i < shipped_len && !code; i++)
        code = add(c, shipped[i].path, str_make((const char *)shipped[i].bytes, shipped[i].len),
                   DASHBOARD_SHIPPED);
    if (!code && dir)
        code = add_folder(c, dir, DASHBOARD_FOLDER);
    if (!code && kept && access(kept, F_OK) == 0)
        code = add_folder(c, kept, DASHBOARD_KEPT);
    if (!code) {
        settle_uids(c);
        if (c->len)
            qsort(c->items, c->len, sizeof(*c->items), by_place);
        write_list(c);
        if (c->list.failed)
            code = -ENOMEM;
    }
    if (code) {
        catalog_release(c);
        return error_errno(err, code, "dashboards");
    }
    *ret = c;
    return 0;
}

struct catalog *catalog_retain(struct catalog *c)
{
    atomic_fetch_add(&c->refs, 1);
    return c;
}

void catalog_release(struct catalog *c)
{
    if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    for (size_t i = 0; i < c->len; i++)
        dashboard_file_fini(&c->items[i]);
    free(c->items);
    buf_fini(&c->list);
    free(c);
}

const struct dashboard_file *catalog_get(const struct catalog *c, struct str uid)
{
    for (size_t i = 0; i < c->len; i++)
        if (str_is(uid, c->items[i].uid))
            return &c->items[i];
    for (size_t i = 0; i < c->len; i++) {
        struct str name = str_of(c->items[i].file);
        if (c->items[i].origin == DASHBOARD_SHIPPED || !str_ends(name, STR(".json")))
            continue;
        name.len -= strlen(".json");
        if (str_equal(name, uid))
            return &c->items[i];
    }
    return NULL;
}

void catalog_free_uid(const struct catalog *c, struct str uid, struct buf *to)
{
    char free_uid[DASHBOARD_MAX_UID + 24];

    uid.len = MIN(uid.len, (size_t)DASHBOARD_MAX_UID - 6); /* room for the number */
    for (unsigned n = 2;; n++) {
        snprintf(free_uid, sizeof(free_uid), "%.*s-%u", STR_ARG(uid), n);
        if (!catalog_get(c, str_of(free_uid)))
            break; /* at the latest past the number of dashboards */
    }
    buf_text(to, free_uid);
}

const struct dashboard_file *catalog_first(const struct catalog *c)
{
    return c->len && !c->items[0].error ? &c->items[0] : NULL;
}
