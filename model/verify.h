/**
 * Checks the models on a device against a golden file, stage by stage.
 *
 * A golden file is a safetensors file with inputs `in.tokens`, `in.noise`, `in.image`, expected
 * tensors under the stages' names (model/parts.h and the names that the builders give), `NAME@S`
 * for every S-th element of NAME, and metadata `preset` and `weights`: "synthetic:SEED" or a file
 * beside the golden one. Keys `train.*` belong to training and are skipped.
 */
#ifndef GCL_MODEL_VERIFY_H
#define GCL_MODEL_VERIFY_H

#include "host/plan.h"
#include "weights/safetensors.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GCL_VERIFY_TOL 1e-4
#define GCL_VERIFY_TOL_F16 2e-3
/* Rounding all weights moves the worst stage by up to 3.2e-3 (docs/weights.md); the other operand of each
 * product adds an error of its own, of the same size and independent: sqrt(2) * 3.2e-3 = 4.5e-3, and a
 * third more for other networks. */
#define GCL_VERIFY_TOL_F16_PRODUCTS 6e-3

typedef struct gcl_verify_row {
    const gcl_tensor_view *want; /* the golden tensor; borrowed */
    double max_abs;              /* largest |got - want| */
    double max_rel;              /* max_abs over the largest |want| */
    double rel_l2;               /* |got - want| over |want|, Euclidean */
    bool pass;                   /* max_rel <= tol, and every value is a number */
} gcl_verify_row;

typedef struct gcl_verify_options {
    double tol;            /* limit of max_rel; below 0: GCL_VERIFY_TOL, where weights were rounded
                              to f16 GCL_VERIFY_TOL_F16, and with plan.precision f16
                              GCL_VERIFY_TOL_F16_PRODUCTS */
    bool keep_going;       /* do not stop at the first stage that differs */
    const char *weights;   /* NULL: what the metadata names */
    const char *preset;    /* NULL: what the metadata names */
    gcl_plan_options plan; /* keep_named is set by verify */
    void (*report)(void *user, const gcl_verify_row *row); /* called in pipeline order */
    void *user;
} gcl_verify_options;

typedef struct gcl_verify_summary {
    double tol; /* the limit that held */
    /* Weights are rounded to f16 by plan.weights, or as F16 tensors of another file than the golden
     * file names. */
    bool rounded;
    size_t passed, failed;
    size_t skipped; /* train.* */
} gcl_verify_summary;

/**
 * @return GCL_OK when every expected tensor passed; GCL_E_MISMATCH naming the first that did not;
 *         GCL_E_FORMAT when the file has no expected tensor, or one that no stage computes
 */
gcl_status gcl_verify_file(gcl_verify_summary *summary, gcl_context *ctx, const char *path,
                           const gcl_verify_options *options, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
