/* tests/ops/conv2d.c - cases and reference of the conv2d op. */
#include <math.h>
#include <string.h>

#include "host/ops/activation.h"
#include "host/ops/add.h"
#include "host/ops/common/conv2d_attr.h"
#include "host/ops/conv2d.h"
#include "host/ops/dfblk.h"
#include "host/ops/resize_nearest.h"
#include "tests/suite/op_suite.h"

/* AROUND: BIAS | RESIDUAL | W_INPUT, the activation times ACT, the nearest resize of x before the
 * convolution, an index of resizes, times RESIZE, and AFFINE | HALF | LAST | BEFORE times TAIL: a
 * dfblk of the sum, a residual of half the size, a LeakyReLU at the end, and a dfblk of x */
enum { N, C, H, W, O, KH, KW, STRIDE, PAD, AROUND };
enum { BIAS = 1, RESIDUAL = 2, W_INPUT = 4, ACT = 10, RESIZE = 100, TAIL = 1000 };
enum { AFFINE = 1, HALF = 2, LAST = 4, BEFORE = 8, AFFINE_AT = 2, BEFORE_AT = 3 };

static const struct {
    long up, down;
} resizes[] = {{1, 1}, {2, 1}, {7, 4}, {3, 2}, {8, 7}};

/* clang-format off */
static const op_case cases[] = {
    /* name                    N    C    H    W    O  kH  kW  st pad around */
    {"one",                  { 1,   1,   1,   1,   1,  1,  1,  1, 0,  0}},
    {"one_k3",               { 1,   1,   1,   1,   1,  3,  3,  1, 1,  1}},
    {"smaller_than_reach",   { 2,   3,   2,   1,   5,  5,  5,  1, 2,  1}},
    {"tile_minus_one",       { 1,   2,   3,   7,   7,  3,  3,  1, 1, 11}},
    {"tile",                 { 1,   8,   8,   8,   8,  3,  3,  1, 1, 21}},
    {"tile_plus_one",        { 2,   3,   4,   9,   9,  3,  3,  1, 1, 33}},
    {"panel_minus_one",      { 1,   4,   5,  17,  15,  3,  3,  1, 1,  3}},
    {"panel_plus_one",       { 1,   5,   6,  15,  17,  3,  3,  1, 1, 22}},
    {"two_panels_plus_one",  { 1,   7,  11,  13,  33,  3,  3,  1, 1, 23}},
    {"prime",                { 3,   7,  13,  19,  37,  3,  5,  2, 1, 13}},
    {"stride_over_kernel",   { 1,   3,  17,  29,   5,  2,  2,  5, 3,  1}},
    {"pad_over_kernel",      { 1,   2,   3,   3,   4,  1,  1,  1, 2,  1}},
    {"too_many_columns",     { 1,   1,   3, 601,   3,  2,  2,600, 0,  1}},
    {"w_is_input",           { 1,   6,   7,  10,   9,  3,  3,  1, 1,  5}},
    {"k1_shortcut",          { 1,  64,  32,  32,  32,  1,  1,  1, 0,  0}},
    {"k4_valid",             { 2,  64,   4,   4,   1,  4,  4,  1, 0,  0}},
    {"k4_stride_2",          { 1,  16,  16,  16,  32,  4,  4,  2, 1, 20}},
    {"k5_pad_2",             { 1,  24,   7,   7,  64,  5,  5,  1, 2,  1}},
    {"k3_7",                 { 1, 128,   7,   7, 128,  3,  3,  1, 1,  1}},
    {"k3_8_residual",        { 2,  64,   8,   8, 128,  3,  3,  1, 1,  3}},
    {"k3_16",                { 1, 512,  16,  16,  32,  3,  3,  1, 1,  1}},
    {"k3_56",                { 1,  16,  56,  56,  16,  3,  3,  1, 1, 23}},
    {"k3_128",               { 1,   8, 128, 128,  16,  3,  3,  1, 1,  1}},
    {"to_rgb_224",           { 1,   8, 224, 224,   3,  3,  3,  1, 1,  1}},
    {"winograd2_small",      { 1,   8,   3,   5,   8,  3,  3,  1, 1,  1}},
    {"winograd2_shared",     { 1,  16,   8,   8, 192,  3,  3,  1, 1,  1}},
    {"before_small",         { 1,   8,   3,   5,   8,  3,  3,  1, 1,8001}},
    {"winograd4_small",      { 1,   8,  13,   9,   8,  3,  3,  1, 1,  1}},
    {"winograd8_small",      { 1,   8,  16,   8,   8,  3,  3,  1, 1,  1}},
    {"winograd2_5_small",    { 1,   8,   8,   5,   8,  5,  5,  1, 2,  1}},
    {"resize2_2_small",      { 1,   8,   3,   2,   8,  3,  3,  1, 1,101}},
    {"resize2_4_small",      { 1,   8,   7,   5,   8,  3,  3,  1, 1,101}},
    {"resize2_8_small",      { 1,   8,   4,   8,   8,  3,  3,  1, 1,101}},
    {"resize7_4_small",      { 1,   8,   4,   4,   8,  3,  3,  1, 1,201}},
    {"staged_small",         { 1,  16,   9,   7,   4,  3,  3,  1, 1,  1}},
    {"staged_resize2_small", { 1,  16,   5,   4,   4,  3,  3,  1, 1,101}},
    {"staged_resize7_4",     { 1,  16,   4,   4,   4,  3,  3,  1, 1,201}},
    {"winograd2",            { 1,  17,   5,   7,  19,  3,  3,  1, 1, 23}},
    {"winograd2_8",          { 1,  64,   8,   8,  64,  3,  3,  1, 1,  1}},
    {"winograd4",            { 2,  19,  23,  29,  37,  3,  3,  1, 1, 23}},
    {"winograd4_tiles",      { 1,  32,  36,  44,  32,  3,  3,  1, 1,  0}},
    {"winograd4_batch",      { 7,  16,  16,  16, 128,  3,  3,  1, 1,  1}},
    {"winograd4_shared",     { 1,  32,  20,  16, 112,  3,  3,  1, 1,  1}},
    {"winograd8",            { 1,  17,  47,  61,  18,  3,  3,  1, 1, 13}},
    {"winograd8_split",      { 1,  16,  24,  16,  48,  3,  3,  1, 1, 21}},
    {"winograd2_5",          { 3,  32,   7,   7,  48,  5,  5,  1, 2, 23}},
    {"winograd2_5_split",    { 1,  64,   9,  11,  32,  5,  5,  1, 2,  1}},
    {"resize2_2",            { 1,  17,   3,   5,  33,  3,  3,  1, 1,123}},
    {"resize2_4",            { 2,  46,   7,   9,  67,  3,  3,  1, 1,123}},
    {"resize2_4_split",      { 1,  32,   8,   8,  80,  3,  3,  1, 1,101}},
    {"resize2_8",            { 2,  18,  23,  27,  35,  3,  3,  1, 1,123}},
    {"resize2_8_split",      { 1,  32,  16,  16,  48,  3,  3,  1, 1,101}},
    {"resize7_4",            { 3,  17,   8,  12,  21,  3,  3,  1, 1,223}},
    {"resize7_4_32",         { 1,  32,  32,  32,  32,  3,  3,  1, 1,221}},
    {"tail_winograd2",       { 2,  16,   6,   4,  32,  3,  3,  1, 1,7003}},
    {"before_panel",         { 2,   5,   6,   7,   9,  3,  3,  1, 1,8001}},
    {"before_to_rgb",        { 2,  16,   9,  11,   3,  3,  3,  1, 1,8001}},
    {"before_winograd4",     { 1,  32,  16,  16,  48,  3,  3,  1, 1,15003}},
    {"before_resize2_8",     { 2,  16,  12,  16,  16,  3,  3,  1, 1,11123}},
    {"before_8_of_7",        { 1,  32,   7,   7,  32,  3,  3,  1, 1,9401}},
    {"before_split",         { 1,  48,  16,  16,  48,  3,  3,  1, 1,8101}},
    {"tail_resize2_4",       { 2,  16,  12,  14,  16,  3,  3,  1, 1,3123}},
    {"tail_blocked",         { 2,  32,   4,   6,  48,  1,  1,  1, 0,7003}},
    {"pointwise_one",        { 1,  16,   1,   1,  16,  1,  1,  1, 0,  1}},
    {"pointwise_prime",      { 3,  32,   1,  29,  80,  1,  1,  1, 0,5003}},
    {"pointwise_overlap",    { 2,  48,   5,   3,  16,  1,  1,  1, 0, 23}},
    {"blocked_k5",           { 3,  16,   7,   5,  16,  5,  5,  1, 2,5011}},
    {"tail_few",             { 2,  16,   6,  34,   3,  3,  3,  1, 1,7003}},
    {"tail_odd",             { 2,   5,   6,  10,   9,  3,  3,  1, 1,7013}},
    {"resize3_2",            { 2,  17,   6,  10,  16,  3,  3,  1, 1,323}},
    {"resize2_of_few",       { 1,   3,   5,   4,   2,  3,  3,  1, 1,101}},
    {"resize2_k5",           { 1,   5,   6,   7,   9,  5,  5,  1, 2,101}},
    {"vit_b32_patches",      { 1,   3, 224, 224,  48, 32, 32, 32, 0,  0}},
    {"tiny_patches",         { 2,   3,  56,  56, 128,  8,  8,  8, 0,  0}},
};
/* clang-format on */

