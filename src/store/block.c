/* block.c - building and reading blocks. */
#include "store/block.h"

/* The header; all that lies in front of the data is under its checksum, the data under the strips'
 * checksums. */
enum {
    AT_MAGIC = 0,
    AT_CRC = 4, /* over the front from AT_SIZE on */
    AT_SIZE = 8,
    AT_FRONT = 12, /* bytes in front of the data */
    AT_ROWS = 16,
    AT_COLUMNS = 20,
    AT_RUNS = 24,
    AT_TIMES = 28,
    AT_TABLES = 32,
    AT_WINDOW = 36,
    AT_MIN = 40,
    AT_MAX = 48,
    HEADER = 56
};

#define MAGIC       0x314b4c42u /* "BLK1" */
#define MAGIC_TWO   0x324b4c42u /* "BLK2": columns may be told by earlier ones */
#define STRIP       32          /* columns under one checksum */
#define STRIP_BYTES 8           /* offset of a strip's data, its checksum */
#define RUN_BYTES   8           /* first column number of a run, how many columns stand before it */
#define LONG_COLUMN 0xffffu     /* length that does not fit: the data begins with a 4-byte length */
#define SAME        0x07        /* first byte of a column that equals an earlier one */
#define LIKE_LEAST  12          /* bytes of a column that may be told by another */

void block_builder_init(struct block_builder *b)
{
    *b = (struct block_builder){0};
    column_coder_init(&b->coder);
}

void block_builder_fini(struct block_builder *b)
{
    column_coder_fini(&b->coder);
    buf_fini(&b->times);
    buf_fini(&b->runs);
    buf_fini(&b->lengths);
    buf_fini(&b->data);
    buf_fini(&b->strips);
    buf_fini(&b->offsets);
    relations_fini(&b->relations);
    free(b->seen);
}

static void add_le32(struct buf *to, uint32_t v)
{
    uint8_t bytes[4];
    put_le32(bytes, v);
    buf_add(to, bytes, sizeof(bytes));
}

void block_begin(struct block_builder *b, const int64_t *ts_ms, uint32_t rows)
{
    uint64_t bits[BLOCK_ROWS_MAX];

    b->rows = rows;
    b->window_ms = 0;
    b->columns = 0;
    b->min_ms = ts_ms[0];
    b->max_ms = ts_ms[rows - 1];
    b->run_len = 0;
    b->strip_start = 0;
    buf_reset(&b->times);
    buf_reset(&b->runs);
    buf_reset(&b->lengths);
    buf_reset(&b->data);
    buf_reset(&b->strips);
    buf_reset(&b->offsets);
    if (b->seen)
        memset(b->seen, 0, b->seen_cap * sizeof(*b->seen));
    column_coder_reset(&b->coder);
    relations_reset(&b->relations);
    /* Times are whole numbers well below 2^53, so they travel as values. */
    for (uint32_t i = 0; i < rows; i++)
        bits[i] = value_bits((double)(ts_ms[i] - ts_ms[0]));
    column_encode(&b->coder, bits, rows, &b->times);
}

static void end_strip(struct block_builder *b)
{
    uint32_t len = (uint32_t)b->data.len - b->strip_start;

    add_le32(&b->strips, b->strip_start);
    add_le32(&b->strips, hash_crc32c(0, b->data.ptr + b->strip_start, len));
    b->strip_start = (uint32_t)b->data.len;
}

static struct str column_bytes(const struct block_builder *b, uint32_t i, size_t end)
{
    uint32_t start = le32(b->offsets.ptr + (size_t)i * 4);
    size_t stop = i + 1 < b->columns ? le32(b->offsets.ptr + (size_t)(i + 1) * 4) : end;

    return str_make(b->data.ptr + start, stop - start);
}

static bool grow_seen(struct block_builder *b, size_t end)
{
    size_t cap = MAX(b->seen_cap * 2, (size_t)1024);
    uint32_t *fresh = calloc(cap, sizeof(*fresh));

    if (!fresh)
        return false;
    for (uint32_t i = 0; i < b->columns; i++) {
        struct str s = column_bytes(b, i, end);
        size_t at = hash_bytes(s.ptr, s.len) & (cap - 1);
        while (fresh[at])
            at = (at + 1) & (cap - 1);
        fresh[at] = i + 1;
    }
    free(b->seen);
    b->seen = fresh;
    b->seen_cap = cap;
    return true;
}

