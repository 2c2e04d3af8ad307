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
 *                              transposed, values and scores are private:
 *                              4 * (T_ROOM + TQ) * (D_HEAD + D_ROOM + 1) bytes and less
 *
 * Tunables   WG      common/reduce.h
 *            VW      elements of a vector                   common/vec.h
 *            T_ROOM  keys there is room for (head)          default 64    a multiple of 2 * VW
 *            D_HEAD  d_head (head)                          default 64    1 .. 128
 *            TQ      queries at a time (head), so that      default 4     1 .. 12
 *                    TQ * 2 sums fit the registers
 * Numerics   every sum in fp32. plain: any d_head >= 1; T as far as local memory holds the scores.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     Vaswani et al. 2017 (arXiv:1706.03762) eq. 1; torch.nn.MultiheadAttention's in_proj.
 */
#include "common/reduce.h"
#include "common/vec.h"

#ifndef T_ROOM
#define T_ROOM 64
#endif
#ifndef D_HEAD
#define D_HEAD 64
#endif
#ifndef TQ
#define TQ 4
#endif

#define NB (2 * VW) /* columns of a product at a time */
#define D_ROOM ((D_HEAD + NB - 1) / NB * NB)
#if T_ROOM % NB != 0
#error "attention: T_ROOM must be a multiple of 2 * VW"
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

/* kt[c,j] = k[j,c]; keys past the end repeat the last one. Four at a time, as vectors: no scatter. */
static inline void copy_keys(float *kt, __global const float *k, int T, size_t step)
{
    for (int j = 0; j < T_ROOM; j += 4) {
        __global const float *k0 = k + (size_t)min(j, T - 1) * step;
        __global const float *k1 = k + (size_t)min(j + 1, T - 1) * step;
        __global const float *k2 = k + (size_t)min(j + 2, T - 1) * step;
        __global const float *k3 = k + (size_t)min(j + 3, T - 1) * step;
        for (int c = 0; c < D_HEAD; c++)
            vstore4((float4)(k0[c], k1[c], k2[c], k3[c]), 0, kt + c * T_ROOM + j);
    }
}

/* Values, with zeros in columns past the end. */
static inline void copy_values(float *to, __global const float *v, int T, size_t step)
{
    for (int j = 0; j < T; j++)
        for (int c = 0; c < D_ROOM; c++)
            to[j * D_ROOM + c] = c < D_HEAD ? v[(size_t)j * step + (size_t)c] : 0.0f;
}

/* y[i,c] = sum_k a[i,k] * b[k,c] for TQ rows, k < n_k and c < n, which is rounded up to NB. */
static inline __attribute__((always_inline)) void
multiply(float *y, int ld_y, const float *a, int ld_a, const float *b, int ld_b, int n_k, int n)
{
    for (int c = 0; c < n; c += NB) {
        vec acc[TQ][2];
#pragma unroll
        for (int i = 0; i < TQ; i++)
            acc[i][0] = acc[i][1] = (vec)(0.0f);
        for (int k = 0; k < n_k; k++) {
            const vec b0 = VLOAD(0, b + k * ld_b + c), b1 = VLOAD(1, b + k * ld_b + c);
#pragma unroll
            for (int i = 0; i < TQ; i++) {
                acc[i][0] += a[i * ld_a + k] * b0;
                acc[i][1] += a[i * ld_a + k] * b1;
            }
        }
#pragma unroll
        for (int i = 0; i < TQ; i++) {
            VSTORE(acc[i][0], 0, y + i * ld_y + c);
            VSTORE(acc[i][1], 1, y + i * ld_y + c);
        }
    }
}

/* exp(s - max s) of the first n_keys scores, 0 from there up to n; returns their sum. */
static inline float exponentials(float *s, int n_keys, int n)
{
    vec top = (vec)(-INFINITY), sum = (vec)(0.0f);

    for (int j = n_keys; j < n; j++)
        s[j] = -INFINITY;
    for (int j = 0; j < n; j += VW)
        top = fmax(top, VLOAD(0, s + j));
    top = (vec)(vec_max(top));
    for (int j = 0; j < n; j += VW) {
        const vec e = exp(VLOAD(0, s + j) - top);
        VSTORE(e, 0, s + j);
        sum += e;
    }
    return vec_sum(sum);
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
attention_head_f32(__global const float *qkv, __global float *y, const int T, const int causal,
                   const float scale)
{
    const size_t d_model = get_global_size(0) * D_HEAD, head = get_global_id(0) * D_HEAD;
    const size_t row = get_global_id(1) * (size_t)T; /* of qkv[b,0] and y[b,0] */
    float kt[D_HEAD * T_ROOM], v[T_ROOM * D_ROOM];
    float q[TQ * D_HEAD], s[TQ * T_ROOM], sums[TQ * D_ROOM], total[TQ];

    qkv += row * 3 * d_model + head;
    y += row * d_model + head;
    copy_keys(kt, qkv + d_model, T, 3 * d_model);
    copy_values(v, qkv + 2 * d_model, T, 3 * d_model);
    for (int t = 0; t < T; t += TQ) {
        const int rows = min(TQ, T - t), n_keys = causal ? t + rows : T;
        const int n = (n_keys + NB - 1) / NB * NB;
        for (int i = 0; i < TQ; i++) /* rows past the end repeat the last one */
            for (int c = 0; c < D_HEAD; c++)
                q[i * D_HEAD + c] =
                    qkv[(size_t)(t + min(i, rows - 1)) * 3 * d_model + (size_t)c] * scale;
        multiply(s, T_ROOM, q, D_HEAD, kt, T_ROOM, D_HEAD, n);
        for (int i = 0; i < TQ; i++)
            total[i] = exponentials(s + i * T_ROOM, causal ? min(t + i + 1, n_keys) : T, n);
        multiply(sums, D_ROOM, s, T_ROOM, v, D_ROOM, n_keys, D_ROOM);
        for (int i = 0; i < rows; i++)
            for (int c = 0; c < D_HEAD; c++)
                y[(size_t)(t + i) * d_model + (size_t)c] = sums[i * D_ROOM + c] / total[i];
    }
}
