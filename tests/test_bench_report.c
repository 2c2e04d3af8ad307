/* test_bench_report.c - records to every format and back, and comparisons of files. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/compare.h"
#include "bench/record.h"
#include "bench/report.h"

#define FILE_A "bench_report_a.jsonl"
#define FILE_B "bench_report_b.jsonl"

static void expect_error(gcl_status got, gcl_status want, const gcl_error *err,
                         const char *fragment)
{
    if (got != want || strstr(err->message, fragment) == NULL)
        fail_msg("%s \"%s\", wanted %s with \"%s\"", gcl_status_name(got), err->message,
                 gcl_status_name(want), fragment);
}

static void expect_text(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is missing in:\n%.2000s", part, text);
}

/* Owned by the caller (free). */
static char *report(const char *format, const json_t *records)
{
    gcl_error err = GCL_ERROR_INIT;
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    assert_non_null(out);
    if (bench_report_write(out, format, records, &err) != GCL_OK)
        fail_msg("%s: %s", format, err.message);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* JSON with ' in place of ", to stay readable in C. */
static json_t *parse(const char *text)
{
    char *copy = strdup(text);
    json_error_t why;
    json_t *value;

    assert_non_null(copy);
    for (char *c = copy; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    value = json_loads(copy, 0, &why);
    if (value == NULL)
        fail_msg("column %d: %s", why.column, why.text);
    free(copy);
    return value;
}

/* A record or two of each kind; the names try to break every format. */
static json_t *sample_records(void)
{
    return parse(
        "[{'kind':'ceiling','name':'fma_f32','device':'<b>&\\u0022dev|ice\\u0022','commit':'c1',"
        "  'value':100.0,'unit':'GFLOP/s','samples':[99.0,100.0,101.0],'spread':0.02,'shape':'8'},"
        " {'kind':'ceiling','name':'read','device':'other','value':10,'unit':'GB/s'},"
        " {'kind':'op','name':'gemm/<i>, \\u0007one\\n/v/hot','op':'gemm','cache':'hot',"
        "  'samples_s':[0.001,0.0011],'median_s':0.00105,'min_s':0.001,'p90_s':null,'n':2,"
        "  'flops':5e7,'bytes':1e6,'gflops':47.6,'gbps':0.95,'pct_fma':47.6,'pct_read':9.5,"
        "  'limit':'compute','params':{'M':3,'N':4},'verified':true,"
        "  'vs':{'name':'clblast','ratio':0.5,'p':0.001,'verdict':'FASTER'}},"
        " {'kind':'model','name':'text/b2/steady','part':'text','batch':2,'phase':'steady',"
        "  'median_s':0.5,'kernels_s':0.4,'gap_s':0.1,'explained':0.97,'memory_bytes':1572864,"
        "  'groups':[{'op':'gemm','s':0.4,'share':0.8,'calls':7}]},"
        " {'kind':'claim','name':'ldm','seconds':9.4,'published':true,'source':'a | b'}]");
}

static void text_shows_each_kind(void **state)
{
    json_t *records = sample_records();
    char *text = report("text", records);

    (void)state;
    expect_text(text, "device    <b>&\"dev|ice\", other\n");
    expect_text(text, "\nfma_f32  100.0 GFLOP/s   2.0 %  8\n");
    expect_text(text, "gemm/<i>, ?one?/v/hot        1.050 ms  1.000 ms");
    expect_text(text, "FASTER 0.500 clblast\n");
    expect_text(text, "1.500 MiB");
    expect_text(text, "text/b2/steady        gemm  400.0 ms  80.0 %      7\n");
    assert_null(strstr(text, " \n"));
    free(text);
    json_decref(records);
}

static void markdown_escapes_its_marks(void **state)
{
    json_t *records = sample_records();
    char *text = report("md", records);

    (void)state;
    expect_text(text, "## Ceilings\n\n| ceiling | value | spread | best shape |\n"
                      "| --- | ---: | ---: | --- |\n"
                      "| fma\\_f32 | 100.0 GFLOP/s | 2.0 % | 8 |\n");
    expect_text(text, "| a \\| b |\n");
    expect_text(text, "gemm/\\<i>, ?one?/v/hot");
    free(text);
    json_decref(records);
}

static void csv_is_one_flat_table(void **state)
{
    json_t *records = sample_records();
    char *text = report("csv", records);

    (void)state;
    assert_memory_equal(text, "kind,name,device,commit,value,unit,samples,", 43);
    expect_text(text, ",params.M,params.N,verified,vs.name,vs.ratio,vs.p,vs.verdict,");
    expect_text(text, "\nceiling,fma_f32,\"<b>&\"\"dev|ice\"\"\",c1,100.0,GFLOP/s,99 100 101,");
    expect_text(text, "\nop,\"gemm/<i>, \aone\n/v/hot\",");
    expect_text(text,
                "\"[{\"\"op\"\":\"\"gemm\"\",\"\"s\"\":0.4,\"\"share\"\":0.8,\"\"calls\"\":7}]\"");
    expect_text(text, ",3,4,true,clblast,0.5,0.001,FASTER,");
    free(text);
    json_decref(records);
}

static void json_lines_come_back_equal(void **state)
{
    json_t *records = sample_records(), *back = NULL;
    gcl_error err = GCL_ERROR_INIT;
    FILE *out = fopen(FILE_A, "w");

    (void)state;
    assert_non_null(out);
    assert_int_equal(bench_report_write(out, "json", records, &err), GCL_OK);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(bench_records_read(&back, FILE_A, &err), GCL_OK);
    assert_true(json_equal(records, back));
    unlink(FILE_A);
    json_decref(back);
    json_decref(records);
}

static void html_is_escaped_and_self_contained(void **state)
{
    static const char *const never[] = {"<b>&", "<i>", "http", "<script", "nan", "inf\"", "\a"};
    json_t *records = sample_records();
    char *text = report("html", records);

    (void)state;
    expect_text(text, "<title>galip bench: &lt;b&gt;&amp;&quot;dev|ice&quot;, other</title>");
    expect_text(text, "<title>gemm/&lt;i&gt;, ?one?/v/hot\n");
    expect_text(text, "fma_f32 100.0 GFLOP/s</text>");
    expect_text(text, "read 10.00 GB/s</text>");
    expect_text(text, "<h3>text</h3>");
    expect_text(text, "<td class=\"number\">9.400 s</td>");
    expect_text(text, "</html>\n");
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (strstr(text, never[i]) != NULL)
            fail_msg("\"%s\" is in the page", never[i]);
    free(text);
    json_decref(records);
}

/* Nothing to draw, one point, values that are missing or zero. */
static void html_bears_poor_records(void **state)
{
    static const char *const cases[] = {
        "[]",
        "[{'kind':'op','name':'a'}]",
        "[{'kind':'op','name':'a','flops':0,'bytes':0,'gflops':0,'median_s':0}]",
        "[{'kind':'op','name':'a','op':'a','flops':1,'bytes':1,'gflops':1}]",
        "[{'kind':'op','name':'a','flops':1e3,'bytes':1e9,'gflops':1e-6,'gbps':5,'pct_read':250}]",
        "[{'kind':'ceiling','name':'fma_f32','value':1e5,'unit':'GFLOP/s'}]",
        "[{'kind':'ceiling','name':'fma_f32','value':1e5},{'kind':'ceiling','name':'read',"
        "'value':1e-3},{'kind':'ceiling','name':'local','value':1e6},"
        "{'kind':'ceiling','name':'fma_f16','value':1e2}]",
        "[{'kind':'model','name':'a','phase':'steady','batch':1,'median_s':1e-9}]",
        "[{'kind':'model','name':'a','phase':'steady','median_s':0,'groups':[{'op':'x'}]}]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *records = parse(cases[i]);
        char *text = report("html", records);
        expect_text(text, "</html>\n");
        assert_null(strstr(text, "nan"));
        assert_null(strstr(text, "inf\""));
        free(text);
        json_decref(records);
    }
}

static void report_refuses(void **state)
{
    json_t *records = sample_records(), *strange = parse("[{'kind':'tea','name':'x'}]");
    gcl_error err = GCL_ERROR_INIT;
    FILE *full = fopen("/dev/full", "w");

    (void)state;
    assert_non_null(full);
    expect_error(bench_report_write(full, "xml", records, &err), GCL_E_ARG, &err, "\"xml\"");
    expect_error(bench_report_write(full, "text", strange, &err), GCL_E_ARG, &err,
                 "record 1 has kind \"tea\"");
    expect_error(bench_report_write(full, "html", records, &err), GCL_E_FILE, &err, "writing");
    fclose(full);
    json_decref(strange);
    json_decref(records);
}

static void records_hold_the_common_keys(void **state)
{
    const double samples[] = {0.3, 0.1, 0.2};
    gcl_device_info device;
    gcl_error err = GCL_ERROR_INIT;
    json_t *run = NULL, *record = NULL;

    (void)state;
    memset(&device, 0, sizeof device);
    strcpy(device.name, "R\xe9veil"); /* Latin-1, as drivers may answer */
    assert_int_equal(bench_run_create(&run, &device, "galip bench ops", &err), GCL_OK);
    assert_int_equal(bench_record_create(&record, run, "op", "a/b", &err), GCL_OK);
    assert_int_equal(bench_record_times(record, samples, 3, &err), GCL_OK);
    assert_int_equal(bench_record_real(record, "gflops", NAN, &err), GCL_OK);
    assert_string_equal(json_string_value(json_object_get(record, "kind")), "op");
    assert_string_equal(json_string_value(json_object_get(record, "device")), "R?veil");
    assert_string_equal(json_string_value(json_object_get(record, "flags")), "galip bench ops");
    assert_int_equal(strlen(json_string_value(json_object_get(record, "date"))), 20);
    assert_true(json_is_null(json_object_get(record, "gflops")));
    assert_true(json_number_value(json_object_get(record, "median_s")) == 0.2);
    assert_true(json_real_value(json_array_get(json_object_get(record, "samples_s"), 0)) == 0.3);
    assert_int_equal(bench_record_value(record, "us", samples, 3, &err), GCL_OK);
    assert_true(json_number_value(json_object_get(record, "value")) == 0.2);
    assert_int_equal(bench_record_times(record, samples, 0, &err), GCL_E_ARG);
    json_decref(record);
    json_decref(run);
}

static void write_text(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    for (; *text != '\0'; text++)
        fputc(*text == '\'' ? '"' : *text, out);
    assert_int_equal(fclose(out), 0);
}

static void reading_names_file_and_line(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"\n{'kind':'op','name':'a'}\nx\n", FILE_A ":3: not a JSON object"},
        {"[1]\n", FILE_A ":1: a record needs a text \"kind\""},
        {"{'kind':'op'}", FILE_A ":1: a record needs a text \"name\""},
        {"{'kind':'op','name':'a'} {}", FILE_A ":1: not a JSON object"},
        {"{'kind':'op','name':'a'}\n \r\n{'kind':'op','name':'a'}\n", "stands already in line 1"},
    };
    gcl_error err = GCL_ERROR_INIT;
    json_t *records = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_text(FILE_A, cases[i].text);
        expect_error(bench_records_read(&records, FILE_A, &err), GCL_E_FORMAT, &err,
                     cases[i].message);
        assert_null(records);
    }
    unlink(FILE_A);
    expect_error(bench_records_read(&records, FILE_A, &err), GCL_E_FILE, &err, FILE_A);
}

