/* tests/ops/embedding.c - cases and reference of the embedding op. */
#include <math.h>

#include "host/ops/embedding.h"
#include "tests/suite/op_suite.h"

enum { B, T, V, D, WRONG };

/* clang-format off */
static const op_case cases[] = {
    /* name                B   T      V    d  wrong ids */
    {"one",              { 1,  1,     1,   1,  0}},
    {"tile_minus_one",   { 1,  3,     5,  15,  0}},
    {"tile_plus_one",    { 1,  5,     7,  17,  0}},
    {"prime",            { 3, 13,   101,  37,  0}},
    {"wrong_ids",        { 2,  7,    11,  19,  1}},
    {"clip_vocabulary",  { 1, 77, 49408,   8,  0}},
    {"text_b2",          { 2, 77,  1031, 512,  0}},
    {"tiny_text_b1",     { 1, 24,  1031, 128,  0}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    return gcl_embedding(
        g, gcl_graph_input(g, "tokens", GCL_I32, GCL_SHAPE((size_t)p[B], (size_t)p[T])),
        gcl_graph_weight(g, "table", GCL_SHAPE((size_t)p[V], (size_t)p[D])));
}

static void fill(const long *p, struct op_tensor *t, op_rng *rng)
{
    const int32_t wrong[] = {-1, (int32_t)p[V], INT32_MIN, INT32_MAX};

    for (size_t i = 0; i < t->count; i++)
        if (t->dtype == GCL_F32)
            ((float *)t->data)[i] = (float)op_uniform(rng, -1.0, 1.0);
        else if (p[WRONG] && i % 3 == 1)
            ((int32_t *)t->data)[i] = wrong[i / 3 % 4];
        else
            ((int32_t *)t->data)[i] = (int32_t)(op_random(rng) % (uint64_t)p[V]);
    if (t->dtype == GCL_I32)
        ((int32_t *)t->data)[t->count - 1] = (int32_t)p[V] - 1;
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const int32_t *tokens = op_i32(d, "tokens");

    (void)scale;
    for (long r = 0; r < p[B] * p[T]; r++)
        for (long c = 0; c < p[D]; c++)
            out[r * p[D] + c] = tokens[r] < 0 || tokens[r] >= p[V]
                                    ? NAN
                                    : (double)op_f32(d, "table")[tokens[r] * p[D] + c];
}

static double tolerance(const long *p)
{
    (void)p;
    return 0.0;
}

static void bad_tokens(gcl_graph *g)
{
    gcl_embedding(g, gcl_graph_input(g, "tokens", GCL_F32, GCL_SHAPE(2, 3)),
                  gcl_graph_weight(g, "table", GCL_SHAPE(5, 4)));
}

static void bad_table(gcl_graph *g)
{
    gcl_embedding(g, gcl_graph_input(g, "tokens", GCL_I32, GCL_SHAPE(2, 3)),
                  gcl_graph_weight(g, "table", GCL_SHAPE(5)));
}

static const op_bad_call bad_calls[] = {
    {"tokens_dtype", bad_tokens, GCL_E_SHAPE, "embedding: tokens is [2, 3] f32, needs i32"},
    {"table_rank", bad_table, GCL_E_SHAPE, "embedding: table is [5] f32, needs f32 of rank 2"},
};

const op_suite op_suite_embedding = {
    .op = "embedding",
    .params = {"B", "T", "V", "d", "wrong_ids", NULL},
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
