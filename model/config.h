/**
 * Dimensions of a CLIP + GALIP model.
 *
 * Everything that a tensor's shape tells is read from the shapes; what no shape tells (heads,
 * layers that see a prompt or feed the discriminator, the mapper's gain) comes from the file's
 * metadata, from the preset that the metadata names, or from the published rule. The names are
 * those of CLIP's and GALIP's sources.
 */
#ifndef GCL_MODEL_CONFIG_H
#define GCL_MODEL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "weights/tensor_set.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GCL_MAX_PROMPTS = 64, GCL_FEATURE_LAYERS = 3, GCL_MAX_G_BLOCKS = 16 };

typedef struct gcl_config {
    char preset[32]; /* "galip-224", "galip-56"; "" when a file names none */

    /* CLIP image tower (visual.*); 0 when the weights have none */
    size_t image_size, patch_size, vision_width, vision_layers, vision_heads;
    /* CLIP text tower; 0 when the weights have none */
    size_t context_length, vocab_size, text_width, text_layers, text_heads;
    size_t embed_dim;
    bool exact_gelu; /* GELU in both towers; false: QuickGELU, as OpenAI's */

    /* NetG; 0 when the weights have none. cond_dim is the sentence's length alone. */
    size_t nz, cond_dim, ngf, code_size, code_ch, mid_ch, map_blocks, g_blocks;
    size_t n_prompts;                      /* prompt k belongs to prompt_layers[k] */
    size_t prompt_layers[GCL_MAX_PROMPTS]; /* mapper blocks that see one more token */
    float mapper_gain;                     /* bridge + gain * mapped */

    /* NetD and NetC; false when the weights have none */
    bool has_netd;
    size_t ndf;
    size_t feature_layers[GCL_FEATURE_LAYERS]; /* image-tower blocks that NetD reads */
} gcl_config;

/** grid x grid patches. */
size_t gcl_config_grid(const gcl_config *c);

/** One G_Block: channels in and out, and the size that its resize gives. */
typedef struct gcl_g_stage {
    size_t in_ch, out_ch, size;
} gcl_g_stage;

/** Stage i < g_blocks: channels halve from 8 ngf, sizes double from 8, the last is image_size. */
gcl_g_stage gcl_config_stage(const gcl_config *c, size_t i);

/** Name of preset i, NULL behind the last. */
const char *gcl_config_preset_name(int i);

/** GCL_E_NOT_FOUND, listing the names, for an unknown one. */
gcl_status gcl_config_preset(gcl_config *out, const char *name, gcl_error *err);

/** Size i of those that shapes tell; its name, a static string, NULL behind the last. */
const char *gcl_config_size(const gcl_config *c, int i, size_t *value);

/**
 * Whether what shapes tell of c is as in preset; parts that c lacks are not compared.
 *
 * @param origin  where c is from, for messages
 * @return GCL_OK; GCL_E_SHAPE, naming what differs
 */
gcl_status gcl_config_check(const gcl_config *c, const gcl_config *preset, const char *origin,
                            gcl_error *err);

/** Reads shapes and metadata; GCL_E_FORMAT when they describe neither CLIP nor GALIP, GCL_E_NOT_FOUND
 *  when a part lacks a tensor that gives it its dimensions. */
gcl_status gcl_config_from_tensors(gcl_config *out, const gcl_tensor_set *set, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
