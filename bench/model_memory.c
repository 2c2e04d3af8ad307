/* model_memory.c - whether a batch fits a device. */
#include "bench/model_memory.h"

#include <stdlib.h>

typedef struct needs {
    uint64_t weights, values; /* bytes */
    uint64_t largest;         /* of the values */
} needs;

static uint64_t bytes_of(const gcl_tensor *t)
{
    return (uint64_t)gcl_shape_count(&t->shape) * gcl_dtype_bytes(t->dtype);
}

/* The value whose memory v lies in. */
static gcl_value memory_of(const gcl_graph *g, gcl_value v)
{
    const gcl_value base = gcl_graph_base(g, v);
    const gcl_tensor *t = gcl_graph_tensor(g, base);

    return t->kind == GCL_VALUE_PART ? t->base : base;
}

/* A value while nodes run: the last node that reads or writes its memory, whether it holds anything. */
typedef struct life {
    int last;
    bool alive;
} life;

/* Inputs hold what they hold throughout, outputs to the end; weights are none of these. */
static void find_lives(const gcl_graph *g, life *lives)
{
    const int n_nodes = gcl_graph_n_nodes(g);

    for (int i = 0; i < n_nodes; i++) {
        const gcl_node *node = gcl_graph_node_at(g, i);
        for (int k = 0; k < node->n_in; k++)
            lives[memory_of(g, node->in[k])].last = i;
        lives[memory_of(g, node->out)].last = i;
    }
    for (gcl_value v = 0; v < gcl_graph_n_values(g); v++) {
        const gcl_tensor *t = gcl_graph_tensor(g, v);
        lives[v].alive = t->kind == GCL_VALUE_INPUT;
        if (t->kind == GCL_VALUE_INPUT || t->is_output)
            lives[memory_of(g, v)].last = n_nodes;
    }
}

static void add_value(const gcl_graph *g, gcl_value v, needs *n, uint64_t *alive)
{
    const uint64_t bytes = bytes_of(gcl_graph_tensor(g, v));

    *alive += bytes;
    n->largest = bytes > n->largest ? bytes : n->largest;
}

static uint64_t most_alive(const gcl_graph *g, life *lives, needs *n)
{
    uint64_t alive = 0, most = 0;

    for (gcl_value v = 0; v < gcl_graph_n_values(g); v++)
        if (lives[v].alive)
            add_value(g, v, n, &alive);
    for (int i = 0; i < gcl_graph_n_nodes(g); i++) {
        const gcl_node *node = gcl_graph_node_at(g, i);
        const gcl_value out = memory_of(g, node->out);
        if (!lives[out].alive)
            add_value(g, out, n, &alive);
        lives[out].alive = true;
        most = alive > most ? alive : most;
        for (int k = 0; k <= node->n_in; k++) {
            const gcl_value v = k < node->n_in ? memory_of(g, node->in[k]) : out;
            if (lives[v].alive && lives[v].last == i) {
                lives[v].alive = false;
                alive -= bytes_of(gcl_graph_tensor(g, v));
            }
        }
    }
    return most;
}

/* Adds what a part needs at least. */
static gcl_status add_needs(needs *n, gcl_context *ctx, const gcl_config *config, gcl_part part,
                            size_t batch, size_t tokens, const gcl_plan_options *options,
                            gcl_error *err)
{
    gcl_status st = GCL_OK;
    const uint64_t least = options->weights == GCL_WEIGHTS_F32 ? 1 : 2;
    gcl_graph *graph = NULL;
    life *lives = NULL;

    GCL_TRY(gcl_part_graph(&graph, config, part, batch, tokens, err));
    GCL_TRY(gcl_plan_rewrite(graph, gcl_context_device(ctx), options, err));
    lives = calloc((size_t)gcl_graph_n_values(graph), sizeof *lives);
    if (lives == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "bench model: host allocation failed");
        goto done;
    }
    for (gcl_value v = 0; v < gcl_graph_n_values(graph); v++)
        if (gcl_graph_tensor(graph, v)->kind == GCL_VALUE_WEIGHT)
            n->weights += bytes_of(gcl_graph_tensor(graph, v)) / least;
    find_lives(graph, lives);
    n->values += most_alive(graph, lives, n);
done:
    free(lives);
    gcl_graph_destroy(graph);
    return st;
}

gcl_status bench_memory_check(gcl_context *ctx, const gcl_config *config,
                              const bench_model_options *opt, int part, size_t batch,
                              size_t known_batch, const bench_subject_totals *known, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_device_info *device = gcl_context_device(ctx);
    const uint64_t one = device->max_alloc_bytes;
    const uint64_t limit =
        opt->max_memory_bytes > 0 ? opt->max_memory_bytes : device->global_mem_bytes / 4 * 3;
    const bool pipeline = part == BENCH_PART_PIPELINE;
    needs n = {0};
    uint64_t need;

    GCL_TRY(add_needs(&n, ctx, config, pipeline ? GCL_PART_NETG : (gcl_part)part, batch,
                      opt->tokens, &opt->plan, err));
    if (pipeline) /* of sentences of any length */
        GCL_TRY(add_needs(&n, ctx, config, GCL_PART_TEXT, 1, 1, &opt->plan, err));
    need = n.values + (known_batch > 0 ? known->weight_bytes + known->const_bytes : n.weights);
    if (need > limit)
        st = GCL_FAIL(err, GCL_E_UNSUPPORTED, "needs %.0f MB or more, the limit is %.0f MB%s",
                      (double)need / 1e6, (double)limit / 1e6,
                      opt->max_memory_bytes > 0 ? "" : " (3/4 of the device's memory)");
    else if (n.largest > one)
        st = GCL_FAIL(err, GCL_E_UNSUPPORTED,
                      "an activation of %.0f MB, the device allows %.0f MB in one buffer",
                      (double)n.largest / 1e6, (double)one / 1e6);
done:
    return st == GCL_E_NOT_FOUND ? GCL_E_UNSUPPORTED : st;
}
