/*
 * test_models.c - the models against golden tensors, stage by stage, and what must not matter:
 * the batch size, the plan's fusion, the run.
 *
 * tests/data/golden/ holds outputs of a float64 PyTorch reference, thinned by
 * tests/golden/thin_golden.py: PRESET-sSEED-bBATCH with synthetic weights, and the demo weights.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/convert.h"
#include "model/model.h"
#include "model/verify.h"
#include "tests/with_device.h"

#define GOLDEN TEST_DATA "/golden/"
#define DEMO SOURCE_DIR "/weights/galip-56-demo.safetensors"

static double worst; /* of the rows reported since it was set to 0 */

static void note_worst(void *user, const gcl_verify_row *row)
{
    (void)user;
    if (!(row->max_rel <= worst))
        worst = row->max_rel;
}

static gcl_status verify(const char *file, const char *weights, gcl_verify_summary *summary,
                         gcl_error *err)
{
    const gcl_verify_options options = {.tol = 1e-4, .weights = weights, .report = note_worst};

    worst = 0;
    return gcl_verify_file(summary, ctx, file, &options, err);
}

static void passes(const char *file, const char *weights, size_t n_tensors)
{
    gcl_verify_summary summary;
    gcl_error err = GCL_ERROR_INIT;
    const gcl_status st = verify(file, weights, &summary, &err);

    if (st != GCL_OK)
        print_message("%s: %s\n", gcl_status_name(st), err.message);
    assert_int_equal(st, GCL_OK);
    assert_int_equal(summary.passed, n_tensors);
    assert_int_equal(summary.failed, 0);
    print_message("%s: %zu tensors, worst %.2g of the largest magnitude\n", strrchr(file, '/') + 1,
                  summary.passed, worst);
    gcl_error_clear(&err);
}

static void golden_56(void **unused)
{
    (void)unused;
    passes(GOLDEN "galip-56-s1-b2.safetensors", NULL, 14);
    passes(GOLDEN "galip-56-s5-b1.safetensors", NULL, 14);
    passes(GOLDEN "galip-56-s7-b3.safetensors", NULL, 14);
    passes(GOLDEN "galip-56-s11-b5.safetensors", NULL, 14);
    passes(GOLDEN "galip-56-s13-b8.safetensors", NULL, 14);
}

/* Every node that can takes one picture after the other. */
static void golden_56_in_parts(void **unused)
{
    const gcl_verify_options options = {.tol = 1e-4, .plan.split_bytes = 1};
    gcl_verify_summary summary;
    gcl_error err = GCL_ERROR_INIT;

    (void)unused;
    if (gcl_verify_file(&summary, ctx, GOLDEN "galip-56-s13-b8.safetensors", &options, &err) !=
        GCL_OK)
        fail_msg("%s", err.message);
    assert_int_equal(summary.passed, 14);
}

static void golden_224(void **unused)
{
    (void)unused;
    passes(GOLDEN "galip-224-s1-b2.safetensors", NULL, 16);
}

/* Rounded weights, and what their rounding may move a stage by: half a unit of f16's 11 bits is 2^-12
 * of a weight on average. The golden weights are no f16 numbers, as CLIP's published ones are. */
static void verify_rounded(const char *file, const char *weights, gcl_weights_precision precision)
{
    const gcl_verify_options options = {
        .tol = -1, .weights = weights, .plan.weights = precision, .report = note_worst};
    gcl_verify_summary summary;
    gcl_error err = GCL_ERROR_INIT;

    worst = 0;
    if (gcl_verify_file(&summary, ctx, file, &options, &err) != GCL_OK)
        fail_msg("%s", err.message);
    assert_true(summary.rounded && summary.tol == GCL_VERIFY_TOL_F16);
    assert_true(worst > GCL_VERIFY_TOL);
    print_message("%s, weights rounded: worst %.2g\n", strrchr(file, '/') + 1, worst);
}

static void golden_weights_f16(void **unused)
{
    (void)unused;
    verify_rounded(GOLDEN "galip-56-s5-b1.safetensors", NULL, GCL_WEIGHTS_F16);
    verify_rounded(GOLDEN "galip-56-s7-b3.safetensors", NULL, GCL_WEIGHTS_F16);
    verify_rounded(GOLDEN "galip-56-s13-b8.safetensors", NULL, GCL_WEIGHTS_F16);
}

