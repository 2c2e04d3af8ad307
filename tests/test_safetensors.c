/* test_safetensors.c - reader against good, bad, cut and mutated files; writer. */
#include "weights/safetensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static char folder[] = "/tmp/test_safetensors.XXXXXX";
static char path[64], other_path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/a.safetensors", folder);
    snprintf(other_path, sizeof other_path, "%s/b.safetensors", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    unlink(other_path);
    return rmdir(folder); /* fails when a writer left a temporary file behind */
}

static void write_bytes(const void *data, size_t bytes)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, bytes, f), bytes);
    assert_int_equal(fclose(f), 0);
}

/* announced: the length field; header: header_bytes of it; then data_bytes of 0, 1, 2, ... */
static void write_file(uint64_t announced, const char *header, size_t header_bytes,
                       size_t data_bytes)
{
    const size_t bytes = 8 + header_bytes + data_bytes;
    unsigned char *all = malloc(bytes);

    assert_non_null(all);
    for (int i = 0; i < 8; i++)
        all[i] = (unsigned char)(announced >> 8 * i);
    memcpy(all + 8, header, header_bytes);
    for (size_t i = 0; i < data_bytes; i++)
        all[8 + header_bytes + i] = (unsigned char)i;
    write_bytes(all, bytes);
    free(all);
}

static gcl_safetensors *open_good(const char *name)
{
    gcl_safetensors *f;
    gcl_error err = GCL_ERROR_INIT;

    if (gcl_safetensors_open(&f, name, &err) != GCL_OK)
        fail_msg("%s", err.message);
    return f;
}

static gcl_safetensors *open_header(const char *header, size_t data_bytes)
{
    write_file(strlen(header), header, strlen(header), data_bytes);
    return open_good(path);
}

static void expect_error(gcl_status got, gcl_status want, const gcl_error *err, const char *label,
                         const char *fragment)
{
    if (got != want || strstr(err->message, fragment) == NULL)
        fail_msg("%s: %s \"%s\", wanted %s with \"%s\"", label, gcl_status_name(got), err->message,
                 gcl_status_name(want), fragment);
}

/* ---- good files ---- */

