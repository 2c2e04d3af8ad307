/* emit.c - asks each node's variant for its memory and launches. */
#include <stdio.h>
#include <stdlib.h>

#include "base/verbose.h"
#include "host/choice.h"
#include "host/plan_internal.h"

struct gcl_emit {
    gcl_plan *plan;
    int node;
    bool out_of_memory;
};

static gcl_slot add_slot(gcl_emit *e, slot_kind kind, size_t bytes)
{
    gcl_plan *p = e->plan;
    const plan_slot fresh = {
        .kind = kind, .bytes = bytes, .value = GCL_NO_VALUE, .first = -1, .arena = -1};

    if (p->n_slots == p->room_slots) {
        const int room = p->room_slots ? 2 * p->room_slots : 256;
        plan_slot *grown = realloc(p->slots, (size_t)room * sizeof *grown);
        if (grown == NULL) {
            e->out_of_memory = true;
            return -1;
        }
        p->slots = grown;
        p->room_slots = room;
    }
    p->slots[p->n_slots] = fresh;
    return p->n_slots++;
}

static gcl_slot find_slot(const gcl_plan *p, gcl_value v, const gcl_packing *packing, bool blocked)
{
    for (gcl_slot s = 0; s < p->n_slots; s++)
        if (p->slots[s].value == v && p->slots[s].packing == packing &&
            p->slots[s].blocked == blocked)
            return s;
    return -1;
}

gcl_slot gcl_plan_slot(const gcl_plan *plan, gcl_value v)
{
    return find_slot(plan, gcl_graph_base(plan->graph, v), NULL, false);
}

gcl_slot gcl_plan_blocked_slot(const gcl_plan *plan, gcl_value v)
{
    return find_slot(plan, v, NULL, true);
}

bool gcl_has_blocks(const gcl_graph *g, gcl_value v, const gcl_device_info *device)
{
    const gcl_tensor *t = gcl_graph_tensor(g, v);

    return gcl_device_is_cpu(device) && t->dtype == GCL_F32 && t->shape.rank == 4 &&
           t->shape.dim[1] % gcl_block_channels(device) == 0 &&
           t->shape.dim[2] <= INT32_MAX / t->shape.dim[3];
}

/* Pixels that a work-item copies: a cache line of each plane. */
enum { COPY_PIXELS = 16 };

/* A launch that copies a value [N, C, H, W] from one layout to the other. */
static void add_copy(gcl_emit *e, const char *kernel, const gcl_shape *s, gcl_slot from,
                     gcl_slot to)
{
    const gcl_device_info *device = gcl_emit_device(e);
    const size_t VW = gcl_block_channels(device), plane = s->dim[2] * s->dim[3];
    gcl_launch l = {.program = "layout/blocks", .kernel = kernel};

    snprintf(l.options, sizeof l.options, "-DVW=%zu -DPIXELS=%d", VW, COPY_PIXELS);
    gcl_launch_arg(&l, gcl_arg_slot(from));
    gcl_launch_arg(&l, gcl_arg_slot(to));
    gcl_launch_arg(&l, gcl_arg_int(plane));
    gcl_launch_tiles(&l, device, gcl_div_up(plane, COPY_PIXELS), s->dim[0] * s->dim[1] / VW, 1);
    if (gcl_emit_launch(e, &l, NULL) != GCL_OK)
        e->out_of_memory = true;
}

/* A part's memory within that of its base. The base is never copied to the other layout for it: other
 * parts may not be written yet. */
static gcl_slot add_part(gcl_emit *e, gcl_value v, gcl_slot whole, bool blocked)
{
    const gcl_tensor *t = gcl_graph_tensor(e->plan->graph, v);
    const size_t bytes = gcl_shape_count(&t->shape) * gcl_dtype_bytes(t->dtype);
    const gcl_slot s = whole < 0 ? -1 : add_slot(e, SLOT_PART, bytes);

    if (s >= 0) {
        e->plan->slots[s].value = v;
        e->plan->slots[s].blocked = blocked;
        e->plan->slots[s].whole = whole;
        e->plan->slots[s].offset = bytes / t->shape.dim[0] * t->first;
    }
    return s;
}

gcl_slot gcl_emit_value(gcl_emit *e, gcl_value v)
{
    const gcl_value base = gcl_graph_base(e->plan->graph, v);
    const gcl_tensor *t = gcl_graph_tensor(e->plan->graph, base);
    gcl_slot blocked = gcl_plan_blocked_slot(e->plan, base);
    gcl_slot s = gcl_plan_slot(e->plan, base);

    assert(t->kind != GCL_VALUE_LIST);
    if (s >= 0)
        return s;
    if (t->kind == GCL_VALUE_PART && blocked < 0) {
        if (gcl_plan_slot(e->plan, t->base) >= 0 || gcl_plan_blocked_slot(e->plan, t->base) < 0)
            return add_part(e, v, gcl_emit_value(e, t->base), false);
        blocked = gcl_emit_blocked(e, v);
    }
    s = add_slot(e, t->kind == GCL_VALUE_WEIGHT ? SLOT_WEIGHT : SLOT_VALUE,
                 gcl_shape_count(&t->shape) * gcl_dtype_bytes(t->dtype));
    if (s < 0)
        return s;
    e->plan->slots[s].value = base;
    if (blocked >= 0)
        add_copy(e, "blocks_to_planes_f32", &t->shape, blocked, s);
    return s;
}

