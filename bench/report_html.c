/* report_html.c - the HTML report: one page that needs neither script nor network. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report_internal.h"
#include "bench/report_table.h"
#include "bench/stats.h"

void bench_html_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out);
        else if (*text == '"')
            fputs("&quot;", out);
        else if (*text == '\'')
            fputs("&#39;", out);
        else
            fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, out);
    }
}

static gcl_status write_head(FILE *out, const json_t *records, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char *fact = NULL;

    GCL_TRY(bench_fact(&fact, "device", records, err));
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<title>galip bench: ",
          out);
    bench_html_text(out, fact);
    fputs("</title>\n<style>\n", out);
    for (size_t i = 0; i < bench_report_css_n; i++)
        fprintf(out, "%s\n", bench_report_css[i]);
    fputs("</style>\n</head>\n<body>\n<main>\n<h1>galip bench</h1>\n<dl class=\"facts\">\n", out);
    for (size_t i = 0; i < bench_facts_n; i++) {
        free(fact);
        fact = NULL;
        GCL_TRY(bench_fact(&fact, bench_facts[i].key, records, err));
        if (fact[0] == '\0')
            continue;
        fprintf(out, "<dt>%s</dt><dd>", bench_facts[i].title);
        bench_html_text(out, fact);
        fputs("</dd>\n", out);
    }
    fputs("</dl>\n", out);
done:
    free(fact);
    return st;
}

static void write_tiles(FILE *out, const json_t *records)
{
    static const bench_column value = {"value", "value", BENCH_WITH_UNIT};
    char buffer[BENCH_CELL_BYTES];
    bool any = false;
    size_t i;
    json_t *record;

    json_array_foreach(records, i, record)
    {
        if (strcmp(bench_text(record, "kind"), "ceiling") != 0)
            continue;
        fputs(any ? "" : "<h2>What the device can do</h2>\n<div class=\"tiles\">\n", out);
        any = true;
        fputs("<div class=\"tile\"><b>", out);
        bench_html_text(out, bench_cell(buffer, &value, record));
        fputs("</b><span>", out);
        bench_html_text(out, bench_text(record, "name"));
        fputs("</span></div>\n", out);
    }
    fputs(any ? "</div>\n" : "", out);
}

static void write_roofline(FILE *out, const json_t *records)
{
    if (!bench_plot_has_roofline(records))
        return;
    fputs("<h2>Roofline</h2>\n<p class=\"note\">A dot is a timed op with "
          "<span class=\"key hot\"></span>warm or <span class=\"key cold\"></span>cold caches; "
          "hover for its name. Warm dots may lie above the slope: they read from a cache. Ops "
          "without arithmetic are in the bars below.</p>\n",
          out);
    bench_plot_roofline(out, records, "wide", 1140.0, 480.0);
    bench_plot_roofline(out, records, "narrow", 368.0, 340.0);
}

/* Percent of the ceiling that limits an op; a launch-limited op is shown against its nearer one. */
static double percent_of_limit(const json_t *op)
{
    const double fma = bench_number(op, "pct_fma"), read = bench_number(op, "pct_read");
    const char *limit = bench_text(op, "limit");

    if (strcmp(limit, "compute") == 0)
        return fma;
    return strcmp(limit, "memory") == 0 ? read : fmax(fma, read);
}

static const char *limit_class(const json_t *op)
{
    const char *limit = bench_text(op, "limit");

    if (strcmp(limit, "compute") == 0)
        return "compute";
    return strcmp(limit, "memory") == 0 ? "memory" : "launch";
}

static bool is_op(const json_t *record, const char *op)
{
    return strcmp(bench_text(record, "kind"), "op") == 0 &&
           (op == NULL || strcmp(bench_text(record, "op"), op) == 0);
}

