/* command_doctor.c - what was found on this machine, and what to do about what it lacks. */
#include "doctor/doctor.h"
#include "service.h"

#include <stdlib.h>
#include <unistd.h>

static bool use_color(const char *choice)
{
    const char *no = getenv("NO_COLOR");

    if (strcmp(choice, "auto"))
        return !strcmp(choice, "always");
    return isatty(STDOUT_FILENO) && !(no && *no);
}

/* Writes `out` to stdout and ends it. */
static bool print(struct buf *out)
{
    int code = out->failed ? -ENOMEM : file_write_all(STDOUT_FILENO, out->ptr, out->len);

    if (code)
        log_error("cannot write to stdout", "error", strerror(-code));
    buf_fini(out);
    return code == 0;
}

static bool compare(const struct settings *settings, const struct worker_options *options,
                    const struct doctor_form *form, struct buf *out)
{
    const char *with = strcmp(settings->compare, "true") ? settings->compare : "nvidia-smi";
    bool agree = false;
    struct error err;

    if (doctor_compare(options, with, form, out, &agree, &err))
        log_error("cannot compare", "error", err.text);
    return agree;
}

static bool buffers(const struct worker_options *options, const struct doctor_form *form,
                    struct buf *out)
{
    struct error err;

    if (doctor_buffers(options, form, out, &err) == 0)
        return true;
    log_error("cannot look at the driver's buffers", "error", err.text);
    return false;
}

static bool compose(const struct worker_options *options, struct buf *out)
{
    struct error err;

    if (doctor_compose(options, out, &err) == 0)
        return true;
    log_error("cannot look at this machine", "error", err.text);
    return false;
}

/* The options of this run, as far as they are no secrets. */
static void list_settings(struct settings *settings, struct buf *to)
{
    const char *name, *value;

    buf_printf(to, "algalon %s\n", program_version());
    for (size_t i = 0; settings_at(settings, FOR_DOCTOR, i, &name, &value); i++)
        buf_printf(to, "%s=\"%s\"\n", name, value);
}

static bool bundle(struct settings *settings, const struct worker_options *options,
                   const struct doctor_form *form, struct buf *out)
{
    struct doctor_bundle wanted = {.path =
                                       strcmp(settings->bundle, "true") ? settings->bundle : ""};
    struct buf text;
    struct error err;
    buf_init(&text, 0);
    list_settings(settings, &text);
    wanted.settings = buf_str(&text);
    int code = doctor_bundle(options, &wanted, form, out, &err);
    buf_fini(&text);
    if (code)
        log_error("cannot write the bundle", "error", err.text);
    return code == 0;
}

enum exit_code command_doctor(struct settings *settings)
{
    struct doctor_form form = {.json = settings->json, .color = use_color(settings->color)};
    struct worker_options options;
    struct error err;
    struct buf out;

    if (service_worker_options(settings, &options, &err)) {
        log_error("cannot look at this machine", "error", err.text);
        return EXIT_USAGE;
    }
    options.gpu_inventory = service_gpu_inventory(settings, true);
    buf_init(&out, 0);
    bool good = false;
    if (*settings->compare)
        good = compare(settings, &options, &form, &out);
    else if (*settings->bundle)
        good = bundle(settings, &options, &form, &out);
    else if (settings->compose)
        good = compose(&options, &out);
    else if (settings->buffers)
        good = buffers(&options, &form, &out);
    else
        good = doctor_examine(&options, &form, &out);
    good &= print(&out);
    fflush(NULL);
    _exit(good ? EXIT_DONE : EXIT_FAILED); /* a driver may have been left behind in a call that does
                                              not end: what its library does at the end of a process
                                              could wait for it */
}
