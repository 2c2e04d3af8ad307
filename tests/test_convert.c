/* test_convert.c - names of published checkpoints, and what conversions refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "model/clip_json.h"
#include "model/convert.h"
#include "model/merges.h"
#include "model/names.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static char folder[] = "/tmp/galip-convert-XXXXXX";

static const char *in_folder(const char *name)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void write_text(const char *name, const char *text)
{
    assert_int_equal(gcl_file_write(in_folder(name), text, strlen(text), NULL), GCL_OK);
}

/* ---- names ---- */

static void names_are_found(void **state)
{
    static const struct {
        const char *name, *ours;
        gcl_name_role role;
    } cases[] = {
        {"visual.conv1.weight", "visual.conv1.weight", GCL_NAME_WHOLE},
        {"module.visual.proj", "visual.proj", GCL_NAME_WHOLE},
        {"state_dict.module.logit_scale", "logit_scale", GCL_NAME_WHOLE},
        {"text.transformer.resblocks.3.ln_1.bias", "transformer.resblocks.3.ln_1.bias",
         GCL_NAME_WHOLE},
        {"model.netG.module.fc_code.bias", "netG.fc_code.bias", GCL_NAME_WHOLE},
        {"model.netG.module.mapping.CLIP_ViT.ln_pre.bias", "visual.ln_pre.bias", GCL_NAME_COPY},
        {"netD.DBlocks.0.gamma", "netD.DBlocks.0.gamma", GCL_NAME_WHOLE},
        {"text_model.encoder.layers.11.self_attn.q_proj.bias",
         "transformer.resblocks.11.attn.in_proj_bias", GCL_NAME_Q},
        {"vision_model.encoder.layers.0.self_attn.v_proj.weight",
         "visual.transformer.resblocks.0.attn.in_proj_weight", GCL_NAME_V},
        {"vision_model.pre_layrnorm.weight", "visual.ln_pre.weight", GCL_NAME_WHOLE},
        {"visual_projection.weight", "visual.proj", GCL_NAME_TRANSPOSED},
        {"text_projection.weight", "text_projection", GCL_NAME_TRANSPOSED},
        {"text_projection", "text_projection", GCL_NAME_WHOLE},
        {"text_model.embeddings.position_ids", NULL, GCL_NAME_USELESS},
        {"vocab_size", NULL, GCL_NAME_USELESS},
        {"optimizers.optimizer_G.state.0.exp_avg", NULL, GCL_NAME_USELESS},
        {"text_model.encoder.layers..layer_norm1.bias", NULL, GCL_NAME_UNKNOWN},
        {"text_model.encoder.layers.x.layer_norm1.bias", NULL, GCL_NAME_UNKNOWN},
        {"token_embedding.weight.more", NULL, GCL_NAME_UNKNOWN},
        {"module.", NULL, GCL_NAME_UNKNOWN},
        {"", NULL, GCL_NAME_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        gcl_name found;
        gcl_name_find(&found, cases[i].name);
        assert_int_equal(found.role, cases[i].role);
        if (cases[i].ours != NULL)
            assert_string_equal(found.name, cases[i].ours);
    }
}

static void long_names_do_not_overflow(void **state)
{
    char name[GCL_TENSOR_MAX_NAME + 2];
    gcl_name found;

    (void)state;
    for (size_t n = GCL_TENSOR_MAX_NAME - 20; n <= GCL_TENSOR_MAX_NAME + 1; n++) {
        memset(name, 'x', n);
        name[n] = '\0';
        memcpy(name, "visual.", 7);
        gcl_name_find(&found, name);
        assert_int_equal(found.role, n <= GCL_TENSOR_MAX_NAME ? GCL_NAME_WHOLE : GCL_NAME_UNKNOWN);
        memset(name, '7', n);
        memcpy(name, "vision_model.encoder.layers.", 28);
        memcpy(name + n - 13, ".mlp.fc2.bias", 13);
        gcl_name_find(&found, name); /* grows by 4 */
        assert_int_equal(found.role,
                         n + 4 <= GCL_TENSOR_MAX_NAME ? GCL_NAME_WHOLE : GCL_NAME_UNKNOWN);
    }
}

/* ---- conversions ---- */

/* A CLIP of two towers of one block each, 2 heads of 64 wide, as a checkpoint names it. */
typedef struct clip {
    gcl_tensor_view views[64];
    size_t n;
} clip;

static float zeros[514 * 128]; /* as many as the largest has */

static void add(clip *c, const char *name, int rank, uint64_t d0, uint64_t d1, uint64_t d2,
                uint64_t d3)
{
    c->views[c->n++] = (gcl_tensor_view){.name = name,
                                         .dtype = GCL_TENSOR_F32,
                                         .rank = rank,
                                         .shape = {d0, d1, d2, d3},
                                         .data = zeros};
}

#define TOWER(prefix)                                                                 \
    add(c, prefix "transformer.resblocks.0.ln_1.weight", 1, 128, 0, 0, 0);            \
    add(c, prefix "transformer.resblocks.0.ln_1.bias", 1, 128, 0, 0, 0);              \
    add(c, prefix "transformer.resblocks.0.attn.in_proj_weight", 2, 384, 128, 0, 0);  \
    add(c, prefix "transformer.resblocks.0.attn.in_proj_bias", 1, 384, 0, 0, 0);      \
    add(c, prefix "transformer.resblocks.0.attn.out_proj.weight", 2, 128, 128, 0, 0); \
    add(c, prefix "transformer.resblocks.0.attn.out_proj.bias", 1, 128, 0, 0, 0);     \
    add(c, prefix "transformer.resblocks.0.ln_2.weight", 1, 128, 0, 0, 0);            \
    add(c, prefix "transformer.resblocks.0.ln_2.bias", 1, 128, 0, 0, 0);              \
    add(c, prefix "transformer.resblocks.0.mlp.c_fc.weight", 2, 512, 128, 0, 0);      \
    add(c, prefix "transformer.resblocks.0.mlp.c_fc.bias", 1, 512, 0, 0, 0);          \
    add(c, prefix "transformer.resblocks.0.mlp.c_proj.weight", 2, 128, 512, 0, 0);    \
    add(c, prefix "transformer.resblocks.0.mlp.c_proj.bias", 1, 128, 0, 0, 0)

static void make_clip(clip *c)
{
    c->n = 0;
    add(c, "visual.conv1.weight", 4, 128, 3, 8, 8);
    add(c, "visual.class_embedding", 1, 128, 0, 0, 0);
    add(c, "visual.positional_embedding", 2, 5, 128, 0, 0);
    add(c, "visual.ln_pre.weight", 1, 128, 0, 0, 0);
    add(c, "visual.ln_pre.bias", 1, 128, 0, 0, 0);
    TOWER("visual.");
    add(c, "visual.ln_post.weight", 1, 128, 0, 0, 0);
    add(c, "visual.ln_post.bias", 1, 128, 0, 0, 0);
    add(c, "visual.proj", 2, 128, 32, 0, 0);
    add(c, "token_embedding.weight", 2, 514, 128, 0, 0);
    add(c, "positional_embedding", 2, 8, 128, 0, 0);
    TOWER("");
    add(c, "ln_final.weight", 1, 128, 0, 0, 0);
    add(c, "ln_final.bias", 1, 128, 0, 0, 0);
    add(c, "text_projection", 2, 128, 32, 0, 0);
}

static gcl_tensor_view *tensor(clip *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->views[i].name, name) == 0)
            return &c->views[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void write_clip(const char *name, const clip *c)
{
    assert_int_equal(gcl_safetensors_write(in_folder(name), c->views, c->n, NULL, 0, NULL), GCL_OK);
}

static gcl_status convert(gcl_conversion **out, const char *name, const char *second,
                          gcl_error *err)
{
    const char *inputs[2] = {in_folder(name), second != NULL ? in_folder(second) : NULL};
    const gcl_conversion_options o = {.inputs = inputs, .n_inputs = second != NULL ? 2 : 1};

    return gcl_conversion_open(out, &o, err);
}

/* One conversion after a change, which must fail with a message that has all words. */
static void expect(const clip *c, gcl_status want, const char *words, const char *file)
{
    gcl_conversion *made = NULL;
    gcl_error err = GCL_ERROR_INIT;

    write_clip("in.safetensors", c);
    assert_int_equal(convert(&made, "in.safetensors", NULL, &err), want);
    assert_null(made);
    if (strstr(err.message, words) == NULL || strstr(err.message, file) == NULL)
        fail_msg("\"%s\" does not say \"%s\" and \"%s\"", err.message, words, file);
    gcl_error_clear(&err);
}

static void a_clip_is_served_and_described(void **state)
{
    clip c;
    gcl_conversion *made = NULL;
    gcl_safetensors *file = NULL;
    const gcl_conversion_notes *notes;

    (void)state;
    make_clip(&c);
    add(&c, "logit_scale", 0, 0, 0, 0, 0);
    add(&c, "attn_mask", 2, 8, 8, 0, 0);
    add(&c, "something.else", 1, 3, 0, 0, 0);
    tensor(&c, "visual.proj")->name = "module.visual.proj";
    write_clip("in.safetensors", &c);
    assert_int_equal(convert(&made, "in.safetensors", NULL, NULL), GCL_OK);
    notes = gcl_conversion_about(made);
    assert_int_equal(notes->n_useless, 1);
    assert_int_equal(notes->n_unknown, 1);
    assert_string_equal(notes->unknown[0], "something.else");
    assert_true(notes->has_part[GCL_PART_TEXT] && notes->has_part[GCL_PART_IMAGE]);
    assert_false(notes->has_part[GCL_PART_NETG] || notes->has_part[GCL_PART_NETD]);
    assert_false(notes->activation_is_known || notes->has_merges);
    assert_int_equal(gcl_conversion_write(made, in_folder("out.safetensors"), NULL), GCL_OK);
    gcl_conversion_close(made);
    assert_int_equal(gcl_safetensors_open(&file, in_folder("out.safetensors"), NULL), GCL_OK);
    assert_int_equal(gcl_safetensors_count(file), c.n - 2);
    assert_non_null(gcl_safetensors_find(file, "visual.proj"));
    assert_string_equal(gcl_safetensors_metadata(file, "vision_heads"), "2");
    assert_string_equal(gcl_safetensors_metadata(file, "text_heads"), "2");
    gcl_safetensors_close(file);
}

static void wrong_tensors_are_named(void **state)
{
    clip c;

    (void)state;
    make_clip(&c);
    tensor(&c, "ln_final.bias")->shape[0] = 127;
    expect(&c, GCL_E_SHAPE, "tensor ln_final.bias is [127], should be [128]", "in.safetensors");
    make_clip(&c);
    tensor(&c, "visual.ln_pre.bias")->name = "visual.ln_pre.gain";
    expect(&c, GCL_E_NOT_FOUND, "no tensor visual.ln_pre.bias, which should be [128]",
           "in.safetensors");
    make_clip(&c);
    c.n--; /* text_projection */
    expect(&c, GCL_E_NOT_FOUND, "no tensor text_projection, which should be [width, embed_dim]",
           "in.safetensors");
    make_clip(&c);
    add(&c, "visual.transformer.resblocks.0.ls_1.gamma", 1, 128, 0, 0, 0);
    expect(&c, GCL_E_UNSUPPORTED, "tensor visual.transformer.resblocks.0.ls_1.gamma belongs to no",
           "in.safetensors");
    make_clip(&c);
    tensor(&c, "ln_final.weight")->dtype = GCL_TENSOR_I32;
    expect(&c, GCL_E_UNSUPPORTED, "tensor ln_final.weight: F32, F16, BF16 or F64 required, is I32",
           "in.safetensors");
    make_clip(&c);
    tensor(&c, "visual.positional_embedding")->shape[0] = 6;
    expect(&c, GCL_E_SHAPE, "visual.positional_embedding has 6 rows, needs 1 + a square",
           "in.safetensors");
    make_clip(&c);
    tensor(&c, "visual.positional_embedding")->name = "visual.attnpool.positional_embedding";
    expect(&c, GCL_E_NOT_FOUND, "image towers other than ViT", "in.safetensors");
    make_clip(&c);
    add(&c, "module.text_projection", 2, 128, 32, 0, 0);
    expect(&c, GCL_E_FORMAT, "tensor text_projection comes twice", "module.text_projection");
    make_clip(&c);
    *tensor(&c, "text_projection") = (gcl_tensor_view){.name = "text_projection.weight",
                                                       .dtype = GCL_TENSOR_F32,
                                                       .rank = 1,
                                                       .shape = {4},
                                                       .data = zeros};
    expect(&c, GCL_E_SHAPE, "tensor text_projection.weight is [4], needs 2 dims", "in.safetensors");
    c.n = 1;
    c.views[0].name = "weight";
    expect(&c, GCL_E_FORMAT, "none of the tensors of CLIP or GALIP", "in.safetensors");
}

/* F64 becomes F32; a number that F32 does not hold is named, and no file is left. */
static void wide_numbers_are_narrowed_or_named(void **state)
{
    static double wide[128];
    clip c;
    gcl_conversion *made = NULL;
    gcl_safetensors *file = NULL;
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    make_clip(&c);
    tensor(&c, "ln_final.bias")->dtype = GCL_TENSOR_F64;
    tensor(&c, "ln_final.bias")->data = wide;
    wide[3] = 0.1;
    write_clip("in.safetensors", &c);
    assert_int_equal(convert(&made, "in.safetensors", NULL, NULL), GCL_OK);
    assert_int_equal(gcl_conversion_write(made, in_folder("out.safetensors"), NULL), GCL_OK);
    gcl_conversion_close(made);
    assert_int_equal(gcl_safetensors_open(&file, in_folder("out.safetensors"), NULL), GCL_OK);
    assert_true(((const float *)gcl_safetensors_find(file, "ln_final.bias")->data)[3] == 0.1f);
    gcl_safetensors_close(file);

    wide[3] = -1e39;
    write_clip("in.safetensors", &c);
    assert_int_equal(convert(&made, "in.safetensors", NULL, NULL), GCL_OK);
    assert_int_equal(gcl_conversion_write(made, in_folder("absent.safetensors"), &err),
                     GCL_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "ln_final.bias: element 3 is -1e+39"));
    assert_int_equal(access(in_folder("absent.safetensors"), F_OK), -1);
    gcl_conversion_close(made);
    gcl_error_clear(&err);
}

