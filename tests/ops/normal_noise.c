/* tests/ops/normal_noise.c - cases and reference of the normal_noise op; bits: test_noise.c. */
#include <math.h>

#include "host/ops/normal_noise.h"
#include "tests/suite/op_suite.h"

enum { B, N };

/* clang-format off */
static const op_case cases[] = {
    /* name                 B      n */
    {"one",               { 1,     1}},
    {"block_minus_one",   { 2,     3}},
    {"block",             { 3,     4}},
    {"block_plus_one",    { 3,     5}},
    {"group_minus_one",   { 1,   255}},
    {"group_plus_one",    { 5,   257}},
    {"prime",             {13,   101}},
    {"galip_z_b1",        { 1,   100}},
    {"galip_z_b16",       {16,   100}},
    {"many",              { 2, 99991}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    return gcl_normal_noise(g, gcl_graph_input(g, "key", GCL_I32, GCL_SHAPE((size_t)p[B], 4)),
                            (size_t)p[N]);
}

static void fill(const long *p, struct op_tensor *t, op_rng *rng)
{
    (void)p;
    for (size_t i = 0; i < t->count; i++) {
        const uint32_t bits = (uint32_t)op_random(rng);
        memcpy((int32_t *)t->data + i, &bits, sizeof bits);
    }
}

/* Ten rounds on counter c with key k, as Salmon et al. 2011 state them. */
static void philox(uint32_t *c, uint32_t k0, uint32_t k1)
{
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = UINT64_C(0xD2511F53) * c[0], p1 = UINT64_C(0xCD9E8D57) * c[2];
        c[0] = (uint32_t)(p1 >> 32) ^ c[1] ^ k0;
        c[1] = (uint32_t)p1;
        c[2] = (uint32_t)(p0 >> 32) ^ c[3] ^ k1;
        c[3] = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const int32_t *key = op_i32(d, "key");
    const double two_pi = 2.0 * acos(-1.0);

    for (long b = 0; b < p[B]; b++)
        for (long i = 0; i < p[N]; i++) {
            const int32_t *k = key + 4 * b;
            uint32_t w[4] = {(uint32_t)(i / 4), (uint32_t)k[2], (uint32_t)k[3], 0};
            philox(w, (uint32_t)k[0], (uint32_t)k[1]);
            const uint32_t *pair = w + (i % 4 < 2 ? 0 : 2);
            /* 1 - u by its own integer: log1p keeps what log next to 1 would lose */
            const double rest = ((double)(UINT32_MAX - pair[0]) + 0.5) * 0x1p-32;
            const double r = sqrt(-2.0 * log1p(-rest));
            /* within a quarter turn, so that no sine loses digits next to a multiple of pi */
            const double turns = ((double)(pair[1] & 0x3FFFFFFF) + 0.5) * 0x1p-32;
            const double s = r * sin(two_pi * turns), c = r * sin(two_pi * (0.25 - turns));
            const double turned[4][2] = {{c, s}, {-s, c}, {-c, -s}, {s, -c}};
            out[b * p[N] + i] = turned[pair[1] >> 30][i % 2];
            scale[b * p[N] + i] = fabs(out[b * p[N] + i]);
        }
}

static double tolerance(const long *p)
{
    (void)p;
    return 6.0;
}

static void bad_key_dtype(gcl_graph *g)
{
    gcl_normal_noise(g, gcl_graph_input(g, "key", GCL_F32, GCL_SHAPE(1, 4)), 4);
}

static void bad_key_shape(gcl_graph *g)
{
    gcl_normal_noise(g, gcl_graph_input(g, "key", GCL_I32, GCL_SHAPE(2, 3)), 4);
}

static void bad_n(gcl_graph *g)
{
    gcl_normal_noise(g, gcl_graph_input(g, "key", GCL_I32, GCL_SHAPE(1, 4)), 0);
}

static const op_bad_call bad_calls[] = {
    {"key_dtype", bad_key_dtype, GCL_E_SHAPE, "normal_noise: key is [1, 4] f32, needs i32"},
    {"key_shape", bad_key_shape, GCL_E_SHAPE, "normal_noise: key is [2, 3], needs [B, 4]"},
    {"n_zero", bad_n, GCL_E_ARG, "normal_noise: n is 0, needs 1 .. 2147483647"},
};

const op_suite op_suite_normal_noise = {
    .op = "normal_noise",
    .params = {"B", "n", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .fill = fill,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "6: in half units in the last place: ln 4 (the mantissa's rounding, 1, grows by at "
             "most 1 / 0.35; sums and polynomial 1), of which the root takes half; its own "
             "rounding 1, sine or cosine 2, the product 1. Worst seen 4.9 (test_noise).",
};
