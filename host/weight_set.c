/* weight_set.c - weights packed by the device, from where they lie. */
#include "host/weight_set.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "host/kernel.h"

/* Sources whose packing is under way. More are waited for, so that what was read does not pile up
 * beside what was packed. */
enum { MAX_PENDING = 256, MAX_PENDING_BYTES = 64 << 20 };

typedef struct pending {
    gcl_weight_view view;
    size_t bytes;
} pending;

typedef struct entry {
    char *name;          /* of a list: the names of all members */
    const char *packing; /* static string; "" for row-major */
    gcl_shape shape;     /* of the tensor, before packing; of a list: none */
    size_t bytes;
    cl_mem mem;
} entry;

struct gcl_weight_set {
    gcl_context *ctx;
    gcl_weight_source source;
    entry *entries;
    size_t n, room;
    pending pending[MAX_PENDING];
    size_t n_pending, pending_bytes;
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

/* ---- sources ---- */

bool gcl_weight_set_allows_half(const gcl_weight_set *w, const char *name, bool rounded)
{
    return w->source.allows_half != NULL && w->source.allows_half(w->source.self, name, rounded);
}

gcl_status gcl_weight_set_finish(gcl_weight_set *w, gcl_error *err)
{
    const cl_int st = w->n_pending == 0 ? CL_SUCCESS : clFinish(gcl_context_queue(w->ctx));

    for (size_t i = 0; i < w->n_pending; i++) {
        const pending *p = &w->pending[i];
        if (p->view.mapped)
            gcl_map_drop(p->view.data, p->bytes);
        free(p->view.owned);
    }
    w->n_pending = w->pending_bytes = 0;
    return st == CL_SUCCESS ? GCL_OK : GCL_FAIL_CL(err, st, "clFinish", "packing weights");
}

/* Keeps the view until it has been read, whatever happens. */
static gcl_status hold(gcl_weight_set *w, const gcl_weight_view *view, size_t bytes, gcl_error *err)
{
    gcl_status st = GCL_OK;

    if (w->n_pending == MAX_PENDING || w->pending_bytes + bytes > MAX_PENDING_BYTES)
        st = gcl_weight_set_finish(w, err);
    w->pending[w->n_pending++] = (pending){*view, bytes};
    w->pending_bytes += bytes;
    return st;
}

void gcl_weight_set_destroy(gcl_weight_set *w)
{
    if (w == NULL)
        return;
    gcl_weight_set_finish(w, NULL);
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

/* ---- buffers ---- */

static bool shares_memory(const gcl_weight_set *w)
{
    const gcl_device_info *device = gcl_context_device(w->ctx);

    return gcl_device_is_cpu(device) && device->unified_memory;
}

static gcl_status create_buffer(gcl_weight_set *w, cl_mem *out, cl_mem_flags flags, size_t bytes,
                                const void *data, const char *name, gcl_error *err)
{
    cl_int st;

    *out = clCreateBuffer(gcl_context_cl(w->ctx), flags, bytes, (void *)(uintptr_t)data, &st);
    return st == CL_SUCCESS
               ? GCL_OK
               : GCL_FAIL_CL(err, st, "clCreateBuffer", "weight %s, %zu bytes", name, bytes);
}

/* The tensor as the device reads it, in place or copied. */
static gcl_status create_source(gcl_weight_set *w, cl_mem *out, const gcl_weight_view *view,
                                size_t bytes, const char *name, gcl_error *err)
{
    gcl_status st = GCL_OK;

    if (shares_memory(w))
        return create_buffer(w, out, CL_MEM_READ_ONLY | CL_MEM_USE_HOST_PTR, bytes, view->data,
                             name, err);
    GCL_TRY(create_buffer(w, out, CL_MEM_READ_ONLY, bytes, NULL, name, err));
    st = clEnqueueWriteBuffer(gcl_context_queue(w->ctx), *out, CL_FALSE, 0, bytes, view->data, 0,
                              NULL, NULL);
    if (st != CL_SUCCESS)
        st = GCL_FAIL_CL(err, st, "clEnqueueWriteBuffer", "weight %s, %zu bytes", name, bytes);
done:
    return st;
}

/* ---- packing ---- */

static size_t row_major_bytes(const gcl_shape *shape, size_t param)
{
    (void)param;
    return gcl_shape_count(shape) * sizeof(float);
}

static void row_major_launch(gcl_launch *l, const gcl_device_info *device, const gcl_shape *shape,
                             size_t param)
{
    const size_t n = gcl_shape_count(shape);

    (void)param;
    l->program = "pack/row_major";
    l->kernel = "pack_row_major_f32";
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_FROM));
    gcl_launch_arg(l, gcl_arg_slot(GCL_PACK_TO));
    gcl_launch_arg(l, gcl_arg_ulong(n));
    gcl_launch_items(l, device, n, 1, 1);
}

