/* op_bench.c - timing the cases of the op suites. */
#include "bench/op_bench.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/empty_events.h"
#include "bench/op_record.h"
#include "bench/report_table.h"
#include "tests/suite/op_case.h"

/* Bytes written between cold runs: four times the last cache, within these limits. */
enum { MIN_FLUSH_BYTES = 64 << 20, MAX_FLUSH_BYTES = 512 << 20 };

static const char peer_variant[] = "clblast_f32";

/* A batch has this many samples at least, unless time is short. */
enum { BATCH_SAMPLES = 3, BATCH_MAX = 4096 };

/* One variant of one case, planned and written. */
typedef struct subject {
    gcl_plan *plan; /* NULL when the variant refuses the case */
    uint64_t *node_ns;
    size_t n; /* samples of this batch */
    double *samples;
} subject;

/* One line of the report: filled batch by batch, one in each round. */
typedef struct row {
    int suite, row; /* of op_suites, and its cases */
    const char *variant, *peer;
    bool cold;
    double spent_s;
    bench_op_times times, peer_times;
    json_t *record;
} row;

typedef struct bench {
    gcl_context *ctx;
    const bench_op_options *opt;
    const json_t *run;
    cl_mem flush;
    size_t flush_bytes;
    bench_sampler empty; /* event times of an empty kernel, some from each round */
    row *rows;
    size_t n_rows, room;
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
    free(s->samples);
    memset(s, 0, sizeof *s);
}

static gcl_status open_subject(const bench *b, subject *s, op_instance *i, gcl_weight_set *weights,
                               const char *variant, gcl_error *err)
{
    gcl_status st = GCL_OK;

    GCL_TRY(op_instance_plan(i, &s->plan, b->ctx, weights, variant, (gcl_plan_options){0}, err));
    if (s->plan == NULL)
        goto done;
    s->node_ns = calloc((size_t)gcl_plan_n_nodes(s->plan), sizeof *s->node_ns);
    s->samples = calloc(BATCH_MAX, sizeof *s->samples);
    if (s->node_ns == NULL || s->samples == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "times of %d nodes", gcl_plan_n_nodes(s->plan));
        goto done;
    }
    GCL_TRY(op_instance_write(i, s->plan, err));
done:
    return st;
}

static gcl_status verify(op_instance *i, subject *s, const char *variant, gcl_error *err)
{
    gcl_status st = GCL_OK;
    op_deviation d;
    void *got = malloc(op_instance_bytes(i));

    if (got == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "result of %zu bytes", op_instance_bytes(i));
        goto done;
    }
    GCL_TRY(gcl_plan_run(s->plan, err));
    GCL_TRY(gcl_plan_read(s->plan, "result", got, op_instance_bytes(i), err));
    GCL_TRY(op_instance_compare(i, got, &d, err));
    if (!d.ok)
        st = GCL_FAIL(err, GCL_E_MISMATCH,
                      "%s, case %s, variant %s is wrong and was not timed: element %zu is %.9g, "
                      "should be %.9g +- %.3g (galip check --op %s tells more)",
                      i->suite->op, i->row->name, variant, d.bad, d.got, d.want, d.allowed,
                      i->suite->op);
done:
    free(got);
    return st;
}

static gcl_status take_sample(const bench *b, subject *s, bool cold, gcl_error *err)
{
    gcl_status st = GCL_OK;
    uint64_t ns = 0;

    if (cold)
        GCL_TRY(flush_caches(b, err));
    GCL_TRY(gcl_plan_run_timed(s->plan, s->node_ns, err));
    for (int k = 0; k < gcl_plan_n_nodes(s->plan); k++)
        ns += s->node_ns[k];
    s->samples[s->n++] = 1e-9 * (double)ns;
done:
    return st;
}

/* ---- rows ---- */

