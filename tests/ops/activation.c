/* tests/ops/activation.c - cases and reference of the activation op. */
#include <math.h>

#include "host/ops/activation.h"
#include "tests/suite/op_suite.h"

enum { COUNT, ACT };

/* clang-format off */
static const op_case cases[] = {
    /* name                     count  act */
    {"one_none",             {      1,  0}},
    {"one_relu",             {      1,  1}},
    {"group_minus_one_lrelu", {    63,  2}},
    {"group_plus_one_quick", {     65,  3}},
    {"prime_gelu",           {   1009,  4}},
    {"prime_lrelu",          {  10007,  2}},
    {"prime_relu",           {  10007,  1}},
    {"to_rgb_224",           { 3211264, 2}},
    {"tiny_c_fc",            {  24576,  3}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    return gcl_activation(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE((size_t)p[COUNT])),
                          (gcl_act)p[ACT], 0.2f);
}

static void fill(const long *p, struct op_tensor *t, op_rng *rng)
{
    /* where exp overflows or vanishes; a NaN must stay one */
    static const float far[] = {0.5f, -60.0f, 60.0f, -1e30f, 1e30f, -0.0f, NAN};

    (void)p;
    for (size_t i = 0; i < t->count; i++)
        ((float *)t->data)[i] =
            i < sizeof far / sizeof far[0] ? far[i] : (float)op_uniform(rng, -8.0, 8.0);
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const float *x = op_f32(d, "x");

    for (long i = 0; i < p[COUNT]; i++) {
        const double v = x[i];
        out[i] = p[ACT] == 1   ? (v < 0 ? 0 : v)
                 : p[ACT] == 2 ? (v < 0 ? (double)0.2f * v : v)
                 : p[ACT] == 3 ? v / (1 + exp(-1.702 * v))
                 : p[ACT] == 4 ? 0.5 * v * erfc(-v / sqrt(2))
                               : v;
        scale[i] = fabs(v);
    }
}

static double tolerance(const long *p)
{
    return p[ACT] == 4   ? 2.0 * (16 + 2 + 2)
           : p[ACT] == 3 ? 2.0 * (13.6 + 3 + 1 + 2.5)
           : p[ACT] == 2 ? 1.0
                         : 0.0;
}

static void bad_act(gcl_graph *g)
{
    gcl_activation(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(4)), (gcl_act)9, 0.0f);
}

static void bad_dtype(gcl_graph *g)
{
    gcl_activation(g, gcl_graph_input(g, "x", GCL_U8, GCL_SHAPE(4)), GCL_ACT_RELU, 0.0f);
}

static const op_bad_call bad_calls[] = {
    {"unknown_act", bad_act, GCL_E_ARG, "activation: 9 is not one of gcl_act"},
    {"x_dtype", bad_dtype, GCL_E_SHAPE, "activation: x is [4] u8"},
};

const op_suite op_suite_activation = {
    .op = "activation",
    .params = {"count", "act", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .fill = fill,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "ReLU 0, LeakyReLU 1, QuickGELU 40.2, GELU 40: ReLU is exact, LeakyReLU one rounding; "
             "QuickGELU: the exponent's rounding is amplified by its size (1.702 * 8 = 13.6 "
             "roundings), exp has 3 ulp, then one sum and one quotient of 2.5 ulp. GELU: erfc <= 2 "
             "has 16 ulp, "
             "2 for those of its argument, 2 products.",
};