/* Both operands of products rounded to f16, by the emulated matrix unit, in every product of a matrix
 * that is small enough for it; what is larger is in f32. */
static void golden_precision_f16(void **unused)
{
    const gcl_verify_options options = {
        .tol = -1,
        .plan = {.precision = GCL_PRECISION_F16, .variants = "linear=mma_f16"},
        .report = note_worst};
    gcl_verify_summary summary;
    gcl_error err = GCL_ERROR_INIT;

    (void)unused;
    worst = 0;
    if (gcl_verify_file(&summary, ctx, GOLDEN "galip-56-s5-b1.safetensors", &options, &err) !=
        GCL_OK)
        fail_msg("%s", err.message);
    assert_true(summary.tol == GCL_VERIFY_TOL_F16_PRODUCTS);
    assert_true(worst > GCL_VERIFY_TOL);
    print_message("operands rounded: worst %.2g\n", worst);
}

/* What may not be rounded stays F32, unless all is asked for. */
static void check_types(const char *path, gcl_store store)
{
    static const struct {
        const char *name;
        bool rounded;
    } tensors[] = {
        {"netG.fc_code.weight", true},
        {"netG.GBlocks.0.c1.weight", true},
        {"netG.GBlocks.0.fuse1.affine0.fc_gamma.linear1.weight", false},
        {"visual.transformer.resblocks.0.mlp.c_fc.weight", false},
        {"text_projection", false},
    };
    gcl_safetensors *f = NULL;

    assert_int_equal(gcl_safetensors_open(&f, path, NULL), GCL_OK);
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++) {
        const gcl_tensor_view *t = gcl_safetensors_find(f, tensors[i].name);
        assert_non_null(t);
        assert_int_equal(t->dtype, tensors[i].rounded || store == GCL_STORE_F16_ALL
                                       ? GCL_TENSOR_F16
                                       : GCL_TENSOR_F32);
    }
    gcl_safetensors_close(f);
}

static void convert(const char *path, const char *weights, gcl_store store)
{
    const gcl_conversion_options from = {
        .inputs = &weights, .n_inputs = 1, .preset = "galip-56", .store = store};
    gcl_conversion *c = NULL;

    assert_int_equal(gcl_conversion_open(&c, &from, NULL), GCL_OK);
    assert_int_equal(gcl_conversion_write(c, path, NULL), GCL_OK);
    gcl_conversion_close(c);
}

static void golden_file_f16(void **unused)
{
    static const struct {
        const char *weights, *golden;
    } files[] = {{"synthetic:5", GOLDEN "galip-56-s5-b1.safetensors"},
                 {"synthetic:7", GOLDEN "galip-56-s7-b3.safetensors"},
                 {"synthetic:13", GOLDEN "galip-56-s13-b8.safetensors"}};
    char path[] = "/tmp/galip-f16-XXXXXX";
    const int fd = mkstemp(path);

    (void)unused;
    assert_true(fd >= 0);
    close(fd);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        convert(path, files[i].weights, GCL_STORE_F16_ALL);
        check_types(path, GCL_STORE_F16_ALL);
        convert(path, files[i].weights, GCL_STORE_F16);
        check_types(path, GCL_STORE_F16);
        verify_rounded(files[i].golden, path, GCL_WEIGHTS_AUTO);
    }
    unlink(path);
}

static void golden_demo(void **unused)
{
    (void)unused;
    passes(GOLDEN "demo.safetensors", DEMO, 2);
}

/* ---- verify must fail ---- */

