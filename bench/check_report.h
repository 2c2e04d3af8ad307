/**
 * What `galip check` prints: rows of bench/check.h as text, Markdown, JSON or HTML, and the bounds.
 */
#ifndef GCL_BENCH_CHECK_REPORT_H
#define GCL_BENCH_CHECK_REPORT_H

#include <stdio.h>

#include "bench/check.h"

typedef enum bench_format {
    BENCH_TEXT, /* one line per op, variant and math, as soon as the op is done; then failures */
    BENCH_MD,
    BENCH_JSON, /* one object a line: each row at once, a last one of kind "check_summary" */
    BENCH_HTML  /* one file without references to others */
} bench_format;

/** GCL_E_NOT_FOUND unless name is text, md, json or html. */
gcl_status bench_format_find(bench_format *out, const char *name, gcl_error *err);

typedef struct bench_check_report {
    FILE *out;
    bench_format format;
    const json_t *common; /* of bench_check_options */
    json_t *rows;         /* all so far; owned */
    size_t printed;       /* text: rows that are done with */
} bench_check_report;

/** Prints the head. @param r  zeroed; bench_check_report_clear whatever the result */
gcl_status bench_check_begin(bench_check_report *r, FILE *out, bench_format format,
                             const json_t *common, gcl_error *err);

/** bench_check_options.report; user is the report. */
void bench_check_row(void *user, json_t *row);

/** Prints the rest, of which the last line is "N passed, N failed" except in JSON and HTML. */
void bench_check_end(bench_check_report *r, const bench_check_summary *sum);

/** Frees what a report holds; legal on a zeroed one. */
void bench_check_report_clear(bench_check_report *r);

/** Prints each op's tolerance and its derivation. */
void bench_check_print_bounds(FILE *out);

#endif
