/* template_eval.c - says a template: walks its tree with "." and variables, as Go's text/template
 * does, within the bounds of template.h. */
#include "rules/template.h"
#include "rules/template_format.h"
#include "rules/template_state.h"
#include "rules/template_time.h"

#include <stdlib.h>

/* Not failures: how a block was left. */
enum {
    LEFT_BREAK = 1,
    LEFT_CONTINUE = 2
};

static int eval_pipe(struct template_state *e, struct template_value dot, const struct node *pipe,
                     struct template_value *ret);
static int walk(struct template_state *e, struct template_value dot, const struct node *list);

/* ---- operands ---- */

static int field_of_data(const struct template_input *in, struct str name,
                         struct template_value *ret)
{
    if (str_is(name, "Labels"))
        *ret = (struct template_value){VALUE_LABELS, {.labels = in->labels}};
    else if (str_is(name, "ExternalLabels"))
        *ret = (struct template_value){VALUE_LABELS, {.labels = in->external_labels}};
    else if (str_is(name, "ExternalURL"))
        *ret = value_of_text(in->external_url);
    else if (str_is(name, "Value"))
        *ret = value_of_real(in->value);
    else
        return -ENOENT;
    return 0;
}

static int field_of_sample(struct template_state *e, const struct template_sample *s,
                           struct str name, struct template_value *ret)
{
    bool labels = str_is(name, "Labels");

    if (!labels && !str_is(name, "Value"))
        return -ENOENT;
    if (!s)
        return template_state_fail(e, "nil pointer evaluating *template.sample.%.*s",
                                   STR_ARG(name));
    *ret = labels ? (struct template_value){VALUE_LABELS, {.labels = s->labels}}
                  : value_of_real(s->value);
    return 0;
}

/* A field of a struct, an entry of a map. `more`: arguments stand behind it, which neither takes.
 */
static int eval_field(struct template_state *e, struct str name, bool more,
                      struct template_value from, struct template_value *ret)
{
    int code = -ENOENT;

    *ret = (struct template_value){VALUE_NONE, {0}};
    switch (from.kind) {
    case VALUE_NONE:
        return 0;
    case VALUE_LABELS:
    case VALUE_ARGS:
        if (more)
            return template_state_fail(e, "%.*s is not a method but has arguments", STR_ARG(name));
        *ret = from.kind == VALUE_LABELS ? template_value_label(from.labels, name)
                                         : template_value_arg(from.args, name);
        return 0;
    case VALUE_DATA:
        code = field_of_data(from.data, name, ret);
        break;
    case VALUE_SAMPLE:
        code = field_of_sample(e, from.sample, name, ret);
        break;
    default:
        break;
    }
    if (code == -ENOENT)
        return template_state_fail(e, "can't evaluate field %.*s in type %s",
                                   (int)MIN(name.len, 100), name.ptr, template_value_type(&from));
    if (!code && more)
        return template_state_fail(e, "%.*s has arguments but cannot be invoked as function",
                                   STR_ARG(name));
    return code;
}

static struct template_value constant(const struct node *n)
{
    if (n->kind == NODE_BOOL)
        return value_of_bool(n->truth);
    if (n->kind == NODE_STRING)
        return value_of_text(n->text);
    return n->number.looks_real ? value_of_real(n->number.real) : value_of_whole(n->number.whole);
}

static bool is_constant(const struct node *n)
{
    return n->kind == NODE_BOOL || n->kind == NODE_STRING || n->kind == NODE_NUMBER;
}

/* ---- calls ---- */

/* What stands behind a function: its operands, and what came through the pipe, which is last. */
struct given {
    const struct node *first; /* of the operands */
    const struct template_value *piped;
    size_t len; /* of both */
};

static struct given given_behind(const struct node *first, const struct template_value *piped)
{
    struct given g = {first, piped, piped != NULL};

    for (const struct node *it = first; it; it = it->next)
        g.len++;
    return g;
}

