/*
 * embedding.cl - rows of a table by token id, fp32.
 *
 * Math       y[r,:] = table[tokens[r],:]
 *
 * Operands   tokens  [R] int          read
 *            table   [V, d]           read
 *            y       [R, d]           written
 *            R = batch * tokens
 *
 * Launch     one work-item per element, global = { d, R } rounded up; no local memory
 * Tunables   none
 * Numerics   a copy; NaN for an id outside 0 .. V-1. Any R, V and d >= 1.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     torch.nn.Embedding
 */
__kernel void embedding_plain_f32(__global const int *tokens, __global const float *table,
                                  __global float *y, const int V, const int d, const ulong R)
{
    const size_t c = get_global_id(0);
    const size_t r = get_global_id(1);

    if (c >= (size_t)d || r >= R)
        return;
    const int id = tokens[r];
    y[r * (size_t)d + c] = id >= 0 && id < V ? table[(size_t)id * (size_t)d + c] : NAN;
}
