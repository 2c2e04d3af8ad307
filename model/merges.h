/**
 * Files of BPE merges: CLIP's bpe_simple_vocab_16e6.txt, plain or gzipped, and Hugging Face's
 * merges.txt and tokenizer.json.
 */
#ifndef GCL_MODEL_MERGES_H
#define GCL_MODEL_MERGES_H

#include <stddef.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Reads a file as lines "LEFT RIGHT", the most important first, perhaps behind a line with
 * "#version:"; gcl_tokenizer_create checks them.
 *
 * @param out  NUL-terminated                                           owned by the caller (free)
 * @return GCL_OK; GCL_E_FILE; GCL_E_NOMEM; GCL_E_FORMAT for damaged gzip data, more than 64 MiB
 *         unpacked (8 MiB of JSON), and JSON without model.merges
 */
gcl_status gcl_merges_read(char **out, size_t *bytes, const char *path, gcl_error *err);

/** Cuts off what a vocabulary of so many tokens does not use, and a first line that is a header. */
void gcl_merges_trim(char *merges, size_t vocab);

#ifdef __cplusplus
}
#endif
#endif
