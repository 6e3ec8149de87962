/* machine.c - host name, operating system, processor. */
#include "worker/machine.h"

#include <ctype.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PROCESS_LIMIT_MAX 10000u /* shown at most, whatever the options ask for; so of rows */

void machine_init(struct machine *m, const struct worker_options *options)
{
    struct utsname name;

    *m = (struct machine){
        .process_limit = MIN(options->process_limit, PROCESS_LIMIT_MAX),
        .process_series_limit = MIN(options->process_series_limit, PROCESS_LIMIT_MAX),
        .snapshot_max_bytes = (size_t)options->memory_limit / 8,
        .process_command = options->process_command,
        .instance_label = options->instance_label,
        .alias_labels = (options->schemas & SCHEMA_ALIAS) != 0,
        .dcgm_labels = choice_label_bits(options->choice),
        .dcgm_host_label = options->dcgm_host_label,
    };
    if (options->hostname && *options->hostname)
        str_copy(m->hostname, sizeof(m->hostname), str_of(options->hostname));
    else if (gethostname(m->hostname, sizeof(m->hostname)) || !m->hostname[0])
        str_copy(m->hostname, sizeof(m->hostname), STR("localhost"));
    m->hostname[sizeof(m->hostname) - 1] = '\0'; /* gethostname() need not end a long one */
    str_copy(m->version, sizeof(m->version), str_of(options->version));
    if (uname(&name) < 0)
        return;
    /* all-smi's spelling, which is Rust's: linux, macos; x86_64, aarch64. */
    bool mac = strcmp(name.sysname, "Darwin") == 0, arm = strcmp(name.machine, "arm64") == 0;
    str_copy(m->os, sizeof(m->os), str_of(mac ? "macos" : name.sysname));
    str_copy(m->arch, sizeof(m->arch), str_of(arm ? "aarch64" : name.machine));
    for (char *c = m->os; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}
