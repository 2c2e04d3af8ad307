/*
 * fragment.cl - one product of the matrix unit, twice, for the host to check.
 *
 * Math       c = 2 a b
 *
 * Operands   a  [FM, FK]             read
 *            b  [FN, FK], transposed read
 *            c  [FM, FN]             written
 *
 * Launch     one sub-group, global = local = { FRAGMENT_LANES }
 *            local mem = 4 * (FM + FN) * PITCH bytes, and common/fragment.h's
 *
 * Tunables   FRAGMENT, FRAGMENT_NATIVE   common/fragment.h
 * Numerics   exact where the numbers are small integers.
 * Needs      common/fragment.h
 * Source     none
 */
#include "common/fragment.h"

#define PITCH (FK / 2 + 4)

/* Rounds a matrix of n rows of FK numbers into local memory. */
static inline void load(__local uint *to, __global const float *from, int n, int lane)
{
    for (int i = lane; i < n * FK / 2; i += FRAGMENT_LANES)
        to[i / (FK / 2) * PITCH + i % (FK / 2)] = fragment_pair(from[2 * i], from[2 * i + 1]);
}

__attribute__((reqd_work_group_size(FRAGMENT_LANES, 1, 1))) FRAGMENT_KERNEL __kernel void
check_fragment(__global const float *a, __global const float *b, __global float *c)
{
    __local __attribute__((aligned(16))) uint rows[FM * PITCH], columns[FN * PITCH];
    __local uint exchange[FRAGMENT_EXCHANGE];
    const int lane = (int)get_local_id(0);
    fragment_sums sums = (fragment_sums)(0.0f);
    float sum[FRAGMENT_SUMS];

    load(rows, a, FM, lane);
    load(columns, b, FN, lane);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < 2; i++)
        sums = fragment_multiply(fragment_load_a(rows, PITCH, lane),
                                 fragment_load_b(columns, PITCH, lane), sums, exchange, lane);
    FRAGMENT_STORE(sums, 0, sum);
    for (int i = 0; i < FRAGMENT_SUMS; i++)
        c[fragment_row(i, lane) * FN + fragment_column(i, lane)] = sum[i];
}
