/* linux_cpu_name.c - what the CPU is called (linux_topology.h has the interface). x86 says it in
 * words, Arm in two numbers: who designed the core, and which one it is. */
#include "device/linux_proc.h"
#include "device/linux_topology.h"

#include <sys/utsname.h>

#define PARTS_MAX 4 /* kinds of cores in one chip */

struct part {
    unsigned id;
    const char *name;
};

/* Numbers as in Linux arch/arm64/include/asm/cputype.h and in the manuals of the cores. */
static const struct part arm_parts[] = {
    {0xc07, "Cortex-A7"},     {0xc09, "Cortex-A9"},     {0xc0e, "Cortex-A17"},
    {0xc0f, "Cortex-A15"},    {0xd01, "Cortex-A32"},    {0xd03, "Cortex-A53"},
    {0xd04, "Cortex-A35"},    {0xd05, "Cortex-A55"},    {0xd06, "Cortex-A65"},
    {0xd07, "Cortex-A57"},    {0xd08, "Cortex-A72"},    {0xd09, "Cortex-A73"},
    {0xd0a, "Cortex-A75"},    {0xd0b, "Cortex-A76"},    {0xd0c, "Neoverse N1"},
    {0xd0d, "Cortex-A77"},    {0xd0e, "Cortex-A76AE"},  {0xd40, "Neoverse V1"},
    {0xd41, "Cortex-A78"},    {0xd42, "Cortex-A78AE"},  {0xd44, "Cortex-X1"},
    {0xd46, "Cortex-A510"},   {0xd47, "Cortex-A710"},   {0xd48, "Cortex-X2"},
    {0xd49, "Neoverse N2"},   {0xd4a, "Neoverse E1"},   {0xd4b, "Cortex-A78C"},
    {0xd4c, "Cortex-X1C"},    {0xd4d, "Cortex-A715"},   {0xd4e, "Cortex-X3"},
    {0xd4f, "Neoverse V2"},   {0xd80, "Cortex-A520"},   {0xd81, "Cortex-A720"},
    {0xd82, "Cortex-X4"},     {0xd83, "Neoverse V3AE"}, {0xd84, "Neoverse V3"},
    {0xd85, "Cortex-X925"},   {0xd87, "Cortex-A725"},   {0xd88, "Cortex-A520AE"},
    {0xd89, "Cortex-A720AE"}, {0xd8e, "Neoverse N3"},   {0, NULL},
};
static const struct part cavium_parts[] = {{0x0a1, "ThunderX"}, {0x0af, "ThunderX2"}, {0, NULL}};
static const struct part nvidia_parts[] = {
    {0x003, "Denver 2"}, {0x004, "Carmel"}, {0x010, "Olympus"}, {0, NULL}};
static const struct part hisilicon_parts[] = {
    {0xd01, "TaiShan v110"}, {0xd02, "TaiShan v120"}, {0, NULL}};
static const struct part fujitsu_parts[] = {{0x001, "A64FX"}, {0x003, "MONAKA"}, {0, NULL}};
static const struct part qualcomm_parts[] = {{0x001, "Oryon"}, {0xc00, "Falkor"}, {0, NULL}};
static const struct part phytium_parts[] = {{0x662, "FTC662"}, {0x663, "FTC663"}, {0, NULL}};
static const struct part microsoft_parts[] = {{0xd49, "Azure Cobalt 100"}, {0, NULL}};
static const struct part ampere_parts[] = {
    {0xac3, "Ampere-1"}, {0xac4, "Ampere-1a"}, {0xac5, "Ampere-1b"}, {0, NULL}};
static const struct part no_parts[] = {{0, NULL}};

static const struct {
    unsigned id;
    const char *name;
    const struct part *parts;
} implementers[] = {
    {0x41, "Arm", arm_parts},
    {0x42, "Broadcom", no_parts},
    {0x43, "Cavium", cavium_parts},
    {0x46, "Fujitsu", fujitsu_parts},
    {0x48, "HiSilicon", hisilicon_parts},
    {0x4e, "NVIDIA", nvidia_parts},
    {0x50, "APM", no_parts},
    {0x51, "Qualcomm", qualcomm_parts},
    {0x53, "Samsung", no_parts},
    {0x56, "Marvell", no_parts},
    {0x61, "Apple", no_parts},
    {0x6d, "Microsoft", microsoft_parts},
    {0x70, "Phytium", phytium_parts},
    {0xc0, "Ampere", ampere_parts},
};

