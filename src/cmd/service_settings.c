/* service_settings.c - what settings mean for the parts of a service: where its files lie, what its
 * worker does. */
#include "service.h"

#include "worker/worker.h"

#include <stdlib.h>
#include <unistd.h>

const char *service_data_dir(struct settings *settings)
{
    const char *state = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_DATA_HOME"),
               *home = getenv("HOME");
    struct buf path;

    if (*settings->data_dir)
        return settings->data_dir;
    buf_init(&path, 0);
    if (state && *state) {
        struct str rest = str_of(state);
        buf_str_add(&path, str_cut(&rest, ':'));
    } else if (geteuid() == 0) {
        buf_text(&path, "/var/lib/algalon");
    } else if (xdg && *xdg == '/') {
        buf_printf(&path, "%s/algalon", xdg);
    } else {
        buf_printf(&path, "%s/.local/share/algalon", home ? home : ".");
    }
    const char *kept = arena_strndup(&settings->arena, path.ptr, path.len);
    buf_fini(&path);
    if (!kept)
        abort(); /* a path's worth of bytes at start */
    return kept;
}

static int parse_schemas(const char *text, unsigned *ret, struct error *err)
{
    *ret = 0;
    for (struct str rest = str_of(text); rest.ptr;) {
        struct str name = str_trim(str_cut(&rest, ','));
        if (str_is(name, "all-smi"))
            *ret |= SCHEMA_ALL_SMI;
        else if (str_is(name, "dcgm"))
            *ret |= SCHEMA_DCGM;
        else if (str_is(name, "algalon-v1"))
            *ret |= SCHEMA_ALIAS;
        else
            return error_set(
                err, -EINVAL,
                "--schema is all-smi, dcgm, algalon-v1 or several with commas, not '%.*s'",
                STR_ARG(name));
    }
    return 0;
}

/* A name that is none would leave on what the user wants off: what people's programs are called. */
static int check_disabled(const char *text, struct error *err)
{
    for (struct str rest = str_of(text); rest.ptr;) {
        struct str name = str_trim(str_cut(&rest, ','));
        size_t i = 0;

        while (name.len && collectors[i] && !str_is(name, collectors[i]->name))
            i++;
        if (collectors[i])
            continue;
        struct buf names = {0};
        collector_names(&names);
        error_set(err, -EINVAL, "--disable-collectors: there is no '%.*s'; there are %.*s",
                  STR_ARG(name), (int)names.len, names.ptr);
        buf_fini(&names);
        return -EINVAL;
    }
    return 0;
}

int service_read_choice(const char *path, struct arena *a, struct choice **ret, struct error *err)
{
    int code = choice_read(path, a, ret, err);

    if (code)
        return error_in(err, "--dcgm.collectors");
    if (*(*ret)->unknown)
        log_warn("fields that this worker does not give", "file", path, "fields", (*ret)->unknown);
    return 0;
}

static const char *host_label(const struct settings *settings)
{
    const char *label = settings->dcgm_hostname_label;

    return !strcmp(label, "none") ? NULL : !strcmp(label, "hostname") ? "hostname" : "Hostname";
}

/* Recorded answers in place of the machine's. */
static int take_answers(struct settings *settings, struct host_paths *paths, struct error *err)
{
    if (!*settings->answers)
        return 0;
#ifdef __linux__
    int code = answers_open(settings->answers, &settings->held_answers, err);
    if (code)
        return error_in(err, "--path.answers");
    paths->edge = answers_edge(settings->held_answers);
    return 0;
#else
    (void)paths;
    return error_set(err, -ENOTSUP, "--path.answers: only on Linux");
#endif
}

int service_worker_options(struct settings *settings, struct worker_options *ret, struct error *err)
{
    worker_options_init(ret);
    ret->paths = (struct host_paths){
        .procfs = settings->procfs,
        .sysfs = settings->sysfs,
        .rootfs = settings->rootfs,
        .nvml_library = *settings->nvml_library ? settings->nvml_library : NULL,
        .hpc_jobs = *settings->hpc_job_mapping_dir ? settings->hpc_job_mapping_dir : NULL,
        .kubelet_socket = *settings->kubelet_socket ? settings->kubelet_socket : NULL,
        .own_samples = settings->own_samples,
    };
    ret->hostname = *settings->hostname ? settings->hostname : NULL;
    ret->interval_ms = settings->interval_ms;
    ret->process_limit = (unsigned)settings->processes;
    ret->process_series_limit = (unsigned)settings->process_series;
    ret->process_log = *settings->process_log ? settings->process_log : NULL;
    ret->process_log_bytes = settings->process_log_size;
    ret->memory_limit = settings->memory_limit;
    ret->process_command = !strcmp(settings->process_command, "full")   ? PROCESS_COMMAND_FULL
                           : !strcmp(settings->process_command, "name") ? PROCESS_COMMAND_NAME
                                                                        : PROCESS_COMMAND_OFF;
    ret->instance_label = settings->instance_label;
    ret->timestamps = settings->timestamps;
    ret->disabled = *settings->disable_collectors ? settings->disable_collectors : NULL;
    ret->version = program_version();
    ret->dcgm_host_label = host_label(settings);
    int code = check_disabled(settings->disable_collectors, err);
    if (!code)
        code = take_answers(settings, &ret->paths, err);
    if (!code)
        code = parse_schemas(settings->schema, &ret->schemas, err);
    if (!code && *settings->dcgm_collectors) {
        struct choice *choice = NULL;
        code = service_read_choice(settings->dcgm_collectors, &settings->arena, &choice, err);
        ret->choice = choice;
        if (!code && !(ret->schemas & SCHEMA_DCGM))
            code = error_set(err, -EINVAL, "--dcgm.collectors does nothing without --schema=dcgm");
    }
    return code;
}

const char *service_gpu_inventory(struct settings *settings, bool keeps)
{
    const char *state = getenv("STATE_DIRECTORY");
    struct buf path;

    if (*settings->gpu_inventory)
        return settings->gpu_inventory;
    if (!keeps && !(state && *state))
        return NULL;
    buf_init(&path, 0);
    buf_printf(&path, "%s/gpus.tsv", service_data_dir(settings));
    const char *kept = arena_strndup(&settings->arena, path.ptr, path.len);
    buf_fini(&path);
    return kept;
}
