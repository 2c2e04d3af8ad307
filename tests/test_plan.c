/* test_plan.c - the planner's promises. */
#include "graph_run.h"

#include <string.h>

#include "host/ops/add.h"

static void run_mlp(graph_device *d, const gcl_plan_options *options, float y[24], int n_nodes)
{
    gcl_graph *g = graph_of_mlp(options->keep_named);
    gcl_plan *plan = NULL;
    float x[24];

    for (int i = 0; i < 24; i++)
        x[i] = (float)(i % 5) - 2.0f;
    assert_int_equal(gcl_plan_create(&plan, d->ctx, g, d->weights, options, NULL), GCL_OK);
    gcl_graph_destroy(g); /* the plan has its own */
    assert_int_equal(gcl_plan_n_nodes(plan), n_nodes);
    assert_int_equal(gcl_plan_write(plan, "x", x, sizeof x, NULL), GCL_OK);
    assert_int_equal(gcl_plan_run(plan, NULL), GCL_OK);
    assert_int_equal(gcl_plan_read(plan, "y", y, 24 * sizeof *y, NULL), GCL_OK);
    gcl_plan_destroy(plan);
}

static void fused_and_unfused_agree(void **state)
{
    const gcl_plan_options fused = {0}, plain = {.no_fusion = true}, kept = {.keep_named = true};
    float a[24], b[24], c[24];

    run_mlp(*state, &fused, a, 2);
    run_mlp(*state, &plain, b, 4);
    run_mlp(*state, &kept, c, 3); /* a kept intermediate is not merged away */
    for (int i = 0; i < 24; i++) {
        assert_float_equal(a[i], b[i], 1e-5f);
        assert_float_equal(a[i], c[i], 1e-5f);
    }
}

static void plan_names_what_is_wrong(void **state)
{
    graph_device *d = *state;
    gcl_graph *g = graph_of_mlp(false);
    gcl_error err = GCL_ERROR_INIT;
    gcl_plan *plan = NULL;
    float x[24] = {0};
    const gcl_plan_options unknown_op = {.variants = "lineal=plain_f32"};
    const gcl_plan_options unknown_variant = {.variants = "linear=fastest"};

    assert_int_equal(gcl_plan_create(&plan, d->ctx, g, d->weights, &unknown_op, &err),
                     GCL_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "no op \"lineal\""));
    assert_int_equal(gcl_plan_create(&plan, d->ctx, g, d->weights, &unknown_variant, &err),
                     GCL_E_NOT_FOUND);
    assert_int_equal(gcl_plan_create(&plan, d->ctx, g, NULL, NULL, &err), GCL_E_ARG);
    assert_non_null(strstr(err.message, "needs the weight w1"));
    assert_null(plan);
    assert_int_equal(gcl_plan_create(&plan, d->ctx, g, d->weights, NULL, &err), GCL_OK);
    assert_int_equal(gcl_plan_write(plan, "x", x, 12, &err), GCL_E_BUFFER);
    assert_non_null(strstr(err.message, "input x holds 96 bytes, the caller brings 12"));
    assert_int_equal(gcl_plan_write(plan, "y", x, 96, &err), GCL_E_NOT_FOUND);
    assert_int_equal(gcl_plan_read(plan, "x", x, 96, &err), GCL_E_NOT_FOUND);
    gcl_plan_destroy(plan);
    gcl_graph_destroy(g);
    g = graph_new();
    gcl_graph_output(g,
                     gcl_add(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2)),
                             gcl_graph_weight(g, "missing", GCL_SHAPE(2)), 1.0f),
                     "y");
    assert_int_equal(gcl_plan_create(&plan, d->ctx, g, d->weights, NULL, &err), GCL_E_NOT_FOUND);
    assert_string_equal(err.message, "no tensor missing");
    gcl_graph_destroy(g);
    gcl_error_clear(&err);
}

