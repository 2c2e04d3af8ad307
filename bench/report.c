/* report.c - the formats of a report, and the plain ones of them. */
#include "bench/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report_internal.h"
#include "bench/report_table.h"

#define JSON_STYLE (JSON_COMPACT | JSON_REAL_PRECISION(15))

/* Columns on a terminal, one a code point. */
static size_t text_width(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void put_plain(FILE *out, const char *text, bool markdown)
{
    for (; *text != '\0'; text++) {
        if (markdown && strchr("|\\`*_<", *text) != NULL)
            fputc('\\', out);
        fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, out);
    }
}

/* Blanks wait in *pending for the next text, so that lines end in none. */
static void put_aligned(FILE *out, const char *text, size_t width, bool right, size_t *pending)
{
    const size_t used = text_width(text), pad = used < width ? width - used : 0;

    *pending += right ? pad : 0;
    if (used > 0) {
        fprintf(out, "%*s", (int)*pending, "");
        put_plain(out, text, false);
        *pending = 0;
    }
    *pending += (right ? 0 : pad) + 2;
}

static void text_table(FILE *out, const bench_table *table, const json_t *rows)
{
    char buffer[BENCH_CELL_BYTES];
    size_t widths[16], i, pending = 0; /* no table has more than 16 columns */
    json_t *row;

    for (size_t c = 0; c < table->n; c++) {
        widths[c] = 0;
        json_array_foreach(rows, i, row)
        {
            const size_t w = text_width(bench_cell(buffer, &table->columns[c], row));
            widths[c] = w > widths[c] ? w : widths[c];
        }
        if (widths[c] == 0)
            continue; /* nobody has this value: no column */
        if (widths[c] < text_width(table->columns[c].title))
            widths[c] = text_width(table->columns[c].title);
    }
    fprintf(out, "\n%s\n", table->title);
    for (size_t c = 0; c < table->n; c++)
        if (widths[c] > 0)
            put_aligned(out, table->columns[c].title, widths[c],
                        bench_column_is_number(&table->columns[c]), &pending);
    fputc('\n', out);
    json_array_foreach(rows, i, row)
    {
        pending = 0;
        for (size_t c = 0; c < table->n; c++)
            if (widths[c] > 0)
                put_aligned(out, bench_cell(buffer, &table->columns[c], row), widths[c],
                            bench_column_is_number(&table->columns[c]), &pending);
        fputc('\n', out);
    }
}

static void markdown_table(FILE *out, const bench_table *table, const json_t *rows)
{
    char buffer[BENCH_CELL_BYTES];
    size_t i;
    json_t *row;

    fprintf(out, "\n## %s\n\n|", table->title);
    for (size_t c = 0; c < table->n; c++)
        fprintf(out, " %s |", table->columns[c].title);
    fputs("\n|", out);
    for (size_t c = 0; c < table->n; c++)
        fputs(bench_column_is_number(&table->columns[c]) ? " ---: |" : " --- |", out);
    fputc('\n', out);
    json_array_foreach(rows, i, row)
    {
        fputc('|', out);
        for (size_t c = 0; c < table->n; c++) {
            fputc(' ', out);
            put_plain(out, bench_cell(buffer, &table->columns[c], row), true);
            fputs(" |", out);
        }
        fputc('\n', out);
    }
}

static gcl_status write_tables(FILE *out, const json_t *records, bool markdown, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *rows = NULL;
    char *fact = NULL;

    for (size_t i = 0; i < bench_facts_n; i++) {
        GCL_TRY(bench_fact(&fact, bench_facts[i].key, records, err));
        if (fact[0] != '\0') {
            fprintf(out, markdown ? "- %s: " : "%-8s  ", bench_facts[i].title);
            put_plain(out, fact, markdown);
            fputc('\n', out);
        }
        free(fact);
        fact = NULL;
    }
    for (size_t i = 0; i < bench_tables_n; i++) {
        GCL_TRY(bench_table_rows(&rows, &bench_tables[i], records, err));
        if (json_array_size(rows) > 0) {
            if (markdown)
                markdown_table(out, &bench_tables[i], rows);
            else
                text_table(out, &bench_tables[i], rows);
        }
        json_decref(rows);
        rows = NULL;
    }
done:
    free(fact);
    json_decref(rows);
    return st;
}

static void csv_text(FILE *out, const char *text)
{
    const bool quote = strpbrk(text, ",\"\r\n") != NULL;

    if (quote)
        fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    if (quote)
        fputc('"', out);
}

