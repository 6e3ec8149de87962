/* linux_card.c - cards of the classes drm and accel, by small files of sysfs. */
#include "device/linux_card.h"

#include "device/linux_file.h"
#include "device/linux_proc.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define BRIDGE_CLASS "0x0604"

struct str linux_card_uevent(struct str text, const char *key)
{
    size_t len = strlen(key);

    for (struct str line; text.len;) {
        line = str_cut(&text, '\n');
        if (line.len > len && line.ptr[len] == '=' && !memcmp(line.ptr, key, len))
            return str_make(line.ptr + len + 1, line.len - len - 1);
    }
    return STR("");
}

unsigned linux_card_number(const char *name, const char *prefix)
{
    uint64_t n;
    size_t len = strlen(prefix);

    return !strncmp(name, prefix, len) && num_parse_u64(str_of(name + len), &n) && n < UINT_MAX
               ? (unsigned)n
               : UINT_MAX;
}

static unsigned read_hex(const char *root, const char *folder, const char *file)
{
    char text[32];

    return linux_file_text(text, sizeof(text), root, "%s/device/%s", folder, file) > 0
               ? (unsigned)strtoul(text, NULL, 16)
               : 0;
}

static void take_uevent(struct linux_card *c, struct str text)
{
    struct str name = linux_card_uevent(text, "OF_FULLNAME");

    linux_proc_clean(c->driver, sizeof(c->driver), linux_card_uevent(text, "DRIVER"));
    linux_proc_clean(c->bus_id, sizeof(c->bus_id), linux_card_uevent(text, "PCI_SLOT_NAME"));
    linux_proc_clean(c->compatible, sizeof(c->compatible),
                     linux_card_uevent(text, "OF_COMPATIBLE_0"));
    for (size_t i = name.len; i-- > 0;) /* the last part of "/soc/gpu@fb000000" */
        if (name.ptr[i] == '/') {
            name = str_make(name.ptr + i + 1, name.len - i - 1);
            break;
        }
    linux_proc_clean(c->place, sizeof(c->place), c->bus_id[0] ? str_of(c->bus_id) : name);
}

size_t linux_card_nodes(const char *sysfs, const struct linux_card *c, unsigned index,
                        struct linux_drm_node *to, size_t len)
{
    bool accel = strncmp(c->folder, "class/accel", 11) == 0;
    const char *in = accel ? "accel" : "drm", *below = accel ? "accel" : "dri";
    char path[LINUX_PATH_MAX];
    DIR *dir = linux_file_path(path, sysfs, "%s/device/%s", c->folder, in) ? opendir(path) : NULL;
    size_t before = len;

    for (struct dirent *e; dir && (e = readdir(dir)) && len < LINUX_DRM_NODES;) {
        if (linux_card_number(e->d_name, "card") == UINT_MAX &&
            linux_card_number(e->d_name, "renderD") == UINT_MAX &&
            linux_card_number(e->d_name, "accel") == UINT_MAX)
            continue;
        to[len].device = index;
        snprintf(to[len++].path, sizeof(to->path), "/dev/%s/%.20s", below, e->d_name);
    }
    if (dir)
        closedir(dir);
    if (len == before && len < LINUX_DRM_NODES) {
        to[len].device = index;
        snprintf(to[len++].path, sizeof(to->path), "/dev/%s/%s%u", below, accel ? "accel" : "card",
                 c->number);
    }
    return len;
}

static bool has_render_node(const char *sysfs, const struct linux_card *c)
{
    struct linux_drm_node nodes[LINUX_DRM_NODES];
    size_t len = linux_card_nodes(sysfs, c, 0, nodes, 0);

    for (size_t i = 0; i < len; i++)
        if (strstr(nodes[i].path, "renderD"))
            return true;
    return false;
}

/* What stands before the number in a class. */
static const char *prefix_of(const char *class)
{
    static const struct {
        const char *class, *prefix;
    } named[] = {{"drm", "card"}, {"tenstorrent", "tenstorrent!"}, {"habanalabs", "hl"}};

    for (size_t i = 0; i < ARRAY_LEN(named); i++)
        if (strcmp(class, named[i].class) == 0)
            return named[i].prefix;
    return class;
}

