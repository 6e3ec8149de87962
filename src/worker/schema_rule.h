/* schema_rule.h - short ways to write a rule; for schema_*.c only. */
#ifndef ALGALON_WORKER_SCHEMA_RULE_H
#define ALGALON_WORKER_SCHEMA_RULE_H

#include "worker/schema.h"

#include <stddef.h>

#define INFO(name, scope)                                                                          \
    {                                                                                              \
        name, scope, VALUE_ONE, 0, 1, 0, NULL                                                      \
    }
#define COMPUTED(name, scope, compute)                                                             \
    {                                                                                              \
        name, scope, VALUE_COMPUTED, 0, 1, 0, compute                                              \
    }
#define FIELD(name, scope, type, member, scale, decimals)                                          \
    {                                                                                              \
        name, scope, VALUE_DOUBLE, decimals, scale, offsetof(type, member), NULL                   \
    }
#define GAUGE(name, scope, type, member) FIELD(name, scope, type, member, 1, 3)
#define SHARE(name, scope, type, member) FIELD(name, scope, type, member, 100, 2)
#define COUNT(name, scope, type, member)                                                           \
    {                                                                                              \
        name, scope, VALUE_COUNT, 0, 1, offsetof(type, member), NULL                               \
    }

#define ARRAY(name, scope, member, decimals)                                                       \
    {                                                                                              \
        name, scope, VALUE_ARRAY, decimals, 1, offsetof(struct accelerator, detail.member), NULL   \
    }

#define ARRAY_IN(name, scope, type, member, scale, decimals)                                       \
    {                                                                                              \
        name, scope, VALUE_ARRAY, decimals, scale, offsetof(type, member), NULL                    \
    }
#define MORE(name, scope, member, scale, decimals)                                                 \
    ARRAY_IN(name, scope, struct accelerator, detail.member, scale, decimals)

#define RATIO(name, scope, type, member) FIELD(name, scope, type, member, 1, 4)
#define PROFILE(name, metric)            RATIO(name, SCOPE_GPU, struct accelerator, detail.profile[metric])
#define PROFILE_RATE(name, metric)                                                                 \
    FIELD(name, SCOPE_GPU, struct accelerator, detail.profile[metric], 1, 0)

#define GPU_GAUGE(name, member) GAUGE(name, SCOPE_GPU, struct accelerator, member)
#define GPU_SHARE(name, member) SHARE(name, SCOPE_GPU, struct accelerator, member)
#define GPU_COUNT(name, member) COUNT(name, SCOPE_GPU, struct accelerator, member)
#define DCGM(name, member, scale, decimals)                                                        \
    FIELD(name, SCOPE_DCGM, struct accelerator, member, scale, decimals)

extern const struct schema_rule schema_host[], schema_gpu[], schema_nvml[], schema_part[],
    schema_npu[], schema_apple[], schema_dcgm[], schema_alias[];
extern const size_t schema_host_len, schema_gpu_len, schema_nvml_len, schema_part_len,
    schema_npu_len, schema_apple_len, schema_dcgm_len, schema_alias_len;

#endif