/* The node's result or, when that is a part, the whole. */
static bool is_made_here(const gcl_emit *e, gcl_value v)
{
    const gcl_value out = gcl_graph_node_at(e->plan->graph, e->node)->out;
    const gcl_tensor *t = gcl_graph_tensor(e->plan->graph, out);

    return v == out || (t->kind == GCL_VALUE_PART && v == t->base);
}

gcl_slot gcl_emit_blocked(gcl_emit *e, gcl_value v)
{
    const gcl_graph *g = e->plan->graph;
    const gcl_tensor *t = gcl_graph_tensor(g, v);
    const gcl_shape *shape = &t->shape;
    const bool is_result = is_made_here(e, v);
    gcl_slot s = gcl_plan_blocked_slot(e->plan, v), plain;

    assert(gcl_has_blocks(g, v, gcl_emit_device(e)));
    if (s >= 0)
        return s;
    if (t->kind == GCL_VALUE_PART && gcl_plan_slot(e->plan, v) < 0 &&
        (gcl_plan_blocked_slot(e->plan, t->base) >= 0 || gcl_plan_slot(e->plan, t->base) < 0))
        return add_part(e, v, gcl_emit_blocked(e, t->base), true);
    plain = is_result ? -1 : gcl_emit_value(e, v);
    s = add_slot(e, SLOT_VALUE, gcl_shape_count(shape) * sizeof(float));
    if (s < 0)
        return s;
    e->plan->slots[s].value = v;
    e->plan->slots[s].blocked = true;
    if (plain >= 0)
        add_copy(e, "planes_to_blocks_f32", shape, plain, s);
    return s;
}

gcl_slot gcl_emit_packed(gcl_emit *e, gcl_value v, const gcl_packing *packing)
{
    gcl_slot s = find_slot(e->plan, v, packing, false);

    if (s >= 0)
        return s;
    s = add_slot(e, SLOT_WEIGHT, gcl_packed_bytes(e->plan->graph, v, packing, gcl_emit_device(e)));
    if (s >= 0) {
        e->plan->slots[s].value = v;
        e->plan->slots[s].packing = packing;
    }
    return s;
}

gcl_slot gcl_emit_temp(gcl_emit *e, size_t bytes)
{
    return add_slot(e, SLOT_TEMP, bytes);
}

gcl_slot gcl_emit_const(gcl_emit *e, const void *data, size_t bytes)
{
    const gcl_slot s = add_slot(e, SLOT_CONST, bytes);
    void *copy = s < 0 ? NULL : malloc(bytes);

    if (copy == NULL) {
        e->out_of_memory = true;
        return -1;
    }
    memcpy(copy, data, bytes);
    e->plan->slots[s].data = copy;
    return s;
}

const gcl_device_info *gcl_emit_device(const gcl_emit *e)
{
    return gcl_context_device(e->plan->ctx);
}

const gcl_tuning *gcl_emit_tuning(const gcl_emit *e)
{
    return &e->plan->choices[e->node].tuning;
}

void gcl_emit_tuning_options(const gcl_emit *e, gcl_launch *l)
{
    const gcl_choice *c = &e->plan->choices[e->node];

    for (int i = 0; c->variant->tunables[i].name != NULL; i++) {
        const size_t used = strlen(l->options);
        snprintf(l->options + used, sizeof l->options - used, "%s-D%s=%d", used > 0 ? " " : "",
                 c->variant->tunables[i].name, c->tuning.value[i]);
    }
}

bool gcl_emit_wants_half(const gcl_emit *e, gcl_value w)
{
    const gcl_plan *p = e->plan;
    const gcl_tensor *t = gcl_graph_tensor(p->graph, w);

    if (t->kind == GCL_VALUE_LIST) {
        int n = 0;
        while (n < t->n_members && gcl_emit_wants_half(e, t->members[n]))
            n++;
        return n == t->n_members;
    }
    return p->options.weights != GCL_WEIGHTS_F32 && p->weights != NULL &&
           gcl_weight_set_allows_half(p->weights, t->name, p->options.weights == GCL_WEIGHTS_F16);
}

cl_command_queue gcl_emit_queue(const gcl_emit *e)
{
    return gcl_context_queue(e->plan->ctx);
}