/* A batch of samples, and of its peer's taken in turn, so that both see the same machine. */
static gcl_status measure(const bench *b, row *r, subject *s, subject *peer, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const bench_rule *rule = &b->opt->rule;
    const double batch_s = rule->min_s / (double)rule->min_samples;
    const double limit_s = rule->limit_s / (double)rule->min_samples;
    const double start = now();
    double spent;

    s->n = 0;
    if (!r->cold) { /* what ran before has filled the caches with its own */
        GCL_TRY(take_sample(b, s, false, err));
        s->n = 0;
    }
    if (peer != NULL)
        peer->n = 0;
    do {
        GCL_TRY(take_sample(b, s, r->cold, err));
        if (peer != NULL)
            GCL_TRY(take_sample(b, peer, r->cold, err));
        spent = now() - start;
    } while (s->n < BATCH_MAX && spent < limit_s && (s->n < BATCH_SAMPLES || spent < batch_s));
    r->spent_s += spent;
    GCL_TRY(bench_op_times_add(&r->times, s->samples, s->n, r->spent_s, err));
    if (peer != NULL)
        GCL_TRY(bench_op_times_add(&r->peer_times, peer->samples, peer->n, r->spent_s, err));
done:
    return st;
}

static gcl_status add_row(bench *b, const row *like, op_instance *i, const gcl_plan *plan,
                          gcl_error *err)
{
    gcl_status st = GCL_OK;
    row *r;

    if (b->n_rows == b->room) {
        const size_t room = b->room == 0 ? 64 : 2 * b->room;
        r = realloc(b->rows, room * sizeof *r);
        if (r == NULL)
            return GCL_FAIL(err, GCL_E_NOMEM, "host allocation of %zu rows", room);
        b->rows = r;
        b->room = room;
    }
    r = &b->rows[b->n_rows++];
    *r = *like;
    GCL_TRY(bench_op_times_init(&r->times, &b->opt->rule, err));
    GCL_TRY(bench_op_times_init(&r->peer_times, &b->opt->rule, err));
    GCL_TRY(bench_op_record_create(&r->record, b->run, i, r->variant, r->cold, b->opt->seed, plan,
                                   err));
done:
    return st;
}

/* First round of a variant: its rows, once its result has been verified. */
static gcl_status add_rows(bench *b, row like, op_instance *i, gcl_weight_set *weights, bool *used,
                           gcl_error *err)
{
    gcl_status st = GCL_OK;
    subject s = {0};

    GCL_TRY(open_subject(b, &s, i, weights, like.variant, err));
    *used = s.plan != NULL;
    if (!*used)
        goto done;
    GCL_TRY(verify(i, &s, like.variant, err));
    for (int cold = 0; cold < 2; cold++) {
        like.cold = cold != 0;
        if (cold ? b->opt->cold : b->opt->hot)
            GCL_TRY(add_row(b, &like, i, s.plan, err));
    }
done:
    close_subject(&s);
    return st;
}

static gcl_status add_case(bench *b, row like, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const op_suite *suite = op_suites[like.suite];
    const gcl_op *op = gcl_op_find(suite->op);
    const char *wanted = b->opt->variant;
    const bool all = wanted != NULL && strcmp(wanted, "all") == 0;
    gcl_weight_set *weights = NULL;
    op_instance i = {0};

    GCL_TRY(op_instance_open(&i, suite, op, &suite->cases[like.row], b->opt->seed, err));
    GCL_TRY(gcl_weight_set_create(&weights, b->ctx, op_instance_source(&i), err));
    for (const gcl_variant *v = op->variants; v->name != NULL; v++) {
        bool used = false;
        if (wanted != NULL && !all && strcmp(wanted, v->name) != 0)
            continue;
        like.variant = v->name;
        like.peer = b->opt->versus_clblast && strcmp(v->name, peer_variant) != 0 &&
                            gcl_op_variant(op, peer_variant) != NULL
                        ? peer_variant
                        : NULL;
        GCL_TRY(add_rows(b, like, &i, weights, &used, err));
        if (used && wanted == NULL)
            break; /* the first that accepts is what the planner takes */
    }
done:
    gcl_weight_set_destroy(weights);
    op_instance_close(&i);
    return st;
}

/*
 * One batch of a row. Operands, weights and plan are made anew each time: where buffers happen to
 * lie is part of what differs between two runs of the program.
 */
