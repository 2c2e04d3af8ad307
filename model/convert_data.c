/* convert_data.c - the values of one tensor: joined, transposed, and in the type wanted. */
#include "model/convert_internal.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "weights/synthetic.h"

static gcl_status allocate(void **out, const gcl_item *item, size_t bytes, gcl_error *err)
{
    *out = malloc(bytes + 1);
    if (*out == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "tensor %s: host allocation of %zu bytes",
                        item->view.name, bytes);
    return GCL_OK;
}

static const gcl_tensor_view *piece_view(const gcl_piece *p)
{
    return gcl_tensor_file_at(p->file, p->index);
}

/* dst[k][n] = src[n][k], elements of `size` bytes. */
static void transpose(char *dst, const char *src, size_t N, size_t K, size_t size)
{
    for (size_t n = 0; n < N; n++)
        for (size_t k = 0; k < K; k++)
            memcpy(dst + (k * N + n) * size, src + (n * K + k) * size, size);
}

/* The item's values in the type of its pieces: those of the file, or made here. */
static gcl_status assemble(const gcl_item *item, uint64_t seed, gcl_tensor_view *t, void **owned,
                           gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t size = gcl_tensor_dtype_bytes(item->dtype), bytes = item->view.count * size;
    const gcl_piece *p = item->pieces;
    char *to;

    *t = item->view;
    t->dtype = item->dtype;
    t->bytes = bytes;
    for (int i = 0; p->file != NULL && i < item->n_pieces; i++)
        GCL_TRY(gcl_tensor_file_load(p[i].file, p[i].index, err));
    if (p->file != NULL && item->n_pieces == 1 && !item->is_transposed) {
        t->data = piece_view(p)->data;
        return GCL_OK;
    }
    GCL_TRY(allocate(owned, item, bytes, err));
    t->data = to = *owned;
    if (p->file == NULL)
        GCL_TRY(gcl_synthetic_fill(t->name, t->rank, t->shape, seed, *owned, err));
    else if (item->is_transposed)
        transpose(to, piece_view(p)->data, (size_t)t->shape[1], (size_t)t->shape[0], size);
    else
        for (int i = 0; i < item->n_pieces; to += piece_view(&p[i++])->bytes)
            memcpy(to, piece_view(&p[i])->data, piece_view(&p[i])->bytes);
done:
    return st;
}

static gcl_status fail_beyond(const gcl_item *item, size_t i, double value, const char *limit,
                              gcl_error *err)
{
    return GCL_FAIL(err, GCL_E_UNSUPPORTED, "%s: tensor %s: element %zu is %g, %s",
                    item->view.file != NULL ? item->view.file : "synthetic", item->view.name, i,
                    value, limit);
}

static gcl_status f64_to_f32(const gcl_item *item, const gcl_tensor_view *t, float *dst,
                             gcl_error *err)
{
    for (size_t i = 0; i < t->count; i++) {
        double v;
        memcpy(&v, (const char *)t->data + i * sizeof v, sizeof v);
        if (isfinite(v) && fabs(v) > (double)FLT_MAX)
            return fail_beyond(item, i, v, "F32 holds up to 3.4e38", err);
        dst[i] = (float)v;
    }
    return GCL_OK;
}

static gcl_status to_f32(const gcl_item *item, const gcl_tensor_view *t, float *dst, gcl_error *err)
{
    return t->dtype == GCL_TENSOR_F64 ? f64_to_f32(item, t, dst, err)
                                      : gcl_tensor_to_f32(t, dst, err);
}

static gcl_status to_f16(const gcl_item *item, const float *src, uint16_t *dst, gcl_error *err)
{
    for (size_t i = 0; i < item->view.count; i++) {
        dst[i] = gcl_f32_to_f16(src[i]);
        if (isfinite(src[i]) && !isfinite(gcl_f16_to_f32(dst[i])))
            return fail_beyond(item, i, (double)src[i], "F16 holds up to 65504", err);
    }
    return GCL_OK;
}

