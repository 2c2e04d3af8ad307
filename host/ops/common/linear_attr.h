/** The attributes of a linear node, for the op and for those who describe its nodes. */
#ifndef GCL_HOST_OPS_COMMON_LINEAR_ATTR_H
#define GCL_HOST_OPS_COMMON_LINEAR_ATTR_H

#include "host/ops/common/epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_linear_attr {
    gcl_epilogue ep;
    int layout; /* gcl_linear_layout */
} gcl_linear_attr;

#ifdef __cplusplus
}
#endif
#endif
