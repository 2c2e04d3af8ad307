/* context.c - context, queue, and the programs compiled for them. */
#include "host/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/verbose.h"
#include "host/kernel_source.h"
#include "host/matrix_unit_internal.h"
#include "host/program_cache.h"

typedef struct built_program {
    char *name;
    char *options;
    cl_program program;
} built_program;

enum { MAX_AT_DESTROY = 4 }; /* libraries with caches of their own: CLBlast */

struct gcl_context {
    gcl_device_info device;
    cl_context cl;
    cl_command_queue queue;
    built_program *programs;
    size_t n_programs;
    bool unit_checked;
    void (*at_destroy[MAX_AT_DESTROY])(void);
};

gcl_status gcl_context_create(gcl_context **out, const gcl_device_info *device, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_context *ctx = calloc(1, sizeof *ctx);
    const cl_context_properties props[] = {CL_CONTEXT_PLATFORM,
                                           (cl_context_properties)device->platform, 0};

    *out = NULL;
    if (ctx == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "context: host allocation of %zu bytes", sizeof *ctx);
    ctx->device = *device;
    ctx->cl = clCreateContext(props, 1, &device->id, NULL, NULL, &st);
    if (st != CL_SUCCESS) {
        st = GCL_FAIL_CL(err, st, "clCreateContext", "device %s", device->name);
        goto done;
    }
    ctx->queue = clCreateCommandQueue(ctx->cl, device->id, CL_QUEUE_PROFILING_ENABLE, &st);
    if (st != CL_SUCCESS) {
        st = GCL_FAIL_CL(err, st, "clCreateCommandQueue", "device %s", device->name);
        goto done;
    }
    *out = ctx;
    ctx = NULL;
done:
    gcl_context_destroy(ctx);
    return st;
}

void gcl_context_destroy(gcl_context *ctx)
{
    if (ctx == NULL)
        return;
    for (int i = 0; i < MAX_AT_DESTROY && ctx->at_destroy[i] != NULL; i++)
        ctx->at_destroy[i]();
    for (size_t i = 0; i < ctx->n_programs; i++) {
        clReleaseProgram(ctx->programs[i].program);
        free(ctx->programs[i].name);
        free(ctx->programs[i].options);
    }
    free(ctx->programs);
    if (ctx->queue != NULL)
        clReleaseCommandQueue(ctx->queue);
    if (ctx->cl != NULL)
        clReleaseContext(ctx->cl);
    free(ctx);
}

void gcl_context_at_destroy(gcl_context *ctx, void (*fn)(void))
{
    for (int i = 0; i < MAX_AT_DESTROY && ctx->at_destroy[i] != fn; i++)
        if (ctx->at_destroy[i] == NULL) {
            ctx->at_destroy[i] = fn;
            break;
        }
}

void gcl_context_check_unit(gcl_context *ctx)
{
    const gcl_matrix_unit unit = ctx->device.matrix_unit;
    char why[512] = "";

    if (ctx->unit_checked || unit == GCL_UNIT_NONE)
        return;
    ctx->unit_checked = true;
    if (gcl_matrix_unit_works(ctx, unit, true, why, sizeof why))
        return;
    gcl_verbose("device %s: its matrix unit, %s, is not used: %s", ctx->device.name,
                gcl_fragment_of(unit)->name, why);
    ctx->device.matrix_unit = GCL_UNIT_NONE;
}

const gcl_device_info *gcl_context_device(const gcl_context *ctx)
{
    return &ctx->device;
}

cl_context gcl_context_cl(const gcl_context *ctx)
{
    return ctx->cl;
}

cl_command_queue gcl_context_queue(const gcl_context *ctx)
{
    return ctx->queue;
}

/* A failed build, whatever its code: message with everything needed to repeat it, and the log. */
static gcl_status fail_build(gcl_context *ctx, cl_program program, gcl_status st, const char *name,
                             const char *options, gcl_error *err)
{
    const gcl_device_info *d = &ctx->device;
    size_t n = 0;

    GCL_FAIL_CL(err, st, "clBuildProgram", "%s.cl on %s, driver %s, options \"%s\"", name, d->name,
                d->driver, options);
    if (err != NULL &&
        clGetProgramBuildInfo(program, d->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &n) == CL_SUCCESS &&
        (err->log = malloc(n + 1)) != NULL) {
        err->log[0] = '\0';
        clGetProgramBuildInfo(program, d->id, CL_PROGRAM_BUILD_LOG, n, err->log, NULL);
        err->log[n] = '\0';
    }
    return st;
}

