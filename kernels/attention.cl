/*
 * attention.cl - scaled dot-product attention of packed q, k, v, fp32.
 *
 * Math       s[t,j] = sum_c q[t,c] * k[j,c] / sqrt(d_head)       (j <= t when causal)
 *            y[t,:] = sum_j exp(s[t,j] - max_j s[t,j]) * v[j,:] / sum_j exp(s[t,j] - max_j s[t,j])
 *            for each b and head
 *
 * Operands   qkv    [B, T, 3, n_heads, d_head]   read, of the queries only the first Q
 *            y      [B, Q, n_heads, d_head]      written
 *
 * Launch     attention_plain   one work-group per query, head and b, global = { Q * WG, n_heads, B },
 *                              local = { WG, 1, 1 }, local memory 4 * T (score) + 4 * WG bytes
 *            attention_head    one work-item per head and b, global = { n_heads, B }; queries of a
 *                              block, transposed, and their scores are private:
 *                              4 * NB * (D_HEAD + T_ROOM + 1) bytes
 *
 * Tunables   WG      common/reduce.h
 *            VW      elements of a vector                   common/vec.h
 *            D_HEAD  d_head (head)                          default 64    2 * VW and more
 *            T_ROOM  keys there is room for (head)          default 64    a multiple of TK
 *            TK      keys at a time (head), so that         default 4     1 .. 12
 *                    TK * 2 sums fit the registers
 * Numerics   every sum in fp32. head: scale has a factor log2(e), and powers of 2 (common/exp2.h) take
 *            the place of exp. plain: any d_head >= 1; T as far as local memory holds the scores;
 *            Q is 1 .. T.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     Vaswani et al. 2017 (arXiv:1706.03762) eq. 1; torch.nn.MultiheadAttention's in_proj.
 */
#include "common/reduce.h"
#include "common/vec.h"
#include "common/exp2.h"

#ifndef D_HEAD
#define D_HEAD 64
#endif
#ifndef T_ROOM
#define T_ROOM 64
#endif
#ifndef TK
#define TK 4
#endif

#define NB (2 * VW) /* queries of a block, and channels of y at a time */
#define TQ (VW / 2) /* queries of y at a time: TQ * 2 sums */
#if D_HEAD < NB || T_ROOM % TK != 0
#error "attention: D_HEAD must be 2 * VW or more, T_ROOM a multiple of TK"
#endif

__kernel __attribute__((reqd_work_group_size(WG, 1, 1))) void
attention_plain_f32(__global const float *qkv, __global float *y, __local float *score, const int Q,
                    const int T, const int d_head, const int causal, const float scale)
{
    __local float scratch[WG];
    const int lid = (int)get_local_id(0);
    const int t = (int)get_group_id(0);
    const int n_keys = causal ? t + 1 : T;
    const size_t d_model = get_num_groups(1) * (size_t)d_head;
    const size_t head = get_group_id(1) * (size_t)d_head;
    const size_t row = get_group_id(2) * (size_t)T; /* of qkv[b,0] */
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

    y += (get_group_id(2) * (size_t)Q + (size_t)t) * d_model + head;
    for (int c = lid; c < d_head; c += WG) {
        float sum = 0.0f;
        for (int j = 0; j < n_keys; j++)
            sum += score[j] * v[(size_t)j * 3 * d_model + (size_t)c];
        y[c] = sum / total;
    }
}

/* qt[c,i] = q[i,c] * scale; queries from n on repeat the last. By squares of 4; the last one ends where
 * the channels do. */
static inline void transpose_queries(vec qt[D_HEAD][2], __global const float *q, int n, size_t step,
                                     float scale)
{
    for (int i = 0; i < NB; i += 4) {
        __global const float *q0 = q + (size_t)min(i, n - 1) * step;
        __global const float *q1 = q + (size_t)min(i + 1, n - 1) * step;
        __global const float *q2 = q + (size_t)min(i + 2, n - 1) * step;
        __global const float *q3 = q + (size_t)min(i + 3, n - 1) * step;
        for (int at = 0; at < D_HEAD; at += 4) {
            const int c = min(at, D_HEAD - 4);
            const float4 a0 = vload4(0, q0 + c) * scale, a1 = vload4(0, q1 + c) * scale;
            const float4 a2 = vload4(0, q2 + c) * scale, a3 = vload4(0, q3 + c) * scale;
            vstore4((float4)(a0.x, a1.x, a2.x, a3.x), 0, (float *)qt[c] + i);
            vstore4((float4)(a0.y, a1.y, a2.y, a3.y), 0, (float *)qt[c + 1] + i);
            vstore4((float4)(a0.z, a1.z, a2.z, a3.z), 0, (float *)qt[c + 2] + i);
            vstore4((float4)(a0.w, a1.w, a2.w, a3.w), 0, (float *)qt[c + 3] + i);
        }
    }
}

