/* apple_report.c - IOReport. */
#include "apple_report.h"

#include <stdlib.h>

#define CLOSEST_S  0.05 /* nearer samples share counts of the same update */
#define FARTHEST_S 60.0 /* farther apart than this and three times as far as usual: it slept */
#define WATTS_MAX  2000
#define STATE_NAME 64

static const char energy_group[] = "Energy Model";
static const struct {
    const char *group, *subgroup;
} wanted[] = {
    {energy_group, NULL},
    {"CPU Stats", "CPU Core Performance States"},
    {"GPU Stats", "GPU Performance States"},
};
enum {
    ENERGY,
    CPU_STATES,
    GPU_STATES
};

const char apple_kinds[3] = {'E', 'P', 'M'};

/* ---- names ---- */

/* Ultras have two dies, whose channels have this before their names. */
static struct str without_die(struct str name)
{
    size_t at = 4;

    if (!str_starts(name, STR("DIE_")))
        return name;
    while (at < name.len && name.ptr[at] >= '0' && name.ptr[at] <= '9')
        at++;
    if (at == 4 || at == name.len || name.ptr[at] != '_')
        return name;
    return str_make(name.ptr + at + 1, name.len - at - 1);
}

enum apple_meter apple_report_meter(struct str channel)
{
    struct str name = without_die(channel);

    if (str_is(name, "CPU Energy"))
        return APPLE_METER_CPU;
    if (str_is(name, "GPU Energy"))
        return APPLE_METER_GPU;
    if (!str_starts(name, STR("ANE")))
        return APPLE_METER_NONE;
    for (size_t i = 3; i < name.len; i++) /* "ANE", "ANE0", and no "ANE SRAM" */
        if (name.ptr[i] < '0' || name.ptr[i] > '9')
            return APPLE_METER_NONE;
    return APPLE_METER_ANE;
}

double apple_report_unit(struct str label)
{
    static const struct {
        const char *name;
        double joules;
    } units[] = {{"J", 1}, {"mJ", 1e-3}, {"uJ", 1e-6}, {"nJ", 1e-9}};
    struct str name = str_trim(label);

    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (str_is(name, units[i].name))
            return units[i].joules;
    return 0;
}

char apple_report_core(struct str channel)
{
    struct str name = without_die(channel);

    if (name.len < 4 || memcmp(name.ptr + 1, "CPU", 3) != 0)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(apple_kinds); i++)
        if (name.ptr[0] == apple_kinds[i])
            return apple_kinds[i];
    return 0;
}

/* ---- opening ---- */

static apple_ref copy_group(const struct apple_calls *c, const char *group, const char *subgroup)
{
    apple_ref g = apple_string(c, group), s = subgroup ? apple_string(c, subgroup) : NULL;
    apple_ref found = g && (s || !subgroup) ? c->IOReportCopyChannelsInGroup(g, s, 0, 0, 0) : NULL;

    apple_release(c, s);
    apple_release(c, g);
    return found;
}

static apple_ref find_channels(const struct apple_calls *c)
{
    apple_ref all = NULL, copy = NULL;

    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        apple_ref one = copy_group(c, wanted[i].group, wanted[i].subgroup);
        if (!one || !all) {
            all = one ? one : all;
            continue;
        }
        c->IOReportMergeChannels(all, one, NULL);
        apple_release(c, one);
    }
    if (apple_is_dictionary(c, all))
        copy = c->CFDictionaryCreateMutableCopy(NULL, c->CFDictionaryGetCount(all), all);
    apple_release(c, all);
    return copy;
}

int apple_report_open(struct apple_report *r, const struct apple_calls *c,
                      const struct apple_dvfs *dvfs, struct error *err)
{
    struct apple_timebase base = {0};
    apple_ref subscribed = NULL;

    *r = (struct apple_report){.calls = c, .dvfs = dvfs};
    if (!c->report)
        return error_set(err, -ENOTSUP, "this system has no IOReport");
    if (c->mach_timebase_info(&base) != APPLE_OK || !base.denom || !base.numer)
        return error_set(err, -ENOTSUP, "this system does not tell the unit of its clock");
    r->ns_per_tick = (double)base.numer / base.denom;
    r->channels = find_channels(c);
    if (!r->channels)
        return error_set(err, -ENOTSUP, "IOReport has no channels of energy and states");
    /* What it took of them is not said to be the caller's, so it is left alone. */
    r->subscription = c->IOReportCreateSubscription(NULL, r->channels, &subscribed, 0, NULL);
    if (r->subscription)
        return 0;
    apple_report_close(r);
    return error_set(err, -ENOTSUP, "IOReport takes no subscription");
}

