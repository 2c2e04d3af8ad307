/*
 * test_text_tower.c - sentence vectors as programs get them: from a text tower that runs only as
 * far as the longest sentence. They agree with the golden ones, and how far the tower runs and in
 * what company a sentence stands changes no bit of them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"
#include "weights/safetensors.h"

#define GOLDEN TEST_DATA "/golden/"
#define DEMO SOURCE_DIR "/weights/galip-56-demo.safetensors"
#define N(x) (sizeof(x) / sizeof((x)[0]))

/* Files with sentences and their golden vectors. */
static const struct {
    const char *file, *weights, *preset;
} golden_files[] = {
    {GOLDEN "demo.safetensors", DEMO, NULL},
    {GOLDEN "galip-56-s1-b2.safetensors", "synthetic:1", "galip-56"},
    {GOLDEN "galip-56-s5-b1.safetensors", "synthetic:5", "galip-56"},
    {GOLDEN "galip-56-s7-b3.safetensors", "synthetic:7", "galip-56"},
    {GOLDEN "galip-56-s11-b5.safetensors", "synthetic:11", "galip-56"},
    {GOLDEN "galip-224-s1-b2.safetensors", "synthetic:1", "galip-224"},
};

static gcl_context *ctx;

static int open_device(void **state)
{
    gcl_device_info device;
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    if (gcl_device_find(&device, NULL, &err) != GCL_OK ||
        gcl_context_create(&ctx, &device, &err) != GCL_OK) {
        print_message("%s\n", err.message);
        return 1;
    }
    print_message("device %s\n", device.name);
    return 0;
}

static int close_device(void **state)
{
    (void)state;
    gcl_context_destroy(ctx);
    return 0;
}

/* A model with sentences for it. */
typedef struct fixture {
    gcl_checkpoint *checkpoint;
    gcl_model *model;
    size_t n, context, d; /* sentences, context_length, embed_dim */
    int32_t *tokens;      /* [n, context] */
    float *want;          /* [n, d], the golden vectors */
} fixture;

static void open_golden(fixture *f, size_t which)
{
    gcl_safetensors *file = NULL;
    const gcl_tensor_view *tokens, *want;

    assert_int_equal(gcl_checkpoint_open(&f->checkpoint, golden_files[which].weights,
                                         golden_files[which].preset, NULL),
                     GCL_OK);
    assert_int_equal(gcl_model_create(&f->model, ctx, f->checkpoint, NULL, NULL), GCL_OK);
    f->context = gcl_model_config(f->model)->context_length;
    f->d = gcl_model_config(f->model)->embed_dim;
    assert_int_equal(gcl_safetensors_open(&file, golden_files[which].file, NULL), GCL_OK);
    tokens = gcl_safetensors_find(file, "in.tokens");
    want = gcl_safetensors_find(file, "text.sentence");
    assert_true(tokens != NULL && want != NULL && tokens->shape[1] == f->context);
    f->n = (size_t)tokens->shape[0];
    assert_true(want->count == f->n * f->d);
    f->tokens = malloc(tokens->count * sizeof *f->tokens);
    f->want = malloc(want->count * sizeof *f->want);
    assert_int_equal(gcl_tensor_to_i32(tokens, f->tokens, NULL), GCL_OK);
    assert_int_equal(gcl_tensor_to_f32(want, f->want, NULL), GCL_OK);
    gcl_safetensors_close(file);
}

static void close_fixture(fixture *f)
{
    free(f->tokens);
    free(f->want);
    gcl_model_destroy(f->model);
    gcl_checkpoint_close(f->checkpoint);
}

/* The vectors of n sentences; free. */
static float *encode(const fixture *f, const int32_t *tokens, size_t n)
{
    float *out = malloc(n * f->d * sizeof *out);
    gcl_error err = GCL_ERROR_INIT;

    if (gcl_model_encode_text(f->model, tokens, n, out, &err) != GCL_OK)
        fail_msg("%s", err.message);
    return out;
}

/* What the tower gives for the first T tokens of one sentence. */
static void run_plan(const fixture *f, size_t T, const int32_t *tokens, float *sentence)
{
    gcl_plan *plan = NULL;

    assert_int_equal(gcl_model_text_plan(f->model, &plan, 1, T, NULL), GCL_OK);
    assert_int_equal(gcl_plan_write(plan, "tokens", tokens, T * sizeof *tokens, NULL), GCL_OK);
    assert_int_equal(gcl_plan_run(plan, NULL), GCL_OK);
    assert_int_equal(gcl_plan_read(plan, "text.sentence", sentence, f->d * sizeof *sentence, NULL),
                     GCL_OK);
}

static void vectors_are_golden(void **state)
{
    (void)state;
    for (size_t k = 0; k < N(golden_files); k++) {
        fixture f = {0};
        float largest = 0, worst = 0, *got;

        open_golden(&f, k);
        got = encode(&f, f.tokens, f.n);
        for (size_t i = 0; i < f.n * f.d; i++) {
            largest = fmaxf(largest, fabsf(f.want[i]));
            worst = fmaxf(worst, fabsf(got[i] - f.want[i]));
            assert_true(isfinite(got[i]));
        }
        print_message("%s: worst %.2g of the largest magnitude\n",
                      strrchr(golden_files[k].file, '/') + 1, (double)(worst / largest));
        assert_true(worst <= 1e-4f * largest);
        free(got);
        close_fixture(&f);
    }
}

