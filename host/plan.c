/* plan.c - planning: memory, weights, kernels. */
#include <stdlib.h>

#include "host/arena.h"
#include "host/kernel.h"
#include "host/plan_internal.h"

static bool in_arena(const gcl_plan *p, const plan_slot *s)
{
    return s->kind != SLOT_PART &&
           (p->options.guard ||
            (!p->options.apart && (s->kind == SLOT_VALUE || s->kind == SLOT_TEMP)));
}

/* Inputs live through the plan, outputs to its end; with guards nothing shares memory. */
static void extend_lives(gcl_plan *p)
{
    const gcl_graph *g = p->graph;

    for (gcl_value v = 0; v < gcl_graph_n_values(g); v++) {
        const gcl_tensor *t = gcl_graph_tensor(g, v);
        const gcl_slot s = gcl_plan_slot(p, v);
        if (s < 0)
            continue;
        if (t->is_output)
            p->slots[s].last = p->n_steps;
        if (t->kind == GCL_VALUE_INPUT) {
            p->slots[s].first = -1;
            p->slots[s].last = p->n_steps;
        }
    }
    for (int i = 0; p->options.guard && i < p->n_slots; i++) {
        p->slots[i].first = -1;
        p->slots[i].last = p->n_steps;
    }
}

static gcl_status create_arenas(gcl_plan *p, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const cl_uint pattern = GCL_GUARD_PATTERN;
    cl_command_queue queue = gcl_context_queue(p->ctx);

    p->arenas = calloc((size_t)p->n_arenas + 1, sizeof *p->arenas);
    if (p->arenas == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "plan: host allocation failed");
    for (int i = 0; i < p->n_arenas; i++) {
        const size_t bytes = gcl_round_up(p->arena_bytes[i], sizeof pattern);
        p->arenas[i] = clCreateBuffer(gcl_context_cl(p->ctx), CL_MEM_READ_WRITE, bytes, NULL, &st);
        if (st != CL_SUCCESS)
            return GCL_FAIL_CL(err, st, "clCreateBuffer", "arena %d of %d, %zu bytes", i,
                               p->n_arenas, bytes);
        if (!p->options.guard)
            continue;
        st = clEnqueueFillBuffer(queue, p->arenas[i], &pattern, sizeof pattern, 0, bytes, 0, NULL,
                                 NULL);
        if (st != CL_SUCCESS)
            return GCL_FAIL_CL(err, st, "clEnqueueFillBuffer", "arena %d, %zu bytes", i, bytes);
    }
    return GCL_OK;
}

/* Bytes [offset, offset + s->bytes) of a buffer, which is an arena or else a batch. */
static gcl_status sub_buffer(plan_slot *s, cl_mem buffer, size_t offset, int arena, gcl_error *err)
{
    const cl_buffer_region region = {offset, s->bytes};
    cl_int st;

    s->mem =
        clCreateSubBuffer(buffer, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region, &st);
    if (st != CL_SUCCESS)
        return arena < 0 ? GCL_FAIL_CL(err, st, "clCreateSubBuffer",
                                       "part of a batch, offset %zu, %zu bytes", offset, s->bytes)
                         : GCL_FAIL_CL(err, st, "clCreateSubBuffer",
                                       "arena %d, offset %zu, %zu bytes", arena, offset, s->bytes);
    s->owned = true;
    return GCL_OK;
}

