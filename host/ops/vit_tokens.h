/** The tokens of a vision transformer from a map of patches. */
#ifndef GCL_HOST_OPS_VIT_TOKENS_H
#define GCL_HOST_OPS_VIT_TOKENS_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * One further token, then a token for each pixel of the map, row by row, and positions added.
 *
 * @param map        [B, C, H, W] f32
 * @param first      [C] f32: the further token (CLIP's class_embedding)
 * @param positions  [1 + H*W, C] f32
 * @return           [B, 1 + H*W, C]; GCL_E_SHAPE when they do not fit
 *
 * Source: arXiv:2010.11929 eq. 1; openai/CLIP model.py, VisionTransformer.
 */
gcl_value gcl_vit_tokens(gcl_graph *g, gcl_value map, gcl_value first, gcl_value positions);

#ifdef __cplusplus
}
#endif
#endif
