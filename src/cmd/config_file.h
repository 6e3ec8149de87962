/* config_file.h - the configuration file: options by their names, as YAML. libyaml stays in
 * config_file.c. */
#ifndef ALGALON_CMD_CONFIG_FILE_H
#define ALGALON_CMD_CONFIG_FILE_H

#include "base/base.h"

#define CONFIG_FILE_MAX  (1 << 20) /* bytes */
#define CONFIG_DEPTH_MAX 8

/**
 * Calls `set` with each scalar of the file under its key; nested keys are joined by a dot (query:
 * {timeout: 1m} is query.timeout), a list gives one call per item. The first error of `set` ends
 * the reading. Errors: -ENOENT, -EINVAL: `err` says "file:line: what".
 */
MUST_CHECK int config_file_read(const char *path,
                                int (*set)(void *ctx, struct str key, struct str value,
                                           struct error *err),
                                void *ctx, struct error *err);

/** The same for text that is in memory; `name` stands for the file in errors. */
MUST_CHECK int config_text_read(const char *name, struct str text,
                                int (*set)(void *ctx, struct str key, struct str value,
                                           struct error *err),
                                void *ctx, struct error *err);

#endif
