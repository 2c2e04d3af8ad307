/**
 * How published checkpoints name their tensors, and what galip calls them: the names of openai/CLIP
 * and of GALIP (docs/weights.md).
 *
 * Sources: openai/CLIP clip/model.py; huggingface/transformers modeling_clip.py (CLIPModel);
 * mlfoundations/open_clip model.py (CLIP, CustomTextCLIP); tobran/GALIP lib/utils.py (what its
 * checkpoints hold), models/GALIP.py.
 */
#ifndef GCL_MODEL_NAMES_H
#define GCL_MODEL_NAMES_H

#include "weights/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a checkpoint's tensor is to galip's tensor of the same name. */
typedef enum gcl_name_role {
    GCL_NAME_WHOLE,
    GCL_NAME_Q, /* the first third of its rows */
    GCL_NAME_K,
    GCL_NAME_V,
    GCL_NAME_TRANSPOSED, /* [out, in], where galip has [in, out] */
    GCL_NAME_COPY,       /* equal to it: the copy of CLIP's image tower in GALIP's mapper */
    GCL_NAME_USELESS,    /* known, and nothing that results depend on; it has no name */
    GCL_NAME_UNKNOWN
} gcl_name_role;

typedef struct gcl_name {
    gcl_name_role role;
    char name[GCL_TENSOR_MAX_NAME + 1]; /* galip's */
} gcl_name;

/** Looks up a tensor's name in a checkpoint, whatever wraps it (`module.`, `model.`, ...). */
void gcl_name_find(gcl_name *out, const char *name);

typedef enum gcl_model_part {
    GCL_MODEL_IMAGE_TOWER,
    GCL_MODEL_TEXT_TOWER,
    GCL_MODEL_LOGIT_SCALE, /* of both towers; results do not depend on it */
    GCL_MODEL_NETG,
    GCL_MODEL_NETD,
    GCL_MODEL_NETC,
    GCL_MODEL_OTHER,
    GCL_MODEL_PART_COUNT_
} gcl_model_part;

/** Part of the model that a tensor belongs to, by galip's name for it. */
gcl_model_part gcl_name_part(const char *name);

/** "CLIP image tower", "netG", ...; static string. */
const char *gcl_model_part_name(gcl_model_part part);

#ifdef __cplusplus
}
#endif
#endif
