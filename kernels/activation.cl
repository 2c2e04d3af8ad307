/*
 * activation.cl - an activation function, elementwise, fp32.
 *
 * Math       y[i] = act(x[i])
 * Operands   x      [count]   read
 *            y      [count]   written
 * Launch     one work-item per element, global = { count } rounded up; no local memory
 * Tunables   ACT    common/epilogue.h
 * Numerics   exp and erfc as the device rounds them (OpenCL 1.2: 3 and 16 ulp). Any count >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     none
 */
#include "common/epilogue.h"

__kernel void activation_plain_f32(__global const float *x, __global float *y, const ulong count,
                                   const float slope)
{
    const size_t i = get_global_id(0);

    if (i < count)
        y[i] = activate(x[i], ACT, slope);
}
