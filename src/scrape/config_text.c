/* config_text.c - writes a YAML tree with its secrets covered. */
#include "scrape/config_text.h"

#define COVER "<secret>"

static void print(const struct yaml_node *node, unsigned level, bool secret, struct buf *to);

/* Keys whose whole value is kept back: of this program's configuration and of the parts of
 * Prometheus's that it passes over. */
static bool is_secret(struct str key)
{
    static const char *const secrets[] = {"password",
                                          "credentials",
                                          "bearer_token",
                                          "client_secret",
                                          "secret_key",
                                          "secrets",
                                          "headers",
                                          "token",
                                          "proxy_connect_header",
                                          "key",
                                          "access_key",
                                          "api_key",
                                          "secret",
                                          "application_credential_secret",
                                          "client_assertion"};

    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        if (str_is(key, secrets[i]))
            return true;
    return false;
}

/* "http://user:password@host": what stands between "://" and the last "@" before the path. */
static bool find_userinfo(struct str text, size_t *ret_from, size_t *ret_to)
{
    const char *scheme = memmem(text.ptr, text.len, "://", 3);
    bool found = false;

    if (!scheme)
        return false;
    *ret_from = (size_t)(scheme - text.ptr) + 3;
    for (size_t i = *ret_from; i < text.len && !strchr("/?#", text.ptr[i]); i++)
        if (text.ptr[i] == '@') {
            *ret_to = i;
            found = true;
        }
    return found;
}

static void print_text(const struct yaml_node *node, struct buf *to)
{
    struct str text = node->text;
    struct buf covered;
    size_t from, end;

    buf_init(&covered, 0);
    if (find_userinfo(text, &from, &end)) {
        buf_add(&covered, text.ptr, from);
        buf_text(&covered, COVER);
        buf_add(&covered, text.ptr + end, text.len - end);
        text = buf_str(&covered);
    }
    to->failed = to->failed || covered.failed;
    if (node->plain && !memchr(text.ptr, '\n', text.len))
        buf_str_add(to, text);
    else
        buf_json(to, text); /* what JSON quotes, YAML reads */
    buf_fini(&covered);
}

static void print_key(struct str key, struct buf *to)
{
    bool plain = key.len > 0;

    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                          (i && c >= '0' && c <= '9'));
    }
    if (plain)
        buf_str_add(to, key);
    else
        buf_json(to, key);
    buf_char(to, ':');
}

static void indent(unsigned level, struct buf *to)
{
    while (level--)
        buf_text(to, "  ");
}

static void print_map(const struct yaml_node *node, unsigned level, bool secret, struct buf *to)
{
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        if (it != node->first)
            indent(level, to);
        print_key(it->key, to);
        if (it->value->kind != YAML_TEXT && it->value->first) {
            buf_char(to, '\n');
            indent(level + 1, to);
        } else {
            buf_char(to, ' ');
        }
        print(it->value, level + 1, secret || is_secret(it->key), to);
    }
}

static void print_list(const struct yaml_node *node, unsigned level, bool secret, struct buf *to)
{
    for (const struct yaml_item *it = node->first; it; it = it->next) {
        if (it != node->first)
            indent(level, to);
        buf_text(to, "- ");
        print(it->value, level + 1, secret, to);
    }
}

/* The cursor stands where the first line begins; every line ends with its line end. */
static void print(const struct yaml_node *node, unsigned level, bool secret, struct buf *to)
{
    if (node->kind == YAML_TEXT) {
        if (secret && node->text.len && !yaml_is_null(node))
            buf_text(to, COVER);
        else
            print_text(node, to);
        buf_char(to, '\n');
    } else if (!node->first) {
        buf_text(to, node->kind == YAML_MAP ? "{}\n" : "[]\n");
    } else if (node->kind == YAML_MAP) {
        print_map(node, level, secret, to);
    } else {
        print_list(node, level, secret, to);
    }
}

void config_text_print(const struct yaml_node *root, struct buf *to)
{
    if (!yaml_is_null(root))
        print(root, 0, false, to);
}
