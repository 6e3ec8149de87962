/* column.c - encoding the values of one series in one block.
 *
 * Values become integers: decimal numbers by a power of ten (exactly reversible, checked), binary
 * fractions by a power of two, the rest by their bits. Integers become differences from a guess,
 * and these a prefix code for their length in bits, followed by the bits. */
#include "store/column.h"

#include "store/column_format.h"

const double column_powers[COLUMN_TEN + 1] = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                              1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                              1e14, 1e15, 1e16, 1e17, 1e18};

#define EXACT      9007199254740992.0 /* 2^53: integers up to here are exact in a float64 */
#define TRY_BINARY 5                  /* decimals from which binary fractions are tried as well */
#define RUN_MIN    3                  /* zeros that are worth a run symbol */

void column_coder_init(struct column_coder *c)
{
    c->table_len = 0;
    buf_init(&c->head, 0);
    c->n_log_n[0] = 0;
    for (uint32_t n = 1; n <= COLUMN_ROWS_MAX; n++)
        c->n_log_n[n] = (float)(n * log2(n));
}

void column_coder_fini(struct column_coder *c)
{
    buf_fini(&c->head);
}

void column_coder_reset(struct column_coder *c)
{
    c->table_len = 0;
}

void column_write_tables(const struct column_coder *c, struct buf *to)
{
    for (unsigned i = 0; i < c->table_len; i++)
        huffman_write(&c->tables[i], to);
}

/* Copies the present values together and notes in `head` which rows they are of. */
static uint32_t gather(struct column_coder *c, const uint64_t *bits, uint32_t rows)
{
    uint32_t n = 0, from = 0, absent = 0;
    bool present = false;

    buf_reset(&c->head);
    for (uint32_t i = 0; i < rows; i++)
        absent += bits[i] == VALUE_ABSENT_BITS;
    if (!absent) {
        memcpy(c->values, bits, rows * sizeof(*bits));
        return rows;
    }
    if (absent == rows)
        return 0;
    for (uint32_t i = 0; i < rows; i++) {
        bool is = bits[i] != VALUE_ABSENT_BITS;
        c->values[n] = bits[i];
        n += is;
        if (is != present) {
            varint_add(&c->head, i - from);
            from = i;
            present = is;
        }
    }
    varint_add(&c->head, rows - from);
    return n;
}

static int exception_of(uint64_t bits)
{
    switch (bits) {
    case VALUE_STALE_BITS:
        return EXCEPTION_STALE;
    case VALUE_NAN_BITS:
        return EXCEPTION_NAN;
    case UINT64_C(0x7ff0000000000000):
        return EXCEPTION_INF;
    case UINT64_C(0xfff0000000000000):
        return EXCEPTION_MINUS_INF;
    case UINT64_C(0x8000000000000000):
        return EXCEPTION_MINUS_ZERO;
    default:
        return (bits & UINT64_C(0x7ff0000000000000)) == UINT64_C(0x7ff0000000000000) ? EXCEPTION_RAW
                                                                                     : -1;
    }
}

/* Notes the values that are no numbers in `head` and puts a neighbour in their places. Returns how
 * many; UINT32_MAX when there are too many for that. */
static uint32_t take_exceptions(struct column_coder *c, uint32_t n)
{
    const uint64_t exponent = UINT64_C(0x7ff0000000000000);
    uint32_t count = 0, from = 0, first = n;

    for (uint32_t i = 0; i < n; i++)
        count += (uint32_t)((c->values[i] & exponent) == exponent) |
                 (uint32_t)(c->values[i] == UINT64_C(1) << 63);
    if (!count)
        return 0;
    count = 0;
    for (uint32_t i = n; i-- > 0;) {
        if (exception_of(c->values[i]) >= 0)
            count++;
        else
            first = i;
    }
    if (count > n / 4 + 1 || first == n)
        return UINT32_MAX;
    uint64_t neighbour = c->values[first];
    varint_add(&c->head, count);
    for (uint32_t i = 0; i < n; i++) {
        int code = exception_of(c->values[i]);
        if (code < 0) {
            neighbour = c->values[i];
            continue;
        }
        varint_add(&c->head, i - from);
        buf_char(&c->head, (char)code);
        if (code == EXCEPTION_RAW) {
            uint8_t raw[8];
            put_le64(raw, c->values[i]);
            buf_add(&c->head, raw, sizeof(raw));
        }
        c->values[i] = neighbour;
        from = i + 1;
    }
    return count;
}

