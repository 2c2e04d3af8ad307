/* tests/ops/rgb_pack.c - cases and reference of the rgb_pack op. */
#include <math.h>

#include "host/ops/rgb_pack.h"
#include "tests/suite/op_suite.h"

enum { B, H, W };

/* clang-format off */
static const op_case cases[] = {
    /* name                B    H    W */
    {"one",              { 1,   1,   1}},
    {"group_minus_one",  { 1,   1,  63}},
    {"group",            { 2,   4,  16}},
    {"group_plus_one",   { 3,   5,  13}},
    {"prime",            { 5,  17,  19}},
    {"galip_224_b1",     { 1, 224, 224}},
    {"galip_224_b2",     { 2, 224, 224}},
    {"galip_56_b2",      { 2,  56,  56}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    return gcl_rgb_pack(g, gcl_graph_input(g, "x", GCL_F32,
                                           GCL_SHAPE((size_t)p[B], 3, (size_t)p[H], (size_t)p[W])));
}

/* A half of the numbers at and next to where the byte changes, some outside, some not numbers. */
static void fill(const long *p, struct op_tensor *t, op_rng *rng)
{
    static const float special[] = {-1.0f,    1.0f,      -0.0f, 0.0f,  -1.5f,  1.5f,
                                    INFINITY, -INFINITY, NAN,   3e38f, -3e38f, 1e-40f};
    float *x = t->data;

    (void)p;
    for (size_t i = 0; i < t->count; i++) {
        const uint64_t r = op_random(rng);
        const float edge = (float)(((double)(r >> 8 & 255) + 0.5) / 127.5 - 1.0);
        x[i] = r % 2 == 0   ? (float)op_uniform(rng, -1.1, 1.1)
               : r % 32 > 1 ? edge + (float)((int)(r >> 16 & 7) - 3) * 0x1p-24f
                            : special[(r >> 16) % OP_COUNT(special)];
    }
}

/* In double, unless that lies so near to a change of the byte that the formula's roundings to
 * fp32 decide: 2^-24 * 127.5 of the first sum, 2^-17 each of the product and the second sum. */
static double byte_of(float x)
{
    const double v = isnan(x) ? 0.0 : (fmin(fmax((double)x, -1.0), 1.0) + 1.0) * 127.5 + 0.5;
    const double roundings = 0x1p-24 * 127.5 + 2 * 0x1p-17;
    float f = fminf(fmaxf(x, -1.0f), 1.0f) + 1.0f;

    if (floor(v - roundings) == floor(v + roundings))
        return floor(v);
    f *= 127.5f;
    f += 0.5f;
    return isnan(x) ? 0.0 : (double)floorf(f);
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const float *x = op_f32(d, "x");
    const long plane = p[H] * p[W];

    (void)scale;
    for (long b = 0; b < p[B]; b++)
        for (long c = 0; c < 3; c++)
            for (long i = 0; i < plane; i++)
                out[(b * plane + i) * 3 + c] = byte_of(x[(b * 3 + c) * plane + i]);
}

static double tolerance(const long *p)
{
    (void)p;
    return 0.0;
}

static void bad_dtype(gcl_graph *g)
{
    gcl_rgb_pack(g, gcl_graph_input(g, "x", GCL_U8, GCL_SHAPE(1, 3, 2, 2)));
}

static void bad_channels(gcl_graph *g)
{
    gcl_rgb_pack(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(1, 2, 2, 3)));
}

static const op_bad_call bad_calls[] = {
    {"x_dtype", bad_dtype, GCL_E_SHAPE, "rgb_pack: x is [1, 3, 2, 2] u8, needs f32 of rank 4"},
    {"channels", bad_channels, GCL_E_SHAPE, "rgb_pack: x is [1, 2, 2, 3], needs [B, 3, H, W]"},
};

const op_suite op_suite_rgb_pack = {
    .op = "rgb_pack",
    .params = {"B", "H", "W", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .fill = fill,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "0: the sequence of roundings is part of the contract.",
};
