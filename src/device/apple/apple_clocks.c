/* apple_clocks.c - tables of clocks, out of the power manager's entry "pmgr". */
#include "apple_clocks.h"

#define PAIR      8
#define CLUSTER   8                  /* bytes of one in acc-clusters */
#define KHZ_BELOW UINT64_C(10000000) /* no cluster runs at 10 MHz, none at 10 GHz */
#define CLOCK_MAX UINT64_C(10000000000)
#define WRAP      (UINT64_C(1) << 32) /* more than 4.29 GHz do not fit where they stand in Hz */

static uint64_t word(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;

    return b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24;
}

bool apple_clocks_parse(struct str bytes, struct apple_clocks *ret)
{
    uint64_t hz[APPLE_STATES], top = 0, wraps = 0;

    *ret = (struct apple_clocks){0};
    for (size_t at = 0; at + PAIR <= bytes.len; at += PAIR) {
        uint64_t value = word(bytes.ptr + at);
        if (value <= 1) /* a state without a clock: off */
            continue;
        if (ret->len == APPLE_STATES)
            return (ret->len = 0); /* not a table of clocks, as far as we know them */
        hz[ret->len++] = value;
        top = MAX(top, value);
    }
    bool khz = top < KHZ_BELOW;
    for (unsigned i = 0; i < ret->len; i++) {
        if (!khz && i && hz[i] + wraps < hz[i - 1]) /* they rise */
            wraps += WRAP;
        hz[i] = khz ? hz[i] * 1000 : hz[i] + wraps;
        if (hz[i] > CLOCK_MAX)
            return (ret->len = 0);
        ret->mhz[i] = (double)hz[i] / 1e6;
    }
    return ret->len > 0;
}

static bool read_table(const struct apple_calls *c, apple_port pmgr, const char *name,
                       struct apple_clocks *ret)
{
    apple_ref value = apple_property(c, pmgr, name);
    bool good = apple_clocks_parse(apple_bytes(c, value), ret);

    apple_release(c, value);
    return good;
}

static void add_cpu(const struct apple_calls *c, apple_port pmgr, unsigned number, uint8_t tier,
                    struct apple_dvfs *d)
{
    char name[40];

    snprintf(name, sizeof(name), "voltage-states%u-sram", number);
    if (d->cpu_len < APPLE_TABLES && read_table(c, pmgr, name, &d->cpu[d->cpu_len]))
        d->tier[d->cpu_len++] = tier;
}

/* Chips that have a list of their clusters (M5) number their tables as they like; others have the
 * same two. */
static void read_cpus(const struct apple_calls *c, apple_port pmgr, struct apple_dvfs *d)
{
    apple_ref value = apple_property(c, pmgr, "acc-clusters");
    struct str list = apple_bytes(c, value);

    for (size_t at = 0; at + CLUSTER <= list.len; at += CLUSTER)
        add_cpu(c, pmgr, (unsigned char)list.ptr[at], (uint8_t)list.ptr[at + 1], d);
    apple_release(c, value);
    if (d->cpu_len)
        return;
    add_cpu(c, pmgr, 1, 0, d);
    add_cpu(c, pmgr, 5, 1, d);
}

void apple_dvfs_read(const struct apple_calls *c, struct apple_dvfs *ret)
{
    apple_port iterator = apple_services(c, "AppleARMIODevice"), entry;
    char name[APPLE_NAME];

    *ret = (struct apple_dvfs){0};
    while (iterator && (entry = c->IOIteratorNext(iterator))) {
        name[0] = '\0';
        if (c->IORegistryEntryGetName(entry, name) == APPLE_OK && !strcmp(name, "pmgr") &&
            !ret->cpu_len) {
            read_cpus(c, entry, ret);
            if (!read_table(c, entry, "voltage-states9", &ret->gpu))
                (void)read_table(c, entry, "voltage-states9-sram", &ret->gpu);
        }
        c->IOObjectRelease(entry);
    }
    if (iterator)
        c->IOObjectRelease(iterator);
}

const struct apple_clocks *apple_dvfs_cpu(const struct apple_dvfs *d, char kind)
{
    uint8_t low = UINT8_MAX, high = 0;
    const struct apple_clocks *found = NULL;
    int best = -1;

    for (size_t i = 0; i < d->cpu_len; i++) {
        low = MIN(low, d->tier[i]);
        high = MAX(high, d->tier[i]);
    }
    for (size_t i = 0; i < d->cpu_len; i++) {
        uint8_t tier = d->tier[i];
        bool fits = kind == 'P'   ? tier == high
                    : kind == 'E' ? tier == low && low < high
                    : kind == 'M' ? tier < high && tier > best
                                  : false;
        if (fits && tier > best) {
            found = &d->cpu[i];
            best = tier;
        }
    }
    return found;
}
