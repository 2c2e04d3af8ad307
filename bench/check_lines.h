/**
 * Rows of a check gathered to the lines of its table.
 */
#ifndef GCL_BENCH_CHECK_LINES_H
#define GCL_BENCH_CHECK_LINES_H

#include <jansson.h>

/** The rows of one op, variant and math together. */
typedef struct bench_check_line {
    const json_t *worst; /* the row that came closest to its bound */
    int n, passed, noted, special;
    double nmse; /* largest */
} bench_check_line;

enum {
    BENCH_CHECK_LINES = 64, /* of one op: variants times two */
    BENCH_CHECK_COLUMNS = 11,
    BENCH_CHECK_VERDICT = 9, /* this column: ok, note or FAIL */
    BENCH_CHECK_CELL = 80    /* bytes */
};

typedef struct bench_check_column {
    const char *head;
    int width; /* in text; negative: to the left */
} bench_check_column;

extern const bench_check_column bench_check_columns[BENCH_CHECK_COLUMNS];

/** A string of a row; "" when it has none. */
const char *bench_check_text(const json_t *row, const char *key);

/** @param l  zeroed before the first row */
void bench_check_add(bench_check_line *l, const json_t *row);

/** The lines of the op of row `from`; *end is the first row of the next op. @return how many */
int bench_check_lines(const json_t *rows, size_t from, size_t *end,
                      bench_check_line lines[BENCH_CHECK_LINES]);

void bench_check_cells(const bench_check_line *l,
                       char cells[BENCH_CHECK_COLUMNS][BENCH_CHECK_CELL]);

#endif
