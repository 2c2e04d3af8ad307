/* op_bench.c - timing the cases of the op suites. */
#include "bench/op_bench.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/record.h"
#include "tests/suite/op_case.h"

/* Bytes written between cold runs: four times the last cache, within these limits. */
enum { MIN_FLUSH_BYTES = 64 << 20, MAX_FLUSH_BYTES = 512 << 20 };

static const char peer_variant[] = "clblast_f32";

/* One variant of one case, planned and verified. */
typedef struct subject {
    const char *variant;
    gcl_plan *plan;
    uint64_t *node_ns;
    bench_sampler sampler;
} subject;

typedef struct bench {
    gcl_context *ctx;
    const bench_op_options *opt;
    const json_t *run;
    json_t *records;
    cl_mem flush;
    size_t flush_bytes;
    int n_rows;
} bench;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- cold caches ---- */

static gcl_status make_flush_buffer(bench *b, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_device_info *d = gcl_context_device(b->ctx);
    cl_ulong cache = 0;
    size_t bytes;

    clGetDeviceInfo(d->id, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, sizeof cache, &cache, NULL);
    bytes = cache > MAX_FLUSH_BYTES / 4 ? MAX_FLUSH_BYTES : (size_t)cache * 4;
    bytes = bytes < MIN_FLUSH_BYTES ? MIN_FLUSH_BYTES : bytes;
    b->flush_bytes = bytes < d->max_alloc_bytes ? bytes : (size_t)d->max_alloc_bytes;
    b->flush = clCreateBuffer(gcl_context_cl(b->ctx), CL_MEM_READ_WRITE, b->flush_bytes, NULL, &st);
    if (st != CL_SUCCESS)
        st = GCL_FAIL_CL(err, st, "clCreateBuffer", "%zu bytes to flush caches", b->flush_bytes);
    return st;
}

static gcl_status flush_caches(const bench *b, gcl_error *err)
{
    const cl_uint pattern = 0;
    cl_int st =
        clEnqueueFillBuffer(gcl_context_queue(b->ctx), b->flush, &pattern, sizeof pattern, 0,
                            b->flush_bytes / sizeof pattern * sizeof pattern, 0, NULL, NULL);

    if (st == CL_SUCCESS)
        st = clFinish(gcl_context_queue(b->ctx));
    return st == CL_SUCCESS
               ? GCL_OK
               : GCL_FAIL_CL(err, st, "clEnqueueFillBuffer", "%zu bytes to flush", b->flush_bytes);
}

/* ---- one subject ---- */

static void close_subject(subject *s)
{
    gcl_plan_destroy(s->plan);
    free(s->node_ns);
    bench_sampler_free(&s->sampler);
}

static gcl_status verify(op_instance *i, subject *s, gcl_error *err)
{
    gcl_status st = GCL_OK;
    op_deviation d;
    void *got = malloc(op_instance_bytes(i));

    if (got == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "result of %zu bytes", op_instance_bytes(i));
        goto done;
    }
    GCL_TRY(op_instance_write(i, s->plan, err));
    GCL_TRY(gcl_plan_run(s->plan, err));
    GCL_TRY(gcl_plan_read(s->plan, "result", got, op_instance_bytes(i), err));
    GCL_TRY(op_instance_compare(i, got, &d, err));
    if (!d.ok)
        st = GCL_FAIL(err, GCL_E_MISMATCH,
                      "%s, case %s, variant %s is wrong and was not timed: element %zu is %.9g, "
                      "should be %.9g +- %.3g (galip check --op %s tells more)",
                      i->suite->op, i->row->name, s->variant, d.bad, d.got, d.want, d.allowed,
                      i->suite->op);
done:
    free(got);
    return st;
}

