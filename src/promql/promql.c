/* promql.c - the outside of the room but for evaluation: checking, formatting, selectors. */
#include "promql/promql.h"

#include "promql/ast.h"
#include "promql/fault.h"
#include "promql/format.h"
#include "promql/parse.h"

#define PARSE_MEMORY_MAX ((size_t)64 << 20) /* for the tree of one expression */

int promql_check(struct str expr, struct promql_error *err)
{
    struct arena arena;
    struct tree tree;

    arena_init(&arena, PARSE_MEMORY_MAX);
    int code = parse_text(expr, &arena, &tree, err);
    if (!code)
        node_tree_fini(&tree);
    arena_fini(&arena);
    return code;
}

static int format_with(void (*print)(const struct node *n, struct buf *to), struct str expr,
                       struct buf *to, struct promql_error *err)
{
    struct arena arena;
    struct tree tree;

    arena_init(&arena, PARSE_MEMORY_MAX);
    int code = parse_text(expr, &arena, &tree, err);
    if (!code) {
        print(tree.root, to);
        node_tree_fini(&tree);
        if (to->failed)
            code = fault_memory(err);
    }
    arena_fini(&arena);
    return code;
}

int promql_format(struct str expr, struct buf *to, struct promql_error *err)
{
    return format_with(format_pretty, expr, to, err);
}

int promql_format_line(struct str expr, struct buf *to, struct promql_error *err)
{
    return format_with(format_line, expr, to, err);
}

int promql_print_tree(struct str expr, struct buf *to, struct promql_error *err)
{
    return format_with(ast_print, expr, to, err);
}

int promql_parse_selector(struct str text, struct arena *a, struct selector *ret,
                          struct promql_error *err)
{
    struct tree tree;
    int code = parse_text(text, a, &tree, err);

    if (code)
        return code;
    const struct node *n = tree.root;
    if (n->kind != NODE_SELECTOR || n->type != PROMQL_VECTOR || n->offset || n->at != AT_NONE) {
        node_tree_fini(&tree);
        return fault_parse(err, text, 0, "a series selector is wanted: name{label=\"value\"}");
    }
    *ret = (struct selector){n->selector.matchers, n->selector.len};
    return 0;
}

void promql_selector_fini(struct selector *s)
{
    for (size_t i = 0; i < s->len; i++) {
        struct matcher m = s->matchers[i];
        matcher_fini(&m);
    }
    *s = (struct selector){0};
}
