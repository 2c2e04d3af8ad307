/* checkpoint.c - weights from a file or from the synthetic generator. */
#include "model/checkpoint.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "weights/synthetic.h"

struct gcl_checkpoint {
    gcl_config config;
    char *spec;
    gcl_safetensors *file; /* NULL for synthetic weights */
    uint64_t seed;
};

static const char synthetic_prefix[] = "synthetic:";

static gcl_status open_synthetic(gcl_checkpoint *c, const char *preset, gcl_error *err)
{
    const char *digits = c->spec + sizeof synthetic_prefix - 1;
    char *end = NULL;

    errno = 0;
    c->seed = strtoull(digits, &end, 10);
    if (!isdigit((unsigned char)*digits) || *end != '\0' || errno != 0)
        return GCL_FAIL(err, GCL_E_ARG, "weights \"%s\": synthetic: needs a seed, 0 .. 2^64-1",
                        c->spec);
    return gcl_config_preset(&c->config, preset != NULL ? preset : "galip-224", err);
}

static gcl_status open_file(gcl_checkpoint *c, const char *preset, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_config known;

    GCL_TRY(gcl_safetensors_open(&c->file, c->spec, err));
    GCL_TRY(gcl_config_from_tensors(&c->config, gcl_safetensors_set(c->file), err));
    if (preset == NULL)
        goto done;
    GCL_TRY(gcl_config_preset(&known, preset, err));
    if (strcmp(c->config.preset, preset) != 0)
        st = GCL_FAIL(err, GCL_E_ARG, "%s is of preset \"%s\", not \"%s\"", c->spec,
                      c->config.preset, preset);
done:
    return st;
}

gcl_status gcl_checkpoint_open(gcl_checkpoint **out, const char *spec, const char *preset,
                               gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_checkpoint *c = calloc(1, sizeof *c);

    *out = NULL;
    if (c == NULL || (c->spec = strdup(spec)) == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "weights %s: host allocation failed", spec);
        goto done;
    }
    if (strncmp(spec, synthetic_prefix, sizeof synthetic_prefix - 1) == 0)
        GCL_TRY(open_synthetic(c, preset, err));
    else
        GCL_TRY(open_file(c, preset, err));
    *out = c;
    c = NULL;
done:
    gcl_checkpoint_close(c);
    return st;
}

void gcl_checkpoint_close(gcl_checkpoint *c)
{
    if (c == NULL)
        return;
    gcl_safetensors_close(c->file);
    free(c->spec);
    free(c);
}

const gcl_config *gcl_checkpoint_config(const gcl_checkpoint *c)
{
    return &c->config;
}

const char *gcl_checkpoint_spec(const gcl_checkpoint *c)
{
    return c->spec;
}

bool gcl_checkpoint_is_synthetic(const gcl_checkpoint *c)
{
    return c->file == NULL;
}

const gcl_safetensors *gcl_checkpoint_file(const gcl_checkpoint *c)
{
    return c->file;
}

uint64_t gcl_checkpoint_seed(const gcl_checkpoint *c)
{
    return c->seed;
}

/* Data of a synthetic tensor. */
static gcl_status view_synthetic(const gcl_checkpoint *c, const char *name, const gcl_shape *shape,
                                 const uint64_t *dims, gcl_weight_view *out, gcl_error *err)
{
    const size_t bytes = gcl_shape_count(shape) * sizeof(float);

    out->data = out->owned = malloc(bytes);
    if (out->owned == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "tensor %s: host allocation of %zu bytes", name, bytes);
    return gcl_synthetic_fill(name, shape->rank, dims, c->seed, out->owned, err);
}

