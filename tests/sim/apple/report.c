/* report.c - IOReport: channels, samples of them, differences of samples. */
#include "sim.h"

static apple_ref dictionary_of(const struct sim_channel *channel)
{
    apple_ref d = sim_dictionary();

    sim_put(d, "DriverID", sim_number(1));
    sim_set_channel(d, channel);
    return d;
}

static apple_ref with_channels(apple_ref list)
{
    apple_ref d = sim_dictionary();

    sim_put(d, "IOReportChannels", list);
    return d;
}

static apple_ref text_of(apple_ref dictionary, const char *key)
{
    apple_ref name = sim_text(key), found = CFDictionaryGetValue(dictionary, name);

    CFRelease(name);
    return found;
}

/* The names of a channel are its own objects, borrowed by who asks. */
static apple_ref named(apple_ref channel, const char *key, const char *text)
{
    if (!text_of(channel, key))
        sim_put(channel, key, sim_text(text));
    return text_of(channel, key);
}

apple_ref IOReportCopyChannelsInGroup(apple_ref group, apple_ref subgroup, uint64_t a, uint64_t b,
                                      uint64_t c)
{
    char g[32] = "", s[40] = "";
    apple_ref list;
    size_t found = 0;

    (void)a;
    (void)b;
    (void)c;
    if (sim_refused("IOReportCopyChannelsInGroup"))
        return NULL;
    (void)CFStringGetCString(group, g, sizeof(g), APPLE_UTF8);
    if (subgroup)
        (void)CFStringGetCString(subgroup, s, sizeof(s), APPLE_UTF8);
    list = sim_array();
    for (size_t i = 0; i < apple_sim.channel_len; i++) {
        const struct sim_channel *channel = &apple_sim.channels[i];
        if (strcmp(channel->group, g) != 0 || (subgroup && strcmp(channel->subgroup, s) != 0))
            continue;
        sim_put(list, NULL, dictionary_of(channel));
        found++;
    }
    if (found)
        return with_channels(list);
    CFRelease(list);
    return NULL;
}

void IOReportMergeChannels(apple_ref into, apple_ref from, apple_ref unused)
{
    apple_ref to = text_of(into, "IOReportChannels"), list = text_of(from, "IOReportChannels");

    (void)unused;
    for (apple_index i = 0; i < CFArrayGetCount(list); i++)
        sim_put(to, NULL, dictionary_of(sim_channel_of(CFArrayGetValueAtIndex(list, i))));
}

apple_ref IOReportCreateSubscription(void *context, apple_ref channels, apple_ref *ret, uint64_t id,
                                     apple_ref unused)
{
    (void)context;
    (void)id;
    (void)unused;
    if (sim_refused("IOReportCreateSubscription"))
        return NULL;
    *ret = channels;
    return sim_dictionary();
}

apple_ref IOReportCreateSamples(apple_ref subscription, apple_ref channels, apple_ref unused)
{
    apple_ref asked = text_of(channels, "IOReportChannels"), list;

    (void)unused;
    (void)CFDictionaryGetCount(subscription); /* it is one */
    if (sim_refused("IOReportCreateSamples"))
        return NULL;
    list = sim_array();
    for (apple_index i = 0; i < CFArrayGetCount(asked); i++) {
        const struct sim_channel *channel = sim_channel_of(CFArrayGetValueAtIndex(asked, i));
        for (size_t k = 0; k < apple_sim.channel_len; k++)
            if (!strcmp(apple_sim.channels[k].name, channel->name) &&
                !strcmp(apple_sim.channels[k].subgroup, channel->subgroup))
                sim_put(list, NULL, dictionary_of(&apple_sim.channels[k]));
    }
    return with_channels(list);
}

apple_ref IOReportCreateSamplesDelta(apple_ref before, apple_ref now, apple_ref unused)
{
    apple_ref a = text_of(before, "IOReportChannels"), b = text_of(now, "IOReportChannels");

    (void)unused;
    if (sim_refused("IOReportCreateSamplesDelta"))
        return NULL;
    apple_ref list = sim_array();
    for (apple_index i = 0; i < CFArrayGetCount(b); i++) {
        const struct sim_channel *then = sim_channel_of(CFArrayGetValueAtIndex(a, i));
        struct sim_channel one = *sim_channel_of(CFArrayGetValueAtIndex(b, i));
        one.value -= then->value;
        for (int k = 0; k < one.state_len; k++)
            one.time[k] -= then->time[k];
        sim_put(list, NULL, dictionary_of(&one));
    }
    return with_channels(list);
}

apple_ref IOReportChannelGetGroup(apple_ref channel)
{
    return named(channel, "group", sim_channel_of(channel)->group);
}

apple_ref IOReportChannelGetSubGroup(apple_ref channel)
{
    const struct sim_channel *c = sim_channel_of(channel);

    return c->subgroup[0] ? named(channel, "subgroup", c->subgroup) : NULL;
}

apple_ref IOReportChannelGetChannelName(apple_ref channel)
{
    if (sim_refused("IOReportChannelGetChannelName"))
        return NULL;
    return named(channel, "name", sim_channel_of(channel)->name);
}

apple_ref IOReportChannelGetUnitLabel(apple_ref channel)
{
    if (sim_refused("IOReportChannelGetUnitLabel"))
        return NULL;
    return named(channel, "unit", sim_channel_of(channel)->unit);
}

int64_t IOReportSimpleGetIntegerValue(apple_ref channel, int32_t unused)
{
    (void)unused;
    return sim_refused("IOReportSimpleGetIntegerValue") ? INT64_MIN
                                                        : sim_channel_of(channel)->value;
}

int32_t IOReportStateGetCount(apple_ref channel)
{
    return sim_refused("IOReportStateGetCount") ? -1 : sim_channel_of(channel)->state_len;
}

apple_ref IOReportStateGetNameForIndex(apple_ref channel, int32_t i)
{
    const struct sim_channel *c = sim_channel_of(channel);

    if (i < 0 || i >= c->state_len)
        sim_die("a state is asked for that is none");
    if (sim_refused("IOReportStateGetNameForIndex"))
        return NULL;
    return named(channel, c->states[i], c->states[i]);
}

int64_t IOReportStateGetResidency(apple_ref channel, int32_t i)
{
    return sim_channel_of(channel)->time[i];
}
