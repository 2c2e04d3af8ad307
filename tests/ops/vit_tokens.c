/* tests/ops/vit_tokens.c - cases and reference of the vit_tokens op. */
#include <math.h>

#include "host/ops/vit_tokens.h"
#include "tests/suite/op_suite.h"

enum { B, C, H, W };

/* clang-format off */
static const op_case cases[] = {
    /* name                B    C   H   W */
    {"one",              { 1,   1,  1,  1}},
    {"block",            { 1,  16,  2,  3}},
    {"group_plus_one",   { 1,  17,  5,  3}},
    {"prime",            { 3,  37, 11,  7}},
    {"blocks",           { 3,  48, 13,  5}},
    {"vit_b1",           { 1, 768,  7,  7}},
    {"tiny_vit_b2",      { 2, 128,  7,  7}},
};
/* clang-format on */

static gcl_value tokens_of(gcl_graph *g, gcl_shape map, gcl_shape first, gcl_shape positions)
{
    return gcl_vit_tokens(g, gcl_graph_input(g, "map", GCL_F32, map),
                          gcl_graph_weight(g, "first", first),
                          gcl_graph_weight(g, "positions", positions));
}

static gcl_value build(gcl_graph *g, const long *p)
{
    const size_t b = (size_t)p[B], c = (size_t)p[C], h = (size_t)p[H], w = (size_t)p[W];

    return tokens_of(g, GCL_SHAPE(b, c, h, w), GCL_SHAPE(c), GCL_SHAPE(1 + h * w, c));
}

static void element(const long *p, const op_data *d, size_t i, double *out, double *scale)
{
    const long c = (long)i % p[C], plane = p[H] * p[W];
    const long t = (long)i / p[C] % (1 + plane), b = (long)i / p[C] / (1 + plane);
    const double v = t == 0 ? (double)op_f32(d, "first")[c]
                            : (double)op_f32(d, "map")[(b * p[C] + c) * plane + t - 1];
    const double position = (double)op_f32(d, "positions")[t * p[C] + c];

    *out = v + position;
    *scale = fabs(v) + fabs(position);
}

static double tolerance(const long *p)
{
    (void)p;
    return 1.0;
}

static void bad_first(gcl_graph *g)
{
    tokens_of(g, GCL_SHAPE(1, 4, 2, 3), GCL_SHAPE(3), GCL_SHAPE(7, 4));
}

static void bad_positions(gcl_graph *g)
{
    tokens_of(g, GCL_SHAPE(1, 4, 2, 3), GCL_SHAPE(4), GCL_SHAPE(6, 4));
}

static void bad_rank(gcl_graph *g)
{
    tokens_of(g, GCL_SHAPE(1, 4, 6), GCL_SHAPE(4), GCL_SHAPE(7, 4));
}

static const op_bad_call bad_calls[] = {
    {"first_length", bad_first, GCL_E_SHAPE, "vit_tokens: first is [3] f32, needs [4] f32"},
    {"positions_shape", bad_positions, GCL_E_SHAPE,
     "vit_tokens: positions is [6, 4] f32, needs [7, 4] f32"},
    {"map_rank", bad_rank, GCL_E_SHAPE, "vit_tokens: map is [1, 4, 6] f32, needs f32 of rank 4"},
};

const op_suite op_suite_vit_tokens = {
    .op = "vit_tokens",
    .params = {"B", "C", "H", "W", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .element = element,
    .tolerance = tolerance,
    .bound = "1: a sum, half a unit.",
};
