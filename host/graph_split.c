/* graph_split.c - running a batch in parts that a cache keeps. */
#include <stdlib.h>
#include <string.h>

#include "host/graph_internal.h"
#include "host/op.h"

/* Where a node stands once the batch is split; ordered as in the new graph. */
typedef enum place { BEFORE, IN_PARTS, BEHIND } place;

typedef struct split {
    gcl_graph *g;
    size_t align;
    size_t B, part; /* samples of the batch and of a part */
    int from, to;   /* nodes between which nodes are moved and copied; to is the last */
    int n_parts;    /* nodes that run in parts */
    place *made;    /* [values at first] by what node; operands from elsewhere: BEFORE */
    gcl_value *now; /* [values at first] the value that stands for v in the part at hand */
} split;

static size_t bytes_of(const gcl_tensor *t)
{
    return gcl_shape_count(&t->shape) * gcl_dtype_bytes(t->dtype);
}

static bool is_weight(const gcl_graph *g, gcl_value v)
{
    return g->tensors[gcl_graph_base(g, v)].kind == GCL_VALUE_WEIGHT;
}

static size_t node_bytes(const gcl_graph *g, const gcl_node *node)
{
    size_t bytes = bytes_of(&g->tensors[node->out]);

    for (int k = 0; k < node->n_in; k++)
        if (!is_weight(g, node->in[k]))
            bytes += bytes_of(&g->tensors[node->in[k]]);
    return bytes;
}

/* [B, ...], whose samples a sub-buffer can begin at */
static bool has_samples(const gcl_tensor *t, size_t B, size_t align)
{
    return t->shape.rank >= 2 && t->shape.dim[0] == B && bytes_of(t) / B % align == 0;
}

static bool can_split(const gcl_graph *g, const gcl_node *node, size_t B, size_t align)
{
    if (node->op->by_sample == NULL || !node->op->by_sample(g, node) ||
        !has_samples(&g->tensors[node->out], B, align))
        return false;
    for (int k = 0; k < node->n_in; k++)
        if (!is_weight(g, node->in[k]) && !has_samples(&g->tensors[node->in[k]], B, align))
            return false;
    return true;
}

/* The value in whose memory v lies. */
static gcl_value memory_of(const gcl_graph *g, gcl_value v)
{
    v = gcl_graph_base(g, v);
    return g->tensors[v].kind == GCL_VALUE_PART ? gcl_graph_base(g, g->tensors[v].base) : v;
}

/* Readers of a view of what is made in parts wait for all parts, as it would need views of them; so do
 * readers of what an earlier split made a part of it. */
static place place_of_operand(const split *s, gcl_value v)
{
    const gcl_value base = gcl_graph_base(s->g, v);
    const place made = s->made[base];

    if (made == BEFORE && s->made[memory_of(s->g, v)] != BEFORE)
        return BEHIND;
    return made == IN_PARTS && v != base ? BEHIND : made;
}

static place place_of(const split *s, int i)
{
    const gcl_node *node = &s->g->nodes[i];
    place last = BEFORE;

    for (int k = 0; k < node->n_in; k++)
        if (place_of_operand(s, node->in[k]) > last)
            last = place_of_operand(s, node->in[k]);
    if (i == s->from || last == IN_PARTS)
        return can_split(s->g, node, s->B, s->align) ? IN_PARTS : BEHIND;
    return last;
}

/* Nodes behind the last one that runs in parts stay where they are. */
static void place_nodes(split *s)
{
    const gcl_graph *g = s->g;

    for (int i = s->from; i < g->n_nodes; i++) {
        const gcl_value out = g->nodes[i].out;
        const place p = place_of(s, i);
        s->made[out] = p;
        if (g->tensors[out].kind == GCL_VALUE_PART && s->made[g->tensors[out].base] < p)
            s->made[g->tensors[out].base] = p;
        if (p == IN_PARTS) {
            s->to = i;
            s->n_parts++;
        }
    }
}

/* Whether something outside the parts reads what one of their nodes makes. */
static bool leaves(const split *s, gcl_value v)
{
    const gcl_graph *g = s->g;

    for (int i = s->from; i < g->n_nodes; i++)
        for (int k = 0; k < g->nodes[i].n_in && s->made[g->nodes[i].out] != IN_PARTS; k++)
            if (gcl_graph_base(g, g->nodes[i].in[k]) == v || memory_of(g, g->nodes[i].in[k]) == v)
                return true;
    return g->tensors[v].kind == GCL_VALUE_PART || gcl_graph_is_kept(g, v);
}

