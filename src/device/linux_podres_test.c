/* linux_podres_test.c - the kubelet's answers, as its messages are encoded. */
#include "device/linux_podres.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Writes a field of bytes; texts here are shorter than 16,384 bytes. */
static void put(struct buf *to, unsigned number, struct str bytes)
{
    buf_char(to, (char)(number << 3 | 2));
    buf_char(to, (char)((bytes.len & 127) | (bytes.len > 127 ? 128 : 0)));
    if (bytes.len > 127)
        buf_char(to, (char)(bytes.len >> 7));
    buf_add(to, bytes.ptr, bytes.len);
}

static void put_message(struct buf *to, unsigned number, struct buf *message)
{
    put(to, number, buf_str(message));
    buf_fini(message);
}

static struct buf devices(const char *resource, const char *const *ids)
{
    struct buf b;

    buf_init(&b, 0);
    put(&b, 1, str_of(resource));
    for (; *ids; ids++)
        put(&b, 2, str_of(*ids));
    return b;
}

static struct buf claim(const char *driver, const char *device)
{
    struct buf resource, dynamic;

    buf_init(&resource, 0);
    put(&resource, 2, str_of(driver));
    put(&resource, 3, STR("pool-1"));
    put(&resource, 4, str_of(device));
    buf_init(&dynamic, 0);
    put(&dynamic, 2, STR("claim"));
    put_message(&dynamic, 4, &resource);
    return dynamic;
}

/* A pod "ml/llm-0" with one container "server" that has `parts` as field `number`. */
static struct buf answer(unsigned number, struct buf *part)
{
    struct buf container, pod, list;

    buf_init(&container, 0);
    put_message(&container, number, part);
    put(&container, 1, STR("server"));  /* behind what it names: fields come in any order */
    buf_add(&container, "\x18\x07", 2); /* cpu_ids: 7 */
    buf_init(&pod, 0);
    put(&pod, 1, STR("llm-0"));
    put_message(&pod, 3, &container);
    put(&pod, 2, STR("ml"));
    buf_init(&list, 0);
    put_message(&list, 1, &pod);
    return list;
}

static void devices_are_read_with_their_container(void **state)
{
    static const char *const ids[] = {"GPU-1", "GPU-2::3", NULL};
    struct buf part = devices("nvidia.com/gpu", ids), list = answer(2, &part);
    struct allocation *got;
    struct arena arena;
    size_t len;

    (void)state;
    arena_init(&arena, 0);
    assert_int_equal(linux_podres_read(buf_str(&list), &arena, &got, &len, NULL), 0);
    assert_int_equal(len, 2);
    assert_string_equal(got[1].namespace, "ml");
    assert_string_equal(got[1].pod, "llm-0");
    assert_string_equal(got[1].container, "server");
    assert_string_equal(got[0].device, "GPU-1");
    assert_string_equal(got[1].device, "GPU-2::3");
    buf_fini(&list);
    arena_fini(&arena);
}

static void a_claimed_device_is_known_by_its_number(void **state)
{
    static const struct {
        const char *driver, *device, *wanted;
    } cases[] = {
        {"gpu.nvidia.com", "gpu-3", "nvidia3"},
        {"gpu.nvidia.com", "gpu-0-mig-1g10gb-19-0", "nvidia0/mig"},
        {"gpu.nvidia.com", "gpu-x", NULL},
        {"gpu.nvidia.com", "gpu-99999999999", NULL},
        {"gpu.nvidia.com", "channel-0", NULL},
        {"net.example.com", "gpu-0", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf part = claim(cases[i].driver, cases[i].device), list = answer(5, &part);
        struct allocation *got;
        struct arena arena;
        size_t len;
        arena_init(&arena, 0);
        assert_int_equal(linux_podres_read(buf_str(&list), &arena, &got, &len, NULL), 0);
        assert_int_equal(len, cases[i].wanted != NULL);
        if (cases[i].wanted)
            assert_string_equal(got[0].device, cases[i].wanted);
        buf_fini(&list);
        arena_fini(&arena);
    }
}

static void an_answer_cut_anywhere_is_refused_or_shorter(void **state)
{
    static const char *const ids[] = {"GPU-1", NULL};
    struct buf part = devices("nvidia.com/gpu", ids), list = answer(2, &part);
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    for (size_t n = 1; n < list.len; n++) {
        struct allocation *got;
        size_t len;
        assert_int_equal(linux_podres_read(str_make(list.ptr, n), &arena, &got, &len, NULL),
                         -EBADMSG);
        assert_int_equal(len, 0);
    }
    buf_fini(&list);
    arena_fini(&arena);
}

static void an_empty_answer_has_no_devices(void **state)
{
    struct allocation *got;
    struct arena arena;
    size_t len;

    (void)state;
    arena_init(&arena, 0);
    assert_int_equal(linux_podres_read(STR(""), &arena, &got, &len, NULL), 0);
    assert_int_equal(len, 0);
    arena_fini(&arena);
}

static void more_devices_than_may_be_are_an_error(void **state)
{
    struct buf list, pod, container, part;
    struct allocation *got;
    struct error err;
    struct arena arena;
    size_t len;

    (void)state;
    buf_init(&list, 0);
    for (int i = 0; i < 20; i++) {
        buf_init(&part, 0);
        for (int j = 0; j < 3500; j++)
            put(&part, 2, STR("x"));
        buf_init(&container, 0);
        put_message(&container, 2, &part);
        buf_init(&pod, 0);
        put_message(&pod, 3, &container);
        put_message(&list, 1, &pod);
    }
    arena_init(&arena, 0);
    assert_int_equal(linux_podres_read(buf_str(&list), &arena, &got, &len, &err), -EFBIG);
    assert_int_equal(len, LINUX_PODRES_MAX);
    assert_string_equal(err.text, "more than 65536 devices");
    buf_fini(&list);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_are_read_with_their_container),
        cmocka_unit_test(a_claimed_device_is_known_by_its_number),
        cmocka_unit_test(an_answer_cut_anywhere_is_refused_or_shorter),
        cmocka_unit_test(an_empty_answer_has_no_devices),
        cmocka_unit_test(more_devices_than_may_be_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
