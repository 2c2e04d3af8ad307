/*
 * test_tokenizer_vectors.c - ids against recorded ones, class by class.
 *
 * tokens-demo.jsonl holds a small model's prompts, tokens-demo-merges.txt its merges. The other
 * vectors were made with CLIP's own tokenizer: tokens-builtin.jsonl with the project's merges,
 * tokens-clip.jsonl.gz with CLIP's vocabulary, which is not part of the project;
 * weights/fetch-vocab.sh gets it. GALIP_CLIP_VOCAB names another place of it, GALIP_CLIP_TOKENS
 * other vectors, such as those of tests/golden/make_tokens.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <zlib.h>

#include "model/tokenizer.h"

enum {
    DEMO_VOCAB = 1024,
    BUILTIN_VOCAB = 978, /* 512 units, 464 merges, start, end */
    CLIP_VOCAB = 49408,
    MAX_CLASSES = 24,
    MAX_SHOWN = 10,
    MOJIBAKE_PERCENT = 80, /* of the class must agree; of any other, all */
    LINE_ROOM = 1 << 20
};

typedef struct class_count {
    char name[16];
    size_t ran, same;
} class_count;

typedef struct tally {
    class_count classes[MAX_CLASSES];
    size_t n, shown, line;
} tally;

static class_count *find_class(tally *t, const char *name)
{
    size_t i = 0;

    while (i < t->n && strcmp(t->classes[i].name, name) != 0)
        i++;
    if (i == t->n) {
        assert_true(t->n < MAX_CLASSES);
        snprintf(t->classes[t->n++].name, sizeof t->classes[0].name, "%s", name);
    }
    return &t->classes[i];
}

/* The prompt of a line {"text" or "hex", ...}; owned by the caller. */
static char *prompt(const json_t *row, size_t *bytes)
{
    const json_t *text = json_object_get(row, "text");
    const char *hex = json_string_value(json_object_get(row, "hex"));
    char *out;

    *bytes = text != NULL ? json_string_length(text) : strlen(hex) / 2;
    out = malloc(*bytes + 1);
    assert_non_null(out);
    if (text != NULL)
        memcpy(out, json_string_value(text), *bytes);
    for (size_t i = 0; text == NULL && i < *bytes; i++) {
        unsigned b = 0;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &b), 1);
        out[i] = (char)b;
    }
    return out;
}

/* Encodes one line and counts it. */
static void compare(tally *t, const gcl_tokenizer *tok, const char *line)
{
    json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);
    const json_t *want = json_object_get(row, "ids");
    const char *name = json_string_value(json_object_get(row, "class"));
    class_count *count = find_class(t, name != NULL ? name : "demo");
    int32_t *ids = NULL;
    size_t bytes = 0, n = 0;
    char *text = prompt(row, &bytes);
    bool same;

    assert_int_equal(gcl_tokenizer_encode_bytes(tok, text, bytes, &ids, &n, NULL), GCL_OK);
    same = n == json_array_size(want);
    for (size_t i = 0; same && i < n; i++)
        same = ids[i] == json_integer_value(json_array_get(want, i));
    count->ran++;
    count->same += same;
    if (!same && t->shown++ < MAX_SHOWN)
        print_message("line %zu differs: %.200s\n", t->line, line);
    free(ids);
    free(text);
    json_decref(row);
}

/* Runs every line of a plain or gzipped file; returns how many there were. */
static size_t run_file(const gcl_tokenizer *tok, const char *path)
{
    static char line[LINE_ROOM];
    tally t = {0};
    gzFile f = gzopen(path, "rb");

    assert_non_null(f);
    while (gzgets(f, line, sizeof line) != NULL) {
        t.line++;
        compare(&t, tok, line);
    }
    gzclose(f);
    for (size_t c = 0; c < t.n; c++)
        print_message("%-12s %zu of %zu\n", t.classes[c].name, t.classes[c].same, t.classes[c].ran);
    for (size_t c = 0; c < t.n; c++) {
        const class_count *k = &t.classes[c];
        const size_t percent = strcmp(k->name, "mojibake") == 0 ? MOJIBAKE_PERCENT : 100;
        assert_true(100 * k->same >= percent * k->ran);
    }
    return t.line;
}

static void test_demo(void **state)
{
    gcl_tokenizer *tok = NULL;

    (void)state;
    assert_int_equal(
        gcl_tokenizer_create_file(&tok, TEST_DATA "/tokens-demo-merges.txt", DEMO_VOCAB, NULL),
        GCL_OK);
    assert_int_equal(run_file(tok, TEST_DATA "/tokens-demo.jsonl"), 8);
    gcl_tokenizer_destroy(tok);
}

static void test_builtin(void **state)
{
    gcl_tokenizer *tok = NULL;

    (void)state;
    assert_int_equal(gcl_tokenizer_create_builtin(&tok, BUILTIN_VOCAB, NULL), GCL_OK);
    assert_int_equal(run_file(tok, TEST_DATA "/tokens-builtin.jsonl"), 400);
    gcl_tokenizer_destroy(tok);
}

static void test_clip(void **state)
{
    const char *vocab = getenv("GALIP_CLIP_VOCAB"), *vectors = getenv("GALIP_CLIP_TOKENS");
    gcl_tokenizer *tok = NULL;

    (void)state;
    if (vocab == NULL)
        vocab = SOURCE_DIR "/weights/bpe_simple_vocab_16e6.txt.gz";
    if (access(vocab, R_OK) != 0) {
        print_message("skipped: CLIP's vocabulary is not at %s (weights/fetch-vocab.sh)\n", vocab);
        skip();
    }
    assert_int_equal(gcl_tokenizer_create_file(&tok, vocab, CLIP_VOCAB, NULL), GCL_OK);
    if (vectors != NULL)
        run_file(tok, vectors);
    else
        assert_int_equal(run_file(tok, TEST_DATA "/tokens-clip.jsonl.gz"), 2990);
    gcl_tokenizer_destroy(tok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_demo),
        cmocka_unit_test(test_builtin),
        cmocka_unit_test(test_clip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
