/* screen.c - ncurses behind a table of its functions. */
#include "screen.h"

#include "view.h"

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <ncurses.h>

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifdef __APPLE__
static const char *const libraries[] = {"libncurses.dylib", "libncurses.5.4.dylib"};
#else
static const char *const libraries[] = {"libncursesw.so.6", "libncursesw.so.5"};
#endif
#define ESCAPE_DELAY_MS 25

struct library {
    SCREEN *(*newterm)(const char *, FILE *, FILE *);
    int (*endwin)(void);
    void (*delscreen)(SCREEN *);
    int (*start_color)(void);
    bool (*has_colors)(void);
    int (*use_default_colors)(void);
    int (*init_pair)(short, short, short);
    int (*cbreak)(void);
    int (*noecho)(void);
    int (*nonl)(void);
    int (*curs_set)(int);
    int (*set_escdelay)(int);
    WINDOW *(*newwin)(int, int, int, int);
    int (*delwin)(WINDOW *);
    int (*keypad)(WINDOW *, bool);
    int (*wget_wch)(WINDOW *, wint_t *);
    void (*wtimeout)(WINDOW *, int);
    int (*wmove)(WINDOW *, int, int);
    int (*wattr_set)(WINDOW *, attr_t, short, void *);
    int (*waddnwstr)(WINDOW *, const wchar_t *, int);
    int (*wrefresh)(WINDOW *);
    int (*werase)(WINDOW *);
    int (*resizeterm)(int, int);
    int (*wresize)(WINDOW *, int, int);
};

struct screen {
    struct library lib;
    SCREEN *terminal;
    WINDOW *window;
    unsigned width, height;
    bool color;
};

static bool load(struct library *lib)
{
    const struct {
        const char *name;
        void *slot;
    } symbols[] = {
        {"newterm", &lib->newterm},       {"endwin", &lib->endwin},
        {"delscreen", &lib->delscreen},   {"start_color", &lib->start_color},
        {"has_colors", &lib->has_colors}, {"use_default_colors", &lib->use_default_colors},
        {"init_pair", &lib->init_pair},   {"cbreak", &lib->cbreak},
        {"noecho", &lib->noecho},         {"nonl", &lib->nonl},
        {"curs_set", &lib->curs_set},     {"set_escdelay", &lib->set_escdelay},
        {"newwin", &lib->newwin},         {"delwin", &lib->delwin},
        {"keypad", &lib->keypad},         {"wget_wch", &lib->wget_wch},
        {"wtimeout", &lib->wtimeout},     {"wmove", &lib->wmove},
        {"wattr_set", &lib->wattr_set},   {"waddnwstr", &lib->waddnwstr},
        {"wrefresh", &lib->wrefresh},     {"werase", &lib->werase},
        {"resizeterm", &lib->resizeterm}, {"wresize", &lib->wresize}};
    void *handle = NULL;

    for (size_t i = 0; !handle && i < ARRAY_LEN(libraries); i++)
        handle = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL); /* kept: it stays until the end */
    for (size_t i = 0; handle && i < ARRAY_LEN(symbols); i++) {
        void *symbol = dlsym(handle, symbols[i].name);
        if (!symbol)
            return false;
        memcpy(symbols[i].slot, &symbol, sizeof(symbol));
    }
    return handle != NULL;
}

static void colors(struct screen *s)
{
    static const short pairs[STYLES] = {[STYLE_GOOD] = COLOR_GREEN,
                                        [STYLE_WARN] = COLOR_YELLOW,
                                        [STYLE_BAD] = COLOR_RED,
                                        [STYLE_TITLE] = COLOR_CYAN};

    s->color = s->color && s->lib.has_colors();
    if (!s->color)
        return;
    s->lib.start_color();
    s->lib.use_default_colors();
    for (short i = 0; i < STYLES; i++)
        if (pairs[i])
            s->lib.init_pair(i, pairs[i], -1);
}

