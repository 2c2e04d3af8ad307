/* report_table.c - which columns a report shows and how a value reads. */
#include "bench/report_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const bench_column ceiling_columns[] = {
    {"ceiling", "name", BENCH_TEXT},
    {"value", "value", BENCH_WITH_UNIT},
    {"spread", "spread", BENCH_SHARE},
    {"best shape", "shape", BENCH_TEXT},
};
static const bench_column op_columns[] = {
    {"op / case / variant / cache", "name", BENCH_TEXT},
    {"median", "median_s", BENCH_SECONDS},
    {"min", "min_s", BENCH_SECONDS},
    {"p90", "p90_s", BENCH_SECONDS},
    {"spread", "spread", BENCH_SHARE},
    {"n", "n", BENCH_COUNT},
    {"GFLOP/s", "gflops", BENCH_NUMBER},
    {"GB/s", "gbps", BENCH_NUMBER},
    {"of fma", "pct_fma", BENCH_PERCENT},
    {"of read", "pct_read", BENCH_PERCENT},
    {"limit", "limit", BENCH_TEXT},
    {"against", "vs", BENCH_VERSUS},
    {"launch", "launch", BENCH_TEXT},
};
static const bench_column model_columns[] = {
    {"part / batch / phase", "name", BENCH_TEXT},
    {"median", "median_s", BENCH_SECONDS},
    {"min", "min_s", BENCH_SECONDS},
    {"p90", "p90_s", BENCH_SECONDS},
    {"spread", "spread", BENCH_SHARE},
    {"n", "n", BENCH_COUNT},
    {"items/s", "pictures_per_s", BENCH_NUMBER},
    {"GFLOP", "naive_gflop", BENCH_NUMBER},
    {"GFLOP/s", "gflops", BENCH_NUMBER},
    {"of fma", "pct_fma", BENCH_PERCENT},
    {"memory", "memory_bytes", BENCH_BYTES},
    {"kernels", "kernels_s", BENCH_SECONDS},
    {"gap", "gap_s", BENCH_SECONDS},
    {"explained", "explained", BENCH_SHARE},
};
static const bench_column group_columns[] = {
    {"part / batch / phase", "name", BENCH_TEXT},
    {"op", "op", BENCH_TEXT},
    {"time", "s", BENCH_SECONDS},
    {"share", "share", BENCH_SHARE},
    {"calls", "calls", BENCH_COUNT},
};
static const bench_column claim_columns[] = {
    {"claim", "name", BENCH_TEXT},
    {"model", "model", BENCH_TEXT},
    {"size", "size", BENCH_TEXT},
    {"hardware", "hardware", BENCH_TEXT},
    {"time", "seconds", BENCH_SECONDS},
    {"ratio", "ratio", BENCH_RATIO},
    {"published", "published", BENCH_YES_NO},
    {"source", "source", BENCH_TEXT},
};
static const bench_column compare_columns[] = {
    {"kind", "of", BENCH_TEXT},
    {"name", "name", BENCH_TEXT},
    {"A", "a", BENCH_WITH_UNIT},
    {"B", "b", BENCH_WITH_UNIT},
    {"time B/A", "ratio", BENCH_RATIO},
    {"95 % interval", "low", BENCH_INTERVAL},
    {"p", "p", BENCH_P},
    {"verdict", "verdict", BENCH_TEXT},
};

#define TABLE(kind, title, columns)                              \
    {                                                            \
        kind, title, columns, sizeof columns / sizeof columns[0] \
    }

const bench_table bench_tables[] = {
    TABLE("ceiling", "Ceilings", ceiling_columns), TABLE("op", "Ops", op_columns),
    TABLE("model", "Models", model_columns),       TABLE("group", "Time by op", group_columns),
    TABLE("claim", "Claims", claim_columns),       TABLE("compare", "Comparison", compare_columns),
};
const size_t bench_tables_n = sizeof bench_tables / sizeof bench_tables[0];

const bench_column bench_facts[] = {
    {"device", "device", BENCH_TEXT}, {"platform", "platform", BENCH_TEXT},
    {"driver", "driver", BENCH_TEXT}, {"galip", "version", BENCH_TEXT},
    {"commit", "commit", BENCH_TEXT}, {"date", "date", BENCH_TEXT},
    {"command", "flags", BENCH_TEXT},
};
const size_t bench_facts_n = sizeof bench_facts / sizeof bench_facts[0];

double bench_number(const json_t *record, const char *key)
{
    return json_number_value(json_object_get(record, key));
}

const char *bench_text(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text != NULL ? text : "";
}

bool bench_column_is_number(const bench_column *column)
{
    return column->format != BENCH_TEXT && column->format != BENCH_YES_NO &&
           column->format != BENCH_VERSUS;
}

/* Four significant digits without an exponent; 0.0001234 keeps its digits. */
static int decimals(double value)
{
    const double v = fabs(value);
    int d = 3;

    if (v == 0.0)
        return 0;
    for (double top = 10.0; v >= top * 0.99995 && d > 0; top *= 10.0)
        d--;
    for (double low = 1.0; v < low * 0.99995 && d < 9; low /= 10.0)
        d++;
    return d;
}

