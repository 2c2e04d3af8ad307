/*
 * test_check.c - `galip check`: kernels with a fault are caught by its name, right ones pass, and
 * every format holds the rows.
 */
#include "cli_run.h"

#include <stdio.h>
#include <string.h>

#define RIGHT "check --op layernorm --variant plain_f32"

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, text);
}

static void assert_ends(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);

    if (n < m || strcmp(text + n - m, end) != 0)
        fail_msg("does not end with \"%s\": %s", end, text);
}

static void faults_are_caught_by_name(void **state)
{
    static const struct {
        const char *kind, *name;
    } faults[] = {{"element", "wrong element"},
                  {"bounds", "memory written outside"},
                  {"race", "runs differ"}};

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        char line[128];
        const int n = (int)(sizeof faults / sizeof faults[0]);

        assert_int_equal(cli_shell("\"$GALIP\" check --inject %s --math strict --runs 100 --seed 7",
                                   faults[i].kind),
                         1);
        snprintf(line, sizeof line,
                 "FAIL %s: op wrong, case %s, variant %s, strict math: ", faults[i].name,
                 faults[i].kind, faults[i].kind);
        assert_has(cli_out, line);
        snprintf(line, sizeof line,
                 "; repeat: galip check --inject %s --math strict --seed 7 --runs 100\n",
                 faults[i].kind);
        assert_has(cli_out, line);
        assert_ends(cli_out, "\n0 passed, 1 failed\n");
        snprintf(line, sizeof line, "galip: 1 of 1 rows failed; the first: %s: ", faults[i].name);
        assert_int_equal(strncmp(cli_err, line, strlen(line)), 0);
        for (int k = 0; k < n; k++)
            if (k != (int)i)
                assert_null(strstr(cli_out, faults[k].name));
    }
    cli_run("check --inject right");
    assert_ends(cli_out, "\n2 passed, 0 failed\n");
}

static void fast_math_is_noted(void **state)
{
    (void)state;
    cli_run("check --inject element --math fast");
    assert_has(cli_out, "\nnote wrong element: ");
    assert_has(cli_out, " 1 rows of fast math noted\n0 passed, 0 failed\n");
    assert_int_equal(cli_shell("\"$GALIP\" check --inject bounds --math fast"), 1);
    assert_has(cli_err, "the first: memory written outside: ");
}

static void kernels_pass(void **state)
{
    (void)state;
    cli_run(RIGHT);
    assert_has(cli_out, "\nlayernorm ");
    assert_null(strstr(cli_out, "FAIL"));
    assert_ends(cli_out, " passed, 0 failed\n");
    cli_run("check --op embedding --case wrong_ids --math strict --runs 2 --seed 9");
    assert_has(cli_out, "NaN or infinities in the reference of 1 rows");
    assert_ends(cli_out, "\n1 passed, 0 failed\n");
}

/* The row as a JSON object; the lines are counted. */
static json_t *parse_rows(size_t *n)
{
    json_t *rows = json_array();

    for (const char *line = cli_out; *line != '\0'; line = strchr(line, '\n') + 1) {
        json_error_t where;
        json_t *row = json_loadb(line, strcspn(line, "\n"), 0, &where);
        if (row == NULL)
            fail_msg("%s: %s", where.text, line);
        json_array_append_new(rows, row);
    }
    *n = json_array_size(rows);
    return rows;
}

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));

    if (text == NULL)
        fail_msg("a row without %s", key);
    return text;
}

