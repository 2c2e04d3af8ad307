/* check_report.c - renders the rows of a check. */
#include "bench/check_report.h"

#include <string.h>

#include "bench/check_lines.h"
#include "tests/suite/op_suite.h"

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
static void put_line(FILE *out, bench_format format, const bench_check_line *l)
{
    char cells[BENCH_CHECK_COLUMNS][BENCH_CHECK_CELL];

    if (l != NULL)
        bench_check_cells(l, cells);
    if (format == BENCH_HTML)
        fprintf(out, "<tr class=\"%s\">", l != NULL ? cells[BENCH_CHECK_VERDICT] : "head");
    for (int c = 0; c < BENCH_CHECK_COLUMNS; c++) {
        const char *text = l != NULL ? cells[c] : bench_check_columns[c].head;
        if (format == BENCH_HTML) {
            fprintf(out, "<%s%s>", l != NULL ? "td" : "th",
                    bench_check_columns[c].width > 0 ? " class=n" : "");
            put_html(out, text);
        } else if (format == BENCH_MD) {
            fprintf(out, "| %s ", text);
        } else {
            fprintf(out, "%s%*s", c > 0 ? "  " : "", bench_check_columns[c].width, text);
        }
    }
    fputs(format == BENCH_MD ? "|\n" : "\n", out);
    for (int c = 0; l == NULL && format == BENCH_MD && c < BENCH_CHECK_COLUMNS; c++)
        fprintf(out, "|%s%s", bench_check_columns[c].width > 0 ? "---:" : "---",
                c == BENCH_CHECK_COLUMNS - 1 ? "|\n" : "");
}

static void put_lines(bench_check_report *r, size_t from)
{
    bench_check_line lines[BENCH_CHECK_LINES];

    for (size_t end; from < json_array_size(r->rows); from = end) {
        const int n = bench_check_lines(r->rows, from, &end, lines);
        for (int i = 0; i < n; i++)
            put_line(r->out, r->format, &lines[i]);
        r->printed = end;
    }
    fflush(r->out);
}

static void put_fault(FILE *out, const json_t *row)
{
    const bool noted = strcmp(bench_check_text(row, "verdict"), "note") == 0;

    fprintf(out, "%s %s; repeat: %s\n", noted ? "note" : "FAIL", bench_check_text(row, "message"),
            bench_check_text(row, "repeat"));
    if (json_object_get(row, "log") != NULL)
        fprintf(out, "%s\n", bench_check_text(row, "log"));
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
        fprintf(r->out, "<pre>%s ", bench_check_text(row, "verdict"));
        put_html(r->out, bench_check_text(row, "message"));
        fputc('\n', r->out);
        put_html(r->out, bench_check_text(row, "repeat"));
        if (json_object_get(row, "log") != NULL)
            fputc('\n', r->out);
        put_html(r->out, bench_check_text(row, "log"));
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
        bench_check_line l = {0};
        bench_check_add(&l, row);
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
        put_html(r->out, bench_check_text(r->common, keys[i]));
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
                bench_check_text(common, "device"), bench_check_text(common, "driver"),
                bench_check_text(common, "platform"), bench_check_text(common, "version"),
                bench_check_text(common, "date"), bench_check_text(common, "seed"));
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
        strcmp(bench_check_text(json_array_get(r->rows, n - 1), "op"),
               bench_check_text(row, "op")) != 0)
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