/* Places every slot that lives in an arena and gives it a sub-buffer. */
static gcl_status place_memory(gcl_plan *p, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_device_info *device = gcl_context_device(p->ctx);
    const size_t guard =
        p->options.guard ? gcl_round_up(GCL_GUARD_BYTES, device->mem_align_bytes) : 0;
    gcl_life *lives = calloc((size_t)p->n_slots + 1, sizeof *lives);
    int n = 0;

    if (lives == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "plan: host allocation failed");
        goto done;
    }
    extend_lives(p);
    for (int i = 0; i < p->n_slots; i++)
        if (in_arena(p, &p->slots[i])) {
            lives[n].bytes = p->slots[i].bytes + 2 * guard;
            lives[n].first = p->slots[i].first;
            lives[n++].last = p->slots[i].last;
        }
    GCL_TRY(gcl_arena_assign(lives, n, device->mem_align_bytes, (size_t)device->max_alloc_bytes,
                             &p->arena_bytes, &p->n_arenas, err));
    GCL_TRY(create_arenas(p, err));
    n = 0;
    for (int i = 0; i < p->n_slots; i++) {
        plan_slot *s = &p->slots[i];

        if (!in_arena(p, s))
            continue;
        s->arena = lives[n].arena;
        s->offset = lives[n++].offset + guard;
        GCL_TRY(sub_buffer(s, p->arenas[s->arena], s->offset, s->arena, err));
    }
done:
    free(lives);
    return st;
}

/* A sub-buffer knows no sub-buffers: a part's is one of the arena as well. */
static gcl_status place_part(gcl_plan *p, plan_slot *s, gcl_error *err)
{
    const plan_slot *whole = &p->slots[s->whole];

    if (whole->arena < 0)
        return sub_buffer(s, whole->mem, s->offset, -1, err);
    return sub_buffer(s, p->arenas[whole->arena], whole->offset + s->offset, whole->arena, err);
}

/* A buffer of its own for a slot that no arena holds. */
static gcl_status own_buffer(gcl_plan *p, plan_slot *s, cl_mem_flags flags, const char *what,
                             gcl_error *err)
{
    cl_int st;

    if (s->mem != NULL)
        return GCL_OK;
    s->mem = clCreateBuffer(gcl_context_cl(p->ctx), flags, s->bytes, NULL, &st);
    if (st != CL_SUCCESS)
        return GCL_FAIL_CL(err, st, "clCreateBuffer", "%s, %zu bytes", what, s->bytes);
    s->owned = true;
    return GCL_OK;
}

static gcl_status fill_constant(gcl_plan *p, plan_slot *s, gcl_error *err)
{
    gcl_status st = own_buffer(p, s, CL_MEM_READ_ONLY, "constant", err);

    if (st != GCL_OK)
        return st;
    st = clEnqueueWriteBuffer(gcl_context_queue(p->ctx), s->mem, CL_TRUE, 0, s->bytes, s->data, 0,
                              NULL, NULL);
    if (st != CL_SUCCESS)
        return GCL_FAIL_CL(err, st, "clEnqueueWriteBuffer", "constant, %zu bytes", s->bytes);
    free(s->data);
    s->data = NULL;
    return GCL_OK;
}

/* Has a weight packed when the first step needs it, so that the device packs while the host loads
 * programs. Other slots have their memory. */
static gcl_status fill_weight(gcl_plan *p, gcl_slot slot, gcl_error *err)
{
    gcl_status st = GCL_OK;
    plan_slot *s = &p->slots[slot];
    const gcl_tensor *t, *first;
    size_t bytes = 0;
    cl_mem mem = NULL;

    if (s->kind != SLOT_WEIGHT || s->filled)
        return GCL_OK;
    t = gcl_graph_tensor(p->graph, s->value);
    first = t->kind == GCL_VALUE_LIST ? gcl_graph_tensor(p->graph, t->members[0]) : t;
    if (p->weights == NULL)
        return GCL_FAIL(err, GCL_E_ARG, "plan: the graph needs the weight %s, none were given",
                        first->name);
    if (t->kind == GCL_VALUE_LIST)
        st = gcl_weight_set_get_list(p->weights, &mem, &bytes, p->graph, s->value, s->packing, err);
    else
        st = gcl_weight_set_get(p->weights, &mem, &bytes, t->name, &t->shape, s->packing, err);
    if (st != GCL_OK)
        return st;
    s->filled = true;
    if (s->mem == NULL) {
        s->mem = mem;
        return GCL_OK;
    }
    /* guarded: the arena holds a copy */
    st = clEnqueueCopyBuffer(gcl_context_queue(p->ctx), mem, s->mem, 0, 0, bytes, 0, NULL, NULL);
    return st == CL_SUCCESS ? GCL_OK
                            : GCL_FAIL_CL(err, st, "clEnqueueCopyBuffer", "weight %s", first->name);
}

