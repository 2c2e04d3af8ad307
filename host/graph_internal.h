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

#endif
