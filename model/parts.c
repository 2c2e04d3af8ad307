/* parts.c - the pipeline's graphs. */
#include "model/parts.h"

#include <string.h>

#include "host/ops/cosine.h"
#include "host/ops/normal_noise.h"
#include "host/ops/resize_bicubic.h"
#include "host/ops/rgb_pack.h"
#include "host/ops/rgb_unpack.h"
#include "model/clip.h"
#include "model/galip.h"

static const char *const names[GCL_PART_COUNT_] = {"text", "noise", "netG", "image", "netD"};

const char *gcl_part_name(gcl_part part)
{
    return names[part];
}

gcl_status gcl_part_find(gcl_part *out, const char *name, gcl_error *err)
{
    for (int i = 0; i < GCL_PART_COUNT_; i++)
        if (strcmp(names[i], name) == 0) {
            *out = (gcl_part)i;
            return GCL_OK;
        }
    return GCL_FAIL(err, GCL_E_NOT_FOUND,
                    "there is no part \"%s\"; there are text, noise, netG, image, netD", name);
}

static gcl_status check_part(const gcl_config *c, gcl_part part, gcl_error *err)
{
    const bool has_text = c->text_width > 0, has_vit = c->vision_width > 0;
    const bool has[GCL_PART_COUNT_] = {has_text, c->nz > 0, c->nz > 0 && has_vit, has_vit,
                                       c->has_netd && has_vit};

    if (has[part])
        return GCL_OK;
    return GCL_FAIL(err, GCL_E_NOT_FOUND,
                    "the weights lack what %s needs: text tower %s, image "
                    "tower %s, netG %s, netD and netC %s",
                    names[part], has_text ? "there" : "missing", has_vit ? "there" : "missing",
                    c->nz > 0 ? "there" : "missing", c->has_netd ? "there" : "missing");
}

static gcl_value input_picture(gcl_graph *g, const gcl_config *c, size_t B)
{
    return gcl_graph_input(g, "image", GCL_F32, GCL_SHAPE(B, 3, c->image_size, c->image_size));
}

static gcl_value input_sentence(gcl_graph *g, size_t B, size_t d)
{
    return gcl_graph_input(g, "sentence", GCL_F32, GCL_SHAPE(B, d));
}

static void build_text(gcl_graph *g, const gcl_config *c, size_t B, size_t T)
{
    const gcl_value tokens = gcl_graph_input(g, "tokens", GCL_I32, GCL_SHAPE(B, T));

    gcl_graph_make_output(g, gcl_clip_text(g, c, tokens));
}

static void build_noise(gcl_graph *g, const gcl_config *c, size_t B)
{
    gcl_graph_scope(g, "noise");
    gcl_graph_output(
        g, gcl_normal_noise(g, gcl_graph_input(g, "key", GCL_I32, GCL_SHAPE(B, 4)), c->nz),
        "noise");
}

static void build_netg(gcl_graph *g, const gcl_config *c, size_t B)
{
    const gcl_value noise = gcl_graph_input(g, "noise", GCL_F32, GCL_SHAPE(B, c->nz));
    const gcl_value image = gcl_galip_netg(g, c, noise, input_sentence(g, B, c->cond_dim));

    gcl_graph_output(g, image, "gen.image");
    gcl_graph_output(g, gcl_rgb_pack(g, image), "gen.rgb");
}

static void build_image(gcl_graph *g, const gcl_config *c, size_t B)
{
    const gcl_value picture = input_picture(g, c, B);
    gcl_value features = GCL_NO_VALUE, embedding;

    /* without GALIP's resize to image_size, which pictures have */
    gcl_graph_scope(g, "image.preprocess");
    embedding = gcl_clip_image(g, c, gcl_clip_normalize(g, picture, 0.25f, 0.75f), &features);
    gcl_graph_make_output(g, features);
    gcl_graph_make_output(g, embedding);
}

