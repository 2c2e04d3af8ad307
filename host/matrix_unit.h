/**
 * Matrix units of GPUs: what a sub-group multiplies with one instruction (kernels/common/fragment.h).
 */
#ifndef GCL_HOST_MATRIX_UNIT_H
#define GCL_HOST_MATRIX_UNIT_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The values are those of the kernels' FRAGMENT. */
typedef enum gcl_matrix_unit {
    GCL_UNIT_NONE,
    GCL_UNIT_MMA,    /* NVIDIA, sm_80 and later */
    GCL_UNIT_DPAS8,  /* Intel, sub-groups of 8 */
    GCL_UNIT_DPAS16, /* Intel, sub-groups of 16 */
    GCL_UNIT_WMMA,   /* AMD gfx11, wavefronts of 32 */
    GCL_UNIT_MFMA,   /* AMD gfx908, gfx90a, gfx94x, gfx950, wavefronts of 64 */
    GCL_N_UNITS
} gcl_matrix_unit;

/** One product, sums[m,n] += a[m,k] b[k,n] of a sub-group. */
typedef struct gcl_fragment {
    const char *name;
    size_t m, n, k;
    size_t lanes;            /* work-items of the sub-group */
    size_t a_pairs, b_pairs; /* registers of a lane that operands take */
    size_t exchange;         /* bytes of local memory that emulating it takes a sub-group */
} gcl_fragment;

/** Borrowed. That of GCL_UNIT_NONE is named "none" and has no size. */
const gcl_fragment *gcl_fragment_of(gcl_matrix_unit unit);

#ifdef __cplusplus
}
#endif
#endif
