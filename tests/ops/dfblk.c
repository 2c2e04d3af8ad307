/* tests/ops/dfblk.c - cases and reference of the dfblk op. */
#include <math.h>

#include "host/ops/dfblk.h"
#include "tests/suite/op_suite.h"

/* affine has `at` columns before those of the op, and one behind */
enum { N, C, H, W, AT };

/* clang-format off */
static const op_case cases[] = {
    /* name                N    C    H    W   at */
    {"one",              { 1,   1,   1,   1,   0}},
    {"group_minus_one",  { 1,   3,   5,   3,   3}},
    {"group_plus_one",   { 1,   5,   1,  17,   0}},
    {"prime",            { 2,  13,  19,  23,   5}},
    {"block_8",          { 2, 512,   8,   8,   0}},
    {"mapper_7",         { 1,  64,   7,   7,   7}},
    {"block_32",         { 1, 512,  32,  32,   0}},
    {"block_224",        { 1,  64, 224, 224,   0}},
    {"blocks_of_channels", { 3,  48,   5,   7,   1}},
    {"tiny_block_56",    { 2,  16,  56,  56,   2}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    const gcl_value x = gcl_graph_input(
        g, "x", GCL_F32, GCL_SHAPE((size_t)p[N], (size_t)p[C], (size_t)p[H], (size_t)p[W]));
    const gcl_shape shape = GCL_SHAPE((size_t)p[N], (size_t)(p[AT] + 4 * p[C] + 1));

    return gcl_dfblk(g, x, gcl_graph_input(g, "affine", GCL_F32, shape), (size_t)p[AT]);
}

static double leaky(double v)
{
    return v < 0 ? (double)0.2f * v : v;
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const float *x = op_f32(d, "x");

    for (long i = 0; i < p[N] * p[C] * p[H] * p[W]; i++) {
        const long n = i / (p[C] * p[H] * p[W]), c = i / (p[H] * p[W]) % p[C];
        const float *gamma0 = op_f32(d, "affine") + n * (p[AT] + 4 * p[C] + 1) + p[AT] + c;
        const float *beta0 = gamma0 + p[C], *gamma1 = beta0 + p[C], *beta1 = gamma1 + p[C];
        const double inner = (double)*gamma0 * (double)x[i];
        out[i] = leaky((double)*gamma1 * leaky(inner + (double)*beta0) + (double)*beta1);
        scale[i] =
            fabs((double)*gamma1) * (fabs(inner) + fabs((double)*beta0)) + fabs((double)*beta1);
    }
}

static double tolerance(const long *p)
{
    (void)p;
    return 6.0;
}

static void bad(gcl_graph *g, gcl_shape x, gcl_shape affine, size_t at)
{
    gcl_dfblk(g, gcl_graph_input(g, "x", GCL_F32, x), gcl_graph_input(g, "v", GCL_F32, affine), at);
}

static void bad_rank(gcl_graph *g)
{
    bad(g, GCL_SHAPE(2, 3, 4), GCL_SHAPE(2, 12), 0);
}

static void bad_rows(gcl_graph *g)
{
    bad(g, GCL_SHAPE(2, 3, 4, 4), GCL_SHAPE(1, 12), 0);
}

static void bad_columns(gcl_graph *g)
{
    bad(g, GCL_SHAPE(2, 3, 4, 4), GCL_SHAPE(2, 12), 1);
}

static const op_bad_call bad_calls[] = {
    {"x_rank", bad_rank, GCL_E_SHAPE, "dfblk: x is [2, 3, 4] f32, needs f32 of rank 4"},
    {"affine_rows", bad_rows, GCL_E_SHAPE,
     "dfblk: affine is [1, 12], needs 2 rows and 4 * 3 columns from column 0"},
    {"affine_columns", bad_columns, GCL_E_SHAPE,
     "dfblk: affine is [2, 12], needs 2 rows and 4 * 3 columns from column 1"},
};

const op_suite op_suite_dfblk = {
    .op = "dfblk",
    .params = {"N", "C", "H", "W", "at", NULL},
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
