/* conv2d_tiled.c - convolutions of any kind on a GPU. */
#include "host/ops/common/conv2d_tiled.h"

#include <stdio.h>

#include "host/ops/common/conv2d_attr.h"
#include "host/ops/common/gpu.h"

/* Tunables of conv2d_tiled, behind those of the tile. */
enum { SPLIT = 5, MAX_SPLIT = 16, MAX_BN = 256 };

const gcl_tunable gcl_conv2d_tiled_tunables[] = {
    {"BM", 6, {4, 8, 16, 32, 64, 128}},
    {"BN", 4, {32, 64, 128, MAX_BN}},
    {"BK", 2, {8, 16}},
    {"TM", 2, {4, 8}},
    {"TN", 2, {4, 8}},
    {"SPLIT", 5, {1, 2, 4, 8, MAX_SPLIT}},
    {.name = NULL},
};

/* ---- packing ---- */

/* O_ROOM of the kernels; K_ROOM: a multiple of each BK. */
enum { O_ROOM = 128, K_ROOM = 32 };

/* KC, channels that are terms in a row: a step's, or one where padding them would double the work. */
static size_t choose_kc(size_t I, size_t BK)
{
    return 2 * I > BK ? BK : 1;
}

static size_t count_terms(const gcl_shape *w, size_t KC)
{
    return gcl_round_up(w->dim[1], KC) * w->dim[2] * w->dim[3];
}

static size_t bytes(const gcl_shape *w, size_t KC)
{
    return gcl_round_up(w->dim[0], O_ROOM) * gcl_round_up(count_terms(w, KC), K_ROOM) *
           sizeof(float);
}

static void launch(gcl_launch *l, const gcl_device_info *device, const gcl_shape *w, size_t KC)
{
    const size_t O_room = gcl_round_up(w->dim[0], O_ROOM);
    const size_t K = gcl_round_up(count_terms(w, KC), K_ROOM);
    const size_t values[] = {w->dim[0], w->dim[1], w->dim[2] * w->dim[3], KC, O_room, K};

    l->program = "pack/tiled";
    l->kernel = "pack_tiled_f32";
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_FROM));
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_TO));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        gcl_launch_arg(l, gcl_arg_int(values[i]));
    gcl_launch_items(l, device, O_room, K, 1);
}

static const gcl_packing *packing(size_t KC)
{
    static const gcl_packing packings[] = {{"conv2d_tiled_1", 1, false, bytes, launch},
                                           {"conv2d_tiled_8", 8, false, bytes, launch},
                                           {"conv2d_tiled_16", 16, false, bytes, launch}};

    return &packings[KC == 1 ? 0 : KC == 8 ? 1 : 2];
}

/* ---- choice ---- */

bool gcl_conv2d_tiled_accepts(const gcl_graph *g, const gcl_node *node,
                              const gcl_device_info *device, char *why, size_t why_bytes)
{
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X), *y = gcl_out_shape(g, node);
    const gcl_shape picture = gcl_conv2d_picture(g, node);

    (void)device;
    if (gcl_graph_tensor(g, node->in[CONV2D_W])->kind != GCL_VALUE_WEIGHT)
        snprintf(why, why_bytes, "w is not a weight and cannot be packed ahead");
    else if (y->dim[0] > INT32_MAX / y->dim[2] / y->dim[3] - MAX_BN ||
             x->dim[2] > INT32_MAX / x->dim[3] || x->dim[2] > INT32_MAX / picture.dim[2] ||
             x->dim[3] > INT32_MAX / picture.dim[3])
        snprintf(why, why_bytes, "%zu results of %zux%zu: an index goes beyond an int", y->dim[0],
                 y->dim[2], y->dim[3]);
    else
        return true;
    return false;
}

