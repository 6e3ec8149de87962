/* amd_card.c - finds the cards and reads their small files. A card that sleeps is left asleep: its
 * state is asked first, and nothing else of it while it does. */
#include "amd_card.h"

#include "amd_name.h"

#include "device/linux_card.h"
#include "device/linux_file.h"
#include "device/linux_proc.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>

#define DEVICE           "class/drm/card%u/device/"
#define ENERGY_UNIT_J    (1.0 / 65536) /* of Aldebaran and MI300: 2^-16 J */
#define ENERGY_TOLERANCE 0.3
#define HEALTH_NS        (60 * (uint64_t)NS_PER_S)
#define PWM_MAX          255.0

/* ---- finding ---- */

/* The first entry `prefix`<N> of a folder. */
static unsigned find_number(const char *root, unsigned card, const char *folder, const char *prefix)
{
    char path[LINUX_PATH_MAX];
    unsigned found = UINT_MAX;
    DIR *dir = linux_file_path(path, root, DEVICE "%s", card, folder) ? opendir(path) : NULL;

    if (!dir)
        return UINT_MAX;
    for (struct dirent *e; (e = readdir(dir));)
        found = MIN(found, linux_card_number(e->d_name, prefix));
    closedir(dir);
    return found;
}

static unsigned read_hex(const char *root, unsigned card, const char *file)
{
    char text[32];

    return linux_file_text(text, sizeof(text), root, DEVICE "%s", card, file) > 0
               ? (unsigned)strtoul(text, NULL, 16)
               : 0;
}

static bool is_ours(const struct host_paths *paths, unsigned number, struct amd_card *c)
{
    char text[1024];
    ssize_t n = linux_file_text(text, sizeof(text), paths->sysfs, DEVICE "uevent", number);

    if (n <= 0 || !str_is(linux_card_uevent(str_make(text, (size_t)n), "DRIVER"), "amdgpu"))
        return false;
    *c = (struct amd_card){.number = number, .power_w = UNKNOWN, .energy_units = UNKNOWN};
    c->busy_percent_total = c->busy_turns_total = UNKNOWN;
    for (size_t i = 0; i < AMD_RESIDENCIES; i++)
        c->residency[i] = UNKNOWN;
    for (size_t i = 0; i < AMD_PARTITIONS; i++)
        c->partition_busy_total[i] = UNKNOWN;
    c->ecc[0] = c->ecc[1] = c->pages_retired = c->pages_pending = UNKNOWN;
    str_copy(c->bus_id, sizeof(c->bus_id),
             linux_card_uevent(str_make(text, (size_t)n), "PCI_SLOT_NAME"));
    return c->bus_id[0] != '\0';
}

static void read_text(const struct host_paths *paths, unsigned card, const char *file, char *to,
                      size_t size)
{
    char text[256];
    ssize_t n = linux_file_text(text, sizeof(text), paths->sysfs, DEVICE "%s", card, file);

    if (n > 0)
        linux_proc_clean(to, size, str_make(text, (size_t)n));
}

static void identify(const struct host_paths *paths, struct amd_card *c)
{
    struct accelerator *a = &c->identity;
    char unique[32] = "";
    int64_t node;

    accelerator_init(a, "amd", 0);
    c->device = read_hex(paths->sysfs, c->number, "device");
    c->revision = read_hex(paths->sysfs, c->number, "revision");
    c->hwmon = find_number(paths->sysfs, c->number, "hwmon", "hwmon");
    str_copy(a->pci_bus_id, sizeof(a->pci_bus_id), str_of(c->bus_id));
    read_text(paths, c->number, "unique_id", unique, sizeof(unique));
    /* As ROCm spells it; parts of processors have none and are told apart by their place. */
    snprintf(a->uuid, sizeof(a->uuid), "GPU-%s", unique[0] ? unique : c->bus_id);
    read_text(paths, c->number, "product_name", a->name, sizeof(a->name));
    if (!a->name[0])
        amd_name(paths, c->device, c->revision, a->name, sizeof(a->name));
    read_text(paths, c->number, "serial_number", a->serial, sizeof(a->serial));
    read_text(paths, c->number, "vbios_version", a->vbios, sizeof(a->vbios));
    read_text(paths, c->number, "product_number", a->board_part, sizeof(a->board_part));
    if (linux_file_i64(&node, paths->sysfs, DEVICE "numa_node", c->number) && node >= 0)
        a->numa_node = (double)node;
    str_copy(a->brand, sizeof(a->brand), STR("AMD"));
    /* Boards of RDNA carry a switch: the link to the slot is that of the bridge two above. */
    c->upstream = read_hex(paths->sysfs, c->number, "../../vendor") == 0x1002;
}

