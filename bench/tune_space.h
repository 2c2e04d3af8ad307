/* tune_space.h - the candidates for a node: variants with values of their tunables. */
#ifndef BENCH_TUNE_SPACE_H
#define BENCH_TUNE_SPACE_H

#include "host/plan.h"

typedef struct tune_point {
    const gcl_variant *variant;
    gcl_tuning tuning;
} tune_point;

/* No tunables' product goes beyond; the rest is left out. */
enum { TUNE_MAX_POINTS = 1 << 16 };

typedef struct tune_space {
    tune_point
        *points; /* [n], owned: what variants choose themselves first, in the table's order */
    size_t n, n_own, room;
} tune_space;

/**
 * @param only  NULL: all variants that accept the node
 * @param s     zero-initialised; tune_space_free whatever the result
 */
gcl_status tune_space_create(tune_space *s, const gcl_graph *g, const gcl_node *node,
                             const gcl_device_info *device, gcl_precision precision,
                             const gcl_variant *only, gcl_error *err);
void tune_space_free(tune_space *s);

/* Adds a point unless it is there; *at is its index. */
gcl_status tune_space_add(tune_space *s, const tune_point *p, size_t *at, gcl_error *err);

/* Whether two points are of one variant and differ in one tunable, by a step between candidates. */
bool tune_are_neighbours(const tune_point *a, const tune_point *b);

bool tune_point_equal(const tune_point *a, const tune_point *b);

#endif