/* Writes a copy of a golden file to `path` with a change; returns what verify says. */
static gcl_status verify_changed(const char *change, gcl_error *err, gcl_verify_summary *summary)
{
    char path[] = "/tmp/galip-golden-XXXXXX";
    const int fd = mkstemp(path);
    gcl_safetensors *f = NULL;
    gcl_tensor_view t[64];
    size_t n = 0;
    float changed[4096];
    gcl_metadata_pair meta[2] = {{"preset", "galip-56"}, {"weights", "synthetic:5"}};
    gcl_status st;

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(gcl_safetensors_open(&f, GOLDEN "galip-56-s5-b1.safetensors", NULL), GCL_OK);
    for (size_t i = 0; i < gcl_safetensors_count(f); i++) {
        t[n] = *gcl_safetensors_at(f, i);
        if (strcmp(change, "one element") == 0 && strcmp(t[n].name, "gen.stage1@61") == 0) {
            assert_true(t[n].count <= 4096);
            memcpy(changed, t[n].data, t[n].bytes);
            changed[t[n].count / 2] += 0.05f;
            t[n].data = changed;
        }
        if (strcmp(change, "shape") == 0 && strcmp(t[n].name, "gen.prompts") == 0)
            t[n].shape[1] = t[n].shape[1] * 2, t[n].shape[2] /= 2;
        n++;
    }
    if (strcmp(change, "train key") == 0 || strcmp(change, "unknown key") == 0) {
        t[n] = *gcl_safetensors_find(f, "disc.logit");
        t[n++].name = strcmp(change, "train key") == 0 ? "train.d_loss" : "gen.stage9";
    }
    if (strcmp(change, "other weights") == 0)
        meta[1].value = "synthetic:6";
    if (strcmp(change, "bad weights") == 0)
        meta[1].value = "no-such-file.safetensors";
    assert_int_equal(gcl_safetensors_write(path, t, n, meta, 2, NULL), GCL_OK);
    gcl_safetensors_close(f);
    st = verify(path, NULL, summary, err);
    unlink(path);
    return st;
}

static void verify_names_the_first_stage_that_differs(void **unused)
{
    gcl_verify_summary s;
    gcl_error err = GCL_ERROR_INIT;

    (void)unused;
    assert_int_equal(verify_changed("one element", &err, &s), GCL_E_MISMATCH);
    assert_non_null(strstr(err.message, "gen.stage1@61"));
    assert_int_equal(s.failed, 1);
    assert_int_equal(verify_changed("other weights", &err, &s), GCL_E_MISMATCH);
    assert_non_null(strstr(err.message, "text."));
    gcl_error_clear(&err);
}

static void verify_refuses_what_it_cannot_check(void **unused)
{
    gcl_verify_summary s;
    gcl_error err = GCL_ERROR_INIT;

    (void)unused;
    assert_int_equal(verify_changed("shape", &err, &s), GCL_E_SHAPE);
    assert_non_null(strstr(err.message, "gen.prompts is [1, 4, 64]"));
    assert_int_equal(verify_changed("unknown key", &err, &s), GCL_E_FORMAT);
    assert_non_null(strstr(err.message, "no stage computes gen.stage9"));
    assert_int_equal(verify_changed("bad weights", &err, &s), GCL_E_FILE);
    assert_non_null(strstr(err.message, "/tmp/no-such-file.safetensors"));
    assert_int_equal(verify_changed("train key", &err, &s), GCL_OK);
    assert_int_equal(s.skipped, 1);
    gcl_error_clear(&err);
}

/* ---- what must not matter ---- */

enum { N_PICTURES = 7, NZ = 32, COND = 64, SIDE = 56, PICTURE = SIDE * SIDE * 3 };

static gcl_model *open_demo(gcl_checkpoint **checkpoint, const gcl_plan_options *options)
{
    gcl_model *m = NULL;

    assert_int_equal(gcl_checkpoint_open(checkpoint, DEMO, NULL, NULL), GCL_OK);
    assert_int_equal(gcl_model_create(&m, ctx, *checkpoint, options, NULL), GCL_OK);
    return m;
}

static void draw(gcl_model *m, size_t batch, uint8_t *rgb, float *first_image)
{
    float noise[N_PICTURES * NZ], sentences[N_PICTURES * COND];
    gcl_plan *plan = NULL;
    float *image = malloc(batch * PICTURE * sizeof *image);

    assert_int_equal(gcl_model_noise(m, 42, 0, N_PICTURES, noise, NULL), GCL_OK);
    for (int i = 0; i < N_PICTURES * COND; i++)
        sentences[i] = (float)(i * 37 % 101) / 50.0f - 1.0f;
    assert_int_equal(gcl_model_draw(m, noise, sentences, N_PICTURES, batch, rgb, NULL, NULL, NULL),
                     GCL_OK);
    /* the f32 picture of the last batch's first row */
    assert_int_equal(gcl_model_plan(m, &plan, GCL_PART_NETG, batch, 0, NULL), GCL_OK);
    assert_int_equal(gcl_plan_read(plan, "gen.image", image, batch * PICTURE * sizeof *image, NULL),
                     GCL_OK);
    memcpy(first_image, image, PICTURE * sizeof *image);
    free(image);
}

