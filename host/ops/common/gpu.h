/** What kernels with local memory need to know of a device, and the tile that they multiply
 *  (kernels/common/tile.h). */
#ifndef GCL_HOST_OPS_COMMON_GPU_H
#define GCL_HOST_OPS_COMMON_GPU_H

#include "host/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Parts of the device that have a local memory each. Intel counts its execution units instead, 16 of
 *  which share one, or 8 before 2022. */
size_t gcl_gpu_cores(const gcl_device_info *device);

/** Its work-items have the fewest registers: 16 together share 128 of 8 or 16 elements. */
bool gcl_is_intel_gpu(const gcl_device_info *device);

/** Whether a group of n work-items in one dimension, and bytes of local memory for it, can be had; the
 *  reason as in gcl_variant.accepts. */
bool gcl_gpu_group_fits(const gcl_device_info *device, size_t n, size_t local_bytes, char *why,
                        size_t why_bytes);

/** Whether a buffer of so many floats can be had. */
bool gcl_gpu_floats_fit(const gcl_device_info *device, size_t n, char *why, size_t why_bytes);

/** Whether the device's driver lets the loops of a work-item go round so often. */
bool gcl_gpu_rounds_fit(const gcl_device_info *device, size_t rounds, char *why, size_t why_bytes);

/** A launch of nx * ny * nz groups of n work-items, for a kernel that requires this size. */
void gcl_gpu_launch(gcl_launch *l, size_t n, size_t nx, size_t ny, size_t nz);

/** Tunables BM, BN, BK, TM, TN of kernels/common/tile.h, in this order. */
typedef struct gcl_tile {
    size_t BM, BN, BK, TM, TN;
} gcl_tile;

/** The first five of a tuning. */
gcl_tile gcl_tile_of(const gcl_tuning *tuning);

gcl_tuning gcl_tile_tuning(const gcl_tile *t);

/** Appends them to the options. */
void gcl_tile_options(const gcl_tile *t, gcl_launch *l);

/** Work-items of a group. */
size_t gcl_tile_group(const gcl_tile *t);

/** Whether the values suit each other and the device. */
bool gcl_tile_fits(const gcl_tile *t, const gcl_device_info *device, char *why, size_t why_bytes);

/**
 * About how long n_groups of n work-items take of which each has some work, in multiply-adds of a core: the
 * core that has most groups shares its time among them, and is idle for a part of it where they are few
 * work-items.
 */
double gcl_gpu_cost(const gcl_device_info *device, size_t n_groups, size_t n, double work);

/** The same for n_groups of a tile that sum K terms. */
double gcl_tile_cost(const gcl_tile *t, const gcl_device_info *device, size_t n_groups, size_t K);

/** The same of moving bytes to and from memory, and of launches beyond the first. */
double gcl_gpu_traffic_cost(const gcl_device_info *device, size_t bytes, size_t n_launches);

#ifdef __cplusplus
}
#endif
#endif