static const op_values values[] = {
    {"winograd2_shared", "winograd2_f32:SPLIT=0:TR=4"},
    {"winograd4_shared", "winograd4_f32:SPLIT=0"},
    {"winograd8_split", "winograd8_f32:SPLIT=1"},
    {"winograd2_5_split", "winograd2_5_f32:SPLIT=1"},
    {"resize2_4_split", "resize2_4_f32:SPLIT=1"},
    {"resize2_8_split", "resize2_8_f32:SPLIT=1"},
    {"pointwise_overlap", "pointwise_f32:MR=4"},
    {"before_split", "resize2_4_f32:SPLIT=1"},
    {NULL, NULL},
};

static long resized(const long *p, long in)
{
    const long i = p[AROUND] % TAIL / RESIZE;

    return in * resizes[i].up / resizes[i].down;
}

static long out_size(const long *p, long in, long k)
{
    return (resized(p, in) + 2 * p[PAD] - k) / p[STRIDE] + 1;
}

static long out_h(const long *p)
{
    return out_size(p, p[H], p[KH]);
}

static long out_w(const long *p)
{
    return out_size(p, p[W], p[KW]);
}

/* What follows the convolution. */
static gcl_value build_tail(gcl_graph *g, const long *p, gcl_value y)
{
    const long act = p[AROUND] % RESIZE / ACT, tail = p[AROUND] / TAIL, part = tail & HALF ? 2 : 1;
    const size_t n = (size_t)p[N], o = (size_t)p[O];
    gcl_value r;

    if (act)
        y = gcl_activation(g, y, (gcl_act)act, 0.2f);
    if (tail & AFFINE)
        y = gcl_dfblk(g, y,
                      gcl_graph_input(g, "affine", GCL_F32, GCL_SHAPE(n, AFFINE_AT + 4 * o + 1)),
                      AFFINE_AT);
    if (p[AROUND] % ACT & RESIDUAL) {
        r = gcl_graph_input(g, "residual", GCL_F32,
                            GCL_SHAPE(n, o, (size_t)(out_h(p) / part), (size_t)(out_w(p) / part)));
        if (tail & HALF)
            r = gcl_resize_nearest(g, r, (size_t)out_h(p), (size_t)out_w(p));
        y = gcl_add(g, r, y, 1.0f);
    }
    return tail & LAST ? gcl_activation(g, y, GCL_ACT_LEAKY_RELU, 0.2f) : y;
}

