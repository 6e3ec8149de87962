/* probe.h - asks a running program whether it is well, with nothing but a socket: the worker has no
 * HTTP client. */
#ifndef ALGALON_HTTP_PROBE_H
#define ALGALON_HTTP_PROBE_H

#include "base/base.h"

/**
 * GETs `url` (http or https) and tells whether the answer was 200, within `timeout_ms`. The
 * certificate of a program on loopback is not checked, as it is made out to another name; others
 * are, against the system's authorities. On false `err` says why: -EINVAL no such URL, -EAGAIN an
 * answer other than 200, else what the network or TLS said.
 */
bool http_probe(const char *url, int64_t timeout_ms, struct error *err);

#endif
