/* tune_search.h - the search for the best candidate of one class. */
#ifndef BENCH_TUNE_SEARCH_H
#define BENCH_TUNE_SEARCH_H

#include "bench/tune_log.h"

enum { TUNE_MAX_SLOW = 64 };

/* A run over all classes. */
typedef struct tune_run {
    const bench_tune_options *opt;
    bench_tune_list *list;
    gcl_tunings *rows;
    tune_bench bench;
    tune_log log;
    struct {
        const gcl_variant *variant;
        int times;
    } slow[TUNE_MAX_SLOW]; /* variants that were hopeless, and in how many classes */
    double spent_s;        /* measuring, also in the runs before that the log tells of */
} tune_run;

/**
 * Tunes one class and puts its row into run->rows. Only an error that ends the run is returned; a class
 * that cannot be tuned says so itself.
 *
 * @param until_s  of run->spent_s: no further candidate is begun
 */
gcl_status tune_search(tune_run *run, bench_tune_class *c, double until_s, gcl_error *err);

/* Whether the user wants an end. */
bool tune_is_stopped(const tune_run *run);

#endif
