/** What the files of the ceilings share; not for others, tests apart. */
#ifndef GALIP_BENCH_CEILING_INTERNAL_H
#define GALIP_BENCH_CEILING_INTERNAL_H

#include <stdint.h>

#include "bench/ceiling.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One measurement's surroundings. */
typedef struct bench_rig {
    gcl_context *ctx;
    uint32_t bias; /* added to every checksum that is expected: 0, but in tests */
    double until;  /* bench_ceiling_clock() at which the present search ends */
    size_t bytes;  /* of x and of y */
    size_t out_bytes;
    cl_mem start; /* operands of kernels/bench/arithmetic.cl */
    cl_mem x;     /* filled with a pattern */
    cl_mem y;
    cl_mem out; /* one number a work-item */
} bench_rig;

/** Seconds of a clock that never goes back. */
double bench_ceiling_clock(void);

/** Allocates and fills; *rig must be zeroed and is to be closed whatever came of it. */
gcl_status bench_rig_open(bench_rig *rig, gcl_context *ctx, gcl_error *err);
void bench_rig_close(bench_rig *rig);

/** Samples are taken in rounds over all ceilings, so that a disturbance hits a part of each. */
enum { BENCH_ROUNDS = 3, BENCH_ROUND_SAMPLES = BENCH_CEILING_SAMPLES / BENCH_ROUNDS };

/** What a search moves; groups are per compute unit while searching. */
enum { AXIS_WIDTH, AXIS_ACCUMULATORS, AXIS_UNROLL, AXIS_LOCAL, AXIS_GROUPS, N_AXES };

typedef struct bench_shape {
    int v[N_AXES];
} bench_shape;

/** One measured kernel. Functions get groups in total. */
typedef struct bench_probe {
    const char *program, *kernel, *defines;
    bool exact_groups; /* the work does not grow with the groups */
    /* OpenCL's status; clears what verify looks at and sets the arguments */
    cl_int (*prepare)(bench_rig *rig, cl_kernel kernel, const bench_shape *s);
    /* operations or bytes of a launch; 0 for a shape that does not fit */
    double (*work)(const bench_rig *rig, const bench_shape *s);
    gcl_status (*verify)(bench_rig *rig, const bench_shape *s, gcl_error *err);
} bench_probe;

/** NULL where the device lacks what is measured. */
const bench_probe *bench_probe_find(const bench_rig *rig, bench_ceiling_id id);

/**
 * A ceiling's two halves. Search tries shapes, checks the result of each against the host's
 * checksum, and leaves the best one in *shape and, as text, in out->shape; where the device lacks
 * what is measured, *shape stays zero. Sample adds BENCH_ROUND_SAMPLES samples of that shape.
 */
gcl_status bench_kernel_search(bench_rig *rig, bench_ceiling_id id, bench_shape *shape,
                               bench_ceiling *out, gcl_error *err);
gcl_status bench_kernel_sample(bench_rig *rig, bench_ceiling_id id, const bench_shape *shape,
                               bench_ceiling *out, gcl_error *err);
gcl_status bench_launch_search(bench_rig *rig, bench_ceiling_id id, bench_shape *shape,
                               bench_ceiling *out, gcl_error *err);
gcl_status bench_launch_sample(bench_rig *rig, bench_ceiling_id id, const bench_shape *shape,
                               bench_ceiling *out, gcl_error *err);
gcl_status bench_transfer_search(bench_rig *rig, bench_ceiling_id id, bench_shape *shape,
                                 bench_ceiling *out, gcl_error *err);
gcl_status bench_transfer_sample(bench_rig *rig, bench_ceiling_id id, const bench_shape *shape,
                                 bench_ceiling *out, gcl_error *err);

/** Adds a sample, which there must be room for, and brings the statistics up to date. */
void bench_ceiling_add(bench_ceiling *c, bench_ceiling_id id, double sample);

/** Inverse of bench_ceiling_records; GCL_E_FORMAT for anything that it does not write. */
gcl_status bench_ceiling_parse(bench_ceilings *out, json_t *records, gcl_error *err);

/** File that bench_ceiling_get keeps; GCL_E_NOT_FOUND when there is no cache folder. */
gcl_status bench_ceiling_path(char *out, size_t room, const gcl_device_info *device,
                              gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