static int by_bus(const void *a, const void *b)
{
    return strcmp(((const struct amd_card *)a)->bus_id, ((const struct amd_card *)b)->bus_id);
}

size_t amd_card_list(const struct host_paths *paths, struct amd_card *to)
{
    char path[LINUX_PATH_MAX];
    size_t len = 0;
    DIR *dir = linux_file_path(path, paths->sysfs, "class/drm") ? opendir(path) : NULL;

    if (!dir)
        return 0;
    for (struct dirent *e; (e = readdir(dir)) && len < AMD_CARDS;) {
        unsigned number = linux_card_number(e->d_name, "card"); /* card0-DP-1 is a plug of one */
        len += number != UINT_MAX && is_ours(paths, number, &to[len]);
    }
    closedir(dir);
    qsort(to, len, sizeof(*to), by_bus);
    for (size_t i = 0; i < len; i++) {
        identify(paths, &to[i]);
        to[i].identity.index = (unsigned)i;
    }
    return len;
}

/* ---- reading ---- */

static void read_scaled(const struct host_paths *paths, const struct amd_card *c, const char *file,
                        double scale, double *ret)
{
    int64_t value;

    if (linux_file_i64(&value, paths->sysfs, DEVICE "%s", c->number, file))
        *ret = (double)value * scale;
}

static void read_bytes(const struct host_paths *paths, const struct amd_card *c, const char *file,
                       uint64_t *ret)
{
    (void)linux_file_u64(ret, paths->sysfs, DEVICE "%s", c->number, file);
}

static double read_sensor(const struct host_paths *paths, const struct amd_card *c,
                          const char *file, double scale)
{
    int64_t value;

    if (c->hwmon == UINT_MAX ||
        !linux_file_i64(&value, paths->sysfs, DEVICE "hwmon/hwmon%u/%s", c->number, c->hwmon, file))
        return UNKNOWN;
    return (double)value * scale;
}

static double first_known(double a, double b)
{
    return isnan(a) ? b : a;
}

static void read_sensors(const struct host_paths *paths, const struct amd_card *c,
                         struct accelerator *a)
{
    double pwm = read_sensor(paths, c, "pwm1", 1 / PWM_MAX);

    a->temperature_c = read_sensor(paths, c, "temp1_input", 1e-3);
    a->temperature_slowdown_c = read_sensor(paths, c, "temp1_crit", 1e-3);
    a->temperature_shutdown_c = read_sensor(paths, c, "temp1_emergency", 1e-3);
    a->detail.hotspot_temperature_c = read_sensor(paths, c, "temp2_input", 1e-3);
    a->memory_temperature_c = read_sensor(paths, c, "temp3_input", 1e-3);
    if (isnan(a->temperature_c)) { /* MI300 hides the edge: the hot spot is what there is */
        a->temperature_c = a->detail.hotspot_temperature_c;
        a->temperature_slowdown_c = read_sensor(paths, c, "temp2_crit", 1e-3);
        a->temperature_shutdown_c = read_sensor(paths, c, "temp2_emergency", 1e-3);
    }
    a->power_w = first_known(read_sensor(paths, c, "power1_average", 1e-6),
                             read_sensor(paths, c, "power1_input", 1e-6));
    a->power_limit_w = read_sensor(paths, c, "power1_cap", 1e-6);
    a->power_limit_default_w = read_sensor(paths, c, "power1_cap_default", 1e-6);
    a->power_limit_min_w = read_sensor(paths, c, "power1_cap_min", 1e-6);
    if (a->power_limit_min_w == 0) /* no limit from below */
        a->power_limit_min_w = UNKNOWN;
    a->power_limit_max_w = read_sensor(paths, c, "power1_cap_max", 1e-6);
    a->clock_graphics_mhz = read_sensor(paths, c, "freq1_input", 1e-6);
    a->clock_memory_mhz = read_sensor(paths, c, "freq2_input", 1e-6);
    a->fan_rpm = read_sensor(paths, c, "fan1_input", 1);
    if (!isnan(a->fan_rpm))
        a->fan_ratio = pwm;
}

