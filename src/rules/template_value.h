/* template_value.h - what flows through a template's pipelines: the Go types that can appear in
 * one. */
#ifndef ALGALON_RULES_TEMPLATE_VALUE_H
#define ALGALON_RULES_TEMPLATE_VALUE_H

#include "rules/template.h"

enum value_kind {
    VALUE_NONE, /* nil, or the key that a map lacks */
    VALUE_BOOL,
    VALUE_WHOLE, /* int */
    VALUE_BYTE,  /* uint8: one of a text */
    VALUE_REAL,  /* float64 */
    VALUE_TEXT,
    VALUE_LABELS,   /* map[string]string */
    VALUE_ARGS,     /* map[string]any with the keys arg0, arg1 and so on */
    VALUE_SAMPLE,   /* *sample; NULL: nil */
    VALUE_SAMPLES,  /* []*sample, what a query gives */
    VALUE_DATA,     /* ".": the template's input */
    VALUE_TIME,     /* `whole`: milliseconds since 1970 */
    VALUE_DURATION, /* `whole`: nanoseconds */
    VALUE_MONTH,    /* `whole`: 1 is January */
    VALUE_WEEKDAY   /* `whole`: 0 is Sunday */
};

/* Functions that sort do so in place, so that all who hold the list see it, as in Go. */
struct value_samples {
    const struct template_sample **items;
    size_t len;
};

struct template_value;

struct value_args {
    const struct template_value *items;
    size_t len;
};

struct template_value {
    enum value_kind kind;
    union {
        bool truth;
        int64_t whole;
        double real;
        struct str text;
        struct labels labels;
        struct value_args args;
        const struct template_sample *sample;
        struct value_samples samples;
        const struct template_input *data;
    };
};

static inline struct template_value value_of_text(struct str text)
{
    return (struct template_value){VALUE_TEXT, {.text = text}};
}

static inline struct template_value value_of_real(double real)
{
    return (struct template_value){VALUE_REAL, {.real = real}};
}

static inline struct template_value value_of_whole(int64_t whole)
{
    return (struct template_value){VALUE_WHOLE, {.whole = whole}};
}

static inline struct template_value value_of_bool(bool truth)
{
    return (struct template_value){VALUE_BOOL, {.truth = truth}};
}

/** Whether `if` takes it for true: what is not the zero of its type. */
bool template_value_is_true(const struct template_value *v);

/** The name of its Go type, for errors and %T. */
const char *template_value_type(const struct template_value *v);

/** How many entries a map, a list or a text has; false when it is none of them. */
bool template_value_length(const struct template_value *v, size_t *ret);

/** The label's value; the empty text when there is none. */
struct template_value template_value_label(struct labels labels, struct str name);

/** The entry of a map that args made; VALUE_NONE when it has no such key. */
struct template_value template_value_arg(struct value_args args, struct str name);

/** Which entry of `args` has the i-th key in order of text: arg0, arg1, arg10, arg2. */
size_t template_value_arg_in_order(struct value_args args, size_t i);

/** What a time, a duration, a month or a day of the week says of itself; false for anything
 * else. */
bool template_value_speaks(const struct template_value *v, struct buf *to);

#endif
