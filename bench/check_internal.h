/* check_internal.h - between the check and its wrong kernels. */
#ifndef GCL_BENCH_CHECK_INTERNAL_H
#define GCL_BENCH_CHECK_INTERNAL_H

#include "tests/suite/op_case.h"

/** The suite whose op runs the wrong kernel of this name; NULL when there is none. */
const op_suite *bench_wrong_suite(const char *name, const gcl_op **op);

#endif
