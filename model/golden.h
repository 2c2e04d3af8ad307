/**
 * What a golden file (model/verify.h) says about a value of a graph: an input, or what is expected.
 */
#ifndef GCL_MODEL_GOLDEN_H
#define GCL_MODEL_GOLDEN_H

#include "host/graph.h"
#include "weights/safetensors.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What is expected of the value of that name: tensor NAME, or NAME@S of every S-th element.
 *
 * @param stride  S or 1
 * @param index   of the tensor in the file
 *
 * @return borrowed from the file; NULL when it expects nothing
 */
const gcl_tensor_view *gcl_golden_find(const gcl_safetensors *file, const char *name,
                                       size_t *stride, size_t *index);

/** GCL_E_SHAPE unless t is what every stride-th element of such a value makes; with stride 1, the
 *  value itself. */
gcl_status gcl_golden_check_shape(const gcl_tensor_view *t, const gcl_shape *shape, size_t stride,
                                  gcl_error *err);

/**
 * The elements of an input, in the type of the value that takes them.
 *
 * @param data  [t->count] i32 or f32, as `need` says; owned by the caller (free)
 * @param ids   values of an i32 input are below it
 *
 * @return GCL_OK; GCL_E_SHAPE for another shape; GCL_E_UNSUPPORTED for an element type that cannot
 *         become the value's; GCL_E_FORMAT for an id out of range; GCL_E_NOMEM.
 */
gcl_status gcl_golden_input(void **data, const gcl_tensor_view *t, const gcl_tensor *need,
                            size_t ids, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
