/* linear_subgroup.c - subgroup_f32: kernels/linear/subgroup.cl. */
#include <stdio.h>

#include "host/ops/common/linear_tile.h"

enum { NR = 32 };
enum { RM, RN, SG, LANES, SPLIT };

const gcl_tunable gcl_linear_subgroup_tunables[] = {
    [RM] = {"RM", 5, {1, 2, 4, 8, 16}},       [RN] = {"RN", 3, {1, 2, 4}},
    [SG] = {"SG", 4, {1, 2, 4, 8}},           [LANES] = {"LANES", 4, {8, 16, 32, 64}},
    [SPLIT] = {"SPLIT", 5, {1, 2, 4, 8, 16}}, {NULL, 0, {0}},
};

static gcl_linear_tile tile_of(const gcl_tuning *tuning)
{
    const int *v = tuning->value;
    const size_t lanes = (size_t)v[LANES], rows = (size_t)v[RM], own = (size_t)v[RN];
    const size_t subgroups = (size_t)v[SG];

    return (gcl_linear_tile){
        .rows = rows,
        .columns = subgroups * lanes * own,
        .group = subgroups * lanes,
        .step = lanes,
        .split = (size_t)v[SPLIT],
        .local_bytes = subgroups * lanes * rows * sizeof(float),
        .registers = rows * own + rows + 3 * own, /* sums, x, w and its addresses */
        /* a read of w from the caches, and a shuffle, take as long as a few multiply-adds */
        .time = 1 + 4.0 / (double)rows + 2.0 / (double)own,
    };
}

bool gcl_linear_subgroup_allows(const gcl_graph *g, const gcl_node *node,
                                const gcl_device_info *device, const gcl_tuning *tuning, char *why,
                                size_t why_bytes)
{
    const int *v = tuning->value;
    const bool any = device->lanes_by == GCL_LANES_LOCAL; /* number of lanes */
    gcl_linear_tile t;

    if (v[RM] < 1 || v[RM] > 64 || v[RN] < 1 || v[RN] > 16 || v[SG] < 1 || v[SG] > 64 ||
        v[LANES] < 1 || v[LANES] > 128) {
        snprintf(why, why_bytes,
                 "RM %d, RN %d, SG %d, LANES %d: needs 1 .. 64, 1 .. 16, 1 .. 64, 1 .. 128", v[RM],
                 v[RN], v[SG], v[LANES]);
        return false;
    }
    if (!any &&
        ((v[LANES] & (v[LANES] - 1)) != 0 || (device->subgroup_sizes & (unsigned)v[LANES]) == 0)) {
        snprintf(why, why_bytes, "LANES %d, the device has sub-groups of a size in 0x%x", v[LANES],
                 device->subgroup_sizes);
        return false;
    }
    t = tile_of(tuning);
    if (gcl_intel_subgroup(device) > 0) /* wider ones share the same registers */
        t.registers *= (size_t)v[LANES] / gcl_intel_subgroup(device);
    return gcl_linear_tile_fits(&t, gcl_linear_sizes_of(g, node), device, why, why_bytes);
}

void gcl_linear_subgroup_choose(const gcl_graph *g, const gcl_node *node,
                                const gcl_device_info *device, gcl_tuning *out)
{
    static const gcl_tuning list[] = {
        {{8, 4, 2, 16}}, {{8, 4, 2, 32}}, {{8, 4, 2, 64}}, {{8, 2, 4, 16}}, {{4, 2, 2, 16}},
        {{4, 2, 2, 32}}, {{4, 2, 2, 64}}, {{4, 1, 2, 16}}, {{4, 1, 2, 32}}, {{2, 1, 4, 16}},
        {{2, 1, 4, 32}}, {{2, 1, 2, 64}}, {{4, 2, 1, 8}},
    };
    static const gcl_linear_tiles tiles = {list, sizeof list / sizeof list[0], SPLIT, tile_of,
                                           gcl_linear_subgroup_allows};

    gcl_linear_tile_choose(&tiles, g, node, device, out);
}

gcl_status gcl_linear_subgroup_emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                                    gcl_error *err)
{
    const gcl_linear_tile t = tile_of(gcl_emit_tuning(e));
    gcl_launch l = {.program = "linear/subgroup", .kernel = "linear_subgroup_f32"};
    gcl_slot w;

    snprintf(l.options, sizeof l.options, "-DLANES_BY=%d", gcl_emit_device(e)->lanes_by);
    w = gcl_linear_panels(e, node, NR, &l);
    return gcl_linear_tile_emit(&t, e, g, node, gcl_linear_subgroup_tunables, w, &l, err);
}