/* The summary line of an op: the median over its rows, coloured as most of them are limited. */
static gcl_status write_op_summary(FILE *out, const json_t *records, const char *op, gcl_error *err)
{
    static const char *const classes[] = {"compute", "memory", "launch"};
    double *percents = malloc((json_array_size(records) + 1) * sizeof *percents);
    size_t votes[3] = {0, 0, 0}, n = 0, i, most = 0;
    gcl_status st = GCL_OK;
    bench_summary s;
    json_t *record;

    if (percents == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "report: host allocation of %s", op);
    json_array_foreach(records, i, record)
    {
        if (!is_op(record, op))
            continue;
        percents[n++] = percent_of_limit(record);
        for (size_t c = 0; c < 3; c++)
            votes[c] += strcmp(limit_class(record), classes[c]) == 0;
    }
    for (size_t c = 1; c < 3; c++)
        most = votes[c] > votes[most] ? c : most;
    GCL_TRY(bench_summarise(&s, percents, n, err));
    fputs("<summary><span class=\"row\"><span class=\"what\">", out);
    bench_html_text(out, op);
    fputs("</span>", out);
    bench_plot_bar(out, s.median, classes[most]);
    fprintf(out, "<span class=\"much\">median %.0f %%, %zu rows</span></span></summary>\n",
            s.median, n);
done:
    free(percents);
    return st;
}

static void write_op_row(FILE *out, const json_t *record)
{
    const double percent = percent_of_limit(record);
    const bool fma = percent == bench_number(record, "pct_fma");
    const char *op = bench_text(record, "op"), *name = bench_text(record, "name");
    const size_t skip = strlen(op);
    char median[BENCH_CELL_BYTES];

    if (strncmp(name, op, skip) == 0 && name[skip] == '/')
        name += skip + 1; /* the heading above says it */
    bench_format_value(median, BENCH_SECONDS, bench_number(record, "median_s"));
    fputs("<div class=\"row\"><span class=\"what\">", out);
    bench_html_text(out, name);
    fputs("</span>", out);
    bench_plot_bar(out, percent, limit_class(record));
    fprintf(out, "<span class=\"much\">%.1f %% of %s, %s</span></div>\n", percent,
            fma ? "fma" : "read", median);
}

static gcl_status write_bars(FILE *out, const json_t *records, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *seen = json_object(), *record, *inner;
    size_t i, k;

    json_array_foreach(records, i, record)
    {
        const char *op = bench_text(record, "op");
        if (!is_op(record, NULL) || json_object_get(seen, op) != NULL)
            continue;
        if (json_object_size(seen) == 0)
            fputs("<h2>Ops against their ceiling</h2>\n<p class=\"note\">Limited by "
                  "<span class=\"key compute\"></span>arithmetic "
                  "<span class=\"key memory\"></span>memory "
                  "<span class=\"key launch\"></span>launch. A bar is the median over an op's "
                  "rows; open it for each of them. Above 100 % a mark stands at 100 %.</p>\n",
                  out);
        if (json_object_set_new(seen, op, json_true()) != 0) {
            st = GCL_FAIL(err, GCL_E_NOMEM, "report: host allocation of %s", op);
            goto done;
        }
        fputs("<details>\n", out);
        GCL_TRY(write_op_summary(out, records, op, err));
        json_array_foreach(records, k, inner)
        {
            if (is_op(inner, op))
                write_op_row(out, inner);
        }
        fputs("</details>\n", out);
    }
done:
    json_decref(seen);
    return st;
}

static gcl_status write_curves(FILE *out, const json_t *records, gcl_error *err)
{
    json_t *seen = json_object(), *record;
    gcl_status st = GCL_OK;
    size_t i;

    json_array_foreach(records, i, record)
    {
        const char *part = bench_text(record, "part");
        if (json_object_get(seen, part) != NULL || !bench_plot_has_curve(records, part))
            continue;
        if (json_object_size(seen) == 0)
            fputs("<h2>Latency and throughput</h2>\n<p class=\"note\">Steady state; the number at "
                  "a point is its batch. Both axes are logarithmic.</p>\n<div class=\"curves\">\n",
                  out);
        if (json_object_set_new(seen, part, json_true()) != 0) {
            st = GCL_FAIL(err, GCL_E_NOMEM, "report: host allocation of %s", part);
            goto done;
        }
        fputs("<div><h3>", out);
        bench_html_text(out, part);
        fputs("</h3>\n", out);
        bench_plot_curve(out, records, part);
        fputs("</div>\n", out);
    }
    fputs(json_object_size(seen) > 0 ? "</div>\n" : "", out);
done:
    json_decref(seen);
    return st;
}

