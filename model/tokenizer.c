/* tokenizer.c - making a tokenizer from its sources, and text to ids and back. */
#include "model/tokenizer_internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "model/merges.h"

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

    for (size_t at = 0, len; gcl_tokenizer_next_word(text, bytes, &at, &len); at += len) {
        size_t got = 1;
        if (is_text(text + at, len, start_text))
            ids[*n] = start_id(tok);
        else if (is_text(text + at, len, end_text))
            ids[*n] = end_id(tok);
        else
            GCL_TRY(gcl_bpe_word(&bpe, tok, text + at, len, ids + *n, &got, err));
        *n += got;
    }
done:
    gcl_bpe_release(&bpe);
    return st;
}

gcl_status gcl_tokenizer_encode_bytes(const gcl_tokenizer *tok, const char *text, size_t bytes,
                                      int32_t **ids, size_t *n, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char *clean = NULL;
    int32_t *found = NULL;

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

gcl_status gcl_tokenizer_encode(const gcl_tokenizer *tok, const char *text, int32_t **ids,
                                size_t *n, gcl_error *err)
{
    return gcl_tokenizer_encode_bytes(tok, text, strlen(text), ids, n, err);
}

size_t gcl_tokenizer_invalid(const char *text, size_t bytes)
{
    size_t invalid = 0;
    int32_t c;

    for (size_t i = 0; i < bytes; invalid += c < 0)
        i += gcl_rune_next(text + i, bytes - i, &c);
    return invalid;
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

bool gcl_tokenizer_piece(const gcl_tokenizer *tok, int32_t id, const char **piece, size_t *bytes)
{
    if (id == start_id(tok) || id == end_id(tok)) {
        *piece = id == start_id(tok) ? start_text : end_text;
        *bytes = strlen(*piece);
        return true;
    }
    if (id < 0 || (size_t)id >= tok->n_pieces)
        return false;
    *piece = tok->pool + tok->piece_at[id];
    *bytes = tok->piece_at[id + 1] - tok->piece_at[id];
    return true;
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
    for (size_t i = 0; i < runes.n; i++)
        runes.at[i] = runes.at[i] == 0 ? GCL_REPLACEMENT : runes.at[i];
    GCL_TRY(gcl_runes_to_utf8(text, &used, &runes, err));
done:
    gcl_runes_destroy(&runes);
    free(raw);
    return st;
}
