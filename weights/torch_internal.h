/**
 * Inside of the reader of PyTorch files: from the pickle's values to named tensors.
 */
#ifndef GCL_WEIGHTS_TORCH_INTERNAL_H
#define GCL_WEIGHTS_TORCH_INTERNAL_H

#include <stdint.h>

#include "base/file.h"
#include "weights/pickle.h"
#include "weights/torch_file.h"
#include "weights/zip.h"

typedef struct gcl_torch_tensor {
    gcl_tensor_view view;                 /* its name is owned */
    gcl_zip_entry *entry;                 /* the storage; borrowed from the archive */
    uint64_t offset;                      /* of the first element, in elements */
    uint64_t stride[GCL_TENSOR_MAX_RANK]; /* in elements */
    void *gathered;                       /* owned; NULL while not loaded, or when contiguous */
} gcl_torch_tensor;

typedef struct gcl_torch_text {
    char *key, *value; /* owned */
} gcl_torch_text;

struct gcl_torch_file {
    char *path;
    gcl_map map; /* empty when opened from memory */
    gcl_zip *zip;
    char *prefix; /* folder of the entries, without the slash */
    bool is_script;
    gcl_torch_tensor *tensors;
    size_t count, room;
    const gcl_tensor_view **by_name; /* [count], sorted */
    gcl_torch_text *metadata;        /* sorted by key */
    size_t n_metadata, metadata_room;
};

/** PREFIX/name, name of up to 32 bytes; NULL when the archive has none. */
gcl_zip_entry *gcl_torch_file_entry(const gcl_torch_file *file, const char *name);

/** What a global of a pickle is for. */
enum {
    GCL_TORCH_STORAGE,                                             /* + its gcl_tensor_dtype */
    GCL_TORCH_DTYPE = GCL_TORCH_STORAGE + GCL_TENSOR_DTYPE_COUNT_, /* + the gcl_tensor_dtype */
    GCL_TORCH_UNTYPED = GCL_TORCH_DTYPE + GCL_TENSOR_DTYPE_COUNT_, /* a storage of bytes */
    GCL_TORCH_TENSOR,    /* (storage, offset, size, stride, ...) */
    GCL_TORCH_TENSOR_V3, /* (storage, offset, size, stride, requires_grad, hooks, dtype, ...) */
    GCL_TORCH_PARAMETER, /* (tensor, ...) */
    GCL_TORCH_WRAPPER,   /* (value, ...): stands for the value */
    GCL_TORCH_OBJECT,    /* of a TorchScript class: its state is a dict of attributes */
    GCL_TORCH_OTHER      /* without interest */
};

/** The globals allowed in a pickle; TorchScript's own are among them when is_script. Static. */
const gcl_pickle_global *gcl_torch_globals(size_t *count, bool is_script);

/**
 * Reads tensor t from a call of one of PyTorch's functions and checks it against its storage; file and
 * name of its view are set.
 *
 * @param call  a CALL of GCL_TORCH_TENSOR, _V3 or _PARAMETER
 */
gcl_status gcl_torch_tensor_read(gcl_torch_tensor *t, const gcl_torch_file *file,
                                 const gcl_pickle_value *call, gcl_error *err);

bool gcl_torch_tensor_is_contiguous(const gcl_torch_tensor *t);

/** Writes the elements of a storage into dst, [t->view.bytes], row-major. */
void gcl_torch_tensor_gather(const gcl_torch_tensor *t, const uint8_t *storage, uint8_t *dst);

/** Fills tensors and metadata from the values below root, in their order. */
gcl_status gcl_torch_collect(gcl_torch_file *file, const gcl_pickle_value *root, gcl_error *err);

#endif
