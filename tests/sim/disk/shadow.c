/* shadow.c - what of a folder would survive a power cut, kept beside it in files:
 *
 *     SHADOW/N       the safe bytes of file N, once they differ from what it holds
 *     SHADOW/names   "N PATH" for each safe name
 *     SHADOW/live    "N PATH" for each name there is */
#include "shadow.h"

#include "disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 2000
#define SECTOR    512

struct file {
    char live[640], safe[640]; /* names; "": none */
    char moved[640];           /* it got its name with a folder's; this folder has to be synced */
    bool saved;                /* its safe bytes are in a file of the shadow */
};

static struct {
    char dir[512], shadow[512];
    struct file files[FILES_MAX];
    int len;
} state;

static void fail(const char *what, const char *path)
{
    fprintf(stderr, "disk simulator: %s %s: %s\n", what, path, strerror(errno));
    abort();
}

static void note(const char *name, bool safe)
{
    char path[640];

    snprintf(path, sizeof(path), "%s/%s", state.shadow, name);
    FILE *f = fopen(path, "w");
    if (!f)
        fail("writing", path);
    for (int i = 0; i < state.len; i++) {
        const char *text = safe ? state.files[i].safe : state.files[i].live;
        if (text[0])
            fprintf(f, "%d %s\n", i, text);
    }
    if (fclose(f))
        fail("writing", path);
}

static void note_all(void)
{
    note("names", true);
    note("live", false);
}

static char *read_all(const char *path, size_t *ret_n)
{
    FILE *f = fopen(path, "r");
    struct stat st;

    if (!f)
        return NULL;
    if (fstat(fileno(f), &st))
        fail("reading", path);
    char *bytes = calloc(1, (size_t)st.st_size + 1);
    if (!bytes)
        fail("reading", path);
    *ret_n = fread(bytes, 1, (size_t)st.st_size, f);
    fclose(f);
    return bytes;
}

static void write_all(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "w");

    if (!f || (n && fwrite(bytes, 1, n, f) != n) || fclose(f))
        fail("writing", path);
}

static void make_folders_of(const char *path)
{
    char copy[640];

    snprintf(copy, sizeof(copy), "%s", path);
    for (char *at = copy + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        if (mkdir(copy, 0750) && errno != EEXIST)
            fail("making", copy);
        *at = '/';
    }
}

static void path_in_shadow(char path[640], int id)
{
    snprintf(path, 640, "%s/%d", state.shadow, id);
}

static int find(const char *path)
{
    for (int i = 0; path && i < state.len; i++)
        if (strcmp(state.files[i].live, path) == 0)
            return i;
    return -1;
}

static int add(const char *path)
{
    if (state.len == FILES_MAX)
        fail("too many files", path);
    struct file *f = &state.files[state.len];
    *f = (struct file){.saved = false};
    snprintf(f->live, sizeof(f->live), "%s", path);
    return state.len++;
}

static void walk(const char *dir, void (*visit)(const char *path))
{
    DIR *d = opendir(dir);
    struct dirent *entry;

    if (!d)
        return;
    while ((entry = readdir(d))) {
        char path[640];
        struct stat st;
        if (entry->d_name[0] == '.')
            continue;
        if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= sizeof(path))
            fail("the name is too long of", entry->d_name);
        if (stat(path, &st))
            continue;
        if (S_ISDIR(st.st_mode))
            walk(path, visit);
        else
            visit(path);
    }
    closedir(d);
}

static void add_safe(const char *path)
{
    int id = add(path);
    snprintf(state.files[id].safe, sizeof(state.files[id].safe), "%s", path);
}

static void remove_file(const char *path)
{
    unlink(path);
}

void shadow_begin(const char *dir, const char *shadow)
{
    snprintf(state.dir, sizeof(state.dir), "%s", dir);
    snprintf(state.shadow, sizeof(state.shadow), "%s", shadow);
    state.len = 0;
    walk(shadow, remove_file);
    if (mkdir(shadow, 0700) && errno != EEXIST)
        fail("making", shadow);
    walk(dir, add_safe);
    note_all();
}

static void save_bytes(int id, const char *from)
{
    char path[640];
    size_t n = 0;
    char *bytes = from ? read_all(from, &n) : NULL;

    path_in_shadow(path, id);
    write_all(path, bytes, n);
    free(bytes);
    state.files[id].saved = true;
}

void shadow_created(const char *path)
{
    save_bytes(add(path), NULL);
    note_all();
}

void shadow_save(const char *path)
{
    int id = find(path);

    if (id >= 0 && !state.files[id].saved)
        save_bytes(id, path);
}

static bool is_in(const char *path, const char *dir)
{
    size_t n = strlen(dir);

    return strncmp(path, dir, n) == 0 && path[n] == '/' && !strchr(path + n + 1, '/');
}