static const gcl_packing row_major = {"", 0, false, row_major_bytes, row_major_launch};

static gcl_status enqueue_packing(gcl_weight_set *w, const gcl_packing *packing,
                                  gcl_weight_dtype dtype, cl_mem from, cl_mem to, const char *name,
                                  const gcl_shape *shape, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_launch l = {0};
    char source[16];
    cl_kernel kernel = NULL;

    packing->launch(&l, gcl_context_device(w->ctx), shape, packing->param);
    snprintf(source, sizeof source, "-DSRC=%d", (int)dtype);
    GCL_TRY(gcl_kernel_create(w->ctx, &kernel, &l, source, err));
    for (int i = 0; i < l.n_args; i++)
        GCL_TRY(
            gcl_kernel_set_arg(kernel, &l, i, l.args[i].slot == GCL_PACK_FROM ? from : to, err));
    st = clEnqueueNDRangeKernel(gcl_context_queue(w->ctx), kernel, (cl_uint)l.dims, NULL, l.global,
                                l.local, 0, NULL, NULL);
    if (st != CL_SUCCESS)
        st = GCL_FAIL_CL(err, st, "clEnqueueNDRangeKernel", "weight %s, kernel %s", name, l.kernel);
done:
    if (kernel != NULL)
        clReleaseKernel(kernel);
    return st;
}

static size_t source_bytes(const gcl_weight_view *view, const gcl_shape *shape)
{
    return gcl_shape_count(shape) * (view->dtype == GCL_WEIGHT_F32 ? 4 : 2);
}

/* Bits of element i, of F32 or BF16, as f32; in a file it may lie at any byte. */
static uint32_t bits_at(const gcl_weight_view *view, size_t i)
{
    const unsigned char *data = view->data;
    uint32_t bits;
    uint16_t high;

    if (view->dtype == GCL_WEIGHT_F32) {
        memcpy(&bits, data + i * sizeof bits, sizeof bits);
        return bits;
    }
    memcpy(&high, data + i * sizeof high, sizeof high);
    return (uint32_t)high << 16;
}

static bool exceeds_f16(uint32_t bits)
{
    const uint32_t least = 0x477ff000 /* 65520, halfway to 65536 */, infinity = 0x7f800000;

    return (bits & 0x7fffffff) - least < infinity - least;
}

/* What comes from F16 fits. */
static gcl_status check_range(const gcl_weight_view *view, const char *name, size_t count,
                              gcl_error *err)
{
    enum { BLOCK = 4096 }; /* a loop that does not stop is vector code */

    if (view->dtype == GCL_WEIGHT_F16)
        return GCL_OK;
    for (size_t start = 0; start < count; start += BLOCK) {
        const size_t end = start + BLOCK < count ? start + BLOCK : count;
        uint32_t found = 0; /* as wide as what is compared */
        float value;
        uint32_t bits;
        for (size_t i = start; i < end; i++)
            found |= exceeds_f16(bits_at(view, i));
        for (size_t i = start; found && i < end; i++) {
            bits = bits_at(view, i);
            memcpy(&value, &bits, sizeof value);
            if (exceeds_f16(bits))
                return GCL_FAIL(err, GCL_E_UNSUPPORTED,
                                "weight %s: element %zu is %g, F16 holds up to 65504", name, i,
                                (double)value);
        }
    }
    return GCL_OK;
}

