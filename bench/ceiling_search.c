/* ceiling_search.c - finds a kernel's best launch shape, one axis after the other. */
#include "bench/ceiling_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/verbose.h"

enum { TRIES = 4, MOST = 4 }; /* launches of a shape while searching; values of an axis */
static const double least_seconds = 4e-3; /* of a launch, where the work can grow */

/* Values by axis, the first is the start; NATIVE stands for the device's vector width. */
enum { NATIVE = -1, HALF_NATIVE = -2, TWICE_NATIVE = -3 };
typedef struct axes {
    int v[N_AXES][MOST];
} axes;

static const double better = 1.02; /* times the rate of the best so far: a new best */

static const axes on_cpu[] = {
    [BENCH_FMA_F32] = {{{NATIVE, HALF_NATIVE, TWICE_NATIVE}, {12, 10, 8}, {1, 4}, {1, 16}, {16}}},
    [BENCH_FMA_F16] = {{{TWICE_NATIVE, NATIVE}, {12, 8}, {1, 4}, {1, 32}, {64}}},
    [BENCH_DOT_I8] = {{{1}, {8, 12, 4}, {1, 4}, {16, 64}, {16}}},
    [BENCH_READ] = {{{NATIVE, HALF_NATIVE}, {1}, {8, 4}, {1, 16}, {1, 4, 32}}},
    [BENCH_COPY] = {{{NATIVE, HALF_NATIVE}, {1}, {4, 1}, {1, 16}, {1, 4, 32}}},
    [BENCH_LOCAL] = {{{NATIVE, HALF_NATIVE}, {1}, {8, 4}, {1, 16}, {16}}},
};
static const axes elsewhere[] = {
    [BENCH_FMA_F32] = {{{1, 2, 4}, {8, 4, 16}, {4, 8}, {256, 128, 64}, {32}}},
    [BENCH_FMA_F16] = {{{2, 4, 8}, {8, 4, 16}, {4, 8}, {256, 128, 64}, {64}}},
    [BENCH_DOT_I8] = {{{1}, {8, 4, 16}, {4, 8}, {256, 128, 64}, {32}}},
    [BENCH_READ] = {{{4, 2, 1}, {1}, {4, 1, 8}, {256, 128, 512}, {32, 8, 128}}},
    [BENCH_COPY] = {{{4, 2, 1}, {1}, {4, 1, 8}, {256, 128, 512}, {32, 8, 128}}},
    [BENCH_LOCAL] = {{{1, 2, 4}, {1}, {8, 4}, {256, 128, 64}, {32}}},
};

/* Value i of an axis on this device; 0 past the last. */
static int value(const gcl_device_info *d, const int *axis, int i)
{
    const int native = d->vector_width_f32 < 1    ? 1
                       : d->vector_width_f32 > 16 ? 16
                                                  : (int)d->vector_width_f32;

    if (i == MOST)
        return 0;
    switch (axis[i]) {
    case NATIVE:
        return native;
    case HALF_NATIVE:
        return native > 1 ? native / 2 : 1;
    case TWICE_NATIVE:
        return native < 16 ? 2 * native : 16;
    default:
        return axis[i];
    }
}

static cl_int run(bench_rig *rig, cl_kernel kernel, const bench_shape *s, double *seconds)
{
    const size_t local = (size_t)s->v[AXIS_LOCAL];
    const size_t global = local * (size_t)s->v[AXIS_GROUPS];
    cl_ulong start = 0, end = 0;
    cl_event event = NULL;
    cl_int st = clEnqueueNDRangeKernel(gcl_context_queue(rig->ctx), kernel, 1, NULL, &global,
                                       &local, 0, NULL, &event);

    if (st == CL_SUCCESS)
        st = clWaitForEvents(1, &event);
    if (st == CL_SUCCESS)
        st = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof start, &start, NULL);
    if (st == CL_SUCCESS)
        st = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL);
    if (event != NULL)
        clReleaseEvent(event);
    /* a timer that does not move within a kernel is taken as one tick */
    *seconds = 1e-9 * (double)(end > start ? end - start : 1);
    return st;
}

