/*
 * test_model_bench.c - `bench model` and `bench claims` on galip-56 with budgets of almost
 * nothing: what records hold and how their numbers fit together.
 *
 * The program runs itself with --first-run PART/BATCH for the rows of new processes.
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

#include "bench/claims.h"
#include "bench/model_bench.h"
#include "bench/model_memory.h"
#include "bench/record.h"
#include "host/op.h"

#define DEMO SOURCE_DIR "/weights/galip-56-demo.safetensors"
#define N(x) (sizeof(x) / sizeof((x)[0]))

static gcl_device_info device;
static gcl_context *ctx;
static gcl_checkpoint *checkpoint;
static json_t *shared;
static char *self;
static size_t rows_told;

static void count_rows(void *user, const char *name, size_t done, size_t total)
{
    (void)user;
    assert_true(done <= total);
    if (name == NULL)
        assert_int_equal(done, total);
    rows_told++;
}

static bench_model_options tiny(void)
{
    const bench_model_options o = {.rule = {.min_samples = 15,
                                            .max_samples = 15,
                                            .min_s = 0.0,
                                            .limit_s = 60.0,
                                            .max_width = 1e9},
                                   .seed = 7,
                                   .run = shared,
                                   .progress = count_rows};
    return o;
}

static json_t *run(const bench_model_options *o)
{
    gcl_error err = GCL_ERROR_INIT;
    json_t *records = NULL;

    if (bench_model_run(&records, ctx, checkpoint, o, &err) != GCL_OK)
        fail_msg("%s", err.message);
    gcl_error_clear(&err);
    return records;
}

static double real(const json_t *r, const char *key)
{
    const json_t *v = json_object_get(r, key);

    if (!json_is_number(v))
        fail_msg("%s has no number %s", json_string_value(json_object_get(r, "name")), key);
    return json_number_value(v);
}

static const char *text(const json_t *r, const char *key)
{
    const char *v = json_string_value(json_object_get(r, key));

    if (v == NULL)
        fail_msg("a record has no text %s", key);
    return v != NULL ? v : ""; /* compilers do not see that fail_msg ends the test */
}

static void has_common(const json_t *r, const char *kind)
{
    static const char *const keys[] = {"name",    "device", "platform", "driver",
                                       "version", "commit", "flags",    "date"};

    assert_string_equal(text(r, "kind"), kind);
    for (size_t i = 0; i < N(keys); i++)
        text(r, keys[i]);
}

static void has_times(const json_t *r)
{
    const json_t *samples = json_object_get(r, "samples_s");
    const size_t n = json_array_size(samples);
    size_t below = 0, above = 0;

    assert_true(n >= 1 && (double)n == real(r, "n"));
    for (size_t i = 0; i < n; i++) {
        const double s = json_real_value(json_array_get(samples, i));
        assert_true(s > 0.0 && s >= real(r, "min_s"));
        below += s <= real(r, "median_s");
        above += s >= real(r, "median_s");
    }
    assert_true(2 * below >= n && 2 * above >= n);
    assert_true(real(r, "p90_s") >= real(r, "median_s"));
    assert_true(real(r, "spread") >= 0.0);
}

static double group_sum(const json_t *r, const char *key)
{
    const json_t *groups = json_object_get(r, "groups");
    double all = 0.0;

    assert_true(json_array_size(groups) > 0);
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *g = json_array_get(groups, i);
        text(g, "op");
        assert_true(real(g, "s") >= 0.0 && real(g, "calls") >= 1.0);
        all += real(g, key);
    }
    return all;
}

/* Ops stand in front of what the host does, those that take long first. */
static void ops_are_in_order(const json_t *r)
{
    const json_t *groups = json_object_get(r, "groups");

    for (size_t i = 1; i < json_array_size(groups); i++) {
        const json_t *g = json_array_get(groups, i);
        if (gcl_op_find(text(g, "op")) == NULL)
            break;
        assert_true(real(g, "s") <= real(json_array_get(groups, i - 1), "s"));
    }
}

