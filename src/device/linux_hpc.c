/* linux_hpc.c - jobs by device as dcgm-exporter takes them from a folder (--hpc-job-mapping-dir)
 * that a scheduler's prolog and epilog write: a file for each device, named by its number ("0") or
 * by that and its instance's ("2.1"), with a job on each line. On its own thread, as the folder may
 * lie on a network. */
#include "device/linux.h"

#include "device/linux_file.h"
#include "device/linux_hpc.h"
#include "device/linux_proc.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

#define FILES_MAX 1024 /* entries looked at */
#define FILE_READ 8192 /* bytes of a file */

struct state {
    char dir[LINUX_PATH_MAX];
};

bool linux_hpc_parse_name(struct str name, unsigned *ret_gpu, unsigned *ret_instance)
{
    struct str rest = name;
    uint64_t gpu, instance = UINT_MAX;
    struct str first = str_cut(&rest, '.');

    if (!num_parse_u64(first, &gpu) || gpu >= UINT_MAX)
        return false;
    if (rest.ptr && (!num_parse_u64(rest, &instance) || instance >= UINT_MAX))
        return false;
    *ret_gpu = (unsigned)gpu;
    *ret_instance = (unsigned)instance;
    return true;
}

static bool hpc_detect(const struct host_paths *paths)
{
    struct stat st;
    return paths->hpc_jobs && !stat(paths->hpc_jobs, &st) && S_ISDIR(st.st_mode);
}

static int hpc_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct state *s = xnew(struct state);
    int n = snprintf(s->dir, sizeof(s->dir), "%s", paths->hpc_jobs);

    if (n < 0 || n >= (int)sizeof(s->dir)) {
        free(s);
        return error_errno(err, -ENAMETOOLONG, "%s", paths->hpc_jobs);
    }
    *ret = s;
    return 0;
}

static void hpc_close(void *state)
{
    free(state);
}

static int read_file(const struct state *s, const char *name, struct reading *out,
                     struct error *err)
{
    char bytes[FILE_READ];
    unsigned gpu, instance;

    if (!linux_hpc_parse_name(str_of(name), &gpu, &instance))
        return 0;
    ssize_t n = linux_file_text(bytes, sizeof(bytes), s->dir, "%s", name);
    if (n < 0)
        return n == -ENOENT ? 0 : error_errno(err, (int)n, "%s/%s", s->dir, name);
    for (struct str rest = str_make(bytes, (size_t)n); rest.ptr;) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (!line.len)
            continue;
        if (out->hpc_job_len == LINUX_HPC_JOBS_MAX)
            return error_set(err, -EFBIG, "%s: more than %d jobs", s->dir, LINUX_HPC_JOBS_MAX);
        struct hpc_job *job = &out->hpc_jobs[out->hpc_job_len++];
        *job = (struct hpc_job){.gpu = gpu, .instance = instance};
        linux_proc_clean(job->job, sizeof(job->job), line);
    }
    return 0;
}

static int hpc_read(void *state, struct reading *out, struct error *err)
{
    const struct state *s = state;
    DIR *dir = opendir(s->dir);
    struct dirent *entry;
    int code = 0;

    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    if (!dir)
        return error_errno(err, -errno, "%s", s->dir);
    out->hpc_jobs = arena_alloc(out->arena, LINUX_HPC_JOBS_MAX * sizeof(*out->hpc_jobs));
    if (!out->hpc_jobs)
        code = error_errno(err, -ENOMEM, "%s", s->dir);
    for (unsigned seen = 0; !code && seen < FILES_MAX && (entry = readdir(dir)); seen++)
        code = read_file(s, entry->d_name, out, err);
    closedir(dir);
    return code;
}

static void hpc_diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                         size_t *ret_len)
{
    if (paths->hpc_jobs && !hpc_detect(paths))
        finding_add(a, ret, ret_len, FINDING_WARNING, "jobs",
                    "Make the folder, or correct --hpc-job-mapping-dir.", "%s is no folder",
                    paths->hpc_jobs);
}

const struct collector linux_hpc_collector = {
    .name = "hpc",
    .detect = hpc_detect,
    .open = hpc_open,
    .read = hpc_read,
    .close = hpc_close,
    .diagnose = hpc_diagnose,
};
