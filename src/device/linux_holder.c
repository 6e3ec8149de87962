#include "device/linux_holder.h"

#include "device/linux_file.h"

#include <dirent.h>
#include <unistd.h>

#define FILES_MAX 65536 /* open files looked at: past the usual limit of a process */

enum holding linux_holder_look(const struct host_paths *paths, int pid)
{
    char folder[LINUX_PATH_MAX], target[LINUX_PATH_MAX];
    DIR *dir = linux_file_path(folder, paths->procfs, "%d/fd", pid) ? opendir(folder) : NULL;
    enum holding holding = HOLDING_NO;
    unsigned seen = 0, closed = 0;

    if (!dir)
        return HOLDING_UNKNOWN;
    for (struct dirent *entry;
         holding == HOLDING_NO && seen < FILES_MAX && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target));
        seen++;
        closed += n < 0;
        if (n > 0 && device_is_node(str_make(target, (size_t)n)))
            holding = HOLDING_YES;
    }
    closedir(dir);
    /* Of a process that is ending no file is left, while the driver still clears up behind it. */
    return holding == HOLDING_NO && closed == seen ? HOLDING_UNKNOWN : holding;
}