/* Plans share a weight set: one name cannot mean two shapes. */
static void weights_keep_their_shape(void **state)
{
    graph_device *d = *state;
    gcl_error err = GCL_ERROR_INIT;
    gcl_plan *plan = NULL;

    for (size_t n = 3; n <= 4; n++) {
        gcl_graph *g = graph_new();
        gcl_graph_output(g,
                         gcl_add(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(n)),
                                 gcl_graph_weight(g, "shared", GCL_SHAPE(n)), 1.0f),
                         "y");
        assert_int_equal(gcl_plan_create(&plan, d->ctx, g, d->weights, NULL, &err),
                         n == 3 ? GCL_OK : GCL_E_SHAPE);
        gcl_plan_destroy(plan);
        gcl_graph_destroy(g);
    }
    assert_string_equal(err.message, "weight shared is used as [3] and as [4]");
    gcl_error_clear(&err);
}

static void timed_runs_give_times(void **state)
{
    graph_device *d = *state;
    gcl_graph *g = graph_of_mlp(false);
    gcl_plan *plan = NULL;
    uint64_t ns[2] = {0, 0};
    float x[24] = {0};

    assert_int_equal(gcl_plan_create(&plan, d->ctx, g, d->weights, NULL, NULL), GCL_OK);
    assert_int_equal(gcl_plan_write(plan, "x", x, sizeof x, NULL), GCL_OK);
    assert_int_equal(gcl_plan_run_timed(plan, ns, NULL), GCL_OK);
    assert_true(ns[0] > 0 && ns[1] > 0);
    /* 3 x 16 x 8 and 3 x 8 x 16 products, bias and one more operation for each element */
    assert_true(gcl_plan_total(plan).flops == 2 * (2.0 * 3 * 16 * 8) + 3 * 16 * 2 + 3 * 8 * 2);
    assert_true(gcl_plan_total(plan).arena_bytes > 0);
    gcl_plan_destroy(plan);
    gcl_graph_destroy(g);
}

/* Whether a concat reads a range itself or a slice copies it first. */
static void concats_of_ranges_give_the_same_bits(void **state)
{
    static unsigned char want[GRAPH_OUT_ROOM], got[GRAPH_OUT_ROOM];
    gcl_graph *graphs[] = {graph_of_absorbed_slices(), graph_of_other_slices()};

    for (int i = 0; i < 2; i++) {
        const gcl_plan_options plain = {.no_fusion = true}, fused = {.guard = true};
        int n_plain, n_fused;
        const size_t bytes = graph_run(*state, graphs[i], &plain, want, &n_plain);
        memset(got, 0xff, bytes);
        assert_int_equal(graph_run(*state, graphs[i], &fused, got, &n_fused), bytes);
        assert_memory_equal(got, want, bytes);
        assert_true(n_fused < n_plain);
        gcl_graph_destroy(graphs[i]);
    }
}

/* A failed build names program and options and brings the compiler's words. */
static void failed_build_carries_its_log(void **state)
{
    graph_device *d = *state;
    gcl_error err = GCL_ERROR_INIT;
    cl_program program = NULL;

    assert_int_not_equal(gcl_context_program(d->ctx, &program, "linear", "-DVW=5", &err), GCL_OK);
    assert_null(program);
    assert_non_null(strstr(err.message, "clBuildProgram: CL_BUILD_PROGRAM_FAILURE"));
    assert_non_null(strstr(err.message, "linear.cl"));
    assert_non_null(strstr(err.message, "-DVW=5"));
    assert_non_null(err.log);
    assert_non_null(strstr(err.log, "VW must be 8 or 16"));
    assert_int_equal(gcl_context_program(d->ctx, &program, "nothing", "", &err), GCL_E_NOT_FOUND);
    assert_null(err.log);
    gcl_error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fused_and_unfused_agree, graph_device_open,
                                        graph_device_close),
        cmocka_unit_test_setup_teardown(plan_names_what_is_wrong, graph_device_open,
                                        graph_device_close),
        cmocka_unit_test_setup_teardown(weights_keep_their_shape, graph_device_open,
                                        graph_device_close),
        cmocka_unit_test_setup_teardown(timed_runs_give_times, graph_device_open,
                                        graph_device_close),
        cmocka_unit_test_setup_teardown(concats_of_ranges_give_the_same_bits, graph_device_open,
                                        graph_device_close),
        cmocka_unit_test_setup_teardown(failed_build_carries_its_log, graph_device_open,
                                        graph_device_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
