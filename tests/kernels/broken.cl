/*
 * broken.cl - deliberately wrong kernels for op_test --self-test and --fault; y[i] = x[i] + 1 is right.
 */
__kernel void broken_right(__global const float *x, __global float *y, const int n)
{
    const int i = (int)get_global_id(0);
    if (i < n)
        y[i] = x[i] + 1.0f;
}

/* one wrong element */
__kernel void broken_element(__global const float *x, __global float *y, const int n)
{
    const int i = (int)get_global_id(0);
    if (i < n)
        y[i] = x[i] + (i == n / 2 ? 1.001f : 1.0f);
}

/* one element never written */
__kernel void broken_hole(__global const float *x, __global float *y, const int n)
{
    const int i = (int)get_global_id(0);
    if (i < n && i != n - 1)
        y[i] = x[i] + 1.0f;
}

/* one element behind the end */
__kernel void broken_overrun(__global const float *x, __global float *y, const int n)
{
    const int i = (int)get_global_id(0);
    if (i < n)
        y[i] = x[i] + 1.0f;
    if (i == 0)
        y[n] = 0.0f;
}

/* a result that depends on the run before */
__kernel void broken_memory(__global const float *x, __global float *y, const int n)
{
    const int i = (int)get_global_id(0);
    if (i < n)
        y[i] = x[i] + (y[i] == x[i] + 1.0f ? 1.00001f : 1.0f);
}

/* reads behind the end of x */
__kernel void broken_overread(__global const float *x, __global float *y, const int n)
{
    const int i = (int)get_global_id(0);
    if (i < n)
        y[i] = x[i] + 1.0f + 0.0f * x[i + 1];
}

/* right where items run in order: each writes into its neighbour's element */
__kernel void broken_race(__global const float *x, __global float *y, const int n)
{
    const int i = (int)get_global_id(0);
    if (i < n - 1)
        y[i + 1] = 0.0f;
    if (i < n)
        y[i] = x[i] + 1.0f;
}

/* adds a private variable that no path has written */
__kernel void broken_uninitialised(__global const float *x, __global float *y, const int n)
{
    const int i = (int)get_global_id(0);
    float rest;
    if (n < 0)
        rest = 0.0f;
    if (i < n)
        y[i] = x[i] + 1.0f + 0.0f * rest;
}