/* Rows are computed independently in the same order, so even the bits agree on one device. */
static void batch_size_does_not_matter(void **unused)
{
    gcl_checkpoint *checkpoint = NULL;
    gcl_model *m = open_demo(&checkpoint, NULL);
    uint8_t *one = malloc(N_PICTURES * PICTURE), *other = malloc(N_PICTURES * PICTURE);
    float *a = malloc(PICTURE * sizeof *a), *b = malloc(PICTURE * sizeof *b);

    (void)unused;
    draw(m, 1, one, a); /* a: picture 6 */
    for (size_t batch = 2; batch <= 6; batch++) {
        draw(m, batch, other, b); /* b: picture 6 for batch 2, 3 and 6 */
        assert_memory_equal(one, other, N_PICTURES * PICTURE);
        for (int i = 0; i < PICTURE && 6 % batch == 0; i++)
            assert_true(a[i] - b[i] <= 1e-5f && b[i] - a[i] <= 1e-5f);
    }
    draw(m, 1, other, b);
    assert_memory_equal(one, other, N_PICTURES * PICTURE);
    free(one);
    free(other);
    free(a);
    free(b);
    gcl_model_destroy(m);
    gcl_checkpoint_close(checkpoint);
}

static void plan_options_do_not_matter(void **unused)
{
    const gcl_plan_options options[] = {
        {0},
        {.no_fusion = true},
        {.keep_named = true},
        {.guard = true},
        {.variants = "linear=plain_f32,conv2d=plain_f32"},
        {.variants = "linear=clblast_f32"},
    };
    uint8_t *rgb = malloc(N_PICTURES * PICTURE);
    float *a = malloc(PICTURE * sizeof *a), *b = malloc(PICTURE * sizeof *b);

    (void)unused;
    for (size_t k = 0; k < sizeof options / sizeof options[0]; k++) {
        gcl_checkpoint *checkpoint = NULL;
        gcl_model *m = open_demo(&checkpoint, &options[k]);
        draw(m, 1, rgb, k == 0 ? a : b);
        /* other orders of summation: as far from each other as each may be from the reference */
        for (int i = 0; i < PICTURE && k > 0; i++)
            assert_true(a[i] - b[i] <= 1e-4f && b[i] - a[i] <= 1e-4f);
        gcl_model_destroy(m);
        gcl_checkpoint_close(checkpoint);
    }
    free(rgb);
    free(a);
    free(b);
}

static void no_kernel_of_the_models_writes_outside(void **unused)
{
    const gcl_plan_options options = {.guard = true};
    gcl_checkpoint *checkpoint = NULL;
    gcl_model *m = open_demo(&checkpoint, &options);

    (void)unused;
    for (int part = 0; part < GCL_PART_COUNT_; part++) {
        gcl_plan *plan = NULL;
        gcl_error err = GCL_ERROR_INIT;
        const gcl_graph *g;

        assert_int_equal(gcl_model_plan(m, &plan, (gcl_part)part, 2, 0, &err), GCL_OK);
        g = gcl_plan_graph(plan);
        for (gcl_value v = 0; v < gcl_graph_n_values(g); v++) {
            const gcl_tensor *t = gcl_graph_tensor(g, v);
            const size_t bytes = gcl_shape_count(&t->shape) * gcl_dtype_bytes(t->dtype);
            void *zeros;
            if (t->kind != GCL_VALUE_INPUT)
                continue;
            zeros = calloc(1, bytes);
            assert_int_equal(gcl_plan_write(plan, t->name, zeros, bytes, &err), GCL_OK);
            free(zeros);
        }
        assert_int_equal(gcl_plan_run(plan, &err), GCL_OK);
        if (gcl_plan_check_guards(plan, &err) != GCL_OK)
            fail_msg("%s: %s", gcl_part_name((gcl_part)part), err.message);
    }
    gcl_model_destroy(m);
    gcl_checkpoint_close(checkpoint);
}

/* ---- configuration ---- */

static void dimensions_come_from_shapes(void **unused)
{
    gcl_checkpoint *checkpoint = NULL;
    gcl_config preset;

    (void)unused;
    assert_int_equal(gcl_checkpoint_open(&checkpoint, DEMO, NULL, NULL), GCL_OK);
    assert_int_equal(gcl_config_preset(&preset, "galip-56", NULL), GCL_OK);
    memset(preset.prompt_layers + preset.n_prompts, 0,
           sizeof preset.prompt_layers - preset.n_prompts * sizeof preset.prompt_layers[0]);
    assert_memory_equal(gcl_checkpoint_config(checkpoint), &preset, sizeof preset);
    gcl_checkpoint_close(checkpoint);
}

