/* test_torch_file.c - what PyTorch wrote (tests/fixtures/make_torch.py) reads back; cut and mutated. */
#include "weights/torch_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "weights/kind.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *data_path(const char *name)
{
    static char path[1024];

    snprintf(path, sizeof path, "%s/torch/%s", TEST_DATA, name);
    return path;
}

static gcl_torch_file *open_good(const char *name)
{
    gcl_torch_file *f;
    gcl_error err = GCL_ERROR_INIT;

    if (gcl_torch_file_open(&f, data_path(name), &err) != GCL_OK)
        fail_msg("%s", err.message);
    return f;
}

/* The value of an element as a number. */
static double element(const gcl_tensor_view *t, size_t i)
{
    const char *p = (const char *)t->data + i * gcl_tensor_dtype_bytes(t->dtype);
    int64_t integer = 0;
    float f32;
    double f64;
    uint32_t bits = 0;

    switch (t->dtype) {
    case GCL_TENSOR_F32:
        memcpy(&f32, p, sizeof f32);
        return (double)f32;
    case GCL_TENSOR_F64:
        memcpy(&f64, p, sizeof f64);
        return f64;
    case GCL_TENSOR_F16:
        memcpy(&bits, p, 2);
        return (double)gcl_f16_to_f32((uint16_t)bits);
    case GCL_TENSOR_BF16:
        memcpy((char *)&bits + 2, p, 2);
        memcpy(&f32, &bits, sizeof f32);
        return (double)f32;
    default:
        memcpy(&integer, p, gcl_tensor_dtype_bytes(t->dtype));
        return (double)integer;
    }
}

typedef struct expected {
    const char *name, *dtype, *shape;
    size_t step; /* element i is i / step; 0: the tensor is none of counting numbers */
} expected;

static void check_file(const char *name, const expected *want, size_t n)
{
    gcl_torch_file *f = open_good(name);
    gcl_error err = GCL_ERROR_INIT;
    char shape[GCL_TENSOR_SHAPE_TEXT_BYTES];

    assert_string_equal(gcl_torch_file_path(f), data_path(name));
    assert_int_equal(gcl_torch_file_count(f), n);
    for (size_t i = 0; i < n; i++) {
        const gcl_tensor_view *t = gcl_torch_file_at(f, i);
        assert_string_equal(t->name, want[i].name);
        assert_ptr_equal(gcl_torch_file_find(f, want[i].name), t);
        assert_string_equal(gcl_tensor_dtype_name(t->dtype), want[i].dtype);
        assert_string_equal(gcl_tensor_shape_text(shape, t->rank, t->shape), want[i].shape);
        for (int again = 0; again < 2; again++) { /* a dropped one may be loaded again */
            gcl_torch_file_drop(f, i);
            assert_null(t->data);
            if (gcl_torch_file_load(f, i, &err) != GCL_OK)
                fail_msg("%s", err.message);
        }
        assert_true((t->data != NULL) == (t->count > 0));
        for (size_t k = 0; k < t->count && want[i].step > 0; k++)
            if (element(t, k) != (double)(k / want[i].step))
                fail_msg("%s: %s[%zu] is %g", name, t->name, k, element(t, k));
    }
    assert_null(gcl_torch_file_find(f, "absent"));
    gcl_torch_file_close(f);
}

/* ---- what PyTorch wrote ---- */

static void types_and_layouts_are_read(void **state)
{
    static const expected want[] = {
        {"types.float32", "F32", "[2, 3]", 1},
        {"types.float16", "F16", "[2, 3]", 1},
        {"types.bfloat16", "BF16", "[2, 3]", 1},
        {"types.float64", "F64", "[2, 3]", 1},
        {"types.int64", "I64", "[2, 3]", 1},
        {"types.int32", "I32", "[2, 3]", 1},
        {"types.int16", "I16", "[2, 3]", 1},
        {"types.int8", "I8", "[2, 3]", 1},
        {"types.uint8", "U8", "[2, 3]", 1},
        {"bool", "BOOL", "[2]", 1},
        {"scalar", "I64", "[]", 1},
        {"transposed", "F32", "[3, 4]", 1},
        {"permuted", "F32", "[2, 3, 4]", 1},
        {"every_other", "F32", "[3, 4]", 1},
        {"inner", "F32", "[3, 3]", 1},
        {"behind", "F32", "[3, 4]", 1},
        {"one_column", "F32", "[4, 1]", 1},
        {"row_number", "F32", "[2, 3]", 3},
        {"empty", "F32", "[0, 3]", 1},
        {"shared.0", "F32", "[6]", 1},
        {"shared.1", "F32", "[3]", 1},
        {"shared.2", "F32", "[2, 3]", 1},
        {"parameter", "F32", "[2, 2]", 1},
    };
    static const char *const metadata[][2] = {
        {"epoch", "7"}, {"large", "-1099511627776"}, {"rate", "0.25"}, {"text", "gr\xc3\xbcn"}};
    gcl_torch_file *f;

    (void)state;
    check_file("tensors.pth", want, COUNT(want));
    f = open_good("tensors.pth");
    assert_false(gcl_torch_file_is_script(f));
    assert_int_equal(gcl_torch_file_metadata_count(f), COUNT(metadata));
    for (size_t i = 0; i < COUNT(metadata); i++) {
        assert_string_equal(gcl_torch_file_metadata_key(f, i), metadata[i][0]);
        assert_string_equal(gcl_torch_file_metadata(f, metadata[i][0]), metadata[i][1]);
    }
    assert_null(gcl_torch_file_metadata(f, "history"));
    gcl_torch_file_close(f);
}

