/* top_reading.c - any bytes as an exposition: `top` reads them, and every line it draws fits and
 * holds nothing that a terminal would obey. */
#include "top/view.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int keys[] = {'s', 's', VIEW_KEY_DOWN, VIEW_KEY_ENTER, VIEW_KEY_TAB, 's', '?'};
    struct str text = {(const char *)data, size};
    unsigned width = size ? data[0] : 80, height = size > 1 ? data[1] % 60 : 24;
    struct reading *r;
    struct view v;

    if (reading_new(text, "machine", &r, NULL))
        return 0;
    struct history h;
    struct frame f = {.readings = (const struct reading *const *)&r,
                      .reading_len = 1,
                      .history = &h,
                      .now_ms = 1800000000000,
                      .interval_ms = 2000};
    history_init(&h);
    history_add(&h, r, 7);
    view_init(&v, size % 2);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct canvas c;
        struct buf drawn;
        demand(canvas_init(&c, width, height) == 0);
        view_draw(&v, &f, &c);
        buf_init(&drawn, 0);
        canvas_text(&c, &drawn);
        demand(drawn.failed || str_is_utf8(buf_str(&drawn)));
        for (size_t j = 0; j < drawn.len; j++)
            demand((unsigned char)drawn.ptr[j] >= ' ' || drawn.ptr[j] == '\n');
        buf_fini(&drawn);
        canvas_fini(&c);
        demand(view_key(&v, keys[i]));
    }
    view_fini(&v);
    history_fini(&h);
    reading_free(r);
    return 0;
}
