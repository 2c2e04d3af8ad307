/*
 * test_noise.c - normal_noise bit for bit: the device against C code that performs the sequence of
 * operations which kernels/normal_noise.cl documents, both against a checksum, that code against
 * double precision, and the numbers against the normal distribution.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "host/context.h"
#include "host/ops/normal_noise.h"
#include "host/plan.h"

enum { N_MANY = 100000 };

/* FNV-1a of the first N_MANY numbers of many_key, each as four bytes, low byte first */
static const uint64_t many_checksum = UINT64_C(0xbc5d2fd1002626c2);
static const uint32_t many_key[4] = {0x2468ACE0u, 0x13579BDFu, 7, 1};

/* ---- the documented sequence in C ---- */

static void philox(uint32_t c[4], uint32_t k0, uint32_t k1)
{
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        const uint64_t p0 = (uint64_t)c[0] * 0xD2511F53u, p1 = (uint64_t)c[2] * 0xCD9E8D57u;
        const uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ k0, (uint32_t)p1,
                                  (uint32_t)(p0 >> 32) ^ c[3] ^ k1, (uint32_t)p0};
        memcpy(c, next, sizeof next);
    }
}

static uint32_t bits_of(float v)
{
    uint32_t u;

    memcpy(&u, &v, sizeof u);
    return u;
}

static float float_of(uint32_t u)
{
    float v;

    memcpy(&v, &u, sizeof v);
    return v;
}

static float polynomial(float x, const float *c, int n) /* c[0] is the highest power's */
{
    float p = c[0];

    for (int i = 1; i < n; i++)
        p = fmaf(p, x, c[i]);
    return p;
}

static float middle(uint32_t w)
{
    return fmaf((float)(w >> 16), 65536.0f, (float)(w & 0xFFFF) + 0.5f);
}

static float log_unit(uint32_t w)
{
    static const float c[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                              -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                              2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
    const uint32_t bits = bits_of(middle(w) * 0x1p-32f) + 0x3F800000u - 0x3F3504F3u;
    const int e = (int)(bits >> 23) - 127;
    const float f =
        e == 0 ? middle(~w) * -0x1p-32f : float_of((bits & 0x7FFFFFu) + 0x3F3504F3u) - 1.0f;
    const float f2 = f * f;
    float p = polynomial(f, c, 9) * f;

    p = p * f2;
    p = fmaf((float)e, -2.12194440e-4f, p);
    p = fmaf(f2, -0.5f, p);
    p = p + f;
    return fmaf((float)e, 0.693359375f, p);
}

static float root(float v)
{
    float y = float_of(0x5F375A86u - (bits_of(v) >> 1)), s;

    for (int i = 0; i < 2; i++) {
        const float t = y * y;
        y *= fmaf(-0.5f * v, t, 1.5f);
    }
    s = v * y;
    return fmaf(fmaf(-s, s, v), 0.5f * y, s);
}

static void box_muller(float out[2], uint32_t w_radius, uint32_t w_angle)
{
    static const float sine[] = {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f};
    static const float cosine[] = {2.443315711809948e-5f, -1.388731625493765e-3f,
                                   4.166664568298827e-2f, -0.5f, 1.0f};
    const float r = root(-2.0f * log_unit(w_radius));
    const uint32_t quadrant = (w_angle + 0x20000000u) >> 30, rest = w_angle - (quadrant << 30);
    const float x = rest >> 31 ? -(middle(~rest) * 1.46291807926715968e-9f)
                               : middle(rest) * 1.46291807926715968e-9f;
    const float x2 = x * x, x3 = x2 * x;
    const float s = fmaf(polynomial(x2, sine, 3), x3, x), c = polynomial(x2, cosine, 5);
    const float turned[4][2] = {{c, s}, {-s, c}, {-c, -s}, {s, -c}};

    out[0] = r * turned[quadrant & 3][0];
    out[1] = r * turned[quadrant & 3][1];
}

static void noise(float *y, const uint32_t key[4], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t w[4] = {(uint32_t)(i / 4), key[2], key[3], 0};
        const size_t pair = i % 4 / 2;
        float z[2];

        philox(w, key[0], key[1]);
        box_muller(z, w[2 * pair], w[2 * pair + 1]);
        y[i] = z[i % 2];
    }
}

/* ---- the device ---- */

static gcl_context *ctx;

