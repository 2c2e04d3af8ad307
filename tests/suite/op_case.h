/*
 * op_case.h - one case of a suite made concrete: graph, random operands, reference, and plans of
 * it with one variant or another.
 */
#ifndef TESTS_OP_CASE_H
#define TESTS_OP_CASE_H

#include "host/plan.h"
#include "tests/suite/op_suite.h"

typedef struct op_instance {
    const op_suite *suite;
    const gcl_op *op;
    const op_case *row;
    gcl_graph *graph; /* the result is its output "result" */
    op_data data;
    const char *variant;  /* of the plan made last; borrowed */
    gcl_tuning tuning;    /* of it, if it has tunables */
    double *want, *scale; /* the reference, [data.out_count]; NULL until it is asked for */
} op_instance;

/**
 * Builds the graph and fills the operands; the same for every run with this seed.
 *
 * @param op  the suite's op, or a test's own
 */
gcl_status op_instance_open(op_instance *out, const op_suite *suite, const gcl_op *op,
                            const op_case *row, uint64_t seed, gcl_error *err);
/* Legal on a zeroed one. */
void op_instance_close(op_instance *i);

/* The operands as weights; borrows i. */
gcl_weight_source op_instance_source(op_instance *i);

/**
 * Plans the case with one variant; *plan stays NULL when the variant refuses the case or the values.
 *
 * @param variant  its name, and values of tunables as in requests, "tiled_f32:TM=8"
 * @param options  its `variants` and `precision` are set here
 */
gcl_status op_instance_plan(op_instance *i, gcl_plan **plan, gcl_context *ctx,
                            gcl_weight_set *weights, const char *variant, gcl_plan_options options,
                            gcl_error *err);

/* Whether text is the variant's name, with values of tunables behind it or not. */
bool op_is_variant(const char *text, const char *name);

/* Writes the inputs. */
gcl_status op_instance_write(op_instance *i, gcl_plan *plan, gcl_error *err);

/* Bytes of the result. */
size_t op_instance_bytes(const op_instance *i);

/* Difference from the reference, in units of 2^-24 times each element's scale. */
typedef struct op_deviation {
    bool ok;                   /* every element is within suite->tolerance */
    size_t bad;                /* the first that is not */
    double got, want, allowed; /* there; allowed is absolute */
    double tolerance;          /* units */
    double max_units, p99_units;
    double nmse; /* sum of squared errors over sum of squared reference values */
} op_deviation;

gcl_status op_instance_compare(op_instance *i, const void *got, op_deviation *out, gcl_error *err);

/* Element i of a result. */
double op_element(const void *data, gcl_dtype dtype, size_t i);

/* "[1,2,3]" of element `at` of the result; returns text. */
const char *op_instance_index(const op_instance *i, size_t at, char *text, size_t room);

#endif
