/**
 * Bilinear algorithms of convolutions (kernels/common/bilinear.h): their sizes, and the packing
 * of transformed weights.
 */
#ifndef GCL_HOST_OPS_COMMON_BILINEAR_H
#define GCL_HOST_OPS_COMMON_BILINEAR_H

#include "host/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One algorithm; all sizes are of one dimension. */
typedef struct gcl_bilinear {
    int alg;           /* ALG of the kernels */
    size_t taps;       /* of the convolution, which has stride 1 and pad taps/2 */
    int up, down;      /* nearest resize by up/down before the convolution; 1, 1: none */
    size_t NV, NU, NO; /* input terms, products and outputs of a tile */
} gcl_bilinear;

typedef enum gcl_bilinear_name {
    GCL_BILINEAR_F2,
    GCL_BILINEAR_F4,
    GCL_BILINEAR_F8,
    GCL_BILINEAR_F2_5,
    GCL_BILINEAR_X2_2,
    GCL_BILINEAR_X2_4,
    GCL_BILINEAR_X2_8,
    GCL_BILINEAR_X7_4
} gcl_bilinear_name;

/** Static. */
const gcl_bilinear *gcl_bilinear_get(gcl_bilinear_name name);

/** Tiles that cover n outputs. */
size_t gcl_bilinear_tiles(const gcl_bilinear *b, size_t n);

/**
 * [O, I, taps, taps] as [ceil(O/nr), NU*NU, I rounded up to vw, nr] of G w G^T, zero-padded.
 *
 * @param vw  8 or 16; nr is twice that
 */
const gcl_packing *gcl_bilinear_packing(gcl_bilinear_name name, size_t vw);

#ifdef __cplusplus
}
#endif
#endif
