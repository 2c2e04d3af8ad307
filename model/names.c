/* names.c - the rules from published names to galip's. */
#include "model/names.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What checkpoints put before all names: dicts around a state dict, and open_clip's text model. */
static const char *const wrappers[] = {"state_dict.", "model.", "text."};

/* A pattern matches the whole name, or its beginning when it ends in '.'; '#' matches a number. The
 * name becomes `to` with the same number, and what follows the pattern. The first match counts. */
typedef struct rule {
    const char *from;
    const char *to; /* NULL: as it was */
    gcl_name_role role;
} rule;

/* Hugging Face's name for one of the two towers, whose blocks are the same; galip's; their blocks. */
#define HF "encoder.layers.#."
#define OURS "transformer.resblocks.#."
#define HF_TOWER(hf, ours)                                                              \
    {hf HF "self_attn.q_proj.weight", ours OURS "attn.in_proj_weight", GCL_NAME_Q},     \
        {hf HF "self_attn.k_proj.weight", ours OURS "attn.in_proj_weight", GCL_NAME_K}, \
        {hf HF "self_attn.v_proj.weight", ours OURS "attn.in_proj_weight", GCL_NAME_V}, \
        {hf HF "self_attn.q_proj.bias", ours OURS "attn.in_proj_bias", GCL_NAME_Q},     \
        {hf HF "self_attn.k_proj.bias", ours OURS "attn.in_proj_bias", GCL_NAME_K},     \
        {hf HF "self_attn.v_proj.bias", ours OURS "attn.in_proj_bias", GCL_NAME_V},     \
        {hf HF "self_attn.out_proj.", ours OURS "attn.out_proj.", GCL_NAME_WHOLE},      \
        {hf HF "layer_norm1.", ours OURS "ln_1.", GCL_NAME_WHOLE},                      \
        {hf HF "layer_norm2.", ours OURS "ln_2.", GCL_NAME_WHOLE},                      \
        {hf HF "mlp.fc1.", ours OURS "mlp.c_fc.", GCL_NAME_WHOLE},                      \
        {hf HF "mlp.fc2.", ours OURS "mlp.c_proj.", GCL_NAME_WHOLE},                    \
    {                                                                                   \
        hf "embeddings.position_ids", NULL, GCL_NAME_USELESS                            \
    } /* 0, 1, 2, ... */

static const rule rules[] = {
    /* Hugging Face */
    HF_TOWER("text_model.", ""),
    {"text_model.embeddings.token_embedding.weight", "token_embedding.weight", GCL_NAME_WHOLE},
    {"text_model.embeddings.position_embedding.weight", "positional_embedding", GCL_NAME_WHOLE},
    {"text_model.final_layer_norm.", "ln_final.", GCL_NAME_WHOLE},
    {"text_projection.weight", "text_projection", GCL_NAME_TRANSPOSED},
    HF_TOWER("vision_model.", "visual."),
    {"vision_model.embeddings.class_embedding", "visual.class_embedding", GCL_NAME_WHOLE},
    {"vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight", GCL_NAME_WHOLE},
    {"vision_model.embeddings.position_embedding.weight", "visual.positional_embedding",
     GCL_NAME_WHOLE},
    {"vision_model.pre_layrnorm.", "visual.ln_pre.", GCL_NAME_WHOLE}, /* so spelt */
    {"vision_model.post_layernorm.", "visual.ln_post.", GCL_NAME_WHOLE},
    {"visual_projection.weight", "visual.proj", GCL_NAME_TRANSPOSED},

    /* OpenAI and open_clip; OpenAI's sizes, and the masks of older open_clip */
    {"input_resolution", NULL, GCL_NAME_USELESS},
    {"context_length", NULL, GCL_NAME_USELESS},
    {"vocab_size", NULL, GCL_NAME_USELESS},
    {"attn_mask", NULL, GCL_NAME_USELESS},
    {"visual.attn_mask", NULL, GCL_NAME_USELESS},
    {"visual.", NULL, GCL_NAME_WHOLE},
    {"token_embedding.weight", NULL, GCL_NAME_WHOLE},
    {"positional_embedding", NULL, GCL_NAME_WHOLE},
    {"transformer.", NULL, GCL_NAME_WHOLE},
    {"ln_final.", NULL, GCL_NAME_WHOLE},
    {"text_projection", NULL, GCL_NAME_WHOLE},
    {"logit_scale", NULL, GCL_NAME_WHOLE},

    /* GALIP, and the state of what trains */
    {"netG.mapping.CLIP_ViT.", "visual.", GCL_NAME_COPY},
    {"netG.", NULL, GCL_NAME_WHOLE},
    {"netD.", NULL, GCL_NAME_WHOLE},
    {"netC.", NULL, GCL_NAME_WHOLE},
    {"optimizers.", NULL, GCL_NAME_USELESS},
    {"optimizer.", NULL, GCL_NAME_USELESS},
    {"scalers.", NULL, GCL_NAME_USELESS},
    {"scaler.", NULL, GCL_NAME_USELESS},
};

