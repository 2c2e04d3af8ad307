/* golden.c - inputs and expected tensors of golden files. */
#include "model/golden.h"

#include <stdlib.h>
#include <string.h>

/* The S of "@S", 0 when it is no number of 1 or more. */
static size_t read_stride(const char *text)
{
    char *end = NULL;
    const size_t stride = text[1] >= '0' && text[1] <= '9' ? strtoul(text + 1, &end, 10) : 0;

    return stride > 0 && *end == '\0' ? stride : 0;
}

const gcl_tensor_view *gcl_golden_find(const gcl_safetensors *file, const char *name,
                                       size_t *stride, size_t *index)
{
    const size_t n = strlen(name);

    for (size_t i = 0; i < gcl_safetensors_count(file); i++) {
        const gcl_tensor_view *t = gcl_safetensors_at(file, i);
        if (strncmp(t->name, name, n) != 0 || (t->name[n] != '\0' && t->name[n] != '@'))
            continue;
        *index = i;
        *stride = t->name[n] == '\0' ? 1 : read_stride(t->name + n);
        if (*stride > 0)
            return t;
    }
    return NULL;
}

gcl_status gcl_golden_check_shape(const gcl_tensor_view *t, const gcl_shape *shape, size_t stride,
                                  gcl_error *err)
{
    const size_t count = gcl_shape_count(shape);
    bool same =
        stride == 1 ? t->rank == shape->rank : t->rank == 1 && t->count == (count - 1) / stride + 1;
    char found[GCL_TENSOR_SHAPE_TEXT_BYTES], need[96];

    for (int i = 0; same && stride == 1 && i < shape->rank; i++)
        same = t->shape[i] == shape->dim[i];
    if (same)
        return GCL_OK;
    return GCL_FAIL(err, GCL_E_SHAPE, "%s: tensor %s is %s, the stage computes %s, stride %zu",
                    t->file, t->name, gcl_tensor_shape_text(found, t->rank, t->shape),
                    gcl_shape_text(need, sizeof need, shape), stride);
}

gcl_status gcl_golden_input(void **data, const gcl_tensor_view *t, const gcl_tensor *need,
                            size_t ids, gcl_error *err)
{
    gcl_status st = GCL_OK;
    int32_t *values = NULL; /* or floats */

    *data = NULL;
    GCL_TRY(gcl_golden_check_shape(t, &need->shape, 1, err));
    values = malloc(t->count * sizeof *values);
    if (values == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed", t->name);
        goto done;
    }
    if (need->dtype == GCL_F32)
        GCL_TRY(gcl_tensor_to_f32(t, (float *)(void *)values, err));
    else
        GCL_TRY(gcl_tensor_to_i32(t, values, err));
    for (size_t i = 0; need->dtype == GCL_I32 && i < t->count; i++)
        if (values[i] < 0 || (size_t)values[i] >= ids) {
            st = GCL_FAIL(err, GCL_E_FORMAT, "%s: %s[%zu] is %d, needs a token id below %zu",
                          t->file, t->name, i, values[i], ids);
            goto done;
        }
    *data = values;
    values = NULL; /* ownership moved to the caller */
done:
    free(values);
    return st;
}
