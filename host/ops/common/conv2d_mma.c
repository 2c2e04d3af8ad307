/* conv2d_mma.c - convolutions of any kind by the matrix units of a GPU. */
#include "host/ops/common/conv2d_mma.h"

#include <stdio.h>

#include "host/ops/common/conv2d_attr.h"
#include "host/ops/common/conv2d_tiled.h"
#include "host/ops/common/gpu.h"

enum { FRAGMENT, SM, SN, MI, NI, SPLIT, MAX_SPLIT = 16 };
enum { KC = 32, PITCH = 20 };  /* of the kernel */
enum { MAX_ON_CPU = 1 << 21 }; /* multiply-adds: an emulated one takes many instructions */

const gcl_tunable gcl_conv2d_mma_tunables[] = {
    [FRAGMENT] = {"FRAGMENT", 5, {1, 2, 3, 4, 5}},
    [SM] = {"SM", 3, {1, 2, 4}},
    [SN] = {"SN", 3, {1, 2, 4}},
    [MI] = {"MI", 3, {1, 2, 4}},
    [NI] = {"NI", 3, {1, 2, 4}},
    [SPLIT] = {"SPLIT", 5, {1, 2, 4, 8, MAX_SPLIT}},
    {.name = NULL},
};

/* ---- packing ---- */

static size_t count_steps(const gcl_shape *w)
{
    return gcl_div_up(w->dim[1], KC) * w->dim[2] * w->dim[3];
}

static size_t bytes(const gcl_shape *w, size_t param)
{
    (void)param;
    return w->dim[0] * count_steps(w) * KC * sizeof(uint16_t);
}

static void launch(gcl_launch *l, const gcl_device_info *device, const gcl_shape *w, size_t param)
{
    const size_t K = count_steps(w) * KC;
    const size_t values[] = {w->dim[0], w->dim[1], w->dim[2] * w->dim[3], KC, K};

    (void)param;
    l->program = "pack/tiled";
    l->kernel = "pack_tiled_rows_f16";
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_FROM));
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_TO));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        gcl_launch_arg(l, gcl_arg_int(values[i]));
    gcl_launch_items(l, device, K, w->dim[0], 1);
}

static const gcl_packing packing = {"conv2d_mma_f16", 0, true, bytes, launch};

/* ---- choice ---- */

typedef struct mma_tile {
    const gcl_fragment *f;
    size_t rows, columns, group; /* output channels, pixels, work-items */
} mma_tile;

static mma_tile tile_of(const gcl_tuning *tuning)
{
    const int *v = tuning->value;
    const gcl_fragment *f = gcl_fragment_of((gcl_matrix_unit)v[FRAGMENT]);

    return (mma_tile){f, (size_t)(v[SM] * v[MI]) * f->m, (size_t)(v[SN] * v[NI]) * f->n,
                      (size_t)(v[SM] * v[SN]) * f->lanes};
}

