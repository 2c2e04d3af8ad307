/* config.c - presets, and reading dimensions from tensor shapes. */
#include "model/config.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* Published: OpenAI ViT-B/32 and GALIP's CC12M/COCO configuration ("imsize 256" sets the number
 * of G_Blocks; the last one resizes to 224, CLIP's input). galip-56: the same structure, small. */
static const gcl_config presets[] = {
    {
        .preset = "galip-224",
        .image_size = 224,
        .patch_size = 32,
        .vision_width = 768,
        .vision_layers = 12,
        .vision_heads = 12,
        .context_length = 77,
        .vocab_size = 49408,
        .text_width = 512,
        .text_layers = 12,
        .text_heads = 8,
        .embed_dim = 512,
        .nz = 100,
        .cond_dim = 512,
        .ngf = 64,
        .code_size = 7,
        .code_ch = 64,
        .mid_ch = 32,
        .map_blocks = 4,
        .g_blocks = 6,
        .n_prompts = 8,
        .prompt_layers = {1, 2, 3, 4, 5, 6, 7, 8},
        .mapper_gain = 0.1f,
        .has_netd = true,
        .ndf = 64,
        .feature_layers = {1, 4, 8},
    },
    {
        .preset = "galip-56",
        .image_size = 56,
        .patch_size = 8,
        .vision_width = 128,
        .vision_layers = 4,
        .vision_heads = 2,
        .context_length = 24,
        .vocab_size = 1024,
        .text_width = 128,
        .text_layers = 3,
        .text_heads = 2,
        .embed_dim = 64,
        .nz = 32,
        .cond_dim = 64,
        .ngf = 16,
        .code_size = 7,
        .code_ch = 32,
        .mid_ch = 16,
        .map_blocks = 2,
        .g_blocks = 4,
        .n_prompts = 2,
        .prompt_layers = {1, 2},
        .mapper_gain = 0.1f,
        .has_netd = true,
        .ndf = 16,
        .feature_layers = {1, 2, 3},
    },
};

enum { N_PRESETS = sizeof presets / sizeof presets[0], MAX_BLOCKS = 1000 };

size_t gcl_config_grid(const gcl_config *c)
{
    return c->patch_size == 0 ? 0 : c->image_size / c->patch_size;
}

static size_t stage_channels(const gcl_config *c, size_t i)
{
    const size_t from_end = c->g_blocks - i; /* channels: ngf * min(2^from_end, 8) */

    return c->ngf * (from_end >= 3 ? 8 : (size_t)1 << from_end);
}

gcl_g_stage gcl_config_stage(const gcl_config *c, size_t i)
{
    gcl_g_stage s = {stage_channels(c, i), stage_channels(c, i + 1), (size_t)8 << i};

    if (i + 1 == c->g_blocks)
        s.size = c->image_size;
    return s;
}

const char *gcl_config_preset_name(int i)
{
    return i >= 0 && i < N_PRESETS ? presets[i].preset : NULL;
}

gcl_status gcl_config_preset(gcl_config *out, const char *name, gcl_error *err)
{
    for (int i = 0; i < N_PRESETS; i++)
        if (strcmp(presets[i].preset, name) == 0) {
            *out = presets[i];
            return GCL_OK;
        }
    return GCL_FAIL(err, GCL_E_NOT_FOUND,
                    "there is no preset \"%s\"; there are galip-224, galip-56", name);
}

#define SIZE(name)                        \
    {                                     \
#name, offsetof(gcl_config, name) \
    }

const char *gcl_config_size(const gcl_config *c, int i, size_t *value)
{
    static const struct {
        const char *name;
        size_t offset;
    } sizes[] = {
        SIZE(image_size),
        SIZE(patch_size),
        SIZE(vision_width),
        SIZE(vision_layers),
        SIZE(embed_dim),
        SIZE(vocab_size),
        SIZE(context_length),
        SIZE(text_width),
        SIZE(text_layers),
        SIZE(nz),
        SIZE(cond_dim),
        SIZE(ngf),
        SIZE(code_size),
        SIZE(code_ch),
        SIZE(mid_ch),
        SIZE(map_blocks),
        SIZE(g_blocks),
        SIZE(n_prompts),
        SIZE(ndf),
    };

    if (i < 0 || (size_t)i >= sizeof sizes / sizeof sizes[0])
        return NULL;
    memcpy(value, (const char *)c + sizes[i].offset, sizeof *value);
    return sizes[i].name;
}

