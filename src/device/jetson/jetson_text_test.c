/* jetson_text_test.c - the texts of a board, well formed and not. */
#include "device/jetson/jetson_text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_release_is_read_from_its_line(void **state)
{
    static const struct {
        const char *text, *wanted; /* NULL: refused */
    } cases[] = {
        {"# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic\n", "36.4.3"},
        {"# R32 (release), REVISION: 7.4, GCID: 1, BOARD: t210ref", "32.7.4"},
        {"# R38 (release), REVISION: 2.0", "38.2.0"},
        {"# R36 (release)\n", NULL},
        {"# Rx (release), REVISION: 4.3,", NULL},
        {"# R36 (release), REVISION: 4.3-rc1,", NULL},
        {"# R36 (release), REVISION: ,", NULL},
        {"REVISION: 4.3", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[24] = "";
        assert_int_equal(jetson_text_release(str_of(cases[i].text), text, sizeof(text)),
                         cases[i].wanted != NULL);
        if (cases[i].wanted)
            assert_string_equal(text, cases[i].wanted);
    }
}

static void a_release_belongs_to_a_jetpack(void **state)
{
    static const char *const cases[][2] = {
        {"32.7.4", "4.6"}, {"35.4.1", "5.1.2"}, {"35.9", "5"}, {"36.4", "6.1"},
        {"36.4.0", "6.1"}, {"36.4.3", "6.2"},   {"36.40", ""}, {"38.2.0", "7.0"},
        {"39.2", "7.2"},   {"99.1", ""},        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(jetson_text_jetpack(cases[i][0]), cases[i][1]);
}

static void the_soc_is_one_of_the_compatible_names(void **state)
{
    static const char orin[] = "nvidia,p3737-0000+p3701-0000\0nvidia,tegra234";
    static const char pine[] = "pine64,rock64\0rockchip,rk3328";
    char text[24] = "";

    (void)state;
    assert_true(jetson_text_soc(str_make(orin, sizeof(orin)), text, sizeof(text)));
    assert_string_equal(text, "tegra234");
    assert_false(jetson_text_soc(str_make(pine, sizeof(pine)), text, sizeof(text)));
    assert_false(jetson_text_soc(STR("nvidia,tegra"), text, sizeof(text)));
    assert_false(jetson_text_soc(STR("x,nvidia,tegra234"), text, sizeof(text)));
    assert_false(jetson_text_soc(STR(""), text, sizeof(text)));
}

static void a_power_mode_has_a_number_and_a_name(void **state)
{
    static const char conf[] =
        "# comment ID=2 NAME=NOT\n< PARAM TYPE=FILE NAME=CPU_ONLINE >\n"
        "< POWER_MODEL ID=0 NAME=MAXN >\n  < POWER_MODEL ID=12 NAME=30W 2CORE >\n";
    char name[48] = "";
    uint64_t id = 0;

    (void)state;
    assert_true(jetson_text_mode(STR("pmode:0012\nfmode:quiet"), &id));
    assert_int_equal(id, 12);
    assert_false(jetson_text_mode(STR("pmode:"), &id));
    assert_false(jetson_text_mode(STR("pmode:MAXN"), &id));
    assert_false(jetson_text_mode(STR("pmode:99999"), &id));
    assert_true(jetson_text_mode_name(str_of(conf), 12, name, sizeof(name)));
    assert_string_equal(name, "30W 2CORE");
    assert_true(jetson_text_mode_name(str_of(conf), 0, name, sizeof(name)));
    assert_string_equal(name, "MAXN");
    assert_false(jetson_text_mode_name(str_of(conf), 2, name, sizeof(name)));
}

static void cuda_tells_its_version_among_others(void **state)
{
    char text[32] = "";

    (void)state;
    assert_true(
        jetson_text_cuda(STR("{\"cuda\" : {\"name\" : \"CUDA SDK\", \"version\" : \"12.6.11\"},"
                             "\"cuda_cccl\" : {\"version\" : \"9\"}}"),
                         text, sizeof(text)));
    assert_string_equal(text, "12.6.11");
    assert_false(jetson_text_cuda(STR("{\"cuda\":{\"name\":1},\"x\":{\"version\":\"1\"}}"), text,
                                  sizeof(text)));
    assert_false(jetson_text_cuda(STR("{\"cuda\":{\"version\":\"latest\"}}"), text, sizeof(text)));
    assert_false(jetson_text_cuda(STR("{\"cuda\":{\"version\":\"12"), text, sizeof(text)));
    assert_false(jetson_text_cuda(STR(""), text, sizeof(text)));
}

static void a_client_of_the_gpu_memory_is_a_process(void **state)
{
    static const struct {
        const char *line;
        int pid; /* 0: none */
        uint64_t kib;
    } cases[] = {
        {"user  python3  4321  812340K", 4321, 812340},
        {"user                  gnome shell      1650     65536K", 1650, 65536},
        {"user x 1 0K", 1, 0},
        {"kernel nvgpu 0 2048K", 0, 0},
        {"user nvgpu 0 2048K", 0, 0},
        {"user x 4294967296 1K", 0, 0},
        {"user x 12 1M", 0, 0},
        {"user x 12 99999999999999999999K", 0, 0},
        {"user x 12 18446744073709551615K", 0, 0},
        {"user 12 1K", 0, 0},
        {"user a b c d e f g h 12 1K", 0, 0},
        {"CLIENT PROCESS PID SIZE", 0, 0},
        {"total 1020304K", 0, 0},
        {"         00000001 0000000000     512K        0      1      1      0", 0, 0},
        {"", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t bytes = 0;
        int pid = 0;
        assert_int_equal(jetson_text_client(str_of(cases[i].line), &pid, &bytes),
                         cases[i].pid != 0);
        assert_int_equal(pid, cases[i].pid);
        assert_int_equal(bytes, cases[i].kib * 1024);
    }
}

static void the_highest_of_frequencies(void **state)
{
    (void)state;
    assert_true(fabs(jetson_text_highest_mhz(STR("306000000 1300500000 918000000\n")) - 1300.5) <
                1e-9);
    assert_true(isnan(jetson_text_highest_mhz(STR(""))));
    assert_true(isnan(jetson_text_highest_mhz(STR("fast"))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_release_is_read_from_its_line),
        cmocka_unit_test(a_release_belongs_to_a_jetpack),
        cmocka_unit_test(the_soc_is_one_of_the_compatible_names),
        cmocka_unit_test(a_power_mode_has_a_number_and_a_name),
        cmocka_unit_test(cuda_tells_its_version_among_others),
        cmocka_unit_test(a_client_of_the_gpu_memory_is_a_process),
        cmocka_unit_test(the_highest_of_frequencies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
