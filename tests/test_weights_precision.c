/* test_weights_precision.c - linear layers whose weights are kept in f16. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/ops/grouped_linear.h"
#include "host/ops/linear.h"
#include "host/plan.h"
#include "tests/with_device.h"
#include "weights/tensor.h"

enum { M = 19, N = 37, K = 101 };

static float x[M * K], full[N * K], halved[N * K];
static uint16_t halves[N * K];

static int open_all(void **state)
{
    for (int i = 0; i < M * K; i++)
        x[i] = (float)(i * 37 % 1009) / 504.5f - 1.0f;
    for (int i = 0; i < N * K; i++) {
        full[i] = ldexpf((float)(i * 53 % 2003) / 1001.5f - 1.0f, i % 7 - 9);
        halves[i] = gcl_f32_to_f16(full[i]);
        halved[i] = gcl_f16_to_f32(halves[i]);
    }
    return open_device(state);
}

/* ---- sources of one weight ---- */

static bool allows_half(void *self, const char *name, bool rounded)
{
    return self == halves || (rounded && strcmp(name, "w") == 0);
}

static gcl_status view(void *self, const char *name, const gcl_shape *required,
                       gcl_weight_view *out, gcl_error *err)
{
    (void)name, (void)required, (void)err;
    out->data = self;
    out->dtype = self == halves ? GCL_WEIGHT_F16 : GCL_WEIGHT_F32;
    return GCL_OK;
}

/* y = x W^T with one variant; returns the bytes of the weight on the device. */
static size_t multiply(const char *variant, gcl_weights_precision precision, void *w, float *y)
{
    const gcl_plan_options options = {.guard = true, .variants = variant, .weights = precision};
    gcl_weight_set *set = NULL;
    gcl_graph *g = NULL;
    gcl_plan *plan = NULL;
    size_t bytes;

    assert_int_equal(gcl_graph_create(&g, NULL), GCL_OK);
    gcl_graph_output(g,
                     gcl_linear_nobias(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(M, K)),
                                       gcl_graph_weight(g, "w", GCL_SHAPE(N, K)), GCL_LINEAR_NK),
                     "y");
    assert_int_equal(
        gcl_weight_set_create(&set, ctx, (gcl_weight_source){w, view, allows_half}, NULL), GCL_OK);
    assert_int_equal(gcl_plan_create(&plan, ctx, g, set, &options, NULL), GCL_OK);
    assert_int_equal(gcl_plan_write(plan, "x", x, sizeof x, NULL), GCL_OK);
    assert_int_equal(gcl_plan_run(plan, NULL), GCL_OK);
    assert_int_equal(gcl_plan_read(plan, "y", y, M * N * sizeof *y, NULL), GCL_OK);
    assert_int_equal(gcl_plan_check_guards(plan, NULL), GCL_OK);
    bytes = gcl_plan_total(plan).weight_bytes;
    gcl_plan_destroy(plan);
    gcl_weight_set_destroy(set);
    gcl_graph_destroy(g);
    return bytes;
}

/* ---- tests ---- */

static const char *const variants[] = {"linear=block_f32", "linear=panel_f32"};
enum { N_VARIANTS = sizeof variants / sizeof variants[0] };

/* The arithmetic is that of f32: weights rounded beforehand give the same bits. */
static void only_the_weights_are_rounded(void **state)
{
    static float y[M * N], want[M * N];

    (void)state;
    for (int v = 0; v < N_VARIANTS; v++) {
        const size_t bytes = multiply(variants[v], GCL_WEIGHTS_F32, halved, want);
        assert_int_equal(2 * multiply(variants[v], GCL_WEIGHTS_F16, full, y), bytes);
        assert_memory_equal(y, want, sizeof y);
    }
}

static void auto_keeps_the_type_of_the_file(void **state)
{
    static float y[M * N], want[M * N];

    (void)state;
    for (int v = 0; v < N_VARIANTS; v++) {
        const size_t bytes = multiply(variants[v], GCL_WEIGHTS_F32, halves, want);
        assert_int_equal(2 * multiply(variants[v], GCL_WEIGHTS_AUTO, halves, y), bytes);
        assert_memory_equal(y, want, sizeof y);
        multiply(variants[v], GCL_WEIGHTS_F32, full, want);
        assert_int_equal(multiply(variants[v], GCL_WEIGHTS_AUTO, full, y), bytes);
        assert_memory_equal(y, want, sizeof y);
    }
}

/* What gcl_plan_node_at tells of a linear layer and of two in one node, whose weights are w. */
static void node_bytes(gcl_weights_precision precision, void *w, double bytes[2])
{
    const gcl_plan_options options = {.variants = "linear=panel_f32", .weights = precision};
    gcl_weight_set *set = NULL;
    gcl_graph *g = NULL;
    gcl_plan *plan = NULL;
    gcl_value in, ws, biases;

    assert_int_equal(gcl_graph_create(&g, NULL), GCL_OK);
    in = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(M, K));
    ws = gcl_graph_list(g);
    gcl_graph_list_add(g, ws, gcl_graph_weight(g, "w0", GCL_SHAPE(N, K)));
    gcl_graph_list_add(g, ws, gcl_graph_weight(g, "w1", GCL_SHAPE(5, K)));
    biases = gcl_graph_list(g);
    gcl_graph_list_add(g, biases, gcl_graph_weight(g, "bias0", GCL_SHAPE(N)));
    gcl_graph_list_add(g, biases, gcl_graph_weight(g, "bias1", GCL_SHAPE(5)));
    gcl_graph_output(
        g, gcl_linear_nobias(g, in, gcl_graph_weight(g, "w", GCL_SHAPE(N, K)), GCL_LINEAR_NK), "y");
    gcl_graph_output(g, gcl_grouped_linear(g, in, ws, biases), "grouped");
    assert_int_equal(
        gcl_weight_set_create(&set, ctx, (gcl_weight_source){w, view, allows_half}, NULL), GCL_OK);
    assert_int_equal(gcl_plan_create(&plan, ctx, g, set, &options, NULL), GCL_OK);
    assert_int_equal(gcl_plan_n_nodes(plan), 2);
    for (int i = 0; i < 2; i++)
        bytes[i] = gcl_plan_node_at(plan, i).bytes;
    gcl_plan_destroy(plan);
    gcl_weight_set_destroy(set);
    gcl_graph_destroy(g);
}

/* All members of a list, and 2 bytes an element of what is kept in f16. */
static void bytes_of_a_node_are_those_of_its_weights(void **state)
{
    static const struct {
        gcl_weights_precision precision;
        void *w;
        double w_bytes[2]; /* an element of w, of w0 and w1 */
    } cases[] = {{GCL_WEIGHTS_AUTO, full, {4, 4}},
                 {GCL_WEIGHTS_AUTO, halves, {2, 2}},
                 {GCL_WEIGHTS_F32, halves, {4, 4}},
                 {GCL_WEIGHTS_F16, full, {2, 4}}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double bytes[2];
        node_bytes(cases[i].precision, cases[i].w, bytes);
        assert_true(bytes[0] == 4 * (M * K + M * N) + cases[i].w_bytes[0] * N * K);
        assert_true(bytes[1] ==
                    4 * (M * K + M * (N + 5) + N + 5) + cases[i].w_bytes[1] * (N + 5) * K);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_weights_are_rounded),
        cmocka_unit_test(auto_keeps_the_type_of_the_file),
        cmocka_unit_test(bytes_of_a_node_are_those_of_its_weights),
    };

    return cmocka_run_group_tests(tests, open_all, close_device);
}