static gcl_status fill_slots(gcl_plan *p, gcl_error *err)
{
    gcl_status st = GCL_OK;

    for (int i = 0; i < p->n_slots && st == GCL_OK; i++) {
        plan_slot *s = &p->slots[i];
        if (s->kind == SLOT_CONST)
            st = fill_constant(p, s, err);
        else if (s->kind == SLOT_PART)
            st = place_part(p, s, err);
        else if (s->kind != SLOT_WEIGHT)
            st = own_buffer(p, s, CL_MEM_READ_WRITE, "activation", err);
    }
    return st;
}

static gcl_status make_kernel(gcl_plan *p, plan_step *step, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_launch *l = &step->launch;

    GCL_TRY(gcl_kernel_create(p->ctx, &step->kernel, l, p->options.build_options, err));
    for (int i = 0; i < l->n_args; i++) {
        const gcl_slot s = l->args[i].slot;
        if (s >= 0)
            GCL_TRY(fill_weight(p, s, err));
        GCL_TRY(gcl_kernel_set_arg(step->kernel, l, i, s < 0 ? NULL : p->slots[s].mem, err));
    }
done:
    return st;
}

/* After a library call's first use its results are NaN again, as guards promise. */
static gcl_status poison_call(gcl_plan *p, const plan_step *step, gcl_error *err)
{
    const cl_uint pattern = GCL_GUARD_PATTERN;

    for (int i = 0; i < step->call.n_slots; i++) {
        const plan_slot *s = &p->slots[step->call.slots[i]];
        cl_int st;

        if (s->kind != SLOT_TEMP && s->kind != SLOT_PART &&
            (s->kind != SLOT_VALUE ||
             gcl_graph_tensor(p->graph, s->value)->kind != GCL_VALUE_RESULT))
            continue;
        st = clEnqueueFillBuffer(gcl_context_queue(p->ctx), s->mem, &pattern, sizeof pattern, 0,
                                 s->bytes / sizeof pattern * sizeof pattern, 0, NULL, NULL);
        if (st != CL_SUCCESS)
            return GCL_FAIL_CL(err, st, "clEnqueueFillBuffer", "%s, %zu bytes", step->call.name,
                               s->bytes);
    }
    return GCL_OK;
}

/* Library calls compile on first use: make each once now, on memory nobody reads yet. */
static gcl_status make_steps(gcl_plan *p, gcl_error *err)
{
    gcl_status st = GCL_OK;

    p->events = calloc(2 * (size_t)p->n_steps + 1, sizeof *p->events);
    if (p->events == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "plan: host allocation failed");
        goto done;
    }
    for (int i = 0; i < p->n_steps; i++) {
        plan_step *step = &p->steps[i];
        if (!step->is_call) {
            GCL_TRY(make_kernel(p, step, err));
            continue;
        }
        for (int k = 0; k < step->call.n_slots; k++) {
            GCL_TRY(fill_weight(p, step->call.slots[k], err));
            step->call_mem[k] = p->slots[step->call.slots[k]].mem;
        }
        GCL_TRY(
            step->call.enqueue(step->call.param, gcl_context_queue(p->ctx), step->call_mem, err));
        if (p->options.guard)
            GCL_TRY(poison_call(p, step, err));
    }
    st = clFinish(gcl_context_queue(p->ctx));
    if (st != CL_SUCCESS)
        st = GCL_FAIL_CL(err, st, "clFinish", "while planning");
