/* layer_codes.c - what each call may fail with, for the layer and for the sweep. */
#include <errno.h>

#include <CL/cl.h>
#include <CL/cl_ext.h>

#include "layer.h"

const int layer_codes[][LAYER_MAX_CODES] = {
#define FAULT_CL(name, ...) {__VA_ARGS__, 0},
#define FAULT_HOST(name, ...) {__VA_ARGS__, 0},
#include "calls.def"
};
