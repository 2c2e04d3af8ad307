/** CLIP's text and image towers (Radford et al. 2021; openai/CLIP model.py) as graphs. */
#ifndef GCL_MODEL_CLIP_H
#define GCL_MODEL_CLIP_H

#include "host/graph.h"
#include "model/config.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The first T <= context_length tokens [B, T] i32 -> sentence [B, embed_dim], not normalised.
 * Names: text.tokens (ln_final of the T tokens), text.sentence.
 */
gcl_value gcl_clip_text(gcl_graph *g, const gcl_config *c, gcl_value tokens);

/** Patch map [B, vision_width, grid, grid] -> tokens [B, 1 + grid^2, vision_width]: class token
 *  first, positions added, ln_pre. */
gcl_value gcl_clip_vit_tokens(gcl_graph *g, const gcl_config *c, gcl_value map);

/** The patch tokens (all but the first) as a map [B, vision_width, grid, grid]. */
gcl_value gcl_clip_vit_map(gcl_graph *g, const gcl_config *c, gcl_value tokens);

/** Frozen block i of the image tower, of the tokens x, the first of all (gcl_layer_resblock). */
gcl_value gcl_clip_vit_block(gcl_graph *g, const gcl_config *c, gcl_value x, gcl_value all,
                             size_t i);

/** CLIP's normalisation of RGB x * gain + offset in [0, 1]. */
gcl_value gcl_clip_normalize(gcl_graph *g, gcl_value x, float gain, float offset);

/** Whether the image tower has the blocks that NetD reads; when not, the graph has failed. */
bool gcl_clip_has_features(gcl_graph *g, const gcl_config *c);

/**
 * Normalised pixels [B, 3, image_size, image_size] -> embedding [B, embed_dim].
 *
 * @param features   [B, GCL_FEATURE_LAYERS, vision_width, grid, grid] after feature_layers; NULL
 *                   when it is not wanted
 */
gcl_value gcl_clip_image(gcl_graph *g, const gcl_config *c, gcl_value pixels, gcl_value *features);

#ifdef __cplusplus
}
#endif
#endif
