/* compare.c - two runs against each other. */
#include "bench/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record.h"
#include "bench/report_table.h"
#include "bench/stats.h"

/* The samples of a record: as they are, and as times in any unit, in which small is good. */
typedef struct samples {
    double *times; /* [n]; owned */
    size_t n;
    const char *unit; /* borrowed from the record */
    double median;    /* in unit */
} samples;

static const json_t *find(const json_t *records, const json_t *like)
{
    size_t i;
    json_t *record;

    json_array_foreach(records, i, record)
    {
        if (strcmp(bench_text(record, "name"), bench_text(like, "name")) == 0 &&
            strcmp(bench_text(record, "kind"), bench_text(like, "kind")) == 0)
            return record;
    }
    return NULL;
}

static bool is_published(const json_t *record)
{
    return json_is_true(json_object_get(record, "published"));
}

/* Times of batches become their medians: what one batch holds is not independent. */
static gcl_status reduce_batches(samples *out, const json_t *record, const char *file,
                                 gcl_error *err)
{
    const json_t *batches = json_object_get(record, "batches");
    gcl_status st = GCL_OK;
    size_t k, used = 0;
    json_t *size;
    bench_summary s;

    json_array_foreach(batches, k, size)
    {
        const size_t n = (size_t)json_integer_value(size);
        if (n == 0 || n > out->n - used) {
            st = GCL_FAIL(err, GCL_E_FORMAT, "%s: %s: batches must sum up to %zu samples", file,
                          bench_text(record, "name"), out->n);
            goto done;
        }
        GCL_TRY(bench_summarise(&s, out->times + used, n, err));
        out->times[k] = s.median;
        used += n;
    }
    if (used > 0 && used < out->n)
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: %s: batches must sum up to %zu samples", file,
                      bench_text(record, "name"), out->n);
    else if (used > 0)
        out->n = k;
done:
    return st;
}

static gcl_status samples_of(samples *out, const json_t *record, const char *file, gcl_error *err)
{
    static const char *const keys[] = {"samples_s", "samples", "median_s", "value", "seconds"};
    const char *kind = bench_text(record, "kind"), *name = bench_text(record, "name");
    const json_t *value = NULL;
    gcl_status st = GCL_OK;
    bench_summary summary;
    bool rate;

    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && value == NULL; i++)
        value = json_object_get(record, keys[i]);
    out->n = json_is_array(value) ? json_array_size(value) : json_is_number(value);
    out->unit = json_object_get(record, "unit") != NULL ? bench_text(record, "unit") : "s";
    rate = strchr(out->unit, '/') != NULL;
    if (out->n == 0)
        return GCL_FAIL(err, GCL_E_FORMAT,
                        "%s: %s %s: samples_s, samples, median_s, value or seconds is required",
                        file, kind, name);
    out->times = malloc(out->n * sizeof *out->times);
    if (out->times == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu samples", file, out->n);
    for (size_t i = 0; i < out->n; i++) {
        out->times[i] = json_number_value(json_is_array(value) ? json_array_get(value, i) : value);
        if (!(out->times[i] > 0.0))
            return GCL_FAIL(err, GCL_E_FORMAT, "%s: %s %s: sample %zu must be a number > 0", file,
                            kind, name, i + 1);
    }
    GCL_TRY(reduce_batches(out, record, file, err));
    GCL_TRY(bench_summarise(&summary, out->times, out->n, err));
    out->median = summary.median;
    for (size_t i = 0; rate && i < out->n; i++)
        out->times[i] = 1.0 / out->times[i];
done:
    return st;
}

static gcl_status append(json_t *rows, json_t **row, gcl_error *err)
{
    const int bad = json_array_append_new(rows, *row);

    *row = NULL;
    return bad ? GCL_FAIL(err, GCL_E_NOMEM, "compare: host allocation of a row") : GCL_OK;
}

static gcl_status row_create(json_t **out, const json_t *record, gcl_error *err)
{
    gcl_status st = GCL_OK;

    *out = json_object();
    GCL_TRY(bench_record_text(*out, "kind", "compare", err));
    GCL_TRY(bench_record_text(*out, "of", bench_text(record, "kind"), err));
    GCL_TRY(bench_record_text(*out, "name", bench_text(record, "name"), err));
done:
    return st;
}

