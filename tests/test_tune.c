/*
 * test_tune.c - `galip tune`: what is chosen, what never is, and that a run goes on where it was killed.
 *
 * Time is made up, so that runs can be compared: candidates are planned and verified on the device, and
 * then take the time that a number made of their name says. The program starts itself for the runs that
 * are killed: test_tune PATH PART SAMPLES dies with the sample of that number; 0: it does not.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/hash.h"
#include "bench/tune.h"
#include "model/model.h"
#include "tests/suite/op_suite.h"
#include "with_device.h"

enum { LIMIT_BYTES = 1 << 20 };

static char folder[] = "/tmp/test_tune.XXXXXX";
static gcl_config config;

/* ---- made-up time ---- */

typedef struct timer {
    double now;
    int samples, die_at, stop_at; /* 0: never */
    volatile sig_atomic_t stop;
} timer;

static double fake_clock(void *user)
{
    return ((timer *)user)->now;
}

/* 1 to 2 ms, and half of it for another variant and for what a test has wrong kernels of. */
static double fake_sample(void *user, const char *op, const char *choice)
{
    timer *t = user;
    const uint64_t hash = gcl_fnv1a64(GCL_FNV1A64_INIT, choice, strlen(choice));
    const double s = 1e-3 * (1.0 + (double)(hash % 1000) / 1000.0);

    (void)op;
    t->now += 0.05;
    t->samples++;
    if (t->samples == t->die_at)
        raise(SIGKILL);
    t->stop |= t->samples == t->stop_at;
    return strstr(choice, "panel") != NULL || strstr(choice, "AHEAD=32") != NULL ||
                   strstr(choice, "AHEAD=128") != NULL
               ? s / 2
               : s;
}

/* ---- a run ---- */

typedef struct setup {
    timer time;
    unsigned parts;
    double budget_s;
    bool again;
} setup;

static gcl_status run(bench_tune_list *list, gcl_tunings *rows, const char *path, setup *s,
                      gcl_error *err)
{
    gcl_status st = GCL_OK;
    const bench_tune_timer made_up = {&s->time, fake_clock, fake_sample};
    const bench_tune_options opt = {.parts = s->parts,
                                    .op = "linear",
                                    .budget_s = s->budget_s,
                                    .again = s->again,
                                    .seed = 1,
                                    .path = path,
                                    .date = "2026-01-02",
                                    .by = "a test",
                                    .timer = &made_up,
                                    .stop = &s->time.stop};

    GCL_TRY(bench_tune_collect(list, &config, gcl_context_device(ctx), &opt, err));
    GCL_TRY(bench_tune_run(list, ctx, rows, &opt, err));
done:
    return st;
}

#define TEXT                                          \
    {                                                 \
        .parts = 1u << GCL_PART_TEXT, .budget_s = 6.0 \
    }

/* A run that must succeed, on the rows that are in the file. Returns how many samples it took. */
static int must_run(bench_tune_list *list, const char *path, setup s)
{
    gcl_error err = GCL_ERROR_INIT;
    gcl_tunings *rows = NULL;

    assert_int_equal(gcl_tunings_create(&rows, gcl_context_device(ctx), &err), GCL_OK);
    if (run(list, rows, path, &s, &err) != GCL_OK)
        fail_msg("%s", err.message);
    gcl_tunings_destroy(rows);
    return s.time.samples;
}

static const char *in_folder(const char *name)
{
    static char paths[4][256];
    static int i;

    i = (i + 1) % 4;
    snprintf(paths[i], sizeof paths[i], "%s/%s", folder, name);
    return paths[i];
}