/* s[j,i] = sum_c k[j,c] * qt[c,i], TK keys at a time; keys past the end repeat the last one. */
static inline void score_keys(vec s[T_ROOM][2], __global const float *k, vec qt[D_HEAD][2],
                              int n_keys, size_t step)
{
    for (int j = 0; j < n_keys; j += TK) {
        __global const float *row[TK];
        vec acc[TK][2];
#pragma unroll
        for (int r = 0; r < TK; r++) {
            row[r] = k + (size_t)min(j + r, n_keys - 1) * step;
            acc[r][0] = acc[r][1] = (vec)(0.0f);
        }
        for (int c = 0; c < D_HEAD; c++) {
#pragma unroll
            for (int r = 0; r < TK; r++) {
                acc[r][0] += row[r][c] * qt[c][0];
                acc[r][1] += row[r][c] * qt[c][1];
            }
        }
#pragma unroll
        for (int r = 0; r < TK; r++) {
            s[j + r][0] = acc[r][0];
            s[j + r][1] = acc[r][1];
        }
    }
}

/* s[j,i] becomes 2^(s[j,i] - max_j s[j,i]), inverse[i] one by its sum over the keys. */
static inline void exponentials(vec s[T_ROOM][2], vec inverse[2], int n_keys)
{
    vec top0 = s[0][0], top1 = s[0][1];
    vec sum0 = (vec)(0.0f), sum1 = (vec)(0.0f);

    for (int j = 1; j < n_keys; j++) {
        top0 = s[j][0] > top0 ? s[j][0] : top0;
        top1 = s[j][1] > top1 ? s[j][1] : top1;
    }
    for (int j = 0; j < n_keys; j++) {
        sum0 += s[j][0] = exp2_of_negative(s[j][0] - top0);
        sum1 += s[j][1] = exp2_of_negative(s[j][1] - top1);
    }
    inverse[0] = 1.0f / sum0;
    inverse[1] = 1.0f / sum1;
}

/* y[i,c] = inverse[i] * sum_j s[j,i] * v[j,c] for `rows` queries, TQ at most, and NB channels. */
static inline void sum_values(__global float *y, const float *s, const float *inverse,
                              __global const float *v, int rows, int n_keys, size_t d_model)
{
    vec acc[TQ][2];
#pragma unroll
    for (int r = 0; r < TQ; r++)
        acc[r][0] = acc[r][1] = (vec)(0.0f);
    for (int j = 0; j < n_keys; j++, s += NB, v += 3 * d_model) {
        const vec v0 = VLOAD(0, v), v1 = VLOAD(1, v);
#pragma unroll
        for (int r = 0; r < TQ; r++) {
            acc[r][0] += s[r] * v0;
            acc[r][1] += s[r] * v1;
        }
    }
#pragma unroll
    for (int r = 0; r < TQ; r++)
        if (r < rows) {
            VSTORE(acc[r][0] * inverse[r], 0, y + (size_t)r * d_model);
            VSTORE(acc[r][1] * inverse[r], 1, y + (size_t)r * d_model);
        }
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
attention_head_f32(__global const float *qkv, __global float *y, const int Q, const int T,
                   const int causal, const float scale)
{
    const size_t d_model = get_global_size(0) * D_HEAD, step = 3 * d_model;
    const size_t head = get_global_id(0) * D_HEAD;
    __global const float *q = qkv + get_global_id(1) * (size_t)T * step + head, *k = q + d_model,
                         *v = k + d_model;
    vec qt[D_HEAD][2], s[T_ROOM][2], inverse[2];

    y += get_global_id(1) * (size_t)Q * d_model + head;
    for (int t = 0; t < Q; t += NB) {
        const int n = min(NB, Q - t), n_keys = causal ? t + n : T;

        transpose_queries(qt, q + (size_t)t * step, n, step, scale);
        score_keys(s, k, qt, n_keys, step);
        if (causal)
            for (int j = t + 1; j < n_keys; j++)
                for (int i = 0; i < j - t; i++)
                    ((float *)s[j])[i] = -INFINITY;
        exponentials(s, inverse, n_keys);
        for (int at = 0; at < D_HEAD; at += NB) { /* the last NB channels end where all do */
            const int c = min(at, D_HEAD - NB);
            for (int i = 0; i < n; i += TQ)
                sum_values(y + (size_t)(t + i) * d_model + c, (float *)s + i, (float *)inverse + i,
                           v + c, min(TQ, n - i), causal ? min(t + i + TQ, n_keys) : T, d_model);
        }
    }
}