/* Plans and verifies; s->plan stays NULL when the variant refuses the case. */
static gcl_status open_subject(const bench *b, subject *s, op_instance *i, gcl_weight_set *weights,
                               const char *variant, gcl_error *err)
{
    gcl_status st = GCL_OK;

    memset(s, 0, sizeof *s);
    s->variant = variant;
    s->sampler.rule = b->opt->rule;
    GCL_TRY(op_instance_plan(i, &s->plan, b->ctx, weights, variant, (gcl_plan_options){0}, err));
    if (s->plan == NULL)
        goto done;
    s->node_ns = calloc((size_t)gcl_plan_n_nodes(s->plan), sizeof *s->node_ns);
    if (s->node_ns == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "times of %d nodes", gcl_plan_n_nodes(s->plan));
        goto done;
    }
    GCL_TRY(verify(i, s, err));
done:
    return st;
}

static gcl_status take_sample(const bench *b, subject *s, bool cold, double start, gcl_error *err)
{
    gcl_status st = GCL_OK;
    uint64_t ns = 0;

    if (cold)
        GCL_TRY(flush_caches(b, err));
    GCL_TRY(gcl_plan_run_timed(s->plan, s->node_ns, err));
    for (int k = 0; k < gcl_plan_n_nodes(s->plan); k++)
        ns += s->node_ns[k];
    GCL_TRY(bench_sampler_add(&s->sampler, 1e-9 * (double)ns, now() - start, err));
done:
    return st;
}

/* ---- records ---- */

/* "global 24x24x1 local 1x1x1 -DVW=16 -DMR=4; ..." of every launch */
static void launch_text(const gcl_plan *plan, char *text, size_t room)
{
    size_t used = 0;

    text[0] = '\0';
    for (int k = 0; k < gcl_plan_n_steps(plan) && used < room; k++) {
        const gcl_launch *l = gcl_plan_launch(plan, k);
        const char *separator = k > 0 ? "; " : "";
        if (l == NULL)
            used += (size_t)snprintf(text + used, room - used, "%slibrary call", separator);
        else
            used += (size_t)snprintf(
                text + used, room - used, "%s%s global %zux%zux%zu local %zux%zux%zu%s%s",
                separator, l->kernel, l->global[0], l->global[1], l->global[2], l->local[0],
                l->local[1], l->local[2], *l->options ? " " : "", l->options);
    }
}

static const char *limit_of(const bench_op_options *opt, double flops, double bytes, int n_steps)
{
    const double compute = opt->fma_gflops > 0 ? flops / (1e9 * opt->fma_gflops) : 0;
    const double memory = opt->read_gbps > 0 ? bytes / (1e9 * opt->read_gbps) : 0;
    const double launch = 1e-6 * opt->launch_us * n_steps;

    if (launch > compute && launch > memory)
        return "launch";
    return compute >= memory ? "compute" : "memory";
}

static gcl_status add_rates(const bench *b, json_t *r, const subject *s, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const bench_op_options *opt = b->opt;
    const gcl_plan_totals t = gcl_plan_total(s->plan);
    const double median = bench_quantile(s->sampler.sorted, s->sampler.n, 0.5);
    double bytes = 0;

    for (int k = 0; k < gcl_plan_n_nodes(s->plan); k++)
        bytes += gcl_plan_node_at(s->plan, k).bytes;
    GCL_TRY(bench_record_real(r, "flops", t.flops, err));
    GCL_TRY(bench_record_real(r, "bytes", bytes, err));
    GCL_TRY(bench_record_real(r, "gflops", 1e-9 * t.flops / median, err));
    GCL_TRY(bench_record_real(r, "gbps", 1e-9 * bytes / median, err));
    if (opt->fma_gflops > 0)
        GCL_TRY(bench_record_real(r, "pct_fma", 1e-7 * t.flops / median / opt->fma_gflops, err));
    if (opt->read_gbps > 0)
        GCL_TRY(bench_record_real(r, "pct_read", 1e-7 * bytes / median / opt->read_gbps, err));
    if (opt->fma_gflops > 0 && opt->read_gbps > 0)
        GCL_TRY(bench_record_text(r, "limit", limit_of(opt, t.flops, bytes, t.n_steps), err));
done:
    return st;
}

