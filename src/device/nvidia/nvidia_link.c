/* nvidia_link.c - NVLink by link. 18 links answer some hundred questions: asked seldom, their
 * counters lose nothing. */
#include "device/nvidia/nvidia_parts.h"
#include "device/nvidia/nvidia_text.h"

static const char *remote_name(unsigned type)
{
    return type == NVML_REMOTE_GPU       ? "gpu"
           : type == NVML_REMOTE_IBM_NPU ? "ibmnpu"
           : type == NVML_REMOTE_SWITCH  ? "switch"
                                         : "unknown";
}

static void read_errors(struct gpu_context *c, struct gpu *g, struct accelerator_link *l)
{
    for (int k = 0; k < LINK_ERRORS; k++) {
        unsigned long long count;
        /* ECC of data is counted by the third generation on; a refusal of one kind is none of all.
         */
        if (c->nvml.link_errors && nvidia_gpu_may(c, g, ASK_LINK_ERRORS)) {
            int code = c->nvml.link_errors(g->handle, l->index, k, &count);
            bool first = l->index == 0 && k == 0;
            if (nvidia_gpu_told(c, g, first ? ASK_LINK_ERRORS : ASK_ONCE, code))
                l->error_total[k] = check_gauge(&c->check, CHECK_LINK_ERRORS, (double)count);
        }
    }
}

/* Of all links only the slowest is shown: as a rule they are alike. */
static void note_speed(struct gpu *g, double speed)
{
    double *slowest = &g->kept.link_speed_bytes_per_s;

    if (!isnan(speed) && !(*slowest <= speed))
        *slowest = speed;
}

static void note_power(struct gpu *g, double saves)
{
    double *count = &g->kept.links_low_power;

    if (!isnan(saves))
        *count = (isnan(*count) ? 0 : *count) + saves;
}

/* Two counters of one link; false when the GPU has none of this kind. */
static bool read_bytes(struct gpu_context *c, struct gpu *g, struct accelerator_link *l)
{
    struct nvml_field_value v[4] = {
        {.field_id = g->link_bytes ? NVML_FIELD_LINK_TX_BYTES : NVML_FIELD_LINK_TX_KIB,
         .scope_id = l->index},
        {.field_id = g->link_bytes ? NVML_FIELD_LINK_RX_BYTES : NVML_FIELD_LINK_RX_KIB,
         .scope_id = l->index},
        {.field_id = NVML_FIELD_LINK_SPEED, .scope_id = l->index},
        {.field_id = NVML_FIELD_LINK_POWER_STATE, .scope_id = l->index},
    };
    enum check_field field = g->link_bytes ? CHECK_LINK_BYTES : CHECK_LINK_KIB;

    if (!ASK(c, g, ASK_FIELDS, fields, (int)ARRAY_LEN(v), v))
        return true;
    if (l->up > 0 && v[2].code == NVML_SUCCESS)
        note_speed(g, check_gauge(&c->check, CHECK_LINK_SPEED, nvidia_field_number(&v[2])));
    if (l->up > 0 && v[3].code == NVML_SUCCESS)
        note_power(g, check_gauge(&c->check, CHECK_SWITCH, nvidia_field_number(&v[3])));
    for (size_t i = 0; i < 2; i++)
        if (v[i].code == NVML_SUCCESS)
            l->bytes_total[i] = check_gauge(&c->check, field, (double)v[i].value.ull);
    return v[0].code == NVML_SUCCESS || v[1].code == NVML_SUCCESS;
}

/* What is at the other end has an address, which stays as long as the link does. */
static void read_remote(struct gpu_context *c, struct gpu *g, struct accelerator_link *l,
                        const char *before)
{
    struct nvml_pci_info pci = {0};
    unsigned value;

    if (ASK(c, g, ASK_ONCE, link_remote, l->index, &value))
        str_copy(l->remote, sizeof(l->remote), str_of(remote_name(value)));
    if (before[0])
        str_copy(l->remote_pci, sizeof(l->remote_pci), str_of(before));
    else if (ASK(c, g, ASK_LINK_REMOTE_PCI, link_remote_pci, l->index, &pci))
        nvidia_text_bus_id(l->remote_pci,
                           str_make(pci.bus_id, strnlen(pci.bus_id, sizeof(pci.bus_id))));
}

static void read_link(struct gpu_context *c, struct gpu *g, unsigned index, bool up)
{
    struct accelerator_link *l = &g->links[g->link_len++];
    char before[sizeof(l->remote_pci)] = "";
    unsigned value;

    if (l->index == index && l->up > 0)
        str_copy(before, sizeof(before), str_of(l->remote_pci));
    *l = (struct accelerator_link){.index = index, .up = up, .version = NAN};
    l->bytes_total[0] = l->bytes_total[1] = NAN;
    l->bytes_per_s[0] = l->bytes_per_s[1] = NAN;
    for (size_t k = 0; k < LINK_ERRORS; k++)
        l->error_total[k] = NAN;
    if (ASK(c, g, ASK_ONCE, link_version, index, &value))
        l->version = check_gauge(&c->check, CHECK_LINK_VERSION, value);
    if (up)
        read_remote(c, g, l, before);
    if (!read_bytes(c, g, l) && !g->link_bytes) {
        g->link_bytes = true;
        g->link_bytes = read_bytes(c, g, l);
    }
    read_errors(c, g, l);
}

static void read_links(struct gpu_context *c, struct gpu *g)
{
    unsigned up;
    int code = NVML_SUCCESS;

    g->link_len = 0;
    g->kept.link_speed_bytes_per_s = g->kept.links_low_power = NAN;
    for (unsigned i = 0; i < NVML_LINKS && code != NVML_INVALID_ARGUMENT; i++) {
        code = c->nvml.link_state(g->handle, i, &up);
        if (code == NVML_INVALID_ARGUMENT) /* behind the last link */
            break;
        if (nvidia_gpu_told(c, g, ASK_ONCE, code) && up <= 1)
            read_link(c, g, i, up);
        if (!nvidia_gpu_may(c, g, ASK_LINKS))
            break;
    }
    if (!g->link_len && (code == NVML_INVALID_ARGUMENT || nvml_code_is_permanent(code)))
        nvidia_gpu_told(c, g, ASK_LINKS, NVML_NOT_SUPPORTED);
}

void nvidia_link_read(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    if (c->nvml.link_state && nvidia_gpu_may(c, g, ASK_LINKS) && c->mono_ns >= g->links_next_ns) {
        g->links_next_ns = c->mono_ns + SELDOM_NS;
        read_links(c, g);
        nvidia_fabric_links(c, g);
    }
    a->detail.link_speed_bytes_per_s = g->kept.link_speed_bytes_per_s;
    a->detail.links_low_power = g->kept.links_low_power;
}
