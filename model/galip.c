/* galip.c - GALIP's networks. */
#include "model/galip.h"

#include <stdio.h>

#include "host/ops/activation.h"
#include "host/ops/add.h"
#include "host/ops/concat.h"
#include "host/ops/dfblk.h"
#include "host/ops/grouped_linear.h"
#include "host/ops/repeat.h"
#include "host/ops/resize_nearest.h"
#include "host/ops/slice.h"
#include "model/clip.h"
#include "model/layers.h"

/* ---- NetG ---- */

/* Lists of weights of linear layers side by side. */
typedef struct layers {
    gcl_value w, bias;
} layers;

static void add_layer(gcl_graph *g, layers *l, const char *prefix, size_t n_out, size_t n_in)
{
    gcl_graph_list_add(g, l->w, gcl_layer_param(g, prefix, "weight", GCL_SHAPE(n_out, n_in)));
    gcl_graph_list_add(g, l->bias, gcl_layer_param(g, prefix, "bias", GCL_SHAPE(n_out)));
}

/* The networks that give gammas and betas of DFBLK SCOPE.FUSE: Linear, ReLU, Linear on cond; hidden
 * width = channels. */
static void add_affines(gcl_graph *g, layers *hidden, layers *last, const char *scope,
                        const char *fuse, size_t n_in, size_t ch)
{
    static const char *const parts[] = {"affine0.fc_gamma", "affine0.fc_beta", "affine1.fc_gamma",
                                        "affine1.fc_beta"};
    char prefix[160];

    for (int i = 0; i < 4; i++) {
        snprintf(prefix, sizeof prefix, "%s.%s.%s.linear1", scope, fuse, parts[i]);
        add_layer(g, hidden, prefix, ch, n_in);
        snprintf(prefix, sizeof prefix, "%s.%s.%s.linear2", scope, fuse, parts[i]);
        add_layer(g, last, prefix, ch, ch);
    }
}

/* Gammas and betas of all DFBLKs, and the column from which the next one reads them. */
typedef struct affines {
    gcl_value all;
    size_t at;
} affines;

/* All of them at once, as they depend on cond only; in the order in which NetG comes to the DFBLKs. */
static affines all_affines(gcl_graph *g, const gcl_config *c, gcl_value cond)
{
    const size_t n_in = gcl_layer_dim(g, cond, 1);
    layers hidden = {gcl_graph_list(g), gcl_graph_list(g)};
    layers last = {gcl_graph_list(g), gcl_graph_list(g)};
    char scope[64];
    gcl_value h;

    gcl_graph_scope(g, "netG.affines");
    for (size_t i = 0; i < c->map_blocks; i++) {
        snprintf(scope, sizeof scope, "netG.mapping.FBlocks.%zu", i);
        add_affines(g, &hidden, &last, scope, "fuse1", n_in, c->mid_ch);
        add_affines(g, &hidden, &last, scope, "fuse2", n_in, c->code_ch);
    }
    for (size_t i = 0; i < c->g_blocks; i++) {
        snprintf(scope, sizeof scope, "netG.GBlocks.%zu", i);
        add_affines(g, &hidden, &last, scope, "fuse1", n_in, gcl_config_stage(c, i).in_ch);
        add_affines(g, &hidden, &last, scope, "fuse2", n_in, gcl_config_stage(c, i).out_ch);
    }
    h = gcl_activation(g, gcl_grouped_linear(g, cond, hidden.w, hidden.bias), GCL_ACT_RELU, 0.0f);
    return (affines){gcl_grouped_linear(g, h, last.w, last.bias), 0};
}

static gcl_value dfblk(gcl_graph *g, gcl_value x, affines *a)
{
    const gcl_value y = gcl_dfblk(g, x, a->all, a->at);

    a->at += 4 * gcl_layer_dim(g, x, 1);
    return y;
}

/* M_Block of the bridge predictor. */
static gcl_value m_block(gcl_graph *g, const gcl_config *c, gcl_value x, affines *a, size_t i)
{
    char prefix[64], conv[80];
    gcl_value h;

    snprintf(prefix, sizeof prefix, "netG.mapping.FBlocks.%zu", i);
    gcl_graph_scope(g, "%s", prefix);
    snprintf(conv, sizeof conv, "%s.conv1", prefix);
    h = dfblk(g, gcl_layer_conv(g, x, conv, c->mid_ch, 3, 1), a);
    snprintf(conv, sizeof conv, "%s.conv2", prefix);
    h = dfblk(g, gcl_layer_conv(g, h, conv, c->code_ch, 3, 1), a);
    return gcl_add(g, x, h, 1.0f);
}

