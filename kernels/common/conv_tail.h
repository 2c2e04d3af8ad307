/*
 * conv_tail.h - what conv2d does to a finished sum: bias, activation, affines, residual, activation; and
 * affines for its input.
 *
 * Math       y = last(affines(act(sum + bias)) + residual)
 *            affines(v) = lrelu(gamma1 * lrelu(gamma0 * v + beta0) + beta1), lrelu as in dfblk.cl
 *
 * Operands   affine    [N, affine_step]; gamma0, beta0, gamma1, beta1 of O channels each from column
 *                      affine_at                                        read when HAS_AFFINE
 *            residual  [N, O, rH, rW], read at the pixel that a nearest resize to [oH, oW] would take
 *                                                                       read when HAS_RESIDUAL
 * Tunables   HAS_AFFINE    0 | 1
 *            HAS_RESIDUAL  0 | 1 | 2: its size is not that of the result
 *            LAST          activation after the residual, as ACT
 *            ACT, HAS_BIAS, and the others' guards                      common/epilogue.h
 *            With common/vec.h included before, the same for vectors of channels in blocks.
 * Needs      OpenCL C 1.2, no extensions.
 */
#include "common/epilogue.h"

#ifndef HAS_AFFINE
#define HAS_AFFINE 0
#endif
#ifndef LAST
#define LAST ACT_NONE
#endif

#define RESIZED 2 /* of HAS_RESIDUAL */

/* One struct so that the helpers' parameters stay few. */
typedef struct tail {
    __global const float *bias, *affine, *residual;
    int O, oH, oW;
    int affine_step, affine_at;
    int rH, rW;
    float slope, last_slope;
} tail;

static inline int residual_row(const tail *t, int oh)
{
    return HAS_RESIDUAL == RESIZED ? (int)((long)oh * t->rH / t->oH) : oh;
}

static inline int residual_column(const tail *t, int ow)
{
    return HAS_RESIDUAL == RESIZED ? (int)((long)ow * t->rW / t->oW) : ow;
}

/* The sum of channel o at a pixel of picture n; residual as NCHW. */
static inline float finish(const tail *t, float v, int n, int o, int oh, int ow)
{
    if (HAS_BIAS)
        v += t->bias[o];
    v = activate(v, ACT, t->slope);
    if (HAS_AFFINE) {
        __global const float *p =
            t->affine + (size_t)n * (size_t)t->affine_step + (size_t)(t->affine_at + o);
        const size_t O = (size_t)t->O;
        v = activate(p[0] * v + p[O], ACT_LEAKY_RELU, 0.2f);
        v = activate(p[2 * O] * v + p[3 * O], ACT_LEAKY_RELU, 0.2f);
    }
    if (HAS_RESIDUAL) {
        const size_t plane = (size_t)n * (size_t)t->O + (size_t)o;
        v += t->residual[(plane * (size_t)t->rH + (size_t)residual_row(t, oh)) * (size_t)t->rW +
                         (size_t)residual_column(t, ow)];
    }
    return activate(v, LAST, t->last_slope);
}

#ifdef VW
/* The affines of VW channels of a picture. */
typedef struct affines {
    vec gamma0, beta0, gamma1, beta1;
} affines;

/* p: gamma0 of the first of them, of C channels */
static inline affines load_affines(__global const float *p, size_t C)
{
    const affines a = {VLOAD(0, p), VLOAD(0, p + C), VLOAD(0, p + 2 * C), VLOAD(0, p + 3 * C)};

    return a;
}

static inline vec apply_affines(const affines *a, vec v)
{
    v = activate_vec(a->gamma0 * v + a->beta0, ACT_LEAKY_RELU, 0.2f);
    return activate_vec(a->gamma1 * v + a->beta1, ACT_LEAKY_RELU, 0.2f);
}

/* What VW channels of a picture share. */
typedef struct channels {
    vec bias;
    affines affine;
} channels;

/* VW channels from o; O is a multiple of VW. */
static inline channels load_channels(const tail *t, int n, int o)
{
    channels c = {(vec)(0.0f), {(vec)(0.0f), (vec)(0.0f), (vec)(0.0f), (vec)(0.0f)}};

    if (HAS_BIAS)
        c.bias = VLOAD(0, t->bias + o);
    if (HAS_AFFINE)
        c.affine = load_affines(t->affine + (size_t)n * (size_t)t->affine_step +
                                    (size_t)(t->affine_at + o),
                                (size_t)t->O);
    return c;
}

/* residual[n, o/VW, row, 0, :] in channel blocks, of the row that oh takes */
static inline __global const float *residual_blocks(const tail *t, int n, int o, int oh)
{
    const size_t block = ((size_t)n * (size_t)t->O + (size_t)o) / VW;

    return t->residual + (block * (size_t)t->rH + (size_t)residual_row(t, oh)) * (size_t)t->rW * VW;
}

/* The sums of VW channels; residual points to them, and is not read without HAS_RESIDUAL. */
static inline vec finish_vec(const tail *t, const channels *c, vec v,
                             __global const float *residual)
{
    if (HAS_BIAS)
        v += c->bias;
    v = activate_vec(v, ACT, t->slope);
    if (HAS_AFFINE)
        v = apply_affines(&c->affine, v);
    if (HAS_RESIDUAL)
        v += VLOAD(0, residual);
    return activate_vec(v, LAST, t->last_slope);
}
#endif
