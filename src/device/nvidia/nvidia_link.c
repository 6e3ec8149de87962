/* nvidia_link.c - NVLink by link, and the fabric that the links make up. */
#include "device/nvidia/nvidia_gpu.h"

/* 18 links answer some hundred questions: asked seldom, their counters lose nothing. */
#define LINKS_NS (15 * (uint64_t)NS_PER_S)

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

/* Two counters of one link; false when the GPU has none of this kind. */
static bool read_bytes(struct gpu_context *c, struct gpu *g, struct accelerator_link *l)
{
    struct nvml_field_value v[2] = {
        {.field_id = g->link_bytes ? NVML_FIELD_LINK_TX_BYTES : NVML_FIELD_LINK_TX_KIB,
         .scope_id = l->index},
        {.field_id = g->link_bytes ? NVML_FIELD_LINK_RX_BYTES : NVML_FIELD_LINK_RX_KIB,
         .scope_id = l->index},
    };
    enum check_field field = g->link_bytes ? CHECK_LINK_BYTES : CHECK_LINK_KIB;

    if (!ASK(c, g, ASK_FIELDS, fields, 2, v))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(v); i++)
        if (v[i].code == NVML_SUCCESS)
            l->bytes_total[i] = check_gauge(&c->check, field, (double)v[i].value.ull);
    return v[0].code == NVML_SUCCESS || v[1].code == NVML_SUCCESS;
}

static void read_link(struct gpu_context *c, struct gpu *g, unsigned index, bool up)
{
    struct accelerator_link *l = &g->links[g->link_len++];
    unsigned value;

    *l = (struct accelerator_link){.index = index, .up = up, .version = NAN};
    l->bytes_total[0] = l->bytes_total[1] = NAN;
    for (size_t k = 0; k < LINK_ERRORS; k++)
        l->error_total[k] = NAN;
    if (ASK(c, g, ASK_ONCE, link_version, index, &value))
        l->version = check_gauge(&c->check, CHECK_LINK_VERSION, value);
    if (up && ASK(c, g, ASK_ONCE, link_remote, index, &value))
        str_copy(l->remote, sizeof(l->remote), str_of(remote_name(value)));
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

    if (!c->nvml.link_state || !nvidia_gpu_may(c, g, ASK_LINKS) || c->mono_ns < g->links_next_ns)
        return;
    g->links_next_ns = c->mono_ns + LINKS_NS;
    g->link_len = 0;
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

/* A group of two bits of the mask: 1 is yes, 2 is no. */
static double two_bits(unsigned mask, unsigned at)
{
    unsigned bits = mask >> at & 3;

    return bits == 1 ? 1 : bits == 2 ? 0 : (double)NAN;
}

static void read_fabric(struct gpu_context *c, struct gpu *g, struct accelerator_detail *d)
{
    static const unsigned char places[FABRIC_MISCONFIGURED] = {0, 2, 4, 6};
    struct nvml_fabric_info info = {.version = NVML_FABRIC_VERSION_3};

    if (!ASK(c, g, ASK_FABRIC, fabric, &info)) {
        info.version = NVML_FABRIC_VERSION_2;
        if (!(g->unsupported >> ASK_FABRIC & 1) || !ASK(c, g, ASK_FABRIC_V2, fabric, &info))
            return;
    }
    d->fabric_state = check_gauge(&c->check, CHECK_FABRIC, info.state);
    if (info.state != NVML_FABRIC_COMPLETED)
        return; /* the rest means something only then */
    d->fabric_status = check_gauge(&c->check, CHECK_FABRIC, info.status);
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        d->fabric_fault[i] = two_bits(info.health, places[i]);
    unsigned wrong = info.health >> 8 & 15; /* 0 not known, 1 none, else which */
    if (wrong)
        d->fabric_fault[FABRIC_MISCONFIGURED] = wrong > 1;
}

void nvidia_link_read(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    read_links(c, g);
    read_fabric(c, g, &a->detail);
}
