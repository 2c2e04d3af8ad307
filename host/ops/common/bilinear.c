/* bilinear.c - matrices G of the bilinear algorithms, and weights transformed by them. */
#include "host/ops/common/bilinear.h"

enum { N_ALGORITHMS = GCL_BILINEAR_X7_4 + 1 };

/* B and A to these G are the functions of kernels/common/bilinear.h, which tells their source. */
static const gcl_bilinear algorithms[N_ALGORITHMS] = {
    [GCL_BILINEAR_F2] =
        {2, 1, 1, 4, 4, 2, 0, {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}},
    [GCL_BILINEAR_F4] = {4,
                         1,
                         1,
                         6,
                         6,
                         4,
                         0,
                         {{1.0 / 4, 0, 0},
                          {1.0 / 6, 1.0 / 6, 1.0 / 6},
                          {1.0 / 6, -1.0 / 6, 1.0 / 6},
                          {1.0 / 24, 1.0 / 12, 1.0 / 6},
                          {1.0 / 24, -1.0 / 12, 1.0 / 6},
                          {0, 0, 1}}},
    [GCL_BILINEAR_F6] = {6,
                         1,
                         1,
                         8,
                         8,
                         6,
                         0,
                         {{1, 0, 0},
                          {2.0 / 9, 2.0 / 9, 2.0 / 9},
                          {2.0 / 9, -2.0 / 9, 2.0 / 9},
                          {1.0 / 90, 1.0 / 45, 2.0 / 45},
                          {1.0 / 90, -1.0 / 45, 2.0 / 45},
                          {32.0 / 45, 16.0 / 45, 8.0 / 45},
                          {32.0 / 45, -16.0 / 45, 8.0 / 45},
                          {0, 0, 1}}},
    [GCL_BILINEAR_X2_2] = {12, 2, 1, 3, 3, 2, 0, {{1, 1, 1}, {1, 0, 0}, {0, 0, 1}}},
    [GCL_BILINEAR_X2_6] = {16,
                           2,
                           1,
                           4,
                           7,
                           6,
                           -1,
                           {{0.5, 0.5, 0.5},
                            {0.5, -0.5, -0.5},
                            {1, 0, 0},
                            {0, 1, 1},
                            {0.5, 0.5, -0.5},
                            {1, 1, 0},
                            {0, 0, 1}}},
    [GCL_BILINEAR_X7_4] = {74,
                           7,
                           4,
                           7,
                           10,
                           7,
                           0,
                           {{0.5, 0.5, 0.5},
                            {0.5, -0.5, -0.5},
                            {1, 0, 0},
                            {0, 1, 1},
                            {0.5, 0.5, -0.5},
                            {1, 1, 0},
                            {0, 0, 1},
                            {1, 1, 1},
                            {1, 0, 0},
                            {0, 0, 1}}},
};

const gcl_bilinear *gcl_bilinear_get(gcl_bilinear_name name)
{
    return &algorithms[name];
}

size_t gcl_bilinear_tiles(const gcl_bilinear *b, size_t n)
{
    return gcl_div_up((size_t)((ptrdiff_t)n - b->offset), b->NO);
}

/* param: the algorithm times 32, and the vector width. */
static size_t bytes(const gcl_shape *w, size_t param)
{
    const gcl_bilinear *b = &algorithms[param / 32];
    const size_t vw = param % 32;

    return gcl_round_up(w->dim[0], 2 * vw) * b->NU * b->NU * gcl_round_up(w->dim[1], vw) *
           sizeof(float);
}

/* out[u] = G w G^T; the elements of out are step floats apart. */
static void transform(float *out, size_t step, const gcl_bilinear *b, const float *w)
{
    double rows[GCL_BILINEAR_MAX_PRODUCTS][3];

    for (size_t u = 0; u < b->NU; u++)
        for (int k = 0; k < 3; k++)
            rows[u][k] = b->G[u][0] * (double)w[k] + b->G[u][1] * (double)w[3 + k] +
                         b->G[u][2] * (double)w[6 + k];
    for (size_t u = 0; u < b->NU; u++)
        for (size_t v = 0; v < b->NU; v++)
            out[(u * b->NU + v) * step] =
                (float)(rows[u][0] * b->G[v][0] + rows[u][1] * b->G[v][1] +
                        rows[u][2] * b->G[v][2]);
}

static void pack(void *dst, const float *src, const gcl_shape *w, size_t param)
{
    const gcl_bilinear *b = &algorithms[param / 32];
    const size_t O = w->dim[0], I = w->dim[1], nr = 2 * (param % 32);
    const size_t step = gcl_round_up(I, param % 32) * nr;

    memset(dst, 0, bytes(w, param));
    for (size_t o = 0; o < O; o++)
        for (size_t i = 0; i < I; i++)
            transform((float *)dst + o / nr * b->NU * b->NU * step + i * nr + o % nr, step, b,
                      src + (o * I + i) * 9);
}

#define PACKING(name, vw)                                                     \
    {                                                                         \
        "bilinear_" #name "_" #vw, GCL_BILINEAR_##name * 32 + vw, bytes, pack \
    }
#define PACKINGS(name) [GCL_BILINEAR_##name] = {PACKING(name, 8), PACKING(name, 16)}

const gcl_packing *gcl_bilinear_packing(gcl_bilinear_name name, size_t vw)
{
    static const gcl_packing packings[N_ALGORITHMS][2] = {
        PACKINGS(F2), PACKINGS(F4), PACKINGS(F6), PACKINGS(X2_2), PACKINGS(X2_6), PACKINGS(X7_4)};

    return &packings[name][vw == 16];
}
