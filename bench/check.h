/**
 * `galip check`: every case of every op with every variant that accepts it on one device, against
 * the float64 reference, repeated, with canaries around all memory. Deliberately wrong kernels can
 * take the place of the ops, to show that the check finds them.
 */
#ifndef GCL_BENCH_CHECK_H
#define GCL_BENCH_CHECK_H

#include <jansson.h>

#include "host/context.h"

/** With fast math every program is built with -cl-fast-relaxed-math. OpenCL 1.2 leaves accuracy,
 *  NaN and infinities to the device then: an element beyond the bound is a note, not a failure.
 *  Library calls (CLBlast) build their own programs, without the option. */
enum { BENCH_MATH_STRICT = 1, BENCH_MATH_FAST = 2 };

enum { BENCH_CHECK_RUNS = 5 }; /* the default */

typedef struct bench_check_options {
    const char *op, *one_case, *variant; /* NULL: all */
    const char *inject;                  /* "element", "bounds" or "race"; NULL: the ops */
    const char *device; /* as the user named it, for the command that repeats a row; may be NULL */
    unsigned math;      /* BENCH_MATH_..., one or both */
    uint64_t seed;
    int runs;             /* of each row, >= 2; all must give the same bits */
    const json_t *common; /* an object whose keys every row gets; borrowed */

    /* Called once per row: case, variant and math. Keys: kind "check", name, op, case, variant,
     * math, params, elements, special (NaN and infinite elements of the reference), max_ulp,
     * p99_ulp, bound_ulp, nmse, runs, deterministic, guards, verdict "pass" | "note" | "fail", and
     * unless it passed fault (what is wrong, by name), message (one line), repeat (a command). An
     * ULP is 2^-23 of an element's scale, the sum of the absolute values of its terms. */
    void (*report)(void *user, json_t *row);
    void *user;
} bench_check_options;

typedef struct bench_check_summary {
    size_t passed, failed, noted; /* rows */
    size_t refused;               /* variants that did not accept a case; no rows */
    size_t special;               /* rows whose reference holds NaN or infinities, strict math */
    char first[1024];             /* the first failure's message */
} bench_check_summary;

/** GCL_E_NOT_FOUND, naming what exists, when the filters name what does not. */
gcl_status bench_check_select(const bench_check_options *o, gcl_error *err);

/** Runs the rows that the filters leave. @return GCL_OK also when rows failed */
gcl_status bench_check_run(bench_check_summary *out, gcl_context *ctx, const bench_check_options *o,
                           gcl_error *err);

#endif
