/* graph.c - building and reading graphs. */
#include "host/graph.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/graph_internal.h"
#include "host/op.h"

/* ---- shapes ---- */

gcl_shape gcl_shape_make(int rank, const size_t *dim)
{
    gcl_shape s = {0};

    s.rank = rank;
    for (int i = 0; i < rank && i < GCL_MAX_RANK; i++)
        s.dim[i] = dim[i];
    return s;
}

size_t gcl_shape_count(const gcl_shape *s)
{
    size_t n = 1;

    for (int i = 0; i < s->rank; i++)
        n *= s->dim[i];
    return n;
}

bool gcl_shape_equal(const gcl_shape *a, const gcl_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

size_t gcl_dtype_bytes(gcl_dtype t)
{
    return t == GCL_U8 ? 1 : 4;
}

const char *gcl_dtype_name(gcl_dtype t)
{
    return t == GCL_F32 ? "f32" : t == GCL_I32 ? "i32" : "u8";
}

const char *gcl_shape_text(char *out, size_t room, const gcl_shape *s)
{
    size_t used = (size_t)snprintf(out, room, "[");

    for (int i = 0; i < s->rank && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%zu", i ? ", " : "", s->dim[i]);
    if (used < room)
        snprintf(out + used, room - used, "]");
    return out;
}

/* Elements must be countable and every dim must fit a kernel's int. */
static bool shape_is_legal(const gcl_shape *s)
{
    size_t n = 1;

    if (s->rank < 0 || s->rank > GCL_MAX_RANK)
        return false;
    for (int i = 0; i < s->rank; i++) {
        if (s->dim[i] < 1 || s->dim[i] > INT32_MAX || n > SIZE_MAX / 16 / s->dim[i])
            return false;
        n *= s->dim[i];
    }
    return true;
}

/* ---- life ---- */

gcl_status gcl_graph_create(gcl_graph **out, gcl_error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "graph: host allocation of %zu bytes", sizeof **out);
    (*out)->scope = "";
    return GCL_OK;
}

void gcl_graph_destroy(gcl_graph *g)
{
    if (g == NULL)
        return;
    for (int i = 0; i < g->n_strings; i++)
        free(g->strings[i]);
    free(g->strings);
    for (gcl_value v = 0; v < g->n_tensors; v++)
        free(g->tensors[v].members);
    free(g->tensors);
    free(g->nodes);
    gcl_error_clear(&g->error);
    free(g);
}

gcl_value gcl_graph_fail(gcl_graph *g, gcl_status status, const char *fmt, ...)
{
    char message[sizeof g->error.message];
    va_list ap;

    if (g->error.status == GCL_OK) {
        va_start(ap, fmt);
        vsnprintf(message, sizeof message, fmt, ap);
        va_end(ap);
        GCL_FAIL(&g->error, status, "%s", message);
    }
    return GCL_NO_VALUE;
}

gcl_status gcl_graph_status(const gcl_graph *g, gcl_error *err)
{
    if (g->error.status == GCL_OK)
        return GCL_OK;
    return gcl_fail_at(err, g->error.status, g->error.file, g->error.line, "%s", g->error.message);
}

/* Makes room for one more element of an array; NULL when memory runs out. */
static void *grow(void *array, int n, int *room, size_t element)
{
    if (n < *room)
        return array;
    array = realloc(array, (size_t)(*room ? 2 * *room : 64) * element);
    if (array != NULL)
        *room = *room ? 2 * *room : 64;
    return array;
}

static const char *keep_string(gcl_graph *g, const char *s)
{
    char **strings = grow(g->strings, g->n_strings, &g->room_strings, sizeof *strings);
    char *copy = strdup(s);

    if (strings != NULL)
        g->strings = strings;
    if (strings == NULL || copy == NULL) {
        free(copy);
        gcl_graph_fail(g, GCL_E_NOMEM, "graph: host allocation failed");
        return NULL;
    }
    return g->strings[g->n_strings++] = copy;
}

gcl_value gcl_graph_add_tensor(gcl_graph *g, gcl_value_kind kind, gcl_dtype dtype, gcl_shape shape,
                               const char *name)
{
    gcl_tensor *tensors = grow(g->tensors, g->n_tensors, &g->room_tensors, sizeof *tensors);
    gcl_tensor t = {.kind = kind, .dtype = dtype, .shape = shape, .base = GCL_NO_VALUE};

    if (tensors == NULL)
        return gcl_graph_fail(g, GCL_E_NOMEM, "graph: host allocation failed");
    g->tensors = tensors;
    if (name != NULL && (t.name = keep_string(g, name)) == NULL)
        return GCL_NO_VALUE;
    g->tensors[g->n_tensors] = t;
    return g->n_tensors++;
}

/* ---- building ---- */

gcl_value gcl_graph_input(gcl_graph *g, const char *name, gcl_dtype dtype, gcl_shape shape)
{
    char text[96];

    if (g->error.status != GCL_OK)
        return GCL_NO_VALUE;
    if (!shape_is_legal(&shape))
        return gcl_graph_fail(g, GCL_E_SHAPE, "input %s: %s is not a legal shape", name,
                              gcl_shape_text(text, sizeof text, &shape));
    if (gcl_graph_find(g, name) != GCL_NO_VALUE)
        return gcl_graph_fail(g, GCL_E_ARG, "input %s: the name is taken", name);
    return gcl_graph_add_tensor(g, GCL_VALUE_INPUT, dtype, shape, name);
}

gcl_value gcl_graph_weight(gcl_graph *g, const char *name, gcl_shape shape)
{
    char a[96], b[96];

    if (g->error.status != GCL_OK)
        return GCL_NO_VALUE;
    if (!shape_is_legal(&shape))
        return gcl_graph_fail(g, GCL_E_SHAPE, "weight %s: %s is not a legal shape", name,
                              gcl_shape_text(a, sizeof a, &shape));
    for (gcl_value v = 0; v < g->n_tensors; v++) {
        const gcl_tensor *t = &g->tensors[v];
        if (t->kind != GCL_VALUE_WEIGHT || strcmp(t->name, name) != 0)
            continue;
        if (gcl_shape_equal(&t->shape, &shape))
            return v;
        return gcl_graph_fail(g, GCL_E_SHAPE, "weight %s is used as %s and as %s", name,
                              gcl_shape_text(a, sizeof a, &t->shape),
                              gcl_shape_text(b, sizeof b, &shape));
    }
    return gcl_graph_add_tensor(g, GCL_VALUE_WEIGHT, GCL_F32, shape, name);
}

gcl_value gcl_graph_list(gcl_graph *g)
{
    return g->error.status != GCL_OK
               ? GCL_NO_VALUE
               : gcl_graph_add_tensor(g, GCL_VALUE_LIST, GCL_F32, (gcl_shape){0}, NULL);
}

void gcl_graph_list_add(gcl_graph *g, gcl_value list, gcl_value weight)
{
    gcl_tensor *t;
    gcl_value *members;

    if (list == GCL_NO_VALUE || weight == GCL_NO_VALUE || g->error.status != GCL_OK)
        return;
    if (g->tensors[list].kind != GCL_VALUE_LIST) {
        gcl_graph_fail(g, GCL_E_ARG, "list: what it was to be added to is not a list");
        return;
    }
    if (g->tensors[weight].kind != GCL_VALUE_WEIGHT) {
        gcl_graph_fail(g, GCL_E_ARG, "list: what was added is not a weight");
        return;
    }
    t = &g->tensors[list];
    members = grow(t->members, t->n_members, &t->room_members, sizeof *members);
    if (members == NULL) {
        gcl_graph_fail(g, GCL_E_NOMEM, "graph: host allocation failed");
        return;
    }
    t->members = members;
    t->members[t->n_members++] = weight;
}

gcl_value gcl_graph_reshape(gcl_graph *g, gcl_value x, gcl_shape shape)
{
    char a[96], b[96];
    gcl_value v;

    if (x == GCL_NO_VALUE || g->error.status != GCL_OK)
        return GCL_NO_VALUE;
    if (g->tensors[x].kind == GCL_VALUE_LIST)
        return gcl_graph_fail(g, GCL_E_ARG, "reshape: a list of weights has no shape");
    if (!shape_is_legal(&shape) || gcl_shape_count(&shape) != gcl_shape_count(&g->tensors[x].shape))
        return gcl_graph_fail(g, GCL_E_SHAPE, "reshape: %s does not hold the elements of %s",
                              gcl_shape_text(a, sizeof a, &shape),
                              gcl_shape_text(b, sizeof b, &g->tensors[x].shape));
    v = gcl_graph_add_tensor(g, GCL_VALUE_VIEW, g->tensors[x].dtype, shape, NULL);
    if (v != GCL_NO_VALUE)
        g->tensors[v].base = gcl_graph_base(g, x);
    return v;
}

void gcl_graph_name(gcl_graph *g, gcl_value v, const char *name)
{
    if (v == GCL_NO_VALUE || g->error.status != GCL_OK)
        return;
    if (g->tensors[v].name != NULL)
        gcl_graph_fail(g, GCL_E_ARG, "graph: %s cannot also be named %s", g->tensors[v].name, name);
    else if (gcl_graph_find(g, name) != GCL_NO_VALUE)
        gcl_graph_fail(g, GCL_E_ARG, "graph: the name %s is taken", name);
    else
        g->tensors[v].name = keep_string(g, name);
}

void gcl_graph_make_output(gcl_graph *g, gcl_value v)
{
    if (v == GCL_NO_VALUE || g->error.status != GCL_OK)
        return;
    if (g->tensors[v].name == NULL)
        gcl_graph_fail(g, GCL_E_ARG, "graph: an output needs a name");
    else if (g->tensors[gcl_graph_base(g, v)].kind == GCL_VALUE_WEIGHT)
        gcl_graph_fail(g, GCL_E_ARG, "graph: the weight %s cannot be an output",
                       g->tensors[v].name);
    else if (g->tensors[v].kind == GCL_VALUE_LIST)
        gcl_graph_fail(g, GCL_E_ARG, "graph: the list of weights %s cannot be an output",
                       g->tensors[v].name);
    else
        g->tensors[v].is_output = true;
}

void gcl_graph_output(gcl_graph *g, gcl_value v, const char *name)
{
    gcl_graph_name(g, v, name);
    gcl_graph_make_output(g, v);
}

void gcl_graph_scope(gcl_graph *g, const char *fmt, ...)
{
    char scope[128];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(scope, sizeof scope, fmt, ap);
    va_end(ap);
    if (strcmp(scope, g->scope) != 0) {
        const char *kept = keep_string(g, scope);
        g->scope = kept != NULL ? kept : "";
    }
}

gcl_value gcl_graph_node(gcl_graph *g, const gcl_op *op, const gcl_value *in, int n_in,
                         const void *attr)
{
    gcl_node node = {.op = op, .n_in = n_in, .out = GCL_NO_VALUE, .scope = g->scope};
    gcl_dtype dtype = GCL_F32;
    gcl_shape shape = {0};
    gcl_error err = GCL_ERROR_INIT;
    gcl_node *nodes;
    char text[96];

    if (g->error.status != GCL_OK)
        return GCL_NO_VALUE;
    if (n_in > GCL_MAX_OPERANDS || op->attr_bytes > sizeof node.attr)
        return gcl_graph_fail(g, GCL_E_ARG, "%s: more operands or attributes than a node holds",
                              op->name);
    for (int i = 0; i < n_in; i++) {
        if (in[i] == GCL_NO_VALUE)
            return gcl_graph_fail(g, GCL_E_ARG, "%s%s%s: operand %d is missing", g->scope,
                                  *g->scope ? ": " : "", op->name, i);
        node.in[i] = in[i];
    }
    if (op->attr_bytes > 0)
        memcpy(node.attr, attr, op->attr_bytes);
    if (op->infer(g, &node, &dtype, &shape, &err) != GCL_OK) {
        gcl_graph_fail(g, err.status, "%s%s%s", g->scope, *g->scope ? ": " : "", err.message);
        gcl_error_clear(&err);
        return GCL_NO_VALUE;
    }
    if (!shape_is_legal(&shape))
        return gcl_graph_fail(g, GCL_E_SHAPE, "%s%s%s: the result %s is not a legal shape",
                              g->scope, *g->scope ? ": " : "", op->name,
                              gcl_shape_text(text, sizeof text, &shape));
    nodes = grow(g->nodes, g->n_nodes, &g->room_nodes, sizeof *nodes);
    if (nodes == NULL)
        return gcl_graph_fail(g, GCL_E_NOMEM, "graph: host allocation failed");
    g->nodes = nodes;
    node.out = gcl_graph_add_tensor(g, GCL_VALUE_RESULT, dtype, shape, NULL);
    if (node.out != GCL_NO_VALUE)
        g->nodes[g->n_nodes++] = node;
    return node.out;
}

gcl_status gcl_graph_clone(gcl_graph **out, const gcl_graph *g, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_graph *c = NULL;

    *out = NULL;
    GCL_TRY(gcl_graph_create(&c, err));
    for (gcl_value v = 0; v < g->n_tensors; v++) {
        const gcl_tensor *t = &g->tensors[v];
        if (gcl_graph_add_tensor(c, t->kind, t->dtype, t->shape, t->name) == GCL_NO_VALUE)
            break;
        c->tensors[v].base = t->base;
        c->tensors[v].first = t->first;
        c->tensors[v].is_output = t->is_output;
    }
    for (gcl_value v = 0; v < c->n_tensors; v++)
        for (int i = 0; i < g->tensors[v].n_members; i++)
            gcl_graph_list_add(c, v, g->tensors[v].members[i]);
    for (int i = 0; i < g->n_nodes && c->error.status == GCL_OK; i++) {
        gcl_node *nodes = grow(c->nodes, c->n_nodes, &c->room_nodes, sizeof *nodes);
        if (nodes == NULL) {
            gcl_graph_fail(c, GCL_E_NOMEM, "graph: host allocation failed");
            break;
        }
        c->nodes = nodes;
        gcl_graph_scope(c, "%s", g->nodes[i].scope);
        c->nodes[c->n_nodes] = g->nodes[i];
        c->nodes[c->n_nodes++].scope = c->scope;
    }
    GCL_TRY(gcl_graph_status(c, err));
    *out = c;
    c = NULL;
done:
    gcl_graph_destroy(c);
    return st;
}

/* ---- reading ---- */

int gcl_graph_n_values(const gcl_graph *g)
{
    return g->n_tensors;
}

int gcl_graph_n_nodes(const gcl_graph *g)
{
    return g->n_nodes;
}

const gcl_tensor *gcl_graph_tensor(const gcl_graph *g, gcl_value v)
{
    return &g->tensors[v];
}

const gcl_node *gcl_graph_node_at(const gcl_graph *g, int i)
{
    return &g->nodes[i];
}

gcl_value gcl_graph_base(const gcl_graph *g, gcl_value v)
{
    return g->tensors[v].kind == GCL_VALUE_VIEW ? g->tensors[v].base : v;
}

gcl_value gcl_graph_find(const gcl_graph *g, const char *name)
{
    for (gcl_value v = 0; v < g->n_tensors; v++)
        if (g->tensors[v].name != NULL && strcmp(g->tensors[v].name, name) == 0)
            return v;
    return GCL_NO_VALUE;
}
