/* nvidia_samples.c - mean and peak of an interval from the rings of samples that the driver fills
 * by itself, about six times a second: no burst between two readings is missed. */
#include "device/nvidia/nvidia_gpu.h"
#include "device/nvidia/nvidia_sort.h"

#define RING_MAX 65536 /* entries; real rings hold 100 to 4000 */
#define FIRST_WINDOW_US                                                                            \
    1000000 /* of a ring seen for the first time: what the one-shot call covers */
#define DAY_US        (86400 * (int64_t)1000000)
#define CLOCK_SKEW_US 5000000

static double sample_raw(const struct nvml_sample *s, unsigned type)
{
    switch (type) {
    case NVML_VALUE_DOUBLE:
        return s->value.d;
    case NVML_VALUE_UNSIGNED_LONG:
    case NVML_VALUE_UNSIGNED_LONG_LONG:
        return (double)s->value.ull;
    case NVML_VALUE_SIGNED_LONG_LONG:
        return (double)s->value.sll;
    case NVML_VALUE_SIGNED:
        return s->value.si;
    case NVML_VALUE_UNSIGNED_SHORT:
        return s->value.us;
    default:
        return s->value.u;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct nvml_sample *x = a, *y = b;

    return (x->timestamp > y->timestamp) - (x->timestamp < y->timestamp);
}

/* Asks once how many entries this ring holds, and makes room for as many: a driver that finds too
 * little gives the oldest only. */
static int make_room(struct gpu_context *c, struct gpu *g, int type, enum question q)
{
    unsigned value_type, count = 0;

    int code = c->nvml.samples(g->handle, type, 0, &value_type, &count, NULL);
    if (code == NVML_INVALID_ARGUMENT)
        code = NVML_NOT_SUPPORTED; /* this driver knows no such ring */
    if (!nvidia_gpu_told(c, g, q, code))
        return 0;
    if (count > RING_MAX)
        count = RING_MAX;
    if (count > c->sample_cap) {
        struct nvml_sample *grown =
            array_grow(c->samples, &c->sample_cap, count, sizeof(*c->samples));
        if (!grown)
            return -ENOMEM;
        c->samples = grown;
    }
    g->sized |= 1u << type;
    return 0;
}

/* Asks for what is newer than `since`; *ret_len is 0 when there is nothing. */
static int fetch(struct gpu_context *c, struct gpu *g, int type, uint64_t since, unsigned *ret_type,
                 size_t *ret_len)
{
    enum question q = (enum question)(ASK_SAMPLES_POWER + type);

    *ret_len = 0;
    if (!(g->sized & 1u << type)) {
        int failed = make_room(c, g, type, q);
        if (failed)
            return failed;
    }
    if (!(g->sized & 1u << type) || !c->sample_cap)
        return 0;
    unsigned count = (unsigned)c->sample_cap;
    int code = c->nvml.samples(g->handle, type, since, ret_type, &count, c->samples);
    if (nvidia_gpu_told(c, g, q, code))
        *ret_len = MIN(count, c->sample_cap);
    if (code == NVML_INSUFFICIENT_SIZE)
        g->sized &= ~(1u << type); /* it has grown: asked again next time */
    return 0;
}

/* The oldest moment that belongs to this interval, given the ring's newest sample. */
static uint64_t lower_bound(const struct gpu_context *c, uint64_t seen, uint64_t newest)
{
    if (seen)
        return seen;
    /* Where the driver stamps with Unix time, an idle GPU's ring ends long ago. */
    int64_t ago = c->now_us - (int64_t)newest;
    uint64_t end = ago > -DAY_US && ago < DAY_US ? (uint64_t)c->now_us : newest;
    return end > FIRST_WINDOW_US ? end - FIRST_WINDOW_US : 0;
}

static struct sample_summary summarise(struct gpu_context *c, struct gpu *g, int type,
                                       enum check_field field, unsigned value_type, size_t len)
{
    struct sample_summary sum = {NAN, NAN, NAN, NAN};
    const struct nvml_sample *s = c->samples;
    uint64_t newest = s[len - 1].timestamp, seen = g->seen_us[type];
    uint64_t bound = lower_bound(c, seen, newest), before = 0;
    int64_t age = c->now_us - (int64_t)newest;
    double total = 0;
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (s[i].timestamp == before && i)
            continue; /* told twice */
        before = s[i].timestamp;
        if (before <= bound) {
            /* The driver was asked for newer ones only. */
            if (seen && before + (uint64_t)check_age_limit_us(&c->check, field, c->interval_us) <
                            (uint64_t)c->now_us)
                check_reject(&c->check, field, CHECK_STALE);
            continue;
        }
        double value = check_gauge(&c->check, field, sample_raw(&s[i], value_type));
        if (isnan(value))
            continue;
        total += value;
        sum.last = value;
        sum.low = n && sum.low < value ? sum.low : value;
        sum.peak = n && sum.peak > value ? sum.peak : value;
        n++;
    }
    if (newest > seen && age > -CLOCK_SKEW_US)
        g->seen_us[type] = newest;
    if (n)
        sum.mean = total / (double)n;
    return sum;
}

int nvidia_samples_read(struct gpu_context *c, struct gpu *g, int type, enum check_field field,
                        struct sample_summary *ret)
{
    unsigned value_type = NVML_VALUE_UNSIGNED;
    size_t len;

    *ret = (struct sample_summary){NAN, NAN, NAN, NAN};
    if (!c->nvml.samples || !nvidia_gpu_may(c, g, (enum question)(ASK_SAMPLES_POWER + type)))
        return 0;
    /* The clock was set back: what was seen then says nothing about what is new now. */
    if ((int64_t)g->seen_us[type] > c->now_us + CLOCK_SKEW_US)
        g->seen_us[type] = 0;
    int code = fetch(c, g, type, g->seen_us[type], &value_type, &len);
    if (code || !len)
        return code;
    nvidia_sort(c->samples, len, sizeof(*c->samples), by_time);
    *ret = summarise(c, g, type, field, value_type, len);
    return 0;
}
