/*
 * test_cli.c - the program from the outside: what it prints, files and what is in them.
 *
 * What a picture shows is the business of test_models.c; here it must be the same picture wherever
 * the same seed and index ask for it.
 */
#include "cli_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "weights/safetensors.h"

#define DEMO SOURCE_DIR "/weights/galip-56-demo.safetensors"
#define CIRCLE "'a red circle on a blue square'"

enum { SIDE = 56, NZ = 32, EMBED_DIM = 64, CONTEXT = 24 }; /* of the demo weights */

/* ---- generate ---- */

static void same_text(const char *name, const char *key, const char *want)
{
    char *text = cli_text(name, key);

    assert_string_equal(text, want);
    free(text);
}

static void picture_carries_text(void **state)
{
    gcl_image image;
    char *device;

    (void)state;
    cli_run("generate " CIRCLE " -s 18446744073709551615 -o text.png --weights '%s'", DEMO);
    assert_string_equal(cli_out, "text.png  seed 18446744073709551615  picture 0\n");
    assert_string_equal(cli_err, "");
    cli_read(&image, "text.png");
    assert_int_equal(image.width, SIDE);
    assert_int_equal(image.height, SIDE);
    gcl_image_free(&image);
    same_text("text.png", "prompt", "a red circle on a blue square");
    same_text("text.png", "seed", "18446744073709551615");
    same_text("text.png", "index", "0");
    same_text("text.png", "weights", "galip-56-demo.safetensors");
    same_text("text.png", "preset", "galip-56");
    same_text("text.png", "software", "galip " VERSION);
    same_text("text.png", "parameters",
              "a red circle on a blue square\nSeed: 18446744073709551615, Index: 0, Size: 56x56, "
              "Model: galip-56-demo.safetensors, Version: galip " VERSION);
    device = cli_text("text.png", "device");
    cli_run("devices --verbose");
    assert_non_null(strstr(cli_out, device));
    free(device);
    cli_run("info text.png");
    assert_non_null(strstr(cli_out, "seed              18446744073709551615\n"));
}

static void random_seed_is_told(void **state)
{
    json_t *json = cli_run_json("generate " CIRCLE " --json -o random.png");
    const char *seed = json_string_value(json_object_get(json_array_get(json, 0), "seed"));

    (void)state;
    assert_non_null(seed);
    same_text("random.png", "seed", seed);
    cli_run("generate " CIRCLE " --seed %s -o again.png", seed);
    cli_same_file("random.png", "again.png");
    json_decref(json);
}

static void batches_do_not_matter(void **state)
{
    char a[32], b[32];

    (void)state;
    cli_run("generate " CIRCLE " 'a green star' -n 3 --seed 5 -o one-%%d.png");
    for (int batch = 2; batch <= 7; batch += batch == 2 ? 2 : 3) {
        cli_run("generate " CIRCLE " 'a green star' -n 3 --seed 5 -b %d -o b%d-%%02d.png", batch,
                batch);
        for (int i = 0; i < 6; i++) {
            snprintf(a, sizeof a, "one-%d.png", i);
            snprintf(b, sizeof b, "b%d-%02d.png", batch, i);
            cli_same_file(a, b);
        }
    }
    cli_run("generate " CIRCLE " --seed 5 -o first.png"); /* alone or in company */
    cli_same_file("one-0.png", "first.png");
    same_text("one-4.png", "index", "4");
    same_text("one-4.png", "prompt", "a green star");
}

/* Pixels; the text in the files may differ. */
static void same_picture(const char *a, const char *b)
{
    gcl_image x, y;

    cli_read(&x, a);
    cli_read(&y, b);
    assert_memory_equal(x.rgb, y.rgb, 3 * SIDE * SIDE);
    gcl_image_free(&x);
    gcl_image_free(&y);
}

static void prompts_of_the_same_tokens_are_encoded_once(void **state)
{
    char a[32], b[32];
    const char *told;

    (void)state;
    assert_int_equal(cli_shell("GALIP_VERBOSE=1 \"$GALIP\" generate 'A  Green star' " CIRCLE
                               " 'a green star' -n 4 --seed 5 -o mixed-%%d.png"),
                     0);
    told = strstr(cli_err, "text: 3 sentences, 2 of them different, 9 of 24 tokens\n");
    assert_non_null(told);
    assert_null(strstr(told + 1, "text: "));
    /* and a picture does not depend on the other prompts */
    cli_run("generate 'a green star' -n 12 --seed 5 -o alike-%%d.png");
    for (int i = 0; i < 12; i += i == 3 ? 5 : 1) {
        snprintf(a, sizeof a, "mixed-%d.png", i);
        snprintf(b, sizeof b, "alike-%d.png", i);
        same_picture(a, b);
    }
}

