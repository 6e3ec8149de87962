/* apple_calls.c - opens Apple's libraries and looks their functions up. */
#include "apple_calls.h"

#include <dlfcn.h>

static const char *const libraries[] = {
    "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation",
    "/System/Library/Frameworks/IOKit.framework/IOKit",
    "/usr/lib/libIOReport.dylib", /* in the cache of dyld only: there is no such file */
};

static const struct symbol {
    size_t offset; /* of the member in struct apple_calls */
    const char *name;
} symbols[] = {
#define APPLE_SYMBOL(result, name, args) {offsetof(struct apple_calls, name), #name},
    APPLE_CALLS(APPLE_SYMBOL)
#undef APPLE_SYMBOL
};

bool apple_calls_complete(struct apple_calls *c)
{
    bool needed = true;

#define APPLE_HAVE(result, name, args) &&c->name
#define APPLE_NEED(result, name, args) needed = needed && c->name;
    APPLE_NEEDED(APPLE_NEED)
    c->smc = c->mach_task_self APPLE_SMC_CALLS(APPLE_HAVE);
    c->report = true APPLE_REPORT_CALLS(APPLE_HAVE);
    c->notify = true APPLE_NOTIFY_CALLS(APPLE_HAVE);
    c->process = true APPLE_PROCESS_CALLS(APPLE_HAVE);
#undef APPLE_HAVE
#undef APPLE_NEED
    return needed && c->mach_task_self;
}

/* In any library that the program has mapped: the C library's are there without being opened. */
static void look_up(struct apple_calls *c)
{
    void *address;

    for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
        address = dlsym(RTLD_DEFAULT, symbols[i].name);
        /* ISO C knows no cast from data to function pointers; POSIX promises equal bits. */
        memcpy((char *)c + symbols[i].offset, &address, sizeof(address));
    }
    address = dlsym(RTLD_DEFAULT, "mach_task_self_");
    memcpy(&c->mach_task_self, &address, sizeof(address));
}

const struct apple_calls *apple_calls_of(const struct host_paths *paths, struct apple_calls *own)
{
    if (paths->apple)
        return paths->apple;
    *own = (struct apple_calls){0};
    if (!dlsym(RTLD_DEFAULT, "mach_host_self")) /* not even the kernel is Apple's */
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(libraries); i++)
        (void)dlopen(libraries[i], RTLD_LAZY | RTLD_GLOBAL);
    look_up(own);
    return apple_calls_complete(own) ? own : NULL;
}