bool gcl_conv2d_tiled_allows(const gcl_graph *g, const gcl_node *node,
                             const gcl_device_info *device, const gcl_tuning *tuning, char *why,
                             size_t why_bytes)
{
    const gcl_tile t = gcl_tile_of(tuning);
    size_t n, steps;

    if (!gcl_tile_fits(&t, device, why, why_bytes))
        return false;
    n = gcl_tile_group(&t);
    steps = gcl_div_up(count_terms(gcl_in_shape(g, node, CONV2D_W),
                                   choose_kc(gcl_in_shape(g, node, CONV2D_X)->dim[1], t.BK)),
                       t.BK);
    if ((t.BK != 8 && t.BK != 16) || O_ROOM % t.BM != 0)
        snprintf(why, why_bytes, "BK %zu and BM %zu: need 8 or 16, and a divisor of %d", t.BK, t.BM,
                 O_ROOM);
    else if ((n % t.BN != 0 && t.BN % n != 0) || t.BK * t.BN % n != 0)
        snprintf(why, why_bytes, "%zu work-items load %zux%zu elements: one must divide the other",
                 n, t.BK, t.BN);
    else if (tuning->value[SPLIT] < 1 || (size_t)tuning->value[SPLIT] > steps)
        snprintf(why, why_bytes, "%d parts of %zu steps", tuning->value[SPLIT], steps);
    else
        return gcl_gpu_rounds_fit(device, (steps + t.BM) * (t.BK + 1), why, why_bytes) &&
               gcl_gpu_floats_fit(
                   device, (size_t)tuning->value[SPLIT] * gcl_shape_count(gcl_out_shape(g, node)),
                   why, why_bytes);
    return false;
}

/* Tiles to choose from: the first for checks too, the second for few outputs. */
static const gcl_tile tiles[] = {
    {32, 32, 16, 4, 4}, {8, 128, 8, 4, 4}, {64, 64, 16, 4, 4}, {128, 64, 16, 8, 8}};

/* The values that take least time by estimate, which it returns. The order of the sums, BK and SPLIT,
 * must not depend on the batch: a picture is the same bit for bit in any. */
static double choose(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                     gcl_tuning *out)
{
    const gcl_shape *w = gcl_in_shape(g, node, CONV2D_W), *y = gcl_out_shape(g, node);
    const size_t P = y->dim[2] * y->dim[3], O = y->dim[1];
    double best = 0.0;

    for (size_t i = 0; i < sizeof tiles / sizeof tiles[0]; i++) {
        const gcl_tile *t = &tiles[i];
        const size_t K = count_terms(w, choose_kc(w->dim[1], t->BK));
        const size_t groups = gcl_div_up(P, t->BN) * gcl_div_up(O, t->BM);
        for (size_t split = 1; split <= MAX_SPLIT && split <= gcl_div_up(K, 4 * t->BK);
             split *= 2) {
            const size_t floats = K * O + (split > 1 ? 2 * split * O * P : 0);
            const double cost =
                gcl_tile_cost(t, device, groups * split, gcl_div_up(K, split)) +
                gcl_gpu_traffic_cost(device, floats * sizeof(float), split > 1 ? 2 : 1);
            gcl_tuning tuning = gcl_tile_tuning(t);
            char why[256];
            tuning.value[SPLIT] = (int)split;
            if ((best == 0.0 || cost < best) &&
                gcl_conv2d_tiled_allows(g, node, device, &tuning, why, sizeof why)) {
                best = cost;
                *out = tuning;
            }
        }
    }
    return best;
}

double gcl_conv2d_tiled_cost(const gcl_graph *g, const gcl_node *node,
                             const gcl_device_info *device)
{
    gcl_tuning tuning;

    return choose(g, node, device, &tuning);
}

