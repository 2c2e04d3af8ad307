/* graph_run.c - graphs that several tests share, and running them. */
#include "graph_run.h"

#include <stdlib.h>
#include <string.h>

#include "host/ops/activation.h"
#include "host/ops/add.h"
#include "host/ops/concat.h"
#include "host/ops/linear.h"
#include "host/ops/slice.h"

gcl_graph *graph_new(void)
{
    gcl_graph *g = NULL;

    assert_int_equal(gcl_graph_create(&g, NULL), GCL_OK);
    return g;
}

uint64_t random_next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* x -> linear -> gelu -> linear -> + x; also a value nobody reads. */
gcl_graph *graph_of_mlp(bool name_inside)
{
    gcl_graph *g = graph_new();
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

gcl_value graph_concat2(gcl_graph *g, gcl_value a, gcl_value b, int axis)
{
    const gcl_value x[2] = {a, b};

    return gcl_concat(g, x, 2, axis);
}

/* Concats along axis 1 that read x beside a range of x, a range of a range, of a view, of a weight and of
 * another concat: 5 nodes once fused. */
gcl_graph *graph_of_absorbed_slices(void)
{
    gcl_graph *g = graph_new();
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(3, 7, 2));
    const gcl_value w = gcl_graph_weight(g, "w", GCL_SHAPE(3, 5, 2));
    const gcl_value view = gcl_graph_reshape(g, x, GCL_SHAPE(3, 14, 1));
    const gcl_value y0 = graph_concat2(g, x, gcl_slice(g, x, 1, 2, 3), 1);
    const gcl_value nested = gcl_slice(g, gcl_slice(g, x, 1, 1, 5), 1, 2, 2);

    gcl_graph_output(g, y0, "y0");
    gcl_graph_output(g, graph_concat2(g, nested, gcl_slice(g, w, 1, 4, 1), 1), "y1");
    gcl_graph_output(g, graph_concat2(g, gcl_slice(g, view, 1, 3, 11), view, 1), "y2");
    gcl_graph_output(g, graph_concat2(g, gcl_slice(g, y0, 1, 6, 4), gcl_slice(g, y0, 1, 0, 1), 1),
                     "y3");
    gcl_graph_output(g, graph_concat2(g, gcl_slice(g, x, 1, 0, 1), gcl_slice(g, x, 1, 6, 1), 1),
                     "y4");
    assert_int_equal(gcl_graph_status(g, NULL), GCL_OK);
    return g;
}

/* Slices that are kept, read twice, along another axis and behind a view. */
gcl_graph *graph_of_other_slices(void)
{
    gcl_graph *g = graph_new();
    const gcl_value x = gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(4, 6, 2));
    const gcl_value kept = gcl_slice(g, x, 1, 1, 2), twice = gcl_slice(g, x, 1, 3, 3);
    const gcl_value view = gcl_graph_reshape(g, gcl_slice(g, x, 1, 2, 2), GCL_SHAPE(4, 4, 1));
    const gcl_value flat = gcl_graph_reshape(g, x, GCL_SHAPE(4, 12, 1));

    gcl_graph_output(g, kept, "kept");
    gcl_graph_output(g, graph_concat2(g, kept, x, 1), "y0");
    gcl_graph_output(g, graph_concat2(g, twice, twice, 1), "y1");
    gcl_graph_output(g, graph_concat2(g, x, gcl_slice(g, x, 0, 2, 2), 0), "along_0");
    gcl_graph_output(g, graph_concat2(g, gcl_slice(g, x, 0, 1, 3), gcl_slice(g, x, 0, 0, 3), 1),
                     "y2");
    gcl_graph_output(g, graph_concat2(g, view, flat, 1), "y3");
    assert_int_equal(gcl_graph_status(g, NULL), GCL_OK);
    return g;
}

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

int graph_device_open(void **state)
{
    graph_device *d = calloc(1, sizeof *d);
    gcl_device_info info;

    *state = d;
    return d == NULL || gcl_device_find(&info, NULL, NULL) != GCL_OK ||
           gcl_context_create(&d->ctx, &info, NULL) != GCL_OK ||
           gcl_weight_set_create(&d->weights, d->ctx, (gcl_weight_source){NULL, view, NULL},
                                 NULL) != GCL_OK;
}

int graph_device_close(void **state)
{
    graph_device *d = *state;

    gcl_weight_set_destroy(d->weights);
    gcl_context_destroy(d->ctx);
    free(d);
    return 0;
}

/* Fills the inputs, runs twice, as what is left in shared memory must not matter, and reads all outputs
 * one behind the other. Returns their bytes. */
size_t graph_run(graph_device *d, const gcl_graph *g, const gcl_plan_options *options,
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
                data[i] = (float)(random_next(&state) % 1000) / 500.0f - 1.0f;
            assert_int_equal(gcl_plan_write(plan, t->name, data, n * sizeof *data, NULL), GCL_OK);
        }
        assert_int_equal(gcl_plan_run(plan, NULL), GCL_OK);
    }
    for (gcl_value v = 0; v < gcl_graph_n_values(g); v++) {
        const gcl_tensor *t = gcl_graph_tensor(g, v);
        const size_t bytes = gcl_shape_count(&t->shape) * gcl_dtype_bytes(t->dtype);
        if (!t->is_output)
            continue;
        assert_true(at + bytes <= GRAPH_OUT_ROOM);
        assert_int_equal(gcl_plan_read(plan, t->name, out + at, bytes, NULL), GCL_OK);
        at += bytes;
    }
    if (options->guard)
        assert_int_equal(gcl_plan_check_guards(plan, NULL), GCL_OK);
    *n_nodes = gcl_plan_n_nodes(plan);
    gcl_plan_destroy(plan);
    return at;
}
