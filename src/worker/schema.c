/* schema.c - the tables: all-smi's names with our own beside them, and dcgm-exporter's. The rules
 * stand in schema_*.c. */
#include "worker/schema_rule.h"

const struct schema_table schema_tables[] = {
    {SCHEMA_ALL_SMI, schema_host, &schema_host_len},
    {SCHEMA_ALL_SMI, schema_gpu, &schema_gpu_len},
    {SCHEMA_ALL_SMI, schema_nvml, &schema_nvml_len},
    {SCHEMA_DCGM, schema_dcgm, &schema_dcgm_len},
    {SCHEMA_ALL_SMI, schema_part, &schema_part_len},
    {SCHEMA_ALL_SMI, schema_npu, &schema_npu_len},
    {SCHEMA_ALL_SMI, schema_apple, &schema_apple_len},
    {SCHEMA_ALIAS, schema_alias, &schema_alias_len},
};
const size_t schema_tables_len = ARRAY_LEN(schema_tables);
