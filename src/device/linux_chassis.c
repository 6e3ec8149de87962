/* linux_chassis.c - the machine around: maker and product, virtual or not, container or not, and
 * what its board measures. All but the sensors is read once, when opened.
 *
 * Inlet and outlet are sensors that call themselves so. The thermal zones named acpitz are none:
 * what they measure differs from board to board and is often a constant. */
#include "device/linux.h"

#include "device/linux_cgroup.h"
#include "device/linux_hwmon.h"
#include "device/linux_owner.h"
#include "device/linux_proc.h"
#include "device/linux_topology.h"

#include <strings.h>
#include <unistd.h>

#define SENSORS_MAX (16 + CHASSIS_FANS)
#define TEMPS_MAX   20       /* temp1..temp20 of one chip are looked through for their labels */
#define FANS_MAX    12       /* fan1..fan12 of one chip */
#define POWER_MAX_W 200000.0 /* a full rack: beyond, the meter is wrong */

#define FAN_MAX_RPM 100000 /* beyond, the tachometer is wrong */

enum kind {
    INLET,
    OUTLET,
    POWER,
    FAN
};

struct sensor {
    enum kind kind;
    int fd;
    unsigned fan; /* place in the chassis' list */
};

struct state {
    struct host_paths paths;
    struct chassis fixed; /* all that does not change */
    struct sensor sensors[SENSORS_MAX];
    size_t sensor_len;
    unsigned fan_len;
};

/* What firmware says when its maker did not fill it in. Compared without case. */
static const char *const placeholders[] = {
    "to be filled by o.e.m.",
    "to be filled by oem",
    "default string",
    "default",
    "system product name",
    "system manufacturer",
    "system version",
    "system name",
    "base board product name",
    "not specified",
    "not applicable",
    "not available",
    "n/a",
    "na",
    "none",
    "o.e.m.",
    "oem",
    "unknown",
    "undefined",
    "invalid",
    "empty",
    "0",
    "x.x",
    "0123456789",
    "123456789",
    "type1productconfigid",
    "-",
    ".",
};

/* Who makes virtual machines, by what their firmware calls itself; names as in
 * systemd-detect-virt(1). `product`: NULL when the vendor sells virtual machines alone. */
static const struct {
    const char *vendor, *product, *name;
} hypervisors[] = {
    {"QEMU", NULL, "kvm"},
    {"Red Hat", "KVM", "kvm"},
    {"Red Hat", "RHEL", "kvm"},
    {"OpenStack Foundation", NULL, "kvm"},
    {"RDO", NULL, "kvm"},
    {"Nutanix", NULL, "kvm"},
    {"DigitalOcean", NULL, "kvm"},
    {"Hetzner", "vServer", "kvm"},
    {"Alibaba Cloud", NULL, "kvm"},
    {"Tencent Cloud", NULL, "kvm"},
    {"OVM", NULL, "kvm"},
    {"VMware", NULL, "vmware"},
    {"innotek GmbH", NULL, "oracle"},
    {"Oracle Corporation", "VirtualBox", "oracle"},
    {"Microsoft Corporation", "Virtual Machine", "microsoft"},
    {"Xen", NULL, "xen"},
    {"Bochs", NULL, "bochs"},
    {"Parallels", NULL, "parallels"},
    {"BHYVE", NULL, "bhyve"},
    {"Google", "Google Compute Engine", "google"},
    {"Apple Inc.", "Apple Virtualization Generic Platform", "apple"},
};

static void read_dmi(const char *sysfs, const char *file, char *to, size_t size)
{
    char text[256];
    ssize_t n = linux_file_text(text, sizeof(text), sysfs, "class/dmi/id/%s", file);

    linux_proc_clean(to, size, str_make(text, n > 0 ? (size_t)n : 0));
    for (size_t i = 0; i < ARRAY_LEN(placeholders); i++)
        if (strcasecmp(to, placeholders[i]) == 0)
            to[0] = '\0';
}

