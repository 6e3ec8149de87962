/* apple_abi.h - what of Apple's system is used, in our own words: types, numbers and layouts, so
 * that the collector compiles without Apple's headers. Those of public headers are held against
 * them where there are any (apple_abi.c).
 *
 * Public: CoreFoundation, IOKit, mach, sysctl. IOReport and the interface of the SMC are private;
 * their shapes are as other open programs use them (macmon, socpowerbud), and may change with any
 * release of macOS. */
#ifndef ALGALON_DEVICE_APPLE_APPLE_ABI_H
#define ALGALON_DEVICE_APPLE_APPLE_ABI_H

#include <stddef.h>
#include <stdint.h>

typedef const void *apple_ref;  /* any object of CoreFoundation */
typedef uint32_t apple_port;    /* mach_port_t: io_object_t, io_connect_t, task, host */
typedef long apple_index;       /* CFIndex */
typedef unsigned long apple_id; /* CFTypeID */

#define APPLE_UTF8         0x08000100u /* kCFStringEncodingUTF8 */
#define APPLE_SINT64       4           /* kCFNumberSInt64Type */
#define APPLE_OK           0           /* KERN_SUCCESS, kIOReturnSuccess */
#define APPLE_NAME         128         /* io_name_t */
#define APPLE_CPU_LOAD     2           /* PROCESSOR_CPU_LOAD_INFO */
#define APPLE_CPU_STATES   4           /* user, system, idle, nice */
#define APPLE_CPU_IDLE     2
#define APPLE_VM_INFO64    4 /* HOST_VM_INFO64 */
#define APPLE_SWAP         "vm.swapusage"
#define APPLE_NOWAIT       2         /* MNT_NOWAIT */
#define APPLE_LOCAL        0x1000u   /* MNT_LOCAL */
#define APPLE_DONTBROWSE   0x100000u /* MNT_DONTBROWSE */
#define APPLE_TASKALLINFO  2         /* PROC_PIDTASKALLINFO */
#define APPLE_PRESSURE_KEY "com.apple.system.thermalpressurelevel"

/* struct vm_statistics64, as far as it is used: the kernel fills what the caller has room for. */
struct apple_vm {
    uint32_t free, active, inactive, wired; /* pages, as all but faults */
    uint64_t zero_filled, reactivations, pageins, pageouts, faults, cow_faults, lookups, hits,
        purges;
    uint32_t purgeable, speculative;
    uint64_t decompressions, compressions, swapins, swapouts;
    uint32_t compressor, throttled, external, internal;
    uint64_t uncompressed_in_compressor;
};

/* struct xsw_usage */
struct apple_swap {
    uint64_t total, available, used;
    uint32_t page_size;
    int32_t encrypted;
};

/* struct timeval of sysctl kern.boottime */
struct apple_time {
    int64_t sec;
    int32_t usec;
    int32_t padding;
};

/* struct mach_timebase_info */
struct apple_timebase {
    uint32_t numer, denom;
};

/* struct statfs with inodes of 64 bits, the only one that processors of Apple ever had. */
struct apple_statfs {
    uint32_t bsize;
    int32_t iosize;
    uint64_t blocks, bfree, bavail, files, ffree;
    int32_t fsid[2];
    uint32_t owner, type, flags, subtype;
    char fstypename[16], mntonname[1024], mntfromname[1024];
    uint32_t flags_ext, reserved[7];
};

/* struct proc_taskallinfo of libproc.h */
struct apple_process {
    uint32_t flags, status, xstatus, pid, ppid, uid, gid, ruid, rgid, svuid, svgid, unused;
    char comm[16], name[32];
    uint32_t nfiles, pgid, pjobc, tdev, tpgid;
    int32_t nice;
    uint64_t start_sec, start_usec;
    uint64_t virtual_size, resident_size, user, system, threads_user,
        threads_system; /* times in units of mach */
    int32_t policy, faults, pageins, cow_faults, messages_sent, messages_received, calls_mach,
        calls_unix, switches, threads, running, priority;
};

/* What the driver AppleSMC takes and gives with selector 2. A key is its four characters as a
 * number, the first in the highest byte; so are types. */
#define APPLE_SMC_SELECTOR  2
#define APPLE_SMC_READ      5
#define APPLE_SMC_BY_INDEX  8
#define APPLE_SMC_KEY_INFO  9
#define APPLE_SMC_OK        0
#define APPLE_SMC_NOT_FOUND 0x84
#define APPLE_SMC_BYTES     32
struct apple_smc {
    uint32_t key;
    uint8_t version[8]; /* of the SMC's firmware: major, minor, build, reserved, release */
    uint32_t power_limit[4];
    uint32_t size; /* of the value in bytes, in an answer of KEY_INFO */
    uint32_t type;
    uint8_t attributes, padding[3];
    uint8_t result, status, command, padding_too;
    uint32_t index;
    uint8_t bytes[APPLE_SMC_BYTES];
};

_Static_assert(sizeof(struct apple_vm) == 152, "vm_statistics64");
_Static_assert(sizeof(struct apple_swap) == 32, "xsw_usage");
_Static_assert(sizeof(struct apple_statfs) == 2168, "statfs");
_Static_assert(sizeof(struct apple_process) == 232, "proc_taskallinfo");
_Static_assert(sizeof(struct apple_smc) == 80, "the SMC's question and answer");
_Static_assert(offsetof(struct apple_smc, size) == 28, "the SMC's key information");
_Static_assert(offsetof(struct apple_smc, result) == 40, "the SMC's result");
_Static_assert(offsetof(struct apple_smc, bytes) == 48, "the SMC's value");

#endif
