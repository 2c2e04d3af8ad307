/* tests/ops/transpose.c - cases and reference of the transpose op. */
#include "host/ops/transpose.h"
#include "tests/suite/op_suite.h"

enum { BATCH, R, C, RANK };

/* clang-format off */
static const op_case cases[] = {
    /* name                batch    R     C  rank */
    {"one",              {     1,   1,    1,  2}},
    {"row",              {     1,   1,   19,  2}},
    {"column",           {     1,  19,    1,  2}},
    {"group_minus_one",  {     1,  15,    3,  2}},
    {"group_plus_one",   {     1,  17,    5,  3}},
    {"prime",            {     3,  23,   37,  3}},
    {"leading_dims",     {     6,  13,   11,  5}},
    {"vit_patches",      {     2, 768,   49,  3}},
    {"vit_tokens",       {     2,  49,  768,  3}},
    {"tiny_patches",     {     2, 128,   49,  3}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    const size_t batch = (size_t)p[BATCH], rows = (size_t)p[R], columns = (size_t)p[C];
    const gcl_shape shape = p[RANK] == 2   ? GCL_SHAPE(rows, columns)
                            : p[RANK] == 3 ? GCL_SHAPE(batch, rows, columns)
                                           : GCL_SHAPE(1, 2, batch / 2, rows, columns);

    return gcl_transpose(g, gcl_graph_input(g, "x", GCL_F32, shape));
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const float *x = op_f32(d, "x");

    (void)scale;
    for (long b = 0; b < p[BATCH]; b++)
        for (long r = 0; r < p[R]; r++)
            for (long c = 0; c < p[C]; c++)
                out[(b * p[C] + c) * p[R] + r] = (double)*x++;
}

static double tolerance(const long *p)
{
    (void)p;
    return 0.0;
}

static void bad_rank(gcl_graph *g)
{
    gcl_transpose(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(7)));
}

static const op_bad_call bad_calls[] = {
    {"x_rank", bad_rank, GCL_E_SHAPE, "transpose: x is [7], needs rank 2 or more"},
};

const op_suite op_suite_transpose = {
    .op = "transpose",
    .params = {"batch", "R", "C", "rank", NULL},
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
