/* check_wrong.c - an op whose kernels are wrong on purpose (kernels/check/wrong.cl). */
#include <string.h>

#include "bench/check_internal.h"

enum { ITEMS = 1024 }; /* of wrong.cl */

static gcl_status infer(const gcl_graph *g, const gcl_node *node, gcl_dtype *dtype,
                        gcl_shape *shape, gcl_error *err)
{
    (void)err;
    *dtype = GCL_F32;
    *shape = *gcl_in_shape(g, node, 0);
    return GCL_OK;
}

static gcl_status launch(gcl_emit *e, const gcl_graph *g, const gcl_node *node, const char *kernel,
                         size_t items, gcl_error *err)
{
    const size_t n = gcl_shape_count(gcl_out_shape(g, node));
    gcl_launch l = {.program = "check/wrong", .kernel = kernel};

    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->in[0])));
    gcl_launch_arg(&l, gcl_arg_slot(gcl_emit_value(e, node->out)));
    gcl_launch_arg(&l, gcl_arg_ulong(n));
    gcl_launch_items(&l, gcl_emit_device(e), items * n, 1, 1);
    return gcl_emit_launch(e, &l, err);
}

static gcl_status emit_right(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    return launch(e, g, node, "wrong_right", 1, err);
}

static gcl_status emit_element(gcl_emit *e, const gcl_graph *g, const gcl_node *node,
                               gcl_error *err)
{
    return launch(e, g, node, "wrong_element", 1, err);
}

static gcl_status emit_bounds(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    return launch(e, g, node, "wrong_bounds", 1, err);
}

static gcl_status emit_race(gcl_emit *e, const gcl_graph *g, const gcl_node *node, gcl_error *err)
{
    gcl_status st = GCL_OK;

    GCL_TRY(launch(e, g, node, "wrong_start", 1, err));
    GCL_TRY(launch(e, g, node, "wrong_race", ITEMS, err));
done:
    return st;
}

#define WRONG(kind)                                                                     \
    static const gcl_variant kind##_variants[] = {{.name = #kind, .emit = emit_##kind}, \
                                                  {.name = NULL}};                      \
    static const gcl_op kind = {                                                        \
        .name = "wrong", .infer = infer, .flops = gcl_flops_none, .variants = kind##_variants}
WRONG(right);
WRONG(element);
WRONG(bounds);
WRONG(race);

static const gcl_op *const ops[] = {&right, &element, &bounds, &race};

static gcl_value build(gcl_graph *g, const long *p)
{
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE((size_t)p[0]));

    return gcl_graph_node(g, ops[p[1]], &x, 1, NULL);
}

static void fill(const long *p, struct op_tensor *t, op_rng *rng)
{
    (void)p;
    for (size_t i = 0; i < t->count; i++)
        ((float *)t->data)[i] = (float)(op_random(rng) % 16);
}

static void reference(const long *p, const op_data *d, double *out, double *scale)
{
    for (long i = 0; i < p[0]; i++)
        scale[i] = out[i] = (double)op_f32(d, "x")[i] + 1.0;
}

static double tolerance(const long *p)
{
    (void)p;
    return 1.0;
}

/* 64 elements: whole groups, so that all of them meet at the same elements. */
static const op_case cases[] = {
    {"right", {64, 0}}, {"element", {64, 1}}, {"bounds", {64, 2}}, {"race", {64, 3}}};

#define SUITE(at)                                                                        \
    {                                                                                    \
        .op = "wrong", .params = {"n", "kind", NULL}, .cases = &cases[at], .n_cases = 1, \
        .n_nodes = 1, .build = build, .fill = fill, .reference = reference,              \
        .tolerance = tolerance, .bound = "1: one sum.",                                  \
    }

const op_suite *bench_wrong_suite(const char *name, const gcl_op **op)
{
    static const op_suite suites[] = {SUITE(0), SUITE(1), SUITE(2), SUITE(3)};

    for (int i = 0; i < OP_COUNT(suites); i++)
        if (strcmp(cases[i].name, name) == 0) {
            *op = ops[i];
            return &suites[i];
        }
    return NULL;
}