/* `value` as an integer of that many decimals, exactly, or false. */
static inline bool to_decimal(double value, double power, int64_t *ret)
{
    double x = value * power;

    if (!(x < EXACT && x > -EXACT))
        return false;
    int64_t number = (int64_t)(x + (x < 0 ? -0.5 : 0.5));
    *ret = number;
    return (double)number / power == value;
}

/* Finds the fewest decimals that hold all values exactly. */
static bool fit_decimal(struct column_coder *c, uint32_t n, int64_t *ret, unsigned *ret_scale)
{
    unsigned scale = 0, first_scale = 0;

    for (uint32_t i = 0; i < n; i++) {
        double value = value_of_bits(c->values[i]);
        while (!to_decimal(value, column_powers[scale], &ret[i]))
            if (++scale > COLUMN_TEN || fabs(value) * column_powers[scale] >= EXACT)
                return false;
        if (i == 0)
            first_scale = scale;
    }
    for (uint32_t i = 0; scale != first_scale && i < n; i++)
        if (!to_decimal(value_of_bits(c->values[i]), column_powers[scale], &ret[i]))
            return false;
    *ret_scale = scale;
    return true;
}

/* Finds the fewest binary places that hold all values exactly. */
static bool fit_binary(const struct column_coder *c, uint32_t n, int64_t *ret, unsigned *ret_scale)
{
    int places = 1;

    for (uint32_t i = 0; i < n; i++) {
        uint64_t bits = c->values[i] & ~(UINT64_C(1) << 63);
        if (!bits)
            continue;
        int exponent = (int)(bits >> 52);
        uint64_t mantissa = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
        if (exponent == 0)
            return false; /* smaller than what floats come from */
        places = MAX(places, 1075 - exponent - __builtin_ctzll(mantissa));
        if (places > COLUMN_TWO_MAX)
            return false;
    }
    double power = ldexp(1, places);
    for (uint32_t i = 0; i < n; i++) {
        double x = value_of_bits(c->values[i]) * power;
        if (!(x < EXACT && x > -EXACT))
            return false;
        ret[i] = (int64_t)x;
    }
    *ret_scale = COLUMN_TWO + (unsigned)places;
    return true;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The greatest number that divides all differences, 1 at least; and the span of the values. */
static uint64_t common_factor(const int64_t *ints, uint32_t n, uint64_t *ret_span)
{
    int64_t low = ints[0], high = ints[0];
    uint64_t factor = 0;

    for (uint32_t i = 1; i < n; i++) {
        low = MIN(low, ints[i]);
        high = MAX(high, ints[i]);
        if (factor != 1 && ints[i] != ints[i - 1]) {
            int64_t step = ints[i] - ints[i - 1];
            factor = gcd((uint64_t)(step < 0 ? -step : step), factor);
        }
    }
    *ret_span = (uint64_t)high - (uint64_t)low;
    return MAX(factor, (uint64_t)1);
}

/* A way to guess integers, and what stands in the column's head for it. */
struct plan {
    enum column_kind kind;
    unsigned scale; /* of numbers; for bits, the zeros cut off at the low end */
    unsigned guess; /* quarters, COLUMN_DRIFT or COLUMN_STEP */
    uint64_t factor, base;
    int64_t drift;
};

/* Writes the residuals of `ints` (already less base and divided) under a guess. */
static uint64_t residuals(const uint64_t *x, uint32_t n, unsigned guess, int64_t drift,
                          uint64_t *ret)
{
    uint64_t last = 0, before = 0, cost = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint64_t expect = guess == COLUMN_STEP    ? last + last - before
                          : guess == COLUMN_DRIFT ? last + (uint64_t)drift
                                                  : guess_quarters(last, guess);
        uint64_t u = zigzag((int64_t)(x[i] - expect));
        ret[i] = u;
        cost += (unsigned)(65 - __builtin_clzll(u | 1)) - (u == 0);
        before = last;
        last = x[i];
    }
    return cost;
}

/* How much a value resembles the one before, about the mean, in quarters. */
static unsigned resemblance(const int64_t *ints, uint32_t n, double mean)
{
    double square = 0, product = 0, last = (double)ints[0] - mean;

    for (uint32_t i = 1; i < n; i++) {
        double x = (double)ints[i] - mean;
        product += x * last;
        square += last * last;
        last = x;
    }
    double quarters = square > 0 ? 4 * product / square : 0;
    return quarters <= 0.5 ? 0 : quarters >= 3.5 ? 4 : (unsigned)(quarters + 0.5);
}

