/* nvidia_parts.h - what a GPU is asked beyond its basic values, a file per subject. All of it runs
 * on the collector's thread. What changes seldom is asked every quarter of a minute (SELDOM_NS) and
 * shown as it was then; what a GPU refuses for good is not asked again. */
#ifndef ALGALON_DEVICE_NVIDIA_NVIDIA_PARTS_H
#define ALGALON_DEVICE_NVIDIA_NVIDIA_PARTS_H

#include "device/nvidia/nvidia_gpu.h"

#define SELDOM_NS (15 * (uint64_t)NS_PER_S)

/** True when `next_ns` has come; sets it SELDOM_NS ahead. */
bool nvidia_is_turn(const struct gpu_context *c, uint64_t *next_ns);

/** The number in a field's value, whatever its type. */
double nvidia_field_number(const struct nvml_field_value *v);

/* ---- nvidia_interval.c: what the driver sampled since the last reading ---- */

/** Mean, peak and low of every ring into `rings` (by enum nvml_sampling_type). Errors: -ENOMEM. */
MUST_CHECK int nvidia_interval_read(struct gpu_context *c, struct gpu *g,
                                    struct sample_summary *rings);

/** Puts them into `a`, whose utilisation and clocks are known already, and counts the seconds that
 * engines worked and that clocks below their maximum lost. */
void nvidia_interval_show(struct gpu_context *c, struct gpu *g, const struct sample_summary *rings,
                          struct accelerator *a);

/* ---- nvidia_health.c: errors of memory by other calls than field values ---- */

/** Asks what the field values (read before) left open, and what has no field. */
void nvidia_health_read(struct gpu_context *c, struct gpu *g, struct accelerator *a);

/** Time of throttling where the driver has no fields for it. */
void nvidia_health_violations(struct gpu_context *c, struct gpu *g, struct accelerator *a);

/* ---- nvidia_limits.c: limits, modes, sessions ---- */

void nvidia_limits_identify(struct gpu_context *c, struct gpu *g);
void nvidia_limits_read(struct gpu_context *c, struct gpu *g, struct accelerator *a);

/** Samples the traffic of PCI Express for 2 x 20 ms, where nothing else tells it: one GPU a
 * reading, each once a minute. */
void nvidia_limits_pcie(struct gpu_context *c, struct gpu *g, struct accelerator *a);

/* ---- nvidia_fabric.c: the fabric, links of the fifth generation, links between chips ---- */

void nvidia_fabric_read(struct gpu_context *c, struct gpu *g, struct accelerator *a);

/** Counters of all links of `g`, listed before. */
void nvidia_fabric_links(struct gpu_context *c, struct gpu *g);

/* ---- nvidia_topology.c ---- */

/** Processors and NUMA nodes near the GPU, into its identity. */
void nvidia_topology_identify(struct gpu_context *c, struct gpu *g);

/** How each pair of GPUs reaches each other; asked every ten minutes. Errors: -ENOMEM. */
MUST_CHECK int nvidia_topology_read(struct gpu_context *c, const struct gpu *gpus, size_t len);

/* ---- nvidia_vgpu.c: virtual GPUs, seen from the host and from the guest ---- */

/** Errors: -ENOMEM. */
MUST_CHECK int nvidia_vgpu_read(struct gpu_context *c, struct gpu *g, struct accelerator *a);

/* ---- nvidia_accounting.c: the driver's accounting, and confidential computing ---- */

/** Asks about the GPU's processes, which stand in the context from `first` on, when accounting is
 * on; about ACCOUNTS_MAX a GPU at most. Errors: -ENOMEM. */
#define ACCOUNTS_MAX 64
MUST_CHECK int nvidia_accounting_read(struct gpu_context *c, struct gpu *g, struct accelerator *a,
                                      size_t first);

/** Asks once per opening what holds for the whole machine. */
void nvidia_confidential_identify(struct gpu_context *c);
void nvidia_confidential_read(struct gpu_context *c, struct gpu *g, struct accelerator *a);

/* ---- nvidia_parts.c: the lists of all GPUs ---- */

struct nvidia_vgpu {
    struct accelerator_vgpu now;
    unsigned type;
    bool seen;
};

/* Kept between readings; entries of one GPU stand together. */
struct nvidia_parts {
    struct accelerator_link_fifth *fifth;
    size_t fifth_len, fifth_cap;
    struct accelerator_peer *peers;
    size_t peer_len, peer_cap;
    uint64_t peers_next_ns;
    struct nvidia_vgpu *vgpus;
    size_t vgpu_len, vgpu_cap;
    unsigned *vgpu_ids; /* scratch, as is the next */
    size_t vgpu_id_cap;
    void *vgpu_samples;
    size_t vgpu_sample_cap; /* bytes */
    struct accelerator_account *accounts;
    size_t account_len, account_cap;
    struct nvml_confidential_state confidential;
    bool confidential_known;
    double confidential_ready;
    uint64_t confidential_next_ns, pcie_ns;
    bool told_root; /* the hint that some values need root */
};

/** The parts of a context; made at the first call. */
struct nvidia_parts *nvidia_parts_of(struct gpu_context *c);

/** Lists what the GPUs that answer have. Errors: -ENOMEM. */
MUST_CHECK int nvidia_parts_publish(struct gpu_context *c, const struct gpu *gpus, size_t len,
                                    struct reading *out);

/** Forgets what holds only while the library is open. */
void nvidia_parts_forget(struct gpu_context *c);

void nvidia_parts_free(struct nvidia_parts *p);

#endif
