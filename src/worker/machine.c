/* machine.c - host name, operating system, processor. */
#include "worker/machine.h"

#include <ctype.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#define NAMESPACE_FILE    "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
#define PROCESS_LIMIT_MAX 10000u /* shown at most, whatever the options ask for; so of rows */

/* What the downward API puts into the environment; else what Kubernetes always leaves. */
static void set_pod(struct machine *m)
{
    const char *pod = getenv("POD_NAME"), *namespace = getenv("POD_NAMESPACE");
    struct buf text;

    if (!getenv("KUBERNETES_SERVICE_HOST"))
        return;
    pod = pod && *pod ? pod : getenv("HOSTNAME");
    str_copy(m->pod, sizeof(m->pod), str_of(pod));
    buf_init(&text, 256);
    if (namespace && *namespace)
        str_copy(m->pod_namespace, sizeof(m->pod_namespace), str_of(namespace));
    else if (!file_read(NAMESPACE_FILE, 250, &text, NULL))
        str_copy(m->pod_namespace, sizeof(m->pod_namespace), str_trim(buf_str(&text)));
    buf_fini(&text);
}

void machine_init(struct machine *m, const struct worker_options *options)
{
    struct utsname name;

    *m = (struct machine){
        .process_limit = MIN(options->process_limit, PROCESS_LIMIT_MAX),
        .process_series_limit = MIN(options->process_series_limit, PROCESS_LIMIT_MAX),
        .snapshot_max_bytes = (size_t)options->memory_limit / 8,
        .process_command = options->process_command,
        .instance_label = options->instance_label,
        .timestamps = options->timestamps,
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
    set_pod(m);
    if (uname(&name) < 0)
        return;
    /* all-smi's spelling, which is Rust's: linux, macos; x86_64, aarch64. */
    bool mac = strcmp(name.sysname, "Darwin") == 0, arm = strcmp(name.machine, "arm64") == 0;
    str_copy(m->os, sizeof(m->os), str_of(mac ? "macos" : name.sysname));
    str_copy(m->arch, sizeof(m->arch), str_of(arm ? "aarch64" : name.machine));
    for (char *c = m->os; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}
