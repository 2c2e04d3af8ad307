/* check_report.c - renders the rows of a check. */
#include "bench/check_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/op_suite.h"

static const char units_text[] =
    "An ULP is 2^-23 of an element's scale, the sum of the absolute values of the terms that it "
    "is made of. Each line shows the case that came closest to its bound. The cases hold sizes of "
    "1, primes, and one beside the size of groups and tiles, as well as the models' own. Strict "
    "math: every element is within its bound, NaN and infinities are where the reference has "
    "them. Fast math (-cl-fast-relaxed-math): OpenCL leaves the accuracy to the device, so that "
    "an element beyond the bound is a note. Always: all runs give the same bits, and canaries "
    "around all memory stay whole.";

static const char bounds_text[] =
    "An element may differ from the float64 reference by its op's bound times 2^-24 (half an ULP) "
    "times its scale, the sum of the absolute values of the terms that it is made of. sum(n) = 4 "
    "sqrt(n) + 4 bounds the error of a sum of n rounded products with probability (Higham and "
    "Mary 2019, lambda = 4); the worst case, n, is far too wide to find faults. 0: exact.";

gcl_status bench_format_find(bench_format *out, const char *name, gcl_error *err)
{
    static const char *const names[] = {"text", "md", "json", "html"};

    for (int i = 0; i < OP_COUNT(names); i++)
        if (strcmp(names[i], name) == 0) {
            *out = (bench_format)i;
            return GCL_OK;
        }
    return GCL_FAIL(err, GCL_E_NOT_FOUND, "there is no format \"%s\", needs text, md, json or html",
                    name);
}

/* ---- a record's values ---- */

static const char *text_of(const json_t *row, const char *key)
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

/* ---- lines of the table: rows of one op, variant and math together ---- */

typedef struct line {
    const json_t *worst; /* the row that came closest to its bound */
    int n, passed, noted, special;
    double nmse; /* largest */
} line;

static double closeness(const json_t *row)
{
    const double max = number_of(row, "max_ulp"), bound = number_of(row, "bound_ulp");

    return isnan(max) ? INFINITY : max == 0 ? 0 : max / bound;
}

static bool same_line(const json_t *a, const json_t *b)
{
    return strcmp(text_of(a, "op"), text_of(b, "op")) == 0 &&
           strcmp(text_of(a, "variant"), text_of(b, "variant")) == 0 &&
           strcmp(text_of(a, "math"), text_of(b, "math")) == 0;
}

static void add_row(line *l, const json_t *row)
{
    const double nmse = number_of(row, "nmse");

    if (l->worst == NULL || closeness(row) > closeness(l->worst))
        l->worst = row;
    l->n++;
    l->passed += strcmp(text_of(row, "verdict"), "pass") == 0;
    l->noted += strcmp(text_of(row, "verdict"), "note") == 0;
    l->special += number_of(row, "special") > 0;
    l->nmse = nmse > l->nmse ? nmse : l->nmse;
}

enum { MAX_LINES = 64 }; /* of one op: variants times two */

/* The lines of the op of row `from`; *end is the first row of the next op. */
static int lines_of(const json_t *rows, size_t from, size_t *end, line lines[MAX_LINES])
{
    const char *op = text_of(json_array_get(rows, from), "op");
    int n = 0;

    for (*end = from; *end < json_array_size(rows); ++*end) {
        const json_t *row = json_array_get(rows, *end);
        int k = 0;
        if (strcmp(text_of(row, "op"), op) != 0)
            break;
        while (k < n && !same_line(lines[k].worst, row))
            k++;
        if (k == MAX_LINES)
            continue;
        if (k == n)
            lines[n++] = (line){0};
        add_row(&lines[k], row);
    }
    return n;
}

enum { COLUMNS = 11, CELL_ROOM = 80 };

static const struct {
    const char *head;
    int width; /* in text; negative: to the left */
} columns[COLUMNS] = {
    {"op", -14},  {"variant", -18}, {"math", -6},   {"cases", 5}, {"max ULP", 9}, {"p99 ULP", 9},
    {"bound", 9}, {"NMSE", 8},      {"NaN/Inf", 7}, {"", -4},     {"case", -1},
};

static void number_cell(char *cell, const char *fmt, double v)
{
    if (isnan(v))
        snprintf(cell, CELL_ROOM, "-");
    else
        snprintf(cell, CELL_ROOM, fmt, v);
}

static void cells_of(const line *l, char cells[COLUMNS][CELL_ROOM])
{
    snprintf(cells[0], CELL_ROOM, "%s", text_of(l->worst, "op"));
    snprintf(cells[1], CELL_ROOM, "%s", text_of(l->worst, "variant"));
    snprintf(cells[2], CELL_ROOM, "%s", text_of(l->worst, "math"));
    snprintf(cells[3], CELL_ROOM, "%d", l->n);
    number_cell(cells[4], "%.3g", number_of(l->worst, "max_ulp"));
    number_cell(cells[5], "%.3g", number_of(l->worst, "p99_ulp"));
    number_cell(cells[6], "%.3g", number_of(l->worst, "bound_ulp"));
    number_cell(cells[7], "%.1e", l->nmse);
    snprintf(cells[8], CELL_ROOM, l->special > 0 ? "%d" : "", l->special);
    snprintf(cells[9], CELL_ROOM, "%s",
             l->passed == l->n              ? "ok"
             : l->passed + l->noted == l->n ? "note"
                                            : "FAIL");
    snprintf(cells[10], CELL_ROOM, "%s", text_of(l->worst, "case"));
}

