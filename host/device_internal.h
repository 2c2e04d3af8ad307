/* device_internal.h - what device.c decides from, for its tests. */
#ifndef GCL_HOST_DEVICE_INTERNAL_H
#define GCL_HOST_DEVICE_INTERNAL_H

#include "host/device.h"

/** Floats of a vector in the code that PoCL compiles: those of the CPU that ends its version
 *  (CL_DEVICE_VERSION), at most those of the host. */
unsigned gcl_pocl_vector_width(const char *version, unsigned host_width);

/** What tells of a device's sub-groups; 0 or "" where it does not say. */
typedef struct gcl_subgroup_facts {
    const char *name, *extensions; /* of the device */
    unsigned nv_major;             /* CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV */
    bool is_amd;                   /* it has a CL_DEVICE_WAVEFRONT_WIDTH_AMD */
    size_t sizes[8];               /* of its sub-groups, ascending */
} gcl_subgroup_facts;

gcl_matrix_unit gcl_matrix_unit_from(const gcl_subgroup_facts *f);
gcl_lanes_by gcl_lanes_by_from(const gcl_subgroup_facts *f);

#endif
