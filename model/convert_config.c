/* convert_config.c - what the new file says about the model besides its tensors. */
#include "model/convert_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "model/merges.h"

enum { MAX_METADATA = 1000 }; /* keys of an input; each is looked up among all before it */

/* ---- metadata ---- */

static int compare_pairs(const void *a, const void *b)
{
    return strcmp(((const gcl_metadata_pair *)a)->key, ((const gcl_metadata_pair *)b)->key);
}

/* A key that is there must have the same value; from is where this one is from. */
static gcl_status add(gcl_conversion *c, const char *key, const char *value, const char *from,
                      gcl_error *err)
{
    gcl_tensor_set *set = &c->set;
    const char *known = gcl_tensor_set_metadata(set, key);
    gcl_metadata_pair *more;

    if (known != NULL && strcmp(known, value) != 0)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: %.80s is \"%.80s\", but \"%.80s\" in another input",
                        from, key, value, known);
    if (known != NULL)
        return GCL_OK;
    more = realloc(c->metadata, (set->n_metadata + 1) * sizeof *more);
    if (more == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for metadata", from);
    set->metadata = c->metadata = more;
    more[set->n_metadata] = (gcl_metadata_pair){strdup(key), strdup(value)};
    set->n_metadata++;
    if (more[set->n_metadata - 1].key == NULL || more[set->n_metadata - 1].value == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for metadata", from);
    qsort(more, set->n_metadata, sizeof *more, compare_pairs);
    return GCL_OK;
}

void gcl_conversion_free_metadata(gcl_conversion *c)
{
    for (size_t i = 0; i < c->set.n_metadata; i++) {
        free((char *)(uintptr_t)c->metadata[i].key);
        free((char *)(uintptr_t)c->metadata[i].value);
    }
    free(c->metadata);
}

/* All that safetensors inputs say, but for what the vocabulary replaces and for "format", in which
 * Hugging Face names PyTorch. */
static gcl_status add_files(gcl_conversion *c, bool has_vocab, gcl_error *err)
{
    gcl_status st = GCL_OK;

    for (size_t f = 0; f < c->n_files; f++) {
        const gcl_safetensors *file = gcl_tensor_file_safetensors(c->files[f]);
        const gcl_tensor_set *set = file != NULL ? gcl_safetensors_set(file) : NULL;
        if (set != NULL && set->n_metadata > MAX_METADATA) {
            st = GCL_FAIL(err, GCL_E_FORMAT, "%s: %zu metadata keys, at most %d allowed here",
                          set->origin, set->n_metadata, MAX_METADATA);
            goto done;
        }
        for (size_t i = 0; set != NULL && i < set->n_metadata; i++) {
            const gcl_metadata_pair *p = &set->metadata[i];
            if (strcmp(p->key, "format") != 0 && !(has_vocab && strcmp(p->key, "merges") == 0))
                GCL_TRY(add(c, p->key, p->value, set->origin, err));
        }
    }
done:
    return st;
}

static gcl_status add_count(gcl_conversion *c, const char *key, size_t value, const char *from,
                            gcl_error *err)
{
    char text[24];

    snprintf(text, sizeof text, "%zu", value);
    return value == 0 ? GCL_OK : add(c, key, text, from, err);
}

static gcl_status add_json(gcl_conversion *c, const gcl_clip_json *json, gcl_error *err)
{
    gcl_status st = GCL_OK;

    GCL_TRY(add_count(c, "vision_heads", json->vision_heads, json->path, err));
    GCL_TRY(add_count(c, "text_heads", json->text_heads, json->path, err));
    GCL_TRY(add(c, "activation", json->exact_gelu ? "gelu" : "quick_gelu", json->path, err));
done:
    return st;
}

/* ---- preset ---- */

/* The preset that the shapes of a whole generator are those of; NULL: none. */
static const char *guess_preset(const gcl_config *c)
{
    const char *name;
    gcl_config preset;

    for (int i = 0; c->nz > 0 && (name = gcl_config_preset_name(i)) != NULL; i++)
        if (gcl_config_preset(&preset, name, NULL) == GCL_OK &&
            gcl_config_check(c, &preset, "", NULL) == GCL_OK)
            return name;
    return NULL;
}

static gcl_status add_preset(gcl_conversion *c, const char *wanted, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const char *name;
    gcl_config preset;

    if (wanted != NULL)
        GCL_TRY(add(c, "preset", wanted, "--preset", err));
    GCL_TRY(gcl_config_from_tensors(&c->config, &c->set, err));
    name = c->config.preset[0] != '\0' ? c->config.preset : guess_preset(&c->config);
    if (name == NULL)
        goto done;
    GCL_TRY(gcl_config_preset(&preset, name, err));
    GCL_TRY(gcl_config_check(&c->config, &preset, c->origin, err));
    GCL_TRY(add(c, "preset", name, c->origin, err));
    GCL_TRY(gcl_config_from_tensors(&c->config, &c->set, err));
done:
    return st;
}

/* ---- without a preset ---- */

static gcl_status add_list(gcl_conversion *c, const char *key, const size_t *list, size_t n,
                           gcl_error *err)
{
    char text[24 * GCL_MAX_PROMPTS];
    size_t at = 0;

    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%zu", i > 0 ? "," : "", list[i]);
    return n == 0 ? GCL_OK : add(c, key, text, c->origin, err);
}

static gcl_status add_gain(gcl_conversion *c, gcl_error *err)
{
    json_t *number = json_real((double)c->config.mapper_gain);
    char *text = json_dumps(number, JSON_ENCODE_ANY | JSON_REAL_PRECISION(8));
    const gcl_status st =
        text == NULL ? GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for metadata", c->origin)
                     : add(c, "mapper_gain", text, c->origin, err);

    json_decref(number);
    free(text);
    return st;
}

/* Writes down the published rules, so that the file keeps its meaning. */
static gcl_status add_rules(gcl_conversion *c, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_config *k = &c->config;

    if (gcl_tensor_set_metadata(&c->set, "vision_heads") == NULL)
        GCL_TRY(add_count(c, "vision_heads", k->vision_heads, c->origin, err));
    if (gcl_tensor_set_metadata(&c->set, "text_heads") == NULL)
        GCL_TRY(add_count(c, "text_heads", k->text_heads, c->origin, err));
    if (gcl_tensor_set_metadata(&c->set, "prompt_layers") == NULL)
        GCL_TRY(add_list(c, "prompt_layers", k->prompt_layers, k->n_prompts, err));
    if (k->has_netd && gcl_tensor_set_metadata(&c->set, "feature_layers") == NULL)
        GCL_TRY(add_list(c, "feature_layers", k->feature_layers, GCL_FEATURE_LAYERS, err));
    if (k->nz > 0 && gcl_tensor_set_metadata(&c->set, "mapper_gain") == NULL)
        GCL_TRY(add_gain(c, err));
done:
    return st;
}

/* ---- vocabulary ---- */

static gcl_status add_vocab(gcl_conversion *c, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char *merges = NULL;
    size_t bytes = 0;
    gcl_tokenizer *check = NULL;

    if (c->config.vocab_size == 0)
        return GCL_FAIL(err, GCL_E_NOT_FOUND,
                        "%s: a vocabulary is of no use without a text tower (tensor "
                        "token_embedding.weight), which %s does not have",
                        path, c->origin);
    GCL_TRY(gcl_merges_read(&merges, &bytes, path, err));
    GCL_TRY(gcl_tokenizer_create(&check, merges, bytes, path, c->config.vocab_size, err));
    gcl_merges_trim(merges, c->config.vocab_size);
    GCL_TRY(add(c, "merges", merges, path, err));
done:
    gcl_tokenizer_destroy(check);
    free(merges);
    return st;
}

gcl_status gcl_conversion_read_config(gcl_conversion *c, const gcl_conversion_options *options,
                                      const gcl_clip_json *json, gcl_error *err)
{
    gcl_status st = GCL_OK;

    GCL_TRY(add_files(c, options->vocab != NULL, err));
    if (json != NULL)
        GCL_TRY(add_json(c, json, err));
    if (options->activation != NULL)
        GCL_TRY(add(c, "activation", options->activation, "--activation", err));
    GCL_TRY(add_preset(c, options->preset, err));
    if (c->config.preset[0] == '\0')
        GCL_TRY(add_rules(c, err));
    if (options->vocab != NULL)
        GCL_TRY(add_vocab(c, options->vocab, err));
    c->notes.activation_is_known = gcl_tensor_set_metadata(&c->set, "activation") != NULL;
    c->notes.has_merges = gcl_tensor_set_metadata(&c->set, "merges") != NULL;
done:
    return st;
}