/* This program in another process; its exit status, or 128 + signal. */
static int start(const char *path, gcl_part part, int die_at)
{
    char self[4096], line[8192];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    int status;

    assert_true(n > 0);
    self[n] = '\0';
    snprintf(line, sizeof line, "exec '%s' '%s' %d %d >'%s/out' 2>&1", self, path, (int)part,
             die_at, folder);
    status = system(line);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What that process does. */
static int child(const char *path, int part, int die_at)
{
    gcl_error err = GCL_ERROR_INIT;
    bench_tune_list list = {0};
    gcl_tunings *rows = NULL;
    setup s = {.time = {.die_at = die_at}, .parts = 1u << part, .budget_s = 6.0};
    gcl_status st = GCL_OK;

    GCL_TRY(gcl_tunings_create(&rows, gcl_context_device(ctx), &err));
    GCL_TRY(run(&list, rows, path, &s, &err));
done:
    if (st != GCL_OK)
        printf("%s\n", err.message);
    bench_tune_free(&list);
    gcl_tunings_destroy(rows);
    return st != GCL_OK;
}

static void same_files(const char *a, const char *b)
{
    char *x, *y;
    size_t nx, ny;

    assert_int_equal(gcl_file_read(&x, &nx, a, LIMIT_BYTES, NULL), GCL_OK);
    assert_int_equal(gcl_file_read(&y, &ny, b, LIMIT_BYTES, NULL), GCL_OK);
    assert_string_equal(x, y);
    free(x);
    free(y);
}

/* ---- tests ---- */

static void classes_are_those_of_the_plan(void **state)
{
    const size_t batches[] = {1, 3};
    const bench_tune_options opt = {.batches = batches, .n_batches = 2};
    bench_tune_list list = {0};
    double shares = 0;
    size_t linears = 0;

    (void)state;
    assert_int_equal(bench_tune_collect(&list, &config, gcl_context_device(ctx), &opt, NULL),
                     GCL_OK);
    for (size_t i = 0; i < list.n; i++) {
        shares += list.classes[i].share;
        linears += strcmp(list.classes[i].what.op->name, "linear") == 0;
        assert_true(i == 0 || list.classes[i].share <= list.classes[i - 1].share);
        assert_true(list.classes[i].candidates > 1);
        assert_int_equal(list.classes[i].outcome, BENCH_TUNE_NOT_REACHED);
    }
    assert_true(shares > 0.999 && shares < 1.001);
    assert_true(linears > 0 && linears < list.n);
    bench_tune_free(&list);
}

/* The class of a suite's case, as it would be planned. */
static gcl_tuning_class class_of_case(const op_suite *suite, const long *p)
{
    const gcl_plan_options whole = {.split_bytes = SIZE_MAX};
    gcl_tuning_class what;
    gcl_graph *g;

    assert_int_equal(gcl_graph_create(&g, NULL), GCL_OK);
    gcl_graph_output(g, suite->build(g, p), "result");
    assert_int_equal(gcl_plan_rewrite(g, gcl_context_device(ctx), &whole, NULL), GCL_OK);
    assert_int_equal(gcl_graph_n_nodes(g), 1);
    assert_true(gcl_tuning_class_of(&what, g, gcl_graph_node_at(g, 0)));
    gcl_graph_destroy(g);
    return what;
}

static void every_class_has_a_case_of_its_own(void **state)
{
    const size_t batches[] = {1, 3};
    const bench_tune_options opt = {.batches = batches, .n_batches = 2};

    (void)state;
    for (int preset = 0; gcl_config_preset_name(preset) != NULL; preset++) {
        bench_tune_list list = {0};
        gcl_config c;
        assert_int_equal(gcl_config_preset(&c, gcl_config_preset_name(preset), NULL), GCL_OK);
        assert_int_equal(bench_tune_collect(&list, &c, gcl_context_device(ctx), &opt, NULL),
                         GCL_OK);
        for (size_t i = 0; i < list.n; i++) {
            const bench_tune_class *k = &list.classes[i];
            const op_suite *suite = op_suites[0];
            long p[OP_MAX_PARAMS] = {0};
            gcl_tuning_class what;
            for (int n = 0; strcmp(suite->op, k->what.op->name) != 0;)
                suite = op_suites[++n];
            assert_true(suite->like(k->graph, k->node, p));
            what = class_of_case(suite, p);
            assert_true(gcl_tuning_class_equal(&what, &k->what) && what.batch == k->what.batch);
        }
        bench_tune_free(&list);
    }
}

static int whole_samples; /* of the run that whole.json is from */

static void killed_runs_go_on(void **state)
{
    static const int deaths[] = {3, 40, 40, 40};
    const char *whole = in_folder("whole.json"), *killed = in_folder("killed.json");
    bench_tune_list list = {0};
    size_t faster = 0;

    (void)state;
    whole_samples = must_run(&list, whole, (setup)TEXT);
    for (size_t i = 0; i < list.n; i++)
        faster += list.classes[i].outcome == BENCH_TUNE_FASTER;
    assert_true(faster > 0); /* or nothing would be compared but the table */
    bench_tune_free(&list);
    for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++)
        assert_int_equal(start(killed, GCL_PART_TEXT, deaths[i]), 128 + SIGKILL);
    assert_int_not_equal(access(killed, F_OK), 0);
    assert_int_equal(start(killed, GCL_PART_TEXT, 0), 0);
    same_files(whole, killed);
}

