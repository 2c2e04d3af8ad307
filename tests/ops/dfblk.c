/* tests/ops/dfblk.c - cases and reference of the dfblk op. */
#include <math.h>

#include "host/ops/dfblk.h"
#include "tests/suite/op_suite.h"

enum { N, C, H, W };

/* clang-format off */
static const op_case cases[] = {
    /* name                N    C    H    W */
    {"one",              { 1,   1,   1,   1}},
    {"group_minus_one",  { 1,   3,   5,   3}},
    {"group_plus_one",   { 1,   5,   1,  17}},
    {"prime",            { 2,  13,  19,  23}},
    {"block_8",          { 2, 512,   8,   8}},
    {"mapper_7",         { 1,  64,   7,   7}},
    {"block_32",         { 1, 512,  32,  32}},
    {"block_224",        { 1,  64, 224, 224}},
    {"tiny_block_56",    { 2,  16,  56,  56}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    const gcl_shape per_channel = GCL_SHAPE((size_t)p[N], (size_t)p[C]);
    const gcl_value x = gcl_graph_input(
        g, "x", GCL_F32, GCL_SHAPE((size_t)p[N], (size_t)p[C], (size_t)p[H], (size_t)p[W]));

    return gcl_dfblk(g, x, gcl_graph_input(g, "gamma0", GCL_F32, per_channel),
                     gcl_graph_input(g, "beta0", GCL_F32, per_channel),
                     gcl_graph_input(g, "gamma1", GCL_F32, per_channel),
                     gcl_graph_input(g, "beta1", GCL_F32, per_channel));
}

static double leaky(double v)
{
    return v < 0 ? (double)0.2f * v : v;
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const float *x = op_f32(d, "x");
    const float *g0 = op_f32(d, "gamma0"), *b0 = op_f32(d, "beta0");
    const float *g1 = op_f32(d, "gamma1"), *b1 = op_f32(d, "beta1");

    for (long i = 0; i < p[N] * p[C] * p[H] * p[W]; i++) {
        const long c = i / (p[H] * p[W]);
        const double inner = (double)g0[c] * (double)x[i];
        out[i] = leaky((double)g1[c] * leaky(inner + (double)b0[c]) + (double)b1[c]);
        scale[i] = fabs((double)g1[c]) * (fabs(inner) + fabs((double)b0[c])) + fabs((double)b1[c]);
    }
}

static double tolerance(const long *p)
{
    (void)p;
    return 6.0;
}

static void bad_rank(gcl_graph *g)
{
    const gcl_value v = gcl_graph_input(g, "v", GCL_F32, GCL_SHAPE(2, 3));

    gcl_dfblk(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 3, 4)), v, v, v, v);
}

static void bad_gamma(gcl_graph *g)
{
    const gcl_value v = gcl_graph_input(g, "v", GCL_F32, GCL_SHAPE(2, 3));
    const gcl_value w = gcl_graph_input(g, "w", GCL_F32, GCL_SHAPE(1, 3));

    gcl_dfblk(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 3, 4, 4)), v, v, w, v);
}

static const op_bad_call bad_calls[] = {
    {"x_rank", bad_rank, GCL_E_SHAPE, "dfblk: x is [2, 3, 4] f32, needs f32 of rank 4"},
    {"gamma_shape", bad_gamma, GCL_E_SHAPE, "dfblk: gamma1 is [1, 3] f32, needs [2, 3] f32"},
};

const op_suite op_suite_dfblk = {
    .op = "dfblk",
    .params = {"N", "C", "H", "W", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "6: twice a product, a sum and a slope, half a unit each; LeakyReLU does not enlarge "
             "an error.",
};
