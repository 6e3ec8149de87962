/* npu_tool.h - vendors' tools, where neither files nor the kernel tell: they are looked for at
 * known places, started without a shell, ended when they take long, and their JSON is read
 * leniently. */
#ifndef ALGALON_DEVICE_NPU_NPU_TOOL_H
#define ALGALON_DEVICE_NPU_NPU_TOOL_H

#include "device/device.h"
#include "device/linux_edge.h"

/** The first of `places` (below rootfs) that may be run; NULL: none. */
const char *npu_tool_find(const struct host_paths *paths, const char *const *places, size_t len);

/** Runs it for five seconds at most; NULL ends `arguments`. `out` is made here, and the caller's to
 * free, also after an error. Errors: as child_run(). */
MUST_CHECK int npu_tool_run(const struct host_paths *paths, const char *tool,
                            const char *const *arguments, struct buf *out, struct error *err);

/** A text or number of a map, as text; "" when it is neither. */
struct str npu_tool_text(const struct yaml_node *map, const char *key);

/** A number, alone or followed by `unit`; NAN for anything else. */
double npu_tool_number(const struct yaml_node *map, const char *key, const char *unit);

/** "18810987uW" -> 18.8; a bare number is watts. NAN for anything else. */
double npu_tool_watts(struct str text);

/** "2.4GiB", "16877879296" -> bytes; UNKNOWN_COUNT for anything else. */
uint64_t npu_tool_bytes(struct str text);

#endif
