/* noise_file.c - latents from a safetensors file. */
#include "model/noise_file.h"

#include <math.h>

#include "weights/safetensors.h"

gcl_status gcl_noise_file_read(float *noise, const char *path, size_t n, size_t nz, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_safetensors *file = NULL;
    const gcl_tensor_view *t;
    char found[GCL_TENSOR_SHAPE_TEXT_BYTES];

    GCL_TRY(gcl_safetensors_open(&file, path, err));
    t = gcl_safetensors_find(file, "noise");
    if (t == NULL)
        t = gcl_safetensors_find(file, "in.noise");
    if (t == NULL) {
        st = GCL_FAIL(err, GCL_E_NOT_FOUND, "%s has no tensor noise or in.noise", path);
        goto done;
    }
    if (t->dtype != GCL_TENSOR_F32 || t->rank != 2 || t->shape[0] != n || t->shape[1] != nz) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "%s: tensor %s is %s %s, needs F32 [%zu, %zu]", path,
                      t->name, gcl_tensor_dtype_name(t->dtype),
                      gcl_tensor_shape_text(found, t->rank, t->shape), n, nz);
        goto done;
    }
    GCL_TRY(gcl_tensor_to_f32(t, noise, err));
    for (size_t i = 0; i < t->count; i++)
        if (!isfinite(noise[i])) {
            st =
                GCL_FAIL(err, GCL_E_FORMAT, "%s: %s[%zu] is not a finite number", path, t->name, i);
            goto done;
        }
done:
    gcl_safetensors_close(file);
    return st;
}
