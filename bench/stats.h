/**
 * Statistics of timings: order statistics, the rule that ends sampling, and the comparison of two
 * samples. Nothing assumes a normal distribution; timings have long right tails.
 */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_ALPHA 0.01      /* a difference counts when p is below */
#define BENCH_MIN_EFFECT 0.01 /* and when it is larger than this fraction */

typedef struct bench_summary {
    size_t n;
    double min, p10, median, p90; /* unit of the samples */
    double spread;                /* (p90 - p10) / median; 0 when the median is 0 */
} bench_summary;

/** Type 7 quantile (R's and NumPy's default) of n >= 1 ascending values; q in [0, 1]. */
double bench_quantile(const double *sorted, size_t n, double q);

/** Summary of n samples in any order. @return GCL_E_ARG when n is 0 or one is not finite. */
gcl_status bench_summarise(bench_summary *out, const double *samples, size_t n, gcl_error *err);

/**
 * 95 % confidence interval of the median from order statistics (exact binomial to n = 1000, its
 * normal approximation above). False when n < 6, where no such interval exists.
 */
bool bench_median_interval(const double *sorted, size_t n, double *low, double *high);

/** Width of that interval relative to the median; infinite where there is none. */
double bench_median_width(const double *sorted, size_t n);

/** When a measuring loop may end. */
typedef struct bench_rule {
    size_t min_samples;
    size_t max_samples; /* memory bound */
    double min_s;       /* measure at least this long */
    double limit_s;     /* and at most this long, whatever else holds */
    double max_width;   /* settled when bench_median_width is at most this */
} bench_rule;

#define BENCH_RULE_INIT           \
    {                             \
        10, 10000, 0.1, 5.0, 0.01 \
    }

typedef enum bench_stop {
    BENCH_STOP_NOT,
    BENCH_STOP_SETTLED, /* min_samples, min_s and max_width all hold */
    BENCH_STOP_SAMPLES, /* max_samples reached */
    BENCH_STOP_TIME     /* limit_s reached */
} bench_stop;

/** Samples of one row while they are taken. Zero-initialise, set rule, add, free. */
typedef struct bench_sampler {
    bench_rule rule;
    bench_stop stop; /* state after the last add */
    double *samples; /* [n] as they came; owned by the sampler */
    double *sorted;  /* [n] ascending; owned by the sampler */
    size_t n, room;
} bench_sampler;

/**
 * Adds a sample and sets s->stop. elapsed_s is the wall time since the loop began, the caller's
 * clock. @return GCL_E_ARG when the sample is negative or not finite; GCL_E_NOMEM.
 */
gcl_status bench_sampler_add(bench_sampler *s, double sample, double elapsed_s, gcl_error *err);

/** Frees the samples; legal on a zeroed sampler. */
void bench_sampler_free(bench_sampler *s);

typedef enum bench_verdict { BENCH_SAME, BENCH_FASTER, BENCH_SLOWER } bench_verdict;

/** "SAME", "FASTER", "SLOWER"; static string. */
const char *bench_verdict_name(bench_verdict v);

/** Two-sided Mann-Whitney test. */
typedef struct bench_rank {
    double u; /* pairs in which a is larger, ties counted half */
    double p; /* exact for <= 20 samples a side without ties, else normal with corrections */
} bench_rank;

/** @return GCL_E_ARG when a sample is empty or holds a value that is not finite. */
gcl_status bench_rank_test(bench_rank *out, const double *a, size_t n_a, const double *b,
                           size_t n_b, gcl_error *err);

typedef struct bench_ratio {
    double ratio;     /* median(b) / median(a); above 1, b is slower */
    double low, high; /* 95 % bootstrap interval; NAN when a side has fewer than 6 samples */
    double p;         /* of bench_rank_test */
    bench_verdict verdict;
} bench_ratio;

/**
 * Compares two samples of times. FASTER or SLOWER (said of b) needs a ratio beyond 1 + min_effect
 * either way with p < BENCH_ALPHA, or a whole interval beyond (few disturbed samples spoil a rank
 * test, but no median); and medians further apart than floor, what the clock can tell apart.
 * The bootstrap is seeded: equal input, equal output.
 *
 * @param floor  unit of the samples; 0: the clock tells everything apart
 * @return GCL_E_ARG when a sample is empty, not finite, or a value is not positive.
 */
gcl_status bench_ratio_of(bench_ratio *out, const double *a, size_t n_a, const double *b,
                          size_t n_b, double min_effect, double floor, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
