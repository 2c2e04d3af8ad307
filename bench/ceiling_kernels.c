/* ceiling_kernels.c - the measured kernels: arguments, amount of work, expected results. */
#include "bench/ceiling_internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    LANES = 16,
    PATTERN = 16,          /* uints after which x repeats */
    STEPS = 1 << 15,       /* of arithmetic.cl; numbers stay below 2^24 */
    HALF_STEPS = 1 << 10,  /* numbers stay below 2^11 */
    LOCAL_STEPS = 1 << 13, /* of ceiling_local */
    LOCAL_STRIDE = 7,      /* vectors from one step to the next */
    LOCAL_TILE = 64,       /* TILE of memory.cl */
    DOT_B = 0x7f3b1d0b,    /* second factors of ceiling_dot */
    OUT_BYTES = 16 << 20,
};

/* ---- buffers ---- */

static void pattern(uint32_t p[PATTERN])
{
    for (uint32_t i = 0; i < PATTERN; i++)
        p[i] = (i + 1) * UINT32_C(2654435761);
}

/* Well above the caches, within what the device allows; a power of two. */
static size_t stream_bytes(const gcl_device_info *d)
{
    const uint64_t least = (uint64_t)(d->type & CL_DEVICE_TYPE_GPU ? 1024 : 256) << 20;
    const uint64_t room = d->global_mem_bytes / 8;
    const uint64_t most = d->max_alloc_bytes < room ? d->max_alloc_bytes : room;
    cl_ulong cache = 0;
    uint64_t bytes = (uint64_t)1 << 20;

    clGetDeviceInfo(d->id, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, sizeof cache, &cache, NULL);
    while ((bytes < least || bytes < 8 * cache) && 2 * bytes <= most)
        bytes *= 2;
    return (size_t)bytes;
}

static cl_int fill(bench_rig *rig, cl_mem buffer, const void *p, size_t p_bytes, size_t bytes)
{
    return clEnqueueFillBuffer(gcl_context_queue(rig->ctx), buffer, p, p_bytes, 0, bytes, 0, NULL,
                               NULL);
}

gcl_status bench_rig_open(bench_rig *rig, gcl_context *ctx, gcl_error *err)
{
    cl_int start[LANES + 3], st = CL_SUCCESS;
    const cl_uint zero = 0;
    uint32_t p[PATTERN];
    const struct {
        cl_mem *mem;
        size_t bytes;
    } wanted[] = {{&rig->start, sizeof start},
                  {&rig->out, OUT_BYTES},
                  {&rig->x, stream_bytes(gcl_context_device(ctx))},
                  {&rig->y, stream_bytes(gcl_context_device(ctx))}};

    rig->ctx = ctx;
    rig->out_bytes = OUT_BYTES;
    rig->bytes = wanted[2].bytes;
    for (int i = 0; i < LANES; i++)
        start[i] = i;
    start[LANES] = 1;
    start[LANES + 1] = 1;
    start[LANES + 2] = DOT_B;
    pattern(p);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *wanted[i].mem =
            clCreateBuffer(gcl_context_cl(ctx), CL_MEM_READ_WRITE, wanted[i].bytes, NULL, &st);
        if (st != CL_SUCCESS)
            return GCL_FAIL_CL(err, st, "clCreateBuffer", "%zu bytes", wanted[i].bytes);
    }
    st = clEnqueueWriteBuffer(gcl_context_queue(ctx), rig->start, CL_TRUE, 0, sizeof start, start,
                              0, NULL, NULL);
    if (st == CL_SUCCESS)
        st = fill(rig, rig->x, p, sizeof p, rig->bytes);
    if (st == CL_SUCCESS)
        st = fill(rig, rig->y, &zero, sizeof zero, rig->bytes);
    if (st == CL_SUCCESS)
        st = clFinish(gcl_context_queue(ctx));
    if (st != CL_SUCCESS)
        return GCL_FAIL_CL(err, st, "clEnqueueFillBuffer", "%zu bytes", rig->bytes);
    return GCL_OK;
}

void bench_rig_close(bench_rig *rig)
{
    const cl_mem all[] = {rig->start, rig->out, rig->x, rig->y};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] != NULL)
            clReleaseMemObject(all[i]);
    memset(rig, 0, sizeof *rig);
}

/* ---- arithmetic ---- */

static size_t items(const bench_shape *s)
{
    return (size_t)s->v[AXIS_LOCAL] * (size_t)s->v[AXIS_GROUPS];
}

