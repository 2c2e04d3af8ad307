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
 * Launch     one work-group per query, head and b, global = { T * WG, n_heads, B },
 *            local = { WG, 1, 1 }, local memory 4 * T (score) + 4 * WG bytes
 *
 * Tunables   WG     common/reduce.h
 * Numerics   every sum in fp32. Any d_head >= 1; T as far as local memory holds the scores.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     Vaswani et al. 2017 (arXiv:1706.03762) eq. 1; torch.nn.MultiheadAttention's in_proj.
 */
#include "common/reduce.h"

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
