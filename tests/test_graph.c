/* test_graph.c - graphs, fusion, memory assignment and the planner's promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/arena.h"
#include "host/ops/activation.h"
#include "host/ops/add.h"
#include "host/ops/concat.h"
#include "host/ops/conv2d.h"
#include "host/ops/dfblk.h"
#include "host/ops/linear.h"
#include "host/ops/resize_nearest.h"
#include "host/ops/rgb_pack.h"
#include "host/ops/slice.h"
#include "host/plan.h"

static gcl_graph *new_graph(void)
{
    gcl_graph *g = NULL;

    assert_int_equal(gcl_graph_create(&g, NULL), GCL_OK);
    return g;
}

/* ---- arena ---- */

static uint64_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

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
            lives[i].bytes = 1 + next(&state) % 9000;
            lives[i].first = (int)(next(&state) % STEPS);
            lives[i].last = lives[i].first + (int)(next(&state) % 6);
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
    gcl_graph *g = new_graph();
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
    gcl_graph *g = new_graph();
    const gcl_value w = gcl_graph_weight(g, "w", GCL_SHAPE(4));

    (void)unused;
    assert_int_equal(gcl_graph_weight(g, "w", GCL_SHAPE(4)), w);
    assert_int_equal(gcl_graph_weight(g, "w", GCL_SHAPE(2, 2)), GCL_NO_VALUE);
    assert_int_equal(gcl_graph_status(g, NULL), GCL_E_SHAPE);
    gcl_graph_destroy(g);
    g = new_graph();
    gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(4));
    assert_int_equal(gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(4)), GCL_NO_VALUE);
    assert_int_equal(gcl_graph_status(g, NULL), GCL_E_ARG);
    gcl_graph_destroy(g);
    g = new_graph();
    gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(4, 0));
    assert_int_equal(gcl_graph_status(g, NULL), GCL_E_SHAPE);
    gcl_graph_destroy(g);
}

static void mistakes_of_a_model_are_errors(void **unused)
{
    gcl_graph *g = new_graph();
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(4));
    gcl_error err = GCL_ERROR_INIT;

    (void)unused;
    gcl_scale_add(g, x, x, GCL_NO_VALUE);
    assert_int_equal(gcl_graph_status(g, &err), GCL_E_ARG);
    assert_non_null(strstr(err.message, "add: operand 2 is missing"));
    gcl_graph_destroy(g);
    g = new_graph();
    gcl_graph_output(
        g, gcl_graph_reshape(g, gcl_graph_weight(g, "w", GCL_SHAPE(4)), GCL_SHAPE(2, 2)), "y");
    assert_int_equal(gcl_graph_status(g, &err), GCL_E_ARG);
    gcl_graph_destroy(g);
    g = new_graph();
    gcl_linear_nobias(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(65536, 65536, 1)),
                      gcl_graph_weight(g, "w", GCL_SHAPE(1, 1)), GCL_LINEAR_NK);
    assert_int_equal(gcl_graph_status(g, &err), GCL_E_SHAPE);
    assert_non_null(strstr(err.message, "M = 4294967296"));
    gcl_graph_destroy(g);
    gcl_error_clear(&err);
}

static void lists_are_only_operands(void **unused)
{
    gcl_graph *g = new_graph();
    gcl_error err = GCL_ERROR_INIT;

    (void)unused;
    gcl_graph_reshape(g, gcl_graph_list(g), (gcl_shape){0});
    assert_int_equal(gcl_graph_status(g, &err), GCL_E_ARG);
    assert_non_null(strstr(err.message, "reshape: a list of weights has no shape"));
    gcl_graph_destroy(g);
    g = new_graph();
    gcl_graph_output(g, gcl_graph_list(g), "y");
    assert_int_equal(gcl_graph_status(g, &err), GCL_E_ARG);
    assert_non_null(strstr(err.message, "the list of weights y cannot be an output"));
    gcl_graph_destroy(g);
    gcl_error_clear(&err);
}