static int open_device(void **state)
{
    gcl_error err = GCL_ERROR_INIT;
    gcl_device_info device;
    gcl_status st;

    (void)state;
    st = gcl_device_find(&device, NULL, &err);
    if (st == GCL_OK)
        st = gcl_context_create(&ctx, &device, &err);
    if (st != GCL_OK)
        print_error("%s\n", err.message);
    gcl_error_clear(&err);
    return st != GCL_OK;
}

static int close_device(void **state)
{
    (void)state;
    gcl_context_destroy(ctx);
    return 0;
}

static void device_noise(float *y, const uint32_t *key, size_t B, size_t n)
{
    gcl_status st = GCL_OK;
    gcl_error err = GCL_ERROR_INIT;
    gcl_graph *g = NULL;
    gcl_plan *plan = NULL;

    GCL_TRY(gcl_graph_create(&g, &err));
    gcl_graph_output(g, gcl_normal_noise(g, gcl_graph_input(g, "key", GCL_I32, GCL_SHAPE(B, 4)), n),
                     "y");
    GCL_TRY(gcl_graph_status(g, &err));
    GCL_TRY(gcl_plan_create(&plan, ctx, g, NULL, NULL, &err));
    GCL_TRY(gcl_plan_write(plan, "key", key, B * 4 * sizeof *key, &err));
    GCL_TRY(gcl_plan_run(plan, &err));
    GCL_TRY(gcl_plan_read(plan, "y", y, B * n * sizeof *y, &err));
done:
    gcl_plan_destroy(plan);
    gcl_graph_destroy(g);
    if (st != GCL_OK)
        fail_msg("%s", err.message);
    gcl_error_clear(&err);
}

static void assert_bits(const float *got, const float *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bits_of(got[i]) != bits_of(want[i]))
            fail_msg("number %zu: got %.9g (%08x), want %.9g (%08x)", i, (double)got[i],
                     bits_of(got[i]), (double)want[i], bits_of(want[i]));
}

/* ---- tests ---- */

static void philox_gives_the_published_words(void **state)
{
    /* counter, key, result: kat_vectors of Random123 */
    static const uint32_t known[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8},
        {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, 0x408F276D,
         0x41C83B0E, 0xA20BC7C6, 0x6D5451FD},
        {0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0, 0xD16CFE09,
         0x94FDCCEB, 0x5001E420, 0x24126EA1},
    };

    (void)state;
    for (int i = 0; i < 3; i++) {
        uint32_t c[4];
        memcpy(c, known[i], sizeof c);
        philox(c, known[i][4], known[i][5]);
        assert_memory_equal(c, known[i] + 6, sizeof c);
    }
}

