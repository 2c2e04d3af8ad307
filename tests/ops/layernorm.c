/* tests/ops/layernorm.c - cases and reference of the layernorm op; more: rows 1 .. more of "more", which has
 * one row further, stand behind x's by a concat that it absorbs. */
#include <math.h>

#include "host/ops/concat.h"
#include "host/ops/layernorm.h"
#include "host/ops/slice.h"
#include "tests/suite/op_suite.h"

enum { B, T, C, OFFSET, MORE };

static const float eps = 1e-5f;

/* clang-format off */
static const op_case cases[] = {
    /* name                 B   T    C  offset more */
    {"one",               { 1,  1,   1,  0}},
    {"group_minus_one",   { 1,  1,  63,  0}},
    {"group",             { 1,  2,  64,  0}},
    {"group_plus_one",    { 1,  3,  65,  0}},
    {"prime",             { 3,  7, 101,  0}},
    {"long_row",          { 1,  1, 4099, 0}},
    {"far_from_zero",     { 1,  5, 512, 1000}},
    {"text_b2",           { 2, 77, 512,  0}},
    {"vit_b1",            { 1, 50, 768,  0}},
    {"vit_generated_b2",  { 2, 51, 768,  0}},
    {"ln_post_b2",        { 2,  1, 768,  0}},
    {"tiny_text_b2",      { 2, 24, 128,  0}},
    {"tiny_vit_b1",       { 1, 50, 128,  0}},
    {"one_more",          { 1,  1,   1,  0,  1}},
    {"more_prime",        { 3,  5,  67,  0,  2}},
    {"vit_prompt_b2",     { 2, 50, 768,  0,  1}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    const size_t b = (size_t)p[B], c = (size_t)p[C], more = (size_t)p[MORE];
    const gcl_shape row = GCL_SHAPE(c);
    gcl_value x[2] = {gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(b, (size_t)p[T], c))};

    if (more > 0) {
        x[1] = gcl_graph_input(g, "more", GCL_F32, GCL_SHAPE(b, more + 1, c));
        x[0] = gcl_concat(g, (gcl_value[]){x[0], gcl_slice(g, x[1], 1, 1, more)}, 2, 1);
    }
    return gcl_layernorm(g, x[0], gcl_graph_weight(g, "gamma", row),
                         gcl_graph_weight(g, "beta", row), eps);
}

/* Row r of what is normalised. */
static const float *row_of(const long *p, const op_data *d, long r)
{
    const long rows = p[T] + p[MORE], b = r / rows, t = r % rows;

    return t < p[T] ? op_f32(d, "x") + (b * p[T] + t) * p[C]
                    : op_f32(d, "more") + (b * (p[MORE] + 1) + 1 + t - p[T]) * p[C];
}

static void fill(const long *p, struct op_tensor *t, op_rng *rng)
{
    const double offset = t->name[0] == 'x' ? (double)p[OFFSET] : 0.0;

    for (size_t i = 0; i < t->count; i++)
        ((float *)t->data)[i] = (float)(offset + op_uniform(rng, -1.0, 1.0));
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const float *gamma = op_f32(d, "gamma"), *beta = op_f32(d, "beta");

    for (long r = 0; r < p[B] * (p[T] + p[MORE]); r++) {
        const float *x = row_of(p, d, r);
        double mean = 0, size = 0, var = 0, rstd;
        for (long c = 0; c < p[C]; c++) {
            mean += (double)x[c] / (double)p[C];
            size += fabs((double)x[c]) / (double)p[C];
        }
        for (long c = 0; c < p[C]; c++)
            var += pow((double)x[c] - mean, 2) / (double)p[C];
        rstd = 1 / sqrt(var + (double)eps);
        for (long c = 0; c < p[C]; c++) {
            const double v = (double)x[c];
            out[r * p[C] + c] = (v - mean) * rstd * (double)gamma[c] + (double)beta[c];
            scale[r * p[C] + c] =
                (fabs(v) + size) * rstd * fabs((double)gamma[c]) + fabs((double)beta[c]);
        }
    }
}

static double tolerance(const long *p)
{
    return 1.5 * op_sum_tolerance((double)p[C]) + 24.0;
}

static void bad_layernorm(gcl_graph *g, gcl_dtype x, size_t gamma, size_t beta, float e)
{
    gcl_layernorm(g, gcl_graph_input(g, "x", x, GCL_SHAPE(2, 3)),
                  gcl_graph_weight(g, "gamma", GCL_SHAPE(gamma)),
                  gcl_graph_weight(g, "beta", GCL_SHAPE(beta)), e);
}

static void bad_dtype(gcl_graph *g)
{
    bad_layernorm(g, GCL_I32, 3, 3, eps);
}

static void bad_rank(gcl_graph *g)
{
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, gcl_shape_make(0, NULL));

    gcl_layernorm(g, x, x, x, eps);
}

static void bad_gamma(gcl_graph *g)
{
    bad_layernorm(g, GCL_F32, 2, 3, eps);
}

static void bad_beta(gcl_graph *g)
{
    bad_layernorm(g, GCL_F32, 3, 4, eps);
}

static void bad_eps_zero(gcl_graph *g)
{
    bad_layernorm(g, GCL_F32, 3, 3, 0.0f);
}

static const op_bad_call bad_calls[] = {
    {"x_dtype", bad_dtype, GCL_E_SHAPE, "layernorm: x is [2, 3] i32, needs f32"},
    {"x_scalar", bad_rank, GCL_E_SHAPE, "layernorm: x is a scalar"},
    {"gamma_length", bad_gamma, GCL_E_SHAPE, "layernorm: gamma is [2] f32, needs [3] f32"},
    {"beta_length", bad_beta, GCL_E_SHAPE, "layernorm: beta is [4] f32, needs [3] f32"},
    {"eps_zero", bad_eps_zero, GCL_E_ARG, "layernorm: eps is 0, needs to be > 0"},
};

const op_suite op_suite_layernorm = {
    .op = "layernorm",
    .params = {"B", "T", "C", "offset", "more", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .fill = fill,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "1.5 sum(C) + 24: the mean is a sum of C terms. The variance is one more, of which "
             "the root halves the relative error; the mean's own error cancels in it to first "
             "order. Then: differences (1, squared 2), quotients by C, sqrt (3 ulp), reciprocal "
             "(2.5 ulp), two products and a sum: below 24.",
};
