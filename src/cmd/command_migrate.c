/* command_migrate.c - `algalon migrate`: from one exporter's names to another's. */
#include "commands.h"

#include "migrate_data.h"

#include "migrate/migrate.h"

#include <stdio.h>
#include <unistd.h>

#define MIGRATE_FILE_MAX ((size_t)16 << 20)

typedef int translate_file(struct str text, enum schema_name to_schema, struct report *r,
                           struct buf *to, struct error *err);

static enum exit_code wrong_usage(const char *what)
{
    fprintf(stderr, "algalon migrate: %s (see algalon migrate --help)\n", what);
    return EXIT_USAGE;
}

static bool print(int fd, struct buf *out)
{
    int code = out->failed ? -ENOMEM : file_write_all(fd, out->ptr, out->len);

    buf_fini(out);
    if (code)
        log_error("cannot write the output", "error", strerror(-code));
    return !code;
}

static enum schema_name schema(const struct settings *s)
{
    return strcmp(s->to_schema, "dcgm") ? TO_ALL_SMI : TO_DCGM;
}

/* The file goes to stdout, what is to be said of it to stderr. */
static enum exit_code translate(const struct settings *s, translate_file *how)
{
    struct report report;
    struct buf text, out, said;
    struct error err;

    report_init(&report);
    buf_init(&text, 0);
    buf_init(&out, 0);
    buf_init(&said, 0);
    report_file(&report, s->operands.items[1]);
    int code = file_read(s->operands.items[1], MIGRATE_FILE_MAX, &text, &err);
    if (!code)
        code = how(buf_str(&text), schema(s), &report, &out, &err);
    enum exit_code done = code || report.count[REPORT_ERROR] ? EXIT_FAILED : EXIT_DONE;
    if (code)
        fprintf(stderr, "algalon migrate: %s\n", err.text);
    else if (!print(STDOUT_FILENO, &out))
        done = EXIT_FAILED;
    if (!code && s->json)
        report_print_json(&report, &said);
    else if (!code)
        report_print(&report, s->verbose, &said);
    if (!print(STDERR_FILENO, &said))
        done = EXIT_FAILED;
    buf_fini(&out);
    buf_fini(&text);
    report_fini(&report);
    return done;
}

static enum exit_code data(const struct settings *s)
{
    struct error err;

    if (!*s->move_from || !*s->move_into)
        return wrong_usage("data wants --from and --into");
    if (!migrate_data(s, &err))
        return EXIT_DONE;
    fprintf(stderr, "algalon migrate: %s\n", err.text);
    return EXIT_FAILED;
}

enum exit_code command_migrate(struct settings *s)
{
    const char *what = s->operands.len ? s->operands.items[0] : "";
    struct buf out;
    bool file = !strcmp(what, "dashboard") || !strcmp(what, "rules");

    if (file && s->operands.len != 2)
        return wrong_usage("it wants one file");
    if (!strcmp(what, "dashboard"))
        return translate(s, dashboard_translate);
    if (!strcmp(what, "rules"))
        return translate(s, rule_file_translate);
    if (s->operands.len > 1)
        return wrong_usage("it takes no file");
    if (!strcmp(what, "data"))
        return data(s);
    buf_init(&out, 0);
    if (!strcmp(what, "bridge"))
        bridge_print(schema(s), &out);
    else if (!strcmp(what, "table"))
        equivalence_markdown(&out);
    else
        return wrong_usage("say what: dashboard, rules, bridge, table or data");
    return print(STDOUT_FILENO, &out) ? EXIT_DONE : EXIT_FAILED;
}
