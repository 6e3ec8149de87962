/* dashboard_check.c - any bytes as a dashboard: checked against a schema, put right, translated. */
#include "migrate/migrate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    struct report report;
    struct known known;
    struct error err;
    struct buf out;

    if (known_from_schema("all-smi", &known, &err))
        return 0;
    report_init(&report);
    report_file(&report, "x.json");
    buf_init(&out, 0);
    dashboard_check(text, &known, &report);
    if (!dashboard_fix(text, &known, &report, &out, &err)) {
        struct buf again;
        buf_init(&again, 0);
        if (dashboard_translate(buf_str(&out), TO_DCGM, &report, &again, &err))
            abort(); /* what was written can be read */
        buf_fini(&again);
    }
    buf_fini(&out);
    buf_init(&out, 0);
    report_print_json(&report, &out);
    buf_fini(&out);
    report_fini(&report);
    known_fini(&known);
    return 0;
}
