/**
 * Weights on the device: each tensor is read and packed once, by the device, and shared by all
 * plans that are made from the same set.
 */
#ifndef GCL_HOST_WEIGHT_SET_H
#define GCL_HOST_WEIGHT_SET_H

#include "host/context.h"
#include "host/op.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Element type of a tensor where it comes from; the number is SRC of kernels/common/source.h. */
typedef enum gcl_weight_dtype { GCL_WEIGHT_F32, GCL_WEIGHT_F16, GCL_WEIGHT_BF16 } gcl_weight_dtype;

/** A tensor as its source has it. */
typedef struct gcl_weight_view {
    const void *data; /* row-major, little-endian, aligned to its element */
    gcl_weight_dtype dtype;
    void *owned; /* memory that is freed after use; NULL: data stays as long as the source */
    bool mapped; /* data is part of a mapped file (gcl_map_drop) */
} gcl_weight_view;

/** Where tensors come from: a file, a generator, a test. */
typedef struct gcl_weight_source {
    void *self;
    /* Gives the named tensor; *out is zeroed before. A tensor that is missing or whose shape is not
     * `required` is an error that names tensor, required and found shape. */
    gcl_status (*view)(void *self, const char *name, const gcl_shape *required,
                       gcl_weight_view *out, gcl_error *err);
    /* Whether the tensor may be kept in f16: because it is F16, or, with `rounded`, because it may
     * be rounded. Reads no tensor. NULL: never. */
    bool (*allows_half)(void *self, const char *name, bool rounded);
} gcl_weight_source;

typedef struct gcl_weight_set gcl_weight_set;

/**
 * @param out     owned (gcl_weight_set_destroy), after the plans that use it
 * @param source  copied; its self must live as long as the set
 */
gcl_status gcl_weight_set_create(gcl_weight_set **out, gcl_context *ctx, gcl_weight_source source,
                                 gcl_error *err);
void gcl_weight_set_destroy(gcl_weight_set *w);

/**
 * The tensor in a layout (packing NULL: row-major f32). Packing is enqueued, not waited for: what
 * comes behind it on the context's queue finds it done.
 *
 * On a CPU row-major f32 data that suits the device stays where it is, in the mapped file, so that
 * only what is used is ever read. Elsewhere data is copied: an integrated GPU would do without, but
 * its drivers pin memory for writing, which a file mapped read-only refuses.
 *
 * @param out   borrowed from w
 * @return GCL_E_UNSUPPORTED naming tensor and element when the layout is of f16 and the tensor goes
 *         beyond it
 */
gcl_status gcl_weight_set_get(gcl_weight_set *w, cl_mem *out, size_t *bytes, const char *name,
                              const gcl_shape *shape, const gcl_packing *packing, gcl_error *err);

/** The same for a list of weights in one buffer (gcl_packed_bytes), which is not left where it is:
 *  packing is not NULL. */
gcl_status gcl_weight_set_get_list(gcl_weight_set *w, cl_mem *out, size_t *bytes,
                                   const gcl_graph *g, gcl_value list, const gcl_packing *packing,
                                   gcl_error *err);

/** gcl_weight_source.allows_half */
bool gcl_weight_set_allows_half(const gcl_weight_set *w, const char *name, bool rounded);

/** Waits until everything is packed and gives up the memory of what was read. */
gcl_status gcl_weight_set_finish(gcl_weight_set *w, gcl_error *err);

/** Memory of packed weights and of those used in place, bytes. */
size_t gcl_weight_set_bytes(const gcl_weight_set *w);

#ifdef __cplusplus
}
#endif
#endif
