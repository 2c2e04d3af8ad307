/*
 * bilinear.cl - 3x3 or 5x5 convolution with stride 1 that keeps the picture's size, alone or behind a
 * nearest resize, by a bilinear algorithm (Winograd and its relatives), channels in blocks, fp32, with a
 * fused end.
 *
 * Math       y = finish(conv(resize(before(x)), w)), tile by tile (common/conv_tail.h tells finish; before
 *            is its affines, on x):
 *            V = B before(x) B^T of every input channel, M[u] = sum_i V[i, term(u)] U[o,i,u] of every
 *            product u, y = A M A^T. The resized x never exists.
 *
 * Operands   x         [N, I/VW, H, W, VW]                                      read
 *            before    [N, before_step]; gamma0, beta0, gamma1, beta1 of I channels each from column
 *                      before_at                                     read when HAS_BEFORE
 *            u         [ceil(O/NR), NU*NU, I, NR] transformed weights, zero-padded   read
 *            bias      [O]                                      read when HAS_BIAS
 *            affine    [N, affine_step]                         read when HAS_AFFINE
 *            residual  [N, O/VW, rH, rW, VW]                    read when HAS_RESIDUAL
 *            y         [N, O/VW, oH, oW, VW]                    written
 *            scratch   fused: per worker V and M of T tiles; split: V of all tiles, then per worker
 *                      M of T tiles. Sizes: v_step, M_STEP.
 *
 * Launch     conv2d_bilinear_fused    a work-item is a worker, one for each core: it takes blocks
 *                                     of T tiles side by side, transforms their inputs, and goes
 *                                     over all panels of NR output channels while V is in its
 *                                     cache. Of the last blocks, too few for all workers, several
 *                                     workers transform one and share its panels
 *            conv2d_bilinear_input    V of all tiles, one work-item per channel block and group of TR
 *                                     tiles; then
 *            conv2d_bilinear_panels   a worker takes panels side by side, so that weights are read
 *                                     once
 *            Work-groups are one work-item; no local memory.
 *
 * Tunables   VW    elements of a vector                      common/vec.h
 *            TR    tiles of a register tile, TR x NRV vectors  default 6    1 .. 13
 *            NRV   vectors of a panel, NR = NRV * VW           default 2    1 | 2
 *            AHEAD floats of u asked for before their use    default 2048 >= 0
 *                  where T is TR; else the groups of tiles share in asking for the next product's
 *                  (a core's own prefetching stops at the end of a page, which is soon reached)
 *            SPLIT 1: the kernels input and panels, 0: fused; one of the two, as compilers take seconds
 *            ALG   algorithm                                 common/bilinear.h
 *            HAS_BEFORE  0 | 1
 *            ACT, HAS_BIAS, HAS_AFFINE, HAS_RESIDUAL, LAST   common/conv_tail.h
 *
 * Numerics   sums over i in fp32, in order, of transformed values: the error exceeds the direct
 *            algorithm's by the growth of the transforms (tests/ops/conv2d.c). A NaN or infinity
 *            spreads over its tile. I and O multiples of VW, other sizes >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 */
#ifndef TR
#define TR 6
#endif
#ifndef SPLIT
#define SPLIT 0
#endif
#ifndef NRV
#define NRV 2
#endif
#ifndef AHEAD
#define AHEAD 2048
#endif
#ifndef HAS_BEFORE
#define HAS_BEFORE 0
#endif

#include "common/vec.h"
#include "common/prefetch.h"
#include "common/conv_tail.h"
#include "common/bilinear.h"

#define NR (NRV * VW)
#define LINE 16 /* floats of a cache line */

__constant int term_of[NU] = TERM_OF;

/* The shape of the work; one struct so that the helpers' parameters stay few. */
typedef struct sizes {
    int N, I, H, W, O, oH, oW;
    int IB;     /* channel blocks: I/VW */
    int tH, tW; /* tiles of a picture */
} sizes;

/* x and what happens to it first */
typedef struct input {
    __global const float *x, *before;
    int before_step, before_at;
} input;

static inline sizes sizes_of(int N, int I, int H, int W, int O, int oH, int oW)
{
    sizes s = {N, I, H, W, O, oH, oW, I / VW, 0, 0};

    s.tH = (oH + NO - 1) / NO;
    s.tW = (oW + NO - 1) / NO;
    return s;
}

