/**
 * What an op is, and what its implementations may ask of the planner.
 *
 * An op is a row of functions (gcl_op) with an ordered table of variants, from best to plainest;
 * the last one accepts every legal node on every OpenCL 1.2 device. A variant is chosen by its
 * predicate and then *emits*: it asks for memory (slots) and lists kernel launches that refer to
 * it. The planner decides where slots live and turns launches into kernels with preset arguments.
 */
#ifndef GCL_HOST_OP_H
#define GCL_HOST_OP_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "host/device.h"
#include "host/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_emit gcl_emit;
typedef struct gcl_packing gcl_packing;

enum { GCL_MAX_TUNABLES = 12, GCL_MAX_CANDIDATES = 8, GCL_MAX_DIMS = 12 };

/** A number of a variant that changes its speed, and its result by rounding only. */
typedef struct gcl_tunable {
    const char *name;                   /* the kernel's -D name */
    int n_candidates;                   /* >= 1 */
    int candidates[GCL_MAX_CANDIDATES]; /* what a search may try, ascending, >= 0 */
} gcl_tunable;

/** Values of a variant's tunables, in the order of its table. */
typedef struct gcl_tuning {
    int value[GCL_MAX_TUNABLES];
} gcl_tuning;

typedef struct gcl_variant {
    const char *name; /* "<strategy>_<dtype>" */
    /* Asked by gcl_variant_accepts; NULL accepts all. On refusal writes the reason with its values into
     * why. */
    bool (*accepts)(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                    char *why, size_t why_bytes);
    /* GCL_E_UNSUPPORTED is a late refusal: what was emitted is dropped, the next row is tried. */
    gcl_status (*emit)(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err);
    /* It rounds operands of products to f16: for plans of GCL_PRECISION_F16 only. */
    bool rounds_to_f16;
    const gcl_tunable
        *tunables; /* ends with a NULL name; NULL: none, nor the two functions below */
    /* The values that the variant takes where accepts is content and nobody knows better ones; where
     * they do not work the variant does not take the node. */
    void (*choose)(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                   gcl_tuning *out);
    /* Whether any values, each among its candidates or not, work where accepts is content; the reason
     * as there. */
    bool (*allows)(const gcl_graph *g, const gcl_node *node, const gcl_device_info *device,
                   const gcl_tuning *tuning, char *why, size_t why_bytes);
} gcl_variant;

typedef struct gcl_op {
    const char *name;
    size_t attr_bytes;
    /* Checks operands and attributes; gives the result. Errors name op, operand and values. */
    gcl_status (*infer)(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err);
    /* Naive FLOPs: 1 multiply-add = 2; what the direct formula needs, whatever a variant does. */
    double (*flops)(const gcl_graph *g, const gcl_node *node);
    /* Takes the only consumer of node's result into node (operands and attributes) and returns
     * true, or leaves node as it is. NULL: never. */
    bool (*absorb)(const gcl_graph *g, gcl_node *node, const gcl_node *consumer);
    /* Whether each pixel [.., h, w] of the result depends on the same pixel of operand 0 and on
     * other operands that have no pixels. NULL: never. */
    bool (*is_pointwise)(const gcl_graph *g, const gcl_node *node);
    /* Whether sample n of the result, [n, ...], depends on weights and on sample n of other operands
     * only, and a launch for few samples is worth its cost. NULL: never. */
    bool (*by_sample)(const gcl_graph *g, const gcl_node *node);
    const gcl_variant *variants; /* ends with a NULL name */
    /* What a choice of variant and tuning depends on, the class of a node: names, at most
     * GCL_MAX_DIMS, that end with NULL, and their values. NULL: choices are never looked up. */
    const char *const *dim_names;
    void (*dims)(const gcl_graph *g, const gcl_node *node, size_t *dim);
    /* Whether the class leaves out the batch, dim 0 of the result: one variant serves any batch. */
    bool any_batch;
} gcl_op;

/** All ops of host/ops/ops.def; ends with NULL. */
extern const gcl_op *const gcl_ops[];
#define OP(name) extern const gcl_op gcl_op_##name;
#include "host/ops/ops.def"
#undef OP

/** NULL when there is no such op. */
const gcl_op *gcl_op_find(const char *name);
const gcl_variant *gcl_op_variant(const gcl_op *op, const char *name);

/* ---- helpers for infer ---- */

/** Shape of operand i. */
static inline const gcl_shape *gcl_in_shape(const gcl_graph *g, const gcl_node *node, int i)
{
    return &gcl_graph_tensor(g, node->in[i])->shape;
}

