/**
 * Pieces of a record of kind "model".
 */
#ifndef BENCH_MODEL_ROW_H
#define BENCH_MODEL_ROW_H

#include "bench/model_subject.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { BENCH_ROW_NAME = 64 };

double bench_sum(const double *x, int n);

/** "netG/b4/steady"; "text/b4/t12/steady" with opt->tokens; "netG/b4/w-f16/steady" unless weights are
 *  kept as GCL_WEIGHTS_AUTO says. */
void bench_row_name(char out[BENCH_ROW_NAME], const bench_model_options *opt, int part,
                    size_t batch, bench_phase phase);

/** A record with part, batch, tokens if they were given, weights_precision, phase and seed. *out is
 *  owned by the caller. */
gcl_status bench_row_create(json_t **out, const bench_model_options *opt, int part, size_t batch,
                            bench_phase phase, gcl_error *err);

/** Appends {"op", "s", "share" of wall, "calls"}. */
gcl_status bench_row_group(json_t *groups, const char *name, double s, double wall, size_t calls,
                           gcl_error *err);

/**
 * Sets groups (ops by their kernels' time, then what the host does around them), kernels_s, gap_s
 * and explained.
 *
 * @param times  BENCH_LAP_RUN less the kernels is "launch"
 * @param wall   what they are to explain, s
 */
gcl_status bench_row_groups(json_t *record, const bench_times *times, const bench_subject_totals *t,
                            double wall, gcl_error *err);

/** median_s of a record that has its times. */
double bench_row_median(const json_t *record);

/** Sets what follows from the median: rates, and memory. */
gcl_status bench_row_rates(json_t *record, const bench_model_options *opt,
                           const bench_subject_totals *t, size_t batch, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
