/* tests/ops/pool_eot.c - cases and reference of the pool_eot op. */
#include "host/ops/pool_eot.h"
#include "tests/suite/op_suite.h"

enum { B, T, D, IDS };

/* clang-format off */
static const op_case cases[] = {
    /* name                B   T    d    ids */
    {"one",              { 1,  1,   1,     1}},
    {"tile_minus_one",   { 3,  4,  15,    10}},
    {"tile_plus_one",    { 5,  4,  17,    10}},
    {"prime",            { 7, 13, 101, 49408}},
    {"first_of_several", { 8, 31,  16,     2}},
    {"all_equal",        { 2, 11,   8,     1}},
    {"text_b2",          { 2, 77, 512, 49408}},
    {"tiny_text_b1",     { 1, 24, 128, 49408}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    const size_t n = (size_t)p[B], n_tokens = (size_t)p[T];

    return gcl_pool_eot(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(n, n_tokens, (size_t)p[D])),
                        gcl_graph_input(g, "tokens", GCL_I32, GCL_SHAPE(n, n_tokens)));
}

static void fill(const long *p, struct op_tensor *t, op_rng *rng)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->dtype == GCL_F32)
            ((float *)t->data)[i] = (float)op_uniform(rng, -1.0, 1.0);
        else
            ((int32_t *)t->data)[i] = (int32_t)(op_random(rng) % (uint64_t)p[IDS]);
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    (void)scale;
    for (long b = 0; b < p[B]; b++) {
        const int32_t *tokens = op_i32(d, "tokens") + b * p[T];
        long best = p[T] - 1;
        for (long t = p[T] - 1; t >= 0; t--)
            if (tokens[t] >= tokens[best])
                best = t;
        for (long c = 0; c < p[D]; c++)
            out[b * p[D] + c] = (double)op_f32(d, "x")[(b * p[T] + best) * p[D] + c];
    }
}

static double tolerance(const long *p)
{
    (void)p;
    return 0.0;
}

static void bad_length(gcl_graph *g)
{
    gcl_pool_eot(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 3, 4)),
                 gcl_graph_input(g, "tokens", GCL_I32, GCL_SHAPE(2, 4)));
}

static void bad_tokens(gcl_graph *g)
{
    gcl_pool_eot(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 3, 4)),
                 gcl_graph_input(g, "tokens", GCL_F32, GCL_SHAPE(2, 3)));
}

static void bad_rank(gcl_graph *g)
{
    gcl_pool_eot(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(6, 4)),
                 gcl_graph_input(g, "tokens", GCL_I32, GCL_SHAPE(2, 3)));
}

static const op_bad_call bad_calls[] = {
    {"tokens_do_not_fit", bad_length, GCL_E_SHAPE,
     "pool_eot: tokens is [2, 4], needs the first two dims of x [2, 3, 4]"},
    {"tokens_dtype", bad_tokens, GCL_E_SHAPE, "pool_eot: tokens is [2, 3] f32, needs i32"},
    {"x_rank", bad_rank, GCL_E_SHAPE, "pool_eot: x is [6, 4] f32, needs f32 of rank 3"},
};

const op_suite op_suite_pool_eot = {
    .op = "pool_eot",
    .params = {"B", "T", "d", "ids", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .fill = fill,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "0: a copy.",
};
