/* wal.c - fuzzes the log: a segment's records, and the code of rows inside them. */
#include "store/wal.h"
#include "store/block.h"
#include "store/rowcode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int visit(void *ctx, uint64_t pos, enum wal_type type, const uint8_t *payload, size_t n)
{
    static uint64_t row[512];
    struct reader from = reader_of(payload, n);

    (void)ctx;
    (void)pos;
    if (type == WAL_ROW) {
        varint_read(&from);
        varint_read(&from);
        varint_read(&from);
        uint64_t values = varint_read(&from);
        if (!from.failed && values <= ARRAY_LEN(row) && !row_decode(&from, row, values, values / 2))
            return 0;
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t row[300] = {0};
    uint64_t damaged = 0, records = 0;
    size_t good_end;
    struct reader from = reader_of(data, size);

    if (wal_scan(data, size, 1, visit, NULL, &good_end, &damaged, &records) || good_end > size)
        __builtin_trap();
    if (row_decode(&from, row, size % 300, size % 100) && from.failed)
        __builtin_trap();
    return 0;
}