/* The earlier column with these bytes, or BLOCK_NONE; remembers column `i`. */
static uint32_t same_as(struct block_builder *b, uint32_t i, size_t start)
{
    struct str bytes = str_make(b->data.ptr + start, b->data.len - start);

    if ((size_t)(i + 1) * 2 > b->seen_cap && !grow_seen(b, start))
        return BLOCK_NONE;
    size_t at = hash_bytes(bytes.ptr, bytes.len) & (b->seen_cap - 1);
    for (; b->seen[at]; at = (at + 1) & (b->seen_cap - 1))
        if (str_equal(column_bytes(b, b->seen[at] - 1, start), bytes))
            return b->seen[at] - 1;
    b->seen[at] = i + 1;
    return BLOCK_NONE;
}

static void add_number(struct block_builder *b, uint32_t column)
{
    if (b->run_len && column == b->run_start + b->run_len) {
        b->run_len++;
        return;
    }
    b->run_start = column;
    b->run_len = 1;
    add_le32(&b->runs, column);
    add_le32(&b->runs, b->columns);
}

/* Puts column `i`, which was just encoded with `n` values, as one that is linear in an earlier one,
 * if it is and that is shorter; else remembers it. */
static void relate(struct block_builder *b, uint32_t i, size_t start, uint32_t n)
{
    size_t end = b->data.len;
    struct column_shape shape;

    if (end - start < LIKE_LEAST || !column_shape(&b->coder, n, &shape))
        return;
    const struct relation *other = relations_find(&b->relations, &shape);
    if (!other) {
        relations_add(&b->relations, &shape, i);
        return;
    }
    column_encode_like(&b->coder, &shape, &other->shape, other->column, &b->data);
    if (b->data.failed)
        return;
    size_t len = b->data.len - end;
    if (len < end - start) {
        memmove(b->data.ptr + start, b->data.ptr + end, len);
        end = start + len;
        b->relations.used = true;
    }
    b->data.len = end;
}

void block_add(struct block_builder *b, uint32_t column, const uint64_t *bits)
{
    uint32_t i = b->columns;
    size_t start = b->data.len;
    uint32_t n = column_encode(&b->coder, bits, b->rows, &b->data);

    if (!n || b->data.failed)
        return;
    uint32_t same = b->data.len - start > 5 ? same_as(b, i, start) : BLOCK_NONE;
    if (same != BLOCK_NONE) {
        b->data.len = start;
        buf_char(&b->data, SAME);
        varint_add(&b->data, same);
    } else if (b->relate) {
        relate(b, i, start, n);
    }
    size_t len = b->data.len - start;
    if (len >= LONG_COLUMN) {
        char *end = buf_reserve(&b->data, 4);
        if (!end)
            return;
        memmove(b->data.ptr + start + 4, b->data.ptr + start, len);
        put_le32(b->data.ptr + start, (uint32_t)len);
        b->data.len += 4;
        len = LONG_COLUMN;
    }
    uint8_t length[2] = {(uint8_t)len, (uint8_t)(len >> 8)};
    add_number(b, column);
    buf_add(&b->lengths, length, sizeof(length));
    add_le32(&b->offsets, (uint32_t)start);
    b->columns++;
    if (b->columns % STRIP == 0)
        end_strip(b);
}

int block_end(struct block_builder *b, struct buf *to)
{
    struct buf *parts[] = {&b->times, &b->runs, &b->strips, &b->lengths, &b->data};
    size_t start = to->len;
    uint8_t header[HEADER] = {0};

    if (b->columns % STRIP)
        end_strip(b);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (parts[i]->failed)
            return -ENOMEM;
    buf_add(to, header, sizeof(header));
    buf_add(to, b->times.ptr, b->times.len);
    size_t tables = to->len;
    column_write_tables(&b->coder, to);
    tables = to->len - tables;
    buf_add(to, b->runs.ptr, b->runs.len);
    buf_add(to, b->strips.ptr, b->strips.len);
    buf_add(to, b->lengths.ptr, b->lengths.len);
    size_t front = to->len - start;
    buf_add(to, b->data.ptr, b->data.len);
    if (to->failed || to->len - start > UINT32_MAX)
        return -ENOMEM;
    char *at = to->ptr + start;
    put_le32(at + AT_MAGIC, b->relations.used ? MAGIC_TWO : MAGIC);
    put_le32(at + AT_SIZE, (uint32_t)(to->len - start));
    put_le32(at + AT_FRONT, (uint32_t)front);
    put_le32(at + AT_ROWS, b->rows);
    put_le32(at + AT_COLUMNS, b->columns);
    put_le32(at + AT_RUNS, (uint32_t)(b->runs.len / RUN_BYTES));
    put_le32(at + AT_TIMES, (uint32_t)b->times.len);
    put_le32(at + AT_TABLES, (uint32_t)tables);
    put_le32(at + AT_WINDOW, b->window_ms);
    put_le64(at + AT_MIN, (uint64_t)b->min_ms);
    put_le64(at + AT_MAX, (uint64_t)b->max_ms);
    put_le32(at + AT_CRC, hash_crc32c(0, at + AT_SIZE, front - AT_SIZE));
    return 0;
}

