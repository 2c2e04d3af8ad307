/**
 * A kernel made from the description of its launch.
 */
#ifndef GCL_HOST_KERNEL_H
#define GCL_HOST_KERNEL_H

#include "host/context.h"
#include "host/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Builds the launch's program with its options and more_options (NULL: none), makes the kernel, and
 * halves the launch's groups until the kernel allows them.
 *
 * @param out  owned (clReleaseKernel)
 */
gcl_status gcl_kernel_create(gcl_context *ctx, cl_kernel *out, gcl_launch *launch,
                             const char *more_options, gcl_error *err);

/** Sets argument i of the launch; mem is that of its slot, if it has one. */
gcl_status gcl_kernel_set_arg(cl_kernel kernel, const gcl_launch *launch, int i, cl_mem mem,
                              gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
