/* linux_grpc.h - one gRPC call over a Unix socket or to a port of this machine: a question, an
 * answer, no streams of messages. HTTP/2 is libnghttp2's business, which is opened at run time: a
 * machine with nothing to ask needs none.
 *
 * Threads: a handle belongs to one thread. A call blocks until its deadline at most. */
#ifndef ALGALON_DEVICE_LINUX_GRPC_H
#define ALGALON_DEVICE_LINUX_GRPC_H

#include "base/base.h"

struct linux_grpc;

/** Opens the library. Errors: -ENOENT it is not installed, in words. */
MUST_CHECK int linux_grpc_open(struct linux_grpc **ret, struct error *err);
void linux_grpc_close(struct linux_grpc *g); /* NULL is fine */

/**
 * Connects to `target`, the path of a socket or "127.0.0.1:PORT", sends `request` (a protobuf
 * message) to `method` ("/v1.Service/Call") and appends the answer's message to `ret`, of at most
 * `max` bytes; then the connection is closed. Errors: -ENOENT, -EACCES, -ECONNREFUSED of the
 * socket; -ENAMETOOLONG; -EINVAL no port; -ETIMEDOUT nothing whole came within `timeout_ms`; -EFBIG
 * the answer is larger than `max`; -EBADMSG it is no gRPC; -ENOSYS the other side knows no such
 * method; -EREMOTEIO it answered with another status.
 */
MUST_CHECK int linux_grpc_call(struct linux_grpc *g, const char *target, const char *method,
                               struct str request, size_t max, int64_t timeout_ms, struct buf *ret,
                               struct error *err);

#endif