static gcl_status make_kernel(bench_rig *rig, const bench_probe *p, const bench_shape *s,
                              cl_kernel *out, gcl_error *err)
{
    cl_program program;
    char options[256];
    gcl_status st;

    *out = NULL;
    snprintf(options, sizeof options, "-DW=%d -DACCUMULATORS=%d -DUNROLL=%d -DLOCAL=%d%s",
             s->v[AXIS_WIDTH], s->v[AXIS_ACCUMULATORS], s->v[AXIS_UNROLL], s->v[AXIS_LOCAL],
             p->defines);
    st = gcl_context_program(rig->ctx, &program, p->program, options, err);
    if (st != GCL_OK)
        return st;
    *out = clCreateKernel(program, p->kernel, &st);
    return st == CL_SUCCESS
               ? GCL_OK
               : GCL_FAIL_CL(err, st, "clCreateKernel", "%s of %s.cl", p->kernel, p->program);
}

/* More groups until a launch lasts long enough, where out has room. */
static cl_int warm_up(bench_rig *rig, const bench_probe *p, cl_kernel kernel, bench_shape *s)
{
    double seconds = 0.0;
    cl_int st = CL_SUCCESS;

    for (int grown = 0; st == CL_SUCCESS; grown++) {
        const size_t four_times = 4 * (size_t)s->v[AXIS_GROUPS] * (size_t)s->v[AXIS_LOCAL];
        st = p->prepare(rig, kernel, s);
        if (st == CL_SUCCESS)
            st = run(rig, kernel, s, &seconds);
        /* the first launch may hold the compiler's time */
        if (st == CL_SUCCESS && grown == 0)
            st = run(rig, kernel, s, &seconds);
        if (p->exact_groups || seconds >= least_seconds ||
            four_times * sizeof(cl_uint) > rig->out_bytes)
            break;
        s->v[AXIS_GROUPS] *= 4;
    }
    return st;
}

/* A shape with its kernel. */
typedef struct contender {
    bench_shape in_total; /* groups of all compute units */
    cl_kernel kernel;
    double rate; /* of the fastest launch, 1e9 a second */
} contender;

static void drop(contender *c)
{
    if (c->kernel != NULL)
        clReleaseKernel(c->kernel);
    memset(c, 0, sizeof *c);
}

static cl_int time_one(bench_rig *rig, const bench_probe *p, contender *c)
{
    double seconds;
    const cl_int st = run(rig, c->kernel, &c->in_total, &seconds);
    const double rate = 1e-9 * p->work(rig, &c->in_total) / seconds;

    if (st == CL_SUCCESS && rate > c->rate)
        c->rate = rate;
    return st;
}

/*
 * Builds, warms up, checks, and times a contender and the best so far in turn, so that both meet
 * the same disturbances.
 */
static gcl_status try_shape(bench_rig *rig, const bench_probe *p, contender *c, contender *best,
                            gcl_error *err)
{
    const gcl_device_info *d = gcl_context_device(rig->ctx);
    gcl_status st = GCL_OK;

    c->in_total.v[AXIS_GROUPS] *= (int)d->compute_units;
    if ((size_t)c->in_total.v[AXIS_LOCAL] > d->max_work_group || p->work(rig, &c->in_total) <= 0.0)
        return GCL_FAIL(err, CL_INVALID_WORK_GROUP_SIZE, "%s: %d work-items a group are too many",
                        p->kernel, c->in_total.v[AXIS_LOCAL]);
    GCL_TRY(make_kernel(rig, p, &c->in_total, &c->kernel, err));
    st = warm_up(rig, p, c->kernel, &c->in_total);
    if (st == CL_SUCCESS)
        GCL_TRY(p->verify(rig, &c->in_total, err));
    best->rate = 0.0;
    for (int i = 0; i < TRIES && st == CL_SUCCESS; i++) {
        st = time_one(rig, p, c);
        if (st == CL_SUCCESS && best->kernel != NULL)
            st = time_one(rig, p, best);
    }
    if (st != CL_SUCCESS)
        st = GCL_FAIL_CL(err, st, "clEnqueueNDRangeKernel", "%s of %s.cl", p->kernel, p->program);
done:
    return st;
}

