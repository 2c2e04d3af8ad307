/**
 * A part of the model, or the pipeline, with inputs and room for outputs: what is timed.
 */
#ifndef BENCH_MODEL_SUBJECT_H
#define BENCH_MODEL_SUBJECT_H

#include "bench/model_bench.h"
#include "host/op.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bench_subject bench_subject;

/** Where the wall time of a run goes; the names are those of "groups" in records. */
typedef enum bench_lap {
    BENCH_LAP_TOKENIZE,
    BENCH_LAP_WRITE,
    BENCH_LAP_RUN,
    BENCH_LAP_READ,
    BENCH_LAP_PNG,
    BENCH_LAP_COUNT
} bench_lap;

enum { BENCH_MAX_OPS = 64, BENCH_FOLDER_ROOM = 256 };

/** Seconds of a monotonic clock. */
double bench_clock(void);

/** Makes a new folder in TMPDIR, or in /tmp. */
gcl_status bench_temp_folder(char out[BENCH_FOLDER_ROOM], gcl_error *err);

/**
 * @param out         owned; m and checkpoint outlive it
 * @param m           its plans are used: one subject of a model at a time
 * @param part        gcl_part or BENCH_PART_PIPELINE
 */
gcl_status bench_subject_create(bench_subject **out, gcl_model *m, gcl_checkpoint *checkpoint,
                                int part, size_t batch, const bench_model_options *opt,
                                gcl_error *err);
void bench_subject_destroy(bench_subject *s);

/** Where a run's wall time went, s. */
typedef struct bench_times {
    double laps[BENCH_LAP_COUNT];
    double op_s[BENCH_MAX_OPS]; /* device time of each op of gcl_ops, inside laps[BENCH_LAP_RUN] */
} bench_times;

/**
 * One run, inputs to outputs.
 *
 * @param times  written; NULL: not wanted. With times the run waits for the kernels before it
 *               reads, and asks for their events.
 */
gcl_status bench_subject_run(bench_subject *s, bench_times *times, gcl_error *err);

typedef struct bench_subject_totals {
    double flops;                    /* naive, of a run */
    size_t weight_bytes;             /* packed weights */
    size_t const_bytes, arena_bytes; /* constants; activations, inputs and outputs */
    size_t calls[BENCH_MAX_OPS];     /* kernel launches and library calls of each op of gcl_ops */
} bench_subject_totals;

bench_subject_totals bench_subject_total(const bench_subject *s);

#ifdef __cplusplus
}
#endif
#endif
