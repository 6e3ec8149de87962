/* child.c - starting, draining, ending. */
#include "base/child.h"

#include "base/clock.h"
#include "base/std.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK   ((size_t)16 << 10)
#define STEP_MS 20 /* between two looks whether it has ended */

static int start(const char *const *argv, int to, pid_t *ret)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t normal;
    char *args[64];
    size_t n = 0;
    int code;

    /* posix_spawnp() writes to none of them, whatever its type says. */
    for (; argv[n] && n < ARRAY_LEN(args) - 1; n++)
        memcpy(&args[n], &argv[n], sizeof(args[n]));
    args[n] = NULL;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    sigemptyset(&normal);
    sigaddset(&normal, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &normal);
    posix_spawnattr_setpgroup(&attributes, 0); /* so that its own children end with it */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    code = posix_spawnp(ret, args[0], &actions, &attributes, args, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -code;
}

static int64_t left_ms(uint64_t deadline)
{
    uint64_t now = clock_mono_ns();

    return now >= deadline ? 0 : (int64_t)((deadline - now) / NS_PER_MS) + 1;
}

/* Reads until it closes its end. */
static int drain(int fd, uint64_t deadline, struct buf *out)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int n = poll(&p, 1, (int)left_ms(deadline));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n ? -errno : -ETIMEDOUT;
        char *room = buf_reserve(out, CHUNK);
        if (!room)
            return -EFBIG;
        ssize_t got = read(fd, room, CHUNK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got ? -errno : 0;
        out->len += (size_t)got;
    }
}

/* Waits for its end, for it may go on after it has closed its output. */
static int reap(pid_t pid, uint64_t deadline, int *status)
{
    for (;;) {
        pid_t ended = waitpid(pid, status, WNOHANG);
        if (ended == pid)
            return 0;
        if (ended < 0 && errno != EINTR)
            return -errno;
        if (!left_ms(deadline))
            return -ETIMEDOUT;
        poll(NULL, 0, STEP_MS);
    }
}

/* A pipe whose ends other programs do not get. */
static int open_pipe(int ends[2])
{
#ifdef __APPLE__ /* has pipe2() since 27 only; between the calls another thread may start one */
    if (pipe(ends))
        return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
#else
    return pipe2(ends, O_CLOEXEC);
#endif
}

int child_run(const char *const *argv, int64_t patience_ms, struct buf *out, struct error *err)
{
    uint64_t deadline = clock_mono_ns() + (uint64_t)patience_ms * NS_PER_MS;
    size_t from = out->len;
    int ends[2], status = 0;
    pid_t pid;

    if (open_pipe(ends))
        return error_errno(err, -errno, "%s", argv[0]);
    int code = start(argv, ends[1], &pid);
    close(ends[1]);
    if (code) {
        close(ends[0]);
        return error_errno(err, code, "%s cannot be started", argv[0]);
    }
    code = drain(ends[0], deadline, out);
    close(ends[0]);
    if (!code)
        code = reap(pid, deadline, &status);
    if (code) {
        kill(-pid, SIGKILL);
        (void)reap(pid, clock_mono_ns() + NS_PER_S, &status); /* in state D it is left behind */
        return code == -ETIMEDOUT ? error_set(err, code, "%s did not end within %.1f s", argv[0],
                                              (double)patience_ms / 1000)
                                  : error_errno(err, code, "%s", argv[0]);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    struct str said =
        str_trim(str_make(buf_str(out).ptr + from, MIN(out->len - from, (size_t)150)));
    return error_set(err, -ECHILD, "%s ended with %s %d: %.*s", argv[0],
                     WIFEXITED(status) ? "code" : "signal",
                     WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), STR_ARG(said));
}
