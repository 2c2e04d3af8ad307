/* test_tokenizer.c - cleaning, splitting, merging, and back; bad files; long texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/file.h"
#include "model/tokenizer.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { SMALL_VOCAB = 1024 };

/* Ids of the letter x inside a word and at its end: '!' is unit 0. */
#define IN(x) ((x) - '!')
#define AT_END(x) (256 + (x) - '!')

static char folder[] = "/tmp/test_tokenizer.XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static gcl_tokenizer *create(const char *merges, size_t vocab)
{
    gcl_tokenizer *tok = NULL;
    gcl_error err = GCL_ERROR_INIT;

    if (gcl_tokenizer_create(&tok, merges, strlen(merges), "test", vocab, &err) != GCL_OK)
        fail_msg("%s", err.message);
    return tok;
}

static void expect_ids(const gcl_tokenizer *tok, const char *text, const int32_t *want, size_t n)
{
    int32_t *ids = NULL;
    size_t got = 0;
    gcl_error err = GCL_ERROR_INIT;

    if (gcl_tokenizer_encode(tok, text, &ids, &got, &err) != GCL_OK)
        fail_msg("'%s': %s", text, err.message);
    assert_non_null(ids);
    if (got != n)
        fail_msg("'%s': %zu ids, wanted %zu", text, got, n);
    for (size_t i = 0; i < n; i++) {
        if (ids[i] != want[i])
            fail_msg("'%s': id %zu is %d, wanted %d", text, i, ids[i], want[i]);
    }
    free(ids);
}

#define IDS(...) (const int32_t[]){__VA_ARGS__}, COUNT(((const int32_t[]){__VA_ARGS__}))

static void test_units(void **state)
{
    gcl_tokenizer *tok = create("", SMALL_VOCAB);

    (void)state;
    assert_int_equal(gcl_tokenizer_vocab(tok), SMALL_VOCAB);
    expect_ids(tok, "", NULL, 0);
    expect_ids(tok, " \t\n", NULL, 0);
    expect_ids(tok, "a", IDS(AT_END('a')));
    expect_ids(tok, "Ab c", IDS(IN('a'), AT_END('b'), AT_END('c')));
    expect_ids(tok, "42", IDS(AT_END('4'), AT_END('2')));
    expect_ids(tok, "b!?", IDS(AT_END('b'), IN('!'), AT_END('?')));
    /* bytes C3 A9: 0xAE is unit 106, 0xA1 unit 94 */
    expect_ids(tok, "\xC3\xA9", IDS(106 + 0xC3 - 0xAE, 256 + 94 + 0xA9 - 0xA1));
    /* bytes F0 9F 98 80: 0x7F is unit 221, behind 0x00..0x20 */
    expect_ids(
        tok, "\xF0\x9F\x98\x80",
        IDS(106 + 0xF0 - 0xAE, 221 + 0x9F - 0x7F, 221 + 0x98 - 0x7F, 256 + 221 + 0x80 - 0x7F));
    /* U+012D ends in 0xAD, the last unit */
    expect_ids(tok, "\xC4\xAD", IDS(106 + 0xC4 - 0xAE, 256 + 255));
    gcl_tokenizer_destroy(tok);
    gcl_tokenizer_destroy(NULL);
}

static void test_merge_order(void **state)
{
    gcl_tokenizer *tok = create("b c\na b\na a\nab c</w>\na a</w>\naa aa</w>\n", SMALL_VOCAB);

    (void)state;
    expect_ids(tok, "abc", IDS(515)); /* c</w> is not c: the first merge does not apply */
    expect_ids(tok, "abcd", IDS(IN('a'), 512, AT_END('d')));
    expect_ids(tok, "abab", IDS(513, IN('a'), AT_END('b')));
    expect_ids(tok, "aaa", IDS(514, AT_END('a')));
    expect_ids(tok, "aaaa", IDS(517));
    expect_ids(tok, "aaaaa", IDS(514, 514, AT_END('a')));
    gcl_tokenizer_destroy(tok);
}

