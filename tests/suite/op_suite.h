/*
 * op_suite.h - one descriptor per op: cases, graph, float64 reference, tolerance. Tests, the
 * conformance report and the benchmark of ops all work on these tables.
 */
#ifndef TESTS_OP_SUITE_H
#define TESTS_OP_SUITE_H

#include "host/context.h"
#include "host/op.h"

enum { OP_MAX_PARAMS = 10, OP_MAX_TENSORS = 8 };

typedef struct op_case {
    const char *name;
    long p[OP_MAX_PARAMS]; /* meaning: op_suite.params */
} op_case;

/* A case that is there for values which a variant does not choose on every device. */
typedef struct op_values {
    const char *row;     /* the case's name; NULL ends a list */
    const char *variant; /* "VARIANT:TUNABLE=VALUE" */
} op_values;

/* The operands of a case, by the names that build gave them, and the result's shape. */
typedef struct op_data {
    int n;
    struct op_tensor {
        const char *name;
        gcl_dtype dtype;
        gcl_shape shape;
        size_t count;
        void *data;
        uint16_t *halves; /* the same in f16, for a weight that comes so; else NULL */
    } t[OP_MAX_TENSORS];
    gcl_dtype out_dtype;
    gcl_shape out_shape;
    size_t out_count;
} op_data;

const float *op_f32(const op_data *d, const char *name);
const int32_t *op_i32(const op_data *d, const char *name);
const uint8_t *op_u8(const op_data *d, const char *name);

/* A sequence of random numbers; seeded from run seed, op, case and tensor. */
typedef struct op_rng {
    uint64_t state;
} op_rng;

uint64_t op_random(op_rng *rng);
double op_uniform(op_rng *rng, double from, double to);

/* A call that must fail while building. */
typedef struct op_bad_call {
    const char *name;
    void (*build)(gcl_graph *g);
    gcl_status status;
    const char *message; /* a part of the message */
} op_bad_call;

typedef struct op_suite {
    const char *op;
    const char *params[OP_MAX_PARAMS + 1]; /* names, for messages; ends with NULL */
    const op_case *cases;
    int n_cases;
    const op_values *values; /* NULL: variants choose theirs in all cases */
    const op_bad_call *bad_calls;
    int n_bad_calls;
    int n_nodes; /* nodes that a case has after fusion */

    /* Declares inputs and weights, returns the result. */
    gcl_value (*build)(gcl_graph *g, const long *p);

    /* Fills one operand; NULL: f32 uniform in [-1, 1). Must be given for other types. */
    void (*fill)(const long *p, struct op_tensor *t, op_rng *rng);

    /* Whether a weight comes in F16, of random numbers below 1. NULL: never. */
    bool (*is_f16)(const long *p, const char *weight);

    /* From the formula, in double, sharing no code with the op: the result and, per element, the
     * sum of the absolute values of the terms it was summed from (the scale of its error). */
    void (*reference)(const long *p, const op_data *d, double *out, double *scale);

    /* Instead of reference: the same of element i alone, where elements share no work. */
    void (*element)(const long *p, const op_data *d, size_t i, double *out, double *scale);

    /* The parameters of the case that computes what a node of a network does; false: no case does.
     * NULL: nobody asks. */
    bool (*like)(const gcl_graph *g, const gcl_node *node, long *p);

    /* |got - want| <= tolerance(p) * 2^-24 * scale, i.e. in half units in the last place of the
     * terms. 0: exact. NaN is wanted where the reference has it. */
    double (*tolerance)(const long *p);

    /* Factor by which the tolerance is larger for a variant that computes other sums than the
     * formula's; NULL: 1 for all. */
    double (*growth)(const char *variant);

    /* Units more where operands of products are rounded to f16 (gcl_variant.rounds_to_f16); NULL where
     * no variant of the op does. */
    double (*f16_tolerance)(const long *p);

    /* A small case of several tiles, with which each value of each tunable is tried; NULL: no variant
     * of the op has tunables. */
    const char *corners;

    /* Formula and derivation of the tolerance, as `galip check --bounds` prints it; sum(n) stands
     * for op_sum_tolerance(n). */
    const char *bound;
} op_suite;

/* The suites of host/ops/ops.def, in its order; ends with NULL. */
extern const op_suite *const op_suites[];

#define OP_COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Probabilistic bound of a sum of n rounded products (Higham, Mary 2019, lambda = 4): the error
 * stays below 4 sqrt(n) + a few roundings, while the worst case n is far too wide to find bugs. */
double op_sum_tolerance(double n);

/* What rounding both operands of n products to f16 adds, whose terms are of numbers uniform in [-1, 1)
 * or of fewer than those. Each term t changes by at most 2 * 2^-11 |t|, 2^14 units of it, which bounds the
 * sum; but the changes are independent, so that by Hoeffding's inequality it stays below lambda = 4 times
 * 2^14 sqrt(sum t^2), where sqrt(sum t^2) = 4 / (3 sqrt(n)) sum |t|. Operands below 2^-14, which
 * are rounded to multiples of 2^-24, are too rare and their terms too small to show. */
double op_f16_tolerance(double n);

#endif
