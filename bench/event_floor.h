/* event_floor.h - what the device's event clock can tell apart. */
#ifndef BENCH_EVENT_FLOOR_H
#define BENCH_EVENT_FLOOR_H

#include "host/context.h"

/**
 * The distance in seconds between the 10th and the 90th percentile of an empty kernel's event time:
 * two times that differ by less may be the same.
 */
gcl_status bench_event_floor(double *seconds, gcl_context *ctx, gcl_error *err);

#endif
