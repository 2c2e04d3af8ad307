/* plan_run.c - running a plan, and looking at it. */
#include <stdlib.h>

#include "host/plan_internal.h"

/* Finds the memory of a named input or output and checks the size the caller brought. */
static gcl_status find(const gcl_plan *p, const plan_slot **out, const char *name, bool input,
                       size_t bytes, gcl_error *err)
{
    const gcl_value v = gcl_graph_find(p->graph, name);
    const gcl_tensor *t = v == GCL_NO_VALUE ? NULL : gcl_graph_tensor(p->graph, v);
    const char *what = input ? "input" : "output";
    gcl_slot s;

    if (t == NULL || (input ? t->kind != GCL_VALUE_INPUT : !t->is_output))
        return GCL_FAIL(err, GCL_E_NOT_FOUND, "plan: there is no %s named %s", what, name);
    s = gcl_plan_slot(p, v);
    if (s < 0)
        return GCL_FAIL(err, GCL_E_NOT_FOUND, "plan: no step computes the output %s", name);
    if (p->slots[s].bytes != bytes)
        return GCL_FAIL(err, GCL_E_BUFFER, "plan: %s %s holds %zu bytes, the caller brings %zu",
                        what, name, p->slots[s].bytes, bytes);
    *out = &p->slots[s];
    return GCL_OK;
}

gcl_status gcl_plan_write(gcl_plan *p, const char *input, const void *data, size_t bytes,
                          gcl_error *err)
{
    gcl_status st = GCL_OK;
    const plan_slot *s = NULL;

    GCL_TRY(find(p, &s, input, true, bytes, err));
    st = clEnqueueWriteBuffer(gcl_context_queue(p->ctx), s->mem, CL_TRUE, 0, bytes, data, 0, NULL,
                              NULL);
    if (st != CL_SUCCESS)
        st = GCL_FAIL_CL(err, st, "clEnqueueWriteBuffer", "input %s, %zu bytes", input, bytes);
done:
    return st;
}

gcl_status gcl_plan_read(gcl_plan *p, const char *output, void *data, size_t bytes, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const plan_slot *s = NULL;

    GCL_TRY(find(p, &s, output, false, bytes, err));
    st = clEnqueueReadBuffer(gcl_context_queue(p->ctx), s->mem, CL_TRUE, 0, bytes, data, 0, NULL,
                             NULL);
    if (st != CL_SUCCESS)
        st = GCL_FAIL_CL(err, st, "clEnqueueReadBuffer", "output %s, %zu bytes", output, bytes);
    else
        p->running = false;
done:
    return st;
}

/* event: of the kernel; NULL when no time is wanted. A library call has none: it may enqueue
 * several kernels, and is timed between markers. */
static gcl_status enqueue(gcl_plan *p, int i, cl_event *event, gcl_error *err)
{
    const plan_step *step = &p->steps[i];
    const gcl_launch *l = &step->launch;
    const gcl_node *node = gcl_graph_node_at(p->graph, step->node);
    cl_int st;

    if (step->is_call)
        return step->call.enqueue(step->call.param, gcl_context_queue(p->ctx), step->call_mem, err);
    st = clEnqueueNDRangeKernel(gcl_context_queue(p->ctx), step->kernel, (cl_uint)l->dims, NULL,
                                l->global, l->local[0] == 0 ? NULL : l->local, 0, NULL, event);
    if (st == CL_SUCCESS)
        return GCL_OK;
    return GCL_FAIL_CL(err, st, "clEnqueueNDRangeKernel",
                       "%s: %s %s, kernel %s, global %zu %zu %zu, local %zu %zu %zu", node->scope,
                       node->op->name, p->choices[step->node].variant->name, l->kernel,
                       l->global[0], l->global[1], l->global[2], l->local[0], l->local[1],
                       l->local[2]);
}

gcl_status gcl_plan_run(gcl_plan *p, gcl_error *err)
{
    gcl_status st = GCL_OK;

    p->running = true;
    for (int i = 0; i < p->n_steps && st == GCL_OK; i++)
        st = enqueue(p, i, NULL, err);
    return st;
}

static gcl_status enqueue_marker(gcl_plan *p, cl_event *event, gcl_error *err)
{
    const cl_int st = clEnqueueMarkerWithWaitList(gcl_context_queue(p->ctx), 0, NULL, event);

    return st == CL_SUCCESS ? GCL_OK
                            : GCL_FAIL_CL(err, st, "clEnqueueMarkerWithWaitList", "timed run");
}