static int eval_operand(struct template_state *e, struct template_value dot, const struct node *n,
                        const struct given *g, struct template_value *ret);

static bool fits(const struct template_value *v, enum parameter_kind kind)
{
    switch (kind) {
    case PARAMETER_TEXT:
        return v->kind == VALUE_TEXT;
    case PARAMETER_SAMPLE:
        return v->kind == VALUE_SAMPLE || v->kind == VALUE_NONE;
    case PARAMETER_SAMPLES:
        return v->kind == VALUE_SAMPLES || v->kind == VALUE_NONE;
    default:
        return true;
    }
}

/* Turns nil into the nil of the type, refuses other types. */
static int check_kind(struct template_state *e, struct template_value *v, enum parameter_kind kind)
{
    if (!fits(v, kind))
        return v->kind == VALUE_NONE
                   ? template_state_fail(e, "invalid value; expected %s",
                                         template_parameter_type(kind))
                   : template_state_fail(e, "wrong type for value; expected %s; got %s",
                                         template_parameter_type(kind), template_value_type(v));
    if (v->kind == VALUE_NONE && kind == PARAMETER_SAMPLE)
        *v = (struct template_value){VALUE_SAMPLE, {.sample = NULL}};
    else if (v->kind == VALUE_NONE && kind == PARAMETER_SAMPLES)
        *v = (struct template_value){VALUE_SAMPLES, {.samples = {NULL, 0}}};
    return 0;
}

static int eval_argument(struct template_state *e, struct template_value dot, const struct node *n,
                         enum parameter_kind kind, struct template_value *ret)
{
    e->at = n;
    if (is_constant(n)) {
        *ret = constant(n);
        if (kind == PARAMETER_TEXT && ret->kind != VALUE_TEXT)
            return template_state_fail_at(e, "expected string; found ", n, "", "");
        return kind == PARAMETER_SAMPLE || kind == PARAMETER_SAMPLES
                   ? template_state_fail_at(e, "can't handle ", n, " for arg of type ",
                                            template_parameter_type(kind))
                   : 0;
    }
    if (n->kind == NODE_NIL) {
        *ret = (struct template_value){VALUE_NONE, {0}};
        return kind == PARAMETER_TEXT ? template_state_fail(e, "cannot assign nil to string")
                                      : check_kind(e, ret, kind);
    }
    int code = eval_operand(e, dot, n, NULL, ret);
    return code ? code : check_kind(e, ret, kind);
}

/* and, or: the first argument that decides, or the last one. */
static int call_logic(struct template_state *e, struct template_value dot, bool is_or,
                      const struct given *g, struct template_value *ret)
{
    for (const struct node *it = g->first; it; it = it->next) {
        int code = eval_argument(e, dot, it, PARAMETER_ANY, ret);
        if (code || template_value_is_true(ret) == is_or)
            return code;
    }
    if (g->piped)
        *ret = *g->piped;
    return 0;
}

static enum parameter_kind parameter(const struct template_function *f, size_t i)
{
    return f->parameters[MIN(i, f->fixed)];
}

static int call_failed(struct template_state *e, const struct template_function *f,
                       const struct node *command)
{
    char why[1000];

    str_copy(why, sizeof(why), buf_str(e->call.error));
    e->at = command;
    return template_state_fail(e, "error calling %s: %s", f->name, why);
}

static int call_function(struct template_state *e, struct template_value dot, const struct node *n,
                         const struct node *command, const struct given *g,
                         struct template_value *ret)
{
    const struct template_function *f = n->function;
    size_t len = 0;

