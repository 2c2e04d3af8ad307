/*
 * fragment.h - products of small matrices by the matrix unit of a sub-group: fp16 operands, fp32 sums.
 *
 * Math       sums[FM,FN] += a[FM,FK] * b[FK,FN]
 *
 * Operands   a, b    rows of a and columns of b in local memory, k after k as pairs of fp16, the even k in
 *                    the lower half; row r begins at pair r * pitch, a multiple of 16 bytes
 *            sums    FRAGMENT_SUMS numbers of each lane; number i belongs to row fragment_row(i, lane)
 *                    and column fragment_column(i, lane), which no other number of any lane does
 *
 * Launch     one dimension; FRAGMENT_LANES consecutive work-items are a sub-group, lane 0 first. Its
 *            lanes call together; where the unit is emulated all of the work-group do, as it has
 *            barriers. The kernel is marked FRAGMENT_KERNEL
 *            local mem = 4 * FRAGMENT_EXCHANGE bytes a sub-group, which only the emulation uses
 *
 * Tunables   FRAGMENT         1 NVIDIA     mma.sync.m16n8k16, sm_80 and later
 *                             2 Intel      DPAS of sub-groups of 8: 8x8x16
 *                             3 Intel      DPAS of sub-groups of 16: 8x16x16
 *                             4 AMD        WMMA of wavefronts of 32, gfx11: 16x16x16
 *                             5 AMD        MFMA of wavefronts of 64, gfx908 and later: 16x16x16
 *                             default 1
 *            FRAGMENT_NATIVE  0 emulated in plain C, with the unit's distribution of operands over lanes
 *                             1 by the unit
 *                             default 0
 *
 * Numerics   products of fp16 are exact in fp32; sums are in fp32, in the unit's order and rounding.
 *            fragment_pair rounds to nearest and saturates at 65504, so that no infinity is made; a NaN
 *            stays one.
 * Needs      OpenCL C 1.2; vload_half and vstore_half are part of it. FRAGMENT_NATIVE = 1 needs what
 *            the table says.
 * Source     PTX ISA, "Matrix Fragments for mma.m16n8k16"; cl_intel_subgroup_matrix_multiply_accumulate;
 *            AMD matrix instruction calculator, v_wmma_f32_16x16x16_f16 and v_mfma_f32_16x16x16_f16.
 */
#ifndef FRAGMENT
#define FRAGMENT 1
#endif
#ifndef FRAGMENT_NATIVE
#define FRAGMENT_NATIVE 0
#endif

#if FRAGMENT == 1
#define FM 16
#define FN 8
#define FK 16
#define FRAGMENT_LANES 32
typedef uint4 fragment_a;
typedef uint2 fragment_b;
typedef float4 fragment_sums;
#define STORE_A vstore4
#define STORE_B vstore2
#define FRAGMENT_STORE vstore4
#define LOAD_SUMS vload4
#define A_PAIRS 4
#define B_PAIRS 2
#define FRAGMENT_SUMS 4

static inline fragment_a fragment_load_a(__local const uint *rows, int pitch, int lane)
{
    __local const uint *p = rows + lane / 4 * pitch + lane % 4;

    return (fragment_a)(p[0], p[8 * pitch], p[4], p[8 * pitch + 4]);
}

static inline fragment_b fragment_load_b(__local const uint *columns, int pitch, int lane)
{
    __local const uint *p = columns + lane / 4 * pitch + lane % 4;

    return (fragment_b)(p[0], p[4]);
}

static inline int fragment_row(int i, int lane)
{
    return lane / 4 + 8 * (i / 2);
}

static inline int fragment_column(int i, int lane)
{
    return lane % 4 * 2 + i % 2;
}

/* Where the unit looks for a[row,k] and b[k,column]: a lane, and a half of what it holds. */
#define LANE_OF_A(row, k) ((row) % 8 * 4 + (k) % 8 / 2)
#define HALF_OF_A(row, k) ((k) % 2 + 2 * ((row) / 8) + 4 * ((k) / 8))
#define LANE_OF_B(k, column) ((column)*4 + (k) % 8 / 2)
#define HALF_OF_B(k, column) ((k) % 2 + 2 * ((k) / 8))

#elif FRAGMENT == 2
#define FM 8
#define FN 8
#define FK 16
#define FRAGMENT_LANES 8
typedef uint8 fragment_a;
typedef uint8 fragment_b;
typedef float8 fragment_sums;
#define STORE_A vstore8
#define STORE_B vstore8
#define FRAGMENT_STORE vstore8
#define LOAD_SUMS vload8
#define A_PAIRS 8
#define B_PAIRS 8
#define FRAGMENT_SUMS 8

static inline fragment_a fragment_load_a(__local const uint *rows, int pitch, int lane)
{
    __local const uint *p = rows + lane;

    return (fragment_a)(p[0], p[pitch], p[2 * pitch], p[3 * pitch], p[4 * pitch], p[5 * pitch],
                        p[6 * pitch], p[7 * pitch]);
}

