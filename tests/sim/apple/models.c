/* models.c - machines by name. Clocks, cores and names of channels are as chips have them as far as
 * is known (README.md says from where); loads, powers and temperatures are made up. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>

#define CLOCK_HZ 24e6 /* of mach's ticks */

struct apple_sim apple_sim;

/* ---- finding ---- */

struct sim_channel *sim_channel(const char *name)
{
    for (size_t i = 0; i < apple_sim.channel_len; i++)
        if (!strcmp(apple_sim.channels[i].name, name))
            return &apple_sim.channels[i];
    sim_die(name);
}

struct sim_entry *sim_entry(const char *name)
{
    for (size_t i = 0; i < apple_sim.entry_len; i++)
        if (!strcmp(apple_sim.entries[i].name, name))
            return &apple_sim.entries[i];
    sim_die(name);
}

struct sim_key *sim_key(const char *key)
{
    for (size_t i = 0; i < apple_sim.key_len; i++)
        if (!strcmp(apple_sim.keys[i].key, key))
            return &apple_sim.keys[i];
    sim_die(key);
}

/* ---- building ---- */

struct sim_key *sim_add_key(const char *key, const char *type, size_t size, const void *bytes)
{
    struct sim_key *k = &apple_sim.keys[apple_sim.key_len++];

    *k = (struct sim_key){.size = (uint8_t)size};
    str_copy(k->key, sizeof(k->key), str_of(key));
    str_copy(k->type, sizeof(k->type), str_of(type));
    memcpy(k->bytes, bytes, size);
    return k;
}

void sim_key_float(const char *key, float value)
{
    for (size_t i = 0; i < apple_sim.key_len; i++) {
        if (strcmp(apple_sim.keys[i].key, key) != 0)
            continue;
        memcpy(apple_sim.keys[i].bytes, &value, sizeof(value));
        return;
    }
    sim_add_key(key, "flt ", sizeof(value), &value);
}

static struct sim_entry *add_entry(const char *name, const char *class, const char *kind)
{
    struct sim_entry *e = &apple_sim.entries[apple_sim.entry_len++];

    *e = (struct sim_entry){.name = name,
                            .class = class,
                            .kind = kind,
                            .id = 0x100000200 + apple_sim.entry_len,
                            .cores = -1,
                            .in_use = -1,
                            .load = -1};
    return e;
}

static void add_client(const char *name, const char *creator, const char *api, int64_t ns)
{
    struct sim_entry *gpu = sim_entry("AGXAcceleratorG");
    struct sim_entry *e = add_entry(name, "AGXDeviceUserClient", NULL);

    e->client = true;
    e->parent = (unsigned)(gpu - apple_sim.entries) + 1;
    e->creator = creator;
    if (!api)
        return;
    e->api[0] = api;
    e->gpu_ns[0] = ns;
    e->uses = 1;
}

static struct sim_channel *add_channel(const char *group, const char *subgroup, const char *name,
                                       const char *unit)
{
    struct sim_channel *c = &apple_sim.channels[apple_sim.channel_len++];

    *c = (struct sim_channel){.value = 1000000};
    str_copy(c->group, sizeof(c->group), str_of(group));
    str_copy(c->subgroup, sizeof(c->subgroup), str_of(subgroup));
    str_copy(c->name, sizeof(c->name), str_of(name));
    str_copy(c->unit, sizeof(c->unit), str_of(unit));
    return c;
}

static void add_energy(const char *name, const char *unit)
{
    add_channel("Energy Model", "", name, unit);
}

/* `active` states behind those in which nothing is done. */
static void add_states(struct sim_channel *c, bool gpu, int active)
{
    const char *idle[] = {gpu ? "OFF" : "IDLE", "DOWN"};

    for (int i = 0; i < (gpu ? 1 : 2); i++)
        str_copy(c->states[c->state_len++], sizeof(c->states[0]), str_of(idle[i]));
    for (int i = 0; i < active; i++)
        gpu ? snprintf(c->states[c->state_len++], sizeof(c->states[0]), "P%d", i + 1)
            : snprintf(c->states[c->state_len++], sizeof(c->states[0]), "V%dP%d", i,
                       active - 1 - i);
}

