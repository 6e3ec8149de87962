/* command_doctor.c - what was found on this machine, and what to do about what it lacks. */
#include "service.h"
#include "worker/worker.h"

#include <stdlib.h>
#include <unistd.h>

static const struct {
    const char *mark, *color;
} looks[] = {
    [FINDING_OK] = {"ok     ", "\033[32m"},
    [FINDING_NOTE] = {"note   ", "\033[36m"},
    [FINDING_WARNING] = {"warning", "\033[33m"},
    [FINDING_ERROR] = {"error  ", "\033[31m"},
};

static bool use_color(const char *choice)
{
    const char *no = getenv("NO_COLOR");

    if (strcmp(choice, "auto"))
        return !strcmp(choice, "always");
    return isatty(STDOUT_FILENO) && !(no && *no);
}

#define LINE_WIDTH 100 /* columns of a terminal that most people have at least */

/* Prints `text` broken at spaces, each line behind `indent` blanks and the first behind "-> " as
 * well. */
static void print_advice(const char *text, int indent)
{
    const size_t width = (size_t)(LINE_WIDTH - indent - 3);
    const char *arrow = "->";

    while (*text) {
        size_t len = strlen(text);
        if (len > width) {
            for (len = width; len && text[len] != ' '; len--)
                ;
            len = len ? len : width;
        }
        printf("%*s%2s %.*s\n", indent, "", arrow, (int)len, text);
        arrow = "";
        text += len;
        while (*text == ' ')
            text++;
    }
}

static void print_finding(const struct finding *f, int topic_width, bool color)
{
    printf("%s%s%s  %-*s  %s\n", color ? looks[f->level].color : "", looks[f->level].mark,
           color ? "\033[0m" : "", topic_width, f->topic, f->what);
    if (*f->advice)
        print_advice(f->advice, topic_width + 11);
}

enum exit_code command_doctor(struct settings *settings)
{
    struct worker_options options;
    struct finding *findings = NULL;
    size_t n = 0, count[ARRAY_LEN(looks)] = {0};
    struct error err;
    struct arena arena;

    if (service_worker_options(settings, &options, &err)) {
        log_error("cannot look at this machine", "error", err.text);
        return EXIT_USAGE;
    }
    options.gpu_inventory = service_gpu_inventory(settings, true);
    arena_init(&arena, 0);
    worker_diagnose(&options, &arena, &findings, &n);
    bool color = use_color(settings->color);
    int topic_width = 0;
    for (size_t i = 0; i < n; i++)
        topic_width = MAX(topic_width, (int)strlen(findings[i].topic));
    for (size_t i = 0; i < n; i++) {
        print_finding(&findings[i], topic_width, color);
        count[findings[i].level]++;
    }
    printf("\n%zu ok, %zu to note, %zu warning%s, %zu error%s\n", count[FINDING_OK],
           count[FINDING_NOTE], count[FINDING_WARNING], count[FINDING_WARNING] == 1 ? "" : "s",
           count[FINDING_ERROR], count[FINDING_ERROR] == 1 ? "" : "s");
    arena_fini(&arena);
    return count[FINDING_ERROR] ? EXIT_FAILED : EXIT_DONE;
}
