/* linux_owner_test.c - the names that runtimes and schedulers give to cgroups. */
#include "device/linux_owner.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define U_  "6f1b2c3d_0a1b_4c5d_8e9f_001122334455"
#define U   "6f1b2c3d-0a1b-4c5d-8e9f-001122334455"

static void owners_are_read_from_names_of_cgroups(void **state)
{
    static const struct {
        const char *text, *container, *pod, *job;
    } cases[] = {
        {"0::/docker/" ID, "0123456789ab", "", ""},
        {"0::/system.slice/docker-" ID ".scope\n", "0123456789ab", "", ""},
        {"0::/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope",
         "0123456789ab", "", ""},
        {"0::/system.slice/nerdctl-" ID ".scope", "0123456789ab", "", ""},
        {"0::/machine.slice/libpod-" ID ".scope/container", "0123456789ab", "", ""},
        {"0::/machine.slice/libpod-conmon-" ID ".scope", "", "", ""},
        {"0::/crio-conmon-" ID ".scope", "", "", ""},
        {"0::/lxc.payload.web-1/system.slice/x.service", "web-1", "", ""},
        {"0::/lxc/101/ns", "101", "", ""},
        {"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" U_
         ".slice/cri-containerd-" ID ".scope",
         "0123456789ab", U, ""},
        {"0::/kubepods.slice/kubepods-pod" U_ ".slice/crio-" ID ".scope", "0123456789ab", U, ""},
        {"0::/kubepods/burstable/pod" U "/" ID, "0123456789ab", U, ""},
        {"0::/kubepods/pod0123456789abcdef0123456789abcdef/" ID, "0123456789ab",
         "0123456789abcdef0123456789abcdef", ""},
        {"0::/docker/" ID "/kubelet/kubepods/besteffort/pod" U "/" ID2, "fedcba987654", U, ""},
        {"0::/../../kubepods-burstable-pod" U_ ".slice/cri-containerd-" ID ".scope", "0123456789ab",
         U, ""},
        {"0::/../cri-containerd-" ID ".scope", "0123456789ab", "", ""},
        {"0::/system.slice/containerd.service/kubepods-besteffort-pod" U_
         ".slice:cri-containerd:" ID,
         "0123456789ab", U, ""},
        {"0::/system.slice/slurmstepd.scope/job_4242/step_0/user/task_1", "", "", "4242"},
        {"0::/system.slice/node7_slurmstepd.scope/job_9/step_batch/slurm", "", "", "9"},
        {"5:memory:/slurm/uid_1000/job_77/step_0/task_0\n1:name=systemd:/system.slice/"
         "slurmd.service",
         "", "", "77"},
        {"5:memory:/slurm_node7/uid_1000/job_77/step_extern", "", "", "77"},
        {"1:name=systemd:/\n5:cpuset:/\n9:memory:/docker/" ID, "0123456789ab", "", ""},
        {"0::/system.slice/ssh.service", "", "", ""},
        {"0::/user.slice/job_5/x", "", "", ""}, /* not Slurm's */
        {"0::/slurm/job_x5/step_0", "", "", ""},
        {"0::/docker/" ID "0", "", "", ""}, /* 65 digits are no id */
        {"0::/podman-6f1b2c3d", "", "", ""},
        {"0::/", "", "", ""},
        {"", "", "", ""},
        {"nonsense", "", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct linux_owner owner;
        linux_owner_read(&owner, str_of(cases[i].text));
        assert_string_equal(owner.container, cases[i].container);
        assert_string_equal(owner.pod_uid, cases[i].pod);
        assert_string_equal(owner.slurm_job, cases[i].job);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owners_are_read_from_names_of_cgroups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
