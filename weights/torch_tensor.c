/* torch_tensor.c - the calls by which a pickle of PyTorch describes a tensor. */
#include "weights/torch_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- globals ---- */

#define STORAGE(name, dtype)                                                                \
    {                                                                                       \
        "torch", name "Storage", GCL_PICKLE_AS_NAME, GCL_TORCH_STORAGE + GCL_TENSOR_##dtype \
    }
#define DTYPE(name, dtype)                                                      \
    {                                                                           \
        "torch", name, GCL_PICKLE_AS_NAME, GCL_TORCH_DTYPE + GCL_TENSOR_##dtype \
    }
#define FUNCTION(module, name, id)               \
    {                                            \
        module, name, GCL_PICKLE_AS_FUNCTION, id \
    }

static const gcl_pickle_global globals[] = {
    STORAGE("Float", F32),
    STORAGE("Half", F16),
    STORAGE("BFloat16", BF16),
    STORAGE("Double", F64),
    STORAGE("Long", I64),
    STORAGE("Int", I32),
    STORAGE("Short", I16),
    STORAGE("Char", I8),
    STORAGE("Byte", U8),
    STORAGE("Bool", BOOL),
    {"torch", "UntypedStorage", GCL_PICKLE_AS_NAME, GCL_TORCH_UNTYPED},
    {"torch.storage", "UntypedStorage", GCL_PICKLE_AS_NAME, GCL_TORCH_UNTYPED},
    DTYPE("float32", F32),
    DTYPE("float16", F16),
    DTYPE("bfloat16", BF16),
    DTYPE("float64", F64),
    DTYPE("int64", I64),
    DTYPE("int32", I32),
    DTYPE("int16", I16),
    DTYPE("int8", I8),
    DTYPE("uint64", U64),
    DTYPE("uint32", U32),
    DTYPE("uint16", U16),
    DTYPE("uint8", U8),
    DTYPE("bool", BOOL),
    DTYPE("float8_e4m3fn", F8_E4M3),
    DTYPE("float8_e5m2", F8_E5M2),
    FUNCTION("torch._utils", "_rebuild_tensor", GCL_TORCH_TENSOR),
    FUNCTION("torch._utils", "_rebuild_tensor_v2", GCL_TORCH_TENSOR),
    FUNCTION("torch._utils", "_rebuild_tensor_v3", GCL_TORCH_TENSOR_V3),
    FUNCTION("torch._utils", "_rebuild_parameter", GCL_TORCH_PARAMETER),
    FUNCTION("torch._utils", "_rebuild_parameter_with_state", GCL_TORCH_PARAMETER),
    FUNCTION("torch", "Size", GCL_TORCH_OTHER),
    FUNCTION("torch", "device", GCL_TORCH_OTHER),
    {"collections", "OrderedDict", GCL_PICKLE_AS_DICT, GCL_TORCH_OTHER},
    /* from here on only in TorchScript */
    FUNCTION("torch.jit._pickle", "restore_type_tag", GCL_TORCH_WRAPPER),
    FUNCTION("torch.jit._pickle", "build_tensorlist", GCL_TORCH_WRAPPER),
    FUNCTION("torch.jit._pickle", "build_intlist", GCL_TORCH_WRAPPER),
    FUNCTION("torch.jit._pickle", "build_doublelist", GCL_TORCH_WRAPPER),
    FUNCTION("torch.jit._pickle", "build_boollist", GCL_TORCH_WRAPPER),
    {"__torch__", NULL, GCL_PICKLE_AS_CLASS, GCL_TORCH_OBJECT},
};

#define SCRIPT_GLOBALS 6

const gcl_pickle_global *gcl_torch_globals(size_t *count, bool is_script)
{
    *count = sizeof globals / sizeof globals[0] - (is_script ? 0 : SCRIPT_GLOBALS);
    return globals;
}

/* ---- the storage ---- */

/* The dtype of a global whose id counts from base; false when it is another global. */
static bool dtype_of(gcl_tensor_dtype *out, const gcl_pickle_value *v, int base)
{
    if (v->kind != GCL_PICKLE_GLOBAL || v->global->id < base ||
        v->global->id >= base + GCL_TENSOR_DTYPE_COUNT_)
        return false;
    *out = (gcl_tensor_dtype)(v->global->id - base);
    return true;
}

/* data/KEY of the archive; PyTorch's keys are numbers. */
static gcl_status find_entry(gcl_torch_tensor *t, const gcl_torch_file *f,
                             const gcl_pickle_text *key, gcl_error *err)
{
    char name[32];
    size_t digits = 0;

    while (digits < key->bytes && key->data[digits] >= '0' && key->data[digits] <= '9')
        digits++;
    if (digits == 0 || digits < key->bytes || digits > 20)
        return GCL_FAIL(err, GCL_E_FORMAT,
                        "%s: tensor %s: the key of its storage is no number: %.*s", t->view.file,
                        t->view.name, (int)(key->bytes < 40 ? key->bytes : 40), key->data);
    snprintf(name, sizeof name, "data/%.*s", (int)key->bytes, key->data);
    t->entry = gcl_torch_file_entry(f, name);
    if (t->entry == NULL)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor %s: zip entry %s/%s is missing",
                        t->view.file, t->view.name, f->prefix, name);
    return GCL_OK;
}