static void assert_tile(const gcl_image *grid, size_t left, size_t top, const char *tile_name)
{
    gcl_image tile;

    cli_read(&tile, tile_name);
    for (size_t y = 0; y < SIDE; y++)
        assert_memory_equal(grid->rgb + 3 * ((top + y) * grid->width + left),
                            tile.rgb + 3 * y * SIDE, 3 * SIDE);
    gcl_image_free(&tile);
}

static void grid_holds_the_pictures(void **state)
{
    static const char *const shapes[] = {"--grid", "--grid=2", "--grid 2"};
    gcl_image grid;
    char name[16];

    (void)state;
    cli_run("generate " CIRCLE " -n 3 --seed 5 -o tile-%%d.png");
    for (size_t i = 0; i < 3; i++) {
        cli_run("generate %s " CIRCLE " -n 3 --seed 5 -b 2 -o grid.png", shapes[i]);
        assert_string_equal(cli_out, "grid.png  seed 5  pictures 0-2\n");
        cli_read(&grid, "grid.png");
        assert_int_equal(grid.width, 2 * SIDE + 2);
        assert_int_equal(grid.height, 2 * SIDE + 2);
        for (size_t k = 0; k < 3; k++) {
            snprintf(name, sizeof name, "tile-%zu.png", k);
            assert_tile(&grid, k % 2 * (SIDE + 2), k / 2 * (SIDE + 2), name);
        }
        assert_int_equal(grid.rgb[3 * SIDE], 255);
        gcl_image_free(&grid);
    }
    same_text("grid.png", "index", "0-2");
    cli_run("generate --grid 9 a b --seed 5 -o wide.png");
    same_text("wide.png", "prompt", "a\nb");
    cli_read(&grid, "wide.png");
    assert_int_equal(grid.width, 2 * SIDE + 2);
    assert_int_equal(grid.height, SIDE);
    gcl_image_free(&grid);
}

static void output_patterns(void **state)
{
    (void)state;
    cli_run("generate x --seed 1 -o 100%%%%.png");
    assert_int_equal(access(cli_path("100%.png"), F_OK), 0);
    cli_run("generate x --seed 1 -n 2 -o %%%%-%%09d-%%%%d.png");
    assert_int_equal(access(cli_path("%-000000001-%d.png"), F_OK), 0);
    cli_run("generate x --seed 1 -o single-%%d.png");
    assert_int_equal(access(cli_path("single-0.png"), F_OK), 0);
    cli_run("generate --seed 1 -- --json"); /* a prompt that looks like an option */
    same_text("galip.png", "prompt", "--json");
}

static void write_noise(const char *name, const char *tensor, const float *noise, uint64_t n,
                        uint64_t nz)
{
    const gcl_tensor_view view = {
        .name = tensor, .dtype = GCL_TENSOR_F32, .rank = 2, .shape = {n, nz}, .data = noise};
    gcl_error err = GCL_ERROR_INIT;

    if (gcl_safetensors_write(cli_path(name), &view, 1, NULL, 0, &err) != GCL_OK)
        fail_msg("%s", err.message);
}

static void noise_from_a_file(void **state)
{
    float noise[2 * NZ];

    (void)state;
    for (size_t i = 0; i < 2 * NZ; i++)
        noise[i] = (float)i / NZ - 1.0f;
    write_noise("two.safetensors", "noise", noise, 2, NZ);
    write_noise("last.safetensors", "in.noise", noise + NZ, 1, NZ);
    cli_run("generate " CIRCLE " -n 2 --noise two.safetensors -o two-%%d.png");
    cli_run("generate " CIRCLE " --noise last.safetensors -o last.png");
    same_text("last.png", "noise", "last.safetensors");
    same_picture("two-1.png", "last.png");
    cli_fails(1, "is F32 [2, 32], needs F32 [1, 32]", "generate x --noise two.safetensors");
    write_noise("long.safetensors", "noise", noise, 1, NZ + 1);
    cli_fails(1, "is F32 [1, 33], needs F32 [1, 32]", "generate x --noise long.safetensors");
    noise[3] = NAN;
    write_noise("nan.safetensors", "noise", noise, 1, NZ);
    cli_fails(1, "noise[3] is not a finite number", "generate x --noise nan.safetensors");
}