static cl_int clear_out(bench_rig *rig, const bench_shape *s)
{
    const cl_uint zero = 0;

    return fill(rig, rig->out, &zero, sizeof zero, items(s) * sizeof zero);
}

/* Compares out with want[local id], uint or float. */
static gcl_status verify_items(bench_rig *rig, const bench_shape *s, const double *want,
                               bool is_float, gcl_error *err)
{
    const size_t n = items(s), local = (size_t)s->v[AXIS_LOCAL];
    cl_uint *got = malloc(n * sizeof *got);
    gcl_status st = GCL_OK;

    if (got == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "checksums: host allocation of %zu numbers", n);
    st = clEnqueueReadBuffer(gcl_context_queue(rig->ctx), rig->out, CL_TRUE, 0, n * sizeof *got,
                             got, 0, NULL, NULL);
    if (st != CL_SUCCESS)
        st = GCL_FAIL_CL(err, st, "clEnqueueReadBuffer", "%zu checksums", n);
    for (size_t i = 0; i < n && st == GCL_OK; i++) {
        double value = got[i];
        if (is_float) {
            float f;
            memcpy(&f, &got[i], sizeof f);
            value = (double)f;
        }
        if (value != want[i % local] + rig->bias)
            st = GCL_FAIL(err, GCL_E_MISMATCH,
                          "work-item %zu: checksum %.9g, expected %.9g: the work was not done", i,
                          value, want[i % local] + rig->bias);
    }
    free(got);
    return st;
}

static cl_int prepare_steps(bench_rig *rig, cl_kernel kernel, const bench_shape *s, cl_int steps)
{
    const cl_int n = steps / s->v[AXIS_UNROLL];
    cl_int st = clear_out(rig, s);

    if (st == CL_SUCCESS)
        st = clSetKernelArg(kernel, 0, sizeof rig->start, &rig->start);
    if (st == CL_SUCCESS)
        st = clSetKernelArg(kernel, 1, sizeof rig->out, &rig->out);
    return st == CL_SUCCESS ? clSetKernelArg(kernel, 2, sizeof n, &n) : st;
}

static cl_int prepare_full(bench_rig *rig, cl_kernel kernel, const bench_shape *s)
{
    return prepare_steps(rig, kernel, s, STEPS);
}

static cl_int prepare_half(bench_rig *rig, cl_kernel kernel, const bench_shape *s)
{
    return prepare_steps(rig, kernel, s, HALF_STEPS);
}

static double chains(const bench_shape *s)
{
    return (double)items(s) * s->v[AXIS_ACCUMULATORS] * s->v[AXIS_WIDTH];
}

static double work_full(const bench_rig *rig, const bench_shape *s)
{
    (void)rig;
    return chains(s) * STEPS * 2.0;
}

static double work_half(const bench_rig *rig, const bench_shape *s)
{
    (void)rig;
    return chains(s) * HALF_STEPS * 2.0;
}

static double work_dot(const bench_rig *rig, const bench_shape *s)
{
    (void)rig;
    return chains(s) * STEPS * 8.0; /* four products, four sums */
}

static gcl_status verify_mad(bench_rig *rig, const bench_shape *s, int steps, gcl_error *err)
{
    const int local = s->v[AXIS_LOCAL];
    double *want = calloc((size_t)local, sizeof *want);
    gcl_status st;

    if (want == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "checksums: host allocation of %d numbers", local);
    for (int i = 0; i < local; i++)
        for (int k = 0; k < s->v[AXIS_ACCUMULATORS]; k++)
            for (int lane = 0; lane < s->v[AXIS_WIDTH]; lane++)
                want[i] += lane + (i & 15) + k + steps;
    st = verify_items(rig, s, want, true, err);
    free(want);
    return st;
}

static gcl_status verify_full(bench_rig *rig, const bench_shape *s, gcl_error *err)
{
    return verify_mad(rig, s, STEPS, err);
}

static gcl_status verify_half(bench_rig *rig, const bench_shape *s, gcl_error *err)
{
    return verify_mad(rig, s, HALF_STEPS, err);
}

/* x + dot4(x, DOT_B), STEPS times. */
static uint32_t dot_chain(uint32_t x)
{
    static const int32_t b[4] = {0x0b, 0x1d, 0x3b, 0x7f};

    for (int i = 0; i < STEPS; i++) {
        int32_t dot = 0;
        for (int j = 0; j < 4; j++) {
            const int32_t byte = (int32_t)(x >> (8 * j) & 255);
            dot += (byte < 128 ? byte : byte - 256) * b[j];
        }
        x += (uint32_t)dot;
    }
    return x;
}