/* "1: 2300Mhz *": the clock with the star, and the highest. */
static void read_clocks(const struct host_paths *paths, const struct amd_card *c, const char *file,
                        double *ret_now, double *ret_max)
{
    char text[2048];
    ssize_t n = linux_file_text(text, sizeof(text), paths->sysfs, DEVICE "%s", c->number, file);
    struct str rest = str_make(text, n > 0 ? (size_t)n : 0);

    while (rest.len) {
        struct str line = str_cut(&rest, '\n');
        bool now = str_ends(str_trim(line), STR("*"));
        struct str name = str_cut(&line, ':');
        size_t digits = 0;
        uint64_t mhz;
        line = str_trim(line);
        while (digits < line.len && line.ptr[digits] >= '0' && line.ptr[digits] <= '9')
            digits++;
        if (!str_starts(str_make(line.ptr + digits, line.len - digits), STR("Mhz")) ||
            !num_parse_u64(str_make(line.ptr, digits), &mhz))
            continue;
        if (now && isnan(*ret_now))
            *ret_now = (double)mhz;
        if (!str_is(name, "S") && !(*ret_max >= (double)mhz)) /* S: while it sleeps */
            *ret_max = (double)mhz;
    }
}

static void read_memory(const struct host_paths *paths, const struct amd_card *c,
                        struct accelerator *a)
{
    uint64_t gtt_used = UNKNOWN_COUNT, gtt_total = UNKNOWN_COUNT;

    read_bytes(paths, c, "mem_info_vram_used", &a->mem_used_bytes);
    read_bytes(paths, c, "mem_info_vram_total", &a->mem_total_bytes);
    a->mem_shared = c->integrated;
    if (c->integrated) {
        read_bytes(paths, c, "mem_info_gtt_used", &gtt_used);
        read_bytes(paths, c, "mem_info_gtt_total", &gtt_total);
        if (gtt_used != UNKNOWN_COUNT && a->mem_used_bytes != UNKNOWN_COUNT)
            a->mem_used_bytes += MIN(gtt_used, UNKNOWN_COUNT - 1 - a->mem_used_bytes);
        if (gtt_total != UNKNOWN_COUNT && a->mem_total_bytes != UNKNOWN_COUNT)
            a->mem_total_bytes += MIN(gtt_total, UNKNOWN_COUNT - 1 - a->mem_total_bytes);
    }
    if (a->mem_used_bytes != UNKNOWN_COUNT && a->mem_total_bytes != UNKNOWN_COUNT &&
        a->mem_used_bytes <= a->mem_total_bytes)
        a->mem_free_bytes = a->mem_total_bytes - a->mem_used_bytes;
}

static void read_link(const struct host_paths *paths, const struct amd_card *c,
                      struct accelerator *a)
{
    const char *at = c->upstream ? "../../" : "";
    char text[64], file[64];

