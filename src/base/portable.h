/* portable.h - what the C library of Linux has and that of macOS has not, or calls otherwise; empty
 * on Linux. Part of std.h. */
#ifndef ALGALON_BASE_PORTABLE_H
#define ALGALON_BASE_PORTABLE_H

#ifdef __APPLE__

#include <errno.h>
#include <string.h>
#include <sys/types.h> /* major(), minor(), makedev(): sys/sysmacros.h elsewhere */
#include <xlocale.h>

#define st_mtim   st_mtimespec
#define ELIBACC   ENOEXEC /* a library that cannot be loaded */
#define EREMOTEIO EIO

extern char **environ;

/** The last `c` of `n` bytes, or NULL. */
static inline void *memrchr(const void *bytes, int c, size_t n)
{
    const unsigned char *b = bytes;

    while (n--)
        if (b[n] == (unsigned char)c)
            return (char *)(uintptr_t)(b + n);
    return NULL;
}

/** Writes zeros that the compiler may not leave out. */
static inline void explicit_bzero(void *bytes, size_t n)
{
    memset(bytes, 0, n);
    __asm__ volatile("" : : "r"(bytes) : "memory");
}

#endif

#endif
