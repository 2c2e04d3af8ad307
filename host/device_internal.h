/* device_internal.h - what device.c decides from, for its tests. */
#ifndef GCL_HOST_DEVICE_INTERNAL_H
#define GCL_HOST_DEVICE_INTERNAL_H

/** Floats of a vector in the code that PoCL compiles: those of the CPU that ends its version
 *  (CL_DEVICE_VERSION), at most those of the host. */
unsigned gcl_pocl_vector_width(const char *version, unsigned host_width);

#endif
