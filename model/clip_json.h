/**
 * What no tensor of a CLIP tells, from the JSON that Hugging Face (config.json) and open_clip
 * (open_clip_config.json) keep beside the weights.
 */
#ifndef GCL_MODEL_CLIP_JSON_H
#define GCL_MODEL_CLIP_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_clip_json {
    const char *path;                /* as given; borrowed */
    size_t vision_heads, text_heads; /* 0: it does not say */
    bool exact_gelu;                 /* false: QuickGELU */
} gcl_clip_json;

/** Whether a file begins like a JSON object; false also when it cannot be read. */
bool gcl_clip_json_is(const char *path);

/**
 * @return GCL_E_FORMAT when it does not describe a CLIP; GCL_E_UNSUPPORTED, naming key and value, for
 *         one that galip does not compute: activations other than QuickGELU and GELU, another epsilon
 *         of LayerNorm, towers of other kinds
 */
gcl_status gcl_clip_json_read(gcl_clip_json *out, const char *path, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