    snprintf(file, sizeof(file), "%scurrent_link_speed", at);
    if (linux_file_text(text, sizeof(text), paths->sysfs, DEVICE "%s", c->number, file) > 0)
        a->pcie_generation = linux_card_generation(text);
    snprintf(file, sizeof(file), "%smax_link_speed", at);
    if (linux_file_text(text, sizeof(text), paths->sysfs, DEVICE "%s", c->number, file) > 0)
        a->pcie_generation_max = linux_card_generation(text);
    snprintf(file, sizeof(file), "%scurrent_link_width", at);
    read_scaled(paths, c, file, 1, &a->pcie_width);
    snprintf(file, sizeof(file), "%smax_link_width", at);
    read_scaled(paths, c, file, 1, &a->pcie_width_max);
    read_scaled(paths, c, "pcie_replay_count", 1, &a->detail.pcie_replays_total);
}

/* ---- what the firmware tells ---- */

/* Percent summed up at each turn of the firmware: its mean since the last reading. */
static void take_busy(struct amd_card *c, const struct amd_metrics *m, struct accelerator *a)
{
    double turns = m->busy_turns_total - c->busy_turns_total; /* NAN at the first time */
    double ratio = (m->busy_percent_total - c->busy_percent_total) / turns / 100;

    if (turns > 0 && ratio >= 0 && ratio <= 1)
        a->utilization_ratio = ratio;
    c->busy_turns_total = m->busy_turns_total;
    c->busy_percent_total = m->busy_percent_total;
}

/* A counter of time under each reason that went on: the clocks were held down since. */
static void take_residency(struct amd_card *c, const struct amd_metrics *m, struct accelerator *a)
{
    static const unsigned bits[AMD_RESIDENCIES] = {0x40, 0x4, 0x20, 0x40, 0x20};
    unsigned reasons = 0;
    bool known = false;

    for (size_t i = 0; i < AMD_RESIDENCIES; i++) {
        double grown = m->residency[i] - c->residency[i];
        known = known || !isnan(grown);
        if (grown > 0)
            reasons |= bits[i];
        c->residency[i] = m->residency[i];
    }
    if (known && isnan(a->throttle_reasons))
        a->throttle_reasons = reasons;
}

/* `turns`: of the firmware since the last reading. */
static void add_partitions(struct amd_card *c, const struct amd_metrics *m, double turns,
                           struct reading *out)
{
    size_t dies = 0;
    char name[24];

    while (dies < AMD_DIES && !isnan(m->die_mhz[dies]))
        dies++;
    for (size_t i = 0; m->partition_len > 1 && i < m->partition_len; i++) {
        const struct amd_partition *x = &m->partitions[i];
        double grown = (x->busy_percent_total - c->partition_busy_total[i]) / turns / 100;
        snprintf(name, sizeof(name), "xcp%u", (unsigned)i);
        struct accelerator_part *p = reading_add_part(out, c->identity.index, "partition", name);
        if (p) {
            p->utilization_ratio = turns > 0 && grown >= 0 && grown <= 1 ? grown : x->gfx_ratio;
            if (dies >= m->partition_len)
                p->clock_mhz = m->die_mhz[i * dies / m->partition_len];
        }
        c->partition_busy_total[i] = x->busy_percent_total;
    }
}

static void add_links(const struct amd_card *c, const struct amd_metrics *m, struct reading *out)
{
    char name[24];

    for (size_t i = 0; i < AMD_LINKS; i++) {
        if (isnan(m->link_read_kb[i]) && isnan(m->link_written_kb[i]) && isnan(m->link_up[i]))
            continue;
        snprintf(name, sizeof(name), "xgmi%u", (unsigned)i);
        struct accelerator_part *p = reading_add_part(out, c->identity.index, "link", name);
        if (!p)
            return;
        p->up = m->link_up[i] >= 0 && m->link_up[i] <= 1 ? m->link_up[i] : UNKNOWN;
        p->bytes_total[0] = m->link_written_kb[i] * 1024;
        p->bytes_total[1] = m->link_read_kb[i] * 1024;
    }
}

static bool read_metrics(const struct host_paths *paths, struct amd_card *c, struct amd_metrics *m)
{
    char bytes[AMD_METRICS_BYTES + 1], path[LINUX_PATH_MAX];
    ssize_t n = linux_file_path(path, paths->sysfs, DEVICE "gpu_metrics", c->number)
                    ? file_read_small(path, bytes, sizeof(bytes))
                    : -1;

    if (n <= 0 || amd_metrics_parse(str_make(bytes, (size_t)n), m, NULL))
        return false;
    c->integrated = m->integrated;
    return true;
}

