/* column_undo.c - from the numbers of a column to its values. Arithmetic wraps. Most columns are
 * sums of small steps divided by a power of ten: these go four at a time where they can, which
 * gives the same bits. */
#include "store/column_format.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define ALWAYS_INLINE inline __attribute__((always_inline))

#define WIDE    4                   /* numbers that go together */
#define PIECE   512                 /* those that stay in the nearest cache meanwhile */
#define EXACT   (UINT64_C(1) << 51) /* integers nearer to zero are what the last bits ... */
#define ANCHOR  0x1.8p52            /* ... of this float64 count */
#define ANCHORS UINT64_C(0x4338000000000000) /* its bits */

typedef uint64_t words __attribute__((vector_size(WIDE * sizeof(uint64_t))));
typedef double reals __attribute__((vector_size(WIDE * sizeof(double))));

/* What the next integer depends on. */
struct sum {
    uint64_t last, step;
};

static ALWAYS_INLINE void undo_zigzag(uint64_t *x, uint32_t n)
{
    uint32_t i = 0;

    for (; i + WIDE <= n; i += WIDE) {
        words u;
        memcpy(&u, x + i, sizeof(u));
        u = (u >> 1) ^ -(u & 1);
        memcpy(x + i, &u, sizeof(u));
    }
    for (; i < n; i++)
        x[i] = (uint64_t)unzigzag(x[i]);
}

/* Steps to integers `base + factor * x`. The common guesses need no x: what is added to it is
 * multiplied instead. */
static ALWAYS_INLINE void add_up(const struct column_plan *p, struct sum *sum, uint64_t *x,
                                 uint32_t n)
{
    uint64_t last = sum->last, factor = p->factor, drift = (uint64_t)p->drift * factor;

    if (p->guess == COLUMN_STEP) {
        for (uint32_t i = 0; i < n; i++) {
            sum->step += x[i] * factor;
            x[i] = last += sum->step;
        }
    } else if (p->guess < COLUMN_QUARTERS) {
        for (uint32_t i = 0; i < n; i++) {
            last = guess_quarters(last, p->guess) + x[i];
            x[i] = last * factor + p->base;
        }
    } else if (factor == 1 && !drift) {
        for (uint32_t i = 0; i < n; i++)
            x[i] = last += x[i];
    } else {
        for (uint32_t i = 0; i < n; i++)
            x[i] = last += x[i] * factor + drift;
    }
    sum->last = last;
}

static ALWAYS_INLINE bool all_exact(const uint64_t *x, uint32_t n)
{
    words all = {0};
    uint64_t rest = 0;
    uint32_t i = 0;

    for (; i + WIDE <= n; i += WIDE) {
        words w;
        memcpy(&w, x + i, sizeof(w));
        all |= w + EXACT;
    }
    for (; i < n; i++)
        rest |= x[i] + EXACT;
    return (all[0] | all[1] | all[2] | all[3] | rest) < 2 * EXACT;
}

/* Integers that are exact, to float64, divided by `power`; returns how many were. */
static uint32_t divide(uint64_t *x, uint32_t n, double power)
{
    uint32_t i = 0;

    for (; i + WIDE <= n; i += WIDE) {
        words w;
        reals r;
        memcpy(&w, x + i, sizeof(w));
        w += ANCHORS;
        memcpy(&r, &w, sizeof(r));
        r -= ANCHOR;
        if (power > 1)
            r /= power;
        memcpy(x + i, &r, sizeof(r));
    }
    return i;
}

#if defined(__x86_64__)
#define BY_CPU __attribute__((target("avx2,fma")))

/* The same without the processor's division: the product with the reciprocal, which is correctly
 * rounded itself, corrected by what is left over is the correctly rounded quotient (Peter
 * Markstein, "Computation of elementary functions on the IBM RISC System/6000 processor", 1990). */
BY_CPU static uint32_t divide_by_cpu(uint64_t *x, uint32_t n, double power)
{
    __m256i anchors = _mm256_set1_epi64x((int64_t)ANCHORS);
    __m256d by = _mm256_set1_pd(power), part = _mm256_set1_pd(1 / power);
    uint32_t i = 0;

    for (; i + WIDE <= n; i += WIDE) {
        __m256i w = _mm256_add_epi64(_mm256_loadu_si256((const void *)(x + i)), anchors);
        __m256d number = _mm256_sub_pd(_mm256_castsi256_pd(w), _mm256_set1_pd(ANCHOR));
        __m256d near = _mm256_mul_pd(number, part);
        __m256d left = _mm256_fnmadd_pd(near, by, number);
        _mm256_storeu_pd((void *)(x + i), _mm256_fmadd_pd(left, part, near));
    }
    return i;
}
#endif

static ALWAYS_INLINE void to_values(const struct column_plan *p, double scale, uint64_t *x,
                                    uint32_t n,
                                    uint32_t (*divide_most)(uint64_t *x, uint32_t n, double power))
{
    uint32_t i = 0;

    if (p->kind == COLUMN_BITS) {
        for (; i < n; i++)
            x[i] = bits_ordered(x[i]) << p->scale;
    } else if (p->scale <= COLUMN_TEN) {
        if (all_exact(x, n))
            i = divide_most(x, n, scale);
        for (; i < n; i++)
            x[i] = value_bits((double)(int64_t)x[i] / scale);
    } else {
        for (; i < n; i++)
            x[i] = value_bits((double)(int64_t)x[i] * scale);
    }
}

static ALWAYS_INLINE void undo(const struct column_plan *p, double scale, uint32_t n, uint64_t *x,
                               uint32_t (*divide_most)(uint64_t *x, uint32_t n, double power))
{
    struct sum sum = {p->guess < COLUMN_QUARTERS ? 0 : p->base, 0};

    for (uint32_t at = 0; at < n; at += PIECE) {
        uint32_t len = MIN(n - at, (uint32_t)PIECE);
        undo_zigzag(x + at, len);
        add_up(p, &sum, x + at, len);
        to_values(p, scale, x + at, len, divide_most);
    }
}

#if defined(__x86_64__)
BY_CPU static void undo_by_cpu(const struct column_plan *p, double scale, uint32_t n, uint64_t *x)
{
    undo(p, scale, n, x, divide_by_cpu);
}
#endif

void column_undo(const struct column_plan *p, uint32_t n, uint64_t *x)
{
    double scale = 1;

    if (p->kind != COLUMN_BITS)
        scale = p->scale <= COLUMN_TEN ? column_powers[p->scale]
                                       : ldexp(1, -(int)(p->scale - COLUMN_TWO));
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        undo_by_cpu(p, scale, n, x);
        return;
    }
#endif
    undo(p, scale, n, x, divide);
}
