/* fuzz_safetensors.c - what the reader accepts can be written and is then read back the same. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "weights/safetensors.h"

static void check_same(const gcl_tensor_view *a, const gcl_tensor_view *b)
{
    FUZZ_CHECK(b != NULL);
    FUZZ_CHECK(a->dtype == b->dtype && a->rank == b->rank && a->count == b->count);
    FUZZ_CHECK(memcmp(a->shape, b->shape, (size_t)a->rank * sizeof a->shape[0]) == 0);
    FUZZ_CHECK(a->bytes == b->bytes);
    FUZZ_CHECK(a->bytes == 0 || memcmp(a->data, b->data, a->bytes) == 0);
}

/* Numbers of the types that are converted; NaN payloads and all. */
static void convert(const gcl_tensor_view *t)
{
    float *values = malloc(t->count * sizeof *values + 1);

    FUZZ_CHECK(values != NULL);
    gcl_tensor_to_f32(t, values, NULL);
    gcl_tensor_to_i32(t, (int32_t *)(void *)values, NULL);
    free(values);
}

static void check_copy(const gcl_safetensors *file)
{
    const size_t n = gcl_safetensors_count(file), n_pairs = gcl_safetensors_metadata_count(file);
    gcl_tensor_view *tensors = calloc(n + 1, sizeof *tensors);
    gcl_metadata_pair *pairs = calloc(n_pairs + 1, sizeof *pairs);
    gcl_safetensors *copy = NULL;

    FUZZ_CHECK(tensors != NULL && pairs != NULL);
    for (size_t i = 0; i < n; i++)
        tensors[i] = *gcl_safetensors_at(file, i);
    for (size_t i = 0; i < n_pairs; i++) {
        pairs[i].key = gcl_safetensors_metadata_key(file, i);
        pairs[i].value = gcl_safetensors_metadata(file, pairs[i].key);
    }
    FUZZ_CHECK(gcl_safetensors_write(fuzz_path("copy"), tensors, n, pairs, n_pairs, NULL) ==
               GCL_OK);
    FUZZ_CHECK(gcl_safetensors_open(&copy, fuzz_path("copy"), NULL) == GCL_OK);
    FUZZ_CHECK(gcl_safetensors_count(copy) == n);
    FUZZ_CHECK(gcl_safetensors_metadata_count(copy) == n_pairs);
    for (size_t i = 0; i < n; i++)
        check_same(&tensors[i], gcl_safetensors_find(copy, tensors[i].name));
    for (size_t i = 0; i < n_pairs; i++)
        FUZZ_CHECK(strcmp(gcl_safetensors_metadata(copy, pairs[i].key), pairs[i].value) == 0);
    gcl_safetensors_close(copy);
    free(pairs);
    free(tensors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    gcl_safetensors *file = NULL;
    gcl_error err = GCL_ERROR_INIT;

    if (gcl_safetensors_open(&file, fuzz_file("in", data, bytes), &err) == GCL_OK) {
        for (size_t i = 0; i < gcl_safetensors_count(file); i++) {
            const gcl_tensor_view *t = gcl_safetensors_at(file, i);
            FUZZ_CHECK(gcl_safetensors_find(file, t->name) == t);
            convert(t);
        }
        check_copy(file);
    }
    FUZZ_CHECK((file == NULL) == (err.message[0] != '\0'));
    gcl_safetensors_close(file);
    gcl_error_clear(&err);
    return 0;
}
