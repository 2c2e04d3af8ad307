/**
 * Tensors by name, and the metadata that came with them, wherever both are from.
 */
#ifndef GCL_WEIGHTS_TENSOR_SET_H
#define GCL_WEIGHTS_TENSOR_SET_H

#include "weights/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_metadata_pair {
    const char *key;
    const char *value;
} gcl_metadata_pair;

/** Every pointer is borrowed from whoever made the set. */
typedef struct gcl_tensor_set {
    const char *origin;                    /* the file or files, for messages */
    const gcl_tensor_view *const *tensors; /* [count] in byte order of the names */
    size_t count;
    const gcl_metadata_pair *metadata; /* [n_metadata] in byte order of the keys */
    size_t n_metadata;
} gcl_tensor_set;

/** Tensor of that name, O(log count); borrowed; NULL when there is none. */
const gcl_tensor_view *gcl_tensor_set_find(const gcl_tensor_set *set, const char *name);

/** Value of a metadata key; borrowed; NULL when there is none. */
const char *gcl_tensor_set_metadata(const gcl_tensor_set *set, const char *key);

#ifdef __cplusplus
}
#endif
#endif
