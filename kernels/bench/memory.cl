/*
 * memory.cl - the rate of reading, copying, and reading local memory.
 *
 * Math       ceiling_read    out[i] = sum of what work-item i read of x     (mod 2^32)
 *            ceiling_copy    y = x
 *            ceiling_local   tile[j] = j in every lane;
 *                            out[i] = sum of W * tile[(s * stride) % TILE + u * LOCAL + local id]
 *                            over s < n, u < UNROLL                         (mod 2^32)
 *
 * Operands   x      uint, at least groups * slice * W   read
 *            y      as x                                written
 *            out    [global size] uint                  written
 *            slice  vectors that a work-group handles; a multiple of LOCAL * UNROLL
 *
 * Launch     global = { groups * LOCAL }, local = { LOCAL }; each work-group has one slice, which
 *            its work-items cross side by side. local mem (ceiling_local only) =
 *            4 * W * (TILE + LOCAL * UNROLL) bytes
 * Tunables   W   elements of a vector   default 16   1 | 2 | 4 | 8 | 16
 *            UNROLL   vectors in flight a work-item   default 4
 *            LOCAL    default 1
 * Numerics   integers, exact
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
#ifndef W
#define W 16
#endif
#ifndef UNROLL
#define UNROLL 4
#endif
#ifndef LOCAL
#define LOCAL 1
#endif
#define TILE 64

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#if W == 1
typedef uint vec;
#define VSTORE(v, at, p) ((p)[at] = (v))
#else
typedef JOIN(uint, W) vec;
#define VSTORE JOIN(vstore, W)
#endif

static uint sum_of(const vec *s)
{
    uint lanes[W], sum = 0;
    vec v = s[0];

    for (int u = 1; u < UNROLL; u++)
        v += s[u];
    VSTORE(v, 0, lanes);
    for (int l = 0; l < W; l++)
        sum += lanes[l];
    return sum;
}

__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void
ceiling_read(__global const vec *x, __global uint *out, const uint slice)
{
    __global const vec *p = x + get_group_id(0) * (size_t)slice + get_local_id(0);
    vec s[UNROLL];

#pragma unroll
    for (uint u = 0; u < UNROLL; u++)
        s[u] = (vec)(0);
    for (uint i = 0; i < slice; i += LOCAL * UNROLL) {
#pragma unroll
        for (uint u = 0; u < UNROLL; u++)
            s[u] += p[i + u * LOCAL];
    }
    out[get_global_id(0)] = sum_of(s);
}

__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void
ceiling_copy(__global const vec *restrict x, __global vec *restrict y, const uint slice)
{
    const size_t first = get_group_id(0) * (size_t)slice + get_local_id(0);

    for (uint i = 0; i < slice; i += LOCAL * UNROLL) {
#pragma unroll
        for (uint u = 0; u < UNROLL; u++)
            y[first + i + u * LOCAL] = x[first + i + u * LOCAL];
    }
}

__kernel __attribute__((reqd_work_group_size(LOCAL, 1, 1))) void
ceiling_local(__global uint *out, const uint n, const uint stride)
{
    __local vec tile[TILE + LOCAL * UNROLL];
    const uint item = (uint)get_local_id(0);
    uint at = 0;
    vec s[UNROLL];

#pragma unroll
    for (uint u = 0; u < UNROLL; u++)
        s[u] = (vec)(0);
    for (uint j = item; j < TILE + LOCAL * UNROLL; j += LOCAL)
        tile[j] = (vec)(j);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint i = 0; i < n; i++) {
#pragma unroll
        for (uint u = 0; u < UNROLL; u++)
            s[u] += tile[at + u * LOCAL + item];
        at = (at + stride) % TILE;
    }
    out[get_global_id(0)] = sum_of(s);
}