static bool look_at(const char *sysfs, const char *class, unsigned number,
                    bool (*wanted)(const struct linux_card *card), struct linux_card *c)
{
    char text[1024];

    *c = (struct linux_card){.number = number};
    snprintf(c->folder, sizeof(c->folder), "class/%s/%s%u", class, prefix_of(class), number);
    ssize_t n = linux_file_text(text, sizeof(text), sysfs, "%s/device/uevent", c->folder);
    if (n <= 0)
        return false;
    take_uevent(c, str_make(text, (size_t)n));
    if (!c->driver[0])
        return false;
    if (!c->place[0]) /* neither on PCI nor in a device tree */
        snprintf(c->place, sizeof(c->place), "%s%u", c->driver, number);
    c->vendor = read_hex(sysfs, c->folder, "vendor");
    c->device = read_hex(sysfs, c->folder, "device");
    c->revision = read_hex(sysfs, c->folder, "revision");
    c->virtual_function = linux_file_exists(sysfs, "%s/device/physfn", c->folder);
    c->render = has_render_node(sysfs, c);
    return wanted(c);
}

static int by_place(const void *a, const void *b)
{
    const struct linux_card *x = a, *y = b;
    int order = strcmp(x->place, y->place);

    return order ? order : (x->number > y->number) - (x->number < y->number);
}

size_t linux_card_list(const char *sysfs, const char *class,
                       bool (*wanted)(const struct linux_card *card), struct linux_card *to)
{
    const char *prefix = prefix_of(class);
    char path[LINUX_PATH_MAX];
    size_t len = 0;
    DIR *dir = linux_file_path(path, sysfs, "class/%s", class) ? opendir(path) : NULL;

    if (!dir)
        return 0;
    for (struct dirent *e; (e = readdir(dir)) && len < LINUX_CARDS;) {
        unsigned number = linux_card_number(e->d_name, prefix); /* card0-DP-1 is a plug of one */
        len += number != UINT_MAX && look_at(sysfs, class, number, wanted, &to[len]);
    }
    closedir(dir);
    qsort(to, len, sizeof(*to), by_place);
    return len;
}

size_t linux_card_join(struct linux_card *cards, size_t len, const struct linux_card *now, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < len && (strcmp(cards[k].place, now[i].place) != 0 ||
                           strcmp(cards[k].driver, now[i].driver) != 0))
            k++;
        if (k == LINUX_CARDS)
            continue;
        cards[k] = now[i];
        len = MAX(len, k + 1);
    }
    return len;
}

enum accelerator_state linux_card_state(const char *sysfs, const struct linux_card *c)
{
    char text[1024];
    struct linux_card now = {.number = c->number};
    ssize_t n = linux_file_text(text, sizeof(text), sysfs, "%s/device/uevent", c->folder);

    if (n <= 0)
        return ACCELERATOR_LOST;
    take_uevent(&now, str_make(text, (size_t)n));
    if (strcmp(now.driver, c->driver) != 0 || (now.place[0] && strcmp(now.place, c->place) != 0))
        return ACCELERATOR_LOST; /* another card has its number now */
    if (linux_file_text(text, sizeof(text), sysfs, "%s/device/power/runtime_status", c->folder) >
            0 &&
        strncmp(text, "suspend", 7) == 0) /* "suspended", "suspending" */
        return ACCELERATOR_SLEEPING;
    return ACCELERATOR_OK;
}

unsigned linux_card_hwmon(const char *sysfs, const struct linux_card *c, const char *name)
{
    char path[LINUX_PATH_MAX], text[64];
    unsigned found = UINT_MAX;
    DIR *dir = linux_file_path(path, sysfs, "%s/device/hwmon", c->folder) ? opendir(path) : NULL;

    if (!dir)
        return UINT_MAX;
    for (struct dirent *e; (e = readdir(dir));) {
        unsigned n = linux_card_number(e->d_name, "hwmon");
        if (n < found &&
            (!name || (linux_file_text(text, sizeof(text), sysfs, "%s/device/hwmon/hwmon%u/name",
                                       c->folder, n) > 0 &&
                       strcmp(text, name) == 0)))
            found = n;
    }
    closedir(dir);
    return found;
}

/* ---- the bus ---- */

double linux_card_generation(const char *text)
{
    static const double speeds[] = {2.5, 5, 8, 16, 32, 64};
    double speed = strtod(text, NULL);

    for (size_t i = 0; i < ARRAY_LEN(speeds); i++)
        if (speed == speeds[i])
            return (double)(i + 1);
    return UNKNOWN;
}

