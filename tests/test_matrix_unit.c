/* test_matrix_unit.c - which devices have a unit, its emulation, and units that do not work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/device_internal.h"
#include "host/matrix_unit_internal.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_have_their_units),
        cmocka_unit_test(emulations_multiply_exactly),
        cmocka_unit_test(wrong_numbers_are_noticed),
        cmocka_unit_test(units_that_fail_are_not_used),
    };

    return cmocka_run_group_tests(tests, open_device, close_device);
}
