/* linear_tile.c - work-groups that compute tiles of a product. */
#include "host/ops/common/linear_tile.h"

#include <stdio.h>

enum {
    /* Of 255 or 256, the rest for addresses; of Intel's 128 what clang and IGC need no memory for, as
     * compiled for gfx90a, gfx1100, skl, dg2, pvc, sm_80 and sm_90. */
    MAX_REGISTERS = 220,
    MAX_REGISTERS_INTEL = 88,
    UNIT_ITEMS = 1024,        /* of a compute unit at once */
    UNIT_REGISTERS = 1 << 16, /* of 4 bytes, of a compute unit */
    /* In multiply-adds of a compute unit of 128 lanes: 400 cycles from memory, and 2000 for a launch. */
    STEP_COST = 50000,
    LAUNCH_COST = 250000,
    PART_COST = 8, /* an element of a part, written and read */
    MAX_SPLIT = 64,
    MAX_ON_CPU = 1 << 23 /* multiply-adds; those of galip-56 have up to 2.4 million */
};

bool gcl_linear_tile_accepts(const gcl_graph *g, const gcl_node *node,
                             const gcl_device_info *device, char *why, size_t why_bytes)
{
    const gcl_linear_sizes s = gcl_linear_sizes_of(g, node);

    if (!gcl_device_is_cpu(device) || s.M <= MAX_ON_CPU / s.N / s.K)
        return gcl_linear_is_packable(g, node, why, why_bytes);
    snprintf(why, why_bytes, "M %zu, N %zu, K %zu on a CPU, limit %d multiply-adds", s.M, s.N, s.K,
             MAX_ON_CPU);
    return false;
}

bool gcl_linear_tile_fits(const gcl_linear_tile *t, gcl_linear_sizes s,
                          const gcl_device_info *device, char *why, size_t why_bytes)
{
    const size_t registers = gcl_intel_subgroup(device) > 0 ? MAX_REGISTERS_INTEL : MAX_REGISTERS;
    const size_t rounds = gcl_round_up(s.K, t->step) + t->rows + t->columns;

    if (t->group > device->max_work_group || t->group > device->max_work_item[0])
        snprintf(why, why_bytes, "groups of %zu work-items, the device's limits are %zu and %zu",
                 t->group, device->max_work_group, device->max_work_item[0]);
    else if (t->local_bytes > device->local_mem_bytes)
        snprintf(why, why_bytes, "%zu bytes of local memory, the device has %zu", t->local_bytes,
                 (size_t)device->local_mem_bytes);
    else if (t->registers > registers)
        snprintf(why, why_bytes, "%zu registers of a work-item, limit %zu", t->registers,
                 registers);
    else if (t->split < 1 || t->split > MAX_SPLIT ||
             t->split > device->max_alloc_bytes / sizeof(float) / s.M / s.N)
        snprintf(why, why_bytes, "%zu parts of K, needs 1 .. %d that fit one buffer", t->split,
                 MAX_SPLIT);
    else if (device->max_rounds != 0 && rounds > device->max_rounds)
        snprintf(why, why_bytes,
                 "a work-item needs %zu rounds of its loops, the driver's limit is %zu", rounds,
                 device->max_rounds);
    else
        return true;
    return false;
}

/* k of a part */
static size_t span(const gcl_linear_tile *t, gcl_linear_sizes s)
{
    return gcl_div_up(gcl_div_up(s.K, t->step), t->split) * t->step;
}

/* Units of about 128 lanes, which a work-group stays in; Intel counts its EUs, of a small sub-group's
 * lanes each. */
static size_t count_units(const gcl_device_info *device)
{
    const unsigned lanes = gcl_intel_subgroup(device);
    const size_t units = lanes > 0 ? device->compute_units * lanes / 128 : device->compute_units;

    return units > 0 ? units : 1;
}

/* The multiply-adds that the units share out or, when that is longer, the steps of K of groups that wait
 * for memory together: as many as a unit has items, registers and local memory for. */
