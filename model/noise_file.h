/**
 * Latents from a file instead of from a seed.
 */
#ifndef GCL_MODEL_NOISE_FILE_H
#define GCL_MODEL_NOISE_FILE_H

#include <stddef.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Reads tensor `noise`, or else `in.noise` (golden files), of a .safetensors file.
 *
 * @param noise  [n, nz], written; undefined after an error
 *
 * @return GCL_OK; GCL_E_NOT_FOUND without such a tensor; GCL_E_SHAPE unless it is F32 [n, nz];
 *         GCL_E_FORMAT for a value that is not finite; what gcl_safetensors_open returns.
 */
gcl_status gcl_noise_file_read(float *noise, const char *path, size_t n, size_t nz, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
