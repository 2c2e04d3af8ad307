/* ceiling_host.c - what the host pays: launches and transfers, by the host's clock. */
#include "bench/ceiling_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN = 500, WAITS = 10, TRIES = 3 }; /* launches of a sample; transfers of a search */
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

gcl_status bench_launch_search(bench_rig *rig, bench_ceiling_id id, bench_shape *shape,
                               bench_ceiling *out, gcl_error *err)
{
    (void)rig;
    (void)err;
    *shape = (bench_shape){{1, 1, 1, 1, 1}};
    snprintf(out->shape, sizeof out->shape, "one work-item, %d launches a sample",
             id == BENCH_LAUNCH_WAIT ? WAITS : CHAIN);
    return GCL_OK;
}

gcl_status bench_launch_sample(bench_rig *rig, bench_ceiling_id id, const bench_shape *shape,
                               bench_ceiling *out, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cl_command_queue queue = gcl_context_queue(rig->ctx);
    const bool wait = id == BENCH_LAUNCH_WAIT;
    const int launches = wait ? WAITS : CHAIN;
    const cl_uint want = (cl_uint)(launches * (BENCH_ROUND_SAMPLES + 1)) + rig->bias;
    cl_program program = NULL;
    cl_kernel kernel = NULL;
    cl_uint count = 0;
    double seconds;

    (void)shape;
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
    for (int i = 0; i <= BENCH_ROUND_SAMPLES; i++) {
        GCL_TRY(launch_sample(rig, kernel, launches, wait, &seconds, err));
        if (i > 0)
            bench_ceiling_add(out, id, 1e6 * seconds);
    }
    st = clEnqueueReadBuffer(queue, rig->out, CL_TRUE, 0, sizeof count, &count, 0, NULL, NULL);
    if (st != CL_SUCCESS)
        st = GCL_FAIL_CL(err, st, "clEnqueueReadBuffer", "%zu bytes", sizeof count);
    else if (count != want)
        st = GCL_FAIL(err, GCL_E_MISMATCH, "ceiling %s: %u launches asked for, %u ran",
                      bench_ceiling_name(id), want, count);
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

/* Host memory of a transfer: malloc'd, or a mapped buffer's, which a driver may have pinned. */
typedef struct host_memory {
    void *p;
    cl_mem buffer; /* NULL for malloc'd */
} host_memory;

static gcl_status take_host_memory(bench_rig *rig, bool mapped, size_t bytes, host_memory *out,
                                   gcl_error *err)
{
    gcl_status st = GCL_OK;

    memset(out, 0, sizeof *out);
    if (!mapped) {
        out->p = malloc(bytes);
        return out->p != NULL
                   ? GCL_OK
                   : GCL_FAIL(err, GCL_E_NOMEM, "transfer: host allocation of %zu bytes", bytes);
    }
    out->buffer = clCreateBuffer(gcl_context_cl(rig->ctx), CL_MEM_ALLOC_HOST_PTR, bytes, NULL, &st);
    if (st == CL_SUCCESS)
        out->p = clEnqueueMapBuffer(gcl_context_queue(rig->ctx), out->buffer, CL_TRUE,
                                    CL_MAP_READ | CL_MAP_WRITE, 0, bytes, 0, NULL, NULL, &st);
    if (st != CL_SUCCESS)
        return GCL_FAIL_CL(err, st, "clCreateBuffer, clEnqueueMapBuffer", "%zu bytes of the host",
                           bytes);
    return GCL_OK;
}

static void return_host_memory(bench_rig *rig, host_memory *m)
{
    if (m->buffer == NULL) {
        free(m->p);
        return;
    }
    if (m->p != NULL) {
        clEnqueueUnmapMemObject(gcl_context_queue(rig->ctx), m->buffer, m->p, 0, NULL, NULL);
        clFinish(gcl_context_queue(rig->ctx));
    }
    clReleaseMemObject(m->buffer);
}

/* width 1 is malloc'd memory, 2 mapped; the better of a few transfers, after a check. */
gcl_status bench_transfer_search(bench_rig *rig, bench_ceiling_id id, bench_shape *shape,
                                 bench_ceiling *out, gcl_error *err)
{
    const size_t bytes = transfer_bytes < rig->bytes ? transfer_bytes : rig->bytes;
    gcl_status st = GCL_OK;
    double best = 0.0, seconds;

    for (int width = 1; width <= 2; width++) {
        host_memory host;

        st = take_host_memory(rig, width == 2, bytes, &host, err);
        if (st == GCL_OK)
            st = check_transfer(rig, host.p, bytes, err);
        for (int i = 0; i < TRIES && st == GCL_OK; i++) {
            st = move(rig, id, host.p, bytes, &seconds, err);
            if (st == GCL_OK && (best == 0.0 || seconds < best)) {
                best = seconds;
                *shape = (bench_shape){{width, 1, 1, 1, 1}};
            }
        }
        return_host_memory(rig, &host);
        if (st != GCL_OK)
            return st;
    }
    snprintf(out->shape, sizeof out->shape, "%zu MiB, %s host memory", bytes >> 20,
             shape->v[AXIS_WIDTH] == 2 ? "mapped" : "pageable");
    return GCL_OK;
}

gcl_status bench_transfer_sample(bench_rig *rig, bench_ceiling_id id, const bench_shape *shape,
                                 bench_ceiling *out, gcl_error *err)
{
    const size_t bytes = transfer_bytes < rig->bytes ? transfer_bytes : rig->bytes;
    gcl_status st = GCL_OK;
    host_memory host;
    double seconds;

    GCL_TRY(take_host_memory(rig, shape->v[AXIS_WIDTH] == 2, bytes, &host, err));
    memset(host.p, 1, bytes);
    for (int i = 0; i <= BENCH_ROUND_SAMPLES; i++) {
        GCL_TRY(move(rig, id, host.p, bytes, &seconds, err));
        if (i > 0)
            bench_ceiling_add(out, id, 1e-9 * (double)bytes / seconds);
    }
done:
    return_host_memory(rig, &host);
    return st;
}