static void device_gives_the_documented_bits(void **state)
{
    static const uint32_t keys[4][4] = {
        {0, 0, 0, 0},
        {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
        {1, 0, 0, 0},
        {0x2468ACE0u, 0x13579BDFu, 7, 1}, /* many_key */
    };
    float *got = malloc(4 * N_MANY * sizeof *got), *want = malloc(N_MANY * sizeof *want);
    uint64_t checksum = GCL_FNV1A64_INIT;

    (void)state;
    assert_true(got != NULL && want != NULL);
    device_noise(got, keys[0], 4, N_MANY);
    for (size_t b = 0; b < 4; b++) {
        noise(want, keys[b], N_MANY);
        assert_bits(got + b * N_MANY, want, N_MANY);
    }
    for (size_t i = 0; i < N_MANY; i++) {
        const uint32_t u = bits_of(got[3 * N_MANY + i]);
        const unsigned char bytes[] = {u & 255, u >> 8 & 255, u >> 16 & 255, u >> 24};
        checksum = gcl_fnv1a64(checksum, bytes, sizeof bytes);
    }
    if (checksum != many_checksum)
        fail_msg("checksum is %016llx, want %016llx", (unsigned long long)checksum,
                 (unsigned long long)many_checksum);
    free(got);
    free(want);
}

/* Relative error of both numbers of a pair against double precision, in units of 2^-24. The angle is
 * taken within its quarter turn, so that no sine loses digits next to a multiple of pi. */
static double pair_error(uint32_t w_radius, uint32_t w_angle)
{
    const double two_pi = 2.0 * acos(-1.0);
    const double r = sqrt(-2.0 * log1p(-((double)(UINT32_MAX - w_radius) + 0.5) * 0x1p-32));
    const double turns = ((double)(w_angle & 0x3FFFFFFF) + 0.5) * 0x1p-32;
    const double s = r * sin(two_pi * turns), c = r * sin(two_pi * (0.25 - turns));
    const double turned[4][2] = {{c, s}, {-s, c}, {-c, -s}, {s, -c}}, *want = turned[w_angle >> 30];
    float z[2];

    box_muller(z, w_radius, w_angle);
    return 0x1p24 * fmax(fabs((double)z[0] / want[0] - 1), fabs((double)z[1] / want[1] - 1));
}

static void numbers_are_accurate_to_the_tails(void **state)
{
    static const uint32_t edges[] = {0,          1,          0x1FFFFFFF, 0x20000000, 0x3FFFFFFF,
                                     0x40000000, 0x5FFFFFFF, 0x60000000, 0x7FFFFFFF, 0x80000000,
                                     0xB504F332, 0xB504F333, 0xB504F334, 0xBFFFFFFF, 0xFFFFFF7F,
                                     0xFFFFFF80, 0xFFFFFFFE, 0xFFFFFFFF};
    const size_t n = sizeof edges / sizeof *edges;
    double worst = 0;

    (void)state;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            worst = fmax(worst, pair_error(edges[i], edges[j]));
    for (uint32_t i = 0; i < 1000000; i++) {
        uint32_t w[4] = {i, 0, 0, 0};
        philox(w, 3, 0);
        worst = fmax(worst, pair_error(w[0], w[1]));
        worst = fmax(worst, pair_error(w[2] >> (i & 31), w[3] >> (i >> 5 & 31)));
        worst = fmax(worst, pair_error(~(w[2] >> (i & 31)), 0u - (w[3] >> (i >> 5 & 31))));
    }
    print_message("worst relative error: %.2f * 2^-24\n", worst);
    assert_true(worst < 6.0);
}

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Limits: four standard errors of each moment; Kolmogorov's distance at p = 0.001. */
static void numbers_are_normal(void **state)
{
    float *y = malloc(N_MANY * sizeof *y);
    const double n = N_MANY;
    double m1 = 0, m2 = 0, m4 = 0, distance = 0;

    (void)state;
    assert_non_null(y);
    device_noise(y, many_key, 1, N_MANY);
    for (int i = 0; i < N_MANY; i++)
        m1 += (double)y[i] / n;
    for (int i = 0; i < N_MANY; i++) {
        const double d = ((double)y[i] - m1) * ((double)y[i] - m1);
        m2 += d / n;
        m4 += d * d / n;
    }
    qsort(y, N_MANY, sizeof *y, ascending);
    for (int i = 0; i < N_MANY; i++) {
        const double cdf = 0.5 * erfc(-(double)y[i] / sqrt(2.0));
        distance = fmax(distance, fmax(cdf - i / n, (i + 1) / n - cdf));
    }
    free(y);
    print_message("mean %.5f, variance %.5f, kurtosis %.5f, distance %.5f\n", m1, m2,
                  m4 / (m2 * m2), distance);
    assert_true(fabs(m1) < 4.0 * sqrt(1.0 / n));
    assert_true(fabs(m2 - 1.0) < 4.0 * sqrt(2.0 / n));
    assert_true(fabs(m4 / (m2 * m2) - 3.0) < 4.0 * sqrt(24.0 / n));
    assert_true(distance < 1.95 / sqrt(n));
}

static void rows_depend_on_their_key_only(void **state)
{
    enum { B = 5, N = 103, SHORT = 30 };
    uint32_t keys[B][4], turned[B][4];
    float rows[B][N], again[B][N], alone[N], begin[SHORT];

    (void)state;
    for (uint32_t b = 0; b < B; b++) /* one word of the key differs from row to row */
        for (uint32_t j = 0; j < 4; j++)
            keys[b][j] = 11 * j + (b == j + 1);
    for (size_t b = 0; b < B; b++)
        memcpy(turned[b], keys[B - 1 - b], sizeof turned[b]);
    device_noise(rows[0], keys[0], B, N);
    device_noise(again[0], turned[0], B, N);
    for (size_t b = 0; b < B; b++) {
        device_noise(alone, keys[b], 1, N);
        device_noise(begin, keys[b], 1, SHORT);
        assert_bits(again[B - 1 - b], rows[b], N);
        assert_bits(alone, rows[b], N);
        assert_bits(begin, rows[b], SHORT);
        for (size_t other = 0; other < b; other++)
            for (size_t i = 0; i < N; i++)
                assert_true(bits_of(rows[b][i]) != bits_of(rows[other][i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_words),
        cmocka_unit_test(device_gives_the_documented_bits),
        cmocka_unit_test(numbers_are_accurate_to_the_tails),
        cmocka_unit_test(numbers_are_normal),
        cmocka_unit_test(rows_depend_on_their_key_only),
    };

    return cmocka_run_group_tests(tests, open_device, close_device);
}
