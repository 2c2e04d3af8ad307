/**
 * The weights of a model, wherever they come from: a safetensors file, or the deterministic
 * synthetic weights of a preset ("synthetic:SEED").
 */
#ifndef GCL_MODEL_CHECKPOINT_H
#define GCL_MODEL_CHECKPOINT_H

#include "host/weight_set.h"
#include "model/config.h"
#include "model/tokenizer.h"
#include "weights/safetensors.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gcl_checkpoint gcl_checkpoint;

/**
 * Opens weights; no tensor is read yet.
 *
 * @param out     owned (gcl_checkpoint_close)
 * @param spec    path of a .safetensors file, or "synthetic:SEED" with SEED in 0 .. 2^64-1
 * @param preset  configuration of synthetic weights (NULL: galip-224); with a file it must be the
 *                file's own or NULL
 */
gcl_status gcl_checkpoint_open(gcl_checkpoint **out, const char *spec, const char *preset,
                               gcl_error *err);
void gcl_checkpoint_close(gcl_checkpoint *c);

/** Borrowed from c. */
const gcl_config *gcl_checkpoint_config(const gcl_checkpoint *c);
/** What it was opened as; borrowed. */
const char *gcl_checkpoint_spec(const gcl_checkpoint *c);
bool gcl_checkpoint_is_synthetic(const gcl_checkpoint *c);
/** The file; borrowed; NULL for synthetic weights. */
const gcl_safetensors *gcl_checkpoint_file(const gcl_checkpoint *c);
/** The seed of synthetic weights. */
uint64_t gcl_checkpoint_seed(const gcl_checkpoint *c);

/**
 * Whether a weight may be rounded to f16: those of GALIP's own networks, except the affine ones, which
 * multiply every value. CLIP's published weights are f16 numbers and need no rounding; what is not as
 * published is kept. With this, rounding stays within GCL_VERIFY_TOL_F16 (docs/weights.md).
 */
bool gcl_may_round(const char *name);

/** For gcl_weight_set_create; borrows c. It allows f16 for tensors that are F16 or may be rounded. */
gcl_weight_source gcl_checkpoint_source(gcl_checkpoint *c);

/**
 * The tokenizer that fits the weights: merges from vocab_path when given, else from the file's
 * metadata `merges`, else the built-in ones.
 *
 * @param out   owned (gcl_tokenizer_destroy)
 */
gcl_status gcl_checkpoint_tokenizer(gcl_tokenizer **out, const gcl_checkpoint *c,
                                    const char *vocab_path, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