static void shift_to(const int64_t *ints, uint32_t n, uint64_t base, uint64_t factor, uint64_t *ret)
{
    if (factor == 1) {
        for (uint32_t i = 0; i < n; i++)
            ret[i] = (uint64_t)ints[i] - base;
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        ret[i] = (uint64_t)((int64_t)((uint64_t)ints[i] - base) / (int64_t)factor);
}

/* Tries a guess; keeps it in `best` when it is cheaper. */
static void try_guess(const uint64_t *x, uint32_t n, const struct plan *p, unsigned guess,
                      int64_t drift, uint64_t *scratch, uint64_t *best_cost, struct plan *best)
{
    uint64_t cost = residuals(x, n, guess, drift, scratch);

    if (cost < *best_cost) {
        *best_cost = cost;
        *best = *p;
        best->guess = guess;
        best->drift = drift;
    }
}

/* Chooses base and guess for `ints` and leaves the residuals in c->residuals. */
static void choose(struct column_coder *c, const int64_t *ints, uint32_t n, struct plan *p)
{
    uint64_t *x = c->values, *scratch = c->residuals; /* the values are in `ints` by now */
    uint64_t cost = UINT64_MAX;
    struct plan best = *p;

    p->base = (uint64_t)ints[0];
    shift_to(ints, n, p->base, p->factor, x);
    try_guess(x, n, p, COLUMN_QUARTERS, 0, scratch, &cost, &best);
    int64_t drift = n > 1 ? (int64_t)x[n - 1] / (int64_t)(n - 1) : 0;
    if (drift)
        try_guess(x, n, p, COLUMN_DRIFT, drift, scratch, &cost, &best);
    if (n > 3)
        try_guess(x, n, p, COLUMN_STEP, 0, scratch, &cost, &best);
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += (double)(int64_t)x[i];
    int64_t mean = (int64_t)(sum / n);
    unsigned quarters = resemblance((const int64_t *)x, n, (double)mean);
    if (quarters < COLUMN_QUARTERS) {
        p->base += (uint64_t)mean * p->factor;
        for (uint32_t i = 0; i < n; i++)
            x[i] -= (uint64_t)mean;
        try_guess(x, n, p, quarters, 0, scratch, &cost, &best);
    }
    if (best.base != p->base)
        for (uint32_t i = 0; i < n; i++)
            x[i] += (uint64_t)mean;
    residuals(x, n, best.guess, best.drift, c->residuals);
    *p = best;
}

static inline unsigned class_of(uint64_t u)
{
    return u ? 64 - (unsigned)__builtin_clzll(u) : 0;
}

/* Length of the run of zeros at `i`. */
static inline uint32_t zeros_at(const uint64_t *u, uint32_t n, uint32_t i)
{
    uint32_t run = 0;
    while (i + run < n && !u[i + run])
        run++;
    return run;
}

static inline unsigned run_bits(uint32_t run)
{
    return 31 - (unsigned)__builtin_clz(run);
}

/* Counts the symbols of the residuals; returns the bits that follow them. */
static uint64_t count_symbols(const uint64_t *u, uint32_t n, uint32_t counts[HUFFMAN_SYMBOLS])
{
    uint64_t extra = 0;

    for (uint32_t i = 0; i < n;) {
        uint32_t run = u[i] ? 0 : zeros_at(u, n, i);
        if (run >= RUN_MIN) {
            counts[HUFFMAN_CLASSES + run_bits(run) - 1]++;
            extra += run_bits(run);
            i += run;
        } else if (run) {
            counts[0] += run;
            i += run;
        } else {
            unsigned class = class_of(u[i++]);
            counts[class]++;
            extra += class - 1;
        }
    }
    return extra;
}

static void put_symbols(const struct huffman *h, const uint64_t *u, uint32_t n,
                        struct bit_writer *w)
{
    for (uint32_t i = 0; i < n;) {
        uint32_t run = u[i] ? 0 : zeros_at(u, n, i);
        if (run >= RUN_MIN) {
            unsigned bits = run_bits(run), symbol = HUFFMAN_CLASSES + bits - 1;
            bits_put(w, h->code[symbol], h->length[symbol]);
            bits_put(w, run, bits);
            i += run;
            continue;
        }
        unsigned class = class_of(u[i]);
        bits_put(w, h->code[class], h->length[class]);
        if (class > 1)
            bits_put_wide(w, u[i], class - 1);
        i++;
    }
}

/* Bits that the counted symbols take under `h`; UINT64_MAX when one has no code or `bound` is
 * passed. */
static uint64_t cost_under(const struct huffman *h, const uint8_t *used, unsigned used_len,
                           const uint32_t *counts, uint64_t bound)
{
    uint64_t cost = 0;

    for (unsigned i = 0; i < used_len; i++) {
        unsigned length = h->length[used[i]];
        if (!length)
            return UINT64_MAX;
        cost += (uint64_t)counts[used[i]] * length;
        if (cost >= bound)
            return UINT64_MAX;
    }
    return cost;
}

/* A code for these counts that also serves columns like this one: neighbours of what it uses get
 * (long) codes too. */
static void build_shared(struct huffman *h, const uint32_t counts[HUFFMAN_SYMBOLS])
{
    uint32_t wide[HUFFMAN_SYMBOLS] = {0};
    unsigned low = HUFFMAN_CLASSES, high = 0;

    for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++) {
        wide[s] = counts[s] * 16;
        if (counts[s] && s < HUFFMAN_CLASSES) {
            low = MIN(low, s);
            high = s;
        }
    }
    low = low > 0 && low < HUFFMAN_CLASSES ? low - 1 : low;
    high = MIN(high + 1, (unsigned)HUFFMAN_CLASSES - 1);
    for (unsigned s = low; s <= high; s++)
        wide[s] = MAX(wide[s], 1u);
    huffman_build(h, wide);
}

