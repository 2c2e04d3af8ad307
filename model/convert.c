/* convert.c - gathers a checkpoint's tensors in the wanted types and writes them. */
#include "model/convert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/parts.h"
#include "weights/synthetic.h"

/* Tensors to be written. */
typedef struct list {
    gcl_tensor_view *views;
    void **owned; /* [room] data made here; NULL where the view borrows it from the file */
    char **names; /* [room] the same for names */
    size_t n, room;
} list;

static void free_list(list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->owned[i]);
        free(l->names[i]);
    }
    free(l->views);
    free(l->owned);
    free(l->names);
}

static gcl_status make_list(list *l, size_t room, gcl_error *err)
{
    l->room = room;
    l->views = calloc(room + 1, sizeof *l->views);
    l->owned = calloc(room + 1, sizeof *l->owned);
    l->names = calloc(room + 1, sizeof *l->names);
    if (l->views == NULL || l->owned == NULL || l->names == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "convert: host allocation for %zu tensors", room);
    return GCL_OK;
}

static gcl_status allocate(void **out, const gcl_tensor_view *t, size_t bytes, gcl_error *err)
{
    *out = malloc(bytes + 1);
    if (*out == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "tensor %s: host allocation of %zu bytes", t->name,
                        bytes);
    return GCL_OK;
}

/* The type in which a tensor is stored, unless it would lose what it must not. */
static gcl_tensor_dtype stored_dtype(const gcl_tensor_view *t, gcl_store store)
{
    if (store == GCL_STORE_AS_IS)
        return t->dtype;
    return store != GCL_STORE_F32 && t->rank >= 2 && strstr(t->name, "embedding") == NULL
               ? GCL_TENSOR_F16
               : GCL_TENSOR_F32;
}

static bool may_be_rounded(const gcl_tensor_view *t, gcl_store store)
{
    return store == GCL_STORE_F16_ALL || gcl_may_round(t->name);
}

static bool are_f16_numbers(const float *src, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isnan(src[i]) && gcl_f16_to_f32(gcl_f32_to_f16(src[i])) != src[i])
            return false;
    return true;
}

static gcl_status to_f16(uint16_t *dst, const float *src, const gcl_tensor_view *t, gcl_error *err)
{
    for (size_t i = 0; i < t->count; i++) {
        dst[i] = gcl_f32_to_f16(src[i]);
        if (isfinite(src[i]) && !isfinite(gcl_f16_to_f32(dst[i])))
            return GCL_FAIL(err, GCL_E_UNSUPPORTED,
                            "tensor %s: element %zu is %g, F16 holds up to 65504", t->name, i,
                            (double)src[i]);
    }
    return GCL_OK;
}

/* Changes the type of the tensor that was added last. */
static gcl_status store_last(list *l, gcl_store store, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_tensor_view *t = &l->views[l->n - 1];
    gcl_tensor_dtype dtype = stored_dtype(t, store);
    void *f32 = NULL, *f16 = NULL;

    if (dtype == t->dtype)
        return GCL_OK;
    GCL_TRY(allocate(&f32, t, t->count * sizeof(float), err));
    GCL_TRY(gcl_tensor_to_f32(t, f32, err));
    if (dtype == GCL_TENSOR_F16 && !may_be_rounded(t, store) && !are_f16_numbers(f32, t->count))
        dtype = GCL_TENSOR_F32;
    if (dtype == t->dtype)
        goto done;
    if (dtype == GCL_TENSOR_F16) {
        GCL_TRY(allocate(&f16, t, t->count * sizeof(uint16_t), err));
        GCL_TRY(to_f16(f16, f32, t, err));
    }
    free(l->owned[l->n - 1]);
    t->data = l->owned[l->n - 1] = f16 != NULL ? f16 : f32;
    t->dtype = dtype;
    if (f16 == NULL)
        f32 = NULL;
    f16 = NULL;
done:
    free(f16);
    free(f32);
    return st;
}

