/* nvml_scenario.c - the scenario files of the NVML simulator. Its sources belong to no room, so the
 * two that read a scenario are taken in here. */
#include "../tests/sim/nvml/board.c"
#include "../tests/sim/nvml/scenario.c"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sim_scenario scenario;
    struct error err = {0};
    int code = sim_scenario_parse(str_make((const char *)data, size), &scenario, &err);

    assert(code == 0 || (code < 0 && err.text[0]));
    assert(scenario.gpu_len <= SIM_GPUS && scenario.process_len <= SIM_PROCESSES &&
           scenario.fault_len <= SIM_FAULTS);
    for (size_t i = 0; i < scenario.process_len; i++)
        assert(scenario.processes[i].gpu < scenario.gpu_len);
    return 0;
}
