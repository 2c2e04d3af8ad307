/* tune_measure.c - verifies and times candidates. */
#include "bench/tune_measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/model_subject.h"
#include "bench/stats.h"

/* Pairs end here in any case, but for the first EARLY. */
enum { EARLY = 2 };
static const double max_pairs_s = 3.0;

/* No sample is less: a device's clock may not tell a short run from none. */
static const double clock_tick_s = 1e-9;

/* What a result at its error bound costs. */
static const double error_penalty = 0.1;

/* Multiply-adds of a reference, and bytes that push a network's other weights out of caches. */
enum { REFERENCE_WORK = 10000000, MIN_FLUSH = 8 << 20, MAX_FLUSH = 256 << 20 };

/* ---- the device ---- */

gcl_status tune_bench_create(tune_bench *b, gcl_context *ctx, const bench_tune_options *opt,
                             gcl_error *err)
{
    const gcl_device_info *d = gcl_context_device(ctx);
    cl_int st = CL_SUCCESS;

    *b = (tune_bench){.ctx = ctx, .opt = opt};
    gcl_context_store_programs(ctx, false);
    if (opt->timer != NULL)
        return GCL_OK;
    b->flush_bytes = d->cache_bytes > MAX_FLUSH   ? MAX_FLUSH
                     : d->cache_bytes < MIN_FLUSH ? MIN_FLUSH
                                                  : (size_t)d->cache_bytes;
    b->flush = clCreateBuffer(gcl_context_cl(ctx), CL_MEM_READ_WRITE, b->flush_bytes, NULL, &st);
    return st == CL_SUCCESS ? GCL_OK
                            : GCL_FAIL_CL(err, st, "clCreateBuffer", "%zu bytes to flush caches",
                                          b->flush_bytes);
}

void tune_bench_free(tune_bench *b)
{
    if (b->ctx != NULL)
        gcl_context_store_programs(b->ctx, true);
    if (b->flush != NULL)
        clReleaseMemObject(b->flush);
    memset(b, 0, sizeof *b);
}

/* ---- subjects ---- */

static void close_subject(tune_subject *s)
{
    gcl_plan_destroy(s->plan);
    free(s->step_ns);
    free(s->samples);
    free(s->copy_samples);
    memset(s, 0, sizeof *s);
}

static bool is_copy(const gcl_plan *plan, int step)
{
    const gcl_launch *l = gcl_plan_launch(plan, step);

    return l != NULL && strcmp(l->program, "layout/blocks") == 0;
}

/* plan stays NULL when the variant refuses. */
static gcl_status plan_subject(tune_case *c, tune_subject *s, gcl_error *err)
{
    const gcl_plan_options options = {.guard = true};

    return op_instance_plan(&c->instance, &s->plan, c->bench->ctx, c->weights, s->choice, options,
                            err);
}

/* Every element is at most as far from the base's as the two may be from what is right, by the largest
 * of the scales that are known. */
static bool agrees(const tune_case *c, const void *got, double tolerance)
{
    const double units = tolerance + c->base.tolerance;
    const op_instance *i = &c->instance;
    const float *a = c->base_result, *b = got;
    double scale = 0;

    for (size_t k = 0; k < i->data.out_count; k += i->step)
        scale = fmax(scale, i->scale[k]);
    for (size_t k = 0; k < i->data.out_count; k++)
        if (!(fabs((double)a[k] - (double)b[k]) <= units * 0x1p-24 * scale))
            return false;
    return true;
}

/* A picture is to be the same in any batch (tests/test_models.c). */
static bool needs_bits(const tune_case *c)
{
    return !c->what->what.op->any_batch && gcl_device_is_cpu(gcl_context_device(c->bench->ctx));
}

