/* check_lines.c - rows of a check gathered to the lines of its table. */
#include "bench/check_lines.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *bench_check_text(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));

    return text != NULL ? text : "";
}

/* null stands for infinity, see check.c; a value that was never measured is NaN. */
static double number_of(const json_t *row, const char *key)
{
    const json_t *v = json_object_get(row, key);

    return json_is_number(v) ? json_number_value(v) : json_is_null(v) ? INFINITY : (double)NAN;
}

static double closeness(const json_t *row)
{
    const double max = number_of(row, "max_ulp"), bound = number_of(row, "bound_ulp");

    return isnan(max) ? INFINITY : max == 0 ? 0 : max / bound;
}

static bool same_line(const json_t *a, const json_t *b)
{
    return strcmp(bench_check_text(a, "op"), bench_check_text(b, "op")) == 0 &&
           strcmp(bench_check_text(a, "variant"), bench_check_text(b, "variant")) == 0 &&
           strcmp(bench_check_text(a, "math"), bench_check_text(b, "math")) == 0;
}

void bench_check_add(bench_check_line *l, const json_t *row)
{
    const double nmse = number_of(row, "nmse");

    if (l->worst == NULL || closeness(row) > closeness(l->worst))
        l->worst = row;
    l->n++;
    l->passed += strcmp(bench_check_text(row, "verdict"), "pass") == 0;
    l->noted += strcmp(bench_check_text(row, "verdict"), "note") == 0;
    l->special += number_of(row, "special") > 0;
    l->nmse = nmse > l->nmse ? nmse : l->nmse;
}

int bench_check_lines(const json_t *rows, size_t from, size_t *end,
                      bench_check_line lines[BENCH_CHECK_LINES])
{
    const char *op = bench_check_text(json_array_get(rows, from), "op");
    int n = 0;

    for (*end = from; *end < json_array_size(rows); ++*end) {
        const json_t *row = json_array_get(rows, *end);
        int k = 0;
        if (strcmp(bench_check_text(row, "op"), op) != 0)
            break;
        while (k < n && !same_line(lines[k].worst, row))
            k++;
        if (k == BENCH_CHECK_LINES)
            continue;
        if (k == n)
            lines[n++] = (bench_check_line){0};
        bench_check_add(&lines[k], row);
    }
    return n;
}

const bench_check_column bench_check_columns[BENCH_CHECK_COLUMNS] = {
    {"op", -14},  {"variant", -18}, {"math", -6},   {"cases", 5}, {"max ULP", 9}, {"p99 ULP", 9},
    {"bound", 9}, {"NMSE", 8},      {"NaN/Inf", 7}, {"", -4},     {"case", -1},
};

static void number_cell(char *cell, const char *fmt, double v)
{
    if (isnan(v))
        snprintf(cell, BENCH_CHECK_CELL, "-");
    else
        snprintf(cell, BENCH_CHECK_CELL, fmt, v);
}

void bench_check_cells(const bench_check_line *l, char cells[BENCH_CHECK_COLUMNS][BENCH_CHECK_CELL])
{
    snprintf(cells[0], BENCH_CHECK_CELL, "%s", bench_check_text(l->worst, "op"));
    snprintf(cells[1], BENCH_CHECK_CELL, "%s", bench_check_text(l->worst, "variant"));
    snprintf(cells[2], BENCH_CHECK_CELL, "%s", bench_check_text(l->worst, "math"));
    snprintf(cells[3], BENCH_CHECK_CELL, "%d", l->n);
    number_cell(cells[4], "%.3g", number_of(l->worst, "max_ulp"));
    number_cell(cells[5], "%.3g", number_of(l->worst, "p99_ulp"));
    number_cell(cells[6], "%.3g", number_of(l->worst, "bound_ulp"));
    number_cell(cells[7], "%.1e", l->nmse);
    number_cell(cells[8], "%.0f", l->special > 0 ? l->special : (double)NAN);
    snprintf(cells[BENCH_CHECK_VERDICT], BENCH_CHECK_CELL, "%s",
             l->passed == l->n              ? "ok"
             : l->passed + l->noted == l->n ? "note"
                                            : "FAIL");
    snprintf(cells[10], BENCH_CHECK_CELL, "%s", bench_check_text(l->worst, "case"));
}
