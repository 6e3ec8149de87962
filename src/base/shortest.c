/* shortest.c - Raffaello Giulietti, "The Schubfach way to render doubles" (2020): the numbers that
 * round to a float64 form an interval; scaled by a power of ten so that it is between one and ten
 * units wide, it holds an end of at most two multiples of ten, else of at most two whole numbers
 * next to its middle. The scaled ends are told exactly enough by 128 bits of the power. */
#include "base/shortest.h"

#include <pthread.h>

#define POWER_MIN (-292)
#define POWER_MAX 324
#define LIMBS     19 /* 64 bits each: 10^324 needs 1,077, and 2^N / 10^292 of 128 bits 1,098 */

#define FRACTION_BITS 52
#define EXPONENT_BIAS (1023 + FRACTION_BITS)

__extension__ typedef unsigned __int128 uint128;

/* 10^n, divided by the power of two that leaves 128 bits, rounded up. */
static struct power {
    uint64_t high, low;
} powers[POWER_MAX - POWER_MIN + 1];

/* The upper 128 bits of a long number, whose lowest limb stands first; `inexact`: something is cut
 * off it already. */
static struct power upper_bits(const uint64_t *limbs, bool inexact)
{
    unsigned top = LIMBS - 1;

    while (!limbs[top])
        top--;
    unsigned shift = (unsigned)__builtin_clzll(limbs[top]);
    uint64_t parts[3] = {0}; /* the three upper limbs */
    for (unsigned i = 0; i < 3 && i <= top; i++)
        parts[i] = limbs[top - i];
    for (unsigned i = 3; i <= top; i++)
        inexact = inexact || limbs[top - i];
    uint128 bits = (uint128)parts[0] << 64 | parts[1];
    if (shift) {
        bits = bits << shift | parts[2] >> (64 - shift);
        parts[2] <<= shift;
    }
    bits += inexact || parts[2];
    return (struct power){(uint64_t)(bits >> 64), (uint64_t)bits};
}

static void make_powers(void)
{
    uint64_t up[LIMBS] = {1}, down[LIMBS] = {0};

    for (int n = 0; n <= POWER_MAX; n++) {
        uint64_t carry = 0;
        powers[n - POWER_MIN] = upper_bits(up, false);
        for (unsigned i = 0; i < LIMBS; i++) {
            uint128 product = (uint128)up[i] * 10 + carry;
            up[i] = (uint64_t)product;
            carry = (uint64_t)(product >> 64);
        }
    }
    down[LIMBS - 1] = (uint64_t)1 << 63;
    for (int n = -1; n >= POWER_MIN; n--) {
        uint64_t rest = 0;
        for (unsigned i = LIMBS; i--;) {
            uint128 part = (uint128)rest << 64 | down[i];
            down[i] = (uint64_t)(part / 10);
            rest = (uint64_t)(part % 10);
        }
        powers[n - POWER_MIN] = upper_bits(down, true);
    }
}

/* floor(log10(2^e)), floor(log10(3/4 * 2^e)), floor(log2(10^e)) for exponents as they come here. */
static int log10_of_two(int e)
{
    return (e * 1262611) >> 22;
}

static int log10_of_three_quarters(int e)
{
    return (e * 1262611 - 524031) >> 22;
}

static int log2_of_ten(int e)
{
    return (e * 1741647) >> 19;
}

/* The product, whose last bit tells besides whether something is cut off. */
static uint64_t scaled(struct power p, uint64_t number)
{
    uint128 low = (uint128)p.low * number;
    uint128 all = (uint128)p.high * number + (uint64_t)(low >> 64);

    return (uint64_t)(all >> 64) | ((uint64_t)all > 1);
}

static struct shortest without_zeros(uint64_t digits, int exponent)
{
    while (digits && digits % 100000000 == 0) {
        digits /= 100000000;
        exponent += 8;
    }
    while (digits && digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }
    return (struct shortest){digits, exponent};
}

struct shortest shortest_of(double magnitude)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    uint64_t bits;

    memcpy(&bits, &magnitude, sizeof(bits));
    uint64_t fraction = bits & (((uint64_t)1 << FRACTION_BITS) - 1);
    int biased = (int)(bits >> FRACTION_BITS & 0x7ff);
    if (!biased && !fraction)
        return (struct shortest){0, 0};
    pthread_once(&once, make_powers);

    uint64_t c = biased ? fraction | (uint64_t)1 << FRACTION_BITS : fraction;
    int q = (biased ? biased : 1) - EXPONENT_BIAS; /* magnitude = c * 2^q */
    bool narrow = !fraction && biased > 1;         /* the next smaller one is only half as far */
    bool open = c & 1;                             /* the ends themselves round to others */
    int k = narrow ? log10_of_three_quarters(q) : log10_of_two(q);
    int h = q + log2_of_ten(-k) + 1;
    struct power p = powers[-k - POWER_MIN];

    /* In quarters of 10^k. */
    uint64_t low = scaled(p, (4 * c - (narrow ? 1 : 2)) << h) + open;
    uint64_t middle = scaled(p, (4 * c) << h);
    uint64_t high = scaled(p, (4 * c + 2) << h) - open;
    uint64_t whole = middle / 4;
    if (whole >= 10) {
        uint64_t tens = whole / 10;
        bool down = low <= 40 * tens, up = 40 * tens + 40 <= high;
        if (down != up)
            return without_zeros(tens + up, k + 1);
    }
    bool down = low <= 4 * whole, up = 4 * whole + 4 <= high;
    if (down == up) /* both or neither: the nearer one, of equally near ones the even one */
        up = middle > 4 * whole + 2 || (middle == 4 * whole + 2 && (whole & 1));
    return without_zeros(whole + up, k);
}
