/* redact_test.c - what is replaced in a bundle, what stays, and that the same thing has one word.
 */
#include "doctor/redact.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct redactor redactor;
static struct buf out;

static int setup(void **state)
{
    (void)state;
    redact_init(&redactor);
    buf_init(&out, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    redact_fini(&redactor);
    buf_fini(&out);
    return 0;
}

static void assert_redacted(const char *text, const char *wanted)
{
    buf_reset(&out);
    redact(&redactor, str_of(text), &out);
    buf_char(&out, '\0');
    assert_false(redactor.failed || out.failed);
    assert_string_equal(out.ptr, wanted);
}

static void forms_are_found_wherever_they_stand(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"GPU-1e2f3a4b-0000-1111-2222-333344445555 is sick",
         "GPU-00000000-0000-0000-0000-000000000001 is sick"},
        {"/kubepods-podaaaaaaaa_bbbb_cccc_dddd_eeeeeeeeeeee.slice",
         "/kubepods-pod00000000_0000_0000_0000_000000000001.slice"},
        {"docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope",
         "docker-0000000000010000000000000000000000000000000000000000000000000000.scope"},
        {"GPU-7f3b2c1d00aa9911, GPU-0000:05:00.0", "GPU-serial-1, GPU-0000:05:00.0"},
        {"from 10.20.30.40:9400, not 127.0.0.1", "from ip-1:9400, not 127.0.0.1"},
        {"at fe80::1:2 and 2001:db8::7", "at ip-1 and ip-2"},
        {"link 02:42:ac:11:00:02 up", "link mac-1 up"},
        {"/home/ada/train and /export/home/bob", "/home/user-1/train and /export/home/user-2"},
        {"6.8 (buildd@lcy02) gcc", "6.8 (user-1@host-1) gcc"},
        {"x /mnt rw - nfs4 nas7:/export rw", "x /mnt rw - nfs4 host-1:/export rw"},
        {"x - cifs //filer/share rw", "x - cifs //host-1/share rw"},
        {"https://store.example:8480/insert", "https://host-1:8480/insert"},
        {"/slurm/uid_1000/job_4711/step_0", "/slurm/uid_1000/job_1/step_0"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_redacted(cases[i].text, cases[i].wanted);
        teardown(state);
        setup(state);
    }
}

static void what_looks_alike_stays(void **state)
{
    static const char *const texts[] = {
        "0000:3b:00.0",
        "00000000:3B:00.0",
        "driver 580.95.05, VBIOS 96.00.61.00.01, 13.580.95.05",
        "12:34:56 up 3 days",
        "std::vector",
        "0::/init.scope",
        "127.0.0.1 and 0.0.0.0",
        "user: \"0:0\", runs as root (uid 0)",
        "host: 3 GPUs",
        "all_smi_gpu_utilization{gpu_index=\"0\"} 12345678",
        "cpu  100 0 100 1000 0 0 0 0 0 0",
        "0x10de",
        "/system.slice/ollama.service",
        "pod=\"default\"",
        "the run took 1e2f3a4b steps",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_redacted(texts[i], texts[i]);
}

static void fields_are_known_by_their_names(void **state)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"a{hostname=\"gpu07.lab\",user=\"ada\",pod=\"llm-0\"} 1",
         "a{hostname=\"host-1\",user=\"user-1\",pod=\"name-1\"} 1"},
        {"{\"serial\":\"16546\",\"user\":null,\"command\":\"a \\\"b\\\" c\"}",
         "{\"serial\":\"serial-1\",\"user\":null,\"command\":\"command-1\"}"},
        {"Serial\t\t: 1320", "Serial\t\t: serial-1"},
        {"API_TOKEN=abc&x=1", "API_TOKEN=secret-1&x=1"},
        {"instance=\"gpu07:9400\"", "instance=\"host-1:9400\""},
        {"slurm_job=\"4711\"", "slurm_job=\"1\""},
        {"container_id=\"0123456789ab\"", "container_id=\"000000000001\""},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_redacted(cases[i].text, cases[i].wanted);
        teardown(state);
        setup(state);
    }
}

static void the_same_thing_has_the_same_word_everywhere(void **state)
{
    (void)state;
    redact_know(&redactor, REDACT_HOST, STR("gpu07.lab.example\n"));
    redact_know(&redactor, REDACT_USER, STR("ada"));
    redact_learn(&redactor, STR("pod=\"llm-0\",user=\"bob\",container_id=\"0123456789ab\""));
    assert_redacted("gpu07 and GPU07.lab.example, gpu07_x", "host-1 and host-1, host-1_x");
    assert_redacted("sshd: ada [priv], bob's, adamant", "sshd: user-1 [priv], user-2's, adamant");
    assert_redacted("/ml/llm-0/ llm-01", "/ml/name-1/ llm-01");
    assert_redacted("holder=\"ada\" holder=\"x/llm-0\"",
                    "holder=\"user-1\" holder=\"name-2/name-1\"");
    assert_redacted("/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                    "/docker/0000000000010000000000000000000000000000000000000000000000000000");
    assert_redacted("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee AAAAAAAA_bbbb_cccc_dddd_eeeeeeeeeeee",
                    "00000000-0000-0000-0000-000000000001 00000000_0000_0000_0000_000000000001");
    assert_int_equal(redactor.count[REDACT_UUID], 1);
}

static void common_words_are_replaced_in_their_field_alone(void **state)
{
    (void)state;
    redact_know(&redactor, REDACT_USER, STR("gpu"));
    redact_know(&redactor, REDACT_USER, STR("root"));
    redact_know(&redactor, REDACT_USER, STR("www-data"));
    assert_redacted("no gpu here: x{gpu=\"0\",user=\"gpu\"} root www-data",
                    "no gpu here: x{gpu=\"0\",user=\"user-1\"} root www-data");
}

static void names_of_labels_and_keys_stay(void **state)
{
    (void)state;
    redact_know(&redactor, REDACT_USER, STR("fan"));
    assert_redacted("x{fan=\"0\"} {\"fan\":1} fan", "x{fan=\"0\"} {\"fan\":1} user-1");
}

static void a_single_word_can_be_asked_for(void **state)
{
    (void)state;
    redact_word(&redactor, REDACT_NAME, STR("llm-0"), &out);
    buf_char(&out, ' ');
    redact_word(&redactor, REDACT_NAME, STR("kube-system"), &out);
    buf_char(&out, ' ');
    redact_word(&redactor, REDACT_NAME, STR("llm-0"), &out);
    assert_true(str_is(buf_str(&out), "name-1 kube-system name-1"));
}

static void too_many_words_are_told(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    for (unsigned i = 0; i < 3; i++)
        buf_printf(&text, "user=\"u%u\" ", i);
    redact_learn(&redactor, buf_str(&text));
    assert_int_equal(redactor.count[REDACT_USER], 3);
    assert_false(redactor.failed);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(forms_are_found_wherever_they_stand, setup, teardown),
        cmocka_unit_test_setup_teardown(what_looks_alike_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(fields_are_known_by_their_names, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_thing_has_the_same_word_everywhere, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(common_words_are_replaced_in_their_field_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(names_of_labels_and_keys_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(a_single_word_can_be_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_words_are_told, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