static void shared_storages_are_not_copied(void **state)
{
    gcl_torch_file *f = open_good("tensors.pth");
    const gcl_tensor_view *whole = gcl_torch_file_find(f, "shared.0");
    const gcl_tensor_view *part = gcl_torch_file_find(f, "shared.1");

    (void)state;
    for (size_t i = 0; i < gcl_torch_file_count(f); i++)
        assert_int_equal(gcl_torch_file_load(f, i, NULL), GCL_OK);
    assert_ptr_equal(whole->data, part->data);
    gcl_torch_file_close(f);
}

static void galip_checkpoints_are_read_without_their_optimizers(void **state)
{
    static const expected plain[] = {
        {"model.netG.mapping.weight", "F32", "[2, 3]", 1},
        {"model.netG.mapping.bias", "F32", "[2]", 1},
        {"model.netG.blocks.0.weight", "F32", "[2, 2, 3, 3]", 1},
        {"model.netG.blocks.0.bias", "F32", "[2]", 1},
        {"model.netG.blocks.1.weight", "F32", "[2, 2, 3, 3]", 1},
        {"model.netG.blocks.1.bias", "F32", "[2]", 1},
        {"model.netG.norm.weight", "F32", "[2]", 1},
        {"model.netG.norm.bias", "F32", "[2]", 1},
        {"model.netG.norm.running_mean", "F32", "[2]", 1},
        {"model.netG.norm.running_var", "F32", "[2]", 1},
        {"model.netG.norm.num_batches_tracked", "I64", "[]", 1},
        {"model.netD.weight", "F32", "[1, 1, 2, 2]", 1},
        {"model.netD.bias", "F32", "[1]", 1},
        {"model.netC.weight", "F32", "[1, 2]", 1},
        {"model.netC.bias", "F32", "[1]", 1},
    };
    expected wrapped[COUNT(plain)];
    char names[COUNT(plain)][80];
    gcl_torch_file *f;

    (void)state;
    check_file("galip.pth", plain, COUNT(plain));
    for (size_t i = 0; i < COUNT(plain); i++) {
        snprintf(names[i], sizeof names[i], "%.10s.module%s", plain[i].name, plain[i].name + 10);
        wrapped[i] = plain[i];
        wrapped[i].name = names[i];
    }
    check_file("galip_module.pth", wrapped, COUNT(wrapped));
    f = open_good("galip.pth");
    assert_int_equal(gcl_torch_file_metadata_count(f), 1);
    assert_string_equal(gcl_torch_file_metadata(f, "epoch"), "100");
    gcl_torch_file_close(f);
}

static void torchscript_is_read(void **state)
{
    static const expected want[] = {
        {"input_resolution", "I64", "[]", 0},
        {"table.one", "F32", "[2]", 1},
        {"visual.0.weight", "F16", "[2, 3, 2, 2]", 1},
        {"visual.2.weight", "F16", "[2, 2]", 1},
        {"visual.2.bias", "F16", "[2]", 1},
    };
    gcl_torch_file *f;

    (void)state;
    check_file("script.pt", want, COUNT(want));
    f = open_good("script.pt");
    assert_true(gcl_torch_file_is_script(f));
    assert_int_equal(gcl_torch_file_load(f, 0, NULL), GCL_OK);
    assert_true(element(gcl_torch_file_at(f, 0), 0) == 224);
    assert_int_equal(gcl_torch_file_metadata_count(f), 2);
    assert_string_equal(gcl_torch_file_metadata(f, "name"), "scripted");
    assert_string_equal(gcl_torch_file_metadata(f, "scale"), "0.5");
    gcl_torch_file_close(f);
}

static void every_protocol_is_read(void **state)
{
    static const expected want[] = {{"w", "F32", "[2, 3]", 1}};

    (void)state;
    for (int protocol = 3; protocol <= 5; protocol++) {
        char name[32];
        gcl_torch_file *f;
        snprintf(name, sizeof name, "protocol%d.pth", protocol);
        check_file(name, want, 1);
        f = open_good(name);
        assert_string_equal(gcl_torch_file_metadata(f, "n"), "300");
        assert_int_equal(strlen(gcl_torch_file_metadata(f, "text")), 300);
        gcl_torch_file_close(f);
    }
}

