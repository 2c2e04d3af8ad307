/**
 * A model as a graph of ops with static shapes.
 *
 * A graph is pure description: building one touches no device. Values are single-assignment and
 * nodes stand in an order in which they can run, so passes over it (fusion now; differentiation
 * later) are loops over an array.
 *
 * Errors are sticky. A builder call that fails records the first error and returns GCL_NO_VALUE;
 * every call that is given GCL_NO_VALUE does nothing and returns it. Model code therefore reads
 * like the formula, and gcl_graph_status() at its end reports what went wrong first.
 */
#ifndef GCL_HOST_GRAPH_H
#define GCL_HOST_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    GCL_MAX_RANK = 5, /* image features: [B, taps, C, H, W] */
    GCL_MAX_OPERANDS = 6,
    GCL_MAX_ATTR_BYTES = 64
};

typedef enum gcl_dtype { GCL_F32, GCL_I32, GCL_U8 } gcl_dtype;

/** Row-major; every dim in 1 .. INT32_MAX. rank 0 is a scalar. */
typedef struct gcl_shape {
    int rank;
    size_t dim[GCL_MAX_RANK];
} gcl_shape;

/** GCL_SHAPE(B, T, d_model) */
#define GCL_SHAPE(...)                                                      \
    gcl_shape_make((int)(sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t)), \
                   (const size_t[]){__VA_ARGS__})

gcl_shape gcl_shape_make(int rank, const size_t *dim);
size_t gcl_shape_count(const gcl_shape *s); /* elements */
bool gcl_shape_equal(const gcl_shape *a, const gcl_shape *b);
size_t gcl_dtype_bytes(gcl_dtype t);
const char *gcl_dtype_name(gcl_dtype t);

/** Writes "[2, 77, 512]" and returns out. */
const char *gcl_shape_text(char *out, size_t room, const gcl_shape *s);

/** Index of a value in its graph. */
typedef int gcl_value;
enum { GCL_NO_VALUE = -1 };

typedef enum gcl_value_kind {
    GCL_VALUE_INPUT,  /* written by the caller before each run */
    GCL_VALUE_WEIGHT, /* a named tensor of the weights, f32 */
    GCL_VALUE_RESULT, /* produced by a node */
    GCL_VALUE_VIEW,   /* the same elements as base in another shape */
    GCL_VALUE_PART,   /* samples [first, first + dim[0]) of base */
    GCL_VALUE_LIST    /* weights that are one operand, however many; has no shape */
} gcl_value_kind;

typedef struct gcl_tensor {
    gcl_value_kind kind;
    gcl_dtype dtype;
    gcl_shape shape;
    gcl_value base;     /* of a view, never itself a view; of a part, never itself a part */
    size_t first;       /* of a part */
    bool is_output;     /* readable after a run */
    const char *name;   /* of an input, weight, output or named value; else NULL; borrowed */
    gcl_value *members; /* [n_members], of a list; borrowed */
    int n_members, room_members;
} gcl_tensor;

struct gcl_op;

typedef struct gcl_node {
    const struct gcl_op *op;
    int n_in;
    gcl_value in[GCL_MAX_OPERANDS];
    gcl_value out;
    const char *scope; /* part of the model it belongs to: "netG.GBlocks.0"; borrowed */
    unsigned char attr[GCL_MAX_ATTR_BYTES]; /* the op's own attribute struct; memcpy it */
} gcl_node;

typedef struct gcl_graph gcl_graph;

gcl_status gcl_graph_create(gcl_graph **out, gcl_error *err);
void gcl_graph_destroy(gcl_graph *g);

/** @param out  owned; independent of g */
gcl_status gcl_graph_clone(gcl_graph **out, const gcl_graph *g, gcl_error *err);

/** The first error of the building calls, copied into err; GCL_OK when there was none. */
gcl_status gcl_graph_status(const gcl_graph *g, gcl_error *err);

/** Records a builder's error (only the first one is kept) and returns GCL_NO_VALUE. */
gcl_value gcl_graph_fail(gcl_graph *g, gcl_status status, const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/** Names are copied. An input or output name is unique in its graph. */
gcl_value gcl_graph_input(gcl_graph *g, const char *name, gcl_dtype dtype, gcl_shape shape);
/** Asking twice for one name gives the same value; with another shape it is GCL_E_SHAPE. */
gcl_value gcl_graph_weight(gcl_graph *g, const char *name, gcl_shape shape);
/** A list of weights, filled before a node takes it. Only ops that ask for a list take one. */
gcl_value gcl_graph_list(gcl_graph *g);
void gcl_graph_list_add(gcl_graph *g, gcl_value list, gcl_value weight);
/** The same elements under another shape; costs nothing. */
gcl_value gcl_graph_reshape(gcl_graph *g, gcl_value x, gcl_shape shape);
/** A name under which an intermediate can be inspected (gcl_plan_options.keep_named). */
void gcl_graph_name(gcl_graph *g, gcl_value v, const char *name);
/** Makes a named value readable after a run. */
void gcl_graph_make_output(gcl_graph *g, gcl_value v);
/** gcl_graph_name and gcl_graph_make_output. */
void gcl_graph_output(gcl_graph *g, gcl_value v, const char *name);
/** Label of the nodes that are added from now on. */
void gcl_graph_scope(gcl_graph *g, const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/**
 * Adds a node; called by the builders in host/ops/, which state the contract of each op. The op's
 * infer function checks the operands and gives the result's shape. Trailing operands that are
 * GCL_NO_VALUE on purpose are left out by n_in, never passed.
 *
 * @param attr   the op's attribute struct (op->attr_bytes), copied
 */
gcl_value gcl_graph_node(gcl_graph *g, const struct gcl_op *op, const gcl_value *in, int n_in,
                         const void *attr);

/** Everything below is for passes and for printing. Pointers are borrowed until g changes. */
int gcl_graph_n_values(const gcl_graph *g);
int gcl_graph_n_nodes(const gcl_graph *g);
const gcl_tensor *gcl_graph_tensor(const gcl_graph *g, gcl_value v);
const gcl_node *gcl_graph_node_at(const gcl_graph *g, int i);
/** v itself, or what a view looks at. Parts are values of their own. */
gcl_value gcl_graph_base(const gcl_graph *g, gcl_value v);
/** The value with that name; GCL_NO_VALUE when there is none. */
gcl_value gcl_graph_find(const gcl_graph *g, const char *name);

/** Merges neighbours: each op may take its only consumer into itself (gcl_op.absorb). */
void gcl_graph_fuse(gcl_graph *g);

/** Moves pointwise ops (gcl_op.is_pointwise) from behind an enlarging nearest resize to before it,
 *  where there are fewer pixels; the same values bit for bit. Can run out of memory
 *  (gcl_graph_status). */
void gcl_graph_hoist(gcl_graph *g);

/**
 * Splits a batch from the first node on whose operands and result exceed `bytes`, what a cache keeps:
 * the nodes behind it that take each sample by itself (gcl_op.by_sample) run for a few samples after the
 * other, and again for fewer where there are more pixels. The same values bit for bit, as no variant
 * depends on the batch. Parts lie at multiples of `align` bytes. Comes last: other passes know no parts.
 * Can run out of memory (gcl_graph_status).
 */
void gcl_graph_split(gcl_graph *g, size_t bytes, size_t align);

/** Removes nodes whose results nobody reads. */
void gcl_graph_prune(gcl_graph *g);

/** Makes every named value an output. */
void gcl_graph_keep_named(gcl_graph *g);

#ifdef __cplusplus
}
#endif
#endif
