/* command_test.c - what is left of a command line. */
#include "worker/command.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_name_is_the_program_and_its_script_without_arguments(void **state)
{
    static const char *const cases[][2] = {
        {"/usr/bin/ollama runner --key secret", "ollama"},
        {"python train.py --token secret", "python train.py"},
        {"/opt/conda/bin/python3.12 -u /home/ada/secret/train.py x", "python3.12 train.py"},
        {"python -m vllm.entrypoints.openai --api-key secret", "python vllm.entrypoints.openai"},
        {"python -c import os; token='secret'", "python"},
        {"python -W ignore train.py", "python"}, /* "ignore" may be anything */
        {"python --token secret", "python"},
        {"python -m", "python"},
        {"python -m se=cret", "python"},
        {"python", "python"},
        {"python  train.py", "python train.py"},
        {"bash -c curl https://user:secret@host", "bash"},
        {"bash run.sh", "bash run.sh"},
        {"node --inspect server.mjs", "node server.mjs"},
        {"java -Xmx4g -jar /srv/app.jar secret", "java app.jar"},
        {"VLLM::EngineCore", "VLLM::EngineCore"},
        {"[kworker/0:1]", "[kworker/0:1]"},
        {"./a) b ( --token x", "a)"},
        {"", ""},
        {"/", ""},
        {"   ", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char shown[COMMAND_MAX];
        command_show(shown, cases[i][0], PROCESS_COMMAND_NAME);
        assert_string_equal(shown, cases[i][1]);
        assert_null(strstr(shown, "secret"));
    }
}

static void all_and_nothing_are_shown_when_asked(void **state)
{
    char shown[COMMAND_MAX], longer[2 * COMMAND_MAX];

    (void)state;
    command_show(shown, "python train.py --token x", PROCESS_COMMAND_FULL);
    assert_string_equal(shown, "python train.py --token x");
    command_show(shown, "python train.py --token x", PROCESS_COMMAND_OFF);
    assert_string_equal(shown, "");
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    for (int how = PROCESS_COMMAND_NAME; how <= PROCESS_COMMAND_FULL; how++) {
        command_show(shown, longer, (enum process_command)how);
        assert_int_equal(strlen(shown), COMMAND_MAX - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_the_program_and_its_script_without_arguments),
        cmocka_unit_test(all_and_nothing_are_shown_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
