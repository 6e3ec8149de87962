/* catalogue.c - the tables of metric families as one, and its form as a page of documentation.
 *
 * Names, types and labels of all_smi_* are those of all-smi 0.25 (API.md and its exporter), of
 * DCGM_FI_* those of dcgm-exporter 4.8; `hostname` on all of all_smi_* is our addition. */
#include "metric/catalogue_table.h"

static const struct table {
    const struct catalogue_family *rows;
    const size_t *len;
} tables[] = {
    {catalogue_use, &catalogue_use_len},       {catalogue_gpu, &catalogue_gpu_len},
    {catalogue_health, &catalogue_health_len}, {catalogue_profile, &catalogue_profile_len},
    {catalogue_nvml, &catalogue_nvml_len},     {catalogue_host, &catalogue_host_len},
    {catalogue_part, &catalogue_part_len},     {catalogue_npu, &catalogue_npu_len},
    {catalogue_apple, &catalogue_apple_len},   {catalogue_board, &catalogue_board_len},
    {catalogue_truth, &catalogue_truth_len},   {catalogue_dcgm, &catalogue_dcgm_len},
    {catalogue_alias, &catalogue_alias_len},
};

size_t catalogue_len(void)
{
    size_t len = 0;

    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        len += *tables[i].len;
    return len;
}

const struct catalogue_family *catalogue_at(size_t at)
{
    size_t i = 0;

    while (i + 1 < ARRAY_LEN(tables) && at >= *tables[i].len)
        at -= *tables[i++].len;
    return &tables[i].rows[at];
}

const struct catalogue_family *catalogue_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        for (size_t j = 0; j < *tables[i].len; j++)
            if (str_is(name, tables[i].rows[j].name))
                return &tables[i].rows[j];
    return NULL;
}

/* What holds for every family of a unit that says nothing else. */
static const struct unit {
    const char *name;
    double low, high;
} units[] = {
    {"percent", 0, 100},
    {"ratio", 0, 1},
    {"celsius", -60, 150},
    {"watts", 0, 5000},
    {"volts", -1000, 1000},
    {"amperes", -1000, 1000},
    {"megahertz", 0, 30000},
    {"rpm", 0, 100000},
    {"bytes", 0, 1e19},
    {"mebibytes", 0, 16 * 1048576.0},
    {"seconds", 0, 1e12},
    {"microseconds", 0, 1e15},
    {"nanoseconds", 0, 1e19},
    {"joules", 0, 1e15},
    {"millijoules", 0, 1e18},
    {"bytes per second", 0, 1e14},
    {"megabytes per second", 0, 1e8},
    {"info", 1, 1},
    {"1", 0, 1e15},
};

void catalogue_range(const struct catalogue_family *family, double *ret_low, double *ret_high)
{
    *ret_low = family->low;
    *ret_high = family->high;
    if (family->low < family->high)
        return;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (strcmp(units[i].name, family->unit) == 0) {
            *ret_low = units[i].low;
            *ret_high = units[i].high;
        }
}

bool catalogue_is_tally(const struct catalogue_family *family)
{
    const struct catalogue_family *of = family->like ? catalogue_find(str_of(family->like)) : NULL;
    enum catalogue_period period = family->period || !of ? family->period : of->period;

    return period == CATALOGUE_TALLY ||
           (period == CATALOGUE_EVENT && str_is(str_of(family->type), "counter"));
}

bool catalogue_is_alias(const struct catalogue_family *family)
{
    return family >= catalogue_alias && family < catalogue_alias + catalogue_alias_len;
}

static void section(struct buf *to, const char *prefix, bool aliases, const char *title,
                    const char *text)
{
    buf_printf(to, "\n## %s\n\n%s\n\n", title, text);
    buf_text(to,
             "| family | type | unit | range | labels | meaning |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < catalogue_len(); i++) {
        const struct catalogue_family *family = catalogue_at(i);
        double low, high;
        if (!str_starts(str_of(family->name), str_of(prefix)) ||
            catalogue_is_alias(family) != aliases)
            continue;
        catalogue_range(family, &low, &high);
        buf_printf(to, "| `%s`%s | %s | %s | %.6g to %.6g | `%s` | %s |\n", family->name,
                   family->chosen ? " (*)" : "", family->type, family->unit, low, high,
                   family->labels, family->help);
    }
}

void catalogue_markdown(struct buf *to)
{
    buf_text(
        to, "# Metrics\n\n"
            "What `algalon worker` gives at `/metrics`. This page is made from the tables in "
            "`src/metric/catalogue_*.c`; a test compares the two. `algalon explain NAME` says more "
            "of each: what is asked for it, how often, how old it may be, when it is absent, how "
            "architectures differ. [metrics-by-platform.md](metrics-by-platform.md) says which "
            "platform gives which.\n\n"
            "- A value that the hardware does not give is left out, never 0; a family without "
            "a value leaves no line.\n"
            "- A value outside of the range is not given either, and counted in "
            "`algalon_readings_rejected_total`.\n"
            "- Shares are percent, 0 to 100, with at most two decimals; of a process's CPU "
            "time percent of one CPU.\n"
            "- `gpu_index` counts all accelerators of the machine, NVIDIA's first, so there it "
            "is the index that nvidia-smi shows. `device_id` counts within one platform.\n"
            "- `?` behind a label: left out where it has no value. The unit `1` is a bare "
            "number, `info` a constant 1 whose labels say it.\n");
    section(to, "all_smi_", false, "Names of all-smi",
            "With `--schema=all-smi`, the default. Names, types and labels are all-smi's, so its "
            "dashboards and queries go on working; `hostname` stands on every series and "
            "`instance` is left to the scraper (`--instance-label` adds it).");
    section(to, "algalon_", false, "What all-smi lacks",
            "In the same schema, under names of our own.");
    section(
        to, "DCGM_", false, "Names of dcgm-exporter",
        "With `--schema=dcgm`: names and units of dcgm-exporter 4.8, for NVIDIA's devices only. "
        "A device that is cut into MIG instances has a row for each of them in place of its own, "
        "with `GPU_I_PROFILE` and `GPU_I_ID`; what only the board has stands on each.\n\n"
        "Without `--dcgm.collectors` these are dcgm-exporter's default set: all below but those "
        "marked (*). A collectors file in dcgm-exporter's form (`FIELD, type, help`, a line each) "
        "chooses others, with its own type and help. Type `label` makes one of "
        "`DCGM_FI_DEV_BRAND`, `DCGM_FI_DEV_ECC_INFOROM_VER`, `DCGM_FI_DEV_INFOROM_IMAGE_VER`, "
        "`DCGM_FI_DEV_OEM_INFOROM_VER`, `DCGM_FI_DEV_POWER_INFOROM_VER`, `DCGM_FI_DEV_SERIAL`, "
        "`DCGM_FI_DEV_VBIOS_VERSION`, `DCGM_FI_DRIVER_VERSION`, `DCGM_FI_NVML_VERSION` a label of "
        "every series, of which none may have more than twelve. A field that this worker does not "
        "give is named in the log and left out. The file is read again on SIGHUP and "
        "`/-/reload`. `--dcgm.hostname-label` renames `Hostname` to `hostname`, as dcgm-exporter "
        "did in 4.8.3, or leaves it out.");
    section(to, "all_smi_", true, "Names of Algalon's first version",
            "With `--schema=all-smi,algalon-v1`: names and labels that the dashboards of Algalon's "
            "first version ask for, although no exporter ever had them, so that they draw as they "
            "are. Beside these families the schema adds the label `gpu_name` to the series of "
            "devices that bear no further label, and `cpu_id` to those of the processors.");
}