/* The bridge that leads to the bus of an address. */
static bool bridge_above(const char *sysfs, const char *bus_id, char to[24])
{
    char path[LINUX_PATH_MAX], text[32];
    uint64_t secondary;
    bool found = false;
    unsigned long bus = strlen(bus_id) > 7 ? strtoul(bus_id + 5, NULL, 16) : ULONG_MAX;
    DIR *dir = linux_file_path(path, sysfs, "bus/pci/devices") ? opendir(path) : NULL;

    for (struct dirent *e; dir && !found && (e = readdir(dir));) {
        if (strncmp(e->d_name, bus_id, 5) != 0 || strlen(e->d_name) >= 24)
            continue; /* of another domain */
        found =
            linux_file_text(text, sizeof(text), sysfs, "bus/pci/devices/%s/class", e->d_name) > 0 &&
            !strncmp(text, BRIDGE_CLASS, strlen(BRIDGE_CLASS)) &&
            linux_file_u64(&secondary, sysfs, "bus/pci/devices/%s/secondary_bus_number",
                           e->d_name) &&
            secondary == bus;
        if (found)
            str_copy(to, 24, str_of(e->d_name));
    }
    if (dir)
        closedir(dir);
    return found;
}

static unsigned vendor_of(const char *sysfs, const char *bus_id)
{
    char text[32];

    return linux_file_text(text, sizeof(text), sysfs, "bus/pci/devices/%s/vendor", bus_id) > 0
               ? (unsigned)strtoul(text, NULL, 16)
               : 0;
}

bool linux_card_slot(const char *sysfs, const struct linux_card *c, unsigned on_board, char to[24])
{
    char lower[24], upper[24], root[24];

    if (!c->bus_id[0] || !bridge_above(sysfs, c->bus_id, lower))
        return false;
    /* A switch has two bridges in line, and above them is the port of the machine. */
    if (vendor_of(sysfs, lower) == on_board && bridge_above(sysfs, lower, upper) &&
        vendor_of(sysfs, upper) == on_board && bridge_above(sysfs, upper, root))
        memcpy(to, upper, 24);
    else
        memcpy(to, c->bus_id, 24);
    return true;
}

void linux_card_link(const char *sysfs, const char *bus_id, struct accelerator *a)
{
    static const char *const names[] = {"current", "max"};
    double *const generations[] = {&a->pcie_generation, &a->pcie_generation_max};
    double *const widths[] = {&a->pcie_width, &a->pcie_width_max};
    char text[64];
    int64_t width;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (linux_file_text(text, sizeof(text), sysfs, "bus/pci/devices/%s/%s_link_speed", bus_id,
                            names[i]) > 0)
            *generations[i] = linux_card_generation(text);
        if (linux_file_i64(&width, sysfs, "bus/pci/devices/%s/%s_link_width", bus_id, names[i]) &&
            width > 0 && width <= 32)
            *widths[i] = (double)width;
    }
}

/* ---- names ---- */

bool linux_card_name_line(struct str line, unsigned *ret_level, unsigned *ret_number,
                          struct str *ret_name)
{
    unsigned number = 0, level = 0;

    while (level < 2 && level < line.len && line.ptr[level] == '\t')
        level++;
    if (line.len < level + 7 || line.ptr[level + 4] != ' ' || line.ptr[level + 5] != ' ')
        return false;
    for (size_t i = level; i < level + 4; i++) {
        char c = line.ptr[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                                                : 16;
        if (digit > 15)
            return false;
        number = number << 4 | digit;
    }
    *ret_level = level;
    *ret_number = number;
    *ret_name = str_trim(str_make(line.ptr + level + 6, line.len - level - 6));
    return ret_name->len > 0;
}

/* What a board is sold as stands in brackets behind its chip. */
static struct str market_name(struct str name)
{
    if (!str_ends(name, STR("]")))
        return name;
    for (size_t i = name.len - 1; i-- > 0;)
        if (name.ptr[i] == '[')
            return i + 2 < name.len ? str_make(name.ptr + i + 1, name.len - i - 2) : name;
    return name;
}

static bool name_in(const char *rootfs, const char *file, unsigned vendor, unsigned device,
                    char *to, size_t size)
{
    struct linux_lines lines;
    struct str line, name;
    unsigned level, number;
    bool ours = false, found = false;

    if (!linux_lines_open(&lines, rootfs, "%s", file))
        return false;
    while (!found && linux_lines_next(&lines, &line)) {
        if (!linux_card_name_line(line, &level, &number, &name))
            continue;
        if (level == 0 && ours)
            break;
        ours = level == 0 ? number == vendor : ours;
        found = ours && level == 1 && number == device;
        if (found)
            linux_proc_clean(to, size, market_name(name));
    }
    linux_lines_close(&lines);
    return found;
}

bool linux_card_name(const char *rootfs, unsigned vendor, unsigned device, char *to, size_t size)
{
    return name_in(rootfs, "usr/share/misc/pci.ids", vendor, device, to, size) ||
           name_in(rootfs, "usr/share/hwdata/pci.ids", vendor, device, to, size);
}