/* Tiles are kept in groups of TR: V is [group, term, IB, TR, VW], so that a product reads its inputs
 * from end to end, and M is [group, product, TR, NRV, VW]. Vectors from one term to the next, and
 * from one product to the next; the odd vector keeps what is written together out of one set of the
 * cache. */
static inline size_t v_step(const sizes *s)
{
    return (size_t)s->IB * TR + 1;
}

#define M_STEP (TR * NRV + 1)

/* V[tile / TR, 0, cb, tile % TR, :] */
static inline size_t v_at(const sizes *s, int cb, int tile)
{
    return ((size_t)(tile / TR) * (NV * NV) * v_step(s) + (size_t)(cb * TR + tile % TR)) * VW;
}

static inline vec load_pixel(__global const float *x, const affines *a)
{
    return HAS_BEFORE ? apply_affines(a, VLOAD(0, x)) : VLOAD(0, x);
}

/* Input terms of channel block cb of a tile; those of tiles behind the last one are zero. v is
 * V[g, 0, cb, t, :]. */
static inline void transform_tile(const input *i, const sizes *s, int cb, int tile,
                                  __global float *v)
{
    const int per_picture = s->tH * s->tW;
    const int n = tile / per_picture;
    const int h0 = tile % per_picture / s->tW * STEP - TAPS / 2;
    const int w0 = tile % s->tW * STEP - TAPS / 2;
    const bool inside = n < s->N && h0 >= 0 && h0 + P <= s->H && w0 >= 0 && w0 + P <= s->W;
    __global const float *x = i->x;
    affines a = {(vec)(0.0f), (vec)(0.0f), (vec)(0.0f), (vec)(0.0f)};
    vec rows[P * NV];

    if (HAS_BEFORE && n < s->N)
        a = load_affines(i->before + (size_t)n * (size_t)i->before_step +
                             (size_t)(i->before_at + cb * VW),
                         (size_t)s->I);
    x += ((size_t)n * (size_t)s->IB + (size_t)cb) * (size_t)s->H * (size_t)s->W * VW;
    for (int h = 0; h < P; h++) {
        const ptrdiff_t row = (ptrdiff_t)(h0 + h) * s->W + w0;
        vec in[P], out[NV];
        if (inside) {
#pragma unroll
            for (int w = 0; w < STEP; w++)
                PREFETCH(x + (row + P + w) * VW); /* of the next tile */
#pragma unroll
            for (int w = 0; w < P; w++)
                in[w] = load_pixel(x + (row + w) * VW, &a);
        } else {
            const bool row_inside = n < s->N && h0 + h >= 0 && h0 + h < s->H;
#pragma unroll
            for (int w = 0; w < P; w++)
                in[w] = row_inside && w0 + w >= 0 && w0 + w < s->W
                            ? load_pixel(x + (row + w) * VW, &a)
                            : (vec)(0.0f);
        }
        input_transform(in, out);
#pragma unroll
        for (int w = 0; w < NV; w++)
            rows[h * NV + w] = out[w];
    }
    for (int w = 0; w < NV; w++) {
        vec in[P], out[NV];
#pragma unroll
        for (int h = 0; h < P; h++)
            in[h] = rows[h * NV + w];
        input_transform(in, out);
#pragma unroll
        for (int h = 0; h < NV; h++)
            VSTORE(out[h], (size_t)(h * NV + w) * v_step(s), v);
    }
}

/* What is asked for during a product: `share` floats from u on for each channel; and V of the next
 * product where the layout is split, as it lies in the third cache, or in that of another core. */
typedef struct ahead {
    __global const float *u, *v;
    int share;
} ahead;

/* M[t, :] = sum_i V[i, t] U[i, :] of TR tiles and one panel; v is V[g, term, 0, 0, :] */
static inline void multiply(__global const float *v, __global const float *u, __global float *m,
                            int IB, ahead next)
{
    vec acc[TR][NRV];

#pragma unroll
    for (int t = 0; t < TR; t++)
#pragma unroll
        for (int r = 0; r < NRV; r++)
            acc[t][r] = (vec)(0.0f);
    for (int cb = 0; cb < IB; cb++) {
#pragma unroll
        for (int t = 0; t < (SPLIT ? TR : 0); t++)
            PREFETCH(next.v + t * VW);
#pragma unroll 4 /* by VW it is 5 % slower and longer to compile (PoCL 3.1, AVX-512) */
        for (int c = 0; c < VW; c++) {
            vec b[NRV];
#pragma unroll
            for (int r = 0; r < NRV; r++) {
                b[r] = VLOAD((size_t)(c * NRV + r), u);
                if ((c * NRV + r) * VW % LINE == 0)
                    PREFETCH(next.u + c * next.share + r * VW);
            }
#pragma unroll
            for (int t = 0; t < TR; t++)
#pragma unroll
                for (int r = 0; r < NRV; r++)
                    acc[t][r] += v[t * VW + c] * b[r];
        }
        v += TR * VW;
        u += VW * NR;
        next.u += VW * next.share;
        next.v += TR * VW;
    }
#pragma unroll
    for (int t = 0; t < TR; t++)
#pragma unroll
        for (int r = 0; r < NRV; r++)
            VSTORE(acc[t][r], (size_t)(t * NRV + r), m);
}