static void a_torn_log_is_read_up_to_the_tear(void **state)
{
    const char *whole = in_folder("whole.json"), *torn = in_folder("torn.json");
    const char *log = in_folder("torn.json.log");
    FILE *f;

    (void)state;
    assert_int_equal(start(torn, GCL_PART_TEXT, 60), 128 + SIGKILL);
    f = fopen(log, "a");
    assert_non_null(f);
    fputs("{\"key\": \"linear M=24", f);
    fclose(f);
    assert_int_equal(start(torn, GCL_PART_TEXT, 0), 0);
    same_files(whole, torn);
}

static void an_interrupt_leaves_a_file_and_goes_on(void **state)
{
    const char *whole = in_folder("whole.json"), *path = in_folder("interrupted.json");
    bench_tune_list list = {0};
    setup s = TEXT;
    int samples;

    (void)state;
    s.time.stop_at = 60;
    samples = must_run(&list, path, s);
    assert_int_equal(list.classes[list.n - 1].outcome, BENCH_TUNE_NOT_REACHED);
    assert_int_equal(access(path, F_OK), 0);
    bench_tune_free(&list);
    samples += must_run(&list, path, (setup)TEXT);
    bench_tune_free(&list);
    same_files(whole, path);
    assert_int_equal(samples, whole_samples); /* none was taken twice, and no other */
}

/* Whether a class of a run before has a row. */
static bool is_done(const bench_tune_class *c)
{
    return c->outcome == BENCH_TUNE_TABLE || c->outcome == BENCH_TUNE_FASTER;
}

/* The list after a run that must give another outcome to what a run before has done, without a search. */
static void must_give(bench_tune_outcome outcome, const bench_tune_list *before,
                      const bench_tune_list *after)
{
    size_t n = 0;

    for (size_t i = 0; i < before->n; i++) {
        if (!is_done(&before->classes[i]))
            continue;
        assert_int_equal(after->classes[i].outcome, outcome);
        assert_true(after->classes[i].tried <= 1); /* the table's choice */
        n++;
    }
    assert_true(n > 1);
}

static void known_classes_are_left_alone(void **state)
{
    const char *path = in_folder("known.json");
    bench_tune_list before = {0}, after = {0};

    (void)state;
    must_run(&before, path, (setup)TEXT);
    must_run(&after, path, (setup)TEXT);
    must_give(BENCH_TUNE_KNOWN, &before, &after);
    bench_tune_free(&after);
    bench_tune_free(&before);
}

static void runs_at_once_keep_each_others_rows(void **state)
{
    const char *path = in_folder("both.json");
    char line[9000], self[4096], *text;
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    size_t bytes;

    (void)state;
    assert_true(n > 0);
    self[n] = '\0';
    snprintf(line, sizeof line,
             "'%s' '%s' %d 0 >'%s/out' 2>&1 & a=$!; '%s' '%s' %d 0 >'%s/out2' 2>&1 && wait $a",
             self, path, GCL_PART_TEXT, folder, self, path, GCL_PART_IMAGE, folder);
    assert_int_equal(system(line), 0);
    assert_int_equal(gcl_file_read(&text, &bytes, path, LIMIT_BYTES, NULL), GCL_OK);
    assert_non_null(strstr(text, "\"M\": 24, \"N\": 512")); /* of text */
    assert_non_null(strstr(text, "\"M\": 50, \"N\": 512")); /* of image */
    free(text);
}

