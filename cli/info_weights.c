/* info_weights.c - what a weight file holds, gathered into JSON and printed in either form. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/info.h"
#include "cli/output.h"
#include "model/names.h"
#include "weights/tensor_file.h"

/* Longest value of the metadata that is shown; of a longer one the length is. */
#define SHOWN_BYTES 200

/* ---- gathering ---- */

/* Part of the model that a tensor belongs to, by whatever name a checkpoint gives it. */
static const char *part_of(const char *name)
{
    gcl_name known;

    gcl_name_find(&known, name);
    if (known.role == GCL_NAME_USELESS || known.role == GCL_NAME_UNKNOWN)
        return gcl_model_part_name(GCL_MODEL_OTHER);
    return gcl_model_part_name(known.role == GCL_NAME_COPY ? GCL_MODEL_NETG
                                                           : gcl_name_part(known.name));
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

json_t *cli_info_config(const gcl_config *c)
{
    json_t *json = json_object();
    const char *name;
    size_t value = 0;

    json_object_set_new(json, "preset", cli_json_text(c->preset));
    for (int i = 0; (name = gcl_config_size(c, i, &value)) != NULL; i++)
        json_object_set_new(json, name, json_integer((json_int_t)value));
    json_object_set_new(json, "vision_heads", json_integer((json_int_t)c->vision_heads));
    json_object_set_new(json, "text_heads", json_integer((json_int_t)c->text_heads));
    json_object_set_new(json, "prompt_layers", numbers(c->prompt_layers, c->n_prompts));
    json_object_set_new(json, "feature_layers", numbers(c->feature_layers, GCL_FEATURE_LAYERS));
    json_object_set_new(json, "mapper_gain", json_real((double)c->mapper_gain));
    json_object_set_new(json, "activation", json_string(c->exact_gelu ? "gelu" : "quick_gelu"));
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

static json_t *describe_file(const char *path, const gcl_tensor_file *f, const gcl_config *config,
                             bool tensors)
{
    json_t *parts = json_object(), *dtypes = json_object();
    json_t *metadata = json_object(), *lengths = json_object();
    json_t *list = tensors ? json_array() : NULL;

    for (size_t i = 0; i < gcl_tensor_file_count(f); i++) {
        const gcl_tensor_view *t = gcl_tensor_file_at(f, i);
        count(parts, part_of(t->name), t);
        count(dtypes, gcl_tensor_dtype_name(t->dtype), t);
        if (tensors)
            json_array_append_new(list, describe_tensor(t));
    }
    for (size_t i = 0; i < gcl_tensor_file_metadata_count(f); i++) {
        const char *key = gcl_tensor_file_metadata_key(f, i);
        const char *value = gcl_tensor_file_metadata(f, key);
        json_object_set_new(lengths, key, json_integer((json_int_t)strlen(value)));
        if (strlen(value) <= SHOWN_BYTES)
            json_object_set_new(metadata, key, cli_json_text(value));
    }
    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o*}", "file", cli_json_text(path),
                     "format", gcl_tensor_file_format(f), "config",
                     config != NULL ? cli_info_config(config) : json_null(), "parts", parts,
                     "dtypes", dtypes, "metadata", metadata, "metadata_bytes", lengths, "tensors",
                     list);
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

static void print_file(const gcl_tensor_file *f, json_t *json, bool tensors)
{
    const char *key;
    json_t *value, *config = json_object_get(json, "config");
    char shape[GCL_TENSOR_SHAPE_TEXT_BYTES];

    printf("%s\n", gcl_tensor_file_format(f));
    if (gcl_tensor_file_safetensors(f) != NULL)
        printf(json_is_null(config) ? "no model of CLIP or GALIP\n" : "model\n");
    json_object_foreach(config, key, value) cli_print_pair(key, value);
    print_counts("part", json_object_get(json, "parts"));
    print_counts("type", json_object_get(json, "dtypes"));
    print_metadata(json_object_get(json, "metadata"), json_object_get(json, "metadata_bytes"));
    for (size_t i = 0; tensors && i < gcl_tensor_file_count(f); i++) {
        const gcl_tensor_view *t = gcl_tensor_file_at(f, i);
        printf("%s%-5s %-20s ", i == 0 ? "tensors\n  " : "  ", gcl_tensor_dtype_name(t->dtype),
               gcl_tensor_shape_text(shape, t->rank, t->shape));
        cli_print_text(stdout, t->name);
        putchar('\n');
    }
}

gcl_status cli_info_weights(const char *path, bool json, bool tensors, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_tensor_file *f = NULL;
    gcl_config config;
    bool has_config;
    json_t *all;

    GCL_TRY(gcl_tensor_file_open(&f, path, err));
    has_config = gcl_tensor_file_safetensors(f) != NULL &&
                 gcl_config_from_tensors(
                     &config, gcl_safetensors_set(gcl_tensor_file_safetensors(f)), NULL) == GCL_OK;
    errno = 0;
    all = describe_file(path, f, has_config ? &config : NULL, tensors);
    if (errno == ENOMEM) { /* jansson leaves out what it has no memory for */
        json_decref(all);
        all = NULL;
    }
    if (!json && all != NULL)
        print_file(f, all, tensors);
    if (json || all == NULL)
        st = cli_json_print(all, err);
    else
        json_decref(all);
done:
    gcl_tensor_file_close(f);
    return st;
}
