/*
 * pool_eot.cl - the row at the end-of-text token, fp32.
 *
 * Math       y[b,:] = x[b, argmax_t tokens[b,t], :]        (the first t of several)
 *
 * Operands   x       [B, T, d]        read
 *            tokens  [B, T] int       read
 *            y       [B, d]           written
 *
 * Launch     one work-item per element, global = { d, B } rounded up; no local memory.
 *            Each work-item searches the T tokens itself: a text has 77.
 * Tunables   none
 * Numerics   a copy. Any B, T and d >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     CLIP's encode_text: the end-of-text token has the highest id of the vocabulary
 */
__kernel void pool_eot_plain_f32(__global const float *x, __global const int *tokens,
                                 __global float *y, const int B, const int T, const int d)
{
    const size_t c = get_global_id(0);
    const size_t b = get_global_id(1);

    if (c >= (size_t)d || b >= (size_t)B)
        return;
    tokens += b * (size_t)T; /* tokens[b,:] */

    int eot = 0;
    for (int t = 1; t < T; t++)
        if (tokens[t] > tokens[eot])
            eot = t;
    y[b * (size_t)d + c] = x[(b * (size_t)T + (size_t)eot) * (size_t)d + c];
}
