/* discovery_test.c - targets from DNS, Docker and Kubernetes, and what a reload keeps of them. */
#include "scrape/dns_sd.h"
#include "scrape/docker_sd.h"
#include "scrape/kubernetes_roles.h"
#include "scrape/state.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void print_group(void *ctx, const struct target_group *group)
{
    struct buf *to = ctx;

    for (size_t i = 0; i < group->len; i++) {
        labels_print(group->labels, to);
        buf_char(to, '\n');
    }
}

static void assert_groups(const struct group_list *list, const char *wanted)
{
    struct buf got;

    buf_init(&got, 0);
    for (size_t i = 0; i < list->len; i++)
        print_group(&got, &list->groups[i]);
    if (!str_is(buf_str(&got), wanted))
        fail_msg("got\n%.*swanted\n%s", STR_ARG(buf_str(&got)), wanted);
    buf_fini(&got);
}

/* ---- DNS ---- */

/* A message of one question and records; names are written out. */
struct message {
    unsigned char bytes[512];
    size_t len;
};

static void put(struct message *m, const void *bytes, size_t n)
{
    assert_true(m->len + n <= sizeof(m->bytes));
    memcpy(m->bytes + m->len, bytes, n);
    m->len += n;
}

static void put16(struct message *m, unsigned value)
{
    put(m, (unsigned char[]){(unsigned char)(value >> 8), (unsigned char)value}, 2);
}

static void put_name(struct message *m, const char *name)
{
    for (struct str rest = str_of(name); rest.ptr;) {
        struct str part = str_cut(&rest, '.');
        put(m, (unsigned char[]){(unsigned char)part.len}, 1);
        put(m, part.ptr, part.len);
    }
    put(m, "", 1);
}

static void begin_message(struct message *m, const char *name, unsigned type, unsigned answers)
{
    *m = (struct message){0};
    put16(m, 7);
    put16(m, 0x8180);
    put16(m, 1);
    put16(m, answers);
    put16(m, 0);
    put16(m, 0);
    put_name(m, name);
    put16(m, type);
    put16(m, 1);
}

static void put_record(struct message *m, const char *name, unsigned type, const void *data,
                       size_t len)
{
    put_name(m, name);
    put16(m, type);
    put16(m, 1);
    put16(m, 0);
    put16(m, 60);
    put16(m, (unsigned)len);
    put(m, data, len);
}

static void assert_answer(const struct message *m, enum dns_type type, const char *wanted)
{
    struct group_list list;
    struct error err;

    groups_init(&list);
    assert_int_equal(dns_sd_read_answer(m->bytes, m->len, STR("n.x"), type, 99, &list, &err), 0);
    assert_groups(&list, wanted);
    groups_fini(&list);
}

static void records_of_dns_become_targets(void **state)
{
    static const unsigned char six[16] = {0xfd, [15] = 1};
    struct message m;

    (void)state;
    begin_message(&m, "n.x", 33, 2);
    put_record(&m, "n.x", 33, "\0\1\0\2\x24\xb8\4host\1x", 14);
    put_record(&m, "n.x", 33, "\0\1\0\2\0\x50\5other\1x", 15);
    assert_answer(&m, DNS_SRV,
                  "{__address__=\"host.x:9400\",__meta_dns_name=\"n.x\","
                  "__meta_dns_srv_record_port=\"9400\",__meta_dns_srv_record_target=\"host.x.\"}\n"
                  "{__address__=\"other.x:80\",__meta_dns_name=\"n.x\","
                  "__meta_dns_srv_record_port=\"80\",__meta_dns_srv_record_target=\"other.x.\"}\n");
    begin_message(&m, "n.x", 1, 2);
    put_record(&m, "n.x", 5, "\1c\1x", 5); /* a CNAME leads there */
    put_record(&m, "c.x", 1, "\12\0\0\1", 4);
    assert_answer(&m, DNS_A, "{__address__=\"10.0.0.1:99\",__meta_dns_name=\"n.x\"}\n");
    begin_message(&m, "n.x", 28, 1);
    put_record(&m, "n.x", 28, six, sizeof(six));
    assert_answer(&m, DNS_AAAA, "{__address__=\"[fd00::1]:99\",__meta_dns_name=\"n.x\"}\n");
    begin_message(&m, "n.x", 15, 1);
    put_record(&m, "n.x", 15, "\0\12\4mail\1x", 10);
    assert_answer(&m, DNS_MX,
                  "{__address__=\"mail.x:99\",__meta_dns_mx_record_target=\"mail.x.\","
                  "__meta_dns_name=\"n.x\"}\n");
    begin_message(&m, "n.x", 1, 0);
    assert_answer(&m, DNS_A, "");
}

