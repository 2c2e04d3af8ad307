/* linear_mma.c - mma_f16: kernels/linear/mma.cl, and its packing of weights. */
#include <stdio.h>

#include "host/ops/common/linear_tile.h"
#include "host/ops/linear.h"

enum { K_RUN = 64 }; /* as packed */
enum { FRAGMENT, SM, SN, MI, NI, TK, SPLIT };

const gcl_tunable gcl_linear_mma_tunables[] = {
    [FRAGMENT] = {"FRAGMENT", 5, {1, 2, 3, 4, 5}},
    [SM] = {"SM", 3, {1, 2, 4}},
    [SN] = {"SN", 3, {1, 2, 4}},
    [MI] = {"MI", 3, {1, 2, 4}},
    [NI] = {"NI", 3, {1, 2, 4}},
    [TK] = {"TK", 3, {16, 32, 64}},
    [SPLIT] = {"SPLIT", 5, {1, 2, 4, 8, 16}},
    {NULL, 0, {0}},
};

/* ---- packing: [N, K rounded up to K_RUN] ---- */

static size_t packed_bytes(const gcl_shape *s, size_t kn)
{
    return s->dim[kn ? 1 : 0] * gcl_round_up(s->dim[kn ? 0 : 1], K_RUN) * sizeof(uint16_t);
}

static void launch_packing(gcl_launch *l, const gcl_device_info *device, const gcl_shape *s,
                           size_t kn)
{
    const size_t N = s->dim[kn ? 1 : 0], K = s->dim[kn ? 0 : 1];
    const size_t padded = gcl_round_up(K, K_RUN);

    l->program = "pack/rows";
    l->kernel = "pack_rows_f16";
    snprintf(l->options, sizeof l->options, "-DKN=%d", kn != 0);
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_FROM));
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_TO));
    gcl_launch_arg(l, gcl_arg_int(N));
    gcl_launch_arg(l, gcl_arg_int(K));
    gcl_launch_items(l, device, kn ? N : padded, kn ? padded : N, 1);
}

/* ---- tiles ---- */

static gcl_linear_tile tile_of(const gcl_tuning *tuning)
{
    const int *v = tuning->value;
    const gcl_fragment *f = gcl_fragment_of((gcl_matrix_unit)v[FRAGMENT]);
    const size_t below = (size_t)v[MI], beside = (size_t)v[NI], step = (size_t)v[TK];
    const size_t subgroups = (size_t)v[SM] * (size_t)v[SN];
    const size_t rows = (size_t)v[SM] * below * f->m, columns = (size_t)v[SN] * beside * f->n;
    const size_t group = subgroups * f->lanes;

    return (gcl_linear_tile){
        .rows = rows,
        .columns = columns,
        .group = group,
        .step = step,
        .split = (size_t)v[SPLIT],
        /* the last is the emulation's only */
        .local_bytes = (rows + columns) * (step / 2 + 4) * 4 + subgroups * f->exchange,
        /* sums, operands of a row of fragments, the fetched share */
        .registers = below * f->m * beside * f->n / f->lanes + f->a_pairs + beside * f->b_pairs +
                     GCL_FETCH_REGISTERS * (gcl_div_up(rows * step / 4, group) +
                                            gcl_div_up(columns * step / 8, group)),
        /* eight times the rate of fp32, if it need not wait for local memory */
        .time = 0.125 + 2.0 / (double)(below * f->m) + 2.0 / (double)(beside * f->n),
    };
}

bool gcl_linear_mma_allows(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                           const gcl_tuning *tuning, char *why, size_t why_bytes)
{
    const int *v = tuning->value;
    const int unit = (int)device->matrix_unit;
    gcl_linear_tile t;

    if (unit == GCL_UNIT_NONE && !gcl_device_is_cpu(device)) {
        snprintf(why, why_bytes, "the device has no matrix unit that is known");
        return false;
    }
    if (v[FRAGMENT] <= GCL_UNIT_NONE || v[FRAGMENT] >= GCL_N_UNITS ||
        (unit != GCL_UNIT_NONE && v[FRAGMENT] != unit)) {
        snprintf(why, why_bytes, "FRAGMENT %d, needs %d .. %d", v[FRAGMENT],
                 unit != GCL_UNIT_NONE ? unit : 1, unit != GCL_UNIT_NONE ? unit : GCL_N_UNITS - 1);
        return false;
    }
    for (int i = SM; i <= NI; i++)
        if (v[i] < 1 || v[i] > 8) {
            snprintf(why, why_bytes, "%s %d, needs 1 .. 8", gcl_linear_mma_tunables[i].name, v[i]);
            return false;
        }
    if (v[TK] != 16 && v[TK] != 32 && v[TK] != 64) {
        snprintf(why, why_bytes, "TK %d, needs 16, 32 or 64", v[TK]);
        return false;
    }
    t = tile_of(tuning);
    return gcl_linear_tile_fits(&t, gcl_linear_sizes_of(g, node), device, why, why_bytes);
}

void gcl_linear_mma_choose(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                           gcl_tuning *out)
{
    /* from many products a read to few rows; the last for groups of 8 work-items */
    gcl_tuning list[] = {
        {{0, 2, 4, 4, 4, 32}}, {{0, 2, 2, 4, 4, 32}}, {{0, 2, 2, 2, 4, 32}}, {{0, 4, 4, 2, 2, 32}},
        {{0, 4, 4, 2, 2, 16}}, {{0, 2, 2, 2, 2, 32}}, {{0, 2, 2, 2, 2, 64}}, {{0, 1, 4, 2, 2, 32}},
        {{0, 4, 4, 1, 2, 32}}, {{0, 1, 4, 1, 2, 64}}, {{0, 1, 4, 1, 2, 32}}, {{0, 2, 2, 1, 1, 32}},
        {{0, 1, 1, 1, 1, 16}},
    };
    const size_t n = sizeof list / sizeof list[0];
    const gcl_linear_tiles tiles = {list, n, SPLIT, tile_of, gcl_linear_mma_allows};

    /* the one emulated first: of the least lanes, where the device wants small groups */
    for (size_t i = 0; i < n; i++)
        list[i].value[FRAGMENT] = device->matrix_unit != GCL_UNIT_NONE ? (int)device->matrix_unit
                                  : device->max_work_group >= 32       ? GCL_UNIT_MMA
                                                                       : GCL_UNIT_DPAS8;
    gcl_linear_tile_choose(&tiles, g, node, device, out);
}

gcl_status gcl_linear_mma_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                               gcl_error *err)
{
    static const gcl_packing packings[] = {
        {"rows_nk_f16", false, true, packed_bytes, launch_packing},
        {"rows_kn_f16", true, true, packed_bytes, launch_packing},
    };
    const bool kn = gcl_linear_attr_of(node).layout == GCL_LINEAR_KN;
    const gcl_linear_tile t = tile_of(gcl_emit_tuning(e));
    const gcl_slot w = gcl_emit_packed(e, node->in[GCL_LINEAR_W], &packings[kn]);
    gcl_launch l = {.program = "linear/mma", .kernel = "linear_mma_f16"};

    snprintf(l.options, sizeof l.options, "-DFRAGMENT_NATIVE=%d -DALIGNED=%d",
             gcl_emit_device(e)->matrix_unit != GCL_UNIT_NONE,
             gcl_linear_sizes_of(g, node).K % 4 == 0);
    return gcl_linear_tile_emit(&t, e, g, node, gcl_linear_mma_tunables, w, &l, err);
}