static void all_dtypes_are_listed(void **state)
{
    static const struct {
        const char *name;
        size_t bytes;
    } types[] = {{"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1},
                 {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},
                 {"U32", 4},  {"F32", 4}, {"I64", 8}, {"U64", 8},     {"F64", 8}};
    char header[2048] = "{";
    size_t at = 0;
    gcl_safetensors *f;

    (void)state;
    for (size_t i = 0; i < COUNT(types); i++) {
        const size_t n = strlen(header);
        snprintf(header + n, sizeof header - n,
                 "%s\"t.%s\":{\"dtype\":\"%s\",\"shape\":[3],\"data_offsets\":[%zu,%zu]}",
                 i > 0 ? "," : "", types[i].name, types[i].name, at, at + 3 * types[i].bytes);
        at += 3 * types[i].bytes;
    }
    strcat(header, "}");
    f = open_header(header, at);
    assert_int_equal(gcl_safetensors_count(f), GCL_TENSOR_DTYPE_COUNT_);
    for (size_t i = 0; i < COUNT(types); i++) {
        const gcl_tensor_view *t = gcl_safetensors_at(f, i);
        assert_string_equal(gcl_tensor_dtype_name(t->dtype), types[i].name);
        assert_string_equal(t->name + 2, types[i].name);
        assert_int_equal(t->bytes, 3 * types[i].bytes);
        assert_int_equal(t->count, 3);
        assert_ptr_equal(gcl_safetensors_find(f, t->name), t);
    }
    gcl_safetensors_close(f);
}

static void names_shapes_and_metadata_are_read(void **state)
{
    static const char header[] =
        "{\"z\":{\"dtype\":\"U8\",\"shape\":[2,3],\"data_offsets\":[4,10]},"
        "\"__metadata__\":{\"preset\":\"galip-56\",\"b\":\"\",\"\":\"empty key\"},"
        "\"gr\\u00fcn/\xe7\x8c\xab\":{\"data_offsets\":[0,4],\"shape\":[],\"dtype\":\"F32\","
        "\"later\":[1]},"
        "\"none\":{\"dtype\":\"F64\",\"shape\":[5,0],\"data_offsets\":[4,4]}}   ";
    const gcl_tensor_view *t;
    gcl_safetensors *f = open_header(header, 10);

    (void)state;
    assert_string_equal(gcl_safetensors_path(f), path);
    assert_int_equal(gcl_safetensors_count(f), 3);
    t = gcl_safetensors_at(f, 0);
    assert_string_equal(t->name, "gr\xc3\xbcn/\xe7\x8c\xab");
    assert_int_equal(t->rank, 0);
    assert_int_equal(t->count, 1);
    t = gcl_safetensors_at(f, 1);
    assert_string_equal(t->name, "none");
    assert_int_equal(t->count, 0);
    assert_int_equal(t->shape[0], 5);
    t = gcl_safetensors_find(f, "z");
    assert_ptr_equal(t, gcl_safetensors_at(f, 2));
    assert_int_equal(t->rank, 2);
    assert_int_equal(t->shape[1], 3);
    assert_memory_equal(t->data, "\4\5\6\7\10\11", 6);
    assert_null(gcl_safetensors_find(f, "y"));
    assert_null(gcl_safetensors_find(f, "__metadata__"));
    assert_string_equal(gcl_safetensors_metadata(f, "preset"), "galip-56");
    assert_null(gcl_safetensors_metadata(f, "z"));
    assert_int_equal(gcl_safetensors_metadata_count(f), 3);
    assert_string_equal(gcl_safetensors_metadata_key(f, 0), "");
    assert_string_equal(gcl_safetensors_metadata_key(f, 2), "preset");
    gcl_safetensors_close(f);
}

static void a_file_may_hold_nothing(void **state)
{
    gcl_safetensors *f = open_header("{}", 0);

    (void)state;
    assert_int_equal(gcl_safetensors_count(f), 0);
    assert_int_equal(gcl_safetensors_metadata_count(f), 0);
    assert_null(gcl_safetensors_find(f, "a"));
    assert_null(gcl_safetensors_metadata(f, "a"));
    gcl_safetensors_close(f);
    gcl_safetensors_close(NULL);
}

/* ---- bad files ---- */

#define X8(s) s s s s s s s s
#define NAME_512 X8(X8("abcdefgh"))
#define ONE(dtype, shape, offsets) \
    "{\"a\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define U8_TENSOR(name, offsets, n) \
    "\"" name "\":{\"dtype\":\"U8\",\"shape\":[" n "],\"data_offsets\":" offsets "}"

static const struct bad_file {
    const char *label, *header;
    size_t data_bytes;
    const char *fragment;
    uint64_t announced;  /* 0: strlen(header) */
    size_t header_bytes; /* 0: strlen(header) */
} bad_files[] = {
    {"length above limit", "{}", 0, "header length 8388609, at most 8388608", 8388609, 0},
    {"length of all ones", "{}", 0, "header length 18446744073709551615", UINT64_MAX, 0},
    {"length over file", "{}", 0, "header length 3, but only 2 bytes", 3, 0},
    {"no header", "", 0, "does not begin with '{'", 0, 0},
    {"blank first", " {}", 0, "does not begin with '{'", 0, 0},
    {"array", "[]", 0, "does not begin with '{'", 0, 0},
    {"not JSON", "{nonsense}", 0, "header byte 9: string or '}' expected", 0, 0},
    {"cut JSON", "{\"a\":{", 0, "header byte", 0, 0},
    {"text after JSON", "{}{}", 0, "end of file expected", 0, 0},
    {"raw NUL", "{\"a\0b\":1}", 0, "header byte", 9, 9},
    {"escaped NUL", "{" U8_TENSOR("a\\u0000b", "[0,1]", "1") "}", 1, "NUL byte in object key", 0,
     0},
    {"not UTF-8", "{" U8_TENSOR("\xff", "[0,1]", "1") "}", 1, "unable to decode byte 0xff", 0, 0},
    {"nested too deeply", "{\"a\":" X8(X8(X8("[[[["))), 0, "maximum parsing depth", 0, 0},
    {"duplicate", "{" U8_TENSOR("a", "[0,1]", "1") "," U8_TENSOR("a", "[1,2]", "1") "}", 2,
     "duplicate object key", 0, 0},
    {"empty name", "{" U8_TENSOR("", "[0,1]", "1") "}", 1, "name of 0 bytes, 1 to 512", 0, 0},
    {"long name", "{" U8_TENSOR(NAME_512 "i", "[0,1]", "1") "}", 1, "name of 513 bytes", 0, 0},
    {"entry is a number", "{\"a\":1}", 0, "tensor a: its entry is not an object", 0, 0},
    {"no dtype", "{\"a\":{\"shape\":[],\"data_offsets\":[0,1]}}", 1, "dtype (no string)", 0, 0},
    {"dtype a number", ONE("4", "[]", "[0,1]"), 1, "dtype (no string)", 0, 0},
    {"unknown dtype", ONE("\"F31\"", "[]", "[0,1]"), 1, "tensor a: dtype F31", 0, 0},
    {"no shape", "{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "shape is not an array", 0,
     0},
    {"shape a number", ONE("\"U8\"", "1", "[0,1]"), 1, "tensor a: shape is not an array", 0, 0},
    {"negative size", ONE("\"U8\"", "[1,-1]", "[0,1]"), 1, "shape[1] is not an integer", 0, 0},
    {"fractional size", ONE("\"U8\"", "[1.0]", "[0,1]"), 1, "shape[0] is not an integer", 0, 0},
    {"text for size", ONE("\"U8\"", "[\"1\"]", "[0,1]"), 1, "shape[0] is not an integer", 0, 0},
    {"size beyond 64 bits", ONE("\"U8\"", "[9223372036854775808]", "[0,1]"), 1, "too big integer",
     0, 0},
    {"product overflows to 0", ONE("\"U8\"", "[4294967296,4294967296]", "[0,0]"), 0,
     "size of U8 [4294967296, 4294967296] overflows", 0, 0},
    {"bytes overflow to 0", ONE("\"F64\"", "[2305843009213693952]", "[0,0]"), 0, "overflows", 0, 0},
    {"overflow behind a 0", ONE("\"U8\"", "[0,4294967296,4294967296]", "[0,0]"), 0, "overflows", 0,
     0},
    {"rank 9", ONE("\"U8\"", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), 1, "9 dimensions, at most 8", 0, 0},
    {"no offsets", "{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", 1, "data_offsets is not two", 0, 0},
    {"one offset", ONE("\"U8\"", "[]", "[0]"), 1, "data_offsets is not two integers", 0, 0},
    {"three offsets", ONE("\"U8\"", "[]", "[0,1,1]"), 1, "data_offsets is not two integers", 0, 0},
    {"text offset", ONE("\"U8\"", "[]", "[0,\"1\"]"), 1, "data_offsets is not two integers", 0, 0},
    {"negative offset", ONE("\"U8\"", "[2]", "[-1,1]"), 1, "data_offsets [-1, 1] do not lie", 0, 0},
    {"reversed offsets", ONE("\"U8\"", "[1]", "[1,0]"), 1, "data_offsets [1, 0] do not lie", 0, 0},
    {"offset past end", ONE("\"U8\"", "[2]", "[0,2]"), 1, "[0, 2] do not lie in the file's 1 byte",
     0, 0},
    {"too few bytes", ONE("\"F32\"", "[1,2]", "[0,7]"), 7, "hold 7 bytes, F32 [1, 2] needs 8", 0,
     0},
    {"bytes for none", ONE("\"F32\"", "[0]", "[0,4]"), 4, "hold 4 bytes, F32 [0] needs 0", 0, 0},
    {"no bytes for scalar", ONE("\"F32\"", "[]", "[0,0]"), 0, "F32 [] needs 4", 0, 0},
    {"overlap", "{" U8_TENSOR("a", "[0,2]", "2") "," U8_TENSOR("b", "[1,3]", "2") "}", 3,
     "tensor b: begins at byte 1, inside tensor a", 0, 0},
    {"same place", "{" U8_TENSOR("a", "[0,2]", "2") "," U8_TENSOR("b", "[0,2]", "2") "}", 2,
     "tensor b: begins at byte 0, inside tensor a", 0, 0},
    {"empty inside another", "{" U8_TENSOR("a", "[0,2]", "2") "," U8_TENSOR("b", "[1,1]", "0") "}",
     2, "tensor b: begins at byte 1, inside tensor a", 0, 0},
    {"hole", "{" U8_TENSOR("a", "[0,1]", "1") "," U8_TENSOR("b", "[3,4]", "1") "}", 4,
     "tensor b: begins at byte 3, leaving 2 bytes unused", 0, 0},
    {"hole at the start", "{" U8_TENSOR("a", "[1,2]", "1") "}", 2, "leaving 1 bytes unused", 0, 0},
    {"bytes at the end", "{" U8_TENSOR("a", "[0,1]", "1") "}", 4, "3 bytes follow the last", 0, 0},
    {"bytes without tensors", "{}", 1, "1 bytes follow the last tensor", 0, 0},
    {"metadata a string", "{\"__metadata__\":\"\"}", 0, "__metadata__ is not an object", 0, 0},
    {"metadata null", "{\"__metadata__\":null}", 0, "__metadata__ is not an object", 0, 0},
    {"metadata of numbers", "{\"__metadata__\":{\"k\":1}}", 0, "key k: value is no string", 0, 0},
};

static void bad_files_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad_files); i++) {
        const struct bad_file *b = &bad_files[i];
        const size_t n = b->header_bytes > 0 ? b->header_bytes : strlen(b->header);
        gcl_safetensors *f = (gcl_safetensors *)folder; /* must become NULL */
        gcl_error err = GCL_ERROR_INIT;
        gcl_status st;
        write_file(b->announced > 0 ? b->announced : n, b->header, n, b->data_bytes);
        st = gcl_safetensors_open(&f, path, &err);
        expect_error(st, GCL_E_FORMAT, &err, b->label, b->fragment);
        assert_non_null(strstr(err.message, path));
        assert_null(f);
        assert_int_equal(gcl_safetensors_open(&f, path, NULL), GCL_E_FORMAT);
    }
    print_message("%zu bad files\n", COUNT(bad_files));
}

