#include "device/linux_proc.h"

#define PF_KTHREAD_BIT 0x00200000u
#define KIB            1024u

/* Takes digits off the front; false, and nothing taken, when there are none or too many. */
static bool take_u64(struct str *rest, uint64_t *ret)
{
    uint64_t value = 0;
    size_t n = 0;

    for (; n < rest->len && rest->ptr[n] >= '0' && rest->ptr[n] <= '9'; n++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(rest->ptr[n] - '0'), &value))
            return false;
    if (!n)
        return false;
    rest->ptr += n;
    rest->len -= n;
    *ret = value;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static void skip_blanks(struct str *rest)
{
    while (rest->len && is_blank(rest->ptr[0])) {
        rest->ptr++;
        rest->len--;
    }
}

/* The next word; empty at the end. */
static struct str take_word(struct str *rest)
{
    skip_blanks(rest);
    size_t n = 0;
    while (n < rest->len && !is_blank(rest->ptr[n]))
        n++;
    struct str word = {rest->ptr, n};
    if (n) {
        rest->ptr += n;
        rest->len -= n;
    }
    return word;
}

bool linux_proc_stat_next(struct str *rest, int *ret_cpu, struct linux_ticks *ret)
{
    const char *newline = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;

    if (!newline || !str_starts(*rest, STR("cpu")))
        return false;
    struct str line = {rest->ptr + 3, (size_t)(newline - rest->ptr) - 3};
    uint64_t number;
    *ret_cpu = -1;
    if (take_u64(&line, &number)) {
        if (number > INT32_MAX)
            return false;
        *ret_cpu = (int)number;
    }
    *ret = (struct linux_ticks){{0}};
    for (int i = 0; i < TICK_FIELDS; i++) {
        skip_blanks(&line);
        if (!take_u64(&line, &ret->field[i])) {
            if (i <= TICK_IDLE) /* the later fields came with 2.5 and 2.6.11 */
                return false;
            break;
        }
    }
    rest->len -= (size_t)(newline + 1 - rest->ptr);
    rest->ptr = newline + 1;
    return true;
}

struct linux_load linux_proc_load(const struct linux_ticks *before, const struct linux_ticks *now)
{
    double delta[TICK_FIELDS], total = 0, busy = 0;

    for (int i = 0; i < TICK_FIELDS; i++) {
        delta[i] =
            now->field[i] > before->field[i] ? (double)(now->field[i] - before->field[i]) : 0;
        total += delta[i];
        busy += i == TICK_IDLE || i == TICK_IOWAIT ? 0 : delta[i];
    }
    if (total <= 0)
        return (struct linux_load){UNKNOWN, UNKNOWN, UNKNOWN};
    return (struct linux_load){
        .busy = busy / total,
        .iowait = delta[TICK_IOWAIT] / total,
        .steal = delta[TICK_STEAL] / total,
    };
}

bool linux_proc_pid_stat(struct str text, struct linux_pid_stat *ret)
{
    /* Fields by their number in proc(5), less 3: the state is the first behind the name. */
    enum {
        PPID = 1,
        FLAGS = 6,
        UTIME = 11,
        STIME = 12,
        THREADS = 17,
        START = 19,
        RSS = 21,
        LAST = RSS
    };
    uint64_t field[LAST + 1] = {0};
    const char *open = text.len ? memchr(text.ptr, '(', text.len) : NULL;
    const char *close = text.len ? memrchr(text.ptr, ')', text.len) : NULL;

    if (!open || !close || close < open)
        return false;
    ret->name = str_make(open + 1, (size_t)(close - open - 1));
    struct str rest = {close + 1, (size_t)(text.ptr + text.len - close - 1)};
    struct str state = take_word(&rest);
    if (state.len != 1)
        return false;
    for (int i = 1; i <= LAST; i++) {
        struct str word = take_word(&rest);
        if (!word.len)
            return false;
        /* Some fields are negative (tpgid -1, priority, a rss that raced below 0): none we need. */
        if (word.ptr[0] != '-' && !num_parse_u64(word, &field[i]))
            return false;
    }
    ret->state = state.ptr[0];
    ret->kernel = (field[FLAGS] & PF_KTHREAD_BIT) != 0;
    ret->ppid = (int)MIN(field[PPID], (uint64_t)INT32_MAX);
    ret->ticks = field[UTIME] + field[STIME];
    ret->threads = field[THREADS];
    ret->start_ticks = field[START];
    ret->rss_pages = field[RSS];
    return true;
}

/* Walks lines: false at the end. */
static bool next_line(struct str *rest, struct str *line)
{
    if (!rest->ptr)
        return false;
    *line = str_cut(rest, '\n');
    return true;
}