/* x -> linear -> gelu -> linear -> + x; also a value nobody reads. */
static gcl_graph *mlp_graph(bool name_inside)
{
    gcl_graph *g = new_graph();
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(3, 8));
    gcl_value h = gcl_linear(g, x, gcl_graph_weight(g, "w1", GCL_SHAPE(16, 8)),
                             gcl_graph_weight(g, "b1", GCL_SHAPE(16)));

    if (name_inside)
        gcl_graph_name(g, h, "inside");
    gcl_activation(g, x, GCL_ACT_RELU, 0.0f);
    h = gcl_activation(g, h, GCL_ACT_QUICK_GELU, 0.0f);
    h = gcl_linear(g, h, gcl_graph_weight(g, "w2", GCL_SHAPE(8, 16)),
                   gcl_graph_weight(g, "b2", GCL_SHAPE(8)));
    gcl_graph_output(g, gcl_add(g, x, h, 1.0f), "y");
    assert_int_equal(gcl_graph_status(g, NULL), GCL_OK);
    return g;
}

static void fusion_merges_neighbours(void **unused)
{
    gcl_graph *g = mlp_graph(false);

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
    gcl_graph *g = new_graph();
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

static gcl_value concat2(gcl_graph *g, gcl_value a, gcl_value b, int axis)
{
    const gcl_value x[2] = {a, b};

    return gcl_concat(g, x, 2, axis);
}

/* Concats along axis 1 that read x beside a range of x, a range of a range, of a view, of a weight and of
 * another concat: 5 nodes once fused. */
static gcl_graph *absorbed_slices(void)
{
    gcl_graph *g = new_graph();
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(3, 7, 2));
    const gcl_value w = gcl_graph_weight(g, "w", GCL_SHAPE(3, 5, 2));
    const gcl_value view = gcl_graph_reshape(g, x, GCL_SHAPE(3, 14, 1));
    const gcl_value y0 = concat2(g, x, gcl_slice(g, x, 1, 2, 3), 1);
    const gcl_value nested = gcl_slice(g, gcl_slice(g, x, 1, 1, 5), 1, 2, 2);

    gcl_graph_output(g, y0, "y0");
    gcl_graph_output(g, concat2(g, nested, gcl_slice(g, w, 1, 4, 1), 1), "y1");
    gcl_graph_output(g, concat2(g, gcl_slice(g, view, 1, 3, 11), view, 1), "y2");
    gcl_graph_output(g, concat2(g, gcl_slice(g, y0, 1, 6, 4), gcl_slice(g, y0, 1, 0, 1), 1), "y3");
    gcl_graph_output(g, concat2(g, gcl_slice(g, x, 1, 0, 1), gcl_slice(g, x, 1, 6, 1), 1), "y4");
    assert_int_equal(gcl_graph_status(g, NULL), GCL_OK);
    return g;
}

static void slices_go_into_concats(void **unused)
{
    gcl_graph *g = absorbed_slices();

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

/* Slices that are kept, read twice, along another axis and behind a view. */
static gcl_graph *other_slices(void)
{
    gcl_graph *g = new_graph();
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(4, 6, 2));
    const gcl_value kept = gcl_slice(g, x, 1, 1, 2), twice = gcl_slice(g, x, 1, 3, 3);
    const gcl_value view = gcl_graph_reshape(g, gcl_slice(g, x, 1, 2, 2), GCL_SHAPE(4, 4, 1));
    const gcl_value flat = gcl_graph_reshape(g, x, GCL_SHAPE(4, 12, 1));

    gcl_graph_output(g, kept, "kept");
    gcl_graph_output(g, concat2(g, kept, x, 1), "y0");
    gcl_graph_output(g, concat2(g, twice, twice, 1), "y1");
    gcl_graph_output(g, concat2(g, x, gcl_slice(g, x, 0, 2, 2), 0), "along_0");
    gcl_graph_output(g, concat2(g, gcl_slice(g, x, 0, 1, 3), gcl_slice(g, x, 0, 0, 3), 1), "y2");
    gcl_graph_output(g, concat2(g, view, flat, 1), "y3");
    assert_int_equal(gcl_graph_status(g, NULL), GCL_OK);
    return g;
}

static void other_slices_stay(void **unused)
{
    gcl_graph *g = other_slices();
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
    gcl_graph *g = new_graph();
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
    assert_int_equal(gcl_graph_n_nodes(g), 4); /* the first resize is the 3x3 convolution's now */
    gcl_graph_destroy(g);
}

/* ---- plans ---- */

typedef struct device {
    gcl_context *ctx;
    gcl_weight_set *weights;
} device;

