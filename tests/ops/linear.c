/* tests/ops/linear.c - cases and reference of the linear op; f16: w comes in F16, and is kept so. */
#include <math.h>
#include <string.h>

#include "host/ops/activation.h"
#include "host/ops/add.h"
#include "host/ops/common/linear_attr.h"
#include "host/ops/linear.h"
#include "tests/suite/op_suite.h"

enum { M, N, K, BIAS, ACT, RESIDUAL, KN, W_INPUT, F16, REACH };

/* clang-format off */
static const op_case cases[] = {
    /* name                  M     N     K  bias act res KN input f16 reach */
    {"one",               {1,    1,    1,  1,  0,  0,  0, 0}},
    {"one_kn",            {1,    1,    1,  0,  0,  0,  1, 0}},
    {"tile_minus_one",    {3,    7,    5,  1,  0,  1,  0, 0}},
    {"tile",              {4,    8,    8,  1,  1,  0,  0, 0}},
    {"tile_plus_one",     {5,    9,    9,  0,  2,  1,  0, 0}},
    {"panel_minus_one",   {2,   15,   31,  1,  3,  1,  0, 0}},
    {"panel_plus_one",    {9,   17,   33,  0,  3,  0,  1, 0}},
    {"panel_gelu",        {9,   48,   65,  1,  4,  0,  0, 0}},
    {"quick_gelu_far",    {9,   70,   40,  1,  3,  0,  0, 0, 0, 100}},
    {"prime",             {13,  37,   61,  1,  0,  1,  0, 0}},
    {"w_is_input",        {6,   10,    7,  1,  0,  0,  0, 1}},
    {"w_is_input_kn",     {6,   10,    7,  0,  0,  1,  1, 1}},
    {"affine_mlp_b1",     {1,  512,  612,  1,  1,  0,  0, 0}},
    {"affine_mlp_2_b1",   {1,  512,  512,  1,  0,  0,  0, 0}},
    {"text_projection",   {2,  512,  512,  0,  0,  0,  1, 0}},
    {"text_c_fc",         {77, 2048, 512,  1,  3,  0,  0, 0}},
    {"text_c_proj",       {77, 512, 2048,  1,  0,  1,  0, 0}},
    {"text_12_c_fc",      {12, 2048, 512,  1,  3,  0,  0, 0}},
    {"text_12_c_proj",    {12, 512, 2048,  1,  0,  1,  0, 0}},
    {"vit_in_proj",       {50, 2304, 768,  1,  0,  0,  0, 0}},
    {"vit_c_fc",          {50, 3072, 768,  1,  3,  0,  0, 0}},
    {"vit_c_proj",        {50, 768, 3072,  1,  0,  1,  0, 0}},
    {"vit_generated_out", {51, 768,  768,  1,  0,  1,  0, 0}},
    {"vit_b8_out_proj",  {400, 768,  768,  1,  0,  1,  0, 0}},
    {"tiny_in_proj",      {48, 384,  128,  1,  0,  0,  0, 0}},
    {"parts",            {29,  67, 2051,  1,  3,  1,  0, 0}},
    {"parts_in_blocks",  {45,  60, 1031,  0,  0,  0,  0, 0}},
    {"tiles_over_parts", {45, 260, 1031,  0,  0,  0,  0, 0}},
    {"corners",         {131,  140,  72,  1,  0,  1,  0, 0}},
    {"one_f16",           {1,    1,    1,  1,  0,  0,  0, 0, 1}},
    {"tile_plus_one_f16", {5,    9,    9,  0,  2,  1,  0, 0, 1}},
    {"panel_minus_f16",   {2,   31,   31,  1,  3,  1,  0, 0, 1}},
    {"prime_f16",         {13,  37,   61,  1,  0,  1,  0, 0, 1}},
    {"prime_kn_f16",      {29,  67,  257,  0,  0,  0,  1, 0, 1}},
    {"affine_mlp_b1_f16", {1,  512,  612,  1,  1,  0,  0, 0, 1}},
    {"vit_out_proj_f16",  {50, 768,  768,  1,  0,  1,  0, 0, 1}},
    {"text_12_c_fc_f16",  {12, 2048, 512,  1,  3,  0,  0, 0, 1}},
};
/* clang-format on */

static const op_values values[] = {
    {"parts_in_blocks", "block_f32:MR=2"},
    {"tiles_over_parts", "block_f32:MR=2"},
    {NULL, NULL},
};

static gcl_value build(gcl_graph *g, const long *p)
{
    const gcl_shape w_shape =
        p[KN] ? GCL_SHAPE((size_t)p[K], (size_t)p[N]) : GCL_SHAPE((size_t)p[N], (size_t)p[K]);
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE((size_t)p[M], (size_t)p[K]));
    const gcl_value w =
        p[W_INPUT] ? gcl_graph_input(g, "w", GCL_F32, w_shape) : gcl_graph_weight(g, "w", w_shape);
    gcl_value y;

    if (p[BIAS])
        y = gcl_linear(g, x, w, gcl_graph_weight(g, "bias", GCL_SHAPE((size_t)p[N])));
    else
        y = gcl_linear_nobias(g, x, w, p[KN] ? GCL_LINEAR_KN : GCL_LINEAR_NK);
    if (p[ACT])
        y = gcl_activation(g, y, (gcl_act)p[ACT], 0.2f);
    if (p[RESIDUAL])
        y = gcl_add(g,
                    gcl_graph_input(g, "residual", GCL_F32, GCL_SHAPE((size_t)p[M], (size_t)p[N])),
                    y, 1.0f);
    return y;
}

