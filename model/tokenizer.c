/* tokenizer.c - making a tokenizer from its sources, and text to ids and back. */
#include "model/tokenizer_internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "model/merges.h"

/*
 * CLIP's split. What cleaning leaves of white space is ' ', so [^\s...] is written with it.
 * U+0345 is in no alternative: under IGNORECASE Python's regex module takes it for its upper case,
 * the letter iota, where it looks for non-letters, but not where it looks for letters.
 */
static const char split_pattern[] = "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|"
                                    "\\p{L}++|\\p{N}|[^ \\x{345}\\p{L}\\p{N}]++";

static const char start_text[] = "<|startoftext|>";
static const char end_text[] = "<|endoftext|>";

static int32_t start_id(const gcl_tokenizer *tok)
{
    return (int32_t)tok->vocab - 2;
}

static int32_t end_id(const gcl_tokenizer *tok)
{
    return (int32_t)tok->vocab - 1;
}

gcl_status gcl_tokenizer_create(gcl_tokenizer **out, const char *merges, size_t bytes,
                                const char *origin, size_t vocab, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_tokenizer *tok = NULL;
    int code = 0;
    PCRE2_SIZE offset = 0;

    *out = NULL;
    if (vocab < 2 * GCL_UNITS + 2 || vocab > INT32_MAX)
        return GCL_FAIL(err, GCL_E_ARG, "tokenizer: vocabulary of %zu, required is %d..%d", vocab,
                        2 * GCL_UNITS + 2, INT32_MAX);
    tok = calloc(1, sizeof *tok);
    if (tok == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "tokenizer: host allocation of %zu bytes", sizeof *tok);
        goto done;
    }
    tok->vocab = vocab;
    GCL_TRY(gcl_tokenizer_read(tok, merges, bytes, origin, err));
    tok->words = pcre2_compile((PCRE2_SPTR)split_pattern, PCRE2_ZERO_TERMINATED,
                               PCRE2_UTF | PCRE2_UCP | PCRE2_CASELESS, &code, &offset, NULL);
    if (tok->words == NULL) {
        PCRE2_UCHAR why[128] = {0};
        pcre2_get_error_message(code, why, sizeof why);
        st = GCL_FAIL(err, GCL_E_UNSUPPORTED, "tokenizer: PCRE2 refuses the word pattern: %s",
                      (const char *)why);
        goto done;
    }
    *out = tok;
    tok = NULL;
done:
    gcl_tokenizer_destroy(tok);
    return st;
}

void gcl_tokenizer_destroy(gcl_tokenizer *tok)
{
    if (tok == NULL)
        return;
    pcre2_code_free(tok->words);
    free(tok->pairs);
    free(tok->piece_at);
    free(tok->pool);
    free(tok);
}

gcl_status gcl_tokenizer_create_file(gcl_tokenizer **out, const char *path, size_t vocab,
                                     gcl_error *err)
{
    gcl_status st = GCL_OK;
    char *text = NULL;
    size_t bytes = 0;

    *out = NULL;
    GCL_TRY(gcl_merges_read(&text, &bytes, path, err));
    GCL_TRY(gcl_tokenizer_create(out, text, bytes, path, vocab, err));
done:
    free(text);
    return st;
}

gcl_status gcl_tokenizer_create_builtin(gcl_tokenizer **out, size_t vocab, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char *text = NULL;
    size_t bytes = 0;

    *out = NULL;
    for (size_t i = 0; i < GCL_TOKENIZER_MERGES; i++)
        bytes += strlen(gcl_tokenizer_merges[i]) + 1;
    text = malloc(bytes);
    if (text == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "tokenizer: host allocation of %zu bytes", bytes);
    bytes = 0;
    for (size_t i = 0; i < GCL_TOKENIZER_MERGES; i++) {
        const size_t n = strlen(gcl_tokenizer_merges[i]);
        memcpy(text + bytes, gcl_tokenizer_merges[i], n);
        text[bytes + n] = '\n';
        bytes += n + 1;
    }
    st = gcl_tokenizer_create(out, text, bytes, "built-in merges", vocab, err);
    free(text);
    return st;
}

size_t gcl_tokenizer_vocab(const gcl_tokenizer *tok)
{
    return tok->vocab;
}

static bool is_text(const char *at, size_t n, const char *want)
{
    return n == strlen(want) && memcmp(at, want, n) == 0;
}

