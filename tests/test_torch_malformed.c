/* test_torch_malformed.c - checkpoints with one thing wrong each: one message, nothing else. */
#include "weights/torch_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "torch_archive.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A literal and its length, which NULs do not end. */
#define BYTES(literal) (literal), sizeof(literal) - 1

static const float numbers[4] = {1, 2, 3, 4};

/* ---- pieces of pickles ---- */

#define PROTO "\200\002"
#define TEXT1(letter) "X\001\000\000\000" letter
#define PID(tag, type, key, elements) "(" tag type key "X\003\000\000\000cpu" elements "tQ"
#define TAG "X\007\000\000\000storage"
#define FLOATS "ctorch\nFloatStorage\n"
#define STORAGE PID(TAG, FLOATS, TEXT1("0"), "K\004")
#define REBUILD "ctorch._utils\n_rebuild_tensor_v2\n"
#define HOOKS "\211ccollections\nOrderedDict\n)R"
#define TENSOR(storage, offset, size, stride) REBUILD "(" storage offset size stride HOOKS "tR"
#define FOUR "K\004\205"
#define ONE "K\001\205"
#define VECTOR TENSOR(STORAGE, "K\000", FOUR, ONE)
#define BIG "\212\010\377\377\377\377\377\377\377\177" /* 2^63 - 1 */
#define MINUS "J\377\377\377\377"
/* {"w": value} */
#define DICT(value) PROTO "}" TEXT1("w") value "s."

/* ---- opening ---- */

/* Opens the archive of the entries and loads every tensor. */
static gcl_status open_entries(const archive_entry *entries, size_t n, gcl_error *err)
{
    gcl_torch_file *f;
    size_t bytes;
    void *archive = archive_write(&bytes, entries, n);
    gcl_status st = gcl_torch_file_open_memory(&f, "bad.pth", archive, bytes, err);

    assert_true((f != NULL) == (st == GCL_OK));
    for (size_t i = 0; st == GCL_OK && i < gcl_torch_file_count(f); i++)
        st = gcl_torch_file_load(f, i, err);
    gcl_torch_file_close(f);
    free(archive);
    return st;
}

/* With the storage of `numbers` beside it. */
static gcl_status open_pickle(const char *pickle, size_t bytes, gcl_error *err)
{
    const archive_entry entries[] = {
        {.name = "a/data.pkl", .data = pickle, .bytes = bytes},
        {.name = "a/data/0", .data = numbers, .bytes = sizeof numbers},
    };

    return open_entries(entries, COUNT(entries), err);
}

static void expect(const char *label, gcl_status got, const gcl_error *err, const char *fragment)
{
    if ((got != GCL_E_FORMAT && got != GCL_E_UNSUPPORTED) ||
        strncmp(err->message, "bad.pth: ", 9) != 0 || strstr(err->message, fragment) == NULL)
        fail_msg("%s: %s \"%s\", wanted \"%s\"", label, gcl_status_name(got), err->message,
                 fragment);
}

typedef struct bad_pickle {
    const char *label, *pickle;
    size_t bytes;
    const char *message;
} bad_pickle;

static void check_pickles(const bad_pickle *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        gcl_error err = GCL_ERROR_INIT;
        expect(cases[i].label, open_pickle(cases[i].pickle, cases[i].bytes, &err), &err,
               cases[i].message);
    }
}

static void the_pieces_are_right(void **state)
{
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    if (open_pickle(BYTES(DICT(VECTOR)), &err) != GCL_OK)
        fail_msg("%s", err.message);
}

/* ---- the pickle ---- */