/* Enqueues a step with the events that time it: [0] alone, or markers [0] before and [1] behind. */
static gcl_status enqueue_timed(gcl_plan *p, int i, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cl_event *event = &p->events[2 * i];

    if (!p->steps[i].is_call)
        return enqueue(p, i, &event[0], err);
    GCL_TRY(enqueue_marker(p, &event[0], err));
    GCL_TRY(enqueue(p, i, NULL, err));
    GCL_TRY(enqueue_marker(p, &event[1], err));
done:
    return st;
}

static gcl_status step_time(const gcl_plan *p, int i, uint64_t *ns, gcl_error *err)
{
    const cl_event *event = &p->events[2 * i];
    const bool markers = p->steps[i].is_call;
    cl_ulong start = 0, end = 0;
    cl_int st = clGetEventProfilingInfo(
        event[0], markers ? CL_PROFILING_COMMAND_END : CL_PROFILING_COMMAND_START, sizeof start,
        &start, NULL);

    if (st == CL_SUCCESS)
        st = clGetEventProfilingInfo(event[markers], CL_PROFILING_COMMAND_END, sizeof end, &end,
                                     NULL);
    if (st != CL_SUCCESS)
        return GCL_FAIL_CL(err, st, "clGetEventProfilingInfo", "step %d of %d", i, p->n_steps);
    *ns = end - start;
    return GCL_OK;
}

gcl_status gcl_plan_run_timed(gcl_plan *p, uint64_t *node_ns, gcl_error *err)
{
    gcl_status st = GCL_OK;

    memset(node_ns, 0, (size_t)gcl_graph_n_nodes(p->graph) * sizeof *node_ns);
    p->running = true;
    for (int i = 0; i < p->n_steps; i++)
        GCL_TRY(enqueue_timed(p, i, err));
    st = clFinish(gcl_context_queue(p->ctx));
    if (st != CL_SUCCESS) {
        st = GCL_FAIL_CL(err, st, "clFinish", "%d steps", p->n_steps);
        goto done;
    }
    p->running = false;
    for (int i = 0; i < p->n_steps; i++) {
        uint64_t ns = 0;
        GCL_TRY(step_time(p, i, &ns, err));
        node_ns[p->steps[i].node] += ns;
    }
done:
    for (int i = 0; i < 2 * p->n_steps; i++) {
        if (p->events[i] != NULL)
            clReleaseEvent(p->events[i]);
        p->events[i] = NULL;
    }
    return st;
}

/* True when bytes [from, to) of an arena still hold the pattern they were filled with. */
static bool intact(const unsigned char *arena, size_t from, size_t to)
{
    const cl_uint pattern = GCL_GUARD_PATTERN;
    unsigned char expected[sizeof pattern];

    memcpy(expected, &pattern, sizeof pattern);
    for (size_t i = from; i < to; i++)
        if (arena[i] != expected[i % sizeof pattern])
            return false;
    return true;
}

static const char *slot_name(const gcl_plan *p, const plan_slot *s)
{
    const char *name = s->value < 0 ? NULL : gcl_graph_tensor(p->graph, s->value)->name;

    return name != NULL ? name : s->kind == SLOT_TEMP ? "scratch" : "an unnamed value";
}

gcl_status gcl_plan_check_guards(gcl_plan *p, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cl_command_queue queue = gcl_context_queue(p->ctx);
    cl_int cl;

    if (!p->options.guard)
        return GCL_FAIL(err, GCL_E_ARG, "plan: made without guards");
    for (int a = 0; a < p->n_arenas && st == GCL_OK; a++) {
        unsigned char *data = clEnqueueMapBuffer(queue, p->arenas[a], CL_TRUE, CL_MAP_READ, 0,
                                                 p->arena_bytes[a], 0, NULL, NULL, &st);
        if (st != CL_SUCCESS)
            return GCL_FAIL_CL(err, st, "clEnqueueMapBuffer", "arena %d", a);
        for (int i = 0; i < p->n_slots; i++) {
            const plan_slot *s = &p->slots[i];
            const size_t end = s->offset + s->bytes;
            if (s->arena != a || (intact(data, s->offset - GCL_GUARD_BYTES, s->offset) &&
                                  intact(data, end, end + GCL_GUARD_BYTES)))
                continue;
            st = GCL_FAIL(err, GCL_E_BUFFER, "memory %s %s (%zu bytes) was written to",
                          intact(data, end, end + GCL_GUARD_BYTES) ? "before" : "behind",
                          slot_name(p, s), s->bytes);
            break;
        }
        cl = clEnqueueUnmapMemObject(queue, p->arenas[a], data, 0, NULL, NULL);
        if (cl != CL_SUCCESS && st == GCL_OK)
            st = GCL_FAIL_CL(err, cl, "clEnqueueUnmapMemObject", "arena %d", a);
    }
    return st;
}

