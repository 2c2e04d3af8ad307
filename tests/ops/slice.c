/* tests/ops/slice.c - cases and reference of the slice op. */
#include <stdint.h>

#include "host/ops/slice.h"
#include "tests/suite/op_suite.h"

enum { A, B, C, AXIS, START, COUNT };

/* clang-format off */
static const op_case cases[] = {
    /* name                  A    B    C  axis start count */
    {"one",                { 1,   1,   1,  0,    0,    1}},
    {"all",                { 2,   3,   5,  1,    0,    3}},
    {"first_axis",         { 4,   3,   5,  0,    2,    2}},
    {"last_axis",          { 4,   3,   5,  2,    4,    1}},
    {"group_minus_one",    { 3,   2,  70,  2,    1,   63}},
    {"group_plus_one",     { 3,   2,  70,  2,    5,   65}},
    {"prime",              { 7,  13,  11,  1,    3,    5}},
    {"drop_prompt_tokens", { 2,  58, 768,  1,    0,   50}},
    {"class_token",        { 2,  50, 768,  1,    0,    1}},
    {"drop_class_token",   { 2,  50, 768,  1,    1,   49}},
    {"prompt_i",           { 1,   8, 768,  1,    3,    1}},
    {"tiny_drop_class",    { 2,  50, 128,  1,    1,   49}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    const gcl_shape shape = GCL_SHAPE((size_t)p[A], (size_t)p[B], (size_t)p[C]);

    return gcl_slice(g, gcl_graph_input(g, "x", GCL_F32, shape), (int)p[AXIS], (size_t)p[START],
                     (size_t)p[COUNT]);
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const float *x = op_f32(d, "x");

    (void)scale;
    for (long i = 0; i < p[A] * p[B] * p[C]; i++) {
        const long at[] = {i / (p[B] * p[C]), i / p[C] % p[B], i % p[C]};
        if (at[p[AXIS]] >= p[START] && at[p[AXIS]] < p[START] + p[COUNT])
            *out++ = (double)x[i];
    }
}

static double tolerance(const long *p)
{
    (void)p;
    return 0.0;
}

static void slice(gcl_graph *g, int axis, size_t start, size_t count)
{
    gcl_slice(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 7)), axis, start, count);
}

static void bad_axis(gcl_graph *g)
{
    slice(g, 2, 0, 1);
}

static void bad_end(gcl_graph *g)
{
    slice(g, 1, 3, 5);
}

static void bad_start(gcl_graph *g)
{
    slice(g, 1, SIZE_MAX, 2);
}

static void empty(gcl_graph *g)
{
    slice(g, 1, 3, 0);
}

static const op_bad_call bad_calls[] = {
    {"axis_range", bad_axis, GCL_E_ARG, "slice: axis 2, needs 0 .. 1"},
    {"end_past_x", bad_end, GCL_E_SHAPE, "slice: 5 elements from 3 along axis 1 of x [2, 7]"},
    {"start_past_x", bad_start, GCL_E_SHAPE, "slice: 2 elements from"},
    {"empty", empty, GCL_E_SHAPE, "slice: 0 elements from 3 along axis 1 of x [2, 7]"},
};

const op_suite op_suite_slice = {
    .op = "slice",
    .params = {"A", "B", "C", "axis", "start", "count", NULL},
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