static void broken_pickles(void **state)
{
    static const bad_pickle cases[] = {
        {"empty", BYTES(""), "does not begin as a pickle"},
        {"no protocol", BYTES("}."), "does not begin as a pickle"},
        {"protocol 1", BYTES("\200\001}."), "pickle protocol 1, 2 to 5 are read"},
        {"protocol 6", BYTES("\200\006}."), "pickle protocol 6, 2 to 5 are read"},
        {"no STOP", BYTES(PROTO "}"), "byte 3: ends without STOP"},
        {"number cut short", BYTES(PROTO "J\001"), "needs 4 bytes, but only 1 are left"},
        {"text beyond the file", BYTES(PROTO "X\377\377\377\177ab."), "needs 2147483647 bytes"},
        {"text of 2^64 - 1", BYTES(PROTO "\215\377\377\377\377\377\377\377\377ab."),
         "needs 18446744073709551615 bytes"},
        {"frame beyond the file", BYTES("\200\004\225\377\377\000\000\000\000\000\000}."),
         "a frame of 65535 bytes"},
        {"global cut short", BYTES(PROTO "cos"), "a name is cut short"},
        {"text not UTF-8", BYTES(PROTO "}X\002\000\000\000\303(K\001s."), "is not UTF-8"},
        {"text with a NUL", BYTES(PROTO "}X\002\000\000\000a\000K\001s."), "holds a NUL"},
        {"surrogate", BYTES(PROTO "}X\003\000\000\000\355\240\200K\001s."), "is not UTF-8"},
        {"integer of 9 bytes", BYTES(PROTO "\212\011\1\1\1\1\1\1\1\1\1."), "an integer of 9 bytes"},
        {"unknown opcode", BYTES(PROTO "(i."), "opcode 0x69"},
        {"empty stack", BYTES(PROTO "."), "needs 1 values, the stack has 0"},
        {"stack underflow", BYTES(PROTO "NN\207."), "needs 3 values, the stack has 2"},
        {"beyond the mark", BYTES(PROTO "N(\205."), "needs 1 values, the stack has 0"},
        {"no mark", BYTES(PROTO "NNt."), "no mark"},
        {"two values at STOP", BYTES(PROTO "}}."), "leaves 1 values on the stack"},
        {"bytes behind STOP", BYTES(PROTO "}.}"), "1 bytes unread"},
        {"memo index huge", BYTES(PROTO "}r\377\377\377\377."), "memo index 4294967295"},
        {"memo index unset", BYTES(PROTO "}q\000h\007."), "memo index 7, but only 1 are set"},
        {"key without value", BYTES(PROTO "}(" TEXT1("w") "u."), "cannot add 1 values to a dict"},
        {"append to a dict", BYTES(PROTO "}Na."), "cannot add 1 values to a dict"},
        {"items for a list", BYTES(PROTO "]NNs."), "cannot add 2 values to a list"},
        {"call with a list", BYTES(PROTO REBUILD "]R."), "needs a tuple, got a list"},
        {"call of a text", BYTES(PROTO TEXT1("w") ")R."), "needs a global, got a text"},
        {"call of a type", BYTES(PROTO FLOATS ")R."), "torch.FloatStorage cannot be called"},
        {"object of a function", BYTES(PROTO REBUILD ")\201."), "cannot be called by NEWOBJ"},
        {"dict with arguments", BYTES(PROTO "ccollections\nOrderedDict\n]\205R."),
         "OrderedDict cannot be called by REDUCE with 1 arguments"},
        {"state of an int", BYTES(PROTO "K\001}b."), "cannot set the state of an int"},
        {"state of a tensor", BYTES(DICT(VECTOR "}b")), "cannot set the state of an object"},
        {"global of numbers", BYTES("\200\004K\001K\002\223."), "needs a text, got an int"},
    };

    (void)state;
    check_pickles(cases, COUNT(cases));
}