/* ---- formats ---- */

static void wrap(FILE *out, const char *text, int indent, int width)
{
    int at = indent;

    while (*text != '\0') {
        const int n = (int)strcspn(text, " ");
        if (at > indent && at + 1 + n > width) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        }
        at += fprintf(out, "%s%.*s", at > indent ? " " : "", n, text);
        text += n + (text[n] == ' ');
    }
    fputc('\n', out);
}

void bench_check_print_bounds(FILE *out)
{
    wrap(out, bounds_text, 0, 100);
    fputc('\n', out);
    for (int i = 0; op_suites[i] != NULL; i++) {
        fprintf(out, "%-16s", op_suites[i]->op);
        wrap(out, op_suites[i]->bound, 16, 100);
    }
}

static void put_html(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc(*text, out);
        }
}

/* A line of the table, or with l NULL its head. */
static void put_line(FILE *out, bench_format format, const line *l)
{
    char cells[COLUMNS][CELL_ROOM];

    if (l != NULL)
        cells_of(l, cells);
    if (format == BENCH_HTML)
        fprintf(out, "<tr class=\"%s\">", l != NULL ? cells[9] : "head");
    for (int c = 0; c < COLUMNS; c++) {
        const char *text = l != NULL ? cells[c] : columns[c].head;
        if (format == BENCH_HTML) {
            fprintf(out, "<%s%s>", l != NULL ? "td" : "th", columns[c].width > 0 ? " class=n" : "");
            put_html(out, text);
        } else if (format == BENCH_MD) {
            fprintf(out, "| %s ", text);
        } else {
            fprintf(out, "%s%*s", c > 0 ? "  " : "", columns[c].width, text);
        }
    }
    fputs(format == BENCH_MD ? "|\n" : "\n", out);
    for (int c = 0; l == NULL && format == BENCH_MD && c < COLUMNS; c++)
        fprintf(out, "|%s%s", columns[c].width > 0 ? "---:" : "---", c == COLUMNS - 1 ? "|\n" : "");
}

static void put_lines(bench_check_report *r, size_t from)
{
    line lines[MAX_LINES];

    for (size_t end; from < json_array_size(r->rows); from = end) {
        const int n = lines_of(r->rows, from, &end, lines);
        for (int i = 0; i < n; i++)
            put_line(r->out, r->format, &lines[i]);
        r->printed = end;
    }
    fflush(r->out);
}

static void put_fault(FILE *out, const json_t *row)
{
    const bool noted = strcmp(text_of(row, "verdict"), "note") == 0;

    fprintf(out, "%s %s; repeat: %s\n", noted ? "note" : "FAIL", text_of(row, "message"),
            text_of(row, "repeat"));
    if (json_object_get(row, "log") != NULL)
        fprintf(out, "%s\n", text_of(row, "log"));
}

/* ---- HTML ---- */

static const char html_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>galip check</title>\n<style>\n"
    "body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:70rem;padding:1rem;"
    "color:#222;background:#fff}\n"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}\n"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem}\n"
    "th,td{padding:.2rem .6rem;text-align:left;border-bottom:1px solid #ddd;white-space:nowrap}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums}td.wrap{white-space:normal}\n"
    "tr.FAIL td{background:#fde2e1}tr.note td{background:#fdf3d8}\n"
    "pre{background:#f4f4f4;padding:.6rem;white-space:pre-wrap;overflow-wrap:anywhere}\n"
    ".bad{color:#b00020}.good{color:#1b6e3c}\n</style></head><body>\n<h1>galip check</h1>\n";

static void put_html_faults(const bench_check_report *r)
{
    const json_t *row;
    size_t k, n = 0;

    json_array_foreach(r->rows, k, row)
    {
        if (json_object_get(row, "fault") == NULL)
            continue;
        if (n++ == 0)
            fputs("<h2>Faults and notes</h2>\n", r->out);
        fprintf(r->out, "<pre>%s ", text_of(row, "verdict"));
        put_html(r->out, text_of(row, "message"));
        fputc('\n', r->out);
        put_html(r->out, text_of(row, "repeat"));
        if (json_object_get(row, "log") != NULL)
            fputc('\n', r->out);
        put_html(r->out, text_of(row, "log"));
        fputs("</pre>\n", r->out);
    }
}