static void prompts_from_a_file(void **state)
{
    json_t *json;

    (void)state;
    assert_int_equal(cli_shell("printf 'a red circle\\r\\n\\na green star' >prompts.txt"), 0);
    json = cli_run_json("generate --prompt-file prompts.txt --seed 1 --json -o file-%%d.png");
    assert_int_equal(json_array_size(json), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(json, 1), "prompt")),
                        "a green star");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(json, 1), "index")), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(json, 1), "path")),
                        "file-1.png");
    assert_true(json_is_real(json_object_get(json_array_get(json, 1), "seconds")));
    json_decref(json);
    assert_int_equal(cli_shell("\"$GALIP\" generate --prompt-file - --seed 1 -o pipe-%%d.png "
                               "<prompts.txt"),
                     0);
    cli_run("generate -p 'a red circle' 'a green star' --seed 1 -o arg-%%d.png");
    cli_same_file("file-0.png", "pipe-0.png");
    cli_same_file("file-1.png", "arg-1.png");
}

static void any_bytes_in_a_prompt(void **state)
{
    json_t *json;

    (void)state;
    json = cli_run_json("generate \"$(printf 'caf\\351 \\342\\230\\203 <b>&amp;\\033[31m')\" "
                        "--seed 1 --json -o bytes.png");
    assert_string_equal(json_string_value(json_object_get(json_array_get(json, 0), "prompt")),
                        "caf\xef\xbf\xbd \xe2\x98\x83 <b>&amp;\033[31m");
    json_decref(json);
    assert_non_null(strstr(cli_err, "is not UTF-8 in 1 place; U+FFFD is read there\n"));
    same_text("bytes.png", "prompt", "caf\xef\xbf\xbd \xe2\x98\x83 <b>&amp;\033[31m");
    cli_run("info bytes.png");
    assert_null(strchr(cli_out, '\033'));
    cli_run("generate '' --seed 1 -o none.png");
    cli_run("generate \"$(yes word | head -n 99 | tr '\\n' ' ')\" --truncate --seed 1 -o cut.png");
}

/* ---- weights ---- */

static void default_weights_are_found(void **state)
{
    (void)state;
    assert_int_equal(cli_shell("mkdir -p data other/bin other/share/galip other/weights && "
                               "echo broken >data/galip-56-demo.safetensors && "
                               "echo broken >other/share/galip/galip-56-demo.safetensors && "
                               "cp \"$GALIP\" other/bin/galip"),
                     0);
    assert_int_equal(cli_shell("GALIP_DATA_DIR=data \"$GALIP\" generate x"), 1);
    assert_non_null(strstr(cli_err, "galip: data/galip-56-demo.safetensors"));
    assert_int_equal(cli_shell("unset GALIP_DATA_DIR; other/bin/galip generate x"), 1);
    assert_non_null(strstr(cli_err, "/other/bin/../share/galip/galip-56-demo.safetensors"));
    assert_int_equal(cli_shell("cp '%s' other/weights && GALIP_DATA_DIR=/nonexistent "
                               "other/bin/galip generate x --seed 1 -o other.png",
                               DEMO),
                     0);
    same_text("other.png", "weights", "galip-56-demo.safetensors");
    assert_string_equal(cli_err, "");
}

static void synthetic_weights_are_told(void **state)
{
    (void)state;
    cli_run("generate x --weights synthetic:7 --preset galip-56 --seed 1 -o synthetic.png");
    assert_string_equal(cli_err, "galip: note: the weights are synthetic:7 of galip-56: pictures "
                                 "and numbers mean nothing\n");
    same_text("synthetic.png", "weights", "synthetic:7");
    same_text("synthetic.png", "preset", "galip-56");
}

/* ---- interpolate, encode, score ---- */

