/*
 * arithmetic.cl - the rate of multiply-adds that stay in registers: fp32, fp16, int8 dot products.
 *
 * Math       x[k] = x[k] * a + b            ceiling_mad; ACCUMULATORS independent chains
 *            x[k] = x[k] + dot4(x[k], b)    ceiling_dot; x[k] and b read as four signed bytes
 *            out[i] = sum over k and lanes of x[k] after n * UNROLL steps
 *            x[k] starts at lane + (local id & 15) + k; lane is 1 for dot
 *
 * Operands   start  [19] int32   0..15 (the lanes), a, b, b of dot; read: unknown to a compiler
 *            out    [global size] float, or uint for dot   written
 *
 * Launch     global = { groups * LOCAL }, local = { LOCAL }; no local memory
 * Tunables   W   lanes of a vector   default 16   1 | 2 | 4 | 8 | 16 (ceiling_dot: 1)
 *            ACCUMULATORS   default 12;  UNROLL   default 1;  LOCAL   default 1
 *            T   element type   default float   float | half
 *            HALF, DOT    1 compiles for fp16, for int8   default 0
 * Numerics   with a = b = 1 every value is a small integer, exact in fp16 (below 2048) and fp32
 *            (below 2^24), whether or not the device fuses.
 * Needs      OpenCL C 1.2; HALF cl_khr_fp16; DOT cl_khr_integer_dot_product.
 * Source     none
 */
#pragma OPENCL FP_CONTRACT ON
#if HALF
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#endif
#ifndef T
#define T float
#endif
#ifndef W
#define W 16
#endif
#ifndef ACCUMULATORS
#define ACCUMULATORS 12
#endif
#ifndef UNROLL
#define UNROLL 1
#endif
#ifndef LOCAL
#define LOCAL 1
#endif

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#if W == 1
#define VEC(type) type
#define VLOAD(at, p) ((p)[at])
#define VSTORE(v, at, p) ((p)[at] = (v))
#else
#define VEC(type) JOIN(type, W)
#define VLOAD JOIN(vload, W)
#define VSTORE JOIN(vstore, W)
#endif

#if DOT
__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void
ceiling_dot(__global const int *start, __global uint *out, const int n)
{
    const uint b = (uint)start[18];
    const uint first = (uint)start[1] + (uint)(get_local_id(0) & 15);
    uint x[ACCUMULATORS], sum = 0;

    for (int k = 0; k < ACCUMULATORS; k++)
        x[k] = first + (uint)k;
    for (int i = 0; i < n; i++) {
#pragma unroll
        for (int u = 0; u < UNROLL; u++) {
#pragma unroll
            for (int k = 0; k < ACCUMULATORS; k++)
                x[k] += (uint)dot_4x8packed_ss_int(x[k], b);
        }
    }
    for (int k = 0; k < ACCUMULATORS; k++)
        sum += x[k];
    out[get_global_id(0)] = sum;
}
#else
__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void
ceiling_mad(__global const int *start, __global float *out, const int n)
{
    const VEC(T) a = (VEC(T))((T)start[16]);
    const VEC(T) b = (VEC(T))((T)start[17]);
    const VEC(int) lane = VLOAD(0, start);
    VEC(T) x[ACCUMULATORS];
    VEC(float) lanes = (VEC(float))(0.0f);
    float sum = 0.0f, s[W];

#pragma unroll
    for (int k = 0; k < ACCUMULATORS; k++)
        x[k] = JOIN(convert_, VEC(T))(lane + (int)(get_local_id(0) & 15) + k);
    for (int i = 0; i < n; i++) {
#pragma unroll
        for (int u = 0; u < UNROLL; u++) {
#pragma unroll
            for (int k = 0; k < ACCUMULATORS; k++)
                x[k] = x[k] * a + b; /* contracted; PoCL's mad() is not */
        }
    }
#pragma unroll
    for (int k = 0; k < ACCUMULATORS; k++)
        lanes += JOIN(convert_, VEC(float))(x[k]);
    VSTORE(lanes, 0, s);
    for (int l = 0; l < W; l++)
        sum += s[l];
    out[get_global_id(0)] = sum;
}
#endif
