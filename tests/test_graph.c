/* test_graph.c - graphs, fusion and memory assignment. */
#include "graph_run.h"

#include <stdlib.h>
#include <string.h>

#include "host/arena.h"
#include "host/ops/activation.h"
#include "host/ops/add.h"
#include "host/ops/conv2d.h"
#include "host/ops/dfblk.h"
#include "host/ops/linear.h"
#include "host/ops/resize_nearest.h"
#include "host/ops/slice.h"

/* ---- arena ---- */

/* Random lives: no two that overlap in time overlap in space, limits and alignment hold. */
static void arena_never_overlaps(void **unused)
{
    enum { N = 60, STEPS = 40, ALIGN = 128, LIMIT = 40000 };
    uint64_t state = 7;

    (void)unused;
    for (int round = 0; round < 200; round++) {
        gcl_life lives[N];
        size_t *bytes = NULL, sum = 0, total = 0;
        int n_arenas = 0;

        for (int i = 0; i < N; i++) {
            lives[i].bytes = 1 + random_next(&state) % 9000;
            lives[i].first = (int)(random_next(&state) % STEPS);
            lives[i].last = lives[i].first + (int)(random_next(&state) % 6);
            sum += lives[i].bytes;
        }
        assert_int_equal(gcl_arena_assign(lives, N, ALIGN, LIMIT, &bytes, &n_arenas, NULL), GCL_OK);
        for (int i = 0; i < N; i++) {
            assert_in_range(lives[i].arena, 0, n_arenas - 1);
            assert_int_equal(lives[i].offset % ALIGN, 0);
            assert_true(lives[i].offset + lives[i].bytes <= bytes[lives[i].arena]);
            for (int k = 0; k < i; k++)
                assert_true(lives[k].arena != lives[i].arena || lives[k].last < lives[i].first ||
                            lives[i].last < lives[k].first ||
                            lives[k].offset + lives[k].bytes <= lives[i].offset ||
                            lives[i].offset + lives[i].bytes <= lives[k].offset);
        }
        for (int i = 0; i < n_arenas; i++) {
            assert_true(bytes[i] <= LIMIT);
            total += bytes[i];
        }
        assert_true(total < sum); /* memory is shared */
        free(bytes);
    }
}

static void arena_refuses_what_no_buffer_holds(void **unused)
{
    gcl_life life = {.bytes = 1001, .first = 0, .last = 0};
    gcl_error err = GCL_ERROR_INIT;
    size_t *bytes = NULL;
    int n = 0;

    (void)unused;
    assert_int_equal(gcl_arena_assign(&life, 1, 128, 1000, &bytes, &n, &err), GCL_E_BUFFER);
    assert_non_null(strstr(err.message, "needs 1001 bytes, the device allows 1000"));
    gcl_error_clear(&err);
}

/* ---- graph ---- */

static void errors_are_sticky_and_first(void **unused)
{
    gcl_graph *g = graph_new();
    gcl_error err = GCL_ERROR_INIT;
    gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(2, 3)), bad;

    (void)unused;
    gcl_graph_scope(g, "part.%d", 7);
    bad = gcl_linear_nobias(g, x, gcl_graph_weight(g, "w", GCL_SHAPE(5, 4)), GCL_LINEAR_NK);
    assert_int_equal(bad, GCL_NO_VALUE);
    assert_int_equal(gcl_add(g, bad, x, 1.0f), GCL_NO_VALUE);
    assert_int_equal(gcl_graph_reshape(g, x, GCL_SHAPE(7)), GCL_NO_VALUE);
    assert_int_equal(gcl_graph_status(g, &err), GCL_E_SHAPE);
    assert_non_null(strstr(err.message, "part.7: linear: x is [2, 3]"));
    gcl_error_clear(&err);
    gcl_graph_destroy(g);
}

