/* matrix_unit_internal.h - what context.c asks of matrix_unit.c, for its tests. */
#ifndef GCL_HOST_MATRIX_UNIT_INTERNAL_H
#define GCL_HOST_MATRIX_UNIT_INTERNAL_H

#include "host/context.h"

/* Whether a product of small integers by the unit, or by its emulation, is exact; else the reason. */
bool gcl_matrix_unit_works(gcl_context *ctx, gcl_matrix_unit unit, bool native, char *why,
                           size_t why_bytes);

#endif