    e->at = n;
    if (f->more ? g->len < f->fixed : g->len != f->fixed)
        return template_state_fail(e, "wrong number of args for %s: want %s%zu got %zu", f->name,
                                   f->more ? "at least " : "", f->fixed, g->len);
    if (!f->call)
        return call_logic(e, dot, str_is(n->text, "or"), g, ret);
    struct template_value *args = arena_calloc(e->call.arena, g->len + 1, sizeof(*args));
    if (!args)
        return template_state_no_memory(e);
    for (const struct node *it = g->first; it; it = it->next, len++) {
        int code = eval_argument(e, dot, it, parameter(f, len), &args[len]);
        if (code)
            return code;
    }
    if (g->piped) {
        args[len] = *g->piped;
        int code = check_kind(e, &args[len], parameter(f, len));
        if (code)
            return code;
    }
    int code = f->call(&e->call, args, g->len, ret);
    if (code == -ENOMEM)
        return template_state_no_memory(e);
    return code ? call_failed(e, f, command) : 0;
}

/* ---- methods of times and durations ---- */

static int check_method_argument(struct template_state *e, const struct template_method *m,
                                 struct template_value *v)
{
    enum value_kind wanted = m->takes == METHOD_TEXT       ? VALUE_TEXT
                             : m->takes == METHOD_TIME     ? VALUE_TIME
                             : m->takes == METHOD_DURATION ? VALUE_DURATION
                                                           : VALUE_WHOLE;

    if (m->takes == METHOD_DURATION && v->kind == VALUE_WHOLE)
        v->kind = VALUE_DURATION;
    if (v->kind == wanted)
        return 0;
    struct template_value like = {.kind = wanted};
    return template_state_fail(e, "wrong type for value; expected %s; got %s",
                               template_value_type(&like), template_value_type(v));
}

static int call_method(struct template_state *e, struct template_value dot,
                       const struct template_method *m, const struct given *g,
                       const struct template_value *of, struct template_value *ret)
{
    size_t wanted = m->takes == METHOD_NONE ? 0 : m->takes == METHOD_DATE ? 3 : 1, len = 0;
    struct template_value args[3];

    if (g->len != wanted)
        return template_state_fail(e, "wrong number of args for %s: want %zu got %zu", m->name,
                                   wanted, g->len);
    for (const struct node *it = g->first; it; it = it->next, len++) {
        int code = eval_argument(e, dot, it, PARAMETER_ANY, &args[len]);
        if (!code)
            code = check_method_argument(e, m, &args[len]);
        if (code)
            return code;
    }
    if (g->piped) {
        args[len] = *g->piped;
        int code = check_method_argument(e, m, &args[len]);
        if (code)
            return code;
    }
    return template_time_call(m, of, args, e->call.arena, ret) ? template_state_no_memory(e) : 0;
}

/* ---- operands, continued ---- */

static int eval_fields(struct template_state *e, struct template_value dot,
                       struct template_value from, const struct str *names, size_t len,
                       const struct given *g, struct template_value *ret)
{
    static const struct given nothing = {0};

    *ret = from;
    for (size_t i = 0; i < len; i++) {
        const struct given *given = g && i + 1 == len ? g : &nothing;
        const struct template_method *m = template_time_method(ret, names[i]);
        struct template_value inner;
        int code = m ? call_method(e, dot, m, given, ret, &inner)
                     : eval_field(e, names[i], given->len > 0, *ret, &inner);
        if (code)
            return code;
        *ret = inner;
    }
    return 0;
}

static int eval_variable(struct template_state *e, struct template_value dot, const struct node *n,
                         const struct given *g, struct template_value *ret)
{
    const struct template_variable *v = template_state_find(e, n->names[0]);

    if (!v)
        return -EINVAL;
    if (n->name_len > 1)
        return eval_fields(e, dot, v->value, n->names + 1, n->name_len - 1, g, ret);
    *ret = v->value;
    return 0;
}

static int eval_chain(struct template_state *e, struct template_value dot, const struct node *n,
                      const struct given *g, struct template_value *ret)
{
    struct template_value from;

    if (n->first->kind == NODE_NIL)
        return template_state_fail(e, "indirection through explicit nil in nil");
    int code = eval_argument(e, dot, n->first, PARAMETER_ANY, &from);
    return code ? code : eval_fields(e, dot, from, n->names, n->name_len, g, ret);
}