static void has_rates(const json_t *r)
{
    const double s = real(r, "median_s");

    ops_are_in_order(r);

    assert_true(fabs(real(r, "gflops") * s / real(r, "naive_gflop") - 1.0) < 1e-9);
    assert_true(fabs(real(r, "pictures_per_s") * s - real(r, "batch")) < 1e-9 * real(r, "batch"));
    assert_true(real(r, "memory_bytes") ==
                real(r, "weight_bytes") + real(r, "arena_bytes") + real(r, "const_bytes"));
    assert_true(fabs(group_sum(r, "share") - real(r, "explained")) < 0.01);
}

static void steady_row_holds_together(const json_t *r)
{
    const double s = real(r, "median_s");

    has_times(r);
    has_rates(r);
    assert_true(fabs(real(r, "pct_fma") - real(r, "gflops")) < 1e-9 * real(r, "gflops"));
    assert_true(real(r, "kernels_s") > 0.0);
    assert_true(fabs(real(r, "kernels_s") + real(r, "gap_s") - s) < 1e-9);
    assert_true(fabs(group_sum(r, "s") / s - real(r, "explained")) < 1e-6);
    assert_true(real(r, "explained") > 0.0);
}

static void steady_rows_hold_together(void **state)
{
    static const size_t batches[] = {1, 2};
    static const char *const names[] = {"text/b1/steady",     "text/b2/steady",
                                        "netG/b1/steady",     "netG/b2/steady",
                                        "pipeline/b1/steady", "pipeline/b2/steady"};
    bench_model_options o = tiny();
    json_t *records;

    (void)state;
    o.parts = 1u << GCL_PART_TEXT | 1u << GCL_PART_NETG | 1u << BENCH_PART_PIPELINE;
    o.phases = 1u << BENCH_STEADY;
    o.batches = batches;
    o.n_batches = N(batches);
    o.fma_gflops = 100.0;
    rows_told = 0;
    records = run(&o);
    assert_int_equal(json_array_size(records), N(names));
    assert_int_equal(rows_told, N(names) + 1);
    for (size_t i = 0; i < N(names); i++) {
        const json_t *r = json_array_get(records, i);
        has_common(r, "model");
        assert_string_equal(text(r, "name"), names[i]);
        assert_true(real(r, "batch") == (double)(1 + i % 2) && real(r, "seed") == 7.0);
        assert_string_equal(text(r, "weights_precision"), "auto");
        steady_row_holds_together(r);
    }
    /* twice the pictures are twice the work */
    assert_true(real(json_array_get(records, 5), "naive_gflop") ==
                2.0 * real(json_array_get(records, 4), "naive_gflop"));
    json_decref(records);
}

static void text_runs_for_the_tokens_asked_for(void **state)
{
    static const size_t batches[] = {2};
    bench_model_options o = tiny();
    gcl_error err = GCL_ERROR_INIT;
    json_t *full, *few;
    const json_t *r;

    (void)state;
    o.parts = 1u << GCL_PART_TEXT;
    o.phases = 1u << BENCH_STEADY;
    o.batches = batches;
    o.n_batches = 1;
    o.fma_gflops = 100.0;
    full = run(&o);
    o.tokens = 6;
    few = run(&o);
    r = json_array_get(few, 0);
    assert_string_equal(text(r, "name"), "text/b2/t6/steady");
    assert_true(real(r, "tokens") == 6.0);
    assert_null(json_object_get(json_array_get(full, 0), "tokens"));
    steady_row_holds_together(r);
    /* 24 tokens; the attention grows faster than they, the projection does not */
    assert_true(fabs(4.0 * real(r, "naive_gflop") / real(json_array_get(full, 0), "naive_gflop") -
                     1.0) < 0.05);
    json_decref(full);
    json_decref(few);
    o.tokens = 25;
    assert_int_equal(bench_model_run(&few, ctx, checkpoint, &o, &err), GCL_E_ARG);
    assert_non_null(strstr(err.message, "text of 25 tokens, the text tower takes 1 .. 24"));
    gcl_error_clear(&err);
}

