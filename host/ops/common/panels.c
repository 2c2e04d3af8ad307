/* panels.c - packing of weights into panels. */
#include "host/ops/common/panels.h"

static void pack(float *dst, const float *src, size_t N, size_t K, size_t nr, size_t step_n,
                 size_t step_k)
{
    for (size_t n0 = 0; n0 < N; n0 += nr)
        for (size_t k = 0; k < K; k++)
            for (size_t j = 0; j < nr; j++)
                *dst++ = n0 + j < N ? src[(n0 + j) * step_n + k * step_k] : 0.0f;
}

static size_t bytes_nk(const gcl_shape *s, size_t nr)
{
    return gcl_round_up(s->dim[0], nr) * (gcl_shape_count(s) / s->dim[0]) * sizeof(float);
}

static void pack_nk(void *dst, const float *src, const gcl_shape *s, size_t nr)
{
    const size_t K = gcl_shape_count(s) / s->dim[0];

    pack(dst, src, s->dim[0], K, nr, K, 1);
}

static size_t bytes_kn(const gcl_shape *s, size_t nr)
{
    return gcl_round_up(s->dim[1], nr) * s->dim[0] * sizeof(float);
}

static void pack_kn(void *dst, const float *src, const gcl_shape *s, size_t nr)
{
    pack(dst, src, s->dim[1], s->dim[0], nr, 1, s->dim[1]);
}

const gcl_packing *gcl_panels(size_t nr, bool kn)
{
    static const gcl_packing packings[][2] = {
        {{"panels_nk8", 8, bytes_nk, pack_nk}, {"panels_kn8", 8, bytes_kn, pack_kn}},
        {{"panels_nk16", 16, bytes_nk, pack_nk}, {"panels_kn16", 16, bytes_kn, pack_kn}},
        {{"panels_nk32", 32, bytes_nk, pack_nk}, {"panels_kn32", 32, bytes_kn, pack_kn}},
    };

    return &packings[nr == 8 ? 0 : nr == 16 ? 1 : 2][kn];
}
