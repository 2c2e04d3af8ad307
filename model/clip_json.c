/* clip_json.c - reading config.json and open_clip_config.json. */
#include "model/clip_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"

enum { MAX_BYTES = 1 << 20 };

bool gcl_clip_json_is(const char *path)
{
    gcl_map map; /* never waits, as reading a FIFO does */
    size_t at = 0;
    bool is;

    if (gcl_map_open(&map, path, NULL) != GCL_OK)
        return false;
    while (at < map.bytes && at < MAX_BYTES && memchr(" \t\r\n", map.data[at], 4) != NULL)
        at++;
    is = at < map.bytes && map.data[at] == '{';
    gcl_map_close(&map);
    return is;
}

static gcl_status fail_value(const char *path, const char *tower, const char *key,
                             const char *value, const char *required, gcl_error *err)
{
    return GCL_FAIL(err, GCL_E_UNSUPPORTED, "%s: %s of %s is %s, needs %s", path, key, tower, value,
                    required);
}

/* A whole number of the object, 0 when it has none. */
static gcl_status read_count(size_t *out, const char *path, json_t *object, const char *key,
                             gcl_error *err)
{
    json_t *v = json_object_get(object, key);

    if (v != NULL && (!json_is_integer(v) || json_integer_value(v) < 1))
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: %s is not a number of 1 or more", path, key);
    *out = (size_t)json_integer_value(v);
    return GCL_OK;
}

/* ---- Hugging Face ---- */

/* *act is NULL where the tower does not say. */
static gcl_status read_hf_tower(size_t *heads, const char **act, const char *path, json_t *root,
                                const char *tower, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *config = json_object_get(root, tower);
    json_t *eps = json_object_get(config, "layer_norm_eps");
    char text[32];

    *act = json_string_value(json_object_get(config, "hidden_act"));
    GCL_TRY(read_count(heads, path, config, "num_attention_heads", err));
    if (*act != NULL && strcmp(*act, "quick_gelu") != 0 && strcmp(*act, "gelu") != 0)
        GCL_TRY(fail_value(path, tower, "hidden_act", *act, "quick_gelu or gelu", err));
    if (eps != NULL && !(fabs(json_number_value(eps) - 1e-5) < 1e-9)) {
        snprintf(text, sizeof text, "%g", json_number_value(eps));
        st = fail_value(path, tower, "layer_norm_eps", text, "1e-05", err);
    }
done:
    return st;
}

static gcl_status read_hf(gcl_clip_json *out, const char *path, json_t *root, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const char *text = NULL, *vision = NULL;

    GCL_TRY(read_hf_tower(&out->text_heads, &text, path, root, "text_config", err));
    GCL_TRY(read_hf_tower(&out->vision_heads, &vision, path, root, "vision_config", err));
    if (text != NULL && vision != NULL && strcmp(text, vision) != 0)
        st = fail_value(path, "vision_config", "hidden_act", vision, "that of text_config", err);
    out->exact_gelu = (text != NULL && strcmp(text, "gelu") == 0) ||
                      (vision != NULL && strcmp(vision, "gelu") == 0);
done:
    return st;
}

/* ---- open_clip ---- */

/* What a tower of CLIP's own kind may say; all else selects another kind. */
static gcl_status check_keys(const char *path, json_t *config, const char *tower,
                             const char *const *known, gcl_error *err)
{
    const char *key;
    json_t *value;

    json_object_foreach(config, key, value)
    {
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], key) != 0)
            i++;
        if (known[i] == NULL && !json_is_null(value) && !json_is_false(value))
            return GCL_FAIL(err, GCL_E_UNSUPPORTED, "%s: %s.%s: galip computes plain CLIP only",
                            path, tower, key);
    }
    return GCL_OK;
}

static gcl_status read_open_clip(gcl_clip_json *out, const char *path, json_t *model,
                                 gcl_error *err)
{
    static const char *const vision_keys[] = {"image_size", "layers",        "width", "patch_size",
                                              "head_width", "patch_dropout", NULL};
    static const char *const text_keys[] = {"context_length", "vocab_size", "width",
                                            "heads",          "layers",     NULL};
    gcl_status st = GCL_OK;
    json_t *vision = json_object_get(model, "vision_cfg");
    json_t *text = json_object_get(model, "text_cfg");
    size_t width = 0, head_width = 0;

    GCL_TRY(check_keys(path, vision, "vision_cfg", vision_keys, err));
    GCL_TRY(check_keys(path, text, "text_cfg", text_keys, err));
    GCL_TRY(read_count(&out->text_heads, path, text, "heads", err));
    GCL_TRY(read_count(&width, path, vision, "width", err));
    GCL_TRY(read_count(&head_width, path, vision, "head_width", err));
    out->vision_heads = width / (head_width > 0 ? head_width : 64);
    out->exact_gelu = !json_is_true(json_object_get(model, "quick_gelu"));
done:
    return st;
}

gcl_status gcl_clip_json_read(gcl_clip_json *out, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char *text = NULL;
    size_t bytes = 0;
    json_error_t why;
    json_t *root = NULL, *model;

    *out = (gcl_clip_json){.path = path};
    GCL_TRY(gcl_file_read(&text, &bytes, path, MAX_BYTES, err));
    root = json_loadb(text, bytes, 0, &why);
    if (root == NULL) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: line %d: %s", path, why.line, why.text);
        goto done;
    }
    model = json_object_get(root, "model_cfg");
    if (model == NULL)
        model = root;
    if (json_is_object(json_object_get(root, "text_config")) ||
        json_is_object(json_object_get(root, "vision_config")))
        GCL_TRY(read_hf(out, path, root, err));
    else if (json_is_object(json_object_get(model, "text_cfg")) &&
             json_is_object(json_object_get(model, "vision_cfg")))
        GCL_TRY(read_open_clip(out, path, model, err));
    else
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s is no configuration of a CLIP: needs text_config and vision_config, or "
                      "text_cfg and vision_cfg",
                      path);
done:
    json_decref(root);
    free(text);
    return st;
}