static void unreadable_files_are_refused(void **state)
{
    gcl_safetensors *f;
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    expect_error(gcl_safetensors_open(&f, "/nonexistent/x", &err), GCL_E_FILE, &err, "missing",
                 "/nonexistent/x");
    assert_null(f);
    expect_error(gcl_safetensors_open(&f, folder, &err), GCL_E_FILE, &err, "folder", folder);
    assert_null(f);
}

/* ---- writer ---- */

static const gcl_metadata_pair sample_metadata[] = {{"producer", "test \"quoted\"\n"},
                                                    {"gr\xc3\xbcn", "\xe7\x8c\xab"}};
static const float sample_f32[] = {1.5f, -2.0f, 0.0f, 3e38f, 1e-42f, -0.0f};
static const uint16_t sample_f16[] = {0x3c00, 0x0001, 0x7bff};
static const int64_t sample_i64[] = {-5, 1};
static const gcl_tensor_view sample[] = {
    {.name = "b.half", .dtype = GCL_TENSOR_F16, .rank = 1, .shape = {3}, .data = sample_f16},
    {.name = "z", .dtype = GCL_TENSOR_F32, .rank = 2, .shape = {2, 3}, .data = sample_f32},
    {.name = "a/\xe7\x8c\xab", .dtype = GCL_TENSOR_F32, .rank = 0, .data = sample_f32},
    {.name = "none", .dtype = GCL_TENSOR_F32, .rank = 2, .shape = {0, 7}},
    {.name = "flag", .dtype = GCL_TENSOR_BOOL, .rank = 1, .shape = {1}, .data = "\1"},
    {.name = "ids", .dtype = GCL_TENSOR_I64, .rank = 1, .shape = {2}, .data = sample_i64},
};

