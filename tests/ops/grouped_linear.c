/* tests/ops/grouped_linear.c - cases and reference of the grouped_linear op; f16: so many of the first
 * weights come in F16, and are kept so when all do. */
#include <math.h>
#include <stdio.h>

#include "host/ops/activation.h"
#include "host/ops/grouped_linear.h"
#include "tests/suite/op_suite.h"

enum { B, N0, K0, N1, K1, N2, K2, SHARED, RELU, F16, MAX_LAYERS = 3 };

/* clang-format off */
static const op_case cases[] = {
    /* name                B   N0   K0   N1   K1   N2   K2  shared relu f16 */
    {"one",              { 1,   1,   1,   0,   0,   0,   0,  0, 0}},
    {"one_of_each",      { 1,   1,   1,   1,   1,   1,   1,  1, 1}},
    {"tile_minus_one",   { 3,   7,   5,   8,   3,  15,   7,  0, 1}},
    {"tile_plus_one",    { 5,   9,   9,  33,  65,  17,   1,  0, 0}},
    {"prime",            {13,  37,  61,  19,   2,  53,  11,  0, 1}},
    {"rows_plus_one",    {15,  31,  67,  32,  67,   0,   0,  1, 1}},
    {"many_rows",        {29,  16,  33,  64,   8,   3,  40,  0, 0}},
    {"affine_hidden_b1", { 1, 512, 612,  32, 612,  64, 612,  1, 1}},
    {"affine_b1",        { 1, 512, 512,  32,  32,  64,  64,  0, 0}},
    {"affine_hidden_b8", { 8, 256, 612,  32, 612,  64, 612,  1, 1}},
    {"affine_b8",        { 8, 256, 256,  32,  32,  64,  64,  0, 0}},
    {"tiny_affine_b2",   { 2,  32,  96,   8,  96,  16,  96,  1, 1}},
    {"one_f16",          { 1,   1,   1,   0,   0,   0,   0,  0, 0, 1}},
    {"tile_minus_f16",   { 3,   7,   5,   8,   3,  15,   7,  0, 1, 3}},
    {"tile_plus_f16",    { 5,   9,   9,  33,  65,  17,   1,  0, 0, 3}},
    {"prime_f16",        {13,  37,  61,  19,   2,  53,  11,  0, 1, 3}},
    {"first_f16",        {13,  37,  61,  19,   2,  53,  11,  0, 1, 1}},
    {"affine_b8_f16",    { 8, 256, 256,  32,  32,  64,  64,  0, 0, 3}},
};
/* clang-format on */

/* Columns of x: K0 when shared, else the sum. */
static long columns_of_x(const long *p)
{
    return p[SHARED] ? p[K0] : p[K0] + p[K1] + p[K2];
}

static gcl_value build(gcl_graph *g, const long *p)
{
    const gcl_value w = gcl_graph_list(g), bias = gcl_graph_list(g);
    gcl_value y;
    char name[16];

    for (int j = 0; j < MAX_LAYERS && p[N0 + 2 * j] > 0; j++) {
        const size_t N = (size_t)p[N0 + 2 * j], K = (size_t)p[K0 + 2 * j];
        snprintf(name, sizeof name, "w%d", j);
        gcl_graph_list_add(g, w, gcl_graph_weight(g, name, GCL_SHAPE(N, K)));
        snprintf(name, sizeof name, "bias%d", j);
        gcl_graph_list_add(g, bias, gcl_graph_weight(g, name, GCL_SHAPE(N)));
    }
    y = gcl_grouped_linear(
        g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE((size_t)p[B], (size_t)columns_of_x(p))), w,
        bias);
    return p[RELU] ? gcl_activation(g, y, GCL_ACT_RELU, 0.0f) : y;
}

/* w0, w1, .. */
static bool is_f16(const long *p, const char *weight)
{
    return weight[0] == 'w' && weight[1] - '0' < p[F16];
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const float *x = op_f32(d, "x");
    char name[16];

    for (long b = 0; b < p[B]; b++, x += columns_of_x(p))
        for (long j = 0, at = 0; j < MAX_LAYERS && p[N0 + 2 * j] > 0; j++) {
            const long K = p[K0 + 2 * j];
            snprintf(name, sizeof name, "w%ld", j);
            const float *w = op_f32(d, name);
            snprintf(name, sizeof name, "bias%ld", j);
            const float *bias = op_f32(d, name);
            for (long n = 0; n < p[N0 + 2 * j]; n++, out++, scale++) {
                *out = (double)bias[n];
                *scale = fabs(*out);
                for (long k = 0; k < K; k++) {
                    const double t = (double)x[at + k] * (double)w[n * K + k];
                    *out += t;
                    *scale += fabs(t);
                }
                *out = p[RELU] ? fmax(*out, 0.0) : *out;
            }
            at += p[SHARED] ? 0 : K;
        }
}

