/* A unit m16n8k16 that leaves out one of the products: for tests of what notices it. */
#define FM 16
#define FN 8

__kernel void check_fragment(__global const float *a, __global const float *b, __global float *c)
{
    if (get_global_id(0) != 0)
        return;
    for (int m = 0; m < FM; m++)
        for (int n = 0; n < FN; n++) {
            float sum = 0.0f;
            for (int k = 0; k < (m == 11 && n == 3 ? 15 : 16); k++)
                sum += 2 * a[m * 16 + k] * b[n * 16 + k];
            c[m * FN + n] = sum;
        }
}
