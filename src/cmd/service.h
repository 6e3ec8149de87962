/* service.h - a running algalon: opens the rooms a command wants, wires them together, waits for
 * signals, stops. */
#ifndef ALGALON_CMD_SERVICE_H
#define ALGALON_CMD_SERVICE_H

#include "commands.h"

enum service_part {
    PART_WORKER = 1,
    PART_HOST = 2,
    PART_AGENT = 4 /* scrapes and sends on, keeps nothing */
};

struct service_options {
    struct settings *settings;
    enum command_bit command;
    unsigned parts; /* PART_ bits */
    /* Called about once a second on the main thread; may be NULL. Negative ends the service with
     * EXIT_FAILED. */
    int (*tick)(void *ctx, int64_t now_ms);
    void *ctx;
};

/**
 * Runs until SIGTERM or SIGINT. SIGHUP and POST /-/reload read configuration, certificates and
 * dashboards again. Logs why when it cannot start.
 */
enum exit_code service_run(const struct service_options *options);

/** Fills what settings say of reading hardware. Texts are borrowed from `settings`. Errors:
 * -EINVAL. */
struct worker_options;
MUST_CHECK int service_worker_options(struct settings *settings, struct worker_options *ret,
                                      struct error *err);

/** Reads a file of dcgm-exporter's collectors; fields that the worker does not give are named and
 * left out. Errors: those of choice_read(). */
struct choice;
MUST_CHECK int service_read_choice(const char *path, struct arena *a, struct choice **ret,
                                   struct error *err);

/** The file that remembers which GPUs there were: --gpu-inventory, else gpus.tsv in
 * $STATE_DIRECTORY or, of a program that `keeps` samples, in its data directory; NULL: none. Memory
 * in settings->arena. */
const char *service_gpu_inventory(struct settings *settings, bool keeps);

/** The folder where samples are kept when no --data-dir says so; memory in settings->arena. */
const char *service_data_dir(struct settings *settings);

#endif