/* A driver of another version: the tuner looks at each row once, whatever it has searched before. */
static void another_driver_verifies_anew(void **state)
{
    const char *path = in_folder("driver.json");
    gcl_device_info other = *gcl_context_device(ctx);
    gcl_context *usual = ctx;
    bench_tune_list before = {0}, after = {0};
    setup s = TEXT;

    (void)state;
    must_run(&before, path, s);
    strcat(other.driver, " another");
    assert_int_equal(gcl_context_create(&ctx, &other, NULL), GCL_OK);
    s.budget_s = 12.0;
    must_run(&after, path, s);
    must_give(BENCH_TUNE_VERIFIED, &before, &after);
    bench_tune_free(&after);
    must_run(&after, path, s);
    must_give(BENCH_TUNE_KNOWN, &before, &after);
    bench_tune_free(&after);
    bench_tune_free(&before);
    gcl_context_destroy(ctx);
    ctx = usual;
}

/* linear's block kernel with AHEAD=32 does next to nothing, and is by far the fastest; with AHEAD=128 an
 * element of each tile is one unit in the last place off, which the bound allows. */
static const char wrong_kernel[] =
    "#if AHEAD == 32 || AHEAD == 128\n"
    "#undef linear_block_f32\n"
    "__kernel void linear_block_f32(__global const float *x, __global const WEIGHT *w,\n"
    "    __global const float *bias, __global const float *residual, __global float *y,\n"
    "    const int M, const int N, const int K, const float slope)\n"
    "{\n"
    "    const size_t m = (get_global_id(2) * get_global_size(0) + get_global_id(0)) * MR;\n"
    "    const size_t at = m * (size_t)N + get_global_id(1) * NR;\n"
    "    if (AHEAD == 128)\n"
    "        linear_block_right_f32(x, w, bias, residual, y, M, N, K, slope);\n"
    "    if (m < (size_t)M)\n"
    "        y[at] = AHEAD == 32 ? x[0] : nextafter(y[at], INFINITY);\n"
    "}\n"
    "#endif\n";

static void plant_wrong_kernel(const char *kernels)
{
    static const char rename[] = "#if defined(AHEAD) && (AHEAD == 32 || AHEAD == 128)\n"
                                 "#define linear_block_f32 linear_block_right_f32\n"
                                 "#endif\n";
    char line[1024], *text;
    const char *path = in_folder("kernels/linear.cl");
    size_t bytes;
    FILE *f;

    snprintf(line, sizeof line, "cp -r '%s/kernels' '%s'", SOURCE_DIR, kernels);
    assert_int_equal(system(line), 0);
    assert_int_equal(gcl_file_read(&text, &bytes, path, LIMIT_BYTES, NULL), GCL_OK);
    f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "%s%s%s", rename, text, wrong_kernel);
    assert_int_equal(fclose(f), 0);
    free(text);
}

static void wrong_results_are_never_chosen(void **state)
{
    const char *kernels = in_folder("kernels"), *path = in_folder("wrong.json");
    gcl_context *usual = ctx; /* it knows the right kernels */
    bench_tune_list list = {0};
    char *text;
    size_t bytes, wrong = 0, other_bits = 0;

    (void)state;
    plant_wrong_kernel(kernels);
    assert_int_equal(gcl_context_create(&ctx, gcl_context_device(usual), NULL), GCL_OK);
    setenv("GALIP_KERNEL_DIR", kernels, 1);
    must_run(&list, path, (setup){.parts = 1u << GCL_PART_TEXT, .budget_s = 15.0});
    unsetenv("GALIP_KERNEL_DIR");
    gcl_context_destroy(ctx);
    ctx = usual;
    for (size_t i = 0; i < list.n; i++) {
        wrong += list.classes[i].wrong;
        other_bits += strstr(list.classes[i].note, "not the bits of the table's choice") != NULL;
    }
    assert_true(wrong > other_bits && other_bits > 0);
    bench_tune_free(&list);
    assert_int_equal(gcl_file_read(&text, &bytes, path, LIMIT_BYTES, NULL), GCL_OK);
    assert_null(strstr(text, "\"AHEAD\": 32"));
    assert_null(strstr(text, "\"AHEAD\": 128"));
    free(text);
}

