/* linux_proc.h - the texts of /proc and a few of /sys, taken apart. Pure functions on views: what
 * is not understood is left out, nothing is assumed to be there or to end properly, since names
 * in these texts are chosen by anyone who may run a program. */
#ifndef ALGALON_DEVICE_LINUX_PROC_H
#define ALGALON_DEVICE_LINUX_PROC_H

#include "device/device.h"

/* ---- /proc/stat ---- */

/* Time of one CPU in clock ticks since boot. guest is within user and guest_nice within nice, so
 * both are left out. */
enum {
    TICK_USER,
    TICK_NICE,
    TICK_SYSTEM,
    TICK_IDLE,
    TICK_IOWAIT,
    TICK_IRQ,
    TICK_SOFTIRQ,
    TICK_STEAL,
    TICK_FIELDS
};
struct linux_ticks {
    uint64_t field[TICK_FIELDS];
};

/** Takes the next "cpu" line off `*rest`; `*ret_cpu` is its number, -1 for the sum. False at the
 * first other line and at one that is cut short. */
bool linux_proc_stat_next(struct str *rest, int *ret_cpu, struct linux_ticks *ret);

/* What a CPU did between two looks, as shares of the time; NAN when no time passed. */
struct linux_load {
    double busy, iowait, steal;
};

/** Each field's difference is at least 0: iowait, and idle on tickless kernels, may go back. */
struct linux_load linux_proc_load(const struct linux_ticks *before, const struct linux_ticks *now);

/* ---- /proc/<pid>/ ---- */

struct linux_pid_stat {
    struct str name; /* between the first '(' and the last ')': it may hold both, and blanks */
    char state;
    bool kernel; /* a kernel thread: PF_KTHREAD of include/linux/sched.h */
    int ppid;
    uint64_t ticks; /* user and system time */
    uint64_t threads, start_ticks, rss_pages;
};
bool linux_proc_pid_stat(struct str text, struct linux_pid_stat *ret);

/** The effective user of /proc/<pid>/status, as ps(1) shows it. */
bool linux_proc_status_uid(struct str text, uint32_t *ret);

/** Page size and ticks a second out of /proc/<pid>/auxv; what it lacks is left as it was. */
void linux_proc_auxv(struct str bytes, uint64_t *page_size, uint64_t *ticks_per_s);

/**
 * Copies foreign text for showing, terminated: control characters (C0, DEL, C1) and NUL become
 * blanks, bytes that are no UTF-8 '?', blanks at the end go. Cut at a character's boundary.
 */
void linux_proc_clean(char *to, size_t size, struct str text);

/* ---- memory ---- */

/* Of /proc/meminfo and node<N>/meminfo, in bytes; UINT64_MAX where a line is missing. */
struct linux_meminfo {
    uint64_t total, free, available, buffers, cached, reclaimable, slab_reclaimable, shmem;
    uint64_t file_pages, swap_total, swap_free, hugetlb;
    uint64_t huge_total, huge_free, huge_size; /* pages, pages, bytes: the default size only */
};
/** `*ret` is reset first. "Node 0 " in front of a line is passed over. */
void linux_proc_meminfo(struct str text, struct linux_meminfo *ret);

/** "size" and "c_min" of /proc/spl/kstat/zfs/arcstats; false when there is no size. */
bool linux_proc_arcstats(struct str text, uint64_t *ret_size, uint64_t *ret_min);

/** A number behind `key` and a blank, as in memory.stat ("inactive_file 4096"). */
bool linux_proc_key(struct str text, const char *key, uint64_t *ret);

/* ---- the rest ---- */

/* /proc/loadavg; threads: of the whole machine. */
struct linux_loadavg {
    double load1, load5, load15;
    uint64_t threads;
};
bool linux_proc_loadavg(struct str text, struct linux_loadavg *ret);

/* One line of mountinfo; texts still have their octal escapes (linux_proc_unescape()). */
struct linux_mount {
    unsigned major, minor;
    struct str root, mount_point, options, type, source, super_options;
};
bool linux_proc_mount(struct str line, struct linux_mount *ret);

/** Resolves "\040" and the like into `to`, terminated; false when it does not fit. */
bool linux_proc_unescape(char *to, size_t size, struct str text);

/** Of a line "key\t: value" of cpuinfo the value, if its key is `key`. */
bool linux_proc_cpuinfo(struct str line, const char *key, struct str *ret_value);

/* One line of /proc/<pid>/cgroup; controllers is empty for cgroup v2. */
struct linux_cgroup_line {
    struct str controllers, path;
};
bool linux_proc_cgroup(struct str line, struct linux_cgroup_line *ret);

/** Name and number out of a line of /etc/passwd. */
bool linux_proc_passwd(struct str line, struct str *ret_name, uint32_t *ret_uid);

/** The value of `name` in NUL-separated `environ`; false when it is not there. */
bool linux_proc_environ(struct str environ_text, const char *name, struct str *ret);

/** True when `list`, separated by commas, has `word`. */
bool linux_proc_has_word(struct str list, const char *word);

#endif