static gcl_value build(gcl_graph *g, const long *p)
{
    const gcl_shape w_shape = GCL_SHAPE((size_t)p[O], (size_t)p[C], (size_t)p[KH], (size_t)p[KW]);
    const long ep = p[AROUND] % ACT;
    gcl_value x = gcl_graph_input(
        g, "x", GCL_F32, GCL_SHAPE((size_t)p[N], (size_t)p[C], (size_t)p[H], (size_t)p[W]));
    const gcl_value w = ep & W_INPUT ? gcl_graph_input(g, "w", GCL_F32, w_shape)
                                     : gcl_graph_weight(g, "w", w_shape);

    if (p[AROUND] / TAIL & BEFORE)
        x = gcl_dfblk(g, x,
                      gcl_graph_input(g, "before", GCL_F32,
                                      GCL_SHAPE((size_t)p[N], BEFORE_AT + 4 * (size_t)p[C])),
                      BEFORE_AT);

    if (p[AROUND] % TAIL >= RESIZE)
        x = gcl_resize_nearest(g, x, (size_t)resized(p, p[H]), (size_t)resized(p, p[W]));
    if (ep & BIAS)
        return build_tail(g, p,
                          gcl_conv2d(g, x, w, gcl_graph_weight(g, "bias", GCL_SHAPE((size_t)p[O])),
                                     (int)p[STRIDE], (int)p[PAD]));
    return build_tail(g, p, gcl_conv2d_nobias(g, x, w, (int)p[STRIDE], (int)p[PAD]));
}