void shadow_synced(const char *path)
{
    int id = find(path);

    if (id >= 0) {
        save_bytes(id, path);
        return;
    }
    for (int i = 0; i < state.len; i++) {
        struct file *f = &state.files[i];
        if (f->moved[0]) {
            if (strcmp(f->moved, path) == 0) {
                memcpy(f->safe, f->live, sizeof(f->safe));
                f->moved[0] = '\0';
            }
            continue;
        }
        if (f->live[0] ? is_in(f->live, path) : is_in(f->safe, path))
            memcpy(f->safe, f->live, sizeof(f->safe));
        else if (is_in(f->safe, path))
            f->safe[0] = '\0';
    }
    note_all();
}

void shadow_wrote(const char *path, const void *bytes, size_t n, off_t at)
{
    int id = find(path);
    char name[640];

    if (id < 0)
        return;
    path_in_shadow(name, id);
    FILE *f = fopen(name, "r+");
    if (!f || fseek(f, (long)at, SEEK_SET) || fwrite(bytes, 1, n, f) != n || fclose(f))
        fail("writing", name);
}

/* The files of a folder that got another name. */
static void move_folder(const char *from, const char *to)
{
    size_t n = strlen(from);

    for (int i = 0; i < state.len; i++) {
        struct file *f = &state.files[i];
        char name[640];
        if (strncmp(f->live, from, n) != 0 || f->live[n] != '/')
            continue;
        if ((size_t)snprintf(name, sizeof(name), "%s%s", to, f->live + n) >= sizeof(name))
            fail("the name is too long of", to);
        memcpy(f->live, name, sizeof(name));
        snprintf(f->moved, sizeof(f->moved), "%.*s", (int)(strrchr(to, '/') - to), to);
    }
}

void shadow_renamed(const char *from, const char *to)
{
    int id = find(from), replaced = find(to);

    if (replaced >= 0)
        state.files[replaced].live[0] = '\0';
    if (id >= 0)
        snprintf(state.files[id].live, sizeof(state.files[id].live), "%s", to ? to : "");
    else if (to)
        move_folder(from, to);
    note_all();
}

/* ---- the cut ---- */

static void read_names(const char *name, bool safe)
{
    char path[640];
    size_t n;

    snprintf(path, sizeof(path), "%s/%s", state.shadow, name);
    char *text = read_all(path, &n);
    if (!text)
        fail("reading", path);
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n")) && line[0]) {
        char *at;
        long id = strtol(line, &at, 10);
        if (id < 0 || id >= FILES_MAX)
            fail("reading", path);
        struct file *f = &state.files[id];
        snprintf(safe ? f->safe : f->live, sizeof(f->safe), "%s", at + 1);
        if (id >= state.len)
            state.len = (int)id + 1;
    }
    free(text);
}

static uint64_t random_next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* The bytes that file `id` has after the cut. */
static char *survives(int id, uint64_t *seed, size_t *ret_n)
{
    struct file *f = &state.files[id];
    char path[640];
    size_t safe_n = 0, live_n = 0;

    path_in_shadow(path, id);
    char *safe = read_all(path, &safe_n), *live = f->live[0] ? read_all(f->live, &live_n) : NULL;
    if (!safe || !*seed || !live) {
        char *ret = safe ? safe : live;
        *ret_n = safe ? safe_n : live_n;
        if (ret == safe)
            free(live);
        return ret;
    }
    size_t n = random_next(seed) & 1 ? live_n : safe_n;
    char *mixed = calloc(1, n + 1);
    if (!mixed)
        fail("mixing", f->safe);
    for (size_t at = 0; at < n; at += SECTOR) {
        bool new = random_next(seed) & 1;
        size_t have = new ? live_n : safe_n;
        size_t len = have > at ? have - at : 0;
        len = len > SECTOR ? SECTOR : len;
        len = len > n - at ? n - at : len;
        if (len)
            memcpy(mixed + at, (new ? live : safe) + at, len);
    }
    free(safe);
    free(live);
    *ret_n = n;
    return mixed;
}

__attribute__((visibility("default"))) void disk_power_cut(const char *dir, const char *shadow,
                                                           uint64_t seed)
{
    static char *bytes[FILES_MAX];
    static size_t lens[FILES_MAX];

    snprintf(state.dir, sizeof(state.dir), "%s", dir);
    snprintf(state.shadow, sizeof(state.shadow), "%s", shadow);
    memset(state.files, 0, sizeof(state.files));
    state.len = 0;
    read_names("names", true);
    read_names("live", false);
    for (int i = 0; i < state.len; i++)
        bytes[i] = state.files[i].safe[0] ? survives(i, &seed, &lens[i]) : NULL;
    walk(dir, remove_file);
    for (int i = 0; i < state.len; i++) {
        if (!state.files[i].safe[0])
            continue;
        make_folders_of(state.files[i].safe);
        write_all(state.files[i].safe, bytes[i], lens[i]);
        free(bytes[i]);
        bytes[i] = NULL;
    }
}