/* Weights whose values depend on the name; "missing" is not there. */
static gcl_status view(void *self, const char *name, const gcl_shape *required,
                       gcl_weight_view *out, gcl_error *err)
{
    float *dst;

    (void)self;
    if (strcmp(name, "missing") == 0)
        return GCL_FAIL(err, GCL_E_NOT_FOUND, "no tensor missing");
    out->data = out->owned = dst = malloc(gcl_shape_count(required) * sizeof *dst);
    for (size_t i = 0; dst != NULL && i < gcl_shape_count(required); i++)
        dst[i] = (float)((i * 7 + (unsigned char)name[0]) % 11) * 0.1f - 0.5f;
    return GCL_OK;
}

static int open_device(void **state)
{
    device *d = calloc(1, sizeof *d);
    gcl_device_info info;

    *state = d;
    return d == NULL || gcl_device_find(&info, NULL, NULL) != GCL_OK ||
           gcl_context_create(&d->ctx, &info, NULL) != GCL_OK ||
           gcl_weight_set_create(&d->weights, d->ctx, (gcl_weight_source){NULL, view, NULL},
                                 NULL) != GCL_OK;
}

static int close_device(void **state)
{
    device *d = *state;

    gcl_weight_set_destroy(d->weights);
    gcl_context_destroy(d->ctx);
    free(d);
    return 0;
}

