/* kernel.c - from a launch to a kernel that can be enqueued. */
#include "host/kernel.h"

#include <stdio.h>

/* Halves the group until the kernel allows it. A kernel that declares reqd_work_group_size was
 * built for it and runs with it; one that does not takes any (gcl_launch.local). */
static gcl_status fit_group(const gcl_context *ctx, cl_kernel kernel, gcl_launch *l, gcl_error *err)
{
    const cl_device_id id = gcl_context_device(ctx)->id;
    size_t declared[3] = {0}, limit = 0;
    cl_int st = clGetKernelWorkGroupInfo(kernel, id, CL_KERNEL_COMPILE_WORK_GROUP_SIZE,
                                         sizeof declared, declared, NULL);

    if (st == CL_SUCCESS)
        st = clGetKernelWorkGroupInfo(kernel, id, CL_KERNEL_WORK_GROUP_SIZE, sizeof limit, &limit,
                                      NULL);
    if (st != CL_SUCCESS)
        return GCL_FAIL_CL(err, st, "clGetKernelWorkGroupInfo", "%s of %s.cl", l->kernel,
                           l->program);
    if (declared[0] != 0 || l->local[0] == 0)
        return GCL_OK;
    while (l->local[0] * l->local[1] * l->local[2] > (limit > 0 ? limit : 1)) {
        const int d = l->local[1] > l->local[0] ? 1 : l->local[2] > l->local[0] ? 2 : 0;
        l->local[d] /= 2; /* sizes are powers of two, so the global size stays a multiple */
    }
    return GCL_OK;
}

gcl_status gcl_kernel_create(gcl_context *ctx, cl_kernel *out, gcl_launch *l, const char *more,
                             gcl_error *err)
{
    gcl_status st = GCL_OK;
    char options[2 * sizeof l->options];
    cl_program program = NULL;
    cl_kernel kernel = NULL;

    *out = NULL;
    if ((size_t)snprintf(options, sizeof options, "%s%s%s", l->options,
                         more != NULL && *l->options ? " " : "",
                         more != NULL ? more : "") >= sizeof options)
        return GCL_FAIL(err, GCL_E_ARG, "%s.cl: build options \"%s %s\" are longer than %zu bytes",
                        l->program, l->options, more, sizeof options - 1);
    GCL_TRY(gcl_context_program(ctx, &program, l->program, options, err));
    kernel = clCreateKernel(program, l->kernel, &st);
    if (st != CL_SUCCESS) {
        st = GCL_FAIL_CL(err, st, "clCreateKernel", "%s of %s.cl", l->kernel, l->program);
        goto done;
    }
    GCL_TRY(fit_group(ctx, kernel, l, err));
    *out = kernel;
    kernel = NULL;
done:
    if (kernel != NULL)
        clReleaseKernel(kernel);
    return st;
}

gcl_status gcl_kernel_set_arg(cl_kernel kernel, const gcl_launch *l, int i, cl_mem mem,
                              gcl_error *err)
{
    const gcl_arg *a = &l->args[i];
    const cl_int st =
        a->slot >= 0 ? clSetKernelArg(kernel, (cl_uint)i, sizeof(cl_mem), &mem)
                     : clSetKernelArg(kernel, (cl_uint)i, a->bytes, a->is_local ? NULL : a->value);

    return st == CL_SUCCESS
               ? GCL_OK
               : GCL_FAIL_CL(err, st, "clSetKernelArg", "%s of %s.cl, argument %d of %d", l->kernel,
                             l->program, i, l->n_args);
}
