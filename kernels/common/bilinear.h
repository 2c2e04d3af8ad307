/*
 * bilinear.h - bilinear algorithms of a convolution of TAPS taps, in one dimension, on vectors of channels.
 *
 * Math       o = A ((G g) * (B x)): NO outputs of the taps g from P inputs x by NU products. In two
 *            dimensions both axes are transformed. B and A are the functions here, with the sums
 *            that two rows share made once. G[u] is TAPS integers of G_ROWS over one of G_OVER.
 *            Product u multiplies input term TERM_OF[u], one of NV: a term may serve two products.
 *            Tile t reads inputs from t*STEP - TAPS/2 (zero outside) and gives outputs from
 *            t*NO (dropped outside).
 *
 * Tunables   ALG  2, 4, 8   F(2,3), F(4,3), F(8,3): plain convolution, pad 1
 *                 25        F(2,5): plain convolution of 5 taps, pad 2
 *                 12        nearest x2 before the convolution, 2 outputs from 3 inputs
 *                 14        nearest x2 before the convolution, 4 outputs from 4 inputs
 *                 18        nearest x2 before the convolution, 8 outputs from 6 inputs
 *                 74        nearest x7/4 before the convolution, 7 outputs from 6 inputs
 *
 * Source     Toom-Cook (Lavin, Gray 2016, arXiv:1509.09308) at the points 0, 1, -1, 2, -2, infinity, as
 *            far as they are needed; F(8,3) at 0, +-2/5, +-4/5, +-5/4, +-5/2, infinity, which among
 *            small fractions let errors grow least.
 *            Behind a nearest resize the taps a, b, c of an output meet two or one different pixels,
 *            so that it is one of the filters P = (a, b+c) and Q = (a+b, c) of two pixels; beside
 *            each other, P is a pixel further left. Both together are, transposed, the polynomial
 *            P(z) U(z) + z Q(z) V(z), which takes two products at a point, but one at 0, where zQ
 *            is nothing, one at 1, where P = Q, and one at infinity, where P's degree is less:
 *            3 at 0, 1, infinity (ALG 12), 5 with -1 (14), 9 with 2 and -1/2 (18). ALG 74 is four P
 *            and three Q at 0, 1, -1, -1/2, infinity, and c (x5 - x4) for the last output, the
 *            only one that meets three pixels.
 */
#ifndef ALG
#define ALG 4
#endif

#if ALG == 2
#define P 4
#define NV 4
#define NU 4
#define NO 2
#define STEP 2
#define TERM_OF    \
    {              \
        0, 1, 2, 3 \
    }
#define G_ROWS 1, 0, 0, 1, 1, 1, 1, -1, 1, 0, 0, 1
#define G_OVER 1, 2, 2, 1

static inline void input_transform(const vec *x, vec *v)
{
    v[0] = x[0] - x[2];
    v[1] = x[2] + x[1];
    v[2] = x[2] - x[1];
    v[3] = x[3] - x[1];
}

static inline void output_transform(const vec *m, vec *o)
{
    o[0] = m[0] + m[1] + m[2];
    o[1] = m[1] - m[2] + m[3];
}

#elif ALG == 4 || ALG == 25
#define P 6
#define NV 6
#define NU 6
#define NO (ALG == 4 ? 4 : 2)
#define STEP NO
#define TERM_OF          \
    {                    \
        0, 1, 2, 3, 4, 5 \
    }
#if ALG == 4
#define G_ROWS 1, 0, 0, 1, 1, 1, 1, -1, 1, 1, 2, 4, 1, -2, 4, 0, 0, 1
#else
#define TAPS 5
#define G_ROWS \
    1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, -1, 1, -1, 1, 1, 2, 4, 8, 16, 1, -2, 4, -8, 16, 0, 0, 0, 0, 1
#endif
#define G_OVER 4, 6, 6, 24, 24, 1

static inline void input_transform(const vec *x, vec *v)
{
    const vec even1 = x[4] - 4.0f * x[2], odd1 = x[3] - 4.0f * x[1];
    const vec even2 = x[4] - x[2], odd2 = 2.0f * (x[3] - x[1]);

    v[0] = 4.0f * x[0] + (x[4] - 5.0f * x[2]);
    v[1] = -(even1 + odd1);
    v[2] = odd1 - even1;
    v[3] = even2 + odd2;
    v[4] = even2 - odd2;
    v[5] = 4.0f * x[1] + (x[5] - 5.0f * x[3]);
}

