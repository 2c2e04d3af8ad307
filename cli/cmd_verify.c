/* cmd_verify.c - galip verify: the device's results against a golden file. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/options.h"
#include "cli/variants.h"
#include "model/verify.h"

enum { KEY_TOL = CLI_KEY_OWN, KEY_ALL };

static const cli_flag flags[] = {
    {"tol", KEY_TOL, "X",
     "largest error allowed in a tensor, relative to its largest\n"
     "magnitude (default 1e-4; 2e-3 where weights were rounded to\n"
     "F16, by --weights-precision f16 or in the file of --weights;\n"
     "6e-3 with --precision f16)"},
    {"all", KEY_ALL, NULL, "go on after a tensor that differs"},
    CLI_FLAG_VARIANT,
    {"weights", 'w', "WEIGHTS",
     "a .safetensors file, or synthetic:SEED (default: what the golden\n"
     "file names)"},
    {"preset", CLI_KEY_PRESET, "NAME",
     "galip-224 or galip-56, what synthetic weights make (default:\n"
     "what the golden file names)"},
    CLI_FLAG_PRECISION,
    CLI_FLAG_WEIGHTS_PRECISION,
    CLI_FLAG_DEVICE,
    CLI_FLAG_JSON,
    CLI_FLAG_HELP,
    {NULL, 0, NULL, NULL},
};

typedef struct options {
    double tol;
    bool all;
    char *variants; /* owned */
} options;

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    options *o = user;
    char *end = NULL;

    switch (key) {
    case KEY_TOL:
        o->tol = strtod(value, &end);
        if (end == value || *end != '\0' || !isfinite(o->tol) || o->tol < 0)
            return CLI_USAGE(err, "--tol is \"%s\", needs a number >= 0", value);
        return GCL_OK;
    case CLI_KEY_VARIANT:
        return cli_variants_add(&o->variants, value, err);
    default:
        o->all = true;
        return GCL_OK;
    }
}

/* One row as text, under a heading. */
static void print_row(void *user, const gcl_verify_row *row)
{
    bool *has_heading = user;
    const gcl_tensor_view *t = row->want;
    char shape[GCL_TENSOR_SHAPE_TEXT_BYTES];

    if (!*has_heading)
        printf("%-44s %-20s %10s %10s %10s\n", "tensor", "shape", "max abs", "max rel", "rel L2");
    *has_heading = true;
    printf("%-44s %-20s %10.2e %10.2e %10.2e  %s\n", t->name,
           gcl_tensor_shape_text(shape, t->rank, t->shape), row->max_abs, row->max_rel, row->rel_l2,
           row->pass ? "ok" : "FAIL");
}

static void append_row(void *user, const gcl_verify_row *row)
{
    const gcl_tensor_view *t = row->want;
    json_t *shape = json_array();

    for (int i = 0; i < t->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)t->shape[i]));
    json_array_append_new(user, json_pack("{s:o, s:o, s:o, s:o, s:o, s:b}", "name",
                                          cli_json_text(t->name), "shape", shape, "max_abs",
                                          cli_json_real(row->max_abs), "max_rel",
                                          cli_json_real(row->max_rel), "rel_l2",
                                          cli_json_real(row->rel_l2), "pass", row->pass));
}

static void print_summary(const gcl_verify_summary *s, const cli_common *common)
{
    if (s->skipped > 0)
        printf("skipped: %zu tensors train.*, which belong to training\n", s->skipped);
    printf("limit: %g of a tensor's largest magnitude%s\n", s->tol,
           common->precision == GCL_PRECISION_F16
               ? ", as operands of products may be rounded to F16"
           : s->rounded ? ", as weights were rounded to F16"
                        : "");
    printf("%zu passed, %zu failed, %zu skipped\n", s->passed, s->failed, s->skipped);
}

static gcl_status verify(gcl_context *ctx, const char *path, const options *o,
                         const cli_common *common, gcl_error *err)
{
    gcl_status st;
    gcl_verify_summary summary;
    bool has_heading = false;
    json_t *rows = common->json ? json_array() : NULL;
    gcl_verify_options v = {.tol = o->tol,
                            .keep_going = o->all,
                            .weights = common->weights,
                            .preset = common->preset,
                            .plan = {.precision = common->precision,
                                     .variants = o->variants,
                                     .weights = common->weights_precision},
                            .report = common->json ? append_row : print_row,
                            .user = common->json ? (void *)rows : &has_heading};

    st = gcl_verify_file(&summary, ctx, path, &v, err);
    if (st != GCL_OK && st != GCL_E_MISMATCH)
        goto done;
    if (common->json) {
        const gcl_status printed = cli_json_print(
            json_pack("{s:o, s:f, s:s, s:b, s:O, s:I, s:I, s:I}", "file", cli_json_text(path),
                      "tol", summary.tol, "precision", gcl_precision_name(common->precision),
                      "weights_rounded", summary.rounded, "tensors", rows, "passed",
                      (json_int_t)summary.passed, "failed", (json_int_t)summary.failed, "skipped",
                      (json_int_t)summary.skipped),
            st == GCL_OK ? err : NULL);
        st = st == GCL_OK ? printed : st;
    } else {
        print_summary(&summary, common);
    }
done:
    json_decref(rows);
    return st;
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    options o = {.tol = -1};
    gcl_device_info device;
    gcl_context *ctx = NULL;
    int first;

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &o, &first, err));
    if (argc - first != 1) {
        st = CLI_USAGE(err, "needs one golden file, got %d", argc - first);
        goto done;
    }
    GCL_TRY(gcl_device_find(&device, common.device, err));
    GCL_TRY(gcl_context_create(&ctx, &device, err));
    GCL_TRY(verify(ctx, argv[first], &o, &common, err));
done:
    gcl_context_destroy(ctx);
    free(o.variants);
    return st;
}

const cli_command cli_verify = {
    "verify",
    "compare a device's results with a golden file",
    "[OPTIONS] FILE.safetensors",
    "Runs the parts of the model on the inputs of a golden file (in.tokens, in.noise, in.image)\n"
    "and compares every named stage with the tensor that the file expects. Stops at the first\n"
    "stage that differs, unless --all is given. Tensors train.* belong to training: they are\n"
    "skipped and counted. The last line is \"N passed, N failed, N skipped\"; exit status 1 "
    "unless\n"
    "all passed.",
    flags,
    "galip verify golden-demo.safetensors\n"
    "galip verify golden.safetensors --all --tol 1e-3 --device 1\n"
    "galip verify golden.safetensors --weights-precision f16\n"
    "galip verify golden.safetensors --precision f16\n"
    "galip verify golden.safetensors --variant linear=plain_f32 --json",
    run,
};