/* `digits` of a core's number behind `prefix`. */
static void add_cores(const char *prefix, int digits, int count, int active)
{
    char name[32];

    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "%s%0*d", prefix, digits, i);
        add_states(add_channel("CPU Stats", "CPU Core Performance States", name, "24Mticks"), false,
                   active);
    }
    /* The cluster as a whole stands beside its cores. */
    snprintf(name, sizeof(name), "%.4s", prefix);
    add_states(add_channel("CPU Stats", "CPU Complex Performance States", name, "24Mticks"), false,
               active);
}

/* Clocks in MHz; with `zero` the first entry is the state without one. */
static void add_table(const char *key, uint32_t unit, bool zero, const uint32_t *mhz, size_t len)
{
    struct sim_entry *pmgr = sim_entry("pmgr");
    size_t t = pmgr->table_len++;

    pmgr->tables[t].key = key;
    for (size_t i = 0; i < len + zero; i++) {
        uint32_t clock = zero ? (i ? mhz[i - 1] : 0) : mhz[i];
        pmgr->tables[t].pairs[2 * i] = (uint32_t)((uint64_t)clock * unit); /* wraps as theirs do */
        pmgr->tables[t].pairs[2 * i + 1] = clock ? 700 + (uint32_t)i : 0;
    }
    pmgr->tables[t].len = 2 * (len + zero);
}

static void add_fans(uint8_t count)
{
    sim_add_key("FNum", "ui8 ", 1, &count);
    for (uint8_t i = 0; i < count; i++) {
        const char key[] = {'F', (char)('0' + i), 'A', 'c', '\0'};
        sim_key_float(key, 1350.0f + (float)i * 100);
    }
}

static void add_common(const char *chip, const char *model, unsigned gpu_cores)
{
    const uint8_t none[4] = {0};

    apple_sim = (struct apple_sim){
        .chip = chip,
        .model = model,
        .release = "15.5",
        .uuid = "5A3B1C2D-0E0F-4A4B-8C8D-123456789ABC",
        .memory = UINT64_C(16) << 30,
        .page = 16384,
        .arm = true,
        .mach_ticks = UINT64_C(24000000) * 1000,
        .vm = {.free = 60000,
               .active = 300000,
               .inactive = 250000,
               .wired = 150000,
               .speculative = 10000,
               .purgeable = 5000,
               .compressor = 40000,
               .external = 200000},
        .swap = {.total = UINT64_C(2) << 30,
                 .available = UINT64_C(3) << 29,
                 .used = UINT64_C(1) << 29,
                 .page_size = 16384},
    };
    add_entry("Root", "IOPlatformExpertDevice", NULL)->uuid = apple_sim.uuid;
    add_entry("pmgr", "AppleARMIODevice", NULL);
    add_entry("dcp", "AppleARMIODevice", NULL);
    add_entry("AppleSMC", "AppleSMC", NULL);
    struct sim_entry *gpu = add_entry("AGXAcceleratorG", "AGXAccelerator", "IOAccelerator");
    gpu->model = chip;
    gpu->cores = gpu_cores;
    gpu->in_use = INT64_C(812345344);
    gpu->load = 37;
    add_client("client1", "pid 533, WindowServer", "Metal", 5000000000);
    add_client("client2", "pid 900, python3.12", "Metal", 100);
    add_client("client3", "pid 900, python3.12", "Metal", 200);
    add_client("client4", "pid 412, old, game", "GL", 300);
    add_client("client5", "pid 77, backboardd", NULL, 0); /* a queue: it has no use to tell */
    sim_add_key("#KEY", "ui32", 4, none);
    sim_key_float("TB0T", 31); /* the battery */
    sim_key_float("Ts0P", 29); /* the palm rest */
    sim_key_float("PSTR", 21.5f);
}

/* When all keys are there. */
static void count_keys(void)
{
    uint8_t *to = sim_key("#KEY")->bytes;

    to[2] = (uint8_t)(apple_sim.key_len >> 8);
    to[3] = (uint8_t)apple_sim.key_len;
}

static void add_level(const char *name, unsigned cores)
{
    apple_sim.levels[apple_sim.level_len].name = name;
    apple_sim.levels[apple_sim.level_len++].cores = cores;
    apple_sim.cpus += cores;
}

