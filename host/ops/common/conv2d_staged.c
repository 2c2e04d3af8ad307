/* conv2d_staged.c - 3x3 convolutions on a GPU by bilinear algorithms, Winograd's among them. */
#include "host/ops/common/conv2d_staged.h"

#include <stdio.h>

#include "host/ops/common/conv2d_attr.h"
#include "host/ops/common/conv2d_tiled.h"
#include "host/ops/common/gpu.h"

/* Vector width of the packing that the products read, and channels that it rounds up to. */
enum { VW = 16, I_ROOM = 16, MAX_BN = 128 };

const gcl_tunable gcl_conv2d_staged_tunables[] = {
    {"BM", 4, {16, 32, 64, 128}},
    {"BN", 4, {16, 32, 64, MAX_BN}},
    {"BK", 2, {8, 16}},
    {"TM", 2, {4, 8}},
    {"TN", 2, {4, 8}},
    {.name = NULL},
};

/* ---- choice ---- */

static size_t count_tiles(const gcl_bilinear *b, const gcl_shape *y)
{
    return gcl_bilinear_tiles(b, y->dim[2]) * gcl_bilinear_tiles(b, y->dim[3]);
}

/* Values that the last transform keeps; more spill on Intel's GPUs (ocloc 22.43 for skl and pvc). */
enum { MAX_VALUES_INTEL = 24 };

/* Whether the algorithm does what the node needs. */
static bool is_able(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                    const gcl_device_info *device, char *why, size_t why_bytes)
{
    const gcl_bilinear *b = gcl_bilinear_get(name);
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X), *w = gcl_in_shape(g, node, CONV2D_W);
    const gcl_shape *y = gcl_out_shape(g, node), picture = gcl_conv2d_picture(g, node);
    const size_t up = (size_t)b->up, down = (size_t)b->down;

    if (gcl_graph_tensor(g, node->in[CONV2D_W])->kind != GCL_VALUE_WEIGHT)
        snprintf(why, why_bytes, "w is not a weight and cannot be transformed ahead");
    else if (w->dim[2] != b->taps || w->dim[3] != b->taps || a.stride != 1 ||
             (size_t)a.pad != b->taps / 2)
        snprintf(why, why_bytes, "kernel %zux%zu, stride %d and pad %d, needs %zux%zu, 1 and %zu",
                 w->dim[2], w->dim[3], a.stride, a.pad, b->taps, b->taps, b->taps / 2);
    else if (up != down &&
             (picture.dim[2] * down != x->dim[2] * up || picture.dim[3] * down != x->dim[3] * up))
        snprintf(why, why_bytes, "resize from %zux%zu to %zux%zu, needs %d/%d", x->dim[2],
                 x->dim[3], picture.dim[2], picture.dim[3], b->up, b->down);
    else if (x->dim[1] < I_ROOM)
        snprintf(why, why_bytes,
                 "x has %zu channels, which are padded to %d: too few to be worth it", x->dim[1],
                 I_ROOM);
    else if (gcl_is_intel_gpu(device) && b->NO * b->NU > MAX_VALUES_INTEL)
        snprintf(why, why_bytes,
                 "the output's transform keeps %zu values, limit %d on Intel's GPUs", b->NO * b->NU,
                 MAX_VALUES_INTEL);
    else if (x->dim[2] > INT32_MAX / x->dim[3] || x->dim[2] > INT32_MAX / picture.dim[2] ||
             x->dim[3] > INT32_MAX / picture.dim[3] ||
             y->dim[0] > INT32_MAX / count_tiles(b, y) - 1)
        snprintf(why, why_bytes, "%zu results of %zux%zu: an index goes beyond an int", y->dim[0],
                 y->dim[2], y->dim[3]);
    else
        return true;
    return false;
}

/* Tiles to choose from, from much work to little. */
static const gcl_tile tiles[] = {
    {128, 64, 16, 8, 8}, {64, 64, 16, 4, 4}, {32, 32, 16, 4, 4}, {64, 16, 16, 4, 4}};
enum { SMALL_TILE = 3 };

/* The tile for the products, and about how long all three launches take, as gcl_tile_cost tells. Of one
 * picture, so that each is the same bit for bit in any batch. */