void gcl_conv2d_tiled_choose(const gcl_graph *g, const gcl_node *node,
                             const gcl_device_info *device, gcl_tuning *out)
{
    const gcl_shape *w = gcl_in_shape(g, node, CONV2D_W);
    const gcl_tile *t = &tiles[0];
    const size_t K = count_terms(w, choose_kc(w->dim[1], t->BK));

    *out = gcl_tile_tuning(t);
    out->value[SPLIT] = K > t->BK ? 2 : 1;
    if (!gcl_device_is_cpu(device)) /* where only checks run it: few programs to compile */
        choose(g, node, device, out);
}

/* ---- launches ---- */

gcl_status gcl_conv2d_tiled_launch(gcl_launch *l, gcl_emit *e, const gcl_graph *g,
                                   const gcl_node *node, gcl_slot w, size_t steps, size_t n_parts,
                                   gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_shape *x = gcl_in_shape(g, node, CONV2D_X), *ws = gcl_in_shape(g, node, CONV2D_W);
    const gcl_shape *y = gcl_out_shape(g, node), picture = gcl_conv2d_picture(g, node);
    const gcl_conv2d_attr a = gcl_conv2d_attr_of(node);
    const gcl_slot out = n_parts > 1
                             ? gcl_emit_temp(e, n_parts * gcl_shape_count(y) * sizeof(float))
                             : gcl_emit_value(e, node->out);
    const size_t sizes[] = {x->dim[0], x->dim[1], x->dim[2], x->dim[3],
                            y->dim[1], y->dim[2], y->dim[3]};
    const size_t rest[] = {picture.dim[2], picture.dim[3], (size_t)a.stride, (size_t)a.pad,
                           gcl_div_up(steps, n_parts)};
    const size_t used = strlen(l->options);
    gcl_slot in;

    GCL_TRY(gcl_conv2d_emit_x(&in, e, g, node, false, err));
    snprintf(l->options + used, sizeof l->options - used,
             " -DKH=%zu -DKW=%zu -DRESIZE=%d -DPARTS=%d", ws->dim[2], ws->dim[3],
             !gcl_shape_equal(x, &picture), n_parts > 1);
    if (n_parts == 1)
        gcl_conv2d_tail_options(g, node, l);
    gcl_launch_arg(l, gcl_arg_slot(in));
    gcl_launch_arg(l, gcl_arg_slot(w));
    gcl_conv2d_tail_buffers(e, node, false, in, l);
    gcl_launch_arg(l, gcl_arg_slot(out));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        gcl_launch_arg(l, gcl_arg_int(sizes[i]));
    gcl_conv2d_tail_values(g, node, l);
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
        gcl_launch_arg(l, gcl_arg_int(rest[i]));
    GCL_TRY(gcl_emit_launch(e, l, err));
    if (n_parts > 1)
        GCL_TRY(gcl_conv2d_emit_finish(e, g, node, out, n_parts, err));
done:
    return st;
}

gcl_status gcl_conv2d_tiled_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                                 gcl_error *err)
{
    const gcl_tuning *tuning = gcl_emit_tuning(e);
    const gcl_tile t = gcl_tile_of(tuning);
    const size_t n_parts = (size_t)tuning->value[SPLIT];
    const gcl_shape *w = gcl_in_shape(g, node, CONV2D_W), *y = gcl_out_shape(g, node);
    const size_t KC = choose_kc(w->dim[1], t.BK);
    gcl_launch l = {.program = "conv2d/tiled", .kernel = "conv2d_tiled_f32"};

    gcl_tile_options(&t, &l);
    snprintf(l.options + strlen(l.options), sizeof l.options - strlen(l.options), " -DKC=%zu", KC);
    gcl_gpu_launch(&l, gcl_tile_group(&t), gcl_div_up(y->dim[0] * y->dim[2] * y->dim[3], t.BN),
                   gcl_div_up(y->dim[1], t.BM), n_parts);
    return gcl_conv2d_tiled_launch(&l, e, g, node,
                                   gcl_emit_packed(e, node->in[CONV2D_W], packing(KC)),
                                   gcl_div_up(count_terms(w, KC), t.BK), n_parts, err);
}