/* y of VW channels from o0 of a tile; m is M[g, 0, t, r, :]. */
static inline void finish_tile(__global const float *m, const tail *end, __global float *y,
                               const sizes *s, int o0, int tile)
{
    const int per_picture = s->tH * s->tW, n = tile / per_picture;
    const int oh0 = tile % per_picture / s->tW * NO;
    const int ow0 = tile % s->tW * NO, columns_inside = min(NO, s->oW - ow0);
    const channels c = load_channels(end, n, o0);
    int column[NO]; /* of the residual */
    vec columns[NO * NU];

    for (int w = 0; w < NU; w++) {
        vec in[NU], out[NO];
#pragma unroll
        for (int h = 0; h < NU; h++)
            in[h] = VLOAD((size_t)((h * NU + w) * M_STEP), m);
        output_transform(in, out);
#pragma unroll
        for (int h = 0; h < NO; h++)
            columns[h * NU + w] = out[h];
    }
#pragma unroll
    for (int w = 0; w < NO; w++)
        column[w] = residual_column(end, ow0 + w);
    y += ((size_t)n * (size_t)s->O + (size_t)o0) * (size_t)s->oH * (size_t)s->oW;
    for (int h = 0; h < min(NO, s->oH - oh0); h++) {
        const ptrdiff_t row = (ptrdiff_t)(oh0 + h) * s->oW + ow0;
        __global const float *residual =
            HAS_RESIDUAL ? residual_blocks(end, n, o0, oh0 + h) : end->residual;
        vec in[NU], out[NO];
#pragma unroll
        for (int w = 0; w < NO; w++)
            PREFETCH(y + (row + NO + w) * VW); /* of the next tile; stores wait for each other */
#pragma unroll
        for (int w = 0; w < NU; w++)
            in[w] = columns[h * NU + w];
        output_transform(in, out);
        if (columns_inside == NO) {
#pragma unroll
            for (int w = 0; w < NO; w++)
                VSTORE(finish_vec(end, &c, out[w], residual + (ptrdiff_t)column[w] * VW), 0,
                       y + (row + w) * VW);
        } else {
#pragma unroll
            for (int w = 0; w < NO; w++)
                if (w < columns_inside)
                    VSTORE(finish_vec(end, &c, out[w], residual + (ptrdiff_t)column[w] * VW), 0,
                           y + (row + w) * VW);
        }
    }
}

/* V[g, term(p), 0, 0, :]; of the first product where p is behind the last one */
static inline __global const float *v_of(__global const float *v, const sizes *s, int p, int g)
{
    const int q = p < NU * NU ? p : 0, term = term_of[q / NU] * NV + term_of[q % NU];

    return v + (size_t)(g * (NV * NV) + term) * v_step(s) * VW;
}

/* One panel of n tiles from tile0, whose inputs are V[0 .. ceil(n/TR), :, :, :, :]. */
static inline void do_panel(__global const float *v, __global const float *u, const tail *end,
                            __global float *m, __global float *y, const sizes *s, int panel,
                            int tile0, int n)
{
    const size_t m_group = NU * NU * M_STEP * VW;
    const size_t product = (size_t)s->IB * (VW * NR); /* floats of u */
    const int groups = (n + TR - 1) / TR, share = (NR + groups - 1) / groups;

    u += (size_t)panel * (NU * NU) * product;
    for (int p = 0; p < NU * NU; p++) {
        for (int g = 0; g < groups; g++) {
            const size_t at = groups == 1 ? AHEAD : product + (size_t)(s->IB * VW * share * g);
            const ahead next = {
                u + at, g + 1 < groups ? v_of(v, s, p, g + 1) : v_of(v, s, p + 1, 0), share};
            multiply(v_of(v, s, p, g), u, m + (size_t)g * m_group + p * (M_STEP * VW), s->IB, next);
        }
        u += product;
    }
    for (int t = 0; t < n; t++)
        for (int r = 0; r < NRV; r++)
            if (panel * NR + r * VW < s->O)
                finish_tile(m + (size_t)(t / TR) * m_group + (t % TR * NRV + r) * VW, end, y, s,
                            panel * NR + r * VW, tile0 + t);
}