static void a_message_that_is_none_is_an_error(void **state)
{
    struct group_list list;
    struct message m;
    struct error err;

    (void)state;
    begin_message(&m, "n.x", 1, 1);
    put_record(&m, "n.x", 1, "\12\0\0", 3);
    groups_init(&list);
    assert_int_equal(dns_sd_read_answer(m.bytes, m.len, STR("n.x"), DNS_A, 1, &list, &err),
                     -EBADMSG);
    assert_int_equal(dns_sd_read_answer(m.bytes, 20, STR("n.x"), DNS_A, 1, &list, &err), -EBADMSG);
    assert_int_equal(dns_sd_read_answer(m.bytes, 3, STR("n.x"), DNS_A, 1, &list, &err), -EBADMSG);
    groups_fini(&list);
}

/* A server on loopback that answers each question for SRV with one record. */
struct dns_server {
    int fd;
    char address[32];
    atomic_bool stop;
    pthread_t thread;
};

static void *serve_dns(void *arg)
{
    struct dns_server *s = arg;
    struct sockaddr_in from;
    unsigned char question[512];

    while (!s->stop) {
        struct pollfd polled = {.fd = s->fd, .events = POLLIN};
        socklen_t len = sizeof(from);
        if (poll(&polled, 1, 20) <= 0)
            continue;
        ssize_t n = recvfrom(s->fd, question, sizeof(question), 0, (struct sockaddr *)&from, &len);
        struct message m;
        if (n < 12)
            continue;
        begin_message(&m, "_m._tcp.x", 33, 1);
        memcpy(m.bytes, question, 2);
        put_record(&m, "_m._tcp.x", 33, "\0\1\0\2\x24\xb8\4host\1x", 14);
        sendto(s->fd, m.bytes, m.len, 0, (struct sockaddr *)&from, len);
    }
    return NULL;
}

static void dns_server_open(struct dns_server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    s->stop = false;
    s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &len), 0);
    snprintf(s->address, sizeof(s->address), "127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(thread_start(&s->thread, "dns", serve_dns, s, NULL), 0);
}

static void dns_server_close(struct dns_server *s)
{
    s->stop = true;
    pthread_join(s->thread, NULL);
    close(s->fd);
}

static struct scrape_config *parse(const char *text)
{
    struct scrape_config *c;
    struct error err;

    if (config_parse("f.yml", str_of(text), &c, &err))
        fail_msg("%s", err.text);
    return c;
}

static void a_server_of_dns_is_asked(void **state)
{
    struct scrape_config *c =
        parse("scrape_configs: [{job_name: j, dns_sd_configs: [{names: [_m._tcp.x.]}]}]\n");
    struct discovery *d = c->jobs[0]->discoveries;
    struct dns_server server;
    atomic_bool stop = false;
    struct buf got;

    (void)state;
    dns_server_open(&server);
    const struct pull_context ctx = {.stop = &stop, .dns_server = server.address};
    struct error err;
    if (pull_ask(d, &ctx, &err))
        fail_msg("%s", err.text);
    assert_true(d->ops->refresh(d));
    assert_false(d->ops->refresh(d));
    assert_int_equal(pull_ask(d, &ctx, &err), 0);
    assert_false(d->ops->refresh(d)); /* nothing is new */
    buf_init(&got, 0);
    d->ops->visit(d, print_group, &got);
    assert_non_null(strstr(got.ptr, "{__address__=\"host.x:9400\",__meta_dns_name=\"_m._tcp.x.\""));
    buf_fini(&got);
    const struct pull_context wrong = {.stop = &stop, .dns_server = "nowhere"};
    assert_int_equal(pull_ask(d, &wrong, &err), -EINVAL);
    assert_non_null(strstr(d->state.last_error, "'nowhere' is not an IPv4 address"));
    assert_int_equal(d->state.failures_total, 1);
    dns_server_close(&server);
    config_free(c);
}

/* ---- Docker ---- */

static const struct yaml_node *json(const char *text, struct arena *a)
{
    const struct yaml_node *root;
    struct error err;

    if (yaml_parse_json("j", str_of(text), a, &root, &err))
        fail_msg("%s", err.text);
    return root;
}