/* "0x41", "0xd4f". */
static bool hex(struct str s, unsigned *ret)
{
    unsigned value = 0;

    if (s.len < 3 || s.len > 8 || s.ptr[0] != '0' || s.ptr[1] != 'x')
        return false;
    for (size_t i = 2; i < s.len; i++) {
        char c = s.ptr[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                                                : 16;
        if (digit == 16)
            return false;
        value = value << 4 | digit;
    }
    *ret = value;
    return true;
}

/* What was gathered on the way through cpuinfo. */
struct gathered {
    char vendor[32];
    unsigned implementer, parts[PARTS_MAX];
    size_t part_len;
};

static void name_arm(struct linux_cpu_name *name, const struct gathered *g)
{
    const char *vendor = "Arm-compatible";
    const struct part *known = no_parts;
    size_t used = 0;

    for (size_t i = 0; i < ARRAY_LEN(implementers); i++) {
        if (implementers[i].id == g->implementer) {
            vendor = implementers[i].name;
            known = implementers[i].parts;
        }
    }
    for (size_t i = 0; i < g->part_len && used < sizeof(name->model); i++) {
        const struct part *part = known;
        char number[24];
        while (part->name && part->id != g->parts[i])
            part++;
        snprintf(number, sizeof(number), "part 0x%03x", g->parts[i]);
        int n = snprintf(name->model + used, sizeof(name->model) - used, "%s%s%s",
                         i ? " + " : vendor, i ? "" : " ", part->name ? part->name : number);
        used += n > 0 ? (size_t)n : 0;
    }
}

static void add_part(struct gathered *g, unsigned part)
{
    for (size_t i = 0; i < g->part_len; i++)
        if (g->parts[i] == part)
            return;
    if (g->part_len < PARTS_MAX)
        g->parts[g->part_len++] = part;
}

static void take_line(struct linux_cpu_name *name, struct gathered *g, struct str line)
{
    /* By how well they name the chip; POWER says "cpu", MIPS "cpu model", RISC-V "uarch". */
    static const char *const model_keys[] = {"model name", "cpu model", "cpu", "uarch"};
    struct str value;
    unsigned number;

    if (!g->vendor[0] && linux_proc_cpuinfo(line, "vendor_id", &value))
        str_copy(g->vendor, sizeof(g->vendor), value);
    else if (linux_proc_cpuinfo(line, "CPU implementer", &value) && hex(value, &number))
        g->implementer = number;
    else if (linux_proc_cpuinfo(line, "CPU part", &value) && hex(value, &number))
        add_part(g, number);
    else if (!name->hypervisor && linux_proc_cpuinfo(line, "flags", &value))
        name->hypervisor = str_contains(value, STR(" hypervisor"));
    for (size_t i = 0; !name->model[0] && i < ARRAY_LEN(model_keys); i++)
        if (linux_proc_cpuinfo(line, model_keys[i], &value))
            linux_proc_clean(name->model, sizeof(name->model), value);
}

/* Blanks in a row come from fixed-width names of old x86 ("Intel(R) Xeon(R) CPU           X5650").
 */
static void squeeze(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++)
        if (*from != ' ' || (to > text && to[-1] != ' '))
            *to++ = *from;
    *to = '\0';
}

void linux_cpu_name_read(struct linux_cpu_name *ret, const struct host_paths *paths)
{
    struct linux_lines lines;
    struct str line;
    struct gathered g = {.vendor = ""};
    struct utsname uts;

    *ret = (struct linux_cpu_name){.platform = "Other"};
    if (linux_lines_open(&lines, paths->procfs, "cpuinfo")) {
        while (linux_lines_next(&lines, &line)) {
            take_line(ret, &g, line);
            if (!line.len && g.vendor[0] && ret->model[0])
                break; /* x86 repeats itself for every CPU; Arm's may differ */
        }
        linux_lines_close(&lines);
    }
    if (g.implementer) {
        name_arm(ret, &g);
        str_copy(ret->platform, sizeof(ret->platform), STR("Arm"));
        str_copy(ret->architecture, sizeof(ret->architecture), STR("aarch64"));
    } else if (g.vendor[0]) {
        bool intel = strcmp(g.vendor, "GenuineIntel") == 0;
        bool amd = strcmp(g.vendor, "AuthenticAMD") == 0;
        str_copy(ret->platform, sizeof(ret->platform),
                 str_of(intel ? "Intel"
                        : amd ? "Amd"
                              : "Other"));
        str_copy(ret->architecture, sizeof(ret->architecture), STR("x86_64"));
    }
    if (!ret->architecture[0] && !uname(&uts))
        str_copy(ret->architecture, sizeof(ret->architecture), str_of(uts.machine));
    if (!ret->model[0]) {
        char board[128];
        ssize_t n = linux_file_text(board, sizeof(board), paths->procfs, "device-tree/model");
        if (n > 0)
            linux_proc_clean(ret->model, sizeof(ret->model), str_make(board, (size_t)n));
    }
    squeeze(ret->model);
}
