/* empty_events.h - what the device's event clock can tell apart. */
#ifndef BENCH_EMPTY_EVENTS_H
#define BENCH_EMPTY_EVENTS_H

#include "bench/stats.h"
#include "host/context.h"

/** Appends 50 event times of an empty kernel, in seconds. */
gcl_status bench_empty_events(bench_sampler *out, gcl_context *ctx, gcl_error *err);

#endif
