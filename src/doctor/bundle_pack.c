/* bundle_pack.c - what is replaced in a bundle, and how it is laid out. */
#include "doctor/bundle.h"
#include "doctor/tar.h"

#include <pwd.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#define USERS_MAX 20000 /* of etc/passwd; more would take the redactor too long */

static const char pods[] = "root/var/log/pods/";
static const char containers[] = "root/var/log/containers/";
static const char passwd[] = "root/etc/passwd";

/* ---- learning ---- */

static void learn_file(struct redactor *r, const char *root, const char *name)
{
    char path[512], text[300];

    if (snprintf(path, sizeof(path), "%s/%s", root, name) < (int)sizeof(path) &&
        file_read_small(path, text, sizeof(text)) > 0)
        redact_know(r, REDACT_HOST, str_of(text));
}

static void learn_host(struct redactor *r, const struct worker_options *options)
{
    struct utsname system;

    if (options->hostname)
        redact_know(r, REDACT_HOST, str_of(options->hostname));
    if (!uname(&system))
        redact_know(r, REDACT_HOST, str_of(system.nodename));
    learn_file(r, options->paths.procfs, "sys/kernel/hostname");
    learn_file(r, options->paths.rootfs, "etc/hostname");
    redact_know(r, REDACT_HOST, str_of(getenv("HOSTNAME")));
}

static void learn_user(struct redactor *r, struct str name)
{
    if (!redact_is_system_user(name))
        redact_know(r, REDACT_USER, name);
}

static void learn_users(struct bundle *b)
{
    const struct tree_entry *file = tree_get(&b->tree, passwd);
    static const char *const own[] = {"USER", "LOGNAME", "SUDO_USER"};
    struct passwd entry, *found = NULL;
    char room[4096];

    if (!getpwuid_r(geteuid(), &entry, room, sizeof(room), &found) && found)
        learn_user(&b->redactor, str_of(entry.pw_name));
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        learn_user(&b->redactor, str_of(getenv(own[i])));
    struct str rest = file ? str_make(file->bytes, file->len) : (struct str){NULL, 0};
    for (size_t n = 0; rest.ptr && n < USERS_MAX; n++) {
        struct str line = str_cut(&rest, '\n');
        learn_user(&b->redactor, str_cut(&line, ':'));
    }
}

static bool is_of_pods(const char *name)
{
    return str_starts(str_of(name), str_of(pods)) || str_starts(str_of(name), str_of(containers));
}

/* A folder "namespace_pod_uid", a file "pod_namespace_container-id.log": their parts. */
static bool cut_names(const char *name, struct str ret[3])
{
    if (!is_of_pods(name))
        return false;
    struct str rest = str_of(strrchr(name, '/') + 1);
    ret[0] = str_cut(&rest, '_');
    if (!rest.ptr)
        return false;
    ret[1] = str_cut(&rest, '_');
    ret[2] = rest;
    return rest.ptr != NULL;
}

static size_t container_len(struct str s)
{
    const char *dash = memrchr(s.ptr, '-', s.len);

    return dash ? (size_t)(dash - s.ptr) : s.len;
}

static void learn_pods(struct bundle *b)
{
    for (size_t i = 0; i < b->tree.len; i++) {
        const char *name = b->tree.entries[i].name;
        struct str parts[3];
        if (!cut_names(name, parts))
            continue;
        redact_know(&b->redactor, REDACT_NAME, parts[0]);
        redact_know(&b->redactor, REDACT_NAME, parts[1]);
        if (str_starts(str_of(name), str_of(containers)) && parts[2].len)
            redact_know(&b->redactor, REDACT_NAME, str_make(parts[2].ptr, container_len(parts[2])));
    }
}

/* Answers in bytes: what is no text must not be taken for some, but names may stand in it. */
static bool is_bytes(const char *name)
{
    return str_starts(str_of(name), STR(BUNDLE_ANSWERS ANSWERS_NODES)) ||
           str_starts(str_of(name), STR(BUNDLE_ANSWERS ANSWERS_SERVICES));
}