static plan_step *add_step(gcl_emit *e)
{
    gcl_plan *p = e->plan;

    if (p->n_steps == p->room_steps) {
        const int room = p->room_steps ? 2 * p->room_steps : 128;
        plan_step *grown = realloc(p->steps, (size_t)room * sizeof *grown);
        if (grown == NULL)
            return NULL;
        p->steps = grown;
        p->room_steps = room;
    }
    memset(&p->steps[p->n_steps], 0, sizeof *p->steps);
    p->steps[p->n_steps].node = e->node;
    return &p->steps[p->n_steps++];
}

/* Extends a slot's life to the step added last. */
static void touch(gcl_plan *p, gcl_slot s)
{
    plan_slot *slot = &p->slots[p->slots[s].kind == SLOT_PART ? p->slots[s].whole : s];

    if (slot->first < 0)
        slot->first = p->n_steps - 1;
    slot->last = p->n_steps - 1;
}

static const char *op_name(const gcl_emit *e)
{
    return gcl_graph_node_at(e->plan->graph, e->node)->op->name;
}

gcl_status gcl_emit_launch(gcl_emit *e, const gcl_launch *launch, gcl_error *err)
{
    plan_step *step = e->out_of_memory ? NULL : add_step(e);

    if (step == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed while planning", op_name(e));
    if (launch->n_args > GCL_MAX_ARGS || launch->dims < 1 || launch->dims > 3)
        return GCL_FAIL(err, GCL_E_ARG, "%s: kernel %s: %d arguments, %d dims, limits %d and 3",
                        op_name(e), launch->kernel, launch->n_args, launch->dims, GCL_MAX_ARGS);
    for (int d = 0; d < launch->dims; d++)
        if (launch->global[d] == 0 ||
            (launch->local[0] != 0 && launch->global[d] % launch->local[d] != 0))
            return GCL_FAIL(err, GCL_E_ARG, "%s: kernel %s: global size %zu over local size %zu",
                            op_name(e), launch->kernel, launch->global[d], launch->local[d]);
    step->launch = *launch;
    for (int i = 0; i < launch->n_args; i++)
        if (launch->args[i].slot >= 0)
            touch(e->plan, launch->args[i].slot);
    return GCL_OK;
}

gcl_status gcl_emit_call(gcl_emit *e, const gcl_call *call, gcl_error *err)
{
    plan_step *step = e->out_of_memory ? NULL : add_step(e);

    if (step == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed while planning", op_name(e));
    step->is_call = true;
    step->call = *call;
    if (call->release != NULL)
        gcl_context_at_destroy(e->plan->ctx, call->release);
    for (int i = 0; i < call->n_slots; i++)
        touch(e->plan, call->slots[i]);
    return GCL_OK;
}

static bool accepts(const gcl_plan *p, const gcl_variant *v, const gcl_node *node)
{
    char why[256] = "";

    if (v->rounds_to_f16 && p->options.precision != GCL_PRECISION_F16)
        snprintf(why, sizeof why, "it rounds to f16, the plan's precision is f32");
    else if (v->accepts == NULL ||
             v->accepts(p->graph, node, gcl_context_device(p->ctx), why, sizeof why))
        return true;
    gcl_verbose("%s: %s: %s refused: %s", node->scope, node->op->name, v->name, why);
    return false;
}

/* Forgets what a variant emitted before it refused; lives that it lengthened may stay long. */
static void drop(gcl_plan *p, int n_slots, int n_steps)
{
    while (p->n_slots > n_slots)
        free(p->slots[--p->n_slots].data);
    p->n_steps = n_steps;
}

/* The choice's values, or the variant's own, and requests over them; false when they do not work. */
static bool set_tuning(gcl_emit *e, gcl_choice *c, bool is_chosen, const gcl_node *node)
{
    const gcl_plan *p = e->plan;
    const gcl_device_info *device = gcl_emit_device(e);
    char why[256] = "";

    if (c->variant->tunables == NULL)
        return true;
    if (!is_chosen)
        c->variant->choose(p->graph, node, device, &c->tuning);
    if (gcl_requests_variant(p->options.variants, node->op) == c->variant)
        gcl_requests_tuning(p->options.variants, node->op, &c->tuning);
    if (c->variant->allows(p->graph, node, device, &c->tuning, why, sizeof why))
        return true;
    gcl_verbose("%s: %s: %s refused: %s", node->scope, node->op->name, c->variant->name, why);
    return false;
}

/* Emits the node as chosen; *done is false when the variant refuses it.
 * @param is_chosen  c->tuning holds values */
static gcl_status try_choice(gcl_emit *e, gcl_choice c, bool is_chosen, const gcl_node *node,
                             bool *done, gcl_error *err)
{
    gcl_plan *p = e->plan;
    const int n_slots = p->n_slots, n_steps = p->n_steps;
    gcl_status st;

    *done = false;
    if (!accepts(p, c.variant, node) || !set_tuning(e, &c, is_chosen, node))
        return GCL_OK;
    p->choices[e->node] = c;
    st = c.variant->emit(e, p->graph, node, err);
    if (st == GCL_E_UNSUPPORTED && c.variant[1].name != NULL) {
        gcl_verbose("%s: %s: %s refused: %s", node->scope, node->op->name, c.variant->name,
                    err != NULL ? err->message : "");
        drop(p, n_slots, n_steps);
        return GCL_OK;
    }
    *done = true;
    return st;
}

/* A requested or chosen variant that refuses a node gives way to the table. */
static gcl_status emit_node(gcl_emit *e, gcl_error *err)
{
    const gcl_plan_options *o = &e->plan->options;
    const gcl_node *node = gcl_graph_node_at(e->plan->graph, e->node);
    gcl_choice c = {.variant = gcl_requests_variant(o->variants, node->op), .source = "request"};
    gcl_status st = GCL_OK;
    bool done = false;

    if (c.variant != NULL)
        st = try_choice(e, c, false, node, &done, err);
    else if (o->choices != NULL && o->precision == GCL_PRECISION_F32 &&
             node->op->dim_names != NULL &&
             o->choices->find(o->choices->user, &c, e->plan->graph, node))
        st = try_choice(e, c, true, node, &done, err);
    for (const gcl_variant *v = node->op->variants; st == GCL_OK && !done; v++) {
        if (v->name == NULL)
            return GCL_FAIL(err, GCL_E_UNSUPPORTED, "%s: no variant of %s accepts this node",
                            node->scope, node->op->name);
        c = (gcl_choice){.variant = v, .source = "table"};
        st = try_choice(e, c, false, node, &done, err);
    }
    return st;
}

static bool is_used(const gcl_plan *p, const gcl_variant *v)
{
    for (int i = 0; i < gcl_graph_n_nodes(p->graph); i++)
        if (p->choices[i].variant == v)
            return true;
    return false;
}

/* Requested values that do for some nodes are passed over at others; that do for none are a mistake. */
static gcl_status check_values(const gcl_emit *e, gcl_error *err)
{
    const gcl_plan *p = e->plan;
    const gcl_device_info *device = gcl_emit_device(e);

    for (int i = 0; i < gcl_graph_n_nodes(p->graph); i++) {
        const gcl_node *node = gcl_graph_node_at(p->graph, i);
        const gcl_variant *v = gcl_requests_variant(p->options.variants, node->op);
        gcl_tuning t;
        char why[256] = "";
        if (v == NULL || v->tunables == NULL || is_used(p, v) || !accepts(p, v, node))
            continue;
        v->choose(p->graph, node, device, &t);
        if (gcl_requests_tuning(p->options.variants, node->op, &t) &&
            !v->allows(p->graph, node, device, &t, why, sizeof why))
            return GCL_FAIL(err, GCL_E_UNSUPPORTED,
                            "variants \"%s\": no node takes these values of %s; %s: %s",
                            p->options.variants, v->name, node->scope, why);
    }
    return GCL_OK;
}

/* What is read after a run is row-major. */
static gcl_status emit_outputs(gcl_emit *e, gcl_error *err)
{
    const gcl_graph *g = e->plan->graph;

    for (e->node = 0; e->node < gcl_graph_n_nodes(g); e->node++) {
        for (gcl_value v = 0; v < gcl_graph_n_values(g); v++)
            if (gcl_graph_tensor(g, v)->is_output && is_made_here(e, gcl_graph_base(g, v)))
                gcl_emit_value(e, v);
    }
    return e->out_of_memory
               ? GCL_FAIL(err, GCL_E_NOMEM, "plan: host allocation failed while planning")
               : GCL_OK;
}

gcl_status gcl_plan_emit(gcl_plan *plan, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_emit e = {plan, 0, false};
    const int n_nodes = gcl_graph_n_nodes(plan->graph);

    GCL_TRY(gcl_requests_check(plan->options.variants, err));
    plan->choices = calloc((size_t)n_nodes + 1, sizeof *plan->choices);
    if (plan->choices == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "plan: host allocation failed");
        goto done;
    }
    for (gcl_value v = 0; v < gcl_graph_n_values(plan->graph); v++)
        if (gcl_graph_tensor(plan->graph, v)->kind == GCL_VALUE_INPUT)
            gcl_emit_value(&e, v);
    for (e.node = 0; e.node < n_nodes; e.node++)
        GCL_TRY(emit_node(&e, err));
    GCL_TRY(check_values(&e, err));
    GCL_TRY(emit_outputs(&e, err));
done:
    return st;
}