/* Uniform within -1 .. 1, or of x within -REACH .. REACH, so that sums go far beyond where exp ends. */
static void fill(const long *p, struct op_tensor *t, op_rng *rng)
{
    const double reach = p[REACH] > 0 && strcmp(t->name, "x") == 0 ? (double)p[REACH] : 1.0;

    for (size_t i = 0; i < t->count; i++)
        ((float *)t->data)[i] = (float)op_uniform(rng, -reach, reach);
}

static bool is_f16(const long *p, const char *weight)
{
    return p[F16] && strcmp(weight, "w") == 0;
}

/* Of a weight that comes in F32. */
static bool like(const gcl_graph *g, const gcl_node *node, long *p)
{
    const gcl_shape *y = gcl_out_shape(g, node), *w = gcl_in_shape(g, node, 1);
    gcl_linear_attr a;

    memcpy(&a, node->attr, sizeof a);
    p[KN] = a.layout == GCL_LINEAR_KN;
    p[N] = (long)y->dim[y->rank - 1];
    p[M] = (long)gcl_shape_count(y) / p[N];
    p[K] = (long)w->dim[p[KN] ? 0 : 1];
    p[BIAS] = a.ep.has_bias;
    p[ACT] = a.ep.activation.act;
    p[RESIDUAL] = a.ep.has_residual;
    p[W_INPUT] = gcl_graph_tensor(g, node->in[1])->kind != GCL_VALUE_WEIGHT;
    p[F16] = p[REACH] = 0;
    return true;
}

static double act(long kind, double v)
{
    return kind == 1   ? fmax(v, 0.0)
           : kind == 2 ? (v < 0 ? (double)0.2f * v : v)
           : kind == 3 ? v / (1.0 + exp(-1.702 * v))
           : kind == 4 ? 0.5 * v * erfc(-v / sqrt(2.0))
                       : v;
}

static void element(const long *p, const op_data *d, size_t i, double *out, double *scale)
{
    const long m = (long)i / p[N], n = (long)i % p[N];
    const float *x = op_f32(d, "x"), *w = op_f32(d, "w");
    double sum = 0, terms = 0;

    for (long k = 0; k < p[K]; k++) {
        const double t =
            (double)x[m * p[K] + k] * (double)(p[KN] ? w[k * p[N] + n] : w[n * p[K] + k]);
        sum += t;
        terms += fabs(t);
    }
    if (p[BIAS]) {
        sum += (double)op_f32(d, "bias")[n];
        terms += fabs((double)op_f32(d, "bias")[n]);
    }
    sum = act(p[ACT], sum);
    if (p[RESIDUAL]) {
        sum += (double)op_f32(d, "residual")[i];
        terms += fabs((double)op_f32(d, "residual")[i]);
    }
    *out = sum;
    *scale = terms;
}

static double tolerance(const long *p)
{
    return 1.13 * op_sum_tolerance((double)p[K]) + (p[ACT] == 4 ? 40.0 : 8.0);
}

static double f16_tolerance(const long *p)
{
    return 1.13 * op_f16_tolerance((double)p[K]);
}

static void bad_k(gcl_graph *g)
{
    gcl_linear_nobias(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 3)),
                      gcl_graph_weight(g, "w", GCL_SHAPE(5, 4)), GCL_LINEAR_NK);
}

static void bad_bias(gcl_graph *g)
{
    gcl_linear(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 3)),
               gcl_graph_weight(g, "w", GCL_SHAPE(5, 3)), gcl_graph_weight(g, "b", GCL_SHAPE(3)));
}

static void bad_list(gcl_graph *g)
{
    gcl_linear(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 3)),
               gcl_graph_weight(g, "w", GCL_SHAPE(5, 3)), gcl_graph_list(g));
}

static void bad_dtype(gcl_graph *g)
{
    gcl_linear_nobias(g, gcl_graph_input(g, "x", GCL_I32, GCL_SHAPE(2, 3)),
                      gcl_graph_weight(g, "w", GCL_SHAPE(5, 3)), GCL_LINEAR_NK);
}

static const op_bad_call bad_calls[] = {
    {"k_differs", bad_k, GCL_E_SHAPE, "linear: x is [2, 3], w needs its last dim to be K = 4"},
    {"bias_length", bad_bias, GCL_E_SHAPE, "linear: bias is [3] f32, needs [5] f32"},
    {"bias_list", bad_list, GCL_E_SHAPE, "linear: bias is a list of 0 weights, needs [5] f32"},
    {"x_dtype", bad_dtype, GCL_E_SHAPE, "linear: x is [2, 3] i32, needs f32"},
};

const op_suite op_suite_linear = {
    .op = "linear",
    .params = {"M", "N", "K", "bias", "act", "residual", "KN", "w_input", "f16", "reach", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .values = values,
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .fill = fill,
    .is_f16 = is_f16,
    .element = element,
    .like = like,
    .tolerance = tolerance,
    .f16_tolerance = f16_tolerance,
    .corners = "corners",
    .bound =
        "1.13 sum(K) + 8, with GELU + 40: the sum of K products, plus the epilogue: QuickGELU has "
        "slope <= 1.1 and an exp of 3 ulp, GELU 1.13 and an erfc <= 2 of 16 ulp. Plus 1.13 * 2^14 "
        "min(1, 16 / (3 sqrt(K))) for mma_f16, which rounds the operands to fp16.",
};
