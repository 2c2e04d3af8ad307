/**
 * Comparison of two files of records, row by row.
 */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include <stdbool.h>

#include <jansson.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_THRESHOLD 0.05

/**
 * Matches the rows of two files of JSON lines by kind and name and compares their times, rates
 * turned into times. *rows is an array of records of kind compare for bench_report_write: of,
 * name, a and b (medians) in unit, ratio (time of B over A, above 1 is slower), low, high (95 %
 * interval; null with fewer than 6 samples), p, verdict. A row in one file only has the verdict
 * "only in A" or "only in B". Device, commit and the like read "x against y" where they differ.
 *
 * The verdict's minimal effect is the threshold: FASTER or SLOWER is a difference beyond it that
 * chance does not explain, SAME everything else. Claims that were published are not measured
 * and are left out.
 *
 * @param threshold   fraction of the time, > 0; BENCH_THRESHOLD is the usual one
 * @param rows        owned by the caller (json_decref)
 * @param regression  true when a row is SLOWER
 * @return GCL_E_FILE; GCL_E_FORMAT naming file and line, or the record without usable samples
 */
gcl_status bench_compare(const char *file_a, const char *file_b, double threshold, json_t **rows,
                         bool *regression, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