static size_t greater(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t local_bytes(const mma_tile *t, const int *v)
{
    return sizeof(uint32_t) *
               greater((t->rows + t->columns) * PITCH, (size_t)v[SM] * t->f->m * t->columns) +
           (size_t)(v[SM] * v[SN]) * t->f->exchange;
}

/* Registers of a lane: sums, operands of a row of fragments, the loads under way. More than the limit spill
 * beside addresses (ocloc 22.43 for pvc, clang 19 for gfx1100). */
enum { MAX_REGISTERS = 160, MAX_REGISTERS_INTEL = 80 };

static size_t count_registers(const mma_tile *t, const int *v)
{
    const size_t sums = (size_t)(v[MI] * v[NI]) * t->f->m * t->f->n / t->f->lanes;
    const size_t operands = (t->f->m + (size_t)v[NI] * t->f->n) * t->f->k / 2 / t->f->lanes;
    const size_t loads = KC / 2 * t->rows + KC * t->columns;

    return sums + operands + gcl_div_up(loads, t->group);
}

/* Of an emulated unit: each sum goes over a fragment's terms. */
static size_t count_rounds(const mma_tile *t, const int *v, size_t steps)
{
    return gcl_div_up(steps, (size_t)v[SPLIT]) * KC * (size_t)(v[MI] * v[NI]) * t->f->m * t->f->n /
           t->f->lanes;
}

static bool is_power_of_two_to_8(int v)
{
    return v == 1 || v == 2 || v == 4 || v == 8;
}

bool gcl_conv2d_mma_allows(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                           const gcl_tuning *tuning, char *why, size_t why_bytes)
{
    const int *v = tuning->value, unit = (int)device->matrix_unit;
    const size_t steps = count_steps(gcl_in_shape(g, node, CONV2D_W));
    const size_t most = gcl_is_intel_gpu(device) ? MAX_REGISTERS_INTEL : MAX_REGISTERS;
    mma_tile t;

    if (v[FRAGMENT] <= GCL_UNIT_NONE || v[FRAGMENT] >= GCL_N_UNITS ||
        (unit != GCL_UNIT_NONE && v[FRAGMENT] != unit)) {
        snprintf(why, why_bytes, "FRAGMENT %d, needs %d .. %d", v[FRAGMENT],
                 unit != GCL_UNIT_NONE ? unit : 1, unit != GCL_UNIT_NONE ? unit : GCL_N_UNITS - 1);
        return false;
    }
    for (int i = SM; i <= NI; i++)
        if (!is_power_of_two_to_8(v[i])) {
            snprintf(why, why_bytes, "%s %d, needs 1, 2, 4 or 8", gcl_conv2d_mma_tunables[i].name,
                     v[i]);
            return false;
        }
    t = tile_of(tuning);
    if (count_registers(&t, v) > most)
        snprintf(why, why_bytes, "%zu registers of a lane, limit %zu", count_registers(&t, v),
                 most);
    else if (v[SPLIT] < 1 || (size_t)v[SPLIT] > steps)
        snprintf(why, why_bytes, "%d parts of %zu steps", v[SPLIT], steps);
    else
        return gcl_gpu_group_fits(device, t.group, local_bytes(&t, v), why, why_bytes) &&
               gcl_gpu_rounds_fit(device, count_rounds(&t, v, steps), why, why_bytes) &&
               gcl_gpu_floats_fit(device,
                                  (size_t)v[SPLIT] * gcl_shape_count(gcl_out_shape(g, node)), why,
                                  why_bytes);
    return false;
}

/* As for tiled_f32; a matrix unit multiplies at eight times the rate of fp32 if it need not wait for
 * local memory. */
static double cost_of(const mma_tile *t, const int *v, const gcl_shape *w, const gcl_shape *y,
                      const gcl_device_info *device)
{
    const size_t P = y->dim[2] * y->dim[3], O = y->dim[1], split = (size_t)v[SPLIT];
    const size_t groups = gcl_div_up(P, t->columns) * gcl_div_up(O, t->rows) * split;
    const double waits =
        2.0 / (double)((size_t)v[MI] * t->f->m) + 2.0 / (double)((size_t)v[NI] * t->f->n);
    const double work = (double)(t->rows * t->columns) *
                        (double)(gcl_div_up(count_steps(w), split) * KC) * (0.125 + waits);
    const size_t moved =
        count_steps(w) * KC * O / 2 + (split > 1 ? 2 * split * O * P : 0); /* in floats */

    return gcl_gpu_cost(device, groups, t->group, work) +
           gcl_gpu_traffic_cost(device, moved * sizeof(float), split > 1 ? 2 : 1);
}

void gcl_conv2d_mma_choose(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                           gcl_tuning *out)
{
    /* from many products a read to few; the last is small enough for any device */
    static const gcl_tuning list[] = {{{0, 2, 2, 4, 4}}, {{0, 2, 2, 2, 4}}, {{0, 4, 4, 2, 2}},
                                      {{0, 4, 2, 2, 2}}, {{0, 2, 2, 2, 2}}, {{0, 1, 1, 1, 1}}};
    const gcl_shape *w = gcl_in_shape(g, node, CONV2D_W), *y = gcl_out_shape(g, node);
    const size_t n = sizeof list / sizeof list[0];
    double best = 0.0;

    /* on a CPU, where only checks run it, few programs to compile */
    for (size_t i = gcl_device_is_cpu(device) ? n - 2 : 0; i < n; i++)
        for (int split = 1; split <= MAX_SPLIT; split *= 2) {
            gcl_tuning tuning = list[i];
            char why[256];
            double cost;
            mma_tile t;
            /* the one emulated first: of the least lanes, where the device wants small groups */
            tuning.value[FRAGMENT] = device->matrix_unit != GCL_UNIT_NONE ? (int)device->matrix_unit
                                     : device->max_work_group >= 32       ? GCL_UNIT_MMA
                                                                          : GCL_UNIT_DPAS8;
            tuning.value[SPLIT] = split;
            if (best == 0.0)
                *out = tuning;
            if (!gcl_conv2d_mma_allows(g, node, device, &tuning, why, sizeof why))
                continue;
            t = tile_of(&tuning);
            cost = cost_of(&t, tuning.value, w, y, device);
            if (best == 0.0 || cost < best) {
                best = cost;
                *out = tuning;
            }
        }
}

bool gcl_conv2d_mma_accepts(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                            char *why, size_t why_bytes)
{
    const gcl_shape *w = gcl_in_shape(g, node, CONV2D_W), *y = gcl_out_shape(g, node);
    const size_t terms = count_steps(w) * KC;

    if (!gcl_conv2d_tiled_accepts(g, node, device, why, why_bytes))
        return false;
    if (device->matrix_unit == GCL_UNIT_NONE && !gcl_device_is_cpu(device)) {
        snprintf(why, why_bytes, "the device has no matrix unit that is known");
        return false;
    }
    if (2 * w->dim[1] < KC) {
        snprintf(why, why_bytes, "%zu channels, which are padded to %d: needs %d or more",
                 w->dim[1], KC, KC / 2);
        return false;
    }
    if (gcl_device_is_cpu(device) && gcl_shape_count(y) > MAX_ON_CPU / terms) {
        snprintf(why, why_bytes, "%zu sums of %zu terms on a CPU, limit %d multiply-adds",
                 gcl_shape_count(y), terms, MAX_ON_CPU);
        return false;
    }
    return true;
}

/* ---- launch ---- */

gcl_status gcl_conv2d_mma_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                               gcl_error *err)
{
    const gcl_device_info *device = gcl_emit_device(e);
    const gcl_tuning *tuning = gcl_emit_tuning(e);
    const int *v = tuning->value;
    const gcl_shape *w = gcl_in_shape(g, node, CONV2D_W), *y = gcl_out_shape(g, node);
    const mma_tile t = tile_of(tuning);
    gcl_launch l = {.program = "conv2d/mma", .kernel = "conv2d_mma_f16"};

    snprintf(l.options, sizeof l.options,
             "-DFRAGMENT=%d -DFRAGMENT_NATIVE=%d -DSM=%d -DSN=%d -DMI=%d -DNI=%d", v[FRAGMENT],
             device->matrix_unit != GCL_UNIT_NONE, v[SM], v[SN], v[MI], v[NI]);
    gcl_gpu_launch(&l, t.group, gcl_div_up(y->dim[0] * y->dim[2] * y->dim[3], t.columns),
                   gcl_div_up(y->dim[1], t.rows), (size_t)v[SPLIT]);
    return gcl_conv2d_tiled_launch(&l, e, g, node, gcl_emit_packed(e, node->in[CONV2D_W], &packing),
                                   count_steps(w), (size_t)v[SPLIT], err);
}
