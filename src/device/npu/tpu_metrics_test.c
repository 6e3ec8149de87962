/* tpu_metrics_test.c - libtpu's answers, whole and damaged. */
#include "tpu_message_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct tpu_point points[TPU_POINTS];

static void near(double got, double wanted)
{
    if (!(fabs(got - wanted) < 1e-6))
        fail_msg("got %g, wanted %g", got, wanted);
}

static size_t parse(struct buf *response)
{
    size_t len;

    assert_int_equal(tpu_metrics_parse(buf_str(response), points, &len, NULL), 0);
    buf_fini(response);
    return len;
}

static struct buf gauges(size_t n)
{
    struct buf metrics;

    buf_init(&metrics, 0);
    for (size_t i = 0; i < n; i++) {
        struct buf metric;
        buf_init(&metric, 0);
        put_gauge(&metric, i % 2 ? 12.5 : 1e9); /* after the device or before: any order */
        put_device(&metric, i);
        put_message(&metrics, 3, &metric);
    }
    return response_of("tpu.runtime.hbm.memory.usage.bytes", &metrics);
}

static void gauges_are_read_as_doubles_and_as_whole_numbers(void **state)
{
    struct buf response = gauges(8);

    (void)state;
    assert_int_equal(parse(&response), 8);
    near(points[0].value, 1e9);
    near(points[7].value, 12.5);
    assert_int_equal(points[7].device, 7);
    assert_true(isnan(points[7].times[0]));
}

static struct buf times(double mean, bool bounds, const uint64_t *counts, size_t len)
{
    struct buf metric, metrics;

    buf_init(&metric, 0);
    put_listed_device(&metric, "3");
    put_times(&metric, mean, bounds, counts, len);
    buf_init(&metrics, 0);
    put_message(&metrics, 3, &metric);
    return response_of("hlo.execution.timing.distribution.microseconds", &metrics);
}

static void percentiles_are_interpolated_within_buckets(void **state)
{
    /* Up to 100, 200, 400, 800; of ten finite ones the rest is empty and left out. */
    static const uint64_t counts[] = {0, 500, 400, 100};
    struct buf response = times(220, true, counts, ARRAY_LEN(counts));

    (void)state;
    assert_int_equal(parse(&response), 1);
    assert_int_equal(points[0].device, 3);
    assert_int_equal(points[0].count, 1000);
    near(points[0].times[0], 220);
    near(points[0].times[1], 200);
    near(points[0].times[2], 400);
    near(points[0].times[3], 600);
    near(points[0].times[4], 796);
}

static void without_bounds_only_the_mean_is_known(void **state)
{
    static const uint64_t counts[] = {0, 500, 400, 100};
    struct buf response = times(220, false, counts, ARRAY_LEN(counts));

    (void)state;
    assert_int_equal(parse(&response), 1);
    near(points[0].times[0], 220);
    for (size_t i = 1; i < NPU_EXEC_TIMES; i++)
        assert_true(isnan(points[0].times[i]));
}

static void values_beyond_the_last_bound_have_no_percentile(void **state)
{
    static const uint64_t counts[12] = {[1] = 60, [11] = 40};
    struct buf response = times(220, true, counts, ARRAY_LEN(counts));

    (void)state;
    assert_int_equal(parse(&response), 1);
    near(points[0].times[1], 100 + 100 * 50.0 / 60);
    assert_true(isnan(points[0].times[2]));
}

static void a_distribution_of_nothing_tells_nothing(void **state)
{
    struct buf response = times(0, true, NULL, 0);

    (void)state;
    assert_int_equal(parse(&response), 1);
    assert_true(isnan(points[0].times[0]));
}

static void a_longer_distribution_than_may_be_has_its_mean(void **state)
{
    static uint64_t counts[TPU_BUCKETS + 1];
    struct buf response;

    (void)state;
    counts[1] = 5;
    response = times(150, true, counts, ARRAY_LEN(counts));
    assert_int_equal(parse(&response), 1);
    near(points[0].times[0], 150);
    assert_true(isnan(points[0].times[1]));
}

