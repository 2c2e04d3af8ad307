/* tests/ops/normalize_rgb.c - cases and reference of the normalize_rgb op. */
#include <math.h>

#include "host/ops/normalize_rgb.h"
#include "tests/suite/op_suite.h"

enum { N, H, W, RESCALED };

/* clang-format off */
static const op_case cases[] = {
    /* name                N    H    W  rescaled */
    {"one",              { 1,   1,   1,  0}},
    {"tile_minus_one",   { 1,   3,   5,  0}},
    {"tile_plus_one",    { 3,   1,  17,  1}},
    {"prime",            { 5,  13,  37,  1}},
    {"clip_image",       { 1, 224, 224,  0}},
    {"generated_b2",     { 2, 224, 224,  1}},
    {"tiny_b2",          { 2,  56,  56,  1}},
};
/* clang-format on */

/* CLIP's */
static const float mean[3] = {0.48145466f, 0.4578275f, 0.40821073f};
static const float std[3] = {0.26862954f, 0.26130258f, 0.27577711f};

static gcl_value build(gcl_graph *g, const long *p)
{
    const gcl_shape shape = GCL_SHAPE((size_t)p[N], 3, (size_t)p[H], (size_t)p[W]);

    return gcl_normalize_rgb(g, gcl_graph_input(g, "x", GCL_F32, shape), p[RESCALED] ? 0.25f : 1.0f,
                             p[RESCALED] ? 0.75f : 0.0f, mean, std);
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const float *x = op_f32(d, "x");
    const double gain = p[RESCALED] ? 0.25 : 1.0, offset = p[RESCALED] ? 0.75 : 0.0;
    long i = 0;

    for (long n = 0; n < p[N]; n++)
        for (long c = 0; c < 3; c++)
            for (long hw = 0; hw < p[H] * p[W]; hw++, i++) {
                const double v = (double)x[i] * gain;
                out[i] = (v + offset - (double)mean[c]) / (double)std[c];
                scale[i] = (fabs(v) + offset + (double)mean[c]) / (double)std[c];
            }
}

static double tolerance(const long *p)
{
    (void)p;
    return 3.0 + 5.0;
}

static void bad_channels(gcl_graph *g)
{
    gcl_normalize_rgb(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 4, 5, 5)), 1.0f, 0.0f, mean,
                      std);
}

static void bad_rank(gcl_graph *g)
{
    gcl_normalize_rgb(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(3, 5, 5)), 1.0f, 0.0f, mean,
                      std);
}

static void bad_std(gcl_graph *g)
{
    const float zero[3] = {0.5f, 0.0f, 0.5f};

    gcl_normalize_rgb(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 3, 5, 5)), 1.0f, 0.0f, mean,
                      zero);
}

static const op_bad_call bad_calls[] = {
    {"four_channels", bad_channels, GCL_E_SHAPE,
     "normalize_rgb: x is [2, 4, 5, 5], needs 3 channels"},
    {"x_rank", bad_rank, GCL_E_SHAPE, "normalize_rgb: x is [3, 5, 5] f32, needs f32 of rank 4"},
    {"std_zero", bad_std, GCL_E_ARG, "normalize_rgb: std[1] is 0, needs to be > 0"},
};

const op_suite op_suite_normalize_rgb = {
    .op = "normalize_rgb",
    .params = {"N", "H", "W", "rescaled", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "8: a product, a sum, a difference, each half a unit, and a quotient of 2.5 ulp.",
};