static void forbidden_globals(void **state)
{
    static const bad_pickle cases[] = {
        {"os.system", BYTES(PROTO "cos\nsystem\nX\002\000\000\000id\205R."), "asks for os.system;"},
        {"posix.system", BYTES(PROTO "cposix\nsystem\n."), "asks for posix.system;"},
        {"eval", BYTES(PROTO "cbuiltins\neval\n."), "asks for builtins.eval;"},
        {"eval of Python 2", BYTES(PROTO "c__builtin__\neval\n."), "asks for __builtin__.eval;"},
        {"getattr by the stack", BYTES("\200\004\214\010builtins\214\007getattr\223."),
         "asks for builtins.getattr;"},
        {"a whole module", BYTES(PROTO "ctorch.nn.modules.linear\nLinear\n)\201."),
         "asks for torch.nn.modules.linear.Linear;"},
        {"torch.load", BYTES(PROTO "ctorch\nload\n."), "asks for torch.load;"},
        {"a longer name", BYTES(PROTO "ctorch\nFloatStorages\n."), "asks for torch.FloatStorages;"},
        {"a shorter name", BYTES(PROTO "ctorch\nFloat\n."), "asks for torch.Float;"},
        {"quantized", BYTES(PROTO "ctorch._utils\n_rebuild_qtensor\n."), "_rebuild_qtensor;"},
        {"complex numbers",
         BYTES(DICT(TENSOR(PID(TAG, "ctorch\nComplexFloatStorage\n", TEXT1("0"), "K\002"), "K\000",
                           ONE, ONE))),
         "asks for torch.ComplexFloatStorage;"},
        {"TorchScript in a checkpoint", BYTES(PROTO "c__torch__.clip\nCLIP\n)\201."),
         "asks for __torch__.clip.CLIP;"},
        {"a name that drives terminals", BYTES(PROTO "cos\033[31m\nsystem\n."),
         "asks for os?[31m.system;"},
    };

    (void)state;
    check_pickles(cases, COUNT(cases));
}

static void trees_that_are_none(void **state)
{
    static const bad_pickle cases[] = {
        {"a dict in itself", BYTES(PROTO "}q\000" TEXT1("w") "h\000s."), "w contains itself"},
        {"a list in itself", BYTES(PROTO "}" TEXT1("w") "]q\000h\000as."), "w.0 contains itself"},
        {"a tensor alone", BYTES(PROTO VECTOR "."), "a tensor has no name"},
        {"one name twice", BYTES(PROTO "}(" TEXT1("w") VECTOR TEXT1("w") VECTOR "u."),
         "tensor w occurs twice"},
        {"one name by two ways",
         BYTES(PROTO "}(X\003\000\000\000a.b" VECTOR TEXT1("a") "}" TEXT1("b") VECTOR "su."),
         "tensor a.b occurs twice"},
        {"one number twice", BYTES(PROTO "}(" TEXT1("n") "K\001" TEXT1("n") "K\002u."),
         "n occurs twice"},
        {"a float for a key", BYTES(PROTO "}G\000\000\000\000\000\000\000\000K\001s."),
         "a key of dict  is a float"},
    };

    (void)state;
    check_pickles(cases, COUNT(cases));
}

/* head, count times piece, tail. */
static void check_repeated(const char *label, const char *head, size_t head_bytes,
                           const char *piece, size_t piece_bytes, size_t count, const char *tail,
                           size_t tail_bytes, const char *message)
{
    gcl_error err = GCL_ERROR_INIT;
    char *pickle = malloc(head_bytes + piece_bytes * count + tail_bytes), *at = pickle;

    assert_non_null(pickle);
    memcpy(at, head, head_bytes);
    at += head_bytes;
    for (size_t i = 0; i < count; i++, at += piece_bytes)
        memcpy(at, piece, piece_bytes);
    memcpy(at, tail, tail_bytes);
    at += tail_bytes;
    expect(label, open_pickle(pickle, (size_t)(at - pickle), &err), &err, message);
    free(pickle);
}