/* Bits that no code could do without: the entropy of the counts. */
static uint64_t least_cost(const struct column_coder *c, const uint8_t *used, unsigned used_len,
                           const uint32_t *counts)
{
    uint32_t n = 0;
    float sum = 0;

    for (unsigned i = 0; i < used_len; i++) {
        n += counts[used[i]];
        sum += c->n_log_n[counts[used[i]]];
    }
    return (uint64_t)(c->n_log_n[n] - sum);
}

/* Finds the cheapest code among the shared ones, or makes one more. */
static unsigned choose_table(struct column_coder *c, const uint32_t counts[HUFFMAN_SYMBOLS])
{
    uint8_t used[HUFFMAN_SYMBOLS];
    unsigned used_len = 0, best = COLUMN_TABLES_MAX;
    uint64_t cost = UINT64_MAX;
    struct huffman own;

    for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++)
        if (counts[s])
            used[used_len++] = (uint8_t)s;
    for (unsigned i = 0; i < c->table_len; i++) {
        uint64_t with = cost_under(&c->tables[i], used, used_len, counts, cost);
        if (with < cost) {
            cost = with;
            best = i;
        }
    }
    if (c->table_len == COLUMN_TABLES_MAX) /* the last one has all symbols, so one was found */
        return best;
    uint64_t written = 8 * (4 + (uint64_t)used_len / 2 + 1);
    if (best < COLUMN_TABLES_MAX && least_cost(c, used, used_len, counts) + written >= cost)
        return best;
    build_shared(&own, counts);
    uint64_t own_cost = cost_under(&own, used, used_len, counts, UINT64_MAX);
    if (best < COLUMN_TABLES_MAX && own_cost + written >= cost)
        return best;
    if (c->table_len == COLUMN_TABLES_MAX - 1) {
        uint32_t all[HUFFMAN_SYMBOLS];
        for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++)
            all[s] = counts[s] * 16 + 1;
        huffman_build(&own, all);
    }
    c->tables[c->table_len] = own;
    return c->table_len++;
}

static void put_constant(struct column_coder *c, uint64_t bits, uint8_t flags, struct buf *to)
{
    unsigned scale;
    int64_t number;

    c->values[0] = bits;
    bool fits = exception_of(bits) < 0 && fit_decimal(c, 1, &number, &scale);
    buf_char(to, (char)(flags | (fits ? COLUMN_CONSTANT : COLUMN_CONSTANT_RAW)));
    if (flags & COLUMN_PRESENCE)
        buf_add(to, c->head.ptr, c->head.len);
    if (fits) {
        buf_char(to, (char)scale);
        varint_add(to, zigzag(number));
    } else {
        uint8_t raw[8];
        put_le64(raw, bits);
        buf_add(to, raw, sizeof(raw));
    }
}

/* Turns c->values into integers: *ret points to them. */
static void to_integers(struct column_coder *c, uint32_t n, bool numbers, struct plan *p,
                        int64_t **ret)
{
    unsigned scale;
    uint64_t span, other_span;

    *ret = c->ints;
    p->kind = COLUMN_NUMBERS;
    if (numbers && fit_decimal(c, n, c->ints, &p->scale)) {
        p->factor = common_factor(c->ints, n, &span);
        if (p->scale < TRY_BINARY || !fit_binary(c, n, c->other_ints, &scale))
            return;
        uint64_t other = common_factor(c->other_ints, n, &other_span);
        if (other_span / other < span / p->factor) {
            *ret = c->other_ints;
            p->scale = scale;
            p->factor = other;
        }
        return;
    }
    if (numbers && fit_binary(c, n, c->ints, &p->scale)) {
        p->factor = common_factor(c->ints, n, &span);
        return;
    }
    uint64_t any = 0;
    for (uint32_t i = 0; i < n; i++)
        any |= c->values[i];
    p->kind = COLUMN_BITS;
    p->factor = 1;
    p->scale = any ? (unsigned)__builtin_ctzll(any) : 0;
    for (uint32_t i = 0; i < n; i++)
        c->ints[i] = (int64_t)bits_ordered((uint64_t)((int64_t)c->values[i] >> p->scale));
}

