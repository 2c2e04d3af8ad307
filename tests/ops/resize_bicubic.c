/* tests/ops/resize_bicubic.c - cases and reference of the resize_bicubic op; test_bicubic.c
 * compares with Pillow itself. */
#include <math.h>
#include <stdlib.h>

#include "host/ops/resize_bicubic.h"
#include "tests/suite/op_suite.h"

enum { H, W, OUT_H, OUT_W, TOP, LEFT, CROP_H, CROP_W };

/* clang-format off */
static const op_case cases[] = {
    /* name                 H    W   out_h out_w  top left  crop_h crop_w */
    {"one",             {  1,    1,     1,    1,   0,   0,     1,     1}},
    {"one_to_many",     {  1,    1,     5,    7,   0,   0,     5,     7}},
    {"many_to_one",     { 37,   41,     1,    1,   0,   0,     1,     1}},
    {"same_size",       { 13,   17,    13,   17,   0,   0,    13,    17}},
    {"enlarge",         {  3,    2,    11,   19,   0,   0,    11,    19}},
    {"shrink",          { 67,   71,    13,   17,   0,   0,    13,    17}},
    {"one_axis",        { 64,   16,    16,   16,   0,   0,    16,    16}},
    {"mixed",           {  5,  101,    43,    7,   0,   0,    43,     7}},
    {"one_pixel",       { 29,   31,    23,   19,  22,  18,     1,     1}},
    {"crop_inside",     { 29,   31,    61,   53,  17,  11,     9,    21}},
    {"crop_end",        { 90,  120,    30,   40,  20,  29,    10,    11}},
    {"clip_224",        { 75,  100,   224,  298,   0,  37,   224,   224}},
    {"clip_224_shrink", {240,  320,   224,  298,   0,  37,   224,   224}},
};
/* clang-format on */

static gcl_value build(gcl_graph *g, const long *p)
{
    const gcl_value x = gcl_graph_input(g, "x", GCL_U8, GCL_SHAPE((size_t)p[H], (size_t)p[W], 3));

    return gcl_resize_bicubic(g, x, (size_t)p[OUT_H], (size_t)p[OUT_W], (size_t)p[TOP],
                              (size_t)p[LEFT], (size_t)p[CROP_H], (size_t)p[CROP_W]);
}

/* A half of the bytes at the ends, so that overshoots are cut off. */
static void fill(const long *p, struct op_tensor *t, op_rng *rng)
{
    (void)p;
    for (size_t i = 0; i < t->count; i++)
        ((uint8_t *)t->data)[i] = (uint8_t)fmin(fmax(op_uniform(rng, -128, 384), 0), 255);
}

static double keys(double t)
{
    t = fabs(t);
    if (t >= 2)
        return 0;
    return t < 1 ? 1.5 * t * t * t - 2.5 * t * t + 1 : -0.5 * t * t * t + 2.5 * t * t - 4 * t + 2;
}

/* The dense matrix m[out, in] of an axis, in units of 2^-22. */
static long *axis_matrix(long in, long out)
{
    const double stretch = (double)in / (double)out, wide = fmax(1, stretch);
    long *m = calloc((size_t)(in * out), sizeof *m);

    for (long o = 0; m != NULL && o < out; o++) {
        const double at = ((double)o + 0.5) * stretch;
        const long low = (long)fmax(0, floor(at - 2 * wide + 0.5));
        const long high = (long)fmin((double)in, floor(at + 2 * wide + 0.5));
        double total = 0;
        for (long i = low; i < high; i++)
            total += keys(((double)i + 0.5 - at) / wide);
        for (long i = low; i < high; i++)
            m[o * in + i] = lround(0x1p22 * (keys(((double)i + 0.5 - at) / wide) / total));
    }
    return m;
}

static double byte_of(long sum)
{
    return fmin(fmax(floor((double)sum * 0x1p-22 + 0.5), 0), 255);
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    const uint8_t *x = op_u8(d, "x");
    long *across = axis_matrix(p[W], p[OUT_W]), *down = axis_matrix(p[H], p[OUT_H]);
    double *wide = calloc((size_t)(p[H] * p[CROP_W] * 3), sizeof *wide); /* [H, crop_w, 3] */

    (void)scale;
    for (long h = 0; h < p[H]; h++)
        for (long i = 0; i < p[CROP_W] * 3; i++) {
            long sum = 0;
            for (long w = 0; w < p[W]; w++)
                sum += across[(p[LEFT] + i / 3) * p[W] + w] * x[(h * p[W] + w) * 3 + i % 3];
            wide[h * p[CROP_W] * 3 + i] = byte_of(sum);
        }
    for (long r = 0; r < p[CROP_H]; r++)
        for (long i = 0; i < p[CROP_W] * 3; i++) {
            long sum = 0;
            for (long h = 0; h < p[H]; h++)
                sum += down[(p[TOP] + r) * p[H] + h] * (long)wide[h * p[CROP_W] * 3 + i];
            out[r * p[CROP_W] * 3 + i] = byte_of(sum);
        }
    free(wide);
    free(down);
    free(across);
}

static double tolerance(const long *p)
{
    (void)p;
    return 0.0;
}

static gcl_value picture(gcl_graph *g, gcl_dtype dtype, size_t channels)
{
    return gcl_graph_input(g, "x", dtype, GCL_SHAPE(4, 4, channels));
}

static void bad_dtype(gcl_graph *g)
{
    gcl_resize_bicubic(g, picture(g, GCL_F32, 3), 4, 4, 0, 0, 4, 4);
}

static void bad_channels(gcl_graph *g)
{
    gcl_resize_bicubic(g, picture(g, GCL_U8, 4), 4, 4, 0, 0, 4, 4);
}

static void bad_size(gcl_graph *g)
{
    gcl_resize_bicubic(g, picture(g, GCL_U8, 3), 0, 4, 0, 0, 4, 4);
}

static void bad_window(gcl_graph *g)
{
    gcl_resize_bicubic(g, picture(g, GCL_U8, 3), 4, 8, 0, 5, 4, 4);
}

static void empty_window(gcl_graph *g)
{
    gcl_resize_bicubic(g, picture(g, GCL_U8, 3), 4, 8, 0, 0, 0, 4);
}

static const op_bad_call bad_calls[] = {
    {"x_dtype", bad_dtype, GCL_E_SHAPE, "resize_bicubic: x is [4, 4, 3] f32, needs u8 of rank 3"},
    {"channels", bad_channels, GCL_E_SHAPE, "resize_bicubic: x is [4, 4, 4], needs [H, W, 3]"},
    {"size", bad_size, GCL_E_ARG, "resize_bicubic: out_h is 0, needs 1 .. 2147483647"},
    {"window", bad_window, GCL_E_ARG,
     "resize_bicubic: crop_w is 4 from 5 on, needs >= 1 within out_w 8"},
    {"empty_window", empty_window, GCL_E_ARG, "resize_bicubic: crop_h is 0 from 0 on"},
};

const op_suite op_suite_resize_bicubic = {
    .op = "resize_bicubic",
    .params = {"H", "W", "out_h", "out_w", "top", "left", "crop_h", "crop_w", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .fill = fill,
    .reference = reference,
    .tolerance = tolerance,
    .bound = "0: sums of integers. That both sides round each coefficient alike is no matter of "
             "course, as they compute it differently; it holds for the cases here, and "
             "test_bicubic.c has Pillow's bytes.",
};