static void describe(char *out, size_t room, bench_ceiling_id id, const bench_shape *s)
{
    char chains[32] = "";

    if (id <= BENCH_DOT_I8)
        snprintf(chains, sizeof chains, ", %d accumulators", s->v[AXIS_ACCUMULATORS]);
    snprintf(out, room, "vectors of %d%s, unrolled %d, %d groups of %d", s->v[AXIS_WIDTH], chains,
             s->v[AXIS_UNROLL], s->v[AXIS_GROUPS], s->v[AXIS_LOCAL]);
}

/* The best shape of a kernel. A shape that the device refuses is passed over. */
static gcl_status search(bench_rig *rig, const bench_probe *p, bench_ceiling_id id,
                         bench_shape *out, gcl_error *err)
{
    const gcl_device_info *d = gcl_context_device(rig->ctx);
    const axes *a = d->type & CL_DEVICE_TYPE_CPU ? &on_cpu[id] : &elsewhere[id];
    contender best = {0};
    bench_shape at; /* groups per compute unit */
    gcl_status st = GCL_OK;
    char text[96];

    for (int axis = 0; axis < N_AXES; axis++)
        at.v[axis] = value(d, a->v[axis], 0);
    for (int axis = 0; axis < N_AXES; axis++)
        for (int i = axis == 0 ? 0 : 1, to; (to = value(d, a->v[axis], i)) != 0; i++) {
            contender c = {.in_total = at};

            if ((i > 0 && to == at.v[axis]) ||
                (best.kernel != NULL && bench_ceiling_clock() > rig->until))
                continue;
            c.in_total.v[axis] = to;
            st = try_shape(rig, p, &c, &best, err);
            describe(text, sizeof text, id, &c.in_total);
            gcl_verbose("ceiling %s: %s: %.4g (best so far: %.4g) %s", bench_ceiling_name(id), text,
                        c.rate, best.rate, bench_ceiling_unit(id));
            if (st == GCL_OK && c.rate > better * best.rate) {
                drop(&best);
                best = c;
                at.v[axis] = to;
            } else {
                drop(&c);
            }
            if (st > GCL_OK)
                goto done;
        }
    if (best.kernel != NULL) {
        *out = best.in_total;
        st = GCL_OK;
    }
done:
    drop(&best);
    return st;
}

gcl_status bench_kernel_search(bench_rig *rig, bench_ceiling_id id, bench_shape *shape,
                               bench_ceiling *out, gcl_error *err)
{
    const bench_probe *p = bench_probe_find(rig, id);
    gcl_status st;

    if (p == NULL)
        return GCL_OK;
    st = search(rig, p, id, shape, err);
    if (st < GCL_OK && (id == BENCH_FMA_F16 || id == BENCH_DOT_I8)) {
        gcl_verbose("ceiling %s: not measured: %s", bench_ceiling_name(id), gcl_status_name(st));
        st = GCL_OK;
    }
    if (st == GCL_OK) {
        describe(out->shape, sizeof out->shape, id, shape);
        gcl_error_clear(err);
    }
    return st;
}

gcl_status bench_kernel_sample(bench_rig *rig, bench_ceiling_id id, const bench_shape *shape,
                               bench_ceiling *out, gcl_error *err)
{
    const bench_probe *p = bench_probe_find(rig, id);
    gcl_status st = GCL_OK;
    cl_kernel kernel = NULL;
    double seconds;

    GCL_TRY(make_kernel(rig, p, shape, &kernel, err));
    st = p->prepare(rig, kernel, shape);
    for (int i = 0; i <= BENCH_ROUND_SAMPLES && st == CL_SUCCESS; i++) {
        st = run(rig, kernel, shape, &seconds);
        if (st == CL_SUCCESS && i > 0)
            bench_ceiling_add(out, id, 1e-9 * p->work(rig, shape) / seconds);
    }
    if (st != CL_SUCCESS)
        st = GCL_FAIL_CL(err, st, "clEnqueueNDRangeKernel", "%s of %s.cl", p->kernel, p->program);
done:
    if (kernel != NULL)
        clReleaseKernel(kernel);
    return st;
}
