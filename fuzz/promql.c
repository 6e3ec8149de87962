/* promql.c - fuzzes the parser of PromQL: no text may break it, and what it prints must mean the
 * same again. */
#include "promql/ast.h"
#include "promql/format.h"
#include "promql/parse.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void reparse(const struct node *root, void (*print)(const struct node *, struct buf *))
{
    struct promql_error err;
    struct arena arena;
    struct tree tree;
    struct buf text;

    buf_init(&text, 0);
    arena_init(&arena, 0);
    print(root, &text);
    /* Formatting may lengthen a text; only what is still short enough can be read again. */
    if (text.len <= PARSE_TEXT_MAX) {
        if (parse_text(buf_str(&text), &arena, &tree, &err) || !node_equal(root, tree.root)) {
            fprintf(stderr, "%.*s\n", STR_ARG(buf_str(&text)));
            abort();
        }
        node_tree_fini(&tree);
    }
    arena_fini(&arena);
    buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct promql_error err;
    struct arena arena;
    struct tree tree;
    struct buf json;

    buf_init(&json, 0);
    arena_init(&arena, (size_t)64 << 20);
    if (!parse_text(text, &arena, &tree, &err)) {
        reparse(tree.root, format_line);
        reparse(tree.root, format_pretty);
        ast_print(tree.root, &json);
        node_tree_fini(&tree);
    } else if (!err.text[0]) {
        abort();
    }
    buf_fini(&json);
    arena_fini(&arena);
    return 0;
}
