/* tests/ops/vit_map.c - cases and reference of the vit_map op; added: by an add that it absorbs, with a factor
 * of 0.1. */
#include <math.h>

#include "host/ops/add.h"
#include "host/ops/vit_map.h"
#include "tests/suite/op_suite.h"

enum { B, C, H, W, ADDED };

/* clang-format off */
static const op_case cases[] = {
    /* name                B    C   H   W added */
    {"one",              { 1,   1,  1,  1,  0}},
    {"one_added",        { 1,   1,  1,  1,  1}},
    {"block",            { 1,  16,  2,  3,  0}},
    {"group_plus_one",   { 1,  17,  5,  3,  0}},
    {"prime_added",      { 3,  37, 11,  7,  1}},
    {"blocks_added",     { 3,  48, 13,  5,  1}},
    {"vit_b1",           { 1, 768,  7,  7,  1}},
    {"tiny_vit_b2",      { 2, 128,  7,  7,  0}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    const size_t b = (size_t)p[B], c = (size_t)p[C], h = (size_t)p[H], w = (size_t)p[W];
    const gcl_value map =
        gcl_vit_map(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(b, 1 + h * w, c)), h, w);

    if (!p[ADDED])
        return map;
    return gcl_add(g, gcl_graph_input(g, "residual", GCL_F32, GCL_SHAPE(b, c, h, w)), map, 0.1f);
}

static void element(const long *p, const op_data *d, size_t i, double *out, double *scale)
{
    const long plane = p[H] * p[W], pixel = (long)i % plane;
    const long c = (long)i / plane % p[C], b = (long)i / plane / p[C];

    *out = (double)op_f32(d, "x")[(b * (1 + plane) + 1 + pixel) * p[C] + c];
    if (p[ADDED]) {
        const double added = (double)0.1f * *out, residual = (double)op_f32(d, "residual")[i];
        *out = residual + added;
        *scale = fabs(residual) + fabs(added);
    }
}

static double tolerance(const long *p)
{
    return p[ADDED] ? 2.0 : 0.0;
}

static void bad_tokens(gcl_graph *g)
{
    gcl_vit_map(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(1, 6, 4)), 2, 3);
}

static void bad_size(gcl_graph *g)
{
    gcl_vit_map(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(1, 1, 4)), 0, 0);
}

static const op_bad_call bad_calls[] = {
    {"tokens", bad_tokens, GCL_E_SHAPE, "vit_map: x is [1, 6, 4], a map of 2x3 needs 1 + 6 tokens"},
    {"size", bad_size, GCL_E_SHAPE, "vit_map: x is [1, 1, 4], a map of 0x0 needs 1 + 0 tokens"},
};

const op_suite op_suite_vit_map = {
    .op = "vit_map",
    .params = {"B", "C", "H", "W", "added", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .element = element,
    .tolerance = tolerance,
    .bound = "0: a copy; 2 where something is added: a product and a sum, half a unit each.",
};
