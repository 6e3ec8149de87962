/* apple_abi.c - holds apple_abi.h against Apple's public headers, where this is compiled with them;
 * elsewhere it is empty. */
#include "apple_abi.h"

#ifdef __APPLE__
#include <libproc.h>
#include <mach/mach.h>
#include <mach/mach_time.h>
#include <sys/mount.h>
#include <sys/sysctl.h>
#include <sys/time.h>

#define SAME_SIZE(ours, theirs)                                                                    \
    _Static_assert(sizeof(struct ours) == sizeof(struct theirs), #theirs)
#define SAME_PLACE(ours, member, theirs, their_member)                                             \
    _Static_assert(offsetof(struct ours, member) == offsetof(struct theirs, their_member),         \
                   #theirs "." #their_member)

SAME_SIZE(apple_swap, xsw_usage);
SAME_PLACE(apple_swap, used, xsw_usage, xsu_used);
SAME_SIZE(apple_time, timeval);
SAME_SIZE(apple_timebase, mach_timebase_info);
SAME_PLACE(apple_vm, free, vm_statistics64, free_count);
SAME_PLACE(apple_vm, wired, vm_statistics64, wire_count);
SAME_PLACE(apple_vm, purgeable, vm_statistics64, purgeable_count);
SAME_PLACE(apple_vm, speculative, vm_statistics64, speculative_count);
SAME_PLACE(apple_vm, compressor, vm_statistics64, compressor_page_count);
SAME_PLACE(apple_vm, external, vm_statistics64, external_page_count);
SAME_PLACE(apple_vm, internal, vm_statistics64, internal_page_count);
SAME_SIZE(apple_statfs, statfs);
SAME_PLACE(apple_statfs, bavail, statfs, f_bavail);
SAME_PLACE(apple_statfs, flags, statfs, f_flags);
SAME_PLACE(apple_statfs, fstypename, statfs, f_fstypename);
SAME_PLACE(apple_statfs, mntonname, statfs, f_mntonname);
SAME_PLACE(apple_statfs, mntfromname, statfs, f_mntfromname);
SAME_SIZE(apple_process, proc_taskallinfo);
SAME_PLACE(apple_process, uid, proc_taskallinfo, pbsd.pbi_uid);
SAME_PLACE(apple_process, comm, proc_taskallinfo, pbsd.pbi_comm);
SAME_PLACE(apple_process, start_sec, proc_taskallinfo, pbsd.pbi_start_tvsec);
SAME_PLACE(apple_process, resident_size, proc_taskallinfo, ptinfo.pti_resident_size);
SAME_PLACE(apple_process, user, proc_taskallinfo, ptinfo.pti_total_user);
SAME_PLACE(apple_process, threads, proc_taskallinfo, ptinfo.pti_threadnum);
_Static_assert(APPLE_CPU_LOAD == PROCESSOR_CPU_LOAD_INFO, "PROCESSOR_CPU_LOAD_INFO");
_Static_assert(APPLE_CPU_STATES == CPU_STATE_MAX, "CPU_STATE_MAX");
_Static_assert(APPLE_CPU_IDLE == CPU_STATE_IDLE, "CPU_STATE_IDLE");
_Static_assert(APPLE_VM_INFO64 == HOST_VM_INFO64, "HOST_VM_INFO64");
_Static_assert(APPLE_NOWAIT == MNT_NOWAIT, "MNT_NOWAIT");
_Static_assert(APPLE_LOCAL == MNT_LOCAL, "MNT_LOCAL");
_Static_assert(APPLE_DONTBROWSE == MNT_DONTBROWSE, "MNT_DONTBROWSE");
_Static_assert(APPLE_TASKALLINFO == PROC_PIDTASKALLINFO, "PROC_PIDTASKALLINFO");
#endif
