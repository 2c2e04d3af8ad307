/**
 * Whether a batch fits a device, before anything is allocated for it.
 */
#ifndef BENCH_MODEL_MEMORY_H
#define BENCH_MODEL_MEMORY_H

#include "bench/model_subject.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Refuses only what cannot fit: the need is a lower bound, of the values that are alive at a time in the
 * graph as it is planned for the device. Weights take what they took for another batch or, without a
 * known one, half of their bytes in f32 unless that is what they are kept in.
 *
 * @param known_batch  0: none is known
 * @param known        what known_batch took
 * @return GCL_E_UNSUPPORTED, with both sizes, when it does not fit; also for a part that the
 *         model lacks
 */
gcl_status bench_memory_check(gcl_context *ctx, const gcl_config *config,
                              const bench_model_options *opt, int part, size_t batch,
                              size_t known_batch, const bench_subject_totals *known,
                              gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
