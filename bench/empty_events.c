/* empty_events.c - an empty kernel, timed by events. */
#include "bench/empty_events.h"

enum { LAUNCHES = 50 };

static gcl_status launch(double *seconds, cl_command_queue queue, cl_kernel kernel, gcl_error *err)
{
    const size_t one = 1;
    cl_ulong start = 0, end = 0;
    cl_event event = NULL;
    cl_int st = clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, &one, 0, NULL, &event);

    if (st == CL_SUCCESS)
        st = clWaitForEvents(1, &event);
    if (st == CL_SUCCESS)
        st = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof start, &start, NULL);
    if (st == CL_SUCCESS)
        st = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL);
    if (event != NULL)
        clReleaseEvent(event);
    if (st != CL_SUCCESS)
        return GCL_FAIL_CL(err, st, "clEnqueueNDRangeKernel, clGetEventProfilingInfo",
                           "bench/launch.cl");
    *seconds = 1e-9 * (double)(end - start);
    return GCL_OK;
}

gcl_status bench_empty_events(bench_sampler *out, gcl_context *ctx, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cl_program program = NULL;
    cl_kernel kernel = NULL;
    cl_mem count = NULL;
    double seconds = 0;

    GCL_TRY(gcl_context_program(ctx, &program, "bench/launch", "", err));
    kernel = clCreateKernel(program, "ceiling_launch", &st);
    if (st == CL_SUCCESS)
        count = clCreateBuffer(gcl_context_cl(ctx), CL_MEM_READ_WRITE, sizeof(cl_uint), NULL, &st);
    if (st == CL_SUCCESS)
        st = clSetKernelArg(kernel, 0, sizeof count, &count);
    if (st != CL_SUCCESS) {
        st = GCL_FAIL_CL(err, st, "clCreateKernel, clCreateBuffer, clSetKernelArg",
                         "bench/launch.cl");
        goto done;
    }
    for (int i = 0; i <= LAUNCHES; i++) {
        GCL_TRY(launch(&seconds, gcl_context_queue(ctx), kernel, err));
        if (i > 0) /* the first finds the caches full of other things */
            GCL_TRY(bench_sampler_add(out, seconds, 0.0, err));
    }
done:
    if (kernel != NULL)
        clReleaseKernel(kernel);
    if (count != NULL)
        clReleaseMemObject(count);
    return st;
}
