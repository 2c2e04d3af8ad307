/* tests/ops/add.c - cases and reference of the add op. */
#include <math.h>

#include "host/ops/add.h"
#include "tests/suite/op_suite.h"

enum { OUTER, INNER, SCALED };

/* clang-format off */
static const op_case cases[] = {
    /* name                outer  inner  scaled */
    {"one",              {     1,     1,  0}},
    {"one_scaled",       {     1,     1,  1}},
    {"group_minus_one",  {     1,    63,  0}},
    {"group_plus_one",   {     1,    65,  1}},
    {"tile_plus_one",    {     5,    17,  0}},
    {"prime_repeated",   {    13,   101,  1}},
    {"positions_text",   {     2, 39424,  0}},
    {"mapper_residual",  {     1, 37632,  0}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    const gcl_value a =
        gcl_graph_input(g, "a", GCL_F32, GCL_SHAPE((size_t)p[OUTER], (size_t)p[INNER]));
    const gcl_value b = gcl_graph_weight(g, "b", GCL_SHAPE((size_t)p[INNER]));

    return p[SCALED] ? gcl_scale_add(g, a, b, gcl_graph_weight(g, "scale", GCL_SHAPE(1)))
                     : gcl_add(g, a, b, 0.1f);
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const float *a = op_f32(d, "a"), *b = op_f32(d, "b");
    const double alpha = p[SCALED] ? (double)op_f32(d, "scale")[0] : (double)0.1f;

    for (long i = 0; i < p[OUTER] * p[INNER]; i++) {
        out[i] = (double)a[i] + alpha * (double)b[i % p[INNER]];
        scale[i] = fabs((double)a[i]) + fabs(alpha * (double)b[i % p[INNER]]);
    }
}

static double tolerance(const long *p)
{
    (void)p;
    return 2.0;
}

static void bad_shape(gcl_graph *g)
{
    gcl_add(g, gcl_graph_input(g, "a", GCL_F32, GCL_SHAPE(2, 3)),
            gcl_graph_input(g, "b", GCL_F32, GCL_SHAPE(2)), 1.0f);
}

static void bad_scale(gcl_graph *g)
{
    const gcl_value a = gcl_graph_input(g, "a", GCL_F32, GCL_SHAPE(2, 3));

    gcl_scale_add(g, a, a, gcl_graph_weight(g, "scale", GCL_SHAPE(3)));
}

static void bad_lists(gcl_graph *g)
{
    const gcl_value list = gcl_graph_list(g);

    gcl_graph_list_add(g, list, gcl_graph_weight(g, "w", GCL_SHAPE(1)));
    gcl_add(g, list, list, 1.0f);
}

static const op_bad_call bad_calls[] = {
    {"b_does_not_fit", bad_shape, GCL_E_SHAPE,
     "add: b is [2], needs the shape or the last dims of a [2, 3]"},
    {"scale_length", bad_scale, GCL_E_SHAPE, "add: scale is [3] f32, needs [1] f32"},
    {"lists", bad_lists, GCL_E_SHAPE, "add: a is a list of 1 weights, needs f32 of rank any"},
};

const op_suite op_suite_add = {
    .op = "add",
    .params = {"outer", "inner", "scaled", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "2: a product and a sum, half a unit each at most.",
};
