/**
 * Records: one jansson object per measured row. Everything that is shown or compared works on
 * records alone, so a report can be made from a file as well as from a run.
 */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include <stddef.h>

#include <jansson.h>

#include "base/error.h"
#include "host/device.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The keys that every record of a run shares: device, platform, driver, version, commit, flags
 * (command line as text) and date (now, ISO 8601 UTC). commit is "unknown" in a build that was
 * not made from a checkout. *out is owned by the caller (json_decref).
 */
gcl_status bench_run_create(json_t **out, const gcl_device_info *device, const char *flags,
                            gcl_error *err);

/** A record of kind and name with the shared keys of run. *out is owned by the caller. */
gcl_status bench_record_create(json_t **out, const json_t *run, const char *kind, const char *name,
                               gcl_error *err);

/** Sets a text; bytes that are not UTF-8 become '?'. NULL sets null. */
gcl_status bench_record_text(json_t *record, const char *key, const char *text, gcl_error *err);

/** Sets a number; one that is not finite becomes null, which JSON can hold. */
gcl_status bench_record_real(json_t *record, const char *key, double value, gcl_error *err);

/** Sets a whole number. */
gcl_status bench_record_count(json_t *record, const char *key, size_t value, gcl_error *err);

/** Sets samples_s, median_s, min_s, p90_s, spread and n from n >= 1 times in seconds. */
gcl_status bench_record_times(json_t *record, const double *samples_s, size_t n, gcl_error *err);

/** Sets value (the median), unit, samples, median, spread and n from n >= 1 samples in unit. */
gcl_status bench_record_value(json_t *record, const char *unit, const double *samples, size_t n,
                              gcl_error *err);

/**
 * Reads JSON lines: one object a line with texts kind and name, empty lines skipped.
 * *out is an array of records, owned by the caller.
 *
 * @return GCL_E_FILE; GCL_E_FORMAT with file and line when a line is not such an object or
 *         repeats the kind and name of an earlier one.
 */
gcl_status bench_records_read(json_t **out, const char *path, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
