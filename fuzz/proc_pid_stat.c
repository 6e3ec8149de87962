/* proc_pid_stat.c - fuzzes what stands in the folder of a process, whose owner chooses most of it.
 */
#include "device/linux_proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    struct linux_pid_stat stat;
    struct str value;
    char clean[24];
    uint32_t uid;
    uint64_t page_size = 4096, ticks = 100;

    if (linux_proc_pid_stat(text, &stat) &&
        (stat.name.ptr < text.ptr || stat.name.ptr + stat.name.len > text.ptr + text.len))
        __builtin_trap();
    linux_proc_clean(clean, sizeof(clean), text);
    for (const char *p = clean; *p; p++)
        if ((unsigned char)*p < 0x20)
            __builtin_trap();
    if (!str_is_utf8(str_of(clean)))
        __builtin_trap();
    (void)linux_proc_status_uid(text, &uid);
    (void)linux_proc_environ(text, "container", &value);
    linux_proc_auxv(text, &page_size, &ticks);
    if (!page_size || !ticks)
        __builtin_trap();
    return 0;
}
