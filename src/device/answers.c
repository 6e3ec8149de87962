/* answers.c - bytes as files of recorded answers have them. */
#include "device/answers.h"

#define LINE      16   /* bytes of one */
#define ERRNO_MAX 4095 /* as the kernel has them */

void answer_write(struct str bytes, struct buf *to)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        buf_char(to, digits[byte >> 4]);
        buf_char(to, digits[byte & 15]);
        buf_char(to, i % LINE == LINE - 1 || i + 1 == bytes.len ? '\n' : ' ');
    }
}

/* 0 when there is no error in it. */
static int parse_error(struct str text)
{
    uint64_t code;

    text = str_trim(text);
    if (!str_starts(text, STR("error ")))
        return 0;
    return num_parse_u64(str_make(text.ptr + 6, text.len - 6), &code) && code && code <= ERRNO_MAX
               ? -(int)code
               : -EBADMSG;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_line(struct str line, struct buf *to)
{
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] == ' ' || line.ptr[i] == '\t' || line.ptr[i] == '\r')
            continue;
        int high = digit(line.ptr[i]), low = i + 1 < line.len ? digit(line.ptr[i + 1]) : -1;
        if (high < 0 || low < 0)
            return -EBADMSG;
        if (to->len >= ANSWERS_BYTES_MAX)
            return -EFBIG;
        buf_char(to, (char)(high << 4 | low));
        i++;
    }
    return 0;
}

int answer_parse(struct str text, struct buf *to)
{
    int code = parse_error(text);

    for (struct str rest = text; rest.ptr && !code;) {
        struct str line = str_cut(&rest, '\n');
        if (!str_starts(line, STR("#")))
            code = parse_line(line, to);
    }
    return code ? code : to->failed ? -ENOMEM : 0;
}
