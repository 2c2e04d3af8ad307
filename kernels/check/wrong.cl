/*
 * check/wrong.cl - deliberately wrong kernels, which `galip check --inject` must catch by name.
 *
 * Math       y[i] = x[i] + 1 would be right
 *
 * Operands   x   [n]   read; small whole numbers
 *            y   [n]   written
 *
 * Launch     wrong_right, wrong_element, wrong_bounds: one work-item per element, global = { n }
 *            rounded up
 *            wrong_start: the same, before wrong_race
 *            wrong_race: ITEMS work-items per element, global = { ITEMS*n } rounded up; n a
 *            multiple of the group, so that every group works on the same elements
 *            no local memory
 *
 * Tunables   ITEMS   work-items that add to one element   default 1024   a power of two
 *            ADDS    additions of each                    default 64     a power of two
 *
 * Numerics   exact where not wrong, for |x| < 2^7
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
#ifndef ITEMS
#define ITEMS 1024
#endif
#ifndef ADDS
#define ADDS 64
#endif

__kernel void wrong_right(__global const float *x, __global float *y, const ulong n)
{
    const size_t i = get_global_id(0);

    if (i < n)
        y[i] = x[i] + 1.0f;
}

/* One element is off by a thousandth. */
__kernel void wrong_element(__global const float *x, __global float *y, const ulong n)
{
    const size_t i = get_global_id(0);

    if (i < n)
        y[i] = x[i] + (i == n / 2 ? 1.001f : 1.0f);
}

/* One element behind the end. */
__kernel void wrong_bounds(__global const float *x, __global float *y, const ulong n)
{
    const size_t i = get_global_id(0);

    if (i < n)
        y[i] = x[i] + 1.0f;
    if (i == 0)
        y[n] = 0.0f;
}

__kernel void wrong_start(__global const float *x, __global float *y, const ulong n)
{
    const size_t i = get_global_id(0);

    if (i < n)
        y[i] = x[i];
}

/* Groups read, add and write back without any order: additions get lost. */
__kernel void wrong_race(__global const float *x, __global volatile float *y, const ulong n)
{
    const size_t i = get_global_id(0);

    (void)x;
    if (i < ITEMS * n)
        for (int k = 0; k < ADDS; k++)
            y[i % n] = y[i % n] + 1.0f / (ITEMS * ADDS);
}
