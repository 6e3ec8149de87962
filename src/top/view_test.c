/* view_test.c - expositions in, pictures out. */
#include "rows.h"
#include "view.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define G0 "hostname=\"a\",gpu_index=\"0\",gpu_uuid=\"GPU-0\",gpu=\"NVIDIA H100 80GB HBM3\""
#define G1 "hostname=\"a\",gpu_index=\"1\",gpu_uuid=\"GPU-1\",gpu=\"NVIDIA L4\""
#define B0 "hostname=\"b\",gpu_index=\"0\",gpu_uuid=\"GPU-2\",gpu=\"NVIDIA L4\""

static const char one_machine[] =
    "all_smi_gpu_utilization{" G0 "} 92\n"
    "all_smi_gpu_memory_used_bytes{" G0 "} 42949672960\n"
    "all_smi_gpu_memory_total_bytes{" G0 "} 85899345920\n"
    "all_smi_gpu_temperature_celsius{" G0 "} 88\n"
    "all_smi_gpu_temperature_threshold_slowdown_celsius{" G0 "} 89\n"
    "all_smi_gpu_power_consumption_watts{" G0 "} 633.7\n"
    "all_smi_gpu_power_limit_current_watts{" G0 "} 700\n"
    "algalon_gpu_throttled{" G0 ",reason=\"sw_power_cap\"} 1\n"
    "algalon_gpu_state{" G1 "} 1\n"
    "all_smi_cpu_utilization{hostname=\"a\",index=\"0\"} 50\n"
    "all_smi_memory_used_bytes{hostname=\"a\",index=\"0\"} 1073741824\n"
    "all_smi_memory_total_bytes{hostname=\"a\",index=\"0\"} 4294967296\n"
    "all_smi_process_memory_used_bytes{hostname=\"a\",pid=\"12\",name=\"python\",user=\"ann\","
    "gpu_index=\"0\"} 32212254720\n"
    "algalon_process_gpu_utilization{hostname=\"a\",pid=\"12\",gpu_index=\"0\"} 80\n"
    "algalon_process_info{hostname=\"a\",pid=\"12\",namespace=\"ml\",pod=\"train-0\"} 1\n"
    "algalon_process_cpu_percent{hostname=\"a\",pid=\"12\",name=\"python\",user=\"ann\"} 101\n"
    "algalon_process_cpu_percent{hostname=\"a\",pid=\"7\",name=\"sshd\",user=\"root\"} 3\n";

struct rig {
    struct view view;
    struct reading *readings[2];
    struct frame frame;
    struct history history;
};

static void rig_init(struct rig *r, const char *text)
{
    struct error err = {0};

    *r = (struct rig){0};
    view_init(&r->view, false);
    history_init(&r->history);
    assert_int_equal(reading_new(str_of(text), "source", &r->readings[0], &err), 0);
    r->frame = (struct frame){.readings = (const struct reading *const *)r->readings,
                              .reading_len = 1,
                              .history = &r->history,
                              .now_ms = 1800000000000,
                              .interval_ms = 2000};
}

static void rig_fini(struct rig *r)
{
    reading_free(r->readings[0]);
    reading_free(r->readings[1]);
    view_fini(&r->view);
    history_fini(&r->history);
}

/* The picture's line `y`, until the next call. */
static const char *line(struct rig *r, unsigned width, unsigned height, unsigned y)
{
    static char text[4096];
    struct canvas c;
    struct buf all;

    assert_int_equal(canvas_init(&c, width, height), 0);
    view_draw(&r->view, &r->frame, &c);
    buf_init(&all, 0);
    canvas_text(&c, &all);
    struct str rest = buf_str(&all), found = str_cut(&rest, '\n');
    while (y--)
        found = str_cut(&rest, '\n');
    str_copy(text, sizeof(text), found);
    buf_fini(&all);
    canvas_fini(&c);
    return text;
}

static void a_device_has_a_line_with_load_memory_heat_power_and_a_note(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, one_machine);
    assert_non_null(strstr(line(&r, 80, 24, 0), "a  2 GPUs  92%  634 W"));
    assert_string_equal(line(&r, 80, 24, 1), " CPU #####.....  50%  memory ###....... 1.0G/4.0G");
    assert_string_equal(line(&r, 80, 24, 2), " GPU MODEL        LOAD          MEMORY     "
                                             "         HEAT     POWER  NOTE");
    assert_string_equal(line(&r, 80, 24, 3), "   0 H100 80GB H~ #######.  92% ###... 40.0G/"
                                             "80.0G   88C  634/700W  hot");
    assert_string_equal(line(&r, 80, 24, 4), "   1 L4                               "
                                             "                              lost");
    assert_string_equal(line(&r, 80, 24, 6),
                        "   0      12 ann          30.0G   80%  101%          ml/train-0   python");
    assert_non_null(strstr(line(&r, 80, 24, 7), "-       7 root"));
    rig_fini(&r);
}

