/* tests/ops/rgb_unpack.c - cases and reference of the rgb_unpack op. */
#include "host/ops/rgb_unpack.h"
#include "tests/suite/op_suite.h"

enum { B, H, W };

/* clang-format off */
static const op_case cases[] = {
    /* name                B    H    W */
    {"one",              { 1,   1,   1}},
    {"group_minus_one",  { 1,   1,  63}},
    {"group",            { 2,   4,  16}},
    {"group_plus_one",   { 3,   5,  13}},
    {"prime",            { 5,  17,  19}},
    {"clip_224_b1",      { 1, 224, 224}},
    {"clip_224_b2",      { 2, 224, 224}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    return gcl_rgb_unpack(
        g, gcl_graph_input(g, "x", GCL_U8, GCL_SHAPE((size_t)p[B], (size_t)p[H], (size_t)p[W], 3)));
}

/* Every byte in turn, from a random one. */
static void fill(const long *p, struct op_tensor *t, op_rng *rng)
{
    const uint64_t first = op_random(rng);

    (void)p;
    for (size_t i = 0; i < t->count; i++)
        ((uint8_t *)t->data)[i] = (uint8_t)(first + i);
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const uint8_t *x = op_u8(d, "x");
    const long plane = p[H] * p[W];

    (void)scale;
    for (long b = 0; b < p[B]; b++)
        for (long c = 0; c < 3; c++)
            for (long i = 0; i < plane; i++)
                out[(b * 3 + c) * plane + i] = (float)(x[(b * plane + i) * 3 + c] / 255.0);
}

static double tolerance(const long *p)
{
    (void)p;
    return 0.0;
}

static void bad_dtype(gcl_graph *g)
{
    gcl_rgb_unpack(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(1, 2, 2, 3)));
}

static void bad_channels(gcl_graph *g)
{
    gcl_rgb_unpack(g, gcl_graph_input(g, "x", GCL_U8, GCL_SHAPE(1, 2, 2, 4)));
}

static const op_bad_call bad_calls[] = {
    {"x_dtype", bad_dtype, GCL_E_SHAPE, "rgb_unpack: x is [1, 2, 2, 3] f32, needs u8 of rank 4"},
    {"channels", bad_channels, GCL_E_SHAPE, "rgb_unpack: x is [1, 2, 2, 4], needs [B, H, W, 3]"},
};

const op_suite op_suite_rgb_unpack = {
    .op = "rgb_unpack",
    .params = {"B", "H", "W", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .fill = fill,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "0: the quotient is correctly rounded.",
};
