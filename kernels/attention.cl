/*
 * attention.cl - scaled dot-product attention of packed q, k, v, fp32.
 *
 * Math       s[t,j] = sum_c q[t,c] * k[j,c] / sqrt(d_head)       (j <= t when causal)
 *            y[t,:] = sum_j exp(s[t,j] - max_j s[t,j]) * v[j,:] / sum_j exp(s[t,j] - max_j s[t,j])
 *            for each b and head
 *
 * Operands   qkv    [B, T, 3, n_heads, d_head]   read
 *            y      [B, T, n_heads, d_head]      written
 *
 * Launch     attention_plain   one work-group per query, head and b, global = { T * WG, n_heads, B },
 *                              local = { WG, 1, 1 }, local memory 4 * T (score) + 4 * WG bytes
 *            attention_head    one work-item per head and b, global = { n_heads, B }; keys,
 *                              transposed, and scores are private: 4 * TB * VW * (D_HEAD + TQ) bytes
 *
 * Tunables   WG      common/reduce.h
 *            VW      elements of a vector                   common/vec.h
 *            TB      vectors of keys, T <= TB * VW (head)   default 7     1 .. 16
 *            D_HEAD  d_head (head)                          default 64    a multiple of VW
 *            TQ      queries at a time (head), so that      default 1     1 .. 4
 *                    TQ * TB sums fit the registers
 * Numerics   every sum in fp32. plain: any d_head >= 1; T as far as local memory holds the scores.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     Vaswani et al. 2017 (arXiv:1706.03762) eq. 1; torch.nn.MultiheadAttention's in_proj.
 */
#include "common/reduce.h"
#include "common/vec.h"

#ifndef TB
#define TB 7
#endif
#ifndef D_HEAD
#define D_HEAD 64
#endif
#ifndef TQ
#define TQ 1
#endif

__kernel __attribute__((reqd_work_group_size(WG, 1, 1))) void
attention_plain_f32(__global const float *qkv, __global float *y, __local float *score, const int T,
                    const int d_head, const int causal, const float scale)
{
    __local float scratch[WG];
    const int lid = (int)get_local_id(0);
    const int t = (int)get_group_id(0);
    const int n_keys = causal ? t + 1 : T;
    const size_t d_model = get_num_groups(1) * (size_t)d_head;
    const size_t head = get_group_id(1) * (size_t)d_head;
    const size_t row = get_group_id(2) * (size_t)T; /* of qkv[b,0] and y[b,0] */
    __global const float *q = qkv + (row + (size_t)t) * 3 * d_model + head;
    __global const float *k = qkv + row * 3 * d_model + d_model + head;
    __global const float *v = k + d_model;

    float top = -INFINITY;
    for (int j = lid; j < n_keys; j += WG) {
        __global const float *k_j = k + (size_t)j * 3 * d_model;
        float sum = 0.0f;
        for (int c = 0; c < d_head; c++)
            sum += q[c] * k_j[c];
        score[j] = sum * scale;
        top = fmax(top, score[j]);
    }
    top = wg_max(top, scratch);

    float total = 0.0f;
    for (int j = lid; j < n_keys; j += WG) {
        score[j] = exp(score[j] - top);
        total += score[j];
    }
    total = wg_sum(total, scratch); /* its barriers make every score visible */

    y += (row + (size_t)t) * d_model + head;
    for (int c = lid; c < d_head; c += WG) {
        float sum = 0.0f;
        for (int j = 0; j < n_keys; j++)
            sum += score[j] * v[(size_t)j * 3 * d_model + (size_t)c];
        y[c] = sum / total;
    }
}

/* Scores of TQ queries against all keys: s[i,j] = sum_c q[i,c] * kt[c,j] * scale */
static inline void score_queries(float *s, __global const float *const *q, const float *kt,
                                 float scale)
{
    vec acc[TQ][TB];

#pragma unroll
    for (int i = 0; i < TQ; i++)
#pragma unroll
        for (int b = 0; b < TB; b++)
            acc[i][b] = (vec)(0.0f);
    for (int c = 0; c < D_HEAD; c++)
#pragma unroll
        for (int i = 0; i < TQ; i++)
#pragma unroll
            for (int b = 0; b < TB; b++)
                acc[i][b] += q[i][c] * VLOAD((size_t)(c * TB + b), kt);
#pragma unroll
    for (int i = 0; i < TQ; i++)
#pragma unroll
        for (int b = 0; b < TB; b++)
            VSTORE(acc[i][b] * scale, (size_t)(i * TB + b), s);
}

/* exp(s - max s) of the first n_keys scores, 0 behind them; returns their sum. */
static inline float exponentials(float *s, int n_keys)
{
    vec top = (vec)(-INFINITY), sum = (vec)(0.0f);
    float lane[VW], largest = -INFINITY, total = 0.0f;

    for (int j = n_keys; j < TB * VW; j++)
        s[j] = -INFINITY;
    for (int b = 0; b < TB; b++)
        top = fmax(top, VLOAD((size_t)b, s));
    VSTORE(top, 0, lane);
    for (int j = 0; j < VW; j++)
        largest = fmax(largest, lane[j]);
    for (int b = 0; b < TB; b++) {
        const vec e = exp(VLOAD((size_t)b, s) - largest);
        VSTORE(e, (size_t)b, s);
        sum += e;
    }
    VSTORE(sum, 0, lane);
    for (int j = 0; j < VW; j++)
        total += lane[j];
    return total;
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
attention_head_f32(__global const float *qkv, __global float *y, const int T, const int causal,
                   const float scale)
{
    const size_t d_model = get_global_size(0) * D_HEAD, head = get_global_id(0) * D_HEAD;
    const size_t row = get_global_id(1) * (size_t)T; /* of qkv[b,0] and y[b,0] */
    __global const float *q0 = qkv + row * 3 * d_model + head;
    __global const float *k = q0 + d_model, *v = k + d_model;
    float kt[D_HEAD * TB * VW]; /* k[j,c] at [c,j] */
    float s[TQ * TB * VW];

    for (int j = 0; j < TB * VW; j++)
        for (int c = 0; c < D_HEAD; c++)
            kt[c * TB * VW + j] = j < T ? k[(size_t)j * 3 * d_model + (size_t)c] : 0.0f;
    y += row * d_model + head;
    for (int t0 = 0; t0 < T; t0 += TQ) {
        __global const float *q[TQ]; /* rows past the end repeat the last one */
        for (int i = 0; i < TQ; i++)
            q[i] = q0 + (size_t)min(t0 + i, T - 1) * 3 * d_model;
        score_queries(s, q, kt, scale);
        for (int i = 0; i < TQ && t0 + i < T; i++) {
            const int n_keys = causal ? t0 + i + 1 : T;
            const float total = exponentials(s + i * TB * VW, n_keys);
            vec acc[D_HEAD / VW];
#pragma unroll
            for (int b = 0; b < D_HEAD / VW; b++)
                acc[b] = (vec)(0.0f);
            for (int j = 0; j < n_keys; j++)
#pragma unroll
                for (int b = 0; b < D_HEAD / VW; b++)
                    acc[b] += s[i * TB * VW + j] * VLOAD((size_t)b, v + (size_t)j * 3 * d_model);
#pragma unroll
            for (int b = 0; b < D_HEAD / VW; b++)
                VSTORE(acc[b] / total, (size_t)b, y + (size_t)(t0 + i) * d_model);
        }
    }
}
