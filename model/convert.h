/**
 * Weights from the files that are published, or made-up ones, into one safetensors file that
 * gcl_checkpoint_open reads: names (model/names.h), joined and transposed tensors, configuration and
 * vocabulary. The files are data: nothing in them is executed, and every tensor is checked against
 * the model that all of them together describe.
 *
 * The copy of CLIP's image tower in GALIP's checkpoints is not stored: it must equal the image tower
 * of the CLIP given, and takes its place where none is given.
 */
#ifndef GCL_MODEL_CONVERT_H
#define GCL_MODEL_CONVERT_H

#include "model/checkpoint.h"
#include "model/parts.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gcl_store {
    GCL_STORE_AS_IS, /* each tensor in the type that it comes in; F64 as F32 */
    GCL_STORE_F32,
    /* F16 for those weights of linear layers, convolutions, attention and projections that lose
     * nothing by it or may be rounded (gcl_may_round); F32 for all else */
    GCL_STORE_F16,
    GCL_STORE_F16_ALL /* F16 for all of those weights, rounded */
} gcl_store;

typedef struct gcl_conversion_options {
    const char *const *inputs; /* weight files, config.json or open_clip_config.json of a CLIP, or
                                * one "synthetic:SEED" */
    size_t n_inputs;
    const char *preset;     /* what shapes do not tell comes from it; NULL: from the inputs */
    const char *activation; /* "quick_gelu" or "gelu" of a CLIP; NULL: as the inputs say */
    const char *vocab; /* a file of merges to embed (model/merges.h); NULL: those of the inputs */
    gcl_store store;
} gcl_conversion_options;

typedef struct gcl_conversion gcl_conversion;

/**
 * Opens the inputs and checks all there is to check before writing. Values are read only where they
 * decide something: whether F16 loses something, and whether netG's copy is equal to CLIP.
 *
 * @param out  owned (gcl_conversion_close); NULL after an error. It borrows nothing of options.
 *
 * @return GCL_E_ARG for a preset or a synthetic spec that does not exist; GCL_E_FORMAT for an input of
 *         no kind that is read, or one that names a model that galip does not compute; GCL_E_SHAPE,
 *         GCL_E_NOT_FOUND and GCL_E_UNSUPPORTED with file, tensor, what was required and what came
 */
gcl_status gcl_conversion_open(gcl_conversion **out, const gcl_conversion_options *options,
                               gcl_error *err);

/** Legal on NULL. */
void gcl_conversion_close(gcl_conversion *c);

/**
 * Writes the file, which replaces the one at path only when it is whole. Memory: that of the largest
 * tensor, twice; the inputs stay mapped.
 *
 * @return GCL_E_UNSUPPORTED when a number goes beyond its new type, named with the element; what
 *         gcl_safetensors_write returns
 */
gcl_status gcl_conversion_write(gcl_conversion *c, const char *path, gcl_error *err);

/** Borrowed from c, as everything below. */
const gcl_config *gcl_conversion_config(const gcl_conversion *c);

/** The tensors that will be written, in byte order of their names; each names its input as file. */
const gcl_tensor_set *gcl_conversion_tensors(const gcl_conversion *c);

/** What was left out, and what is not as it might be. */
typedef struct gcl_conversion_notes {
    const char *const *unknown; /* [n_unknown] tensors of names that nothing is known of */
    size_t n_unknown;
    size_t n_useless;               /* tensors known to be of no use (gcl_name_role) */
    size_t copied, copy_values;     /* tensors and values of netG's copy of the image tower */
    bool copy_is_used;              /* no CLIP had an image tower */
    bool has_part[GCL_PART_COUNT_]; /* whether all weights of the part are there */
    bool has_merges;
    bool activation_is_known; /* the inputs or the options say so; else QuickGELU is assumed */
} gcl_conversion_notes;

const gcl_conversion_notes *gcl_conversion_about(const gcl_conversion *c);

#ifdef __cplusplus
}
#endif
#endif