static uint32_t strips_of(uint32_t columns)
{
    return (columns + STRIP - 1) / STRIP;
}

unsigned block_format(const void *bytes, size_t n)
{
    uint32_t magic = n >= HEADER ? le32((const uint8_t *)bytes + AT_MAGIC) : 0;

    return magic == MAGIC ? 1 : magic == MAGIC_TWO ? BLOCK_RELATED : 0;
}

size_t block_front(const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    return block_format(bytes, n) ? MIN(n, (size_t)le32(at + AT_FRONT)) : 0;
}

int block_open(const void *bytes, size_t n, bool trusted, struct block_view *ret)
{
    const uint8_t *at = bytes;
    unsigned format = block_format(bytes, n);

    if (!format)
        return -EIO;
    uint32_t size = le32(at + AT_SIZE), front = le32(at + AT_FRONT);
    *ret = (struct block_view){
        .bytes = at,
        .size = size,
        .rows = le32(at + AT_ROWS),
        .columns = le32(at + AT_COLUMNS),
        .runs = le32(at + AT_RUNS),
        .window_ms = le32(at + AT_WINDOW),
        .min_ms = (int64_t)le64(at + AT_MIN),
        .max_ms = (int64_t)le64(at + AT_MAX),
        .related = format == BLOCK_RELATED,
        .checked = trusted,
        .table_size = le32(at + AT_TABLES),
        .time_size = le32(at + AT_TIMES),
    };
    if (size > n || front > size || front < HEADER || !ret->rows || ret->rows > BLOCK_ROWS_MAX ||
        ret->columns > (ret->window_ms ? 5 : 1) * BLOCK_COLUMNS_MAX || ret->runs > ret->columns ||
        ret->min_ms < 0 || ret->max_ms < ret->min_ms)
        return -EIO;
    if (!trusted && hash_crc32c(0, at + AT_SIZE, front - AT_SIZE) != le32(at + AT_CRC))
        return -EIO;
    uint64_t want = (uint64_t)HEADER + ret->time_size + ret->table_size +
                    (uint64_t)ret->runs * RUN_BYTES +
                    (uint64_t)strips_of(ret->columns) * STRIP_BYTES + (uint64_t)ret->columns * 2;
    if (want != front)
        return -EIO;
    ret->time_at = at + HEADER;
    ret->table_at = ret->time_at + ret->time_size;
    ret->run_at = ret->table_at + ret->table_size;
    ret->strip_at = ret->run_at + (size_t)ret->runs * RUN_BYTES;
    ret->length_at = ret->strip_at + (size_t)strips_of(ret->columns) * STRIP_BYTES;
    ret->data_at = at + front;
    ret->data_size = size - front;
    return 0;
}

static struct str tables_of(const struct block_view *v)
{
    return str_make((const char *)v->table_at, v->table_size);
}

static const uint8_t *end_of(const struct block_view *v)
{
    return v->data_at + v->data_size;
}

int block_times(const struct block_view *v, int64_t *ret)
{
    uint64_t bits[BLOCK_ROWS_MAX];
    int64_t last = -1;
    struct column_job job = {.tables = tables_of(v),
                             .bytes = str_make((const char *)v->time_at, v->time_size),
                             .readable = end_of(v),
                             .rows = v->rows,
                             .ret = bits};

    if (!column_decode(&job, 1) || job.present != v->rows)
        return -EIO;
    for (uint32_t i = 0; i < v->rows; i++) {
        double offset = value_of_bits(bits[i]);
        if (!(offset >= 0 && offset <= (double)(v->max_ms - v->min_ms)) || (int64_t)offset <= last)
            return -EIO;
        last = (int64_t)offset;
        ret[i] = v->min_ms + last;
    }
    return ret[0] == v->min_ms && ret[v->rows - 1] == v->max_ms ? 0 : -EIO;
}

uint32_t block_find(const struct block_view *v, uint32_t column)
{
    uint32_t low = 0, high = v->runs;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (le32(v->run_at + (size_t)middle * RUN_BYTES) <= column)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low)
        return BLOCK_NONE;
    const uint8_t *run = v->run_at + (size_t)(low - 1) * RUN_BYTES;
    uint32_t end = low < v->runs ? le32(run + RUN_BYTES + 4) : v->columns;
    uint64_t i = (uint64_t)le32(run + 4) + (column - le32(run));
    return i < end && i < v->columns ? (uint32_t)i : BLOCK_NONE;
}

