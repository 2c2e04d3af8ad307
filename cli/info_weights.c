/* info_weights.c - what a weight file holds, gathered into JSON and printed in either form. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/info.h"
#include "cli/output.h"
#include "model/config.h"
#include "weights/kind.h"
#include "weights/torch_file.h"

/* Longest value of the metadata that is shown; of a longer one the length is. */
#define SHOWN_BYTES 200

/* ---- files of either kind ---- */

typedef struct weights {
    gcl_safetensors *safetensors; /* one of the two, the other is NULL */
    gcl_torch_file *torch;
    const char *format;
} weights;

static gcl_status open_weights(weights *w, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_weights_kind kind;

    GCL_TRY(gcl_weights_kind_of(&kind, path, err));
    if (kind == GCL_WEIGHTS_TORCH || kind == GCL_WEIGHTS_TORCH_LEGACY) {
        GCL_TRY(gcl_torch_file_open(&w->torch, path, err));
        w->format =
            gcl_torch_file_is_script(w->torch) ? "TorchScript archive" : "PyTorch checkpoint";
    } else {
        GCL_TRY(gcl_safetensors_open(&w->safetensors, path, err));
        w->format = "safetensors";
    }
done:
    return st;
}

static size_t n_tensors(const weights *w)
{
    return w->torch != NULL ? gcl_torch_file_count(w->torch)
                            : gcl_safetensors_count(w->safetensors);
}

static const gcl_tensor_view *tensor(const weights *w, size_t i)
{
    return w->torch != NULL ? gcl_torch_file_at(w->torch, i)
                            : gcl_safetensors_at(w->safetensors, i);
}

static size_t n_metadata(const weights *w)
{
    return w->torch != NULL ? gcl_torch_file_metadata_count(w->torch)
                            : gcl_safetensors_metadata_count(w->safetensors);
}

static const char *metadata_key(const weights *w, size_t i)
{
    return w->torch != NULL ? gcl_torch_file_metadata_key(w->torch, i)
                            : gcl_safetensors_metadata_key(w->safetensors, i);
}

static const char *metadata_value(const weights *w, const char *key)
{
    return w->torch != NULL ? gcl_torch_file_metadata(w->torch, key)
                            : gcl_safetensors_metadata(w->safetensors, key);
}

/* ---- gathering ---- */

/* Part of the model that a tensor belongs to, by its name and whatever training wraps around it. */
static const char *part_of(const char *name)
{
    static const char *const wrappers[] = {"model.", "state_dict.", "module."};
    static const struct {
        const char *prefix, *part;
    } parts[] = {
        {"visual.", "CLIP image tower"},
        {"transformer.", "CLIP text tower"},
        {"token_embedding.", "CLIP text tower"},
        {"positional_embedding", "CLIP text tower"},
        {"ln_final.", "CLIP text tower"},
        {"text_projection", "CLIP text tower"},
        {"logit_scale", "CLIP"},
        {"netG.", "netG"},
        {"netD.", "netD"},
        {"netC.", "netC"},
    };

    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++)
        if (strncmp(name, wrappers[i], strlen(wrappers[i])) == 0)
            name += strlen(wrappers[i]);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strncmp(name, parts[i].prefix, strlen(parts[i].prefix)) == 0)
            return parts[i].part;
    return "other";
}

static void count(json_t *table, const char *row, const gcl_tensor_view *t)
{
    json_t *entry = json_object_get(table, row);

    if (entry == NULL) {
        entry = json_pack("{s:i, s:i, s:i}", "tensors", 0, "values", 0, "bytes", 0);
        json_object_set_new(table, row, entry);
    }
    json_integer_set(json_object_get(entry, "tensors"),
                     json_integer_value(json_object_get(entry, "tensors")) + 1);
    json_integer_set(json_object_get(entry, "values"),
                     json_integer_value(json_object_get(entry, "values")) + (json_int_t)t->count);
    json_integer_set(json_object_get(entry, "bytes"),
                     json_integer_value(json_object_get(entry, "bytes")) + (json_int_t)t->bytes);
}

static json_t *numbers(const size_t *list, size_t n)
{
    json_t *json = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(json, json_integer((json_int_t)list[i]));
    return json;
}

static json_t *describe_config(const gcl_config *c)
{
    const struct {
        const char *name;
        size_t value;
    } sizes[] = {
        {"image_size", c->image_size},
        {"patch_size", c->patch_size},
        {"vision_width", c->vision_width},
        {"vision_layers", c->vision_layers},
        {"vision_heads", c->vision_heads},
        {"context_length", c->context_length},
        {"vocab_size", c->vocab_size},
        {"text_width", c->text_width},
        {"text_layers", c->text_layers},
        {"text_heads", c->text_heads},
        {"embed_dim", c->embed_dim},
        {"nz", c->nz},
        {"cond_dim", c->cond_dim},
        {"ngf", c->ngf},
        {"code_size", c->code_size},
        {"code_ch", c->code_ch},
        {"mid_ch", c->mid_ch},
        {"map_blocks", c->map_blocks},
        {"g_blocks", c->g_blocks},
        {"n_prompts", c->n_prompts},
        {"ndf", c->ndf},
    };
    json_t *json = json_object();

    json_object_set_new(json, "preset", cli_json_text(c->preset));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        json_object_set_new(json, sizes[i].name, json_integer((json_int_t)sizes[i].value));
    json_object_set_new(json, "prompt_layers", numbers(c->prompt_layers, c->n_prompts));
    json_object_set_new(json, "feature_layers", numbers(c->feature_layers, GCL_FEATURE_LAYERS));
    json_object_set_new(json, "mapper_gain", json_real((double)c->mapper_gain));
    return json;
}