/* Data of a tensor of the file, moved only where its place does not suit its element. */
static gcl_status view_stored(const gcl_tensor_view *t, gcl_weight_view *out, gcl_error *err)
{
    if (t->dtype == GCL_TENSOR_F32)
        out->dtype = GCL_WEIGHT_F32;
    else if (t->dtype == GCL_TENSOR_F16)
        out->dtype = GCL_WEIGHT_F16;
    else if (t->dtype == GCL_TENSOR_BF16)
        out->dtype = GCL_WEIGHT_BF16;
    else
        return GCL_FAIL(err, GCL_E_UNSUPPORTED, "%s: tensor %s: F32, F16 or BF16 required, is %s",
                        t->file, t->name, gcl_tensor_dtype_name(t->dtype));
    out->data = t->data;
    out->mapped = (uintptr_t)t->data % gcl_tensor_dtype_bytes(t->dtype) == 0;
    if (out->mapped)
        return GCL_OK;
    out->data = out->owned = malloc(t->bytes);
    if (out->owned == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "tensor %s: host allocation of %zu bytes", t->name,
                        t->bytes);
    memcpy(out->owned, t->data, t->bytes);
    return GCL_OK;
}

/* gcl_weight_source.view */
static gcl_status view(void *self, const char *name, const gcl_shape *required,
                       gcl_weight_view *out, gcl_error *err)
{
    const gcl_checkpoint *c = self;
    const gcl_tensor_view *t;
    uint64_t shape[GCL_MAX_RANK] = {0};
    char need[GCL_TENSOR_SHAPE_TEXT_BYTES], found[GCL_TENSOR_SHAPE_TEXT_BYTES];

    for (int i = 0; i < required->rank; i++)
        shape[i] = required->dim[i];
    if (c->file == NULL)
        return view_synthetic(c, name, required, shape, out, err);
    t = gcl_safetensors_find(c->file, name);
    gcl_tensor_shape_text(need, required->rank, shape);
    if (t == NULL)
        return GCL_FAIL(err, GCL_E_NOT_FOUND, "%s has no tensor %s, which should be %s", c->spec,
                        name, need);
    if (t->rank != required->rank || memcmp(t->shape, shape, (size_t)t->rank * sizeof *shape) != 0)
        return GCL_FAIL(err, GCL_E_SHAPE, "%s: tensor %s is %s, should be %s", c->spec, name,
                        gcl_tensor_shape_text(found, t->rank, t->shape), need);
    return view_stored(t, out, err);
}

bool gcl_may_round(const char *name)
{
    const bool is_galip = strncmp(name, "netG.", 5) == 0 || strncmp(name, "netD.", 5) == 0 ||
                          strncmp(name, "netC.", 5) == 0;

    return is_galip && strstr(name, ".affine") == NULL;
}

/* gcl_weight_source.allows_half */
static bool allows_half(void *self, const char *name, bool rounded)
{
    const gcl_checkpoint *c = self;
    const gcl_tensor_view *t = c->file == NULL ? NULL : gcl_safetensors_find(c->file, name);

    return (rounded && gcl_may_round(name)) || (t != NULL && t->dtype == GCL_TENSOR_F16);
}

gcl_weight_source gcl_checkpoint_source(gcl_checkpoint *c)
{
    return (gcl_weight_source){c, view, allows_half};
}

gcl_status gcl_checkpoint_tokenizer(gcl_tokenizer **out, const gcl_checkpoint *c,
                                    const char *vocab_path, gcl_error *err)
{
    const char *merges = c->file == NULL ? NULL : gcl_safetensors_metadata(c->file, "merges");
    const size_t vocab = c->config.vocab_size;

    *out = NULL;
    if (vocab == 0)
        return GCL_FAIL(err, GCL_E_NOT_FOUND,
                        "%s has no text tower (tensor token_embedding.weight is missing)", c->spec);
    if (vocab_path != NULL)
        return gcl_tokenizer_create_file(out, vocab_path, vocab, err);
    if (merges != NULL)
        return gcl_tokenizer_create(out, merges, strlen(merges), c->spec, vocab, err);
    return gcl_tokenizer_create_builtin(out, vocab, err);
}
