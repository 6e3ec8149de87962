/* linux_owner_test.c - the names that runtimes and schedulers give to cgroups. */
#include "device/linux_owner.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define U_  "6f1b2c3d_0a1b_4c5d_8e9f_001122334455"
#define U   "6f1b2c3d-0a1b-4c5d-8e9f-001122334455"

#define SHORT  "0123456789ab"
#define SHORT2 "fedcba987654"

struct wanted {
    const char *text, *runtime, *container, *pod, *job, *step, *unit, *session;
};

static void check(const struct wanted *w)
{
    struct linux_owner owner;
    bool any = linux_owner_read(&owner, str_of(w->text));
    const struct process_owner *is = &owner.is;

    if (any != (w->container[0] || w->pod[0] || w->job[0] || w->unit[0] || w->session[0]))
        fail_msg("%s", w->text);
    assert_string_equal(is->runtime, w->runtime);
    assert_string_equal(is->container_id, w->container);
    assert_string_equal(is->pod_uid, w->pod);
    assert_string_equal(is->slurm_job, w->job);
    assert_string_equal(is->slurm_step, w->step);
    assert_string_equal(is->unit, w->unit);
    assert_string_equal(is->session, w->session);
}

static void containers_are_read_from_names_of_cgroups(void **state)
{
    static const struct {
        const char *text, *runtime, *id;
    } cases[] = {
        {"0::/docker/" ID, "docker", SHORT},
        {"0::/system.slice/docker-" ID ".scope\n", "docker", SHORT},
        {"0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope",
         "docker", SHORT},
        {"0::/system.slice/nerdctl-" ID ".scope", "containerd", SHORT},
        {"0::/k8s.io/" ID, "containerd", SHORT},
        {"0::/ecs/9781c248a0f54d0f8f0d6b1a2c3d4e5f/" ID, "ecs", SHORT},
        {"0::/machine.slice/libpod-" ID ".scope/container", "podman", SHORT},
        {"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope",
         "podman", SHORT},
        {"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID
         ".scope/container",
         "podman", SHORT},
        {"0::/system.slice/crio-" ID ".scope", "cri-o", SHORT},
        {"0::/default/" ID, "", SHORT}, /* containerd: no runtime above it */
        {"0::/lxc.payload.web-1/system.slice/x.service", "lxc", "web-1"},
        {"0::/lxc/101/ns", "lxc", "101"},
        {"0::/lxc.payload/old", "lxc", "old"},
        {"0::/lxc/101/docker/" ID, "docker", SHORT}, /* within LXC */
        {"0::/machine.slice/machine-qemu\\x2d3\\x2dgpu\\x2dvm.scope/libvirt/emulator", "libvirt",
         "gpu-vm"},
        {"0::/machine.slice/systemd-nspawn@build.service/payload", "nspawn", "build"},
        {"0::/../cri-containerd-" ID ".scope", "containerd", SHORT},
        {"0::/../../../docker-" ID ".scope", "docker", SHORT},
        {"1:name=systemd:/\n5:cpuset:/\n9:memory:/docker/" ID, "docker", SHORT},
        /* hybrid: version 1 for the controllers, version 2 for systemd alone */
        {"9:memory:/docker/" ID "\n1:name=systemd:/docker/" ID
         "\n0::/system.slice/containerd.service",
         "docker", SHORT},
        {"0::/system.slice/docker-" ID ".scope\n9:memory:/", "docker", SHORT},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&(struct wanted){cases[i].text, cases[i].runtime, cases[i].id, "", "", "", "", ""});
}

