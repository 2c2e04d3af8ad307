/* tests/ops/attention.c - cases and reference of the attention op. */
#include <math.h>

#include "host/ops/attention.h"
#include "tests/suite/op_suite.h"

enum { B, Q, T, D_MODEL, HEADS, CAUSAL, SIZE };

/* clang-format off */
static const op_case cases[] = {
    /* name                 B     Q     T  d_model  heads  causal  size */
    {"one",               { 1,    1,    1,    1,     1,     0,     1}},
    {"one_causal",        { 1,    1,    1,    1,     1,     1,     1}},
    {"group_minus_one",   { 1,   63,   63,   63,     1,     0,     1}},
    {"group",             { 1,   64,   64,  128,     2,     1,     1}},
    {"group_plus_one",    { 1,   65,   65,   65,     1,     1,     1}},
    {"prime",             { 3,   37,   37,  119,     7,     0,     1}},
    {"prime_causal",      { 2,   37,   37,   65,     5,     1,     1}},
    {"d_head_one",        { 1,    9,    9,   12,    12,     1,     1}},
    {"d_head_long",       { 1,    5,    5,  331,     1,     0,     1}},
    {"head_one_token",    { 2,    1,    1,   64,     2,     1,     1}},
    {"large_scores",      { 1,   19,   19,   64,     2,     0,    20}},
    {"t_limit",           { 1, 1024, 1024,    3,     1,     1,     1}},
    {"head_t_limit",      { 1, 1024, 1024,   32,     1,     1,     1}},
    {"head_one_block",    { 1,   32,   32,   32,     1,     0,     1}},
    {"head_block_plus_1", { 1,   33,   33,   33,     1,     1,    20}},
    {"head_too_short",    { 1,    9,    9,   15,     1,     0,     1}},
    {"head_long",         { 1,   17,   17,  256,     2,     1,     1}},
    {"head_too_long",     { 1,    9,    9,  144,     1,     0,     1}},
    {"text_b1",           { 1,   77,   77,  512,     8,     1,     1}},
    {"vit_b2",            { 2,   50,   50,  768,    12,     0,     1}},
    {"vit_generated_b1",  { 1,   50,   51,  768,    12,     0,     1}},
    {"vit_first_b3",      { 3,    1,   50,  128,     2,     0,     1}},
    {"few_ask",           { 2,   11,   37,  119,     7,     0,     1}},
    {"few_ask_causal",    { 2,   33,   40,   66,     2,     1,     1}},
    {"tiny_text_b2",      { 2,   24,   24,  128,     2,     1,     1}},
    {"tiny_vit_b1",       { 1,   50,   50,  128,     2,     0,     1}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    const gcl_shape shape = GCL_SHAPE((size_t)p[B], (size_t)p[T], 3 * (size_t)p[D_MODEL]);

    return gcl_attention(g, gcl_graph_input(g, "qkv", GCL_F32, shape), (size_t)p[HEADS],
                         (size_t)p[Q], p[CAUSAL] != 0);
}

static bool like(const gcl_graph *g, const gcl_node *node, long *p)
{
    const gcl_shape *y = gcl_out_shape(g, node);
    size_t dim[GCL_MAX_DIMS];

    node->op->dims(g, node, dim); /* Q, T, d_head, n_heads, causal */
    p[B] = (long)y->dim[0];
    p[Q] = (long)dim[0];
    p[T] = (long)dim[1];
    p[D_MODEL] = (long)y->dim[2];
    p[HEADS] = (long)dim[3];
    p[CAUSAL] = (long)dim[4];
    p[SIZE] = 1;
    return true;
}

static void fill(const long *p, struct op_tensor *t, op_rng *rng)
{
    for (size_t i = 0; i < t->count; i++)
        ((float *)t->data)[i] = (float)op_uniform(rng, (double)-p[SIZE], (double)p[SIZE]);
}

/* One query of one head. q, k, v point at the head's first channel; k and v at token 0. */
static void attend(const long *p, const float *q, const float *k, const float *v, long n_keys,
                   double *out, double *scale)
{
    const long d = p[D_MODEL] / p[HEADS], step = 3 * p[D_MODEL];
    double s[GCL_ATTENTION_MAX_T], top = -HUGE_VAL, terms = 0, total = 0;

    for (long j = 0; j < n_keys; j++) {
        double size = 0;
        s[j] = 0;
        for (long c = 0; c < d; c++) {
            s[j] += (double)q[c] * (double)k[j * step + c] / sqrt((double)d);
            size += fabs((double)q[c] * (double)k[j * step + c]) / sqrt((double)d);
        }
        top = fmax(top, s[j]);
        terms = fmax(terms, size);
    }
    for (long j = 0; j < n_keys; j++)
        total += exp(s[j] - top);
    for (long c = 0; c < d; c++) {
        out[c] = scale[c] = 0;
        for (long j = 0; j < n_keys; j++) {
            const double t = exp(s[j] - top) / total * (double)v[j * step + c];
            out[c] += t;
            scale[c] += fabs(t) * (1 + terms);
        }
    }
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const long d_model = p[D_MODEL], d_head = d_model / p[HEADS];

    for (long b = 0; b < p[B]; b++)
        for (long t = 0; t < p[Q]; t++)
            for (long at = 0; at < d_model; at += d_head) {
                const float *first = op_f32(d, "qkv") + b * p[T] * 3 * d_model + at;
                const long to = (b * p[Q] + t) * d_model + at;
                attend(p, first + t * 3 * d_model, first + d_model, first + 2 * d_model,
                       p[CAUSAL] ? t + 1 : p[T], out + to, scale + to);
            }
}

static double tolerance(const long *p)
{
    const double d_head = (double)(p[D_MODEL] / p[HEADS]);

    return 2.0 * (op_sum_tolerance(d_head) + 10.0 + op_sum_tolerance((double)p[T])) + 5.0;
}

static void bad_attention(gcl_graph *g, size_t n_tokens, size_t last, size_t n_heads)
{
    gcl_attention(g, gcl_graph_input(g, "qkv", GCL_F32, GCL_SHAPE(1, n_tokens, last)), n_heads,
                  n_tokens, false);
}

static void bad_heads(gcl_graph *g)
{
    bad_attention(g, 2, 12, 0);
}

static void bad_thirds(gcl_graph *g)
{
    bad_attention(g, 2, 16, 2);
}

static void bad_d_head(gcl_graph *g)
{
    bad_attention(g, 2, 24, 3);
}

static void bad_length(gcl_graph *g)
{
    bad_attention(g, 1025, 12, 2);
}

static void bad_rank(gcl_graph *g)
{
    gcl_attention(g, gcl_graph_input(g, "qkv", GCL_F32, GCL_SHAPE(2, 12)), 2, 1, false);
}

static void bad_queries(gcl_graph *g)
{
    gcl_attention(g, gcl_graph_input(g, "qkv", GCL_F32, GCL_SHAPE(1, 2, 12)), 2, 3, false);
}

static void no_queries(gcl_graph *g)
{
    gcl_attention(g, gcl_graph_input(g, "qkv", GCL_F32, GCL_SHAPE(1, 2, 12)), 2, 0, false);
}

static const op_bad_call bad_calls[] = {
    {"no_heads", bad_heads, GCL_E_ARG, "attention: n_heads is 0"},
    {"not_three_parts", bad_thirds, GCL_E_SHAPE,
     "attention: qkv is [1, 2, 16], needs a multiple of 3 * n_heads, n_heads = 2, last"},
    {"heads_do_not_divide", bad_d_head, GCL_E_SHAPE, "attention: qkv is [1, 2, 24], needs"},
    {"t_beyond_limit", bad_length, GCL_E_UNSUPPORTED,
     "attention: qkv is [1, 1025, 12], T is supported up to 1024"},
    {"too_many_queries", bad_queries, GCL_E_SHAPE,
     "attention: qkv is [1, 2, 12], 3 queries are wanted, needs 1 .. T"},
    {"no_queries", no_queries, GCL_E_SHAPE,
     "attention: qkv is [1, 2, 12], 0 queries are wanted, needs 1 .. T"},
    {"qkv_rank", bad_rank, GCL_E_SHAPE, "attention: qkv is [2, 12] f32, needs f32 of rank 3"},
};

const op_suite op_suite_attention = {
    .op = "attention",
    .params = {"B", "Q", "T", "d_model", "heads", "causal", "size", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .fill = fill,
    .reference = reference,
    .like = like,
    .tolerance = tolerance,
    .corners = "prime_causal",
    .bound = "2 (sum(d_head) + sum(T) + 10) + 5: a score is a sum of d_head products and two more "
             "roundings; its error, in terms of the sum of its absolute terms, and that of the "
             "difference and of exp (3 ulp) are relative errors of the weights. They reach the "
             "result twice, through the sum of products with v and through the total, each a sum "
             "over T; then a quotient (2.5 ulp).",
};