static void interpolate_joins_the_ends(void **state)
{
    gcl_image row;
    json_t *json;

    (void)state;
    cli_run("generate " CIRCLE " --seed 1 -o from.png");
    cli_run("generate 'a green star' --seed 2 -o to.png");
    cli_run("interpolate " CIRCLE " 'a green star' --seed 1 --seed2 2 --frames 4 -b 3 -o row.png");
    cli_read(&row, "row.png");
    assert_int_equal(row.width, 4 * SIDE + 3 * 2);
    assert_int_equal(row.height, SIDE);
    assert_tile(&row, 0, 0, "from.png");
    assert_tile(&row, 3 * (SIDE + 2), 0, "to.png");
    same_text("row.png", "prompt2", "a green star");
    same_text("row.png", "seed2", "2");
    json = cli_run_json("interpolate " CIRCLE " 'a green star' --seed 1 --seed2 2 --frames 4 "
                        "--json -o frame-%%02d.png");
    assert_int_equal(json_array_size(json), 4);
    json_decref(json);
    assert_tile(&row, SIDE + 2, 0, "frame-01.png");
    gcl_image_free(&row);
    cli_run("interpolate " CIRCLE " --seed 1 --seed2 1 --frames 3 -o still.png");
    cli_read(&row, "still.png"); /* nothing changes on the way from a seed to itself */
    for (size_t i = 0; i < 3; i++)
        assert_tile(&row, i * (SIDE + 2), 0, "from.png");
    gcl_image_free(&row);
}

static void encode_writes_vectors(void **state)
{
    gcl_safetensors *file = NULL;
    const gcl_tensor_view *t;
    json_t *json, *vectors;
    float values[2 * EMBED_DIM];
    char *next;

    (void)state;
    cli_run("encode text 'a red circle' 'a green star' -o text.safetensors");
    assert_string_equal(cli_out, "");
    assert_int_equal(gcl_safetensors_open(&file, cli_path("text.safetensors"), NULL), GCL_OK);
    t = gcl_safetensors_find(file, "text");
    assert_true(t != NULL && t->rank == 2 && t->shape[0] == 2 && t->shape[1] == EMBED_DIM);
    assert_int_equal(gcl_tensor_to_f32(t, values, NULL), GCL_OK);
    cli_run("encode text 'a red circle' 'a green star'");
    next = cli_out;
    for (size_t i = 0; i < 2 * EMBED_DIM; i++)
        assert_true(strtof(next, &next) == values[i]);
    assert_string_equal(next, "\n");
    cli_run("encode text 'a green star' 'a small red circle above a large green star on white'");
    next = cli_out; /* in other company, with other tokens to compute */
    for (size_t i = 0; i < EMBED_DIM; i++)
        assert_true(strtof(next, &next) == values[EMBED_DIM + i]);
    json = cli_run_json("encode text 'a red circle' 'a green star' --json");
    vectors = json_object_get(json, "vectors");
    assert_int_equal(json_array_size(vectors), 2);
    vectors = json_object_get(json_array_get(vectors, 1), "vector");
    for (size_t i = 0; i < EMBED_DIM; i++)
        assert_true((float)json_real_value(json_array_get(vectors, i)) == values[EMBED_DIM + i]);
    json_decref(json);
    gcl_safetensors_close(file);
    json = cli_run_json("encode image '%s/image/grey.jpg' --json", TEST_DATA);
    assert_int_equal(json_integer_value(json_object_get(json, "embed_dim")), EMBED_DIM);
    json_decref(json);
}

static void score_finds_the_prompt(void **state)
{
    json_t *json, *scores;

    (void)state;
    cli_run("generate 'a red circle' --seed 1 -o scored.png");
    json = cli_run_json("score scored.png 'a green star' 'a red circle' 'a blue square' --json");
    scores = json_object_get(json, "scores");
    assert_int_equal(json_array_size(scores), 3);
    assert_string_equal(json_string_value(json_object_get(json_array_get(scores, 0), "text")),
                        "a red circle");
    for (size_t i = 1; i < 3; i++)
        assert_true(json_real_value(json_object_get(json_array_get(scores, i), "cosine")) <=
                    json_real_value(json_object_get(json_array_get(scores, i - 1), "cosine")));
    json_decref(json);
    cli_run("score scored.png 'a green star' 'a red circle'");
    assert_non_null(strstr(cli_out, "  a red circle\n"));
    assert_true(strstr(cli_out, "a red circle") < strstr(cli_out, "a green star"));
}