static void put_html_rows(const bench_check_report *r)
{
    const json_t *row;
    size_t k;

    fputs("<h2>Every case</h2>\n<details><summary>Show</summary><div class=scroll><table>\n",
          r->out);
    put_line(r->out, r->format, NULL);
    json_array_foreach(r->rows, k, row)
    {
        line l = {0};
        add_row(&l, row);
        put_line(r->out, r->format, &l);
    }
    fputs("</table></div></details>\n<h2>Bounds</h2>\n<p>", r->out);
    put_html(r->out, bounds_text);
    fputs("</p>\n<div class=scroll><table>\n", r->out);
    for (int i = 0; op_suites[i] != NULL; i++) {
        fprintf(r->out, "<tr><td>%s<td class=wrap>", op_suites[i]->op);
        put_html(r->out, op_suites[i]->bound);
        fputc('\n', r->out);
    }
    fputs("</table></div>\n", r->out);
}

static void put_html_page(bench_check_report *r, const bench_check_summary *sum)
{
    static const char *const keys[] = {"device", "platform", "driver", "version", "date", "flags"};

    fputs(html_head, r->out);
    fputs("<p>", r->out);
    for (int i = 0; i < OP_COUNT(keys); i++) {
        fprintf(r->out, "%s%s: ", i > 0 ? "<br>" : "", keys[i]);
        put_html(r->out, text_of(r->common, keys[i]));
    }
    fprintf(r->out, "</p>\n<p class=%s><b>%zu passed, %zu failed</b>, %zu noted</p>\n<p>",
            sum->failed > 0 ? "bad" : "good", sum->passed, sum->failed, sum->noted);
    put_html(r->out, units_text);
    fputs("</p>\n<div class=scroll><table>\n", r->out);
    put_line(r->out, r->format, NULL);
    put_lines(r, 0);
    fputs("</table></div>\n", r->out);
    put_html_faults(r);
    put_html_rows(r);
    fputs("</body></html>\n", r->out);
}

/* ---- the report ---- */

gcl_status bench_check_begin(bench_check_report *r, FILE *out, bench_format format,
                             const json_t *common, gcl_error *err)
{
    *r = (bench_check_report){out, format, common, json_array(), 0};
    if (r->rows == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "report: host allocation failed");
    if (format == BENCH_MD)
        fputs("# galip check\n\n", out);
    if (format == BENCH_MD || format == BENCH_TEXT) {
        fprintf(out, "device %s, driver %s, platform %s, galip %s, %s, seed %s\n\n",
                text_of(common, "device"), text_of(common, "driver"), text_of(common, "platform"),
                text_of(common, "version"), text_of(common, "date"), text_of(common, "seed"));
        wrap(out, units_text, 0, 100);
        fputc('\n', out);
        put_line(out, format, NULL);
    }
    return GCL_OK;
}

void bench_check_row(void *user, json_t *row)
{
    bench_check_report *r = user;
    const size_t n = json_array_size(r->rows);

    if (r->format == BENCH_JSON) {
        json_dumpf(row, r->out, JSON_COMPACT | JSON_REAL_PRECISION(9));
        fputc('\n', r->out);
        fflush(r->out);
        return;
    }
    if (r->format == BENCH_TEXT && n > r->printed &&
        strcmp(text_of(json_array_get(r->rows, n - 1), "op"), text_of(row, "op")) != 0)
        put_lines(r, r->printed);
    json_array_append(r->rows, row);
    if (r->format == BENCH_TEXT && json_object_get(row, "fault") != NULL)
        put_fault(r->out, row);
}

static void put_json_summary(const bench_check_report *r, const bench_check_summary *sum)
{
    json_t *last = json_object();

    json_object_update(last, (json_t *)(size_t)r->common);
    json_object_set_new(last, "kind", json_string("check_summary"));
    json_object_set_new(last, "name", json_string("check"));
    json_object_set_new(last, "passed", json_integer((json_int_t)sum->passed));
    json_object_set_new(last, "failed", json_integer((json_int_t)sum->failed));
    json_object_set_new(last, "noted", json_integer((json_int_t)sum->noted));
    json_object_set_new(last, "refused", json_integer((json_int_t)sum->refused));
    json_dumpf(last, r->out, JSON_COMPACT);
    fputc('\n', r->out);
    json_decref(last);
}

void bench_check_end(bench_check_report *r, const bench_check_summary *sum)
{
    const json_t *row;
    size_t k;

    if (r->format == BENCH_JSON) {
        put_json_summary(r, sum);
        return;
    }
    if (r->format == BENCH_HTML) {
        put_html_page(r, sum);
        return;
    }
    put_lines(r, r->printed);
    fputc('\n', r->out);
    json_array_foreach(r->rows, k,
                       row) if (r->format == BENCH_MD && json_object_get(row, "fault") != NULL)
    {
        fputs("    ", r->out);
        put_fault(r->out, row);
    }
    fprintf(r->out,
            "NaN or infinities in the reference of %zu rows; %zu variants refused a case; %zu rows "
            "of fast math noted\n%s%zu passed, %zu failed\n",
            sum->special, sum->refused, sum->noted, r->format == BENCH_MD ? "\n" : "", sum->passed,
            sum->failed);
}

void bench_check_report_clear(bench_check_report *r)
{
    json_decref(r->rows);
    r->rows = NULL;
}