static void add_chip_energy(void)
{
    /* Parts of the sums: who adds all up that begins with a C or a G counts twice. */
    add_energy("ECPU0", "mJ");
    add_energy("EACC_CPU0", "mJ");
    add_energy("PCPU", "mJ");
    add_energy("CPU Energy", "mJ");
    add_energy("GPU SRAM0", "mJ");
    add_energy("GPU", "mJ");
    add_energy("GPU Energy", "nJ");
    add_energy("ANE", "mJ");
    add_energy("DRAM0", "mJ");
}

static void add_sensors(void)
{
    sim_key_float("Tp01", 48);
    sim_key_float("Tp05", 52);
    sim_key_float("Te05", 44);
    sim_key_float("Tp0X", 0); /* there is no such core on this one */
    sim_key_float("Tp0Y", -12);
    sim_key_float("Tg05", 40);
    sim_key_float("Tg0D", 46);
    sim_key_float("Tg0X", 0);
}

static const uint32_t m1_e[] = {600, 972, 1332, 1704, 2064};
static const uint32_t m1_p[] = {600,  828,  1056, 1284, 1500, 1728, 1956, 2184,
                                2388, 2592, 2772, 2988, 3096, 3144, 3204};
static const uint32_t m1_gpu[] = {396, 528, 720, 924, 1128, 1278};

static void add_gpu_states(int active)
{
    add_states(add_channel("GPU Stats", "GPU Performance States", "GPUPH", "24Mticks"), true,
               active);
    add_states(add_channel("GPU Stats", "GPU Performance States", "GPU_CLTM", "24Mticks"), true,
               active);
}

static void m1(void)
{
    add_common("Apple M1", "MacBookAir10,1", 8);
    add_level("Performance", 4);
    add_level("Efficiency", 4);
    add_chip_energy();
    add_cores("ECPU", 3, 4, 5);
    add_cores("PCPU", 3, 4, 15);
    add_gpu_states(6);
    add_table("voltage-states1-sram", 1000000, false, m1_e, ARRAY_LEN(m1_e));
    add_table("voltage-states5-sram", 1000000, false, m1_p, ARRAY_LEN(m1_p));
    add_table("voltage-states9", 1000000, true, m1_gpu, ARRAY_LEN(m1_gpu));
    add_sensors();
    add_fans(0); /* an Air has none */
}

static void m2pro(void)
{
    static const uint32_t e[] = {600, 912, 1284, 1752, 2004, 2256, 2424};
    static const uint32_t p[] = {600,  660,  924,  1188, 1452, 1704, 1968, 2208, 2400,
                                 2568, 2724, 2868, 2988, 3096, 3204, 3324, 3408, 3504};
    static const uint32_t gpu[] = {444, 612, 808, 968, 1110, 1236, 1338, 1398};

    add_common("Apple M2 Pro", "Mac14,9", 19);
    add_level(NULL, 8); /* a system that tells no names of levels */
    add_level(NULL, 4);
    add_chip_energy();
    add_cores("ECPU", 3, 4, 7);
    add_cores("PCPU", 3, 4, 18);
    add_cores("PCPU1", 2, 4, 18);
    add_gpu_states(8);
    add_table("voltage-states1-sram", 1000000, false, e, ARRAY_LEN(e));
    add_table("voltage-states5-sram", 1000000, false, p, ARRAY_LEN(p));
    add_table("voltage-states9-sram", 1000000, true, gpu,
              ARRAY_LEN(gpu)); /* under that name only */
    add_sensors();
    add_fans(2);
}

static void m3max(void)
{
    static const uint32_t e[] = {744, 1044, 1476, 2004, 2268, 2748};
    static const uint32_t p[] = {816,  1092, 1356, 1596, 1884, 2172, 2424, 2616, 2808,
                                 2988, 3144, 3288, 3420, 3576, 3624, 3708, 3780, 4056};
    static const uint32_t gpu[] = {338, 618, 796, 832, 925, 1056, 1063, 1182, 1182, 1312, 1398};

    add_common("Apple M3 Max", "Mac15,9", 40);
    apple_sim.memory = UINT64_C(64) << 30;
    add_level("Performance", 12);
    add_level("Efficiency", 4);
    add_chip_energy();
    add_cores("ECPU", 3, 4, 6);
    add_cores("PCPU", 3, 6, 18);
    add_cores("PCPU1", 2, 6, 18);
    add_gpu_states(15); /* four more than it has clocks */
    add_table("voltage-states1-sram", 1000000, false, e, ARRAY_LEN(e));
    add_table("voltage-states5-sram", 1000000, false, p, ARRAY_LEN(p));
    add_table("voltage-states9", 1000000, true, gpu, ARRAY_LEN(gpu));
    add_sensors();
    add_fans(2);
}