static void a_container_in_several_networks_is_found_in_one_or_all(void **state)
{
    static const char containers[] =
        "[{\"Id\":\"a\",\"Names\":[\"/n\"],\"HostConfig\":{\"NetworkMode\":\"x\"},\"Ports\":[{"
        "\"PrivatePort\":80,\"Type\":\"tcp\"}],\"NetworkSettings\":{\"Networks\":{\"z\":{"
        "\"NetworkID\":\"1\",\"IPAddress\":\"10.0.0.1\"},\"b\":{\"NetworkID\":\"2\","
        "\"IPAddress\":\"fd00::2\"}}}},{\"Names\":[]},{\"Names\":null},7]";
    struct docker_settings s = {STR("localhost"), 80, true};
    struct group_list list;
    struct arena a;
    struct error err;

    (void)state;
    arena_init(&a, 0);
    groups_init(&list);
    assert_int_equal(docker_sd_read(&s, json(containers, &a), json("[]", &a), &list, &err), 0);
    assert_int_equal(list.len, 1);
    assert_true(str_is(list.groups[0].addresses[0], "[fd00::2]:80"));
    s.match_first_network = false;
    assert_int_equal(docker_sd_read(&s, json(containers, &a), json("[]", &a), &list, &err), 0);
    assert_int_equal(list.len, 3);
    assert_int_equal(docker_sd_read(&s, json("{}", &a), json("[]", &a), &list, &err), -EINVAL);
    groups_fini(&list);
    arena_fini(&a);
}

/* ---- Kubernetes ---- */

static void objects_that_lack_everything_are_no_targets_and_no_harm(void **state)
{
    static const char *const texts[] = {
        "{}", "{\"metadata\":7,\"spec\":[],\"status\":{\"addresses\":7}}",
        "{\"metadata\":{\"labels\":[1],\"ownerReferences\":{\"a\":1}},\"spec\":{\"containers\":{"
        "\"a\":1},\"rules\":[7],\"ports\":[7]},\"status\":{\"podIP\":\"1\"},\"subsets\":[{"
        "\"ports\":"
        "[{}],\"addresses\":[{}]}],\"endpoints\":[{\"addresses\":[[]]}],\"ports\":[{}]}"};

    (void)state;
    for (int role = 0; role < KUBERNETES_ROLES; role++) {
        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
            struct kubernetes_objects o = {0};
            struct group_list list;
            struct arena a;
            struct error err;
            arena_init(&a, 0);
            groups_init(&list);
            o.lists[role].items = calloc(1, sizeof(*o.lists[role].items));
            o.lists[role].items[0] = json(texts[i], &a);
            o.lists[role].len = 1;
            assert_int_equal(kubernetes_roles_read(role, true, &o, &list, &err), 0);
            groups_fini(&list);
            kubernetes_objects_fini(&o);
            arena_fini(&a);
        }
    }
}

/* ---- reloads ---- */

static void what_was_found_stays_found_over_a_reload(void **state)
{
    static const char old_text[] =
        "scrape_configs:\n"
        "- {job_name: a, dns_sd_configs: [{names: [x.]}, {names: [y.]}]}\n"
        "- {job_name: b, dns_sd_configs: [{names: [x.]}]}\n";
    static const char new_text[] =
        "scrape_configs:\n"
        "- {job_name: a, static_configs: [{targets: [s]}], dns_sd_configs: [{names: [y.]}]}\n"
        "- {job_name: c, dns_sd_configs: [{names: [x.]}]}\n";
    struct scrape_config *a = parse(old_text), *b = parse(new_text);
    struct discovery *y = a->jobs[0]->discoveries->next, *fresh = b->jobs[0]->discoveries->next;
    struct discovery *c = b->jobs[1]->discoveries;

    (void)state;
    fleet_exchange(b, a);
    assert_ptr_equal(b->jobs[0]->discoveries->next, y);
    assert_ptr_equal(a->jobs[0]->discoveries->next, fresh);
    assert_ptr_equal(b->jobs[1]->discoveries, c); /* another job: not the same */
    assert_null(y->next);
    fleet_exchange(b, a);
    assert_ptr_equal(b->jobs[0]->discoveries->next, fresh);
    assert_ptr_equal(a->jobs[0]->discoveries->next, y);
    config_free(a);
    config_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_dns_become_targets),
        cmocka_unit_test(a_message_that_is_none_is_an_error),
        cmocka_unit_test(a_server_of_dns_is_asked),
        cmocka_unit_test(a_container_in_several_networks_is_found_in_one_or_all),
        cmocka_unit_test(objects_that_lack_everything_are_no_targets_and_no_harm),
        cmocka_unit_test(what_was_found_stays_found_over_a_reload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