/* Text, and what CLIP's own tokenizer (ftfy 6.3.1) makes of it, read back word by word. */
static const struct {
    const char *text, *clean;
} cleaned[] = {
    {"don't we'LL it's'd 'R", "don 't we 'll it 's 'd ' r "},
    {"a_b--c 3.14", "a _ b -- c 3 . 1 4 "},
    /* quotes, HTML references */
    {"\u2018q\u2019 \u201Cw\u201D", "' q ' \" w \" "},
    {"&amp;amp; &#39; &lt;b&gt;", "& ' < b > "},
    {"&#8217; &#150; &#0; &#x41 &ampx &aposx", "' \u2013 \uFFFD a & x & aposx "},
    {"x<y &amp;amp;amp;amp; z", "x < y & amp ; amp ; z "},
    {"&#8216;<", "\u2018< "},
    {"&#xD800;&#x110000;&#1;x &#59; &;&#;&#x; &lt &LT &nbsp;q &quot;",
     "\uFFFD\uFFFD x ; &;&#;&# x ; < < q \" "},
    /* ligatures, width forms, NFC, capital letters with rules of their own */
    {"\uFB01ne o\uFB03ce \u01C5 \u0149 \uFB05", "fine office d\u017E ' n \u017Ft "},
    {"\uFF26\uFF55\uFF4C\uFF4C\u3000\uFF8A\uFF9F \uFFE3", "full \u30D1 \u0304 "},
    {"e\u0301 \u212B \uAC00\u11A8", "\u00E9 \u00E5 \uAC01 "},
    {"\u039F\u0394\u03A5\u03A3\u03A3\u0395\u03A5\u03A3 \u03A3 \u0391\u03A3\u0391 \u0391\u03A3' "
     "\u0391\u03A3'\u0391",
     "\u03BF\u03B4\u03C5\u03C3\u03C3\u03B5\u03C5\u03C2 \u03C3 \u03B1\u03C3\u03B1 \u03B1\u03C2 ' "
     "\u03B1\u03C3 ' \u03B1 "},
    {"\u00AA\u03A3 A\u03A3\u00BA", "\u00AA\u03C2 a\u03C3\u00BA "},
    {"\u0130I", "i \u0307 i "},
    {"\U0001F130\u03A3 \U0001F150\u03A3 \U0001F170\u03A3 \U0001F300\u03A3",
     "\U0001F130 \u03C2 \U0001F150 \u03C2 \U0001F170 \u03C2 \U0001F300 \u03C3 "},
    {"a\u00BD\u00B2\u0663\u2167\u0345b", "a \u00BD \u00B2 \u0663 \u2177 b "},
    /* control characters and white space */
    {"a\x1B[31mb\x07"
     "c\uFEFFd\u200Be\u00A0f\xC2\x85g \u2028 h\r\n\vi",
     "abcd \u200B e f \u2026 g h i "},
    {"\x1B[0", "[ 0 "},
    /* special tokens */
    {"<|StartOfText|>a<|endoftext|> <|endoftext|", "<|startoftext|>a <|endoftext|><| endoftext | "},
    {"a</w>b", "a </ w > b "},
    /* not UTF-8: a lone byte, a cut sequence, an overlong NUL, a surrogate */
    {"a\xFF"
     "b\xE2\x82 \xC0\x80 \xED\xA0\x80",
     "a \uFFFD b \uFFFD \uFFFD\uFFFD "
     "\uFFFD\uFFFD\uFFFD "},
};

static void test_cleaning(void **state)
{
    gcl_tokenizer *tok = create("", SMALL_VOCAB);

    (void)state;
    for (size_t i = 0; i < COUNT(cleaned); i++) {
        int32_t *ids = NULL;
        size_t n = 0;
        char *back = NULL;
        assert_int_equal(gcl_tokenizer_encode(tok, cleaned[i].text, &ids, &n, NULL), GCL_OK);
        assert_int_equal(gcl_tokenizer_decode(tok, ids, n, &back, NULL), GCL_OK);
        assert_string_equal(back, cleaned[i].clean);
        free(back);
        free(ids);
    }
    gcl_tokenizer_destroy(tok);
}

static void test_special_tokens(void **state)
{
    gcl_tokenizer *tok = create("", SMALL_VOCAB);

    (void)state;
    expect_ids(tok, "<|endoftext|>a<|STARTOFTEXT|>", IDS(1023, AT_END('a'), 1022));
    expect_ids(tok, "<|endoftext|",
               IDS(IN('<'), AT_END('|'), IN('e'), IN('n'), IN('d'), IN('o'), IN('f'), IN('t'),
                   IN('e'), IN('x'), AT_END('t'), AT_END('|')));
    gcl_tokenizer_destroy(tok);
}

