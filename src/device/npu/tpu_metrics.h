/* tpu_metrics.h - what libtpu's RuntimeMetricService answers of one metric: a point a device. Only
 * what follows is read of it; fields that are not known are passed over.
 *   MetricResponse: 1 TPUMetric
 *   TPUMetric:      3 repeated Metric
 *   Metric:         1 Attribute, 3 Gauge, 5 Distribution
 *   Attribute:      1 key, 2 AttrValue (1 string, 3 int, 6 list: 1 repeated Attribute)
 *   Gauge:          1 double, 2 int
 *   Distribution:   1 count, 2 mean, 3 min, 4 max, 6 BucketOptions, 7 repeated bucket counts
 *   BucketOptions:  2 exponential (1 buckets, 2 growth, 3 scale), 3 explicit (1 repeated bounds),
 *                   4 linear (1 buckets, 2 width, 3 offset)
 * Facts: AI-Hypercomputer/cloud-accelerator-diagnostics, tpu_info/proto/tpu_metric_service.proto;
 * that the device of programs stands in a list, as a number or as a text, is from its metrics.py.
 */
#ifndef ALGALON_DEVICE_NPU_TPU_METRICS_H
#define ALGALON_DEVICE_NPU_TPU_METRICS_H

#include "device/device.h"

#define TPU_POINTS  256 /* of an answer */
#define TPU_BUCKETS 512 /* of a distribution; percentiles of a longer one are unknown */

struct tpu_point {
    uint64_t device;              /* as libtpu numbers it */
    double value;                 /* of a gauge; UNKNOWN */
    uint64_t count;               /* of a distribution's values; 0 */
    double times[NPU_EXEC_TIMES]; /* of a distribution: mean and percentiles; UNKNOWN */
};

/** The request for a metric. */
void tpu_metrics_request(const char *name, struct buf *to);

/**
 * Takes the points of an answer; points that name no device are passed over. Percentiles are
 * interpolated within a bucket, and known only where the answer tells its bounds. Errors: -EBADMSG
 * the bytes are no such message, -EFBIG more than TPU_POINTS; `*ret_len` is 0 then.
 */
MUST_CHECK int tpu_metrics_parse(struct str message, struct tpu_point to[TPU_POINTS],
                                 size_t *ret_len, struct error *err);

#endif