static void misshapen_weights_are_named(void **unused)
{
    char path[] = "/tmp/galip-weights-XXXXXX";
    const int fd = mkstemp(path);
    const gcl_metadata_pair meta[] = {{"preset", "galip-56"}};
    gcl_safetensors *f = NULL;
    gcl_tensor_view *t;
    size_t n;

    (void)unused;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(gcl_safetensors_open(&f, DEMO, NULL), GCL_OK);
    n = gcl_safetensors_count(f);
    t = malloc(n * sizeof *t);
    for (int missing = 0; missing < 2; missing++) {
        size_t kept = 0;
        gcl_checkpoint *checkpoint = NULL;
        gcl_model *m = NULL;
        gcl_plan *plan = NULL;
        gcl_error err = GCL_ERROR_INIT;

        for (size_t i = 0; i < n; i++) {
            t[kept] = *gcl_safetensors_at(f, i);
            if (strcmp(t[kept].name, "netG.GBlocks.2.c1.weight") == 0) {
                if (missing)
                    continue;
                t[kept].shape[2] = 1;
                t[kept].shape[3] = 9;
            }
            kept++;
        }
        assert_int_equal(gcl_safetensors_write(path, t, kept, meta, 1, NULL), GCL_OK);
        assert_int_equal(gcl_checkpoint_open(&checkpoint, path, NULL, &err), GCL_OK);
        assert_int_equal(gcl_model_create(&m, ctx, checkpoint, NULL, &err), GCL_OK);
        assert_int_equal(gcl_model_plan(m, &plan, GCL_PART_NETG, 1, 0, &err),
                         missing ? GCL_E_NOT_FOUND : GCL_E_SHAPE);
        print_message("%s\n", err.message);
        assert_non_null(strstr(err.message, path));
        assert_non_null(strstr(err.message, missing ? "netG.GBlocks.2.c1.weight"
                                                    : "netG.GBlocks.2.c1.weight is [32, 64, 1, "
                                                      "9], should be [32, 64, 3, 3]"));
        gcl_error_clear(&err);
        gcl_model_destroy(m);
        gcl_checkpoint_close(checkpoint);
    }
    free(t);
    gcl_safetensors_close(f);
    unlink(path);
}

static void bad_metadata_is_explained(void **unused)
{
    static const struct {
        const char *key, *value, *message;
    } cases[] = {
        {"mapper_gain", "0.1xyz", "metadata mapper_gain is \"0.1xyz\", needs a number"},
        {"mapper_gain", "nan", "metadata mapper_gain"},
        {"mapper_gain", "-1e39", "metadata mapper_gain is \"-1e39\", needs a number"},
        {"feature_layers", "1,2", "metadata feature_layers is \"1,2\", needs 3 numbers"},
        {"vision_heads", "two", "metadata vision_heads"},
        {"vision_heads", "-1", "metadata vision_heads is \"-1\", needs 1 numbers"},
        {"preset", "galip-57", "there is no preset \"galip-57\""},
    };
    char path[] = "/tmp/galip-weights-XXXXXX";
    const int fd = mkstemp(path);
    gcl_safetensors *f = NULL;
    gcl_tensor_view t[512];
    size_t n;

    (void)unused;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(gcl_safetensors_open(&f, DEMO, NULL), GCL_OK);
    n = gcl_safetensors_count(f);
    assert_true(n <= 512);
    for (size_t i = 0; i < n; i++)
        t[i] = *gcl_safetensors_at(f, i);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const gcl_metadata_pair meta[] = {{cases[i].key, cases[i].value}};
        gcl_checkpoint *c = NULL;
        gcl_error err = GCL_ERROR_INIT;

        assert_int_equal(gcl_safetensors_write(path, t, n, meta, 1, NULL), GCL_OK);
        assert_int_not_equal(gcl_checkpoint_open(&c, path, NULL, &err), GCL_OK);
        assert_null(c);
        if (strstr(err.message, cases[i].message) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", err.message, cases[i].message);
        gcl_error_clear(&err);
    }
    gcl_safetensors_close(f);
    unlink(path);
}