static void take_metrics(struct amd_card *c, const struct amd_metrics *m, struct reading *out,
                         struct accelerator *a)
{
    add_partitions(c, m, m->busy_turns_total - c->busy_turns_total, out);
    add_links(c, m, out);
    take_busy(c, m, a);
    a->utilization_ratio = first_known(a->utilization_ratio, m->gfx_ratio);
    a->memory_utilization_ratio = first_known(a->memory_utilization_ratio, m->memory_ratio);
    a->detail.hotspot_temperature_c = first_known(a->detail.hotspot_temperature_c, m->hotspot_c);
    a->temperature_c = first_known(a->temperature_c, first_known(m->edge_c, m->hotspot_c));
    a->memory_temperature_c = first_known(a->memory_temperature_c, m->memory_c);
    a->power_w = first_known(a->power_w, m->power_w);
    a->clock_graphics_mhz = first_known(a->clock_graphics_mhz, m->gfx_mhz);
    a->clock_memory_mhz = first_known(a->clock_memory_mhz, m->memory_mhz);
    a->fan_rpm = first_known(a->fan_rpm, m->fan_rpm);
    if (m->throttle_bits != UNKNOWN_COUNT)
        a->throttle_reasons = amd_metrics_reasons(m->throttle_bits);
    take_residency(c, m, a);
}

/* The firmware's counter is in units of 2^-16 J on some parts and of something else, or 0, on
 * others: whether it is the former is decided once, by the power of the first interval. */
static void decide_energy(struct amd_card *c, double units, double seconds, double power_w)
{
    double counted = (units - c->energy_units) * ENERGY_UNIT_J, integral = power_w * seconds;

    if (c->energy != ENERGY_UNDECIDED || !(seconds > 0) || isnan(integral))
        return;
    c->energy =
        fabs(counted - integral) <= ENERGY_TOLERANCE * integral ? ENERGY_COUNTER : ENERGY_INTEGRAL;
}

static void take_energy(struct amd_card *c, double units, uint64_t mono_ns, struct accelerator *a)
{
    double seconds =
        c->mono_ns && mono_ns > c->mono_ns ? (double)(mono_ns - c->mono_ns) / NS_PER_S : 0;
    double mean = isnan(c->power_w) ? a->power_w : (a->power_w + c->power_w) / 2;

    decide_energy(c, units, seconds, mean);
    if (!isnan(mean))
        c->energy_j += mean * seconds;
    if (c->energy == ENERGY_COUNTER) {
        a->energy_j_total = units * ENERGY_UNIT_J;
    } else if (c->energy == ENERGY_INTEGRAL && !isnan(a->power_w)) {
        a->energy_j_total = c->energy_j;
        a->detail.energy_estimated = 1;
    }
    if (!isnan(a->utilization_ratio)) {
        c->busy_s_total += a->utilization_ratio * seconds;
        a->detail.busy_s_total = c->busy_s_total;
    }
    c->power_w = a->power_w;
    c->energy_units = units;
    c->mono_ns = mono_ns;
}

/* ---- errors of memory ---- */

/* "ue: 0\nce: 1\n" of one block. */
static void add_errors(const struct host_paths *paths, const struct amd_card *c, const char *file,
                       double *total)
{
    char text[256];
    uint64_t n;
    ssize_t len =
        linux_file_text(text, sizeof(text), paths->sysfs, DEVICE "ras/%s", c->number, file);
    struct str all = str_make(text, len > 0 ? (size_t)len : 0);

    if (linux_proc_key(all, "ce:", &n))
        total[0] = first_known(total[0], 0) + (double)n;
    if (linux_proc_key(all, "ue:", &n))
        total[1] = first_known(total[1], 0) + (double)n;
}