static void files_of_version_2_are_read(void **state)
{
    static const expected want[] = {{"e4m3", "F8_E4M3", "[3]", 0}, {"e5m2", "F8_E5M2", "[3]", 0}};
    gcl_torch_file *f;

    (void)state;
    check_file("float8.pth", want, COUNT(want));
    f = open_good("float8.pth");
    assert_int_equal(gcl_torch_file_load(f, 0, NULL), GCL_OK);
    assert_int_equal(gcl_torch_file_load(f, 1, NULL), GCL_OK);
    assert_memory_equal(gcl_torch_file_at(f, 0)->data, "\x00\x38\x40", 3); /* 0, 1, 2 */
    assert_memory_equal(gcl_torch_file_at(f, 1)->data, "\x00\x3c\x40", 3);
    gcl_torch_file_close(f);
}

static void kinds_are_told_by_content(void **state)
{
    static const struct {
        const char *file;
        gcl_weights_kind kind;
    } files[] = {
        {"torch/tensors.pth", GCL_WEIGHTS_TORCH},
        {"torch/script.pt", GCL_WEIGHTS_TORCH},
        {"torch/legacy.pth", GCL_WEIGHTS_TORCH_LEGACY},
        {"golden/demo.safetensors", GCL_WEIGHTS_SAFETENSORS},
        {"image/grey_1.png", GCL_WEIGHTS_UNKNOWN},
    };
    gcl_weights_kind kind;
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", TEST_DATA, files[i].file);
        assert_int_equal(gcl_weights_kind_of(&kind, path, &err), GCL_OK);
        assert_int_equal(kind, files[i].kind);
    }
    assert_int_equal(gcl_weights_kind_of_bytes(NULL, 0), GCL_WEIGHTS_UNKNOWN);
    assert_int_equal(gcl_weights_kind_of(&kind, data_path("absent"), &err), GCL_E_FILE);
    assert_non_null(strstr(err.message, "absent"));
}

static void the_old_format_says_what_to_do(void **state)
{
    gcl_torch_file *f;
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    assert_int_equal(gcl_torch_file_open(&f, data_path("legacy.pth"), &err), GCL_E_UNSUPPORTED);
    assert_null(f);
    assert_non_null(strstr(err.message, "torch.save(torch.load("));
    assert_int_equal(gcl_torch_file_open(&f, data_path("absent.pth"), &err), GCL_E_FILE);
}

/* ---- cut and mutated ---- */

/* Opens a file that may be wrong and loads it all; true when nothing was found wrong. */
static bool survives(const void *data, size_t bytes)
{
    gcl_torch_file *f;
    gcl_error err = GCL_ERROR_INIT;
    gcl_status st = gcl_torch_file_open_memory(&f, "mutant", data, bytes, &err);

    for (size_t i = 0; st == GCL_OK && i < gcl_torch_file_count(f); i++)
        st = gcl_torch_file_load(f, i, &err);
    assert_true(st == GCL_OK || strncmp(err.message, "mutant: ", 8) == 0);
    gcl_torch_file_close(f);
    return st == GCL_OK;
}

static void cut_files_are_refused(void **state)
{
    char *data;
    size_t bytes;

    (void)state;
    assert_int_equal(gcl_file_read(&data, &bytes, data_path("tensors.pth"), 1 << 20, NULL), GCL_OK);
    assert_true(survives(data, bytes));
    for (size_t cut = 0; cut < bytes; cut++) {
        char *part = malloc(cut + 1); /* its end is where sanitizers see it */
        memcpy(part, data, cut);
        if (survives(part, cut))
            fail_msg("the first %zu of %zu bytes are taken for the file", cut, bytes);
        free(part);
    }
    free(data);
}

static void mutated_files_do_no_harm(void **state)
{
    static const char *const names[] = {"galip.pth", "script.pt", "protocol4.pth"};
    static const unsigned char flips[] = {0x01, 0x20, 0x80, 0xff};

    (void)state;
    for (size_t n = 0; n < COUNT(names); n++) {
        char *data;
        size_t bytes, found = 0;
        assert_int_equal(gcl_file_read(&data, &bytes, data_path(names[n]), 1 << 20, NULL), GCL_OK);
        for (size_t i = 0; i < bytes; i++) {
            data[i] = (char)(data[i] ^ flips[i % COUNT(flips)]);
            found += !survives(data, bytes);
            data[i] = (char)(data[i] ^ flips[i % COUNT(flips)]);
        }
        assert_true(found > bytes / 8); /* the rest is padding, dates and optimizers */
        free(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_and_layouts_are_read),
        cmocka_unit_test(shared_storages_are_not_copied),
        cmocka_unit_test(galip_checkpoints_are_read_without_their_optimizers),
        cmocka_unit_test(torchscript_is_read),
        cmocka_unit_test(every_protocol_is_read),
        cmocka_unit_test(files_of_version_2_are_read),
        cmocka_unit_test(kinds_are_told_by_content),
        cmocka_unit_test(the_old_format_says_what_to_do),
        cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(mutated_files_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