/* Source and MR of a linear node of the text tower. */
static const char *planned(gcl_checkpoint *checkpoint, gcl_tunings *rows, const char *variants,
                           int *MR)
{
    const gcl_plan_options opt = {.variants = variants, .choices = gcl_tunings_choices(rows)};
    const char *source = NULL;
    gcl_model *model;
    gcl_plan *plan;

    assert_int_equal(gcl_model_create(&model, ctx, checkpoint, &opt, NULL), GCL_OK);
    assert_int_equal(gcl_model_plan(model, &plan, GCL_PART_TEXT, 1, 0, NULL), GCL_OK);
    for (int i = 0; i < gcl_plan_n_nodes(plan); i++) {
        const gcl_plan_node n = gcl_plan_node_at(plan, i);
        if (strcmp(n.node->op->name, "linear") == 0 &&
            gcl_out_shape(gcl_plan_graph(plan), n.node)->dim[2] == 512) {
            source = n.choice.source;
            *MR = n.choice.tuning.value[0];
        }
    }
    gcl_model_destroy(model);
    return source;
}

static void the_planner_needs_no_restart_and_requests_win(void **state)
{
    const gcl_op *linear = gcl_op_find("linear");
    gcl_tuning_row row = {.what = {.op = linear, .dim = {24, 512, 128}},
                          .variant = gcl_op_variant(linear, "block_f32"),
                          .tuning = {{4, 2, 0}},
                          .ns = 1,
                          .table_ns = 2};
    gcl_checkpoint *checkpoint;
    gcl_tunings *rows;
    int MR = 0;

    (void)state;
    assert_int_equal(gcl_checkpoint_open(&checkpoint, "synthetic:1", "galip-56", NULL), GCL_OK);
    assert_int_equal(gcl_tunings_create(&rows, gcl_context_device(ctx), NULL), GCL_OK);
    assert_string_equal(planned(checkpoint, rows, NULL, &MR), "table");
    assert_int_equal(gcl_tunings_put(rows, &row, NULL), GCL_OK);
    assert_string_equal(planned(checkpoint, rows, NULL, &MR), "tuned");
    assert_int_equal(MR, 4);
    assert_string_equal(planned(checkpoint, rows, "linear=block_f32:MR=6", &MR), "request");
    assert_int_equal(MR, 6);
    row.tuning.value[0] = 99; /* the kernel has no such tile: the table takes its place */
    assert_int_equal(gcl_tunings_put(rows, &row, NULL), GCL_OK);
    assert_string_equal(planned(checkpoint, rows, NULL, &MR), "table");
    gcl_tunings_destroy(rows);
    gcl_checkpoint_close(checkpoint);
}

static int set_up(void **state)
{
    return open_device(state) != 0 || mkdtemp(folder) == NULL ||
           gcl_config_preset(&config, "galip-56", NULL) != GCL_OK;
}

static int tear_down(void **state)
{
    char line[64];

    snprintf(line, sizeof line, "rm -r '%s'", folder);
    return close_device(state) != 0 || system(line) != 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_are_those_of_the_plan),
        cmocka_unit_test(every_class_has_a_case_of_its_own),
        cmocka_unit_test(killed_runs_go_on),
        cmocka_unit_test(a_torn_log_is_read_up_to_the_tear),
        cmocka_unit_test(an_interrupt_leaves_a_file_and_goes_on),
        cmocka_unit_test(known_classes_are_left_alone),
        cmocka_unit_test(runs_at_once_keep_each_others_rows),
        cmocka_unit_test(another_driver_verifies_anew),
        cmocka_unit_test(wrong_results_are_never_chosen),
        cmocka_unit_test(the_planner_needs_no_restart_and_requests_win),
    };
    int status;

    if (argc != 4)
        return cmocka_run_group_tests(tests, set_up, tear_down);
    if (open_device(NULL) != 0 || gcl_config_preset(&config, "galip-56", NULL) != GCL_OK)
        return 1;
    status = child(argv[1], atoi(argv[2]), atoi(argv[3]));
    close_device(NULL);
    return status;
}
