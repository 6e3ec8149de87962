/* linux_attribution_test.c - whose a process is, over recorded trees of every runtime and
 * scheduler; names of pods; who holds a device. */
#include "device/linux_test.h"

#include "device/linux_holder.h"
#include "device/linux_kubelet.h"

#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SHORT "0123456789ab"
#define U     "6f1b2c3d-0a1b-4c5d-8e9f-001122334455"
#define GPU   "GPU-11111111-2222-3333-4444-555555555555"

static const struct process *find(const struct reading *r, int pid)
{
    size_t at = 0;

    while (at < r->process_len && r->processes[at].pid != pid)
        at++;
    assert_true(at < r->process_len);
    return &r->processes[at];
}

static void every_runtime_and_scheduler_is_read(void **state)
{
    static const struct {
        const char *fixture;
        int pid;
        const char *user;
        struct process_owner wanted;
    } cases[] = {
        {"shell", 500, "ada", {.session = "5"}},
        {"systemd", 510, "root", {.unit = "ollama.service"}},
        {"docker-v1", 520, "root", {.runtime = "docker", .container_id = SHORT}},
        {"docker-v2",
         530,
         "root",
         {.runtime = "docker", .container_id = SHORT, .container = "web", .devices = GPU}},
        {"containerd", 540, "root", {.runtime = "containerd", .container_id = SHORT}},
        {"podman", 550, "100999", {.runtime = "podman", .container_id = SHORT}},
        {"kubernetes-systemd",
         560,
         "root",
         {.runtime = "containerd",
          .container_id = SHORT,
          .container = "server",
          .pod = "llm-0",
          .namespace = "ml",
          .pod_uid = U,
          .devices = GPU "::3"}},
        {"kubernetes-cgroupfs",
         570,
         "root",
         {.container_id = SHORT,
          .container = "server",
          .pod = "llm-0",
          .namespace = "ml",
          .pod_uid = U}},
        {"crio",
         580,
         "root",
         {.runtime = "cri-o",
          .container_id = SHORT,
          .container = "server",
          .pod = "llm-0",
          .namespace = "ml",
          .pod_uid = U}},
        {"slurm-v1",
         590,
         "ada",
         {.slurm_job = "77", .slurm_step = "0", .job_user = "ada", .devices = "2,3"}},
        {"slurm-v2", 600, "ada", {.slurm_job = "4242", .slurm_step = "batch", .devices = "0"}},
        {"slurm-multiple", 610, "ada", {.slurm_job = "9", .slurm_step = "1"}},
        {"slurm-multiple",
         611,
         "root",
         {.slurm_job = "10", .slurm_step = "extern", .job_user = "ada"}},
        {"pbs", 640, "ada", {.scheduler = "pbs", .batch_job = "2404743.opbs"}},
        {"lxc", 620, "100000", {.runtime = "lxc", .container_id = "web-1"}},
        {"namespaced", 630, "root", {.runtime = "containerd", .container_id = SHORT, .pod_uid = U}},
        {"namespaced", 631, "root", {.runtime = "containerd", .container_id = "fedcba987654"}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char fixture[64];
        snprintf(fixture, sizeof(fixture), "attribution-%s", cases[i].fixture);
        struct bench *b = bench_new(&linux_process_collector, fixture);
        const struct process *p = find(bench_read(b), cases[i].pid);
        const struct process_owner *got = p->owner, *wanted = &cases[i].wanted;
        assert_non_null(got);
        assert_string_equal(p->user, cases[i].user);
        assert_string_equal(got->runtime, wanted->runtime);
        assert_string_equal(got->container_id, wanted->container_id);
        assert_string_equal(got->container, wanted->container);
        assert_string_equal(got->pod, wanted->pod);
        assert_string_equal(got->namespace, wanted->namespace);
        assert_string_equal(got->pod_uid, wanted->pod_uid);
        assert_string_equal(got->slurm_job, wanted->slurm_job);
        assert_string_equal(got->slurm_step, wanted->slurm_step);
        assert_string_equal(got->job_user, wanted->job_user);
        assert_string_equal(got->scheduler, wanted->scheduler);
        assert_string_equal(got->batch_job, wanted->batch_job);
        assert_string_equal(got->unit, wanted->unit);
        assert_string_equal(got->session, wanted->session);
        assert_string_equal(got->devices, wanted->devices);
        bench_free(b);
    }
}

static void an_owner_is_carried_from_turn_to_turn_and_dropped_with_its_process(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "attribution-docker-v2");

    (void)state;
    for (int turn = 0; turn < 4; turn++)
        assert_string_equal(find(bench_read(b), 530)->owner->container_id, SHORT);
    /* The number is another process's now, in no container. */
    tree_write(&b->tree, "proc/530/stat",
               "530 (bash) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9999 0 9 0\n");
    tree_write(&b->tree, "proc/530/cgroup", "0::/\n");
    assert_null(find(bench_read(b), 530)->owner);
    bench_free(b);
}

