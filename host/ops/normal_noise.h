/** Standard normal random numbers that depend on a key alone. */
#ifndef GCL_HOST_OPS_NORMAL_NOISE_H
#define GCL_HOST_OPS_NORMAL_NOISE_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_normal_noise_attr {
    size_t n; /* numbers a row */
} gcl_normal_noise_attr;

/**
 * y[b, 0..n) = standard normal numbers of key[b, :].
 *
 * A row depends on its key only, neither on B nor on its place, and y[b, i] not on n. The bits
 * are the same on every device: kernels/normal_noise.cl states the sequence of operations. Its
 * numbers are Philox4x32-10 with counter (i / 4, picture, stream, 0) and the Box-Muller transform
 * of 32 bits for the radius (|y| <= 6.77) and 32 bits for the angle.
 *
 * @param key  [B, 4] i32, bit patterns of u32: seed low, seed high, picture index, stream
 * @param n    1 .. INT32_MAX (elements)
 * @return     [B, n] f32; GCL_E_SHAPE when key is not [B, 4], GCL_E_ARG for n outside its range
 *
 * Source: Salmon, Moraes, Dror, Shaw 2011 (Random123); Box, Muller 1958.
 */
gcl_value gcl_normal_noise(gcl_graph *g, gcl_value key, size_t n);

#ifdef __cplusplus
}
#endif
#endif
