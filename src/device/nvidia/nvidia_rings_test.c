/* nvidia_rings_test.c - how long the simulated driver's buffers are. */
#include "device/nvidia/nvidia_rig.h"

#define PATIENCE_MS 10000

static void each_buffer_is_measured_by_gpu_and_type(void **state)
{
    struct rig *rig = *state;
    struct driver_ring *rings = NULL;
    size_t len = 0, powers = 0;

    rig_load(rig, "gpu 2 H200 profile=constant\n");
    assert_int_equal(driver_rings_list(&rig->paths, PATIENCE_MS, &rings, &len, &rig->err), 0);
    assert_true(len >= 10);
    for (size_t i = 0; i < len; i++) {
        const struct driver_ring *r = &rings[i];
        powers += strcmp(r->type, "power") == 0;
        assert_true(r->gpu < 2 && *r->pci_bus_id);
        assert_true(r->held > 1 && (double)r->held <= r->capacity);
        assert_near(r->spacing_s * (double)(r->held - 1), r->span_s, 1e-9);
        assert_true(r->span_s > 0.5 && r->span_s < 600);
    }
    assert_int_equal(powers, 2);
    free(rings);
}

static void an_empty_buffer_has_no_span_and_a_missing_call_no_buffers(void **state)
{
    struct rig *rig = *state;
    struct driver_ring *rings = NULL;
    size_t len = 0;

    rig_load(rig, "gpu 1 H200 profile=constant\nfault samples-empty\n");
    assert_int_equal(driver_rings_list(&rig->paths, PATIENCE_MS, &rings, &len, &rig->err), 0);
    assert_true(len > 0);
    for (size_t i = 0; i < len; i++)
        assert_true(rings[i].held == 0 && isnan(rings[i].span_s) && isnan(rings[i].spacing_s));
    free(rings);
    rings = NULL;
    rig_load(rig, "gpu 1 H200 profile=constant\nfault missing call=nvmlDeviceGetSamples\n");
    assert_int_equal(driver_rings_list(&rig->paths, PATIENCE_MS, &rings, &len, &rig->err), 0);
    assert_int_equal(len, 0);
    free(rings);
}

static void a_driver_that_is_not_there_or_does_not_start_is_an_error(void **state)
{
    struct rig *rig = *state;
    struct driver_ring *rings = NULL;
    size_t len = 0;

    rig_load(rig, "gpu 1 H200\nfault code call=nvmlInit* code=9\n");
    assert_int_equal(driver_rings_list(&rig->paths, PATIENCE_MS, &rings, &len, &rig->err), -ENODEV);
    assert_true(strstr(rig->err.text, "(9)"));
    rig->paths.nvml_library = "/nowhere/libnvidia-ml.so.1";
    assert_int_equal(driver_rings_list(&rig->paths, PATIENCE_MS, &rings, &len, &rig->err), -ENODEV);
    rig->paths.nvml_library = RIG_LIBRARY;
    assert_null(rings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_buffer_is_measured_by_gpu_and_type, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(an_empty_buffer_has_no_span_and_a_missing_call_no_buffers,
                                        rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_driver_that_is_not_there_or_does_not_start_is_an_error,
                                        rig_setup, rig_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
