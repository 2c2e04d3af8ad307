/* matrix_unit.c - shapes of fragments, and the check that a device's unit multiplies right. */
#include "host/matrix_unit.h"

#include <stdio.h>

#include "host/kernel.h"
#include "host/matrix_unit_internal.h"

enum { MAX_SIDE = 16 };

const gcl_fragment *gcl_fragment_of(gcl_matrix_unit unit)
{
    static const gcl_fragment fragments[GCL_N_UNITS] = {
        [GCL_UNIT_NONE] = {"none", 0, 0, 0, 0, 0, 0, 0},
        [GCL_UNIT_MMA] = {"mma", 16, 8, 16, 32, 4, 2, 32 * 24},
        [GCL_UNIT_DPAS8] = {"dpas8", 8, 8, 16, 8, 8, 8, 8 * 64},
        [GCL_UNIT_DPAS16] = {"dpas16", 8, 16, 16, 16, 4, 8, 16 * 48},
        [GCL_UNIT_WMMA] = {"wmma", 16, 16, 16, 32, 8, 8, 32 * 64},
        [GCL_UNIT_MFMA] = {"mfma", 16, 16, 16, 64, 2, 2, 64 * 16},
    };

    return &fragments[unit];
}

/* Small integers, different in every row and column: their products' sums are exact in any order. */
static void fill(float *a, size_t rows, size_t k, int step)
{
    for (size_t i = 0; i < rows * k; i++)
        a[i] = (float)((int)(i * (size_t)step + i / k * 5) % 17 - 8);
}

/* Enqueues check_fragment and reads c. */
static gcl_status multiply(gcl_context *ctx, const gcl_fragment *f, gcl_launch *l, float *a,
                           float *b, float *c, gcl_error *err)
{
    gcl_status st = GCL_OK;
    float *const data[] = {a, b, c};
    const size_t counts[] = {f->m * f->k, f->n * f->k, f->m * f->n};
    cl_mem mem[3] = {NULL};
    cl_kernel kernel = NULL;

    GCL_TRY(gcl_kernel_create(ctx, &kernel, l, NULL, err));
    for (cl_uint i = 0; i < 3; i++) {
        mem[i] = clCreateBuffer(gcl_context_cl(ctx), CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                                counts[i] * sizeof(float), data[i], &st);
        if (st == CL_SUCCESS)
            st = clSetKernelArg(kernel, i, sizeof mem[i], &mem[i]);
        if (st != CL_SUCCESS) {
            st = GCL_FAIL_CL(err, st, "clCreateBuffer", "operand %u of %s", i, l->kernel);
            goto done;
        }
    }
    st = clEnqueueNDRangeKernel(gcl_context_queue(ctx), kernel, 1, NULL, l->global, l->local, 0,
                                NULL, NULL);
    if (st == CL_SUCCESS)
        st = clEnqueueReadBuffer(gcl_context_queue(ctx), mem[2], CL_TRUE, 0,
                                 counts[2] * sizeof(float), c, 0, NULL, NULL);
    if (st != CL_SUCCESS)
        st = GCL_FAIL_CL(err, st, "clEnqueueNDRangeKernel", "%s", l->kernel);
done:
    for (int i = 0; i < 3; i++)
        if (mem[i] != NULL)
            clReleaseMemObject(mem[i]);
    if (kernel != NULL)
        clReleaseKernel(kernel);
    return st;
}

bool gcl_matrix_unit_works(gcl_context *ctx, gcl_matrix_unit unit, bool native, char *why,
                           size_t why_bytes)
{
    const gcl_fragment *f = gcl_fragment_of(unit);
    gcl_error err = GCL_ERROR_INIT;
    float a[MAX_SIDE * MAX_SIDE], b[MAX_SIDE * MAX_SIDE], c[MAX_SIDE * MAX_SIDE] = {0};
    gcl_launch l = {.program = "check/fragment",
                    .kernel = "check_fragment",
                    .dims = 1,
                    .global = {f->lanes, 1, 1},
                    .local = {f->lanes, 1, 1}};
    bool works = true;

    snprintf(l.options, sizeof l.options, "-DFRAGMENT=%d -DFRAGMENT_NATIVE=%d", unit, native);
    fill(a, f->m, f->k, 3);
    fill(b, f->n, f->k, 7);
    if (multiply(ctx, f, &l, a, b, c, &err) != GCL_OK) {
        snprintf(why, why_bytes, "%s", err.message);
        gcl_error_clear(&err);
        return false;
    }
    for (size_t i = 0; i < f->m * f->n && works; i++) {
        float want = 0;
        for (size_t k = 0; k < f->k; k++)
            want += 2 * a[i / f->n * f->k + k] * b[i % f->n * f->k + k];
        works = c[i] == want;
        if (!works)
            snprintf(why, why_bytes, "element [%zu,%zu] of a product is %g, should be %g", i / f->n,
                     i % f->n, (double)c[i], (double)want);
    }
    return works;
}