/* Numbers that stand in a file of their own, and AMD's identity of a GPU as a decimal number. */
static void learn_serials(struct bundle *b)
{
    for (size_t i = 0; i < b->tree.len; i++) {
        const struct tree_entry *e = &b->tree.entries[i];
        struct str name = str_of(e->name), text = str_make(e->bytes, e->len);
        if (str_ends(name, STR("/serial_number")) || str_ends(name, STR("/unique_id")))
            redact_know(&b->redactor, REDACT_SERIAL, text);
        while (str_ends(name, STR("/properties")) && text.ptr) {
            struct str line = str_cut(&text, '\n');
            if (str_starts(line, STR("unique_id ")))
                redact_know(&b->redactor, REDACT_SERIAL, str_make(line.ptr + 10, line.len - 10));
        }
    }
}

/* The comments are ours: they say "the user", and mean nobody. */
static void each_sample(struct str text, void (*fn)(struct redactor *r, struct str s, void *ctx),
                        struct redactor *r, void *ctx)
{
    for (struct str rest = text; rest.ptr;) {
        struct str line = str_cut(&rest, '\n');
        if (!str_starts(line, STR("#")))
            fn(r, line, ctx);
    }
}

static void learn_line(struct redactor *r, struct str line, void *ctx)
{
    (void)ctx;
    redact_learn(r, line);
}

/* Versions of drivers and firmware, of which some have four numbers. */
static void learn_versions(struct bundle *b)
{
    for (size_t i = 0; i < b->tree.len; i++) {
        const struct tree_entry *e = &b->tree.entries[i];
        struct str name = str_of(e->name);
        if (str_starts(name, STR("sys/")) &&
            (str_ends(name, STR("version")) || str_ends(name, STR("_ver"))))
            redact_keep_version(&b->redactor, str_make(e->bytes, e->len));
    }
}

void bundle_learn(struct bundle *b, const struct worker_options *options)
{
    learn_host(&b->redactor, options);
    learn_users(b);
    learn_pods(b);
    learn_serials(b);
    learn_versions(b);
    each_sample(buf_str(&b->parts[BUNDLE_METRICS]), learn_line, &b->redactor, NULL);
    redact_learn(&b->redactor, buf_str(&b->parts[BUNDLE_SNAPSHOT]));
    redact_learn(&b->redactor, buf_str(&b->parts[BUNDLE_SCENARIO]));
    redact_learn(&b->redactor, buf_str(&b->parts[BUNDLE_DOCTOR_TEXT]));
    for (size_t i = 0; i < b->tree.len; i++)
        if (!is_bytes(b->tree.entries[i].name))
            redact_learn(&b->redactor, str_make(b->tree.entries[i].bytes, b->tree.entries[i].len));
}

/* ---- accounts: names for the numbers of users that the bundle speaks of ---- */

static bool speaks_of(const struct tree *t, uint64_t uid)
{
    for (size_t i = 0; i < t->len; i++) {
        const struct tree_entry *e = &t->entries[i];
        const char *line = str_ends(str_of(e->name), STR("/status"))
                               ? memmem(e->bytes, e->len, "\nUid:\t", 6)
                               : NULL;
        struct str rest = str_of(line ? line + 6 : ""), effective;
        uint64_t found;
        str_cut(&rest, '\t');
        effective = str_cut(&rest, '\t');
        if (rest.ptr && num_parse_u64(effective, &found) && found == uid)
            return true;
    }
    return false;
}

static void write_accounts(struct bundle *b, struct str text, struct buf *to)
{
    while (text.ptr) {
        struct str line = str_cut(&text, '\n'), name = str_cut(&line, ':');
        uint64_t uid;
        str_cut(&line, ':');
        if (!line.ptr || !num_parse_u64(str_cut(&line, ':'), &uid) || !speaks_of(&b->tree, uid))
            continue;
        redact_word(&b->redactor, REDACT_USER, name, to);
        buf_printf(to, ":x:%llu:\n", (unsigned long long)uid);
    }
}

/* ---- packing ---- */

static void write_line(struct redactor *r, struct str line, void *ctx)
{
    redact(r, line, ctx);
    buf_char(ctx, '\n');
}

static void write_metrics(struct redactor *r, struct str text, struct buf *to)
{
    while (text.ptr) {
        struct str line = str_cut(&text, '\n');
        if (str_starts(line, STR("#"))) {
            buf_str_add(to, line);
            buf_char(to, '\n');
        } else if (line.len) {
            write_line(r, line, to);
        }
    }
}

