/**
 * The part of `galip info` that reads weight files.
 */
#ifndef GCL_CLI_INFO_H
#define GCL_CLI_INFO_H

#include <stdbool.h>

#include "base/error.h"

/**
 * Prints what a safetensors or PyTorch file holds; no tensor is loaded.
 *
 * @param tensors  every tensor too
 */
gcl_status cli_info_weights(const char *path, bool json, bool tensors, gcl_error *err);

#endif
