/* synthetic.c - deterministic weights: splitmix64 of a counter, scaled by the tensor's role. */
#include "weights/synthetic.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/hash.h"
#include "weights/tensor.h"

/* Product and sum are rounded separately, in double. GCC does so under -std=c11 and does not know
 * the pragma. */
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif
_Static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 1,
               "double arithmetic must round to double (on x87: -msse2 -mfpmath=sse)");

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio, splitmix64's increment */

typedef struct scale {
    double centre;
    double amplitude;
} scale;

static void fill(const char *name, uint64_t seed, scale s, size_t count, float *dst)
{
    const uint64_t key = gcl_fnv1a64(GCL_FNV1A64_INIT, name, strlen(name)) ^ seed * GOLDEN;

    for (size_t i = 0; i < count; i++) {
        uint64_t z = key + ((uint64_t)i + 1) * GOLDEN;
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        z ^= z >> 31;
        const double unit = (double)(int32_t)(z >> 40) * 0x1p-23 - 1.0;
        const double product = s.amplitude * unit;
        dst[i] = (float)(s.centre + product);
    }
}

static bool equals(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool ends_with(const char *s, const char *tail)
{
    const size_t n = strlen(s), m = strlen(tail);

    return n >= m && equals(s + n - m, tail);
}

/* Some part of the dotted name begins with "ln_". */
static bool is_layer_norm(const char *name)
{
    return strncmp(name, "ln_", 3) == 0 || strstr(name, ".ln_") != NULL;
}

/* Scale of a tensor with elements, so no dimension is 0. */
static scale scale_of(const char *name, int rank, const uint64_t *shape)
{
    const char *dot = strrchr(name, '.');
    const char *last = dot != NULL ? dot + 1 : name;
    /* the picture's last layer is damped to keep most pixels inside [-1, 1] */
    const double gain = equals(name, "netG.to_rgb.1.weight") ? 0.02 : 1.0;
    uint64_t fan_in = 1;

    if (equals(last, "logit_scale"))
        return (scale){2.659260036932778, 0.0}; /* log(1/0.07), CLIP's start */
    if (strncmp(name, "netD", 4) == 0 && (equals(last, "gamma") || equals(last, "beta")))
        return (scale){0.5, 0.1};
    if (is_layer_norm(name) && equals(last, "weight"))
        return (scale){1.0, 0.2};
    if (ends_with(name, "fc_gamma.linear2.bias"))
        return (scale){1.0, 0.2};
    if (equals(last, "bias") || equals(last, "in_proj_bias"))
        return (scale){0.0, 0.1};
    if (equals(last, "class_embedding") || equals(last, "positional_embedding") ||
        equals(name, "token_embedding.weight"))
        return (scale){0.0, 0.5};
    if (equals(last, "proj") || equals(last, "text_projection"))
        fan_in = rank > 0 ? shape[0] : 1;
    else
        for (int i = 1; i < rank; i++)
            fan_in *= shape[i];
    return (scale){0.0, gain * sqrt(3.0 / (double)fan_in)};
}

gcl_status gcl_synthetic_fill(const char *name, int rank, const uint64_t *shape, uint64_t seed,
                              float *dst, gcl_error *err)
{
    size_t count, bytes;

    if (!gcl_tensor_size(&count, &bytes, GCL_TENSOR_F32, rank, shape))
        return GCL_FAIL(err, GCL_E_SHAPE, "tensor %s: the size of its shape overflows", name);
    if (count > 0)
        fill(name, seed, scale_of(name, rank, shape), count, dst);
    return GCL_OK;
}

void gcl_synthetic_uniform(const char *name, uint64_t seed, double amplitude, size_t count,
                           float *dst)
{
    fill(name, seed, (scale){0.0, amplitude}, count, dst);
}
