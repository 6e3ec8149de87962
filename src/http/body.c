/* body.c - the one door to libdeflate and zstd in this room. */
#include "http/body.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <strings.h>
#include <zstd.h>

#define GZIP_LEVEL       1  /* text of samples shrinks tenfold already; latency counts */
#define COMPRESSORS_KEPT 4  /* answers compressed at once without a new allocation */
#define FIRST_GUESS      4u /* how many times its size a body is expected to grow to */
#define ZSTD_WINDOW_LOG  23 /* 8 MiB: what RFC 8878 asks decoders to take; bounds their memory */
#define SMALLEST_GUESS   4096u

static bool is(struct str coding, const char *name)
{
    return coding.len == strlen(name) && strncasecmp(coding.ptr, name, coding.len) == 0;
}

static bool is_identity(struct str coding)
{
    return !coding.len || is(coding, "identity") || is(coding, "snappy");
}

bool body_coding_is_known(struct str coding)
{
    return is_identity(coding) || is(coding, "gzip") || is(coding, "x-gzip") || is(coding, "zstd");
}

static int too_large(size_t max, struct error *err)
{
    return error_set(err, -EFBIG, "the decompressed body is larger than %zu bytes", max);
}

/* Makes room in `to`, which never grows past its `max`; returns where it goes and how much it is.
 */
static char *room(struct buf *to, size_t want, size_t *ret_len)
{
    want = MIN(want, to->max - to->len);
    *ret_len = want;
    return want ? buf_reserve(to, want) : NULL;
}

/* A gzip body may be several members one behind the other (RFC 1952, 2.2). */
static int gunzip(struct str from, struct buf *to, struct error *err)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    size_t guess = MAX(from.len * FIRST_GUESS, SMALLEST_GUESS);
    int code = d ? 0 : -ENOMEM;

    while (code == 0 && from.len) {
        size_t len, used, made;
        char *at = room(to, guess, &len);
        if (!at) {
            code = to->failed ? -ENOMEM : too_large(to->max, err);
            break;
        }
        switch (libdeflate_gzip_decompress_ex(d, from.ptr, from.len, at, len, &used, &made)) {
        case LIBDEFLATE_SUCCESS:
            to->len += made;
            from = str_make(from.ptr + used, from.len - used);
            break;
        case LIBDEFLATE_INSUFFICIENT_SPACE:
            if (len < guess)
                code = too_large(to->max, err);
            guess = guess > SIZE_MAX / 4 ? SIZE_MAX : guess * 4;
            break;
        default:
            code = error_set(err, -EBADMSG, "the gzip body is damaged");
        }
    }
    libdeflate_free_decompressor(d);
    return code;
}

static int unzstd(struct str from, struct buf *to, struct error *err)
{
    ZSTD_DCtx *d = ZSTD_createDCtx();
    ZSTD_inBuffer in = {from.ptr, from.len, 0};
    size_t left = 1; /* of the frame; 0 at its end */
    int code = d ? 0 : -ENOMEM;

    if (d)
        ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
    while (code == 0 && (in.pos < in.size || left)) {
        size_t len, before = in.pos;
        char *at = room(to, MAX(ZSTD_DStreamOutSize(), from.len), &len);
        if (!at && to->failed) {
            code = -ENOMEM;
            break;
        }
        ZSTD_outBuffer out = {at ? at : (char *)&left, at ? len : 0, 0};
        left = ZSTD_decompressStream(d, &out, &in);
        to->len += out.pos;
        if (ZSTD_isError(left))
            code =
                error_set(err, -EBADMSG, "the zstd body is damaged: %s", ZSTD_getErrorName(left));
        else if (out.pos == 0 && in.pos == before && (left || in.pos < in.size))
            code =
                at ? error_set(err, -EBADMSG, "the zstd body is cut off") : too_large(to->max, err);
    }
    ZSTD_freeDCtx(d);
    return code;
}

int body_decode(struct str coding, struct buf *body, size_t max, struct buf *ret, struct error *err)
{
    int code;

    buf_fini(ret);
    if (is_identity(coding)) {
        *ret = *body;
        buf_init(body, 0);
        return 0;
    }
    buf_init(ret, max);
    if (is(coding, "gzip") || is(coding, "x-gzip"))
        code = gunzip(buf_str(body), ret, err);
    else if (is(coding, "zstd"))
        code = unzstd(buf_str(body), ret, err);
    else
        code = error_set(err, -EOPNOTSUPP, "Content-Encoding \"%.*s\" is not understood",
                         (int)MIN(coding.len, 40), coding.ptr);
    buf_fini(body);
    if (code) {
        buf_fini(ret);
        if (code == -ENOMEM)
            error_errno(err, code, "decompress the body");
    }
    return code;
}

/* ---- answers ---- */

struct body_gzip {
    pthread_mutex_t lock; /* kept, kept_len */
    struct libdeflate_compressor *kept[COMPRESSORS_KEPT];
    size_t kept_len;
};

struct body_gzip *body_gzip_new(void)
{
    struct body_gzip *g = xnew(struct body_gzip);

    pthread_mutex_init(&g->lock, NULL);
    return g;
}

void body_gzip_free(struct body_gzip *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->kept_len; i++)
        libdeflate_free_compressor(g->kept[i]);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

static struct libdeflate_compressor *take(struct body_gzip *g)
{
    struct libdeflate_compressor *c = NULL;

    pthread_mutex_lock(&g->lock);
    if (g->kept_len)
        c = g->kept[--g->kept_len];
    pthread_mutex_unlock(&g->lock);
    return c ? c : libdeflate_alloc_compressor(GZIP_LEVEL);
}

static void give_back(struct body_gzip *g, struct libdeflate_compressor *c)
{
    pthread_mutex_lock(&g->lock);
    if (g->kept_len < COMPRESSORS_KEPT) {
        g->kept[g->kept_len++] = c;
        c = NULL;
    }
    pthread_mutex_unlock(&g->lock);
    libdeflate_free_compressor(c);
}

bool body_gzip(struct body_gzip *g, struct buf *body)
{
    struct libdeflate_compressor *c = take(g);
    size_t made = 0;
    /* Room for what is worth having: a result that does not fit is none. */
    char *to = c ? malloc(body->len) : NULL;

    if (to)
        made = libdeflate_gzip_compress(c, body->ptr, body->len, to, body->len);
    if (c)
        give_back(g, c);
    if (!made) {
        free(to);
        return false;
    }
    char *fitting = realloc(to, made);
    buf_fini(body);
    body->ptr = fitting ? fitting : to;
    body->len = body->cap = made;
    return true;
}