static void names_are_unique_and_weights_shared(void **unused)
{
    gcl_graph *g = graph_new();
    const gcl_value w = gcl_graph_weight(g, "w", GCL_SHAPE(4));

    (void)unused;
    assert_int_equal(gcl_graph_weight(g, "w", GCL_SHAPE(4)), w);
    assert_int_equal(gcl_graph_weight(g, "w", GCL_SHAPE(2, 2)), GCL_NO_VALUE);
    assert_int_equal(gcl_graph_status(g, NULL), GCL_E_SHAPE);
    gcl_graph_destroy(g);
    g = graph_new();
    gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(4));
    assert_int_equal(gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(4)), GCL_NO_VALUE);
    assert_int_equal(gcl_graph_status(g, NULL), GCL_E_ARG);
    gcl_graph_destroy(g);
    g = graph_new();
    gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(4, 0));
    assert_int_equal(gcl_graph_status(g, NULL), GCL_E_SHAPE);
    gcl_graph_destroy(g);
}

static void mistakes_of_a_model_are_errors(void **unused)
{
    gcl_graph *g = graph_new();
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(4));
    gcl_error err = GCL_ERROR_INIT;

    (void)unused;
    gcl_scale_add(g, x, x, GCL_NO_VALUE);
    assert_int_equal(gcl_graph_status(g, &err), GCL_E_ARG);
    assert_non_null(strstr(err.message, "add: operand 2 is missing"));
    gcl_graph_destroy(g);
    g = graph_new();
    gcl_graph_output(
        g, gcl_graph_reshape(g, gcl_graph_weight(g, "w", GCL_SHAPE(4)), GCL_SHAPE(2, 2)), "y");
    assert_int_equal(gcl_graph_status(g, &err), GCL_E_ARG);
    gcl_graph_destroy(g);
    g = graph_new();
    gcl_linear_nobias(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(65536, 65536, 1)),
                      gcl_graph_weight(g, "w", GCL_SHAPE(1, 1)), GCL_LINEAR_NK);
    assert_int_equal(gcl_graph_status(g, &err), GCL_E_SHAPE);
    assert_non_null(strstr(err.message, "M = 4294967296"));
    gcl_graph_destroy(g);
    gcl_error_clear(&err);
}

static void lists_are_only_operands(void **unused)
{
    gcl_graph *g = graph_new();
    gcl_error err = GCL_ERROR_INIT;

    (void)unused;
    gcl_graph_reshape(g, gcl_graph_list(g), (gcl_shape){0});
    assert_int_equal(gcl_graph_status(g, &err), GCL_E_ARG);
    assert_non_null(strstr(err.message, "reshape: a list of weights has no shape"));
    gcl_graph_destroy(g);
    g = graph_new();
    gcl_graph_output(g, gcl_graph_list(g), "y");
    assert_int_equal(gcl_graph_status(g, &err), GCL_E_ARG);
    assert_non_null(strstr(err.message, "the list of weights y cannot be an output"));
    gcl_graph_destroy(g);
    gcl_error_clear(&err);
}

static void fusion_merges_neighbours(void **unused)
{
    gcl_graph *g = graph_of_mlp(false);

    (void)unused;
    assert_int_equal(gcl_graph_n_nodes(g), 5);
    gcl_graph_prune(g);
    assert_int_equal(gcl_graph_n_nodes(g), 4); /* the relu is gone */
    gcl_graph_fuse(g);
    assert_int_equal(gcl_graph_n_nodes(g), 2);
    assert_string_equal(gcl_graph_node_at(g, 0)->op->name, "linear");
    assert_string_equal(gcl_graph_node_at(g, 1)->op->name, "linear");
    assert_int_equal(gcl_graph_node_at(g, 1)->n_in, 4);
    gcl_graph_destroy(g);
}

static void fusion_leaves_what_must_stay(void **unused)
{
    gcl_graph *g = graph_new();
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(3, 8));
    const gcl_value w = gcl_graph_weight(g, "w", GCL_SHAPE(8, 8));
    gcl_value h = gcl_linear_nobias(g, x, w, GCL_LINEAR_NK);

    (void)unused;
    h = gcl_add(g, h, gcl_activation(g, h, GCL_ACT_RELU, 0.0f), 1.0f); /* h is read twice */
    h = gcl_linear_nobias(g, h, w, GCL_LINEAR_NK);
    h = gcl_add(g, x, h, 0.5f); /* scaled: no plain residual */
    h = gcl_linear_nobias(g, h, w, GCL_LINEAR_NK);
    h = gcl_add(g, h, gcl_graph_weight(g, "row", GCL_SHAPE(8)), 1.0f); /* repeated operand */
    gcl_graph_output(g, h, "y");
    assert_int_equal(gcl_graph_n_nodes(g), 7);
    gcl_graph_fuse(g);
    assert_int_equal(gcl_graph_n_nodes(g), 7);
    gcl_graph_destroy(g);
}