void apple_report_close(struct apple_report *r)
{
    const struct apple_calls *c = r->calls;

    if (!c)
        return;
    apple_release(c, r->before);
    apple_release(c, r->subscription);
    apple_release(c, r->channels);
    *r = (struct apple_report){0};
}

/* ---- reading ---- */

/* Sums of time, in whatever unit the channel counts. */
struct residency {
    double all, active, clocked; /* `clocked`: MHz times time of the active */
    bool untold;                 /* of some active time the clock is not known */
};

static bool is_idle(const char *state)
{
    return !strcmp(state, "IDLE") || !strcmp(state, "DOWN") || !strcmp(state, "OFF");
}

/* The i-th state in which it works is the i-th of the table. Chips count more states than they have
 * clocks; those are not used. */
static void add_states(const struct apple_calls *c, apple_ref channel,
                       const struct apple_clocks *clocks, struct residency *to)
{
    int32_t count = c->IOReportStateGetCount(channel);
    char name[STATE_NAME];
    unsigned active = 0;

    for (int32_t i = 0; i < count && i < APPLE_STATES; i++) {
        int64_t time = c->IOReportStateGetResidency(channel, i);
        bool idle =
            !apple_text(c, c->IOReportStateGetNameForIndex(channel, i), name, sizeof(name)) ||
            is_idle(name);
        unsigned place = active;
        active += !idle;
        if (time <= 0)
            continue;
        to->all += (double)time;
        if (idle)
            continue;
        to->active += (double)time;
        if (clocks && place < clocks->len)
            to->clocked += clocks->mhz[place] * (double)time;
        else
            to->untold = true;
    }
}

static struct apple_load load_of(const struct residency *r)
{
    return (struct apple_load){
        .ratio = r->all > 0 ? r->active / r->all : UNKNOWN,
        .mhz = r->active > 0 && !r->untold ? r->clocked / r->active : UNKNOWN,
    };
}

/* What is gathered while the channels are walked. */
struct sums {
    double joules[APPLE_METERS];
    bool known[APPLE_METERS];
    struct residency gpu, kinds[ARRAY_LEN(apple_kinds)];
};

static void take_energy(struct apple_report *r, apple_ref channel, struct str name, struct sums *to)
{
    const struct apple_calls *c = r->calls;
    enum apple_meter meter = apple_report_meter(name);
    char label[STATE_NAME];

    if (meter == APPLE_METER_NONE)
        return;
    (void)apple_text(c, c->IOReportChannelGetUnitLabel(channel), label, sizeof(label));
    double unit = apple_report_unit(str_of(label));
    int64_t grown = c->IOReportSimpleGetIntegerValue(channel, 0);
    if (!(unit > 0) || grown < 0) { /* below nothing: the counter began anew */
        r->rejected++;
        return;
    }
    to->joules[meter] += (double)grown * unit;
    to->known[meter] = true;
}

static void take_core(const struct apple_report *r, apple_ref channel, struct str name,
                      struct apple_report_reading *ret, struct sums *to)
{
    struct residency own = {0};
    char kind = apple_report_core(name);

    if (!kind || ret->core_len == APPLE_CORES)
        return;
    add_states(r->calls, channel, apple_dvfs_cpu(r->dvfs, kind), &own);
    struct apple_core *core = &ret->cores[ret->core_len++];
    *core = (struct apple_core){.kind = kind, .load = load_of(&own)};
    str_copy(core->name, sizeof(core->name), name);
    for (size_t i = 0; i < ARRAY_LEN(apple_kinds); i++) {
        if (apple_kinds[i] != kind)
            continue;
        to->kinds[i].all += own.all;
        to->kinds[i].active += own.active;
        to->kinds[i].clocked += own.clocked;
        to->kinds[i].untold = to->kinds[i].untold || own.untold;
    }
}

static void take_channel(struct apple_report *r, apple_ref channel,
                         struct apple_report_reading *ret, struct sums *to)
{
    const struct apple_calls *c = r->calls;
    char group[STATE_NAME], subgroup[STATE_NAME], name[STATE_NAME];