static gcl_status add_batch(bench *b, row *r, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const op_suite *suite = op_suites[r->suite];
    gcl_weight_set *weights = NULL;
    op_instance i = {0};
    subject s = {0}, peer = {0};

    if (b->opt->progress != NULL)
        b->opt->progress(b->opt->user, bench_text(r->record, "name"));
    GCL_TRY(op_instance_open(&i, suite, gcl_op_find(suite->op), &suite->cases[r->row], b->opt->seed,
                             err));
    GCL_TRY(gcl_weight_set_create(&weights, b->ctx, op_instance_source(&i), err));
    GCL_TRY(open_subject(b, &s, &i, weights, r->variant, err));
    if (r->peer != NULL)
        GCL_TRY(open_subject(b, &peer, &i, weights, r->peer, err));
    GCL_TRY(measure(b, r, &s, peer.plan != NULL ? &peer : NULL, err));
done:
    close_subject(&s);
    close_subject(&peer);
    gcl_weight_set_destroy(weights);
    op_instance_close(&i);
    return st;
}

/* Rounds over all rows, a batch of each that has not settled. */
static gcl_status run_rounds(bench *b, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bool more = true;

    while (more) {
        more = false;
        GCL_TRY(bench_empty_events(&b->empty, b->ctx, err));
        for (size_t k = 0; k < b->n_rows; k++) {
            row *r = &b->rows[k];
            if (r->times.medians.stop != BENCH_STOP_NOT)
                continue;
            GCL_TRY(add_batch(b, r, err));
            more = true;
        }
    }
done:
    return st;
}

static gcl_status add_records(bench *b, json_t *records, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_summary empty;

    GCL_TRY(bench_summarise(&empty, b->empty.samples, b->empty.n, err));
    for (size_t k = 0; k < b->n_rows; k++) {
        row *r = &b->rows[k];
        GCL_TRY(bench_op_record_finish(r->record, b->opt, empty.p90 - empty.p10, &r->times, r->peer,
                                       r->peer_times.all.n > 0 ? &r->peer_times : NULL, err));
        if (json_array_append(records, r->record) != 0)
            st = GCL_FAIL(err, GCL_E_NOMEM, "record: host allocation failed");
    }
done:
    return st;
}

static void close_bench(bench *b)
{
    for (size_t k = 0; k < b->n_rows; k++) {
        bench_op_times_free(&b->rows[k].times);
        bench_op_times_free(&b->rows[k].peer_times);
        json_decref(b->rows[k].record);
    }
    free(b->rows);
    bench_sampler_free(&b->empty);
    if (b->flush != NULL)
        clReleaseMemObject(b->flush);
}

gcl_status bench_op_run(json_t *records, const json_t *run, gcl_context *ctx,
                        const bench_op_options *opt, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench b = {.ctx = ctx, .opt = opt, .run = run};
    regex_t regex;
    const char *expression = opt->case_regex != NULL ? opt->case_regex : "";

    if (regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB) != 0)
        return GCL_FAIL(err, GCL_E_ARG, "\"%s\" is no regular expression", expression);
    if (opt->cold)
        GCL_TRY(make_flush_buffer(&b, err));
    for (int k = 0; op_suites[k] != NULL; k++)
        for (int c = 0; c < op_suites[k]->n_cases; c++)
            if ((opt->op == NULL || strcmp(opt->op, op_suites[k]->op) == 0) &&
                regexec(&regex, op_suites[k]->cases[c].name, 0, NULL, 0) == 0)
                GCL_TRY(add_case(&b, (row){.suite = k, .row = c}, err));
    if (b.n_rows == 0) {
        st = GCL_FAIL(err, GCL_E_NOT_FOUND, "no case fits the filters (op %s, case %s, variant %s)",
                      opt->op != NULL ? opt->op : "any", *expression ? expression : "any",
                      opt->variant != NULL ? opt->variant : "chosen");
        goto done;
    }
    GCL_TRY(run_rounds(&b, err));
    GCL_TRY(add_records(&b, records, err));
done:
    regfree(&regex);
    close_bench(&b);
    return st;
}
