/* command_explain.c - a metric in words, out of the catalogue. */
#include "commands.h"

#include "metric/metric.h"

#include <stdio.h>
#include <unistd.h>

static void list(struct buf *to)
{
    for (size_t i = 0; i < catalogue_len(); i++)
        buf_printf(to, "%-58s %-8s %s\n", catalogue_at(i)->name, catalogue_at(i)->type,
                   catalogue_at(i)->unit);
}

/* Families whose name holds `part`: the last of them in `*ret`. */
static size_t matching(struct str part, const struct catalogue_family **ret, struct buf *names)
{
    size_t n = 0;

    for (size_t i = 0; part.len && i < catalogue_len(); i++) {
        if (!str_contains(str_of(catalogue_at(i)->name), part))
            continue;
        *ret = catalogue_at(i);
        buf_printf(names, "  %s\n", catalogue_at(i)->name);
        n++;
    }
    return n;
}

/* False when there is no such metric; stderr then says which there are. */
static bool explain(const char *name, struct buf *to)
{
    struct str whole = str_of(name), wanted = str_cut(&whole, '{'); /* a series names its family */
    const struct catalogue_family *family = catalogue_find(wanted);
    struct buf names;

    buf_init(&names, 0);
    if (!family && matching(wanted, &family, &names) != 1)
        family = NULL;
    if (family)
        catalogue_explain(family, to);
    else if (names.len)
        fprintf(stderr, "algalon explain: '%s' may be one of\n%.*s", name,
                STR_ARG(buf_str(&names)));
    else
        fprintf(stderr,
                "algalon explain: there is no metric '%s' (algalon explain lists them all)\n",
                name);
    buf_fini(&names);
    return family != NULL;
}

enum exit_code command_explain(struct settings *settings)
{
    struct buf out;
    bool found = true;

    buf_init(&out, 0);
    if (!settings->operands.len)
        list(&out);
    for (size_t i = 0; i < settings->operands.len; i++) {
        if (out.len)
            buf_char(&out, '\n');
        found = explain(settings->operands.items[i], &out) && found;
    }
    int code = out.failed ? -ENOMEM : file_write_all(STDOUT_FILENO, out.ptr, out.len);
    if (code)
        log_error("cannot write to stdout", "error", strerror(-code));
    buf_fini(&out);
    return code || !found ? EXIT_FAILED : EXIT_DONE;
}
