/**
 * Work-groups that compute tiles of a product, as the GPU variants of linear launch them: limits, cost,
 * and the launches, of which there are two where K is split over work-groups.
 */
#ifndef GCL_HOST_OPS_COMMON_LINEAR_TILE_H
#define GCL_HOST_OPS_COMMON_LINEAR_TILE_H

#include "host/ops/common/linear_attr.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Of a vector of 4 fetched ahead, and its address. */
enum { GCL_FETCH_REGISTERS = 6 };

typedef struct gcl_linear_tile {
    size_t rows, columns; /* of a work-group */
    size_t group;         /* work-items of it */
    size_t step;          /* k at once: parts of K are multiples */
    size_t split;         /* parts of K, each of work-groups of its own */
    size_t local_bytes;
    size_t registers; /* of a work-item, 4 bytes each, by estimate */
    double time;      /* of a multiply-add on one compute unit, in those of fp32 */
} gcl_linear_tile;

/** The smallest sub-groups of an Intel GPU, which leave a work-item the most registers; 0 elsewhere. */
static inline unsigned gcl_intel_subgroup(const gcl_device_info *device)
{
    const bool is_one = device->lanes_by == GCL_LANES_INTEL && !gcl_device_is_cpu(device);
    const unsigned sizes = is_one ? device->subgroup_sizes : 0;

    return sizes & (~sizes + 1);
}

/** Whether the variants can take the node at all: w is packable and, on a CPU, which has better ones and
 *  takes these for tests, the product is small. Else writes the reason. */
bool gcl_linear_tile_accepts(const gcl_graph *g, const gcl_node *node,
                             const gcl_device_info *device, char *why, size_t why_bytes);

/** Whether the device can run it on these sizes; else writes the reason. */
bool gcl_linear_tile_fits(const gcl_linear_tile *t, gcl_linear_sizes s,
                          const gcl_device_info *device, char *why, size_t why_bytes);

/** Time of the whole product by a model, in multiply-adds of a compute unit. */
double gcl_linear_tile_cost(const gcl_linear_tile *t, gcl_linear_sizes s,
                            const gcl_device_info *device);

/** What a variant makes its choice from: values to try, each with several
 *  numbers of parts of K, which tunable `split` is, and what they mean. */
typedef struct gcl_linear_tiles {
    const gcl_tuning *list;
    size_t n;
    int split;
    gcl_linear_tile (*tile_of)(const gcl_tuning *tuning);
    bool (*allows)(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                   const gcl_tuning *tuning, char *why, size_t why_bytes);
} gcl_linear_tiles;

/** The values of least cost; where none is allowed, the last of the list. */
void gcl_linear_tile_choose(const gcl_linear_tiles *from, const gcl_graph *g, const gcl_node *node,
                            const gcl_device_info *device, gcl_tuning *out);

/** Adds the launch, in whose options are the variant's own, and what finishes parts of K.
 *  @param tunables  of the variant; the last is SPLIT */
gcl_status gcl_linear_tile_emit(const gcl_linear_tile *t, gcl_emit *e, const gcl_graph *g,
                                const gcl_node *node, const gcl_tunable *tunables, gcl_slot w,
                                gcl_launch *l, gcl_error *err);

/** The three variants: what gcl_variant asks for besides gcl_linear_tile_accepts. */
#define GCL_LINEAR_TILE_VARIANT(name)                                                          \
    extern const gcl_tunable gcl_linear_##name##_tunables[];                                   \
    void gcl_linear_##name##_choose(const gcl_graph *g, const gcl_node *node,                  \
                                    const gcl_device_info *device, gcl_tuning *out);           \
    bool gcl_linear_##name##_allows(const gcl_graph *g, const gcl_node *node,                  \
                                    const gcl_device_info *device, const gcl_tuning *tuning,   \
                                    char *why, size_t why_bytes);                              \
    gcl_status gcl_linear_##name##_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node, \
                                        gcl_error *err);

GCL_LINEAR_TILE_VARIANT(tiled)    /* tiles in local memory */
GCL_LINEAR_TILE_VARIANT(subgroup) /* tiles in the registers of a sub-group */
GCL_LINEAR_TILE_VARIANT(mma)      /* tiles in local memory, multiplied by matrix units */

#ifdef __cplusplus
}
#endif
#endif
