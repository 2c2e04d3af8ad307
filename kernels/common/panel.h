/*
 * panel.h - the register tile of a matrix product: MR rows by a panel of NR columns.
 *
 * Math       acc[r,j] = sum_k row[r][k] * w[k,j]
 *
 * Tunables   VW   elements of a vector            common/vec.h, included before
 *            NV   vectors of a tile, NR = NV * VW default 2    1 | 2
 *            MR   rows of a tile                  default 4    1 .. 16
 *            W_HALF                               common/weight.h, included before
 *            The loops over a tile are unrolled by request, which keeps the sums in registers
 *            (PoCL 3.1, AVX-512, M 50, N 3072, K 768: 188 instead of 53 GFLOP/s).
 *
 * Numerics   sums in fp32, k ascending.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     the micro-kernel of BLIS (Van Zee, van de Geijn 2015)
 */
#ifndef NV
#define NV 2
#endif
#ifndef MR
#define MR 4
#endif

#define NR (NV * VW)

/* Rows x[m0 .. m0+MR), `step` elements apart, and sums that are zero yet; rows past the end, M, repeat the
 * last one, and their sums are dropped. */
static inline void start_tile(__global const float *row[MR], vec acc[MR][NV],
                              __global const float *x, int m0, int M, int step)
{
#pragma unroll
    for (int r = 0; r < MR; r++) {
        row[r] = x + (size_t)min(m0 + r, M - 1) * (size_t)step;
#pragma unroll
        for (int v = 0; v < NV; v++)
            acc[r][v] = (vec)(0.0f);
    }
}

/* The products of one k: a statement, as compilers choose worse addresses for a function's (clang 15,
 * AVX-512, MR 14: 159 instead of 111 instructions a k of linear_block). */
#define MULTIPLY_COLUMN(row, acc, w, k)                                                       \
    {                                                                                         \
        vec b[NV];                                                                            \
        _Pragma("unroll") for (int v = 0; v < NV; v++) b[v] = WLOAD((size_t)((k)*NV + v), w); \
        _Pragma("unroll") for (int r = 0; r < MR; r++)                                        \
            _Pragma("unroll") for (int v = 0; v < NV; v++) acc[r][v] += row[r][k] * b[v];     \
    }

/* w: [K, NR] */
static inline void multiply_panel(__global const float *row[MR], vec acc[MR][NV],
                                  __global const WEIGHT *w, int K)
{
    for (int k = 0; k < K; k++)
        MULTIPLY_COLUMN(row, acc, w, k);
}
