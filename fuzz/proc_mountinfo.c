/* proc_mountinfo.c - fuzzes lines of mountinfo and the escapes in them. */
#include "device/linux_proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_make((const char *)data, size);
    char path[64];

    while (rest.ptr) {
        struct linux_mount mount;
        if (!linux_proc_mount(str_cut(&rest, '\n'), &mount))
            continue;
        if (linux_proc_unescape(path, sizeof(path), mount.mount_point) &&
            strlen(path) > mount.mount_point.len)
            __builtin_trap();
        (void)linux_proc_unescape(path, sizeof(path), mount.source);
        (void)linux_proc_has_word(mount.super_options, "rw");
    }
    return 0;
}