const char *gcl_precision_name(gcl_precision p)
{
    return p == GCL_PRECISION_F16 ? "f16" : "f32";
}

const char *gcl_weights_precision_name(gcl_weights_precision p)
{
    static const char *const names[] = {
        [GCL_WEIGHTS_AUTO] = "auto", [GCL_WEIGHTS_F32] = "f32", [GCL_WEIGHTS_F16] = "f16"};

    return names[p];
}

const gcl_graph *gcl_plan_graph(const gcl_plan *p)
{
    return p->graph;
}

int gcl_plan_n_nodes(const gcl_plan *p)
{
    return gcl_graph_n_nodes(p->graph);
}

int gcl_plan_n_steps(const gcl_plan *p)
{
    return p->n_steps;
}

const gcl_launch *gcl_plan_launch(const gcl_plan *p, int k)
{
    return p->steps[k].is_call ? NULL : &p->steps[k].launch;
}

static double tensor_bytes(const gcl_tensor *t)
{
    return (double)(gcl_shape_count(&t->shape) * gcl_dtype_bytes(t->dtype));
}

/* Whether a weight or a list of weights is read as f16. */
static bool is_kept_half(const gcl_plan *p, gcl_value v)
{
    for (int i = 0; i < p->n_slots; i++) {
        const plan_slot *s = &p->slots[i];
        if (s->kind == SLOT_WEIGHT && s->value == v && s->packing != NULL && s->packing->half)
            return true;
    }
    return false;
}

/* Of a weight without what its layout adds. */
static double value_bytes(const gcl_plan *p, gcl_value v)
{
    const gcl_tensor *t = gcl_graph_tensor(p->graph, v);
    double bytes = t->kind == GCL_VALUE_LIST ? 0 : tensor_bytes(t);

    for (int i = 0; i < t->n_members; i++)
        bytes += tensor_bytes(gcl_graph_tensor(p->graph, t->members[i]));
    return is_kept_half(p, v) ? bytes / 2 : bytes;
}

gcl_plan_node gcl_plan_node_at(const gcl_plan *p, int i)
{
    const gcl_node *node = gcl_graph_node_at(p->graph, i);
    const gcl_slot blocked = gcl_plan_blocked_slot(p, node->out);
    const plan_slot *s = &p->slots[blocked >= 0 ? blocked : gcl_plan_slot(p, node->out)];
    const plan_slot *whole = s->kind == SLOT_PART ? &p->slots[s->whole] : s;
    gcl_plan_node n = {.node = node, .choice = p->choices[i]};

    n.flops = node->op->flops(p->graph, node);
    n.bytes = value_bytes(p, node->out);
    for (int k = 0; k < node->n_in; k++)
        n.bytes += value_bytes(p, node->in[k]);
    for (int k = 0; k < p->n_steps; k++)
        n.n_steps += p->steps[k].node == i;
    n.arena = whole->arena;
    n.offset_bytes = s == whole ? s->offset : whole->offset + s->offset;
    return n;
}

gcl_plan_totals gcl_plan_total(const gcl_plan *p)
{
    gcl_plan_totals t = {.n_arenas = p->n_arenas, .n_steps = p->n_steps, .flops = p->flops};

    for (int i = 0; i < p->n_arenas; i++)
        t.arena_bytes += p->arena_bytes[i];
    for (int i = 0; i < p->n_slots; i++) {
        const plan_slot *s = &p->slots[i];
        if (s->kind == SLOT_WEIGHT)
            t.weight_bytes += s->bytes;
        else if (s->kind == SLOT_CONST)
            t.const_bytes += s->bytes;
        else if (s->kind != SLOT_PART)
            t.unshared_bytes += s->bytes;
    }
    return t;
}