static gcl_status judge(tune_case *c, tune_subject *s, const void *got, tune_result *out,
                        gcl_error *err)
{
    gcl_status st = GCL_OK;
    op_instance *i = &c->instance;
    const size_t bytes = op_instance_bytes(i);
    op_deviation d;

    GCL_TRY(op_instance_compare(i, got, &d, err));
    s->units = d.max_units;
    s->tolerance = d.tolerance;
    s->penalty = 1.0 + (d.tolerance > 0 ? error_penalty * d.max_units / d.tolerance : 0.0);
    out->verdict = TUNE_WRONG;
    if (!d.ok)
        snprintf(out->why, sizeof out->why, "element %zu is %.9g, should be %.9g +- %.3g", d.bad,
                 d.got, d.want, d.allowed);
    else if (c->base_result != NULL && i->step > 0 && !agrees(c, got, d.tolerance))
        snprintf(out->why, sizeof out->why, "its result differs from the table's choice's");
    else if (c->base_result != NULL && needs_bits(c) && memcmp(got, c->base_result, bytes) != 0)
        snprintf(out->why, sizeof out->why, "not the bits of the table's choice");
    else
        out->verdict = TUNE_OK;
done:
    return st;
}

/* Plans and runs the subject with canaries around all memory; the result's bits go to result. */
static gcl_status run_guarded(tune_case *c, tune_subject *s, void *result, gcl_error *err)
{
    gcl_status st = GCL_OK;

    GCL_TRY(plan_subject(c, s, err));
    if (s->plan == NULL) {
        st = GCL_FAIL(err, GCL_E_UNSUPPORTED, "the variant refuses these values");
        goto done;
    }
    GCL_TRY(op_instance_write(&c->instance, s->plan, err));
    GCL_TRY(gcl_plan_run(s->plan, err));
    GCL_TRY(gcl_plan_read(s->plan, "result", result, op_instance_bytes(&c->instance), err));
    GCL_TRY(gcl_plan_check_guards(s->plan, err));
done:
    return st;
}

/* A candidate that fails is none; only want of memory is an error. */
static gcl_status verify(tune_case *c, tune_subject *s, void *result, tune_result *out,
                         gcl_error *err)
{
    gcl_error trouble = GCL_ERROR_INIT;
    gcl_status st = run_guarded(c, s, result, &trouble);

    if (st == GCL_OK) {
        st = judge(c, s, result, out, err);
    } else if (st == GCL_E_NOMEM) {
        st = GCL_FAIL(err, st, "%s", trouble.message);
    } else {
        out->verdict = st == GCL_E_BUFFER ? TUNE_WRONG : TUNE_REFUSED;
        snprintf(out->why, sizeof out->why, "%.190s", trouble.message);
        st = GCL_OK;
    }
    gcl_error_clear(&trouble);
    return st;
}

/* Verifies, and makes room for samples. */
static gcl_status open_subject(tune_case *c, tune_subject *s, const tune_point *p, void *result,
                               tune_result *out, gcl_error *err)
{
    gcl_status st = GCL_OK;

    s->point = *p;
    gcl_tuning_text(s->choice, sizeof s->choice, p->variant, &p->tuning);
    GCL_TRY(verify(c, s, result, out, err));
    if (out->verdict != TUNE_OK)
        goto done;
    s->step_ns = calloc((size_t)gcl_plan_n_steps(s->plan) + 1, sizeof *s->step_ns);
    s->samples = calloc(TUNE_MAX_PAIRS, sizeof *s->samples);
    s->copy_samples = calloc(TUNE_MAX_PAIRS, sizeof *s->copy_samples);
    if (s->step_ns == NULL || s->samples == NULL || s->copy_samples == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "tune: host allocation of %d samples", TUNE_MAX_PAIRS);
        goto done;
    }
    for (int k = 0; k < gcl_plan_n_steps(s->plan); k++)
        s->n_copies += is_copy(s->plan, k);
done:
    return st;
}

/* ---- cases ---- */

bool tune_case_is_sampled(const tune_case *c)
{
    return c->instance.step > 0;
}

static bool is_prime(size_t n)
{
    for (size_t i = 2; i * i <= n; i++)
        if (n % i == 0)
            return false;
    return true;
}

