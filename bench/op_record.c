/* op_record.c - times in batches, and the record of a row of `galip bench ops`. */
#include "bench/op_record.h"

#include <stdio.h>
#include <string.h>

#include "bench/record.h"
#include "bench/report_table.h"

/* ---- times ---- */

gcl_status bench_op_times_init(bench_op_times *t, const bench_rule *rule, gcl_error *err)
{
    memset(t, 0, sizeof *t);
    t->medians.rule = *rule;
    t->batches = json_array();
    return t->batches != NULL ? GCL_OK
                              : GCL_FAIL(err, GCL_E_NOMEM, "times: host allocation failed");
}

void bench_op_times_free(bench_op_times *t)
{
    bench_sampler_free(&t->all);
    bench_sampler_free(&t->medians);
    json_decref(t->batches);
    memset(t, 0, sizeof *t);
}

gcl_status bench_op_times_add(bench_op_times *t, const double *samples, size_t n, double spent_s,
                              gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_summary s;

    GCL_TRY(bench_summarise(&s, samples, n, err));
    for (size_t k = 0; k < n; k++)
        GCL_TRY(bench_sampler_add(&t->all, samples[k], spent_s, err));
    GCL_TRY(bench_sampler_add(&t->medians, s.median, spent_s, err));
    if (json_array_append_new(t->batches, json_integer((json_int_t)n)) != 0)
        st = GCL_FAIL(err, GCL_E_NOMEM, "times: host allocation failed");
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

gcl_status bench_op_record_create(json_t **out, const json_t *run, const op_instance *i,
                                  const char *variant, bool cold, uint64_t seed,
                                  const gcl_plan *plan, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *r = NULL, *params = json_object();
    const gcl_plan_totals totals = gcl_plan_total(plan);
    double bytes = 0;
    char name[256], launch[1024];

    *out = NULL;
    snprintf(name, sizeof name, "%s/%s/%s/%s", i->suite->op, i->row->name, variant,
             cold ? "cold" : "hot");
    launch_text(plan, launch, sizeof launch);
    for (int k = 0; k < gcl_plan_n_nodes(plan); k++)
        bytes += gcl_plan_node_at(plan, k).bytes;
    for (int k = 0; i->suite->params[k] != NULL; k++)
        json_object_set_new(params, i->suite->params[k], json_integer(i->row->p[k]));
    GCL_TRY(bench_record_create(&r, run, "op", name, err));
    GCL_TRY(bench_record_text(r, "op", i->suite->op, err));
    GCL_TRY(bench_record_text(r, "case", i->row->name, err));
    GCL_TRY(bench_record_text(r, "variant", variant, err));
    json_object_set(r, "params", params);
    GCL_TRY(bench_record_text(r, "cache", cold ? "cold" : "hot", err));
    GCL_TRY(bench_record_count(r, "seed", (size_t)seed, err));
    json_object_set_new(r, "verified", json_true());
    GCL_TRY(bench_record_text(r, "launch", launch, err));
    GCL_TRY(bench_record_count(r, "n_launches", (size_t)totals.n_steps, err));
    GCL_TRY(bench_record_real(r, "flops", totals.flops, err));
    GCL_TRY(bench_record_real(r, "bytes", bytes, err));
    *out = r;
    r = NULL;
done:
    json_decref(params);
    json_decref(r);
    return st;
}

static const char *limit_of(const bench_op_options *opt, double flops, double bytes,
                            double n_launches)
{
    const double compute = flops / (1e9 * opt->fma_gflops);
    const double memory = bytes / (1e9 * opt->read_gbps);
    const double launch = 1e-6 * opt->launch_us * n_launches;

    if (launch > compute && launch > memory)
        return "launch";
    return compute >= memory ? "compute" : "memory";
}

static gcl_status add_rates(json_t *r, const bench_op_options *opt, double median, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const double flops = bench_number(r, "flops"), bytes = bench_number(r, "bytes");

    GCL_TRY(bench_record_real(r, "gflops", 1e-9 * flops / median, err));
    GCL_TRY(bench_record_real(r, "gbps", 1e-9 * bytes / median, err));
    if (opt->fma_gflops > 0)
        GCL_TRY(bench_record_real(r, "pct_fma", 1e-7 * flops / median / opt->fma_gflops, err));
    if (opt->read_gbps > 0)
        GCL_TRY(bench_record_real(r, "pct_read", 1e-7 * bytes / median / opt->read_gbps, err));
    if (opt->fma_gflops > 0 && opt->read_gbps > 0)
        GCL_TRY(bench_record_text(r, "limit",
                                  limit_of(opt, flops, bytes, bench_number(r, "n_launches")), err));
done:
    return st;
}

/* Said of ours: a ratio below 1 is a shorter time than the peer's. */
static gcl_status add_peer(json_t *r, const bench_op_times *ours, const char *name,
                           const bench_op_times *peer, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_ratio ratio;
    json_t *vs = json_object();

    if (vs == NULL || json_object_set_new(r, "vs", vs) != 0)
        return GCL_FAIL(err, GCL_E_NOMEM, "record: host allocation failed");
    GCL_TRY(bench_ratio_of(&ratio, peer->medians.samples, peer->medians.n, ours->medians.samples,
                           ours->medians.n, BENCH_MIN_EFFECT, bench_number(r, "floor_s"), err));
    GCL_TRY(bench_record_text(vs, "name", name, err));
    GCL_TRY(bench_record_real(vs, "median_s",
                              bench_quantile(peer->medians.sorted, peer->medians.n, 0.5), err));
    GCL_TRY(bench_record_real(vs, "ratio", ratio.ratio, err));
    GCL_TRY(bench_record_real(vs, "low", ratio.low, err));
    GCL_TRY(bench_record_real(vs, "high", ratio.high, err));
    GCL_TRY(bench_record_real(vs, "p", ratio.p, err));
    GCL_TRY(bench_record_text(vs, "verdict", bench_verdict_name(ratio.verdict), err));
done:
    return st;
}

gcl_status bench_op_record_finish(json_t *r, const bench_op_options *opt, double floor_s,
                                  const bench_op_times *ours, const char *peer_name,
                                  const bench_op_times *peer, gcl_error *err)
{
    gcl_status st = GCL_OK;
    double low, high;
    const bool bounded = bench_median_interval(ours->medians.sorted, ours->medians.n, &low, &high);

    GCL_TRY(bench_record_real(r, "floor_s", floor_s, err));
    GCL_TRY(bench_record_times(r, ours->all.samples, ours->all.n, err));
    json_object_set(r, "batches", ours->batches);
    if (bounded) {
        GCL_TRY(bench_record_real(r, "low_s", low, err));
        GCL_TRY(bench_record_real(r, "high_s", high, err));
    }
    GCL_TRY(add_rates(r, opt, bench_number(r, "median_s"), err));
    if (peer != NULL)
        GCL_TRY(add_peer(r, ours, peer_name, peer, err));
done:
    return st;
}
