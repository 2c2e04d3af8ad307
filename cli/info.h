/**
 * The part of `galip info` that reads weight files.
 */
#ifndef GCL_CLI_INFO_H
#define GCL_CLI_INFO_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "model/config.h"

/**
 * Prints what a safetensors or PyTorch file holds; no tensor is loaded.
 *
 * @param tensors  every tensor too
 */
gcl_status cli_info_weights(const char *path, bool json, bool tensors, gcl_error *err);

/** A new reference. */
json_t *cli_info_config(const gcl_config *c);

#endif
