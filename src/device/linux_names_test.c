/* linux_names_test.c - names of containers out of the runtimes' own files. */
#include "device/linux_names.h"

#include "device/linux_test.h"

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

#define DOCKER "root/var/lib/docker/containers/" ID "/config.v2.json"

static void each_runtimes_file_gives_what_it_knows(void **state)
{
    static const struct {
        const char *text;
        enum linux_names_form form;
        const char *container, *pod, *namespace, *uid;
    } cases[] = {
        {"{\"Name\":\"/web\",\"Config\":{\"Env\":[\"TOKEN=secret\"]}}", LINUX_NAMES_DOCKER, "web",
         "", "", ""},
        {"{\"Name\":\"web\\n\"}", LINUX_NAMES_DOCKER, "web", "", "", ""},
        {"{\"annotations\":{\"io.kubernetes.cri.container-name\":\"server\","
         "\"io.kubernetes.cri.sandbox-name\":\"llm-0\","
         "\"io.kubernetes.cri.sandbox-namespace\":\"ml\","
         "\"io.kubernetes.cri.sandbox-uid\":\"u-1\"}}",
         LINUX_NAMES_OCI, "server", "llm-0", "ml", "u-1"},
        {"{\"annotations\":{\"io.kubernetes.container.name\":\"server\","
         "\"io.kubernetes.pod.name\":\"llm-0\",\"io.kubernetes.pod.namespace\":\"ml\"}}",
         LINUX_NAMES_OCI, "server", "llm-0", "ml", ""},
        {"{\"annotations\":{\"nerdctl/name\":\"db\"}}", LINUX_NAMES_OCI, "db", "", "", ""},
        {"[{\"id\":\"" ID2 "\",\"names\":[\"other\"]},{\"id\":\"" ID "\",\"names\":[\"job\"]}]",
         LINUX_NAMES_PODMAN, "job", "", "", ""},
        {"[{\"id\":\"" ID "\",\"names\":[]},{\"id\":\"" ID "\"},7]", LINUX_NAMES_PODMAN, "", "", "",
         ""},
        {"{\"Name\":7}", LINUX_NAMES_DOCKER, "7", "", "", ""},
        {"{\"Name\":{}}", LINUX_NAMES_DOCKER, "", "", "", ""},
        {"{\"annotations\":[]}", LINUX_NAMES_OCI, "", "", "", ""},
        {"{}", LINUX_NAMES_PODMAN, "", "", "", ""},
        {"not JSON", LINUX_NAMES_DOCKER, "", "", "", ""},
        {"", LINUX_NAMES_OCI, "", "", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct linux_names_entry e = {.found = false};
        bool found = linux_names_parse(str_of(cases[i].text), cases[i].form, ID, &e);
        assert_int_equal(found, cases[i].container[0] != '\0');
        assert_string_equal(e.container, cases[i].container);
        assert_string_equal(e.pod, cases[i].pod);
        assert_string_equal(e.namespace, cases[i].namespace);
        assert_string_equal(e.pod_uid, cases[i].uid);
    }
}

static void a_file_is_read_once_and_an_absent_one_again_after_a_minute(void **state)
{
    struct linux_names names;
    struct process_owner owner = {.container_id = "x"};
    struct tree tree;
    uint64_t now = 1000 * (uint64_t)NS_PER_S;

    (void)state;
    tree_open(&tree, "attribution-docker-v1");
    linux_names_init(&names, tree.rootfs);
    linux_names_find(&names, ID, &owner, now);
    assert_string_equal(owner.container, "");
    tree_write(&tree, DOCKER, "{\"Name\":\"/late\"}");
    linux_names_find(&names, ID, &owner, now + LINUX_NAMES_PAUSE_NS - 1);
    assert_string_equal(owner.container, "");
    linux_names_find(&names, ID, &owner, now + LINUX_NAMES_PAUSE_NS);
    assert_string_equal(owner.container, "late");
    tree_remove(&tree, DOCKER);
    owner.container[0] = '\0';
    linux_names_find(&names, ID, &owner, now + 10 * LINUX_NAMES_PAUSE_NS);
    assert_string_equal(owner.container, "late");
    linux_names_find(&names, "short", &owner, now);
    linux_names_fini(&names);
    tree_close(&tree);
}

static void only_so_many_containers_are_kept(void **state)
{
    struct linux_names names;
    struct process_owner owner;
    char id[65];

    (void)state;
    linux_names_init(&names, "/nowhere");
    for (unsigned i = 0; i < 3 * LINUX_NAMES_KEPT; i++) {
        snprintf(id, sizeof(id), "%064x", i);
        memset(&owner, 0, sizeof(owner));
        linux_names_find(&names, id, &owner, 5);
    }
    assert_int_equal(names.len, LINUX_NAMES_KEPT);
    linux_names_fini(&names);
}

static const struct process_owner *owner_of(struct bench *b, int pid)
{
    struct reading *r = bench_read(b);

    for (size_t i = 0; i < r->process_len; i++)
        if (r->processes[i].pid == pid)
            return r->processes[i].owner;
    fail_msg("no process %d", pid);
    return NULL;
}

static void a_container_is_shown_by_its_name_where_its_file_may_be_read(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "attribution-docker-v1");

    (void)state;
    tree_write(&b->tree, DOCKER, "{\"Name\":\"/web\"}");
    assert_string_equal(owner_of(b, 520)->container, "web");
    bench_free(b);
}

static void a_pod_is_known_by_its_container_where_its_path_is_hidden(void **state)
{
    struct bench *b = bench_new(&linux_process_collector, "attribution-namespaced");

    (void)state;
    tree_write(&b->tree, "root/var/log/containers/llm-1_ml_side-" ID2 ".log", "");
    const struct process_owner *o = owner_of(b, 631); /* 0::/../cri-containerd-<id>.scope */
    assert_string_equal(o->pod_uid, "");
    assert_string_equal(o->pod, "llm-1");
    assert_string_equal(o->namespace, "ml");
    assert_string_equal(o->container, "side");
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_runtimes_file_gives_what_it_knows),
        cmocka_unit_test(a_file_is_read_once_and_an_absent_one_again_after_a_minute),
        cmocka_unit_test(only_so_many_containers_are_kept),
        cmocka_unit_test(a_container_is_shown_by_its_name_where_its_file_may_be_read),
        cmocka_unit_test(a_pod_is_known_by_its_container_where_its_path_is_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