static const char run_a[] =
    "{'kind':'op','name':'same','device':'d','commit':'c1','samples_s':[1.00,1.01,1.02,1.03,1.04,1."
    "05,1.06]}\n"
    "{'kind':'op','name':'slower','samples_s':[1.00,1.01,1.02,1.03,1.04,1.05,1.06]}\n"
    "{'kind':'ceiling','name':'rate','unit':'GB/s','samples':[20,21,22,23,24,25,26]}\n"
    "{'kind':'ceiling','name':'cost','unit':'us','samples':[20,21,22,23,24,25,26]}\n"
    "{'kind':'claim','name':'paper','seconds':0.04,'published':true}\n"
    "{'kind':'op','name':'gone','median_s':2.0}\n";

static const char run_b[] =
    "{'kind':'op','name':'new','samples_s':[0.5]}\n"
    "{'kind':'ceiling','name':'cost','unit':'us','samples':[10,11,12,13,14,15,16]}\n"
    "{'kind':'ceiling','name':'rate','unit':'GB/s','samples':[40,41,42,43,44,45,46]}\n"
    "{'kind':'op','name':'slower','samples_s':[1.10,1.11,1.12,1.13,1.14,1.15,1.16]}\n"
    "{'kind':'op','name':'same','device':'d','commit':'c2','samples_s':[1.03,1.04,1.05,1.06,1.07,1."
    "08,1.09]}\n";

