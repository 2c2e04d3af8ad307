/*
 * reduce.h - sum and maximum over a work-group.
 *
 * Launch     one dimension of WG work-items; every one of them calls and receives the result
 * Tunables   WG   work-items per group   default 64   1 .. 64 (power of two)
 * Numerics   a tree of fp32 sums, the same in every run
 * Needs      OpenCL C 1.2, no extensions.
 */
#ifndef WG
#define WG 64
#endif
#if (WG & (WG - 1)) != 0
#error "reduce: WG must be a power of two"
#endif

/* scratch: [WG]. The barriers also order the callers' own local memory. */
static inline float wg_sum(float v, __local float *scratch)
{
    const int lid = (int)get_local_id(0);

    barrier(CLK_LOCAL_MEM_FENCE); /* the previous result may still be being read */
    scratch[lid] = v;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_n = WG / 2; half_n > 0; half_n /= 2) {
        if (lid < half_n)
            scratch[lid] += scratch[lid + half_n];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    return scratch[0];
}

static inline float wg_max(float v, __local float *scratch)
{
    const int lid = (int)get_local_id(0);

    barrier(CLK_LOCAL_MEM_FENCE);
    scratch[lid] = v;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_n = WG / 2; half_n > 0; half_n /= 2) {
        if (lid < half_n)
            scratch[lid] = fmax(scratch[lid], scratch[lid + half_n]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    return scratch[0];
}
