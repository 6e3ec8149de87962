/* linux_recorded_test.h - for tests: what a bench is told is recorded into its tree, and then read
 * again without whoever told it. */
#ifndef ALGALON_DEVICE_LINUX_RECORDED_TEST_H
#define ALGALON_DEVICE_LINUX_RECORDED_TEST_H

#include "device/linux_answers.h"
#include "device/linux_test.h"

struct recorded {
    struct bench *bench;
    struct answer_recorder *recorder;
    struct answers *answers;
};

static inline void keep_in_tree(void *ctx, const char *name, struct str text)
{
    char path[LINUX_PATH_MAX];

    assert_true(linux_file_path(path, "answers", "%s", name));
    tree_write_bytes(ctx, path, text.ptr, text.len);
}

/* From here on the bench's questions are recorded; ask whom it asks must be set before. */
static inline void record(struct recorded *r, struct bench *b)
{
    *r = (struct recorded){.bench = b};
    r->recorder = answer_recorder_new(&b->tree.paths, keep_in_tree, &b->tree);
    b->tree.paths.edge = answer_recorder_edge(r->recorder);
}

/* A reading of a collector that is opened anew above what was recorded. */
static inline struct reading *replay(struct recorded *r)
{
    char dir[LINUX_PATH_MAX];

    r->bench->collector->close(r->bench->state);
    r->bench->state = NULL;
    answer_recorder_stop(r->recorder);
    assert_true(linux_file_path(dir, r->bench->tree.dir, "answers"));
    assert_int_equal(answers_open(dir, &r->answers, NULL), 0);
    r->bench->tree.paths.edge = answers_edge(r->answers);
    return bench_read(r->bench);
}

static inline void recorded_fini(struct recorded *r)
{
    bench_free(r->bench);
    answer_recorder_free(r->recorder);
    answers_close(r->answers);
}

#endif