static void expect_row(const json_t *rows, size_t i, const char *name, const char *verdict,
                       double ratio)
{
    const json_t *row = json_array_get(rows, i);

    assert_string_equal(json_string_value(json_object_get(row, "name")), name);
    assert_string_equal(json_string_value(json_object_get(row, "verdict")), verdict);
    if (fabs(json_number_value(json_object_get(row, "ratio")) - ratio) > 1e-9)
        fail_msg("%s: ratio %.17g", name, json_number_value(json_object_get(row, "ratio")));
}

static void compare_gives_verdicts(void **state)
{
    gcl_error err = GCL_ERROR_INIT;
    json_t *rows = NULL;
    bool regression = false;
    char *text;

    (void)state;
    write_text(FILE_A, run_a);
    write_text(FILE_B, run_b);
    assert_int_equal(bench_compare(FILE_A, FILE_B, BENCH_THRESHOLD, &rows, &regression, &err),
                     GCL_OK);
    assert_true(regression);
    assert_int_equal(json_array_size(rows), 6);
    expect_row(rows, 0, "same", "SAME", 1.06 / 1.03);
    expect_row(rows, 1, "slower", "SLOWER", 1.13 / 1.03);
    expect_row(rows, 2, "rate", "FASTER", 23.0 / 43.0);
    expect_row(rows, 3, "cost", "FASTER", 13.0 / 23.0);
    expect_row(rows, 4, "gone", "only in A", 0.0);
    expect_row(rows, 5, "new", "only in B", 0.0);
    text = report("text", rows);
    expect_text(text, "op       slower     1.030 s     1.130 s");
    expect_text(text, "ceiling  rate    23.00 GB/s  43.00 GB/s");
    expect_text(text, "device    d\ncommit    c1 against c2\n");
    expect_text(text, "only in B\n");
    free(text);
    json_decref(rows);

    assert_int_equal(bench_compare(FILE_A, FILE_B, 0.2, &rows, &regression, &err), GCL_OK);
    assert_false(regression);
    json_decref(rows);
    assert_int_equal(bench_compare(FILE_A, FILE_A, 0.05, &rows, &regression, &err), GCL_OK);
    assert_false(regression);
    json_decref(rows);
    unlink(FILE_A);
    unlink(FILE_B);
}

