/* command_line.c - fuzzes what is shown of a command line. */
#include "worker/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char shown[COMMAND_MAX], *command = xstrndup((const char *)data, size);

    command_show(shown, command, PROCESS_COMMAND_NAME);
    if (strlen(shown) > strlen(command) || strlen(shown) >= COMMAND_MAX)
        __builtin_trap();
    free(command);
    return 0;
}
