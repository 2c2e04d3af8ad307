/*
 * tile.h - a work-group's part of a matrix product: BK terms of BM x BN sums, from tiles in local memory
 * to registers.
 *
 * Math       acc[m][n] += sum_k a[k][row m] * b[k][column n], k ascending
 *
 * Launch     WG = BM/TM * BN/TN work-items. Neighbours share rows and take neighbouring columns,
 *            four each, so that a vector load of all of them meets each bank of local memory once:
 *            the work-item's column 4v + c is tile_column(v) + c, its row 4v + c is tile_row(v) + c.
 *
 * Tunables   BM   rows of a group's tile       default 64   a multiple of TM
 *            BN   columns of it                default 64   a multiple of TN
 *            BK   terms of a step              default 16   >= 1
 *            TM   rows of a work-item          default 4    a multiple of 4
 *            TN   columns of a work-item       default 4    a multiple of 4
 *
 * Numerics   sums in fp32
 * Needs      OpenCL C 1.2, no extensions; cl_intel_required_subgroup_size where it is.
 * Source     register tiles out of local memory: Volkov, Demmel 2008 (doi:10.5555/1413370.1413402)
 */
#ifndef BM
#define BM 64
#endif
#ifndef BN
#define BN 64
#endif
#ifndef BK
#define BK 16
#endif
#ifndef TM
#define TM 4
#endif
#ifndef TN
#define TN 4
#endif

#define TILES_N (BN / TN)
#define WG (BM / TM * TILES_N)
#define TMV (TM / 4)
#define TNV (TN / 4)

#if TM % 4 != 0 || TN % 4 != 0 || BM % TM != 0 || BN % TN != 0
#error "tile: TM and TN must be multiples of 4, BM of TM, BN of TN"
#endif
#if BM / TM * BN > BK * (BM + BN)
#error "tile: a row of each work-item's sums must fit the local memory of the tiles"
#endif

/* Intel's compiler takes 32 work-items together where it can, whose sums do not fit the registers. */
#ifdef cl_intel_required_subgroup_size
#define TILE_KERNEL \
    __attribute__((reqd_work_group_size(WG, 1, 1))) __attribute__((intel_reqd_sub_group_size(16)))
#else
#define TILE_KERNEL __attribute__((reqd_work_group_size(WG, 1, 1)))
#endif

static inline int tile_row(int v)
{
    return v * (BM / TMV) + (int)get_local_id(0) / TILES_N * 4;
}

static inline int tile_column(int v)
{
    return v * (BN / TNV) + (int)get_local_id(0) % TILES_N * 4;
}

static inline void tile_clear(float4 acc[TM][TNV])
{
#pragma unroll
    for (int m = 0; m < TM; m++)
#pragma unroll
        for (int n = 0; n < TNV; n++)
            acc[m][n] = (float4)(0.0f);
}

/* a: [BK, BM/4], b: [BK, BN/4] */
static inline void tile_multiply(float4 acc[TM][TNV], __local const float4 *a,
                                 __local const float4 *b)
{
#pragma unroll 4
    for (int k = 0; k < BK; k++) {
        float4 rows[TMV], columns[TNV];
#pragma unroll
        for (int m = 0; m < TMV; m++)
            rows[m] = a[(k * BM + tile_row(m)) / 4];
#pragma unroll
        for (int n = 0; n < TNV; n++)
            columns[n] = b[(k * BN + tile_column(n)) / 4];
#pragma unroll
        for (int m = 0; m < TMV; m++)
#pragma unroll
            for (int n = 0; n < TNV; n++) {
                acc[4 * m][n] += rows[m].x * columns[n];
                acc[4 * m + 1][n] += rows[m].y * columns[n];
                acc[4 * m + 2][n] += rows[m].z * columns[n];
                acc[4 * m + 3][n] += rows[m].w * columns[n];
            }
    }
}

/* Rows of each work-item's sums, of 1, 2, 4 or 8, that fit the tiles' local memory. */
#define TILE_FITS(rows) (TM % (rows) == 0 && BM / TM * (rows)*BN <= BK * (BM + BN))
#define TILE_PART (TILE_FITS(8) ? 8 : TILE_FITS(4) ? 4 : TILE_FITS(2) ? 2 : 1)

/* Rows m .. m + TILE_PART of every work-item's sums to local memory, [TILE_PART * BM/TM, BN]; tile_part_row
 * tells which row of the group's tile one of them is. */
static inline void tile_put_part(float4 acc[TM][TNV], int m, __local float4 *part)
{
    const int row = (int)get_local_id(0) / TILES_N;

#pragma unroll
    for (int r = 0; r < TILE_PART; r++)
#pragma unroll
        for (int n = 0; n < TNV; n++)
            part[((r * (BM / TM) + row) * BN + tile_column(n)) / 4] = acc[m + r][n];
}

static inline int tile_part_row(int m, int row)
{
    m += row / (BM / TM);
    return m / 4 * (BM / TMV) + row % (BM / TM) * 4 + m % 4;
}
