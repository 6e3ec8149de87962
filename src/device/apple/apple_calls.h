/* apple_calls.h - the door to Apple's system: every function looked up by name at run time, in
 * CoreFoundation, IOKit, libIOReport.dylib and the C library. Nothing else of ours opens them. A
 * test gives a table of its own (struct host_paths, `apple`). */
#ifndef ALGALON_DEVICE_APPLE_APPLE_CALLS_H
#define ALGALON_DEVICE_APPLE_APPLE_CALLS_H

#include "apple_abi.h"

#include "device/device.h"

/* result, name, arguments. First those without which nothing can be read. */
#define APPLE_NEEDED(X)                                                                            \
    X(void, CFRelease, (apple_ref))                                                                \
    X(apple_id, CFGetTypeID, (apple_ref))                                                          \
    X(apple_id, CFStringGetTypeID, (void))                                                         \
    X(apple_id, CFNumberGetTypeID, (void))                                                         \
    X(apple_id, CFDataGetTypeID, (void))                                                           \
    X(apple_id, CFArrayGetTypeID, (void))                                                          \
    X(apple_id, CFDictionaryGetTypeID, (void))                                                     \
    X(apple_ref, CFStringCreateWithCString, (apple_ref, const char *, uint32_t))                   \
    X(unsigned char, CFStringGetCString, (apple_ref, char *, apple_index, uint32_t))               \
    X(unsigned char, CFNumberGetValue, (apple_ref, apple_index, void *))                           \
    X(apple_index, CFDataGetLength, (apple_ref))                                                   \
    X(const uint8_t *, CFDataGetBytePtr, (apple_ref))                                              \
    X(apple_index, CFArrayGetCount, (apple_ref))                                                   \
    X(apple_ref, CFArrayGetValueAtIndex, (apple_ref, apple_index))                                 \
    X(apple_ref, CFDictionaryGetValue, (apple_ref, apple_ref))                                     \
    X(apple_index, CFDictionaryGetCount, (apple_ref))                                              \
    X(apple_ref, CFDictionaryCreateMutableCopy, (apple_ref, apple_index, apple_ref))               \
    X(apple_ref, IOServiceMatching, (const char *))                                                \
    X(int, IOServiceGetMatchingServices, (apple_port, apple_ref, apple_port *))                    \
    X(apple_port, IOIteratorNext, (apple_port))                                                    \
    X(int, IOObjectRelease, (apple_port))                                                          \
    X(int, IOObjectConformsTo, (apple_port, const char *))                                         \
    X(apple_ref, IORegistryEntryCreateCFProperty, (apple_port, apple_ref, apple_ref, uint32_t))    \
    X(int, IORegistryEntryGetChildIterator, (apple_port, const char *, apple_port *))              \
    X(int, IORegistryEntryGetRegistryEntryID, (apple_port, uint64_t *))                            \
    X(int, IORegistryEntryGetName, (apple_port, char *))                                           \
    X(int, sysctlbyname, (const char *, void *, size_t *, void *, size_t))                         \
    X(uint64_t, mach_continuous_time, (void))                                                      \
    X(int, mach_timebase_info, (struct apple_timebase *))                                          \
    X(apple_port, mach_host_self, (void))                                                          \
    X(int, host_statistics64, (apple_port, int, int *, uint32_t *))                                \
    X(int, host_processor_info, (apple_port, int, uint32_t *, int **, uint32_t *))                 \
    X(int, vm_deallocate, (apple_port, uintptr_t, uintptr_t))

/* Then those of one kind each: where a release of macOS lacks one, its kind is left out. */
#define APPLE_SMC_CALLS(X)                                                                         \
    X(int, IOServiceOpen, (apple_port, apple_port, uint32_t, apple_port *))                        \
    X(int, IOServiceClose, (apple_port))                                                           \
    X(int, IOConnectCallStructMethod,                                                              \
      (apple_port, uint32_t, const void *, size_t, void *, size_t *))

#define APPLE_REPORT_CALLS(X)                                                                      \
    X(apple_ref, IOReportCopyChannelsInGroup,                                                      \
      (apple_ref, apple_ref, uint64_t, uint64_t, uint64_t))                                        \
    X(void, IOReportMergeChannels, (apple_ref, apple_ref, apple_ref))                              \
    X(apple_ref, IOReportCreateSubscription,                                                       \
      (void *, apple_ref, apple_ref *, uint64_t, apple_ref))                                       \
    X(apple_ref, IOReportCreateSamples, (apple_ref, apple_ref, apple_ref))                         \
    X(apple_ref, IOReportCreateSamplesDelta, (apple_ref, apple_ref, apple_ref))                    \
    X(apple_ref, IOReportChannelGetGroup, (apple_ref))                                             \
    X(apple_ref, IOReportChannelGetSubGroup, (apple_ref))                                          \
    X(apple_ref, IOReportChannelGetChannelName, (apple_ref))                                       \
    X(apple_ref, IOReportChannelGetUnitLabel, (apple_ref))                                         \
    X(int64_t, IOReportSimpleGetIntegerValue, (apple_ref, int32_t))                                \
    X(int32_t, IOReportStateGetCount, (apple_ref))                                                 \
    X(apple_ref, IOReportStateGetNameForIndex, (apple_ref, int32_t))                               \
    X(int64_t, IOReportStateGetResidency, (apple_ref, int32_t))

#define APPLE_NOTIFY_CALLS(X)                                                                      \
    X(uint32_t, notify_register_check, (const char *, int *))                                      \
    X(uint32_t, notify_get_state, (int, uint64_t *))                                               \
    X(uint32_t, notify_cancel, (int))

#define APPLE_PROCESS_CALLS(X)                                                                     \
    X(int, getfsstat, (struct apple_statfs *, int, int))                                           \
    X(int, proc_listallpids, (void *, int))                                                        \
    X(int, proc_pidinfo, (int, int, uint64_t, void *, int))

#define APPLE_CALLS(X)                                                                             \
    APPLE_NEEDED(X)                                                                                \
    APPLE_SMC_CALLS(X) APPLE_REPORT_CALLS(X) APPLE_NOTIFY_CALLS(X) APPLE_PROCESS_CALLS(X)

struct apple_calls {
#define APPLE_MEMBER(result, name, args) result(*name) args;
    APPLE_CALLS(APPLE_MEMBER)
#undef APPLE_MEMBER
    const apple_port *mach_task_self;  /* a variable of the C library; NULL: it has none */
    bool smc, report, notify, process; /* all functions of the kind are there */
};

/**
 * The table of `paths`, a test's, or the system's own, in `own` (of the caller, for as long as the
 * result is used). The libraries are Apple's own and stay mapped. NULL: this is no system of
 * Apple's, or one that lacks what is needed.
 */
const struct apple_calls *apple_calls_of(const struct host_paths *paths, struct apple_calls *own);

/** Sets which kinds are whole, from the functions that are there; false: a needed one is not. */
bool apple_calls_complete(struct apple_calls *c);

#endif
