/**
 * A model on a device: weights, one plan per part, and the calls that the program is made of.
 */
#ifndef GCL_MODEL_MODEL_H
#define GCL_MODEL_MODEL_H

#include "host/plan.h"
#include "model/checkpoint.h"
#include "model/parts.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_model gcl_model;

/**
 * @param out         owned (gcl_model_destroy)
 * @param ctx         borrowed, outlives the model
 * @param checkpoint  borrowed, outlives the model
 * @param options     for every plan; NULL for the defaults
 */
gcl_status gcl_model_create(gcl_model **out, gcl_context *ctx, gcl_checkpoint *checkpoint,
                            const gcl_plan_options *options, gcl_error *err);
void gcl_model_destroy(gcl_model *m);

/** Borrowed from m. */
const gcl_config *gcl_model_config(const gcl_model *m);

/**
 * The plan of a part for a batch size, made at its first use; text for context_length tokens. A
 * part keeps one plan: asking for another batch size or number of tokens replaces it.
 *
 * @param out  borrowed from m
 */
gcl_status gcl_model_plan(gcl_model *m, gcl_plan **out, gcl_part part, size_t batch,
                          gcl_error *err);

/** The same for the first T tokens of each sentence (gcl_text_graph). */
gcl_status gcl_model_text_plan(gcl_model *m, gcl_plan **out, size_t batch, size_t T,
                               gcl_error *err);

/**
 * Runs the text tower up to the end token of the longest sentence, once for sentences of the same
 * tokens. A sentence's vector does not depend on the other sentences.
 *
 * @param tokens     [n, context_length], ids below vocab_size (GCL_E_ARG otherwise); a sentence
 *                   ends with its highest id, the first if there are several (host/ops/pool_eot.h)
 * @param sentences  [n, embed_dim], written
 */
gcl_status gcl_model_encode_text(gcl_model *m, const int32_t *tokens, size_t n, float *sentences,
                                 gcl_error *err);

/** Latents of pictures first .. first + n - 1 of a run with this seed; a row depends on seed and
 *  index alone. @param noise  [n, nz], written */
gcl_status gcl_model_noise(gcl_model *m, uint64_t seed, size_t first, size_t n, float *noise,
                           gcl_error *err);

/** Called after each batch with the pictures done so far. */
typedef void (*gcl_progress)(void *user, size_t done, size_t total);

/**
 * Draws n pictures, batch at a time. A picture does not depend on the batch size; the rows that
 * a last, partial batch leaves free are computed and dropped.
 *
 * @param noise      [n, nz]
 * @param sentences  [n, cond_dim]
 * @param rgb        [n, image_size, image_size, 3], written
 * @param progress   NULL: none
 */
gcl_status gcl_model_draw(gcl_model *m, const float *noise, const float *sentences, size_t n,
                          size_t batch, uint8_t *rgb, gcl_progress progress, void *user,
                          gcl_error *err);

/** A photo [height, width, 3] through plain CLIP preprocessing. @param embedding [embed_dim] */
gcl_status gcl_model_encode_photo(gcl_model *m, const uint8_t *rgb, size_t width, size_t height,
                                  float *embedding, gcl_error *err);

/** @param cosine  [n_images, n_texts], written */
gcl_status gcl_model_cosine(gcl_model *m, const float *images, size_t n_images, const float *texts,
                            size_t n_texts, float *cosine, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
