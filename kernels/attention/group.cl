/*
 * group.cl - scaled dot-product attention of packed q, k, v by work-groups, fp32. For GPUs.
 *
 * Math       s[t,j] = sum_c q[t,c] * k[j,c] / sqrt(d_head)       (j <= t when causal)
 *            y[t,:] = sum_j exp(s[t,j] - max_j s[t,j]) * v[j,:] / sum_j exp(s[t,j] - max_j s[t,j])
 *            for each b and head
 *
 * Operands   qkv    [B, T, 3, n_heads, d_head]   read, of the queries only the first Q
 *            y      [B, Q, n_heads, d_head]      written
 *
 * Launch     a group for TQ queries of a head and b, global = { ceil(Q/TQ) * WG, n_heads, B },
 *            local = { WG, 1, 1 }; keys, then values pass through local memory TK at a time. It holds
 *            16 * (TQ * D4 + TK * (D4 + 1)) + 4 * WG bytes, and score, 4 * TQ * (T rounded up to TK)
 *
 * Tunables   WG   work-items of a group         default 64   a multiple of TK and of TQ
 *            TQ   queries of a group            default 8    a multiple of WG/TK
 *            TK   keys or values at a time      default 32   >= 1
 *            D4   vectors of four that d_head takes   default 16   >= 1
 *
 * Numerics   every sum in fp32, in an order that depends on T and the tunables only
 * Needs      OpenCL C 1.2, no extensions.
 * Source     Vaswani et al. 2017 (arXiv:1706.03762) eq. 1; torch.nn.MultiheadAttention's in_proj.
 */
#ifndef WG
#define WG 64
#endif
#ifndef TQ
#define TQ 8
#endif
#ifndef TK
#define TK 32
#endif
#ifndef D4
#define D4 16
#endif

#define ROWS (TQ * TK / WG)            /* scores of a work-item for a tile of keys */
#define SUMS ((TQ * D4 + WG - 1) / WG) /* vectors of the result by a work-item */
#define SHARE (WG / TQ)                /* work-items that share a query's scores */
#define PITCH (D4 + 1)                 /* so that a column's rows lie in different banks */

#if WG % TK != 0 || WG % TQ != 0 || TQ * TK % WG != 0
#error "attention: WG must be a multiple of TK and of TQ, and divide TQ * TK"
#endif

/* Channels 4c .. 4c + 4 of a row; 0 from d_head on. */
static inline float4 load_channels(__global const float *row, int c, int d_head)
{
    const int n = d_head - 4 * c;

    row += 4 * c;
    return n >= 4 ? vload4(0, row)
                  : (float4)(row[0], n > 1 ? row[1] : 0.0f, n > 2 ? row[2] : 0.0f, 0.0f);
}

/* tile: [TK, PITCH]; rows j0 .. j0 + TK of keys or values, 0 from n on. */
static inline void load_tile(__local float4 *tile, __global const float *rows, size_t step, int j0,
                             int n, int d_head)
{
    for (int at = (int)get_local_id(0); at < TK * D4; at += WG) {
        const int j = at / D4, c = at % D4;
        tile[j * PITCH + c] =
            j0 + j < n ? load_channels(rows + (size_t)(j0 + j) * step, c, d_head) : (float4)(0.0f);
    }
}

/* score[:, j0 .. j0 + TK], rows of `room` scores */
static inline void score_tile(__local float *score, int room, __local const float4 *q,
                              __local const float4 *tile, int j0)
{
    const int lid = (int)get_local_id(0), j = lid % TK, t0 = lid / TK * ROWS;
    float4 sum[ROWS];

#pragma unroll
    for (int r = 0; r < ROWS; r++)
        sum[r] = (float4)(0.0f);
    for (int c = 0; c < D4; c++) {
        const float4 k = tile[j * PITCH + c];
#pragma unroll
        for (int r = 0; r < ROWS; r++)
            sum[r] += q[(t0 + r) * D4 + c] * k;
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++)
        score[(t0 + r) * room + j0 + j] = (sum[r].x + sum[r].y) + (sum[r].z + sum[r].w);
}

/* exp(s - max s) of the first n_seen scores of this work-item's query, 0 from there up to n; the sum of
 * its share of them to total[WG]. */
