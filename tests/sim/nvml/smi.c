/* smi.c - a stand-in for nvidia-smi above the simulator: `--query-gpu=FIELD,...
 * --format=csv,noheader` in the tool's own words. It asks NVML for itself and shares no code with
 * the program it is compared with. ALGALON_SIM_SMI_WRONG=FIELD adds 40 % and 9 to that field,
 * ALGALON_SIM_SMI_HANG sleeps. */
#include "device/nvidia/nvml_abi.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *library;
static struct nvml_device *device;
static const char *wrong;

/* A call of one out parameter. */
static bool ask(const char *call, unsigned *ret)
{
    int (*f)(struct nvml_device *, unsigned *);
    void *address = dlsym(library, call);

    memcpy(&f, &address, sizeof(f));
    return f && f(device, ret) == 0;
}

static bool ask_of(const char *call, int what, unsigned *ret)
{
    int (*f)(struct nvml_device *, int, unsigned *);
    void *address = dlsym(library, call);

    memcpy(&f, &address, sizeof(f));
    return f && f(device, what, ret) == 0;
}

static double bent(const char *field, double value)
{
    return wrong && strcmp(wrong, field) == 0 ? value * 1.4 + 9 : value;
}

static void number(const char *field, bool known, double value, const char *unit, int decimals)
{
    if (known)
        printf("%.*f%s%s", decimals, bent(field, value), *unit ? " " : "", unit);
    else
        printf("[N/A]");
}

static void memory(const char *field)
{
    struct nvml_memory_v2 m = {.version = NVML_STRUCT_VERSION(struct nvml_memory_v2, 2)};
    int (*f)(struct nvml_device *, struct nvml_memory_v2 *);
    void *address = dlsym(library, "nvmlDeviceGetMemoryInfo_v2");

    memcpy(&f, &address, sizeof(f));
    bool known = f && f(device, &m) == 0;
    uint64_t bytes = strstr(field, "total") ? m.total : strstr(field, "used") ? m.used : m.free;
    number(field, known, (double)(bytes >> 20), "MiB", 0);
}

static void utilization(const char *field)
{
    struct nvml_utilization u = {0};
    int (*f)(struct nvml_device *, struct nvml_utilization *);
    void *address = dlsym(library, "nvmlDeviceGetUtilizationRates");

    memcpy(&f, &address, sizeof(f));
    bool known = f && f(device, &u) == 0;
    number(field, known, strstr(field, "memory") ? u.memory : u.gpu, "%", 0);
}

static void memory_temperature(const char *field)
{
    struct nvml_field_value v = {.field_id = NVML_FIELD_MEMORY_TEMPERATURE};
    int (*f)(struct nvml_device *, int, struct nvml_field_value *);
    void *address = dlsym(library, "nvmlDeviceGetFieldValues");

    memcpy(&f, &address, sizeof(f));
    if (f && f(device, 1, &v) == 0 && v.code == 0)
        printf("%.0f", bent(field, v.value.u));
    else
        printf("N/A");
}

static void ecc(const char *field)
{
    int (*f)(struct nvml_device *, int, int, unsigned long long *);
    void *address = dlsym(library, "nvmlDeviceGetTotalEccErrors");
    unsigned long long count = 0;

    memcpy(&f, &address, sizeof(f));
    bool known =
        f && f(device, strstr(field, "uncorrected") ? NVML_ECC_UNCORRECTED : NVML_ECC_CORRECTED,
               NVML_ECC_VOLATILE, &count) == 0;
    number(field, known, (double)count, "", 0);
}

