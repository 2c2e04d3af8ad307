/* tests/ops/concat.c - cases and reference of the concat op. */
#include <stdio.h>

#include "host/ops/concat.h"
#include "tests/suite/op_suite.h"

/* x[i] is [OUTER, LENGTH_i, INNER], with leading dims of 1 up to RANK, or without OUTER for a RANK
 * of 2; a LENGTH of 0 ends the list of operands */
enum { OUTER, INNER, RANK, LENGTHS };

/* clang-format off */
static const op_case cases[] = {
    /* name                outer  inner  rank  lengths */
    {"one",              {     1,     1,  3,    1,   1}},
    {"group_minus_one",  {     1,     1,  3,   63,   1}},
    {"group_plus_one",   {     5,     1,  4,    2,  65}},
    {"prime",            {     7,    11,  5,    3,  13,  5}},
    {"most_operands",    {     3,     2,  3,    1,   2,  3,  4,  5,  6}},
    {"first_axis",       {     1,  1536,  2,    2,   1}},
    {"noise_sentence",   {     2,     1,  3,  100, 512}},
    {"class_patches",    {     2,   768,  3,    1,  49}},
    {"class_prompts",    {     1,   768,  3,    1,   8, 49}},
    {"features_map",     {     1,    49,  3,  512, 512}},
    {"tiny_patches",     {     2,   128,  3,    1,  49}},
};
/* clang-format on */

static int n_operands(const long *p)
{
    int n = 0;

    while (LENGTHS + n < OP_MAX_PARAMS && p[LENGTHS + n] > 0)
        n++;
    return n;
}

static gcl_value build(gcl_graph *g, const long *p)
{
    gcl_value x[GCL_MAX_OPERANDS];
    char name[8];

    for (int i = 0; i < n_operands(p); i++) {
        gcl_shape shape = {(int)p[RANK], {1, 1, 1, 1, 1}};
        if (shape.rank > 2)
            shape.dim[shape.rank - 3] = (size_t)p[OUTER];
        shape.dim[shape.rank - 2] = (size_t)p[LENGTHS + i];
        shape.dim[shape.rank - 1] = (size_t)p[INNER];
        snprintf(name, sizeof name, "x%d", i);
        x[i] = gcl_graph_input(g, name, GCL_F32, shape);
    }
    return gcl_concat(g, x, n_operands(p), (int)p[RANK] - 2);
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    char name[8];

    (void)scale;
    for (long o = 0; o < p[OUTER]; o++)
        for (int k = 0; k < n_operands(p); k++) {
            const long inner = p[LENGTHS + k] * p[INNER];
            snprintf(name, sizeof name, "x%d", k);
            for (long i = 0; i < inner; i++)
                *out++ = (double)op_f32(d, name)[o * inner + i];
        }
}

static double tolerance(const long *p)
{
    (void)p;
    return 0.0;
}

static gcl_value x_of(gcl_graph *g, const char *name, gcl_shape shape)
{
    return gcl_graph_input(g, name, GCL_F32, shape);
}

static void bad_shape(gcl_graph *g)
{
    const gcl_value x[] = {x_of(g, "a", GCL_SHAPE(2, 3)), x_of(g, "b", GCL_SHAPE(3, 3))};

    gcl_concat(g, x, 2, 1);
}

static void bad_rank(gcl_graph *g)
{
    const gcl_value x[] = {x_of(g, "a", GCL_SHAPE(2, 3)), x_of(g, "b", GCL_SHAPE(2, 3, 1))};

    gcl_concat(g, x, 2, 1);
}

static void bad_axis(gcl_graph *g)
{
    const gcl_value a = x_of(g, "a", GCL_SHAPE(2, 3)), x[] = {a, a};

    gcl_concat(g, x, 2, 2);
}

static void too_few(gcl_graph *g)
{
    const gcl_value a = x_of(g, "a", GCL_SHAPE(2, 3));

    gcl_concat(g, &a, 1, 0);
}

static void too_many(gcl_graph *g)
{
    const gcl_value a = x_of(g, "a", GCL_SHAPE(2, 3)), x[GCL_MAX_OPERANDS + 1] = {a, a, a, a};

    gcl_concat(g, x, GCL_MAX_OPERANDS + 1, 0);
}

static const op_bad_call bad_calls[] = {
    {"dims_differ", bad_shape, GCL_E_SHAPE,
     "concat: x[1] is [3, 3], needs the dims of [2, 3] outside of axis 1"},
    {"rank_differs", bad_rank, GCL_E_SHAPE, "concat: x[1] is [2, 3, 1] f32, needs f32 of rank 2"},
    {"axis_range", bad_axis, GCL_E_ARG, "concat: axis 2, needs 0 .. 1"},
    {"too_few", too_few, GCL_E_ARG, "concat: 1 operands, needs 2 .. 6"},
    {"too_many", too_many, GCL_E_ARG, "concat: more operands"},
};

const op_suite op_suite_concat = {
    .op = "concat",
    .params = {"outer", "inner", "rank", "x0", "x1", "x2", "x3", "x4", "x5", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "0: a copy.",
};
