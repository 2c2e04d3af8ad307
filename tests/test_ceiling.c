/*
 * test_ceiling.c - the ceilings are sane, survive their cache, and notice work that was not done.
 * The cache folder is the test's own; PoCL's follows XDG_CACHE_HOME and is kept where it was.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "bench/ceiling_internal.h"

static gcl_context *ctx;
static char folder[] = "/tmp/galip-ceiling-XXXXXX";
static gcl_error err;
static bench_ceilings measured;

#define assert_ok(call)                  \
    do {                                 \
        const gcl_status got_ = (call);  \
        if (got_ != GCL_OK)              \
            fail_msg("%s", err.message); \
    } while (0)

static void keep_pocl_cache(void)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char path[4096];

    if (xdg != NULL)
        snprintf(path, sizeof path, "%s/pocl/kcache", xdg);
    else
        snprintf(path, sizeof path, "%s/.cache/pocl/kcache", home != NULL ? home : "/tmp");
    setenv("POCL_CACHE_DIR", path, 0);
}

static int open_device(void **state)
{
    gcl_device_info device;
    gcl_status st;

    (void)state;
    keep_pocl_cache();
    if (mkdtemp(folder) == NULL || setenv("XDG_CACHE_HOME", folder, 1) != 0)
        return 1;
    st = gcl_device_find(&device, NULL, &err);
    if (st == GCL_OK)
        st = gcl_context_create(&ctx, &device, &err);
    if (st == GCL_OK)
        st = bench_ceiling_get(ctx, false, &measured, &err);
    if (st != GCL_OK)
        print_error("%s\n", err.message);
    return st != GCL_OK;
}

static void cache_path(char *path, size_t room)
{
    assert_ok(bench_ceiling_path(path, room, gcl_context_device(ctx), &err));
}

static int close_device(void **state)
{
    char path[4096];

    (void)state;
    if (ctx != NULL && bench_ceiling_path(path, sizeof path, gcl_context_device(ctx), NULL) == 0)
        unlink(path);
    gcl_context_destroy(ctx);
    snprintf(path, sizeof path, "%s/galip", folder);
    rmdir(path);
    rmdir(folder);
    gcl_error_clear(&err);
    return 0;
}

/* Where only part of the search's time is wanted. */
static void open_rig(bench_rig *rig)
{
    assert_ok(bench_rig_open(rig, ctx, &err));
    rig->until = bench_ceiling_clock();
}

static void figures_are_sane(void **state)
{
    const bench_ceiling *c = measured.of;

    (void)state;
    for (int id = 0; id < BENCH_N_CEILINGS; id++) {
        print_message("%-15s %10.4g (median %.4g) %-8s spread %.3f n %d  %s\n",
                      bench_ceiling_name(id), c[id].value, c[id].median, bench_ceiling_unit(id),
                      c[id].spread, c[id].n, c[id].shape);
        if (c[id].n == 0) {
            assert_true(id == BENCH_FMA_F16 || id == BENCH_DOT_I8);
            continue;
        }
        assert_true(isfinite(c[id].median) && c[id].median > 0.0);
        assert_true(isfinite(c[id].spread) && c[id].spread >= 0.0);
        assert_true(c[id].shape[0] != '\0');
    }
    print_message("measured in %.1f s\n", measured.seconds);
    assert_int_equal(c[BENCH_FMA_F16].n > 0, gcl_context_device(ctx)->fp16);
    assert_true(c[BENCH_FMA_F32].median > 0.1 && c[BENCH_FMA_F32].median < 1e7);
    assert_true(c[BENCH_READ].median > 0.1 && c[BENCH_READ].median < 1e5);
    assert_true(c[BENCH_LAUNCH_WAIT].median > c[BENCH_LAUNCH].median * 0.5);
}

static void records_follow_the_contract(void **state)
{
    json_t *rows = NULL, *row, *common = json_pack("{s:s, s:s}", "device", "d", "date", "never");
    size_t i;

    (void)state;
    assert_ok(bench_ceiling_records(&rows, &measured, common, &err));
    assert_true(json_array_size(rows) >= 8);
    json_array_foreach(rows, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        int id = 0;

        while (id < BENCH_N_CEILINGS && strcmp(bench_ceiling_name(id), name) != 0)
            id++;
        assert_in_range(id, 0, BENCH_N_CEILINGS - 1);
        assert_string_equal(json_string_value(json_object_get(row, "kind")), "ceiling");
        assert_string_equal(json_string_value(json_object_get(row, "device")), "d");
        assert_string_equal(json_string_value(json_object_get(row, "date")), measured.date);
        assert_string_equal(json_string_value(json_object_get(row, "unit")),
                            bench_ceiling_unit(id));
        assert_true(json_real_value(json_object_get(row, "value")) == measured.of[id].value);
        assert_true(json_real_value(json_object_get(row, "median")) == measured.of[id].median);
        assert_true(json_real_value(json_object_get(row, "spread")) == measured.of[id].spread);
        assert_int_equal(json_array_size(json_object_get(row, "samples")), measured.of[id].n);
    }
    json_decref(rows);
    json_decref(common);
}

