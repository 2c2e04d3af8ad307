/* graph_passes.c - rewriting a graph before it is planned. */
#include <string.h>

#include "host/graph_internal.h"
#include "host/op.h"

void gcl_graph_keep_named(gcl_graph *g)
{
    for (gcl_value v = 0; v < g->n_tensors; v++) {
        gcl_tensor *t = &g->tensors[v];
        if (t->name != NULL && t->kind != GCL_VALUE_INPUT &&
            g->tensors[gcl_graph_base(g, v)].kind != GCL_VALUE_WEIGHT)
            t->is_output = true;
    }
}

/* How many nodes read v's memory, views included; the last such node in *consumer. */
static int count_uses(const gcl_graph *g, gcl_value v, int *consumer)
{
    int n = 0;

    for (int i = 0; i < g->n_nodes; i++)
        for (int k = 0; k < g->nodes[i].n_in; k++)
            if (gcl_graph_base(g, g->nodes[i].in[k]) == v) {
                *consumer = i;
                n++;
            }
    return n;
}

bool gcl_graph_is_kept(const gcl_graph *g, gcl_value v)
{
    for (gcl_value i = 0; i < g->n_tensors; i++)
        if (g->tensors[i].is_output && gcl_graph_base(g, i) == v)
            return true;
    return false;
}

static void remove_node(gcl_graph *g, int i)
{
    memmove(&g->nodes[i], &g->nodes[i + 1], (size_t)(g->n_nodes - i - 1) * sizeof *g->nodes);
    g->n_nodes--;
}

void gcl_graph_prune(gcl_graph *g)
{
    int consumer;

    for (int i = g->n_nodes - 1; i >= 0; i--)
        if (!gcl_graph_is_kept(g, g->nodes[i].out) &&
            count_uses(g, g->nodes[i].out, &consumer) == 0)
            remove_node(g, i);
}

/* A merged node takes the consumer's place, where all operands of both exist. */
static bool fuse_once(gcl_graph *g)
{
    const int n = g->n_nodes;

    for (int i = 0; i < g->n_nodes; i++) {
        gcl_node merged = g->nodes[i];
        int j = -1;

        if (merged.op->absorb == NULL || gcl_graph_is_kept(g, merged.out) ||
            count_uses(g, merged.out, &j) != 1 || !merged.op->absorb(g, &merged, &g->nodes[j]))
            continue;
        merged.out = g->nodes[j].out;
        g->nodes[j] = merged;
        remove_node(g, i);
        i--; /* the next node moved here; the merged one is met again further on */
    }
    return g->n_nodes < n;
}

/* Until nothing merges: what a node has absorbed may let an earlier one merge with it. */
void gcl_graph_fuse(gcl_graph *g)
{
    while (fuse_once(g))
        ;
}

/* The resize whose result is v and enlarges; NULL when v is something else. */
static const gcl_node *enlarging_resize(const gcl_graph *g, gcl_value v)
{
    for (int i = 0; i < g->n_nodes; i++) {
        const gcl_node *node = &g->nodes[i];
        if (node->out == v && node->op == &gcl_op_resize_nearest &&
            gcl_shape_count(&g->tensors[v].shape) > gcl_shape_count(gcl_in_shape(g, node, 0)))
            return node;
    }
    return NULL;
}

void gcl_graph_hoist(gcl_graph *g)
{
    for (int i = 0; i < g->n_nodes; i++) {
        gcl_node moved = g->nodes[i], resize;
        const gcl_node *before = enlarging_resize(g, moved.in[0]);

        if (before == NULL || moved.op->is_pointwise == NULL || !moved.op->is_pointwise(g, &moved))
            continue;
        resize = *before;
        resize.out = moved.out;
        resize.scope = moved.scope;
        moved.in[0] = before->in[0];
        moved.out = gcl_graph_node(g, moved.op, moved.in, moved.n_in, moved.attr);
        if (moved.out == GCL_NO_VALUE)
            return;
        resize.in[0] = moved.out;
        /* gcl_graph_node added it at the end; it and its resize take the place of the node */
        memmove(&g->nodes[i + 2], &g->nodes[i + 1],
                (size_t)(g->n_nodes - i - 2) * sizeof *g->nodes);
        g->nodes[i++] = moved;
        g->nodes[i] = resize;
    }
}