static double choose_tile(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                          const gcl_device_info *device, gcl_tile *best)
{
    const gcl_bilinear *b = gcl_bilinear_get(name);
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X), *y = gcl_out_shape(g, node);
    const size_t I = x->dim[1], O = y->dim[1], T = count_tiles(b, y);
    const size_t terms = b->NV * b->NV, products = b->NU * b->NU;
    const size_t floats = 2 * T * (terms * I + products * O) + products * I * O;
    double least = 0.0;
    char why[256];

    for (size_t i = 0; i < sizeof tiles / sizeof tiles[0]; i++) {
        const gcl_tile *t = &tiles[i];
        const size_t groups = gcl_div_up(T, t->BN) * gcl_div_up(O, t->BM) * products;
        const double cost = gcl_tile_cost(t, device, groups, gcl_round_up(I, I_ROOM));
        if ((least == 0.0 || cost < least) && gcl_tile_fits(t, device, why, sizeof why)) {
            least = cost;
            *best = *t;
        }
    }
    return least + gcl_gpu_traffic_cost(device, floats * sizeof(float), 3);
}

static bool is_best(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                    const gcl_device_info *device, char *why, size_t why_bytes)
{
    static const gcl_bilinear_name names[] = {GCL_BILINEAR_X7_4, GCL_BILINEAR_X2_8,
                                              GCL_BILINEAR_X2_4, GCL_BILINEAR_X2_2,
                                              GCL_BILINEAR_F4,   GCL_BILINEAR_F2};
    const double direct = gcl_conv2d_tiled_cost(g, node, device);
    gcl_tile tile;
    const double cost = choose_tile(name, g, node, device, &tile);
    char ignored[256];

    if (cost >= direct) {
        snprintf(why, why_bytes, "by estimate it takes %.3g of the direct algorithm's time",
                 cost / direct);
        return false;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is_able(names[i], g, node, device, ignored, sizeof ignored) &&
            choose_tile(names[i], g, node, device, &tile) < cost) {
            snprintf(why, why_bytes, "by estimate the algorithm %d takes less time",
                     gcl_bilinear_get(names[i])->alg);
            return false;
        }
    return true;
}

/* What the launches hand on, of all pictures. */
static bool stages_fit(const gcl_bilinear *b, const gcl_graph *g, const gcl_node *node,
                       const gcl_device_info *device, char *why, size_t why_bytes)
{
    const gcl_shape *y = gcl_out_shape(g, node);
    const size_t T_room = gcl_round_up(y->dim[0] * count_tiles(b, y), MAX_BN);
    const size_t I_room = gcl_round_up(gcl_in_shape(g, node, CONV2D_X)->dim[1], I_ROOM);

    return gcl_gpu_floats_fit(device, b->NV * b->NV * I_room * T_room, why, why_bytes) &&
           gcl_gpu_floats_fit(device, b->NU * b->NU * y->dim[1] * T_room, why, why_bytes);
}

bool gcl_conv2d_staged_accepts(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                               const gcl_device_info *device, char *why, size_t why_bytes)
{
    return is_able(name, g, node, device, why, why_bytes) &&
           stages_fit(gcl_bilinear_get(name), g, node, device, why, why_bytes) &&
           (gcl_device_is_cpu(device) || is_best(name, g, node, device, why, why_bytes));
}

void gcl_conv2d_staged_choose(gcl_bilinear_name name, const gcl_graph *g, const gcl_node *node,
                              const gcl_device_info *device, gcl_tuning *out)
{
    gcl_tile t = tiles[SMALL_TILE];

    if (!gcl_device_is_cpu(device)) /* where only checks run it: few programs to compile */
        choose_tile(name, g, node, device, &t);
    *out = gcl_tile_tuning(&t);
}

bool gcl_conv2d_staged_allows(const gcl_graph *g, const gcl_node *node,
                              const gcl_device_info *device, const gcl_tuning *tuning, char *why,
                              size_t why_bytes)
{
    const gcl_tile t = gcl_tile_of(tuning);

    if (t.BK == 0 || I_ROOM % t.BK != 0) {
        snprintf(why, why_bytes, "BK is %zu, needs a divisor of %d", t.BK, I_ROOM);
        return false;
    }
    return gcl_tile_fits(&t, device, why, why_bytes) &&
           gcl_gpu_rounds_fit(device, 2 * gcl_in_shape(g, node, CONV2D_X)->dim[1] + I_ROOM, why,
                              why_bytes);
}

/* ---- launches ---- */

/* What the launches share. */
typedef struct work {
    const gcl_bilinear *b;
    const gcl_shape *x, *y;
    gcl_shape picture;
    size_t tiles, I_room, T_room;
} work;

