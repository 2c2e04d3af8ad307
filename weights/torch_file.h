/**
 * Reader of the files that torch.save and torch.jit.save write: a zip archive whose PREFIX/data.pkl
 * is a pickle of the objects and whose PREFIX/data/N are the bytes of the tensors.
 *
 * Nothing of a file is executed: the pickle is read as data (weights/pickle.h), and of a TorchScript
 * archive only the attributes of the objects are looked at, never its code.
 *
 * Source: pytorch/torch/serialization.py, torch/_utils.py; torch/csrc/jit/serialization/pickler.cpp.
 */
#ifndef GCL_WEIGHTS_TORCH_FILE_H
#define GCL_WEIGHTS_TORCH_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "weights/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An open file, mapped read-only. Not for several threads at once, because of loading. */
typedef struct gcl_torch_file gcl_torch_file;

/**
 * Maps path and checks its directory, its pickle and every tensor against its storage; tensor values
 * are not looked at. The file must not shrink while it is open.
 *
 * Names are the keys from the root to the tensor joined by dots ("model.netG.conv_out.weight"), of
 * TorchScript the attributes; elements of lists and tuples go by their index. The state of an
 * optimizer (a dict with `state` and `param_groups`) is left out.
 *
 * @param out  owned by the caller (gcl_torch_file_close); NULL after an error
 *
 * @return GCL_OK; GCL_E_FILE when the file cannot be opened or mapped; GCL_E_NOMEM; GCL_E_UNSUPPORTED
 *         for what PyTorch writes and this does not read: the format before PyTorch 1.6, big-endian
 *         data, pickled classes, other kinds of tensors; GCL_E_FORMAT for everything else that is
 *         wrong with the file, docs/weights.md lists it.
 */
gcl_status gcl_torch_file_open(gcl_torch_file **out, const char *path, gcl_error *err);

/** The same with the bytes of a file, which are borrowed until close; path is for messages. */
gcl_status gcl_torch_file_open_memory(gcl_torch_file **out, const char *path, const void *data,
                                      size_t bytes, gcl_error *err);

/** Legal on NULL. Every view and string of the file is invalid afterwards. */
void gcl_torch_file_close(gcl_torch_file *file);

/** The path given to open; borrowed. */
const char *gcl_torch_file_path(const gcl_torch_file *file);

/** Whether torch.jit.save wrote it, not torch.save. */
bool gcl_torch_file_is_script(const gcl_torch_file *file);

size_t gcl_torch_file_count(const gcl_torch_file *file);

/** Tensor i < count, in the order of the pickle; borrowed. Its data is NULL until it is loaded. */
const gcl_tensor_view *gcl_torch_file_at(const gcl_torch_file *file, size_t i);

/** Tensor of that name, O(log count); borrowed; NULL when there is none. */
const gcl_tensor_view *gcl_torch_file_find(const gcl_torch_file *file, const char *name);

/**
 * Sets the data of tensor i, row-major: the mapped bytes where the archive stores them so, else
 * memory that the file owns (compressed entries, strided tensors). The first use of an entry checks
 * its CRC.
 *
 * @return GCL_OK, also when it is loaded already; GCL_E_NOMEM; GCL_E_FORMAT for a wrong CRC or
 *         compressed data that is broken, naming the tensor; its data then stays NULL.
 */
gcl_status gcl_torch_file_load(gcl_torch_file *file, size_t i, gcl_error *err);

/** Gives back the memory that the data of tensor i takes, unless its entry is a compressed one, which
 *  others may share. It may be loaded again. */
void gcl_torch_file_drop(gcl_torch_file *file, size_t i);

/**
 * Whole numbers, floats and strings of the pickle ("epoch" of GALIP's checkpoints), by names made as
 * those of the tensors: the value as text; borrowed; NULL when there is none.
 */
const char *gcl_torch_file_metadata(const gcl_torch_file *file, const char *key);

size_t gcl_torch_file_metadata_count(const gcl_torch_file *file);

/** Metadata key i < metadata_count, in byte order; borrowed. */
const char *gcl_torch_file_metadata_key(const gcl_torch_file *file, size_t i);

#ifdef __cplusplus
}
#endif
#endif