/* CLIP_Mapper: the frozen ViT over the bridge; block prompt_layers[k] sees prompt k as one more
 * token (no position, no LayerNorm), which is dropped behind it, so that it is a key and a value only. */
static gcl_value clip_mapper(gcl_graph *g, const gcl_config *c, gcl_value bridge, gcl_value prompts)
{
    size_t k = 0;
    gcl_value x;

    gcl_graph_scope(g, "netG.mapping.CLIP_ViT");
    x = gcl_clip_vit_tokens(g, c, bridge);
    for (size_t i = 0; i < c->vision_layers; i++) {
        gcl_graph_scope(g, "netG.mapping.CLIP_ViT.%zu", i);
        if (k < c->n_prompts && i == c->prompt_layers[k]) {
            const gcl_value with[2] = {x, gcl_slice(g, prompts, 1, k, 1)};
            x = gcl_clip_vit_block(g, c, x, gcl_concat(g, with, 2, 1), i);
            k++;
        } else {
            x = gcl_clip_vit_block(g, c, x, x, i);
        }
    }
    if (k < c->n_prompts)
        return gcl_graph_fail(g, GCL_E_ARG,
                              "prompt_layers: %zu prompts must rise within the image tower's %zu "
                              "blocks",
                              c->n_prompts, c->vision_layers);
    return gcl_clip_vit_map(g, c, x);
}

/* G_Block i: resize, then DFBLK, conv, DFBLK, conv beside the shortcut of the resized input. */
static gcl_value g_block(gcl_graph *g, const gcl_config *c, gcl_value x, affines *a, size_t i)
{
    const gcl_g_stage stage = gcl_config_stage(c, i);
    char prefix[64], conv[80];
    gcl_value h;

    snprintf(prefix, sizeof prefix, "netG.GBlocks.%zu", i);
    gcl_graph_scope(g, "%s", prefix);
    x = gcl_resize_nearest(g, x, stage.size, stage.size);
    snprintf(conv, sizeof conv, "%s.c1", prefix);
    h = gcl_layer_conv(g, dfblk(g, x, a), conv, stage.out_ch, 3, 1);
    snprintf(conv, sizeof conv, "%s.c2", prefix);
    h = gcl_layer_conv(g, dfblk(g, h, a), conv, stage.out_ch, 3, 1);
    snprintf(conv, sizeof conv, "%s.c_sc", prefix);
    if (stage.in_ch != stage.out_ch)
        x = gcl_layer_conv(g, x, conv, stage.out_ch, 1, 0);
    return gcl_add(g, x, h, 1.0f);
}

gcl_value gcl_galip_netg(gcl_graph *g, const gcl_config *c, gcl_value noise, gcl_value sentence)
{
    const size_t B = gcl_layer_dim(g, noise, 0), w = c->vision_width;
    const gcl_value parts[2] = {noise, sentence}; /* noise first */
    gcl_value cond, prompts, x, bridge, mapped;
    affines a;
    char name[32];

    if (noise == GCL_NO_VALUE)
        return noise;
    gcl_graph_scope(g, "netG.mapping");
    cond = gcl_concat(g, parts, 2, 1);
    a = all_affines(g, c, cond);
    gcl_graph_scope(g, "netG.mapping");
    prompts = gcl_layer_linear(g, cond, "netG.mapping.fc_prompt", w * c->n_prompts);
    prompts = gcl_graph_reshape(g, prompts, GCL_SHAPE(B, c->n_prompts, w));
    gcl_graph_name(g, prompts, "gen.prompts");
    x = gcl_layer_linear(g, noise, "netG.fc_code", c->code_size * c->code_size * c->code_ch);
    x = gcl_graph_reshape(g, x, GCL_SHAPE(B, c->code_ch, c->code_size, c->code_size));
    for (size_t i = 0; i < c->map_blocks; i++)
        x = m_block(g, c, x, &a, i);
    gcl_graph_scope(g, "netG.mapping");
    bridge = gcl_layer_conv(g, x, "netG.mapping.conv_fuse", w, 5, 2);
    gcl_graph_name(g, bridge, "gen.bridge");
    mapped = clip_mapper(g, c, bridge, prompts);
    gcl_graph_name(g, mapped, "gen.mapped");
    gcl_graph_scope(g, "netG.mapping");
    x = gcl_layer_conv(g, gcl_add(g, bridge, mapped, c->mapper_gain), "netG.mapping.conv",
                       8 * c->ngf, 5, 2);
    gcl_graph_name(g, x, "gen.stage_in");
    for (size_t i = 0; i < c->g_blocks; i++) {
        x = g_block(g, c, x, &a, i);
        snprintf(name, sizeof name, "gen.stage%zu", i);
        gcl_graph_name(g, x, name);
    }
    gcl_graph_scope(g, "netG.to_rgb");
    return gcl_layer_conv(g, gcl_layer_lrelu(g, x), "netG.to_rgb.1", 3, 3, 1);
}

