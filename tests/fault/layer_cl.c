/* layer_cl.c - the fault layer before OpenCL. */
#include <CL/cl.h>

#include "layer.h"

#define FIND(name)              \
    static __typeof__(name) *f; \
    if (f == NULL)              \
    layer_find(&f, #name)

#define HIT(name) \
    (layer_is_ours(__builtin_return_address(0)) ? layer_hit(AT_##name, NULL) : CL_SUCCESS)

/* A call that gives back a status and makes nothing. */
#define PLAIN(name, parameters, arguments)       \
    cl_int name parameters                       \
    {                                            \
        const cl_int fault = HIT(name);          \
        FIND(name);                              \
        return fault != 0 ? fault : f arguments; \
    }

/* One that makes an object; `status` receives what the real one says. */
#define CREATE(kind, type, name, parameters, arguments) \
    type name parameters                                \
    {                                                   \
        cl_int status = HIT(name);                      \
        type made = NULL;                               \
        FIND(name);                                     \
        if (status == 0)                                \
            made = f arguments;                         \
        layer_live(kind, made != NULL);                 \
        if (errcode_ret != NULL)                        \
            *errcode_ret = status;                      \
        return made;                                    \
    }

/* One that may make an event. */
#define ENQUEUE(name, parameters, arguments)                           \
    cl_int name parameters                                             \
    {                                                                  \
        cl_int status = HIT(name);                                     \
        FIND(name);                                                    \
        if (status == 0)                                               \
            status = f arguments;                                      \
        layer_live(LIVE_EVENT, status == CL_SUCCESS && event != NULL); \
        return status;                                                 \
    }

/* A failing release releases all the same: the program could do nothing about what it keeps. */
#define RELEASE(kind, type, name)                        \
    cl_int name(type object)                             \
    {                                                    \
        const cl_int fault = HIT(name);                  \
        cl_int status;                                   \
        FIND(name);                                      \
        status = f(object);                              \
        layer_live(kind, status == CL_SUCCESS ? -1 : 0); \
        return fault != 0 ? fault : status;              \
    }

#define RETAIN(kind, type, name)                        \
    cl_int name(type object)                            \
    {                                                   \
        cl_int status;                                  \
        FIND(name);                                     \
        status = f(object);                             \
        layer_live(kind, status == CL_SUCCESS ? 1 : 0); \
        return status;                                  \
    }

typedef void (*on_error)(const char *, const void *, size_t, void *);
typedef void (*on_built)(cl_program, void *);

PLAIN(clGetPlatformIDs, (cl_uint room, cl_platform_id *ids, cl_uint *n), (room, ids, n))
PLAIN(clGetPlatformInfo,
      (cl_platform_id id, cl_platform_info what, size_t room, void *value, size_t *n),
      (id, what, room, value, n))
PLAIN(clGetDeviceIDs,
      (cl_platform_id id, cl_device_type type, cl_uint room, cl_device_id *ids, cl_uint *n),
      (id, type, room, ids, n))
PLAIN(clGetDeviceInfo, (cl_device_id id, cl_device_info what, size_t room, void *value, size_t *n),
      (id, what, room, value, n))
PLAIN(clBuildProgram,
      (cl_program program, cl_uint n, const cl_device_id *ids, const char *options, on_built done,
       void *user),
      (program, n, ids, options, done, user))
PLAIN(clGetProgramInfo,
      (cl_program program, cl_program_info what, size_t room, void *value, size_t *n),
      (program, what, room, value, n))
PLAIN(clGetProgramBuildInfo,
      (cl_program program, cl_device_id id, cl_program_build_info what, size_t room, void *value,
       size_t *n),
      (program, id, what, room, value, n))
PLAIN(clSetKernelArg, (cl_kernel kernel, cl_uint i, size_t bytes, const void *value),
      (kernel, i, bytes, value))
PLAIN(clGetKernelWorkGroupInfo,
      (cl_kernel kernel, cl_device_id id, cl_kernel_work_group_info what, size_t room, void *value,
       size_t *n),
      (kernel, id, what, room, value, n))
PLAIN(clFinish, (cl_command_queue queue), (queue))
PLAIN(clGetEventProfilingInfo,
      (cl_event event, cl_profiling_info what, size_t room, void *value, size_t *n),
      (event, what, room, value, n))

CREATE(LIVE_CONTEXT, cl_context, clCreateContext,
       (const cl_context_properties *properties, cl_uint n, const cl_device_id *ids, on_error call,
        void *user, cl_int *errcode_ret),
       (properties, n, ids, call, user, &status))
CREATE(LIVE_QUEUE, cl_command_queue, clCreateCommandQueue,
       (cl_context context, cl_device_id id, cl_command_queue_properties properties,
        cl_int *errcode_ret),
       (context, id, properties, &status))
CREATE(LIVE_MEM, cl_mem, clCreateBuffer,
       (cl_context context, cl_mem_flags flags, size_t bytes, void *host, cl_int *errcode_ret),
       (context, flags, bytes, host, &status))
CREATE(LIVE_MEM, cl_mem, clCreateSubBuffer,
       (cl_mem of, cl_mem_flags flags, cl_buffer_create_type type, const void *region,
        cl_int *errcode_ret),
       (of, flags, type, region, &status))
CREATE(LIVE_PROGRAM, cl_program, clCreateProgramWithSource,
       (cl_context context, cl_uint n, const char **text, const size_t *bytes, cl_int *errcode_ret),
       (context, n, text, bytes, &status))
CREATE(LIVE_PROGRAM, cl_program, clCreateProgramWithBinary,
       (cl_context context, cl_uint n, const cl_device_id *ids, const size_t *bytes,
        const unsigned char **binaries, cl_int *each, cl_int *errcode_ret),
       (context, n, ids, bytes, binaries, each, &status))
CREATE(LIVE_KERNEL, cl_kernel, clCreateKernel,
       (cl_program program, const char *name, cl_int *errcode_ret), (program, name, &status))

ENQUEUE(clEnqueueNDRangeKernel,
        (cl_command_queue queue, cl_kernel kernel, cl_uint dims, const size_t *offset,
         const size_t *global, const size_t *local, cl_uint n_wait, const cl_event *wait,
         cl_event *event),
        (queue, kernel, dims, offset, global, local, n_wait, wait, event))
ENQUEUE(clEnqueueReadBuffer,
        (cl_command_queue queue, cl_mem from, cl_bool blocking, size_t offset, size_t bytes,
         void *to, cl_uint n_wait, const cl_event *wait, cl_event *event),
        (queue, from, blocking, offset, bytes, to, n_wait, wait, event))
ENQUEUE(clEnqueueWriteBuffer,
        (cl_command_queue queue, cl_mem to, cl_bool blocking, size_t offset, size_t bytes,
         const void *from, cl_uint n_wait, const cl_event *wait, cl_event *event),
        (queue, to, blocking, offset, bytes, from, n_wait, wait, event))
ENQUEUE(clEnqueueCopyBuffer,
        (cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset, size_t to_offset,
         size_t bytes, cl_uint n_wait, const cl_event *wait, cl_event *event),
        (queue, from, to, from_offset, to_offset, bytes, n_wait, wait, event))
ENQUEUE(clEnqueueFillBuffer,
        (cl_command_queue queue, cl_mem to, const void *pattern, size_t pattern_bytes,
         size_t offset, size_t bytes, cl_uint n_wait, const cl_event *wait, cl_event *event),
        (queue, to, pattern, pattern_bytes, offset, bytes, n_wait, wait, event))
ENQUEUE(clEnqueueUnmapMemObject,
        (cl_command_queue queue, cl_mem mem, void *mapped, cl_uint n_wait, const cl_event *wait,
         cl_event *event),
        (queue, mem, mapped, n_wait, wait, event))
ENQUEUE(clEnqueueMarkerWithWaitList,
        (cl_command_queue queue, cl_uint n_wait, const cl_event *wait, cl_event *event),
        (queue, n_wait, wait, event))

void *clEnqueueMapBuffer(cl_command_queue queue, cl_mem mem, cl_bool blocking, cl_map_flags flags,
                         size_t offset, size_t bytes, cl_uint n_wait, const cl_event *wait,
                         cl_event *event, cl_int *errcode_ret)
{
    cl_int status = HIT(clEnqueueMapBuffer);
    void *mapped = NULL;

    FIND(clEnqueueMapBuffer);
    if (status == 0)
        mapped = f(queue, mem, blocking, flags, offset, bytes, n_wait, wait, event, &status);
    layer_live(LIVE_EVENT, mapped != NULL && event != NULL);
    if (errcode_ret != NULL)
        *errcode_ret = status;
    return mapped;
}

RELEASE(LIVE_CONTEXT, cl_context, clReleaseContext)
RELEASE(LIVE_QUEUE, cl_command_queue, clReleaseCommandQueue)
RELEASE(LIVE_MEM, cl_mem, clReleaseMemObject)
RELEASE(LIVE_PROGRAM, cl_program, clReleaseProgram)
RELEASE(LIVE_KERNEL, cl_kernel, clReleaseKernel)
RELEASE(LIVE_EVENT, cl_event, clReleaseEvent)

RETAIN(LIVE_CONTEXT, cl_context, clRetainContext)
RETAIN(LIVE_QUEUE, cl_command_queue, clRetainCommandQueue)
RETAIN(LIVE_MEM, cl_mem, clRetainMemObject)
RETAIN(LIVE_PROGRAM, cl_program, clRetainProgram)
RETAIN(LIVE_KERNEL, cl_kernel, clRetainKernel)
RETAIN(LIVE_EVENT, cl_event, clRetainEvent)