/* ---- plan, verify, info, devices ---- */

static void plan_adds_up(void **state)
{
    static const char *const parts[] = {"text", "noise", "netG", "image", "netD"};
    json_t *json, *node;
    size_t i;

    (void)state;
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
        double flops = 0, kernels = 0, total;
        json = cli_run_json("plan --part %s --batch 2 --json", parts[p]);
        json_array_foreach(json_object_get(json, "nodes"), i, node)
        {
            flops += json_number_value(json_object_get(node, "flops"));
            kernels += json_number_value(json_object_get(node, "kernels"));
            assert_null(json_object_get(node, "time_ns"));
        }
        node = json_object_get(json, "totals");
        /* the planner saves work where NetG enlarges; the total is the model's all the same */
        total = json_number_value(json_object_get(node, "flops"));
        if (strcmp(parts[p], "netG") == 0)
            assert_true(flops < total && flops > 0.9 * total);
        else
            assert_true(fabs(flops - total) <= 1e-6 * flops);
        assert_true(kernels == json_number_value(json_object_get(node, "kernels")) && kernels > 0);
        json_decref(json);
        cli_run("plan --part %s --time", parts[p]);
        assert_non_null(strstr(cli_out, "time/us"));
        assert_non_null(strstr(cli_out, "\nmemory "));
    }
    json = cli_run_json("plan --part text --tokens 7 --json");
    node = json_object_get(json_array_get(json_object_get(json, "nodes"), 0), "output");
    assert_int_equal(json_integer_value(json_array_get(node, 1)), 7);
    json_decref(json);
    json = cli_run_json("plan --variant linear=plain_f32 --variant conv2d=plain_f32 --json");
    json_array_foreach(json_object_get(json, "nodes"), i, node)
    {
        const char *op = json_string_value(json_object_get(node, "op"));
        if (strcmp(op, "linear") == 0 || strcmp(op, "conv2d") == 0)
            assert_string_equal(json_string_value(json_object_get(node, "variant")), "plain_f32");
    }
    json_decref(json);
}

/* Expected vectors of one sentence, from the program itself; factor 1 must pass. */
static void write_golden(float factor)
{
    static int32_t tokens[CONTEXT]; /* id 0: the text tower reads what it is given */
    const float unused[2] = {0, 0};
    gcl_safetensors *file = NULL;
    float sentence[EMBED_DIM];
    const gcl_metadata_pair metadata = {"weights", DEMO};
    const gcl_tensor_view tensors[] = {
        {.name = "in.tokens",
         .dtype = GCL_TENSOR_I32,
         .rank = 2,
         .shape = {1, CONTEXT},
         .data = tokens},
        {.name = "text.sentence",
         .dtype = GCL_TENSOR_F32,
         .rank = 2,
         .shape = {1, EMBED_DIM},
         .data = sentence},
        {.name = "train.loss", .dtype = GCL_TENSOR_F32, .rank = 1, .shape = {2}, .data = unused},
    };
    const gcl_tensor_view *t;

    assert_int_equal(gcl_safetensors_open(&file, TEST_DATA "/golden/demo.safetensors", NULL),
                     GCL_OK);
    t = gcl_safetensors_find(file, "in.tokens");
    assert_true(t != NULL && t->count >= CONTEXT);
    assert_int_equal(t->dtype, GCL_TENSOR_I32);
    memcpy(tokens, t->data, sizeof tokens);
    t = gcl_safetensors_find(file, "text.sentence");
    assert_true(t != NULL && t->count >= EMBED_DIM && t->dtype == GCL_TENSOR_F32);
    memcpy(sentence, t->data, sizeof sentence);
    for (size_t i = 0; i < EMBED_DIM; i++)
        sentence[i] *= factor;
    assert_int_equal(
        gcl_safetensors_write(cli_path("golden.safetensors"), tensors, 3, &metadata, 1, NULL),
        GCL_OK);
    gcl_safetensors_close(file);
}