/* Index of the resize of x that a node has absorbed; -1: none of these. */
static long resize_of(const gcl_conv2d_attr *a, const long *p)
{
    long i = 0;

    while (i < OP_COUNT(resizes) && (p[H] * resizes[i].up != (long)a->rH * resizes[i].down ||
                                     p[W] * resizes[i].up != (long)a->rW * resizes[i].down))
        i++;
    return a->rH == 0 ? 0 : i < OP_COUNT(resizes) ? i : -1;
}

/* HALF for a residual that is resized, if only the sizes can be halved: its size is of no weight. */
static long residual_of(const gcl_graph *g, const gcl_node *node, const gcl_conv2d_attr *a)
{
    const int at = gcl_epilogue_residual(&a->ep);
    const gcl_shape *y = gcl_out_shape(g, node), *r = at < 0 ? y : gcl_in_shape(g, node, at);

    return gcl_shape_equal(r, y) || y->dim[2] % 2 != 0 || y->dim[3] % 2 != 0 ? 0 : HALF;
}

static bool like(const gcl_graph *g, const gcl_node *node, long *p)
{
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X), *w = gcl_in_shape(g, node, CONV2D_W);
    long resize;

    for (int d = 0; d < 4; d++)
        p[d] = (long)x->dim[d];
    p[O] = (long)w->dim[0];
    p[KH] = (long)w->dim[2];
    p[KW] = (long)w->dim[3];
    p[STRIDE] = a.stride;
    p[PAD] = a.pad;
    resize = resize_of(&a, p);
    p[AROUND] =
        (a.ep.has_bias ? BIAS : 0) + (a.ep.has_residual ? RESIDUAL : 0) +
        (gcl_graph_tensor(g, node->in[CONV2D_W])->kind != GCL_VALUE_WEIGHT ? W_INPUT : 0) +
        ACT * a.ep.activation.act + RESIZE * resize +
        TAIL * ((a.has_affine ? AFFINE : 0) + residual_of(g, node, &a) +
                (a.last.act == GCL_ACT_LEAKY_RELU ? LAST : 0) + (a.has_before ? BEFORE : 0));
    return resize >= 0 && (a.last.act == GCL_ACT_NONE || a.last.act == GCL_ACT_LEAKY_RELU);
}

static double activated(long kind, double v)
{
    return kind == 1   ? fmax(v, 0.0)
           : kind == 2 ? (v < 0 ? (double)0.2f * v : v)
           : kind == 3 ? v / (1.0 + exp(-1.702 * v))
                       : v;
}

/* Two affines of channel c, of `all`, each followed by a LeakyReLU; *terms becomes the scale of the
 * result. */
static double modulated(const float *affine, long all, long c, double v, double *terms)
{
    const double gamma0 = (double)affine[c], beta0 = (double)affine[all + c];
    const double gamma1 = (double)affine[2 * all + c], beta1 = (double)affine[3 * all + c];

    *terms = fabs(gamma1) * (fabs(gamma0) * *terms + fabs(beta0)) + fabs(beta1);
    return activated(2, gamma1 * activated(2, gamma0 * v + beta0) + beta1);
}