static void read_identity(const struct host_paths *paths, struct chassis *c)
{
    read_dmi(paths->sysfs, "sys_vendor", c->vendor, sizeof(c->vendor));
    read_dmi(paths->sysfs, "product_name", c->product, sizeof(c->product));
    read_dmi(paths->sysfs, "product_version", c->version, sizeof(c->version));
    read_dmi(paths->sysfs, "board_name", c->board, sizeof(c->board));
    read_dmi(paths->sysfs, "bios_version", c->bios_version, sizeof(c->bios_version));
    if (c->product[0])
        return;
    char text[128]; /* boards without DMI: "NVIDIA Jetson AGX Orin", ended by NUL */
    ssize_t n = linux_file_text(text, sizeof(text), paths->procfs, "device-tree/model");
    if (n > 0)
        linux_proc_clean(c->product, sizeof(c->product), str_make(text, (size_t)n));
}

/* The kernel's clocks name the hypervisor also where it shows no firmware (Firecracker). */
static const char *by_clock(const char *sysfs)
{
    static const struct {
        struct str part;
        const char *name;
    } clocks[] = {
        {{"kvm-clock", 9}, "kvm"}, {{"hyperv_clocksource", 18}, "microsoft"}, {{"xen", 3}, "xen"}};
    char text[256];
    ssize_t n = linux_file_text(text, sizeof(text), sysfs,
                                "devices/system/clocksource/clocksource0/available_clocksource");

    for (size_t i = 0; n > 0 && i < ARRAY_LEN(clocks); i++)
        if (str_contains(str_make(text, (size_t)n), clocks[i].part))
            return clocks[i].name;
    return NULL;
}

static const char *by_firmware(const struct chassis *c)
{
    for (size_t i = 0; i < ARRAY_LEN(hypervisors); i++)
        if (str_starts(str_of(c->vendor), str_of(hypervisors[i].vendor)) &&
            (!hypervisors[i].product ||
             str_contains(str_of(c->product), str_of(hypervisors[i].product))))
            return hypervisors[i].name;
    /* Amazon's machines are virtual but for the "metal" ones. */
    if (str_starts(str_of(c->vendor), STR("Amazon EC2")) &&
        !str_contains(str_of(c->product), STR(".metal")))
        return "amazon";
    return NULL;
}

/* Dom0 of Xen sees the hardware, and is no guest. */
static bool is_xen_dom0(const char *procfs)
{
    char text[128];
    ssize_t n = linux_file_text(text, sizeof(text), procfs, "xen/capabilities");

    return n > 0 && str_contains(str_make(text, (size_t)n), STR("control_d"));
}

static const char *find_hypervisor(const struct host_paths *paths, const struct chassis *c)
{
    struct linux_cpu_name cpu;
    char text[256];
    ssize_t n = linux_file_text(text, sizeof(text), paths->procfs, "sys/kernel/osrelease");

    if (n > 0 && (str_contains(str_make(text, (size_t)n), STR("microsoft")) ||
                  str_contains(str_make(text, (size_t)n), STR("Microsoft"))))
        return "wsl";
    if (is_xen_dom0(paths->procfs))
        return "";
    const char *name = by_firmware(c);
    if (name)
        return name;
    if (linux_file_text(text, sizeof(text), paths->sysfs, "hypervisor/type") > 0 &&
        strcmp(text, "xen") == 0)
        return "xen";
    linux_cpu_name_read(&cpu, paths);
    if (!cpu.hypervisor)
        return "";
    name = by_clock(paths->sysfs);
    return name ? name : "vm";
}

static void add_sensor(struct state *s, enum kind kind, unsigned number, const char *file)
{
    int fd = s->sensor_len < SENSORS_MAX ? linux_hwmon_open(s->paths.sysfs, number, file) : -1;

    if (fd >= 0)
        s->sensors[s->sensor_len++] = (struct sensor){kind, fd, s->fan_len};
}