static void test_builtin(void **state)
{
    static const char text[] = "a red circle on a blue background";
    gcl_tokenizer *tok = NULL;
    int32_t *ids = NULL;
    size_t n = 0;
    char *back = NULL;

    (void)state;
    assert_int_equal(gcl_tokenizer_create_builtin(&tok, SMALL_VOCAB, NULL), GCL_OK);
    assert_int_equal(gcl_tokenizer_encode(tok, text, &ids, &n, NULL), GCL_OK);
    assert_int_equal(n, 7); /* one a word */
    assert_int_equal(gcl_tokenizer_decode(tok, ids, n, &back, NULL), GCL_OK);
    assert_string_equal(back, "a red circle on a blue background ");
    free(back);
    free(ids);
    expect_ids(tok, "in", IDS(520));    /* the ninth merge */
    expect_ids(tok, "young", IDS(975)); /* the 464th, the last */
    gcl_tokenizer_destroy(tok);

    assert_int_equal(gcl_tokenizer_create_builtin(&tok, 514, NULL), GCL_OK); /* no merge fits */
    expect_ids(tok, "in", IDS(IN('i'), AT_END('n')));
    gcl_tokenizer_destroy(tok);
    assert_int_equal(gcl_tokenizer_create_builtin(&tok, 513, NULL), GCL_E_ARG);
    assert_null(tok);
    assert_int_equal(gcl_tokenizer_create_builtin(&tok, (size_t)INT32_MAX + 1, NULL), GCL_E_ARG);
}

