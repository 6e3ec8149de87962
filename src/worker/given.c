#include "worker/given.h"

#include <limits.h>
#include <strings.h>

#define UUID_MIN 8 /* bytes of a device's name in a list; shorter ones are numbers */

static bool is_nvidia(const struct accelerator *d)
{
    return d->platform && strcmp(d->platform, "nvidia") == 0;
}

/* Where the driver does not tell, the two agree on nearly every machine. */
unsigned given_minor_of(const struct accelerator *d)
{
    return !is_nvidia(d) ? UINT_MAX : d->minor == UINT_MAX ? d->index : d->minor;
}

const struct merged_accelerator *given_minor(const struct snapshot *s, unsigned minor)
{
    for (size_t i = 0; i < s->accelerator_len; i++)
        if (given_minor_of(&s->accelerators[i].device) == minor)
            return &s->accelerators[i];
    return NULL;
}

static const struct merged_accelerator *find_index(const struct snapshot *s, uint64_t index)
{
    for (size_t i = 0; i < s->accelerator_len; i++)
        if (is_nvidia(&s->accelerators[i].device) && s->accelerators[i].device.index == index)
            return &s->accelerators[i];
    return NULL;
}

static const struct merged_accelerator *find_numbered(const struct snapshot *s, uint64_t number,
                                                      enum given_number means)
{
    if (means == GIVEN_NUMBER_INDEX)
        return find_index(s, number);
    return means == GIVEN_NUMBER_MINOR && number < UINT_MAX ? given_minor(s, (unsigned)number)
                                                            : NULL;
}

/* Without what stands behind it for a replica of time slicing: "::3". */
static struct str without_replica(struct str name)
{
    name = str_trim(name);
    const char *replica = name.len ? memmem(name.ptr, name.len, "::", 2) : NULL;
    if (replica)
        name.len = (size_t)(replica - name.ptr);
    return name;
}

const struct merged_instance *given_instance(const struct snapshot *s, struct str name)
{
    uint64_t minor = UINT64_MAX, gpu_instance = UINT64_MAX;

    name = without_replica(name);
    if (str_starts(name, STR("nvidia"))) {
        struct str rest = str_make(name.ptr + 6, name.len - 6);
        struct str number = str_cut(&rest, '/');
        if (!rest.ptr || !str_starts(rest, STR("gi")) || !num_parse_u64(number, &minor))
            return NULL;
        rest = str_make(rest.ptr + 2, rest.len - 2);
        if (!num_parse_u64(str_cut(&rest, '/'), &gpu_instance))
            return NULL;
    }
    for (size_t i = 0; i < s->instance_len; i++) {
        const struct merged_instance *m = &s->instances[i];
        if (minor == UINT64_MAX ? name.len && str_is(name, m->instance.uuid)
                                : m->instance.gpu_instance == gpu_instance &&
                                      given_minor_of(&m->on->device) == minor)
            return m;
    }
    return NULL;
}

static bool is_address(struct str name, const char *pci)
{
    return pci[0] && strlen(pci) == name.len && !strncasecmp(pci, name.ptr, name.len);
}

const struct merged_accelerator *given_find(const struct snapshot *s, struct str name,
                                            enum given_number number)
{
    uint64_t n;

    name = without_replica(name);
    if (str_starts(name, STR("MIG-GPU-"))) {
        name = str_make(name.ptr + 4, name.len - 4);
        name = str_cut(&name, '/');
    } else if (str_starts(name, STR("MIG-"))) {
        const struct merged_instance *m = given_instance(s, name);
        return m ? m->on : NULL;
    } else if (str_starts(name, STR("nvidia"))) {
        name = str_make(name.ptr + 6, name.len - 6);
        return num_parse_u64(str_cut(&name, '/'), &n) ? find_numbered(s, n, GIVEN_NUMBER_MINOR)
                                                      : NULL;
    }
    if (name.len < UUID_MIN)
        return num_parse_u64(name, &n) ? find_numbered(s, n, number) : NULL;
    for (size_t i = 0; i < s->accelerator_len; i++) {
        const struct accelerator *d = &s->accelerators[i].device;
        if (str_is(name, d->uuid) || is_address(name, d->pci_bus_id))
            return &s->accelerators[i];
    }
    return NULL;
}
