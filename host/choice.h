/* choice.h - requests of variants and tunables, as users write them: "linear=tiled_f32:TM=64,...". */
#ifndef GCL_HOST_CHOICE_H
#define GCL_HOST_CHOICE_H

#include "host/op.h"

/** GCL_E_NOT_FOUND for an op, a variant or a tunable that does not exist; GCL_E_ARG for a value that is
 *  no number. @param list  NULL: no requests */
gcl_status gcl_requests_check(const char *list, gcl_error *err);

/** The variant that a checked list asks for op; NULL: none. */
const gcl_variant *gcl_requests_variant(const char *list, const gcl_op *op);

/** Puts the values that a checked list asks for over those of the requested variant; false: none. */
bool gcl_requests_tuning(const char *list, const gcl_op *op, gcl_tuning *tuning);

/** The tunable's place in the variant's table; -1: it has none of that name. */
int gcl_variant_tunable(const gcl_variant *variant, const char *name);

#endif