static void cache_gives_the_same_back(void **state)
{
    const double start = bench_ceiling_clock();
    bench_ceilings again;

    (void)state;
    assert_ok(bench_ceiling_get(ctx, false, &again, &err));
    assert_true(bench_ceiling_clock() - start < 0.5);
    for (int id = 0; id < BENCH_N_CEILINGS; id++) {
        assert_int_equal(again.of[id].n, measured.of[id].n);
        assert_true(again.of[id].median == measured.of[id].median);
        assert_true(again.of[id].spread == measured.of[id].spread);
        assert_string_equal(again.of[id].shape, measured.of[id].shape);
        assert_memory_equal(again.of[id].samples, measured.of[id].samples,
                            (size_t)again.of[id].n * sizeof(double));
    }
    assert_string_equal(again.date, measured.date);
}

/* Every damage that a person or a full disk could do is seen; no device is needed for that. */
static void damaged_records_are_refused(void **state)
{
    static const char *const keys[] = {"name", "unit", "value", "samples", "shape", "date"};
    bench_ceilings again;
    json_t *rows;

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_ok(bench_ceiling_records(&rows, &measured, NULL, &err));
        json_object_set_new(json_array_get(rows, 0), keys[i], json_integer(-1));
        assert_int_equal(bench_ceiling_parse(&again, rows, &err), GCL_E_FORMAT);
        json_object_del(json_array_get(rows, 0), keys[i]);
        assert_int_equal(bench_ceiling_parse(&again, rows, &err), GCL_E_FORMAT);
        json_decref(rows);
    }
    assert_ok(bench_ceiling_records(&rows, &measured, NULL, &err));
    json_object_set_new(json_array_get(rows, 0), "value", json_real(8e299));
    json_object_set_new(json_array_get(rows, 0), "samples",
                        json_pack("[f, f, f]", 1e-300, 1e-300, 1e300)); /* infinite spread */
    assert_int_equal(bench_ceiling_parse(&again, rows, &err), GCL_E_FORMAT);
    json_decref(rows);
    assert_ok(bench_ceiling_records(&rows, &measured, NULL, &err));
    json_array_append(rows, json_array_get(rows, 0));
    assert_int_equal(bench_ceiling_parse(&again, rows, &err), GCL_E_FORMAT);
    json_array_clear(rows);
    assert_int_equal(bench_ceiling_parse(&again, rows, &err), GCL_E_FORMAT);
    json_decref(rows);
    gcl_error_clear(&err);
}

static void damaged_cache_is_measured_anew(void **state)
{
    char path[4096], *text = NULL;
    size_t bytes;
    bench_ceilings again;

    (void)state;
    cache_path(path, sizeof path);
    assert_ok(gcl_file_read(&text, &bytes, path, 1 << 20, &err));
    assert_ok(gcl_file_write(path, text, bytes / 2, &err));
    free(text);
    assert_ok(bench_ceiling_get(ctx, false, &again, &err));
    assert_true(again.of[BENCH_FMA_F32].samples[0] != measured.of[BENCH_FMA_F32].samples[0]);
    measured = again;
    cache_gives_the_same_back(state);
}

static void skipped_work_is_noticed(void **state)
{
    bench_rig rig = {0};

    (void)state;
    open_rig(&rig);
    rig.bias = 1;
    for (int id = 0; id < BENCH_N_CEILINGS; id++) {
        bench_ceiling c = {0};
        bench_shape shape = {0};
        gcl_status st;

        if (measured.of[id].n == 0)
            continue;
        st = id < BENCH_LAUNCH           ? bench_kernel_search(&rig, id, &shape, &c, &err)
             : id < BENCH_HOST_TO_DEVICE ? bench_launch_sample(&rig, id, &shape, &c, &err)
                                         : bench_transfer_search(&rig, id, &shape, &c, &err);
        assert_int_equal(st, GCL_E_MISMATCH);
        gcl_error_clear(&err);
    }
    bench_rig_close(&rig);
}

static void budget_must_be_positive(void **state)
{
    bench_ceilings none;

    (void)state;
    assert_int_equal(bench_ceiling_measure(ctx, &none, 0.0, &err), GCL_E_ARG);
    assert_int_equal(bench_ceiling_measure(ctx, &none, (double)NAN, &err), GCL_E_ARG);
    gcl_error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_sane),
        cmocka_unit_test(records_follow_the_contract),
        cmocka_unit_test(cache_gives_the_same_back),
        cmocka_unit_test(damaged_records_are_refused),
        cmocka_unit_test(damaged_cache_is_measured_anew),
        cmocka_unit_test(skipped_work_is_noticed),
        cmocka_unit_test(budget_must_be_positive),
    };

    return cmocka_run_group_tests(tests, open_device, close_device);
}
