/* rule_translate.c - any bytes as a rule file: what comes out can be read again. */
#include "migrate/migrate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    struct report report;
    struct usage usage;
    struct error err;
    struct buf out;

    report_init(&report);
    report_file(&report, "x.yml");
    buf_init(&out, 0);
    if (!rule_file_translate(text, TO_ALL_SMI, &report, &out, &err)) {
        struct buf again;
        buf_init(&again, 0);
        if (rule_file_translate(buf_str(&out), TO_ALL_SMI, &report, &again, &err) == -EINVAL)
            abort();
        buf_fini(&again);
    }
    buf_fini(&out);
    report_fini(&report);
    usage_init(&usage);
    if (!usage_add_text(&usage, "x.yml", text)) {
        buf_init(&out, 0);
        usage_print(&usage, &out);
        buf_fini(&out);
    }
    usage_fini(&usage);
    return 0;
}