static gcl_status emit_input(gcl_slot v, gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                             const work *w, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const bool resizes = w->b->up != w->b->down;
    const size_t *picture = resizes ? w->x->dim : w->picture.dim; /* that tiles are taken from */
    const size_t sizes[] = {w->x->dim[0], w->x->dim[1], w->x->dim[2], w->x->dim[3], w->y->dim[2],
                            w->y->dim[3], picture[2],   picture[3],   w->I_room,    w->T_room};
    gcl_launch l = {.program = "conv2d/staged", .kernel = "conv2d_staged_input_f32"};
    gcl_slot x;

    snprintf(l.options, sizeof l.options, "-DALG=%d -DRESIZE=%d", w->b->alg,
             !resizes && !gcl_shape_equal(w->x, &w->picture));
    GCL_TRY(gcl_conv2d_emit_x(&x, e, g, node, false, err));
    gcl_launch_arg(&l, gcl_arg_slot(x));
    gcl_launch_arg(&l, gcl_arg_slot(v));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        gcl_launch_arg(&l, gcl_arg_int(sizes[i]));
    gcl_launch_items(&l, gcl_emit_device(e), w->T_room, w->I_room, 1);
    GCL_TRY(gcl_emit_launch(e, &l, err));
done:
    return st;
}

static gcl_status emit_products(gcl_slot m, gcl_emit *e, gcl_slot v, gcl_slot weights,
                                const gcl_tile *t, const work *w, gcl_error *err)
{
    const size_t O = w->y->dim[1];
    gcl_launch l = {.program = "conv2d/products", .kernel = "conv2d_products_f32"};

    gcl_tile_options(t, &l);
    snprintf(l.options + strlen(l.options), sizeof l.options - strlen(l.options), " -DALG=%d",
             w->b->alg);
    gcl_launch_arg(&l, gcl_arg_slot(v));
    gcl_launch_arg(&l, gcl_arg_slot(weights));
    gcl_launch_arg(&l, gcl_arg_slot(m));
    gcl_launch_arg(&l, gcl_arg_int(O));
    gcl_launch_arg(&l, gcl_arg_int(w->I_room));
    gcl_launch_arg(&l, gcl_arg_int(w->T_room));
    gcl_gpu_launch(&l, gcl_tile_group(t), w->T_room / t->BN, gcl_div_up(O, t->BM),
                   w->b->NU * w->b->NU);
    return gcl_emit_launch(e, &l, err);
}

static gcl_status emit_output(gcl_slot m, gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                              const work *w, gcl_error *err)
{
    gcl_launch l = {.program = "conv2d/staged", .kernel = "conv2d_staged_output_f32"};

    snprintf(l.options, sizeof l.options, "-DALG=%d", w->b->alg);
    gcl_conv2d_tail_options(g, node, &l);
    gcl_launch_arg(&l, gcl_arg_slot(m));
    gcl_conv2d_tail_buffers(e, node, false, m, &l);
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    for (int d = 0; d < 4; d++)
        gcl_launch_arg(&l, gcl_arg_int(w->y->dim[d]));
    gcl_conv2d_tail_values(g, node, &l);
    gcl_launch_arg(&l, gcl_arg_int(w->T_room));
    gcl_launch_items(&l, gcl_emit_device(e), w->tiles, w->y->dim[1], 1);
    return gcl_emit_launch(e, &l, err);
}

gcl_status gcl_conv2d_staged_emit(gcl_bilinear_name name, gcl_emit *e, const gcl_graph *g,
                                  const gcl_node *node, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_bilinear *b = gcl_bilinear_get(name);
    const gcl_tile t = gcl_tile_of(gcl_emit_tuning(e));
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X), *y = gcl_out_shape(g, node);
    const size_t n_tiles = y->dim[0] * count_tiles(b, y);
    const work w = {.b = b,
                    .x = x,
                    .y = y,
                    .picture = gcl_conv2d_picture(g, node),
                    .tiles = n_tiles,
                    .I_room = gcl_round_up(x->dim[1], I_ROOM),
                    .T_room = gcl_round_up(n_tiles, t.BN)};
    const gcl_slot v = gcl_emit_temp(e, b->NV * b->NV * w.I_room * w.T_room * sizeof(float));
    const gcl_slot m = gcl_emit_temp(e, b->NU * b->NU * y->dim[1] * w.T_room * sizeof(float));

    GCL_TRY(emit_input(v, e, g, node, &w, err));
    GCL_TRY(emit_products(m, e, v,
                          gcl_emit_packed(e, node->in[CONV2D_W], gcl_bilinear_packing(name, VW)),
                          &t, &w, err));
    GCL_TRY(emit_output(m, e, g, node, &w, err));
done:
    return st;
}
