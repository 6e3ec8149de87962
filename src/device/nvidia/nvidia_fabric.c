/* nvidia_fabric.c - the fabric that NVLinks make up, what links of the fifth generation count, and
 * the links between the chips of a superchip. */
#include "device/nvidia/nvidia_parts.h"

#define C2C_LINKS_MAX 14

/* ---- the fabric ---- */

/* A group of two bits of the mask: 1 is yes, 2 is no. */
static double two_bits(unsigned mask, unsigned at)
{
    unsigned bits = mask >> at & 3;

    return bits == 1 ? 1 : bits == 2 ? 0 : (double)NAN;
}

static void show_health(const struct nvml_fabric_info *info, struct accelerator_detail *d)
{
    static const unsigned char places[FABRIC_MISCONFIGURED] = {0, 2, 4, 6};

    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        d->fabric_fault[i] = two_bits(info->health, places[i]);
    unsigned wrong = info->health >> 8 & 15; /* 0 not known, 1 none, else which */
    if (wrong)
        d->fabric_fault[FABRIC_MISCONFIGURED] = wrong > 1;
    if (info->summary >= NVML_FABRIC_HEALTHY && info->summary <= NVML_FABRIC_LIMITED)
        d->fabric_health = info->summary;
}

/* The newest version that this driver speaks; what the first does not have stays 0. */
static bool ask_fabric(struct gpu_context *c, struct gpu *g, struct nvml_fabric_info *ret)
{
    struct nvml_fabric_info_v1 old;

    *ret = (struct nvml_fabric_info){.version = NVML_FABRIC_VERSION_3};
    if (ASK(c, g, ASK_FABRIC, fabric, ret))
        return true;
    if (c->nvml.fabric && !nvidia_gpu_refused(g, ASK_FABRIC))
        return false;
    *ret = (struct nvml_fabric_info){.version = NVML_FABRIC_VERSION_2};
    if (ASK(c, g, ASK_FABRIC_V2, fabric, ret)) {
        ret->summary = 0; /* is not its own */
        return true;
    }
    if (c->nvml.fabric && !nvidia_gpu_refused(g, ASK_FABRIC_V2))
        return false;
    if (!ASK(c, g, ASK_FABRIC_V1, fabric_v1, &old))
        return false;
    *ret =
        (struct nvml_fabric_info){.status = old.status, .clique = old.clique, .state = old.state};
    memcpy(ret->cluster_uuid, old.cluster_uuid, sizeof(ret->cluster_uuid));
    return true;
}

static void show_cluster(const unsigned char *uuid, char *to, size_t size)
{
    static const unsigned char dashes[] = {4, 6, 8, 10};
    size_t len = 0, dash = 0;
    bool known = false;

    for (size_t i = 0; i < 16 && len + 4 < size; i++) {
        known = known || uuid[i];
        if (dash < ARRAY_LEN(dashes) && dashes[dash] == i) {
            to[len++] = '-';
            dash++;
        }
        len += (size_t)snprintf(to + len, size - len, "%02x", uuid[i]);
    }
    if (!known)
        to[0] = '\0';
}

static void read_fabric(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    struct accelerator_detail *d = &a->detail;
    struct nvml_fabric_info info;

    if (!ask_fabric(c, g, &info))
        return;
    d->fabric_state = check_gauge(&c->check, CHECK_FABRIC, info.state);
    if (info.state != NVML_FABRIC_COMPLETED)
        return; /* the rest means something only then */
    d->fabric_status = check_gauge(&c->check, CHECK_FABRIC, info.status);
    d->fabric_clique = check_gauge(&c->check, CHECK_CLIQUE, info.clique);
    show_cluster(info.cluster_uuid, a->fabric_cluster, sizeof(a->fabric_cluster));
    show_health(&info, d);
}

/* ---- links of the fifth generation ---- */

/* In the order of enum link_fifth, as offsets from NVML_FIELD_LINK_FIFTH. */
static const unsigned char fifth_fields[LINK_FIFTHS] = {0,  1,  2, 3, 4,  5,  6,
                                                        13, 15, 7, 8, 12, 14, 16};

#define FIFTH_VALUES (LINK_FIFTHS + FEC_BUCKETS)

/* A rate is mantissa x 10^-exponent; both 0: no errors so far. */
static double bit_error_rate(struct gpu_context *c, uint64_t raw)
{
    unsigned mantissa = (unsigned)NVML_BER_MANTISSA(raw);
    unsigned exponent = (unsigned)NVML_BER_EXPONENT(raw);

    return check_gauge(&c->check, CHECK_BIT_ERROR_RATE, mantissa * pow(10, -(double)exponent));
}

/* Notes the answers about one link; what is refused is not asked again. */
static void take_link(struct gpu_context *c, struct gpu *g, const struct nvml_field_value *v,
                      const unsigned char *place, unsigned len, struct accelerator_link_fifth *f)
{
    for (unsigned i = 0; i < len; i++) {
        int code = (int)v[i].code;
        unsigned at = place[i];
        double value = NAN;
        if (nvml_code_is_permanent(code) || code == NVML_INVALID_ARGUMENT)
            g->fifth_refused |= (uint64_t)1 << at;
        if (code != NVML_SUCCESS)
            continue;
        if (at >= LINK_FIFTH_BER_RAW && at < LINK_FIFTHS)
            value = bit_error_rate(c, v[i].value.ull);
        else
            value = check_gauge(&c->check, CHECK_LINK_ERRORS, nvidia_field_number(&v[i]));
        if (at < LINK_FIFTHS) {
            f->value[at] = value;
        } else if (!isnan(value)) {
            double *sum = &g->kept.link_fec_total[at - LINK_FIFTHS];
            *sum = (isnan(*sum) ? 0 : *sum) + value;
        }
    }
}

