/**
 * Graphs that several tests share, and running a graph on the device.
 */
#ifndef GCL_TESTS_GRAPH_RUN_H
#define GCL_TESTS_GRAPH_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/plan.h"

/** Numbers below 2^31 in a fixed order; state is the seed. */
uint64_t random_next(uint64_t *state);

/** Empty; gcl_graph_destroy. */
gcl_graph *graph_new(void);

gcl_value graph_concat2(gcl_graph *g, gcl_value a, gcl_value b, int axis);

/** x [3, 8] -> linear -> gelu -> linear -> + x; also a value nobody reads. */
gcl_graph *graph_of_mlp(bool name_inside);

/** Concats along axis 1 that can read ranges of their operands themselves. */
gcl_graph *graph_of_absorbed_slices(void);

/** Slices that must stay. */
gcl_graph *graph_of_other_slices(void);

/** What cmocka hands a test between graph_device_open and graph_device_close. Weights' values depend on
 *  their names; "missing" is not there. */
typedef struct graph_device {
    gcl_context *ctx;
    gcl_weight_set *weights;
} graph_device;

int graph_device_open(void **state);
int graph_device_close(void **state);

enum { GRAPH_OUT_ROOM = 1 << 20 }; /* bytes */

/** Runs a graph twice on numbers of its own and reads all outputs, one behind the other, to
 *  out[GRAPH_OUT_ROOM]. Returns their bytes. */
size_t graph_run(graph_device *d, const gcl_graph *g, const gcl_plan_options *options,
                 unsigned char *out, int *n_nodes);

#endif
