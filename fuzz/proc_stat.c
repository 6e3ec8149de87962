/* proc_stat.c - fuzzes the lines of /proc/stat and the loads between any two of them. */
#include "device/linux_proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_make((const char *)data, size);
    struct linux_ticks before = {{0}}, now;
    int cpu;

    while (linux_proc_stat_next(&rest, &cpu, &now)) {
        struct linux_load load = linux_proc_load(&before, &now);
        if (cpu < -1 || load.busy < 0 || load.busy > 1.000001 || load.steal > 1.000001)
            __builtin_trap();
        before = now;
    }
    return 0;
}
