/**
 * Assigns memory to slots by liveness: two slots share bytes only when their lives do not overlap.
 */
#ifndef GCL_HOST_ARENA_H
#define GCL_HOST_ARENA_H

#include <stddef.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_life {
    size_t bytes;    /* > 0 */
    int first, last; /* steps, inclusive */
    int arena;       /* result */
    size_t offset;   /* result, a multiple of align */
} gcl_life;

/**
 * Greedy by size: the largest slot first, each at the lowest offset of the first arena where it
 * fits between the slots that live at the same time (Pisarchyk & Lee, arXiv 2001.03288).
 *
 * @param max_bytes     limit of one arena (CL_DEVICE_MAX_MEM_ALLOC_SIZE)
 * @param arena_bytes   [*n_arenas] sizes; owned (free)
 * @return GCL_E_BUFFER when one slot alone is larger than max_bytes
 */
gcl_status gcl_arena_assign(gcl_life *lives, int n, size_t align, size_t max_bytes,
                            size_t **arena_bytes, int *n_arenas, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
