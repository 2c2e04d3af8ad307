/*
 * tune_measure.h - one class on the device: candidates verified, then timed beside the one that the
 * planner would take without tuning.
 */
#ifndef BENCH_TUNE_MEASURE_H
#define BENCH_TUNE_MEASURE_H

#include "bench/tune.h"
#include "bench/tune_space.h"
#include "tests/suite/op_case.h"

typedef enum tune_verdict {
    TUNE_OK,
    TUNE_WRONG,  /* beyond the bound, or wrote where it must not, or not the bits it needs */
    TUNE_REFUSED /* it does not build or run, or refuses late */
} tune_verdict;

typedef struct tune_result {
    tune_verdict verdict;
    double ratio; /* score over the planner's own choice's: times with their penalties for error */
    double ns, table_ns; /* medians */
    double spread;
    double units;
    char why[200]; /* unless TUNE_OK */
} tune_result;

enum { TUNE_MAX_PAIRS = 5 };

/* A plan of the class's case with one choice. */
typedef struct tune_subject {
    tune_point point;
    char choice[GCL_TUNING_TEXT];
    gcl_plan *plan;
    uint64_t *step_ns;
    double units, tolerance, penalty; /* largest error, its bound; the factor it costs */
    int n_copies;                     /* steps that change a picture's layout */
    double *samples, *copy_samples;   /* seconds; copies not among samples */
    size_t n;
} tune_subject;

/* The device, for all classes. */
typedef struct tune_bench {
    gcl_context *ctx;
    const bench_tune_options *opt;
    cl_mem flush;
    size_t flush_bytes;
} tune_bench;

typedef struct tune_case {
    const tune_bench *bench;
    const bench_tune_class *what;
    op_case row;
    op_instance instance;
    gcl_weight_set *weights;
    tune_subject base; /* the planner's own choice */
    void *base_result; /* its bits, [op_instance_bytes]; owned */
} tune_case;

gcl_status tune_bench_create(tune_bench *b, gcl_context *ctx, const bench_tune_options *opt,
                             gcl_error *err);
void tune_bench_free(tune_bench *b);

/**
 * Makes operands and reference, and verifies the base. GCL_E_NOT_FOUND when the op's suite has no case
 * for the class; GCL_E_MISMATCH when the base is wrong.
 *
 * @param c  zero-initialised; tune_case_close whatever the result
 */
gcl_status tune_case_open(tune_case *c, const tune_bench *b, const bench_tune_class *what,
                          const tune_point *base, gcl_error *err);
void tune_case_close(tune_case *c);

/* Whether the class has so much work that only some elements are compared with the reference. */
bool tune_case_is_sampled(const tune_case *c);

/* Times the base alone. */
gcl_status tune_measure_base(tune_case *c, tune_result *out, gcl_error *err);

/**
 * Verifies and times a candidate in pairs of runs with the base, in turn.
 *
 * @param pairs    2 .. TUNE_MAX_PAIRS
 * @param give_up  ratio beyond which the first two pairs are enough
 */
gcl_status tune_measure(tune_case *c, const tune_point *p, size_t pairs, double give_up,
                        tune_result *out, gcl_error *err);

#endif
