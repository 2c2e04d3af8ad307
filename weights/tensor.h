/**
 * Tensors as they lie in a file: element types, shapes, and exact conversion to host numbers.
 *
 * Data is little-endian and row-major (last axis fastest) and may start at any address.
 */
#ifndef GCL_WEIGHTS_TENSOR_H
#define GCL_WEIGHTS_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GCL_TENSOR_MAX_RANK 8
#define GCL_TENSOR_MAX_NAME 512 /* bytes of UTF-8, without the NUL */

typedef enum gcl_tensor_dtype {
    GCL_TENSOR_BOOL,
    GCL_TENSOR_U8,
    GCL_TENSOR_I8,
    GCL_TENSOR_F8_E4M3,
    GCL_TENSOR_F8_E5M2,
    GCL_TENSOR_I16,
    GCL_TENSOR_U16,
    GCL_TENSOR_F16,
    GCL_TENSOR_BF16,
    GCL_TENSOR_I32,
    GCL_TENSOR_U32,
    GCL_TENSOR_F32,
    GCL_TENSOR_I64,
    GCL_TENSOR_U64,
    GCL_TENSOR_F64,
    GCL_TENSOR_DTYPE_COUNT_
} gcl_tensor_dtype;

/** One tensor; every pointer is borrowed from whoever made the view. */
typedef struct gcl_tensor_view {
    const char *file; /* path it was read from, for messages; NULL when it came from memory */
    const char *name;
    gcl_tensor_dtype dtype;
    int rank; /* 0 for a scalar */
    uint64_t shape[GCL_TENSOR_MAX_RANK];
    const void *data; /* any alignment */
    size_t bytes;     /* of data */
    size_t count;     /* elements: product of shape, 1 for a scalar, 0 with a zero dimension */
} gcl_tensor_view;

/** Name of the type in the safetensors format ("F32"); static string. */
const char *gcl_tensor_dtype_name(gcl_tensor_dtype dtype);

/** Bytes of one element. */
size_t gcl_tensor_dtype_bytes(gcl_tensor_dtype dtype);

/** False when name is not a type of the list above; *out is then unchanged. */
bool gcl_tensor_dtype_find(gcl_tensor_dtype *out, const char *name);

/**
 * Bytes and elements of a tensor. False when a dimension, or the byte size of all non-zero
 * dimensions together, goes beyond INT64_MAX or size_t; *count and *bytes are then unchanged.
 */
bool gcl_tensor_size(size_t *count, size_t *bytes, gcl_tensor_dtype dtype, int rank,
                     const uint64_t *shape);

/** Enough for any shape of GCL_TENSOR_MAX_RANK dimensions, with the NUL. */
#define GCL_TENSOR_SHAPE_TEXT_BYTES 192

/** Writes "[2, 3, 4]" into text and returns it. */
const char *gcl_tensor_shape_text(char text[GCL_TENSOR_SHAPE_TEXT_BYTES], int rank,
                                  const uint64_t *shape);

/**
 * Copies t->count elements into dst as f32. F32, F16 and BF16, all of them exactly (NaN payloads
 * included); any other type is GCL_E_UNSUPPORTED and leaves dst alone.
 */
gcl_status gcl_tensor_to_f32(const gcl_tensor_view *t, float *dst, gcl_error *err);

/**
 * Copies t->count elements into dst. I32 and I64; an I64 value outside int32_t is GCL_E_FORMAT,
 * any other type GCL_E_UNSUPPORTED. After an error the contents of dst are undefined.
 */
gcl_status gcl_tensor_to_i32(const gcl_tensor_view *t, int32_t *dst, gcl_error *err);

/** IEEE binary16 bits to f32, exact. */
float gcl_f16_to_f32(uint16_t bits);

/** f32 to IEEE binary16 bits, round to nearest even; >= 65520 becomes infinity, NaN stays NaN. */
uint16_t gcl_f32_to_f16(float value);

#ifdef __cplusplus
}
#endif
#endif
