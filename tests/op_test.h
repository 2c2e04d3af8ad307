/*
 * op_test.h - running suites as tests: every case with every variant that accepts it, twice (the
 * results must agree bit for bit), with canaries around all device memory and NaN in every result
 * before the first run.
 */
#ifndef TESTS_OP_TEST_H
#define TESTS_OP_TEST_H

#include "tests/suite/op_suite.h"

typedef struct op_options {
    const char *one_case, *variant; /* NULL: all */
    uint64_t seed;
    bool pretends;   /* another kind of device, which may refuse a variant in every case */
    double max_work; /* cases of more FLOPs plus elements of operands and result are left out;
                        0: none is */
    bool corners;    /* values of tunables, instead of the cases */
    bool list;       /* only prints what would run: "OP CASE" a line */
    bool apart;      /* no canaries, but a buffer of its exact size for every tensor */
} op_options;

typedef struct op_tally {
    int passed, failed, refused; /* refused: by a variant that is not the last one */
    int expected;                /* cases times variants, plus bad calls, as the tables say */
    int too_large;               /* cases times variants left out by max_work */
    unsigned variants_run;       /* bit i: row i of the op's table ran; each must, in some case */
} op_tally;

/* Runs a suite's cases with op's variants; prints a report for each failure. */
op_tally op_run_suite(gcl_context *ctx, const op_suite *s, const gcl_op *op, const op_options *opt);

/* Runs the suite's case `corners` with each value of each tunable of op's variants; refused: values that
 * a variant does not allow. */
op_tally op_run_corners(gcl_context *ctx, const op_suite *s, const gcl_op *op,
                        const op_options *opt);

/* Runs deliberately wrong kernels; true when every fault was caught, and nothing else. */
bool op_self_test(gcl_context *ctx);

/* Runs one deliberately wrong kernel, in buffers of exact size, for a checker to find its fault:
 * race, overrun, overread or uninitialised. True when it ran; its result is not looked at. */
bool op_plant_fault(gcl_context *ctx, const char *fault);

#endif
