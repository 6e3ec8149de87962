/* linux_node.c - the links of /proc/PID/fd, compared with the nodes that are looked for. */
#include "device/linux_node.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#define FILES_MAX 65536                    /* looked at of one process */
#define LOOK_NS   (5 * (uint64_t)NS_PER_S) /* a look that takes longer ends with what it saw */

static void add(struct linux_node_watch *w, int pid, unsigned device)
{
    for (size_t i = w->len; i-- > 0 && w->uses[i].pid == pid;)
        if (w->uses[i].device == device)
            return;
    if (w->len < LINUX_NODE_USES)
        w->uses[w->len++] = (struct linux_node_use){pid, device};
}

static void look_at(struct linux_node_watch *w, int procfs, const char *pid_text, int pid,
                    const struct linux_node *nodes, size_t len)
{
    char name[32], target[sizeof(nodes->path)];
    struct dirent *e;

    snprintf(name, sizeof(name), "%s/fd", pid_text);
    int fd = openat(procfs, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        w->unreadable += errno == EACCES || errno == EPERM;
        if (fd >= 0)
            close(fd);
        return;
    }
    for (unsigned n = 0; n < FILES_MAX && (e = readdir(dir)); n++) {
        ssize_t got = readlinkat(dirfd(dir), e->d_name, target, sizeof(target));
        if (got <= 0 || (size_t)got >= sizeof(target))
            continue; /* longer than any node */
        target[got] = '\0';
        for (size_t i = 0; i < len; i++)
            if (strcmp(target, nodes[i].path) == 0)
                add(w, pid, nodes[i].device);
    }
    closedir(dir);
}

void linux_node_look(struct linux_node_watch *w, const char *procfs, const struct linux_node *nodes,
                     size_t len, uint64_t mono_ns)
{
    uint64_t deadline = clock_mono_ns() + LOOK_NS, pid;

    if (w->looked_ns && mono_ns - w->looked_ns < LINUX_NODE_LOOK_S * (uint64_t)NS_PER_S)
        return;
    w->looked_ns = mono_ns;
    w->len = 0;
    w->unreadable = 0;
    DIR *dir = len ? opendir(procfs) : NULL;
    if (!dir)
        return;
    for (struct dirent *e; (e = readdir(dir)) && clock_mono_ns() < deadline;)
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && num_parse_u64(str_of(e->d_name), &pid) &&
            pid <= INT32_MAX)
            look_at(w, dirfd(dir), e->d_name, (int)pid, nodes, len);
    closedir(dir);
}

int linux_node_take(const struct linux_node_use *uses, size_t len, struct reading *out)
{
    struct accelerator_process *list =
        arena_calloc(out->arena, out->accelerator_process_len + len + 1, sizeof(*list));

    if (!list)
        return -ENOMEM;
    if (out->accelerator_process_len)
        memcpy(list, out->accelerator_processes, out->accelerator_process_len * sizeof(*list));
    out->accelerator_processes = list;
    for (size_t i = 0; i < len; i++)
        list[out->accelerator_process_len++] = (struct accelerator_process){
            .accelerator = uses[i].device,
            .pid = uses[i].pid,
            .type = 'C',
            .mem_used_bytes = UNKNOWN_COUNT,
            .sm_ratio = UNKNOWN,
            .mem_ratio = UNKNOWN,
            .encoder_ratio = UNKNOWN,
            .decoder_ratio = UNKNOWN,
        };
    return 0;
}
