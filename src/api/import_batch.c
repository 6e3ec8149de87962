/* import_batch.c - gathers samples, counts lines. */
#include "api/import_batch.h"

#include <stdlib.h>

int import_batch_init(struct import_batch *b, struct error *err)
{
    b->samples = calloc(IMPORT_BATCH, sizeof(*b->samples));
    return b->samples ? 0 : error_errno(err, -ENOMEM, "import");
}

void import_batch_fini(struct import_batch *b)
{
    free(b->samples);
}

void import_batch_note(struct import_batch *b, size_t line, const char *what)
{
    struct import_result *result = b->result;

    result->lines_refused++;
    if (!result->first_error[0])
        snprintf(result->first_error, sizeof(result->first_error), "line %zu: %s", line, what);
}

bool import_batch_add(struct import_batch *b, struct labels labels, int64_t ts_ms, double value)
{
    b->samples[b->len++] = (struct store_sample){labels, ts_ms, value};
    return b->len == IMPORT_BATCH;
}

int import_batch_flush(struct import_batch *b, struct error *err)
{
    struct import_result *result = b->result;
    struct store_push_result pushed = {0};
    int code = b->len ? b->push(b->ctx, b->samples, b->len, &pushed, err) : 0;

    b->len = 0;
    result->samples += pushed.kept;
    result->too_old += pushed.too_old;
    result->refused += pushed.refused;
    if (pushed.example[0] && !result->first_error[0])
        snprintf(result->first_error, sizeof(result->first_error), "%s", pushed.example);
    return code;
}
