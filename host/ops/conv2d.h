/** 2-D convolution with a weight, bias, and what follows it. */
#ifndef GCL_HOST_OPS_CONV2D_H
#define GCL_HOST_OPS_CONV2D_H

#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * y[n,o,oh,ow] = sum_{i,kh,kw} x[n,i,oh*stride-pad+kh,ow*stride-pad+kw] w[o,i,kh,kw] + bias[o],
 * with zeros around the picture; oH = (H + 2 pad - kH) / stride + 1, oW likewise.
 *
 * The planner merges what follows, as far as nothing else reads what is between: an activation, a
 * dfblk, an add of equal shape (residual), a last activation; and a nearest resize of x or of the
 * residual, and a dfblk of x: y = last(dfblk(act(conv(resize(dfblk(x)), w) + bias)) + resize(residual)).
 *
 * @param x       [N, C, H, W] f32
 * @param w       [O, I, kH, kW] f32 with I = C; a weight or any other value
 * @param bias    [O] f32
 * @param stride  in both directions, >= 1 (pixels)
 * @param pad     at each side, >= 0 (pixels)
 * @return        [N, O, oH, oW]; GCL_E_SHAPE when the channels do not agree or the kernel is
 *                larger than the padded picture; GCL_E_ARG for a stride or pad out of range
 *
 * Source: torch.nn.functional.conv2d.
 */
gcl_value gcl_conv2d(gcl_graph *g, gcl_value x, gcl_value w, gcl_value bias, int stride, int pad);
gcl_value gcl_conv2d_nobias(gcl_graph *g, gcl_value x, gcl_value w, int stride, int pad);

#ifdef __cplusplus
}
#endif
#endif
