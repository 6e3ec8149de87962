/* remote.h - the remote write protocol, version 1.0: bodies of protobuf inside Snappy's block
 * format. Reading: snappy_decode(), then write_reader_next(). Writing: write_series_add(), then
 * snappy_encode(). */
#ifndef ALGALON_REMOTE_REMOTE_H
#define ALGALON_REMOTE_REMOTE_H

#include "base/base.h"
#include "metric/metric.h"

#include "remote/snappy.h"
#include "remote/write_request.h"

#endif
