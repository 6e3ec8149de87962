/* tpu_message_test.h - for tests: libtpu's answers, as its messages are encoded. */
#ifndef ALGALON_DEVICE_NPU_TPU_MESSAGE_TEST_H
#define ALGALON_DEVICE_NPU_TPU_MESSAGE_TEST_H

#include "tpu_metrics.h"

static inline void put_varint(struct buf *to, uint64_t n)
{
    for (; n > 127; n >>= 7)
        buf_char(to, (char)(n | 128));
    buf_char(to, (char)n);
}

static inline void put_number(struct buf *to, unsigned field, uint64_t n)
{
    put_varint(to, field << 3);
    put_varint(to, n);
}

static inline void put_double(struct buf *to, unsigned field, double value)
{
    put_varint(to, field << 3 | 1);
    buf_add(to, &value, sizeof(value));
}

static inline void put_bytes(struct buf *to, unsigned field, struct str bytes)
{
    put_varint(to, field << 3 | 2);
    put_varint(to, bytes.len);
    buf_add(to, bytes.ptr, bytes.len);
}

/* A message as a field; it is freed. */
static inline void put_message(struct buf *to, unsigned field, struct buf *message)
{
    put_bytes(to, field, buf_str(message));
    buf_fini(message);
}

/* Metric.attribute of device `id`. */
static inline void put_device(struct buf *metric, uint64_t id)
{
    struct buf value, attribute;

    buf_init(&value, 0);
    put_number(&value, 3, id);
    buf_init(&attribute, 0);
    put_bytes(&attribute, 1, STR("device-id"));
    put_message(&attribute, 2, &value);
    put_message(metric, 1, &attribute);
}

/* The same as programs have it: a list, with the number as a text. */
static inline void put_listed_device(struct buf *metric, const char *id)
{
    const struct {
        const char *key, *text;
    } entries[] = {{"core_type", "tensorcore"}, {"device_ordinal", id}};
    struct buf items, list, attribute;

    buf_init(&items, 0);
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        struct buf value, item;
        buf_init(&value, 0);
        put_bytes(&value, 1, str_of(entries[i].text));
        buf_init(&item, 0);
        put_bytes(&item, 1, str_of(entries[i].key));
        put_message(&item, 2, &value);
        put_message(&items, 1, &item);
    }
    buf_init(&list, 0);
    put_message(&list, 6, &items);
    buf_init(&attribute, 0);
    put_message(&attribute, 2, &list);
    put_message(metric, 1, &attribute);
}

/* A gauge; whole numbers as such, which is how memory arrives. */
static inline void put_gauge(struct buf *metric, double value)
{
    struct buf gauge;

    buf_init(&gauge, 0);
    if (value > 1000)
        put_number(&gauge, 2, (uint64_t)value);
    else
        put_double(&gauge, 1, value);
    put_message(metric, 3, &gauge);
}

/* MetricResponse with the points in `metrics`, each a field 3; frees them. */
static inline struct buf response_of(const char *name, struct buf *metrics)
{
    struct buf metric, response;

    buf_init(&metric, 0);
    put_bytes(&metric, 1, str_of(name));
    put_bytes(&metric, 2, STR("a description"));
    buf_add(&metric, metrics->ptr, metrics->len);
    buf_fini(metrics);
    buf_init(&response, 0);
    put_message(&response, 1, &metric);
    put_number(&response, 99, 7); /* not known */
    return response;
}

/* A distribution with exponential buckets, or without the options that tell their bounds. */
static inline void put_times(struct buf *metric, double mean, bool bounds, const uint64_t *counts,
                             size_t len)
{
    struct buf packed, rule, options, distribution;
    uint64_t count = 0;

    buf_init(&packed, 0);
    for (size_t i = 0; i < len; i++) {
        put_varint(&packed, counts[i]);
        count += counts[i];
    }
    buf_init(&rule, 0);
    put_number(&rule, 1, 10);
    put_double(&rule, 2, 2);
    put_double(&rule, 3, 100);
    buf_init(&options, 0);
    put_message(&options, 2, &rule);
    buf_init(&distribution, 0);
    put_number(&distribution, 1, count);
    put_double(&distribution, 2, mean);
    if (bounds)
        put_bytes(&distribution, 6, buf_str(&options));
    buf_fini(&options);
    put_message(&distribution, 7, &packed);
    put_message(metric, 5, &distribution);
}

#endif
