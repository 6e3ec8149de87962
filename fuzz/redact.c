/* redact.c - fuzzes what replaces names and addresses in a bundle. The first line is what is known;
 * no word of it that is distinctive enough may stand in what is written. */
#include "doctor/redact_match.h"

#include <ctype.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether `word` stands in `text` between characters that no name has. */
static bool stands(struct str text, struct str word)
{
    for (size_t at = 0; at + word.len <= text.len; at++) {
        char left = at ? text.ptr[at - 1] : ' ';
        struct str rest = str_make(text.ptr + at + word.len, text.len - at - word.len);
        if (memcmp(text.ptr + at, word.ptr, word.len) == 0 && left == ' ' &&
            (!rest.len || rest.ptr[0] == ' '))
            return true;
    }
    return false;
}

static bool is_plain(struct str word)
{
    bool digit = false;

    if (redact_is_common(word) || redact_is_kept(word))
        return false; /* those stay outside of their fields */

    for (size_t i = 0; i < word.len; i++) {
        if (!isalnum((unsigned char)word.ptr[i]))
            return false;
        digit |= isdigit((unsigned char)word.ptr[i]) != 0;
    }
    return digit && word.len >= 4 && word.len < 64 && isalpha((unsigned char)word.ptr[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_make((const char *)data, size);
    struct str known = str_cut(&rest, '\n');
    struct str text = str_make(rest.ptr ? rest.ptr : "", rest.len);
    struct redactor r;
    struct buf once;

    redact_init(&r);
    buf_init(&once, 0);
    redact_know(&r, REDACT_HOST, known);
    redact_learn(&r, text);
    redact(&r, text, &once);
    if (!r.failed && !once.failed && is_plain(known) && stands(buf_str(&once), known))
        __builtin_trap();
    if (once.len > 64 * text.len)
        __builtin_trap();
    redact_word(&r, REDACT_NAME, known, &once);
    buf_fini(&once);
    redact_fini(&r);
    return 0;
}
