/**
 * Reader and writer of the safetensors format: 8 bytes of header length (little-endian), a JSON
 * header, then the tensors' bytes without gaps.
 *
 * Source: github.com/huggingface/safetensors, "Format".
 */
#ifndef GCL_WEIGHTS_SAFETENSORS_H
#define GCL_WEIGHTS_SAFETENSORS_H

#include <stddef.h>

#include "base/error.h"
#include "weights/tensor_set.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An open file, mapped read-only. Immutable, so threads may share it. */
typedef struct gcl_safetensors gcl_safetensors;

/**
 * Maps path and checks the whole header; tensor values are not looked at. The file must not
 * shrink while it is open (reading a page that is gone raises SIGBUS).
 *
 * @param out  owned by the caller (gcl_safetensors_close); NULL after an error
 *
 * @return GCL_OK; GCL_E_FILE when the file cannot be opened or mapped; GCL_E_NOMEM;
 *         GCL_E_FORMAT when it is not a valid safetensors file: bad or over-long header (8 MB),
 *         duplicate or empty names, unknown dtype, sizes that disagree, tensors that overlap or
 *         leave bytes unused; also for a name beyond GCL_TENSOR_MAX_NAME bytes and a rank beyond
 *         GCL_TENSOR_MAX_RANK.
 */
gcl_status gcl_safetensors_open(gcl_safetensors **out, const char *path, gcl_error *err);

/** Legal on NULL. Every view and string of the file is invalid afterwards. */
void gcl_safetensors_close(gcl_safetensors *file);

/** The path given to open; borrowed. */
const char *gcl_safetensors_path(const gcl_safetensors *file);

/** Everything the file holds; borrowed. */
const gcl_tensor_set *gcl_safetensors_set(const gcl_safetensors *file);

size_t gcl_safetensors_count(const gcl_safetensors *file);

/** Tensor i < count, in the order of the data; borrowed. */
const gcl_tensor_view *gcl_safetensors_at(const gcl_safetensors *file, size_t i);

/** Tensor of that name, O(log count); borrowed; NULL when there is none. */
const gcl_tensor_view *gcl_safetensors_find(const gcl_safetensors *file, const char *name);

/** Value of a metadata key; borrowed; NULL when there is none. */
const char *gcl_safetensors_metadata(const gcl_safetensors *file, const char *key);

size_t gcl_safetensors_metadata_count(const gcl_safetensors *file);

/** Metadata key i < metadata_count, in byte order; borrowed. */
const char *gcl_safetensors_metadata_key(const gcl_safetensors *file, size_t i);

/**
 * Writes a file that replaces path only when it is complete. Tensors are stored by falling element
 * size, multiples of 128 bytes first, small before large, then by name. When the file is mapped each
 * is aligned to its element, and all F32 tensors of such a size are to 128 bytes where none has a
 * larger element, so that a device can use them in place.
 *
 * @param tensors   name, dtype, rank, shape and data are read, the other fields are not; data
 *                  may be NULL for a tensor without elements       borrowed
 * @param metadata  strings in UTF-8; may be NULL when n_metadata is 0   borrowed
 *
 * @return GCL_OK; GCL_E_ARG for what gcl_safetensors_open would refuse (names, ranks, sizes,
 *         duplicates, text that is not UTF-8, header length); GCL_E_NOMEM; GCL_E_FILE.
 */
gcl_status gcl_safetensors_write(const char *path, const gcl_tensor_view *tensors, size_t n_tensors,
                                 const gcl_metadata_pair *metadata, size_t n_metadata,
                                 gcl_error *err);

/** Where the data of tensors that are being written comes from. */
typedef struct gcl_tensor_source {
    void *self;
    /* *data holds what the shape and the dtype of t need, and is borrowed until the next call */
    gcl_status (*read)(void *self, const gcl_tensor_view *t, const void **data, gcl_error *err);
} gcl_tensor_source;

/**
 * The same, taking one tensor's data after the other from source, so that the memory of one is
 * enough; the data of the views is not looked at. An error of source is returned as it is.
 */
gcl_status gcl_safetensors_write_from(const char *path, const gcl_tensor_view *tensors,
                                      size_t n_tensors, const gcl_metadata_pair *metadata,
                                      size_t n_metadata, const gcl_tensor_source *source,
                                      gcl_error *err);

/**
 * Longest JSON header read or written, in bytes: ten times that of the largest CLIP with its merges.
 * Parsed, it may take 80 times as much memory; the published library's limit, 100 MB, would let a
 * file take 8 GB.
 */
#define GCL_SAFETENSORS_MAX_HEADER (8 << 20)

#ifdef __cplusplus
}
#endif
#endif
