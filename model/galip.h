/** GALIP's generator and discriminator (arXiv 2301.12959) as graphs. */
#ifndef GCL_MODEL_GALIP_H
#define GCL_MODEL_GALIP_H

#include "host/graph.h"
#include "model/config.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * NetG: noise [B, nz] and sentence [B, cond_dim] -> picture [B, 3, image_size, image_size],
 * unclamped (there is no tanh; values leave [-1, 1]).
 * Names: gen.prompts, gen.bridge, gen.mapped, gen.stage_in, gen.stage0, gen.stage1, ...
 */
gcl_value gcl_galip_netg(gcl_graph *g, const gcl_config *c, gcl_value noise, gcl_value sentence);

/** NetD: features [B, 3, vision_width, grid, grid] -> [B, 8 ndf, grid, grid]. */
gcl_value gcl_galip_netd(gcl_graph *g, const gcl_config *c, gcl_value features);

/** NetC: NetD's map and the sentence [B, cond_dim] -> logit [B, 1, oH, oW] (1x1 for grid 7). */
gcl_value gcl_galip_netc(gcl_graph *g, const gcl_config *c, gcl_value map, gcl_value sentence);

#ifdef __cplusplus
}
#endif
#endif