gcl_status gcl_config_check(const gcl_config *c, const gcl_config *preset, const char *origin,
                            gcl_error *err)
{
    const char *name;
    size_t is = 0, required = 0;

    for (int i = 0; (name = gcl_config_size(c, i, &is)) != NULL; i++) {
        gcl_config_size(preset, i, &required);
        if (is != 0 && is != required)
            return GCL_FAIL(err, GCL_E_SHAPE,
                            "%s is not of preset \"%s\": its tensors make %s %zu, needs %zu",
                            origin, preset->preset, name, is, required);
    }
    return GCL_OK;
}

/* ---- from shapes ---- */

/* The file that a tensor is from; all of them when there is no such tensor. */
static const char *origin_of(const gcl_tensor_set *set, const char *name)
{
    const gcl_tensor_view *t = gcl_tensor_set_find(set, name);

    return t != NULL && t->file != NULL ? t->file : set->origin;
}

/* A tensor that decides dimensions: its shape, or all zero when the file has none. A tensor of
 * another rank is an error. */
static gcl_status shape_of(const gcl_tensor_set *set, const char *name, int rank,
                           uint64_t shape[GCL_TENSOR_MAX_RANK], gcl_error *err)
{
    const gcl_tensor_view *t = gcl_tensor_set_find(set, name);
    char text[GCL_TENSOR_SHAPE_TEXT_BYTES];

    memset(shape, 0, GCL_TENSOR_MAX_RANK * sizeof *shape);
    if (t == NULL)
        return GCL_OK;
    if (t->rank != rank || t->count == 0)
        return GCL_FAIL(err, GCL_E_SHAPE, "%s: tensor %s is %s, needs %d dims, none of them 0",
                        origin_of(set, name), name, gcl_tensor_shape_text(text, t->rank, t->shape),
                        rank);
    memcpy(shape, t->shape, (size_t)rank * sizeof *shape);
    return GCL_OK;
}

/* 1 + the highest N of the tensors PREFIX.N.*, so that a missing tensor is missed by its name
 * later, and does not make the model shorter. */
static size_t count_blocks(const gcl_tensor_set *set, const char *prefix)
{
    const size_t n = strlen(prefix);
    size_t blocks = 0;

    for (size_t i = 0; i < set->count; i++) {
        const char *name = set->tensors[i]->name;
        if (strncmp(name, prefix, n) == 0 && name[n] == '.') {
            const size_t index = strtoul(name + n + 1, NULL, 10);
            blocks = index + 1 > blocks && index < MAX_BLOCKS ? index + 1 : blocks;
        }
    }
    return blocks;
}

/* Tensors that give one part its dimensions: all of them are there, or none. */
static gcl_status check_whole(const gcl_tensor_set *set, const char *const *names, int n,
                              gcl_error *err)
{
    const char *there = NULL, *missing = NULL;

    for (int i = 0; i < n; i++)
        *(gcl_tensor_set_find(set, names[i]) != NULL ? &there : &missing) = names[i];
    if (there == NULL || missing == NULL)
        return GCL_OK;
    return GCL_FAIL(err, GCL_E_NOT_FOUND, "%s has tensor %s but not %s", origin_of(set, there),
                    there, missing);
}

/* Root of a square number; 0 for any other. */
static size_t exact_root(uint64_t n)
{
    const uint64_t r = (uint64_t)(sqrt((double)n) + 0.5);

    return r * r == n ? (size_t)r : 0;
}

