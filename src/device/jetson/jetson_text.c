#include "device/jetson/jetson_text.h"

#include "device/linux_proc.h"

#include <limits.h>

/* The next word of `rest`; empty at the end. */
static struct str word(struct str *rest)
{
    *rest = str_trim(*rest);
    size_t n = 0;

    while (n < rest->len && rest->ptr[n] != ' ' && rest->ptr[n] != '\t')
        n++;
    struct str found = str_make(rest->ptr, n);
    rest->ptr += n;
    rest->len -= n;
    return found;
}

static bool is_version(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((s.ptr[i] < '0' || s.ptr[i] > '9') && s.ptr[i] != '.')
            return false;
    return s.len > 0 && s.ptr[0] != '.' && s.ptr[s.len - 1] != '.';
}

/* What stands behind the first `mark`; empty, with ptr NULL, without one. */
static struct str behind(struct str s, struct str mark)
{
    for (size_t i = 0; mark.len && i + mark.len <= s.len; i++)
        if (memcmp(s.ptr + i, mark.ptr, mark.len) == 0)
            return str_make(s.ptr + i + mark.len, s.len - i - mark.len);
    return (struct str){NULL, 0};
}

/* "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, ..." */
bool jetson_text_release(struct str text, char *to, size_t size)
{
    struct str line = str_cut(&text, '\n');
    struct str rest = behind(line, STR("# R")), revision = behind(line, STR("REVISION:"));
    uint64_t major;
    char number[24];

    if (!rest.ptr || !revision.ptr || !num_parse_u64(word(&rest), &major))
        return false;
    struct str minor = str_trim(str_cut(&revision, ','));
    if (!is_version(minor))
        return false;
    str_copy(number, sizeof(number), minor);
    snprintf(to, size, "%u.%s", (unsigned)MIN(major, (uint64_t)999), number);
    return true;
}

const char *jetson_text_jetpack(const char *l4t)
{
    /* The longest that fits wins. From NVIDIA's archive of releases. */
    static const struct {
        const char *l4t, *jetpack;
    } table[] = {
        {"32.4.3", "4.4"}, {"32.4.4", "4.4.1"}, {"32.5", "4.5"},   {"32.6", "4.6"},
        {"32.7", "4.6"},   {"34.1", "5.0"},     {"35.1", "5.0.2"}, {"35.2", "5.1"},
        {"35.3", "5.1.1"}, {"35.4", "5.1.2"},   {"35.5", "5.1.3"}, {"35.6", "5.1.4"},
        {"35", "5"},       {"36.2", "6.0"},     {"36.3", "6.0"},   {"36.4", "6.1"},
        {"36.4.3", "6.2"}, {"36.4.4", "6.2.1"}, {"38.2", "7.0"},   {"39.2", "7.2"},
    };
    const char *found = "";
    size_t longest = 0;

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        size_t n = strlen(table[i].l4t);
        bool whole = l4t[0] && strncmp(l4t, table[i].l4t, n) == 0 && (!l4t[n] || l4t[n] == '.');
        if (whole && n > longest) {
            longest = n;
            found = table[i].jetpack;
        }
    }
    return found;
}

bool jetson_text_soc(struct str text, char *to, size_t size)
{
    while (text.ptr) {
        struct str entry = str_cut(&text, '\0'), name = behind(entry, STR("nvidia,tegra"));
        size_t n = 0;
        if (!name.ptr || !str_starts(entry, STR("nvidia,tegra")))
            continue;
        while (n < name.len && name.ptr[n] >= '0' && name.ptr[n] <= '9')
            n++;
        if (!n || n > 4) /* "nvidia,tegra234"; four digits would be a generation to come */
            continue;
        snprintf(to, size, "tegra%.*s", (int)n, name.ptr);
        return true;
    }
    return false;
}

bool jetson_text_mode(struct str text, uint64_t *ret)
{
    struct str rest = behind(text, STR("pmode:"));

    if (!rest.ptr || !num_parse_u64(str_trim(str_cut(&rest, '\n')), ret))
        return false;
    return *ret < 10000;
}

bool jetson_text_mode_name(struct str text, uint64_t id, char *to, size_t size)
{
    while (text.ptr) {
        struct str line = str_trim(str_cut(&text, '\n'));
        struct str number = behind(line, STR("POWER_MODEL ID=")),
                   name = behind(line, STR(" NAME="));
        uint64_t found;
        if (!str_starts(line, STR("<")) || !number.ptr || !name.ptr ||
            !num_parse_u64(word(&number), &found) || found != id)
            continue;
        linux_proc_clean(to, size, str_trim(str_cut(&name, '>')));
        return to[0] != '\0';
    }
    return false;
}

bool jetson_text_cuda(struct str text, char *to, size_t size)
{
    struct str cuda = behind(text, STR("\"cuda\"")), object = str_cut(&cuda, '}');
    struct str version = object.ptr ? behind(object, STR("\"version\"")) : object;

    if (!version.ptr)
        return false;
    str_cut(&version, '"');
    if (!version.ptr)
        return false;
    struct str value = str_cut(&version, '"');
    if (!version.ptr || !is_version(value))
        return false;
    str_copy(to, size, value);
    return true;
}

bool jetson_text_client(struct str line, int *ret_pid, uint64_t *ret_bytes)
{
    struct str client = word(&line), words[8];
    size_t len = 0;
    uint64_t pid, kib;

    if (!str_is(client, "user"))
        return false;
    while (len < ARRAY_LEN(words)) {
        words[len] = word(&line);
        if (!words[len].len)
            break;
        len++;
    }
    /* Names may hold blanks: what counts stands at the end. */
    if (len < 3 || line.len || !num_parse_u64(words[len - 2], &pid) || !pid || pid > INT_MAX)
        return false;
    struct str size = words[len - 1];
    if (!str_ends(size, STR("K")) || !num_parse_u64(str_make(size.ptr, size.len - 1), &kib) ||
        kib > UINT64_MAX / 1024)
        return false;
    *ret_pid = (int)pid;
    *ret_bytes = kib * 1024;
    return true;
}

double jetson_text_highest_mhz(struct str text)
{
    uint64_t highest = 0, hz;

    while (text.len) {
        struct str one = word(&text);
        if (!one.len)
            break;
        if (num_parse_u64(one, &hz))
            highest = MAX(highest, hz);
    }
    return highest ? (double)highest / 1e6 : UNKNOWN;
}
