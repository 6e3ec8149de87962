/* settings_test.c - options: where a value may come from, which one wins, what is refused and in
 * which words. */
#include "settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_ARGS 8

/* Reads settings with a configuration file of `yaml` (NULL: none). Returns what settings_read()
 * does. */
static int read_with(struct settings *s, enum command_bit command, const char *yaml,
                     const char *const *flags, struct error *err)
{
    char path[] = "/tmp/algalon-settings-XXXXXX";
    char config[64], name[] = "test";
    char *argv[MAX_ARGS + 3] = {name};
    int argc = 1;

    if (yaml) {
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(file_write_all(fd, yaml, strlen(yaml)), 0);
        close(fd);
        snprintf(config, sizeof(config), "--config=%s", path);
        argv[argc++] = config;
    }
    for (; flags && *flags; flags++)
        argv[argc++] = xstrdup(*flags);
    int first = yaml ? 2 : 1;
    int code = settings_read(s, command, argc, argv, err);
    for (int i = first; i < argc; i++)
        free(argv[i]);
    if (yaml)
        unlink(path);
    return code;
}

static void without_anything_the_defaults_hold(void **state)
{
    struct settings s;
    struct error err;

    (void)state;
    assert_int_equal(read_with(&s, FOR_ALL, NULL, NULL, &err), 0);
    assert_string_equal(s.listen_metrics, ":9400");
    assert_string_equal(s.listen_api, "127.0.0.1:8428");
    assert_string_equal(s.listen_web, "127.0.0.1:3000");
    assert_int_equal(s.interval_ms, 5000);
    assert_int_equal(s.retention_ms, (int64_t)90 * 86400000);
    assert_false(s.no_auth);
    settings_fini(&s);
}

static void a_flag_wins_over_the_environment_and_that_over_the_file(void **state)
{
    const char *yaml = "interval: 1s\nretention: 1d\nquery:\n  timeout: 7s\n";
    const char *const flags[] = {"--interval=3s", NULL};
    struct settings s;
    struct error err;

    (void)state;
    setenv("ALGALON_INTERVAL", "2s", 1);
    setenv("ALGALON_RETENTION", "2d", 1);
    int code = read_with(&s, FOR_ALL, yaml, flags, &err);
    unsetenv("ALGALON_INTERVAL");
    unsetenv("ALGALON_RETENTION");
    assert_int_equal(code, 0);
    assert_int_equal(s.interval_ms, 3000);
    assert_int_equal(s.retention_ms, (int64_t)2 * 86400000);
    assert_int_equal(s.query_timeout_ms, 7000);
    settings_fini(&s);
}

static void other_exporters_variables_count_when_asked_for_and_nothing_else_said(void **state)
{
    static const char *const variables[][2] = {
        {"DCGM_EXPORTER_INTERVAL", "30000"},
        {"DCGM_EXPORTER_COLLECTORS", "/etc/counters.csv"},
        {"NODE_NAME", "node-7"},
        {"ALL_SMI_API_PORT", "9090"},
        {"ALL_SMI_API_INTERVAL_SECS", "3"},
    };
    const char *const asked[] = {"--exporter-env", NULL};
    const char *const said[] = {"--exporter-env", "--interval=2s", "--hostname=n", NULL};
    struct settings s[3];
    struct error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(variables); i++)
        setenv(variables[i][0], variables[i][1], 1);
    assert_int_equal(read_with(&s[0], FOR_WORKER, NULL, NULL, &err), 0);
    assert_int_equal(read_with(&s[1], FOR_WORKER, NULL, asked, &err), 0);
    assert_int_equal(read_with(&s[2], FOR_WORKER, "listen-metrics: :1", said, &err), 0);
    setenv("DCGM_EXPORTER_INTERVAL", "soon", 1);
    struct settings wrong;
    assert_int_equal(read_with(&wrong, FOR_WORKER, NULL, asked, &err), -EINVAL);
    assert_non_null(strstr(err.text, "DCGM_EXPORTER_INTERVAL"));
    for (size_t i = 0; i < ARRAY_LEN(variables); i++)
        unsetenv(variables[i][0]);
    assert_string_equal(s[0].listen_metrics, ":9400");
    assert_int_equal(s[1].interval_ms, 30000); /* the first that says it */
    assert_string_equal(s[1].dcgm_collectors, "/etc/counters.csv");
    assert_string_equal(s[1].hostname, "node-7");
    assert_string_equal(s[1].listen_metrics, ":9090");
    assert_int_equal(s[2].interval_ms, 2000);
    assert_string_equal(s[2].hostname, "n");
    assert_string_equal(s[2].listen_metrics, ":1");
    for (size_t i = 0; i < ARRAY_LEN(s); i++)
        settings_fini(&s[i]);
}

static void an_empty_listener_is_kept_as_empty(void **state)
{
    const char *const flags[] = {"--listen-web=", NULL};
    struct settings s;
    struct error err;

    (void)state;
    assert_int_equal(read_with(&s, FOR_ALL, NULL, flags, &err), 0);
    assert_string_equal(s.listen_web, "");
    settings_fini(&s);
}

static void targets_are_gathered_from_every_flag_and_list(void **state)
{
    const char *const flags[] = {"--target=a:1,b:2", "--target", "c:3", NULL};
    struct settings s;
    struct error err;

    (void)state;
    assert_int_equal(read_with(&s, FOR_HOST, NULL, flags, &err), 0);
    assert_int_equal(s.targets.len, 3);
    assert_string_equal(s.targets.items[2], "c:3");
    settings_fini(&s);

    assert_int_equal(read_with(&s, FOR_HOST, "target:\n  - x:1\n  - y:2\n", NULL, &err), 0);
    assert_int_equal(s.targets.len, 2);
    assert_string_equal(s.targets.items[1], "y:2");
    settings_fini(&s);

    setenv("ALGALON_TARGET", "p:1,q:2", 1);
    int code = read_with(&s, FOR_HOST, NULL, NULL, &err);
    unsetenv("ALGALON_TARGET");
    assert_int_equal(code, 0);
    assert_int_equal(s.targets.len, 2);
    settings_fini(&s);
}