static void pods_are_read_with_their_container(void **state)
{
    static const struct wanted cases[] = {
        {"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" U_
         ".slice/cri-containerd-" ID ".scope",
         "containerd", SHORT, U, "", "", "", ""},
        {"0::/kubepods.slice/kubepods-pod" U_ ".slice/crio-" ID ".scope", "cri-o", SHORT, U, "", "",
         "", ""},
        {"0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" U_
         ".slice/docker-" ID ".scope",
         "docker", SHORT, U, "", "", "", ""},
        {"0::/kubepods/pod" U "/" ID, "", SHORT, U, "", "", "", ""}, /* guaranteed */
        {"0::/kubepods/burstable/pod" U "/" ID, "", SHORT, U, "", "", "", ""},
        {"0::/kubepods/pod0123456789abcdef0123456789abcdef/" ID, "", SHORT,
         "0123456789abcdef0123456789abcdef", "", "", "", ""},
        {"0::/docker/" ID "/kubelet/kubepods/besteffort/pod" U "/" ID2, "", SHORT2, U, "", "", "",
         ""},
        {"0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
         "kubelet-kubepods-besteffort-pod" U_ ".slice/cri-containerd-" ID ".scope",
         "containerd", SHORT, U, "", "", "", ""},
        {"0::/../../kubepods-burstable-pod" U_ ".slice/cri-containerd-" ID ".scope", "containerd",
         SHORT, U, "", "", "", ""},
        {"0::/system.slice/containerd.service/kubepods-besteffort-pod" U_
         ".slice:cri-containerd:" ID,
         "containerd", SHORT, U, "", "", "", ""},
        /* a job within a pod: both are told */
        {"0::/kubepods/pod" U "/" ID "/system.slice/slurmstepd.scope/job_12/step_0/user/task_0", "",
         SHORT, U, "12", "0", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&cases[i]);
}

static void jobs_are_read_with_their_step(void **state)
{
    static const struct {
        const char *text, *job, *step;
    } cases[] = {
        {"0::/system.slice/slurmstepd.scope/job_4242/step_0/user/task_1", "4242", "0"},
        {"0::/system.slice/node7_slurmstepd.scope/job_9/step_batch/slurm", "9", "batch"},
        {"5:memory:/slurm/uid_1000/job_77/step_0/task_0\n1:name=systemd:/system.slice/"
         "slurmd.service",
         "77", "0"},
        {"5:memory:/slurm_node7/uid_1000/job_77/step_extern", "77", "extern"},
        {"5:memory:/slurm/uid_1000/job_77", "77", ""},
        {"0::/system.slice/slurmstepd.scope/job_5/step_2/user/task_special", "5", "2"},
        {"0::/system.slice/slurmstepd.scope/job_5/step_2/system", "5", "2"},
        {"9:devices:/slurm/uid_0/job_6/step_batch/task_0\n0::/system.slice/slurmd.service", "6",
         "batch"}, /* hybrid */
        {"0::/../../job_31/step_interactive/user/task_0", "31", "interactive"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&(struct wanted){cases[i].text, "", "", "", cases[i].job, cases[i].step, "", ""});
}

static void jobs_of_other_schedulers_are_read_from_their_folders(void **state)
{
    static const struct {
        const char *text, *scheduler, *job;
    } cases[] = {
        {"5:memory:/pbs_jobs.service/jobid/2404743.opbs", "pbs", "2404743.opbs"},
        {"0::/pbs_jobs.service/jobs/12345.pbs-1.example/x", "pbs", "12345.pbs-1.example"},
        {"4:cpuset:/pbs_jobs.service/jobid/7[3].srv", "pbs", "7[3].srv"},
        {"9:memory:/htcondor/condor_var_lib_condor_execute_slot1", "htcondor", "slot1"},
        {"0::/system.slice/htcondor/condor_var_lib_condor_execute_slot1_23@node7/task", "htcondor",
         "slot1_23"},
        {"5:memory:/pbspro.service/jobid/77.head", "pbs", "77.head"},
        {"4:memory:/pbspro/0.headnode", "pbs", "0.headnode"},
        {"7:cpuset:/lsf/euler/job.1001.24516.1440593134", "lsf", "1001"},
        {"0::/lsf/c1/job.1001[3].24516.1440593134/task", "lsf", "1001[3]"},
        {"0::/lsf/c1/job.x.1", "", ""},
        {"0::/lsf/job.5.1", "", ""},
        {"0::/lsf/c1/5", "", ""},
        {"0::/x/lsfd/c1/job.5.1", "", ""},
        {"0::/pbs_jobs.service/jobid", "", ""},
        {"0::/pbs_jobs.service/jobid/x", "", ""},
        {"0::/jobid/5", "", ""},
        {"0::/htcondor/condor_slot", "", ""},
        {"0::/htcondor/condor_", "", ""},
        {"0::/x/condor_a_slot1", "", ""},
        /* one that Slurm runs is Slurm's */
        {"5:memory:/slurm/uid_1/job_7\n4:cpuset:/pbs_jobs.service/jobid/9.x", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct linux_owner owner;
        linux_owner_read(&owner, str_of(cases[i].text));
        assert_string_equal(owner.is.scheduler, cases[i].scheduler);
        assert_string_equal(owner.is.batch_job, cases[i].job);
        if (cases[i].job[0])
            assert_string_equal(owner.is.unit, "");
    }
}

static void the_whole_number_of_a_container_is_kept_for_its_files(void **state)
{
    struct linux_owner owner;

    (void)state;
    linux_owner_read(&owner, STR("0::/docker/" ID "/kubelet/kubepods/pod" U "/" ID2));
    assert_string_equal(owner.container, ID2);
    linux_owner_read(&owner, STR("0::/lxc/101"));
    assert_string_equal(owner.container, "");
}

static void the_user_of_a_job_is_known_by_number(void **state)
{
    struct linux_owner owner;

    (void)state;
    linux_owner_read(&owner, STR("5:memory:/slurm/uid_1000/job_77/step_0/task_0"));
    assert_true(owner.job_uid_known);
    assert_int_equal(owner.job_uid, 1000);
    linux_owner_read(&owner, STR("5:memory:/slurm/uid_99999999999/job_77/step_0/task_0"));
    assert_false(owner.job_uid_known);
    assert_string_equal(owner.is.slurm_job, "77");
}

static void units_and_sessions_are_read_outside_of_containers(void **state)
{
    static const struct {
        const char *text, *unit, *session;
    } cases[] = {
        {"0::/system.slice/ollama.service", "ollama.service", ""},
        {"0::/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service", ""},
        {"0::/system.slice/run-r5\\x2dx.scope", "run-r5-x.scope", ""},
        {"0::/user.slice/user-1000.slice/session-5.scope", "", "5"},
        {"0::/user.slice/user-1000.slice/session-c2.scope", "", "c2"},
        {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/llm.service", "llm.service",
         ""},
        {"4:memory:/user.slice/user-1000.slice/session-5.scope\n1:name=systemd:/user.slice/"
         "user-1000.slice/session-5.scope",
         "", "5"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&(struct wanted){cases[i].text, "", "", "", "", "", cases[i].unit, cases[i].session});
}

static void what_names_nobody_is_passed_over(void **state)
{
    static const char *const cases[] = {
        "0::/machine.slice/libpod-conmon-" ID ".slice",
        "0::/crio-conmon-" ID,
        "0::/crio-conmon-" ID ".scope",
        "0::/machine.slice/libpod-conmon-" ID ".scope",
        "0::/default/redis",
        "0::/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn-1f2e.scope",
        "0::/init.scope",
        "0::/user.slice/job_5/x", /* not Slurm's */
        "0::/slurm/job_x5/step_0",
        "0::/job_5",
        "0::/docker/" ID "0", /* 65 digits are no id */
        "0::/podman-6f1b2c3d",
        "0::/lxc/",
        "0::/lxc",
        "0::/",
        "",
        "nonsense",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&(struct wanted){cases[i], "", "", "", "", "", "", ""});
}

static void an_environment_tells_what_was_given_and_nothing_else(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        bool job;
        const char *devices;
    } cases[] = {
#define ENVIRON(text) text, sizeof(text)
        {ENVIRON("A=b\0NVIDIA_VISIBLE_DEVICES=GPU-1,GPU-2\0C=d"), false, "GPU-1,GPU-2"},
        {ENVIRON("NVIDIA_VISIBLE_DEVICES=0\0SLURM_JOB_GPUS=4,5"), true, "4,5"},
        {ENVIRON("SLURM_JOB_GPUS=4,5\0SLURM_STEP_GPUS=5"), true, "5"},
        {ENVIRON("SLURM_JOB_GPUS=4"), false, ""},
        {ENVIRON("NVIDIA_VISIBLE_DEVICES=all"), false, ""},
        {ENVIRON("NVIDIA_VISIBLE_DEVICES=void"), false, ""},
        {ENVIRON("NVIDIA_VISIBLE_DEVICES=none"), false, ""},
        {ENVIRON("NVIDIA_VISIBLE_DEVICES="), false, ""},
        {ENVIRON("XNVIDIA_VISIBLE_DEVICES=1\0TOKEN=secret"), false, ""},
        {ENVIRON("NVIDIA_VISIBLE_DEVICES=0123456789012345678901234567890"), false, ""}, /* long */
        {ENVIRON(""), false, ""},
#undef ENVIRON
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char devices[24];
        bool is_void;
        linux_owner_devices(devices, sizeof(devices), str_make(cases[i].text, cases[i].len),
                            cases[i].job, &is_void);
        assert_string_equal(devices, cases[i].devices);
        assert_int_equal(is_void, strstr(cases[i].text, "=void") != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(containers_are_read_from_names_of_cgroups),
        cmocka_unit_test(pods_are_read_with_their_container),
        cmocka_unit_test(jobs_are_read_with_their_step),
        cmocka_unit_test(jobs_of_other_schedulers_are_read_from_their_folders),
        cmocka_unit_test(the_whole_number_of_a_container_is_kept_for_its_files),
        cmocka_unit_test(the_user_of_a_job_is_known_by_number),
        cmocka_unit_test(units_and_sessions_are_read_outside_of_containers),
        cmocka_unit_test(what_names_nobody_is_passed_over),
        cmocka_unit_test(an_environment_tells_what_was_given_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