    if (!apple_text(c, c->IOReportChannelGetGroup(channel), group, sizeof(group)) ||
        !apple_text(c, c->IOReportChannelGetChannelName(channel), name, sizeof(name)))
        return;
    (void)apple_text(c, c->IOReportChannelGetSubGroup(channel), subgroup, sizeof(subgroup));
    if (!strcmp(group, energy_group))
        take_energy(r, channel, str_of(name), to);
    else if (!strcmp(group, wanted[CPU_STATES].group) &&
             !strcmp(subgroup, wanted[CPU_STATES].subgroup))
        take_core(r, channel, str_of(name), ret, to);
    else if (!strcmp(group, wanted[GPU_STATES].group) && !strcmp(name, "GPUPH"))
        add_states(c, channel, &r->dvfs->gpu, &to->gpu);
}

/* The meters of CPU and Neural Engine are brought up to date together, on newer systems only every
 * two seconds. A processor that drew nothing at all is one whose meter stood still: its energy
 * belongs to the time in which it moves again. */
static void take_power(struct apple_report *r, const struct sums *s, bool usual,
                       struct apple_report_reading *ret)
{
    bool still = s->known[APPLE_METER_CPU] && !(s->joules[APPLE_METER_CPU] > 0);
    double grouped_s = ret->seconds + r->carried_s;

    for (size_t i = APPLE_METER_CPU; i < APPLE_METERS; i++) {
        if (!s->known[i])
            continue;
        ret->joules[i] = s->joules[i];
        double seconds = i == APPLE_METER_GPU ? ret->seconds : grouped_s;
        double watts = s->joules[i] / seconds;
        if (usual && watts <= WATTS_MAX && (i == APPLE_METER_GPU || !still))
            ret->watts[i] = watts;
    }
    r->carried_s = still && usual ? grouped_s : 0;
}

static int by_name(const void *a, const void *b)
{
    const struct apple_core *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static void take_delta(struct apple_report *r, apple_ref delta, bool usual,
                       struct apple_report_reading *ret)
{
    const struct apple_calls *c = r->calls;
    apple_ref list = apple_member(c, delta, "IOReportChannels");
    size_t len = apple_len(c, list);
    struct sums sums = {0};

    for (size_t i = 0; i < len; i++) {
        apple_ref channel = c->CFArrayGetValueAtIndex(list, (apple_index)i);
        if (apple_is_dictionary(c, channel))
            take_channel(r, channel, ret, &sums);
    }
    take_power(r, &sums, usual, ret);
    if (!usual) {
        ret->core_len = 0;
        return;
    }
    if (ret->core_len)
        qsort(ret->cores, ret->core_len, sizeof(*ret->cores), by_name);
    ret->gpu = load_of(&sums.gpu);
    for (size_t i = 0; i < ARRAY_LEN(apple_kinds); i++)
        ret->kinds[i] = load_of(&sums.kinds[i]);
}

void apple_report_nothing(struct apple_report_reading *ret)
{
    const struct apple_load unknown = {UNKNOWN, UNKNOWN};

    *ret = (struct apple_report_reading){.gpu = unknown};
    for (size_t i = 0; i < APPLE_METERS; i++)
        ret->watts[i] = ret->joules[i] = UNKNOWN;
    for (size_t i = 0; i < ARRAY_LEN(apple_kinds); i++)
        ret->kinds[i] = unknown;
}

int apple_report_read(struct apple_report *r, struct apple_report_reading *ret, struct error *err)
{
    const struct apple_calls *c = r->calls;
    uint64_t ticks = c->mach_continuous_time(); /* goes on while the machine sleeps */
    double seconds = (double)(ticks - r->ticks) * r->ns_per_tick / 1e9;

    apple_report_nothing(ret);
    if (r->before && seconds < CLOSEST_S)
        return 0;
    apple_ref now = c->IOReportCreateSamples(r->subscription, r->channels, NULL);
    if (!now)
        return error_set(err, -EIO, "IOReport gave no sample");
    apple_ref delta = r->before ? c->IOReportCreateSamplesDelta(r->before, now, NULL) : NULL;
    bool usual = seconds <= MAX(FARTHEST_S, 3 * r->usual_s);
    if (delta) {
        ret->seconds = seconds;
        take_delta(r, delta, usual, ret);
        r->usual_s = seconds;
    }
    apple_release(c, delta);
    apple_release(c, r->before);
    r->before = now;
    r->ticks = ticks;
    return 0;
}