static void every_line_fits_every_width(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, one_machine);
    for (unsigned width = 1; width < 250; width += 3)
        for (unsigned height = 1; height < 30; height += 4)
            for (unsigned y = 0; y < height; y++)
                assert_true(strlen(line(&r, width, height, y)) <= width);
    rig_fini(&r);
}

static void machines_have_headings_and_orders_go_across_them(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, "all_smi_gpu_utilization{" G0 "} 10\nall_smi_gpu_utilization{" G1 "} 30\n"
                 "all_smi_gpu_utilization{" B0 "} 20\n");
    assert_non_null(strstr(line(&r, 80, 24, 0), "2 machines  3 GPUs  20%"));
    assert_string_equal(line(&r, 80, 24, 3), "a  2 GPUs  20%  0 W");
    assert_string_equal(line(&r, 80, 24, 6), "b  1 GPU  20%  0 W");
    assert_true(view_key(&r.view, 's'));
    assert_non_null(strstr(line(&r, 80, 24, 3), "1 a             L4"));
    assert_non_null(strstr(line(&r, 80, 24, 4), "0 b             L4"));
    assert_true(view_key(&r.view, 's'));
    assert_non_null(strstr(line(&r, 80, 24, 3), "0 a             H100"));
    rig_fini(&r);
}

static void a_machine_without_devices_has_a_heading_too(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, "all_smi_gpu_utilization{" G0 "} 10\nall_smi_cpu_utilization{hostname=\"aa\"} 7\n"
                 "all_smi_gpu_utilization{" B0 "} 20\n");
    assert_string_equal(line(&r, 80, 24, 3), "a  1 GPU  10%  0 W");
    assert_string_equal(line(&r, 80, 24, 5), "aa  no GPU  CPU 7%");
    assert_string_equal(line(&r, 80, 24, 6), "b  1 GPU  20%  0 W");
    assert_true(view_key(&r.view, 's'));
    for (unsigned y = 3; y < 8; y++)
        assert_null(strstr(line(&r, 80, 24, y), "no GPU"));
    rig_fini(&r);
}

static void type(struct view *v, const char *keys)
{
    for (; *keys; keys++)
        assert_true(view_key(v, *keys));
}

static void a_filter_leaves_what_holds_it(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, one_machine);
    type(&r.view, "/l4");
    assert_string_equal(line(&r, 80, 24, 23), " filter: l4_");
    assert_true(view_key(&r.view, VIEW_KEY_ENTER));
    assert_non_null(strstr(line(&r, 80, 24, 3), "1 L4"));
    assert_non_null(strstr(line(&r, 80, 24, 23), "only \"l4\""));
    assert_true(view_key(&r.view, VIEW_KEY_ESCAPE));
    assert_non_null(strstr(line(&r, 80, 24, 3), "0 H100"));
    type(&r.view, "/nobody");
    assert_non_null(strstr(line(&r, 80, 24, 2), "No GPU holds \"nobody\""));
    rig_fini(&r);
}

static void the_cursor_picks_a_device_whose_processes_are_shown(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, one_machine);
    (void)line(&r, 80, 24, 0);
    assert_true(view_key(&r.view, VIEW_KEY_ENTER));
    assert_non_null(strstr(line(&r, 80, 24, 6), "12 ann"));
    assert_string_equal(line(&r, 80, 24, 7), "");
    assert_non_null(strstr(line(&r, 80, 24, 23), "processes of a GPU 0"));
    assert_true(view_key(&r.view, VIEW_KEY_ENTER));
    assert_non_null(strstr(line(&r, 80, 24, 7), "7 root"));
    assert_true(view_key(&r.view, VIEW_KEY_DOWN));
    assert_true(view_key(&r.view, VIEW_KEY_DOWN)); /* there are two */
    (void)line(&r, 80, 24, 0);
    assert_string_equal(r.view.at_gpu, "1");
    assert_false(view_key(&r.view, 'q'));
    rig_fini(&r);
}

static void rows_scroll_with_the_cursor(void **state)
{
    struct rig r;
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    for (unsigned i = 0; i < 100; i++)
        buf_printf(&text, "all_smi_gpu_utilization{hostname=\"a\",gpu_index=\"%u\",gpu=\"X\"} 1\n",
                   i);
    buf_char(&text, '\0');
    rig_init(&r, text.ptr);
    (void)line(&r, 80, 24, 0);
    assert_true(view_key(&r.view, VIEW_KEY_END));
    (void)line(&r, 80, 24, 0);
    size_t page = r.view.page[PANE_GPUS];
    assert_non_null(strstr(line(&r, 80, 24, (unsigned)(2 + page)), "99 X"));
    assert_true(view_key(&r.view, VIEW_KEY_HOME));
    assert_non_null(strstr(line(&r, 80, 24, 3), "0 X"));
    buf_fini(&text);
    rig_fini(&r);
}

