/**
 * CLIP's tokenizer: text cleaning, the split into words, and byte-level byte-pair merging.
 *
 * Ids: 0..255 the byte units in CLIP's order, 256..511 the same at the end of a word, then the
 * merges in rank order, unused ids if the list is short, start = vocab - 2, end = vocab - 1.
 *
 * Cleaning follows CLIP, which is ftfy.fix_text, html.unescape twice, white space collapsed,
 * lower case (docs/tokenizer.md has the rules and how far they were compared). What is not UTF-8
 * becomes U+FFFD, as Python's bytes.decode(errors="replace") does it. Differs from CLIP only in
 * code points that Unicode has not assigned in its version 14 (Python's and utf8proc's versions
 * differ there), and where a text of more than 10,000 code points needs more than eight rounds of
 * repair.
 *
 * A tokenizer does not change after it was created: threads may share one.
 * Source: openai/CLIP, clip/simple_tokenizer.py; ftfy 6.3.
 */
#ifndef GCL_MODEL_TOKENIZER_H
#define GCL_MODEL_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Longest prompt accepted, in bytes. */
#define GCL_TOKENIZER_TEXT_BYTES ((size_t)16 << 20)

typedef struct gcl_tokenizer gcl_tokenizer;

/**
 * Builds a tokenizer from merges, one pair "LEFT RIGHT" a line, most important first.
 *
 * A first line with "#version:" in it is a header and skipped. Merges beyond vocab - 514 are
 * ignored, as CLIP does with its own file.
 *
 * @param out     the tokenizer                                        owned by the caller
 * @param merges  the lines; need not end in NUL                       borrowed for the call
 * @param bytes   length of merges
 * @param origin  where they come from, for messages                   borrowed for the call
 * @param vocab   rows of token_embedding, >= 514
 *
 * @return GCL_OK; GCL_E_ARG when vocab is out of range; GCL_E_FORMAT, with origin and line, when
 *         a line is not a pair, uses a piece that no earlier line made, or makes one twice.
 */
gcl_status gcl_tokenizer_create(gcl_tokenizer **out, const char *merges, size_t bytes,
                                const char *origin, size_t vocab, gcl_error *err);

/**
 * The same from a file of any kind that gcl_merges_read takes. At most 64 MiB unpacked.
 */
gcl_status gcl_tokenizer_create_file(gcl_tokenizer **out, const char *path, size_t vocab,
                                     gcl_error *err);

/** The same from the project's own 464 merges; for models that bring no vocabulary. */
gcl_status gcl_tokenizer_create_builtin(gcl_tokenizer **out, size_t vocab, gcl_error *err);

/** Legal on NULL. */
void gcl_tokenizer_destroy(gcl_tokenizer *tok);

/** The vocab it was created with; start is the last but one id, end the last. */
size_t gcl_tokenizer_vocab(const gcl_tokenizer *tok);

/**
 * Token ids of a text, without start and end. The texts <|startoftext|> and <|endoftext|> give
 * their ids, as in CLIP.
 *
 * @param text  NUL-terminated UTF-8, at most GCL_TOKENIZER_TEXT_BYTES   borrowed
 * @param ids   [*n]; not NULL even when *n is 0                         owned by the caller (free)
 *
 * Time: about n log n in the length of the text, whatever is in it.
 */
gcl_status gcl_tokenizer_encode(const gcl_tokenizer *tok, const char *text, int32_t **ids,
                                size_t *n, gcl_error *err);

/** The same for text with NUL in it, which cleaning drops like other control characters. */
gcl_status gcl_tokenizer_encode_bytes(const gcl_tokenizer *tok, const char *text, size_t bytes,
                                      int32_t **ids, size_t *n, gcl_error *err);

/** How many pieces of a text are not UTF-8 and are read as U+FFFD each. */
size_t gcl_tokenizer_invalid(const char *text, size_t bytes);

/**
 * What an id stands for, as the merges write it: byte units, "</w>" at the end of a word.
 *
 * @param piece  [*bytes], without NUL                                  borrowed from tok
 * @return false when the id is not in the vocabulary.
 */
bool gcl_tokenizer_piece(const gcl_tokenizer *tok, int32_t id, const char **piece, size_t *bytes);

/**
 * What the text tower reads: start, ids, end, then zeros.
 *
 * @param context   length of tokens, >= 1                              (CLIP: 77)
 * @param truncate  for a text that is too long: true keeps the first context tokens and replaces
 *                  the last by end; false is GCL_E_ARG with the length and the limit
 * @param tokens    [context], written                                  borrowed
 * @param n_tokens  how many come before the padding, start and end included
 */
gcl_status gcl_tokenizer_prompt(const gcl_tokenizer *tok, const char *text, size_t context,
                                bool truncate, int32_t *tokens, size_t *n_tokens, gcl_error *err);

/**
 * The cleaned text that ids stand for: pieces joined, each end of a word a space, start and end
 * as <|startoftext|> and <|endoftext|>. Bytes that make no valid UTF-8, and NUL, become U+FFFD.
 *
 * @param text  NUL-terminated                                          owned by the caller (free)
 * @return GCL_OK; GCL_E_ARG when an id is not in the vocabulary.
 */
gcl_status gcl_tokenizer_decode(const gcl_tokenizer *tok, const int32_t *ids, size_t n, char **text,
                                gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
