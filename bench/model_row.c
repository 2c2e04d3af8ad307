/* model_row.c - records of kind "model". */
#include "bench/model_row.h"

#include <math.h>

#include "bench/record.h"

double bench_sum(const double *x, int n)
{
    double s = 0.0;

    for (int i = 0; i < n; i++)
        s += x[i];
    return s;
}

/* Whether the row is of a text tower that runs for as many tokens as were asked for. */
static bool has_tokens(const bench_model_options *opt, int part)
{
    return part == GCL_PART_TEXT && opt->tokens > 0;
}

void bench_row_name(char out[BENCH_ROW_NAME], const bench_model_options *opt, int part,
                    size_t batch, bench_phase phase)
{
    char tokens[32] = "", precision[16] = "", weights[16] = "";

    if (has_tokens(opt, part))
        snprintf(tokens, sizeof tokens, "/t%zu", opt->tokens);
    if (opt->plan.precision != GCL_PRECISION_F32)
        snprintf(precision, sizeof precision, "/%s", gcl_precision_name(opt->plan.precision));
    if (opt->plan.weights != GCL_WEIGHTS_AUTO)
        snprintf(weights, sizeof weights, "/w-%s", gcl_weights_precision_name(opt->plan.weights));
    snprintf(out, BENCH_ROW_NAME, "%s/b%zu%s%s%s/%s", bench_part_name(part), batch, tokens,
             precision, weights, bench_phase_name(phase));
}

gcl_status bench_row_create(json_t **out, const bench_model_options *opt, int part, size_t batch,
                            bench_phase phase, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *record = NULL;
    char name[BENCH_ROW_NAME];

    *out = NULL;
    bench_row_name(name, opt, part, batch, phase);
    GCL_TRY(bench_record_create(&record, opt->run, "model", name, err));
    GCL_TRY(bench_record_text(record, "part", bench_part_name(part), err));
    GCL_TRY(bench_record_count(record, "batch", batch, err));
    if (has_tokens(opt, part))
        GCL_TRY(bench_record_count(record, "tokens", opt->tokens, err));
    GCL_TRY(bench_record_text(record, "precision", gcl_precision_name(opt->plan.precision), err));
    GCL_TRY(bench_record_text(record, "weights_precision",
                              gcl_weights_precision_name(opt->plan.weights), err));
    GCL_TRY(bench_record_text(record, "phase", bench_phase_name(phase), err));
    GCL_TRY(bench_record_count(record, "seed", (size_t)opt->seed, err));
    *out = record;
    record = NULL;
done:
    json_decref(record);
    return st;
}

gcl_status bench_row_group(json_t *groups, const char *name, double s, double wall, size_t calls,
                           gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *group = json_object();

    GCL_TRY(bench_record_text(group, "op", name, err));
    GCL_TRY(bench_record_real(group, "s", s, err));
    GCL_TRY(bench_record_real(group, "share", s / wall, err));
    GCL_TRY(bench_record_count(group, "calls", calls, err));
    if (json_array_append(groups, group) != 0)
        st = GCL_FAIL(err, GCL_E_NOMEM, "bench model: host allocation of a group");
done:
    json_decref(group);
    return st;
}

/* The op that took longest of those that ran and were not told; -1: none. */
static int longest_op(const bench_times *times, const bench_subject_totals *t, const bool *told)
{
    int longest = -1;

    for (int i = 0; gcl_ops[i] != NULL; i++)
        if (t->calls[i] > 0 && !told[i] && (longest < 0 || times->op_s[i] > times->op_s[longest]))
            longest = i;
    return longest;
}

gcl_status bench_row_groups(json_t *record, const bench_times *times, const bench_subject_totals *t,
                            double wall, gcl_error *err)
{
    static const char *const names[] = {"tokenize", "write inputs", "launch", "read outputs",
                                        "png"};
    gcl_status st = GCL_OK;
    const double kernels = bench_sum(times->op_s, BENCH_MAX_OPS);
    double explained = kernels;
    json_t *groups = json_array();
    bool told[BENCH_MAX_OPS] = {false};

    for (int i = longest_op(times, t, told); i >= 0; i = longest_op(times, t, told)) {
        told[i] = true;
        GCL_TRY(bench_row_group(groups, gcl_ops[i]->name, times->op_s[i], wall, t->calls[i], err));
    }
    for (int i = 0; i < BENCH_LAP_COUNT; i++) {
        const double s = i == BENCH_LAP_RUN ? fmax(0.0, times->laps[i] - kernels) : times->laps[i];
        if (s == 0.0)
            continue;
        GCL_TRY(bench_row_group(groups, names[i], s, wall, 1, err));
        explained += s;
    }
    GCL_TRY(bench_record_real(record, "kernels_s", kernels, err));
    GCL_TRY(bench_record_real(record, "gap_s", wall - kernels, err));
    GCL_TRY(bench_record_real(record, "explained", explained / wall, err));
    if (json_object_set(record, "groups", groups) != 0)
        st = GCL_FAIL(err, GCL_E_NOMEM, "bench model: host allocation of groups");
done:
    json_decref(groups);
    return st;
}

double bench_row_median(const json_t *record)
{
    return json_real_value(json_object_get(record, "median_s"));
}

gcl_status bench_row_rates(json_t *record, const bench_model_options *opt,
                           const bench_subject_totals *t, size_t batch, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const double s = bench_row_median(record), gflop = t->flops / 1e9;

    GCL_TRY(bench_record_real(record, "naive_gflop", gflop, err));
    GCL_TRY(bench_record_real(record, "gflops", gflop / s, err));
    if (opt->fma_gflops > 0.0)
        GCL_TRY(bench_record_real(record, "pct_fma", 100.0 * gflop / s / opt->fma_gflops, err));
    GCL_TRY(bench_record_real(record, "pictures_per_s", (double)batch / s, err));
    GCL_TRY(bench_record_count(record, "memory_bytes",
                               t->weight_bytes + t->const_bytes + t->arena_bytes, err));
    GCL_TRY(bench_record_count(record, "weight_bytes", t->weight_bytes, err));
    GCL_TRY(bench_record_count(record, "arena_bytes", t->arena_bytes, err));
    GCL_TRY(bench_record_count(record, "const_bytes", t->const_bytes, err));
done:
    return st;
}
