/* examine.c - findings, and the table of rights below them. */
#include "doctor/examine.h"
#include "doctor/page.h"

#define LEVELS (FINDING_ERROR + 1)

static const struct {
    const char *word;
    enum page_color color;
} looks[LEVELS] = {
    [FINDING_OK] = {"ok", PAGE_GREEN},
    [FINDING_NOTE] = {"note", PAGE_CYAN},
    [FINDING_WARNING] = {"warning", PAGE_YELLOW},
    [FINDING_ERROR] = {"error", PAGE_RED},
};

#define LEVEL_WIDTH 9  /* "warning" and two blanks */
#define GRANT_WIDTH 12 /* "Kubernetes: " */

struct examination {
    struct finding *findings;
    struct right *rights;
    size_t len, right_len, count[LEVELS], lacked;
};

static void print_finding(struct buf *to, const struct doctor_form *form, const struct finding *f,
                          int topic_width)
{
    size_t indent = LEVEL_WIDTH + (size_t)topic_width + 2;

    page_word(to, form, looks[f->level].color, looks[f->level].word, LEVEL_WIDTH);
    buf_printf(to, "%-*s  ", topic_width, f->topic);
    page_wrap(to, f->what, indent, indent);
    if (*f->advice) {
        buf_printf(to, "%*s-> ", (int)indent, "");
        page_wrap(to, f->advice, indent + 3, indent + 3);
    }
}

static void print_grant(struct buf *to, const char *who, const char *line)
{
    size_t indent = GRANT_WIDTH + GRANT_WIDTH;

    buf_printf(to, "%*s%-*s", GRANT_WIDTH, "", GRANT_WIDTH, who);
    page_wrap(to, *line ? line : "there", indent, indent);
}

static void print_right(struct buf *to, const struct doctor_form *form, const struct right *r)
{
    static const enum page_color colors[] = {PAGE_GREEN, PAGE_YELLOW, PAGE_CYAN, PAGE_DIM};
    struct buf text;

    page_word(to, form, colors[r->state], right_state_text(r->state), GRANT_WIDTH);
    buf_init(&text, 0);
    buf_text(&text, r->values);
    if (r->state != RIGHT_LACKED)
        buf_printf(&text, " (%s)", r->found);
    buf_char(&text, '\0');
    page_wrap(to, text.ptr ? text.ptr : "", GRANT_WIDTH, GRANT_WIDTH);
    buf_fini(&text);
    if (r->state != RIGHT_LACKED)
        return;
    print_grant(to, "needs:", r->need);
    print_grant(to, "now:", r->found);
    print_grant(to, "Compose:", r->compose);
    print_grant(to, "Kubernetes:", r->kubernetes);
    print_grant(to, "systemd:", r->systemd);
}

static void print_text(struct buf *to, const struct doctor_form *form, const struct examination *e)
{
    int topic_width = 0;

    for (size_t i = 0; i < e->len; i++)
        topic_width = MAX(topic_width, (int)strlen(e->findings[i].topic));
    for (size_t i = 0; i < e->len; i++)
        print_finding(to, form, &e->findings[i], topic_width);
    buf_char(to, '\n');
    page_word(to, form, PAGE_BOLD, "Rights", 0);
    buf_text(to, ", and the lines that grant what is lacked (none is needed for the rest)\n");
    for (size_t i = 0; i < e->right_len; i++)
        print_right(to, form, &e->rights[i]);
    buf_printf(to, "\n%zu ok, %zu to note, %zu warning%s, %zu error%s\n", e->count[FINDING_OK],
               e->count[FINDING_NOTE], e->count[FINDING_WARNING],
               e->count[FINDING_WARNING] == 1 ? "" : "s", e->count[FINDING_ERROR],
               e->count[FINDING_ERROR] == 1 ? "" : "s");
}

static void json_right(struct buf *to, const struct right *r)
{
    static const char *const states[] = {"held", "lacked", "not_known", "not_needed"};

    buf_text(to, to->ptr[to->len - 1] == '[' ? "{" : ",{");
    page_json_text(to, "values", r->values);
    page_json_text(to, "needs", r->need);
    page_json_text(to, "state", states[r->state]);
    page_json_text(to, "found", r->found);
    page_json_text(to, "compose", r->compose);
    page_json_text(to, "kubernetes", r->kubernetes);
    page_json_text(to, "systemd", r->systemd);
    buf_char(to, '}');
}

static void print_json(struct buf *to, const struct examination *e)
{
    buf_text(to, "{\"findings\":[");
    for (size_t i = 0; i < e->len && !to->failed; i++) {
        buf_text(to, i ? ",{" : "{");
        page_json_text(to, "level", looks[e->findings[i].level].word);
        page_json_text(to, "topic", e->findings[i].topic);
        page_json_text(to, "what", e->findings[i].what);
        page_json_text(to, "advice", e->findings[i].advice);
        buf_char(to, '}');
    }
    buf_text(to, "],\"rights\":[");
    for (size_t i = 0; i < e->right_len && !to->failed; i++)
        json_right(to, &e->rights[i]);
    buf_text(to, "],\"summary\":{");
    for (size_t i = 0; i < LEVELS && !to->failed; i++)
        page_json_number(to, looks[i].word, (double)e->count[i]);
    page_json_number(to, "rights_lacked", (double)e->lacked);
    buf_text(to, "}}\n");
}

static void look(const struct worker_options *options, struct arena *arena, struct examination *e)
{
    worker_diagnose(options, arena, &e->findings, &e->len);
    rights_list(&options->paths, arena, &e->rights, &e->right_len);
    for (size_t i = 0; i < e->len; i++)
        e->count[e->findings[i].level]++;
    for (size_t i = 0; i < e->right_len; i++)
        e->lacked += e->rights[i].state == RIGHT_LACKED;
}

bool doctor_examine(const struct worker_options *options, const struct doctor_form *form,
                    struct buf *to)
{
    struct examination e = {0};
    struct arena arena;

    arena_init(&arena, 0);
    look(options, &arena, &e);
    if (form->json)
        print_json(to, &e);
    else
        print_text(to, form, &e);
    arena_fini(&arena);
    return !e.count[FINDING_ERROR];
}

void examine_both(const struct worker_options *options, struct buf *text, struct buf *json)
{
    const struct doctor_form plain = {.json = false};
    struct examination e = {0};
    struct arena arena;

    arena_init(&arena, 0);
    look(options, &arena, &e);
    print_text(text, &plain, &e);
    print_json(json, &e);
    arena_fini(&arena);
}
