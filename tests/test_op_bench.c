/* test_op_bench.c - the rows of `galip bench ops`: their batches, rates and refusals. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "bench/op_bench.h"
#include "bench/record.h"

enum { BATCHES = 6 };

static gcl_device_info device;
static gcl_context *ctx;

static const bench_rule quick = {.min_samples = BATCHES,
                                 .max_samples = BATCHES,
                                 .min_s = 0.001,
                                 .limit_s = 60.0,
                                 .max_width = 0.0};

static double number(const json_t *r, const char *key)
{
    assert_true(json_is_number(json_object_get(r, key)));
    return json_number_value(json_object_get(r, key));
}

static void rows_hold_batches_and_rates(void **state)
{
    gcl_error err = GCL_ERROR_INIT;
    const bench_op_options o = {.op = "linear",
                                .case_regex = "^tiny_in_proj$",
                                .hot = true,
                                .cold = true,
                                .versus_clblast = true,
                                .seed = 1,
                                .rule = quick,
                                .fma_gflops = 1e9,
                                .read_gbps = 1e-9,
                                .launch_us = 1e-9};
    json_t *records = json_array(), *run = NULL, *r;
    size_t i;

    (void)state;
    assert_int_equal(bench_run_create(&run, &device, "", &err), GCL_OK);
    assert_int_equal(bench_op_run(records, run, ctx, &o, &err), GCL_OK);
    assert_int_equal(json_array_size(records), 2);
    json_array_foreach(records, i, r)
    {
        const json_t *batches = json_object_get(r, "batches"), *size;
        double n = 0;
        size_t k;
        assert_int_equal(json_array_size(batches), BATCHES);
        json_array_foreach(batches, k, size) n += (double)json_integer_value(size);
        assert_true(n == number(r, "n"));
        assert_true(number(r, "low_s") <= number(r, "high_s"));
        assert_true(number(r, "min_s") <= number(r, "low_s"));
        assert_true(number(r, "flops") > 0 && number(r, "bytes") > 0);
        assert_true(number(json_object_get(r, "vs"), "ratio") > 0);
        assert_string_equal(json_string_value(json_object_get(r, "limit")), "memory");
        assert_string_equal(json_string_value(json_object_get(r, "cache")), i ? "cold" : "hot");
    }
    json_decref(run);
    json_decref(records);
}

static void filters_that_leave_nothing_are_refused(void **state)
{
    gcl_error err = GCL_ERROR_INIT;
    bench_op_options o = {.case_regex = "^nothing$", .hot = true, .rule = quick};
    json_t *records = json_array();

    (void)state;
    assert_int_equal(bench_op_run(records, NULL, ctx, &o, &err), GCL_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "case ^nothing$"));
    o.case_regex = "(";
    assert_int_equal(bench_op_run(records, NULL, ctx, &o, &err), GCL_E_ARG);
    assert_non_null(strstr(err.message, "\"(\" is no regular expression"));
    json_decref(records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_hold_batches_and_rates),
        cmocka_unit_test(filters_that_leave_nothing_are_refused),
    };
    gcl_error err = GCL_ERROR_INIT;
    int failed = 1;

    if (gcl_device_find(&device, NULL, &err) == GCL_OK &&
        gcl_context_create(&ctx, &device, &err) == GCL_OK)
        failed = cmocka_run_group_tests(tests, NULL, NULL);
    else
        fprintf(stderr, "%s\n", err.message);
    gcl_context_destroy(ctx);
    gcl_error_clear(&err);
    return failed;
}
