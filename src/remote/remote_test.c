/* remote_test.c - Snappy blocks and WriteRequests. The vectors were made with libsnappy 1.1.9 and
 * protoc 3.21. */
#include "remote/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define UNPACKED_MAX 4096

/* Bytes of hexadecimal digits. */
static struct str from_hex(const char *hex, char *to)
{
    size_t n = strlen(hex) / 2;

    for (size_t i = 0; i < n; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        to[i] = (char)strtoul(pair, NULL, 16);
    }
    return str_make(to, n);
}

static const char message_hex[] = "0a440a100a085f5f6e616d655f5f120474656d700a080a03677075120130"
                                  "12100900000000008035401080d095ffbc31121409000000000000f0bf10"
                                  "fbffffffffffffffff010a220a0e0a085f5f6e616d655f5f120275701210"
                                  "09000000000000f03f1080d095ffbc311a1b0802120474656d7022084465"
                                  "67726565732e2a0763656c73697573";

static const char message_packed_hex[] =
    "8701d00a440a100a085f5f6e616d655f5f120474656d700a080a03677075120130121009000000000080354010"
    "80d095ffbc311214090000010210f0bf10fbff0d0110010a220a0e1d4608027570113a1000f03f1080053a0c1a"
    "1b08020960482208446567726565732e2a0763656c73697573";

/* ---- Snappy ---- */

static int unpack(struct str from, size_t max, struct buf *ret)
{
    buf_init(ret, 0);
    return snappy_decode(from, max, ret, NULL);
}

static void what_libsnappy_packed_is_unpacked(void **state)
{
    char bytes[512], wanted[512];
    struct {
        const char *hex;
        struct str wanted;
    } cases[] = {
        {"00", STR("")},
        {"010061", STR("a")},
        {"3524303132333435363738394e0a000878797a4e1700",
         STR("012345678901234567890123456789xyz01234567890123456789")},
        {message_packed_hex, from_hex(message_hex, wanted)},
        /* Every kind of element: a literal with its length behind, copies with one, two and four
         * bytes of offset. */
        {"0ff0006101010a01001b01000000", STR("aaaaaaaaaaaaaaa")},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out;
        int code = unpack(from_hex(cases[i].hex, bytes), UNPACKED_MAX, &out);
        if (code || !str_equal(buf_str(&out), cases[i].wanted))
            fail_msg("case %zu: %d, %zu bytes", i, code, out.len);
        buf_fini(&out);
    }
}

static void runs_that_repeat_themselves_are_unpacked(void **state)
{
    char bytes[64];
    struct buf out;
    (void)state;

    assert_int_equal(unpack(from_hex("c8010061fe0100fe0100fe01000d01", bytes), 200, &out), 0);
    assert_int_equal(out.len, 200);
    for (size_t i = 0; i < out.len; i++)
        assert_int_equal(out.ptr[i], 'a');
    buf_fini(&out);
    assert_int_equal(unpack(from_hex("7808616263fe0300d20300", bytes), 120, &out), 0);
    for (size_t i = 0; i < 120; i++)
        assert_int_equal(out.ptr[i], "abc"[i % 3]);
    buf_fini(&out);
}

static void damaged_blocks_are_refused(void **state)
{
    static const struct {
        const char *hex;
        int code;
    } cases[] = {
        {"", -EBADMSG},             /* no length */
        {"80", -EBADMSG},           /* a length that does not end */
        {"ffffffffff00", -EBADMSG}, /* more than 32 bits */
        {"8120", -EFBIG},           /* 4097 bytes */
        {"801000", -EBADMSG},       /* 2048 bytes cannot be packed in one */
        {"0200", -EBADMSG},         /* the literal is missing */
        {"020061", -EBADMSG},       /* shorter than it says */
        {"01046162", -EBADMSG},     /* longer than it says */
        {"02f06162", -EBADMSG},     /* the length of the literal passes the end */
        {"05006101", -EBADMSG},     /* a copy without its offset */
        {"0500610100", -EBADMSG},   /* offset 0 */
        {"0500610102", -EBADMSG},   /* from before the start */
        {"020061fe0100", -EBADMSG}, /* a copy that passes the end */
        {"0100610000000000", -EBADMSG},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char bytes[64];
        struct buf out;
        int code = unpack(from_hex(cases[i].hex, bytes), UNPACKED_MAX, &out);
        if (code != cases[i].code || out.len)
            fail_msg("%s: %d, wanted %d", cases[i].hex, code, cases[i].code);
        buf_fini(&out);
    }
}