static inline fragment_b fragment_load_b(__local const uint *columns, int pitch, int lane)
{
    __local const uint4 *p = (__local const uint4 *)(columns + lane * pitch);

    return (fragment_b)(p[0], p[1]);
}

static inline int fragment_row(int i, int lane)
{
    (void)lane;
    return i;
}

static inline int fragment_column(int i, int lane)
{
    (void)i;
    return lane;
}

#define LANE_OF_A(row, k) ((k) / 2)
#define HALF_OF_A(row, k) (2 * (row) + (k) % 2)
#define LANE_OF_B(k, column) (column)
#define HALF_OF_B(k, column) (k)

#elif FRAGMENT == 3
#define FM 8
#define FN 16
#define FK 16
#define FRAGMENT_LANES 16
typedef uint4 fragment_a; /* 8 numbers of fp16, of a column each */
typedef uint8 fragment_b;
typedef float8 fragment_sums;
#define STORE_A vstore4
#define STORE_B vstore8
#define FRAGMENT_STORE vstore8
#define LOAD_SUMS vload8
#define A_PAIRS 4
#define B_PAIRS 8
#define FRAGMENT_SUMS 8

static inline fragment_a fragment_load_a(__local const uint *rows, int pitch, int lane)
{
    const int step = 2 * pitch;
    __local const ushort *p = (__local const ushort *)rows + lane;

    return as_uint4((ushort8)(p[0], p[step], p[2 * step], p[3 * step], p[4 * step], p[5 * step],
                              p[6 * step], p[7 * step]));
}

static inline fragment_b fragment_load_b(__local const uint *columns, int pitch, int lane)
{
    __local const uint4 *p = (__local const uint4 *)(columns + lane * pitch);

    return (fragment_b)(p[0], p[1]);
}

static inline int fragment_row(int i, int lane)
{
    (void)lane;
    return i;
}

static inline int fragment_column(int i, int lane)
{
    (void)i;
    return lane;
}

#define LANE_OF_A(row, k) (k)
#define HALF_OF_A(row, k) (row)
#define LANE_OF_B(k, column) (column)
#define HALF_OF_B(k, column) (k)

#elif FRAGMENT == 4
#define FM 16
#define FN 16
#define FK 16
#define FRAGMENT_LANES 32
typedef uint8 fragment_a;
typedef uint8 fragment_b;
typedef float8 fragment_sums;
#define STORE_A vstore8
#define STORE_B vstore8
#define FRAGMENT_STORE vstore8
#define LOAD_SUMS vload8
#define A_PAIRS 8
#define B_PAIRS 8
#define FRAGMENT_SUMS 8

/* Lanes 16 .. 31 hold what 0 .. 15 do. */
static inline fragment_a fragment_load_a(__local const uint *rows, int pitch, int lane)
{
    __local const uint4 *p = (__local const uint4 *)(rows + lane % 16 * pitch);

    return (fragment_a)(p[0], p[1]);
}

static inline fragment_b fragment_load_b(__local const uint *columns, int pitch, int lane)
{
    __local const uint4 *p = (__local const uint4 *)(columns + lane % 16 * pitch);

    return (fragment_b)(p[0], p[1]);
}

static inline int fragment_row(int i, int lane)
{
    return 2 * i + lane / 16;
}

static inline int fragment_column(int i, int lane)
{
    (void)i;
    return lane % 16;
}

#define LANE_OF_A(row, k) ((row) + (k) / 8 * 16) /* either copy serves */
#define HALF_OF_A(row, k) (k)
#define LANE_OF_B(k, column) ((column) + (k) / 8 * 16)
#define HALF_OF_B(k, column) (k)

#elif FRAGMENT == 5
#define FM 16
#define FN 16
#define FK 16
#define FRAGMENT_LANES 64
typedef uint2 fragment_a;
typedef uint2 fragment_b;
typedef float4 fragment_sums;
#define STORE_A vstore2
#define STORE_B vstore2
#define FRAGMENT_STORE vstore4
#define LOAD_SUMS vload4
#define A_PAIRS 2
#define B_PAIRS 2
#define FRAGMENT_SUMS 4

static inline fragment_a fragment_load_a(__local const uint *rows, int pitch, int lane)
{
    return *(__local const uint2 *)(rows + lane % 16 * pitch + lane / 16 * 2);
}

static inline fragment_b fragment_load_b(__local const uint *columns, int pitch, int lane)
{
    return *(__local const uint2 *)(columns + lane % 16 * pitch + lane / 16 * 2);
}

static inline int fragment_row(int i, int lane)
{
    return lane / 16 * 4 + i;
}

static inline int fragment_column(int i, int lane)
{
    (void)i;
    return lane % 16;
}

#define LANE_OF_A(row, k) ((row) + (k) / 4 * 16)
#define HALF_OF_A(row, k) ((k) % 4)
#define LANE_OF_B(k, column) ((column) + (k) / 4 * 16)
#define HALF_OF_B(k, column) ((k) % 4)

#else
#error "FRAGMENT must be 1 .. 5"
#endif

