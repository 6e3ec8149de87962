/* amd_name.c - names of boards and of architectures. */
#include "amd_name.h"

#include "device/linux_file.h"
#include "device/linux_proc.h"

/* Common boards of servers and workstations, as AMD sells them; the numbers are those of the PCI ID
 * repository and of libdrm's data/amdgpu.ids. Revision 0x100: whichever. */
#define ANY 0x100u
static const struct {
    unsigned device, revision;
    const char *name;
} boards[] = {
    {0x66a1, ANY, "AMD Instinct MI50/MI60"},
    {0x738c, ANY, "AMD Instinct MI100"},
    {0x7408, ANY, "AMD Instinct MI250X"},
    {0x740c, ANY, "AMD Instinct MI250X/MI250"},
    {0x740f, ANY, "AMD Instinct MI210"},
    {0x74a0, ANY, "AMD Instinct MI300A"},
    {0x74a1, ANY, "AMD Instinct MI300X"},
    {0x74a2, ANY, "AMD Instinct MI308X"},
    {0x74a5, ANY, "AMD Instinct MI325X"},
    {0x75a0, ANY, "AMD Instinct MI350X"},
    {0x75a3, ANY, "AMD Instinct MI355X"},
    {0x73bf, 0xc0, "AMD Radeon RX 6900 XT"},
    {0x73bf, 0xc1, "AMD Radeon RX 6800 XT"},
    {0x73a3, ANY, "AMD Radeon Pro W6800"},
    {0x744c, 0xc8, "AMD Radeon RX 7900 XTX"},
    {0x744c, 0xcc, "AMD Radeon RX 7900 XT"},
    {0x7448, ANY, "AMD Radeon Pro W7900"},
    {0x745e, ANY, "AMD Radeon Pro W7800"},
    {0x7550, 0xc0, "AMD Radeon RX 9070 XT"},
    {0x7550, 0xc3, "AMD Radeon RX 9070"},
    {0x1586, ANY, "AMD Radeon 8060S (Strix Halo)"},
    {0x150e, ANY, "AMD Radeon 890M (Strix)"},
    {0x15bf, ANY, "AMD Radeon 780M (Phoenix)"},
    {0x163f, ANY, "AMD Custom GPU 0405 (Van Gogh)"},
};

static bool parse_hex(struct str text, unsigned *ret)
{
    unsigned value = 0;

    text = str_trim(text);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : 16;
        if (digit == 16 || i >= 4)
            return false;
        value = value << 4 | digit;
    }
    *ret = value;
    return text.len > 0;
}

bool amd_name_line(struct str line, unsigned *ret_device, unsigned *ret_revision,
                   struct str *ret_name)
{
    struct str rest = line, device = str_cut(&rest, ','), revision = str_cut(&rest, ',');

    *ret_name = str_trim(rest);
    return ret_name->len && parse_hex(device, ret_device) && parse_hex(revision, ret_revision);
}

static bool from_list(const struct host_paths *paths, unsigned device, unsigned revision, char *to,
                      size_t size)
{
    struct linux_lines lines;
    struct str line, name;
    unsigned d, r;
    bool found = false;

    if (!linux_lines_open(&lines, paths->rootfs, "usr/share/libdrm/amdgpu.ids"))
        return false;
    while (!found && linux_lines_next(&lines, &line)) {
        found = amd_name_line(line, &d, &r, &name) && d == device && r == revision;
        if (found)
            linux_proc_clean(to, size, name);
    }
    linux_lines_close(&lines);
    return found;
}

void amd_name(const struct host_paths *paths, unsigned device, unsigned revision, char *to,
              size_t size)
{
    if (from_list(paths, device, revision, to, size))
        return;
    for (size_t i = 0; i < ARRAY_LEN(boards); i++)
        if (boards[i].device == device &&
            (boards[i].revision == ANY || boards[i].revision == revision)) {
            str_copy(to, size, str_of(boards[i].name));
            return;
        }
    snprintf(to, size, "AMD GPU 1002:%04x", device);
}

bool amd_name_target(uint64_t version, char *to, size_t size)
{
    unsigned major = (unsigned)(version / 10000), minor = (unsigned)(version / 100 % 100),
             stepping = (unsigned)(version % 100);

    if (version < 70000 || version > 999999 || minor > 15 || stepping > 15)
        return false;
    snprintf(to, size, "gfx%u%x%x", major, minor, stepping);
    return true;
}

const char *amd_name_architecture(const char *target)
{
    static const struct {
        const char *prefix, *name;
    } names[] = {{"gfx908", "CDNA"},   {"gfx90a", "CDNA 2"},   {"gfx94", "CDNA 3"},
                 {"gfx95", "CDNA 4"},  {"gfx9", "Vega"},       {"gfx101", "RDNA"},
                 {"gfx103", "RDNA 2"}, {"gfx115", "RDNA 3.5"}, {"gfx11", "RDNA 3"},
                 {"gfx12", "RDNA 4"}};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!strncmp(target, names[i].prefix, strlen(names[i].prefix)))
            return names[i].name;
    return "";
}