static void json_holds_every_row(void **state)
{
    static const char *const keys[] = {"device", "platform", "driver", "version",
                                       "flags",  "date",     "seed"};
    json_t *rows, *row;
    size_t n;

    (void)state;
    cli_run(RIGHT " --json --case one");
    rows = parse_rows(&n);
    assert_int_equal(n, 3); /* strict, fast, summary */
    row = json_array_get(rows, 0);
    assert_string_equal(text_of(row, "kind"), "check");
    assert_string_equal(text_of(row, "name"), "layernorm/one/plain_f32/strict");
    assert_string_equal(text_of(row, "verdict"), "pass");
    assert_string_equal(text_of(json_array_get(rows, 1), "math"), "fast");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        text_of(row, keys[i]);
    assert_true(json_number_value(json_object_get(row, "max_ulp")) <=
                json_number_value(json_object_get(row, "bound_ulp")));
    assert_int_equal(json_integer_value(json_object_get(row, "runs")), 5);
    assert_true(json_is_true(json_object_get(row, "deterministic")));
    assert_true(json_is_true(json_object_get(row, "guards")));
    row = json_array_get(rows, 2);
    assert_string_equal(text_of(row, "kind"), "check_summary");
    assert_int_equal(json_integer_value(json_object_get(row, "passed")), 2);
    json_decref(rows);
    assert_int_equal(cli_shell("\"$GALIP\" check --inject bounds --math strict -o json"), 1);
    rows = parse_rows(&n);
    row = json_array_get(rows, 0);
    assert_string_equal(text_of(row, "verdict"), "fail");
    assert_string_equal(text_of(row, "fault"), "memory written outside");
    assert_has(text_of(row, "repeat"), "galip check --inject bounds");
    assert_true(json_is_false(json_object_get(row, "guards")));
    json_decref(rows);
}

static void other_formats(void **state)
{
    (void)state;
    cli_run(RIGHT " -o md");
    assert_has(cli_out, "\n| layernorm | plain_f32 | strict | ");
    assert_ends(cli_out, " passed, 0 failed\n");
    assert_int_equal(cli_shell("\"$GALIP\" check --inject element -o html"), 1);
    assert_int_equal(strncmp(cli_out, "<!DOCTYPE html>", 15), 0);
    assert_has(cli_out, "<b>0 passed, 1 failed</b>, 1 noted");
    assert_null(strstr(cli_out, "http"));
    assert_ends(cli_out, "</html>\n");
    cli_run("check --bounds");
    assert_has(cli_out, "\nlinear          1.13 sum(K) + 8, with GELU");
}

/* A kernel that does not compile, one that is a little off: read from a folder of its own. */
static void broken_kernels_fail(void **state)
{
    (void)state;
    assert_int_equal(cli_shell("cp -r '" SOURCE_DIR "/kernels' k && echo broken >>k/repeat.cl && "
                               "sed -i 's/ = a\\[/ = 1.0001f * a[/' k/add.cl"),
                     0);
    assert_int_equal(cli_shell("GALIP_KERNEL_DIR=k \"$GALIP\" check --op repeat --case one"), 1);
    assert_has(cli_out, "FAIL error: op repeat, case one, variant plain_f32, strict math: "
                        "clBuildProgram: ");
    assert_ends(cli_out, "\n0 passed, 2 failed\n");
    assert_int_equal(cli_shell("GALIP_KERNEL_DIR=k \"$GALIP\" check --op add --case one "
                               "--math strict"),
                     1);
    assert_has(cli_out, "FAIL wrong element: op add, case one, variant plain_f32, strict math: ");
    assert_has(cli_out, "; repeat: galip check --op add --case one --variant plain_f32 --math "
                        "strict --seed 1\n");
}

static void wrong_names(void **state)
{
    (void)state;
    cli_fails(2, "there is no op \"gemm\"; there are linear, activation", "check --op gemm");
    cli_fails(2, "linear has no case \"none\"; it has ", "check --op linear --case none");
    cli_fails(2, "any op has no case \"none\" (see", "check --case none");
    cli_fails(2, ", ... (see", "check --op conv2d --case none"); /* too many for a line */
    cli_fails(2, "has no variant \"none\"; it has block_f32", "check --op linear --variant none");
    cli_fails(2, "there is no wrong kernel \"x\"", "check --inject x");
    cli_fails(2, "exclude each other", "check --inject race --op linear");
    cli_fails(2, "there is no format \"xml\"", "check -o xml");
    cli_fails(2, "--math is \"slow\"", "check --math slow");
    cli_fails(2, "--runs is \"1\", needs a whole number 2 .. 1000", "check --runs 1");
    cli_fails(2, "unexpected argument", "check linear");
    cli_fails(1, "no such device", "check --device 'no such device'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_caught_by_name),
        cmocka_unit_test(fast_math_is_noted),
        cmocka_unit_test(kernels_pass),
        cmocka_unit_test(json_holds_every_row),
        cmocka_unit_test(other_formats),
        cmocka_unit_test(wrong_names),
        cmocka_unit_test(broken_kernels_fail),
    };

    return cmocka_run_group_tests(tests, cli_make_folder, cli_remove_folder);
}
