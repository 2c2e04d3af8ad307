/* tests/ops/resize_nearest.c - cases and reference of the resize_nearest op. */
#include "host/ops/resize_nearest.h"
#include "tests/suite/op_suite.h"

enum { N, C, H, W, OUT_H, OUT_W };

/* clang-format off */
static const op_case cases[] = {
    /* name                 N   C    H    W  oH   oW */
    {"one",               { 1,  1,   1,   1,  1,   1}},
    {"one_to_many",       { 1,  3,   1,   1,  5,   7}},
    {"many_to_one",       { 2,  1,   6,   5,  1,   1}},
    {"same",              { 1,  5,   9,   8,  9,   8}},
    {"group_minus_one",   { 1, 15,   4,   8,  3,  15}},
    {"group_plus_one",    { 1, 17,   4,   8,  5,  17}},
    {"prime_up",          { 2,  7,  13,  17, 29,  37}},
    {"prime_down",        { 3, 11,  31,  23,  7,  19}},
    {"up_and_down",       { 1,  4,  49,  10, 20,  49}},
    {"block_7_to_8",      { 1, 512,  7,   7,  8,   8}},
    {"block_8_to_16",     { 2, 512,  8,   8, 16,  16}},
    {"block_64_to_128",   { 1, 16,  64,  64, 128, 128}},
    {"block_128_to_224",  { 1, 64, 128, 128, 224, 224}},
    {"tiny_32_to_56",     { 1, 32,  32,  32,  56,  56}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    const gcl_shape shape = GCL_SHAPE((size_t)p[N], (size_t)p[C], (size_t)p[H], (size_t)p[W]);

    return gcl_resize_nearest(g, gcl_graph_input(g, "x", GCL_F32, shape), (size_t)p[OUT_H],
                              (size_t)p[OUT_W]);
}

/* The source index is the last one whose first output, ceil(src * out / in), is not past dst. */
static long source(long dst, long in, long out)
{
    long src = 0;

    while (src + 1 < in && (src + 1) * out <= dst * in)
        src++;
    return src;
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const float *x = op_f32(d, "x");

    (void)scale;
    for (long oh = 0; oh < p[OUT_H]; oh++)
        for (long ow = 0; ow < p[OUT_W]; ow++) {
            const long h = source(oh, p[H], p[OUT_H]), w = source(ow, p[W], p[OUT_W]);
            for (long plane = 0; plane < p[N] * p[C]; plane++)
                out[(plane * p[OUT_H] + oh) * p[OUT_W] + ow] =
                    (double)x[(plane * p[H] + h) * p[W] + w];
        }
}

static double tolerance(const long *p)
{
    (void)p;
    return 0.0;
}

static void bad_rank(gcl_graph *g)
{
    gcl_resize_nearest(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(3, 4, 5)), 8, 8);
}

static void bad_size(gcl_graph *g)
{
    gcl_resize_nearest(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(1, 3, 4, 5)), 8, 0);
}

static const op_bad_call bad_calls[] = {
    {"x_rank", bad_rank, GCL_E_SHAPE, "resize_nearest: x is [3, 4, 5] f32, needs f32 of rank 4"},
    {"size_zero", bad_size, GCL_E_SHAPE, "resize_nearest: the result [1, 3, 8, 0]"},
};

const op_suite op_suite_resize_nearest = {
    .op = "resize_nearest",
    .params = {"N", "C", "H", "W", "out_h", "out_w", NULL},
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
