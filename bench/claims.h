/**
 * The paper's speed claim beside this device: records of kind "claim".
 *
 * Measured here is GALIP alone. The published figures stand with their hardware and size; the
 * baselines are not run, and one record says so.
 */
#ifndef BENCH_CLAIMS_H
#define BENCH_CLAIMS_H

#include "bench/model_bench.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Keys besides name: "model", "size" (pixels a side), "hardware", "seconds" (a picture), "source",
 * "published", "note"; "naive_gflop" of work rows; "ratio" with "ratio_of": "seconds" is to the
 * paper's GALIP, for the same hardware or marked by a note, "flops" to GALIP's naive work.
 *
 * @param records     array; owned by the caller (json_decref)
 * @param checkpoint  of the published size, or a note in the measured row says that it is not
 * @param opt         rule, vocab, seed, run, progress are used
 */
gcl_status bench_claims_run(json_t **records, gcl_context *ctx, gcl_checkpoint *checkpoint,
                            const bench_model_options *opt, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
