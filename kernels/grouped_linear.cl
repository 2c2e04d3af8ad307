/*
 * grouped_linear.cl - linear layers of any sizes side by side, fp32.
 *
 * Math       y[b,p.y+j] = act(sum_k x[b,p.x+k] * w[p.w+k,j] + bias[p.bias,j])
 *            for k < p.K, j < p.N and each p of panels
 *
 * Operands   x        [B, x_step]                                     read
 *            w        [.., NR]: of each layer [N/NR, K, NR] panels of NR columns, zero-padded   read
 *            bias     [.., NR]: of each layer [N/NR, NR], zero-padded                           read
 *            panels   [n_panels]                                      read
 *            y        [B, y_step]                                     written
 *
 * Launch     one work-item per tile of MR rows x NR columns,
 *            global = { ceil(B/MR), n_panels } rounded up to the local size; no local memory
 *
 * Tunables   VW, NV, MR, NR = NV * VW             common/panel.h
 *            ACT                                  common/epilogue.h
 *            W_HALF 1 when w is stored in fp16    common/weight.h
 *            Fetching w ahead, as linear_block does, gains nothing here (PoCL 3.1, AVX-512).
 *
 * Numerics   sums in fp32, k ascending; any sizes >= 1. Memory is read once, however many rows,
 *            where the tiles of a panel follow each other.
 * Needs      OpenCL C 1.2, no extensions.
 * Source     common/panel.h
 */
#include "common/vec.h"
#include "common/weight.h"
#include "common/panel.h"
#include "common/epilogue.h"

typedef struct panel {
    int w, bias; /* rows of w and bias, of NR columns */
    int x, K;    /* first column of x, and how many */
    int y, N;    /* first column of y, and how many */
} panel;

__kernel void grouped_linear_panel_f32(__global const float *x, __global const WEIGHT *w,
                                       __global const float *bias, __global const panel *panels,
                                       __global float *y, const int n_panels, const int B,
                                       const int x_step, const int y_step, const float slope)
{
    const int b0 = (int)get_global_id(0) * MR;

    if (b0 >= B || get_global_id(1) >= (size_t)n_panels)
        return;

    const panel p = panels[get_global_id(1)];
    __global const float *row[MR];
    vec acc[MR][NV];
    start_tile(row, acc, x + p.x, b0, B, x_step);
    multiply_panel(row, acc, w + (size_t)p.w * NR, p.K);

#pragma unroll
    for (int r = 0; r < MR; r++) {
        float sum[NR];
        if (b0 + r >= B)
            break;
#pragma unroll
        for (int v = 0; v < NV; v++)
            VSTORE(activate_vec(acc[r][v] + VLOAD((size_t)(p.bias * NV + v), bias), ACT, slope),
                   (size_t)v, sum);
        for (int j = 0; j < p.N; j++)
            y[(size_t)(b0 + r) * (size_t)y_step + (size_t)(p.y + j)] = sum[j];
    }
}
