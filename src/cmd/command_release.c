/* command_release.c - asks a running worker to let go of the GPUs, and waits until it has. */
#include "commands.h"
#include "release.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define POLL_NS     ((long)50 * 1000 * 1000)
#define WORKERS_MAX 64

/* A program that takes releases. */
struct candidate {
    int pid;
    char command[80]; /* of its command line, as far as it fits */
};

static ssize_t read_proc(int pid, const char *file, char *to, size_t size)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
    return file_read_small(path, to, size);
}

/* Another program, or an older one, would be ended by the signal: release_init() shows that this
 * one is not. */
static bool takes_signal(int pid)
{
    char text[8192];
    const char *at;

    if (read_proc(pid, "status", text, sizeof(text)) <= 0 || !(at = strstr(text, "\nSigCgt:")))
        return false;
    return strtoull(at + 8, NULL, 16) >> (SIGUSR1 - 1) & 1;
}

static bool is_algalon(int pid)
{
    char name[32];

    return read_proc(pid, "comm", name, sizeof(name)) > 0 &&
           str_is(str_trim(str_of(name)), "algalon");
}

/* `worker`, `all`, or options alone, which mean all. */
static bool has_worker(int pid, char *shown, size_t size)
{
    char text[4096];
    ssize_t n = read_proc(pid, "cmdline", text, sizeof(text) - 1);

    if (n <= 0)
        return false;
    text[n] = '\0';
    const char *end = text + n, *second = text + strlen(text) + 1;
    bool worker =
        second >= end || second[0] == '-' || !strcmp(second, "worker") || !strcmp(second, "all");
    for (char *c = text; c < end - 1; c++)
        *c = *c ? *c : ' ';
    str_copy(shown, size, str_of(text));
    return worker;
}

static size_t find_workers(struct candidate *ret, size_t max)
{
    size_t n = 0;
    DIR *dir = opendir("/proc");

    for (struct dirent *e; dir && n < max && (e = readdir(dir));) {
        uint64_t pid;
        if (!num_parse_u64(str_of(e->d_name), &pid) || !pid || pid > INT32_MAX)
            continue;
        ret[n].pid = (int)pid;
        if (ret[n].pid != getpid() && is_algalon(ret[n].pid) && takes_signal(ret[n].pid) &&
            has_worker(ret[n].pid, ret[n].command, sizeof(ret[n].command)))
            n++;
    }
    if (dir)
        closedir(dir);
    return n;
}

/* The one worker there is, or 0 with a word on stderr. */
static int the_worker(void)
{
    struct candidate list[WORKERS_MAX];
    size_t n = find_workers(list, ARRAY_LEN(list));

    if (n == 1)
        return list[0].pid;
    if (!n) {
        fputs("algalon release: no algalon with a worker is running here (in a container, run this "
              "inside it)\n",
              stderr);
        return 0;
    }
    fputs("algalon release: several are running; say which with --pid=\n", stderr);
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, "  %-8d %s\n", list[i].pid, list[i].command);
    return 0;
}

/* How many files of NVIDIA's driver the process has open; -1: they may not be looked at. */
static int open_devices(int pid)
{
    char path[64], target[512];
    int n = 0;

    snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    DIR *dir = opendir(path);
    if (!dir)
        return -1;
    for (struct dirent *e; (e = readdir(dir));) {
        if (!isdigit((unsigned char)e->d_name[0]))
            continue;
        ssize_t len = readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1);
        target[MAX(len, (ssize_t)0)] = '\0';
        n += strstr(target, "/dev/nvidia") != NULL;
    }
    closedir(dir);
    return n;
}

static enum exit_code wait_until_free(int pid, int64_t timeout_ms)
{
    uint64_t deadline = clock_mono_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    const struct timespec step = {0, POLL_NS};
    int n;

    do {
        nanosleep(&step, NULL);
        n = open_devices(pid);
    } while (n > 0 && clock_mono_ns() < deadline);
    if (n > 0) {
        fprintf(stderr,
                "algalon release: pid %d still has the driver open (%d files) after %.0f s: a call "
                "does not end\n",
                pid, n, (double)timeout_ms / 1000);
        return EXIT_FAILED;
    }
    if (n < 0 && kill(pid, 0) && errno == ESRCH) {
        fprintf(stderr, "algalon release: pid %d has ended\n", pid);
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}

enum exit_code command_release(struct settings *settings)
{
    const union sigval value = {.sival_int = (int)settings->release_ms};
    int pid = settings->pid ? (int)settings->pid : the_worker();

    if (!pid)
        return EXIT_FAILED;
    if (settings->pid && !(is_algalon(pid) && takes_signal(pid))) {
        fprintf(stderr, "algalon release: pid %d is no running algalon that could release GPUs\n",
                pid);
        return EXIT_FAILED;
    }
    if (settings->release_end ? kill(pid, SIGUSR2) : sigqueue(pid, SIGUSR1, value)) {
        fprintf(stderr, "algalon release: pid %d: %s%s\n", pid, strerror(errno),
                errno == EPERM ? ": run this as root, or as the worker's user" : "");
        return EXIT_FAILED;
    }
    if (settings->release_end) {
        printf("algalon (pid %d) reads the GPUs again\n", pid);
        return EXIT_DONE;
    }
    enum exit_code done = wait_until_free(pid, settings->release_timeout_ms);
    if (done == EXIT_DONE)
        printf("algalon (pid %d) has released the GPUs for %.0f s; `algalon release --end` takes "
               "them back before\n",
               pid, (double)settings->release_ms / 1000);
    return done;
}
