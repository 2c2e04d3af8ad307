/**
 * Reports: records in, text out. Nothing here measures.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include <jansson.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Writes an array of records (kinds ceiling, op, model, claim, compare) in one of the formats
 *
 *   text  one aligned table a kind, under a head of device, driver, version, commit, date, flags
 *   md    the same as Markdown
 *   csv   one flat table: a header line, then a row a record; the columns are all keys of all
 *         records as they first appear, members of an object as key.member, arrays of numbers
 *         joined by spaces, other arrays as JSON
 *   json  one object a line with every key
 *   html  one self-contained page: roofline, bars, curves, tables; no script, no network
 *
 * @return GCL_E_ARG for another format or kind; GCL_E_FILE when out refuses; GCL_E_NOMEM.
 */
gcl_status bench_report_write(FILE *out, const char *format, const json_t *records, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
