/* template_state.c - see template_state.h. */
#include "rules/template_state.h"

#include <stdarg.h>

#define DEPTH_MAX   500  /* templates, blocks and pipelines within each other: bounds the stack */
#define CONTEXT_MAX 1000 /* bytes of each thing that an error names */
#define LOOK_EVERY  64   /* steps from one look at the clock to the next */

/* ---- failing ---- */

static void print_place(const struct template_state *e, struct buf *to)
{
    /* Prometheus puts the declarations of its variables before the text: its columns count them. */
    static const char before[] = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
                                 "{{$externalURL := .ExternalURL}}{{$value := .Value}}";
    size_t line = 1, begin = 0;

    for (size_t i = 0; i < e->at->at; i++) {
        if (e->template->text.ptr[i] == '\n') {
            line++;
            begin = i + 1;
        }
    }
    size_t column = e->at->at - begin + (line == 1 ? sizeof(before) - 1 : 0);
    buf_printf(to, ":%zu:%zu", line, column);
}

static void add_cut(struct buf *to, struct str text)
{
    buf_str_add(to, str_make(text.ptr, MIN(text.len, CONTEXT_MAX)));
}

static void print_node(const struct node *n, struct buf *to)
{
    struct buf text;

    buf_init(&text, TEMPLATE_TEXT_MAX);
    template_tree_print(n, &text);
    add_cut(to, buf_str(&text));
    buf_fini(&text);
}

/* Says where and why; the first reason stands. */
int template_state_fail(struct template_state *e, const char *format, ...)
{
    struct buf *to = e->call.error;
    char why[1200];
    va_list args;

    if (e->failed)
        return -EINVAL;
    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    e->failed = true;
    buf_reset(to);
    buf_text(to, "error executing template __alert_");
    add_cut(to, e->call.in->alert);
    buf_text(to, ": template: __alert_");
    add_cut(to, e->call.in->alert);
    print_place(e, to);
    buf_text(to, ": executing \"");
    add_cut(to, e->name);
    buf_text(to, "\" at <");
    print_node(e->at, to);
    buf_printf(to, ">: %s", why);
    return -EINVAL;
}

int template_state_no_memory(struct template_state *e)
{
    return template_state_fail(e, "it takes more than %d MiB", (int)(TEMPLATE_MEMORY_MAX >> 20));
}

int template_state_step(struct template_state *e)
{
    if (++e->steps > TEMPLATE_STEPS_MAX)
        return template_state_fail(e, "it takes more than %d steps", TEMPLATE_STEPS_MAX);
    if (e->steps % LOOK_EVERY == 0 && clock_mono_ns() > e->call.deadline_mono_ns)
        return template_state_fail(e, "it takes too long");
    return e->to->failed ? template_state_fail(e, "it says more than %d bytes", TEMPLATE_BYTES_MAX)
                         : 0;
}

int template_state_enter(struct template_state *e)
{
    int code = template_state_step(e);

    return code ? code
           : ++e->depth > DEPTH_MAX
               ? template_state_fail(e, "templates and blocks are nested more than %d deep",
                                     DEPTH_MAX)
               : 0;
}

/* ---- variables ---- */

int template_state_push(struct template_state *e, struct str name, struct template_value value)
{
    struct template_variable *grown =
        array_grow(e->variables, &e->variable_cap, e->variable_len + 1, sizeof(*grown));

    if (!grown)
        return template_state_no_memory(e);
    e->variables = grown;
    e->variables[e->variable_len++] = (struct template_variable){name, value};
    return 0;
}

struct template_variable *template_state_find(struct template_state *e, struct str name)
{
    for (size_t i = e->variable_len; i-- > e->base;)
        if (str_equal(e->variables[i].name, name))
            return &e->variables[i];
    (void)template_state_fail(e, "undefined variable: %.*s", (int)MIN(name.len, 100), name.ptr);
    return NULL;
}

int template_state_set(struct template_state *e, struct str name, struct template_value value)
{
    struct template_variable *v = template_state_find(e, name);

    if (v)
        v->value = value;
    return v ? 0 : -EINVAL;
}

/* Fails with words on both sides of a node. */
int template_state_fail_at(struct template_state *e, const char *before, const struct node *n,
                           const char *behind, const char *type)
{
    struct buf text;

    buf_init(&text, 0);
    print_node(n, &text);
    int code = template_state_fail(e, "%s%.*s%s%s", before, STR_ARG(buf_str(&text)), behind, type);
    buf_fini(&text);
    return code;
}
