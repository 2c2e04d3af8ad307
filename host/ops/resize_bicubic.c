/* resize_bicubic.c - the resize_bicubic op: Pillow's coefficients, then one launch an axis. */
#include "host/ops/resize_bicubic.h"

#include <math.h>
#include <stdlib.h>

#include "host/op.h"

enum { FRACTION_BITS = 22 }; /* Pillow's PRECISION_BITS */

static gcl_resize_bicubic_attr attr_of(const gcl_node *node)
{
    gcl_resize_bicubic_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

/* ---- building ---- */

gcl_value gcl_resize_bicubic(gcl_graph *g, gcl_value x, size_t out_h, size_t out_w, size_t top,
                             size_t left, size_t crop_h, size_t crop_w)
{
    const gcl_resize_bicubic_attr attr = {out_h, out_w, top, left, crop_h, crop_w};

    return gcl_graph_node(g, &gcl_op_resize_bicubic, &x, 1, &attr);
}

/* (side - size) / 2, halves to even */
static size_t middle(size_t side, size_t size)
{
    const size_t rest = side - size, half = rest / 2;

    return rest % 2 == 0 ? half : half + half % 2;
}

void gcl_clip_resize_window(size_t width, size_t height, size_t size, size_t *out_h, size_t *out_w,
                            size_t *top, size_t *left)
{
    *out_h = height <= width ? size : size * height / width;
    *out_w = width <= height ? size : size * width / height;
    *top = middle(*out_h, size);
    *left = middle(*out_w, size);
}

static gcl_status check_axis(const char *axis, size_t out, size_t first, size_t n, gcl_error *err)
{
    if (out < 1 || out > INT32_MAX)
        return GCL_FAIL(err, GCL_E_ARG, "resize_bicubic: out_%s is %zu, needs 1 .. %d", axis, out,
                        INT32_MAX);
    if (n < 1 || n > out || first > out - n)
        return GCL_FAIL(err, GCL_E_ARG,
                        "resize_bicubic: crop_%s is %zu from %zu on, needs >= 1 within out_%s %zu",
                        axis, n, first, axis, out);
    return GCL_OK;
}

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, 0);
    const gcl_resize_bicubic_attr a = attr_of(node);
    char text[96];

    GCL_TRY(gcl_check_operand(g, node, 0, "x", GCL_U8, 3, err));
    if (x->dim[2] != 3) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "resize_bicubic: x is %s, needs [H, W, 3]",
                      gcl_shape_text(text, sizeof text, x));
        goto done;
    }
    GCL_TRY(check_axis("h", a.out_h, a.top, a.crop_h, err));
    GCL_TRY(check_axis("w", a.out_w, a.left, a.crop_w, err));
    *dtype = GCL_U8;
    *shape = GCL_SHAPE(a.crop_h, a.crop_w, 3);
done:
    return st;
}

/* ---- coefficients ---- */

/* One axis: its outputs first .. first + n of out, made from its inputs begin .. end. */
typedef struct pass {
    size_t n, room;
    size_t begin, end;
    int32_t *span; /* [n, 2]: first input, counted from begin, and number of taps */
    int32_t *coef; /* [n, room] */
} pass;

static double cubic(double x) /* Keys' kernel, a = -0.5 */
{
    const double a = -0.5;

    x = fabs(x);
    return x < 1.0   ? ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
           : x < 2.0 ? (((x - 5.0) * x + 8.0) * x - 4.0) * a
                     : 0.0;
}

static int32_t fixed_point(double v)
{
    return (int32_t)(v * (1 << FRACTION_BITS) + (v < 0.0 ? -0.5 : 0.5));
}