/* Packs a tensor that is held. */
static gcl_status pack(gcl_weight_set *w, cl_mem to, const gcl_weight_view *view, const char *name,
                       const gcl_shape *shape, const gcl_packing *packing, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cl_mem from = NULL;

    if (packing->half)
        GCL_TRY(check_range(view, name, gcl_shape_count(shape), err));
    GCL_TRY(create_source(w, &from, view, source_bytes(view, shape), name, err));
    GCL_TRY(enqueue_packing(w, packing, view->dtype, from, to, name, shape, err));
done:
    if (from != NULL)
        clReleaseMemObject(from); /* commands under way keep it */
    return st;
}

/* Makes the buffer of a weight; *out is owned by the caller. */
static gcl_status make_buffer(gcl_weight_set *w, cl_mem *out, size_t bytes, const char *name,
                              const gcl_shape *shape, const gcl_packing *packing, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t align = gcl_context_device(w->ctx)->mem_align_bytes;
    gcl_weight_view view = {0};
    cl_mem to = NULL;

    GCL_TRY(w->source.view(w->source.self, name, shape, &view, err));
    if (packing == &row_major && view.dtype == GCL_WEIGHT_F32 && view.owned == NULL &&
        shares_memory(w) && (uintptr_t)view.data % align == 0)
        return create_source(w, out, &view, source_bytes(&view, shape), name, err);
    GCL_TRY(hold(w, &view, source_bytes(&view, shape), err));
    GCL_TRY(create_buffer(w, &to, CL_MEM_READ_WRITE, bytes, NULL, name, err));
    GCL_TRY(pack(w, to, &view, name, shape, packing, err));
    *out = to;
    to = NULL;
done:
    if (to != NULL)
        clReleaseMemObject(to);
    return st;
}

/* Packs t into the bytes of a list's buffer from `at`. */
static gcl_status pack_member(gcl_weight_set *w, cl_mem list, size_t at, const gcl_tensor *t,
                              const gcl_packing *packing, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const cl_buffer_region region = {at, packing->bytes(&t->shape, packing->param)};
    gcl_weight_view view = {0};
    cl_mem to = NULL;

    GCL_TRY(w->source.view(w->source.self, t->name, &t->shape, &view, err));
    GCL_TRY(hold(w, &view, source_bytes(&view, &t->shape), err));
    to = clCreateSubBuffer(list, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region, &st);
    if (st != CL_SUCCESS) {
        st = GCL_FAIL_CL(err, st, "clCreateSubBuffer", "weight %s, offset %zu, %zu bytes", t->name,
                         at, region.size);
        goto done;
    }
    GCL_TRY(pack(w, to, &view, t->name, &t->shape, packing, err));
done:
    if (to != NULL)
        clReleaseMemObject(to);
    return st;
}

/* ---- the set ---- */

/* name: of a list the names of all members, of which an error tells the first. */
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
        return GCL_FAIL(err, GCL_E_NOMEM, "weight %.*s: host allocation failed",
                        (int)strcspn(name, "\n"), name);
    }
    w->entries[w->n++] = e;
    return GCL_OK;
}

static const entry *find(const gcl_weight_set *w, const char *name, const gcl_packing *packing)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->entries[i].packing, packing->name) == 0 &&
            strcmp(w->entries[i].name, name) == 0)
            return &w->entries[i];
    return NULL;
}