static void slices_go_into_concats(void **unused)
{
    gcl_graph *g = graph_of_absorbed_slices();

    (void)unused;
    assert_int_equal(gcl_graph_n_nodes(g), 14);
    gcl_graph_fuse(g);
    assert_int_equal(gcl_graph_n_nodes(g), 5);
    for (int i = 0; i < 5; i++) {
        const gcl_node node = *gcl_graph_node_at(g, i);
        const gcl_value again = gcl_graph_node(g, node.op, node.in, node.n_in, node.attr);
        assert_string_equal(node.op->name, "concat");
        assert_true(gcl_shape_equal(&gcl_graph_tensor(g, again)->shape,
                                    &gcl_graph_tensor(g, node.out)->shape));
    }
    gcl_graph_destroy(g);
}

static void other_slices_stay(void **unused)
{
    gcl_graph *g = graph_of_other_slices();
    int n_slices = 0;

    (void)unused;
    gcl_graph_fuse(g);
    for (int i = 0; i < gcl_graph_n_nodes(g); i++)
        n_slices += gcl_graph_node_at(g, i)->op == &gcl_op_slice;
    assert_int_equal(gcl_graph_n_nodes(g), 10);
    assert_int_equal(n_slices, 5); /* all but the one into along_0 */
    gcl_graph_destroy(g);
}

/* dfblk and a 1x1 convolution behind an enlarging resize, and a 3x3 one, which stays */
static void pointwise_ops_go_before_the_resize(void **unused)
{
    static const char *const ops[] = {"dfblk", "resize_nearest", "conv2d", "conv2d",
                                      "resize_nearest"};
    gcl_graph *g = graph_new();
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(1, 8, 4, 4));
    const gcl_value c = gcl_graph_input(g, "c", GCL_F32, GCL_SHAPE(1, 32));
    const gcl_value r = gcl_resize_nearest(g, x, 8, 8);
    const gcl_value w3 = gcl_graph_weight(g, "w3", GCL_SHAPE(8, 8, 3, 3));
    const gcl_value w1 = gcl_graph_weight(g, "w1", GCL_SHAPE(8, 8, 1, 1));

    (void)unused;
    gcl_graph_output(g, gcl_conv2d_nobias(g, gcl_dfblk(g, r, c, 0), w3, 1, 1), "y3");
    gcl_graph_output(g, gcl_conv2d_nobias(g, r, w1, 1, 0), "y1");
    gcl_graph_hoist(g);
    gcl_graph_prune(g);
    assert_int_equal(gcl_graph_status(g, NULL), GCL_OK);
    assert_int_equal(gcl_graph_n_nodes(g), 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(gcl_graph_node_at(g, i)->op->name, ops[i]);
    assert_true(gcl_shape_equal(&gcl_graph_tensor(g, gcl_graph_node_at(g, 0)->out)->shape,
                                &gcl_graph_tensor(g, x)->shape));
    gcl_graph_fuse(g);
    assert_int_equal(gcl_graph_n_nodes(g), 3); /* the first two are the 3x3 convolution's now */
    gcl_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_never_overlaps),
        cmocka_unit_test(arena_refuses_what_no_buffer_holds),
        cmocka_unit_test(errors_are_sticky_and_first),
        cmocka_unit_test(names_are_unique_and_weights_shared),
        cmocka_unit_test(mistakes_of_a_model_are_errors),
        cmocka_unit_test(lists_are_only_operands),
        cmocka_unit_test(fusion_merges_neighbours),
        cmocka_unit_test(fusion_leaves_what_must_stay),
        cmocka_unit_test(slices_go_into_concats),
        cmocka_unit_test(other_slices_stay),
        cmocka_unit_test(pointwise_ops_go_before_the_resize),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
