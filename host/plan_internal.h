/* plan_internal.h - the plan's insides, shared by the files that build, run and describe it. */
#ifndef GCL_HOST_PLAN_INTERNAL_H
#define GCL_HOST_PLAN_INTERNAL_H

#include "host/plan.h"

/* Bytes on each side of a guarded slot, and what they (and fresh slots) are filled with: a NaN. */
enum { GCL_GUARD_BYTES = 1024 };
#define GCL_GUARD_PATTERN 0x7fc0deadu

typedef enum slot_kind { SLOT_VALUE, SLOT_PART, SLOT_TEMP, SLOT_WEIGHT, SLOT_CONST } slot_kind;

typedef struct plan_slot {
    slot_kind kind;
    size_t bytes;
    gcl_value value;            /* of SLOT_VALUE, _PART and _WEIGHT; a view only when blocked */
    bool blocked;               /* of SLOT_VALUE and SLOT_PART: in channel blocks */
    gcl_slot whole;             /* of SLOT_PART: where it lies, `offset` bytes behind the start */
    const gcl_packing *packing; /* of SLOT_WEIGHT */
    void *data;                 /* of SLOT_CONST until uploaded; owned */
    int first, last;            /* steps between which the contents matter */
    int arena;                  /* -1: not in an arena */
    size_t offset;
    cl_mem mem;
    bool filled; /* of SLOT_WEIGHT: mem holds the weight, or will before anything reads it */
    bool owned;  /* mem is released with the plan; else borrowed from the weight set */
} plan_slot;

typedef struct plan_step {
    int node;
    bool is_call;
    gcl_launch launch;
    gcl_call call;
    cl_kernel kernel;
    cl_mem call_mem[GCL_MAX_OPERANDS];
} plan_step;

struct gcl_plan {
    gcl_context *ctx;
    gcl_weight_set *weights;
    gcl_plan_options options;
    gcl_graph *graph;
    double flops;        /* naive, before the graph was rewritten */
    gcl_choice *choices; /* [n_nodes] */
    plan_slot *slots;
    int n_slots, room_slots;
    plan_step *steps;
    int n_steps, room_steps;
    cl_mem *arenas;
    size_t *arena_bytes;
    int n_arenas;
    cl_event *events;  /* [2 * n_steps], for timed runs */
    uint64_t *step_ns; /* [n_steps], for timed runs */
    bool running;      /* steps were enqueued and nobody has waited for them */
};

/** Fills slots and steps from the graph: one emit call per node. */
gcl_status gcl_plan_emit(gcl_plan *plan, gcl_error *err);

/** The slot of a value's row-major memory; -1 when no step uses it. */
gcl_slot gcl_plan_slot(const gcl_plan *plan, gcl_value v);

/** The slot of a value's memory in channel blocks; -1 when no step uses it. */
gcl_slot gcl_plan_blocked_slot(const gcl_plan *plan, gcl_value v);

#endif
