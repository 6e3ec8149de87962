/* huffman.c - prefix codes for the symbols of columns.
 *
 * Lengths on disk: the first class that has a code, how many classes follow from there (a byte
 * each), then a length of four bits for each; how many run symbols (a byte), then theirs. */
#include "store/huffman.h"

struct node {
    uint32_t count;
    int16_t left, right; /* below 0: a leaf */
    uint8_t symbol;
};

static void set_codes(struct huffman *h)
{
    uint16_t code = 0;

    for (unsigned len = 1; len <= HUFFMAN_BITS; len++) {
        for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++)
            if (h->length[s] == len)
                h->code[s] = code++;
        code = (uint16_t)(code << 1);
    }
}

/* Lengths from the tree: nodes stand before their parents, the root is the last. False when one is
 * too long. */
static bool set_lengths(struct huffman *h, const struct node *nodes, unsigned n)
{
    uint8_t depth[2 * HUFFMAN_SYMBOLS] = {0};

    for (unsigned i = n; i-- > 0;) {
        const struct node *node = &nodes[i];
        if (node->left < 0) {
            h->length[node->symbol] = MAX(depth[i], (uint8_t)1);
            if (depth[i] > HUFFMAN_BITS)
                return false;
            continue;
        }
        depth[node->left] = depth[node->right] = (uint8_t)(depth[i] + 1);
    }
    return true;
}

static bool try_build(struct huffman *h, const uint32_t counts[HUFFMAN_SYMBOLS])
{
    struct node nodes[2 * HUFFMAN_SYMBOLS];
    unsigned leaves = 0;

    for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++) {
        if (!counts[s])
            continue;
        unsigned at = leaves++;
        for (; at && nodes[at - 1].count > counts[s]; at--)
            nodes[at] = nodes[at - 1];
        nodes[at] = (struct node){counts[s], -1, -1, (uint8_t)s};
    }
    /* Two queues, both ascending: the leaves, and the nodes made from them. */
    unsigned leaf = 0, made = leaves, end = leaves;
    while ((leaves - leaf) + (end - made) > 1) {
        int16_t pick[2];
        for (unsigned i = 0; i < 2; i++) {
            bool from_leaves =
                leaf < leaves && (made == end || nodes[leaf].count <= nodes[made].count);
            pick[i] = (int16_t)(from_leaves ? leaf++ : made++);
        }
        nodes[end++] =
            (struct node){nodes[pick[0]].count + nodes[pick[1]].count, pick[0], pick[1], 0};
    }
    memset(h->length, 0, sizeof(h->length));
    return set_lengths(h, nodes, end);
}

void huffman_build(struct huffman *h, const uint32_t counts[HUFFMAN_SYMBOLS])
{
    uint32_t flat[HUFFMAN_SYMBOLS];

    memcpy(flat, counts, sizeof(flat));
    while (!try_build(h, flat))
        for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++)
            flat[s] = flat[s] ? flat[s] / 4 + 1 : 0;
    set_codes(h);
}

static void write_lengths(const uint8_t *length, unsigned n, struct buf *to)
{
    for (unsigned i = 0; i < n; i += 2)
        buf_char(to, (char)(length[i] << 4 | (i + 1 < n ? length[i + 1] : 0)));
}

void huffman_write(const struct huffman *h, struct buf *to)
{
    unsigned first = 0, end = HUFFMAN_CLASSES, runs = HUFFMAN_RUNS;

    while (first < end && !h->length[first])
        first++;
    while (end > first && !h->length[end - 1])
        end--;
    while (runs && !h->length[HUFFMAN_CLASSES + runs - 1])
        runs--;
    buf_char(to, (char)first);
    buf_char(to, (char)(end - first));
    write_lengths(h->length + first, end - first, to);
    buf_char(to, (char)runs);
    write_lengths(h->length + HUFFMAN_CLASSES, runs, to);
}

/* The lengths of both kinds of symbols where they stand. */
struct lengths {
    const uint8_t *classes, *runs; /* two in a byte */
    unsigned first, class_len, run_len;
};