static gcl_status check_bytes(const gcl_weight_set *w, const char *what, const char *name,
                              size_t bytes, gcl_error *err)
{
    const gcl_device_info *device = gcl_context_device(w->ctx);

    if (bytes <= device->max_alloc_bytes)
        return GCL_OK;
    return GCL_FAIL(err, GCL_E_BUFFER, "%s %s needs %zu bytes, %s allows %llu in one buffer", what,
                    name, bytes, device->name, (unsigned long long)device->max_alloc_bytes);
}

gcl_status gcl_weight_set_get(gcl_weight_set *w, cl_mem *out, size_t *bytes, const char *name,
                              const gcl_shape *shape, const gcl_packing *packing, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const entry *e;
    cl_mem mem = NULL;
    char first[96], second[96];

    *out = NULL;
    if (packing == NULL)
        packing = &row_major;
    e = find(w, name, packing);
    if (e != NULL) {
        if (!gcl_shape_equal(&e->shape, shape))
            return GCL_FAIL(err, GCL_E_SHAPE, "weight %s is used as %s and as %s", name,
                            gcl_shape_text(first, sizeof first, &e->shape),
                            gcl_shape_text(second, sizeof second, shape));
        *out = e->mem;
        *bytes = e->bytes;
        return GCL_OK;
    }
    *bytes = packing->bytes(shape, packing->param);
    GCL_TRY(check_bytes(w, "weight", name, *bytes, err));
    GCL_TRY(make_buffer(w, &mem, *bytes, name, shape, packing, err));
    GCL_TRY(add_entry(w, mem, *bytes, name, shape, packing->name, err));
    *out = mem;
    mem = NULL;
done:
    if (mem != NULL)
        clReleaseMemObject(mem);
    return st;
}

/* The names of a list's members, each on a line; to be freed. NULL when memory runs out. */
static char *join_names(const gcl_graph *g, const gcl_tensor *list)
{
    size_t room = 1, used = 0;
    char *names;

    for (int i = 0; i < list->n_members; i++)
        room += strlen(gcl_graph_tensor(g, list->members[i])->name) + 1;
    names = calloc(room, 1);
    for (int i = 0; i < list->n_members && names != NULL; i++)
        used += (size_t)snprintf(names + used, room - used, "%s\n",
                                 gcl_graph_tensor(g, list->members[i])->name);
    return names;
}

gcl_status gcl_weight_set_get_list(gcl_weight_set *w, cl_mem *out, size_t *bytes,
                                   const gcl_graph *g, gcl_value list, const gcl_packing *packing,
                                   gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_tensor *t = gcl_graph_tensor(g, list);
    const gcl_device_info *device = gcl_context_device(w->ctx);
    const char *first = gcl_graph_tensor(g, t->members[0])->name;
    const entry *e;
    cl_mem mem = NULL;
    char *names = join_names(g, t);
    size_t at = 0;

    *out = NULL;
    if (names == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "weight %s: host allocation failed", first);
    e = find(w, names, packing);
    if (e != NULL) {
        *out = e->mem;
        *bytes = e->bytes;
        goto done;
    }
    *bytes = gcl_packed_bytes(g, list, packing, device);
    GCL_TRY(check_bytes(w, "the list from weight", first, *bytes, err));
    GCL_TRY(create_buffer(w, &mem, CL_MEM_READ_WRITE, *bytes, NULL, first, err));
    for (int i = 0; i < t->n_members; i++) {
        const gcl_tensor *member = gcl_graph_tensor(g, t->members[i]);
        at = gcl_round_up(at, device->mem_align_bytes);
        GCL_TRY(pack_member(w, mem, at, member, packing, err));
        at += packing->bytes(&member->shape, packing->param);
    }
    GCL_TRY(add_entry(w, mem, *bytes, names, &t->shape, packing->name, err));
    *out = mem;
    mem = NULL;
done:
    if (mem != NULL)
        clReleaseMemObject(mem);
    free(names);
    return st;
}