/**
 * A persistent id is ("storage", type, key, place, elements).
 *
 * @param dtype_arg  of an untyped storage, else NULL
 * @param elements   of the whole storage
 */
static gcl_status read_storage(gcl_torch_tensor *t, const gcl_torch_file *f,
                               const gcl_pickle_value *storage, const gcl_pickle_value *dtype_arg,
                               uint64_t *elements, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_pickle_value *const *id;
    bool is_untyped;
    uint64_t size;

    if (storage->kind != GCL_PICKLE_PERSISTENT || storage->id->kind != GCL_PICKLE_TUPLE ||
        storage->id->items.count != 5) {
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s: tensor %s: its storage is %s, not a persistent id of 5 values",
                      t->view.file, t->view.name, gcl_pickle_kind_name(storage->kind));
        goto done;
    }
    id = storage->id->items.at;
    if (id[0]->kind != GCL_PICKLE_TEXT || id[0]->text.bytes != 7 ||
        memcmp(id[0]->text.data, "storage", 7) != 0 || id[2]->kind != GCL_PICKLE_TEXT ||
        id[4]->kind != GCL_PICKLE_INT || id[4]->integer < 0) {
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s: tensor %s: its storage is not (\"storage\", type, key, place, elements)",
                      t->view.file, t->view.name);
        goto done;
    }
    is_untyped = id[1]->kind == GCL_PICKLE_GLOBAL && id[1]->global->id == GCL_TORCH_UNTYPED;
    if (is_untyped ? dtype_arg == NULL || !dtype_of(&t->view.dtype, dtype_arg, GCL_TORCH_DTYPE)
                   : !dtype_of(&t->view.dtype, id[1], GCL_TORCH_STORAGE)) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor %s: the type of its storage is not known",
                      t->view.file, t->view.name);
        goto done;
    }
    GCL_TRY(find_entry(t, f, &id[2]->text, err));
    size = gcl_tensor_dtype_bytes(t->view.dtype);
    *elements = t->entry->bytes / size;
    if (t->entry->bytes % size != 0 ||
        (uint64_t)id[4]->integer != (is_untyped ? t->entry->bytes : *elements))
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s: tensor %s: zip entry %.200s has %zu bytes, its storage needs %" PRId64
                      " of %zu",
                      t->view.file, t->view.name, t->entry->name, t->entry->bytes, id[4]->integer,
                      is_untyped ? (size_t)1 : (size_t)size);
done:
    return st;
}

/* ---- the view of it ---- */

/* Whole numbers of 0 or more; what: "size" or "stride". */
static gcl_status read_numbers(const gcl_torch_tensor *t, uint64_t out[GCL_TENSOR_MAX_RANK],
                               int *count, const gcl_pickle_value *v, const char *what,
                               gcl_error *err)
{
    if (v->kind != GCL_PICKLE_TUPLE)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor %s: its %s is %s, not a tuple", t->view.file,
                        t->view.name, what, gcl_pickle_kind_name(v->kind));
    if (v->items.count > GCL_TENSOR_MAX_RANK)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor %s: %zu dimensions, at most %d supported",
                        t->view.file, t->view.name, v->items.count, GCL_TENSOR_MAX_RANK);
    for (size_t i = 0; i < v->items.count; i++) {
        const gcl_pickle_value *n = v->items.at[i];
        if (n->kind != GCL_PICKLE_INT)
            return GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor %s: %s[%zu] is %s, not an int",
                            t->view.file, t->view.name, what, i, gcl_pickle_kind_name(n->kind));
        if (n->integer < 0)
            return GCL_FAIL(err, GCL_E_FORMAT,
                            "%s: tensor %s: %s[%zu] is %" PRId64 ", negative ones are not allowed",
                            t->view.file, t->view.name, what, i, n->integer);
        out[i] = (uint64_t)n->integer;
    }
    *count = (int)v->items.count;
    return GCL_OK;
}

