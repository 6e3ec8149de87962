/* assets.c - looks up embedded files. */
#include "web/assets.h"

#include "web/web.h"

#include <libdeflate.h>

const struct asset *asset_get(struct str path)
{
    for (size_t i = 0; i < web_embedded_page_len; i++)
        if (str_is(path, web_embedded_pages[i].path))
            return &web_embedded_pages[i];
    return NULL;
}

int asset_plain(const struct asset *a, struct buf *ret)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    char *to = d ? buf_reserve(ret, a->plain_len) : NULL;
    size_t got = 0;
    int code = 0;

    if (!to)
        code = -ENOMEM;
    else if (libdeflate_gzip_decompress(d, a->bytes, a->len, to, a->plain_len, &got) !=
             LIBDEFLATE_SUCCESS)
        code = -EINVAL;
    ret->len += got;
    libdeflate_free_decompressor(d);
    return code;
}

struct str web_asset(const char *path, const char **ret_content_type)
{
    const struct asset *a = asset_get(str_of(path));

    if (!a)
        return (struct str){NULL, 0};
    if (ret_content_type)
        *ret_content_type = a->content_type;
    return str_make((const char *)a->bytes, a->len);
}