/* Where A and B come from: "x", or "x against y" where they differ. */
static gcl_status set_facts(json_t *row, const json_t *const records[2], gcl_error *err)
{
    gcl_status st = GCL_OK;
    char both[512];

    for (size_t i = 0; i < bench_facts_n; i++) {
        const char *key = bench_facts[i].key;
        const char *a = bench_text(records[0], key), *b = bench_text(records[1], key);
        snprintf(both, sizeof both, strcmp(a, b) == 0 ? "%s" : "%s against %s", a, b);
        if (both[0] != '\0')
            GCL_TRY(bench_record_text(row, key, both, err));
    }
done:
    return st;
}

static gcl_status append_single(json_t *rows, const json_t *record, const char *file,
                                const char *key, const char *verdict, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *row = NULL;
    samples x = {NULL, 0, NULL, 0.0};

    GCL_TRY(samples_of(&x, record, file, err));
    GCL_TRY(row_create(&row, record, err));
    GCL_TRY(bench_record_text(row, "unit", x.unit, err));
    GCL_TRY(bench_record_real(row, key, x.median, err));
    GCL_TRY(bench_record_text(row, "verdict", verdict, err));
    GCL_TRY(append(rows, &row, err));
done:
    json_decref(row);
    free(x.times);
    return st;
}

static gcl_status append_pair(json_t *rows, bool *regression, const json_t *const records[2],
                              const char *const files[2], double threshold, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *row = NULL;
    samples x[2] = {{NULL, 0, NULL, 0.0}, {NULL, 0, NULL, 0.0}};
    const double floor = fmax(json_number_value(json_object_get(records[0], "floor_s")),
                              json_number_value(json_object_get(records[1], "floor_s")));
    bench_ratio r;

    GCL_TRY(samples_of(&x[0], records[0], files[0], err));
    GCL_TRY(samples_of(&x[1], records[1], files[1], err));
    if (strcmp(x[0].unit, x[1].unit) != 0) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: %s %s is in %s, but in %s in %s", files[1],
                      bench_text(records[1], "kind"), bench_text(records[1], "name"), x[1].unit,
                      x[0].unit, files[0]);
        goto done;
    }
    GCL_TRY(bench_ratio_of(&r, x[0].times, x[0].n, x[1].times, x[1].n, threshold, floor, err));
    GCL_TRY(row_create(&row, records[0], err));
    GCL_TRY(bench_record_text(row, "unit", x[0].unit, err));
    GCL_TRY(bench_record_real(row, "a", x[0].median, err));
    GCL_TRY(bench_record_real(row, "b", x[1].median, err));
    GCL_TRY(bench_record_real(row, "ratio", r.ratio, err));
    GCL_TRY(bench_record_real(row, "low", r.low, err));
    GCL_TRY(bench_record_real(row, "high", r.high, err));
    GCL_TRY(bench_record_real(row, "p", r.p, err));
    GCL_TRY(bench_record_text(row, "verdict", bench_verdict_name(r.verdict), err));
    GCL_TRY(set_facts(row, records, err));
    GCL_TRY(append(rows, &row, err));
    *regression = *regression || r.verdict == BENCH_SLOWER;
done:
    json_decref(row);
    free(x[1].times);
    free(x[0].times);
    return st;
}

gcl_status bench_compare(const char *file_a, const char *file_b, double threshold, json_t **rows,
                         bool *regression, gcl_error *err)
{
    const char *const files[2] = {file_a, file_b};
    gcl_status st = GCL_OK;
    json_t *a = NULL, *b = NULL, *out = json_array(), *record;
    size_t i;

    *rows = NULL;
    *regression = false;
    if (!(threshold > 0.0)) {
        st = GCL_FAIL(err, GCL_E_ARG, "compare: threshold must be > 0, got %g", threshold);
        goto done;
    }
    GCL_TRY(bench_records_read(&a, file_a, err));
    GCL_TRY(bench_records_read(&b, file_b, err));
    json_array_foreach(a, i, record)
    {
        const json_t *pair[2] = {record, find(b, record)};
        if (is_published(record))
            continue;
        if (pair[1] != NULL)
            GCL_TRY(append_pair(out, regression, pair, files, threshold, err));
        else
            GCL_TRY(append_single(out, record, file_a, "a", "only in A", err));
    }
    json_array_foreach(b, i, record)
    {
        if (!is_published(record) && find(a, record) == NULL)
            GCL_TRY(append_single(out, record, file_b, "b", "only in B", err));
    }
    *rows = out;
    out = NULL;
done:
    json_decref(out);
    json_decref(b);
    json_decref(a);
    return st;
}
