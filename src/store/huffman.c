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

static bool read_lengths(struct reader *from, uint8_t *length, unsigned n)
{
    const uint8_t *at = reader_take(from, (n + 1) / 2);

    for (unsigned i = 0; at && i < n; i++)
        length[i] = i % 2 ? at[i / 2] & 15 : at[i / 2] >> 4;
    return at != NULL;
}

static bool take_lengths(struct reader *from, uint8_t length[HUFFMAN_SYMBOLS])
{
    unsigned first = reader_u8(from), classes = reader_u8(from);

    if (from->failed || first + classes > HUFFMAN_CLASSES ||
        !read_lengths(from, length + first, classes))
        return false;
    unsigned runs = reader_u8(from);
    return !from->failed && runs <= HUFFMAN_RUNS &&
           read_lengths(from, length + HUFFMAN_CLASSES, runs);
}

bool huffman_skip(struct reader *from)
{
    uint8_t length[HUFFMAN_SYMBOLS];
    return take_lengths(from, length);
}

/* Fills in the short codes: `n` symbols of this length, whose codes begin with `code`. */
static void set_quick(struct huffman_reader *h, unsigned len, uint32_t code, unsigned n,
                      const uint8_t *symbols)
{
    unsigned each = 1u << (HUFFMAN_QUICK - len);

    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < each; k++)
            h->quick[(code + i) * each + k] = (uint16_t)((unsigned)symbols[i] << 4 | len);
}

bool huffman_read(struct reader *from, struct huffman_reader *ret)
{
    uint8_t length[HUFFMAN_SYMBOLS] = {0};
    uint16_t count[HUFFMAN_BITS + 1] = {0}, next[HUFFMAN_BITS + 1];
    uint32_t code = 0, index = 0;

    if (!take_lengths(from, length))
        return false;
    for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++)
        count[length[s]]++;
    *ret = (struct huffman_reader){0};
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
    for (unsigned s = 0; s < HUFFMAN_SYMBOLS; s++)
        if (length[s])
            ret->symbols[next[length[s]]++] = (uint8_t)s;
    for (unsigned len = 1; len <= HUFFMAN_QUICK; len++) { /* next[] stands behind each length now */
        unsigned first = next[len] - count[len];
        set_quick(ret, len, (uint16_t)(first - ret->base[len]), count[len], ret->symbols + first);
    }
    return index > 0;
}