static void company_does_not_matter(void **state)
{
    (void)state;
    for (size_t k = 0; k < N(golden_files); k++) {
        fixture f = {0};
        float *all, *full;

        open_golden(&f, k);
        all = encode(&f, f.tokens, f.n);
        full = malloc(f.d * sizeof *full);
        for (size_t i = 0; i < f.n; i++) {
            float *alone = encode(&f, f.tokens + i * f.context, 1);
            float *some = encode(&f, f.tokens + i * f.context, f.n - i);
            assert_memory_equal(alone, all + i * f.d, f.d * sizeof *all);
            assert_memory_equal(some, all + i * f.d, (f.n - i) * f.d * sizeof *all);
            free(alone);
            free(some);
        }
        for (size_t i = 0; i < f.n; i++) {
            run_plan(&f, f.context, f.tokens + i * f.context, full);
            assert_memory_equal(full, all + i * f.d, f.d * sizeof *all);
        }
        free(full);
        free(all);
        close_fixture(&f);
    }
}

/* A sentence of any length in the full tower, and one of two tokens in a tower of any length. */
static void no_length_matters(void **state)
{
    fixture f = {0};
    int32_t *tokens;
    float *first, *alone, *full;

    (void)state;
    open_golden(&f, 0);
    tokens = malloc(f.context * sizeof *tokens);
    first = malloc(f.d * sizeof *first);
    full = malloc(f.d * sizeof *full);
    for (size_t length = 2; length <= f.context; length++) {
        memset(tokens, 0, f.context * sizeof *tokens);
        for (size_t t = 0; t + 1 < length; t++)
            tokens[t] = (int32_t)(300 + 37 * t % 200);
        tokens[length - 1] = 1023;
        alone = encode(&f, tokens, 1);
        run_plan(&f, f.context, tokens, full);
        assert_memory_equal(alone, full, f.d * sizeof *full);
        tokens[1] = 1023; /* now it ends there, and what follows is not looked at */
        run_plan(&f, length, tokens, full);
        if (length == 2)
            memcpy(first, full, f.d * sizeof *first);
        assert_memory_equal(first, full, f.d * sizeof *full);
        free(alone);
    }
    free(tokens);
    free(first);
    free(full);
    close_fixture(&f);
}

static void repeated_sentences_get_equal_vectors(void **state)
{
    static const size_t order[] = {2, 0, 2, 1, 0, 2, 2};
    fixture f = {0};
    int32_t *tokens;
    float *all, *got;

    (void)state;
    open_golden(&f, 0);
    tokens = malloc(N(order) * f.context * sizeof *tokens);
    for (size_t i = 0; i < N(order); i++)
        memcpy(tokens + i * f.context, f.tokens + order[i] * f.context, f.context * sizeof *tokens);
    all = encode(&f, f.tokens, f.n);
    got = encode(&f, tokens, N(order));
    for (size_t i = 0; i < N(order); i++)
        assert_memory_equal(got + i * f.d, all + order[i] * f.d, f.d * sizeof *got);
    free(got);
    free(encode(&f, tokens, 0));
    free(all);
    free(tokens);
    close_fixture(&f);
}

static void fewer_tokens_are_less_work(void **state)
{
    fixture f = {0};
    gcl_plan *plan = NULL;

    (void)state;
    open_golden(&f, N(golden_files) - 1);
    assert_int_equal(gcl_model_plan(f.model, &plan, GCL_PART_TEXT, 1, NULL), GCL_OK);
    assert_true(fabs(gcl_plan_total(plan).flops / 1e9 - 5.90) < 0.01);
    assert_int_equal(gcl_model_text_plan(f.model, &plan, 1, 12, NULL), GCL_OK);
    assert_true(fabs(gcl_plan_total(plan).flops / 1e9 - 0.91) < 0.01);
    close_fixture(&f);
}

static void bad_tokens_are_refused(void **state)
{
    static const size_t lengths[] = {0, 25};
    fixture f = {0};
    gcl_plan *plan = NULL;
    gcl_error err = GCL_ERROR_INIT;
    float *out;

    (void)state;
    open_golden(&f, 0);
    for (size_t i = 0; i < N(lengths); i++) {
        assert_int_equal(gcl_model_text_plan(f.model, &plan, 1, lengths[i], &err), GCL_E_ARG);
        assert_non_null(strstr(err.message, "the text tower takes 1 .. 24"));
        assert_null(plan);
    }
    out = malloc(2 * f.d * sizeof *out);
    f.tokens[f.context + f.context - 1] = -1; /* behind the end token */
    assert_int_equal(gcl_model_encode_text(f.model, f.tokens, 2, out, &err), GCL_E_ARG);
    assert_string_equal(err.message, "token 23 of sentence 1 is -1, needs 0 .. 1023");
    f.tokens[f.context + 1] = 1024;
    assert_int_equal(gcl_model_encode_text(f.model, f.tokens, 2, out, &err), GCL_E_ARG);
    assert_string_equal(err.message, "token 1 of sentence 1 is 1024, needs 0 .. 1023");
    free(out);
    gcl_error_clear(&err);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_golden),
        cmocka_unit_test(company_does_not_matter),
        cmocka_unit_test(no_length_matters),
        cmocka_unit_test(repeated_sentences_get_equal_vectors),
        cmocka_unit_test(fewer_tokens_are_less_work),
        cmocka_unit_test(bad_tokens_are_refused),
    };

    return cmocka_run_group_tests(tests, open_device, close_device);
}
