/*
 * fuzz_tokenizer.c - bytes that begin as a list of merges does ('#'), tokenizer.json or a gzipped file
 * are one, others a text for the built-in merges: ids are in range, and together stand for the cleaned
 * text.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "model/tokenizer_internal.h"

enum { MERGES_VOCAB = 640, BUILTIN_VOCAB = 978, CONTEXT = 8 };

/* Takes out of a text what has no ids of its own: spaces, and U+0345, which is in no word
 * (model/tokenizer_split.c). Returns its length. */
static size_t without_spaces(char *text, size_t bytes)
{
    size_t used = 0;

    for (size_t i = 0; i < bytes;) {
        if (bytes - i >= 2 && memcmp(text + i, "\u0345", 2) == 0)
            i += 2;
        else if (text[i] == ' ')
            i++;
        else
            text[used++] = text[i++];
    }
    return used;
}

static void check_decode(const gcl_tokenizer *tok, const int32_t *ids, size_t n, const void *data,
                         size_t bytes)
{
    char *decoded, *clean;
    size_t clean_bytes, decoded_bytes;

    FUZZ_CHECK(gcl_tokenizer_decode(tok, ids, n, &decoded, NULL) == GCL_OK);
    FUZZ_CHECK(gcl_tokenizer_clean(&clean, &clean_bytes, data, bytes, NULL) == GCL_OK);
    FUZZ_CHECK(gcl_tokenizer_invalid(decoded, strlen(decoded)) == 0);
    FUZZ_CHECK(gcl_tokenizer_invalid(clean, clean_bytes) == 0);
    clean_bytes = without_spaces(clean, clean_bytes);
    decoded_bytes = without_spaces(decoded, strlen(decoded));
    FUZZ_CHECK(clean_bytes == decoded_bytes && memcmp(clean, decoded, clean_bytes) == 0);
    free(clean);
    free(decoded);
}

static void check_prompt(const gcl_tokenizer *tok, const char *text)
{
    int32_t tokens[CONTEXT], cut[CONTEXT];
    size_t n, n_cut;
    const int32_t end = (int32_t)gcl_tokenizer_vocab(tok) - 1;
    const gcl_status st = gcl_tokenizer_prompt(tok, text, CONTEXT, false, tokens, &n, NULL);

    FUZZ_CHECK(gcl_tokenizer_prompt(tok, text, CONTEXT, true, cut, &n_cut, NULL) == GCL_OK);
    FUZZ_CHECK(n_cut >= 2 && n_cut <= CONTEXT && cut[0] == end - 1 && cut[n_cut - 1] == end);
    FUZZ_CHECK(st != GCL_OK || (n == n_cut && memcmp(tokens, cut, sizeof cut) == 0));
}

static void check_text(const gcl_tokenizer *tok, const uint8_t *data, size_t bytes)
{
    char *text = malloc(bytes + 1);
    int32_t *ids;
    size_t n;

    FUZZ_CHECK(text != NULL);
    memcpy(text, data, bytes);
    text[bytes] = '\0';
    FUZZ_CHECK(gcl_tokenizer_encode_bytes(tok, text, bytes, &ids, &n, NULL) == GCL_OK);
    for (size_t i = 0; i < n; i++) {
        const char *piece;
        size_t piece_bytes;
        FUZZ_CHECK(ids[i] >= 0 && (size_t)ids[i] < gcl_tokenizer_vocab(tok));
        FUZZ_CHECK(gcl_tokenizer_piece(tok, ids[i], &piece, &piece_bytes) && piece_bytes > 0);
    }
    check_decode(tok, ids, n, text, bytes);
    check_prompt(tok, text);
    free(ids);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const bool is_merges = bytes > 0 && (data[0] == '#' || data[0] == '{' || data[0] == 0x1f);
    gcl_tokenizer *tok = NULL;
    gcl_error err = GCL_ERROR_INIT;
    gcl_status st;

    if (is_merges)
        st = gcl_tokenizer_create_file(&tok, fuzz_file("in", data, bytes), MERGES_VOCAB, &err);
    else
        st = gcl_tokenizer_create_builtin(&tok, BUILTIN_VOCAB, &err);
    FUZZ_CHECK(is_merges ? (st == GCL_OK) == (err.message[0] == '\0') : st == GCL_OK);
    if (st == GCL_OK)
        check_text(tok, data, bytes);
    gcl_tokenizer_destroy(tok);
    gcl_error_clear(&err);
    return 0;
}