/* The sum of one pixel of picture n and channel o without its epilogue; adds the terms' absolute values to
 * *terms. */
static double pixel(const long *p, const op_data *d, long n, long o, long oh, long ow,
                    double *terms)
{
    const float *x = op_f32(d, "x") + n * p[C] * p[H] * p[W];
    const float *w = op_f32(d, "w") + o * p[C] * p[KH] * p[KW];
    const float *before = p[AROUND] / TAIL & BEFORE
                              ? op_f32(d, "before") + n * (BEFORE_AT + 4 * p[C]) + BEFORE_AT
                              : NULL;
    const long rH = resized(p, p[H]), rW = resized(p, p[W]);
    double sum = 0;

    for (long c = 0; c < p[C]; c++)
        for (long kh = 0; kh < p[KH]; kh++)
            for (long kw = 0; kw < p[KW]; kw++) {
                const long h = oh * p[STRIDE] - p[PAD] + kh, v = ow * p[STRIDE] - p[PAD] + kw;
                double t, scale;
                if (h < 0 || h >= rH || v < 0 || v >= rW)
                    continue;
                t = (double)x[(c * p[H] + h * p[H] / rH) * p[W] + v * p[W] / rW];
                scale = fabs(t);
                if (before != NULL)
                    t = modulated(before, p[C], c, t, &scale);
                sum += t * (double)w[(c * p[KH] + kh) * p[KW] + kw];
                *terms += scale * fabs((double)w[(c * p[KH] + kh) * p[KW] + kw]);
            }
    return sum;
}

/* The tail of a sum at pixel oh, ow of channel o; *terms becomes the scale of the result. */
static double finished(const long *p, const op_data *d, double v, long n, long o, long oh, long ow,
                       double *terms)
{
    const long tail = p[AROUND] / TAIL, rH = out_h(p) / (tail & HALF ? 2 : 1),
               rW = out_w(p) / (tail & HALF ? 2 : 1);

    v = activated(p[AROUND] % RESIZE / ACT, v);
    if (tail & AFFINE)
        v = modulated(op_f32(d, "affine") + n * (AFFINE_AT + 4 * p[O] + 1) + AFFINE_AT, p[O], o, v,
                      terms);
    if (p[AROUND] % ACT & RESIDUAL) {
        const double r = (double)op_f32(
            d, "residual")[((n * p[O] + o) * rH + oh * rH / out_h(p)) * rW + ow * rW / out_w(p)];
        v += r;
        *terms += fabs(r);
    }
    return tail & LAST ? activated(2, v) : v;
}

static void element(const long *p, const op_data *d, size_t i, double *out, double *scale)
{
    const long oH = out_h(p), oW = out_w(p), at = (long)i;
    const long ow = at % oW, oh = at / oW % oH, o = at / (oW * oH) % p[O],
               n = at / (oW * oH * p[O]);
    double terms = 0;
    double sum = pixel(p, d, n, o, oh, ow, &terms);

    if (p[AROUND] % ACT & BIAS) {
        sum += (double)op_f32(d, "bias")[o];
        terms += fabs((double)op_f32(d, "bias")[o]);
    }
    *out = finished(p, d, sum, n, o, oh, ow, &terms);
    *scale = terms;
}

static double tolerance(const long *p)
{
    const long tail = p[AROUND] / TAIL;

    return 1.1 * op_sum_tolerance((double)(p[C] * p[KH] * p[KW])) + 8.0 + (tail & AFFINE ? 6 : 0) +
           (tail & LAST ? 1 : 0) + (tail & BEFORE ? 6 : 0);
}

static double f16_tolerance(const long *p)
{
    return 1.1 * op_f16_tolerance((double)(p[C] * p[KH] * p[KW]));
}

/* Winograd's transforms enlarge rounding errors: for an output of F(m,r) with matrices A, G, B in one
 * dimension and random operands, by sqrt(sum_u A[u]^2 |G[u]|^2 |B[u]|^2 / r) over the direct sum;
 * the largest of the m outputs. In two dimensions it is the square at one corner of a tile, which
 * random data reach no more than the direct bound's factor of 4. */
