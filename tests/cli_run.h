/**
 * Running the program from a test, in a temporary folder of its own, which cmocka's group set-up
 * and tear-down make and remove. Standard output and error of the last run are kept.
 */
#ifndef GCL_TESTS_CLI_RUN_H
#define GCL_TESTS_CLI_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "image/image.h"

extern char cli_folder[]; /* the programs run in it */
extern char *cli_out;     /* standard output of the last run */
extern char *cli_err;     /* standard error */

int cli_make_folder(void **state);
int cli_remove_folder(void **state);

/** Runs a shell line in which $GALIP is the program; its exit status, or 128 + signal. */
int cli_shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** Runs `galip ARGUMENTS`, which must succeed. */
void cli_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** The same, parsing standard output; json_decref. */
json_t *cli_run_json(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** Runs `galip ARGUMENTS`, which must exit with status, print nothing on standard output and one
 *  line "galip: ..." holding message on standard error. */
void cli_fails(int status, const char *message, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** name in the folder; the buffer lasts until the call after the next. */
const char *cli_path(const char *name);

/** Whole files in the folder are equal. */
void cli_same_file(const char *a, const char *b);

/** How many entries of the folder begin with prefix. */
size_t cli_count(const char *prefix);

void cli_read(gcl_image *image, const char *name);

/** Text chunk of a PNG in the folder; free. */
char *cli_text(const char *name, const char *key);

#endif
