/**
 * What a device can do: rates measured with small kernels of our own, that other figures are
 * given as percentages of.
 */
#ifndef GALIP_BENCH_CEILING_H
#define GALIP_BENCH_CEILING_H

#include <stdbool.h>

#include <jansson.h>

#include "host/context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum bench_ceiling_id {
    BENCH_FMA_F32,
    BENCH_FMA_F16, /* where the device has cl_khr_fp16 */
    BENCH_DOT_I8,  /* where the device has cl_khr_integer_dot_product */
    BENCH_READ,
    BENCH_COPY, /* bytes read plus bytes written */
    BENCH_LOCAL,
    BENCH_LAUNCH,      /* one of a chain of kernels in order */
    BENCH_LAUNCH_WAIT, /* one kernel and clFinish */
    BENCH_HOST_TO_DEVICE,
    BENCH_DEVICE_TO_HOST,
    BENCH_N_CEILINGS
} bench_ceiling_id;

enum { BENCH_CEILING_SAMPLES = 21 };

typedef struct bench_ceiling {
    int n;         /* samples; 0 where the device lacks what is measured */
    double value;  /* the sample that one in ten betters: what the device does undisturbed */
    double median; /* value, median and samples in the ceiling's unit */
    double spread; /* (p90 - p10) / median */
    double samples[BENCH_CEILING_SAMPLES];
    char shape[96]; /* best launch shape, as text */
} bench_ceiling;

typedef struct bench_ceilings {
    bench_ceiling of[BENCH_N_CEILINGS];
    double seconds; /* that measuring took */
    char date[24];  /* of the measurement, ISO 8601 UTC */
} bench_ceilings;

/** "fma_f32" and so on; static string. */
const char *bench_ceiling_name(bench_ceiling_id id);

/** "GFLOP/s", "GOP/s", "GB/s" (1e9 bytes) or "us"; static string. */
const char *bench_ceiling_unit(bench_ceiling_id id);

/**
 * Measures everything. Kernels are timed by their events, launches and transfers by the clock of
 * the host; every result is compared with a checksum that the host computes, and a difference is
 * GCL_E_MISMATCH.
 *
 * @param budget_seconds  the search for launch shapes stops when its share of this is used up; one
 *                        shape of each is measured whatever it takes
 */
gcl_status bench_ceiling_measure(gcl_context *ctx, bench_ceilings *out, double budget_seconds,
                                 gcl_error *err);

/**
 * The ceilings of this device and driver from $XDG_CACHE_HOME/galip (else ~/.cache/galip), or
 * measured now and stored there. A stored file that does not fit is measured anew; one that
 * cannot be written is told to gcl_verbose only.
 *
 * @param fresh   measure whatever is stored
 */
gcl_status bench_ceiling_get(gcl_context *ctx, bool fresh, bench_ceilings *out, gcl_error *err);

/**
 * One record of kind "ceiling" for each ceiling that was measured.
 *
 * @param out     JSON array; owned (json_decref)
 * @param common  object whose keys every record starts with, or NULL; borrowed
 */
gcl_status bench_ceiling_records(json_t **out, const bench_ceilings *ceilings, json_t *common,
                                 gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