static double growth(const char *variant)
{
    static const struct {
        const char *name;
        double growth;
    } algorithms[] = {{"winograd2_5", 4.5}, {"winograd2", 1.3}, {"winograd4", 5.6},
                      {"winograd8", 18.9},  {"resize2_8", 3.4}, {"resize7_4", 3.6}};

    for (size_t i = 0; i < OP_COUNT(algorithms); i++)
        if (strstr(variant, algorithms[i].name) != NULL)
            return algorithms[i].growth;
    return 1.0;
}

static void conv(gcl_graph *g, gcl_shape x, gcl_shape w, size_t bias, int stride, int pad)
{
    gcl_conv2d(g, gcl_graph_input(g, "x", GCL_F32, x), gcl_graph_weight(g, "w", w),
               gcl_graph_weight(g, "bias", GCL_SHAPE(bias)), stride, pad);
}

static void bad_channels(gcl_graph *g)
{
    conv(g, GCL_SHAPE(1, 3, 8, 8), GCL_SHAPE(5, 4, 3, 3), 5, 1, 1);
}

static void bad_kernel(gcl_graph *g)
{
    conv(g, GCL_SHAPE(1, 3, 8, 2), GCL_SHAPE(5, 3, 5, 5), 5, 1, 1);
}

static void bad_bias(gcl_graph *g)
{
    conv(g, GCL_SHAPE(1, 3, 8, 8), GCL_SHAPE(5, 3, 3, 3), 3, 1, 1);
}

static void bad_stride(gcl_graph *g)
{
    conv(g, GCL_SHAPE(1, 3, 8, 8), GCL_SHAPE(5, 3, 3, 3), 5, 0, 1);
}

static void bad_pad(gcl_graph *g)
{
    conv(g, GCL_SHAPE(1, 3, 8, 8), GCL_SHAPE(5, 3, 3, 3), 5, 1, -1);
}

static void bad_rank(gcl_graph *g)
{
    conv(g, GCL_SHAPE(3, 8, 8), GCL_SHAPE(5, 3, 3, 3), 5, 1, 1);
}

static const op_bad_call bad_calls[] = {
    {"channels_differ", bad_channels, GCL_E_SHAPE,
     "conv2d: x is [1, 3, 8, 8], w [5, 4, 3, 3] needs it to have 4 channels"},
    {"kernel_too_large", bad_kernel, GCL_E_SHAPE,
     "conv2d: x is [1, 3, 8, 2], with pad 1 its dim 3 needs to be in 5 .."},
    {"bias_length", bad_bias, GCL_E_SHAPE, "conv2d: bias is [3] f32, needs [5] f32"},
    {"stride_zero", bad_stride, GCL_E_ARG, "conv2d: stride 0 and pad 1"},
    {"pad_negative", bad_pad, GCL_E_ARG, "conv2d: stride 1 and pad -1"},
    {"x_rank", bad_rank, GCL_E_SHAPE, "conv2d: x is [3, 8, 8] f32, needs f32 of rank 4"},
};

const op_suite op_suite_conv2d = {
    .op = "conv2d",
    .params = {"N", "C", "H", "W", "O", "kH", "kW", "stride", "pad", "around", NULL},
    .cases = cases,
    .n_cases = OP_COUNT(cases),
    .values = values,
    .bad_calls = bad_calls,
    .n_bad_calls = OP_COUNT(bad_calls),
    .n_nodes = 1,
    .build = build,
    .element = element,
    .like = like,
    .tolerance = tolerance,
    .f16_tolerance = f16_tolerance,
    .growth = growth,
    .bound =
        "1.1 sum(C kH kW) + 8: the sum of C * kH * kW products, plus the epilogue: QuickGELU "
        "has slope <= 1.1 and an exp of 3 ulp; 6 more for each dfblk, 1 for a last activation. "
        "Times 1.3, 5.6 and 18.9 for winograd2, winograd4 and winograd8, 4.5 for winograd2_5, 3.4 "
        "for resize2_8 and 3.6 for resize7_4, staged or not, whose transforms enlarge errors by so "
        "much in one dimension. Plus "
        "1.1 * 2^14 min(1, 16 / (3 sqrt(C kH kW))) for mma_f16, which rounds the operands to "
        "fp16.",
};