static inline void output_transform(const vec *m, vec *o)
{
    const vec even1 = m[1] + m[2], odd1 = m[1] - m[2];
    const vec even2 = m[3] + m[4], odd2 = m[3] - m[4];

    o[0] = m[0] + even1 + even2;
#if ALG == 4
    o[1] = odd1 + 2.0f * odd2;
    o[2] = even1 + 4.0f * even2;
    o[3] = odd1 + 8.0f * odd2 + m[5];
#else
    o[1] = odd1 + 2.0f * odd2 + m[5];
#endif
}

#elif ALG == 8
#define P 10
#define NV 10
#define NU 10
#define NO 8
#define STEP 8
#define TERM_OF                      \
    {                                \
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9 \
    }
#define G_ROWS                                                                                   \
    1, 0, 0, 25, 10, 4, 25, -10, 4, 25, 20, 16, 25, -20, 16, 16, 20, 25, 16, -20, 25, 4, 10, 25, \
        4, -10, 25, 0, 0, 1
#define G_OVER 1, 32, 32, 32, 32, 32, 32, 32, 32, 1

/* The terms of the points t and -t; c are the coefficients of the polynomial of the other pairs. */
static inline void terms_of_pair(const vec *x, float t, float c2, float c1, float c0, vec *v)
{
    const vec even = x[8] + c2 * x[6] + c1 * x[4] + c0 * x[2];
    const vec odd = x[7] + c2 * x[5] + c1 * x[3] + c0 * x[1];

    v[0] = even + t * odd;
    v[1] = even - t * odd;
}

static inline void input_transform(const vec *x, vec *v)
{
    v[0] = x[0] + x[8] - 8.6125f * (x[2] + x[6]) + 16.118025f * x[4];
    terms_of_pair(x, 0.4f, -8.4525f, 14.765625f, -6.25f, v + 1);
    terms_of_pair(x, 0.8f, -7.9725f, 11.015625f, -1.5625f, v + 3);
    terms_of_pair(x, 1.25f, -7.05f, 5.1024f, -0.64f, v + 5);
    terms_of_pair(x, 2.5f, -2.3625f, 1.3524f, -0.16f, v + 7);
    v[9] = x[1] + x[9] - 8.6125f * (x[3] + x[7]) + 16.118025f * x[5];
}

static inline void output_transform(const vec *m, vec *o)
{
    const vec even1 = m[1] + m[2], odd1 = m[1] - m[2];
    const vec even2 = m[3] + m[4], odd2 = m[3] - m[4];
    const vec even3 = m[5] + m[6], odd3 = m[5] - m[6];
    const vec even4 = m[7] + m[8], odd4 = m[7] - m[8];

    o[0] = m[0] - 0.975660205f * even1 + 0.402558987f * even2 - 0.105528423f * even3 +
           0.0039963042f * even4;
    o[1] = -0.390264082f * odd1 + 0.32204719f * odd2 - 0.131910529f * odd3 + 0.0099907605f * odd4;
    o[2] =
        -0.156105633f * even1 + 0.257637752f * even2 - 0.164888161f * even3 + 0.0249769012f * even4;
    o[3] = -0.0624422531f * odd1 + 0.206110201f * odd2 - 0.206110201f * odd3 + 0.0624422531f * odd4;
    o[4] =
        -0.0249769012f * even1 + 0.164888161f * even2 - 0.257637752f * even3 + 0.156105633f * even4;
    o[5] = -0.0099907605f * odd1 + 0.131910529f * odd2 - 0.32204719f * odd3 + 0.390264082f * odd4;
    o[6] =
        -0.0039963042f * even1 + 0.105528423f * even2 - 0.402558987f * even3 + 0.975660205f * even4;
    o[7] = m[9] - 0.00159852168f * odd1 + 0.0844227385f * odd2 - 0.503198734f * odd3 +
           2.43915051f * odd4;
}

#elif ALG == 12
#define P 3
#define NV 3
#define NU 3
#define NO 2
#define STEP 1
#define TERM_OF \
    {           \
        0, 1, 2 \
    }
#define G_ROWS 1, 1, 1, 1, 0, 0, 0, 0, 1
#define G_OVER 1, 1, 1

static inline void input_transform(const vec *x, vec *v)
{
    v[0] = x[1];
    v[1] = x[0] - x[1];
    v[2] = x[2] - x[1];
}

static inline void output_transform(const vec *m, vec *o)
{
    o[0] = m[0] + m[1];
    o[1] = m[0] + m[2];
}

#elif ALG == 14
#define P 4
#define NV 4
#define NU 5
#define NO 4
#define STEP 2
#define TERM_OF       \
    {                 \
        0, 1, 2, 2, 3 \
    }
