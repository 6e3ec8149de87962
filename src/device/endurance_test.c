/* endurance_test.c - collectors over and over: no descriptor stays open, no memory stays taken.
 * Some readings of each tree here; script/endurance asks for 100,000 of each. */
#include "device/accel/accel.h"
#include "device/amd/amd.h"
#include "device/intel/intel.h"
#include "device/ipmi/ipmi.h"
#include "device/jetson/jetson.h"
#include "device/linux_gpu.h"
#include "device/linux_test.h"
#include "device/npu/npu.h"

#include <malloc.h>
#include <stdlib.h>

#define READINGS 100u
#define SETTLED  20u /* readings until buffers have grown */
#define SLACK    (64 * 1024)

static size_t open_files(void)
{
    size_t len = 0;
    DIR *dir = opendir("/proc/self/fd");

    assert_non_null(dir);
    while (readdir(dir))
        len++;
    closedir(dir);
    return len;
}

static size_t heap(void)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    return mallinfo2().uordblks; /* 0 under a sanitizer, which looks for leaks itself */
#else
    return 0;
#endif
}

static unsigned readings(void)
{
    const char *text = getenv("ALGALON_READINGS");
    uint64_t n;

    return text && num_parse_u64(str_of(text), &n) && n > SETTLED && n < UINT32_MAX ? (unsigned)n
                                                                                    : READINGS;
}

/* A client that comes and goes, so that what is remembered of clients has to be forgotten. */
static void change(const struct bench *b, unsigned turn)
{
    char path[64];

    snprintf(path, sizeof(path), "proc/%u/stat", 50000 + turn % 8);
    if (turn % 16 < 8)
        tree_write(&b->tree, path, "1 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 0\n");
    else
        tree_remove(&b->tree, path);
}

/* Of machines that answer, the answers are recorded. */
static struct answers *take_answers(struct bench *b)
{
    struct answers *answers = NULL;
    char dir[LINUX_PATH_MAX];

    assert_true(linux_file_path(dir, b->tree.dir, "answers"));
    if (access(dir, F_OK))
        return NULL;
    assert_int_equal(answers_open(dir, &answers, NULL), 0);
    b->tree.paths.edge = answers_edge(answers);
    return answers;
}

static void endure(const struct collector *collector, const char *fixture)
{
    struct bench *b = bench_new(collector, fixture);
    struct answers *answers = take_answers(b);
    size_t files = 0, bytes = 0;

    for (unsigned i = 0; i < readings(); i++) {
        change(b, i);
        if (i == SETTLED) {
            files = open_files();
            bytes = heap();
        }
        (void)bench_read(b);
    }
    assert_int_equal(open_files(), files);
    if (heap() > bytes + SLACK)
        fail_msg("%s on %s: %zu bytes more", collector->name, fixture, heap() - bytes);
    size_t before = open_files();
    for (unsigned i = 0; i < 20; i++) { /* and opened again and again */
        collector->close(b->state);
        b->state = NULL;
        (void)bench_read(b);
    }
    assert_int_equal(open_files(), before);
    bench_free(b);
    answers_close(answers);
}

static void nothing_stays_open_and_nothing_stays_taken(void **state)
{
    static const struct {
        const struct collector *collector;
        const char *fixture;
    } all[] = {
        {&amd_collector, "amd-workstation"},
        {&amd_collector, "amd-mi300x"},
        {&intel_collector, "intel-arc-i915"},
        {&intel_collector, "intel-arc-xe"},
        {&intel_collector, "intel-max-sriov"},
        {&linux_gpu_collector, "drm-rk3588"},
        {&linux_gpu_collector, "drm-nouveau"},
        {&accel_collector, "accel-mixed"},
        {&accel_collector, "accel-xdna"},
        {&accel_collector, "accel-rknpu"},
        {&jetson_collector, "jetson-orin-jp6"},
        {&gaudi_collector, "npu-gaudi2"},
        {&tenstorrent_collector, "npu-tenstorrent"},
        {&tpu_collector, "npu-tpu"},
        {&ipmi_collector, "host-ipmi"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        endure(all[i].collector, all[i].fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_stays_open_and_nothing_stays_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
