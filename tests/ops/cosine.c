/* tests/ops/cosine.c - cases and reference of the cosine op. */
#include <math.h>

#include "host/ops/cosine.h"
#include "tests/suite/op_suite.h"

enum { A, S, D, KIND };

/* What the rows of a are, those of b being uniform. */
enum { UNIFORM, ZERO, TINY };

/* clang-format off */
static const op_case cases[] = {
    /* name                A   S    d   kind */
    {"one",              { 1,  1,   1,  UNIFORM}},
    {"group_minus_one",  { 1,  2,  63,  UNIFORM}},
    {"group",            { 2,  1,  64,  UNIFORM}},
    {"group_plus_one",   { 3,  2,  65,  UNIFORM}},
    {"prime",            {13,  7, 101,  UNIFORM}},
    {"zero_norm",        { 2,  3,  32,  ZERO}},
    {"below_eps",        { 2,  3,  32,  TINY}},
    {"clip_score",       { 2,  8, 512,  UNIFORM}},
    {"tiny_score",       { 4,  4, 128,  UNIFORM}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    return gcl_cosine(g, gcl_graph_input(g, "a", GCL_F32, GCL_SHAPE((size_t)p[A], (size_t)p[D])),
                      gcl_graph_input(g, "b", GCL_F32, GCL_SHAPE((size_t)p[S], (size_t)p[D])));
}

static void fill(const long *p, struct op_tensor *t, op_rng *rng)
{
    const double size = t->name[0] == 'b' || p[KIND] == UNIFORM ? 1.0
                        : p[KIND] == TINY                       ? 1e-10
                                                                : 0.0;

    for (size_t i = 0; i < t->count; i++)
        ((float *)t->data)[i] = (float)op_uniform(rng, -size, size);
}

static double norm(const float *x, long n)
{
    double sum = 0;

    for (long i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return fmax(sqrt(sum), 1e-8);
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    for (long i = 0; i < p[A]; i++)
        for (long j = 0; j < p[S]; j++) {
            const float *a = op_f32(d, "a") + i * p[D], *b = op_f32(d, "b") + j * p[D];
            const double norms = norm(a, p[D]) * norm(b, p[D]);
            double dot = 0, terms = 0;
            for (long c = 0; c < p[D]; c++) {
                dot += (double)a[c] * (double)b[c];
                terms += fabs((double)a[c] * (double)b[c]);
            }
            out[i * p[S] + j] = dot / norms;
            scale[i * p[S] + j] = terms / norms;
        }
}

static double tolerance(const long *p)
{
    return 2.0 * op_sum_tolerance((double)p[D]) + 22.0;
}

static void bad_d(gcl_graph *g)
{
    gcl_cosine(g, gcl_graph_input(g, "a", GCL_F32, GCL_SHAPE(2, 3)),
               gcl_graph_input(g, "b", GCL_F32, GCL_SHAPE(2, 4)));
}

static void bad_rank(gcl_graph *g)
{
    gcl_cosine(g, gcl_graph_input(g, "a", GCL_F32, GCL_SHAPE(3)),
               gcl_graph_input(g, "b", GCL_F32, GCL_SHAPE(2, 3)));
}

static const op_bad_call bad_calls[] = {
    {"d_differs", bad_d, GCL_E_SHAPE, "cosine: b is [2, 4], needs the last dim of a [2, 3]"},
    {"a_rank", bad_rank, GCL_E_SHAPE, "cosine: a is [3] f32, needs f32 of rank 2"},
};

const op_suite op_suite_cosine = {
    .op = "cosine",
    .params = {"A", "S", "d", "kind", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .fill = fill,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "2 sum(d) + 22: three sums of d products, of which the roots halve the relative error "
             "of two; two roots (3 ulp) and two quotients (2.5 ulp).",
};