/* Samples [first, first + part) of v, in v's memory or, when is_own, in that of a new value. */
static gcl_value part_of(split *s, gcl_value v, size_t first, bool is_own)
{
    const gcl_tensor whole = s->g->tensors[v];
    const bool again = whole.kind == GCL_VALUE_PART;
    gcl_shape shape = whole.shape;

    if (s->now[v] != GCL_NO_VALUE)
        return s->now[v];
    shape.dim[0] = s->part;
    s->now[v] = gcl_graph_add_tensor(s->g, is_own ? GCL_VALUE_RESULT : GCL_VALUE_PART, whole.dtype,
                                     shape, NULL);
    if (s->now[v] != GCL_NO_VALUE && !is_own) {
        s->g->tensors[s->now[v]].base = again ? whole.base : v;
        s->g->tensors[s->now[v]].first = first + (again ? whole.first : 0);
    }
    return s->now[v];
}

/* The nodes of one part, from its first sample on. */
static int add_part(split *s, gcl_node *out, size_t first, int n_values)
{
    int n = 0;

    for (gcl_value v = 0; v < n_values; v++)
        s->now[v] = GCL_NO_VALUE;
    for (int i = s->from; i <= s->to; i++) {
        gcl_node node = s->g->nodes[i];
        if (s->made[node.out] != IN_PARTS)
            continue;
        for (int k = 0; k < node.n_in; k++)
            if (!is_weight(s->g, node.in[k]))
                node.in[k] = part_of(s, node.in[k], first, false);
        node.out = part_of(s, node.out, first, !leaves(s, node.out));
        out[n++] = node;
    }
    return n;
}

static int add_nodes(const split *s, gcl_node *out, place p)
{
    int n = 0;

    for (int i = s->from; i <= s->to; i++)
        if (s->made[s->g->nodes[i].out] == p)
            out[n++] = s->g->nodes[i];
    return n;
}

static bool rewrite(split *s)
{
    gcl_graph *g = s->g;
    const int n_values = g->n_tensors, n_behind = g->n_nodes - s->to - 1;
    const int more = (int)(s->B / s->part - 1) * s->n_parts;
    gcl_node *nodes = malloc((size_t)(g->n_nodes + more) * sizeof *nodes);
    int n = s->from;

    if (nodes == NULL)
        return false;
    memcpy(nodes, g->nodes, (size_t)n * sizeof *nodes);
    n += add_nodes(s, nodes + n, BEFORE);
    for (size_t first = 0; first < s->B; first += s->part)
        n += add_part(s, nodes + n, first, n_values);
    if (g->error.status != GCL_OK) {
        free(nodes);
        return false;
    }
    n += add_nodes(s, nodes + n, BEHIND);
    memcpy(nodes + n, g->nodes + s->to + 1, (size_t)n_behind * sizeof *nodes);
    free(g->nodes);
    g->nodes = nodes;
    g->n_nodes = g->room_nodes = n + n_behind;
    return true;
}

static bool split_from(split *s)
{
    const size_t n_values = (size_t)s->g->n_tensors;
    bool done;

    s->made = calloc(n_values, sizeof *s->made);
    s->now = malloc(n_values * sizeof *s->now);
    done = s->made != NULL && s->now != NULL;
    if (done) {
        place_nodes(s);
        done = rewrite(s);
    }
    free(s->made);
    free(s->now);
    return done;
}

/* Most samples, of those that divide the batch, of which `bytes` hold what a node reads and writes. */
static size_t choose_part(size_t B, size_t all_bytes, size_t bytes)
{
    size_t part = bytes / (all_bytes / B);

    if (part == 0)
        return 1;
    while (B % part != 0)
        part--;
    return part;
}

void gcl_graph_split(gcl_graph *g, size_t bytes, size_t align)
{
    for (int i = 0; i < g->n_nodes;) {
        const gcl_node *node = &g->nodes[i];
        const gcl_shape *y = gcl_out_shape(g, node);
        const size_t all_bytes = node_bytes(g, node);
        split s = {.g = g, .align = align, .B = y->rank > 0 ? y->dim[0] : 1, .from = i};

        if (s.B < 2 || all_bytes <= bytes || !can_split(g, node, s.B, align)) {
            i++;
            continue;
        }
        s.part = choose_part(s.B, all_bytes, bytes);
        if (!split_from(&s)) {
            gcl_graph_fail(g, GCL_E_NOMEM, "graph: host allocation failed");
            return;
        }
    }
}