double gcl_linear_tile_cost(const gcl_linear_tile *t, gcl_linear_sizes s,
                            const gcl_device_info *device)
{
    const size_t groups = gcl_div_up(s.M, t->rows) * gcl_div_up(s.N, t->columns) * t->split;
    const size_t units = count_units(device);
    const size_t lanes = device->subgroup_size > 0 ? device->subgroup_size : 1;
    const size_t items = gcl_round_up(t->group, lanes); /* some idle */
    const size_t by_items = UNIT_ITEMS / items;
    const size_t by_registers = UNIT_REGISTERS / (items * t->registers);
    const size_t by_memory = (size_t)device->local_mem_bytes / (t->local_bytes + 1);
    size_t together = by_items < by_registers ? by_items : by_registers;
    double work, wait, cost;

    if (by_memory < together)
        together = by_memory;
    if (together < 1)
        together = 1;
    work = (double)gcl_div_up(groups, units) * (double)(t->rows * t->columns) * (double)span(t, s) *
           t->time * (double)items / (double)t->group;
    wait =
        (double)gcl_div_up(groups, units * together) * (double)(span(t, s) / t->step) * STEP_COST;
    cost = work > wait ? work : wait;
    if (t->split > 1)
        cost +=
            LAUNCH_COST + (double)(s.M * s.N) * (double)(t->split + 1) * PART_COST / (double)units;
    return cost;
}

void gcl_linear_tile_choose(const gcl_linear_tiles *from, const gcl_graph *g, const gcl_node *node,
                            const gcl_device_info *device, gcl_tuning *out)
{
    /* On CPUs, where tests run these, in two parts: one program then serves all epilogues. */
    const int least = gcl_device_is_cpu(device) ? 2 : 1, most = gcl_device_is_cpu(device) ? 2 : 16;
    double best = 0;

    for (size_t i = 0; i < from->n; i++)
        for (int split = least; split <= most; split *= 2) {
            gcl_tuning tuning = from->list[i];
            gcl_linear_tile t;
            double cost;
            char why[256];

            tuning.value[from->split] = split;
            if (best == 0)
                *out = tuning;
            if (!from->allows(g, node, device, &tuning, why, sizeof why))
                continue;
            t = from->tile_of(&tuning);
            cost = gcl_linear_tile_cost(&t, gcl_linear_sizes_of(g, node), device);
            if (best == 0 || cost < best) {
                best = cost;
                *out = tuning;
            }
        }
}

/* The number of parts is the launch's, and no reason to compile again. */
static void add_tuning(const gcl_emit *e, const gcl_tunable *tunables, gcl_launch *l)
{
    for (int i = 0; strcmp(tunables[i].name, "SPLIT") != 0; i++) {
        const size_t used = strlen(l->options);
        snprintf(l->options + used, sizeof l->options - used, " -D%s=%d", tunables[i].name,
                 gcl_emit_tuning(e)->value[i]);
    }
}

gcl_status gcl_linear_tile_emit(const gcl_linear_tile *t, gcl_emit *e, const gcl_graph *g,
                                const gcl_node *node, const gcl_tunable *tunables, gcl_slot w,
                                gcl_launch *l, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_linear_attr a = gcl_linear_attr_of(node);
    const gcl_linear_sizes s = gcl_linear_sizes_of(g, node);
    const size_t groups[] = {gcl_div_up(s.N, t->columns), gcl_div_up(s.M, t->rows), t->split};
    const gcl_slot y = t->split > 1 ? gcl_emit_temp(e, t->split * s.M * s.N * sizeof(float))
                                    : gcl_emit_value(e, node->out);

    add_tuning(e, tunables, l);
    if (t->split == 1)
        gcl_epilogue_options(&a.ep, l);
    gcl_linear_operands(e, node, w, y, s, l);
    gcl_launch_arg(l, gcl_arg_int(span(t, s)));
    l->dims = 3;
    for (int d = 0; d < 3; d++) {
        l->local[d] = d == 0 ? t->group : 1;
        l->global[d] = groups[d] * l->local[d];
    }
    GCL_TRY(gcl_emit_launch(e, l, err));
    if (t->split > 1)
        GCL_TRY(gcl_linear_finish(e, g, node, y, t->split, err));
done:
    return st;
}