/* Fans of the machine, not those that a graphics driver turns on its own card. */
static void add_fans(struct state *s, const struct linux_hwmon *chip)
{
    static const char *const cards[] = {"amdgpu", "radeon", "nouveau", "i915", "xe"};
    size_t before;

    for (size_t i = 0; i < ARRAY_LEN(cards); i++)
        if (strcmp(chip->name, cards[i]) == 0)
            return;
    for (unsigned k = 1; k <= FANS_MAX && s->fan_len < CHASSIS_FANS; k++) {
        char file[32], *name = s->fixed.fan_name[s->fan_len];
        snprintf(file, sizeof(file), "fan%u_input", k);
        before = s->sensor_len;
        add_sensor(s, FAN, chip->number, file);
        if (s->sensor_len == before)
            continue;
        snprintf(file, sizeof(file), "fan%u_label", k);
        if (!linux_hwmon_text(name, sizeof(s->fixed.fan_name[0]), s->paths.sysfs, chip->number,
                              file))
            snprintf(name, sizeof(s->fixed.fan_name[0]), "%s fan%u", chip->name, k);
        s->fan_len++;
    }
}

static bool label_says(const char *label, const char *word)
{
    return strcasestr(label, word) != NULL;
}

/* The ACPI power meter measures the machine, unless it says that it is a socket's or a module's. */
static void add_power_meter(struct state *s, unsigned number)
{
    char info[64];
    size_t before = s->sensor_len;

    if (linux_hwmon_text(info, sizeof(info), s->paths.sysfs, number, "device/power1_oem_info") &&
        label_says(info, "socket"))
        return;
    /* Its files hang at the device, older drivers', or at the class. */
    static const char *const files[] = {"power1_average", "device/power1_average", "power1_input"};
    for (size_t i = 0; i < ARRAY_LEN(files) && s->sensor_len == before; i++)
        add_sensor(s, POWER, number, files[i]);
}

static void find_sensors(struct state *s)
{
    struct linux_hwmon list[LINUX_HWMON_MAX];
    size_t len = linux_hwmon_list(s->paths.sysfs, list, ARRAY_LEN(list));

    for (size_t i = 0; i < len; i++) {
        if (strcmp(list[i].name, "power_meter") == 0)
            add_power_meter(s, list[i].number);
        if (strcmp(list[i].name, "acpitz") == 0)
            continue;
        add_fans(s, &list[i]);
        for (unsigned k = 1; k <= TEMPS_MAX; k++) {
            char file[32], label[64];
            snprintf(file, sizeof(file), "temp%u_label", k);
            if (!linux_hwmon_text(label, sizeof(label), s->paths.sysfs, list[i].number, file))
                continue;
            snprintf(file, sizeof(file), "temp%u_input", k);
            if (label_says(label, "inlet") || label_says(label, "ambient"))
                add_sensor(s, INLET, list[i].number, file);
            else if (label_says(label, "outlet") || label_says(label, "exhaust"))
                add_sensor(s, OUTLET, list[i].number, file);
        }
    }
}

static bool chassis_detect(const struct host_paths *paths)
{
    return linux_file_exists(paths->sysfs, "class") || linux_file_exists(paths->procfs, "stat");
}

/* From the name of the process's own cgroup; a private cgroup namespace hides it. */
static void read_container_id(struct state *s)
{
    char text[4096];
    struct linux_owner owner;
    ssize_t n = linux_file_text(text, sizeof(text), s->paths.procfs, "self/cgroup");

    if (n > 0 && linux_owner_read(&owner, str_make(text, (size_t)n)))
        str_copy(s->fixed.container_id, sizeof(s->fixed.container_id),
                 str_of(owner.is.container_id));
}

static int chassis_open(const struct host_paths *paths, void **ret, struct error *err)
{
    struct state *s = xnew(struct state);
    struct linux_view view;

    (void)err;
    s->paths = *paths;
    read_identity(paths, &s->fixed);
    linux_view_look(paths, &view);
    str_copy(s->fixed.virtualization, sizeof(s->fixed.virtualization),
             str_of(find_hypervisor(paths, &s->fixed)));
    memcpy(s->fixed.container, view.runtime, sizeof(s->fixed.container));
    if (view.runtime[0])
        read_container_id(s);
    find_sensors(s);
    const char *const texts[] = {s->fixed.vendor, s->fixed.product, s->fixed.board,
                                 s->fixed.virtualization, s->fixed.container};
    s->fixed.present = s->sensor_len > 0;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        s->fixed.present = s->fixed.present || texts[i][0];
    *ret = s;
    return 0;
}