static gcl_status make_pass(pass *p, size_t in, size_t out, size_t first, size_t n, gcl_error *err)
{
    const double ratio = (double)in / (double)out, widen = ratio < 1.0 ? 1.0 : ratio;
    const double support = 2.0 * widen, narrow = 1.0 / widen;

    p->n = n;
    p->room = 2 * (size_t)ceil(support) + 1;
    p->span = malloc(n * 2 * sizeof *p->span);
    p->coef = calloc(n * p->room, sizeof *p->coef);
    if (p->span == NULL || p->coef == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "resize_bicubic: host allocation of %zu x %zu weights", n,
                        p->room);
    p->begin = in;
    p->end = 0;
    for (size_t i = 0; i < n; i++) {
        const double center = ((double)(first + i) + 0.5) * ratio;
        const double low = center - support + 0.5, high = center + support + 0.5;
        const size_t from = low < 0.0 ? 0 : (size_t)low;
        const size_t to = high > (double)in ? in : (size_t)high;
        double sum = 0.0;

        for (size_t k = from; k < to; k++)
            sum += cubic(((double)k - center + 0.5) * narrow);
        for (size_t k = from; k < to; k++)
            p->coef[i * p->room + k - from] =
                fixed_point(cubic(((double)k - center + 0.5) * narrow) / sum);
        p->span[2 * i] = (int32_t)from;
        p->span[2 * i + 1] = (int32_t)(to - from);
        p->begin = from < p->begin ? from : p->begin;
        p->end = to > p->end ? to : p->end;
    }
    for (size_t i = 0; i < n; i++)
        p->span[2 * i] -= (int32_t)p->begin;
    return GCL_OK;
}

static void free_pass(pass *p)
{
    free(p->span);
    free(p->coef);
}

/* Integer multiply-adds of both passes, about: taps of an output = 4 * what it shrinks by. */
static double flops(const gcl_graph *g, const gcl_node *node)
{
    const gcl_shape *x = gcl_in_shape(g, node, 0);
    const gcl_resize_bicubic_attr a = attr_of(node);
    const double ratio_h = (double)x->dim[0] / (double)a.out_h;
    const double ratio_w = (double)x->dim[1] / (double)a.out_w;
    const double rows = fmin((double)x->dim[0], (double)a.crop_h * ratio_h + 4.0);

    return 2.0 * 4.0 * 3.0 * (double)a.crop_w *
           (rows * fmax(1.0, ratio_w) + (double)a.crop_h * fmax(1.0, ratio_h));
}

/* ---- plain_u8 ---- */

/* x [outer, axis, inner] from x_offset on, y [outer, p->n, inner] */
static gcl_status launch(gcl_emit *e, const pass *p, gcl_slot x, gcl_slot y, size_t x_offset,
                         size_t outer, size_t axis, size_t inner, gcl_error *err)
{
    gcl_launch l = {.program = "resize_bicubic", .kernel = "resize_bicubic_plain_u8"};

    gcl_launch_arg(&l, gcl_arg_slot(x));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_const(e, p->span, p->n * 2 * sizeof *p->span)));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_const(e, p->coef, p->n * p->room * sizeof *p->coef)));
    gcl_launch_arg(&l, gcl_arg_slot(y));
    gcl_launch_arg(&l, gcl_arg_ulong(x_offset));
    gcl_launch_arg(&l, gcl_arg_int(outer));
    gcl_launch_arg(&l, gcl_arg_int(axis));
    gcl_launch_arg(&l, gcl_arg_int(p->n));
    gcl_launch_arg(&l, gcl_arg_ulong(inner));
    gcl_launch_arg(&l, gcl_arg_int(p->room));
    gcl_launch_items(&l, gcl_emit_device(e), p->n * inner, outer, 1);
    return gcl_emit_launch(e, &l, err);
}

static gcl_status emit_plain(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_resize_bicubic_attr a = attr_of(node);
    const size_t H = gcl_in_shape(g, node, 0)->dim[0], W = gcl_in_shape(g, node, 0)->dim[1];
    pass columns = {0}, rows = {0};
    size_t n_rows;
    gcl_slot scratch;

    GCL_TRY(make_pass(&columns, W, a.out_w, a.left, a.crop_w, err));
    GCL_TRY(make_pass(&rows, H, a.out_h, a.top, a.crop_h, err));
    n_rows = rows.end - rows.begin;
    scratch = gcl_emit_temp(e, n_rows * a.crop_w * 3);
    GCL_TRY(launch(e, &columns, gcl_emit_value(e, node->in[0]), scratch,
                   (rows.begin * W + columns.begin) * 3, n_rows, W, 3, err));
    GCL_TRY(
        launch(e, &rows, scratch, gcl_emit_value(e, node->out), 0, 1, n_rows, a.crop_w * 3, err));
done:
    free_pass(&rows);
    free_pass(&columns);
    return st;
}

static const gcl_variant variants[] = {
    {.name = "plain_u8", .emit = emit_plain},
    {.name = NULL},
};

const gcl_op gcl_op_resize_bicubic = {
    .name = "resize_bicubic",
    .attr_bytes = sizeof(gcl_resize_bicubic_attr),
    .infer = infer,
    .flops = flops,
    .variants = variants,
};
