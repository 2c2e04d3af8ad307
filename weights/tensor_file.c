/* tensor_file.c - one interface to the readers of the kinds. */
#include "weights/tensor_file.h"

#include <stdlib.h>

#include "base/file.h"
#include "weights/kind.h"
#include "weights/torch_file.h"

struct gcl_tensor_file {
    gcl_safetensors *safetensors; /* this or the other */
    gcl_torch_file *torch;
};

gcl_status gcl_tensor_file_open(gcl_tensor_file **out, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_weights_kind kind = GCL_WEIGHTS_UNKNOWN;
    gcl_tensor_file *f = NULL;

    *out = NULL;
    GCL_TRY(gcl_weights_kind_of(&kind, path, err));
    f = calloc(1, sizeof *f);
    if (f == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", path, sizeof *f);
        goto done;
    }
    switch (kind) {
    case GCL_WEIGHTS_SAFETENSORS:
        GCL_TRY(gcl_safetensors_open(&f->safetensors, path, err));
        break;
    case GCL_WEIGHTS_TORCH:
    case GCL_WEIGHTS_TORCH_LEGACY:
        GCL_TRY(gcl_torch_file_open(&f->torch, path, err));
        break;
    default:
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s is no weight file: needs safetensors, a PyTorch checkpoint or a "
                      "TorchScript archive",
                      path);
        goto done;
    }
    *out = f;
    f = NULL;
done:
    gcl_tensor_file_close(f);
    return st;
}

void gcl_tensor_file_close(gcl_tensor_file *f)
{
    if (f == NULL)
        return;
    gcl_safetensors_close(f->safetensors);
    gcl_torch_file_close(f->torch);
    free(f);
}

const char *gcl_tensor_file_format(const gcl_tensor_file *f)
{
    if (f->torch == NULL)
        return "safetensors";
    return gcl_torch_file_is_script(f->torch) ? "TorchScript archive" : "PyTorch checkpoint";
}

size_t gcl_tensor_file_count(const gcl_tensor_file *f)
{
    return f->torch != NULL ? gcl_torch_file_count(f->torch)
                            : gcl_safetensors_count(f->safetensors);
}

const gcl_tensor_view *gcl_tensor_file_at(const gcl_tensor_file *f, size_t i)
{
    return f->torch != NULL ? gcl_torch_file_at(f->torch, i)
                            : gcl_safetensors_at(f->safetensors, i);
}

gcl_status gcl_tensor_file_load(gcl_tensor_file *f, size_t i, gcl_error *err)
{
    return f->torch != NULL ? gcl_torch_file_load(f->torch, i, err) : GCL_OK;
}

void gcl_tensor_file_drop(gcl_tensor_file *f, size_t i)
{
    if (f->torch != NULL)
        gcl_torch_file_drop(f->torch, i);
    else
        gcl_map_drop(gcl_safetensors_at(f->safetensors, i)->data,
                     gcl_safetensors_at(f->safetensors, i)->bytes);
}

const char *gcl_tensor_file_metadata(const gcl_tensor_file *f, const char *key)
{
    return f->torch != NULL ? gcl_torch_file_metadata(f->torch, key)
                            : gcl_safetensors_metadata(f->safetensors, key);
}

size_t gcl_tensor_file_metadata_count(const gcl_tensor_file *f)
{
    return f->torch != NULL ? gcl_torch_file_metadata_count(f->torch)
                            : gcl_safetensors_metadata_count(f->safetensors);
}

const char *gcl_tensor_file_metadata_key(const gcl_tensor_file *f, size_t i)
{
    return f->torch != NULL ? gcl_torch_file_metadata_key(f->torch, i)
                            : gcl_safetensors_metadata_key(f->safetensors, i);
}

const gcl_safetensors *gcl_tensor_file_safetensors(const gcl_tensor_file *f)
{
    return f->safetensors;
}
