/* remote.h - the remote write protocol, versions 1.0 and (to read) 2.0: bodies of protobuf inside
 * Snappy's block format. Reading: snappy_decode(), then write_reader_next(). Writing:
 * write_series_add(), then snappy_encode(). */
#ifndef ALGALON_REMOTE_REMOTE_H
#define ALGALON_REMOTE_REMOTE_H

#include "base/base.h"
#include "metric/metric.h"

#include "remote/snappy.h"
#include "remote/write_request.h"
#include "remote/zstd.h"

#endif
