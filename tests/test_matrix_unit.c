/* test_matrix_unit.c - which devices have a unit, its emulation, and units that do not work. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/device_internal.h"
#include "host/matrix_unit_internal.h"
#include "host/ops/linear.h"
#include "host/plan.h"
#include "tests/with_device.h"

static void devices_have_their_units(void **state)
{
    static const char dpas[] = "cl_khr_fp16 cl_intel_subgroup_matrix_multiply_accumulate "
                               "cl_intel_subgroups cl_intel_required_subgroup_size";
    static const char subgroups[] = "cl_intel_required_subgroup_size cl_intel_subgroups";
    static const struct {
        gcl_subgroup_facts f;
        gcl_matrix_unit unit;
        gcl_lanes_by lanes;
    } cases[] = {
        {{"NVIDIA H200", "", 9, false, {32}}, GCL_UNIT_MMA, GCL_LANES_NV},
        {{"NVIDIA A100", "", 8, false, {32}}, GCL_UNIT_MMA, GCL_LANES_NV},
        {{"NVIDIA T4", "", 7, false, {32}}, GCL_UNIT_NONE, GCL_LANES_NV},
        {{"gfx1100", "", 0, true, {32}}, GCL_UNIT_WMMA, GCL_LANES_AMD},
        {{"gfx1100", "", 0, true, {64}}, GCL_UNIT_NONE, GCL_LANES_AMD},
        {{"gfx1030", "", 0, true, {32}}, GCL_UNIT_NONE, GCL_LANES_AMD},
        {{"gfx906:sramecc-:xnack-", "", 0, true, {64}}, GCL_UNIT_NONE, GCL_LANES_AMD},
        {{"gfx90a:sramecc+:xnack-", "", 0, true, {64}}, GCL_UNIT_MFMA, GCL_LANES_AMD},
        {{"gfx942", "", 0, true, {64}}, GCL_UNIT_MFMA, GCL_LANES_AMD},
        {{"gfx90a, in name only", "", 0, false, {64}}, GCL_UNIT_NONE, GCL_LANES_LOCAL},
        {{"Arc A770", dpas, 0, false, {8, 16, 32}}, GCL_UNIT_DPAS8, GCL_LANES_INTEL},
        {{"Max 1550", dpas, 0, false, {16, 32}}, GCL_UNIT_DPAS16, GCL_LANES_INTEL},
        {{"of the future", dpas, 0, false, {32}}, GCL_UNIT_NONE, GCL_LANES_INTEL},
        {{"Iris Xe", subgroups, 0, false, {8, 16, 32}}, GCL_UNIT_NONE, GCL_LANES_INTEL},
        {{"CPU", "cl_khr_fp64", 0, false, {0}}, GCL_UNIT_NONE, GCL_LANES_LOCAL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const gcl_matrix_unit unit = gcl_matrix_unit_from(&cases[i].f);
        const gcl_lanes_by lanes = gcl_lanes_by_from(&cases[i].f);
        if (unit != cases[i].unit || lanes != cases[i].lanes)
            fail_msg("%s: unit %d, lanes by %d, wanted %d and %d", cases[i].f.name, unit, lanes,
                     cases[i].unit, cases[i].lanes);
    }
}

static void emulations_multiply_exactly(void **state)
{
    char why[512] = "";

    (void)state;
    for (int unit = GCL_UNIT_MMA; unit < GCL_N_UNITS; unit++)
        if (!gcl_matrix_unit_works(ctx, (gcl_matrix_unit)unit, false, why, sizeof why))
            fail_msg("%s: %s", gcl_fragment_of((gcl_matrix_unit)unit)->name, why);
}

static void wrong_numbers_are_noticed(void **state)
{
    char why[512] = "";

    (void)state;
    setenv("GALIP_KERNEL_DIR", SOURCE_DIR "/tests/kernels", 1);
    assert_false(gcl_matrix_unit_works(ctx, GCL_UNIT_MMA, true, why, sizeof why));
    unsetenv("GALIP_KERNEL_DIR");
    assert_non_null(strstr(why, "element [11,3] of a product is "));
}

/* A unit that the device only claims to have: its program does not build. */
static void units_that_fail_are_not_used(void **state)
{
    gcl_device_info liar = *gcl_context_device(ctx);
    gcl_error err = GCL_ERROR_INIT;
    gcl_context *other = NULL;

    (void)state;
    liar.matrix_unit = GCL_UNIT_WMMA;
    assert_int_equal(gcl_context_create(&other, &liar, &err), GCL_OK);
    gcl_context_check_unit(other);
    assert_int_equal(gcl_context_device(other)->matrix_unit, GCL_UNIT_NONE);
    gcl_context_destroy(other);
}

/* gcl_weight_source.view: the weight 1. */
static gcl_status view_one(void *self, const char *name, const gcl_shape *required,
                           gcl_weight_view *out, gcl_error *err)
{
    static const float one = 1;

    (void)self, (void)name, (void)required, (void)err;
    out->data = &one;
    out->dtype = GCL_WEIGHT_F32;
    return GCL_OK;
}

/* Operands beyond f16 become its largest number, never an infinity, and a NaN stays one. */
static void rounding_saturates(void **state)
{
    static const float x[] = {65504, 65519, 65520, 1e6f, FLT_MAX, -1e6f, 1, 0x1p-24f, NAN};
    static const float want[] = {65504, 65504, 65504, 65504, 65504, -65504, 1, 0x1p-24f, NAN};
    enum { N = sizeof x / sizeof x[0] };
    const gcl_plan_options options = {.precision = GCL_PRECISION_F16, .variants = "linear=mma_f16"};
    gcl_weight_set *set = NULL;
    gcl_graph *g = NULL;
    gcl_plan *plan = NULL;
    float y[N];

    (void)state;
    assert_int_equal(gcl_graph_create(&g, NULL), GCL_OK);
    gcl_graph_output(g,
                     gcl_linear_nobias(g, gcl_graph_input(g, "x", GCL_F32, GCL_SHAPE(N, 1)),
                                       gcl_graph_weight(g, "w", GCL_SHAPE(1, 1)), GCL_LINEAR_NK),
                     "y");
    assert_int_equal(
        gcl_weight_set_create(&set, ctx, (gcl_weight_source){NULL, view_one, NULL}, NULL), GCL_OK);
    assert_int_equal(gcl_plan_create(&plan, ctx, g, set, &options, NULL), GCL_OK);
    assert_string_equal(gcl_plan_node_at(plan, 0).choice.variant->name, "mma_f16");
    assert_int_equal(gcl_plan_write(plan, "x", x, sizeof x, NULL), GCL_OK);
    assert_int_equal(gcl_plan_run(plan, NULL), GCL_OK);
    assert_int_equal(gcl_plan_read(plan, "y", y, sizeof y, NULL), GCL_OK);
    for (int i = 0; i < N; i++)
        if (isnan(want[i]) ? !isnan(y[i]) : y[i] != want[i])
            fail_msg("%g became %g, wanted %g", (double)x[i], (double)y[i], (double)want[i]);
    gcl_plan_destroy(plan);
    gcl_weight_set_destroy(set);
    gcl_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_have_their_units),  cmocka_unit_test(emulations_multiply_exactly),
        cmocka_unit_test(wrong_numbers_are_noticed), cmocka_unit_test(units_that_fail_are_not_used),
        cmocka_unit_test(rounding_saturates),
    };

    return cmocka_run_group_tests(tests, open_device, close_device);
}