static void verify_tells_pass_from_fail(void **state)
{
    json_t *json;

    (void)state;
    write_golden(1.0f);
    cli_run("verify golden.safetensors");
    assert_non_null(strstr(cli_out, "text.sentence"));
    assert_non_null(strstr(cli_out, "  ok\n"));
    assert_non_null(strstr(cli_out, "skipped: 1 tensors train.*"));
    assert_non_null(strstr(cli_out, "\n1 passed, 0 failed, 1 skipped\n"));
    json = cli_run_json("verify golden.safetensors --json");
    assert_true(
        json_is_true(json_object_get(json_array_get(json_object_get(json, "tensors"), 0), "pass")));
    json_decref(json);
    write_golden(1.01f);
    assert_int_equal(cli_shell("\"$GALIP\" verify golden.safetensors"), 1);
    assert_non_null(strstr(cli_out, "  FAIL\n"));
    assert_non_null(strstr(cli_out, "\n0 passed, 1 failed, 1 skipped\n"));
    assert_non_null(strstr(cli_err, "galip: text.sentence: largest error"));
    cli_run("verify golden.safetensors --tol 0.02 --all --variant linear=plain_f32");
}

static void info_describes_weights(void **state)
{
    json_t *json = cli_run_json("info '%s' --json --tensors", DEMO);
    json_t *config = json_object_get(json, "config");

    (void)state;
    assert_string_equal(json_string_value(json_object_get(config, "preset")), "galip-56");
    assert_int_equal(json_integer_value(json_object_get(config, "image_size")), SIDE);
    assert_true(
        json_is_integer(json_object_get(json_object_get(json, "metadata_bytes"), "merges")));
    assert_true(json_array_size(json_object_get(json, "tensors")) > 300);
    assert_non_null(json_object_get(json_object_get(json, "parts"), "netG"));
    json_decref(json);
    cli_run("info '%s'", DEMO);
    assert_non_null(strstr(cli_out, "netG "));
    cli_run("info '%s/golden/demo.safetensors'", TEST_DATA);
    assert_non_null(strstr(cli_out, "no model of CLIP or GALIP"));
    cli_run("info '%s/image/grey_1.png'", TEST_DATA);
    assert_non_null(strstr(cli_out, "without galip's text"));
}

static void info_describes_pytorch_files(void **state)
{
    json_t *json = cli_run_json("info '%s/torch/galip_module.pth' --json --tensors", TEST_DATA);
    json_t *tensor = json_array_get(json_object_get(json, "tensors"), 0);
    json_t *f32 = json_object_get(json_object_get(json, "dtypes"), "F32");

    (void)state;
    assert_string_equal(json_string_value(json_object_get(json, "format")), "PyTorch checkpoint");
    assert_string_equal(json_string_value(json_object_get(tensor, "name")),
                        "model.netG.module.mapping.weight");
    assert_int_equal(json_integer_value(json_array_get(json_object_get(tensor, "shape"), 1)), 3);
    assert_int_equal(json_integer_value(json_object_get(f32, "tensors")), 14);
    assert_int_equal(json_object_size(json_object_get(json, "parts")), 3);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(json, "metadata"), "epoch")), "100");
    json_decref(json);
    cli_run("info '%s/torch/script.pt' --tensors", TEST_DATA);
    assert_non_null(strstr(cli_out, "TorchScript archive\n"));
    assert_non_null(strstr(cli_out, "\n  F16   [2, 3, 2, 2]         visual.0.weight\n"));
    cli_run("info '%s/torch/protocol4.pth'", TEST_DATA);
    assert_non_null(strstr(cli_out, "(300 bytes)\n"));
    cli_fails(1, "torch.save(torch.load(", "info '%s/torch/legacy.pth'", TEST_DATA);
}

/* ---- convert ---- */

static void same_pixels(const char *a, const char *b)
{
    gcl_image x, y;

    cli_read(&x, a);
    cli_read(&y, b);
    assert_int_equal(x.width, y.width);
    assert_memory_equal(x.rgb, y.rgb, 3 * x.width * x.height);
    gcl_image_free(&x);
    gcl_image_free(&y);
}