static void limits(void **state)
{
    (void)state;
    check_repeated("values left", BYTES(PROTO), BYTES("]"), 100000, BYTES("N."),
                   "leaves 100000 values");
    check_repeated("deep nesting", BYTES(PROTO "N"), BYTES("\205"), 100000, BYTES("."),
                   "nested deeper than 64");
    check_repeated("opcodes", BYTES(PROTO), BYTES("N"), 1 << 22, BYTES("."),
                   "more than 4194304 opcodes");
    check_repeated("marks", BYTES(PROTO), BYTES("("), 1 << 22, BYTES("."),
                   "more than 4194304 opcodes");
    check_repeated("pickle", BYTES(PROTO "B\000\000\000\004"), BYTES("0123456789abcdef"), 1 << 22,
                   BYTES("."), "at most 67108864 allowed");
    /* the last value twice in a tuple, and so on */
    check_repeated("2^60 values by sharing", BYTES(PROTO "N"), BYTES("q\000h\000\206"), 60,
                   BYTES("."), "more than 4194304 values");
    check_repeated("2^30 tensors by sharing", BYTES(PROTO "}" TEXT1("w") VECTOR),
                   BYTES("q\000h\000\206"), 30, BYTES("s."), "the names of its tensors take more");
    check_repeated("an optimizer shared often",
                   BYTES(PROTO "}X\005\000\000\000stateNsX\014\000\000\000param_groupsNsq\000"
                               "]h\000a"),
                   BYTES("h\000a"), 1 << 20, BYTES("\206."), "more than 4194304 values");
    check_repeated("a long name", BYTES(PROTO "}X\130\002\000\000"), BYTES("n"), 600,
                   BYTES("K\001s."), "a name longer than 512 bytes");
}

/* ---- tensors ---- */

