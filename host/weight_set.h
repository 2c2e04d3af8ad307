/**
 * Weights on the device: each tensor is loaded, packed and uploaded once and shared by all plans
 * that are made from the same set.
 */
#ifndef GCL_HOST_WEIGHT_SET_H
#define GCL_HOST_WEIGHT_SET_H

#include "host/context.h"
#include "host/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where tensors come from: a file, a generator, a test. */
typedef struct gcl_weight_source {
    void *self;
    /* Writes the named tensor, row-major f32, into dst. A tensor that is missing or whose shape
     * is not `required` is an error that names tensor, required and found shape. */
    gcl_status (*load)(void *self, const char *name, const gcl_shape *required, float *dst,
                       gcl_error *err);
} gcl_weight_source;

typedef struct gcl_weight_set gcl_weight_set;

/**
 * @param out     owned (gcl_weight_set_destroy), after the plans that use it
 * @param source  copied; its self must live while plans are made
 */
gcl_status gcl_weight_set_create(gcl_weight_set **out, gcl_context *ctx, gcl_weight_source source,
                                 gcl_error *err);
void gcl_weight_set_destroy(gcl_weight_set *w);

/**
 * The tensor in a layout (packing NULL: row-major f32).
 *
 * @param out   borrowed from w
 */
gcl_status gcl_weight_set_get(gcl_weight_set *w, cl_mem *out, size_t *bytes, const char *name,
                              const gcl_shape *shape, const gcl_packing *packing, gcl_error *err);

/** Device memory held, bytes. */
size_t gcl_weight_set_bytes(const gcl_weight_set *w);

#ifdef __cplusplus
}
#endif
#endif