static void print_field(const char *field, unsigned index)
{
    static const char *const clocks[] = {"graphics", "sm", "memory", "video"};
    unsigned v = 0;
    char uuid[96] = "";

    if (strcmp(field, "index") == 0) {
        printf("%u", index);
    } else if (strcmp(field, "uuid") == 0) {
        int (*f)(struct nvml_device *, char *, unsigned);
        void *address = dlsym(library, "nvmlDeviceGetUUID");
        memcpy(&f, &address, sizeof(f));
        printf("%s", f(device, uuid, sizeof(uuid)) == 0 ? uuid : "[N/A]");
    } else if (strncmp(field, "utilization.", 12) == 0) {
        utilization(field);
    } else if (strncmp(field, "memory.", 7) == 0) {
        memory(field);
    } else if (strcmp(field, "temperature.gpu") == 0) {
        bool known = ask_of("nvmlDeviceGetTemperature", 0, &v);
        number(field, known, v, "", 0);
    } else if (strcmp(field, "temperature.memory") == 0) {
        memory_temperature(field);
    } else if (strcmp(field, "power.draw") == 0) {
        bool known = ask("nvmlDeviceGetPowerUsage", &v);
        number(field, known, v / 1000.0, "W", 2);
    } else if (strcmp(field, "enforced.power.limit") == 0) {
        bool known = ask("nvmlDeviceGetEnforcedPowerLimit", &v);
        number(field, known, v / 1000.0, "W", 2);
    } else if (strncmp(field, "clocks.current.", 15) == 0) {
        int type = 0;
        while (strcmp(field + 15, clocks[type]) != 0 && type < 3)
            type++;
        bool known = ask_of("nvmlDeviceGetClockInfo", type, &v);
        number(field, known, v, "MHz", 0);
    } else if (strcmp(field, "fan.speed") == 0) {
        int (*f)(struct nvml_device *, unsigned, unsigned *);
        void *address = dlsym(library, "nvmlDeviceGetFanSpeed_v2");
        memcpy(&f, &address, sizeof(f));
        bool known = f(device, 0, &v) == 0;
        number(field, known, v, "%", 0);
    } else if (strcmp(field, "pstate") == 0) {
        bool known = ask("nvmlDeviceGetPerformanceState", &v);
        printf(known ? "P%u" : "[N/A]", v);
    } else if (strcmp(field, "persistence_mode") == 0) {
        bool known = ask("nvmlDeviceGetPersistenceMode", &v);
        printf("%s", !known ? "[N/A]" : v ? "Enabled" : "Disabled");
    } else if (strcmp(field, "pcie.link.gen.current") == 0) {
        bool known = ask("nvmlDeviceGetCurrPcieLinkGeneration", &v);
        number(field, known, v, "", 0);
    } else if (strcmp(field, "pcie.link.width.current") == 0) {
        bool known = ask("nvmlDeviceGetCurrPcieLinkWidth", &v);
        number(field, known, v, "", 0);
    } else if (strncmp(field, "ecc.errors.", 11) == 0) {
        ecc(field);
    } else {
        printf("Field \"%s\" is not a valid field to query.\n", field);
        exit(2);
    }
}

static void print_gpu(unsigned index, const char *query)
{
    char fields[2048], *rest = fields;

    snprintf(fields, sizeof(fields), "%s", query);
    for (char *field = strsep(&rest, ","), *first = field; field; field = strsep(&rest, ",")) {
        printf("%s", field == first ? "" : ", ");
        print_field(field, index);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    const char *path = getenv("ALGALON_NVML_SIM_LIBRARY");
    int (*init)(void), (*count)(unsigned *), (*handle)(unsigned, struct nvml_device **);
    unsigned n = 0;

    if (getenv("ALGALON_SIM_SMI_HANG"))
        sleep(60);
    wrong = getenv("ALGALON_SIM_SMI_WRONG");
    library = path ? dlopen(path, RTLD_NOW) : NULL;
    if (!library || argc < 2 || strncmp(argv[1], "--query-gpu=", 12) != 0) {
        printf("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n");
        return 9;
    }
    void *addresses[] = {dlsym(library, "nvmlInit_v2"), dlsym(library, "nvmlDeviceGetCount_v2"),
                         dlsym(library, "nvmlDeviceGetHandleByIndex_v2")};
    memcpy(&init, &addresses[0], sizeof(init));
    memcpy(&count, &addresses[1], sizeof(count));
    memcpy(&handle, &addresses[2], sizeof(handle));
    if (init() || count(&n) || !n) {
        printf("No devices were found\n");
        return n ? 9 : 6;
    }
    for (unsigned i = 0; i < n; i++)
        if (handle(i, &device) == 0)
            print_gpu(i, argv[1] + 12);
    return 0;
}