static void with_prefix(char *buffer, double value, double step, const char *const *units, int last)
{
    int i = 0;

    while (i < last && fabs(value) >= step * 0.99995) {
        value /= step;
        i++;
    }
    snprintf(buffer, BENCH_CELL_BYTES, "%.*f %s", decimals(value), value, units[i]);
}

void bench_format_value(char buffer[BENCH_CELL_BYTES], bench_format format, double value)
{
    static const char *const seconds[] = {"ns", "us", "ms", "s"};
    static const char *const bytes[] = {"B", "KiB", "MiB", "GiB", "TiB"};

    if (format == BENCH_SECONDS)
        with_prefix(buffer, value * 1e9, 1e3, seconds, 3);
    else if (format == BENCH_BYTES)
        with_prefix(buffer, value, 1024.0, bytes, 4);
    else if (format == BENCH_COUNT)
        snprintf(buffer, BENCH_CELL_BYTES, "%.0f", value);
    else if (format == BENCH_PERCENT)
        snprintf(buffer, BENCH_CELL_BYTES, "%.1f %%", value);
    else if (format == BENCH_SHARE)
        snprintf(buffer, BENCH_CELL_BYTES, "%.1f %%", 100.0 * value);
    else if (format == BENCH_RATIO)
        snprintf(buffer, BENCH_CELL_BYTES, "%.3f", value);
    else if (format == BENCH_P)
        snprintf(buffer, BENCH_CELL_BYTES, value < 1e-4 ? "< 0.0001" : "%.4f", value);
    else
        snprintf(buffer, BENCH_CELL_BYTES, "%.*f", decimals(value), value);
}

static void with_unit(char *buffer, double value, const char *unit)
{
    const size_t n = (size_t)snprintf(buffer, BENCH_CELL_BYTES, "%.*f", decimals(value), value);

    if (strcmp(unit, "s") == 0)
        bench_format_value(buffer, BENCH_SECONDS, value);
    else
        snprintf(buffer + n, BENCH_CELL_BYTES - n, " %s", unit);
}

const char *bench_cell(char buffer[BENCH_CELL_BYTES], const bench_column *column,
                       const json_t *record)
{
    const json_t *value = json_object_get(record, column->key);

    buffer[0] = '\0';
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_boolean(value))
        return json_is_true(value) ? "yes" : "no";
    if (column->format == BENCH_VERSUS && json_is_object(value)) {
        snprintf(buffer, BENCH_CELL_BYTES, "%s %.3f %s", bench_text(value, "verdict"),
                 bench_number(value, "ratio"), bench_text(value, "name"));
    } else if (json_is_number(value)) {
        if (column->format == BENCH_WITH_UNIT)
            with_unit(buffer, json_number_value(value), bench_text(record, "unit"));
        else if (column->format == BENCH_INTERVAL)
            snprintf(buffer, BENCH_CELL_BYTES, "%.3f .. %.3f", json_number_value(value),
                     bench_number(record, "high"));
        else
            bench_format_value(buffer, column->format, json_number_value(value));
    }
    return buffer;
}

static gcl_status append_groups(json_t *rows, const json_t *model, gcl_error *err)
{
    size_t i;
    json_t *group;

    json_array_foreach(json_object_get(model, "groups"), i, group)
    {
        json_t *row = json_copy(group);
        if (json_object_set(row, "name", json_object_get(model, "name")) != 0) {
            json_decref(row);
            return GCL_FAIL(err, GCL_E_NOMEM, "report: host allocation of a row");
        }
        if (json_array_append_new(rows, row) != 0)
            return GCL_FAIL(err, GCL_E_NOMEM, "report: host allocation of a row");
    }
    return GCL_OK;
}

gcl_status bench_table_rows(json_t **out, const bench_table *table, const json_t *records,
                            gcl_error *err)
{
    const int groups = strcmp(table->kind, "group") == 0;
    gcl_status st = GCL_OK;
    json_t *rows = json_array(), *record;
    size_t i;

    *out = NULL;
    json_array_foreach(records, i, record)
    {
        if (groups) {
            GCL_TRY(append_groups(rows, record, err));
        } else if (strcmp(bench_text(record, "kind"), table->kind) == 0 &&
                   json_array_append(rows, record) != 0) {
            st = GCL_FAIL(err, GCL_E_NOMEM, "report: host allocation of a row");
            goto done;
        }
    }
    *out = rows;
    rows = NULL;
done:
    json_decref(rows);
    return st;
}

gcl_status bench_fact(char **out, const char *key, const json_t *records, gcl_error *err)
{
    json_t *seen = json_object(), *record;
    size_t i, bytes = 1, at = 0;
    const char *text;

    *out = NULL;
    json_array_foreach(records, i, record)
    {
        text = bench_text(record, key);
        if (text[0] != '\0' && json_object_get(seen, text) == NULL) {
            json_object_set_new(seen, text, json_true());
            bytes += strlen(text) + 2;
        }
    }
    *out = calloc(1, bytes);
    if (*out != NULL) {
        json_object_foreach(seen, text, record) at +=
            (size_t)snprintf(*out + at, bytes - at, "%s%s", at > 0 ? ", " : "", text);
    }
    json_decref(seen);
    return *out != NULL ? GCL_OK : GCL_FAIL(err, GCL_E_NOMEM, "report: host allocation");
}