static void m4(void)
{
    static const uint32_t e[] = {1020, 1404, 1788, 2112, 2352, 2532, 2592};
    static const uint32_t p[] = {1260, 1512, 1800, 2088, 2340, 2592, 2856, 3096, 3312,
                                 3516, 3696, 3864, 4020, 4152, 4284, 4356, 4404, 4464};
    static const uint32_t gpu[] = {338, 618, 796, 924, 952, 1056, 1062, 1182, 1182, 1312, 1470};

    add_common("Apple M4", "Mac16,10", 10);
    add_level("Performance", 4);
    add_level("Efficiency", 6);
    add_chip_energy();
    add_cores("ECPU", 3, 6, 7);
    add_cores("PCPU", 3, 4, 18);
    add_gpu_states(11);
    add_table("voltage-states1-sram", 1000, false, e, ARRAY_LEN(e)); /* kHz since this one */
    add_table("voltage-states5-sram", 1000, false, p, ARRAY_LEN(p));
    add_table("voltage-states9", 1000000, true, gpu, ARRAY_LEN(gpu));
    add_sensors();
    add_fans(1);
}

static void m2ultra(void)
{
    static const uint32_t e[] = {600, 912, 1284, 1752, 2004, 2256, 2424};
    static const uint32_t p[] = {600, 1452, 2208, 2868, 3324, 3504};
    static const uint32_t gpu[] = {444, 612, 808, 968, 1110, 1236, 1338, 1398};

    add_common("Apple M2 Ultra", "Mac14,14", 76);
    add_level("Performance", 16);
    add_level("Efficiency", 8);
    add_energy("DIE_0_CPU Energy", " mJ ");
    add_energy("DIE_1_CPU Energy", " mJ ");
    add_energy("DIE_0_PCPU0_CPU0", "mJ");
    add_energy("GPU Energy", "nJ");
    add_energy("ANE0_0", "mJ"); /* not the engine's name: it is left out */
    add_energy("ANE0", "mJ");
    add_energy("DIE_1_ANE1", "mJ");
    add_cores("DIE_0_ECPU_CPU", 1, 4, 7);
    add_cores("DIE_1_ECPU_CPU", 1, 4, 7);
    add_cores("DIE_0_PCPU_CPU", 1, 4, 6);
    add_cores("DIE_0_PCPU1_CPU", 1, 4, 6);
    add_cores("DIE_1_PCPU_CPU", 1, 4, 6);
    add_cores("DIE_1_PCPU1_CPU", 1, 4, 6);
    add_gpu_states(8);
    add_table("voltage-states1-sram", 1000000, false, e, ARRAY_LEN(e));
    add_table("voltage-states5-sram", 1000000, false, p, ARRAY_LEN(p));
    add_table("voltage-states9", 1000000, true, gpu, ARRAY_LEN(gpu));
    add_sensors();
    add_fans(2);
}