static void processes_of_one_container_have_one_owner(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "attribution-kubernetes-systemd");

    (void)state;
    for (int pid = 900; pid < 903; pid++) {
        char to[32];
        snprintf(to, sizeof(to), "proc/%d", pid);
        tree_copy(&b->tree, TEST_FIXTURES "/attribution-kubernetes-systemd/proc/560", to);
    }
    for (int turn = 0; turn < 130; turn++) { /* each was looked up more than twice */
        const struct reading *r = bench_read(b);
        const struct process_owner *o = find(r, 900)->owner;
        assert_string_equal(o->pod, "llm-0");
        assert_ptr_equal(find(r, 901)->owner, o);
        assert_ptr_equal(find(r, 902)->owner, o);
    }
    bench_free(b);
}

static void a_process_that_waits_keeps_its_environment_unread(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "attribution-docker-v2");

    (void)state;
    tree_write(&b->tree, "proc/530/stat",
               "530 (python) D 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5000 0 9 0\n");
    const struct process *p = find(bench_read(b), 530);
    assert_string_equal(p->owner->container_id, SHORT);
    assert_string_equal(p->owner->devices, "");
    bench_free(b);
}

static void names_of_a_pod_that_comes_later_are_found_within_ten_seconds(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "attribution-namespaced");

    (void)state;
    assert_string_equal(find(bench_read(b), 630)->owner->pod, "");
    tree_write(&b->tree, "root/var/log/pods/ns_late_" U "/c/0.log", "");
    tree_write(&b->tree, "root/var/log/containers/late_ns_c-" ID ".log", "");
    assert_string_equal(find(bench_read(b), 630)->owner->pod, ""); /* listed 5 s ago */
    const struct process *p = find(bench_read(b), 630);
    assert_string_equal(p->owner->pod, "late");
    assert_string_equal(p->owner->namespace, "ns");
    assert_string_equal(p->owner->container, "c");
    bench_free(b);
}

