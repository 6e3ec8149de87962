/* column_format.h - what the two sides of the column codec agree on. */
#ifndef ALGALON_STORE_COLUMN_FORMAT_H
#define ALGALON_STORE_COLUMN_FORMAT_H

#include "store/column.h"

/* First byte of a column: its kind, and what comes before the values. */
enum column_kind {
    COLUMN_CONSTANT,     /* one number, as scale and varint */
    COLUMN_CONSTANT_RAW, /* one float64 */
    COLUMN_NUMBERS,      /* integers times a power of ten or two */
    COLUMN_BITS,         /* float64 bits as ordered integers */
    COLUMN_LIKE,         /* numbers that are linear in those of an earlier column */
};
#define COLUMN_KIND       0x07
#define COLUMN_PRESENCE   0x08 /* runs of absent and present rows follow */
#define COLUMN_EXCEPTIONS 0x10 /* values that are no numbers follow */

/* Scales: up to COLUMN_TEN, value = integer / 10^scale; above, value = integer / 2^(scale -
 * COLUMN_TWO). */
#define COLUMN_TEN     18
#define COLUMN_TWO     32
#define COLUMN_TWO_MAX 60

/* How the next integer is guessed from those before: quarters of the last one (4: it stays), plus
 * the drift; or as far on as the last step went. */
#define COLUMN_QUARTERS 4
#define COLUMN_DRIFT    5
#define COLUMN_STEP     6

enum column_exception {
    EXCEPTION_STALE,
    EXCEPTION_NAN,
    EXCEPTION_INF,
    EXCEPTION_MINUS_INF,
    EXCEPTION_MINUS_ZERO,
    EXCEPTION_RAW
};

extern const double column_powers[COLUMN_TEN + 1];

/* Maps the bits of float64 to integers in the same order, and back. */
static inline uint64_t bits_ordered(uint64_t bits)
{
    return bits ^ ((uint64_t)((int64_t)bits >> 63) >> 1);
}

static inline double scaled(int64_t number, unsigned scale)
{
    return scale <= COLUMN_TEN ? (double)number / column_powers[scale]
                               : ldexp((double)number, (int)COLUMN_TWO - (int)scale);
}

/* The guess for the value behind `last` and `before`. Arithmetic wraps, so that any bytes decode
 * to something. */
static inline uint64_t guess_quarters(uint64_t last, unsigned quarters)
{
    return quarters == COLUMN_QUARTERS ? last : (uint64_t)((int64_t)(last * quarters) >> 2);
}

/* How the numbers of a column become its values. */
struct column_plan {
    uint8_t kind; /* COLUMN_NUMBERS or COLUMN_BITS, whose `scale` bits to the right are zeros */
    unsigned scale, guess, table;
    uint64_t factor, base;
    int64_t drift;
};

/** Makes values of the numbers x[n], in place: adds to what was guessed, scales. */
void column_undo(const struct column_plan *p, uint32_t n, uint64_t *x);

#endif