static void csv_cell(FILE *out, const json_t *value)
{
    bool numbers = json_is_array(value);
    size_t i;
    json_t *item;
    char *text;

    json_array_foreach(value, i, item) numbers = numbers && json_is_number(item);
    if (json_is_string(value)) {
        csv_text(out, json_string_value(value));
    } else if (numbers) {
        json_array_foreach(value, i, item)
            fprintf(out, "%s%.15g", i > 0 ? " " : "", json_number_value(item));
    } else if (value != NULL && !json_is_null(value)) {
        text = json_dumps(value, JSON_STYLE | JSON_ENCODE_ANY);
        csv_text(out, text != NULL ? text : "");
        free(text);
    }
}

/* columns: "key" or "key.member" -> path as an array of one or two names. */
static gcl_status csv_columns(json_t *columns, const json_t *record, gcl_error *err)
{
    const char *key, *member;
    json_t *value, *inner;
    char path[256];
    int bad = 0;

    json_object_foreach((json_t *)record, key, value)
    {
        if (json_is_object(value)) {
            json_object_foreach(value, member, inner)
            {
                snprintf(path, sizeof path, "%s.%s", key, member);
                if (json_object_get(columns, path) == NULL)
                    bad |= json_object_set_new(columns, path, json_pack("[ss]", key, member));
            }
        } else if (json_object_get(columns, key) == NULL) {
            bad |= json_object_set_new(columns, key, json_pack("[s]", key));
        }
    }
    return bad ? GCL_FAIL(err, GCL_E_NOMEM, "report: host allocation of a column") : GCL_OK;
}

static gcl_status write_csv(FILE *out, const json_t *records, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *columns = json_object(), *record, *path;
    const char *title, *separator = "";
    size_t i;

    json_array_foreach(records, i, record) GCL_TRY(csv_columns(columns, record, err));
    json_object_foreach(columns, title, path)
    {
        fputs(separator, out);
        csv_text(out, title);
        separator = ",";
    }
    fputc('\n', out);
    json_array_foreach(records, i, record)
    {
        separator = "";
        json_object_foreach(columns, title, path)
        {
            const json_t *value = record;
            size_t k;
            json_t *name;
            json_array_foreach(path, k, name) value =
                json_object_get(value, json_string_value(name));
            fputs(separator, out);
            csv_cell(out, json_is_object(value) ? NULL : value);
            separator = ",";
        }
        fputc('\n', out);
    }
done:
    json_decref(columns);
    return st;
}

static gcl_status write_json(FILE *out, const json_t *records, gcl_error *err)
{
    size_t i;
    json_t *record;

    json_array_foreach(records, i, record)
    {
        char *text = json_dumps(record, JSON_STYLE);
        if (text == NULL)
            return GCL_FAIL(err, GCL_E_NOMEM, "report: host allocation of a line");
        fprintf(out, "%s\n", text);
        free(text);
    }
    return GCL_OK;
}

static gcl_status check_kinds(const json_t *records, gcl_error *err)
{
    size_t i, t;
    json_t *record;

    json_array_foreach(records, i, record)
    {
        const char *kind = bench_text(record, "kind");
        for (t = 0; t < bench_tables_n && strcmp(kind, bench_tables[t].kind) != 0; t++)
            ;
        if (t == bench_tables_n)
            return GCL_FAIL(err, GCL_E_ARG,
                            "report: record %zu has kind \"%s\"; ceiling, op, model, claim or "
                            "compare is required",
                            i + 1, kind);
    }
    return GCL_OK;
}

gcl_status bench_report_write(FILE *out, const char *format, const json_t *records, gcl_error *err)
{
    gcl_status st = check_kinds(records, err);

    if (st != GCL_OK)
        return st;
    if (strcmp(format, "text") == 0 || strcmp(format, "md") == 0)
        st = write_tables(out, records, format[0] == 'm', err);
    else if (strcmp(format, "csv") == 0)
        st = write_csv(out, records, err);
    else if (strcmp(format, "json") == 0)
        st = write_json(out, records, err);
    else if (strcmp(format, "html") == 0)
        st = bench_html_write(out, records, err);
    else
        return GCL_FAIL(err, GCL_E_ARG,
                        "report: format text, md, csv, json or html is required, got \"%s\"",
                        format);
    if (st == GCL_OK && (fflush(out) != 0 || ferror(out)))
        st = GCL_FAIL(err, GCL_E_FILE, "report: writing failed: %s", strerror(errno));
    return st;
}