static void run_mlp(device *d, const gcl_plan_options *options, float y[24], int n_nodes)
{
    gcl_graph *g = mlp_graph(options->keep_named);
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
    device *d = *state;
    gcl_graph *g = mlp_graph(false);
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
    g = new_graph();
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
    device *d = *state;
    gcl_error err = GCL_ERROR_INIT;
    gcl_plan *plan = NULL;

    for (size_t n = 3; n <= 4; n++) {
        gcl_graph *g = new_graph();
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
    device *d = *state;
    gcl_graph *g = mlp_graph(false);
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

/* Two convolutions and what is between them; "kept" is read by a node that takes no samples as well,
 * and one byte too much for a part's place is "odd". */
static gcl_graph *picture_graph(size_t B)
{
    gcl_graph *g = new_graph();
    const gcl_value w1 = gcl_graph_weight(g, "w1", GCL_SHAPE(32, 16, 3, 3));
    const gcl_value w2 = gcl_graph_weight(g, "w2", GCL_SHAPE(16, 32, 3, 3));
    const gcl_value w3 = gcl_graph_weight(g, "w3", GCL_SHAPE(3, 16, 3, 3));
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(B, 16, 8, 8));
    const gcl_value c = gcl_graph_input(g, "c", GCL_F32, GCL_SHAPE(B, 128));
    gcl_value h = gcl_conv2d_nobias(g, x, w1, 1, 1);

    gcl_graph_output(g, h, "kept");
    gcl_graph_output(g, gcl_activation(g, h, GCL_ACT_RELU, 0.0f), "relu");
    h = gcl_resize_nearest(g, gcl_dfblk(g, h, c, 0), 14, 14);
    h = gcl_conv2d_nobias(g, gcl_conv2d_nobias(g, h, w2, 1, 1), w3, 1, 1);
    gcl_graph_output(g, h, "y");
    gcl_graph_output(g, gcl_rgb_pack(g, h), "odd");
    assert_int_equal(gcl_graph_status(g, NULL), GCL_OK);
    return g;
}

/* three samples of dfblk's operands and result */
#define SPLIT_BYTES (3 * (32 * 8 * 8 + 128 + 32 * 8 * 8) * sizeof(float))

/* Parts of 3 from the first convolution on and of 1 from the second, whose pictures are larger; y of
 * 2352 bytes lies at no multiple of 128, so to_rgb and what reads it take the whole batch. */
static void batch_is_split_where_it_grows(void **unused)
{
    static const struct {
        const char *op;
        size_t B;
    } nodes[] = {{"conv2d", 3},     {"dfblk", 3},  {"conv2d", 1},  {"conv2d", 1}, {"conv2d", 1},
                 {"conv2d", 3},     {"dfblk", 3},  {"conv2d", 1},  {"conv2d", 1}, {"conv2d", 1},
                 {"activation", 6}, {"conv2d", 6}, {"rgb_pack", 6}};
    enum { N = sizeof nodes / sizeof nodes[0] };
    gcl_graph *g = picture_graph(6);

    (void)unused;
    gcl_graph_hoist(g);
    gcl_graph_prune(g);
    gcl_graph_fuse(g);
    gcl_graph_split(g, SPLIT_BYTES, 128);
    assert_int_equal(gcl_graph_status(g, NULL), GCL_OK);
    for (int i = 0; i < N && i < gcl_graph_n_nodes(g); i++) {
        const gcl_node *node = gcl_graph_node_at(g, i);
        assert_string_equal(node->op->name, nodes[i].op);
        assert_int_equal(gcl_graph_tensor(g, node->out)->shape.dim[0], nodes[i].B);
    }
    assert_int_equal(gcl_graph_n_nodes(g), N);
    gcl_graph_destroy(g);
}

enum { OUT_ROOM = 1 << 20 };

/* Fills the inputs, runs twice, as what is left in shared memory must not matter, and reads all outputs
 * one behind the other. Returns their bytes. */
static size_t run_graph(device *d, const gcl_graph *g, const gcl_plan_options *options,
                        unsigned char *out, int *n_nodes)
{
    static float data[1 << 16];
    gcl_plan *plan = NULL;
    uint64_t state = 11;
    size_t at = 0;

    assert_int_equal(gcl_plan_create(&plan, d->ctx, g, d->weights, options, NULL), GCL_OK);
    for (int run = 0; run < 2; run++) {
        for (gcl_value v = 0; v < gcl_graph_n_values(g); v++) {
            const gcl_tensor *t = gcl_graph_tensor(g, v);
            const size_t n = gcl_shape_count(&t->shape);
            if (t->kind != GCL_VALUE_INPUT)
                continue;
            assert_true(n <= sizeof data / sizeof data[0]);
            for (size_t i = 0; i < n; i++)
                data[i] = (float)(next(&state) % 1000) / 500.0f - 1.0f;
            assert_int_equal(gcl_plan_write(plan, t->name, data, n * sizeof *data, NULL), GCL_OK);
        }
        assert_int_equal(gcl_plan_run(plan, NULL), GCL_OK);
    }
    for (gcl_value v = 0; v < gcl_graph_n_values(g); v++) {
        const gcl_tensor *t = gcl_graph_tensor(g, v);
        const size_t bytes = gcl_shape_count(&t->shape) * gcl_dtype_bytes(t->dtype);
        if (!t->is_output)
            continue;
        assert_true(at + bytes <= OUT_ROOM);
        assert_int_equal(gcl_plan_read(plan, t->name, out + at, bytes, NULL), GCL_OK);
        at += bytes;
    }
    if (options->guard)
        assert_int_equal(gcl_plan_check_guards(plan, NULL), GCL_OK);
    *n_nodes = gcl_plan_n_nodes(plan);
    gcl_plan_destroy(plan);
    return at;
}

/* Whether a concat reads a range itself or a slice copies it first. */
static void concats_of_ranges_give_the_same_bits(void **state)
{
    static unsigned char want[OUT_ROOM], got[OUT_ROOM];
    gcl_graph *graphs[] = {absorbed_slices(), other_slices()};

    for (int i = 0; i < 2; i++) {
        const gcl_plan_options plain = {.no_fusion = true}, fused = {.guard = true};
        int n_plain, n_fused;
        const size_t bytes = run_graph(*state, graphs[i], &plain, want, &n_plain);
        memset(got, 0xff, bytes);
        assert_int_equal(run_graph(*state, graphs[i], &fused, got, &n_fused), bytes);
        assert_memory_equal(got, want, bytes);
        assert_true(n_fused < n_plain);
        gcl_graph_destroy(graphs[i]);
    }
}

/* Returns how many more nodes the plan has that runs the batch in parts. */
static int compare_with_whole(device *d, const gcl_graph *g, gcl_plan_options split)
{
    static unsigned char want[OUT_ROOM], got[OUT_ROOM];
    gcl_plan_options whole = split;
    int n_whole, n_split;
    size_t bytes;

    whole.split_bytes = SIZE_MAX;
    whole.guard = whole.apart = false;
    bytes = run_graph(d, g, &whole, want, &n_whole);
    memset(got, 0xff, bytes);
    assert_int_equal(run_graph(d, g, &split, got, &n_split), bytes);
    assert_memory_equal(got, want, bytes);
    return n_split - n_whole;
}

static void parts_give_the_same_bits(void **state)
{
    enum { SIZES = 3, KINDS = 3 };
    const size_t bytes[SIZES] = {1, SPLIT_BYTES, 100000};
    gcl_graph *g = picture_graph(6);

    for (int i = 0; i < SIZES * KINDS; i++) {
        const gcl_plan_options split = {
            .split_bytes = bytes[i / KINDS], .guard = i % KINDS == 1, .apart = i % KINDS == 2};
        assert_true(compare_with_whole(*state, g, split) > 0);
    }
    gcl_graph_destroy(g);
}

/* A value like v: by dfblk, whose variant for CPUs takes channel blocks, or by a convolution of one pixel,
 * here one that takes rows; from 16 channels to 16 or 20, alone or with another value added. Or resized, or
 * with its first channels behind the others. */
static gcl_value random_node(gcl_graph *g, gcl_value v, gcl_value other, gcl_value c,
                             uint64_t *state)
{
    const gcl_shape s = gcl_graph_tensor(g, v)->shape, o = gcl_graph_tensor(g, other)->shape;
    const size_t O = next(state) % 4 == 0 ? 20 : 16;
    char name[32];

    if (next(state) % 6 == 0)
        return gcl_resize_nearest(g, v, 12 - s.dim[2], 12 - s.dim[2]); /* 4 to 8 and back */
    if (next(state) % 8 == 0)
        return concat2(g, gcl_slice(g, v, 1, 4, s.dim[1] - 4), gcl_slice(g, v, 1, 0, 4), 1);
    if (s.dim[1] == 16 && next(state) % 2 == 0)
        return gcl_dfblk(g, v, c, 0);
    snprintf(name, sizeof name, "w%zu_%zu", s.dim[1], O);
    v = gcl_conv2d_nobias(g, v, gcl_graph_weight(g, name, GCL_SHAPE(O, s.dim[1], 1, 1)), 1, 0);
    return gcl_shape_equal(&gcl_graph_tensor(g, v)->shape, &o) ? gcl_add(g, v, other, 1.0f) : v;
}

/* Branches that part and meet, outputs on the way, two layouts. */
static void random_graphs_in_parts(void **state)
{
    enum { GRAPHS = 500, NODES = 9, B = 6 };
    uint64_t random = 5;
    int split = 0;

    for (int i = 0; i < GRAPHS; i++) {
        gcl_graph *g = new_graph();
        gcl_value v[1 + NODES];
        const gcl_value c = gcl_graph_input(g, "c", GCL_F32, GCL_SHAPE(B, 64));
        const gcl_plan_options options = {.split_bytes = 1 + next(&random) % 40000,
                                          .guard = i % 3 == 1,
                                          .apart = i % 3 == 2,
                                          .variants = "conv2d=panel_f32"};

        v[0] = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(B, 16, 4, 4));
        for (int k = 0; k < NODES; k++) {
            char name[16];
            v[k + 1] = random_node(g, v[k - (int)(next(&random) % (uint64_t)(k < 3 ? k + 1 : 3))],
                                   v[next(&random) % (uint64_t)(k + 1)], c, &random);
            snprintf(name, sizeof name, "y%d", k);
            if (k == NODES - 1 || next(&random) % 4 == 0)
                gcl_graph_output(g, v[k + 1], name);
        }
        assert_int_equal(gcl_graph_status(g, NULL), GCL_OK);
        split += compare_with_whole(*state, g, options) > 0;
        gcl_graph_destroy(g);
    }
    assert_true(split > GRAPHS / 2);
}

/* A failed build names program and options and brings the compiler's words. */
static void failed_build_carries_its_log(void **state)
{
    device *d = *state;
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
        cmocka_unit_test_setup_teardown(fused_and_unfused_agree, open_device, close_device),
        cmocka_unit_test_setup_teardown(plan_names_what_is_wrong, open_device, close_device),
        cmocka_unit_test_setup_teardown(weights_keep_their_shape, open_device, close_device),
        cmocka_unit_test_setup_teardown(timed_runs_give_times, open_device, close_device),
        cmocka_unit_test(batch_is_split_where_it_grows),
        cmocka_unit_test_setup_teardown(concats_of_ranges_give_the_same_bits, open_device,
                                        close_device),
        cmocka_unit_test_setup_teardown(parts_give_the_same_bits, open_device, close_device),
        cmocka_unit_test_setup_teardown(random_graphs_in_parts, open_device, close_device),
        cmocka_unit_test_setup_teardown(failed_build_carries_its_log, open_device, close_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
