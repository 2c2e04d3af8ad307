/**
 * Writing the weights of a model into one safetensors file.
 */
#ifndef GCL_MODEL_CONVERT_H
#define GCL_MODEL_CONVERT_H

#include "model/checkpoint.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gcl_store {
    GCL_STORE_AS_IS, /* each tensor in the type that it comes in */
    GCL_STORE_F32,
    /* F16 for those weights of linear layers, convolutions, attention and projections that lose
     * nothing by it or may be rounded (gcl_may_round); F32 for all else */
    GCL_STORE_F16,
    GCL_STORE_F16_ALL /* F16 for all of those weights, rounded */
} gcl_store;

/**
 * Writes every tensor of a file, or every tensor that the parts of synthetic weights read, with the
 * metadata that belongs to them. The file at path is replaced only when the new one is whole.
 *
 * @return GCL_E_UNSUPPORTED for a tensor that is not F32, F16 or BF16 and has to change its type,
 *         or whose numbers go beyond F16, named with the element; what gcl_safetensors_write returns
 */
gcl_status gcl_convert(const char *path, gcl_checkpoint *from, gcl_store store, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
