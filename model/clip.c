/* clip.c - CLIP's towers. */
#include "model/clip.h"

#include <stdio.h>

#include "host/ops/add.h"
#include "host/ops/concat.h"
#include "host/ops/conv2d.h"
#include "host/ops/embedding.h"
#include "host/ops/linear.h"
#include "host/ops/normalize_rgb.h"
#include "host/ops/pool_eot.h"
#include "host/ops/slice.h"
#include "host/ops/vit_map.h"
#include "host/ops/vit_tokens.h"
#include "model/layers.h"

static gcl_act activation(const gcl_config *c)
{
    return c->exact_gelu ? GCL_ACT_GELU : GCL_ACT_QUICK_GELU;
}

gcl_value gcl_clip_text(gcl_graph *g, const gcl_config *c, gcl_value tokens)
{
    const size_t T = gcl_layer_dim(g, tokens, 1);
    char prefix[64];
    gcl_value x, positions, sentence;

    gcl_graph_scope(g, "text.embedding");
    x = gcl_embedding(
        g, tokens,
        gcl_graph_weight(g, "token_embedding.weight", GCL_SHAPE(c->vocab_size, c->text_width)));
    positions =
        gcl_graph_weight(g, "positional_embedding", GCL_SHAPE(c->context_length, c->text_width));
    if (T != c->context_length)
        positions = gcl_slice(g, positions, 0, 0, T);
    x = gcl_add(g, x, positions, 1.0f);
    for (size_t i = 0; i < c->text_layers; i++) {
        snprintf(prefix, sizeof prefix, "transformer.resblocks.%zu", i);
        gcl_graph_scope(g, "text.%s", prefix);
        x = gcl_layer_resblock(g, x, x, prefix, c->text_heads, true, activation(c));
    }
    gcl_graph_scope(g, "text.projection");
    x = gcl_layer_norm(g, x, "ln_final");
    gcl_graph_name(g, x, "text.tokens");
    sentence = gcl_linear_nobias(
        g, gcl_pool_eot(g, x, tokens),
        gcl_graph_weight(g, "text_projection", GCL_SHAPE(c->text_width, c->embed_dim)),
        GCL_LINEAR_KN);
    gcl_graph_name(g, sentence, "text.sentence");
    return sentence;
}

gcl_value gcl_clip_vit_tokens(gcl_graph *g, const gcl_config *c, gcl_value map)
{
    const size_t w = c->vision_width, n_patches = gcl_config_grid(c) * gcl_config_grid(c);
    const gcl_value x = gcl_vit_tokens(
        g, map, gcl_graph_weight(g, "visual.class_embedding", GCL_SHAPE(w)),
        gcl_graph_weight(g, "visual.positional_embedding", GCL_SHAPE(n_patches + 1, w)));

    return gcl_layer_norm(g, x, "visual.ln_pre");
}

gcl_value gcl_clip_vit_map(gcl_graph *g, const gcl_config *c, gcl_value tokens)
{
    return gcl_vit_map(g, tokens, gcl_config_grid(c), gcl_config_grid(c));
}

gcl_value gcl_clip_vit_block(gcl_graph *g, const gcl_config *c, gcl_value x, gcl_value all,
                             size_t i)
{
    char prefix[64];

    snprintf(prefix, sizeof prefix, "visual.transformer.resblocks.%zu", i);
    return gcl_layer_resblock(g, x, all, prefix, c->vision_heads, false, activation(c));
}

gcl_value gcl_clip_normalize(gcl_graph *g, gcl_value x, float gain, float offset)
{
    static const float mean[3] = {0.48145466f, 0.4578275f, 0.40821073f};
    static const float std[3] = {0.26862954f, 0.26130258f, 0.27577711f};

    return gcl_normalize_rgb(g, x, gain, offset, mean, std);
}

bool gcl_clip_has_features(gcl_graph *g, const gcl_config *c)
{
    size_t least = 0;

    for (int i = 0; i < GCL_FEATURE_LAYERS; i++) {
        if (c->feature_layers[i] < least || c->feature_layers[i] >= c->vision_layers) {
            gcl_graph_fail(g, GCL_E_ARG,
                           "feature_layers %zu, %zu, %zu must rise within the image tower's "
                           "%zu blocks",
                           c->feature_layers[0], c->feature_layers[1], c->feature_layers[2],
                           c->vision_layers);
            return false;
        }
        least = c->feature_layers[i] + 1;
    }
    return true;
}

/* The first token of x [B, T, vision_width]. */
static gcl_value class_token(gcl_graph *g, gcl_value x)
{
    return gcl_layer_dim(g, x, 1) == 1 ? x : gcl_slice(g, x, 1, 0, 1);
}

gcl_value gcl_clip_image(gcl_graph *g, const gcl_config *c, gcl_value pixels, gcl_value *features)
{
    const size_t B = gcl_layer_dim(g, pixels, 0), w = c->vision_width, grid = gcl_config_grid(c);
    gcl_value tap[GCL_FEATURE_LAYERS];
    size_t n_taps = 0;
    gcl_value x, embedding;

    if (pixels == GCL_NO_VALUE || (features != NULL && !gcl_clip_has_features(g, c)))
        return GCL_NO_VALUE;
    gcl_graph_scope(g, "image.patches");
    x = gcl_conv2d_nobias(
        g, pixels,
        gcl_graph_weight(g, "visual.conv1.weight", GCL_SHAPE(w, 3, c->patch_size, c->patch_size)),
        (int)c->patch_size, 0);
    x = gcl_clip_vit_tokens(g, c, x);
    for (size_t i = 0; i < c->vision_layers; i++) {
        gcl_graph_scope(g, "image.resblocks.%zu", i);
        const bool is_tap =
            features != NULL && n_taps < GCL_FEATURE_LAYERS && i == c->feature_layers[n_taps];
        /* behind the last block only the class token is read */
        const bool is_last = i + 1 == c->vision_layers && !is_tap;
        x = gcl_clip_vit_block(g, c, is_last ? class_token(g, x) : x, x, i);
        if (is_tap)
            tap[n_taps++] =
                gcl_graph_reshape(g, gcl_clip_vit_map(g, c, x), GCL_SHAPE(B, 1, w, grid, grid));
    }
    if (features != NULL) {
        *features = gcl_concat(g, tap, GCL_FEATURE_LAYERS, 1);
        gcl_graph_name(g, *features, "image.features");
    }
    gcl_graph_scope(g, "image.projection");
    x = gcl_graph_reshape(g, class_token(g, x), GCL_SHAPE(B, w));
    embedding = gcl_linear_nobias(g, gcl_layer_norm(g, x, "visual.ln_post"),
                                  gcl_graph_weight(g, "visual.proj", GCL_SHAPE(w, c->embed_dim)),
                                  GCL_LINEAR_KN);
    gcl_graph_name(g, embedding, "image.embedding");
    return embedding;
}