static void write_share(FILE *out, const char *what, double seconds, double whole_s,
                        const char *css_class)
{
    const double percent = 100.0 * seconds / whole_s;
    char time[BENCH_CELL_BYTES];

    bench_format_value(time, BENCH_SECONDS, seconds);
    fputs("<div class=\"row\"><span class=\"what\">", out);
    bench_html_text(out, what);
    fputs("</span>", out);
    bench_plot_bar(out, percent, css_class);
    fprintf(out, "<span class=\"much\">%.1f %%, %s</span></div>\n", percent, time);
}

static void write_model_groups(FILE *out, const json_t *model)
{
    const json_t *groups = json_object_get(model, "groups");
    const double whole_s = bench_number(model, "median_s");
    char text[BENCH_CELL_BYTES];
    size_t i;
    json_t *group;

    bench_format_value(text, BENCH_SECONDS, whole_s);
    fputs("<details>\n<summary><span class=\"row\"><span class=\"what\">", out);
    bench_html_text(out, bench_text(model, "name"));
    fputs("</span>", out);
    bench_plot_stack(out, groups, whole_s);
    fprintf(out, "<span class=\"much\">%s, %.0f %% explained</span></span></summary>\n", text,
            100.0 * bench_number(model, "explained"));
    json_array_foreach(groups, i, group)
    {
        snprintf(text, sizeof text, "s%zu", i < 5 ? i : 5);
        write_share(out, bench_text(group, "op"), bench_number(group, "s"), whole_s, text);
    }
    write_share(out, "gap", bench_number(model, "gap_s"), whole_s, "gap");
    fputs("</details>\n", out);
}

/* Steady models only: the other phases are in the table. */
static void write_groups(FILE *out, const json_t *records)
{
    bool any = false;
    size_t i;
    json_t *record;

    json_array_foreach(records, i, record)
    {
        if (json_array_size(json_object_get(record, "groups")) == 0 ||
            strcmp(bench_text(record, "phase"), "steady") != 0 ||
            bench_number(record, "median_s") <= 0.0)
            continue;
        fputs(any ? ""
                  : "<h2>Where the time goes</h2>\n<p class=\"note\">Time of each op's kernels by "
                    "events as part of the wall clock in steady state; open a bar for the names. "
                    "The empty end is the gap between kernels and wall clock.</p>\n",
              out);
        any = true;
        write_model_groups(out, record);
    }
}

static void write_table(FILE *out, const bench_table *table, const json_t *rows)
{
    char buffer[BENCH_CELL_BYTES];
    size_t i;
    json_t *row;

    fprintf(out, "<h2>%s</h2>\n<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>",
            table->title);
    for (size_t c = 0; c < table->n; c++)
        fprintf(out, "<th%s>%s</th>",
                bench_column_is_number(&table->columns[c]) ? " class=\"number\"" : "",
                table->columns[c].title);
    fputs("</tr></thead>\n<tbody>\n", out);
    json_array_foreach(rows, i, row)
    {
        fputs("<tr>", out);
        for (size_t c = 0; c < table->n; c++) {
            const char *cell = bench_cell(buffer, &table->columns[c], row);
            fputs(bench_column_is_number(&table->columns[c]) ? "<td class=\"number"
                                                             : "<td class=\"",
                  out);
            if (strcmp(cell, "FASTER") == 0 || strcmp(cell, "SLOWER") == 0)
                fputs(cell, out);
            fputs("\">", out);
            bench_html_text(out, cell);
            fputs("</td>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

gcl_status bench_html_write(FILE *out, const json_t *records, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *rows = NULL;

    GCL_TRY(write_head(out, records, err));
    write_tiles(out, records);
    write_roofline(out, records);
    GCL_TRY(write_bars(out, records, err));
    GCL_TRY(write_curves(out, records, err));
    write_groups(out, records);
    for (size_t i = 0; i < bench_tables_n; i++) {
        GCL_TRY(bench_table_rows(&rows, &bench_tables[i], records, err));
        if (json_array_size(rows) > 0)
            write_table(out, &bench_tables[i], rows);
        json_decref(rows);
        rows = NULL;
    }
    fputs("</main>\n</body>\n</html>\n", out);
done:
    json_decref(rows);
    return st;
}
