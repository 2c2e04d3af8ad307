/*
 * normal_noise.cl - standard normal numbers from a key, the same bits on every device, fp32.
 *
 * Math       w[0..3]  = Philox4x32-10(counter = (i, picture, stream, 0), key = (seed low, high))
 *            y[b,4i+0], y[b,4i+1] = r cos(a), r sin(a)   of (w[0], w[1])
 *            y[b,4i+2], y[b,4i+3] = r cos(a), r sin(a)   of (w[2], w[3])
 *            r = sqrt(-2 ln((w[0] + 1/2) / 2^32)),   a = 2 pi (w[1] + 1/2) / 2^32
 *
 * Operands   key  [B, 4]   seed low, seed high, picture, stream          read
 *            y    [B, n]                                                 written
 *
 * Launch     one work-item per four numbers, global = { ceil(n/4), B } rounded up;
 *            no local memory
 * Tunables   none
 *
 * Numerics   Bits do not depend on the device: beyond integers there are only +, -, * and fma,
 *            which OpenCL rounds correctly, and conversions of integers below 2^16, which are
 *            exact; no product goes into a sum except by fma, so nothing is left to contract.
 *            The builtins log, sin, cos, sqrt and / round differently from device to device.
 *            No intermediate is subnormal: |ln u| >= 2^-33, |a| >= 2^-31, r^2 in [2^-32, 46].
 *            Within 6 * 2^-24 of the exact value, relative (worst seen 4.9, over 3e6 pairs);
 *            |y| <= 6.77. Any B and n >= 1.
 * Needs      OpenCL C 1.2 full profile, no extensions.
 * Source     Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"
 *            (Philox); Box, Muller 1958; the polynomials of Cephes' logf, sinf and cosf
 *            (Moshier 1992); the seed 0x5f375a86 of the inverse root, Lomont 2003.
 */
#pragma OPENCL FP_CONTRACT OFF

static inline uint4 philox4x32_10(uint4 c, uint2 k)
{
    for (int round = 0; round < 10; round++) {
        const uint m0 = 0xD2511F53u, m1 = 0xCD9E8D57u;
        c = (uint4)(mul_hi(m1, c.z) ^ c.y ^ k.x, m1 * c.z, mul_hi(m0, c.x) ^ c.w ^ k.y, m0 * c.x);
        k += (uint2)(0x9E3779B9u, 0xBB67AE85u);
    }
    return c;
}

/* w + 1/2, rounded once, by fma. */
static inline float middle(uint w)
{
    return fma((float)(int)(w >> 16), 65536.0f, (float)(int)(w & 0xFFFFu) + 0.5f);
}

/* ln((w + 1/2) / 2^32) = e ln 2 + ln(1 + f) with 1 + f in [sqrt(1/2), sqrt(2)) */
static inline float log_unit(uint w)
{
    const uint sqrt_half = 0x3F3504F3u; /* bits of sqrt(1/2) */
    const uint bits = as_uint(middle(w) * 0x1p-32f) + (0x3F800000u - sqrt_half);
    const int e = (int)(bits >> 23) - 127;
    const float m = as_float((bits & 0x007FFFFFu) + sqrt_half);
    /* next to 1 from the integer's distance to 2^32, whose low bits m has lost */
    const float f = e == 0 ? middle(~w) * -0x1p-32f : m - 1.0f;
    const float f2 = f * f;

    float p = fma(7.0376836292e-2f, f, -1.1514610310e-1f);
    p = fma(p, f, 1.1676998740e-1f);
    p = fma(p, f, -1.2420140846e-1f);
    p = fma(p, f, 1.4249322787e-1f);
    p = fma(p, f, -1.6668057665e-1f);
    p = fma(p, f, 2.0000714765e-1f);
    p = fma(p, f, -2.4999993993e-1f);
    p = fma(p, f, 3.3333331174e-1f);
    p = p * f;
    p = p * f2;
    /* ln 2 = 0.693359375, exact when multiplied by e, - 2.12194440e-4 */
    p = fma((float)e, -2.12194440e-4f, p);
    p = fma(f2, -0.5f, p);
    p = p + f;
    return fma((float)e, 0.693359375f, p);
}

/* sqrt(v) for v in [2^-32, 46]: two Newton steps to 1/sqrt(v), the third with the exact rest. */
static inline float root(float v)
{
    const float half_v = v * 0.5f;
    float y = as_float(0x5F375A86u - (as_uint(v) >> 1));

    for (int i = 0; i < 2; i++) {
        const float t = y * y;
        y = y * fma(-half_v, t, 1.5f);
    }
    const float s = v * y;
    const float half_y = y * 0.5f;
    return fma(fma(-s, s, v), half_y, s);
}

/* (r cos(a), r sin(a)) */
static inline float2 box_muller(uint w_radius, uint w_angle)
{
    const float r = root(log_unit(w_radius) * -2.0f);

    /* a = quadrant * pi/2 + x with x in [-pi/4, pi/4]; rest is x * 2^31/pi - 1/2 */
    const uint quadrant = (w_angle + 0x20000000u) >> 30;
    const uint rest = w_angle - (quadrant << 30);
    const bool negative = (rest >> 31) != 0u;
    const float size = middle(negative ? ~rest : rest) * 1.46291807926715968e-9f; /* pi / 2^31 */
    const float x = negative ? -size : size;
    const float x2 = x * x;

    float ps = fma(-1.9515295891e-4f, x2, 8.3321608736e-3f);
    ps = fma(ps, x2, -1.6666654611e-1f);
    const float x3 = x2 * x;
    const float s = fma(ps, x3, x);
    float pc = fma(2.443315711809948e-5f, x2, -1.388731625493765e-3f);
    pc = fma(pc, x2, 4.166664568298827e-2f);
    pc = fma(pc, x2, -0.5f);
    const float c = fma(pc, x2, 1.0f);

    const bool odd = (quadrant & 1u) != 0u;
    const float cos_a = odd ? s : c;
    const float sin_a = odd ? c : s;
    return (float2)(((quadrant + 1u) & 2u) != 0u ? -cos_a : cos_a,
                    (quadrant & 2u) != 0u ? -sin_a : sin_a) *
           r;
}

__kernel void normal_noise_plain_f32(__global const int *key, __global float *y, const int B,
                                     const int n)
{
    const uint block = (uint)get_global_id(0);
    const int b = (int)get_global_id(1);
    const uint n_blocks = ((uint)n + 3u) / 4u;

    if (block >= n_blocks || b >= B)
        return;
    key += (size_t)b * 4;                           /* key[b,:] */
    y += (size_t)b * (size_t)n + (size_t)block * 4; /* y[b,4*block] */

    const uint4 w = philox4x32_10((uint4)(block, as_uint(key[2]), as_uint(key[3]), 0u),
                                  (uint2)(as_uint(key[0]), as_uint(key[1])));
    const float4 z = (float4)(box_muller(w.x, w.y), box_muller(w.z, w.w));
    const uint left = (uint)n - block * 4u;

    if (left >= 4u) {
        vstore4(z, 0, y);
        return;
    }
    y[0] = z.x;
    if (left > 1u)
        y[1] = z.y;
    if (left > 2u)
        y[2] = z.z;
}
