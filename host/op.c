/* op.c - the table of ops and the checks that their infer functions share. */
#include "host/op.h"

#include <stdio.h>

const gcl_op *const gcl_ops[] = {
#define OP(name) &gcl_op_##name,
#include "host/ops/ops.def"
#undef OP
    NULL,
};

const gcl_op *gcl_op_find(const char *name)
{
    for (const gcl_op *const *op = gcl_ops; *op != NULL; op++)
        if (strcmp((*op)->name, name) == 0)
            return *op;
    return NULL;
}

const gcl_variant *gcl_op_variant(const gcl_op *op, const char *name)
{
    for (const gcl_variant *v = op->variants; v->name != NULL; v++)
        if (strcmp(v->name, name) == 0)
            return v;
    return NULL;
}

bool gcl_variant_accepts(const gcl_variant *v, const gcl_graph *g, const gcl_node *node,
                         const gcl_device_info *device, char *why, size_t why_bytes)
{
    gcl_tuning own;

    if (v->accepts != NULL && !v->accepts(g, node, device, why, why_bytes))
        return false;
    if (v->tunables == NULL)
        return true;
    v->choose(g, node, device, &own);
    return v->allows(g, node, device, &own, why, why_bytes);
}

/* "[2, 3] f32" or "a list of 2 weights" */
static const char *operand_text(char *out, size_t room, const gcl_tensor *t)
{
    char shape[96];

    if (t->kind == GCL_VALUE_LIST)
        snprintf(out, room, "a list of %d weights", t->n_members);
    else
        snprintf(out, room, "%s %s", gcl_shape_text(shape, sizeof shape, &t->shape),
                 gcl_dtype_name(t->dtype));
    return out;
}

gcl_status gcl_check_operand(const gcl_graph *g, const gcl_node *node, int i, const char *operand,
                             gcl_dtype dtype, int rank, gcl_error *err)
{
    const gcl_tensor *t = gcl_graph_tensor(g, node->in[i]);
    char text[128], need[16] = "any";

    if (t->kind != GCL_VALUE_LIST && t->dtype == dtype && (rank < 0 || t->shape.rank == rank))
        return GCL_OK;
    if (rank >= 0)
        snprintf(need, sizeof need, "%d", rank);
    return GCL_FAIL(err, GCL_E_SHAPE, "%s: %s is %s, needs %s of rank %s", node->op->name, operand,
                    operand_text(text, sizeof text, t), gcl_dtype_name(dtype), need);
}

gcl_status gcl_check_shape(const gcl_graph *g, const gcl_node *node, int i, const char *operand,
                           gcl_shape required, gcl_error *err)
{
    const gcl_tensor *t = gcl_graph_tensor(g, node->in[i]);
    char found[128], need[96];

    if (t->kind != GCL_VALUE_LIST && t->dtype == GCL_F32 && gcl_shape_equal(&t->shape, &required))
        return GCL_OK;
    return GCL_FAIL(err, GCL_E_SHAPE, "%s: %s is %s, needs %s f32", node->op->name, operand,
                    operand_text(found, sizeof found, t),
                    gcl_shape_text(need, sizeof need, &required));
}

gcl_status gcl_check_list(const gcl_graph *g, const gcl_node *node, int i, const char *operand,
                          gcl_error *err)
{
    const gcl_tensor *t = gcl_graph_tensor(g, node->in[i]);
    char text[128];

    if (t->kind == GCL_VALUE_LIST)
        return GCL_OK;
    return GCL_FAIL(err, GCL_E_ARG, "%s: %s is %s, needs a list of weights", node->op->name,
                    operand, operand_text(text, sizeof text, t));
}

size_t gcl_packed_bytes(const gcl_graph *g, gcl_value v, const gcl_packing *packing,
                        const gcl_device_info *device)
{
    const gcl_tensor *t = gcl_graph_tensor(g, v);
    size_t bytes = 0;

    if (t->kind != GCL_VALUE_LIST)
        return packing->bytes(&t->shape, packing->param);
    for (int i = 0; i < t->n_members; i++)
        bytes = gcl_round_up(bytes, device->mem_align_bytes) +
                packing->bytes(&gcl_graph_tensor(g, t->members[i])->shape, packing->param);
    return bytes;
}

bool gcl_by_sample(const gcl_graph *g, const gcl_node *node)
{
    (void)g;
    (void)node;
    return true;
}

double gcl_flops_none(const gcl_graph *g, const gcl_node *node)
{
    (void)g;
    (void)node;
    return 0.0;
}

static void set_sizes(gcl_launch *l, const gcl_device_info *device, bool grouped, const size_t *n)
{
    /* 64 items: [64] for one dim, [16, 4] for more */
    const bool flat = n[1] == 1 && n[2] == 1;
    const size_t group[3] = {flat ? 64 : 16, flat ? 1 : 4, 1};

    l->dims = 3;
    for (int d = 0; d < 3; d++) {
        l->local[d] = grouped ? group[d] : 1;
        while (l->local[d] > device->max_work_item[d] ||
               (d == 0 && l->local[0] > device->max_work_group))
            l->local[d] /= 2;
        l->global[d] = gcl_round_up(n[d], l->local[d]);
    }
}

void gcl_launch_items(gcl_launch *l, const gcl_device_info *device, size_t nx, size_t ny, size_t nz)
{
    set_sizes(l, device, true, (const size_t[]){nx, ny, nz});
}

void gcl_launch_tiles(gcl_launch *l, const gcl_device_info *device, size_t nx, size_t ny, size_t nz)
{
    set_sizes(l, device, !gcl_device_is_cpu(device), (const size_t[]){nx, ny, nz});
}

void gcl_launch_groups(gcl_launch *l, const gcl_device_info *device, size_t nx, size_t ny,
                       size_t nz)
{
    const size_t used = strlen(l->options);
    size_t wg = 64;

    while (wg > device->max_work_group || wg > device->max_work_item[0])
        wg /= 2;
    snprintf(l->options + used, sizeof l->options - used, "%s-DWG=%zu", used ? " " : "", wg);
    l->dims = 3;
    for (int d = 0; d < 3; d++) {
        l->local[d] = d == 0 ? wg : 1;
        l->global[d] = d == 0 ? nx * wg : d == 1 ? ny : nz;
    }
}