static gcl_status read_clip(gcl_config *c, const gcl_tensor_set *set, gcl_error *err)
{
    static const char *const text[] = {"token_embedding.weight", "positional_embedding"};
    gcl_status st = GCL_OK;
    uint64_t s[GCL_TENSOR_MAX_RANK];
    size_t grid;

    GCL_TRY(shape_of(set, "visual.conv1.weight", 4, s, err));
    c->vision_width = (size_t)s[0];
    c->patch_size = (size_t)s[3];
    GCL_TRY(shape_of(set, "visual.positional_embedding", 2, s, err));
    grid = s[0] == 0 ? 0 : exact_root(s[0] - 1);
    if (c->vision_width > 0 && s[0] == 0) {
        st =
            GCL_FAIL(err, GCL_E_NOT_FOUND,
                     "%s has tensor visual.conv1.weight but not visual.positional_embedding: image "
                     "towers other than ViT are not supported",
                     origin_of(set, "visual.conv1.weight"));
        goto done;
    }
    if (c->vision_width > 0 && grid == 0) {
        st = GCL_FAIL(err, GCL_E_SHAPE,
                      "%s: tensor visual.positional_embedding has %llu rows, needs 1 + a square",
                      origin_of(set, "visual.positional_embedding"), (unsigned long long)s[0]);
        goto done;
    }
    c->image_size = grid * c->patch_size;
    c->vision_layers = count_blocks(set, "visual.transformer.resblocks");
    GCL_TRY(shape_of(set, "visual.proj", 2, s, err));
    c->embed_dim = (size_t)s[1];
    GCL_TRY(check_whole(set, text, 2, err));
    GCL_TRY(shape_of(set, "token_embedding.weight", 2, s, err));
    c->vocab_size = (size_t)s[0];
    c->text_width = (size_t)s[1];
    GCL_TRY(shape_of(set, "positional_embedding", 2, s, err));
    c->context_length = (size_t)s[0];
    c->text_layers = count_blocks(set, "transformer.resblocks");
    GCL_TRY(shape_of(set, "text_projection", 2, s, err));
    if (s[1] > 0)
        c->embed_dim = (size_t)s[1];
done:
    return st;
}

static gcl_status read_galip(gcl_config *c, const gcl_tensor_set *set, gcl_error *err)
{
    static const char *const netg[] = {"netG.fc_code.weight", "netG.mapping.FBlocks.0.conv1.weight",
                                       "netG.mapping.fc_prompt.weight", "netG.mapping.conv.weight"};
    gcl_status st = GCL_OK;
    uint64_t s[GCL_TENSOR_MAX_RANK];
    uint64_t code_rows;

    GCL_TRY(check_whole(set, netg, 4, err));
    GCL_TRY(shape_of(set, "netG.fc_code.weight", 2, s, err));
    code_rows = s[0];
    c->nz = (size_t)s[1];
    GCL_TRY(shape_of(set, "netG.mapping.FBlocks.0.conv1.weight", 4, s, err));
    c->mid_ch = (size_t)s[0];
    c->code_ch = (size_t)s[1];
    c->map_blocks = count_blocks(set, "netG.mapping.FBlocks");
    if (c->nz > 0 && (c->code_ch == 0 || exact_root(code_rows / c->code_ch) == 0)) {
        st = GCL_FAIL(err, GCL_E_SHAPE,
                      "%s: tensor netG.fc_code.weight has %llu rows, needs a square times the %zu "
                      "channels of netG.mapping.FBlocks.0.conv1.weight",
                      set->origin, (unsigned long long)code_rows, c->code_ch);
        goto done;
    }
    c->code_size = c->nz > 0 ? exact_root(code_rows / c->code_ch) : 0;
    GCL_TRY(shape_of(set, "netG.mapping.fc_prompt.weight", 2, s, err));
    c->n_prompts = c->vision_width > 0 ? (size_t)s[0] / c->vision_width : 0;
    c->cond_dim = s[1] > c->nz ? (size_t)s[1] - c->nz : 0;
    GCL_TRY(shape_of(set, "netG.mapping.conv.weight", 4, s, err));
    c->ngf = (size_t)s[0] / 8;
    c->g_blocks = count_blocks(set, "netG.GBlocks");
    if (c->n_prompts > GCL_MAX_PROMPTS || c->g_blocks > GCL_MAX_G_BLOCKS) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "%s: %zu prompts and %zu G_Blocks, limits %d and %d",
                      set->origin, c->n_prompts, c->g_blocks, GCL_MAX_PROMPTS, GCL_MAX_G_BLOCKS);
        goto done;
    }
    GCL_TRY(shape_of(set, "netC.joint_conv.0.weight", 4, s, err));
    c->has_netd = s[0] > 0;
    c->ndf = (size_t)s[0] / 2;
    if (c->cond_dim == 0 && s[1] > 8 * c->ndf)
        c->cond_dim = (size_t)s[1] - 8 * c->ndf;
done:
    return st;
}

/* ---- from metadata ---- */

