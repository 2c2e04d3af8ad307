/**
 * A weight file of any kind that is read, told by its content: safetensors, or what torch.save and
 * torch.jit.save write.
 */
#ifndef GCL_WEIGHTS_TENSOR_FILE_H
#define GCL_WEIGHTS_TENSOR_FILE_H

#include <stddef.h>

#include "base/error.h"
#include "weights/safetensors.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_tensor_file gcl_tensor_file;

/**
 * Opens path; no tensor is read yet. The file must not shrink while it is open.
 *
 * @param out  owned by the caller (gcl_tensor_file_close); NULL after an error
 * @return GCL_OK; GCL_E_FORMAT for a file of no kind that is read; what the reader of its kind returns
 */
gcl_status gcl_tensor_file_open(gcl_tensor_file **out, const char *path, gcl_error *err);

/** Legal on NULL. Every view and string of the file is invalid afterwards. */
void gcl_tensor_file_close(gcl_tensor_file *file);

/** What a user calls its kind ("TorchScript archive"); static string. */
const char *gcl_tensor_file_format(const gcl_tensor_file *file);

size_t gcl_tensor_file_count(const gcl_tensor_file *file);

/** Tensor i < count, in the order of the file; borrowed. Its data is valid once it is loaded. */
const gcl_tensor_view *gcl_tensor_file_at(const gcl_tensor_file *file, size_t i);

/** Makes the data of tensor i available, row-major, until it is dropped or the file closed. */
gcl_status gcl_tensor_file_load(gcl_tensor_file *file, size_t i, gcl_error *err);

/** Gives back the memory that the data of tensor i takes; it may be loaded again. */
void gcl_tensor_file_drop(gcl_tensor_file *file, size_t i);

/** As gcl_safetensors_metadata and gcl_torch_file_metadata, and so on. */
const char *gcl_tensor_file_metadata(const gcl_tensor_file *file, const char *key);
size_t gcl_tensor_file_metadata_count(const gcl_tensor_file *file);
const char *gcl_tensor_file_metadata_key(const gcl_tensor_file *file, size_t i);

/** The file if it is one of safetensors, else NULL; borrowed. */
const gcl_safetensors *gcl_tensor_file_safetensors(const gcl_tensor_file *file);

#ifdef __cplusplus
}
#endif
#endif