/* Dimensions come from several tensors of a part: without one the rest would be of no size. */
static void a_part_of_a_part_is_explained(void **unused)
{
    static const char *const names[] = {
        "netG.fc_code.weight",           "netG.mapping.FBlocks.0.conv1.weight",
        "netG.mapping.fc_prompt.weight", "netG.mapping.conv.weight",
        "token_embedding.weight",        "positional_embedding"};
    char path[] = "/tmp/galip-weights-XXXXXX";
    const int fd = mkstemp(path);
    gcl_safetensors *f = NULL;

    (void)unused;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(gcl_safetensors_open(&f, DEMO, NULL), GCL_OK);
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        gcl_tensor_view t[512];
        gcl_checkpoint *c = NULL;
        gcl_error err = GCL_ERROR_INIT;
        size_t n = 0;
        char want[128];

        for (size_t i = 0; i < gcl_safetensors_count(f); i++)
            if (strcmp(gcl_safetensors_at(f, i)->name, names[k]) != 0)
                t[n++] = *gcl_safetensors_at(f, i);
        assert_int_equal(gcl_safetensors_write(path, t, n, NULL, 0, NULL), GCL_OK);
        assert_int_equal(gcl_checkpoint_open(&c, path, NULL, &err), GCL_E_NOT_FOUND);
        snprintf(want, sizeof want, " but not %s", names[k]);
        if (strstr(err.message, want) == NULL || strstr(err.message, path) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", err.message, want);
        gcl_error_clear(&err);
    }
    gcl_safetensors_close(f);
    unlink(path);
}

static void a_photo_has_pixels(void **unused)
{
    gcl_config c;
    gcl_graph *g = NULL;

    (void)unused;
    assert_int_equal(gcl_config_preset(&c, "galip-56", NULL), GCL_OK);
    assert_int_equal(gcl_photo_graph(&g, &c, 0, 5, NULL), GCL_E_ARG);
    assert_int_equal(gcl_photo_graph(&g, &c, 1, 5, NULL), GCL_OK);
    gcl_graph_destroy(g);
}

static void bad_specs_are_explained(void **unused)
{
    gcl_checkpoint *c = NULL;
    gcl_error err = GCL_ERROR_INIT;

    (void)unused;
    assert_int_equal(gcl_checkpoint_open(&c, "synthetic:abc", NULL, &err), GCL_E_ARG);
    assert_int_equal(gcl_checkpoint_open(&c, "synthetic:", NULL, &err), GCL_E_ARG);
    assert_int_equal(gcl_checkpoint_open(&c, "synthetic:-1", NULL, &err), GCL_E_ARG);
    assert_int_equal(gcl_checkpoint_open(&c, "synthetic:1", "galip-57", &err), GCL_E_NOT_FOUND);
    assert_int_equal(gcl_checkpoint_open(&c, "/no/such/file", NULL, &err), GCL_E_FILE);
    assert_int_equal(gcl_checkpoint_open(&c, DEMO, "galip-224", &err), GCL_E_ARG);
    assert_non_null(strstr(err.message, "is of preset \"galip-56\", not \"galip-224\""));
    assert_int_equal(gcl_checkpoint_open(&c, GOLDEN "galip-56-s5-b1.safetensors", NULL, &err),
                     GCL_E_FORMAT);
    assert_non_null(strstr(err.message, "holds none of the tensors of CLIP or GALIP"));
    assert_null(c);
    gcl_error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_56),
        cmocka_unit_test(golden_56_in_parts),
        cmocka_unit_test(golden_224),
        cmocka_unit_test(golden_weights_f16),
        cmocka_unit_test(golden_precision_f16),
        cmocka_unit_test(golden_file_f16),
        cmocka_unit_test(golden_demo),
        cmocka_unit_test(verify_names_the_first_stage_that_differs),
        cmocka_unit_test(verify_refuses_what_it_cannot_check),
        cmocka_unit_test(batch_size_does_not_matter),
        cmocka_unit_test(plan_options_do_not_matter),
        cmocka_unit_test(no_kernel_of_the_models_writes_outside),
        cmocka_unit_test(dimensions_come_from_shapes),
        cmocka_unit_test(misshapen_weights_are_named),
        cmocka_unit_test(bad_metadata_is_explained),
        cmocka_unit_test(a_part_of_a_part_is_explained),
        cmocka_unit_test(a_photo_has_pixels),
        cmocka_unit_test(bad_specs_are_explained),
    };

    return cmocka_run_group_tests(tests, open_device, close_device);
}