/* Lengths around the bounds of elements and blocks, with much, some and no repetition. */
static void packing_is_undone_by_unpacking(void **state)
{
    static const size_t lengths[] = {0,  1,  7,    8,     15,    60,    61,    64,    65,
                                     68, 69, 2047, 65535, 65536, 65537, 65544, 200000};
    char *bytes = malloc(200000);
    (void)state;

    for (unsigned kind = 0; kind < 4; kind++) {
        uint32_t seed = 12345;
        for (size_t i = 0; i < 200000; i++) {
            seed = seed * 1664525 + 1013904223;
            bytes[i] = (char)(kind == 0   ? 'x'
                              : kind == 1 ? (unsigned char)"gpu_utilization "[i % 16]
                              : kind == 2 ? (seed >> 24) % 3
                                          : seed >> 24);
        }
        for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
            struct buf packed, again;
            buf_init(&packed, 0);
            assert_int_equal(snappy_encode(str_make(bytes, lengths[i]), &packed, NULL), 0);
            assert_int_equal(unpack(buf_str(&packed), lengths[i], &again), 0);
            assert_true(str_equal(buf_str(&again), str_make(bytes, lengths[i])));
            if (kind < 2 && lengths[i] > 1000)
                assert_true(packed.len < lengths[i] / 15);
            assert_true(packed.len <= lengths[i] + 16 + lengths[i] / 6);
            buf_fini(&packed);
            buf_fini(&again);
        }
    }
    free(bytes);
}

/* ---- messages ---- */

static void a_request_is_read_in_parts(void **state)
{
    char bytes[256];
    struct write_reader r = write_reader_of(from_hex(message_hex, bytes));
    struct write_item item;
    struct write_sample sample;
    (void)state;

    assert_int_equal(write_reader_next(&r, &item, NULL), 0);
    assert_int_equal(item.kind, WRITE_SERIES);
    assert_null(item.fault);
    assert_true(str_is(labels_name(item.labels), "temp"));
    assert_true(str_is(labels_get(item.labels, STR("gpu")), "0"));
    assert_int_equal(item.samples, 2);
    assert_true(write_item_sample(&item, &sample));
    assert_true(sample.value == 21.5 && sample.ts_ms == INT64_C(1700000000000));
    assert_true(write_item_sample(&item, &sample));
    assert_true(sample.value == -1.0 && sample.ts_ms == -5);
    assert_false(write_item_sample(&item, &sample));

    assert_int_equal(write_reader_next(&r, &item, NULL), 0);
    assert_true(item.kind == WRITE_SERIES && str_is(labels_name(item.labels), "up"));
    assert_int_equal(write_reader_next(&r, &item, NULL), 0);
    assert_int_equal(item.kind, WRITE_METADATA);
    assert_true(str_is(item.family, "temp") && str_is(item.type, "gauge"));
    assert_true(str_is(item.help, "Degrees.") && str_is(item.unit, "celsius"));
    assert_int_equal(write_reader_next(&r, &item, NULL), 0);
    assert_int_equal(item.kind, WRITE_END);
}

static void what_is_written_is_what_protoc_writes(void **state)
{
    static const struct label temp[] = {{STR("__name__"), STR("temp")}, {STR("gpu"), STR("0")}};
    static const struct label up[] = {{STR("__name__"), STR("up")}};
    const struct write_sample samples[] = {{INT64_C(1700000000000), 21.5}, {-5, -1}},
                              one = {INT64_C(1700000000000), 1};
    struct metadata_entry entry = {STR("temp"), STR("gauge"), STR("Degrees."), STR("celsius")};
    char bytes[256];
    struct buf labels, message;
    (void)state;

    buf_init(&labels, 0);
    buf_init(&message, 0);
    write_labels_add(&labels, (struct labels){temp, 2});
    write_series_add(&message, buf_str(&labels), samples, 2);
    buf_reset(&labels);
    write_labels_add(&labels, (struct labels){up, 1});
    write_series_add(&message, buf_str(&labels), &one, 1);
    write_metadata_add(&message, &entry);
    assert_true(str_equal(buf_str(&message), from_hex(message_hex, bytes)));
    buf_fini(&labels);
    buf_fini(&message);
}