static void folders_of_pods_are_taken_apart(void **state)
{
    static const struct {
        const char *name, *namespace, *pod, *uid;
    } cases[] = {
        {"ml_llm-0_" U, "ml", "llm-0", U},
        {"kube-system_etcd-node1_0123456789abcdef0123456789abcdef", "kube-system", "etcd-node1",
         "0123456789abcdef0123456789abcdef"},
        {"ml_llm-0", NULL, NULL, NULL},
        {"ml__x", NULL, NULL, NULL},
        {"_a_b", NULL, NULL, NULL},
        {"a_b_", NULL, NULL, NULL},
        {"a_b_c_d", NULL, NULL, NULL},
        {"a_b_0123456789012345678901234567890123456789", NULL, NULL, NULL},
        {"", NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct linux_kubelet_pod pod;
        bool ok = linux_kubelet_parse_pod(str_of(cases[i].name), &pod);
        assert_int_equal(ok, cases[i].pod != NULL);
        if (!ok)
            continue;
        assert_string_equal(pod.namespace, cases[i].namespace);
        assert_string_equal(pod.pod, cases[i].pod);
        assert_string_equal(pod.uid, cases[i].uid);
    }
}

static void links_of_containers_are_taken_apart(void **state)
{
    static const struct {
        const char *name, *container;
    } cases[] = {
        {"llm-0_ml_server-" ID ".log", "server"},
        {"llm-0_ml_side-car-1-" ID ".log", "side-car-1"},
        {"llm-0_ml_server-" ID, NULL},
        {"llm-0_ml_-" ID ".log", NULL},
        {"llm-0_ml_server_" ID ".log", NULL},
        {"server-" ID ".log", NULL},
        {"a_b_c-0123.log", NULL},
        {".log", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct linux_kubelet_container container;
        bool ok = linux_kubelet_parse_container(str_of(cases[i].name), &container);
        if (ok != (cases[i].container != NULL))
            fail_msg("%s", cases[i].name);
        if (!ok)
            continue;
        assert_string_equal(container.name, cases[i].container);
        assert_string_equal(container.id, SHORT);
    }
}

static void the_doctor_says_which_pods_have_no_name_and_what_to_do(void **state)
{
    static const struct {
        const char *fixture, *what;
        bool warned;
    } cases[] = {
        {"attribution-kubernetes-systemd", "in pods: 1, in other containers: 0, in Slurm jobs: 0",
         false},
        {"attribution-namespaced", "in pods: 1, in other containers: 1, in Slurm jobs: 0", true},
        {"attribution-slurm-multiple", "in pods: 0, in other containers: 0, in Slurm jobs: 2",
         false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench *b = bench_new(&linux_process_collector, cases[i].fixture);
        struct finding *list = NULL;
        size_t len = 0;
        bool warned = false;
        assert_non_null(strstr(bench_finding(b, "attribution")->what, cases[i].what));
        b->collector->diagnose(&b->tree.paths, &b->arena, &list, &len);
        for (size_t j = 0; j < len; j++)
            warned = warned || strstr(list[j].advice, "/var/log/pods");
        assert_int_equal(warned, cases[i].warned);
        bench_free(b);
    }
}

static void who_holds_a_device_is_told_by_its_open_files(void **state)
{
    static const struct {
        const char *fixture;
        int pid;
        enum holding wanted;
    } cases[] = {
        {"shell", 500, HOLDING_NO},      {"systemd", 510, HOLDING_YES},
        {"docker-v2", 530, HOLDING_YES}, {"docker-v1", 520, HOLDING_UNKNOWN},
        {"shell", 999, HOLDING_UNKNOWN}, /* there is no such process */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tree tree;
        char fixture[64];
        snprintf(fixture, sizeof(fixture), "attribution-%s", cases[i].fixture);
        tree_open(&tree, fixture);
        assert_int_equal(linux_holder_look(&tree.paths, cases[i].pid), cases[i].wanted);
        tree_close(&tree);
    }
}

static void nodes_of_every_maker_are_devices(void **state)
{
    static const char *const devices[] = {
        "/dev/nvidia0", "/dev/dri/renderD128", "/dev/kfd",   "/dev/accel/accel0",   "/dev/accel3",
        "/dev/hl2",     "/dev/tenstorrent/1",  "/dev/rbln0", "/dev/rngd/npu0pe0-7", "/dev/npu4",
        "/dev/vfio/12"};
    static const char *const others[] = {"/dev/null", "/home/a/nvidia0", "socket:[12]",
                                         "/dev/snd/x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(devices); i++)
        assert_true(device_is_node(str_of(devices[i])));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_false(device_is_node(str_of(others[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_of_every_maker_are_devices),
        cmocka_unit_test(every_runtime_and_scheduler_is_read),
        cmocka_unit_test(an_owner_is_carried_from_turn_to_turn_and_dropped_with_its_process),
        cmocka_unit_test(processes_of_one_container_have_one_owner),
        cmocka_unit_test(a_process_that_waits_keeps_its_environment_unread),
        cmocka_unit_test(names_of_a_pod_that_comes_later_are_found_within_ten_seconds),
        cmocka_unit_test(folders_of_pods_are_taken_apart),
        cmocka_unit_test(links_of_containers_are_taken_apart),
        cmocka_unit_test(the_doctor_says_which_pods_have_no_name_and_what_to_do),
        cmocka_unit_test(who_holds_a_device_is_told_by_its_open_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