static void put_plan(const struct plan *p, unsigned table, struct buf *to)
{
    buf_char(to, (char)p->scale);
    buf_char(to, (char)p->guess);
    if (p->kind == COLUMN_NUMBERS)
        varint_add(to, p->factor);
    varint_add(to, zigzag((int64_t)p->base));
    if (p->guess == COLUMN_DRIFT)
        varint_add(to, zigzag(p->drift));
    buf_char(to, (char)table);
}

static void put_series(struct column_coder *c, uint32_t n, bool numbers, uint8_t flags,
                       struct buf *to)
{
    uint32_t counts[HUFFMAN_SYMBOLS] = {0};
    struct plan p = {0};
    int64_t *ints;

    to_integers(c, n, numbers, &p, &ints);
    choose(c, ints, n, &p);
    c->has_numbers = p.kind == COLUMN_NUMBERS;
    c->numbers = (struct column_numbers){p.scale, p.factor, p.base};
    uint64_t extra = count_symbols(c->residuals, n, counts);
    unsigned table = choose_table(c, counts);
    buf_char(to, (char)(flags | p.kind));
    if (flags)
        buf_add(to, c->head.ptr, c->head.len);
    put_plan(&p, table, to);
    uint64_t most = extra / 8 + (uint64_t)n * HUFFMAN_BITS / 8 + 16;
    char *at = buf_reserve(to, most);
    if (!at)
        return;
    struct bit_writer w = {(uint8_t *)at, 0, 0};
    put_symbols(&c->tables[table], c->residuals, n, &w);
    bits_end(&w);
    to->len += (size_t)(w.at - (uint8_t *)at);
}

uint32_t column_encode(struct column_coder *c, const uint64_t *bits, uint32_t rows, struct buf *to)
{
    uint32_t n = gather(c, bits, rows), same = 1;
    uint8_t flags = n < rows ? COLUMN_PRESENCE : 0;

    c->has_numbers = false;
    if (!n)
        return 0;
    while (same < n && c->values[same] == c->values[0])
        same++;
    if (same == n) {
        put_constant(c, c->values[0], flags, to);
        return n;
    }
    if (!flags)
        buf_reset(&c->head);
    uint32_t exceptions = take_exceptions(c, n);
    bool numbers = exceptions != UINT32_MAX;
    if (exceptions && numbers)
        flags |= COLUMN_EXCEPTIONS;
    c->flags = flags;
    put_series(c, n, numbers, flags, to);
    return n;
}

bool column_shape(struct column_coder *c, uint32_t n, struct column_shape *ret)
{
    const uint64_t *x = c->values;
    uint64_t *steps = c->residuals;
    uint32_t i = 0;

    if (!c->has_numbers)
        return false;
    while (i < n && x[i] == x[0])
        i++;
    if (i == n)
        return false;
    *ret = (struct column_shape){
        .n = n, .falls = (int64_t)(x[i] - x[0]) < 0, .first = x[0], .numbers = c->numbers};
    for (i = 0; i < n; i++)
        steps[i] = ret->falls ? x[0] - x[i] : x[i] - x[0];
    ret->hash[0] = hash_bytes(steps, n * sizeof(*steps));
    ret->hash[1] = hash_more(n, steps, n * sizeof(*steps));
    return true;
}

void column_encode_like(const struct column_coder *c, const struct column_shape *own,
                        const struct column_shape *other, uint32_t index, struct buf *to)
{
    const struct column_numbers *numbers = &own->numbers;
    uint64_t factor = own->falls == other->falls ? numbers->factor : 0 - numbers->factor;
    uint64_t base = numbers->base + numbers->factor * own->first - factor * other->first;

    buf_char(to, (char)(c->flags | COLUMN_LIKE));
    varint_add(to, index);
    if (c->flags)
        buf_add(to, c->head.ptr, c->head.len);
    buf_char(to, (char)numbers->scale);
    varint_add(to, zigzag((int64_t)factor));
    varint_add(to, zigzag((int64_t)base));
}
