/**
 * First runs, each in a new process, with kernel caches that are empty or filled.
 */
#ifndef BENCH_MODEL_FIRST_H
#define BENCH_MODEL_FIRST_H

#include "bench/model_bench.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { BENCH_FIRST_SAMPLES = 5, BENCH_FIRST_PARTS = 5 };

/** Times of first runs of one kind. */
typedef struct bench_first {
    size_t n;
    double samples_s[BENCH_FIRST_SAMPLES];
    double parts_s[BENCH_FIRST_PARTS]; /* of the last one */
} bench_first;

/** Name of parts_s[i]; static string. */
const char *bench_first_part_name(int i);

/**
 * @param cold  one run with empty caches, written
 * @param warm  runs with what that one left in them, up to n_warm <= BENCH_FIRST_SAMPLES, written
 */
gcl_status bench_first_measure(bench_first *cold, bench_first *warm, size_t n_warm, int part,
                               size_t batch, const bench_model_options *opt, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