static void read_bad_pages(const struct host_paths *paths, struct amd_card *c)
{
    struct linux_lines lines;
    struct str line;

    if (!linux_lines_open(&lines, paths->sysfs, DEVICE "ras/gpu_vram_bad_pages", c->number))
        return;
    c->pages_retired = c->pages_pending = 0;
    while (linux_lines_next(&lines, &line)) {
        line = str_trim(line);
        c->pages_retired += str_ends(line, STR(": R"));
        if (str_ends(line, STR(": P")))
            c->pages_pending = 1;
    }
    linux_lines_close(&lines);
}

/* Once a minute: reading them asks the hardware, and they change rarely. */
static void read_health(const struct host_paths *paths, struct amd_card *c, uint64_t mono_ns,
                        struct accelerator *a)
{
    char path[LINUX_PATH_MAX];

    if (!c->health_ns || mono_ns - c->health_ns >= HEALTH_NS) {
        DIR *dir =
            linux_file_path(path, paths->sysfs, DEVICE "ras", c->number) ? opendir(path) : NULL;
        c->health_ns = mono_ns;
        c->ecc[0] = c->ecc[1] = UNKNOWN;
        for (struct dirent *e; dir && (e = readdir(dir));)
            if (str_ends(str_of(e->d_name), STR("_err_count")))
                add_errors(paths, c, e->d_name, c->ecc);
        if (dir)
            closedir(dir);
        read_bad_pages(paths, c);
    }
    a->ecc_corrected_total = c->ecc[0];
    a->ecc_uncorrected_total = c->ecc[1];
    a->detail.pages_retired[1] = c->pages_retired;
    a->detail.pages_pending = c->pages_pending;
}

/* ---- all of it ---- */

static enum accelerator_state state_of(const struct host_paths *paths, struct amd_card *c)
{
    char text[64];

    if (!linux_file_exists(paths->sysfs, DEVICE "uevent", c->number))
        return ACCELERATOR_LOST;
    if (linux_file_text(text, sizeof(text), paths->sysfs, DEVICE "power/runtime_status",
                        c->number) > 0 &&
        !strcmp(text, "suspended"))
        return ACCELERATOR_SLEEPING;
    return ACCELERATOR_OK;
}

void amd_card_read(struct amd_card *c, const struct host_paths *paths, struct reading *out,
                   struct accelerator *a)
{
    uint64_t mono_ns = out->mono_ns;
    struct amd_metrics m = {.energy_units = UNKNOWN};

    *a = c->identity;
    a->state = state_of(paths, c);
    if (a->state != ACCELERATOR_OK) {
        c->mono_ns = 0; /* what it used meanwhile nobody knows */
        return;
    }
    bool told = read_metrics(paths, c, &m);
    read_sensors(paths, c, a);
    read_memory(paths, c, a);
    read_scaled(paths, c, "mem_busy_percent", 0.01, &a->memory_utilization_ratio);
    if (told)
        take_metrics(c, &m, out, a);
    else
        read_scaled(paths, c, "gpu_busy_percent", 0.01, &a->utilization_ratio);
    if (isnan(a->utilization_ratio))
        read_scaled(paths, c, "gpu_busy_percent", 0.01, &a->utilization_ratio);
    read_clocks(paths, c, "pp_dpm_sclk", &a->clock_graphics_mhz, &a->clock_graphics_max_mhz);
    read_clocks(paths, c, "pp_dpm_mclk", &a->clock_memory_mhz, &a->clock_memory_max_mhz);
    read_link(paths, c, a);
    read_health(paths, c, mono_ns, a);
    take_energy(c, m.energy_units, mono_ns, a);
}

size_t amd_card_nodes(const struct amd_card *c, const struct host_paths *paths,
                      struct linux_drm_node *to, size_t len)
{
    struct linux_card card = {.number = c->number};

    snprintf(card.folder, sizeof(card.folder), "class/drm/card%u", c->number);
    return linux_card_nodes(paths->sysfs, &card, c->identity.index, to, len);
}
