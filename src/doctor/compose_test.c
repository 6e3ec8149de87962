/* compose_test.c - recorded machines and hand-made ones: what a container needs there, and no more.
 */
#include "device/device.h"
#include "doctor/doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    char root[64];
    struct worker_options options;
    struct buf out;
};

static int set_up(void **state)
{
    struct fixture *f = xnew(struct fixture);

    snprintf(f->root, sizeof(f->root), "/tmp/algalon-compose-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    worker_options_init(&f->options);
    f->options.paths.rootfs = f->root;
    buf_init(&f->out, 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    buf_fini(&f->out);
    assert_int_equal(file_remove_tree(f->root), 0);
    free(f);
    return 0;
}

/* A file below the machine's root. */
static void put(struct fixture *f, const char *file, const char *text)
{
    char path[256];

    snprintf(path, sizeof(path), "%s%s", f->root, file);
    *strrchr(path, '/') = '\0';
    assert_int_equal(file_mkdirs(path, NULL), 0);
    path[strlen(path)] = '/';
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
}

static void look(struct fixture *f, const char *procfs, const char *sysfs)
{
    struct error err = {0};

    f->options.paths.procfs = procfs;
    f->options.paths.sysfs = sysfs;
    buf_reset(&f->out);
    if (doctor_compose(&f->options, &f->out, &err))
        fail_msg("%s", err.text);
    assert_false(f->out.failed);
}

#define ON(f, machine) look(f, TEST_FIXTURES "/" machine "/proc", TEST_FIXTURES "/" machine "/sys")

static bool says(struct fixture *f, const char *text)
{
    return str_contains(buf_str(&f->out), str_of(text));
}

static void a_machine_without_devices_needs_nothing_more(void **state)
{
    struct fixture *f = *state;

    ON(f, "host-vm");
    assert_true(says(f, "services:\n  worker: {}\n"));
    assert_false(says(f, "devices"));
}

static void the_kernels_files_need_no_device(void **state)
{
    struct fixture *f = *state;

    put(f, "/dev/dri/renderD128", "");
    ON(f, "amd-mi300x");
    assert_true(says(f, "# amd: told by the kernel's files"));
    assert_true(says(f, "services:\n  worker: {}\n"));
    ON(f, "npu-tenstorrent");
    assert_true(says(f, "# tenstorrent: "));
    assert_true(says(f, "services:\n  worker: {}\n"));
}

static void intel_needs_capabilities_and_its_nodes(void **state)
{
    struct fixture *f = *state;

    put(f, "/dev/dri/renderD128", "");
    ON(f, "intel-arc-xe");
    assert_true(says(f, "\n    user: \"0:0\"\n"));
    assert_true(says(f, "\n    cap_add: [PERFMON, SYS_PTRACE, DAC_READ_SEARCH]\n"));
    assert_true(says(f, "\n    devices:\n      - \"/dev/dri:/dev/dri\"\n"));
    assert_false(says(f, "nvidia"));
}

static void only_nodes_that_are_there_are_named(void **state)
{
    struct fixture *f = *state;

    ON(f, "npu-gaudi2");
    assert_true(says(f, "No such node is there"));
    assert_true(says(f, "services:\n  worker: {}\n")); /* the engine would not start with one */
    put(f, "/dev/accel/accel0", "");
    put(f, "/dev/accel/accel_controlD0", "");
    put(f, "/dev/accel/accel_controlD1", "");
    ON(f, "npu-gaudi2");
    assert_true(says(f, "\n    user: \"0:0\"\n    devices:\n"
                        "      - \"/dev/accel/accel_controlD0:/dev/accel/accel_controlD0\"\n"
                        "      - \"/dev/accel/accel_controlD1:/dev/accel/accel_controlD1\"\n"));
    assert_false(says(f, "accel0\""));
    assert_false(says(f, "\n    cap_add"));
    assert_false(says(f, "No such node"));
    ON(f, "accel-xdna");
    assert_true(says(f, "      - \"/dev/accel/accel0:/dev/accel/accel0\"\n"));
    assert_false(says(f, "control"));
    ON(f, "accel-rknpu");
    assert_true(says(f, "services:\n  worker: {}\n"));
}

static void nvidias_devices_come_by_the_way_that_is_there(void **state)
{
    struct fixture *f = *state;
    char proc[96];

    snprintf(proc, sizeof(proc), "%s/proc", f->root);
    put(f, "/proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.1");
    look(f, proc, "/nowhere");
    assert_true(says(f, "install NVIDIA's container toolkit"));
    assert_true(says(f, "services:\n  worker: {}\n"));
    put(f, "/usr/bin/nvidia-ctk", "");
    look(f, proc, "/nowhere");
    assert_true(says(f, "{driver: nvidia, count: all, capabilities: [gpu, utility]}"));
    assert_true(says(f, "ALGALON_EXIT_WHEN_WITHDRAWN: \"true\""));
    put(f, "/etc/docker/daemon.json",
        "{\"runtimes\": {\"nvidia\": {\"path\": \"nvidia-container-runtime\"}}}");
    look(f, proc, "/nowhere");
    assert_true(says(f, "\n    runtime: nvidia\n"));
    assert_true(says(f, "NVIDIA_DRIVER_CAPABILITIES: utility"));
    put(f, "/etc/cdi/amd.json", "{\"kind\": \"amd.com/gpu\"}");
    look(f, proc, "/nowhere");
    assert_true(says(f, "\n    runtime: nvidia\n"));
    put(f, "/etc/cdi/nvidia.yaml", "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\n");
    look(f, proc, "/nowhere");
    assert_true(says(f, "\n    devices:\n      - \"nvidia.com/gpu=all\"\n"));
    assert_false(says(f, "runtime: nvidia"));
}

static void apparmor_is_set_aside_where_it_stands_in_the_way(void **state)
{
    struct fixture *f = *state;
    struct container_needs needs;
    struct arena arena;
    char sys[96];

    arena_init(&arena, 0);
    snprintf(sys, sizeof(sys), "%s/sys", f->root);
    f->options.paths.sysfs = sys;
    assert_int_equal(container_look(&f->options.paths, &arena, &needs, NULL), 0);
    assert_false(needs.apparmor);
    put(f, "/sys/module/apparmor/parameters/enabled", "Y\n");
    assert_int_equal(container_look(&f->options.paths, &arena, &needs, NULL), 0);
    assert_true(needs.apparmor);
    arena_fini(&arena);
}

#define ON_A_MACHINE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_MACHINE(a_machine_without_devices_needs_nothing_more),
        ON_A_MACHINE(the_kernels_files_need_no_device),
        ON_A_MACHINE(intel_needs_capabilities_and_its_nodes),
        ON_A_MACHINE(only_nodes_that_are_there_are_named),
        ON_A_MACHINE(nvidias_devices_come_by_the_way_that_is_there),
        ON_A_MACHINE(apparmor_is_set_aside_where_it_stands_in_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
