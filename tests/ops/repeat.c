/* tests/ops/repeat.c - cases and reference of the repeat op. */
#include "host/ops/repeat.h"
#include "tests/suite/op_suite.h"

enum { COUNT, OUTER, INNER };

/* clang-format off */
static const op_case cases[] = {
    /* name              count outer inner */
    {"one",              {   1,    1,    1}},
    {"group_minus_one",  {  63,    1,    1}},
    {"tile_plus_one",    {   5,    5,   13}},
    {"prime",            { 101,    7,   11}},
    {"class_token_b2",   { 768,    2,    1}},
    {"sentence_map_b2",  {1024,    1,   49}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    return gcl_repeat(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE((size_t)p[COUNT])),
                      (size_t)p[OUTER], (size_t)p[INNER]);
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    (void)scale;
    for (long o = 0; o < p[OUTER]; o++)
        for (long e = 0; e < p[COUNT]; e++)
            for (long i = 0; i < p[INNER]; i++)
                *out++ = (double)op_f32(d, "x")[e];
}

static double tolerance(const long *p)
{
    (void)p;
    return 0.0;
}

static void bad_outer(gcl_graph *g)
{
    gcl_repeat(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(4)), 0, 1);
}

static void bad_dtype(gcl_graph *g)
{
    gcl_repeat(g, gcl_graph_input(g, "x", GCL_I32, GCL_SHAPE(4)), 2, 1);
}

static const op_bad_call bad_calls[] = {
    {"outer_zero", bad_outer, GCL_E_ARG, "repeat: outer 0 and inner 1"},
    {"x_dtype", bad_dtype, GCL_E_SHAPE, "repeat: x is [4] i32"},
};

const op_suite op_suite_repeat = {
    .op = "repeat",
    .params = {"count", "outer", "inner", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "0: a copy is exact.",
};