/* Splits clean text and merges each word; ids has room for one id a byte. */
static gcl_status encode_words(const gcl_tokenizer *tok, const char *text, size_t bytes,
                               int32_t *ids, size_t *n, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_bpe bpe = {0};
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    int found = 0;

    if (match == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "tokenizer: host allocation of PCRE2's match data");
        goto done;
    }
    for (size_t at = 0; at < bytes; at = pcre2_get_ovector_pointer(match)[1]) {
        const char *word;
        size_t len, got = 1;
        found =
            pcre2_match(tok->words, (PCRE2_SPTR)text, bytes, at, PCRE2_NO_UTF_CHECK, match, NULL);
        if (found < 0)
            break;
        word = text + pcre2_get_ovector_pointer(match)[0];
        len = pcre2_get_ovector_pointer(match)[1] - pcre2_get_ovector_pointer(match)[0];
        if (is_text(word, len, start_text))
            ids[*n] = start_id(tok);
        else if (is_text(word, len, end_text))
            ids[*n] = end_id(tok);
        else
            GCL_TRY(gcl_bpe_word(&bpe, tok, word, len, ids + *n, &got, err));
        *n += got;
    }
    if (found < 0 && found != PCRE2_ERROR_NOMATCH) {
        PCRE2_UCHAR why[128] = {0};
        pcre2_get_error_message(found, why, sizeof why);
        st = GCL_FAIL(err, found == PCRE2_ERROR_NOMEMORY ? GCL_E_NOMEM : GCL_E_ARG,
                      "tokenizer: PCRE2 in a text of %zu bytes: %s", bytes, (const char *)why);
    }
done:
    pcre2_match_data_free(match);
    gcl_bpe_release(&bpe);
    return st;
}

gcl_status gcl_tokenizer_encode(const gcl_tokenizer *tok, const char *text, int32_t **ids,
                                size_t *n, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char *clean = NULL;
    int32_t *found = NULL;
    size_t bytes = strlen(text);

    *ids = NULL;
    *n = 0;
    if (bytes > GCL_TOKENIZER_TEXT_BYTES)
        return GCL_FAIL(err, GCL_E_ARG, "tokenizer: text of %zu bytes, at most %zu are taken",
                        bytes, GCL_TOKENIZER_TEXT_BYTES);
    GCL_TRY(gcl_tokenizer_clean(&clean, &bytes, text, bytes, err));
    found = malloc((bytes + 1) * sizeof *found);
    if (found == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "tokenizer: host allocation for %zu ids", bytes + 1);
        goto done;
    }
    GCL_TRY(encode_words(tok, clean, bytes, found, n, err));
    *ids = found;
    found = NULL;
done:
    free(found);
    free(clean);
    return st;
}

gcl_status gcl_tokenizer_prompt(const gcl_tokenizer *tok, const char *text, size_t context,
                                bool truncate, int32_t *tokens, size_t *n_tokens, gcl_error *err)
{
    gcl_status st = GCL_OK;
    int32_t *ids = NULL;
    size_t n = 0;

    *n_tokens = 0;
    GCL_TRY(gcl_tokenizer_encode(tok, text, &ids, &n, err));
    if (context == 0 || (n + 2 > context && !truncate)) {
        st = GCL_FAIL(err, GCL_E_ARG, "prompt of %zu tokens with start and end, the limit is %zu",
                      n + 2, context);
        goto done;
    }
    tokens[0] = start_id(tok);
    for (size_t i = 1; i < context; i++)
        tokens[i] = i <= n ? ids[i - 1] : 0;
    *n_tokens = n + 2 < context ? n + 2 : context;
    tokens[*n_tokens - 1] = end_id(tok);
done:
    free(ids);
    return st;
}

/* "</w>" becomes a space wherever it stands, as in CLIP. */
static size_t mark_words(char *text, size_t n)
{
    size_t used = 0;

    for (size_t i = 0; i < n; used++) {
        const bool mark = n - i >= 4 && memcmp(text + i, "</w>", 4) == 0;
        text[used] = mark ? ' ' : text[i];
        i += mark ? 4 : 1;
    }
    return used;
}

gcl_status gcl_tokenizer_decode(const gcl_tokenizer *tok, const int32_t *ids, size_t n, char **text,
                                gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_runes runes = {NULL, 0};
    char *raw = NULL;
    size_t room = 1, used = 0;

    *text = NULL;
    for (size_t i = 0; i < n; i++) {
        const bool special = ids[i] == start_id(tok) || ids[i] == end_id(tok);
        if (!special && (ids[i] < 0 || (size_t)ids[i] >= tok->n_pieces))
            return GCL_FAIL(err, GCL_E_ARG,
                            "tokenizer: id %d at %zu is not in the vocabulary of %zu pieces",
                            ids[i], i, tok->n_pieces);
        room += special ? sizeof start_text : tok->piece_at[ids[i] + 1] - tok->piece_at[ids[i]];
    }
    raw = malloc(room);
    if (raw == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "tokenizer: host allocation of %zu bytes", room);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        const char *special = ids[i] == start_id(tok) ? start_text : end_text;
        if (ids[i] < start_id(tok)) {
            used += gcl_tokenizer_piece_bytes(tok, (size_t)ids[i], raw + used);
        } else {
            memcpy(raw + used, special, strlen(special));
            used += strlen(special);
        }
    }
    used = mark_words(raw, used);
    GCL_TRY(gcl_runes_from_utf8(&runes, raw, used, err));
    GCL_TRY(gcl_runes_to_utf8(text, &used, &runes, err));
done:
    gcl_runes_destroy(&runes);
    free(raw);
    return st;
}