static json_t *describe_tensor(const gcl_tensor_view *t)
{
    json_t *shape = json_array();

    for (int i = 0; i < t->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)t->shape[i]));
    return json_pack("{s:o, s:s, s:o, s:I}", "name", cli_json_text(t->name), "dtype",
                     gcl_tensor_dtype_name(t->dtype), "shape", shape, "bytes",
                     (json_int_t)t->bytes);
}

static json_t *describe_file(const char *path, const weights *w, const gcl_config *config,
                             bool tensors)
{
    json_t *parts = json_object(), *dtypes = json_object();
    json_t *metadata = json_object(), *lengths = json_object();
    json_t *list = tensors ? json_array() : NULL;

    for (size_t i = 0; i < n_tensors(w); i++) {
        const gcl_tensor_view *t = tensor(w, i);
        count(parts, part_of(t->name), t);
        count(dtypes, gcl_tensor_dtype_name(t->dtype), t);
        if (tensors)
            json_array_append_new(list, describe_tensor(t));
    }
    for (size_t i = 0; i < n_metadata(w); i++) {
        const char *key = metadata_key(w, i), *value = metadata_value(w, key);
        json_object_set_new(lengths, key, json_integer((json_int_t)strlen(value)));
        if (strlen(value) <= SHOWN_BYTES)
            json_object_set_new(metadata, key, cli_json_text(value));
    }
    return json_pack(
        "{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o*}", "file", cli_json_text(path), "format",
        w->format, "config", config != NULL ? describe_config(config) : json_null(), "parts", parts,
        "dtypes", dtypes, "metadata", metadata, "metadata_bytes", lengths, "tensors", list);
}

/* ---- printing ---- */

static void print_counts(const char *title, json_t *table)
{
    const char *key;
    json_t *row;

    printf("%-20s %9s %14s %14s\n", title, "tensors", "values", "bytes");
    json_object_foreach(table, key, row) printf(
        "  %-18s %9" JSON_INTEGER_FORMAT " %14" JSON_INTEGER_FORMAT " %14" JSON_INTEGER_FORMAT "\n",
        key, json_integer_value(json_object_get(row, "tensors")),
        json_integer_value(json_object_get(row, "values")),
        json_integer_value(json_object_get(row, "bytes")));
}

static void print_metadata(json_t *values, json_t *lengths)
{
    const char *key;
    json_t *length;

    printf("metadata%s\n", json_object_size(lengths) > 0 ? "" : ": none");
    json_object_foreach(lengths, key, length)
    {
        json_t *value = json_object_get(values, key), *bytes = NULL;
        if (value == NULL)
            value = bytes =
                json_sprintf("(%" JSON_INTEGER_FORMAT " bytes)", json_integer_value(length));
        cli_print_pair(key, value);
        json_decref(bytes);
    }
}

static void print_file(const weights *w, json_t *json, bool tensors)
{
    const char *key;
    json_t *value, *config = json_object_get(json, "config");
    char shape[GCL_TENSOR_SHAPE_TEXT_BYTES];

    printf("%s\n", w->format);
    if (w->torch == NULL)
        printf(json_is_null(config) ? "no model of CLIP or GALIP\n" : "model\n");
    json_object_foreach(config, key, value) cli_print_pair(key, value);
    print_counts("part", json_object_get(json, "parts"));
    print_counts("type", json_object_get(json, "dtypes"));
    print_metadata(json_object_get(json, "metadata"), json_object_get(json, "metadata_bytes"));
    for (size_t i = 0; tensors && i < n_tensors(w); i++) {
        const gcl_tensor_view *t = tensor(w, i);
        printf("%s%-5s %-20s ", i == 0 ? "tensors\n  " : "  ", gcl_tensor_dtype_name(t->dtype),
               gcl_tensor_shape_text(shape, t->rank, t->shape));
        cli_print_text(stdout, t->name);
        putchar('\n');
    }
}

gcl_status cli_info_weights(const char *path, bool json, bool tensors, gcl_error *err)
{
    gcl_status st = GCL_OK;
    weights w = {0};
    gcl_config config;
    bool has_config;
    json_t *all;

    GCL_TRY(open_weights(&w, path, err));
    has_config =
        w.safetensors != NULL && gcl_config_from_file(&config, w.safetensors, NULL) == GCL_OK;
    errno = 0;
    all = describe_file(path, &w, has_config ? &config : NULL, tensors);
    if (errno == ENOMEM) { /* jansson leaves out what it has no memory for */
        json_decref(all);
        all = NULL;
    }
    if (!json && all != NULL)
        print_file(&w, all, tensors);
    if (json || all == NULL)
        st = cli_json_print(all, err);
    else
        json_decref(all);
done:
    gcl_torch_file_close(w.torch);
    gcl_safetensors_close(w.safetensors);
    return st;
}
