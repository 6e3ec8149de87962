/* ready.h - asks a running algalon whether it is ready, with nothing but a socket: the worker links
 * no HTTP client. */
#ifndef ALGALON_CMD_READY_H
#define ALGALON_CMD_READY_H

#include "base/base.h"

/**
 * GETs `address` (http:// only) and tells whether the answer was 200, within `timeout_ms`.
 * On false `err` says why: -EINVAL not such an address, -EAGAIN an answer other than 200, else what
 * the network said.
 */
bool ready_ask(const char *address, int64_t timeout_ms, struct error *err);

#endif