/* One operand. `g`: what stands behind it, where it is the first of its command; else NULL. */
static int eval_operand(struct template_state *e, struct template_value dot, const struct node *n,
                        const struct given *g, struct template_value *ret)
{
    struct given nothing = {0};
    int code = template_state_step(e);

    if (code)
        return code;
    if (n->kind != NODE_PIPE)
        e->at = n;
    switch (n->kind) {
    case NODE_DOT:
        *ret = dot;
        return 0;
    case NODE_NIL:
        return template_state_fail(e, "nil is not a command");
    case NODE_FIELD:
        return eval_fields(e, dot, dot, n->names, n->name_len, g, ret);
    case NODE_VARIABLE:
        return eval_variable(e, dot, n, g, ret);
    case NODE_CHAIN:
        return eval_chain(e, dot, n, g, ret);
    case NODE_CALL:
        return call_function(e, dot, n, n, g ? g : &nothing, ret);
    case NODE_PIPE:
        return eval_pipe(e, dot, n, ret);
    default:
        *ret = constant(n);
        return 0;
    }
}

/* Whether an operand can be given something: functions, and fields that may be methods. */
static bool takes_arguments(const struct node *n)
{
    return n->kind == NODE_CALL || n->kind == NODE_FIELD || n->kind == NODE_CHAIN ||
           (n->kind == NODE_VARIABLE && n->name_len > 1);
}

static int eval_command(struct template_state *e, struct template_value dot,
                        const struct node *command, const struct template_value *piped,
                        struct template_value *ret)
{
    const struct node *first = command->first;
    struct given g = given_behind(first->next, piped);

    if (g.len && !takes_arguments(first)) {
        e->at = first->kind == NODE_PIPE ? e->at : first;
        return template_state_fail_at(e, "can't give argument to non-function ", first, "", "");
    }
    if (first->kind == NODE_CALL) {
        int code = template_state_step(e);
        return code ? code : call_function(e, dot, first, command, &g, ret);
    }
    return eval_operand(e, dot, first, &g, ret);
}

static int eval_pipe(struct template_state *e, struct template_value dot, const struct node *pipe,
                     struct template_value *ret)
{
    const struct template_value *piped = NULL;
    struct template_value value = {0}, before;
    int code = template_state_enter(e);

    if (!code)
        e->at = pipe;
    for (const struct node *it = pipe->first; it && !code; it = it->next) {
        code = eval_command(e, dot, it, piped, &value);
        before = value;
        piped = &before;
    }
    for (size_t i = 0; i < pipe->name_len && !code; i++)
        code = pipe->assigns ? template_state_set(e, pipe->names[i], value)
                             : template_state_push(e, pipe->names[i], value);
    e->depth--;
    *ret = value;
    return code;
}

/* ---- actions ---- */

static int walk_if(struct template_state *e, struct template_value dot, const struct node *n)
{
    size_t mark = e->variable_len;
    struct template_value value;
    int code = eval_pipe(e, dot, n->pipe, &value);

    if (!code && template_value_is_true(&value))
        code = walk(e, n->kind == NODE_WITH ? value : dot, n->body);
    else if (!code && n->other)
        code = walk(e, dot, n->other);
    e->variable_len = mark;
    return code;
}

/* One turn of a range. `mark`: the variables that outlive it. */
static int turn(struct template_state *e, const struct node *n, size_t mark,
                struct template_value key, struct template_value item)
{
    const struct node *pipe = n->pipe;
    int code = template_state_step(e);

