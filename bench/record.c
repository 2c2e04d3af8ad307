/* record.c - making records and reading them back. */
#include "bench/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "bench/stats.h"

#ifndef GALIP_COMMIT
#define GALIP_COMMIT "unknown"
#endif

#define FILE_LIMIT ((size_t)1 << 30) /* bytes of a file of records */

/* Takes over value, also on failure. */
static gcl_status set(json_t *record, const char *key, json_t *value, gcl_error *err)
{
    if (json_object_set_new(record, key, value) != 0)
        return GCL_FAIL(err, GCL_E_NOMEM, "record: host allocation for key %s", key);
    return GCL_OK;
}

gcl_status bench_record_text(json_t *record, const char *key, const char *text, gcl_error *err)
{
    json_t *value = text != NULL ? json_string(text) : json_null();
    char *ascii;

    if (value == NULL && (ascii = strdup(text)) != NULL) {
        for (char *c = ascii; *c != '\0'; c++)
            if ((unsigned char)*c >= 0x80)
                *c = '?';
        value = json_string(ascii);
        free(ascii);
    }
    return set(record, key, value, err);
}

gcl_status bench_record_real(json_t *record, const char *key, double value, gcl_error *err)
{
    return set(record, key, isfinite(value) ? json_real(value) : json_null(), err);
}

gcl_status bench_record_count(json_t *record, const char *key, size_t value, gcl_error *err)
{
    return set(record, key, json_integer((json_int_t)value), err);
}

gcl_status bench_run_create(json_t **out, const gcl_device_info *device, const char *flags,
                            gcl_error *err)
{
    const time_t now = time(NULL);
    gcl_status st = GCL_OK;
    struct tm utc;
    char date[32];
    json_t *run = json_object();

    *out = NULL;
    memset(&utc, 0, sizeof utc);
    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    GCL_TRY(bench_record_text(run, "device", device->name, err));
    GCL_TRY(bench_record_text(run, "platform", device->platform_name, err));
    GCL_TRY(bench_record_text(run, "driver", device->driver, err));
    GCL_TRY(bench_record_text(run, "version", GALIP_VERSION, err));
    GCL_TRY(bench_record_text(run, "commit", GALIP_COMMIT, err));
    GCL_TRY(bench_record_text(run, "flags", flags, err));
    GCL_TRY(bench_record_text(run, "date", date, err));
    *out = run;
    run = NULL;
done:
    json_decref(run);
    return st;
}

gcl_status bench_record_create(json_t **out, const json_t *run, const char *kind, const char *name,
                               gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *record = json_object();

    *out = NULL;
    GCL_TRY(bench_record_text(record, "kind", kind, err));
    GCL_TRY(bench_record_text(record, "name", name, err));
    if (json_object_update(record, (json_t *)run) != 0) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "record: host allocation for %s %s", kind, name);
        goto done;
    }
    *out = record;
    record = NULL;
done:
    json_decref(record);
    return st;
}

static gcl_status set_samples(json_t *record, const char *key, const double *samples, size_t n,
                              gcl_error *err)
{
    json_t *array = json_array();

    for (size_t i = 0; i < n; i++) {
        if (json_array_append_new(array, json_real(samples[i])) != 0) {
            json_decref(array);
            return GCL_FAIL(err, GCL_E_NOMEM, "record: host allocation of %zu samples", n);
        }
    }
    return set(record, key, array, err);
}

gcl_status bench_record_times(json_t *record, const double *samples_s, size_t n, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_summary s;

    GCL_TRY(bench_summarise(&s, samples_s, n, err));
    GCL_TRY(set_samples(record, "samples_s", samples_s, n, err));
    GCL_TRY(bench_record_real(record, "median_s", s.median, err));
    GCL_TRY(bench_record_real(record, "min_s", s.min, err));
    GCL_TRY(bench_record_real(record, "p90_s", s.p90, err));
    GCL_TRY(bench_record_real(record, "spread", s.spread, err));
    GCL_TRY(bench_record_count(record, "n", n, err));
done:
    return st;
}

gcl_status bench_record_value(json_t *record, const char *unit, const double *samples, size_t n,
                              gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_summary s;

    GCL_TRY(bench_summarise(&s, samples, n, err));
    GCL_TRY(bench_record_real(record, "value", s.median, err));
    GCL_TRY(bench_record_text(record, "unit", unit, err));
    GCL_TRY(set_samples(record, "samples", samples, n, err));
    GCL_TRY(bench_record_real(record, "median", s.median, err));
    GCL_TRY(bench_record_real(record, "spread", s.spread, err));
    GCL_TRY(bench_record_count(record, "n", n, err));
done:
    return st;
}

/* seen: kind -> name -> line of the first. */
static gcl_status read_line(json_t *records, json_t *seen, const char *text, size_t bytes,
                            const char *path, size_t line, gcl_error *err)
{
    json_error_t why;
    json_t *record = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &why);
    const char *kind = json_string_value(json_object_get(record, "kind"));
    const char *name = json_string_value(json_object_get(record, "name"));
    gcl_status st = GCL_OK;
    json_t *names, *first;

    if (record == NULL) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s:%zu: not a JSON object: %s", path, line, why.text);
        goto done;
    }
    if (kind == NULL || name == NULL) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s:%zu: a record needs a text \"%s\"", path, line,
                      kind == NULL ? "kind" : "name");
        goto done;
    }
    names = json_object_get(seen, kind);
    if (names == NULL) {
        names = json_object();
        GCL_TRY(set(seen, kind, names, err));
    }
    first = json_object_get(names, name);
    if (first != NULL) {
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s:%zu: %s %s stands already in line %lld; names "
                      "must be unique within a kind",
                      path, line, kind, name, (long long)json_integer_value(first));
        goto done;
    }
    GCL_TRY(set(names, name, json_integer((json_int_t)line), err));
    if (json_array_append(records, record) != 0)
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s:%zu: host allocation of a record", path, line);
done:
    json_decref(record);
    return st;
}

gcl_status bench_records_read(json_t **out, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *records = json_array(), *seen = json_object();
    char *text = NULL;
    size_t bytes = 0, line = 1;

    *out = NULL;
    GCL_TRY(gcl_file_read(&text, &bytes, path, FILE_LIMIT, err));
    for (size_t at = 0; at < bytes; line++) {
        const char *end = memchr(text + at, '\n', bytes - at);
        const size_t n = end != NULL ? (size_t)(end - text) - at : bytes - at;
        size_t blank = 0;
        while (blank < n && strchr(" \t\r", text[at + blank]) != NULL && text[at + blank] != '\0')
            blank++;
        if (blank < n)
            GCL_TRY(read_line(records, seen, text + at, n, path, line, err));
        at += n + 1;
    }
    if (records == NULL || seen == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of records", path);
        goto done;
    }
    *out = records;
    records = NULL;
done:
    free(text);
    json_decref(seen);
    json_decref(records);
    return st;
}