static void m5max(void)
{
    static const uint32_t m[] = {1344, 1656, 2100, 2868, 3612, 4380};
    static const uint32_t s[] = {1308, 1824, 2496, 3144, 3732, 4284, 4608};
    static const uint32_t gpu[] = {338, 618, 796, 924, 1056, 1182, 1312, 1470, 1620};

    add_common("Apple M5 Max", "Mac17,6", 40);
    add_level("Super", 6);
    add_level("Performance", 12);
    add_chip_energy();
    add_cores("MCPU0", 2, 6, 6);
    add_cores("MCPU1", 2, 6, 6);
    add_cores("PCPU", 3, 6, 7);
    add_gpu_states(15);
    struct sim_entry *pmgr = sim_entry("pmgr");
    static const uint32_t clusters[] = {22 | 1 << 8, 0, 23 | 1 << 8, 0, 5 | 2 << 8, 0};
    pmgr->tables[0].key = "acc-clusters";
    memcpy(pmgr->tables[0].pairs, clusters, sizeof(clusters));
    pmgr->tables[0].len = ARRAY_LEN(clusters);
    pmgr->table_len = 1;
    add_table("voltage-states22-sram", 1000, false, m, ARRAY_LEN(m));
    add_table("voltage-states23-sram", 1000, false, m, ARRAY_LEN(m));
    add_table("voltage-states5-sram", 1000, false, s, ARRAY_LEN(s));
    add_table("voltage-states9", 1000000, true, gpu, ARRAY_LEN(gpu));
    add_sensors();
    sim_key_float("Ts0P", 61); /* a core here, no palm rest */
    add_fans(2);
}

/* A guest on a Mac: no IOReport channels, no SMC, a GPU whose driver has no statistics. */
static void virtual_machine(void)
{
    add_common("Apple M3 Max (Virtual)", "VirtualMac2,1", 0);
    apple_sim.virtual = true;
    apple_sim.entry_len = 1;
    add_entry("AppleParavirtGPU", "AppleParavirtGPU", "IOAccelerator")->model = "Apple Paravirtual";
    add_level(NULL, 4);
    apple_sim.cpus = 4;
}

bool apple_sim_set(const char *model)
{
    static const struct {
        const char *name;
        void (*make)(void);
    } models[] = {
        {"m1", m1},
        {"m2pro", m2pro},
        {"m3max", m3max},
        {"m4", m4},
        {"m2ultra", m2ultra},
        {"m5max", m5max},
        {"virtual", virtual_machine},
    };

    for (size_t i = 0; i < ARRAY_LEN(models); i++) {
        if (strcmp(models[i].name, model) != 0)
            continue;
        models[i].make();
        count_keys();
        return true;
    }
    return false;
}

/* ---- going on ---- */

static void work(struct sim_channel *c, double seconds, double active, int low, int high)
{
    c->time[0] += (int64_t)(seconds * (1 - active) * CLOCK_HZ);
    c->time[low] += (int64_t)(seconds * active / 2 * CLOCK_HZ);
    c->time[high] += (int64_t)(seconds * active / 2 * CLOCK_HZ);
}

static double watts_of(const char *name)
{
    static const struct {
        const char *name;
        double watts;
    } all[] = {
        {"CPU Energy", 8}, {"DIE_0_CPU Energy", 8}, {"DIE_1_CPU Energy", 6}, {"GPU Energy", 4},
        {"ANE", 0.5},      {"ANE0", 0.25},          {"DIE_1_ANE1", 0.25},    {"DRAM0", 1},
    };

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (!strcmp(all[i].name, name))
            return all[i].watts;
    return 3;
}

void sim_pass(double seconds)
{
    struct apple_sim *s = &apple_sim;

    s->mach_ticks += (uint64_t)(seconds * CLOCK_HZ);
    for (size_t i = 0; i < s->channel_len; i++) {
        struct sim_channel *c = &s->channels[i];
        bool gpu = !strcmp(c->name, "GPUPH"), slow = strstr(c->name, "ECPU") != NULL;
        if (!strcmp(c->group, "Energy Model"))
            c->value += (int64_t)(seconds * watts_of(c->name) * (strchr(c->unit, 'n') ? 1e9 : 1e3));
        else if (gpu) /* 40 %, half of it in its slowest state and half in its third */
            work(c, seconds, 0.4, 1, 3);
        else if (slow) /* 20 % in the slowest */
            work(c, seconds, 0.2, 2, 2);
        else /* 50 % in the slowest and in the fastest */
            work(c, seconds, 0.5, 2, c->state_len - 1);
    }
    for (unsigned i = 0; i < s->cpus; i++) {
        s->ticks[i][0] += (uint32_t)(seconds * 30);
        s->ticks[i][APPLE_CPU_IDLE] += (uint32_t)(seconds * 70);
    }
    for (size_t i = 0; i < s->entry_len; i++)
        if (s->entries[i].uses)
            s->entries[i].gpu_ns[0] += (int64_t)(seconds * 0.1 * 1e9);
}
