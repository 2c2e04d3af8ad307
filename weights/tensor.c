/* tensor.c - element types, sizes and conversions of tensors in files. */
#include "weights/tensor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "weights: tensor files are little-endian and are read and written without swapping"
#endif

static const struct {
    const char *name;
    size_t bytes;
} dtypes[GCL_TENSOR_DTYPE_COUNT_] = {
    [GCL_TENSOR_BOOL] = {"BOOL", 1},       [GCL_TENSOR_U8] = {"U8", 1},
    [GCL_TENSOR_I8] = {"I8", 1},           [GCL_TENSOR_F8_E4M3] = {"F8_E4M3", 1},
    [GCL_TENSOR_F8_E5M2] = {"F8_E5M2", 1}, [GCL_TENSOR_I16] = {"I16", 2},
    [GCL_TENSOR_U16] = {"U16", 2},         [GCL_TENSOR_F16] = {"F16", 2},
    [GCL_TENSOR_BF16] = {"BF16", 2},       [GCL_TENSOR_I32] = {"I32", 4},
    [GCL_TENSOR_U32] = {"U32", 4},         [GCL_TENSOR_F32] = {"F32", 4},
    [GCL_TENSOR_I64] = {"I64", 8},         [GCL_TENSOR_U64] = {"U64", 8},
    [GCL_TENSOR_F64] = {"F64", 8},
};

const char *gcl_tensor_dtype_name(gcl_tensor_dtype dtype)
{
    return dtypes[dtype].name;
}

size_t gcl_tensor_dtype_bytes(gcl_tensor_dtype dtype)
{
    return dtypes[dtype].bytes;
}

bool gcl_tensor_dtype_find(gcl_tensor_dtype *out, const char *name)
{
    for (int i = 0; i < GCL_TENSOR_DTYPE_COUNT_; i++) {
        if (strcmp(dtypes[i].name, name) == 0) {
            *out = (gcl_tensor_dtype)i;
            return true;
        }
    }
    return false;
}

bool gcl_tensor_size(size_t *count, size_t *bytes, gcl_tensor_dtype dtype, int rank,
                     const uint64_t *shape)
{
    const uint64_t limit = SIZE_MAX < INT64_MAX ? SIZE_MAX : INT64_MAX;
    const uint64_t element = dtypes[dtype].bytes;
    uint64_t total = element;
    bool empty = false;

    /* zero dimensions are left out, so that no partial product a caller forms can overflow */
    for (int i = 0; i < rank; i++) {
        if (shape[i] == 0)
            empty = true;
        else if (shape[i] > limit / total)
            return false;
        else
            total *= shape[i];
    }
    *bytes = empty ? 0 : (size_t)total;
    *count = *bytes / (size_t)element;
    return true;
}

const char *gcl_tensor_shape_text(char text[GCL_TENSOR_SHAPE_TEXT_BYTES], int rank,
                                  const uint64_t *shape)
{
    size_t at = 0;

    text[at++] = '[';
    for (int i = 0; i < rank; i++)
        at += (size_t)snprintf(text + at, GCL_TENSOR_SHAPE_TEXT_BYTES - at, "%s%" PRIu64,
                               i > 0 ? ", " : "", shape[i]);
    text[at++] = ']';
    text[at] = '\0';
    return text;
}

static float f32_of_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_of_f32(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* f32 bits rather than a float, so that no register copy can quieten a signalling NaN. */
static uint32_t f16_to_f32_bits(uint16_t bits)
{
    const uint32_t sign = (uint32_t)(bits & 0x8000u) << 16;
    const uint32_t exponent = bits & 0x7c00u;
    uint32_t magnitude = (uint32_t)(bits & 0x7fffu) << 13;

    if (exponent == 0x7c00u) /* infinity or NaN */
        magnitude |= 0x7f800000u;
    else if (exponent != 0)
        magnitude += (127 - 15) << 23;
    else /* m * 2^-24 = 2^-14 * (1 + m/1024) - 2^-14, exact and free of f32 subnormals */
        magnitude = bits_of_f32(f32_of_bits(magnitude | 0x38800000u) - 0x1p-14f);
    return sign | magnitude;
}

float gcl_f16_to_f32(uint16_t bits)
{
    return f32_of_bits(f16_to_f32_bits(bits));
}

uint16_t gcl_f32_to_f16(float value)
{
    const uint32_t bits = bits_of_f32(value);
    const uint32_t sign = bits >> 16 & 0x8000u;
    const uint32_t magnitude = bits & 0x7fffffffu;
    uint32_t half;

    if (magnitude > 0x7f800000u) /* NaN: keep the payload's head, make it quiet */
        half = 0x7e00u | (magnitude >> 13 & 0x3ffu);
    else if (magnitude >= 0x477ff000u) /* 65520, half-way between the largest f16 and 2^16 */
        half = 0x7c00u;
    else if (magnitude < 0x38800000u) /* below 2^-14: 0.5f has the step of an f16 subnormal */
        half = bits_of_f32(f32_of_bits(magnitude) + 0.5f) - 0x3f000000u;
    else
        half = (magnitude + 0xfffu + (magnitude >> 13 & 1u) - ((127u - 15u) << 23)) >> 13;
    return (uint16_t)(sign | half);
}

gcl_status gcl_tensor_to_f32(const gcl_tensor_view *t, float *dst, gcl_error *err)
{
    const unsigned char *src = t->data;

    if (t->dtype != GCL_TENSOR_F32 && t->dtype != GCL_TENSOR_F16 && t->dtype != GCL_TENSOR_BF16)
        return GCL_FAIL(err, GCL_E_UNSUPPORTED, "%s: tensor %s: F32, F16 or BF16 required, is %s",
                        t->file != NULL ? t->file : "memory", t->name,
                        gcl_tensor_dtype_name(t->dtype));
    if (t->dtype == GCL_TENSOR_F32) {
        if (t->bytes > 0)
            memcpy(dst, src, t->bytes);
        return GCL_OK;
    }
    for (size_t i = 0; i < t->count; i++) {
        uint16_t half;
        uint32_t bits;
        memcpy(&half, src + 2 * i, sizeof half);
        bits = t->dtype == GCL_TENSOR_F16 ? f16_to_f32_bits(half) : (uint32_t)half << 16;
        memcpy(dst + i, &bits, sizeof bits);
    }
    return GCL_OK;
}

gcl_status gcl_tensor_to_i32(const gcl_tensor_view *t, int32_t *dst, gcl_error *err)
{
    const unsigned char *src = t->data;
    const char *file = t->file != NULL ? t->file : "memory";

    if (t->dtype != GCL_TENSOR_I32 && t->dtype != GCL_TENSOR_I64)
        return GCL_FAIL(err, GCL_E_UNSUPPORTED, "%s: tensor %s: I32 or I64 required, is %s", file,
                        t->name, gcl_tensor_dtype_name(t->dtype));
    if (t->dtype == GCL_TENSOR_I32) {
        if (t->bytes > 0)
            memcpy(dst, src, t->bytes);
        return GCL_OK;
    }
    for (size_t i = 0; i < t->count; i++) {
        int64_t value;
        memcpy(&value, src + 8 * i, sizeof value);
        if (value < INT32_MIN || value > INT32_MAX)
            return GCL_FAIL(err, GCL_E_FORMAT,
                            "%s: tensor %s: element %zu is %" PRId64 ", outside 32 bits", file,
                            t->name, i, value);
        dst[i] = (int32_t)value;
    }
    return GCL_OK;
}
