/*
 * fuzz_inputs.c - files as golden files, as files of --noise, as weights to convert, and JSON as the
 * configuration of a CLIP: what is taken from them fits the graphs of the models.
 */
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/clip_json.h"
#include "model/convert.h"
#include "model/golden.h"
#include "model/noise_file.h"
#include "model/parts.h"

enum { BATCH = 2, MAX_NZ = 1024 };

static void check_noise(const char *path, size_t nz)
{
    float noise[BATCH * MAX_NZ];

    FUZZ_CHECK(nz <= MAX_NZ);
    if (gcl_noise_file_read(noise, path, BATCH, nz, NULL) != GCL_OK)
        return;
    for (size_t i = 0; i < BATCH * nz; i++)
        FUZZ_CHECK(isfinite(noise[i]));
}

/* Every tensor as the input that the value is. */
static void check_input(const gcl_safetensors *file, const gcl_tensor *value, size_t ids)
{
    for (size_t i = 0; i < gcl_safetensors_count(file); i++) {
        const gcl_tensor_view *t = gcl_safetensors_at(file, i);
        void *data = NULL;
        if (gcl_golden_input(&data, t, value, ids, NULL) == GCL_OK) {
            FUZZ_CHECK(t->count == gcl_shape_count(&value->shape));
            for (size_t k = 0; value->dtype == GCL_I32 && k < t->count; k++)
                FUZZ_CHECK(((int32_t *)data)[k] >= 0 && (size_t)((int32_t *)data)[k] < ids);
        }
        free(data);
    }
}

/* What is expected of the value lies in it. */
static void check_expected(const gcl_safetensors *file, const gcl_tensor *value)
{
    size_t stride = 0, index = 0;
    const gcl_tensor_view *t = gcl_golden_find(file, value->name, &stride, &index);

    if (t == NULL)
        return;
    FUZZ_CHECK(stride > 0 && gcl_safetensors_at(file, index) == t);
    if (gcl_golden_check_shape(t, &value->shape, stride, NULL) == GCL_OK)
        FUZZ_CHECK(t->count > 0 && t->count - 1 <= (gcl_shape_count(&value->shape) - 1) / stride);
}

static void check_graph(const gcl_safetensors *file, const gcl_graph *g, size_t ids)
{
    for (gcl_value v = 0; v < gcl_graph_n_values(g); v++) {
        const gcl_tensor *value = gcl_graph_tensor(g, v);
        if (value->kind == GCL_VALUE_INPUT)
            check_input(file, value, ids);
        else if (value->kind == GCL_VALUE_RESULT && value->name != NULL)
            check_expected(file, value);
    }
}

/* The batch that the first tensor claims to have: a graph or an error. */
static void check_batch(const gcl_safetensors *file, const gcl_config *c)
{
    gcl_graph *g = NULL;
    const gcl_tensor_view *t = gcl_safetensors_count(file) > 0 ? gcl_safetensors_at(file, 0) : NULL;

    if (t != NULL && t->rank > 0)
        gcl_part_graph(&g, c, GCL_PART_NETG, (size_t)t->shape[0], 0, NULL);
    gcl_graph_destroy(g);
}

static void check_safetensors(const char *path)
{
    static gcl_config c;
    static gcl_graph *graphs[GCL_PART_COUNT_];
    gcl_safetensors *file = NULL;

    for (int part = 0; part < GCL_PART_COUNT_ && graphs[part] == NULL; part++) {
        FUZZ_CHECK(gcl_config_preset(&c, "galip-56", NULL) == GCL_OK);
        FUZZ_CHECK(gcl_part_graph(&graphs[part], &c, (gcl_part)part, BATCH, 0, NULL) == GCL_OK);
    }
    check_noise(path, c.nz);
    if (gcl_safetensors_open(&file, path, NULL) == GCL_OK) {
        for (int part = 0; part < GCL_PART_COUNT_; part++)
            check_graph(file, graphs[part], c.vocab_size);
        check_batch(file, &c);
    }
    gcl_safetensors_close(file);
}

/* What is converted can be opened; its parts are graphs or errors. */
static void check_conversion(const char *path)
{
    const gcl_conversion_options options = {.inputs = &path, .n_inputs = 1, .store = GCL_STORE_F16};
    gcl_conversion *c = NULL;
    gcl_checkpoint *checkpoint = NULL;
    char out[300];

    strcpy(out, fuzz_path("out.safetensors"));
    if (gcl_conversion_open(&c, &options, NULL) == GCL_OK &&
        gcl_conversion_write(c, out, NULL) == GCL_OK) {
        FUZZ_CHECK(gcl_checkpoint_open(&checkpoint, out, NULL, NULL) == GCL_OK);
        for (int part = 0; part < GCL_PART_COUNT_; part++) {
            gcl_graph *g = NULL;
            gcl_part_graph(&g, gcl_checkpoint_config(checkpoint), (gcl_part)part, 1, 0, NULL);
            gcl_graph_destroy(g);
        }
    }
    gcl_checkpoint_close(checkpoint);
    gcl_conversion_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    gcl_clip_json json;
    char path[300];

    strcpy(path, fuzz_file("in", data, bytes));
    if (gcl_clip_json_is(path))
        gcl_clip_json_read(&json, path, NULL);
    else
        check_safetensors(path);
    check_conversion(path);
    return 0;
}