static void explicit_bounds_are_taken(void **state)
{
    struct buf distribution, options, rule, metric, metrics;

    (void)state;
    buf_init(&rule, 0);
    put_double(&rule, 1, 10);
    put_double(&rule, 1, 30);
    buf_init(&options, 0);
    put_message(&options, 3, &rule);
    buf_init(&distribution, 0);
    put_number(&distribution, 1, 4);
    put_message(&distribution, 6, &options);
    put_number(&distribution, 7, 0);
    put_number(&distribution, 7, 4);
    buf_init(&metric, 0);
    put_device(&metric, 0);
    put_message(&metric, 5, &distribution);
    buf_init(&metrics, 0);
    put_message(&metrics, 3, &metric);
    struct buf response = response_of("hlo", &metrics);
    assert_int_equal(parse(&response), 1);
    near(points[0].times[1], 20);
    near(points[0].times[2], 28);
    assert_true(isnan(points[0].times[0])); /* it told none */
}

static void points_without_a_device_are_passed_over(void **state)
{
    struct buf metric, metrics;

    (void)state;
    buf_init(&metric, 0);
    put_gauge(&metric, 5);
    buf_init(&metrics, 0);
    put_message(&metrics, 3, &metric);
    struct buf response = response_of("hlo.queue.size.gauge", &metrics);
    assert_int_equal(parse(&response), 0);
}

static void more_points_than_may_be_are_an_error(void **state)
{
    struct buf response = gauges(TPU_POINTS + 1);
    struct error err;
    size_t len;

    (void)state;
    assert_int_equal(tpu_metrics_parse(buf_str(&response), points, &len, &err), -EFBIG);
    assert_int_equal(len, 0);
    assert_string_equal(err.text, "more than 256 points");
    buf_fini(&response);
}

static void an_answer_cut_anywhere_is_refused(void **state)
{
    static const uint64_t counts[] = {0, 500, 400, 100};
    struct buf response = times(220, true, counts, ARRAY_LEN(counts));
    size_t whole = response.len - 3; /* the field that is not known: two bytes of tag, a number */

    (void)state;
    for (size_t n = 1; n < response.len; n++) {
        char *copy = malloc(n); /* so that a look beyond is seen */
        size_t len;
        assert_non_null(copy);
        memcpy(copy, response.ptr, n);
        assert_int_equal(tpu_metrics_parse(str_make(copy, n), points, &len, NULL),
                         n == whole ? 0 : -EBADMSG);
        free(copy);
    }
    buf_fini(&response);
}

static void a_request_names_the_metric(void **state)
{
    struct buf request;

    (void)state;
    buf_init(&request, 0);
    tpu_metrics_request("hlo.queue.size.gauge", &request);
    assert_int_equal(request.len, 22);
    assert_memory_equal(request.ptr, "\x0a\x14hlo.queue.size.gauge", 22);
    buf_fini(&request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gauges_are_read_as_doubles_and_as_whole_numbers),
        cmocka_unit_test(percentiles_are_interpolated_within_buckets),
        cmocka_unit_test(without_bounds_only_the_mean_is_known),
        cmocka_unit_test(values_beyond_the_last_bound_have_no_percentile),
        cmocka_unit_test(a_distribution_of_nothing_tells_nothing),
        cmocka_unit_test(a_longer_distribution_than_may_be_has_its_mean),
        cmocka_unit_test(explicit_bounds_are_taken),
        cmocka_unit_test(points_without_a_device_are_passed_over),
        cmocka_unit_test(more_points_than_may_be_are_an_error),
        cmocka_unit_test(an_answer_cut_anywhere_is_refused),
        cmocka_unit_test(a_request_names_the_metric),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