/* ---- configurations ---- */

static void configurations_are_read(void **state)
{
    static const struct {
        const char *text;
        gcl_clip_json want;
    } cases[] = {
        {"{\"text_config\":{\"num_attention_heads\":4},\"vision_config\":{\"hidden_act\":\"gelu\"}"
         "}",
         {.text_heads = 4, .exact_gelu = true}},
        {" \n{\"text_config\":{},\"vision_config\":{}}", {.exact_gelu = false}},
        {"{\"model_cfg\":{\"embed_dim\":64,\"quick_gelu\":true,\"vision_cfg\":{\"width\":128},"
         "\"text_cfg\":{\"heads\":8}}}",
         {.vision_heads = 2, .text_heads = 8}},
        {"{\"vision_cfg\":{\"width\":128,\"head_width\":32},\"text_cfg\":{}}",
         {.vision_heads = 4, .exact_gelu = true}},
    };
    gcl_clip_json got;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        write_text("config.json", cases[i].text);
        assert_true(gcl_clip_json_is(in_folder("config.json")));
        assert_int_equal(gcl_clip_json_read(&got, in_folder("config.json"), NULL), GCL_OK);
        assert_int_equal(got.vision_heads, cases[i].want.vision_heads);
        assert_int_equal(got.text_heads, cases[i].want.text_heads);
        assert_int_equal(got.exact_gelu, cases[i].want.exact_gelu);
    }
    write_text("merges.txt", "i n\n");
    assert_false(gcl_clip_json_is(in_folder("merges.txt")));
    assert_false(gcl_clip_json_is(in_folder("absent")));
    assert_false(gcl_clip_json_is("/dev/zero")); /* has no end */
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    assert_false(gcl_clip_json_is(in_folder("fifo"))); /* has no writer */
    assert_int_equal(unlink(in_folder("fifo")), 0);
}

