/**
 * What the commands print: JSON documents, foreign text made harmless, notes, progress.
 */
#ifndef GCL_CLI_OUTPUT_H
#define GCL_CLI_OUTPUT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/** A JSON string; bytes that are no UTF-8 become U+FFFD. A new reference, NULL without memory. */
json_t *cli_json_text(const char *text);
/** The same of a text that may hold NUL. */
json_t *cli_json_bytes(const char *text, size_t bytes);

/** A seed: a JSON string of digits, since JSON numbers do not carry 64 bits everywhere. */
json_t *cli_json_seed(uint64_t seed);

/** A number; null when it is not finite, which JSON cannot say. */
json_t *cli_json_real(double v);
json_t *cli_json_floats(const float *v, size_t n);

/** Prints root and a newline on standard output and drops the reference. NULL is GCL_E_NOMEM. */
gcl_status cli_json_print(json_t *root, gcl_error *err);

/** Prints text that comes from outside; control characters are shown as '?'. */
void cli_print_text(FILE *f, const char *text);

/** Warns on standard error of a text that the tokenizer reads in part as U+FFFD. */
void cli_warn_not_utf8(const char *text, size_t bytes);

/** Prints "  key   value" for a string, a number or an array of whole numbers. */
void cli_print_pair(const char *key, const json_t *value);

/** A bar "k/n" on standard error when that is a terminal; done == total removes it. */
void cli_progress(size_t done, size_t total);

/** Seconds of a clock that only runs forwards. */
double cli_seconds(void);

/** The last component of a path. */
const char *cli_base_name(const char *path);

/** malloc(n * size), checked; what is named in the message. *out is owned (free). */
gcl_status cli_alloc(void *out, size_t n, size_t size, const char *what, gcl_error *err);

/**
 * Fails when path cannot become a file: missing or read-only folder, or path is a folder. Leaves
 * nothing behind.
 */
gcl_status cli_check_writable(const char *path, gcl_error *err);

#endif
