/* command_check.c - `algalon check`: what is wrong with files, before they are used; what a
 * dashboard asks for that is not there; which files ask for which metrics. */
#include "check_files.h"
#include "commands.h"
#include "names_source.h"

#include <stdio.h>
#include <unistd.h>

static enum exit_code wrong_usage(const char *what)
{
    fprintf(stderr, "algalon check: %s (see algalon check --help)\n", what);
    return EXIT_USAGE;
}

static enum exit_code failed(const struct error *err)
{
    fprintf(stderr, "algalon check: %s\n", err->text);
    return EXIT_FAILED;
}

static bool print(int fd, struct buf *out)
{
    int code = out->failed ? -ENOMEM : file_write_all(fd, out->ptr, out->len);

    buf_fini(out);
    if (code)
        log_error("cannot write the output", "error", strerror(-code));
    return !code;
}

static enum exit_code print_report(const struct settings *s, const struct report *report, int fd)
{
    struct buf out;

    buf_init(&out, 0);
    if (s->json)
        report_print_json(report, &out);
    else
        report_print(report, s->verbose, &out);
    return !print(fd, &out) || report->count[REPORT_ERROR] ? EXIT_FAILED : EXIT_DONE;
}

static enum exit_code usage(const struct settings *s)
{
    struct usage usage;
    struct error err;
    struct buf out;
    int code = 0;

    usage_init(&usage);
    for (size_t i = 0; i < s->operands.len && !code; i++)
        code = usage_add(&usage, s->operands.items[i], &err);
    buf_init(&out, 0);
    if (!code && s->json)
        usage_print_json(&usage, &out);
    else if (!code)
        usage_print(&usage, &out);
    enum exit_code done = code                         ? failed(&err)
                          : print(STDOUT_FILENO, &out) ? EXIT_DONE
                                                       : EXIT_FAILED;
    buf_fini(&out);
    usage_fini(&usage);
    return done;
}

/* The file put right goes to stdout, what is left to say to stderr. */
static enum exit_code fix(const struct settings *s, const struct known *known)
{
    struct report report, left;
    struct buf text, out;
    struct error err;

    report_init(&report);
    report_init(&left);
    buf_init(&text, 0);
    buf_init(&out, 0);
    report_file(&report, s->operands.items[0]);
    report_file(&left, s->operands.items[0]);
    int code = file_read(s->operands.items[0], (size_t)16 << 20, &text, &err);
    if (!code)
        code = dashboard_fix(buf_str(&text), known, &report, &out, &err);
    enum exit_code done = EXIT_FAILED;
    if (code) {
        failed(&err);
    } else {
        dashboard_check(buf_str(&out), known, &left);
        done = print(STDOUT_FILENO, &out) ? print_report(s, &left, STDERR_FILENO) : EXIT_FAILED;
    }
    buf_fini(&out);
    buf_fini(&text);
    report_fini(&left);
    report_fini(&report);
    return done;
}

static enum exit_code check(const struct settings *s, const struct known *known)
{
    struct report report;
    struct check_files files = {.report = &report, .known = known};

    report_init(&report);
    for (size_t i = 0; i < s->operands.len; i++)
        check_files_look(&files, s->operands.items[i], check_files_kind(s->kind));
    check_files_compare(&files);
    enum exit_code code = print_report(s, &report, STDOUT_FILENO);
    report_fini(&report);
    return code;
}

/* A version of ours by its first letter, as no schema, URL or file of names begins. */
static bool is_version(const char *source)
{
    return *source >= '0' && *source <= '9' && !strchr(source, '/') && access(source, F_OK) != 0;
}

static int read_names(const struct settings *s, struct known *before, struct known *now,
                      struct error *err)
{
    int code = is_version(s->names_since) ? known_from_release(str_of(s->names_since), before, err)
                                          : names_source_read(s->names_since, before, err);

    if (code)
        return code;
    code = *s->against ? names_source_read(s->against, now, err) : known_from_catalogue(now, err);
    if (code)
        known_fini(before);
    return code;
}

/* What names are otherwise than before; with files, which of them that concerns. */
static enum exit_code since(const struct settings *s)
{
    struct known before, now;
    struct report report;
    struct usage usage;
    struct error err;
    enum exit_code done = EXIT_FAILED;
    int code = 0;

    usage_init(&usage);
    for (size_t i = 0; i < s->operands.len && !code; i++)
        code = usage_add(&usage, s->operands.items[i], &err);
    if (!code)
        code = read_names(s, &before, &now, &err);
    if (code) {
        failed(&err);
        done = code == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
    } else {
        report_init(&report);
        report_file(&report, now.source);
        changes_report(&before, &now, s->operands.len ? &usage : NULL, &report);
        done = print_report(s, &report, STDOUT_FILENO);
        report_fini(&report);
        known_fini(&before);
        known_fini(&now);
    }
    usage_fini(&usage);
    return done;
}

enum exit_code command_check(struct settings *s)
{
    struct known known;
    struct error err;
    bool against = *s->against;

    if (*s->names_since && (s->usage || s->fix))
        return wrong_usage("--since goes with --against and files only");
    if (*s->names_since)
        return since(s);
    if (!s->operands.len)
        return wrong_usage("say which files to look at");
    if (s->usage && (against || s->fix))
        return wrong_usage("--usage stands alone");
    if (s->fix && (!against || s->operands.len != 1))
        return wrong_usage("--fix wants --against and one dashboard");
    if (s->usage)
        return usage(s);
    if (against && names_source_read(s->against, &known, &err))
        return failed(&err);
    enum exit_code code = s->fix ? fix(s, &known) : check(s, against ? &known : NULL);
    if (against)
        known_fini(&known);
    return code;
}