gcl_status gcl_item_load(const gcl_item *item, uint64_t seed, const void **data, void **owned,
                         gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_tensor_view t;
    void *made = NULL, *f32 = NULL, *f16 = NULL;

    *owned = NULL;
    GCL_TRY(assemble(item, seed, &t, &made, err));
    *data = t.data;
    if (item->view.dtype == t.dtype) {
        *owned = made;
        made = NULL;
        goto done;
    }
    GCL_TRY(allocate(&f32, item, t.count * sizeof(float), err));
    GCL_TRY(to_f32(item, &t, f32, err));
    if (item->view.dtype == GCL_TENSOR_F16) {
        GCL_TRY(allocate(&f16, item, t.count * sizeof(uint16_t), err));
        GCL_TRY(to_f16(item, f32, f16, err));
        *data = *owned = f16;
        f16 = NULL;
    } else {
        *data = *owned = f32;
        f32 = NULL;
    }
done:
    free(f16);
    free(f32);
    free(made);
    return st;
}

void gcl_item_unload(const gcl_item *item, void *owned)
{
    free(owned);
    for (int i = 0; item->pieces[0].file != NULL && i < item->n_pieces; i++)
        gcl_tensor_file_drop(item->pieces[i].file, item->pieces[i].index);
}

/* f32: [count], anywhere in a file. */
static bool are_f16_numbers(const void *f32, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float v;
        memcpy(&v, (const char *)f32 + i * sizeof v, sizeof v);
        if (!isnan(v) && gcl_f16_to_f32(gcl_f32_to_f16(v)) != v)
            return false;
    }
    return true;
}

/* Linear layers, convolutions, attention, projections. */
static bool is_large(const gcl_tensor_view *t)
{
    return t->rank >= 2 && strstr(t->name, "embedding") == NULL;
}

gcl_status gcl_item_choose_dtype(gcl_item *item, gcl_store store, uint64_t seed, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const void *f32;
    void *owned = NULL;

    if (store == GCL_STORE_AS_IS) {
        item->view.dtype = item->dtype == GCL_TENSOR_F64 ? GCL_TENSOR_F32 : item->dtype;
        return GCL_OK;
    }
    item->view.dtype = GCL_TENSOR_F32;
    if (store == GCL_STORE_F32 || !is_large(&item->view))
        return GCL_OK;
    if (item->dtype == GCL_TENSOR_F16 || store == GCL_STORE_F16_ALL ||
        gcl_may_round(item->view.name)) {
        item->view.dtype = GCL_TENSOR_F16;
        return GCL_OK;
    }
    GCL_TRY(gcl_item_load(item, seed, &f32, &owned, err));
    if (are_f16_numbers(f32, item->view.count))
        item->view.dtype = GCL_TENSOR_F16;
    gcl_item_unload(item, owned);
done:
    return st;
}

/* The item's values in f32, whatever its view says. */
static gcl_status load_f32(const gcl_item *item, const void **data, void **owned, gcl_error *err)
{
    gcl_item wide = *item;

    wide.view.dtype = GCL_TENSOR_F32;
    return gcl_item_load(&wide, 0, data, owned, err);
}

gcl_status gcl_item_check_equal(const gcl_item *copy, const gcl_item *item, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const void *data_a = NULL, *data_b = NULL;
    void *owned_a = NULL, *owned_b = NULL;
    char shape[GCL_TENSOR_SHAPE_TEXT_BYTES], required[GCL_TENSOR_SHAPE_TEXT_BYTES];

    if (copy->view.rank != item->view.rank ||
        memcmp(copy->view.shape, item->view.shape, sizeof item->view.shape) != 0)
        return GCL_FAIL(
            err, GCL_E_SHAPE, "%s: netG's copy of %s is %s, CLIP's in %s is %s", copy->view.file,
            item->view.name, gcl_tensor_shape_text(shape, copy->view.rank, copy->view.shape),
            item->view.file, gcl_tensor_shape_text(required, item->view.rank, item->view.shape));
    GCL_TRY(load_f32(copy, &data_a, &owned_a, err));
    GCL_TRY(load_f32(item, &data_b, &owned_b, err));
    for (size_t i = 0; i < item->view.count; i++) {
        float a, b;
        memcpy(&a, (const char *)data_a + i * sizeof a, sizeof a);
        memcpy(&b, (const char *)data_b + i * sizeof b, sizeof b);
        if (a != b && !(isnan(a) && isnan(b))) {
            st = GCL_FAIL(
                err, GCL_E_MISMATCH,
                "%s: netG was trained with another CLIP: element %zu of its copy of %s is "
                "%.9g, in %s %.9g",
                copy->view.file, i, item->view.name, (double)a, item->view.file, (double)b);
            goto done;
        }
    }
done:
    gcl_item_unload(copy, owned_a);
    gcl_item_unload(item, owned_b);
    return st;
}
