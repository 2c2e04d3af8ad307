/**
 * Kernel sources: embedded at build time, or read from the folder named by GALIP_KERNEL_DIR.
 */
#ifndef GCL_HOST_KERNEL_SOURCE_H
#define GCL_HOST_KERNEL_SOURCE_H

#include <stddef.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_embedded_kernel {
    const char *name; /* path below kernels/: "linear.cl", "common/epilogue.h" */
    const char *text; /* NUL-terminated */
    size_t bytes;     /* without the NUL */
} gcl_embedded_kernel;

/** Generated table; ends with a NULL name. */
extern const gcl_embedded_kernel gcl_embedded_kernels[];

/**
 * Source text of kernels/PROGRAM.cl with its `#include "common/..."` lines replaced by the files
 * they name, so that what is compiled and what keys the binary cache are the same text.
 *
 * @param text   NUL-terminated; owned (free)
 */
gcl_status gcl_kernel_source(char **text, const char *program, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