/* Reads "1,4,8" into list; *n is how many are required. */
static gcl_status read_numbers(const gcl_tensor_set *set, const char *key, size_t *list, size_t n,
                               gcl_error *err)
{
    const char *text = gcl_tensor_set_metadata(set, key);
    const char *p = text;

    for (size_t i = 0; text != NULL && i < n; i++) {
        char *end = NULL;
        errno = 0;
        list[i] = strtoul(p, &end, 10);
        if (end == p || errno != 0 || list[i] > INT32_MAX || *end != (i + 1 < n ? ',' : '\0'))
            return GCL_FAIL(err, GCL_E_FORMAT, "%s: metadata %s is \"%s\", needs %zu numbers",
                            set->origin, key, text, n);
        p = end + 1;
    }
    return GCL_OK;
}

/* A decimal number, whatever the locale says about decimal points. */
static bool read_number(const char *text, float *out)
{
    json_t *number = json_loads(text, JSON_DECODE_ANY, NULL);
    const bool ok = json_is_number(number) && fabs(json_number_value(number)) <= (double)FLT_MAX;

    if (ok)
        *out = (float)json_number_value(number);
    json_decref(number);
    return ok;
}

/* What shapes do not tell: from the preset where one is named, else the published rule (a head
 * is 64 wide; one prompt a block from block 1 on; features after blocks 1, 4, 8). */
static gcl_status read_metadata(gcl_config *c, const gcl_tensor_set *set, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const char *preset = gcl_tensor_set_metadata(set, "preset");
    const char *gain = gcl_tensor_set_metadata(set, "mapper_gain");
    const char *activation = gcl_tensor_set_metadata(set, "activation");
    gcl_config base = {.feature_layers = {1, 4, 8}, .mapper_gain = 0.1f};

    base.vision_heads = c->vision_width / 64;
    base.text_heads = c->text_width / 64;
    for (size_t i = 0; i < GCL_MAX_PROMPTS; i++)
        base.prompt_layers[i] = i + 1;
    if (preset != NULL)
        GCL_TRY(gcl_config_preset(&base, preset, err));
    memcpy(c->preset, base.preset, sizeof c->preset);
    c->vision_heads = c->vision_width > 0 ? base.vision_heads : 0;
    c->text_heads = c->text_width > 0 ? base.text_heads : 0;
    c->mapper_gain = base.mapper_gain;
    memcpy(c->feature_layers, base.feature_layers, sizeof c->feature_layers);
    memcpy(c->prompt_layers, base.prompt_layers, sizeof c->prompt_layers);
    GCL_TRY(read_numbers(set, "vision_heads", &c->vision_heads, 1, err));
    GCL_TRY(read_numbers(set, "text_heads", &c->text_heads, 1, err));
    GCL_TRY(read_numbers(set, "feature_layers", c->feature_layers, GCL_FEATURE_LAYERS, err));
    GCL_TRY(read_numbers(set, "prompt_layers", c->prompt_layers, c->n_prompts, err));
    if (activation != NULL && strcmp(activation, "gelu") != 0 &&
        strcmp(activation, "quick_gelu") != 0) {
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s: metadata activation is \"%.80s\", needs quick_gelu or gelu", set->origin,
                      activation);
        goto done;
    }
    c->exact_gelu = activation != NULL && strcmp(activation, "gelu") == 0;
    if (gain != NULL && !read_number(gain, &c->mapper_gain))
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: metadata mapper_gain is \"%s\", needs a number",
                      set->origin, gain);
done:
    return st;
}

gcl_status gcl_config_from_tensors(gcl_config *out, const gcl_tensor_set *set, gcl_error *err)
{
    gcl_status st = GCL_OK;

    memset(out, 0, sizeof *out);
    GCL_TRY(read_clip(out, set, err));
    GCL_TRY(read_galip(out, set, err));
    GCL_TRY(read_metadata(out, set, err));
    if (out->text_width > 0 && out->cond_dim > 0 && out->cond_dim != out->embed_dim) {
        st = GCL_FAIL(err, GCL_E_SHAPE,
                      "%s: the text tower gives sentences of %zu numbers, the networks take %zu",
                      set->origin, out->embed_dim, out->cond_dim);
        goto done;
    }
    if (out->vision_width == 0 && out->text_width == 0 && out->nz == 0)
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s holds none of the tensors of CLIP or GALIP (visual.conv1.weight, "
                      "token_embedding.weight, netG.fc_code.weight)",
                      set->origin);
done:
    return st;
}