/* Whole lines, as far as they fit. */
static struct str bounded(struct str text)
{
    if (text.len <= BUNDLE_OWN_MAX)
        return text;
    const char *end = memrchr(text.ptr, '\n', BUNDLE_OWN_MAX);
    return str_make(text.ptr, end ? (size_t)(end - text.ptr) + 1 : BUNDLE_OWN_MAX);
}

static void pack_part(struct bundle *b, enum bundle_part part, int64_t time_s)
{
    struct str text = bounded(buf_str(&b->parts[part]));
    struct buf clean;

    if (!text.len)
        return;
    buf_init(&clean, 0);
    if (part == BUNDLE_METRICS)
        write_metrics(&b->redactor, text, &clean);
    else
        redact(&b->redactor, text, &clean);
    b->failed |= clean.failed || b->parts[part].failed;
    tar_file(&b->tar, str_of(bundle_part_name(part)), buf_str(&clean), time_s);
    b->files++;
    buf_fini(&clean);
}

/* Names of the kernel's files tell of nobody; those of control groups and logs do. */
static void write_name(struct bundle *b, const char *name, struct buf *to)
{
    struct str parts[3];

    if (cut_names(name, parts)) {
        bool folder = str_starts(str_of(name), str_of(pods));
        buf_text(to, folder ? pods : containers);
        redact_word(&b->redactor, REDACT_NAME, parts[0], to);
        buf_char(to, '_');
        redact_word(&b->redactor, REDACT_NAME, parts[1], to);
        buf_char(to, '_');
        size_t n = folder ? 0 : container_len(parts[2]);
        if (n)
            redact_word(&b->redactor, REDACT_NAME, str_make(parts[2].ptr, n), to);
        redact(&b->redactor, str_make(parts[2].ptr + n, parts[2].len - n), to);
    } else if (strstr(name, "fs/cgroup/")) {
        redact(&b->redactor, str_of(name), to);
    } else {
        buf_text(to, name);
    }
}

static void write_bytes(struct redactor *r, struct str text, struct buf *to)
{
    struct buf bytes;

    buf_init(&bytes, 0);
    if (answer_parse(text, &bytes)) { /* an error */
        buf_str_add(to, text);
    } else {
        if (bytes.len)
            redact_bytes(r, bytes.ptr, bytes.len);
        answer_write(buf_str(&bytes), to);
    }
    buf_fini(&bytes);
}

static void pack_entry(struct bundle *b, const struct tree_entry *e, int64_t time_s)
{
    struct str bytes = str_make(e->bytes, e->len), parts[3];
    struct buf name, clean;

    if (is_of_pods(e->name) && !cut_names(e->name, parts))
        return; /* no name that the collectors understand */
    buf_init(&name, 0);
    buf_init(&clean, 0);
    write_name(b, e->name, &name);
    if (!strcmp(e->name, passwd))
        write_accounts(b, bytes, &clean);
    else if (is_bytes(e->name))
        write_bytes(&b->redactor, bytes, &clean);
    else if (e->kind == TREE_FILE)
        redact(&b->redactor, bytes, &clean);
    if (e->kind == TREE_LINK)
        tar_link(&b->tar, buf_str(&name), bytes, time_s);
    else
        tar_file(&b->tar, buf_str(&name), buf_str(&clean), time_s);
    b->files++;
    b->failed |= name.failed || clean.failed;
    buf_fini(&name);
    buf_fini(&clean);
}

static int by_name(const void *a, const void *b)
{
    const struct tree_entry *x = a, *y = b;

    return strcmp(x->name, y->name);
}

void bundle_pack(struct bundle *b, int64_t time_s)
{
    struct buf readme, front;

    for (int part = 0; part < BUNDLE_PARTS; part++)
        pack_part(b, (enum bundle_part)part, time_s);
    if (b->tree.len)
        qsort(b->tree.entries, b->tree.len, sizeof(*b->tree.entries), by_name);
    for (size_t i = 0; i < b->tree.len; i++)
        pack_entry(b, &b->tree.entries[i], time_s);
    buf_init(&readme, 0);
    buf_init(&front, 0);
    bundle_readme(b, &readme);
    tar_file(&front, STR("README.txt"), buf_str(&readme), time_s);
    buf_str_add(&front, buf_str(&b->tar));
    b->files++;
    b->failed |= readme.failed || b->tar.failed;
    buf_fini(&readme);
    buf_fini(&b->tar);
    b->tar = front;
}
