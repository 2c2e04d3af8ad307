/**
 * Deterministic numbers from names: weights for tests and demos without a checkpoint, and the
 * inputs of golden files. The same bits on every machine and in every language.
 *
 * unit[i] = (splitmix64(FNV-1a(name) ^ seed * G, i + 1) >> 40) * 2^-23 - 1, in [-1, 1), where
 * G = 0x9e3779b97f4a7c15; exact in f32.
 */
#ifndef GCL_WEIGHTS_SYNTHETIC_H
#define GCL_WEIGHTS_SYNTHETIC_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Fills dst with the synthetic weights of one tensor: centre + amplitude * unit, computed in f64
 * and rounded to f32. Centre and amplitude follow from the name as the checkpoints spell it:
 * biases, norms and embeddings have fixed ones, every other tensor is uniform with variance
 * 1/fan_in (fan_in = shape[0] for `proj` and `text_projection`, else the product of shape[1:];
 * 1 for a scalar).
 *
 * @param shape  [rank] dimensions; NULL when rank is 0                 borrowed
 * @param dst    [product of shape] written                             borrowed
 *
 * @return GCL_OK; GCL_E_SHAPE when the size of the shape overflows; dst is then unchanged.
 */
gcl_status gcl_synthetic_fill(const char *name, int rank, const uint64_t *shape, uint64_t seed,
                              float *dst, gcl_error *err);

/** dst[i] = amplitude * unit[i], i < count. With amplitude 1 these are the exact units. */
void gcl_synthetic_uniform(const char *name, uint64_t seed, double amplitude, size_t count,
                           float *dst);

#ifdef __cplusplus
}
#endif
#endif