/* Every element lies in the storage. */
static gcl_status check_range(const gcl_torch_tensor *t, uint64_t elements, gcl_error *err)
{
    bool fits = t->offset <= elements && (t->view.count == 0 || t->offset < elements);
    uint64_t left = fits && t->view.count > 0 ? elements - t->offset - 1 : 0;
    char shape[GCL_TENSOR_SHAPE_TEXT_BYTES], stride[GCL_TENSOR_SHAPE_TEXT_BYTES];

    for (int i = 0; i < t->view.rank && fits && t->view.count > 0; i++) {
        const uint64_t steps = t->view.shape[i] - 1;
        fits = steps == 0 || t->stride[i] <= left / steps;
        left -= fits ? steps * t->stride[i] : 0;
    }
    if (!fits)
        return GCL_FAIL(
            err, GCL_E_FORMAT,
            "%s: tensor %s: %s with strides %s from element %" PRIu64
            " leaves its storage of %" PRIu64 " elements",
            t->view.file, t->view.name, gcl_tensor_shape_text(shape, t->view.rank, t->view.shape),
            gcl_tensor_shape_text(stride, t->view.rank, t->stride), t->offset, elements);
    return GCL_OK;
}

static gcl_status read_shape(gcl_torch_tensor *t, const gcl_pickle_value *size,
                             const gcl_pickle_value *stride, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_tensor_view *v = &t->view;
    int strides = 0;
    char shape[GCL_TENSOR_SHAPE_TEXT_BYTES];

    GCL_TRY(read_numbers(t, v->shape, &v->rank, size, "size", err));
    GCL_TRY(read_numbers(t, t->stride, &strides, stride, "stride", err));
    if (strides != v->rank) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor %s: %d strides for %d dimensions", v->file,
                      v->name, strides, v->rank);
        goto done;
    }
    if (!gcl_tensor_size(&v->count, &v->bytes, v->dtype, v->rank, v->shape))
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor %s: the size of %s %s overflows", v->file,
                      v->name, gcl_tensor_dtype_name(v->dtype),
                      gcl_tensor_shape_text(shape, v->rank, v->shape));
done:
    return st;
}

/* The arguments of the call that makes the tensor, which a parameter wraps; NULL when there is none. */
static const gcl_pickle_items *find_arguments(const gcl_pickle_value *call, bool *has_dtype)
{
    if (call->call.callee->id == GCL_TORCH_PARAMETER) {
        if (call->call.args->items.count == 0)
            return NULL;
        call = call->call.args->items.at[0];
    }
    if (call->kind != GCL_PICKLE_CALL)
        return NULL;
    *has_dtype = call->call.callee->id == GCL_TORCH_TENSOR_V3;
    return *has_dtype || call->call.callee->id == GCL_TORCH_TENSOR ? &call->call.args->items : NULL;
}

gcl_status gcl_torch_tensor_read(gcl_torch_tensor *t, const gcl_torch_file *f,
                                 const gcl_pickle_value *call, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bool has_dtype = false;
    const gcl_pickle_items *args = find_arguments(call, &has_dtype);
    const size_t metadata = has_dtype ? 7 : 6; /* comes last, where a tensor has any */
    uint64_t elements = 0;

    if (args == NULL || args->count < (has_dtype ? 7 : 4) || args->at[1]->kind != GCL_PICKLE_INT ||
        args->at[1]->integer < 0) {
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s: tensor %s: it is not made of (storage, offset, size, stride, ...)",
                      t->view.file, t->view.name);
        goto done;
    }
    if (args->count > metadata && args->at[metadata]->kind != GCL_PICKLE_NONE) {
        st = GCL_FAIL(err, GCL_E_UNSUPPORTED,
                      "%s: tensor %s: the bit for negated or conjugated values is not read",
                      t->view.file, t->view.name);
        goto done;
    }
    t->offset = (uint64_t)args->at[1]->integer;
    GCL_TRY(read_storage(t, f, args->at[0], has_dtype ? args->at[6] : NULL, &elements, err));
    GCL_TRY(read_shape(t, args->at[2], args->at[3], err));
    GCL_TRY(check_range(t, elements, err));
done:
    return st;
}

bool gcl_torch_tensor_is_contiguous(const gcl_torch_tensor *t)
{
    uint64_t step = 1;

    for (int i = t->view.rank - 1; i >= 0; i--) {
        if (t->view.shape[i] != 1 && t->stride[i] != step)
            return false;
        step *= t->view.shape[i];
    }
    return true;
}

void gcl_torch_tensor_gather(const gcl_torch_tensor *t, const uint8_t *storage, uint8_t *dst)
{
    const size_t size = gcl_tensor_dtype_bytes(t->view.dtype);
    const int last = t->view.rank - 1; /* a scalar is contiguous */
    const size_t step = (size_t)t->stride[last] * size;
    uint64_t index[GCL_TENSOR_MAX_RANK] = {0};
    size_t at = (size_t)t->offset * size;

    for (size_t row = t->view.count / (size_t)t->view.shape[last]; row > 0; row--) {
        for (uint64_t i = 0; i < t->view.shape[last]; i++, dst += size)
            memcpy(dst, storage + at + i * step, size);
        for (int d = last - 1; d >= 0; d--) {
            at += (size_t)t->stride[d] * size;
            if (++index[d] < t->view.shape[d])
                break;
            at -= (size_t)(t->stride[d] * t->view.shape[d]) * size;
            index[d] = 0;
        }
    }
}
