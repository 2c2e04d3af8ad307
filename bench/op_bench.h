/**
 * `galip bench ops`: every op's cases, timed by events, hot and cold, after their results were
 * verified.
 */
#ifndef BENCH_OP_BENCH_H
#define BENCH_OP_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "bench/stats.h"
#include "host/context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bench_op_options {
    const char *op;         /* NULL: all */
    const char *case_regex; /* POSIX extended, over case names; NULL: all */
    const char *variant;    /* NULL: what the planner chooses; "all"; or a name */
    bool hot, cold;         /* caches as the run before left them, or flushed before each run */
    bool versus_clblast;    /* time clblast_f32 of the same case too, interleaved */
    uint64_t seed;
    /*
     * When a row ends. Samples of one batch depend on each other, so what the rule counts as a
     * sample is the median of a batch; min_s is shared by min_samples batches.
     */
    bench_rule rule;
    /* Ceilings; 0: what depends on them is left out. */
    double fma_gflops, read_gbps, launch_us;
    void (*progress)(void *user, const char *row); /* NULL: none */
    void *user;
} bench_op_options;

/**
 * Appends a record of kind "op" for each row to records. Operands are random and seeded; a result
 * is compared with its reference before it is timed.
 *
 * @param run  shared keys (bench_run_create)
 * @return GCL_E_MISMATCH naming the row whose result is wrong; GCL_E_NOT_FOUND when the filters
 *         leave nothing; GCL_E_ARG for a bad expression
 */
gcl_status bench_op_run(json_t *records, const json_t *run, gcl_context *ctx,
                        const bench_op_options *opt, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
