/**
 * What the kinds of `galip bench` share: the format flag, device and records of a run, progress.
 */
#ifndef GCL_CLI_BENCH_H
#define GCL_CLI_BENCH_H

#include <jansson.h>

#include "bench/record.h"
#include "cli/options.h"
#include "host/context.h"

extern const cli_command cli_bench_ceiling, cli_bench_ops, cli_bench_model, cli_bench_claims,
    cli_bench_compare;

enum { CLI_KEY_BENCH_OWN = 600 }; /* the first number free for a kind's own flags */

#define CLI_FLAG_FORMAT                                                       \
    {                                                                         \
        "format", 'o', "FORMAT",                                              \
            "text, md, csv, json (one object a line, with every sample) or\n" \
            "html (one self-contained page) (default text)"                   \
    }

/** @param format  set to a static string */
gcl_status cli_bench_set_format(const char **format, const char *value, gcl_error *err);

typedef struct cli_bench_session {
    gcl_context *ctx;
    json_t *run;     /* keys that all records share */
    json_t *records; /* array */
} cli_bench_session;

/** @param s  zero-initialise; cli_bench_close whatever the result */
gcl_status cli_bench_open(cli_bench_session *s, const cli_common *common, int argc, char **argv,
                          gcl_error *err);
void cli_bench_close(cli_bench_session *s);

/** Appends an array of records; takes the reference. */
gcl_status cli_bench_add(cli_bench_session *s, json_t *more, gcl_error *err);

/** Writes the records to standard output. @param format  NULL: text */
gcl_status cli_bench_print(const cli_bench_session *s, const char *format, gcl_error *err);

/** Shows on a terminal what is being measured. */
void cli_bench_progress(void *user, const char *row);

#endif
