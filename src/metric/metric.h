/* metric.h - what all rooms mean by a series: labels, samples, matchers, the text exposition
 * format, and `queryable`, the door through which queries reach samples. Start at struct labels. */
#ifndef ALGALON_METRIC_METRIC_H
#define ALGALON_METRIC_METRIC_H

#include "base/base.h"

#include "metric/catalogue.h"
#include "metric/exposition.h"
#include "metric/labels.h"
#include "metric/matcher.h"
#include "metric/metadata.h"
#include "metric/queryable.h"
#include "metric/regex.h"
#include "metric/value.h"

#endif
