/**
 * A graph made ready to run on one device: variants chosen, weights packed, activation memory
 * assigned, kernels compiled, arguments preset. A run writes inputs, enqueues, reads outputs;
 * it allocates and compiles nothing.
 */
#ifndef GCL_HOST_PLAN_H
#define GCL_HOST_PLAN_H

#include "host/op.h"
#include "host/weight_set.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gcl_precision {
    GCL_PRECISION_F32,
    GCL_PRECISION_F16 /* operands of products may be rounded to f16; sums are in f32 always */
} gcl_precision;

/** "f32" or "f16"; static string. */
const char *gcl_precision_name(gcl_precision p);

/** How weights are kept on the device where a variant has the choice: linear's packed panels. */
typedef enum gcl_weights_precision {
    GCL_WEIGHTS_AUTO, /* as f16 where the tensor is F16, which loses nothing */
    GCL_WEIGHTS_F32,
    GCL_WEIGHTS_F16 /* also rounded to f16 where the source allows it */
} gcl_weights_precision;

/** "auto", "f32" or "f16"; static string. */
const char *gcl_weights_precision_name(gcl_weights_precision p);

/** How a node runs, and who said so. */
typedef struct gcl_choice {
    const gcl_variant *variant;
    gcl_tuning tuning;
    const char *source; /* "table", "request", or what gcl_choices names; outlives the plan */
} gcl_choice;

/** Choices that are better than the table's, as measured (host/op.h has what they are made of). */
typedef struct gcl_choices {
    void *user;
    /* False when there is none for the node. One that the variant does not accept or allow gives way
     * to the table. */
    bool (*find)(void *user, gcl_choice *out, const gcl_graph *g, const gcl_node *node);
} gcl_choices;

typedef struct gcl_plan_options {
    gcl_precision precision; /* of arithmetic */
    gcl_weights_precision weights;
    bool keep_named;      /* named intermediates stay readable after a run */
    bool no_fusion;       /* run the graph as it was written */
    bool guard;           /* canaries around every slot, NaN in every slot before the first run */
    bool apart;           /* a buffer of its exact size for every slot, for checkers of accesses;
                             guard comes first. Both know a batch that runs in parts as one slot */
    size_t split_bytes;   /* a node's operands and result beyond which a batch runs in parts
                             (gcl_graph_split), SIZE_MAX: never; 0: half of a CPU's last cache,
                             4 MiB or more. Without meaning where no_fusion */
    const char *variants; /* "linear=plain_f32,conv2d=panel_f32:MR=4:NV=1" overrides the tables and
                             choices, and single tunables; NULL: none */
    const gcl_choices *choices; /* measured in f32, and asked while planning for f32; NULL: none */
    const char *build_options;  /* appended to those of every program; NULL: none */
} gcl_plan_options;

typedef struct gcl_plan gcl_plan;

/**
 * Plans a graph. Slow: compiles and packs.
 *
 * @param out      owned (gcl_plan_destroy)
 * @param graph    read; not needed afterwards
 * @param weights  must outlive the plan; NULL for a graph without weights
 * @param options  NULL for the defaults
 */
gcl_status gcl_plan_create(gcl_plan **out, gcl_context *ctx, const gcl_graph *graph,
                           gcl_weight_set *weights, const gcl_plan_options *options,
                           gcl_error *err);
/** Legal on NULL. Waits for a run whose outputs nobody has read. */
void gcl_plan_destroy(gcl_plan *plan);

/** What gcl_plan_create does to its own copy of a graph before it asks variants: fusion, and the batch
 *  in parts. For those who want to know the values of a plan without making it. */
gcl_status gcl_plan_rewrite(gcl_graph *graph, const gcl_device_info *device,
                            const gcl_plan_options *options, gcl_error *err);

/** Copies host data into an input; bytes must be the input's exact size. Returns when data may
 *  be changed again. */
gcl_status gcl_plan_write(gcl_plan *plan, const char *input, const void *data, size_t bytes,
                          gcl_error *err);

/** Enqueues every step and returns. */
gcl_status gcl_plan_run(gcl_plan *plan, gcl_error *err);

/** Runs, waits, and stores each node's device time. @param node_ns  [gcl_plan_n_nodes] */
gcl_status gcl_plan_run_timed(gcl_plan *plan, uint64_t *node_ns, gcl_error *err);

/** The same of each step. @param step_ns  [gcl_plan_n_steps] */
gcl_status gcl_plan_run_steps_timed(gcl_plan *plan, uint64_t *step_ns, gcl_error *err);

/** Waits for the run and copies an output to the host; bytes must be its exact size. */
gcl_status gcl_plan_read(gcl_plan *plan, const char *output, void *data, size_t bytes,
                         gcl_error *err);

/** With options.guard: GCL_E_BUFFER naming the slot whose surroundings were written to. */
gcl_status gcl_plan_check_guards(gcl_plan *plan, gcl_error *err);

/** The graph as it runs, after fusion; borrowed. */
const gcl_graph *gcl_plan_graph(const gcl_plan *plan);

typedef struct gcl_plan_node {
    const gcl_node *node; /* in gcl_plan_graph; borrowed */
    gcl_choice choice;
    int n_steps;         /* kernel launches and library calls */
    double flops;        /* naive */
    double bytes;        /* operands read once, result written once; weights in f32 or, where they
                             are kept so, f16 */
    int arena;           /* of the result */
    size_t offset_bytes; /* of the result in its arena */
} gcl_plan_node;

int gcl_plan_n_nodes(const gcl_plan *plan);
gcl_plan_node gcl_plan_node_at(const gcl_plan *plan, int i);

int gcl_plan_n_steps(const gcl_plan *plan);
/** Launch k as it runs, NULL for a library call; borrowed. */
const gcl_launch *gcl_plan_launch(const gcl_plan *plan, int k);

typedef struct gcl_plan_totals {
    int n_arenas;
    size_t arena_bytes;    /* activations, inputs and outputs, all arenas together */
    size_t unshared_bytes; /* what they would take without reuse */
    size_t weight_bytes;   /* packed weights this plan uses */
    size_t const_bytes;
    int n_steps;
    double flops; /* naive, of the graph as it was given */
} gcl_plan_totals;

gcl_plan_totals gcl_plan_total(const gcl_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