/* ---- NetD and NetC ---- */

/* The residual of a D block, scaled by its learned gamma and added to the shortcut. */
static gcl_value d_residual(gcl_graph *g, gcl_value x, gcl_value shortcut, const char *prefix,
                            size_t c_out)
{
    char conv[96];
    gcl_value r;

    snprintf(conv, sizeof conv, "%s.conv_r.0", prefix);
    r = gcl_layer_lrelu(g, gcl_layer_conv_nobias(g, x, conv, c_out, 3, 1));
    snprintf(conv, sizeof conv, "%s.conv_r.2", prefix);
    r = gcl_layer_lrelu(g, gcl_layer_conv_nobias(g, r, conv, c_out, 3, 1));
    return gcl_scale_add(g, shortcut, r, gcl_layer_param(g, prefix, "gamma", GCL_SHAPE(1)));
}

/* features[:, i] as [B, C, grid, grid] */
static gcl_value feature(gcl_graph *g, const gcl_config *c, gcl_value features, size_t i)
{
    const size_t grid = gcl_config_grid(c);

    return gcl_graph_reshape(g, gcl_slice(g, features, 1, i, 1),
                             GCL_SHAPE(gcl_layer_dim(g, features, 0), c->vision_width, grid, grid));
}

gcl_value gcl_galip_netd(gcl_graph *g, const gcl_config *c, gcl_value features)
{
    gcl_value x, shortcut;
    char prefix[64];

    if (features == GCL_NO_VALUE || !gcl_clip_has_features(g, c))
        return GCL_NO_VALUE;
    gcl_graph_scope(g, "netD");
    x = feature(g, c, features, 0);
    for (size_t i = 0; i + 1 < GCL_FEATURE_LAYERS; i++) {
        snprintf(prefix, sizeof prefix, "netD.DBlocks.%zu", i);
        gcl_graph_scope(g, "%s", prefix);
        x = d_residual(g, x, x, prefix, c->vision_width);
        x = gcl_scale_add(g, x, feature(g, c, features, i + 1),
                          gcl_layer_param(g, prefix, "beta", GCL_SHAPE(1)));
    }
    gcl_graph_scope(g, "netD.main");
    shortcut = c->vision_width == 8 * c->ndf
                   ? x
                   : gcl_layer_conv(g, x, "netD.main.conv_s", 8 * c->ndf, 1, 0);
    return d_residual(g, x, shortcut, "netD.main", 8 * c->ndf);
}

gcl_value gcl_galip_netc(gcl_graph *g, const gcl_config *c, gcl_value map, gcl_value sentence)
{
    const size_t B = gcl_layer_dim(g, map, 0), grid = gcl_config_grid(c);
    gcl_value x[2] = {map, GCL_NO_VALUE};

    if (map == GCL_NO_VALUE)
        return map;
    gcl_graph_scope(g, "netC");
    x[1] = gcl_graph_reshape(g, gcl_repeat(g, sentence, 1, grid * grid),
                             GCL_SHAPE(B, gcl_layer_dim(g, sentence, 1), grid, grid));
    x[0] = gcl_layer_conv_nobias(g, gcl_concat(g, x, 2, 1), "netC.joint_conv.0", 2 * c->ndf, 4, 0);
    return gcl_layer_conv_nobias(g, gcl_layer_lrelu(g, x[0]), "netC.joint_conv.2", 1, 4, 0);
}