/* Rows of another precision have another name, by which `bench compare` finds pairs. */
static void rows_tell_the_precision_of_weights(void **state)
{
    static const size_t batches[] = {1};
    static const char *const rows[][2] = {{"auto", "text/b1/t6/steady"},
                                          {"f32", "text/b1/t6/w-f32/steady"},
                                          {"f16", "text/b1/t6/w-f16/steady"}};
    bench_model_options o = tiny();

    (void)state;
    o.parts = 1u << GCL_PART_TEXT;
    o.phases = 1u << BENCH_STEADY;
    o.batches = batches;
    o.n_batches = 1;
    o.tokens = 6;
    o.rule.min_samples = o.rule.max_samples = 1;
    for (size_t i = 0; i < N(rows); i++) {
        json_t *records;
        o.plan.weights = (gcl_weights_precision)i;
        records = run(&o);
        assert_string_equal(text(json_array_get(records, 0), "weights_precision"), rows[i][0]);
        assert_string_equal(text(json_array_get(records, 0), "name"), rows[i][1]);
        json_decref(records);
    }
}

/* Runs that are timed by parts take as long as those that are not. Another process may take the
 * cores from one kind alone, so a try may fail. */
static void named_parts_explain_the_wall_time(void **state)
{
    enum { TRIES = 5 };
    static const size_t batches[] = {1};
    bench_model_options o = tiny();
    double explained = 0.0;

    (void)state;
    o.parts = 1u << GCL_PART_NETG;
    o.phases = 1u << BENCH_STEADY;
    o.batches = batches;
    o.n_batches = 1;
    for (int i = 0; i < TRIES && !(explained >= 0.8 && explained <= 1.2); i++) {
        json_t *records = run(&o);
        explained = real(json_array_get(records, 0), "explained");
        print_message("netG: explained %.3f\n", explained);
        json_decref(records);
    }
    assert_true(explained >= 0.8 && explained <= 1.2);
}

static void every_part_has_rows(void **state)
{
    static const size_t batches[] = {1};
    bench_model_options o = tiny();
    json_t *records;

    (void)state;
    o.batches = batches;
    o.n_batches = 1;
    o.rule.min_samples = o.rule.max_samples = 1;
    records = run(&o); /* no program for first runs: those rows say so */
    assert_int_equal(json_array_size(records), BENCH_PART_COUNT * BENCH_PHASE_COUNT);
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *r = json_array_get(records, i);
        assert_string_equal(text(r, "part"), bench_part_name((int)i / BENCH_PHASE_COUNT));
        if (strcmp(text(r, "phase"), "steady") == 0)
            has_times(r);
        else
            assert_non_null(strstr(text(r, "skipped"), "process"));
    }
    json_decref(records);
}

static void new_processes_are_timed(void **state)
{
    static const size_t batches[] = {2};
    char flag[] = "--first-run";
    char *const program[] = {self, flag, NULL};
    bench_model_options o = tiny();
    json_t *records;

    (void)state;
    o.parts = 1u << GCL_PART_NOISE | 1u << GCL_PART_TEXT;
    o.phases = 1u << BENCH_COLD | 1u << BENCH_WARM;
    o.batches = batches;
    o.n_batches = 1;
    o.first_run = program;
    records = run(&o);
    assert_int_equal(json_array_size(records), 4);
    for (size_t i = 0; i < 4; i++) {
        const json_t *r = json_array_get(records, i);
        has_common(r, "model");
        assert_string_equal(text(r, "phase"), i % 2 == 0 ? "cold" : "warm");
        assert_true(real(r, "batch") == 2.0);
        has_times(r);
        has_rates(r);
        assert_true(real(r, "explained") > 0.9 && real(r, "explained") <= 1.001);
        print_message("%s: %.1f ms\n", text(r, "name"), 1e3 * real(r, "median_s"));
    }
    /* a cold run compiles what a warm one loads */
    for (size_t i = 0; i < 4; i += 2)
        assert_true(real(json_array_get(records, i), "median_s") >
                    real(json_array_get(records, i + 1), "min_s"));
    json_decref(records);
}

