/* view.h - what of the readings is shown, and where: a frame in, a picture out, keys in between. It
 * knows no terminal. Start at view_draw(). */
#ifndef ALGALON_TOP_VIEW_H
#define ALGALON_TOP_VIEW_H

#include "canvas.h"
#include "history.h"
#include "reading.h"

/* Keys that are no characters; those that are come as themselves. */
enum view_key {
    VIEW_KEY_UP = 0x110000, /* past Unicode */
    VIEW_KEY_DOWN,
    VIEW_KEY_PAGE_UP,
    VIEW_KEY_PAGE_DOWN,
    VIEW_KEY_HOME,
    VIEW_KEY_END,
    VIEW_KEY_ENTER,
    VIEW_KEY_ESCAPE,
    VIEW_KEY_BACKSPACE,
    VIEW_KEY_TAB,
    VIEW_KEY_RESIZE /* the terminal has another size */
};

/* A source that does not answer. */
struct trouble {
    const char *source;
    char text[200];
};

/* All that there is to show; borrowed for the call. */
struct frame {
    const struct reading *const *readings;
    size_t reading_len;
    const struct trouble *troubles;
    size_t trouble_len;
    const struct history *history; /* NULL: a single picture, without curves and keys */
    int64_t now_ms;
    bool past; /* now_ms is a moment of the past */
    int64_t interval_ms;
};

enum pane {
    PANE_GPUS,
    PANE_PROCESSES,
    PANES
};

enum gpu_sort {
    SORT_PLACE, /* by machine and number */
    SORT_BUSIEST,
    SORT_IDLEST,
    SORT_HOTTEST,
    SORT_POWER,
    GPU_SORTS
};

enum process_sort {
    SORT_GPU_MEMORY,
    SORT_GPU_TIME,
    SORT_CPU,
    SORT_MEMORY,
    PROCESS_SORTS
};

struct view {
    bool utf8;
    bool hold; /* the caller shows the same frame until it is false again */
    bool help, typing;
    enum pane focus;
    size_t selected[PANES], scrolled[PANES], len[PANES], page[PANES]; /* rows */
    enum gpu_sort gpu_sort;
    enum process_sort process_sort;
    char filter[64];
    char only_machine[256], only_gpu[64]; /* whose processes are shown; "": all */
    char at_machine[256], at_gpu[64];     /* what the cursor was on when it was drawn last */
    struct arena arena;                   /* of one drawing */
};

void view_init(struct view *v, bool utf8);
void view_fini(struct view *v);

/** Draws all of it. */
void view_draw(struct view *v, const struct frame *f, struct canvas *c);

/** How many lines it takes to show everything at this width. */
unsigned view_height(struct view *v, const struct frame *f);

/** Takes a key; false when it means to end. */
bool view_key(struct view *v, int key);

#endif