bool linux_proc_status_uid(struct str text, uint32_t *ret)
{
    struct str line;

    while (next_line(&text, &line)) {
        uint64_t real, effective;
        if (!str_starts(line, STR("Uid:")))
            continue;
        line = str_make(line.ptr + 4, line.len - 4);
        if (!num_parse_u64(take_word(&line), &real) ||
            !num_parse_u64(take_word(&line), &effective) || effective > UINT32_MAX)
            return false;
        *ret = (uint32_t)effective;
        return true;
    }
    return false;
}

void linux_proc_auxv(struct str bytes, uint64_t *page_size, uint64_t *ticks_per_s)
{
    enum {
        AT_PAGE_SIZE = 6,
        AT_TICKS = 17
    };
    unsigned long pair[2]; /* the word of the machine, as the kernel writes it */

    for (size_t at = 0; at + sizeof(pair) <= bytes.len; at += sizeof(pair)) {
        memcpy(pair, bytes.ptr + at, sizeof(pair));
        if (pair[0] == AT_PAGE_SIZE && pair[1] >= 1024 && pair[1] <= 1u << 24)
            *page_size = pair[1];
        else if (pair[0] == AT_TICKS && pair[1] >= 1 && pair[1] <= 1000000)
            *ticks_per_s = pair[1];
    }
}

void linux_proc_clean(char *to, size_t size, struct str text)
{
    const unsigned char *from = (const unsigned char *)text.ptr;
    size_t used = 0;

    if (!size)
        return;
    for (size_t i = 0; i < text.len && used + 1 < size;) {
        size_t n = from[i] < 0x80 ? 1 : from[i] < 0xe0 ? 2 : from[i] < 0xf0 ? 3 : 4;
        if (n > text.len - i || !str_is_utf8(str_make(text.ptr + i, n))) {
            to[used++] = '?';
            i++;
            continue;
        }
        bool control = from[i] < 0x20 || from[i] == 0x7f || (from[i] == 0xc2 && from[i + 1] < 0xa0);
        if (control) {
            to[used++] = ' ';
        } else {
            if (used + n >= size)
                break;
            memcpy(to + used, from + i, n);
            used += n;
        }
        i += n;
    }
    while (used && to[used - 1] == ' ')
        used--;
    to[used] = '\0';
}

static const struct {
    const char *key;
    size_t offset;
    uint64_t unit;
} meminfo_keys[] = {
    {"MemTotal", offsetof(struct linux_meminfo, total), KIB},
    {"MemFree", offsetof(struct linux_meminfo, free), KIB},
    {"MemAvailable", offsetof(struct linux_meminfo, available), KIB},
    {"Buffers", offsetof(struct linux_meminfo, buffers), KIB},
    {"Cached", offsetof(struct linux_meminfo, cached), KIB},
    {"KReclaimable", offsetof(struct linux_meminfo, reclaimable), KIB},
    {"SReclaimable", offsetof(struct linux_meminfo, slab_reclaimable), KIB},
    {"Shmem", offsetof(struct linux_meminfo, shmem), KIB},
    {"FilePages", offsetof(struct linux_meminfo, file_pages), KIB},
    {"SwapTotal", offsetof(struct linux_meminfo, swap_total), KIB},
    {"SwapFree", offsetof(struct linux_meminfo, swap_free), KIB},
    {"Hugetlb", offsetof(struct linux_meminfo, hugetlb), KIB},
    {"HugePages_Total", offsetof(struct linux_meminfo, huge_total), 1},
    {"HugePages_Free", offsetof(struct linux_meminfo, huge_free), 1},
    {"Hugepagesize", offsetof(struct linux_meminfo, huge_size), KIB},
};

void linux_proc_meminfo(struct str text, struct linux_meminfo *ret)
{
    struct str line;

    memset(ret, 0xff, sizeof(*ret)); /* UINT64_MAX everywhere */
    while (next_line(&text, &line)) {
        if (str_starts(line, STR("Node "))) {
            take_word(&line);
            take_word(&line);
            skip_blanks(&line);
        }
        struct str key = str_cut(&line, ':');
        uint64_t value;
        if (!line.ptr || !num_parse_u64(take_word(&line), &value))
            continue;
        for (size_t i = 0; i < ARRAY_LEN(meminfo_keys); i++) {
            if (!str_is(key, meminfo_keys[i].key))
                continue;
            if (!__builtin_mul_overflow(value, meminfo_keys[i].unit, &value))
                memcpy((char *)ret + meminfo_keys[i].offset, &value, sizeof(value));
            break;
        }
    }
}

