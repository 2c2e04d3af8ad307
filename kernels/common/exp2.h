/*
 * exp2.h - 2^x of a vector of numbers that are not above 0.
 *
 * Math       2^x = 2^n * 2^f, n the integer nearest to x, f = x - n; 2^f by a polynomial
 *
 * Tunables   VW   elements of a vector   common/vec.h, included before
 *
 * Numerics   2.3 ulp, 1 at 0; 0 below -126, also at -INFINITY; NaN at NaN, as x - n is one whatever
 *            integer it was made. PoCL 3.1's exp, which takes every number, has twice the instructions.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     the polynomial of degree 5 that is 1 at 0 and has the least relative error for |f| <= 1/2
 *            (9.1e-8), by linear programming
 */
#if VW == 16
#define TO_INT convert_int16
#define TO_VEC convert_float16
#define AS_VEC as_float16
#else
#define TO_INT convert_int8
#define TO_VEC convert_float8
#define AS_VEC as_float8
#endif

static inline vec exp2_of_negative(vec x)
{
    const vec n = TO_VEC(TO_INT(x - 0.5f)), f = x - n; /* a conversion to int rounds towards 0 */
    vec y = 1.32647133e-3f * f + 9.67151299e-3f;

    y = y * f + 5.55073395e-2f;
    y = y * f + 0.240222424f;
    y = y * f + 0.693147004f;
    y = y * f + 1.0f;
    y *= AS_VEC((TO_INT(n) + 127) << 23); /* the exponent's place in a float */
    return x < -126.0f ? (vec)(0.0f) : y;
}