static void what_does_not_fit_is_left_out(void **state)
{
    static const size_t batches[] = {1, 4096};
    bench_model_options o = tiny();
    json_t *records;

    (void)state;
    o.parts = 1u << GCL_PART_NETG;
    o.phases = 1u << BENCH_STEADY;
    o.batches = batches;
    o.n_batches = 2;
    o.max_memory_bytes = (uint64_t)256 << 20;
    records = run(&o);
    assert_int_equal(json_array_size(records), 2);
    has_times(json_array_get(records, 0));
    has_common(json_array_get(records, 1), "model");
    assert_non_null(strstr(text(json_array_get(records, 1), "skipped"), "the limit is 268 MB"));
    assert_null(json_object_get(json_array_get(records, 1), "median_s"));
    json_decref(records);

    o.max_memory_bytes = 1; /* the first batch as well, from the graph alone */
    o.batches = batches + 1;
    o.n_batches = 1;
    records = run(&o);
    assert_non_null(json_object_get(json_array_get(records, 0), "skipped"));
    json_decref(records);
}

static bench_subject_totals totals_of(int part, size_t batch, const bench_model_options *o)
{
    gcl_error err = GCL_ERROR_INIT;
    gcl_model *m = NULL;
    bench_subject *subject = NULL;
    bench_subject_totals t;

    assert_int_equal(gcl_model_create(&m, ctx, checkpoint, &o->plan, NULL), GCL_OK);
    if (bench_subject_create(&subject, m, checkpoint, part, batch, o, &err) != GCL_OK)
        fail_msg("%s", err.message);
    t = bench_subject_total(subject);
    bench_subject_destroy(subject);
    gcl_model_destroy(m);
    return t;
}

/* A batch fits into the memory that it takes, whether or not another batch was measured before. */
static void what_fits_is_not_left_out(void **state)
{
    static const size_t batches[] = {1, 3, 32};
    const gcl_config *config = gcl_checkpoint_config(checkpoint);

    (void)state;
    for (int part = 0; part < BENCH_PART_COUNT; part++)
        for (size_t i = 0; i < N(batches); i++) {
            bench_model_options o = tiny();
            const bench_subject_totals one = totals_of(part, 1, &o);
            const bench_subject_totals t = totals_of(part, batches[i], &o);
            gcl_error err = GCL_ERROR_INIT;
            o.max_memory_bytes = t.weight_bytes + t.const_bytes + t.arena_bytes;
            for (size_t known = 0; known < 2; known++)
                if (bench_memory_check(ctx, config, &o, part, batches[i], known, &one, &err) !=
                    GCL_OK)
                    fail_msg("%s, batch %zu: %s", bench_part_name(part), batches[i], err.message);
        }
}

/* The demo's weights are F16, of which linear layers keep halves. */
static void halves_are_no_more_than_they_take(void **state)
{
    gcl_checkpoint *synthetic = checkpoint;
    bench_model_options o = tiny();
    bench_subject_totals t;
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    if (gcl_checkpoint_open(&checkpoint, DEMO, NULL, &err) != GCL_OK)
        fail_msg("%s", err.message);
    t = totals_of(GCL_PART_TEXT, 1, &o);
    o.max_memory_bytes = t.weight_bytes + t.const_bytes + t.arena_bytes;
    if (bench_memory_check(ctx, gcl_checkpoint_config(checkpoint), &o, GCL_PART_TEXT, 1, 0, NULL,
                           &err) != GCL_OK)
        fail_msg("%s", err.message);
    gcl_checkpoint_close(checkpoint);
    checkpoint = synthetic;
}

