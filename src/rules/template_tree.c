/* template_tree.c - see template_tree.h. */
#include "rules/template_tree.h"

static void print_names(const struct node *n, const char *between, struct buf *to)
{
    for (size_t i = 0; i < n->name_len; i++) {
        buf_text(to, i ? between : "");
        buf_str_add(to, n->names[i]);
    }
}

/* A pipeline within another needs its parentheses. */
static void print_operand(const struct node *n, struct buf *to)
{
    buf_text(to, n->kind == NODE_PIPE ? "(" : "");
    template_tree_print(n, to);
    buf_text(to, n->kind == NODE_PIPE ? ")" : "");
}

static void print_all(const struct node *first, const char *between, struct buf *to)
{
    for (const struct node *it = first; it; it = it->next) {
        buf_text(to, it == first ? "" : between);
        print_operand(it, to);
    }
}

static void print_fields(const struct node *n, struct buf *to)
{
    for (size_t i = 0; i < n->name_len; i++) {
        buf_char(to, '.');
        buf_str_add(to, n->names[i]);
    }
}

void template_tree_print(const struct node *n, struct buf *to)
{
    switch (n->kind) {
    case NODE_PIPE:
        print_names(n, ", ", to);
        buf_text(to, !n->name_len ? "" : n->assigns ? " = " : " := ");
        print_all(n->first, " | ", to);
        break;
    case NODE_COMMAND:
        print_all(n->first, " ", to);
        break;
    case NODE_DOT:
        buf_char(to, '.');
        break;
    case NODE_NIL:
        buf_text(to, "nil");
        break;
    case NODE_BOOL:
        buf_text(to, n->truth ? "true" : "false");
        break;
    case NODE_STRING:
        buf_str_add(to, n->quoted);
        break;
    case NODE_FIELD:
        print_fields(n, to);
        break;
    case NODE_VARIABLE:
        print_names(n, ".", to);
        break;
    case NODE_CHAIN:
        print_operand(n->first, to);
        print_fields(n, to);
        break;
    case NODE_TEMPLATE:
        buf_text(to, "{{template ");
        buf_str_add(to, n->quoted);
        if (n->pipe) {
            buf_char(to, ' ');
            template_tree_print(n->pipe, to);
        }
        buf_text(to, "}}");
        break;
    default: /* numbers and functions as they were written; what holds others is never asked for */
        buf_str_add(to, n->text);
        break;
    }
}