static void command_lines_are_shown_as_asked_also_by_the_older_flag(void **state)
{
    static const char *const cases[][2] = {
        {NULL, "off"},
        {"--process-command", "full"},
        {"--process-command=true", "full"},
        {"--process-command=false", "off"},
        {"--process-command=name", "name"},
        {"--process-command=full", "full"},
        {"--process-command=off", "off"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *const flags[] = {cases[i][0], NULL};
        struct settings s;
        struct error err;
        assert_int_equal(read_with(&s, FOR_WORKER, NULL, flags, &err), 0);
        assert_string_equal(s.process_command, cases[i][1]);
        settings_fini(&s);
    }
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *yaml, *flag, *words;
    } cases[] = {
        {NULL, "--no-such", "unknown option --no-such"},
        {NULL, "--interval=soon", "--interval: interval: 'soon' is not a duration"},
        {NULL, "--interval=1ms", "--interval is between"},
        {NULL, "--processes=-1", "'-1' is not a whole number"},
        {NULL, "--no-auth=maybe", "no-auth is true or false"},
        {NULL, "--process-command=some", "process-command is one of off|name|full"},
        {NULL, "--process-series=10001", "--process-series is at most 10000"},
        {NULL, "--log-level=loud", "log-level is one of debug|info|warn|error"},
        {NULL, "stray", "'stray' is not an option"},
        {NULL, "--retention", "--retention wants a value"},
        {NULL, "--config=/nonexistent/algalon.yml", "/nonexistent/algalon.yml"},
        {"interval: 5s\nintervall: 5s\n", NULL, ":2: unknown option 'intervall'"},
        {"interval: [1s\n", NULL, ":2: "},
        {"interval: *x\n", NULL, "not valid YAML|undefined alias|alias"},
        {"just words\n", NULL, ":1: expected `option: value` lines"},
        {"retention: forever\n", NULL, ":1: retention: 'forever' is not a duration"},
    };
    struct settings s;
    struct error err;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *const flags[] = {cases[i].flag, NULL};
        int code = read_with(&s, FOR_ALL, cases[i].yaml, flags, &err);
        assert_true(code < 0);
        bool found = false;
        for (struct str rest = str_of(cases[i].words); rest.ptr;)
            found |= str_contains(str_of(err.text), str_cut(&rest, '|'));
        if (!found)
            print_error("case %zu: '%s' does not say '%s'\n", i, err.text, cases[i].words);
        assert_true(found);
    }
}

static void an_option_of_another_command_in_the_file_is_fine(void **state)
{
    struct settings s;
    struct error err;

    (void)state;
    assert_int_equal(read_with(&s, FOR_WORKER, "retention: 1d\ninterval: 1s\n", NULL, &err), 0);
    assert_int_equal(s.interval_ms, 1000);
    settings_fini(&s);
}

static void settings_in_force_can_be_listed(void **state)
{
    const char *const flags[] = {"--retention=36h", NULL};
    const char *name, *value;
    struct settings s;
    struct error err;
    bool found = false;

    (void)state;
    assert_int_equal(read_with(&s, FOR_HOST, NULL, flags, &err), 0);
    for (size_t i = 0; settings_at(&s, FOR_HOST, i, &name, &value); i++) {
        assert_string_not_equal(name, "path.procfs"); /* no option of host */
        if (!strcmp(name, "retention")) {
            found = true;
            assert_string_equal(value, "1d12h");
        }
    }
    assert_true(found);
    settings_fini(&s);
}

static void settings_are_listed_without_the_passwords_in_urls(void **state)
{
    const char *const flags[] = {"--remote-write=http://me:secret@a:1/api/v1/write?key=secret",
                                 "--remote-write=https://secret@b", "--remote-write=http://c/x@y",
                                 "--target=gpu-01:9400,http://me:sec@ret@d:1", NULL};
    const char *name, *value;
    struct settings s;
    struct error err;
    int found = 0;

    (void)state;
    assert_int_equal(read_with(&s, FOR_AGENT, NULL, flags, &err), 0);
    for (size_t i = 0; settings_at(&s, FOR_AGENT, i, &name, &value); i++) {
        if (!strcmp(name, "remote-write") && ++found)
            assert_string_equal(value, "http://a:1/api/v1/write,https://b,http://c/x@y");
        if (!strcmp(name, "target") && ++found)
            assert_string_equal(value, "gpu-01:9400,http://d:1");
    }
    assert_int_equal(found, 2);
    assert_string_equal(s.remote_writes.items[1], "https://secret@b");
    settings_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_anything_the_defaults_hold),
        cmocka_unit_test(a_flag_wins_over_the_environment_and_that_over_the_file),
        cmocka_unit_test(other_exporters_variables_count_when_asked_for_and_nothing_else_said),
        cmocka_unit_test(an_empty_listener_is_kept_as_empty),
        cmocka_unit_test(targets_are_gathered_from_every_flag_and_list),
        cmocka_unit_test(command_lines_are_shown_as_asked_also_by_the_older_flag),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(an_option_of_another_command_in_the_file_is_fine),
        cmocka_unit_test(settings_in_force_can_be_listed),
        cmocka_unit_test(settings_are_listed_without_the_passwords_in_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