static void configurations_are_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"{\"text_config\":{\"hidden_act\":\"relu\"}}", "hidden_act of text_config is relu"},
        {"{\"text_config\":{\"hidden_act\":\"gelu\"},"
         "\"vision_config\":{\"hidden_act\":\"quick_gelu\"}}",
         "needs that of text_config"},
        {"{\"vision_config\":{\"layer_norm_eps\":1e-6}}",
         "layer_norm_eps of vision_config is 1e-06"},
        {"{\"text_config\":{\"num_attention_heads\":0}}", "is not a number of 1 or more"},
        {"{\"vision_cfg\":{\"timm_model_name\":\"x\"},\"text_cfg\":{}}",
         "vision_cfg.timm_model_name: galip computes plain CLIP only"},
        {"{\"a\":1}", "no configuration of a CLIP"},
        {"{\"a\":", "line 1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        gcl_clip_json got;
        gcl_error err = GCL_ERROR_INIT;
        write_text("config.json", cases[i].text);
        assert_int_not_equal(gcl_clip_json_read(&got, in_folder("config.json"), &err), GCL_OK);
        assert_non_null(strstr(err.message, cases[i].words));
        assert_non_null(strstr(err.message, "config.json"));
        gcl_error_clear(&err);
    }
}

static void a_configuration_counts(void **state)
{
    clip c;
    gcl_conversion *made = NULL;
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    make_clip(&c);
    write_clip("in.safetensors", &c);
    write_text("config.json",
               "{\"text_config\":{\"num_attention_heads\":4,\"hidden_act\":\"gelu\"}}");
    assert_int_equal(convert(&made, "in.safetensors", "config.json", NULL), GCL_OK);
    assert_int_equal(gcl_conversion_config(made)->text_heads, 4);
    assert_int_equal(gcl_conversion_config(made)->vision_heads, 2);
    assert_true(gcl_conversion_config(made)->exact_gelu);
    assert_true(gcl_conversion_about(made)->activation_is_known);
    gcl_conversion_close(made);
    write_text("config.json", "{\"text_config\":{\"num_attention_heads\":3}}");
    assert_int_equal(convert(&made, "in.safetensors", "config.json", &err), GCL_E_FORMAT);
    assert_non_null(strstr(err.message, "in.safetensors"));
    assert_non_null(strstr(err.message, "attention"));
    assert_int_equal(convert(&made, "config.json", NULL, &err), GCL_E_FORMAT);
    assert_non_null(strstr(err.message, "no input holds weights"));
    assert_int_equal(convert(&made, "config.json", "config.json", &err), GCL_E_FORMAT);
    assert_non_null(strstr(err.message, "a second configuration"));
    gcl_error_clear(&err);
}

