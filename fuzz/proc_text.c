/* proc_text.c - fuzzes the small texts of /proc and /sys; the first byte says which. */
#include "device/linux_proc.h"

#include "device/linux_file.h"
#include "device/linux_nodes.h"
#include "device/linux_owner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void by_line(struct str text)
{
    while (text.ptr) {
        struct str line = str_cut(&text, '\n'), value;
        struct linux_cgroup_line group;
        uint32_t uid;
        (void)linux_proc_cpuinfo(line, "model name", &value);
        (void)linux_proc_cgroup(line, &group);
        (void)linux_proc_passwd(line, &value, &uid);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data + 1, size ? size - 1 : 0);
    struct linux_meminfo info;
    struct linux_loadavg load;
    struct linux_cpuset set;
    struct linux_owner owner;
    uint64_t a, b;

    if (!size)
        return 0;
    switch (data[0]) {
    case 'm':
        linux_proc_meminfo(text, &info);
        break;
    case 'a':
        (void)linux_proc_arcstats(text, &a, &b);
        (void)linux_proc_key(text, "inactive_file", &a);
        break;
    case 'l':
        (void)linux_proc_loadavg(text, &load);
        break;
    case 'c':
        if (linux_cpuset_parse(text, &set) && linux_cpuset_next(&set, 0) > LINUX_CPU_MAX)
            __builtin_trap();
        break;
    case 'o':
        if (linux_owner_read(&owner, text) && strlen(owner.is.unit) >= sizeof(owner.is.unit))
            __builtin_trap();
        linux_owner_devices(owner.is.devices, sizeof(owner.is.devices), text, size & 1,
                            &owner.is.devices_void);
        linux_nodes_parse(text, &owner.is.nodes);
        break;
    default:
        by_line(text);
    }
    return 0;
}