static void chassis_close(void *state)
{
    struct state *s = state;

    if (!s)
        return;
    for (size_t i = 0; i < s->sensor_len; i++)
        close(s->sensors[i].fd);
    free(s);
}

/* Of several inlets the coolest is what comes in, of several outlets the hottest what goes out;
 * meters add up. */
static void take_sensor(struct chassis *c, enum kind kind, unsigned fan, int64_t value)
{
    if (kind == POWER) {
        double watts = (double)value / 1e6;
        if (watts >= 0 && watts <= POWER_MAX_W)
            c->power_w = isnan(c->power_w) ? watts : c->power_w + watts;
        return;
    }
    if (kind == FAN) {
        c->fan_rpm[fan] = value >= 0 && value <= FAN_MAX_RPM ? (double)value : UNKNOWN;
        return;
    }
    double celsius = (double)value / 1000;
    if (celsius < -60 || celsius > 150)
        return;
    if (kind == INLET)
        c->inlet_temperature_c = fmin(c->inlet_temperature_c, celsius);
    else
        c->outlet_temperature_c = fmax(c->outlet_temperature_c, celsius);
}

static int chassis_read(void *state, struct reading *out, struct error *err)
{
    const struct state *s = state;

    (void)err;
    if (!out->mono_ns)
        out->mono_ns = clock_mono_ns();
    out->chassis = s->fixed;
    out->chassis.inlet_temperature_c = UNKNOWN;
    out->chassis.outlet_temperature_c = UNKNOWN;
    out->chassis.power_w = UNKNOWN;
    out->chassis.ane_power_w = UNKNOWN; /* Apple's alone, as is the next */
    out->chassis.thermal_pressure = UNKNOWN;
    for (size_t i = 0; i < CHASSIS_FANS; i++)
        out->chassis.fan_rpm[i] = UNKNOWN;
    for (size_t i = 0; i < s->sensor_len; i++) {
        int64_t value;
        if (linux_hwmon_value(s->sensors[i].fd, &value))
            take_sensor(&out->chassis, s->sensors[i].kind, s->sensors[i].fan, value);
    }
    return 0;
}

static void chassis_diagnose(const struct host_paths *paths, struct arena *a, struct finding **ret,
                             size_t *ret_len)
{
    struct linux_view view;
    struct error error;
    void *state;

    if (chassis_open(paths, &state, &error))
        return;
    const struct state *s = state;
    const struct chassis *c = &s->fixed;
    finding_add(a, ret, ret_len, FINDING_OK, "machine", "", "%s%s%s%s%s",
                c->vendor[0] || c->product[0] ? c->vendor : "maker unknown",
                c->vendor[0] && c->product[0] ? " " : "", c->product,
                c->virtualization[0] ? ", virtual: " : "", c->virtualization);
    linux_view_look(paths, &view);
    if (view.runtime[0])
        finding_add(a, ret, ret_len, FINDING_OK, "container", "",
                    view.host ? "in a container (%s) that watches the host"
                              : "in a container (%s): CPU and memory are bounded by its limits",
                    view.runtime);
    size_t meters = 0;
    for (size_t i = 0; i < s->sensor_len; i++)
        meters += s->sensors[i].kind == POWER;
    if (meters)
        finding_add(a, ret, ret_len, FINDING_OK, "machine power", "", "%zu ACPI power meters",
                    meters);
    else if (!c->virtualization[0])
        finding_add(a, ret, ret_len, FINDING_NOTE, "machine power",
                    "Some servers have one behind: modprobe acpi_power_meter. The management "
                    "controller tells it too: modprobe ipmi_si ipmi_devintf, and ask as root.",
                    "no power meter of the whole machine");
    chassis_close(state);
}

const struct collector linux_chassis_collector = {
    .name = "chassis",
    .detect = chassis_detect,
    .open = chassis_open,
    .read = chassis_read,
    .close = chassis_close,
    .diagnose = chassis_diagnose,
};