static void build_netd(gcl_graph *g, const gcl_config *c, size_t B)
{
    const size_t grid = gcl_config_grid(c);
    const gcl_value features = gcl_graph_input(
        g, "features", GCL_F32, GCL_SHAPE(B, GCL_FEATURE_LAYERS, c->vision_width, grid, grid));
    const gcl_value map = gcl_galip_netd(g, c, features);

    /* NetC's sentence is what the text tower gives: embed_dim long, as NetG's cond_dim */
    gcl_graph_output(g, gcl_galip_netc(g, c, map, input_sentence(g, B, c->cond_dim)), "disc.logit");
}

gcl_status gcl_part_graph(gcl_graph **out, const gcl_config *c, gcl_part part, size_t batch,
                          size_t tokens, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_graph *g = NULL;

    *out = NULL;
    GCL_TRY(check_part(c, part, err));
    if (part == GCL_PART_TEXT && tokens > c->context_length) {
        st = GCL_FAIL(err, GCL_E_ARG, "text of %zu tokens, the text tower takes 1 .. %zu", tokens,
                      c->context_length);
        goto done;
    }
    GCL_TRY(gcl_graph_create(&g, err));
    switch (part) {
    case GCL_PART_TEXT:
        build_text(g, c, batch, tokens > 0 ? tokens : c->context_length);
        break;
    case GCL_PART_NOISE:
        build_noise(g, c, batch);
        break;
    case GCL_PART_NETG:
        build_netg(g, c, batch);
        break;
    case GCL_PART_IMAGE:
        build_image(g, c, batch);
        break;
    default:
        build_netd(g, c, batch);
        break;
    }
    GCL_TRY(gcl_graph_status(g, err));
    *out = g;
    g = NULL;
done:
    gcl_graph_destroy(g);
    return st;
}

gcl_status gcl_photo_graph(gcl_graph **out, const gcl_config *c, size_t width, size_t height,
                           gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_graph *g = NULL;
    size_t out_h, out_w, top, left;
    const size_t s = c->image_size;
    gcl_value x;

    *out = NULL;
    GCL_TRY(check_part(c, GCL_PART_IMAGE, err));
    if (width == 0 || height == 0) {
        st = GCL_FAIL(err, GCL_E_ARG, "photo of %zu x %zu pixels", width, height);
        goto done;
    }
    GCL_TRY(gcl_graph_create(&g, err));
    gcl_graph_scope(g, "photo.preprocess");
    gcl_clip_resize_window(width, height, s, &out_h, &out_w, &top, &left);
    x = gcl_graph_input(g, "photo", GCL_U8, GCL_SHAPE(height, width, 3));
    x = gcl_resize_bicubic(g, x, out_h, out_w, top, left, s, s);
    x = gcl_rgb_unpack(g, gcl_graph_reshape(g, x, GCL_SHAPE(1, s, s, 3)));
    x = gcl_clip_image(g, c, gcl_clip_normalize(g, x, 1.0f, 0.0f), NULL);
    gcl_graph_make_output(g, x);
    GCL_TRY(gcl_graph_status(g, err));
    *out = g;
    g = NULL;
done:
    gcl_graph_destroy(g);
    return st;
}

gcl_status gcl_cosine_graph(gcl_graph **out, size_t n_images, size_t n_texts, size_t d,
                            gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_graph *g = NULL;

    *out = NULL;
    GCL_TRY(gcl_graph_create(&g, err));
    gcl_graph_output(g,
                     gcl_cosine(g, gcl_graph_input(g, "image", GCL_F32, GCL_SHAPE(n_images, d)),
                                gcl_graph_input(g, "text", GCL_F32, GCL_SHAPE(n_texts, d))),
                     "cosine");
    GCL_TRY(gcl_graph_status(g, err));
    *out = g;
    g = NULL;
done:
    gcl_graph_destroy(g);
    return st;
}