/* 30 samples in six batches: all pooled, B is slower beyond doubt; but so was one batch in A. */
static void compare_counts_batches(void **state)
{
    static const char format[] = "{'kind':'op','name':'x','samples_s':[%s],'batches':[%s]}\n";
    static const char a[] = "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,9,9,9,9,9";
    static const char b[] = "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9";
    gcl_error err = GCL_ERROR_INIT;
    json_t *rows = NULL;
    bool regression;
    char text[512];

    (void)state;
    snprintf(text, sizeof text, format, a, "5,5,5,5,5,5");
    write_text(FILE_A, text);
    snprintf(text, sizeof text, format, b, "5,5,5,5,5,5");
    write_text(FILE_B, text);
    assert_int_equal(bench_compare(FILE_A, FILE_B, 0.05, &rows, &regression, &err), GCL_OK);
    expect_row(rows, 0, "x", "SAME", 5.0);
    json_decref(rows);
    snprintf(text, sizeof text, format, b, "5,5,21");
    write_text(FILE_B, text);
    expect_error(bench_compare(FILE_A, FILE_B, 0.05, &rows, &regression, &err), GCL_E_FORMAT, &err,
                 "x: batches must sum up to 30 samples");
    unlink(FILE_A);
    unlink(FILE_B);
}

static void compare_refuses(void **state)
{
    static const struct {
        const char *b, *message;
    } cases[] = {
        {"{'kind':'op','name':'x'}\n", FILE_B ": op x: samples_s, samples"},
        {"{'kind':'op','name':'x','samples_s':[1,'2']}\n", "op x: sample 2 must be a number > 0"},
        {"{'kind':'op','name':'x','samples_s':[1,0]}\n", "op x: sample 2 must be a number > 0"},
        {"{'kind':'op','name':'same','samples':[1],'unit':'us'}\n", "is in us, but in s in"},
    };
    gcl_error err = GCL_ERROR_INIT;
    json_t *rows = NULL;
    bool regression;

    (void)state;
    write_text(FILE_A, run_a);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_text(FILE_B, cases[i].b);
        expect_error(bench_compare(FILE_A, FILE_B, 0.05, &rows, &regression, &err), GCL_E_FORMAT,
                     &err, cases[i].message);
        assert_null(rows);
    }
    expect_error(bench_compare(FILE_A, FILE_B, 0.0, &rows, &regression, &err), GCL_E_ARG, &err,
                 "threshold");
    unlink(FILE_A);
    unlink(FILE_B);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_shows_each_kind),
        cmocka_unit_test(markdown_escapes_its_marks),
        cmocka_unit_test(csv_is_one_flat_table),
        cmocka_unit_test(json_lines_come_back_equal),
        cmocka_unit_test(html_is_escaped_and_self_contained),
        cmocka_unit_test(html_bears_poor_records),
        cmocka_unit_test(report_refuses),
        cmocka_unit_test(records_hold_the_common_keys),
        cmocka_unit_test(reading_names_file_and_line),
        cmocka_unit_test(compare_gives_verdicts),
        cmocka_unit_test(compare_counts_batches),
        cmocka_unit_test(compare_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