static bool ask_link(struct gpu_context *c, struct gpu *g, struct accelerator_link_fifth *f)
{
    struct nvml_field_value v[FIFTH_VALUES];
    unsigned char place[FIFTH_VALUES];
    unsigned len = 0;

    for (unsigned i = 0; i < FIFTH_VALUES; i++) {
        unsigned id = i < LINK_FIFTHS ? NVML_FIELD_LINK_FIFTH + (unsigned)fifth_fields[i]
                                      : NVML_FIELD_LINK_FEC + i - LINK_FIFTHS;
        if (g->fifth_refused >> i & 1)
            continue;
        v[len] = (struct nvml_field_value){.field_id = id, .scope_id = f->index};
        place[len++] = (unsigned char)i;
    }
    for (size_t i = 0; i < LINK_FIFTHS; i++)
        f->value[i] = NAN;
    if (!len || !ASK(c, g, ASK_FIELDS, fields, (int)len, v))
        return false;
    take_link(c, g, v, place, len, f);
    return true;
}

/* Drops what was known of the GPU's links. */
static void drop(struct nvidia_parts *p, unsigned gpu)
{
    size_t n = 0;

    for (size_t i = 0; i < p->fifth_len; i++)
        if (p->fifth[i].accelerator != gpu)
            p->fifth[n++] = p->fifth[i];
    p->fifth_len = n;
}

void nvidia_fabric_links(struct gpu_context *c, struct gpu *g)
{
    const uint64_t all = ((uint64_t)1 << FIFTH_VALUES) - 1;
    struct nvidia_parts *p = nvidia_parts_of(c);

    drop(p, g->identity.index);
    for (size_t i = 0; i < FEC_BUCKETS; i++)
        g->kept.link_fec_total[i] = NAN;
    for (size_t i = 0; g->link_bytes && i < g->link_len && g->fifth_refused != all; i++) {
        struct accelerator_link_fifth f = {.accelerator = g->identity.index,
                                           .index = g->links[i].index};
        struct accelerator_link_fifth *grown =
            array_grow(p->fifth, &p->fifth_cap, p->fifth_len + 1, sizeof(*grown));
        if (!grown)
            return; /* shown again when there is memory */
        p->fifth = grown;
        if (ask_link(c, g, &f) && g->fifth_refused != all)
            p->fifth[p->fifth_len++] = f;
    }
}

/* ---- between chips ---- */

static void count_c2c(struct gpu_context *c, struct gpu *g)
{
    struct nvml_field_value v[C2C_LINKS_MAX];
    int len = (int)fmin(g->kept.c2c_links, C2C_LINKS_MAX);
    double active = 0, bandwidth = 0;

    g->kept.c2c_active = g->kept.c2c_bytes_per_s_max = NAN;
    for (unsigned id = NVML_FIELD_C2C_STATUS; id <= NVML_FIELD_C2C_BANDWIDTH; id++) {
        double sum = 0;
        bool known = true;
        for (int i = 0; i < len; i++)
            v[i] = (struct nvml_field_value){.field_id = id, .scope_id = (unsigned)i};
        if (!ASK(c, g, ASK_C2C_LINKS, fields, len, v))
            return;
        for (int i = 0; i < len; i++) {
            known = known && v[i].code == NVML_SUCCESS;
            sum += v[i].code == NVML_SUCCESS ? nvidia_field_number(&v[i]) : 0;
        }
        if (!known)
            continue;
        if (id == NVML_FIELD_C2C_STATUS)
            g->kept.c2c_active = check_gauge(&c->check, CHECK_C2C_LINKS, active + sum);
        else
            g->kept.c2c_bytes_per_s_max = check_gauge(&c->check, CHECK_LINK_SPEED, bandwidth + sum);
    }
}

static void read_c2c(struct gpu_context *c, struct gpu *g, struct accelerator_detail *d)
{
    struct nvml_c2c_mode mode = {NVML_STRUCT_VERSION(struct nvml_c2c_mode, 1)};

    if (nvidia_is_turn(c, &g->c2c_next_ns)) {
        g->kept.c2c_mode = NAN;
        if (ASK(c, g, ASK_C2C_MODE, c2c_mode, &mode))
            g->kept.c2c_mode = check_gauge(&c->check, CHECK_SWITCH, mode.version_or_enabled);
        if (g->kept.c2c_links >= 1)
            count_c2c(c, g);
    }
    d->c2c_mode = g->kept.c2c_mode;
    d->c2c_active = g->kept.c2c_active;
    d->c2c_bytes_per_s_max = g->kept.c2c_bytes_per_s_max;
}

void nvidia_fabric_read(struct gpu_context *c, struct gpu *g, struct accelerator *a)
{
    read_fabric(c, g, a);
    read_c2c(c, g, &a->detail);
    memcpy(a->detail.link_fec_total, g->kept.link_fec_total, sizeof(a->detail.link_fec_total));
}