static inline void exponentials(__local float *s, __local float *total, int n_seen, int n)
{
    const int lid = (int)get_local_id(0), row = lid / SHARE * SHARE;
    float top = -INFINITY, sum = 0.0f;

    for (int j = lid % SHARE; j < n_seen; j += SHARE)
        top = fmax(top, s[j]);
    total[lid] = top;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < SHARE; i++)
        top = fmax(top, total[row + i]);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int j = lid % SHARE; j < n; j += SHARE) {
        const float e = j < n_seen ? exp(s[j] - top) : 0.0f;
        s[j] = e;
        sum += e;
    }
    total[lid] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
}

/* acc += score[:, j0 .. j0 + n_j] of a tile of values; vectors lid, lid + WG, .. of [TQ, D4] */
static inline void add_values(float4 acc[SUMS], __local const float *score, int room,
                              __local const float4 *tile, int j0, int n_j)
{
    for (int j = 0; j < n_j; j++)
#pragma unroll
        for (int i = 0; i < SUMS; i++) {
            const int at = (int)get_local_id(0) + i * WG;
            if (TQ * D4 % WG == 0 || at < TQ * D4)
                acc[i] += score[at / D4 * room + j0 + j] * tile[j * PITCH + at % D4];
        }
}

/* y[t0 + t, 4c .. 4c + 4] of those vectors */
static inline void write_values(__global float *y, size_t d_model, float4 acc[SUMS],
                                __local const float *total, int t0, int Q, int d_head)
{
#pragma unroll
    for (int i = 0; i < SUMS; i++) {
        const int at = (int)get_local_id(0) + i * WG, t = at / D4, c = at % D4;
        const int n = at < TQ * D4 && t0 + t < Q ? d_head - 4 * c : 0;
        __global float *to = y + (size_t)(t0 + t) * d_model + (size_t)(4 * c);
        float sum = 0.0f;
        for (int k = 0; n > 0 && k < SHARE; k++)
            sum += total[t * SHARE + k];
        if (n > 0)
            to[0] = acc[i].x / sum;
        if (n > 1)
            to[1] = acc[i].y / sum;
        if (n > 2)
            to[2] = acc[i].z / sum;
        if (n > 3)
            to[3] = acc[i].w / sum;
    }
}

__attribute__((reqd_work_group_size(WG, 1, 1))) __kernel void
attention_group_f32(__global const float *qkv, __global float *y, __local float *score, const int Q,
                    const int T, const int d_head, const int causal, const float scale)
{
    __local float4 q[TQ * D4];
    __local float4 tile[TK * PITCH];
    __local float total[WG];
    const int lid = (int)get_local_id(0), t0 = (int)get_group_id(0) * TQ;
    const int n_keys = causal ? min(t0 + TQ, T) : T, room = (T + TK - 1) / TK * TK;
    const size_t d_model = get_num_groups(1) * (size_t)d_head, step = 3 * d_model;
    const size_t head = get_group_id(1) * (size_t)d_head;
    float4 acc[SUMS];

    qkv += get_group_id(2) * (size_t)T * step + head;
    for (int at = lid; at < TQ * D4; at += WG) /* queries past the end repeat the last one */
        q[at] =
            scale * load_channels(qkv + (size_t)min(t0 + at / D4, Q - 1) * step, at % D4, d_head);
    for (int j = 0; j < n_keys; j += TK) {
        load_tile(tile, qkv + d_model, step, j, n_keys, d_head);
        barrier(CLK_LOCAL_MEM_FENCE);
        score_tile(score, room, q, tile, j);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    exponentials(score + lid / SHARE * room, total, causal ? min(t0 + lid / SHARE + 1, n_keys) : T,
                 n_keys);

#pragma unroll
    for (int i = 0; i < SUMS; i++)
        acc[i] = (float4)(0.0f);
    for (int j = 0; j < n_keys; j += TK) {
        load_tile(tile, qkv + 2 * d_model, step, j, n_keys, d_head);
        barrier(CLK_LOCAL_MEM_FENCE);
        add_values(acc, score, room, tile, j, min(TK, n_keys - j));
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    write_values(y + get_group_id(2) * (size_t)Q * d_model + head, d_model, acc, total, t0, Q,
                 d_head);
}