static gcl_status add_peer(json_t *r, const subject *s, const subject *peer, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_ratio ratio;
    json_t *vs = json_object();

    if (vs == NULL || json_object_set_new(r, "vs", vs) != 0)
        return GCL_FAIL(err, GCL_E_NOMEM, "record: host allocation failed");
    /* said of ours: a ratio below 1 is a shorter time than the peer's */
    GCL_TRY(bench_ratio_of(&ratio, peer->sampler.samples, peer->sampler.n, s->sampler.samples,
                           s->sampler.n, BENCH_MIN_EFFECT, err));
    GCL_TRY(bench_record_text(vs, "name", peer->variant, err));
    GCL_TRY(bench_record_real(vs, "median_s",
                              bench_quantile(peer->sampler.sorted, peer->sampler.n, 0.5), err));
    GCL_TRY(bench_record_real(vs, "ratio", ratio.ratio, err));
    GCL_TRY(bench_record_real(vs, "low", ratio.low, err));
    GCL_TRY(bench_record_real(vs, "high", ratio.high, err));
    GCL_TRY(bench_record_real(vs, "p", ratio.p, err));
    GCL_TRY(bench_record_text(vs, "verdict", bench_verdict_name(ratio.verdict), err));
done:
    return st;
}

static gcl_status add_record(bench *b, const op_instance *i, const subject *s, const subject *peer,
                             bool cold, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *r = NULL, *params = json_object();
    char name[256], launch[1024];

    snprintf(name, sizeof name, "%s/%s/%s/%s", i->suite->op, i->row->name, s->variant,
             cold ? "cold" : "hot");
    GCL_TRY(bench_record_create(&r, b->run, "op", name, err));
    GCL_TRY(bench_record_text(r, "op", i->suite->op, err));
    GCL_TRY(bench_record_text(r, "case", i->row->name, err));
    GCL_TRY(bench_record_text(r, "variant", s->variant, err));
    for (int k = 0; i->suite->params[k] != NULL; k++)
        json_object_set_new(params, i->suite->params[k], json_integer(i->row->p[k]));
    json_object_set(r, "params", params);
    GCL_TRY(bench_record_text(r, "cache", cold ? "cold" : "hot", err));
    GCL_TRY(bench_record_count(r, "seed", (size_t)b->opt->seed, err));
    json_object_set_new(r, "verified", json_true());
    GCL_TRY(bench_record_times(r, s->sampler.samples, s->sampler.n, err));
    GCL_TRY(add_rates(b, r, s, err));
    launch_text(s->plan, launch, sizeof launch);
    GCL_TRY(bench_record_text(r, "launch", launch, err));
    if (peer != NULL)
        GCL_TRY(add_peer(r, s, peer, err));
    if (json_array_append(b->records, r) != 0)
        st = GCL_FAIL(err, GCL_E_NOMEM, "record: host allocation failed");
    b->n_rows++;
done:
    json_decref(params);
    json_decref(r);
    return st;
}

/* ---- rows ---- */

/* Samples of a subject, and of its peer taken in turn, so that both see the same machine. */
static gcl_status measure(bench *b, op_instance *i, subject *s, subject *peer, bool cold,
                          gcl_error *err)
{
    gcl_status st = GCL_OK;
    const double start = now();
    char row[256];

    snprintf(row, sizeof row, "%s %s %s %s", i->suite->op, i->row->name, s->variant,
             cold ? "cold" : "hot");
    if (b->opt->progress != NULL)
        b->opt->progress(b->opt->user, row);
    bench_sampler_free(&s->sampler);
    memset(&s->sampler, 0, sizeof s->sampler);
    s->sampler.rule = b->opt->rule;
    if (peer != NULL) {
        bench_sampler_free(&peer->sampler);
        memset(&peer->sampler, 0, sizeof peer->sampler);
        peer->sampler.rule = b->opt->rule;
    }
    do {
        GCL_TRY(take_sample(b, s, cold, start, err));
        if (peer != NULL)
            GCL_TRY(take_sample(b, peer, cold, start, err));
    } while (s->sampler.stop == BENCH_STOP_NOT);
    GCL_TRY(add_record(b, i, s, peer, cold, err));
done:
    return st;
}

