/*
 * bilinear.h - bilinear algorithms of a convolution of TAPS taps, in one dimension, on vectors of channels.
 *
 * Math       o = A ((G g) * (B x)): NO outputs of the taps g from P inputs x by NU products. In two
 *            dimensions both axes are transformed. B and A are the functions here, with the sums
 *            that two rows share made once. G[u] is TAPS numbers of G_ROWS over one of G_OVER:
 *            rows of 0 and powers of two (pack/bilinear.cl says why).
 *            Product u multiplies input term TERM_OF[u], one of NV: a term may serve two products.
 *            Tile t reads inputs from t*STEP - TAPS/2 (zero outside) and gives outputs from
 *            t*NO + OFFSET (dropped outside).
 *
 * Tunables   ALG  2, 4, 6   F(2,3), F(4,3), F(6,3): plain convolution, pad 1
 *                 25        F(2,5): plain convolution of 5 taps, pad 2
 *                 12        nearest x2 before the convolution, 2 outputs from 3 inputs
 *                 16        nearest x2 before the convolution, 6 outputs from 4 inputs
 *                 74        nearest x7/4 before the convolution, 7 outputs from 6 inputs
 *
 * Source     Toom-Cook points 0, 1, -1, 2, -2, 1/2, -1/2, infinity in this order, as far as they
 *            are needed (Lavin, Gray 2016, arXiv:1509.09308). Behind a nearest resize the taps
 *            a, b, c of an output meet two or one different pixels, so that each output is one of
 *            the 2-tap filters (a, b+c) and (a+b, c), or a+b+c of a single pixel. ALG 16 is F(3,2)
 *            at 1, -1, 0, infinity for both filters: they agree at 1, where they share a product.
 *            ALG 74 is that for outputs 1 to 5 of seven and a part of 6, and three more products.
 *            ALG 12 is (a+b+c) x1 + a (x0 - x1) and (a+b+c) x1 + c (x2 - x1).
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
#define OFFSET 0
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
#define OFFSET 0
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

#elif ALG == 6
#define P 8
#define NV 8
#define NU 8
#define NO 6
#define STEP 6
#define OFFSET 0
#define TERM_OF                \
    {                          \
        0, 1, 2, 3, 4, 5, 6, 7 \
    }
#define G_ROWS 1, 0, 0, 1, 1, 1, 1, -1, 1, 1, 2, 4, 1, -2, 4, 4, 2, 1, 4, -2, 1, 0, 0, 1
#define G_OVER 1, 4.5f, 4.5f, 90, 90, 5.625f, 5.625f, 1

static inline void input_transform(const vec *x, vec *v)
{
    const vec even1 = x[2] + x[6] - 4.25f * x[4], odd1 = x[1] + x[5] - 4.25f * x[3];
    const vec even2 = x[6] + 0.25f * x[2] - 1.25f * x[4];
    const vec odd2 = 0.5f * x[1] - 2.5f * x[3] + 2.0f * x[5];
    const vec even3 = x[6] + 4.0f * x[2] - 5.0f * x[4];
    const vec odd3 = 2.0f * x[1] - 2.5f * x[3] + 0.5f * x[5];

    v[0] = x[0] - x[6] + 5.25f * (x[4] - x[2]);
    v[1] = -(even1 + odd1);
    v[2] = odd1 - even1;
    v[3] = even2 + odd2;
    v[4] = even2 - odd2;
    v[5] = even3 + odd3;
    v[6] = even3 - odd3;
    v[7] = x[7] - x[1] + 5.25f * (x[3] - x[5]);
}

static inline void output_transform(const vec *m, vec *o)
{
    const vec even1 = m[1] + m[2], odd1 = m[1] - m[2];
    const vec even2 = m[3] + m[4], odd2 = m[3] - m[4];
    const vec even3 = m[5] + m[6], odd3 = m[5] - m[6];

    o[0] = m[0] + even1 + even2 + even3;
    o[1] = odd1 + 2.0f * odd2 + 0.5f * odd3;
    o[2] = even1 + 4.0f * even2 + 0.25f * even3;
    o[3] = odd1 + 8.0f * odd2 + 0.125f * odd3;
    o[4] = even1 + 16.0f * even2 + 0.0625f * even3;
    o[5] = odd1 + 32.0f * odd2 + 0.03125f * odd3 + m[7];
}

#elif ALG == 12
#define P 3
#define NV 3
#define NU 3
#define NO 2
#define STEP 1
#define OFFSET 0
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

#elif ALG == 16
#define P 4
#define NV 4
#define NU 7
#define NO 6
#define STEP 3
#define OFFSET (-1)
#define TERM_OF             \
    {                       \
        0, 1, 2, 3, 1, 2, 3 \
    }
#define G_ROWS 1, 1, 1, 1, -1, -1, 1, 0, 0, 0, 1, 1, 1, 1, -1, 1, 1, 0, 0, 0, 1
#define G_OVER 2, 2, 1, 1, 2, 1, 1

static inline void input_transform(const vec *x, vec *v)
{
    v[0] = x[2] + x[1];
    v[1] = x[2] - x[1];
    v[2] = x[0] - x[2];
    v[3] = x[3] - x[1];
}

static inline void output_transform(const vec *m, vec *o)
{
    const vec first = m[0] + m[1], second = m[0] + m[4];

    o[0] = second + m[5];
    o[1] = first + m[2];
    o[2] = m[0] - m[4];
    o[3] = m[0] - m[1];
    o[4] = second + m[6];
    o[5] = first + m[3];
}

#elif ALG == 74
#define P 6
#define NV 7
#define NU 10
#define NO 7
#define STEP 4
#define OFFSET 0
#define TERM_OF                      \
    {                                \
        0, 1, 2, 3, 1, 2, 3, 4, 5, 6 \
    }
#define G_ROWS \
    1, 1, 1, 1, -1, -1, 1, 0, 0, 0, 1, 1, 1, 1, -1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1
#define G_OVER 2, 2, 1, 1, 2, 1, 1, 1, 1, 1

static inline void input_transform(const vec *x, vec *v)
{
    v[0] = x[3] + x[2];
    v[1] = x[3] - x[2];
    v[2] = x[1] - x[3];
    v[3] = x[4] - x[2];
    v[4] = x[1];
    v[5] = x[0] - x[1];
    v[6] = x[5] - x[4];
}

static inline void output_transform(const vec *m, vec *o)
{
    const vec first = m[0] + m[1], second = m[0] + m[4];

    o[0] = m[7] + m[8];
    o[1] = second + m[5];
    o[2] = first + m[2];
    o[3] = m[0] - m[4];
    o[4] = m[0] - m[1];
    o[5] = second + m[6];
    o[6] = first + m[3] + m[9];
}

#else
#error "ALG must be 2, 4, 6, 12, 16, 25 or 74"
#endif

#ifndef TAPS
#define TAPS 3
#endif