/** Whether the variant takes the node, with the values that it chooses itself; else writes the reason. */
bool gcl_variant_accepts(const gcl_variant *v, const gcl_graph *g, const gcl_node *node,
                         const gcl_device_info *device, char *why, size_t why_bytes);

/** Shape of the result; valid in flops, accepts and emit. */
static inline const gcl_shape *gcl_out_shape(const gcl_graph *g, const gcl_node *node)
{
    return &gcl_graph_tensor(g, node->out)->shape;
}

/** GCL_E_SHAPE "OP: OPERAND is [..] TYPE, needs REQUIRED" unless dtype and rank are as required.
 *  rank < 0: any rank. A list of weights never is. */
gcl_status gcl_check_operand(const gcl_graph *g, const gcl_node *node, int i, const char *operand,
                             gcl_dtype dtype, int rank, gcl_error *err);

/** The same for an exact f32 shape. */
gcl_status gcl_check_shape(const gcl_graph *g, const gcl_node *node, int i, const char *operand,
                           gcl_shape required, gcl_error *err);

/** GCL_E_ARG unless the operand is a list of weights, of any length. */
gcl_status gcl_check_list(const gcl_graph *g, const gcl_node *node, int i, const char *operand,
                          gcl_error *err);

/** flops of an op that only moves data. */
double gcl_flops_none(const gcl_graph *g, const gcl_node *node);

/** by_sample of an op of which it is always true. */
bool gcl_by_sample(const gcl_graph *g, const gcl_node *node);

/* ---- memory ---- */

/** A piece of device memory of the plan. Negative after an error, which the launch reports. */
typedef int gcl_slot;

/** The memory of an operand or result, row-major, of the value's dtype. */
gcl_slot gcl_emit_value(gcl_emit *e, gcl_value v);

/**
 * The same in channel blocks, [N, C/VW, H, W, VW]: what vector code reads and writes without
 * gathering. A value is in the layout in which its node made it; asking for it in the other one adds
 * a launch that copies it, once. Only for values of which gcl_has_blocks is true.
 */
gcl_slot gcl_emit_blocked(gcl_emit *e, gcl_value v);

/** Channels of a block, VW. */
static inline size_t gcl_block_channels(const gcl_device_info *device)
{
    return device->vector_width_f32 >= 16 ? 16 : 8;
}

/** Whether v, [N, C, H, W] f32, consists of whole blocks on a device that wants them: a CPU, where a
 *  work-item is vector code. */
bool gcl_has_blocks(const gcl_graph *g, gcl_value v, const gcl_device_info *device);

/** A weight, or a list of weights in one buffer, in another layout, made once while planning. v must be
 *  of kind GCL_VALUE_WEIGHT or GCL_VALUE_LIST. */
gcl_slot gcl_emit_packed(gcl_emit *e, gcl_value v, const gcl_packing *packing);
/** Scratch that lives during this node only. */
gcl_slot gcl_emit_temp(gcl_emit *e, size_t bytes);
/** Constant data made by the variant; copied. */
gcl_slot gcl_emit_const(gcl_emit *e, const void *data, size_t bytes);

/** Whether a variant that can is to keep this weight, or all weights of this list, packed, in f16. */
bool gcl_emit_wants_half(const gcl_emit *e, gcl_value w);

/** Values of the tunables of the variant that is emitting; borrowed. */
const gcl_tuning *gcl_emit_tuning(const gcl_emit *e);

/** Device the plan is for; borrowed. */
const gcl_device_info *gcl_emit_device(const gcl_emit *e);

/** The plan's queue, for libraries that size their scratch by it; borrowed. */
cl_command_queue gcl_emit_queue(const gcl_emit *e);

/* ---- launches ---- */

typedef struct gcl_arg {
    gcl_slot slot; /* -1 for a plain value */
    size_t bytes;  /* of a plain value, or of local memory when is_local */
    bool is_local;
    unsigned char value[8];
} gcl_arg;

static inline gcl_arg gcl_arg_slot(gcl_slot s)
{
    gcl_arg a = {s, 0, false, {0}};
    return a;
}

static inline gcl_arg gcl_arg_int(size_t v) /* a kernel's `const int`; every dim of a value fits */
{
    const int32_t i = (int32_t)v;
    gcl_arg a = {-1, sizeof i, false, {0}};
    assert(v <= INT32_MAX);
    memcpy(a.value, &i, sizeof i);
    return a;
}

static inline gcl_arg gcl_arg_ulong(size_t v) /* a kernel's `const ulong`: counts of elements */
{
    const uint64_t u = v;
    gcl_arg a = {-1, sizeof u, false, {0}};
    memcpy(a.value, &u, sizeof u);
    return a;
}