int screen_open(bool color, struct screen **ret, struct error *err)
{
    struct screen *s;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return error_errno(err, -ENOTTY,
                           "this is no terminal; `algalon top --once` prints one picture");
    s = calloc(1, sizeof(*s));
    if (!s)
        return error_errno(err, -ENOMEM, "terminal");
    s->color = color;
    if (!load(&s->lib)) {
        free(s);
        return error_errno(err, -ELIBACC,
                           "%s cannot be opened: install libncursesw6 (Debian, Ubuntu) or "
                           "ncurses-libs (Fedora), or print one picture with --once",
                           libraries[0]);
    }
    s->terminal = s->lib.newterm(NULL, stdout, stdin);
    if (!s->terminal) {
        const char *term = getenv("TERM");
        free(s);
        return error_errno(err, -ENOTSUP, "the terminal TERM=%s is not known; try TERM=xterm",
                           term ? term : "");
    }
    s->lib.set_escdelay(ESCAPE_DELAY_MS);
    s->lib.cbreak();
    s->lib.noecho();
    s->lib.nonl();
    s->lib.curs_set(0);
    colors(s);
    s->window = s->lib.newwin(0, 0, 0, 0);
    if (!s->window) {
        screen_close(s);
        return error_errno(err, -ENOMEM, "terminal");
    }
    s->lib.keypad(s->window, true);
    *ret = s;
    return 0;
}

void screen_close(struct screen *s)
{
    if (!s)
        return;
    if (s->window)
        s->lib.delwin(s->window);
    s->lib.endwin();
    s->lib.delscreen(s->terminal);
    free(s);
}

void screen_size(struct screen *s, unsigned *ret_width, unsigned *ret_height)
{
    struct winsize size = {0};

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
        size = (struct winsize){.ws_row = 24, .ws_col = 80};
    *ret_width = size.ws_col;
    *ret_height = size.ws_row;
    if (size.ws_col == s->width && size.ws_row == s->height)
        return; /* resizeterm() reports KEY_RESIZE each time it is called */
    s->width = size.ws_col;
    s->height = size.ws_row;
    s->lib.resizeterm(size.ws_row, size.ws_col);
    s->lib.wresize(s->window, size.ws_row, size.ws_col);
}

static void set_style(struct screen *s, enum style style)
{
    static const attr_t attributes[STYLES] = {[STYLE_TITLE] = WA_BOLD,
                                              [STYLE_DIM] = WA_DIM,
                                              [STYLE_BAD] = WA_BOLD,
                                              [STYLE_SELECTED] = WA_REVERSE};
    bool colored = s->color && (style == STYLE_GOOD || style == STYLE_WARN || style == STYLE_BAD ||
                                style == STYLE_TITLE);

    s->lib.wattr_set(s->window, attributes[style], colored ? (short)style : 0, NULL);
}

void screen_show(struct screen *s, const struct canvas *c)
{
    wchar_t run[CANVAS_MAX];

    s->lib.werase(s->window);
    for (unsigned y = 0; y < c->height; y++) {
        const struct cell *line = c->cells + (size_t)y * c->width;
        s->lib.wmove(s->window, (int)y, 0);
        for (unsigned x = 0; x < c->width;) {
            unsigned n = 0;
            enum style style = line[x].style;
            while (x + n < c->width && line[x + n].style == style) {
                run[n] = line[x + n].ch;
                n++;
            }
            set_style(s, style);
            s->lib.waddnwstr(s->window, run, (int)n);
            x += n;
        }
    }
    s->lib.wrefresh(s->window);
}

int screen_key(struct screen *s, int wait_ms)
{
    static const struct {
        int theirs, ours;
    } keys[] = {{KEY_UP, VIEW_KEY_UP},         {KEY_DOWN, VIEW_KEY_DOWN},
                {KEY_PPAGE, VIEW_KEY_PAGE_UP}, {KEY_NPAGE, VIEW_KEY_PAGE_DOWN},
                {KEY_HOME, VIEW_KEY_HOME},     {KEY_END, VIEW_KEY_END},
                {KEY_ENTER, VIEW_KEY_ENTER},   {KEY_BACKSPACE, VIEW_KEY_BACKSPACE},
                {KEY_BTAB, VIEW_KEY_TAB},      {KEY_RESIZE, VIEW_KEY_RESIZE}};
    wint_t key = 0;

    s->lib.wtimeout(s->window, wait_ms);
    int kind = s->lib.wget_wch(s->window, &key);
    if (kind == ERR)
        return SCREEN_NO_KEY;
    if (kind == KEY_CODE_YES) {
        for (size_t i = 0; i < ARRAY_LEN(keys); i++)
            if ((int)key == keys[i].theirs)
                return keys[i].ours;
        return SCREEN_NO_KEY;
    }
    switch (key) {
    case '\r':
    case '\n':
        return VIEW_KEY_ENTER;
    case '\t':
        return VIEW_KEY_TAB;
    case 27:
        return VIEW_KEY_ESCAPE;
    case 127:
    case 8:
        return VIEW_KEY_BACKSPACE;
    default:
        return (int)key;
    }
}