uint32_t block_next_column(const struct block_view *v, uint32_t *run, uint32_t *at)
{
    while (*run < v->runs) {
        const uint8_t *p = v->run_at + (size_t)*run * RUN_BYTES;
        uint32_t before = le32(p + 4);
        uint32_t end = *run + 1 < v->runs ? le32(p + RUN_BYTES + 4) : v->columns;
        if (end <= v->columns && before < end && *at < end - before)
            return le32(p) + (*at)++;
        (*run)++;
        *at = 0;
    }
    return BLOCK_NONE;
}

/* Where column `i`'s bytes lie; false when they don't. */
static bool column_at(const struct block_view *v, uint32_t i, struct str *ret)
{
    uint32_t strip = i / STRIP;
    uint64_t at = le32(v->strip_at + (size_t)strip * STRIP_BYTES);
    const uint8_t *lengths = v->length_at;

    for (uint32_t k = strip * STRIP; k < i; k++) {
        uint32_t len = le16(lengths + (size_t)k * 2);
        if (len == LONG_COLUMN) {
            if (at + 4 > v->data_size)
                return false;
            at += 4 + (uint64_t)le32(v->data_at + at);
        } else {
            at += len;
        }
    }
    uint64_t len = le16(lengths + (size_t)i * 2);
    if (len == LONG_COLUMN) {
        if (at + 4 > v->data_size)
            return false;
        len = le32(v->data_at + at);
        at += 4;
    }
    if (at > v->data_size || len > v->data_size - at)
        return false;
    *ret = str_make((const char *)v->data_at + at, len);
    return true;
}

static bool strip_extent(const struct block_view *v, uint32_t strip, uint32_t *ret_start,
                         uint32_t *ret_len)
{
    const uint8_t *p = v->strip_at + (size_t)strip * STRIP_BYTES;
    uint32_t start = le32(p);
    uint32_t end = strip + 1 < strips_of(v->columns) ? le32(p + STRIP_BYTES) : v->data_size;

    *ret_start = start;
    *ret_len = end - start;
    return start <= end && end <= v->data_size;
}

static bool strip_is_good(const struct block_view *v, uint32_t strip)
{
    uint32_t start, len;

    return strip_extent(v, strip, &start, &len) &&
           hash_crc32c(0, v->data_at + start, len) ==
               le32(v->strip_at + (size_t)strip * STRIP_BYTES + 4);
}

/* The same, remembered. */
static bool strip_is_known_good(const struct block_view *v, uint32_t strip)
{
    uint64_t bit = strip < 64 ? UINT64_C(1) << strip : 0;

    if (v->good && atomic_load_explicit(v->good, memory_order_relaxed) & bit)
        return true;
    bool good = strip_is_good(v, strip);
    if (v->good && good)
        atomic_fetch_or_explicit(v->good, bit, memory_order_relaxed);
    return good;
}

bool block_verify(const struct block_view *v)
{
    for (uint32_t strip = 0; strip < strips_of(v->columns); strip++)
        if (!strip_is_good(v, strip))
            return false;
    return true;
}

/* The bytes of column `i` with their checksum looked at; false when they are damaged. */
static bool good_column(const struct block_view *v, uint32_t i, struct str *ret)
{
    return i < v->columns && (v->checked || strip_is_known_good(v, i / STRIP)) &&
           column_at(v, i, ret) && ret->len;
}

int block_job(const struct block_view *v, uint32_t i, uint64_t *ret, struct column_job *ret_job)
{
    struct column_job job = {
        .tables = tables_of(v), .readable = end_of(v), .rows = v->rows, .ret = ret};
    uint64_t earlier;

    if (!good_column(v, i, &job.bytes))
        return -EIO;
    if ((uint8_t)job.bytes.ptr[0] == SAME) { /* as another one, then that one */
        struct reader r = reader_of(job.bytes.ptr + 1, job.bytes.len - 1);
        earlier = varint_read(&r);
        if (r.failed || earlier >= i || !good_column(v, (uint32_t)earlier, &job.bytes) ||
            (uint8_t)job.bytes.ptr[0] == SAME)
            return -EIO;
        i = (uint32_t)earlier;
    }
    if (column_is_like(job.bytes, &earlier) &&
        (!v->related || earlier >= i || !good_column(v, (uint32_t)earlier, &job.other)))
        return -EIO;
    *ret_job = job;
    return 0;
}

int block_read(const struct block_view *v, uint32_t i, uint64_t *ret, uint32_t *ret_present)
{
    struct column_job job;
    int code = block_job(v, i, ret, &job);

    if (!code && !column_decode(&job, 1))
        code = -EIO;
    if (!code)
        *ret_present = job.present;
    return code;
}

void block_extent(const struct block_view *v, uint32_t i, const uint8_t **ret_start,
                  size_t *ret_len)
{
    uint32_t start = 0, len = 0;

    if (i >= v->columns || !strip_extent(v, i / STRIP, &start, &len))
        start = len = 0;
    *ret_start = v->data_at + start;
    *ret_len = len;
}