static void write_sample(void)
{
    gcl_error err = GCL_ERROR_INIT;

    if (gcl_safetensors_write(path, sample, COUNT(sample), sample_metadata, COUNT(sample_metadata),
                              &err) != GCL_OK)
        fail_msg("%s", err.message);
}

static void written_files_read_back(void **state)
{
    static const char *const order[] = {"ids", "none", "a/\xe7\x8c\xab", "z", "b.half", "flag"};
    gcl_map a, b;
    gcl_tensor_view views[COUNT(sample)];
    gcl_safetensors *f;

    (void)state;
    write_sample();
    f = open_good(path);
    assert_int_equal(gcl_safetensors_count(f), COUNT(sample));
    for (size_t i = 0; i < COUNT(sample); i++) {
        const gcl_tensor_view *want = &sample[i], *got = gcl_safetensors_find(f, want->name);
        assert_non_null(got);
        assert_string_equal(gcl_safetensors_at(f, i)->name, order[i]);
        assert_int_equal(got->dtype, want->dtype);
        assert_int_equal(got->rank, want->rank);
        assert_memory_equal(got->shape, want->shape, sizeof got->shape);
        assert_int_equal((uintptr_t)got->data % gcl_tensor_dtype_bytes(got->dtype), 0);
        if (got->bytes > 0)
            assert_memory_equal(got->data, want->data, got->bytes);
        views[COUNT(sample) - 1 - i] = *gcl_safetensors_at(f, i);
    }
    for (size_t i = 0; i < COUNT(sample_metadata); i++)
        assert_string_equal(gcl_safetensors_metadata(f, sample_metadata[i].key),
                            sample_metadata[i].value);

    assert_int_equal(gcl_safetensors_write(other_path, views, COUNT(views), sample_metadata,
                                           COUNT(sample_metadata), NULL),
                     GCL_OK);
    assert_int_equal(gcl_map_open(&a, path, NULL), GCL_OK);
    assert_int_equal(gcl_map_open(&b, other_path, NULL), GCL_OK);
    assert_int_equal(a.bytes, b.bytes);
    assert_memory_equal(a.data, b.data, a.bytes);
    assert_int_equal(a.data[0] % 8, 0);
    gcl_map_close(&a);
    gcl_map_close(&b);
    gcl_safetensors_close(f);
}

