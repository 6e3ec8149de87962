/* csv.c - a snapshot as CSV: a header, then a row per accelerator. */
#include "worker/fields.h"

void snapshot_csv(const struct snapshot *s, struct buf *to)
{
    const struct field_table *table = &fields_accelerator;

    buf_text(to, "timestamp_ms,hostname");
    for (size_t i = 0; i < table->len; i++) {
        buf_char(to, ',');
        buf_text(to, table->fields[i].key);
    }
    buf_text(to, "\n");
    for (size_t i = 0; i < s->accelerator_len; i++) {
        buf_i64(to, s->ts_ms);
        buf_char(to, ',');
        field_print_csv_text(str_of(s->machine.hostname), to);
        for (size_t j = 0; j < table->len; j++) {
            buf_char(to, ',');
            field_print(&table->fields[j], &s->accelerators[i], FIELD_CSV, to);
        }
        buf_text(to, "\n");
    }
}