/* A prime divides no dim of a network, or few: all columns and rows get their share. */
static size_t choose_step(const op_instance *i)
{
    const gcl_node *node = gcl_graph_node_at(i->graph, 0);
    size_t step = (size_t)(i->op->flops(i->graph, node) / (2.0 * REFERENCE_WORK)) + 1;

    if (step == 1 || i->suite->element == NULL)
        return 0;
    while (!is_prime(step))
        step++;
    return step;
}

static const op_suite *suite_of(const gcl_op *op)
{
    for (int k = 0; op_suites[k] != NULL; k++)
        if (strcmp(op_suites[k]->op, op->name) == 0)
            return op_suites[k];
    return NULL;
}

gcl_status tune_case_open(tune_case *c, const tune_bench *b, const bench_tune_class *what,
                          const tune_point *base, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_op *op = what->what.op;
    const op_suite *suite = suite_of(op);
    tune_result result = {.verdict = TUNE_OK};
    void *bits = NULL;

    c->bench = b;
    c->what = what;
    c->row.name = "tuned";
    if (suite == NULL || suite->like == NULL || !suite->like(what->graph, what->node, c->row.p)) {
        st = GCL_FAIL(err, GCL_E_NOT_FOUND, "the suite of %s has no case like this", op->name);
        goto done;
    }
    GCL_TRY(op_instance_open(&c->instance, suite, op, &c->row, b->opt->seed, err));
    c->instance.step = choose_step(&c->instance);
    GCL_TRY(gcl_weight_set_create(&c->weights, b->ctx, op_instance_source(&c->instance), err));
    bits = malloc(op_instance_bytes(&c->instance));
    if (bits == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "tune: host allocation of %zu bytes",
                      op_instance_bytes(&c->instance));
        goto done;
    }
    st = open_subject(c, &c->base, base, bits, &result, err);
    c->base_result = bits;
    if (st == GCL_OK && result.verdict != TUNE_OK)
        st = GCL_FAIL(err, GCL_E_MISMATCH, "the table's choice %s: %s", c->base.choice, result.why);
done:
    return st;
}

void tune_case_close(tune_case *c)
{
    close_subject(&c->base);
    gcl_weight_set_destroy(c->weights);
    op_instance_close(&c->instance);
    free(c->base_result);
    memset(c, 0, sizeof *c);
}

/* ---- timing ---- */

static gcl_status flush_caches(const tune_bench *b, gcl_error *err)
{
    const cl_uint pattern = 0;
    cl_int st = clEnqueueFillBuffer(gcl_context_queue(b->ctx), b->flush, &pattern, sizeof pattern,
                                    0, b->flush_bytes, 0, NULL, NULL);

    if (st == CL_SUCCESS)
        st = clFinish(gcl_context_queue(b->ctx));
    return st == CL_SUCCESS
               ? GCL_OK
               : GCL_FAIL_CL(err, st, "clEnqueueFillBuffer", "%zu bytes to flush", b->flush_bytes);
}

/* As in a network: what the node before made is in the cache, the weights are not. */
static gcl_status take_sample(tune_case *c, tune_subject *s, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const bench_tune_timer *timer = c->bench->opt->timer;
    double own = 0, copies = 0;

    if (timer != NULL) {
        own = timer->sample(timer->user, c->what->what.op->name, s->choice);
    } else {
        GCL_TRY(flush_caches(c->bench, err));
        GCL_TRY(op_instance_write(&c->instance, s->plan, err));
        GCL_TRY(gcl_plan_run_steps_timed(s->plan, s->step_ns, err));
        for (int k = 0; k < gcl_plan_n_steps(s->plan); k++)
            *(is_copy(s->plan, k) ? &copies : &own) += 1e-9 * (double)s->step_ns[k];
    }
    s->samples[s->n] = fmax(own, clock_tick_s);
    s->copy_samples[s->n++] = copies;
done:
    return st;
}

