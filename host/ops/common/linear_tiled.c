/* linear_tiled.c - tiled_f32: kernels/linear/tiled.cl. */
#include <stdio.h>

#include "host/ops/common/linear_tile.h"

enum { NR = 32 };
enum { TM, TN, TK, RM, RN, SPLIT };

const gcl_tunable gcl_linear_tiled_tunables[] = {
    [TM] = {"TM", 5, {8, 16, 32, 64, 128}},
    [TN] = {"TN", 3, {32, 64, 128}},
    [TK] = {"TK", 3, {8, 16, 32}},
    [RM] = {"RM", 4, {1, 2, 4, 8}},
    [RN] = {"RN", 2, {4, 8}},
    [SPLIT] = {"SPLIT", 5, {1, 2, 4, 8, 16}},
    {NULL, 0, {0}},
};

static gcl_linear_tile tile_of(const gcl_tuning *tuning)
{
    const int *v = tuning->value;
    const size_t rows = (size_t)v[TM], columns = (size_t)v[TN], step = (size_t)v[TK];
    const size_t own_rows = (size_t)v[RM], own_columns = (size_t)v[RN];
    const size_t group = rows / own_rows * (columns / own_columns);

    return (gcl_linear_tile){
        .rows = rows,
        .columns = columns,
        .group = group,
        .step = step,
        .split = (size_t)v[SPLIT],
        .local_bytes = step * (rows + 4 + columns) * sizeof(float),
        /* sums, the fetched share, a row of each operand */
        .registers = own_rows * own_columns + own_rows + own_columns +
                     GCL_FETCH_REGISTERS * (gcl_div_up(rows * step / 4, group) +
                                            gcl_div_up(columns * step / 4, group)),
        /* reads of local memory, which serves a quarter of the lanes' multiply-adds with vectors */
        .time = 1 + 1.0 / (double)own_rows + 1.0 / (double)own_columns,
    };
}

static bool is_whole(const gcl_tuning *t, char *why, size_t why_bytes)
{
    const int *v = t->value;

    if (v[TM] >= 1 && v[TN] >= NR && v[TK] >= 4 && v[RM] >= 1 && v[RN] >= 4 && v[TM] <= 512 &&
        v[TN] <= 512 && v[TK] <= 64 && v[TM] % v[RM] == 0 && v[TN] % v[RN] == 0 &&
        v[TN] % NR == 0 && v[TK] % 4 == 0 && v[RN] % 4 == 0)
        return true;
    snprintf(why, why_bytes,
             "TM %d, TN %d, TK %d, RM %d, RN %d: needs RM to divide TM, RN to divide TN, TN a "
             "multiple of %d, TK and RN of 4, TM and TN <= 512, TK <= 64",
             v[TM], v[TN], v[TK], v[RM], v[RN], NR);
    return false;
}

bool gcl_linear_tiled_allows(const gcl_graph *g, const gcl_node *node,
                             const gcl_device_info *device, const gcl_tuning *tuning, char *why,
                             size_t why_bytes)
{
    gcl_linear_tile t;

    if (!is_whole(tuning, why, why_bytes))
        return false;
    t = tile_of(tuning);
    return gcl_linear_tile_fits(&t, gcl_linear_sizes_of(g, node), device, why, why_bytes);
}

void gcl_linear_tiled_choose(const gcl_graph *g, const gcl_node *node,
                             const gcl_device_info *device, gcl_tuning *out)
{
    /* From many multiply-adds a read to few rows. The last two are for groups of 64 and of 8 work-items,
     * and all that CPUs need: they compile fast. */
    static const gcl_tuning list[] = {
        {{128, 128, 8, 8, 8}}, {{64, 64, 16, 4, 8}}, {{64, 64, 16, 4, 4}}, {{32, 64, 16, 4, 4}},
        {{16, 64, 16, 2, 4}},  {{8, 64, 32, 1, 4}},  {{16, 32, 8, 2, 4}},  {{8, 32, 4, 8, 4}},
    };
    const size_t n = sizeof list / sizeof list[0];
    const size_t first = gcl_device_is_cpu(device) ? n - 2 : 0;
    const gcl_linear_tiles tiles = {list + first, n - first, SPLIT, tile_of,
                                    gcl_linear_tiled_allows};

    gcl_linear_tile_choose(&tiles, g, node, device, out);
}

gcl_status gcl_linear_tiled_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                                 gcl_error *err)
{
    const gcl_linear_tile t = tile_of(gcl_emit_tuning(e));
    const gcl_linear_sizes s = gcl_linear_sizes_of(g, node);
    gcl_launch l = {.program = "linear/tiled", .kernel = "linear_tiled_f32"};
    gcl_slot w;

    snprintf(l.options, sizeof l.options, "-DALIGNED=%d -DSIMD=%u", s.K % 4 == 0 && s.N % 4 == 0,
             gcl_intel_subgroup(gcl_emit_device(e)));
    w = gcl_linear_panels(e, node, NR, &l);
    return gcl_linear_tile_emit(&t, e, g, node, gcl_linear_tiled_tunables, w, &l, err);
}