static void a_series_that_cannot_be_leaves_the_others(void **state)
{
    static const struct {
        const char *hex;
        const char *fault;
    } cases[] = {
        {"0a080a060a0261621200", "no labels"}, /* an empty value is no label */
        {"0a080a060a0130120178", "not valid"}, /* the name 0 */
        {"0a090a070a0261621201ff", "UTF-8"},
        {"0a0b0a080a03612d62120178", NULL},        /* lengths that do not agree */
        {"0a0a0a080a03612d62120178", "not valid"}, /* the name a-b */
        {"0a080a060a01611201ff", "UTF-8"},
        {"0a100a060a01611201780a060a0161120179", "twice"},
        {"0a0f0a0d0a085f5f6e616d655f5f120130", "metric name"},
        {"0a00", "no labels"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char bytes[64];
        struct write_reader r = write_reader_of(from_hex(cases[i].hex, bytes));
        struct write_item item;
        int code = write_reader_next(&r, &item, NULL);
        if (!cases[i].fault ? code != -EBADMSG
                            : code || !item.fault || !strstr(item.fault, cases[i].fault))
            fail_msg("%s: %d, %s", cases[i].hex, code, item.fault ? item.fault : "no fault");
    }
}

static void more_labels_than_there_may_be_are_a_fault(void **state)
{
    struct label items[LABELS_MAX + 1];
    char names[LABELS_MAX + 1][8];
    const struct write_sample sample = {1, 1};
    struct buf labels, message;
    struct write_item item;
    (void)state;

    for (size_t i = 0; i <= LABELS_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "l%02zu", i);
        items[i] = (struct label){str_of(names[i]), STR("x")};
    }
    buf_init(&labels, 0);
    buf_init(&message, 0);
    write_labels_add(&labels, (struct labels){items, LABELS_MAX + 1});
    write_series_add(&message, buf_str(&labels), &sample, 1);
    struct write_reader r = write_reader_of(buf_str(&message));
    assert_int_equal(write_reader_next(&r, &item, NULL), 0);
    assert_non_null(item.fault);
    buf_fini(&labels);
    buf_fini(&message);
}

static void torn_messages_are_refused_or_read_in_part(void **state)
{
    char bytes[256];
    struct str whole = from_hex(message_hex, bytes);
    (void)state;

    for (size_t len = 0; len < whole.len; len++) {
        /* A copy of its own, so that a sanitizer sees a step past its end. */
        char *cut = malloc(len + !len);
        memcpy(cut, whole.ptr, len);
        struct write_reader r = write_reader_of(str_make(cut, len));
        struct write_item item = {0};
        int code;
        while (!(code = write_reader_next(&r, &item, NULL)) && item.kind != WRITE_END)
            ;
        /* The parts end at 70 and 106. */
        if ((code == 0) != (len == 0 || len == 70 || len == 106))
            fail_msg("cut at %zu: %d", len, code);
        free(cut);
    }
}

/* Version 2.0: temp{gpu="0"} with two samples and metadata. */
static const char message2_hex[] =
    "220022085f5f6e616d655f5f220474656d7022036770752201302208446567726565732e220763656c73697573"
    "2a320a040102030412100900000000008035401080d095ffbc3112100900000000008036401098c596ffbc312a06"
    "080218052006";

static void version_two_tells_texts_by_their_place(void **state)
{
    char bytes[256];
    struct str whole = from_hex(message2_hex, bytes);
    struct write_reader r;
    struct write_sample sample;
    struct write_item item;
    struct arena a;
    (void)state;

    arena_init(&a, 0);
    assert_int_equal(write_reader_v2(whole, &a, &r, NULL), 0);
    assert_int_equal(write_reader_next(&r, &item, NULL), 0);
    assert_int_equal(item.kind, WRITE_SERIES);
    assert_null(item.fault);
    assert_int_equal(item.labels.len, 2);
    assert_true(str_is(labels_get(item.labels, STR("gpu")), "0"));
    assert_true(str_is(item.family, "temp") && str_is(item.type, "gauge"));
    assert_true(str_is(item.help, "Degrees.") && str_is(item.unit, "celsius"));
    assert_int_equal(item.samples, 2);
    assert_true(write_item_sample(&item, &sample) && sample.value == 21.5);
    assert_true(write_item_sample(&item, &sample) && sample.ts_ms == 1700000015000);
    assert_false(write_item_sample(&item, &sample));
    assert_int_equal(write_reader_next(&r, &item, NULL), 0);
    assert_int_equal(item.kind, WRITE_END);
    arena_fini(&a);
}

