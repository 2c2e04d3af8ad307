/* ceiling_host.c - what the host pays: launches and transfers, by the host's clock. */
#include "bench/ceiling_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN = 500, WAITS = 10 }; /* launches of one sample */
static const size_t transfer_bytes = (size_t)64 << 20;

/* ---- launches ---- */

/* `launches` of the kernel, in a chain or each waited for; *seconds for one. */
static gcl_status launch_sample(bench_rig *rig, cl_kernel kernel, int launches, bool wait,
                                double *seconds, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cl_command_queue queue = gcl_context_queue(rig->ctx);
    const size_t one = 1;
    const double start = bench_ceiling_clock();

    for (int i = 0; i < launches && st == CL_SUCCESS; i++) {
        st = clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, &one, 0, NULL, NULL);
        if (st == CL_SUCCESS && wait)
            st = clFinish(queue);
    }
    if (st == CL_SUCCESS)
        st = clFinish(queue);
    *seconds = (bench_ceiling_clock() - start) / launches;
    if (st != CL_SUCCESS)
        return GCL_FAIL_CL(err, st, "clEnqueueNDRangeKernel", "bench/launch.cl");
    return GCL_OK;
}

gcl_status bench_ceiling_launch(bench_rig *rig, bench_ceiling_id id, bench_ceiling *out,
                                gcl_error *err)
{
    gcl_status st = GCL_OK;
    cl_command_queue queue = gcl_context_queue(rig->ctx);
    const bool wait = id == BENCH_LAUNCH_WAIT;
    const int launches = wait ? WAITS : CHAIN;
    cl_program program = NULL;
    cl_kernel kernel = NULL;
    cl_uint count = 0, want = rig->bias;
    double seconds;

    GCL_TRY(gcl_context_program(rig->ctx, &program, "bench/launch", "", err));
    kernel = clCreateKernel(program, "ceiling_launch", &st);
    if (st == CL_SUCCESS)
        st = clSetKernelArg(kernel, 0, sizeof rig->out, &rig->out);
    if (st == CL_SUCCESS)
        st = clEnqueueWriteBuffer(queue, rig->out, CL_TRUE, 0, sizeof count, &count, 0, NULL, NULL);
    if (st != CL_SUCCESS) {
        st = GCL_FAIL_CL(err, st, "clCreateKernel, clSetKernelArg", "bench/launch.cl");
        goto done;
    }
    GCL_TRY(launch_sample(rig, kernel, launches, wait, &seconds, err));
    while (!bench_ceiling_done(out, rig->until)) {
        GCL_TRY(launch_sample(rig, kernel, launches, wait, &seconds, err));
        bench_ceiling_add(out, 1e6 * seconds);
    }
    want += (cl_uint)(launches * (out->n + 1));
    st = clEnqueueReadBuffer(queue, rig->out, CL_TRUE, 0, sizeof count, &count, 0, NULL, NULL);
    if (st != CL_SUCCESS)
        st = GCL_FAIL_CL(err, st, "clEnqueueReadBuffer", "%zu bytes", sizeof count);
    else if (count != want)
        st = GCL_FAIL(err, GCL_E_MISMATCH, "ceiling %s: %u launches asked for, %u ran",
                      bench_ceiling_name(id), want, count);
    snprintf(out->shape, sizeof out->shape, "one work-item, %d launches a sample", launches);
done:
    if (kernel != NULL)
        clReleaseKernel(kernel);
    return st;
}

/* ---- transfers ---- */