/* One variant of a case; *used is false when the variant refuses it. */
static gcl_status bench_variant(bench *b, op_instance *i, gcl_weight_set *weights,
                                const char *variant, bool *used, gcl_error *err)
{
    gcl_status st = GCL_OK;
    subject s = {0}, peer = {0};
    const bool compare = b->opt->versus_clblast && strcmp(variant, peer_variant) != 0 &&
                         gcl_op_variant(i->op, peer_variant) != NULL;

    GCL_TRY(open_subject(b, &s, i, weights, variant, err));
    *used = s.plan != NULL;
    if (!*used)
        goto done;
    if (compare)
        GCL_TRY(open_subject(b, &peer, i, weights, peer_variant, err));
    if (b->opt->hot)
        GCL_TRY(measure(b, i, &s, peer.plan != NULL ? &peer : NULL, false, err));
    if (b->opt->cold)
        GCL_TRY(measure(b, i, &s, peer.plan != NULL ? &peer : NULL, true, err));
done:
    close_subject(&s);
    close_subject(&peer);
    return st;
}

static gcl_status bench_case(bench *b, const op_suite *suite, const op_case *row, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_op *op = gcl_op_find(suite->op);
    const char *wanted = b->opt->variant;
    const bool all = wanted != NULL && strcmp(wanted, "all") == 0;
    gcl_weight_set *weights = NULL;
    op_instance i = {0};

    GCL_TRY(op_instance_open(&i, suite, op, row, b->opt->seed, err));
    GCL_TRY(gcl_weight_set_create(&weights, b->ctx, op_instance_source(&i), err));
    for (const gcl_variant *v = op->variants; v->name != NULL; v++) {
        bool used = false;
        if (wanted != NULL && !all && strcmp(wanted, v->name) != 0)
            continue;
        GCL_TRY(bench_variant(b, &i, weights, v->name, &used, err));
        if (used && wanted == NULL)
            break; /* the first that accepts is what the planner takes */
    }
done:
    gcl_weight_set_destroy(weights);
    op_instance_close(&i);
    return st;
}

gcl_status bench_op_run(json_t *records, const json_t *run, gcl_context *ctx,
                        const bench_op_options *opt, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench b = {.ctx = ctx, .opt = opt, .run = run, .records = records};
    regex_t regex;
    const char *expression = opt->case_regex != NULL ? opt->case_regex : "";

    if (regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB) != 0)
        return GCL_FAIL(err, GCL_E_ARG, "\"%s\" is no regular expression", expression);
    if (opt->cold)
        GCL_TRY(make_flush_buffer(&b, err));
    for (int k = 0; op_suites[k] != NULL; k++) {
        const op_suite *s = op_suites[k];
        for (int c = 0; c < s->n_cases; c++)
            if ((opt->op == NULL || strcmp(opt->op, s->op) == 0) &&
                regexec(&regex, s->cases[c].name, 0, NULL, 0) == 0)
                GCL_TRY(bench_case(&b, s, &s->cases[c], err));
    }
    if (b.n_rows == 0)
        st = GCL_FAIL(err, GCL_E_NOT_FOUND, "no case fits the filters (op %s, case %s, variant %s)",
                      opt->op != NULL ? opt->op : "any", *expression ? expression : "any",
                      opt->variant != NULL ? opt->variant : "chosen");
done:
    regfree(&regex);
    if (b.flush != NULL)
        clReleaseMemObject(b.flush);
    return st;
}
