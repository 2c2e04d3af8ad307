/* test_graph_split.c - batches that run in parts. */
#include "graph_run.h"

#include <stdio.h>
#include <string.h>

#include "host/ops/activation.h"
#include "host/ops/add.h"
#include "host/ops/conv2d.h"
#include "host/ops/dfblk.h"
#include "host/ops/resize_nearest.h"
#include "host/ops/rgb_pack.h"
#include "host/ops/slice.h"

/* Two convolutions and what is between them; "kept" is read by a node that takes no samples as well,
 * and one byte too much for a part's place is "odd". */
static gcl_graph *picture_graph(size_t B, bool keep_dfblk)
{
    gcl_graph *g = graph_new();
    const gcl_value w1 = gcl_graph_weight(g, "w1", GCL_SHAPE(32, 16, 3, 3));
    const gcl_value w2 = gcl_graph_weight(g, "w2", GCL_SHAPE(16, 32, 3, 3));
    const gcl_value w3 = gcl_graph_weight(g, "w3", GCL_SHAPE(3, 16, 3, 3));
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(B, 16, 8, 8));
    const gcl_value c = gcl_graph_input(g, "c", GCL_F32, GCL_SHAPE(B, 128));
    gcl_value h = gcl_conv2d_nobias(g, x, w1, 1, 1);

    gcl_graph_output(g, h, "kept");
    gcl_graph_output(g, gcl_activation(g, h, GCL_ACT_RELU, 0.0f), "relu");
    h = gcl_dfblk(g, h, c, 0);
    if (keep_dfblk) /* or else the next convolution takes it in */
        gcl_graph_output(g, h, "modulated");
    h = gcl_resize_nearest(g, h, 14, 14);
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
    gcl_graph *g = picture_graph(6, true);

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

/* Returns how many more nodes the plan has that runs the batch in parts. */
static int compare_with_whole(graph_device *d, const gcl_graph *g, gcl_plan_options split)
{
    static unsigned char want[GRAPH_OUT_ROOM], got[GRAPH_OUT_ROOM];
    gcl_plan_options whole = split;
    int n_whole, n_split;
    size_t bytes;

    whole.split_bytes = SIZE_MAX;
    whole.guard = whole.apart = false;
    bytes = graph_run(d, g, &whole, want, &n_whole);
    memset(got, 0xff, bytes);
    assert_int_equal(graph_run(d, g, &split, got, &n_split), bytes);
    assert_memory_equal(got, want, bytes);
    return n_split - n_whole;
}

static void parts_give_the_same_bits(void **state)
{
    enum { SIZES = 3, KINDS = 3 };
    const size_t bytes[SIZES] = {1, SPLIT_BYTES, 100000};

    for (int keep = 0; keep < 2; keep++) {
        gcl_graph *g = picture_graph(6, keep);
        for (int i = 0; i < SIZES * KINDS; i++) {
            const gcl_plan_options split = {
                .split_bytes = bytes[i / KINDS], .guard = i % KINDS == 1, .apart = i % KINDS == 2};
            assert_true(compare_with_whole(*state, g, split) > 0);
        }
        gcl_graph_destroy(g);
    }
}

/* A value like v: by dfblk, whose variant for CPUs takes channel blocks, or by a convolution of one pixel,
 * here one that takes rows; from 16 channels to 16 or 20, alone or with another value added. Or resized, or
 * with its first channels behind the others. */
static gcl_value random_node(gcl_graph *g, gcl_value v, gcl_value other, gcl_value c,
                             uint64_t *state)
{
    const gcl_shape s = gcl_graph_tensor(g, v)->shape, o = gcl_graph_tensor(g, other)->shape;
    const size_t O = random_next(state) % 4 == 0 ? 20 : 16;
    char name[32];

    if (random_next(state) % 6 == 0)
        return gcl_resize_nearest(g, v, 12 - s.dim[2], 12 - s.dim[2]); /* 4 to 8 and back */
    if (random_next(state) % 8 == 0)
        return graph_concat2(g, gcl_slice(g, v, 1, 4, s.dim[1] - 4), gcl_slice(g, v, 1, 0, 4), 1);
    if (s.dim[1] == 16 && random_next(state) % 2 == 0)
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
        gcl_graph *g = graph_new();
        gcl_value v[1 + NODES];
        const gcl_value c = gcl_graph_input(g, "c", GCL_F32, GCL_SHAPE(B, 64));
        const gcl_plan_options options = {.split_bytes = 1 + random_next(&random) % 40000,
                                          .guard = i % 3 == 1,
                                          .apart = i % 3 == 2,
                                          .variants = "conv2d=panel_f32"};

        v[0] = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(B, 16, 4, 4));
        for (int k = 0; k < NODES; k++) {
            char name[16];
            v[k + 1] =
                random_node(g, v[k - (int)(random_next(&random) % (uint64_t)(k < 3 ? k + 1 : 3))],
                            v[random_next(&random) % (uint64_t)(k + 1)], c, &random);
            snprintf(name, sizeof name, "y%d", k);
            if (k == NODES - 1 || random_next(&random) % 4 == 0)
                gcl_graph_output(g, v[k + 1], name);
        }
        assert_int_equal(gcl_graph_status(g, NULL), GCL_OK);
        split += compare_with_whole(*state, g, options) > 0;
        gcl_graph_destroy(g);
    }
    assert_true(split > GRAPHS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_is_split_where_it_grows),
        cmocka_unit_test_setup_teardown(parts_give_the_same_bits, graph_device_open,
                                        graph_device_close),
        cmocka_unit_test_setup_teardown(random_graphs_in_parts, graph_device_open,
                                        graph_device_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
