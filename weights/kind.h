/**
 * What kind of weight file a path is, told by its first bytes and never by its name.
 */
#ifndef GCL_WEIGHTS_KIND_H
#define GCL_WEIGHTS_KIND_H

#include <stddef.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gcl_weights_kind {
    GCL_WEIGHTS_UNKNOWN,
    GCL_WEIGHTS_SAFETENSORS,
    /* a zip archive, checkpoint or TorchScript: gcl_torch_file_is_script tells once it is open */
    GCL_WEIGHTS_TORCH,
    GCL_WEIGHTS_TORCH_LEGACY /* before PyTorch 1.6: gcl_torch_file_open says what to do about it */
} gcl_weights_kind;

/**
 * A file of a known kind may still be broken; the reader of that kind says how.
 *
 * @return GCL_OK, with GCL_WEIGHTS_UNKNOWN for any other file, an empty one too; GCL_E_FILE when it
 *         cannot be read
 */
gcl_status gcl_weights_kind_of(gcl_weights_kind *out, const char *path, gcl_error *err);

/** The same from the first bytes of a file; 16 are enough. */
gcl_weights_kind gcl_weights_kind_of_bytes(const void *data, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
