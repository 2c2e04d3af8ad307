/* conv2d_attr.c - attributes of a conv2d node. */
#include "host/ops/common/conv2d_attr.h"

gcl_conv2d_attr gcl_conv2d_attr_of(const gcl_node *node)
{
    gcl_conv2d_attr a;

    memcpy(&a, node->attr, sizeof a);
    return a;
}

bool gcl_conv2d_absorb_resize(const gcl_graph *g, gcl_node *resize, const gcl_node *conv)
{
    const gcl_value x = resize->in[0], resized = resize->out;
    gcl_conv2d_attr a = gcl_conv2d_attr_of(conv);

    if (conv->in[CONV2D_X] != resized || a.rH != 0)
        return false;
    a.rH = gcl_graph_tensor(g, resized)->shape.dim[2];
    a.rW = gcl_graph_tensor(g, resized)->shape.dim[3];
    *resize = *conv;
    resize->in[CONV2D_X] = x;
    memcpy(resize->attr, &a, sizeof a);
    return true;
}
