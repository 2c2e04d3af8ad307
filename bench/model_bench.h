/**
 * Times of the model's parts and of the whole way from a sentence to a PNG file, as records of
 * kind "model".
 *
 * phase    a sample is
 * cold     in a new process with empty kernel caches (ours and the driver's): context, plan
 *          (kernels compiled, weights read, packed and uploaded), first run, read back
 * warm     the same in a new process whose caches the cold run has filled
 * steady   a run of an existing plan: inputs written, kernels, outputs read back; of the pipeline:
 *          from a sentence's text to a PNG file
 *
 * cold and warm are measured with the first batch size alone. Inputs are random and seeded; the
 * pipeline's sentences are four fixed ones, one a picture, and its text tower runs, as that of
 * `generate` does, up to the end of the longest of the four.
 */
#ifndef BENCH_MODEL_BENCH_H
#define BENCH_MODEL_BENCH_H

#include <stdio.h>

#include <jansson.h>

#include "bench/stats.h"
#include "model/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Parts 0 .. GCL_PART_COUNT_ - 1 are gcl_part; this one is tokenizer, text, noise, netG, PNG. */
enum { BENCH_PART_PIPELINE = GCL_PART_COUNT_, BENCH_PART_COUNT };

typedef enum bench_phase { BENCH_COLD, BENCH_WARM, BENCH_STEADY, BENCH_PHASE_COUNT } bench_phase;

/** Static strings. */
const char *bench_part_name(int part);
const char *bench_phase_name(bench_phase phase);

/** GCL_E_NOT_FOUND, listing the names, for an unknown one. */
gcl_status bench_part_find(int *out, const char *name, gcl_error *err);
gcl_status bench_phase_find(bench_phase *out, const char *name, gcl_error *err);

typedef struct bench_model_options {
    unsigned parts;        /* bit 1 << part; 0: all that the model has */
    unsigned phases;       /* bit 1 << phase; 0: all */
    const size_t *batches; /* [n_batches], borrowed; NULL: 1, 2, 4, 8, 16, 32 */
    size_t n_batches;
    size_t tokens;             /* of a sentence in the part text; 0: context_length */
    bench_rule rule;           /* of a steady row; its limit_s covers all that the row runs */
    uint64_t max_memory_bytes; /* rows that need more are left out; 0: 3/4 of the device's memory */
    double fma_gflops;         /* ceiling for pct_fma; 0: unknown, the key is left out */
    uint64_t seed;
    gcl_plan_options plan;
    const char *vocab; /* tokenizer's merges; NULL: the checkpoint's; borrowed */
    const json_t *run; /* shared keys, bench_run_create; borrowed */
    /* argv, ended by NULL, of a program that opens device and weights as this one did and calls
     * bench_model_first_run with the last argument, which is added here. NULL: no cold and warm
     * rows. Borrowed. */
    char *const *first_run;
    /* Before each row, and once at the end with done = total and name NULL. NULL: none */
    void (*progress)(void *user, const char *name, size_t done, size_t total);
    void *user;
} bench_model_options;

/**
 * Measures. A row that was asked for and cannot be measured (memory, a part that the model lacks)
 * is a record with the key "skipped", a sentence that says why, and no times.
 *
 * @param records     array; owned by the caller (json_decref)
 * @param checkpoint  borrowed
 */
gcl_status bench_model_run(json_t **records, gcl_context *ctx, gcl_checkpoint *checkpoint,
                           const bench_model_options *opt, gcl_error *err);

/**
 * What the process named by first_run does: one first run on a context of its own. Writes its
 * times to out as one JSON object.
 *
 * @param which  the argument that was added: "netG/4" is part and batch
 */
gcl_status bench_model_first_run(FILE *out, const gcl_device_info *device,
                                 gcl_checkpoint *checkpoint, const char *which,
                                 const bench_model_options *opt, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
