/* base.h - the ground floor: what every room stands on. Include this, never the files behind it.
 *
 * Start at error.h (how failures travel), str.h and buf.h (text), arena.h (memory that dies
 * together). */
#ifndef ALGALON_BASE_H
#define ALGALON_BASE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/letter_case.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/protobuf.h"
#include "base/std.h"
#include "base/str.h"
#include "base/thread.h"
#include "base/yaml.h"

#endif