/* Weights like the demo's, without the discriminator. */
static void write_without_netd(const char *path)
{
    enum { MOST = 1024 };
    static gcl_tensor_view kept[MOST];
    const gcl_metadata_pair preset = {"preset", "galip-56"};
    gcl_safetensors *demo = NULL;
    size_t n = 0;

    assert_int_equal(gcl_safetensors_open(&demo, DEMO, NULL), GCL_OK);
    assert_true(gcl_safetensors_count(demo) <= MOST);
    for (size_t i = 0; i < gcl_safetensors_count(demo); i++) {
        const gcl_tensor_view *v = gcl_safetensors_at(demo, i);
        if (strncmp(v->name, "netD.", 5) != 0 && strncmp(v->name, "netC.", 5) != 0)
            kept[n++] = *v;
    }
    assert_int_equal(gcl_safetensors_write(path, kept, n, &preset, 1, NULL), GCL_OK);
    gcl_safetensors_close(demo);
}

static void a_part_that_is_missing_is_named(void **state)
{
    static const size_t batches[] = {1};
    char path[] = "/tmp/galip-bench-XXXXXX";
    const int fd = mkstemp(path);
    gcl_error err = GCL_ERROR_INIT;
    gcl_checkpoint *full = checkpoint;
    bench_model_options o = tiny();
    json_t *records;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    write_without_netd(path);
    if (gcl_checkpoint_open(&checkpoint, path, NULL, &err) != GCL_OK)
        fail_msg("%s", err.message);
    o.parts = 1u << GCL_PART_NETD;
    o.batches = batches;
    o.n_batches = 1;
    records = run(&o);
    assert_int_equal(json_array_size(records), BENCH_PHASE_COUNT);
    for (size_t i = 0; i < BENCH_PHASE_COUNT; i++)
        assert_non_null(strstr(text(json_array_get(records, i), "skipped"), "netD"));
    json_decref(records);
    gcl_checkpoint_close(checkpoint);
    checkpoint = full;
    unlink(path);
    gcl_error_clear(&err);
}

static void names_are_found(void **state)
{
    gcl_error err = GCL_ERROR_INIT;
    bench_phase phase;
    int part;

    (void)state;
    for (int i = 0; i < BENCH_PART_COUNT; i++) {
        assert_int_equal(bench_part_find(&part, bench_part_name(i), &err), GCL_OK);
        assert_int_equal(part, i);
    }
    assert_int_equal(bench_phase_find(&phase, "warm", &err), GCL_OK);
    assert_int_equal(phase, BENCH_WARM);
    assert_int_equal(bench_part_find(&part, "netX", &err), GCL_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "netX"));
    assert_non_null(strstr(err.message, "pipeline"));
    assert_int_equal(bench_phase_find(&phase, "hot", &err), GCL_E_NOT_FOUND);
    gcl_error_clear(&err);
}

static void failures_are_told(void **state)
{
    char none[] = "/nonexistent/galip", no[] = "false", echo[] = "echo";
    char *const programs[][2] = {{none, NULL}, {no, NULL}, {echo, NULL}};
    static const char *const says[] = {"status 127", "status 1", "not times"};
    gcl_error err = GCL_ERROR_INIT;
    bench_model_options o = tiny();
    json_t *records = shared;

    (void)state;
    o.parts = 1u << GCL_PART_NOISE;
    o.phases = 1u << BENCH_COLD;
    for (size_t i = 0; i < N(programs); i++) {
        o.first_run = programs[i];
        assert_int_not_equal(bench_model_run(&records, ctx, checkpoint, &o, &err), GCL_OK);
        assert_null(records);
        if (strstr(err.message, says[i]) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.message, says[i]);
    }
    assert_int_equal(bench_model_first_run(stdout, &device, checkpoint, "netG", &o, &err),
                     GCL_E_ARG);
    assert_int_equal(bench_model_first_run(stdout, &device, checkpoint, "netG/0", &o, &err),
                     GCL_E_ARG);
    assert_int_equal(bench_model_first_run(stdout, &device, checkpoint, "x/1", &o, &err),
                     GCL_E_NOT_FOUND);
    o.batches = (const size_t[]){1};
    o.n_batches = 0;
    assert_int_equal(bench_model_run(&records, ctx, checkpoint, &o, &err), GCL_E_ARG);
    gcl_error_clear(&err);
}

