/**
 * The graphs that the program runs: each part of the pipeline with named inputs and outputs.
 *
 * part         inputs                                     outputs
 * text         tokens [B, context_length] i32, or [B, T]   text.sentence [B, embed_dim]
 *              (gcl_text_graph)
 * noise        key [B, 4] i32 (host/ops/normal_noise.h)   noise [B, nz]
 * netG         noise [B, nz], sentence [B, cond_dim]      gen.image [B, 3, s, s],
 *                                                         gen.rgb [B, s, s, 3] u8
 * image        image [B, 3, s, s] in [-1, 1]              image.features [B, 3, C, grid, grid],
 *                                                         image.embedding [B, embed_dim]
 * netD         features, sentence                         disc.logit [B, 1, 1, 1]
 *
 * `image` is GALIP's encoder: nearest resize to CLIP's size, then from [-1, 1] to [0, 1] twice
 * ((x + 1) / 2 after x / 2 + 1 / 2), so that CLIP sees [0.5, 1]. Trained checkpoints depend on it.
 */
#ifndef GCL_MODEL_PARTS_H
#define GCL_MODEL_PARTS_H

#include "host/graph.h"
#include "model/config.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gcl_part {
    GCL_PART_TEXT,
    GCL_PART_NOISE,
    GCL_PART_NETG,
    GCL_PART_IMAGE,
    GCL_PART_NETD,
    GCL_PART_COUNT_
} gcl_part;

/** "text", "noise", "netG", "image", "netD"; static string. */
const char *gcl_part_name(gcl_part part);

/** GCL_E_NOT_FOUND, listing the names, for an unknown one. */
gcl_status gcl_part_find(gcl_part *out, const char *name, gcl_error *err);

/**
 * @param out  owned (gcl_graph_destroy)
 * @return GCL_E_NOT_FOUND when the configuration lacks the part, naming it
 */
gcl_status gcl_part_graph(gcl_graph **out, const gcl_config *c, gcl_part part, size_t batch,
                          gcl_error *err);

/**
 * The part text for the first T tokens of each sentence: input tokens [B, T]. The tower is causal,
 * so with T up to the end tokens or further the sentences are the same, bit for bit.
 *
 * @return GCL_E_ARG unless T is 1 .. context_length
 */
gcl_status gcl_text_graph(gcl_graph **out, const gcl_config *c, size_t batch, size_t T,
                          gcl_error *err);

/**
 * A user's photo through plain CLIP preprocessing (bicubic resize of the short side, centre crop,
 * normalise) and the image tower. Input photo [height, width, 3] u8; output image.embedding
 * [1, embed_dim].
 */
gcl_status gcl_photo_graph(gcl_graph **out, const gcl_config *c, size_t width, size_t height,
                           gcl_error *err);

/** Cosine similarity of embeddings: inputs image [n_images, d], text [n_texts, d]; output
 *  cosine [n_images, n_texts]. */
gcl_status gcl_cosine_graph(gcl_graph **out, size_t n_images, size_t n_texts, size_t d,
                            gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