static gcl_status move(bench_rig *rig, bench_ceiling_id id, void *host, size_t bytes,
                       double *seconds, gcl_error *err)
{
    cl_command_queue queue = gcl_context_queue(rig->ctx);
    const bool to_device = id == BENCH_HOST_TO_DEVICE;
    const double start = bench_ceiling_clock();
    const gcl_status st =
        to_device ? clEnqueueWriteBuffer(queue, rig->y, CL_TRUE, 0, bytes, host, 0, NULL, NULL)
                  : clEnqueueReadBuffer(queue, rig->y, CL_TRUE, 0, bytes, host, 0, NULL, NULL);

    *seconds = bench_ceiling_clock() - start;
    if (st != CL_SUCCESS)
        return GCL_FAIL_CL(err, st, to_device ? "clEnqueueWriteBuffer" : "clEnqueueReadBuffer",
                           "%zu bytes", bytes);
    return GCL_OK;
}

static void fill(uint32_t *p, size_t bytes, uint32_t salt)
{
    for (size_t i = 0; i < bytes / sizeof *p; i++)
        p[i] = (uint32_t)i * UINT32_C(2654435761) + salt;
}

/* Writes, clears the host's copy, reads: the bytes must be the same. */
static gcl_status check_transfer(bench_rig *rig, void *host, size_t bytes, gcl_error *err)
{
    gcl_status st = GCL_OK;
    uint32_t *want = malloc(bytes);
    double seconds;

    if (want == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "transfer: host allocation of %zu bytes", bytes);
    fill(host, bytes, 1);
    fill(want, bytes, 1 + rig->bias);
    GCL_TRY(move(rig, BENCH_HOST_TO_DEVICE, host, bytes, &seconds, err));
    memset(host, 0, bytes);
    GCL_TRY(move(rig, BENCH_DEVICE_TO_HOST, host, bytes, &seconds, err));
    if (memcmp(host, want, bytes) != 0)
        st = GCL_FAIL(err, GCL_E_MISMATCH, "%zu bytes written to the device came back different",
                      bytes);
done:
    free(want);
    return st;
}

static gcl_status transfer_samples(bench_rig *rig, bench_ceiling_id id, void *host, size_t bytes,
                                   const char *kind, bench_ceiling *out, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_ceiling c = {0};
    double seconds;

    GCL_TRY(check_transfer(rig, host, bytes, err));
    while (!bench_ceiling_done(&c, rig->until)) {
        GCL_TRY(move(rig, id, host, bytes, &seconds, err));
        bench_ceiling_add(&c, 1e-9 * (double)bytes / seconds);
    }
    snprintf(c.shape, sizeof c.shape, "%zu MiB, %s", bytes >> 20, kind);
    if (c.median > out->median)
        *out = c;
done:
    return st;
}

gcl_status bench_ceiling_transfer(bench_rig *rig, bench_ceiling_id id, bench_ceiling *out,
                                  gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t bytes = transfer_bytes < rig->bytes ? transfer_bytes : rig->bytes;
    cl_command_queue queue = gcl_context_queue(rig->ctx);
    void *pageable = malloc(bytes), *mapped = NULL;
    cl_mem pinned = NULL;

    if (pageable == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "transfer: host allocation of %zu bytes", bytes);
    GCL_TRY(transfer_samples(rig, id, pageable, bytes, "pageable host memory", out, err));
    pinned = clCreateBuffer(gcl_context_cl(rig->ctx), CL_MEM_ALLOC_HOST_PTR, bytes, NULL, &st);
    if (st == CL_SUCCESS)
        mapped = clEnqueueMapBuffer(queue, pinned, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, bytes, 0,
                                    NULL, NULL, &st);
    if (st != CL_SUCCESS) {
        st = GCL_FAIL_CL(err, st, "clCreateBuffer, clEnqueueMapBuffer", "%zu bytes of the host",
                         bytes);
        goto done;
    }
    GCL_TRY(transfer_samples(rig, id, mapped, bytes, "mapped host memory", out, err));
done:
    if (mapped != NULL) {
        clEnqueueUnmapMemObject(queue, pinned, mapped, 0, NULL, NULL);
        clFinish(queue);
    }
    if (pinned != NULL)
        clReleaseMemObject(pinned);
    free(pageable);
    return st;
}