static void version_two_is_refused_where_it_is_torn_or_points_nowhere(void **state)
{
    static const char *const cases[] = {
        "220161",               /* the first symbol is not empty */
        "22002a040a020001",     /* a label's value has no symbol */
        "22002a030a0100",       /* a name without a value */
        "22002a062a0418092000", /* the help has no symbol */
        "2a040a020000",         /* there are no symbols at all */
        "22002a0512030900",     /* a sample that ends early */
    };
    char bytes[256];
    struct write_reader r;
    struct write_item item;
    struct arena a;
    (void)state;

    arena_init(&a, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str message = from_hex(cases[i], bytes);
        int code = write_reader_v2(message, &a, &r, NULL);
        if (!code)
            code = write_reader_next(&r, &item, NULL);
        if (code != -EBADMSG)
            fail_msg("%s: %d", cases[i], code);
    }
    struct str whole = from_hex(message2_hex, bytes);
    for (size_t len = 0; len < whole.len; len++) {
        char *cut = malloc(len + !len);
        memcpy(cut, whole.ptr, len);
        if (!write_reader_v2(str_make(cut, len), &a, &r, NULL))
            while (!write_reader_next(&r, &item, NULL) && item.kind != WRITE_END)
                ;
        free(cut);
    }
    arena_fini(&a);
}

/* Samples come back whatever their times: those of some lengths are read the short way, the others,
 * and the last of a series, the long one. */
static void samples_of_any_time_come_back(void **state)
{
    static const int64_t times[] = {0,
                                    1,
                                    127,
                                    128,
                                    16383,
                                    16384,
                                    2097151,
                                    2097152,
                                    268435455,
                                    268435456,
                                    34359738367,
                                    34359738368,
                                    1700000000000,
                                    4398046511103,
                                    4398046511104,
                                    562949953421311,
                                    562949953421312,
                                    72057594037927935,
                                    72057594037927936,
                                    INT64_MAX,
                                    -1,
                                    INT64_MIN};
    struct label items[] = {{STR("__name__"), STR("m")}};
    struct write_sample samples[ARRAY_LEN(times)], read;
    struct write_item item;
    struct buf labels, message;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(times); i++)
        samples[i] = (struct write_sample){times[i], i % 5 ? (double)i * 1.25 : -1e300};
    buf_init(&labels, 0);
    buf_init(&message, 0);
    write_labels_add(&labels, (struct labels){items, 1});
    for (size_t first = 0; first < ARRAY_LEN(times); first++) { /* each is the last one once */
        buf_reset(&message);
        write_series_add(&message, buf_str(&labels), samples, first + 1);
        struct write_reader reader = write_reader_of(buf_str(&message));
        assert_int_equal(write_reader_next(&reader, &item, NULL), 0);
        assert_int_equal(item.samples, first + 1);
        for (size_t i = 0; i <= first; i++) {
            assert_true(write_item_sample(&item, &read));
            assert_true(read.ts_ms == samples[i].ts_ms);
            assert_true(read.value == samples[i].value);
        }
        assert_false(write_item_sample(&item, &read));
    }
    buf_fini(&labels);
    buf_fini(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_of_any_time_come_back),
        cmocka_unit_test(what_libsnappy_packed_is_unpacked),
        cmocka_unit_test(runs_that_repeat_themselves_are_unpacked),
        cmocka_unit_test(damaged_blocks_are_refused),
        cmocka_unit_test(packing_is_undone_by_unpacking),
        cmocka_unit_test(a_request_is_read_in_parts),
        cmocka_unit_test(what_is_written_is_what_protoc_writes),
        cmocka_unit_test(a_series_that_cannot_be_leaves_the_others),
        cmocka_unit_test(more_labels_than_there_may_be_are_a_fault),
        cmocka_unit_test(torn_messages_are_refused_or_read_in_part),
        cmocka_unit_test(version_two_tells_texts_by_their_place),
        cmocka_unit_test(version_two_is_refused_where_it_is_torn_or_points_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