static inline gcl_arg gcl_arg_float(float v)
{
    gcl_arg a = {-1, sizeof v, false, {0}};
    memcpy(a.value, &v, sizeof v);
    return a;
}

static inline gcl_arg gcl_arg_local(size_t bytes)
{
    gcl_arg a = {-1, bytes, true, {0}};
    return a;
}

enum { GCL_MAX_ARGS = 28 };

typedef struct gcl_launch {
    const char *program; /* kernels/PROGRAM.cl; static string */
    const char *kernel;  /* static string */
    char options[224];   /* "-DWG=64 -DACT=1" */
    int n_args;
    gcl_arg args[GCL_MAX_ARGS];
    int dims;         /* sizes beyond are 1 */
    size_t global[3]; /* work-items */
    size_t local[3];  /* work-items, powers of two, and halved by the planner when the device
                         wants smaller groups, unless the kernel declares reqd_work_group_size;
                         local[0] = 0 leaves the choice to the driver */
} gcl_launch;

/** Appends an argument; the order is the kernel's. */
static inline void gcl_launch_arg(gcl_launch *l, gcl_arg a)
{
    if (l->n_args < GCL_MAX_ARGS)
        l->args[l->n_args] = a;
    l->n_args++;
}

/**
 * Global and local sizes, nx fastest, rounded up to the local size: the kernel drops the rest.
 *
 * gcl_launch_items: light work-items, in groups of 64, which CPU runtimes turn into vector code.
 * gcl_launch_tiles: each work-item is a register tile of vector code already; on a CPU a group is
 * one work-item, so that no loop of the runtime comes between.
 * gcl_launch_groups: nx * ny * nz groups of WG work-items that share local memory; appends -DWG=,
 * the largest power of two up to 64 that the device allows.
 */
void gcl_launch_items(gcl_launch *l, const gcl_device_info *device, size_t nx, size_t ny,
                      size_t nz);
void gcl_launch_tiles(gcl_launch *l, const gcl_device_info *device, size_t nx, size_t ny,
                      size_t nz);
void gcl_launch_groups(gcl_launch *l, const gcl_device_info *device, size_t nx, size_t ny,
                       size_t nz);

/** Appends "-DNAME=VALUE" for each tunable of the variant that is emitting. */
void gcl_emit_tuning_options(const gcl_emit *e, gcl_launch *l);

/** How a weight is laid out for a variant. It is packed once, by a kernel. */
struct gcl_packing {
    const char *name; /* identifies the layout, parameter included: "panels_nk16" */
    size_t param;     /* passed to both functions */
    bool half;        /* in f16; a number that rounds to more than 65504 is an error */
    size_t (*bytes)(const gcl_shape *shape, size_t param);
    /* Fills l, zeroed before, with the kernel that packs. Slot GCL_PACK_FROM among its arguments is
     * the tensor, row-major in the type of its file (kernels/common/source.h, whose SRC is added to
     * the options), GCL_PACK_TO the packed weight. */
    void (*launch)(gcl_launch *l, const gcl_device_info *device, const gcl_shape *shape,
                   size_t param);
};

enum { GCL_PACK_FROM, GCL_PACK_TO };

/** Of a weight or a list of weights. Each member of a list begins at the next multiple of
 *  device->mem_align_bytes behind the one before. */
size_t gcl_packed_bytes(const gcl_graph *g, gcl_value v, const gcl_packing *packing,
                        const gcl_device_info *device);

/** Adds a kernel launch; launches run in the order in which they are added. */
gcl_status gcl_emit_launch(gcl_emit *e, const gcl_launch *launch, gcl_error *err);

/** A step done by a library that enqueues on its own (CLBlast). */
typedef struct gcl_call {
    const char *name; /* as printed by `galip plan`; static string */
    /* Enqueues on queue without waiting; mem[i] belongs to slots[i]. */
    gcl_status (*enqueue)(const void *param, cl_command_queue queue, const cl_mem *mem,
                          gcl_error *err);
    void (*release)(void);   /* drops what the library caches for a context; NULL: nothing */
    unsigned char param[64]; /* the call's own struct */
    int n_slots;
    gcl_slot slots[GCL_MAX_OPERANDS];
} gcl_call;

/** Adds a library call. It is made once while planning, so that a run never compiles. */
gcl_status gcl_emit_call(gcl_emit *e, const gcl_call *call, gcl_error *err);

/** n rounded up to a multiple of m. */
static inline size_t gcl_round_up(size_t n, size_t m)
{
    return (n + m - 1) / m * m;
}

static inline size_t gcl_div_up(size_t n, size_t m)
{
    return (n + m - 1) / m;
}

#ifdef __cplusplus
}
#endif
#endif