/* Pairs of fp16 that the lanes of a sub-group show each other. */
#define FRAGMENT_EXCHANGE (FRAGMENT_NATIVE ? 1 : FRAGMENT_LANES * (A_PAIRS + B_PAIRS))

/* Before loops over fragments: in registers where there is a unit; a barrier in each round elsewhere. */
#if FRAGMENT_NATIVE
#define FRAGMENT_UNROLL _Pragma("unroll")
#else
#define FRAGMENT_UNROLL
#endif

/* ---- the product ---- */

#if !FRAGMENT_NATIVE
#define FRAGMENT_KERNEL

/* exchange: [FRAGMENT_EXCHANGE] of this sub-group */
static inline fragment_sums fragment_multiply(fragment_a a, fragment_b b, fragment_sums sums,
                                              __local uint *exchange, int lane)
{
    __local const half *held = (__local const half *)exchange;
    float sum[FRAGMENT_SUMS];

    barrier(CLK_LOCAL_MEM_FENCE); /* the previous operands may still be being read */
    STORE_A(a, 0, exchange + lane * (A_PAIRS + B_PAIRS));
    STORE_B(b, 0, exchange + lane * (A_PAIRS + B_PAIRS) + A_PAIRS);
    barrier(CLK_LOCAL_MEM_FENCE);
    FRAGMENT_STORE(sums, 0, sum);
    for (int i = 0; i < FRAGMENT_SUMS; i++) {
        const int row = fragment_row(i, lane), column = fragment_column(i, lane);
        for (int k = 0; k < FK; k++) {
            const int at_a = 2 * LANE_OF_A(row, k) * (A_PAIRS + B_PAIRS) + HALF_OF_A(row, k);
            const int at_b =
                2 * LANE_OF_B(k, column) * (A_PAIRS + B_PAIRS) + 2 * A_PAIRS + HALF_OF_B(k, column);
            sum[i] += vload_half((size_t)at_a, held) * vload_half((size_t)at_b, held);
        }
    }
    return LOAD_SUMS(0, sum);
}

static inline uint half_bits(float v)
{
    uint bits = 0;

    vstore_half_rte(v, 0, (half *)&bits);
    return bits & 0xffffu;
}

#elif FRAGMENT == 1
#define FRAGMENT_KERNEL

static inline fragment_sums fragment_multiply(fragment_a a, fragment_b b, fragment_sums sums,
                                              __local uint *exchange, int lane)
{
    (void)exchange;
    (void)lane;
    __asm__ volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                     "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                     : "+f"(sums.s0), "+f"(sums.s1), "+f"(sums.s2), "+f"(sums.s3)
                     : "r"(a.s0), "r"(a.s1), "r"(a.s2), "r"(a.s3), "r"(b.s0), "r"(b.s1));
    return sums;
}

#elif FRAGMENT == 2 || FRAGMENT == 3
#define FRAGMENT_KERNEL __attribute__((intel_reqd_sub_group_size(FRAGMENT_LANES)))

/* Of the extension, which older compilers implement without declaring its functions. */
#if FRAGMENT == 2
float8 __attribute__((overloadable))
intel_sub_group_f16_f16_matrix_mad_k16(int8 a, int8 b, float8 sums);
#define AS_A as_int8
#else
float8 __attribute__((overloadable))
intel_sub_group_f16_f16_matrix_mad_k16(short8 a, int8 b, float8 sums);
#define AS_A as_short8
#endif

static inline fragment_sums fragment_multiply(fragment_a a, fragment_b b, fragment_sums sums,
                                              __local uint *exchange, int lane)
{
    (void)exchange;
    (void)lane;
    return intel_sub_group_f16_f16_matrix_mad_k16(AS_A(a), as_int8(b), sums);
}

#else
#define FRAGMENT_KERNEL
#pragma OPENCL EXTENSION cl_khr_fp16 : enable

static inline fragment_sums fragment_multiply(fragment_a a, fragment_b b, fragment_sums sums,
                                              __local uint *exchange, int lane)
{
    (void)exchange;
    (void)lane;
#if FRAGMENT == 4
    return __builtin_amdgcn_wmma_f32_16x16x16_f16_w32(as_half16(a), as_half16(b), sums);
#else
    return __builtin_amdgcn_mfma_f32_16x16x16f16(as_half4(a), as_half4(b), sums, 0, 0, 0);
#endif
}
#endif

#if FRAGMENT_NATIVE && FRAGMENT == 1
static inline uint half_bits(float v)
{
    ushort bits;

    __asm__("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(v));
    return bits;
}
#elif FRAGMENT_NATIVE
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
static inline uint half_bits(float v)
{
    return as_ushort(convert_half_rte(v));
}
#endif

/* Two numbers as fp16, the even one in the lower half. */
static inline uint fragment_pair(float even, float odd)
{
    even = even > 65504.0f ? 65504.0f : even < -65504.0f ? -65504.0f : even;
    odd = odd > 65504.0f ? 65504.0f : odd < -65504.0f ? -65504.0f : odd;
    return half_bits(even) | half_bits(odd) << 16;
}