#define G_ROWS 1, 0, 0, 1, 1, 1, 1, -1, -1, 1, 1, -1, 0, 0, 1
#define G_OVER 1, 2, 2, 2, 1

static inline void input_transform(const vec *x, vec *v)
{
    v[0] = x[0] - x[2];
    v[1] = x[2] + x[1];
    v[2] = x[2] - x[1];
    v[3] = x[3] - x[1];
}

static inline void output_transform(const vec *m, vec *o)
{
    o[0] = m[0] + m[1] + m[2];
    o[1] = m[1] - m[3];
    o[2] = m[1] - m[2];
    o[3] = m[1] + m[3] + m[4];
}

#elif ALG == 18
#define P 6
#define NV 6
#define NU 9
#define NO 8
#define STEP 4
#define TERM_OF                   \
    {                             \
        0, 1, 2, 2, 3, 3, 4, 4, 5 \
    }
#define G_ROWS 1, 0, 0, 1, 1, 1, 1, -1, -1, 1, 1, -1, 1, 2, 2, 1, 1, 2, 2, -1, -1, 2, 2, -1, 0, 0, 1
#define G_OVER 1, 3, 3, 3, 15, 15, 1.875f, 1.875f, 1

static inline void input_transform(const vec *x, vec *v)
{
    const vec far0 = x[2] - x[0], far1 = x[3] - x[1], far2 = x[4] - x[2], far3 = x[5] - x[3];
    const vec one = 1.5f * x[2] - far1, two = 1.5f * x[3] - far2;

    v[0] = far2 - 1.5f * far1 - far0;
    v[1] = one + two;
    v[2] = one - two;
    v[3] = far2 + 0.5f * far1;
    v[4] = 2.0f * far1 - far2;
    v[5] = far3 - 1.5f * far2 - far1;
}

static inline void output_transform(const vec *m, vec *o)
{
    const vec first = m[1] - m[2], first_even = m[1] + m[2];
    const vec second = m[1] - m[3], second_even = m[1] + m[3];

    o[0] = m[0] + first_even + m[4] + m[6];
    o[1] = second + 2.0f * m[5] - 0.5f * m[7];
    o[2] = first + 2.0f * m[4] - 0.5f * m[6];
    o[3] = second_even + 4.0f * m[5] + 0.25f * m[7];
    o[4] = first_even + 4.0f * m[4] + 0.25f * m[6];
    o[5] = second + 8.0f * m[5] - 0.125f * m[7];
    o[6] = first + 8.0f * m[4] - 0.125f * m[6];
    o[7] = second_even + 16.0f * m[5] + 0.0625f * m[7] + m[8];
}

#elif ALG == 74
#define P 6
#define NV 6
#define NU 9
#define NO 7
#define STEP 4
#define TERM_OF                   \
    {                             \
        0, 1, 2, 2, 3, 3, 4, 4, 5 \
    }
#define G_ROWS 1, 0, 0, 1, 1, 1, 1, -1, -1, 1, 1, -1, 2, -1, -1, 2, 2, -1, 0, 1, 1, 0, 0, 1, 0, 0, 1
#define G_OVER 1, 3, 1, 1, 0.75f, 0.75f, 2, 2, 1

static inline void input_transform(const vec *x, vec *v)
{
    const vec far0 = x[2] - x[0], far1 = x[3] - x[1], far2 = x[4] - x[2];
    const vec one = x[2] + 0.5f * x[1], two = x[3] + 0.5f * x[2];

    v[0] = -2.0f * far1 - far0;
    v[1] = one + two;
    v[2] = one - two;
    v[3] = far1;
    v[4] = 2.0f * far2 + far1;
    v[5] = x[5] - x[4];
}

static inline void output_transform(const vec *m, vec *o)
{
    const vec first = m[1] - m[2], first_even = m[1] + m[2];
    const vec second = m[1] - m[3], second_even = m[1] + m[3];

    o[0] = m[0] + first_even + m[4];
    o[1] = second - 0.5f * m[5];
    o[2] = first - 0.5f * m[4];
    o[3] = second_even + 0.25f * m[5];
    o[4] = first_even + 0.25f * m[4];
    o[5] = second - 0.125f * m[5] + m[7];
    o[6] = first - 0.125f * m[4] + m[6] + m[8];
}

#else
#error "ALG must be 2, 4, 8, 12, 14, 18, 25 or 74"
#endif

#ifndef TAPS
#define TAPS 3
#endif