/* So that a device can use them in place. */
static void whole_tensors_are_aligned(void **state)
{
    static const float data[96];
    static const gcl_tensor_view tensors[] = {
        {.name = "a", .dtype = GCL_TENSOR_F32, .rank = 1, .shape = {3}, .data = data},
        {.name = "b", .dtype = GCL_TENSOR_F32, .rank = 1, .shape = {32}, .data = data},
        {.name = "c", .dtype = GCL_TENSOR_F16, .rank = 1, .shape = {64}, .data = data},
        {.name = "d", .dtype = GCL_TENSOR_F32, .rank = 2, .shape = {3, 32}, .data = data},
    };
    gcl_safetensors *f;

    (void)state;
    assert_int_equal(gcl_safetensors_write(path, tensors, COUNT(tensors), NULL, 0, NULL), GCL_OK);
    f = open_good(path);
    assert_int_equal((uintptr_t)gcl_safetensors_find(f, "b")->data % 128, 0);
    assert_int_equal((uintptr_t)gcl_safetensors_find(f, "d")->data % 128, 0);
    gcl_safetensors_close(f);
}

static void an_empty_file_can_be_written(void **state)
{
    gcl_safetensors *f;

    (void)state;
    assert_int_equal(gcl_safetensors_write(path, NULL, 0, NULL, 0, NULL), GCL_OK);
    f = open_good(path);
    assert_int_equal(gcl_safetensors_count(f), 0);
    gcl_safetensors_close(f);
}

static void bad_tensors_are_not_written(void **state)
{
    static const struct {
        const char *fragment;
        gcl_tensor_view tensors[2];
        size_t n;
        gcl_metadata_pair metadata[2];
        size_t n_metadata;
    } cases[] = {
        {.fragment = "tensor name \"\"", .tensors = {{.name = "", .data = ""}}, .n = 1},
        {.fragment = "1 to 512 bytes", .tensors = {{.name = NAME_512 "i", .data = ""}}, .n = 1},
        {.fragment = "not __metadata__", .tensors = {{.name = "__metadata__", .data = ""}}, .n = 1},
        {.fragment = "rank 9", .tensors = {{.name = "a", .rank = 9, .data = ""}}, .n = 1},
        {.fragment = "rank -1", .tensors = {{.name = "a", .rank = -1, .data = ""}}, .n = 1},
        {.fragment = "dtype 15",
         .tensors = {{.name = "a", .dtype = GCL_TENSOR_DTYPE_COUNT_, .data = ""}},
         .n = 1},
        {.fragment = "overflows",
         .tensors = {{.name = "a", .rank = 2, .shape = {UINT64_MAX, 2}, .data = ""}},
         .n = 1},
        {.fragment = "no data for its 1 bytes", .tensors = {{.name = "a"}}, .n = 1},
        {.fragment = "not UTF-8", .tensors = {{.name = "\xc0", .data = ""}}, .n = 1},
        {.fragment = "a is given twice",
         .tensors = {{.name = "a", .data = ""}, {.name = "a", .data = ""}},
         .n = 2},
        {.fragment = "k is given twice", .metadata = {{"k", ""}, {"k", "v"}}, .n_metadata = 2},
        {.fragment = "k: name or value is not UTF-8", .metadata = {{"k", "\xff"}}, .n_metadata = 1},
    };
    gcl_error err = GCL_ERROR_INIT;
    gcl_safetensors *f;

    (void)state;
    write_sample();
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_error(gcl_safetensors_write(path, cases[i].tensors, cases[i].n, cases[i].metadata,
                                           cases[i].n_metadata, &err),
                     GCL_E_ARG, &err, "writer", cases[i].fragment);
    expect_error(gcl_safetensors_write("/nonexistent/x", sample, 1, NULL, 0, &err), GCL_E_FILE,
                 &err, "writer", "/nonexistent/x");
    f = open_good(path);
    assert_int_equal(gcl_safetensors_count(f), COUNT(sample));
    gcl_safetensors_close(f);
}

