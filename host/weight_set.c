/* weight_set.c - packed weights on the device. */
#include "host/weight_set.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct entry {
    char *name;
    const char *packing; /* static string; "" for row-major */
    gcl_shape shape;     /* of the tensor, before packing */
    size_t bytes;
    cl_mem mem;
} entry;

struct gcl_weight_set {
    gcl_context *ctx;
    gcl_weight_source source;
    entry *entries;
    size_t n, room;
};

gcl_status gcl_weight_set_create(gcl_weight_set **out, gcl_context *ctx, gcl_weight_source source,
                                 gcl_error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "weights: host allocation of %zu bytes", sizeof **out);
    (*out)->ctx = ctx;
    (*out)->source = source;
    return GCL_OK;
}

void gcl_weight_set_destroy(gcl_weight_set *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < w->n; i++) {
        clReleaseMemObject(w->entries[i].mem);
        free(w->entries[i].name);
    }
    free(w->entries);
    free(w);
}

size_t gcl_weight_set_bytes(const gcl_weight_set *w)
{
    size_t sum = 0;

    for (size_t i = 0; i < w->n; i++)
        sum += w->entries[i].bytes;
    return sum;
}

/* Unmapping is what transfers on a device with its own memory. An earlier failure stays. */
static gcl_status finish_upload(cl_command_queue queue, cl_mem mem, void *mapped, const char *name,
                                gcl_status st, gcl_error *err)
{
    cl_int cl = clEnqueueUnmapMemObject(queue, mem, mapped, 0, NULL, NULL);

    if (cl != CL_SUCCESS)
        return st != GCL_OK ? st
                            : GCL_FAIL_CL(err, cl, "clEnqueueUnmapMemObject", "weight %s", name);
    cl = clFinish(queue);
    if (cl != CL_SUCCESS && st == GCL_OK)
        return GCL_FAIL_CL(err, cl, "clFinish", "weight %s", name);
    return st;
}

/* Packs straight into the mapped buffer: no second copy where host and device share memory. */
static gcl_status upload(gcl_weight_set *w, cl_mem mem, size_t bytes, const char *name,
                         const gcl_shape *shape, const gcl_packing *packing, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cl_command_queue queue = gcl_context_queue(w->ctx);
    float *row_major = NULL;
    void *mapped = clEnqueueMapBuffer(queue, mem, CL_TRUE, CL_MAP_WRITE_INVALIDATE_REGION, 0, bytes,
                                      0, NULL, NULL, &st);

    if (st != CL_SUCCESS)
        return GCL_FAIL_CL(err, st, "clEnqueueMapBuffer", "weight %s, %zu bytes", name, bytes);
    if (packing == NULL) {
        GCL_TRY(w->source.load(w->source.self, name, shape, mapped, err));
    } else {
        const size_t count = gcl_shape_count(shape);
        row_major = malloc(count * sizeof *row_major);
        if (row_major == NULL) {
            st = GCL_FAIL(err, GCL_E_NOMEM, "weight %s: host allocation of %zu bytes", name,
                          count * sizeof *row_major);
            goto done;
        }
        GCL_TRY(w->source.load(w->source.self, name, shape, row_major, err));
        packing->pack(mapped, row_major, shape, packing->param);
    }
done:
    free(row_major);
    return finish_upload(queue, mem, mapped, name, st, err);
}

static gcl_status add_entry(gcl_weight_set *w, cl_mem mem, size_t bytes, const char *name,
                            const gcl_shape *shape, const char *packing, gcl_error *err)
{
    entry e = {strdup(name), packing, *shape, bytes, mem};

    if (w->n == w->room) {
        const size_t room = w->room ? 2 * w->room : 64;
        entry *grown = realloc(w->entries, room * sizeof *grown);
        if (grown != NULL) {
            w->entries = grown;
            w->room = room;
        }
    }
    if (w->n == w->room || e.name == NULL) {
        free(e.name);
        return GCL_FAIL(err, GCL_E_NOMEM, "weight %s: host allocation failed", name);
    }
    w->entries[w->n++] = e;
    return GCL_OK;
}

gcl_status gcl_weight_set_get(gcl_weight_set *w, cl_mem *out, size_t *bytes, const char *name,
                              const gcl_shape *shape, const gcl_packing *packing, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const char *layout = packing == NULL ? "" : packing->name;
    const gcl_device_info *device = gcl_context_device(w->ctx);
    cl_mem mem = NULL;
    char first[96], second[96];

    *out = NULL;
    for (size_t i = 0; i < w->n; i++) {
        const entry *e = &w->entries[i];
        if (strcmp(e->packing, layout) != 0 || strcmp(e->name, name) != 0)
            continue;
        if (!gcl_shape_equal(&e->shape, shape))
            return GCL_FAIL(err, GCL_E_SHAPE, "weight %s is used as %s and as %s", name,
                            gcl_shape_text(first, sizeof first, &e->shape),
                            gcl_shape_text(second, sizeof second, shape));
        *out = e->mem;
        *bytes = e->bytes;
        return GCL_OK;
    }
    *bytes = packing == NULL ? gcl_shape_count(shape) * sizeof(float)
                             : packing->bytes(shape, packing->param);
    if (*bytes > device->max_alloc_bytes)
        return GCL_FAIL(err, GCL_E_BUFFER,
                        "weight %s needs %zu bytes, %s allows %llu in one buffer", name, *bytes,
                        device->name, (unsigned long long)device->max_alloc_bytes);
    mem = clCreateBuffer(gcl_context_cl(w->ctx), CL_MEM_READ_ONLY, *bytes, NULL, &st);
    if (st != CL_SUCCESS)
        return GCL_FAIL_CL(err, st, "clCreateBuffer", "weight %s, %zu bytes", name, *bytes);
    GCL_TRY(upload(w, mem, *bytes, name, shape, packing, err));
    GCL_TRY(add_entry(w, mem, *bytes, name, shape, layout, err));
    *out = mem;
    mem = NULL;
done:
    if (mem != NULL)
        clReleaseMemObject(mem);
    return st;
}