/* The name without wrappers and without the component `module` that DataParallel puts in; in room. */
static const char *unwrap(char room[GCL_TENSOR_MAX_NAME + 1], const char *name)
{
    static const char module[] = "module.";
    char *end = room;

    while (*name != '\0') {
        size_t n = strcspn(name, "."); /* a component, with its dot */
        n += name[n] == '.';
        if (strncmp(name, module, sizeof module - 1) != 0) {
            memcpy(end, name, n);
            end += n;
        }
        name += n;
    }
    *end = '\0';
    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++)
        if (strncmp(room, wrappers[i], strlen(wrappers[i])) == 0)
            room += strlen(wrappers[i]);
    return room;
}

/* Where the name goes on behind the pattern, with the number that '#' stands for; NULL: no match. */
static const char *match(const char *pattern, const char *name, const char **number, size_t *digits)
{
    *digits = 0;
    for (; *pattern != '\0'; pattern++) {
        if (*pattern == '#') {
            *number = name;
            while (isdigit((unsigned char)*name))
                name++;
            *digits = (size_t)(name - *number);
            if (*digits == 0)
                return NULL;
        } else if (*pattern != *name++) {
            return NULL;
        }
    }
    return *name == '\0' || pattern[-1] == '.' ? name : NULL;
}

void gcl_name_find(gcl_name *out, const char *name)
{
    char room[GCL_TENSOR_MAX_NAME + 1];
    const char *bare;

    out->role = GCL_NAME_UNKNOWN;
    if (strlen(name) > GCL_TENSOR_MAX_NAME)
        return;
    bare = unwrap(room, name);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const char *to = rules[i].to, *number = "";
        size_t digits = 0;
        const char *rest = match(rules[i].from, bare, &number, &digits);
        int before, n;

        if (rest == NULL)
            continue;
        if (to == NULL)
            to = "", rest = bare;
        before = (int)strcspn(to, "#");
        n = snprintf(out->name, sizeof out->name, "%.*s%.*s%s%s", before, to, (int)digits, number,
                     to + before + (to[before] == '#'), rest);
        if (n < (int)sizeof out->name)
            out->role = rules[i].role;
        return;
    }
}

gcl_model_part gcl_name_part(const char *name)
{
    static const struct {
        const char *prefix;
        gcl_model_part part;
    } parts[] = {
        {"visual.", GCL_MODEL_IMAGE_TOWER},
        {"transformer.", GCL_MODEL_TEXT_TOWER},
        {"token_embedding.", GCL_MODEL_TEXT_TOWER},
        {"positional_embedding", GCL_MODEL_TEXT_TOWER},
        {"ln_final.", GCL_MODEL_TEXT_TOWER},
        {"text_projection", GCL_MODEL_TEXT_TOWER},
        {"logit_scale", GCL_MODEL_LOGIT_SCALE},
        {"netG.", GCL_MODEL_NETG},
        {"netD.", GCL_MODEL_NETD},
        {"netC.", GCL_MODEL_NETC},
    };

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strncmp(name, parts[i].prefix, strlen(parts[i].prefix)) == 0)
            return parts[i].part;
    return GCL_MODEL_OTHER;
}

const char *gcl_model_part_name(gcl_model_part part)
{
    static const char *const names[GCL_MODEL_PART_COUNT_] = {
        "CLIP image tower", "CLIP text tower", "CLIP", "netG", "netD", "netC", "other"};

    return names[part];
}