    if (code)
        return code;
    if (pipe->name_len && pipe->assigns) {
        code = template_state_set(e, pipe->names[0], pipe->name_len > 1 ? key : item);
        if (!code && pipe->name_len > 1)
            code = template_state_set(e, pipe->names[1], item);
    } else if (pipe->name_len) {
        e->variables[mark - 1].value = item;
        if (pipe->name_len > 1)
            e->variables[mark - 2].value = key;
    }
    if (!code)
        code = walk(e, item, n->body);
    e->variable_len = mark;
    return code == LEFT_CONTINUE ? 0 : code;
}

/* The i-th entry of what is ranged over. */
static void entry_at(const struct template_value *of, size_t i, struct template_state *e,
                     struct template_value *ret_key, struct template_value *ret_item)
{
    *ret_key = value_of_whole((int64_t)i);
    if (of->kind == VALUE_LABELS) {
        *ret_key = value_of_text(of->labels.items[i].name);
        *ret_item = value_of_text(of->labels.items[i].value);
    } else if (of->kind == VALUE_ARGS) {
        size_t at = template_value_arg_in_order(of->args, i);
        char name[32];
        size_t len = (size_t)snprintf(name, sizeof(name), "arg%zu", at);
        char *copy = arena_strndup(e->call.arena, name, len);
        *ret_key = copy ? value_of_text(str_make(copy, len)) : value_of_text(STR("arg"));
        *ret_item = of->args.items[at];
    } else if (of->kind == VALUE_SAMPLES) {
        *ret_item = (struct template_value){VALUE_SAMPLE, {.sample = of->samples.items[i]}};
    } else {
        *ret_item = *ret_key;
        *ret_key = (struct template_value){VALUE_NONE, {0}};
    }
}

static int count_turns(struct template_state *e, const struct node *n,
                       const struct template_value *over, size_t *ret)
{
    struct buf text;

    *ret = 0;
    if (over->kind == VALUE_NONE)
        return 0;
    if (over->kind != VALUE_TEXT && template_value_length(over, ret))
        return 0;
    if ((over->kind == VALUE_WHOLE || over->kind == VALUE_BYTE) && n->pipe->name_len < 2) {
        *ret = over->whole > 0 ? (size_t)over->whole : 0;
        return 0;
    }
    buf_init(&text, TEMPLATE_ERROR_MAX);
    template_format_said(over, &text);
    int code =
        over->kind == VALUE_WHOLE
            ? template_state_fail(e, "can't use %.*s to iterate over more than one variable",
                                  STR_ARG(buf_str(&text)))
            : template_state_fail(e, "range can't iterate over %.*s", STR_ARG(buf_str(&text)));
    buf_fini(&text);
    return code;
}

static int walk_range(struct template_state *e, struct template_value dot, const struct node *n)
{
    size_t mark = e->variable_len, len = 0;
    struct template_value over;
    int code = eval_pipe(e, dot, n->pipe, &over);

    if (!code)
        code = count_turns(e, n, &over, &len);
    size_t inner = e->variable_len;
    for (size_t i = 0; i < len && !code; i++) {
        struct template_value key, item;
        entry_at(&over, i, e, &key, &item);
        code = turn(e, n, inner, key, item);
    }
    if (!code && !len && n->other)
        code = walk(e, dot, n->other);
    else if (code == LEFT_BREAK)
        code = 0;
    e->variable_len = mark;
    return code;
}

/* {{template}}: what it names sees no variables of ours. */
static int walk_part(struct template_state *e, struct template_value dot, const struct node *n)
{
    const struct template_part *part = e->template->parts;
    struct template_value inner = {VALUE_NONE, {0}};
    struct str name = e->name;
    size_t base = e->base;

    while (part && !str_equal(part->name, n->text))
        part = part->next;
    if (!part)
        return template_state_fail(e, "template \"%.*s\" not defined", (int)MIN(n->text.len, 200),
                                   n->text.ptr);
    int code = n->pipe ? eval_pipe(e, dot, n->pipe, &inner) : 0;
    size_t mark = e->variable_len;
    e->base = mark;
    e->name = part->name;
    if (!code)
        code = template_state_push(e, STR("$"), inner);
    if (!code)
        code = walk(e, inner, part->root);
    e->name = name;
    e->base = base;
    e->variable_len = mark;
    return code;
}

