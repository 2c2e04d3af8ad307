/* graph_internal.h - the graph's insides, shared by building and passes. */
#ifndef GCL_HOST_GRAPH_INTERNAL_H
#define GCL_HOST_GRAPH_INTERNAL_H

#include "host/graph.h"

struct gcl_graph {
    gcl_tensor *tensors;
    int n_tensors, room_tensors;
    gcl_node *nodes;
    int n_nodes, room_nodes;
    char **strings; /* every name and scope, owned here */
    int n_strings, room_strings;
    const char *scope;
    gcl_error error;
};

/** A value with a copy of name, which may be NULL; GCL_NO_VALUE when memory runs out. */
gcl_value gcl_graph_add_tensor(gcl_graph *g, gcl_value_kind kind, gcl_dtype dtype, gcl_shape shape,
                               const char *name);

/** Whether v or a view of it is an output. */
bool gcl_graph_is_kept(const gcl_graph *g, gcl_value v);

#endif