/* A first run may build, fault pages in, wake cores. */
static gcl_status warm_up(tune_case *c, tune_subject *s, gcl_error *err)
{
    gcl_status st;

    s->n = 0;
    st = take_sample(c, s, err);
    s->n = 0;
    return st;
}

static double median(const double *samples, size_t n, gcl_error *err)
{
    bench_summary sum = {0};

    return bench_summarise(&sum, samples, n, err) == GCL_OK ? sum.median : 0.0;
}

/* Copies between layouts belong to the network where both choices need them, since its other nodes have
 * the same layout; where one needs more of them, the difference is the challenger's. */
static void charge_copies(const tune_subject *base, tune_subject *s)
{
    if (base->n_copies == s->n_copies)
        return;
    for (size_t k = 0; k < s->n; k++)
        s->samples[k] += fabs(s->copy_samples[k] - base->copy_samples[k]);
}

static gcl_status compare(tune_subject *base, tune_subject *s, tune_result *out, gcl_error *err)
{
    gcl_status st = GCL_OK;
    double ratios[TUNE_MAX_PAIRS];
    bench_summary sum;

    charge_copies(base, s);
    GCL_TRY(bench_summarise(&sum, s->samples, s->n, err));
    out->ns = 1e9 * sum.median;
    out->spread = sum.spread;
    out->units = s->units;
    out->table_ns = 1e9 * median(base->samples, base->n, err);
    for (size_t k = 0; k < s->n; k++)
        ratios[k] = s->samples[k] * s->penalty / (base->samples[k] * base->penalty);
    out->ratio =
        median(ratios, s->n, err); /* of pairs: what else the machine does comes and goes */
done:
    return st;
}

/* Runs in turn, so that both see the same machine. */
static gcl_status time_pairs(tune_case *c, tune_subject *s, size_t pairs, double give_up,
                             tune_result *out, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const double start = bench_clock();

    GCL_TRY(warm_up(c, &c->base, err));
    GCL_TRY(warm_up(c, s, err));
    while (s->n < pairs) {
        const bool base_first = s->n % 2 == 0;
        GCL_TRY(take_sample(c, base_first ? &c->base : s, err));
        GCL_TRY(take_sample(c, base_first ? s : &c->base, err));
        if (s->n == EARLY &&
            median(s->samples, EARLY, err) > give_up * median(c->base.samples, EARLY, err))
            break;
        if (s->n >= EARLY && bench_clock() - start > max_pairs_s)
            break;
    }
    GCL_TRY(compare(&c->base, s, out, err));
done:
    return st;
}

gcl_status tune_measure_base(tune_case *c, tune_result *out, gcl_error *err)
{
    gcl_status st = GCL_OK;
    tune_subject *s = &c->base;
    bench_summary sum;

    *out = (tune_result){.verdict = TUNE_OK, .ratio = 1.0, .units = s->units};
    GCL_TRY(warm_up(c, s, err));
    while (s->n < TUNE_MAX_PAIRS)
        GCL_TRY(take_sample(c, s, err));
    GCL_TRY(bench_summarise(&sum, s->samples, s->n, err));
    out->ns = out->table_ns = 1e9 * sum.median;
    out->spread = sum.spread;
done:
    return st;
}

gcl_status tune_measure(tune_case *c, const tune_point *p, size_t pairs, double give_up,
                        tune_result *out, gcl_error *err)
{
    gcl_status st = GCL_OK;
    tune_subject s = {0};
    void *result = malloc(op_instance_bytes(&c->instance));

    *out = (tune_result){.verdict = TUNE_OK};
    if (result == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "tune: host allocation of %zu bytes",
                      op_instance_bytes(&c->instance));
        goto done;
    }
    GCL_TRY(open_subject(c, &s, p, result, out, err));
    if (out->verdict == TUNE_OK)
        GCL_TRY(time_pairs(c, &s, pairs, give_up, out, err));
done:
    close_subject(&s);
    free(result);
    return st;
}
