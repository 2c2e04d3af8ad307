/* test_choice.c - requests of variants and tunables: what is read, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/choice.h"

static const gcl_op *linear, *conv2d;

static int find_ops(void **state)
{
    (void)state;
    linear = gcl_op_find("linear");
    conv2d = gcl_op_find("conv2d");
    return linear == NULL || conv2d == NULL;
}

static void refuses(const char *list, gcl_status status, const char *message)
{
    gcl_error err = GCL_ERROR_INIT;

    assert_int_equal(gcl_requests_check(list, &err), status);
    if (strstr(err.message, message) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.message, message);
    gcl_error_clear(&err);
}

static void names_that_do_not_exist(void **state)
{
    (void)state;
    refuses("linaer=block_f32", GCL_E_NOT_FOUND, "there is no op \"linaer\"");
    refuses("linear=block", GCL_E_NOT_FOUND, "op linear needs OP=VARIANT");
    refuses("linear", GCL_E_NOT_FOUND, "op linear needs OP=VARIANT");
    refuses("linear=", GCL_E_NOT_FOUND, "op linear needs OP=VARIANT");
    refuses("linear=block_f32:MX=4", GCL_E_NOT_FOUND, "block_f32 has no tunable \"MX\"");
    refuses("linear=block_f32:M=4", GCL_E_NOT_FOUND, "block_f32 has no tunable \"M\"");
    refuses("linear=plain_f32:MR=4", GCL_E_NOT_FOUND,
            "plain_f32 has no tunable \"MR\", nor any other");
    refuses("linear=block_f32,conv2d=blocked_f32:SET=1", GCL_E_NOT_FOUND,
            "blocked_f32 has no tunable \"SET\"");
}

static void values_that_are_no_numbers(void **state)
{
    static const char *const values[] = {
        "", "=", "=-1", "=1.5", "=4x", "= 4", "=0x4", "=2147483648", "=99999999999999999999"};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char list[64];
        snprintf(list, sizeof list, "linear=block_f32:MR%s", values[i]);
        refuses(list, GCL_E_ARG, "MR needs a number, 0 .. 2147483647");
    }
}

static void lists_are_read(void **state)
{
    static const char list[] = "conv2d=few_f32,linear=block_f32:NV=1:MR=7,linear=plain_f32";
    gcl_tuning t = {{3, 2, 64}};

    (void)state;
    assert_int_equal(gcl_requests_check(NULL, NULL), GCL_OK);
    assert_int_equal(gcl_requests_check(list, NULL), GCL_OK);
    assert_string_equal(gcl_requests_variant(list, conv2d)->name, "few_f32");
    assert_string_equal(gcl_requests_variant(list, linear)->name, "block_f32"); /* the first */
    assert_null(gcl_requests_variant(list, gcl_op_find("add")));
    assert_null(gcl_requests_variant(NULL, linear));
    gcl_requests_tuning(list, linear, &t);
    assert_int_equal(t.value[0], 7);  /* MR */
    assert_int_equal(t.value[1], 1);  /* NV */
    assert_int_equal(t.value[2], 64); /* AHEAD is not in the list */
    gcl_requests_tuning(list, conv2d, &t);
    assert_int_equal(t.value[0], 7);
}

static void tunables_have_places(void **state)
{
    const gcl_variant *block = gcl_op_variant(linear, "block_f32");

    (void)state;
    assert_int_equal(gcl_variant_tunable(block, "MR"), 0);
    assert_int_equal(gcl_variant_tunable(block, "AHEAD"), 2);
    assert_int_equal(gcl_variant_tunable(block, "M"), -1);
    assert_int_equal(gcl_variant_tunable(gcl_op_variant(linear, "plain_f32"), "MR"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_do_not_exist),
        cmocka_unit_test(values_that_are_no_numbers),
        cmocka_unit_test(lists_are_read),
        cmocka_unit_test(tunables_have_places),
    };

    return cmocka_run_group_tests(tests, find_ops, NULL);
}
