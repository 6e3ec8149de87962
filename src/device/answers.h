/* answers.h - what a machine answered that no file stands in for: device nodes, vendors' tools,
 * services of programs, variables of the environment. Recorded they are a folder of small files, so
 * that another machine (or a test, or a machine that does not exist) can be read by the same
 * collectors: `--path.answers`.
 *
 *   nodes/dev/accel/accel_controlD0/open           empty: the node can be opened
 *   nodes/dev/accel/accel_controlD0/habanalabs-6   the answer to a question, by its name
 *   tools/usr/bin/rbln-smi/-j                      what the tool writes when it is run so
 *   services/127.0.0.1:8431/GetRuntimeMetric/...   an answer of a service
 *   variables/TPU_ACCELERATOR_TYPE                 a variable of the environment
 *
 * Answers of nodes and services are bytes, written as pairs of hex digits between white space; a
 * line that begins with '#' is passed over. In place of any of them "error 25" stands for an errno;
 * a tool's stands in a file of its own, "-j.error". What has no file is not there. Files are read
 * at each question, so whoever writes them makes the machine move. */
#ifndef ALGALON_DEVICE_ANSWERS_H
#define ALGALON_DEVICE_ANSWERS_H

#include "base/base.h"

struct host_paths;
struct linux_edge;
struct answers;
struct answer_recorder;

#define ANSWERS_NODES     "nodes/"
#define ANSWERS_SERVICES  "services/"
#define ANSWERS_BYTES_MAX ((size_t)256 << 10) /* of one answer in bytes */

/** Takes recorded answers in place of this machine's. Errors: why `dir` is no folder. */
MUST_CHECK int answers_open(const char *dir, struct answers **ret, struct error *err);
/** For host_paths.edge; lives until answers_close(). Threads: any. */
const struct linux_edge *answers_edge(const struct answers *a);
void answers_close(struct answers *a); /* NULL is fine */

/**
 * Hands on all questions to those whom `paths` would ask, and each answer to `keep`, named as
 * above; the newest of a name counts. `keep` is called from the threads that ask, one at a time.
 */
struct answer_recorder *
answer_recorder_new(const struct host_paths *paths,
                    void (*keep)(void *ctx, const char *name, struct str text), void *ctx);
const struct linux_edge *answer_recorder_edge(const struct answer_recorder *r);
/** From here on nothing is handed to `keep`; waits for a call of it in progress. */
void answer_recorder_stop(struct answer_recorder *r);
void answer_recorder_free(struct answer_recorder *r); /* nobody asks any more; NULL is fine */

/** Appends bytes as such a file has them. */
void answer_write(struct str bytes, struct buf *to);

/** Appends the bytes of such a file. Errors: the recorded one; -EBADMSG for what is no such file,
 * -EFBIG beyond ANSWERS_BYTES_MAX. */
MUST_CHECK int answer_parse(struct str text, struct buf *to);

#endif
