/*
 * op_record.h - a row of `galip bench ops`: times taken in batches, and the record made of them.
 */
#ifndef BENCH_OP_RECORD_H
#define BENCH_OP_RECORD_H

#include "bench/op_bench.h"
#include "host/plan.h"
#include "tests/suite/op_case.h"

/* Samples of one side of a row, in batches that are spread over the run. */
typedef struct bench_op_times {
    bench_sampler all;     /* seconds, as they came */
    bench_sampler medians; /* of the batches; its rule and its state end the row */
    json_t *batches;       /* samples in each batch */
} bench_op_times;

gcl_status bench_op_times_init(bench_op_times *t, const bench_rule *rule, gcl_error *err);
void bench_op_times_free(bench_op_times *t); /* legal on a zeroed one */

/**
 * Appends a batch of n >= 1 samples; spent_s is what the row has taken up to now.
 */
gcl_status bench_op_times_add(bench_op_times *t, const double *samples, size_t n, double spent_s,
                              gcl_error *err);

/** What does not depend on times: op, case, variant, params, cache, launches, work. */
gcl_status bench_op_record_create(json_t **out, const json_t *run, const op_instance *i,
                                  const char *variant, bool cold, uint64_t seed,
                                  const gcl_plan *plan, gcl_error *err);

/** Times and rates, with floor_s, what the clock told apart in this run; with a peer, also the comparison. */
gcl_status bench_op_record_finish(json_t *record, const bench_op_options *opt, double floor_s,
                                  const bench_op_times *ours, const char *peer_name,
                                  const bench_op_times *peer, gcl_error *err);

#endif