static void names_of_dcgm_exporter_are_read_too(void **state)
{
    static const char labels[] =
        "{gpu=\"3\",UUID=\"GPU-9\",device=\"nvidia3\",modelName=\"NVIDIA A100\",Hostname=\"c\"}";
    struct buf text;
    struct rig r;

    (void)state;
    buf_init(&text, 0);
    buf_printf(&text,
               "DCGM_FI_DEV_GPU_UTIL%s 55\nDCGM_FI_DEV_FB_USED%s 1024\n"
               "DCGM_FI_DEV_FB_FREE%s 3072\nDCGM_FI_DEV_SM_CLOCK%s 1410\n",
               labels, labels, labels, labels);
    buf_char(&text, '\0');
    rig_init(&r, text.ptr);
    assert_non_null(strstr(line(&r, 100, 24, 3), "3 A100"));
    assert_non_null(strstr(line(&r, 100, 24, 3), "55% "));
    assert_non_null(strstr(line(&r, 100, 24, 3), "1.0G/4.0G"));
    assert_non_null(strstr(line(&r, 100, 24, 3), "1410"));
    buf_fini(&text);
    rig_fini(&r);
}

static void no_label_speaks_to_the_terminal(void **state)
{
    struct rig r;

    (void)state;
    rig_init(&r, "all_smi_gpu_utilization{hostname=\"a\x1b]0;x\x07\\n\",gpu_index=\"0\","
                 "gpu=\"\xe2\x80\xae\xf0\x9f\x92\xa5\xff\xc3\xa9\"} 1\nno exposition {{{\n");
    for (unsigned y = 0; y < 24; y++)
        for (const char *p = line(&r, 80, 24, y); *p; p++)
            assert_true((unsigned char)*p >= ' ' && *p != 0x7f);
    assert_non_null(strstr(line(&r, 80, 24, 3), "0 ???\xc3\xa9"));
    assert_int_equal(r.readings[0]->bad_lines, 1);
    rig_fini(&r);
}

static void silence_and_troubles_are_told(void **state)
{
    const struct trouble trouble = {"gpu-02:9400", "connection refused"};
    struct rig r;

    (void)state;
    rig_init(&r, "all_smi_gpu_utilization{" G0 "} 1 1799999000000\n"
                 "all_smi_gpu_utilization{" B0 "} 2 1799999999000\n");
    r.frame.troubles = &trouble;
    r.frame.trouble_len = 1;
    assert_string_equal(line(&r, 80, 24, 3), " gpu-02:9400: connection refused");
    assert_non_null(strstr(line(&r, 80, 24, 4), "silent for 1000 s"));
    assert_null(strstr(line(&r, 80, 24, 6), "silent"));
    r.frame.reading_len = 0;
    r.frame.trouble_len = 0;
    assert_string_equal(line(&r, 80, 24, 2), " No answer yet.");
    rig_fini(&r);
}

static void curves_remember_and_forget(void **state)
{
    struct history h;
    struct rig r;

    (void)state;
    rig_init(&r, one_machine);
    history_init(&h);
    history_add(&h, r.readings[0], 1000);
    history_add(&h, r.readings[0], 1003);
    const float *values = history_get(&h, r.readings[0]->gpus[0]);
    assert_non_null(values);
    assert_true(values[HISTORY_LEN - 1] > 0.91F && values[HISTORY_LEN - 4] > 0.91F);
    assert_true(isnan(values[HISTORY_LEN - 2]) && isnan(values[HISTORY_LEN - 5]));
    history_prune(&h, 1003 + HISTORY_LEN);
    assert_non_null(history_get(&h, r.readings[0]->gpus[0]));
    history_prune(&h, 1004 + HISTORY_LEN);
    assert_null(history_get(&h, r.readings[0]->gpus[0]));
    history_fini(&h);
    rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_has_a_line_with_load_memory_heat_power_and_a_note),
        cmocka_unit_test(every_line_fits_every_width),
        cmocka_unit_test(machines_have_headings_and_orders_go_across_them),
        cmocka_unit_test(a_machine_without_devices_has_a_heading_too),
        cmocka_unit_test(a_filter_leaves_what_holds_it),
        cmocka_unit_test(the_cursor_picks_a_device_whose_processes_are_shown),
        cmocka_unit_test(rows_scroll_with_the_cursor),
        cmocka_unit_test(names_of_dcgm_exporter_are_read_too),
        cmocka_unit_test(no_label_speaks_to_the_terminal),
        cmocka_unit_test(silence_and_troubles_are_told),
        cmocka_unit_test(curves_remember_and_forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
