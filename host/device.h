/**
 * OpenCL devices of this machine: listing, choice, and the capability record that every decision
 * about variants and launch shapes is made from.
 */
#ifndef GCL_HOST_DEVICE_H
#define GCL_HOST_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <CL/cl.h>

#include "base/error.h"
#include "host/matrix_unit.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How lanes of a sub-group read each other's values; those of the kernels' LANES_BY. */
typedef enum gcl_lanes_by {
    GCL_LANES_LOCAL, /* through local memory: nothing better is known */
    GCL_LANES_INTEL, /* cl_intel_subgroups */
    GCL_LANES_NV,    /* shfl.sync */
    GCL_LANES_AMD    /* v_readlane */
} gcl_lanes_by;

typedef struct gcl_device_info {
    cl_platform_id platform;
    cl_device_id id;
    int index; /* position over all platforms, as `galip devices` prints it */
    cl_device_type type;
    char name[128];
    char vendor[128];
    char driver[128];
    char version[128]; /* CL_DEVICE_VERSION */
    char platform_name[128];
    unsigned compute_units; /* at least 1 */
    unsigned clock_mhz;
    unsigned vector_width_f32; /* of the code that the driver compiles, elements */
    size_t max_work_group;     /* work-items */
    size_t max_work_item[3];   /* work-items per dimension */
    size_t mem_align_bytes;    /* alignment of a sub-buffer's origin */
    uint64_t global_mem_bytes;
    uint64_t max_alloc_bytes; /* limit of one buffer */
    uint64_t local_mem_bytes;
    uint64_t cache_bytes;    /* of global memory's cache; the last one of a CPU */
    bool fp16;               /* cl_khr_fp16: half arithmetic */
    bool fp64;               /* cl_khr_fp64 or core */
    bool subgroups;          /* cl_khr_subgroups or cl_intel_subgroups */
    unsigned subgroup_sizes; /* sizes that a kernel may ask for, powers of two, added up */
    size_t subgroup_size;    /* work-items that run in lock step; 0 when the device does not say */
    gcl_lanes_by lanes_by;
    gcl_matrix_unit matrix_unit;
    size_t max_rounds;   /* rounds of all loops of a work-item, after which the driver ends them;
                             0: no limit */
    bool unified_memory; /* host and device share memory */
} gcl_device_info;

/**
 * Lists every available device of every platform, in the loader's order. Platforms that report
 * no device or an error are passed over. No platform at all gives *n = 0 and GCL_OK.
 *
 * @param out   array of *n records; owned (free)
 */
gcl_status gcl_device_list(gcl_device_info **out, size_t *n, gcl_error *err);

/**
 * Finds one device. which is an index ("1") or a part of a device or platform name, case ignored
 * ("radeon"). NULL or "" means the environment variable GALIP_DEVICE, and when that is unset the
 * first GPU, else the first device.
 *
 * @return GCL_E_NOT_FOUND when nothing fits; the message lists what there is.
 */
gcl_status gcl_device_find(gcl_device_info *out, const char *which, gcl_error *err);

/** True also of a simulator that is every type at once. */
static inline bool gcl_device_is_cpu(const gcl_device_info *device)
{
    return (device->type & CL_DEVICE_TYPE_CPU) != 0;
}

/** "local memory", "intel", "nv" or "amd"; static string. */
const char *gcl_lanes_by_name(gcl_lanes_by by);

/** "CPU", "GPU", "accelerator" or "other"; static string. */
const char *gcl_device_type_name(const gcl_device_info *device);

#ifdef __cplusplus
}
#endif
#endif
