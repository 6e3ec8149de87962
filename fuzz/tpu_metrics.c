/* tpu_metrics.c - any bytes as what libtpu answers of a metric. */
#include "device/npu/tpu_metrics.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tpu_point points[TPU_POINTS];
    struct error err = {0};
    size_t len;
    int code = tpu_metrics_parse(str_make((const char *)data, size), points, &len, &err);

    if ((code && (!err.text[0] || len)) || len > TPU_POINTS)
        abort();
    for (size_t i = 0; i < len; i++) {
        if (isinf(points[i].value))
            abort();
        for (size_t k = 0; k < NPU_EXEC_TIMES; k++)
            if (isinf(points[i].times[k]) || points[i].times[k] < 0)
                abort();
    }
    return 0;
}
