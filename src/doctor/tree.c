#include "doctor/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_MAX 8192 /* of a folder */

static const char *const places[] = {
    [TREE_PROC] = "proc", [TREE_SYS] = "sys", [TREE_ROOT] = "root"};

/* Shared by the caller and the thread. */
struct tree_job {
    char *roots[ARRAY_LEN(places)];
    int *pids;
    size_t pid_len;
    pthread_mutex_t lock; /* all below */
    pthread_cond_t ended;
    int owners;
    bool done, abandoned;
    struct tree tree;
};

void tree_fini(struct tree *t)
{
    for (size_t i = 0; i < t->len; i++) {
        free(t->entries[i].name);
        free(t->entries[i].bytes);
    }
    free(t->entries);
    *t = (struct tree){0};
}

const struct tree_entry *tree_get(const struct tree *t, const char *name)
{
    for (size_t i = 0; i < t->len; i++)
        if (!strcmp(t->entries[i].name, name))
            return &t->entries[i];
    return NULL;
}

const char *tree_root(const struct tree_job *job, enum tree_place place)
{
    return job->roots[place];
}

bool tree_step(struct tree_job *job, const char *path)
{
    pthread_mutex_lock(&job->lock);
    str_copy(job->tree.waiting, sizeof(job->tree.waiting), str_of(path));
    bool wanted = !job->abandoned;
    pthread_mutex_unlock(&job->lock);
    return wanted;
}

void tree_left_out_processes(struct tree_job *job, size_t n)
{
    pthread_mutex_lock(&job->lock);
    job->tree.processes_left_out += n;
    pthread_mutex_unlock(&job->lock);
}

/* The lock is held. */
static void take(struct tree *t, enum tree_kind kind, const char *name, struct str bytes)
{
    if (tree_get(t, name))
        return;
    if (t->len == TREE_FILES_MAX || bytes.len > TREE_BYTES_MAX - t->bytes) {
        t->left_out++;
        return;
    }
    struct tree_entry *grown = array_grow(t->entries, &t->cap, t->len + 1, sizeof(*t->entries));
    char *copy = grown ? malloc(bytes.len + 1) : NULL;
    if (grown)
        t->entries = grown;
    if (!copy) {
        t->left_out++;
        return;
    }
    memcpy(copy, bytes.ptr, bytes.len);
    copy[bytes.len] = '\0';
    t->entries[t->len++] =
        (struct tree_entry){.kind = kind, .name = xstrdup(name), .bytes = copy, .len = bytes.len};
    t->bytes += bytes.len;
    t->cut += bytes.len == TREE_FILE_MAX;
}

static void drop(struct tree *t, const char *name)
{
    for (size_t i = 0; i < t->len; i++)
        if (!strcmp(t->entries[i].name, name)) {
            t->bytes -= t->entries[i].len;
            free(t->entries[i].name);
            free(t->entries[i].bytes);
            t->entries[i] = t->entries[--t->len];
            return;
        }
}

void tree_add(struct tree *t, const char *name, struct str bytes)
{
    drop(t, name);
    if (bytes.len < TREE_FILE_MAX)
        take(t, TREE_FILE, name, bytes);
    else
        t->left_out++;
}

static void put_full(struct tree_job *job, enum tree_kind kind, const char *name, struct str bytes)
{
    pthread_mutex_lock(&job->lock);
    if (!job->abandoned)
        take(&job->tree, kind, name, bytes);
    pthread_mutex_unlock(&job->lock);
}

void tree_put(struct tree_job *job, enum tree_place place, enum tree_kind kind, const char *name,
              struct str bytes)
{
    char full[TREE_PATH_MAX];

    if (snprintf(full, sizeof(full), "%s/%s", places[place], name) < (int)sizeof(full))
        put_full(job, kind, full, bytes);
}

