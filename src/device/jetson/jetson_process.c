#include "device/jetson/jetson_process.h"

#include "device/jetson/jetson_text.h"
#include "device/linux_file.h"

/* The first has a line a process, the second also one a mapping. */
static const char *const lists[] = {"kernel/debug/nvmap/iovmm/clients",
                                    "kernel/debug/nvmap/iovmm/maps"};

static bool open_list(const char *sysfs, struct linux_lines *lines)
{
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        if (linux_lines_open(lines, sysfs, "%s", lists[i]))
            return true;
    return false;
}

bool jetson_process_listed(const char *sysfs)
{
    struct linux_lines lines;

    if (!open_list(sysfs, &lines))
        return false;
    linux_lines_close(&lines);
    return true;
}

static struct accelerator_process *place_of(struct accelerator_process *list, size_t *len, int pid)
{
    for (size_t i = 0; i < *len; i++)
        if (list[i].pid == pid)
            return &list[i];
    if (*len == JETSON_PROCESSES)
        return NULL;
    list[*len] = (struct accelerator_process){.pid = pid,
                                              .type = 'C',
                                              .sm_ratio = UNKNOWN,
                                              .mem_ratio = UNKNOWN,
                                              .encoder_ratio = UNKNOWN,
                                              .decoder_ratio = UNKNOWN};
    return &list[(*len)++];
}

int jetson_process_read(const char *sysfs, struct arena *a, struct accelerator_process **ret,
                        size_t *ret_len)
{
    struct linux_lines lines;
    struct str line;
    size_t len = 0;

    if (!open_list(sysfs, &lines))
        return -ENOENT;
    struct accelerator_process *list = arena_calloc(a, JETSON_PROCESSES, sizeof(*list));
    while (list && linux_lines_next(&lines, &line)) {
        uint64_t bytes;
        int pid;
        if (!jetson_text_client(line, &pid, &bytes))
            continue;
        struct accelerator_process *p = place_of(list, &len, pid);
        if (p)
            p->mem_used_bytes += MIN(bytes, UNKNOWN_COUNT - 1 - p->mem_used_bytes);
    }
    linux_lines_close(&lines);
    *ret = list;
    *ret_len = len;
    return list ? 0 : -ENOMEM;
}
