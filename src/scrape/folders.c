/* folders.c - see folders.h. */
#include "scrape/folders.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/inotify.h>
#endif

#define SETTLE_MS 20 /* several changes at once are looked at together */

struct folders {
    int wake_fd, notify_fd; /* notify_fd -1: nothing tells */
    int watched[FOLDERS_MAX];
    size_t len;
};

struct folders *folders_new(void)
{
    struct folders *w = calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    w->notify_fd = -1;
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->wake_fd < 0) {
        folders_free(w);
        return NULL;
    }
#ifdef __linux__
    w->notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
#endif
    return w;
}

void folders_free(struct folders *w)
{
    if (!w)
        return;
    if (w->wake_fd >= 0)
        close(w->wake_fd);
    if (w->notify_fd >= 0)
        close(w->notify_fd);
    free(w);
}

void folders_reset(struct folders *w)
{
#ifdef __linux__
    for (size_t i = 0; i < w->len; i++)
        inotify_rm_watch(w->notify_fd, w->watched[i]);
#endif
    w->len = 0;
}

void folders_add(struct folders *w, const char *folder)
{
#ifdef __linux__
    const uint32_t events = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

    if (w->notify_fd < 0 || w->len == FOLDERS_MAX)
        return;
    int id = inotify_add_watch(w->notify_fd, folder, events | IN_ONLYDIR);
    for (size_t i = 0; i < w->len; i++)
        if (w->watched[i] == id)
            return; /* the same folder gives the same number */
    if (id >= 0)
        w->watched[w->len++] = id;
#else
    (void)w, (void)folder;
#endif
}

/* Reads away what has been told. */
static void drain(int fd)
{
    char events[4096];

    while (fd >= 0 && read(fd, events, sizeof(events)) > 0)
        ;
}

void folders_wait(struct folders *w, int timeout_ms)
{
    struct pollfd polled[] = {{.fd = w->wake_fd, .events = POLLIN},
                              {.fd = w->notify_fd, .events = POLLIN}};

    if (poll(polled, 2, timeout_ms) <= 0)
        return;
    if (polled[1].revents)
        poll(polled, 1, SETTLE_MS);
    drain(w->wake_fd);
    drain(w->notify_fd);
}

void folders_wake(struct folders *w)
{
    uint64_t one = 1;
    ssize_t n = write(w->wake_fd, &one, sizeof(one));

    (void)n; /* full means that it is awake already */
}
