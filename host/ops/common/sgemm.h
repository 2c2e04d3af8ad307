/** CLBlast's matrix product as a step of a plan. */
#ifndef GCL_HOST_OPS_COMMON_SGEMM_H
#define GCL_HOST_OPS_COMMON_SGEMM_H

#include "host/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/** C[M,N] = A[M,K] B[K,N], row-major f32. */
typedef struct gcl_sgemm {
    size_t M, N, K;
    int b_is_nk;               /* B is stored as [N, K] */
    size_t b_offset, c_offset; /* elements from the start of the slots */
} gcl_sgemm;

/**
 * Adds the product and its scratch.
 *
 * @return GCL_E_UNSUPPORTED, a refusal, when CLBlast cannot do it on this device
 */
gcl_status gcl_emit_sgemm(gcl_emit *e, const gcl_sgemm *s, gcl_slot a, gcl_slot b, gcl_slot c,
                          gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
