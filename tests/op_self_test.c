/*
 * op_self_test.c - proves that the harness finds faults: ops that are wrong, each in its own way,
 * go through op_test's own machinery and must come out as failures; the right one must pass.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op_test.h"

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    (void)err;
    *dtype = GCL_F32;
    *shape = *gcl_in_shape(g, node, 0);
    return GCL_OK;
}

static double flops(const gcl_graph *g, const gcl_node *node)
{
    return (double)gcl_shape_count(gcl_out_shape(g, node));
}

static gcl_status emit(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    const size_t n = gcl_shape_count(gcl_out_shape(g, node));
    gcl_launch l = {.program = "broken", .kernel = node->op->variants[0].name};

    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[0])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_int(n));
    gcl_launch_items(&l, gcl_emit_device(e), n, 1, 1);
    return gcl_emit_launch(e, &l, err);
}

/* The variant's name is the kernel's; build takes the op from here. */
static gcl_op op = {.name = "broken", .infer = infer, .flops = flops};

static gcl_value build(gcl_graph *g, const long *p)
{
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE((size_t)p[0]));

    return gcl_graph_node(g, &op, &x, 1, NULL);
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    for (long i = 0; i < p[0]; i++) {
        out[i] = (double)op_f32(d, "x")[i] + 1.0;
        scale[i] = 2.0;
    }
}

static double tolerance(const long *p)
{
    (void)p;
    return 1.0;
}

static const op_case cases[] = {{"only", {77}}};

static const op_suite suite = {
    .op = "broken",
    .params = {"n", NULL},
    .cases = cases,
    .n_cases = 1,
    .n_nodes = 1,
    .build = build,
    .reference = reference,
    .tolerance = tolerance,
};

bool op_self_test(gcl_context *ctx)
{
    static const struct {
        const char *kernel;
        int failures;
    } faults[] = {
        {"broken_right", 0},   {"broken_element", 1}, {"broken_hole", 1},
        {"broken_overrun", 1}, {"broken_memory", 1},  {"broken_overread", 1},
    };
    const op_options opt = {.seed = 1};
    int passed = 0, failed = 0;

    setenv("GALIP_KERNEL_DIR", SOURCE_DIR "/tests/kernels", 1);
    for (int i = 0; i < OP_COUNT(faults); i++) {
        const gcl_variant variants[] = {{.name = faults[i].kernel, .emit = emit}, {.name = NULL}};
        op_tally t;
        bool ok;

        op.variants = variants;
        printf("%s: expecting %d failure:\n", faults[i].kernel, faults[i].failures);
        t = op_run_suite(ctx, &suite, &op, &opt);
        ok = t.failed == faults[i].failures && t.passed == 1 - faults[i].failures;
        printf("%s: %s\n", faults[i].kernel, ok ? "as expected" : "NOT CAUGHT");
        passed += ok;
        failed += !ok;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0;
}

bool op_plant_fault(gcl_context *ctx, const char *fault)
{
    const op_options opt = {.seed = 1, .apart = true};
    char kernel[64];
    const gcl_variant variants[] = {{.name = kernel, .emit = emit}, {.name = NULL}};
    op_tally t;

    snprintf(kernel, sizeof kernel, "broken_%s", fault);
    setenv("GALIP_KERNEL_DIR", SOURCE_DIR "/tests/kernels", 1);
    op.variants = variants;
    t = op_run_suite(ctx, &suite, &op, &opt);
    return t.variants_run == 1;
}
