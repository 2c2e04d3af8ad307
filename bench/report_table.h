/**
 * The columns of each kind of record, shared by the text, Markdown and HTML reports.
 */
#ifndef BENCH_REPORT_TABLE_H
#define BENCH_REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum bench_format {
    BENCH_TEXT,
    BENCH_COUNT,
    BENCH_NUMBER,
    BENCH_RATIO,
    BENCH_SECONDS,
    BENCH_BYTES,
    BENCH_PERCENT,   /* a number in percent */
    BENCH_SHARE,     /* a fraction, shown in percent */
    BENCH_WITH_UNIT, /* a number in the record's unit */
    BENCH_P,         /* a probability */
    BENCH_YES_NO,
    BENCH_VERSUS,  /* the object vs of an op: verdict, ratio, name */
    BENCH_INTERVAL /* low and high of a comparison */
} bench_format;

typedef struct bench_column {
    const char *title, *key;
    bench_format format;
} bench_column;

typedef struct bench_table {
    const char *kind;
    const char *title;
    const bench_column *columns;
    size_t n;
} bench_table;

/** Every table in the order of a report. "group" holds the groups of the models, one row each. */
extern const bench_table bench_tables[];
extern const size_t bench_tables_n;

/** Facts of a run for the head of a report: keys of records and their titles. */
extern const bench_column bench_facts[];
extern const size_t bench_facts_n;

enum { BENCH_CELL_BYTES = 128 };

/**
 * What a cell shows: buffer, or a text borrowed from the record; "" when the record has no such
 * value. Control characters are left to the caller.
 */
const char *bench_cell(char buffer[BENCH_CELL_BYTES], const bench_column *column,
                       const json_t *record);

/** Numbers are aligned to the right. */
bool bench_column_is_number(const bench_column *column);

/** "1.234 ms", "56.78 GiB", "123.4": four significant digits, a prefix where there is a unit. */
void bench_format_value(char buffer[BENCH_CELL_BYTES], bench_format format, double value);

/** Rows of a table: an array that shares the records of its kind. *out is owned by the caller. */
gcl_status bench_table_rows(json_t **out, const bench_table *table, const json_t *records,
                            gcl_error *err);

/** Distinct texts of a key over all records, joined by ", "; owned by the caller (free). */
gcl_status bench_fact(char **out, const char *key, const json_t *records, gcl_error *err);

/** The number under key; 0 when there is none. */
double bench_number(const json_t *record, const char *key);

/** The text under key; "" when there is none; borrowed from the record. */
const char *bench_text(const json_t *record, const char *key);

#ifdef __cplusplus
}
#endif
#endif