static gcl_status add_file(list *l, const gcl_safetensors *file, gcl_store store, gcl_error *err)
{
    gcl_status st = make_list(l, gcl_safetensors_count(file), err);

    for (size_t i = 0; st == GCL_OK && i < gcl_safetensors_count(file); i++) {
        l->views[l->n++] = *gcl_safetensors_at(file, i);
        st = store_last(l, store, err);
    }
    return st;
}

static bool has(const list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->names[i], name) == 0)
            return true;
    return false;
}

static gcl_status add_synthetic(list *l, const gcl_tensor *t, uint64_t seed, gcl_store store,
                                gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_tensor_view *v = &l->views[l->n];

    l->names[l->n] = strdup(t->name);
    if (l->names[l->n] == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "tensor %s: host allocation failed", t->name);
    *v = (gcl_tensor_view){.name = l->names[l->n], .dtype = GCL_TENSOR_F32, .rank = t->shape.rank};
    for (int i = 0; i < v->rank; i++)
        v->shape[i] = t->shape.dim[i];
    v->count = gcl_shape_count(&t->shape);
    v->bytes = v->count * sizeof(float);
    l->n++;
    GCL_TRY(allocate(&l->owned[l->n - 1], v, v->bytes, err));
    v->data = l->owned[l->n - 1];
    GCL_TRY(gcl_synthetic_fill(v->name, v->rank, v->shape, seed, l->owned[l->n - 1], err));
    GCL_TRY(store_last(l, store, err));
done:
    return st;
}

/* What the graphs of all parts read. */
static gcl_status add_parts(list *l, const gcl_checkpoint *from, gcl_store store, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_graph *graphs[GCL_PART_COUNT_] = {NULL};
    size_t room = 0;

    for (int p = 0; p < GCL_PART_COUNT_; p++) {
        GCL_TRY(gcl_part_graph(&graphs[p], gcl_checkpoint_config(from), (gcl_part)p, 1, 0, err));
        room += (size_t)gcl_graph_n_values(graphs[p]);
    }
    GCL_TRY(make_list(l, room, err));
    for (int p = 0; p < GCL_PART_COUNT_; p++)
        for (gcl_value v = 0; v < gcl_graph_n_values(graphs[p]); v++) {
            const gcl_tensor *t = gcl_graph_tensor(graphs[p], v);
            if (t->kind == GCL_VALUE_WEIGHT && !has(l, t->name))
                GCL_TRY(add_synthetic(l, t, gcl_checkpoint_seed(from), store, err));
        }
done:
    for (int p = 0; p < GCL_PART_COUNT_; p++)
        gcl_graph_destroy(graphs[p]);
    return st;
}

static gcl_status write_list(const char *path, const list *l, const gcl_checkpoint *from,
                             gcl_error *err)
{
    const gcl_safetensors *file = gcl_checkpoint_file(from);
    const size_t n = file == NULL ? 1 : gcl_safetensors_metadata_count(file);
    gcl_safetensors_pair *pairs = calloc(n + 1, sizeof *pairs);
    gcl_status st;

    if (pairs == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu metadata keys", path, n);
    if (file == NULL)
        pairs[0] = (gcl_safetensors_pair){"preset", gcl_checkpoint_config(from)->preset};
    for (size_t i = 0; file != NULL && i < n; i++) {
        pairs[i].key = gcl_safetensors_metadata_key(file, i);
        pairs[i].value = gcl_safetensors_metadata(file, pairs[i].key);
    }
    st = gcl_safetensors_write(path, l->views, l->n, pairs, n, err);
    free(pairs);
    return st;
}

gcl_status gcl_convert(const char *path, gcl_checkpoint *from, gcl_store store, gcl_error *err)
{
    gcl_status st = GCL_OK;
    list l = {0};

    if (gcl_checkpoint_file(from) != NULL)
        GCL_TRY(add_file(&l, gcl_checkpoint_file(from), store, err));
    else
        GCL_TRY(add_parts(&l, from, store, err));
    GCL_TRY(write_list(path, &l, from, err));
done:
    free_list(&l);
    return st;
}