static bool find_lengths(struct reader *from, struct lengths *ret)
{
    ret->first = reader_u8(from);
    ret->class_len = reader_u8(from);
    if (from->failed || ret->first + ret->class_len > HUFFMAN_CLASSES)
        return false;
    ret->classes = reader_take(from, (ret->class_len + 1) / 2);
    ret->run_len = reader_u8(from);
    if (from->failed || ret->run_len > HUFFMAN_RUNS)
        return false;
    ret->runs = reader_take(from, (ret->run_len + 1) / 2);
    return !from->failed;
}

bool huffman_skip(struct reader *from)
{
    struct lengths lengths;
    return find_lengths(from, &lengths);
}

struct sized {
    uint8_t symbol, len;
};

/* Adds the symbols from `first` on that have a code. */
static unsigned add_sized(const uint8_t *lengths, unsigned n, unsigned first, struct sized *to)
{
    unsigned found = 0;

    for (unsigned i = 0; i < n; i++) {
        unsigned len = i % 2 ? lengths[i / 2] & 15 : lengths[i / 2] >> 4;
        to[found] = (struct sized){(uint8_t)(first + i), (uint8_t)len};
        found += len > 0;
    }
    return found;
}

static uint32_t code_of(unsigned symbol, unsigned len)
{
    bool run = symbol >= HUFFMAN_CLASSES;
    unsigned more = run ? symbol - HUFFMAN_CLASSES + 1 : symbol ? symbol - 1 : 0;

    return (len + more) | len << 8 | (63 - more) << 16 | (symbol ? HUFFMAN_ONE : 0) |
           (run ? HUFFMAN_RUN : 0);
}

/* Codes ascend with the place of their symbols, and so do the places in the table. */
static void set_quick(struct huffman_reader *h, const uint16_t count[HUFFMAN_BITS + 1])
{
    unsigned at = 0, index = 0;

    h->widest = 0;
    for (unsigned len = 1; len <= HUFFMAN_QUICK; len++)
        for (unsigned i = 0; i < count[len]; i++) {
            uint32_t code = code_of(h->symbols[index++], len);
            if (HUFFMAN_LEN(code) + HUFFMAN_MORE(code) > HUFFMAN_AT_HAND)
                code = 0;
            h->widest = MAX(h->widest, (uint8_t)HUFFMAN_ALL(code));
            for (unsigned k = 1u << (HUFFMAN_QUICK - len); k; k--)
                h->quick[at++] = code;
        }
    memset(h->quick + at, 0, sizeof(h->quick) - at * sizeof(h->quick[0]));
}

bool huffman_read(struct reader *from, struct huffman_reader *ret)
{
    struct lengths lengths;
    struct sized sized[HUFFMAN_SYMBOLS + 1];
    uint16_t count[HUFFMAN_BITS + 1] = {0}, next[HUFFMAN_BITS + 1];
    uint32_t code = 0, index = 0;

    if (!find_lengths(from, &lengths))
        return false;
    unsigned n = add_sized(lengths.classes, lengths.class_len, lengths.first, sized);
    n += add_sized(lengths.runs, lengths.run_len, HUFFMAN_CLASSES, sized + n);
    for (unsigned i = 0; i < n; i++)
        count[sized[i].len]++;
    for (unsigned len = 1; len <= HUFFMAN_BITS; len++) {
        ret->base[len] = (uint16_t)(index - code);
        next[len] = (uint16_t)index;
        index += count[len];
        code += count[len];
        if (code > 1u << len)
            return false; /* more codes than fit */
        ret->end[len] = code << (HUFFMAN_BITS - len);
        code <<= 1;
    }
    for (unsigned i = 0; i < n; i++)
        ret->symbols[next[sized[i].len]++] = sized[i].symbol;
    set_quick(ret, count);
    return n > 0;
}

uint32_t huffman_find(const struct huffman_reader *h, uint32_t bits)
{
    unsigned len = 1;

    while (len <= HUFFMAN_BITS && bits >= h->end[len])
        len++;
    if (len > HUFFMAN_BITS)
        return 0;
    return code_of(h->symbols[(uint16_t)((bits >> (HUFFMAN_BITS - len)) + h->base[len])], len);
}