static cl_program from_cache(gcl_context *ctx, const char *name, const char *options,
                             const char *key, size_t key_bytes)
{
    size_t bytes = 0;
    const unsigned char *binary = gcl_program_cache_load(name, key, key_bytes, &bytes);
    cl_program program = NULL;
    cl_int each = CL_SUCCESS, st = CL_SUCCESS;

    if (binary == NULL)
        return NULL;
    program = clCreateProgramWithBinary(ctx->cl, 1, &ctx->device.id, &bytes, &binary, &each, &st);
    if (st == CL_SUCCESS)
        st = clBuildProgram(program, 1, &ctx->device.id, options, NULL, NULL);
    if (st != CL_SUCCESS) {
        gcl_verbose("cache: the driver refuses the stored %s: %s", name, gcl_status_name(st));
        if (program != NULL)
            clReleaseProgram(program);
        program = NULL;
    }
    free((void *)(size_t)binary);
    return program;
}

static void to_cache(cl_program program, const char *name, const char *key, size_t key_bytes)
{
    size_t bytes = 0;
    unsigned char *binary = NULL;

    if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof bytes, &bytes, NULL) !=
            CL_SUCCESS ||
        bytes == 0 || (binary = malloc(bytes)) == NULL)
        return;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) == CL_SUCCESS)
        gcl_program_cache_store(name, key, key_bytes, binary, bytes);
    free(binary);
}

static gcl_status from_source(gcl_context *ctx, cl_program *out, const char *name,
                              const char *options, const char *source, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cl_program program = clCreateProgramWithSource(ctx->cl, 1, &source, NULL, &st);

    *out = NULL;
    if (st != CL_SUCCESS)
        return GCL_FAIL_CL(err, st, "clCreateProgramWithSource", "%s.cl", name);
    st = clBuildProgram(program, 1, &ctx->device.id, options, NULL, NULL);
    if (st != CL_SUCCESS) {
        fail_build(ctx, program, st, name, options, err);
        clReleaseProgram(program);
        return st;
    }
    *out = program;
    return GCL_OK;
}

/* Everything the binary depends on, as one text. */
static char *cache_key(const gcl_device_info *d, const char *options, const char *source,
                       size_t *bytes)
{
    static const char fmt[] = "%s\n%s\n%s\n%s\n%s\n%s";
    const int n =
        snprintf(NULL, 0, fmt, d->platform_name, d->name, d->version, d->driver, options, source);
    char *key = n < 0 ? NULL : malloc((size_t)n + 1);

    if (key != NULL)
        *bytes = (size_t)snprintf(key, (size_t)n + 1, fmt, d->platform_name, d->name, d->version,
                                  d->driver, options, source);
    return key;
}

static gcl_status remember(gcl_context *ctx, cl_program program, const char *name,
                           const char *options, gcl_error *err)
{
    built_program *grown = realloc(ctx->programs, (ctx->n_programs + 1) * sizeof *ctx->programs);
    built_program *b;

    if (grown == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "program %s: host allocation failed", name);
    ctx->programs = grown;
    b = &grown[ctx->n_programs];
    b->name = strdup(name);
    b->options = strdup(options);
    b->program = program;
    if (b->name == NULL || b->options == NULL) {
        free(b->name);
        free(b->options);
        return GCL_FAIL(err, GCL_E_NOMEM, "program %s: host allocation failed", name);
    }
    ctx->n_programs++;
    return GCL_OK;
}

gcl_status gcl_context_program(gcl_context *ctx, cl_program *out, const char *name,
                               const char *more_options, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char options[512];
    char *source = NULL, *key = NULL;
    size_t key_bytes = 0;
    cl_program program = NULL;

    *out = NULL;
    snprintf(options, sizeof options, "-cl-std=CL1.2%s%s", *more_options ? " " : "", more_options);
    for (size_t i = 0; i < ctx->n_programs; i++)
        if (strcmp(ctx->programs[i].name, name) == 0 &&
            strcmp(ctx->programs[i].options, options) == 0) {
            *out = ctx->programs[i].program;
            return GCL_OK;
        }
    GCL_TRY(gcl_kernel_source(&source, name, err));
    key = cache_key(&ctx->device, options, source, &key_bytes);
    if (key == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "program %s: host allocation failed", name);
        goto done;
    }
    program = from_cache(ctx, name, options, key, key_bytes);
    if (program == NULL) {
        GCL_TRY(from_source(ctx, &program, name, options, source, err));
        to_cache(program, name, key, key_bytes);
    }
    GCL_TRY(remember(ctx, program, name, options, err));
    *out = program;
    program = NULL;
done:
    if (program != NULL)
        clReleaseProgram(program);
    free(source);
    free(key);
    return st;
}
