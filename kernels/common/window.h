/*
 * window.h - the pixels of a picture that a pixel of a convolution's result is summed from, alone or
 * behind a nearest resize, which is never made.
 *
 * Operands   x   [N, I, H, W]; the convolution's picture is x resized to [pH,pW]   read
 *
 * Tunables   KH, KW  kernel height and width           default 3    >= 1
 *            RESIZE  1 when [pH,pW] is not [H,W]       default 0
 *            After common/conv_tail.h, whose tail has the result's size.
 *
 * Numerics   exact; H*W, H*pH and W*pW within an int
 * Needs      OpenCL C 1.2, no extensions.
 */
#ifndef KH
#define KH 3
#endif
#ifndef KW
#define KW 3
#endif
#ifndef RESIZE
#define RESIZE 0
#endif

/* Where the window of a pixel begins. One struct so that the helpers' parameters stay few. */
typedef struct window {
    __global const float *x; /* x[n,0,0,0] */
    int I, H, W, pH, pW;
    int h, w; /* of the first tap */
} window;

/* Where a tap is in a plane of x; -1 outside. */
static inline int tap_at(const window *p, int tap)
{
    const int h = p->h + tap / KW, w = p->w + tap % KW;

    if (h < 0 || h >= p->pH || w < 0 || w >= p->pW)
        return -1;
    return RESIZE ? h * p->H / p->pH * p->W + w * p->W / p->pW : h * p->W + w;
}

/* Of channel i; 0 outside, without a branch. */
static inline float read_tap(const window *p, int i, int at)
{
    const bool inside = at >= 0 && i < p->I;
    const float v = p->x[inside ? (size_t)i * (size_t)(p->H * p->W) + (size_t)at : 0];

    return inside ? v : 0.0f;
}

/* The window of pixel p of all pictures; of one past the end all taps are outside. */
static inline window window_of(const window *whole, const tail *end, int N, int stride, int pad,
                               int p)
{
    const int P = end->oH * end->oW, n = p / P, pixel = p % P;
    window at = *whole;

    at.x += (size_t)min(n, N - 1) * (size_t)at.I * (size_t)(at.H * at.W);
    at.h = n < N ? pixel / end->oW * stride - pad : at.pH;
    at.w = pixel % end->oW * stride - pad;
    return at;
}
