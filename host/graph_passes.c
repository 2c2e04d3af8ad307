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

static bool memory_is_read_after_run(const gcl_graph *g, gcl_value v)
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
        if (!memory_is_read_after_run(g, g->nodes[i].out) &&
            count_uses(g, g->nodes[i].out, &consumer) == 0)
            remove_node(g, i);
}

/* A merged node takes the consumer's place, where all operands of both exist. */
void gcl_graph_fuse(gcl_graph *g)
{
    for (int i = 0; i < g->n_nodes; i++) {
        gcl_node merged = g->nodes[i];
        int j = -1;

        if (merged.op->absorb == NULL || memory_is_read_after_run(g, merged.out) ||
            count_uses(g, merged.out, &j) != 1 || !merged.op->absorb(g, &merged, &g->nodes[j]))
            continue;
        merged.out = g->nodes[j].out;
        g->nodes[j] = merged;
        remove_node(g, i);
        i--; /* the next node moved here; the merged one is met again further on */
    }
}