/* ---- merges ---- */

static void merges_are_read_from_every_file(void **state)
{
    static const struct {
        const char *text, *want; /* NULL: refused */
    } cases[] = {
        {"#version: 0.2\ni n\nt h\na n\n", "i n\nt h\n"},
        {"i n\nt h", "i n\nt h"},
        {"{\"model\":{\"merges\":[\"i n\",[\"t\",\"h\"],[\"\\u00e9\",\"</w>\"]]}}", "i n\nt h\n"},
        {"{\"model\":{\"merges\":[[\"a\"]]}}", NULL},
        {"{\"model\":{\"merges\":[1]}}", NULL},
        {"{\"model\":{}}", NULL},
        {"{", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *merges = NULL;
        size_t bytes = 0;
        const gcl_status st = (write_text("merges", cases[i].text),
                               gcl_merges_read(&merges, &bytes, in_folder("merges"), NULL));
        assert_int_equal(st, cases[i].want != NULL ? GCL_OK : GCL_E_FORMAT);
        if (cases[i].want == NULL)
            continue;
        assert_int_equal(bytes, strlen(merges));
        gcl_merges_trim(merges, 514 + 2);
        assert_string_equal(merges, cases[i].want);
        free(merges);
    }
}

/* Parsed, a few kilobytes of gzipped JSON could take gigabytes. */
static void long_json_is_refused(void **state)
{
    enum { LIMIT = 8 << 20 };
    static const char json[] = "{\"model\":{\"merges\":[]}}";
    char *text = malloc(LIMIT + 2), *merges = NULL;
    size_t bytes = 0;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', LIMIT + 1);
    memcpy(text, json, sizeof json - 1);
    for (size_t n = LIMIT; n <= LIMIT + 1; n++) {
        text[n] = '\0';
        write_text("merges", text);
        assert_int_equal(gcl_merges_read(&merges, &bytes, in_folder("merges"), NULL),
                         n <= LIMIT ? GCL_OK : GCL_E_FORMAT);
        free(merges);
        text[n] = ' ';
    }
    free(text);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"in.safetensors", "out.safetensors", "config.json",
                                        "merges.txt", "merges"};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        unlink(in_folder(names[i]));
    return rmdir(folder); /* fails where a conversion left something */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(long_names_do_not_overflow),
        cmocka_unit_test(a_clip_is_served_and_described),
        cmocka_unit_test(wrong_tensors_are_named),
        cmocka_unit_test(wide_numbers_are_narrowed_or_named),
        cmocka_unit_test(configurations_are_read),
        cmocka_unit_test(configurations_are_refused),
        cmocka_unit_test(a_configuration_counts),
        cmocka_unit_test(merges_are_read_from_every_file),
        cmocka_unit_test(long_json_is_refused),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