/* The demo weights are F16: neither type loses anything, and norms, biases and embeddings stay F32. */
static void converted_weights_draw_the_same(void **state)
{
    static const char *const files[] = {"same.safetensors", "f32.safetensors", "f16.safetensors"};
    json_t *f16, *row;
    bool has_f16 = false, has_f32 = false;
    size_t part;

    (void)state;
    cli_run("convert '%s' -o same.safetensors", DEMO);
    cli_run("convert '%s' --f32 -o f32.safetensors", DEMO);
    f16 = cli_run_json("convert f32.safetensors --f16 -o f16.safetensors --json");
    json_array_foreach(json_object_get(f16, "parts"), part, row)
    {
        has_f16 |= strcmp(json_string_value(json_object_get(row, "dtype")), "F16") == 0;
        has_f32 |= strcmp(json_string_value(json_object_get(row, "dtype")), "F32") == 0;
    }
    assert_true(has_f16 && has_f32);
    json_decref(f16);
    cli_run("generate " CIRCLE " --seed 1 -w '%s' -o demo.png", DEMO);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        cli_run("generate " CIRCLE " --seed 1 -w %s -o converted.png", files[i]);
        same_pixels("demo.png", "converted.png");
    }
    cli_run("convert --preset galip-56 -o made.safetensors");
    cli_run("generate " CIRCLE " --seed 1 -w made.safetensors -o converted.png");
    cli_run("generate " CIRCLE " --seed 1 -w synthetic:1 --preset galip-56 -o synthetic.png");
    same_pixels("synthetic.png", "converted.png");
}

static void devices_are_listed(void **state)
{
    json_t *json = cli_run_json("devices --json");
    const char *name = json_string_value(json_object_get(json_array_get(json, 0), "name"));

    (void)state;
    assert_non_null(name);
    assert_true(json_integer_value(json_object_get(json_array_get(json, 0), "compute_units")) > 0);
    cli_run("devices");
    assert_non_null(strstr(cli_out, "index  name"));
    cli_run("devices -v");
    assert_non_null(strstr(cli_out, name));
    cli_run("encode text x --device 0 -o device.safetensors");
    cli_run("encode text x --device '%s' -o device.safetensors", name);
    assert_int_equal(cli_shell("GALIP_DEVICE=nosuchdevice \"$GALIP\" encode text x"), 1);
    assert_int_equal(cli_shell("GALIP_DEVICE=nosuchdevice \"$GALIP\" encode text x -d 0"), 0);
    json_decref(json);
}

/* PoCL told to compile for a CPU with vectors of 8; where it was built for one CPU it does not care. */
static void vectors_are_those_of_the_compiled_code(void **state)
{
    json_t *devices, *device;
    size_t i, n = 0;

    (void)state;
    setenv("POCL_KERNELLIB_NAME", "avx2", 1);
    devices = cli_run_json("devices --json");
    unsetenv("POCL_KERNELLIB_NAME");
    json_array_foreach(devices, i, device)
    {
        const char *version = json_string_value(json_object_get(device, "version"));
        if (strstr(version, "PoCL") == NULL || strstr(version, "-haswell") == NULL)
            continue;
        assert_int_equal(json_integer_value(json_object_get(device, "vector_width_f32")), 8);
        n++;
    }
    json_decref(devices);
    if (n == 0) {
        print_message("skipped: no PoCL here compiles for AVX2 when it is told to\n");
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picture_carries_text),
        cmocka_unit_test(random_seed_is_told),
        cmocka_unit_test(batches_do_not_matter),
        cmocka_unit_test(prompts_of_the_same_tokens_are_encoded_once),
        cmocka_unit_test(grid_holds_the_pictures),
        cmocka_unit_test(output_patterns),
        cmocka_unit_test(noise_from_a_file),
        cmocka_unit_test(prompts_from_a_file),
        cmocka_unit_test(any_bytes_in_a_prompt),
        cmocka_unit_test(default_weights_are_found),
        cmocka_unit_test(synthetic_weights_are_told),
        cmocka_unit_test(interpolate_joins_the_ends),
        cmocka_unit_test(encode_writes_vectors),
        cmocka_unit_test(score_finds_the_prompt),
        cmocka_unit_test(plan_adds_up),
        cmocka_unit_test(verify_tells_pass_from_fail),
        cmocka_unit_test(info_describes_weights),
        cmocka_unit_test(info_describes_pytorch_files),
        cmocka_unit_test(converted_weights_draw_the_same),
        cmocka_unit_test(devices_are_listed),
        cmocka_unit_test(vectors_are_those_of_the_compiled_code),
    };

    return cmocka_run_group_tests(tests, cli_make_folder, cli_remove_folder);
}