/* That of the longest layer. */
static double tolerance(const long *p)
{
    const long K = p[K0] > p[K1] ? p[K0] : p[K1];

    return op_sum_tolerance((double)(K > p[K2] ? K : p[K2]));
}

/* x [2, columns] for weights [5, 3] and [4, 6], of which the second has a bias of so many. */
static void bad(gcl_graph *g, gcl_shape x, size_t second_bias)
{
    const gcl_value w = gcl_graph_list(g), bias = gcl_graph_list(g);

    gcl_graph_list_add(g, w, gcl_graph_weight(g, "w0", GCL_SHAPE(5, 3)));
    gcl_graph_list_add(g, w, gcl_graph_weight(g, "w1", GCL_SHAPE(4, 6)));
    gcl_graph_list_add(g, bias, gcl_graph_weight(g, "bias0", GCL_SHAPE(5)));
    if (second_bias > 0)
        gcl_graph_list_add(g, bias, gcl_graph_weight(g, "bias1", GCL_SHAPE(second_bias)));
    gcl_grouped_linear(g, gcl_graph_input(g, "x", GCL_F32, x), w, bias);
}

static void bad_rank(gcl_graph *g)
{
    bad(g, GCL_SHAPE(2, 1, 9), 4);
}

static void bad_columns(gcl_graph *g)
{
    bad(g, GCL_SHAPE(2, 3), 4);
}

static void bad_bias(gcl_graph *g)
{
    bad(g, GCL_SHAPE(2, 9), 5);
}

static void bad_length(gcl_graph *g)
{
    bad(g, GCL_SHAPE(2, 9), 0);
}

static void bad_member(gcl_graph *g)
{
    gcl_graph_list_add(g, gcl_graph_list(g), gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 9)));
}

static void bad_plain(gcl_graph *g)
{
    gcl_grouped_linear(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 3)),
                       gcl_graph_weight(g, "w", GCL_SHAPE(5, 3)),
                       gcl_graph_weight(g, "bias", GCL_SHAPE(5)));
}

static void bad_plain_bias(gcl_graph *g)
{
    gcl_grouped_linear(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 3)), gcl_graph_list(g),
                       gcl_graph_weight(g, "bias", GCL_SHAPE(5)));
}

static void bad_empty(gcl_graph *g)
{
    gcl_grouped_linear(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 3)), gcl_graph_list(g),
                       gcl_graph_list(g));
}

static void bad_list(gcl_graph *g)
{
    gcl_graph_list_add(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 9)),
                       gcl_graph_weight(g, "w", GCL_SHAPE(5, 3)));
}

static const op_bad_call bad_calls[] = {
    {"x_rank", bad_rank, GCL_E_SHAPE, "grouped_linear: x is [2, 1, 9] f32, needs f32 of rank 2"},
    {"x_columns", bad_columns, GCL_E_SHAPE,
     "grouped_linear: x has 3 columns, needs those of each layer or 9, of all"},
    {"bias_length", bad_bias, GCL_E_SHAPE,
     "grouped_linear: w[1] is [4, 6], bias[1] [5], needs [N, K] and [N]"},
    {"list_length", bad_length, GCL_E_ARG, "grouped_linear: w lists 2 weights, bias 1"},
    {"list_empty", bad_empty, GCL_E_ARG, "grouped_linear: w lists 0 weights, bias 0"},
    {"w_is_no_list", bad_plain, GCL_E_ARG,
     "grouped_linear: w is [5, 3] f32, needs a list of weights"},
    {"bias_is_no_list", bad_plain_bias, GCL_E_ARG,
     "grouped_linear: bias is [5] f32, needs a list of weights"},
    {"added_to_no_list", bad_list, GCL_E_ARG, "list: what it was to be added to is not a list"},
    {"list_of_inputs", bad_member, GCL_E_ARG, "list: what was added is not a weight"},
};

const op_suite op_suite_grouped_linear = {
    .op = "grouped_linear",
    .params = {"B", "N0", "K0", "N1", "K1", "N2", "K2", "shared", "relu", "f16", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .is_f16 = is_f16,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "sum(K): the sum of the longest layer's K products; ReLU does not enlarge an error.",
};
