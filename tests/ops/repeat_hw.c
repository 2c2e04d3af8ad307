/* tests/ops/repeat_hw.c - cases and reference of the repeat_hw op. */
#include "host/ops/repeat_hw.h"
#include "op_test.h"

enum { B, C, H, W };

/* clang-format off */
static const op_case cases[] = {
    /* name                B    C   h   w */
    {"one",              { 1,   1,  1,  1}},
    {"group_minus_one",  { 1,   3,  3,  5}},
    {"group_plus_one",   { 1,   5,  1, 17}},
    {"prime",            { 3,  13,  7, 11}},
    {"sentence_7",       { 2, 512,  7,  7}},
    {"tiny_sentence_7",  { 2, 128,  7,  7}},
    {"sentence_4",       { 1, 512,  4,  4}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    return gcl_repeat_hw(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE((size_t)p[B], (size_t)p[C])),
                         (size_t)p[H], (size_t)p[W]);
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const float *x = op_f32(d, "x");

    (void)scale;
    for (long plane = 0; plane < p[B] * p[C]; plane++)
        for (long i = 0; i < p[H] * p[W]; i++)
            *out++ = (double)x[plane];
}

/* A copy. */
static double tolerance(const long *p)
{
    (void)p;
    return 0.0;
}

static void bad_rank(gcl_graph *g)
{
    gcl_repeat_hw(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 3, 4)), 7, 7);
}

static void bad_size(gcl_graph *g)
{
    gcl_repeat_hw(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 3)), 0, 7);
}

static const op_bad_call bad_calls[] = {
    {"x_rank", bad_rank, GCL_E_SHAPE, "repeat_hw: x is [2, 3, 4] f32, needs f32 of rank 2"},
    {"size_zero", bad_size, GCL_E_SHAPE, "repeat_hw: the result [2, 3, 0, 7]"},
};

const op_suite op_suite_repeat_hw = {
    .op = "repeat_hw",
    .params = {"B", "C", "h", "w", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .reference = reference,
    .tolerance = tolerance,
};