#if !SPLIT
__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void conv2d_bilinear_fused_f32(
    __global const float *x, __global const float *before, const int before_step,
    const int before_at, __global const float *u, __global const float *bias,
    __global const float *affine, __global const float *residual, __global float *y,
    __global float *scratch, const int N, const int I, const int H, const int W, const int O,
    const int oH, const int oW, const int affine_step, const int affine_at, const int rH,
    const int rW, const float slope, const float last_slope, const int T, const ulong scratch_step)
{
    const tail end = {bias,        affine,    residual, O,  oH,    oW,
                      affine_step, affine_at, rH,       rW, slope, last_slope};
    const sizes s = sizes_of(N, I, H, W, O, oH, oW);
    const input in = {x, before, before_step, before_at};
    const int n_tiles = N * s.tH * s.tW, n_panels = (O + NR - 1) / NR;
    const int worker = (int)get_global_id(0), workers = (int)get_global_size(0);
    __global float *v = scratch + (size_t)worker * scratch_step;
    __global float *m = v + (size_t)(T / TR) * (NV * NV) * v_step(&s) * VW;
    const int n_blocks = (n_tiles + T - 1) / T, own = n_blocks / workers;
    const int left = n_blocks % workers; /* blocks that are shared */

    for (int i = 0; i < own + (left > 0); i++) {
        const bool shared = i == own;
        const int block = shared ? own * workers + worker % left : worker * own + i;
        const int first = shared ? worker / left : 0;
        const int sharers = shared ? (workers - worker % left + left - 1) / left : 1;
        const int tile0 = block * T, n = min(T, n_tiles - tile0);
        if (first >= n_panels)
            break; /* nothing is left to share */
        for (int cb = 0; cb < s.IB; cb++)
            for (int t = 0; t < (n + TR - 1) / TR * TR; t++)
                transform_tile(&in, &s, cb, min(tile0 + t, n_tiles), v + v_at(&s, cb, t));
        for (int panel = first; panel < n_panels; panel += sharers)
            do_panel(v, u, &end, m, y, &s, panel, tile0, n);
    }
}

#else
__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
conv2d_bilinear_input_f32(__global const float *x, __global const float *before,
                          const int before_step, const int before_at, __global float *v,
                          const int N, const int I, const int H, const int W, const int O,
                          const int oH, const int oW, const int Tv)
{
    const sizes s = sizes_of(N, I, H, W, O, oH, oW);
    const input in = {x, before, before_step, before_at};
    const int cb = (int)get_global_id(0), n_tiles = N * s.tH * s.tW;
    const int tile0 = (int)get_global_id(1) * TR;

    for (int t = tile0; t < min(tile0 + TR, Tv); t++)
        transform_tile(&in, &s, cb, min(t, n_tiles), v + v_at(&s, cb, t));
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void conv2d_bilinear_panels_f32(
    __global const float *v, __global const float *u, __global const float *bias,
    __global const float *affine, __global const float *residual, __global float *y,
    __global float *scratch, const int N, const int I, const int H, const int W, const int O,
    const int oH, const int oW, const int affine_step, const int affine_at, const int rH,
    const int rW, const float slope, const float last_slope, const int T, const ulong scratch_step)
{
    const tail end = {bias,        affine,    residual, O,  oH,    oW,
                      affine_step, affine_at, rH,       rW, slope, last_slope};
    const sizes s = sizes_of(N, I, H, W, O, oH, oW);
    const int n_tiles = N * s.tH * s.tW, n_panels = (O + NR - 1) / NR;
    const int worker = (int)get_global_id(0), workers = (int)get_global_size(0);
    const int end_panel = (int)((long)n_panels * (worker + 1) / workers);
    __global float *m = scratch + (size_t)worker * scratch_step;

    for (int panel = (int)((long)n_panels * worker / workers); panel < end_panel; panel++)
        for (int t = 0; t < n_tiles; t += T)
            do_panel(v + v_at(&s, 0, t), u, &end, m, y, &s, panel, t, min(T, n_tiles - t));
}
#endif