static const char *in_folder(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void expect_file(const char *name, gcl_status want)
{
    gcl_tokenizer *tok = NULL;
    gcl_error err = GCL_ERROR_INIT;

    assert_int_equal(gcl_tokenizer_create_file(&tok, in_folder(name), SMALL_VOCAB, &err), want);
    if (want == GCL_OK) {
        expect_ids(tok, "and", IDS(513));
        gcl_tokenizer_destroy(tok);
    } else {
        assert_null(tok);
        assert_non_null(strstr(err.message, name));
    }
}

static void test_files(void **state)
{
    static const char clip[] = "\"bpe_simple_vocab_16e6.txt#version: 0.2\na n\nan d</w>\n";
    static const char hugging_face[] = "#version: 0.2\r\na n\r\nan d</w>";
    uint8_t packed[512];
    size_t packed_bytes = 0;
    char *data = NULL;
    gzFile gz;

    (void)state;
    assert_int_equal(gcl_file_write(in_folder("plain.txt"), clip, strlen(clip), NULL), GCL_OK);
    expect_file("plain.txt", GCL_OK);
    assert_int_equal(
        gcl_file_write(in_folder("plain.txt"), hugging_face, strlen(hugging_face), NULL), GCL_OK);
    expect_file("plain.txt", GCL_OK);
    assert_int_equal(unlink(in_folder("plain.txt")), 0);
    expect_file("plain.txt", GCL_E_FILE);
    expect_file("", GCL_E_FILE); /* the folder itself */

    gz = gzopen(in_folder("packed.gz"), "wb");
    assert_non_null(gz);
    assert_int_equal(gzwrite(gz, clip, (unsigned)strlen(clip)), (int)strlen(clip));
    assert_int_equal(gzclose(gz), Z_OK);
    expect_file("packed.gz", GCL_OK);

    assert_int_equal(
        gcl_file_read(&data, &packed_bytes, in_folder("packed.gz"), sizeof packed, NULL), GCL_OK);
    memcpy(packed, data, packed_bytes);
    free(data);
    assert_int_equal(gcl_file_write(in_folder("packed.gz"), packed, packed_bytes - 9, NULL),
                     GCL_OK);
    expect_file("packed.gz", GCL_E_FORMAT); /* cut */
    packed[packed_bytes - 8] ^= 1;
    assert_int_equal(gcl_file_write(in_folder("packed.gz"), packed, packed_bytes, NULL), GCL_OK);
    expect_file("packed.gz", GCL_E_FORMAT); /* wrong checksum */
    assert_int_equal(unlink(in_folder("packed.gz")), 0);
}

/* More than is read, from a few kilobytes of gzip. */
static void test_file_limit(void **state)
{
    static char block[1 << 16];
    gzFile gz = gzopen(in_folder("bomb.gz"), "wb1");

    (void)state;
    assert_non_null(gz);
    for (int i = 0; i < 1025; i++)
        assert_int_equal(gzwrite(gz, block, sizeof block), sizeof block);
    assert_int_equal(gzclose(gz), Z_OK);
    expect_file("bomb.gz", GCL_E_FORMAT);
    assert_int_equal(unlink(in_folder("bomb.gz")), 0);
}

static void test_malformed_merges(void **state)
{
    static const struct {
        const char *text, *where;
    } bad[] = {
        {"ab\n", "merges:1:"},
        {"a b\n\nb c\n", "merges:2:"},
        {"a b\na  c\n", "merges:2:"},
        {"a b c\n", "merges:1:"},
        {" b\n", "merges:1:"},
        {"a \n", "merges:1:"},
        {"a b\n#version: 0.2\n", "merges:2:"},
        {"a b\nab cd\n", "merges:2:"},     /* cd is made by no line */
        {"a b\nab c\na b\n", "merges:3:"}, /* twice */
        {"a b\nb c\nab c\na bc\n", "merges:4:"},
        {"a \x01\n", "merges:1:"},
        {"a \xFF\n", "merges:1:"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        gcl_tokenizer *tok = NULL;
        gcl_error err = GCL_ERROR_INIT;
        assert_int_equal(gcl_tokenizer_create(&tok, bad[i].text, strlen(bad[i].text), "merges",
                                              SMALL_VOCAB, &err),
                         GCL_E_FORMAT);
        assert_null(tok);
        assert_non_null(strstr(err.message, bad[i].where));
    }
}

/* What lies beyond the vocabulary is not read. */
static void test_ignored_merges(void **state)
{
    gcl_tokenizer *tok = create("a b\nb c\nthis is not a merge\n", 516);

    (void)state;
    expect_ids(tok, "ab bcx", IDS(IN('a'), AT_END('b'), 513, AT_END('x')));
    gcl_tokenizer_destroy(tok);
}

static void test_prompt(void **state)
{
    gcl_tokenizer *tok = create("a b</w>\n", SMALL_VOCAB);
    gcl_error err = GCL_ERROR_INIT;
    int32_t tokens[8];
    size_t n = 0;

    (void)state;
    assert_int_equal(gcl_tokenizer_prompt(tok, "ab c", 8, false, tokens, &n, NULL), GCL_OK);
    assert_int_equal(n, 4);
    assert_memory_equal(tokens, ((int32_t[]){1022, 512, AT_END('c'), 1023, 0, 0, 0, 0}), 32);
    assert_int_equal(gcl_tokenizer_prompt(tok, "", 8, false, tokens, &n, NULL), GCL_OK);
    assert_int_equal(n, 2);
    assert_memory_equal(tokens, ((int32_t[]){1022, 1023, 0, 0, 0, 0, 0, 0}), 32);

    assert_int_equal(gcl_tokenizer_prompt(tok, "ab c", 4, false, tokens, &n, NULL), GCL_OK);
    assert_int_equal(n, 4);
    assert_int_equal(gcl_tokenizer_prompt(tok, "ab c", 3, false, tokens, &n, &err), GCL_E_ARG);
    assert_non_null(strstr(err.message, "4 tokens"));
    assert_non_null(strstr(err.message, "limit is 3"));
    assert_int_equal(gcl_tokenizer_prompt(tok, "ab c", 3, true, tokens, &n, NULL), GCL_OK);
    assert_int_equal(n, 3);
    assert_memory_equal(tokens, ((int32_t[]){1022, 512, 1023}), 12);

    assert_int_equal(gcl_tokenizer_prompt(tok, "", 1, false, tokens, &n, NULL), GCL_E_ARG);
    assert_int_equal(gcl_tokenizer_prompt(tok, "", 1, true, tokens, &n, NULL), GCL_OK);
    assert_int_equal(n, 1);
    assert_int_equal(tokens[0], 1023);
    assert_int_equal(gcl_tokenizer_prompt(tok, "", 0, true, tokens, &n, NULL), GCL_E_ARG);
    gcl_tokenizer_destroy(tok);
}

static void test_decode(void **state)
{
    gcl_tokenizer *tok = create("a b</w>\n", SMALL_VOCAB);
    char *text = NULL;
    const int32_t bad[] = {-1, 513, 1021, 1024, INT32_MAX, INT32_MIN};

    (void)state;
    assert_int_equal(gcl_tokenizer_decode(tok, IDS(1022, 512, 0, AT_END('c'), 1023), &text, NULL),
                     GCL_OK);
    assert_string_equal(text, "<|startoftext|>ab !c <|endoftext|>");
    free(text);
    assert_int_equal(gcl_tokenizer_decode(tok, NULL, 0, &text, NULL), GCL_OK);
    assert_string_equal(text, "");
    free(text);
    /* half of U+00E9, and byte 0, which is unit 188 */
    assert_int_equal(gcl_tokenizer_decode(tok, IDS(106 + 0xC3 - 0xAE, 188), &text, NULL), GCL_OK);
    assert_string_equal(text, "\uFFFD\uFFFD");
    free(text);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(gcl_tokenizer_decode(tok, &bad[i], 1, &text, NULL), GCL_E_ARG);
        assert_null(text);
    }
    gcl_tokenizer_destroy(tok);
}

/* Repeats unit up to bytes; owned by the caller. */
static char *repeat(const char *unit, size_t bytes)
{
    const size_t n = strlen(unit);
    char *text = malloc(bytes + 1);

    assert_non_null(text);
    for (size_t i = 0; i < bytes; i++)
        text[i] = unit[i % n];
    text[bytes] = '\0';
    return text;
}

/* Texts that something slower than n log n would take hours for. */
static void test_long_texts(void **state)
{
    static const struct {
        const char *unit;
        size_t mib;
    } texts[] = {
        {"a", 10},
        {"&", 10},
        {"\xF0\x9F\x98\x80", 10},
        {"\u0301\u0316", 10}, /* marks out of order */
        {"\u0F73\u0344", 1},  /* which decompose to marks */
        {"in", 1},
        {"ring the bell ", 1},
        {"&amp;amp;", 1},
        {"amp;", 1}, /* one reference in another, given the first '&' */
        {";&#", 1},
        {"&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1},
        {"\x1B[", 1},
        {"\u03A3'", 1},
        {"\xFF", 1},
        {"\n", 1},
        {"\u00E9\n", 1},
        {"\u00C3", 1},
        {"\u00C3\u00A9\u0439", 1},       /* mojibake in parts */
        {"\u00C3\u00A9\u00C3", 1},       /* and lead bytes between */
        {"\u00C3 ", 1},                  /* A0 lost */
        {"\u00C3\u0192\u00C2\u00A9", 1}, /* mojibake of mojibake */
    };
    gcl_tokenizer *tok = NULL;

    (void)state;
    assert_int_equal(gcl_tokenizer_create_builtin(&tok, SMALL_VOCAB, NULL), GCL_OK);
    for (size_t i = 0; i < COUNT(texts); i++) {
        char *text = repeat(texts[i].unit, texts[i].mib << 20);
        const clock_t begin = clock();
        int32_t *ids = NULL;
        size_t n = 0;
        if (strcmp(texts[i].unit, "amp;") == 0)
            text[0] = '&';
        assert_int_equal(gcl_tokenizer_encode(tok, text, &ids, &n, NULL), GCL_OK);
        print_message("text %zu, %zu MiB: %zu ids, %.2f s\n", i, texts[i].mib, n,
                      (double)(clock() - begin) / CLOCKS_PER_SEC);
        assert_true(clock() - begin < 100 * CLOCKS_PER_SEC);
        free(ids);
        free(text);
    }
    gcl_tokenizer_destroy(tok);
}

/* A reference in a reference, as deep as a text of 10,000 code points can have it. */
static void test_nested_references(void **state)
{
    gcl_tokenizer *tok = create("", SMALL_VOCAB);
    char *text = repeat("amp;", 10001);

    (void)state;
    memmove(text + 1, text, 10000);
    text[0] = '&';
    expect_ids(tok, text, IDS(AT_END('&')));
    free(text);
    gcl_tokenizer_destroy(tok);
}

static void test_text_limit(void **state)
{
    gcl_tokenizer *tok = create("", SMALL_VOCAB);
    char *text = repeat(" ", GCL_TOKENIZER_TEXT_BYTES + 1);
    int32_t *ids = NULL;
    size_t n = 0;

    (void)state;
    assert_int_equal(gcl_tokenizer_encode(tok, text, &ids, &n, NULL), GCL_E_ARG);
    assert_null(ids);
    free(text);
    gcl_tokenizer_destroy(tok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_merge_order),
        cmocka_unit_test(test_cleaning),
        cmocka_unit_test(test_special_tokens),
        cmocka_unit_test(test_builtin),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_file_limit),
        cmocka_unit_test(test_malformed_merges),
        cmocka_unit_test(test_ignored_merges),
        cmocka_unit_test(test_prompt),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_nested_references),
        cmocka_unit_test(test_text_limit),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