static gcl_status verify_dot(bench_rig *rig, const bench_shape *s, gcl_error *err)
{
    const int local = s->v[AXIS_LOCAL];
    double *want = calloc((size_t)local, sizeof *want);
    gcl_status st;

    if (want == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "checksums: host allocation of %d numbers", local);
    for (int i = 0; i < local; i++) {
        uint32_t sum = 0;
        for (int k = 0; k < s->v[AXIS_ACCUMULATORS] && i < 16; k++)
            sum += dot_chain((uint32_t)(1 + i + k));
        want[i] = i < 16 ? (double)sum : want[i & 15];
    }
    st = verify_items(rig, s, want, false, err);
    free(want);
    return st;
}

/* ---- memory ---- */

/* Vectors of a work-group: a multiple of what its work-items take at once. */
static cl_uint slice(const bench_rig *rig, const bench_shape *s)
{
    const size_t vectors = rig->bytes / (sizeof(cl_uint) * (size_t)s->v[AXIS_WIDTH]);
    const size_t at_once = (size_t)s->v[AXIS_LOCAL] * (size_t)s->v[AXIS_UNROLL];

    return (cl_uint)(vectors / (size_t)s->v[AXIS_GROUPS] / at_once * at_once);
}

static size_t numbers(const bench_rig *rig, const bench_shape *s)
{
    return (size_t)slice(rig, s) * (size_t)s->v[AXIS_GROUPS] * (size_t)s->v[AXIS_WIDTH];
}

static cl_int prepare_read(bench_rig *rig, cl_kernel kernel, const bench_shape *s)
{
    const cl_uint n = slice(rig, s);
    cl_int st = clear_out(rig, s);

    if (st == CL_SUCCESS)
        st = clSetKernelArg(kernel, 0, sizeof rig->x, &rig->x);
    if (st == CL_SUCCESS)
        st = clSetKernelArg(kernel, 1, sizeof rig->out, &rig->out);
    return st == CL_SUCCESS ? clSetKernelArg(kernel, 2, sizeof n, &n) : st;
}

static cl_int prepare_copy(bench_rig *rig, cl_kernel kernel, const bench_shape *s)
{
    const cl_uint n = slice(rig, s), zero = 0;
    cl_int st = fill(rig, rig->y, &zero, sizeof zero, rig->bytes);

    if (st == CL_SUCCESS)
        st = clSetKernelArg(kernel, 0, sizeof rig->x, &rig->x);
    if (st == CL_SUCCESS)
        st = clSetKernelArg(kernel, 1, sizeof rig->y, &rig->y);
    return st == CL_SUCCESS ? clSetKernelArg(kernel, 2, sizeof n, &n) : st;
}

static double work_read(const bench_rig *rig, const bench_shape *s)
{
    return (double)numbers(rig, s) * sizeof(cl_uint);
}

static double work_copy(const bench_rig *rig, const bench_shape *s)
{
    return 2.0 * work_read(rig, s);
}

/* Sum of n numbers of a buffer, mod 2^32. */
static gcl_status sum_of(bench_rig *rig, cl_mem buffer, size_t n, uint32_t *sum, gcl_error *err)
{
    cl_command_queue queue = gcl_context_queue(rig->ctx);
    gcl_status st;
    const cl_uint *p = clEnqueueMapBuffer(queue, buffer, CL_TRUE, CL_MAP_READ, 0, n * sizeof *p, 0,
                                          NULL, NULL, &st);

    *sum = 0;
    if (st != CL_SUCCESS)
        return GCL_FAIL_CL(err, st, "clEnqueueMapBuffer", "%zu numbers", n);
    for (size_t i = 0; i < n; i++)
        *sum += p[i];
    st = clEnqueueUnmapMemObject(queue, buffer, (void *)(uintptr_t)p, 0, NULL, NULL);
    if (st == CL_SUCCESS)
        st = clFinish(queue);
    if (st != CL_SUCCESS)
        return GCL_FAIL_CL(err, st, "clEnqueueUnmapMemObject", "%zu numbers", n);
    return GCL_OK;
}

static gcl_status verify_sum(bench_rig *rig, const bench_shape *s, cl_mem buffer, size_t n,
                             gcl_error *err)
{
    const size_t read = numbers(rig, s);
    uint32_t p[PATTERN], got, want = rig->bias;
    gcl_status st = sum_of(rig, buffer, n, &got, err);

    pattern(p);
    for (size_t i = 0; i < PATTERN; i++)
        want += p[i] * (uint32_t)(read / PATTERN + (i < read % PATTERN));
    if (st == GCL_OK && got != want)
        st = GCL_FAIL(err, GCL_E_MISMATCH,
                      "checksum of %zu numbers is %u, expected %u: the work was not done", read,
                      got, want);
    return st;
}