bool linux_proc_arcstats(struct str text, uint64_t *ret_size, uint64_t *ret_min)
{
    struct str line;
    bool found = false;

    *ret_min = 0;
    while (next_line(&text, &line)) { /* "size    4    1603939792": name, type, value */
        struct str key = take_word(&line);
        uint64_t value;
        take_word(&line);
        if (!num_parse_u64(take_word(&line), &value))
            continue;
        if (str_is(key, "size")) {
            *ret_size = value;
            found = true;
        } else if (str_is(key, "c_min")) {
            *ret_min = value;
        }
    }
    return found;
}

bool linux_proc_key(struct str text, const char *key, uint64_t *ret)
{
    struct str line;

    while (next_line(&text, &line))
        if (str_is(take_word(&line), key))
            return num_parse_u64(take_word(&line), ret);
    return false;
}

bool linux_proc_loadavg(struct str text, struct linux_loadavg *ret)
{
    double *const loads[] = {&ret->load1, &ret->load5, &ret->load15};

    for (size_t i = 0; i < ARRAY_LEN(loads); i++)
        if (!num_parse(take_word(&text), loads[i]))
            return false;
    struct str counts = take_word(&text); /* "2/1034": running and all */
    str_cut(&counts, '/');
    if (!num_parse_u64(counts, &ret->threads))
        ret->threads = UINT64_MAX;
    return true;
}

bool linux_proc_mount(struct str line, struct linux_mount *ret)
{
    uint64_t major, minor;

    take_word(&line); /* id */
    take_word(&line); /* id of the parent */
    struct str device = take_word(&line);
    struct str first = str_cut(&device, ':');
    if (!num_parse_u64(first, &major) || !num_parse_u64(device, &minor) || major > UINT32_MAX ||
        minor > UINT32_MAX)
        return false;
    ret->major = (unsigned)major;
    ret->minor = (unsigned)minor;
    ret->root = take_word(&line);
    ret->mount_point = take_word(&line);
    ret->options = take_word(&line);
    struct str field;
    do { /* any number of optional fields, ended by a dash */
        field = take_word(&line);
        if (!field.len)
            return false;
    } while (!str_is(field, "-"));
    ret->type = take_word(&line);
    ret->source = take_word(&line);
    ret->super_options = take_word(&line);
    return ret->type.len > 0 && ret->mount_point.len > 0 && ret->mount_point.ptr[0] == '/';
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

bool linux_proc_unescape(char *to, size_t size, struct str text)
{
    size_t used = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\\' && text.len - i > 3 && text.ptr[i + 1] <= '3' && is_octal(text.ptr[i + 1]) &&
            is_octal(text.ptr[i + 2]) && is_octal(text.ptr[i + 3])) {
            c = (char)((text.ptr[i + 1] - '0') << 6 | (text.ptr[i + 2] - '0') << 3 |
                       (text.ptr[i + 3] - '0'));
            i += 3;
        }
        if (used + 1 >= size || c == '\0')
            return false;
        to[used++] = c;
    }
    if (!size)
        return false;
    to[used] = '\0';
    return true;
}

bool linux_proc_cpuinfo(struct str line, const char *key, struct str *ret_value)
{
    struct str value = line;
    struct str name = str_trim(str_cut(&value, ':'));

    if (!value.ptr || !str_is(name, key))
        return false;
    *ret_value = str_trim(value);
    return true;
}

bool linux_proc_cgroup(struct str line, struct linux_cgroup_line *ret)
{
    str_cut(&line, ':');
    if (!line.ptr)
        return false;
    ret->controllers = str_cut(&line, ':');
    ret->path = line;
    return line.len > 0 && line.ptr[0] == '/';
}

bool linux_proc_passwd(struct str line, struct str *ret_name, uint32_t *ret_uid)
{
    uint64_t uid;
    struct str name = str_cut(&line, ':');

    str_cut(&line, ':'); /* the password's place */
    if (!name.len || !num_parse_u64(str_cut(&line, ':'), &uid) || uid > UINT32_MAX)
        return false;
    *ret_name = name;
    *ret_uid = (uint32_t)uid;
    return true;
}

bool linux_proc_environ(struct str environ_text, const char *name, struct str *ret)
{
    while (environ_text.ptr) {
        struct str value = str_cut(&environ_text, '\0');
        if (str_is(str_cut(&value, '='), name) && value.ptr) {
            *ret = value;
            return true;
        }
    }
    return false;
}

bool linux_proc_has_word(struct str list, const char *word)
{
    while (list.ptr)
        if (str_is(str_cut(&list, ','), word))
            return true;
    return false;
}