static int walk_one(struct template_state *e, struct template_value dot, const struct node *n)
{
    struct template_value value;
    int code = template_state_step(e);

    if (code)
        return code;
    e->at = n;
    switch (n->kind) {
    case NODE_TEXT:
        buf_str_add(e->to, n->text);
        return 0;
    case NODE_ACTION:
        code = eval_pipe(e, dot, n->pipe, &value);
        if (!code && !n->pipe->name_len)
            template_format_said(&value, e->to);
        return code;
    case NODE_RANGE:
        return walk_range(e, dot, n);
    case NODE_TEMPLATE:
        return walk_part(e, dot, n);
    case NODE_BREAK:
        return LEFT_BREAK;
    case NODE_CONTINUE:
        return LEFT_CONTINUE;
    default:
        return walk_if(e, dot, n);
    }
}

static int walk(struct template_state *e, struct template_value dot, const struct node *list)
{
    int code = template_state_enter(e);

    for (const struct node *it = list->first; it && !code; it = it->next)
        code = walk_one(e, dot, it);
    e->depth--;
    return code;
}

/* ---- all of it ---- */

static int declare_known(struct template_state *e)
{
    const struct template_input *in = e->call.in;
    const struct template_variable known[] = {
        {STR("$"), {VALUE_DATA, {.data = in}}},
        {STR("$labels"), {VALUE_LABELS, {.labels = in->labels}}},
        {STR("$externalLabels"), {VALUE_LABELS, {.labels = in->external_labels}}},
        {STR("$externalURL"), value_of_text(in->external_url)},
        {STR("$value"), value_of_real(in->value)},
    };
    int code = 0;

    for (size_t i = 0; i < ARRAY_LEN(known) && !code; i++)
        code = template_state_push(e, known[i].name, known[i].value);
    return code;
}

static uint64_t deadline_of(const struct template_input *in)
{
    uint64_t own = clock_mono_ns() + (uint64_t)TEMPLATE_TIME_MAX_MS * NS_PER_MS;

    return in->deadline_mono_ns ? MIN(in->deadline_mono_ns, own) : own;
}

/* A template that is plain text: most annotations are. */
static bool is_plain(const struct template *t)
{
    const struct node *first = t->root->first;

    return !first || (first->kind == NODE_TEXT && !first->next);
}

bool template_expand(const struct template *t, const struct template_input *in, struct buf *to)
{
    struct buf error, name, said;
    struct arena arena;
    struct template_state e = {.template = t, .at = t->root, .to = &said};

    if (is_plain(t)) {
        if (t->root->first)
            buf_str_add(to, t->root->first->text);
        return true;
    }
    arena_init(&arena, TEMPLATE_MEMORY_MAX);
    buf_init(&error, TEMPLATE_ERROR_MAX);
    buf_init(&said, TEMPLATE_BYTES_MAX);
    buf_init(&name, 0);
    buf_text(&name, "__alert_");
    buf_str_add(&name, in->alert);
    e.name = buf_str(&name);
    e.call = (struct template_call){
        .in = in, .arena = &arena, .error = &error, .deadline_mono_ns = deadline_of(in)};
    int code = declare_known(&e);
    if (!code)
        code = walk(&e, (struct template_value){VALUE_DATA, {.data = in}}, t->root);
    if (!code)
        code = template_state_step(&e); /* what was said last may be too much */
    if (code) {
        buf_text(to, "<error expanding template: ");
        buf_str_add(to, buf_str(&error));
        buf_char(to, '>');
    } else {
        buf_str_add(to, buf_str(&said));
    }
    free(e.variables);
    buf_fini(&name);
    buf_fini(&said);
    buf_fini(&error);
    arena_fini(&arena);
    return !code;
}
