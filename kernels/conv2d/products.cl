/*
 * products.cl - the products of a bilinear algorithm of 3x3 convolutions, fp32, between the transforms
 * of conv2d/staged.cl. For GPUs.
 *
 * Math       m[u,o,t] = sum_i v[term(u),i,t] * w[u,i,o] for each of NU*NU products u
 *
 * Operands   v   [NV*NV, I_room, T_room]                                           read
 *            w   [ceil(O/NR), NU*NU, I_room, NR] transformed weights, zero-padded  read
 *            m   [NU*NU, O, T_room]                                                written
 *
 * Launch     a group for BN tiles, BM output channels and a product,
 *            global = { T_room/BN * WG, ceil(O/BM), NU*NU }, local = { WG },
 *            local memory 4 * BK * (BM + BN) bytes
 *
 * Tunables   BM, BN, BK, TM, TN, WG   common/tile.h; BN divides T_room, BK I_room
 *            ALG                      common/bilinear.h
 *
 * Numerics   sums in fp32, i ascending; any O, T_room >= 1
 * Needs      OpenCL C 1.2, no extensions; cl_intel_required_subgroup_size where it is.
 * Source     Lavin, Gray 2016 (arXiv:1509.09308)
 */
typedef float vec; /* what common/bilinear.h transforms */

#include "common/bilinear.h"
#include "common/tile.h"

#define NR 32 /* of pack/bilinear.cl */
#define A_VECTORS (BK * BM / 4)
#define B_VECTORS (BK * BN / 4)
#define A_LOADS ((A_VECTORS + WG - 1) / WG)
#define B_LOADS ((B_VECTORS + WG - 1) / WG)

__constant int term_of[NU] = TERM_OF;

/* The work-item's share of the terms i .. i + BK: w is w[0,u,i,0], v is v[term(u),i,t0]. */
static inline void fetch(float4 a[A_LOADS], float4 b[B_LOADS], __global const float4 *w,
                         __global const float4 *v, int o0, int O, int I_room, int T_room)
{
    const int lid = (int)get_local_id(0), n_panels = (O + NR - 1) / NR;

#pragma unroll
    for (int l = 0; l < A_LOADS; l++) {
        const int at = lid + l * WG, i = at / (BM / 4), o = o0 + at % (BM / 4) * 4;
        const size_t panel = (size_t)min(o / NR, n_panels - 1) * (NU * NU) * (size_t)I_room;
        if (A_VECTORS % WG == 0 || at < A_VECTORS)
            a[l] = w[(panel + (size_t)i) * (NR / 4) + (size_t)(o % NR / 4)];
    }
#pragma unroll
    for (int l = 0; l < B_LOADS; l++) {
        const int at = lid + l * WG;
        if (B_VECTORS % WG == 0 || at < B_VECTORS)
            b[l] = v[(size_t)(at / (BN / 4)) * (size_t)(T_room / 4) + (size_t)(at % (BN / 4))];
    }
}

static inline void store(__local float4 *tile_a, __local float4 *tile_b, const float4 a[A_LOADS],
                         const float4 b[B_LOADS])
{
    const int lid = (int)get_local_id(0);

#pragma unroll
    for (int l = 0; l < A_LOADS; l++)
        if (A_VECTORS % WG == 0 || lid + l * WG < A_VECTORS)
            tile_a[lid + l * WG] = a[l];
#pragma unroll
    for (int l = 0; l < B_LOADS; l++)
        if (B_VECTORS % WG == 0 || lid + l * WG < B_VECTORS)
            tile_b[lid + l * WG] = b[l];
}

TILE_KERNEL __kernel void conv2d_products_f32(__global const float4 *v, __global const float4 *w,
                                              __global float4 *m, const int O, const int I_room,
                                              const int T_room)
{
    __local float4 tile_a[A_VECTORS];
    __local float4 tile_b[B_VECTORS];
    const int u = (int)get_group_id(2), t0 = (int)get_group_id(0) * BN;
    const int o0 = (int)get_group_id(1) * BM, n_steps = I_room / BK;
    const int term = term_of[u / NU] * NV + term_of[u % NU];
    float4 acc[TM][TNV], a[A_LOADS], b[B_LOADS];

    v += ((size_t)term * (size_t)I_room * (size_t)T_room + (size_t)t0) / 4;
    w += (size_t)u * (size_t)I_room * (NR / 4);
    tile_clear(acc);
    for (int step = -1; step < n_steps; step++) {
        if (step + 1 < n_steps) { /* while the product hides the latency */
            fetch(a, b, w, v, o0, O, I_room, T_room);
            w += BK * NR / 4;
            v += (size_t)(BK / 4) * (size_t)T_room;
        }
        if (step >= 0)
            tile_multiply(acc, tile_a, tile_b);
        barrier(CLK_LOCAL_MEM_FENCE);
        if (step + 1 < n_steps)
            store(tile_a, tile_b, a, b);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    m += ((size_t)u * (size_t)O * (size_t)T_room + (size_t)t0) / 4; /* m[u,0,t0] */
#pragma unroll
    for (int r = 0; r < TM; r++) {
        const int o = o0 + tile_row(r / 4) + r % 4;
        if (o < O)
#pragma unroll
            for (int c = 0; c < TNV; c++)
                m[((size_t)o * (size_t)T_room + (size_t)tile_column(c)) / 4] = acc[r][c];
    }
}