bool tree_file(struct tree_job *job, const char *path, struct buf *to)
{
    struct stat st;
    ssize_t n = 1;

    if (!tree_step(job, path))
        return false;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    bool good = !fstat(fd, &st) && S_ISREG(st.st_mode);
    while (good && n > 0 && to->len < TREE_FILE_MAX) {
        size_t want = MIN((size_t)64 << 10, TREE_FILE_MAX - to->len);
        char *room = buf_reserve(to, want);
        n = room ? read(fd, room, want) : -1;
        if (n > 0)
            to->len += (size_t)n;
        good = n >= 0;
    }
    close(fd);
    return good;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **tree_list(struct tree_job *job, const char *path, size_t *ret_len)
{
    size_t len = 0, cap = 0;
    char **names = NULL;
    DIR *dir = tree_step(job, path) ? opendir(path) : NULL;

    *ret_len = 0;
    if (!dir)
        return NULL;
    for (struct dirent *entry; len < NAMES_MAX && (entry = readdir(dir));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        char **grown = array_grow(names, &cap, len + 1, sizeof(*names));
        if (!grown)
            break;
        names = grown;
        names[len++] = xstrdup(entry->d_name);
    }
    closedir(dir);
    if (names)
        qsort(names, len, sizeof(*names), by_text);
    *ret_len = len;
    return names;
}

void tree_list_free(char **names, size_t len)
{
    for (size_t i = 0; i < len; i++)
        free(names[i]);
    free(names);
}

/* ---- patterns ---- */

struct walk {
    struct tree_job *job;
    enum tree_kind kind;
    bool wakes; /* whoever reads below it wakes the device */
    char real[TREE_PATH_MAX], name[TREE_PATH_MAX];
};

/* Appends "/part"; the length before, or SIZE_MAX when it does not fit. */
static size_t append(char *path, struct str part)
{
    size_t len = strlen(path);

    if (len + part.len + 2 > TREE_PATH_MAX)
        return SIZE_MAX;
    path[len] = '/';
    memcpy(path + len + 1, part.ptr, part.len);
    path[len + 1 + part.len] = '\0';
    return len;
}

/* The last name of a link's target; "" when it is none or names itself. */
static struct str target_of(const char *path, struct str own, char *room, size_t size)
{
    ssize_t n = readlink(path, room, size);
    const char *slash = n > 0 ? memrchr(room, '/', (size_t)n) : NULL;
    struct str last = str_make(slash ? slash + 1 : room, 0);

    last.len = n > 0 ? (size_t)n - (size_t)(last.ptr - room) : 0;
    return n == (ssize_t)size || str_equal(last, own) || str_is(last, ".") || str_is(last, "..")
               ? STR("")
               : last;
}

static void found(struct walk *w, struct str own)
{
    char room[TREE_PATH_MAX];
    struct buf text;

    if (w->kind == TREE_LINK) {
        struct str target = target_of(w->real, own, room, sizeof(room));
        if (tree_step(w->job, w->real) && target.len)
            put_full(w->job, TREE_LINK, w->name, target);
    } else if (w->kind == TREE_NAME) {
        if (tree_step(w->job, w->real) && access(w->real, F_OK) == 0)
            put_full(w->job, TREE_NAME, w->name, STR(""));
    } else {
        buf_init(&text, TREE_FILE_MAX + 1);
        if (tree_file(w->job, w->real, &text))
            put_full(w->job, TREE_FILE, w->name, buf_str(&text));
        buf_fini(&text);
    }
}

/* Where a link is kept, what lies behind it stands beside it under the target's name. */
static bool step_aside(struct walk *w, size_t before)
{
    char target[TREE_PATH_MAX] = "";

    pthread_mutex_lock(&w->job->lock);
    const struct tree_entry *e = tree_get(&w->job->tree, w->name);
    if (e && e->kind == TREE_LINK)
        str_copy(target, sizeof(target), str_make(e->bytes, e->len));
    pthread_mutex_unlock(&w->job->lock);
    if (!*target)
        return true;
    w->name[before] = '\0';
    return append(w->name, str_of(target)) != SIZE_MAX;
}

static bool sleeps(struct walk *w)
{
    char path[TREE_PATH_MAX + 32], text[32];

    snprintf(path, sizeof(path), "%s/device/power/runtime_status", w->real);
    return file_read_small(path, text, sizeof(text)) > 0 &&
           str_starts(str_of(text), STR("suspend"));
}

static void descend(struct walk *w, const char *rest);

static void enter(struct walk *w, struct str part, const char *rest, bool picked)
{
    size_t real = append(w->real, part), name = append(w->name, part);

    if (real != SIZE_MAX && name != SIZE_MAX) {
        if (!rest)
            found(w, part);
        else if (!(picked && w->wakes && sleeps(w)) && step_aside(w, name))
            descend(w, rest);
    }
    if (real != SIZE_MAX)
        w->real[real] = '\0';
    if (name != SIZE_MAX)
        w->name[name] = '\0';
}

static void descend(struct walk *w, const char *rest)
{
    char pattern[256];
    const char *slash = strchr(rest, '/');
    struct str part = str_make(rest, slash ? (size_t)(slash - rest) : strlen(rest));
    const char *next = slash ? slash + 1 : NULL;
    size_t len;

    if (!memchr(part.ptr, '*', part.len) && !memchr(part.ptr, '?', part.len)) {
        enter(w, part, next, false);
        return;
    }
    str_copy(pattern, sizeof(pattern), part);
    char **names = tree_list(w->job, w->real, &len);
    for (size_t i = 0; i < len; i++)
        if (fnmatch(pattern, names[i], FNM_PERIOD) == 0)
            enter(w, str_of(names[i]), next, true);
    tree_list_free(names, len);
}

void tree_match(struct tree_job *job, enum tree_place place, enum tree_kind kind,
                const char *pattern)
{
    struct walk w = {.job = job, .kind = kind, .wakes = *pattern == '!'};

    str_copy(w.real, sizeof(w.real), str_of(job->roots[place]));
    for (size_t n = strlen(w.real); n && w.real[n - 1] == '/'; n--)
        w.real[n - 1] = '\0'; /* "/" is the real root */
    str_copy(w.name, sizeof(w.name), str_of(places[place]));
    descend(&w, pattern + w.wakes);
}

/* ---- the thread ---- */

static void release(struct tree_job *job)
{
    pthread_mutex_lock(&job->lock);
    bool last = --job->owners == 0;
    pthread_mutex_unlock(&job->lock);
    if (!last)
        return;
    for (size_t i = 0; i < ARRAY_LEN(job->roots); i++)
        free(job->roots[i]);
    free(job->pids);
    tree_fini(&job->tree);
    pthread_cond_destroy(&job->ended);
    pthread_mutex_destroy(&job->lock);
    free(job);
}

static void *run(void *arg)
{
    struct tree_job *job = arg;

    tree_collect(job, job->pids, job->pid_len);
    pthread_mutex_lock(&job->lock);
    job->done = true;
    job->tree.waiting[0] = '\0';
    pthread_cond_signal(&job->ended);
    pthread_mutex_unlock(&job->lock);
    release(job);
    return NULL;
}

int tree_read(const struct host_paths *paths, const int *pids, size_t pid_len, int64_t patience_ms,
              struct tree *ret, struct error *err)
{
    uint64_t deadline = clock_mono_ns() + (uint64_t)patience_ms * NS_PER_MS;
    struct tree_job *job = xnew(struct tree_job);
    pthread_t thread;

    *ret = (struct tree){0};
    job->roots[TREE_PROC] = xstrdup(paths->procfs);
    job->roots[TREE_SYS] = xstrdup(paths->sysfs);
    job->roots[TREE_ROOT] = xstrdup(paths->rootfs);
    job->pids = xcalloc(pid_len + 1, sizeof(*job->pids));
    job->pid_len = pid_len;
    for (size_t i = 0; i < pid_len; i++)
        job->pids[i] = pids[i];
    pthread_mutex_init(&job->lock, NULL);
    thread_cond_init(&job->ended);
    job->owners = 2;
    if (thread_start(&thread, "bundle-tree", run, job, err)) {
        job->owners = 1;
        release(job);
        return -EAGAIN;
    }
    pthread_mutex_lock(&job->lock);
    while (!job->done && !thread_wait_until(&job->ended, &job->lock, deadline))
        continue;
    bool done = job->done;
    job->abandoned = !done;
    *ret = job->tree;
    job->tree = (struct tree){0};
    pthread_mutex_unlock(&job->lock);
    if (done)
        pthread_join(thread, NULL);
    else
        pthread_detach(thread); /* it frees what it holds if the file ever answers */
    release(job);
    return 0;
}