done:
    return st;
}

static double flops_of(const gcl_graph *g)
{
    double flops = 0;

    for (int i = 0; i < gcl_graph_n_nodes(g); i++) {
        const gcl_node *node = gcl_graph_node_at(g, i);
        flops += node->op->flops(g, node);
    }
    return flops;
}

/* Less than any CPU's last cache: some runtimes report a core's own one (Intel's). */
enum { LEAST_CACHE = 8 << 20 };

/* So that what a node writes is in the cache when the next one reads it. */
static void split_batch(gcl_graph *g, size_t bytes, const gcl_device_info *device)
{
    if (bytes == 0 && gcl_device_is_cpu(device) && device->cache_bytes > 0)
        bytes = (device->cache_bytes > LEAST_CACHE ? (size_t)device->cache_bytes : LEAST_CACHE) / 2;
    if (bytes > 0)
        gcl_graph_split(g, bytes, device->mem_align_bytes);
}

gcl_status gcl_plan_rewrite(gcl_graph *graph, const gcl_device_info *device,
                            const gcl_plan_options *options, gcl_error *err)
{
    gcl_status st = GCL_OK;

    if (options->no_fusion)
        return GCL_OK;
    gcl_graph_hoist(graph);
    GCL_TRY(gcl_graph_status(graph, err));
    gcl_graph_prune(graph);
    gcl_graph_fuse(graph);
    split_batch(graph, options->split_bytes, device);
    GCL_TRY(gcl_graph_status(graph, err));
done:
    return st;
}

gcl_status gcl_plan_create(gcl_plan **out, gcl_context *ctx, const gcl_graph *graph,
                           gcl_weight_set *weights, const gcl_plan_options *options, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_plan *p = NULL;

    *out = NULL;
    GCL_TRY(gcl_graph_status(graph, err));
    p = calloc(1, sizeof *p);
    if (p == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "plan: host allocation of %zu bytes", sizeof *p);
        goto done;
    }
    p->ctx = ctx;
    p->weights = weights;
    if (options != NULL)
        p->options = *options;
    if (p->options.precision == GCL_PRECISION_F16)
        gcl_context_check_unit(ctx);
    GCL_TRY(gcl_graph_clone(&p->graph, graph, err));
    if (p->options.keep_named)
        gcl_graph_keep_named(p->graph);
    gcl_graph_prune(p->graph);
    p->flops = flops_of(p->graph);
    GCL_TRY(gcl_plan_rewrite(p->graph, gcl_context_device(ctx), &p->options, err));
    GCL_TRY(gcl_plan_emit(p, err));
    GCL_TRY(place_memory(p, err));
    GCL_TRY(fill_slots(p, err));
    GCL_TRY(make_steps(p, err));
    if (weights != NULL)
        GCL_TRY(gcl_weight_set_finish(weights, err));
    *out = p;
    p = NULL;
done:
    gcl_plan_destroy(p);
    return st;
}

void gcl_plan_destroy(gcl_plan *p)
{
    if (p == NULL)
        return;
    if (p->running) /* weights may lie in a file that is closed next */
        clFinish(gcl_context_queue(p->ctx));
    for (int i = 0; i < p->n_steps; i++)
        if (p->steps[i].kernel != NULL)
            clReleaseKernel(p->steps[i].kernel);
    for (int i = 0; i < p->n_slots; i++) {
        if (p->slots[i].owned)
            clReleaseMemObject(p->slots[i].mem);
        free(p->slots[i].data);
    }
    for (int i = 0; p->arenas != NULL && i < p->n_arenas; i++)
        if (p->arenas[i] != NULL)
            clReleaseMemObject(p->arenas[i]);
    free(p->arenas);
    free(p->arena_bytes);
    free(p->steps);
    free(p->slots);
    free(p->events);
    free(p->choices);
    gcl_graph_destroy(p->graph);
    free(p);
}