static const json_t *named(const json_t *records, const char *name)
{
    for (size_t i = 0; i < json_array_size(records); i++)
        if (strcmp(text(json_array_get(records, i), "name"), name) == 0)
            return json_array_get(records, i);
    fail_msg("there is no record %s", name);
    return NULL;
}

static void claims_stand_beside_a_measurement(void **state)
{
    gcl_error err = GCL_ERROR_INIT;
    const bench_model_options o = tiny();
    json_t *records = NULL, *seen = json_object();
    const json_t *r;

    (void)state;
    if (bench_claims_run(&records, ctx, checkpoint, &o, &err) != GCL_OK)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < json_array_size(records); i++) {
        r = json_array_get(records, i);
        has_common(r, "claim");
        text(r, "model");
        text(r, "hardware");
        text(r, "source");
        assert_true(real(r, "size") > 0 && json_is_boolean(json_object_get(r, "published")));
        if (json_is_true(json_object_get(r, "published")))
            assert_true(real(r, "seconds") > 0.0);
        assert_null(json_object_get(seen, text(r, "name")));
        json_object_set_new(seen, text(r, "name"), json_true());
    }
    r = named(records, "GALIP, this device");
    has_times(r);
    assert_true(real(r, "seconds") == real(r, "median_s") && real(r, "size") == 56.0);
    assert_string_equal(text(r, "hardware"), device.name);
    assert_non_null(strstr(text(r, "note"), "not the published size"));
    assert_null(json_object_get(r, "ratio"));
    assert_true(fabs(real(named(records, "the paper's claim"), "ratio") - 120.0) < 1e-9);
    assert_true(fabs(real(named(records, "work of LDM, 50 guided steps"), "ratio") - 265) < 0.5);
    assert_true(fabs(real(named(records, "work of LDM, 250 guided steps"), "ratio") - 1280) < 0.5);
    assert_non_null(strstr(text(named(records, "baselines, this device"), "note"), "not measured"));
    json_decref(seen);
    json_decref(records);
    gcl_error_clear(&err);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady_rows_hold_together),
        cmocka_unit_test(text_runs_for_the_tokens_asked_for),
        cmocka_unit_test(rows_tell_the_precision_of_weights),
        cmocka_unit_test(named_parts_explain_the_wall_time),
        cmocka_unit_test(every_part_has_rows),
        cmocka_unit_test(new_processes_are_timed),
        cmocka_unit_test(what_does_not_fit_is_left_out),
        cmocka_unit_test(what_fits_is_not_left_out),
        cmocka_unit_test(halves_are_no_more_than_they_take),
        cmocka_unit_test(a_part_that_is_missing_is_named),
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(failures_are_told),
        cmocka_unit_test(claims_stand_beside_a_measurement),
    };
    gcl_error err = GCL_ERROR_INIT;
    bench_model_options o;
    int failed = 1;

    self = argv[0];
    if (gcl_device_find(&device, NULL, &err) != GCL_OK ||
        gcl_checkpoint_open(&checkpoint, "synthetic:1", "galip-56", &err) != GCL_OK ||
        bench_run_create(&shared, &device, "", &err) != GCL_OK) {
        fprintf(stderr, "%s\n", err.message);
    } else if (argc == 3) {
        o = tiny();
        failed = bench_model_first_run(stdout, &device, checkpoint, argv[2], &o, &err) != GCL_OK;
    } else if (gcl_context_create(&ctx, &device, &err) == GCL_OK) {
        failed = cmocka_run_group_tests(tests, NULL, NULL);
    }
    gcl_context_destroy(ctx);
    json_decref(shared);
    gcl_checkpoint_close(checkpoint);
    gcl_error_clear(&err);
    return failed;
}