static gcl_status verify_read(bench_rig *rig, const bench_shape *s, gcl_error *err)
{
    return verify_sum(rig, s, rig->out, items(s), err);
}

static gcl_status verify_copy(bench_rig *rig, const bench_shape *s, gcl_error *err)
{
    return verify_sum(rig, s, rig->y, numbers(rig, s), err);
}

/* ---- local memory ---- */

static cl_int prepare_local(bench_rig *rig, cl_kernel kernel, const bench_shape *s)
{
    const cl_uint n = LOCAL_STEPS, stride = LOCAL_STRIDE;
    cl_int st = clear_out(rig, s);

    if (st == CL_SUCCESS)
        st = clSetKernelArg(kernel, 0, sizeof rig->out, &rig->out);
    if (st == CL_SUCCESS)
        st = clSetKernelArg(kernel, 1, sizeof n, &n);
    return st == CL_SUCCESS ? clSetKernelArg(kernel, 2, sizeof stride, &stride) : st;
}

static double work_local(const bench_rig *rig, const bench_shape *s)
{
    const double vector = (double)sizeof(cl_uint) * s->v[AXIS_WIDTH];
    const double tile = vector * (LOCAL_TILE + s->v[AXIS_LOCAL] * s->v[AXIS_UNROLL]);

    if (tile > (double)gcl_context_device(rig->ctx)->local_mem_bytes)
        return 0.0;
    return (double)items(s) * LOCAL_STEPS * s->v[AXIS_UNROLL] * vector;
}

static gcl_status verify_local(bench_rig *rig, const bench_shape *s, gcl_error *err)
{
    const uint32_t local = (uint32_t)s->v[AXIS_LOCAL], unroll = (uint32_t)s->v[AXIS_UNROLL];
    double *want = calloc(local, sizeof *want);
    uint32_t sum = 0;
    gcl_status st;

    if (want == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "checksums: host allocation of %u numbers", local);
    for (uint32_t i = 0; i < LOCAL_STEPS; i++)
        for (uint32_t u = 0; u < unroll; u++)
            sum += i * LOCAL_STRIDE % LOCAL_TILE + u * local;
    for (uint32_t i = 0; i < local; i++)
        want[i] = (uint32_t)s->v[AXIS_WIDTH] * (sum + LOCAL_STEPS * unroll * i);
    st = verify_items(rig, s, want, false, err);
    free(want);
    return st;
}

/* ---- which there are ---- */

static bool has_extension(const gcl_device_info *d, const char *name)
{
    char *all = NULL;
    size_t bytes = 0;
    bool found = false;

    if (clGetDeviceInfo(d->id, CL_DEVICE_EXTENSIONS, 0, NULL, &bytes) == CL_SUCCESS &&
        (all = calloc(1, bytes + 1)) != NULL &&
        clGetDeviceInfo(d->id, CL_DEVICE_EXTENSIONS, bytes, all, NULL) == CL_SUCCESS)
        found = strstr(all, name) != NULL;
    free(all);
    return found;
}

const bench_probe *bench_probe_find(const bench_rig *rig, bench_ceiling_id id)
{
    static const bench_probe probes[] = {
        [BENCH_FMA_F32] = {"bench/arithmetic", "ceiling_mad", " -cl-mad-enable", false,
                           prepare_full, work_full, verify_full},
        [BENCH_FMA_F16] = {"bench/arithmetic", "ceiling_mad", " -cl-mad-enable -DHALF=1 -DT=half",
                           false, prepare_half, work_half, verify_half},
        [BENCH_DOT_I8] = {"bench/arithmetic", "ceiling_dot", " -DDOT=1 -cl-std=CL3.0", false,
                          prepare_full, work_dot, verify_dot},
        [BENCH_READ] = {"bench/memory", "ceiling_read", "", true, prepare_read, work_read,
                        verify_read},
        [BENCH_COPY] = {"bench/memory", "ceiling_copy", "", true, prepare_copy, work_copy,
                        verify_copy},
        [BENCH_LOCAL] = {"bench/memory", "ceiling_local", "", false, prepare_local, work_local,
                         verify_local},
    };
    const gcl_device_info *d = gcl_context_device(rig->ctx);

    if ((id == BENCH_FMA_F16 && !d->fp16) ||
        (id == BENCH_DOT_I8 && !has_extension(d, "cl_khr_integer_dot_product")))
        return NULL;
    return &probes[id];
}