static void broken_tensors(void **state)
{
#define STORED(tag, type, key, elements) \
    BYTES(DICT(TENSOR(PID(tag, type, key, elements), "K\000", FOUR, ONE)))
#define SHAPED(offset, size, stride) BYTES(DICT(TENSOR(STORAGE, offset, size, stride)))
    static const bad_pickle cases[] = {
        {"too few arguments", BYTES(DICT(REBUILD "(" STORAGE "K\000tR")), "is not made of"},
        {"offset no int", SHAPED("N", FOUR, ONE), "is not made of"},
        {"offset negative", SHAPED(MINUS, FOUR, ONE), "is not made of"},
        {"negated view",
         BYTES(DICT(REBUILD "(" STORAGE "K\000" FOUR ONE HOOKS "}X\003\000\000\000neg\210stR")),
         "the bit for negated or conjugated values"},
        {"parameter of nothing", BYTES(DICT("ctorch._utils\n_rebuild_parameter\n)R")),
         "is not made of"},
        {"parameter of an int", BYTES(DICT("ctorch._utils\n_rebuild_parameter\nK\001\205R")),
         "is not made of"},
        {"storage no persistent id", BYTES(DICT(TENSOR("K\001", "K\000", FOUR, ONE))),
         "its storage is an int"},
        {"persistent id no tuple", BYTES(DICT(TENSOR(TAG "Q", "K\000", FOUR, ONE))),
         "not a persistent id of 5 values"},
        {"persistent id of one", BYTES(DICT(TENSOR(TAG "\205Q", "K\000", FOUR, ONE))),
         "not a persistent id of 5 values"},
        {"persistent id of another thing", STORED(TEXT1("x"), FLOATS, TEXT1("0"), "K\004"),
         "its storage is not (\"storage\", type, key, place, elements)"},
        {"key an int", STORED(TAG, FLOATS, "K\000", "K\004"), "its storage is not (\"storage\""},
        {"elements negative", STORED(TAG, FLOATS, TEXT1("0"), MINUS),
         "its storage is not (\"storage\""},
        {"type a text", STORED(TAG, TEXT1("F"), TEXT1("0"), "K\004"),
         "the type of its storage is not known"},
        {"type a dtype", STORED(TAG, "ctorch\nfloat32\n", TEXT1("0"), "K\004"),
         "the type of its storage is not known"},
        {"untyped without dtype",
         STORED(TAG, "ctorch.storage\nUntypedStorage\n", TEXT1("0"), "K\020"),
         "the type of its storage is not known"},
        {"key a path", STORED(TAG, FLOATS, "X\013\000\000\000../data.pkl", "K\004"),
         "tensor w: the key of its storage is no number: ../data.pkl"},
        {"entry missing", STORED(TAG, FLOATS, TEXT1("7"), "K\004"),
         "tensor w: zip entry a/data/7 is missing"},
        {"entry too small", STORED(TAG, FLOATS, TEXT1("0"), "K\005"),
         "zip entry a/data/0 has 16 bytes, its storage needs 5 of 4"},
        {"entry too large", STORED(TAG, FLOATS, TEXT1("0"), "K\003"), "its storage needs 3 of 4"},
        {"entry of another type", STORED(TAG, "ctorch\nHalfStorage\n", TEXT1("0"), "K\004"),
         "its storage needs 4 of 2"},
        {"size an int", SHAPED("K\000", "K\004", ONE), "its size is an int, not a tuple"},
        {"size of a float", SHAPED("K\000", "G\100\020\000\000\000\000\000\000\205", ONE),
         "size[0] is a float"},
        {"size negative", SHAPED("K\000", MINUS "\205", ONE),
         "size[0] is -1, negative ones are not allowed"},
        {"stride negative", SHAPED("K\003", FOUR, MINUS "\205"),
         "stride[0] is -1, negative ones are not allowed"},
        {"9 dimensions", SHAPED("K\000", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t", ONE), "9 dimensions"},
        {"stride missing", SHAPED("K\000", FOUR, ")"), "0 strides for 1 dimensions"},
        {"huge shape", SHAPED("K\000", BIG BIG "\206", "K\000K\000\206"),
         "the size of F32 [9223372036854775807, 9223372036854775807] overflows"},
        {"size beyond the storage", SHAPED("K\000", "K\005\205", ONE),
         "[5] with strides [1] from element 0 leaves its storage of 4 elements"},
        {"offset beyond the storage", SHAPED("K\001", FOUR, ONE), "from element 1 leaves"},
        {"offset huge", SHAPED(BIG, FOUR, ONE), "from element 9223372036854775807 leaves"},
        {"stride beyond the storage", SHAPED("K\000", "K\002K\002\206", "K\003K\001\206"),
         "strides [3, 1] from element 0 leaves"},
        {"stride huge", SHAPED("K\000", "K\002K\002\206", BIG BIG "\206"), "leaves its storage"},
        {"empty behind the storage", SHAPED("K\005", "K\000\205", ONE), "from element 5 leaves"},
        {"one number as 2^40", SHAPED("K\000", "\212\006\000\000\000\000\000\001\205", "K\000\205"),
         "tensor w: with it the tensors have more than 16 times the file's"},
    };
#undef STORED
#undef SHAPED

    (void)state;
    check_pickles(cases, COUNT(cases));
}

/* Reading twice from one place is no mistake, as long as the place is in the storage. */
static void overlapping_views_are_read(void **state)
{
    static const float want[] = {1, 2, 2, 3, 3, 4};
    const char pickle[] = DICT(TENSOR(STORAGE, "K\000", "K\003K\002\206", "K\001K\001\206"));
    const archive_entry entries[] = {
        {.name = "a/data.pkl", .data = pickle, .bytes = sizeof pickle - 1},
        {.name = "a/data/0", .data = numbers, .bytes = sizeof numbers},
    };
    size_t bytes;
    void *archive = archive_write(&bytes, entries, COUNT(entries));
    gcl_torch_file *f;

    (void)state;
    assert_int_equal(gcl_torch_file_open_memory(&f, "good.pth", archive, bytes, NULL), GCL_OK);
    assert_int_equal(gcl_torch_file_load(f, 0, NULL), GCL_OK);
    assert_memory_equal(gcl_torch_file_at(f, 0)->data, want, sizeof want);
    gcl_torch_file_close(f);
    free(archive);
}

/* ---- the archive ---- */

static const char good_pickle[] = DICT(VECTOR);
#define PICKLE .data = good_pickle, .bytes = sizeof good_pickle - 1
#define NUMBERS .data = numbers, .bytes = sizeof numbers

static void broken_archives(void **state)
{
    static const struct {
        const char *label;
        archive_entry entries[4];
        const char *message;
    } cases[] = {
        {"no entries", {{0}}, "does not begin as a zip archive"},
        {"no data.pkl", {{.name = "a/data/0", NUMBERS}}, "a zip archive without data.pkl"},
        {"data.pkl in no folder", {{.name = "data.pkl", PICKLE}}, "a zip archive without data.pkl"},
        {"data.pkl twice",
         {{.name = "a/data.pkl", PICKLE}, {.name = "b/data.pkl", PICKLE}},
         "both a and b/data.pkl have a data.pkl"},
        {"an entry twice",
         {{.name = "a/data.pkl", PICKLE},
          {.name = "a/data/0", NUMBERS},
          {.name = "a/data/0", NUMBERS}},
         "twice"},
        {"a path upwards",
         {{.name = "a/data.pkl", PICKLE}, {.name = "a/../../etc/passwd", NUMBERS}},
         "a/../../etc/passwd leads out of the archive"},
        {"a path from the root",
         {{.name = "a/data.pkl", PICKLE}, {.name = "/etc/passwd", NUMBERS}},
         "/etc/passwd leads out of the archive"},
        {"a path of Windows",
         {{.name = "a/data.pkl", PICKLE}, {.name = "a\\..\\b", NUMBERS}},
         "leads out of the archive"},
        {"encrypted",
         {{.name = "a/data.pkl", PICKLE}, {.name = "a/data/0", NUMBERS, .flags = 1}},
         "a/data/0 is encrypted"},
        {"bzip2",
         {{.name = "a/data.pkl", PICKLE}, {.name = "a/data/0", NUMBERS, .method = 12}},
         "a/data/0 is compressed by method 12"},
        {"CRC of the pickle",
         {{.name = "a/data.pkl", PICKLE, .crc_flip = 1}, {.name = "a/data/0", NUMBERS}},
         "a/data.pkl: the CRC of its bytes is"},
        {"CRC of a tensor",
         {{.name = "a/data.pkl", PICKLE}, {.name = "a/data/0", NUMBERS, .crc_flip = 0x80000000}},
         "(tensor w)"},
        {"stored with two sizes",
         {{.name = "a/data.pkl", PICKLE}, {.name = "a/data/0", NUMBERS, .says_bytes = 1000000}},
         "cannot have 1000000 bytes, packed 16"},
        {"two names",
         {{.name = "a/data.pkl", PICKLE}, {.name = "a/data/0", NUMBERS, .local_name = "a/data/1"}},
         "cannot be read"},
        {"head elsewhere",
         {{.name = "a/data.pkl", PICKLE}, {.name = "a/data/0", NUMBERS, .says_offset = 7}},
         "cannot be read"},
        {"head behind the end",
         {{.name = "a/data.pkl", PICKLE}, {.name = "a/data/0", NUMBERS, .says_offset = 1 << 30}},
         "cannot be read"},
        {"zip64 beyond the file",
         {{.name = "a/data.pkl", PICKLE},
          {.name = "a/data/0", NUMBERS, .zip64 = {UINT64_C(1) << 60, UINT64_C(1) << 60}}},
         "bad.pth: "},
        {"zip64 of two sizes",
         {{.name = "a/data.pkl", PICKLE},
          {.name = "a/data/0", NUMBERS, .zip64 = {UINT64_C(1) << 60, 16}}},
         "cannot have 1152921504606846976 bytes, packed 16"},
        {"deflated rubbish",
         {{.name = "a/data.pkl", PICKLE}, {.name = "a/data/0", NUMBERS, .method = 8}},
         "does not inflate to its 16 bytes"},
        {"big-endian",
         {{.name = "a/data.pkl", PICKLE},
          {.name = "a/data/0", NUMBERS},
          {.name = "a/byteorder", .data = "big", .bytes = 3}},
         "byte order \"big\"; \"little\" is read"},
        {"byte order too long",
         {{.name = "a/data.pkl", PICKLE},
          {.name = "a/data/0", NUMBERS},
          {.name = "a/byteorder", .data = "little\n", .bytes = 7}},
         "a/byteorder has 7 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        gcl_error err = GCL_ERROR_INIT;
        size_t n = 0;
        while (n < COUNT(cases[i].entries) && cases[i].entries[n].name != NULL)
            n++;
        expect(cases[i].label, open_entries(cases[i].entries, n, &err), &err, cases[i].message);
    }
}

static void files_that_are_no_archives(void **state)
{
    static const char *const files[] = {"", "PK\003\004", "PK\003\004 and nothing else", "text\n",
                                        "\200\002}."};

    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        gcl_torch_file *f;
        gcl_error err = GCL_ERROR_INIT;
        expect("no archive",
               gcl_torch_file_open_memory(&f, "bad.pth", files[i], strlen(files[i]), &err), &err,
               strncmp(files[i], "PK", 2) == 0 ? "cannot be read or is cut short"
                                               : "does not begin as a zip archive");
        assert_null(f);
    }
}

/* Deflated data of a tensor that says it is of says_bytes. */
static gcl_status open_deflated(size_t bytes, uint64_t says_bytes, const char *pickle,
                                size_t pickle_bytes, gcl_error *err)
{
    char *plain = calloc(1, bytes);
    size_t packed_bytes;
    void *packed = archive_deflate(&packed_bytes, plain, bytes);
    const archive_entry entries[] = {
        {.name = "a/data.pkl", .data = pickle, .bytes = pickle_bytes},
        {.name = "a/data/0",
         .data = packed,
         .bytes = packed_bytes,
         .method = 8,
         .plain = plain,
         .plain_bytes = bytes,
         .says_bytes = says_bytes},
    };
    gcl_status st = open_entries(entries, COUNT(entries), err);

    free(packed);
    free(plain);
    return st;
}

static void deflated_entries(void **state)
{
    /* 2^27 and 2^20 bytes */
    static const char bomb[] =
        DICT(TENSOR(PID(TAG, FLOATS, TEXT1("0"), "J\000\000\000\002"), "K\000", ONE, ONE));
    static const char large[] =
        DICT(TENSOR(PID(TAG, FLOATS, TEXT1("0"), "J\000\000\004\000"), "K\000", ONE, ONE));
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    assert_int_equal(open_deflated(16, 16, BYTES(good_pickle), &err), GCL_OK);
    assert_int_equal(open_deflated(1 << 20, 1 << 20, BYTES(large), &err), GCL_OK);
    expect("bomb", open_deflated(1 << 27, 1 << 27, BYTES(bomb), &err), &err,
           "zip entry a/data/0: with it the entries have more than 16 times");
    expect("more than it says", open_deflated(1 << 27, 1 << 20, BYTES(large), &err), &err,
           "does not inflate to its 1048576 bytes");
    expect("less than it says", open_deflated(16, 1 << 20, BYTES(large), &err), &err,
           "does not inflate to its 1048576 bytes");
}

static void zip64_entries_are_read(void **state)
{
    const archive_entry entries[] = {
        {.name = "a/data.pkl", PICKLE},
        {.name = "a/data/0", NUMBERS, .zip64 = {sizeof numbers, sizeof numbers}},
    };
    gcl_error err = GCL_ERROR_INIT;

    (void)state;
    if (open_entries(entries, COUNT(entries), &err) != GCL_OK)
        fail_msg("%s", err.message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pieces_are_right),
        cmocka_unit_test(broken_pickles),
        cmocka_unit_test(forbidden_globals),
        cmocka_unit_test(trees_that_are_none),
        cmocka_unit_test(limits),
        cmocka_unit_test(broken_tensors),
        cmocka_unit_test(overlapping_views_are_read),
        cmocka_unit_test(broken_archives),
        cmocka_unit_test(files_that_are_no_archives),
        cmocka_unit_test(deflated_entries),
        cmocka_unit_test(zip64_entries_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