/* ---- damaged files ---- */

static void a_file_cut_anywhere_is_refused(void **state)
{
    gcl_map map;
    unsigned char *whole;
    size_t bytes;

    (void)state;
    write_sample();
    assert_int_equal(gcl_map_open(&map, path, NULL), GCL_OK);
    bytes = map.bytes;
    whole = malloc(bytes);
    assert_non_null(whole);
    memcpy(whole, map.data, bytes);
    gcl_map_close(&map);
    for (size_t n = 0; n < bytes; n++) {
        gcl_safetensors *f;
        write_bytes(whole, n);
        assert_int_equal(gcl_safetensors_open(&f, path, NULL), GCL_E_FORMAT);
        assert_null(f);
    }
    free(whole);
    print_message("%zu lengths\n", bytes);
}

static uint64_t random_state = 1;

static size_t random_below(size_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
    return (size_t)(random_state >> 33) % n;
}

/* Reads every byte and converts what can be converted; returns 1 so that calls can be counted. */
static int read_everything(const gcl_safetensors *f)
{
    for (size_t i = 0; i < gcl_safetensors_count(f); i++) {
        const gcl_tensor_view *t = gcl_safetensors_at(f, i);
        float *values = malloc(t->count * sizeof *values + 1);
        int32_t *ids = malloc(t->count * sizeof *ids + 1);
        assert_non_null(values);
        assert_non_null(ids);
        (void)gcl_tensor_to_f32(t, values, NULL);
        (void)gcl_tensor_to_i32(t, ids, NULL);
        free(values);
        free(ids);
        assert_ptr_equal(gcl_safetensors_find(f, t->name), t);
    }
    return 1;
}

static void mutated_files_never_crash(void **state)
{
    enum { ROUNDS = 6000 };
    static const unsigned char json[] = "0123456789[]{}\",:-"; /* every other round */
    unsigned char whole[1024], changed[1024];
    int good = 0;
    gcl_map map;
    size_t bytes;

    (void)state;
    write_sample();
    assert_int_equal(gcl_map_open(&map, path, NULL), GCL_OK);
    bytes = map.bytes;
    assert_true(bytes <= sizeof whole);
    memcpy(whole, map.data, bytes);
    gcl_map_close(&map);
    for (int i = 0; i < ROUNDS; i++) {
        gcl_safetensors *f;
        memcpy(changed, whole, bytes);
        for (size_t n = 1 + random_below(3); n > 0; n--)
            changed[random_below(bytes)] =
                i % 2 == 0 ? (unsigned char)random_below(256) : json[random_below(sizeof json - 1)];
        write_bytes(changed, bytes);
        if (gcl_safetensors_open(&f, path, NULL) == GCL_OK)
            good += read_everything(f);
        gcl_safetensors_close(f);
    }
    assert_in_range(good, 1, ROUNDS - 1);
    print_message("%d mutations, %d still valid\n", ROUNDS, good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_dtypes_are_listed),
        cmocka_unit_test(names_shapes_and_metadata_are_read),
        cmocka_unit_test(a_file_may_hold_nothing),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(unreadable_files_are_refused),
        cmocka_unit_test(written_files_read_back),
        cmocka_unit_test(whole_tensors_are_aligned),
        cmocka_unit_test(an_empty_file_can_be_written),
        cmocka_unit_test(bad_tensors_are_not_written),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(mutated_files_never_crash),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
