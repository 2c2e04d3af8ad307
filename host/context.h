/**
 * A device made ready for work: OpenCL context, one in-order queue, compiled programs.
 * One thread at a time may use a context and what was created from it.
 */
#ifndef GCL_HOST_CONTEXT_H
#define GCL_HOST_CONTEXT_H

#include "host/device.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_context gcl_context;

/** @param out  owned (gcl_context_destroy) */
gcl_status gcl_context_create(gcl_context **out, const gcl_device_info *device, gcl_error *err);

/** Legal on NULL. Everything created from the context must be gone. */
void gcl_context_destroy(gcl_context *ctx);

/** All borrowed from ctx. The queue is in order and has profiling switched on. */
const gcl_device_info *gcl_context_device(const gcl_context *ctx);
cl_context gcl_context_cl(const gcl_context *ctx);
cl_command_queue gcl_context_queue(const gcl_context *ctx);

/**
 * The program kernels/PROGRAM.cl built with these options, from memory, from the binary cache on
 * disk, or compiled now. On a failed build err holds program, device, driver and options, and
 * err->log the compiler's words.
 *
 * @param out   borrowed from ctx
 */
gcl_status gcl_context_program(gcl_context *ctx, cl_program *out, const char *program,
                               const char *options, gcl_error *err);

/** Has the device's matrix unit, if it has one, prove itself; the first time only. One that fails is taken
 *  out of the device's record, with a reason by gcl_verbose. */
void gcl_context_check_unit(gcl_context *ctx);

/** Has fn called when ctx is destroyed, once however often it is asked for. */
void gcl_context_at_destroy(gcl_context *ctx, void (*fn)(void));

#ifdef __cplusplus
}
#endif
#endif
