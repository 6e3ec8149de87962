/* std.h - the headers and the few macros that every file of ours may count on. */
#ifndef ALGALON_BASE_STD_H
#define ALGALON_BASE_STD_H

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/portable.h"

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)         ((a) < (b) ? (a) : (b))
#define MAX(a, b)         ((a) > (b) ? (a) : (b))
#define LIKELY(x)         __builtin_expect(!!(x), 1)
#define UNLIKELY(x)       __builtin_expect(!!(x), 0)

/* The C library's are floats, which -Wdouble-promotion minds wherever a double meets them. */
#undef NAN
#undef INFINITY
#define NAN      __builtin_nan("")
#define INFINITY __builtin_inf()

/* Zeroed memory for small fixed needs; aborts when there is none. Free with free(). */
#define xnew(type) ((type *)xcalloc(1, sizeof(type)))

#endif
