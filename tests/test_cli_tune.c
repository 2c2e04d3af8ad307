/* test_cli_tune.c - galip tune from the command line, and the other commands' use of its file. */
#include "cli_run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define TEXT "--part text --op linear"

static int set_up(void **state)
{
    return cli_make_folder(state) != 0 || setenv("GALIP_TUNING", "tuning.json", 1) != 0;
}

/* The place where a linear node's choice came from, M 24, N 512: "table", "tuned", ... */
static void assert_chosen_by(const char *source)
{
    json_t *plan = cli_run_json("plan --part text --json"), *node;
    size_t i, n = 0;

    json_array_foreach(json_object_get(plan, "nodes"), i, node)
    {
        const json_t *shape = json_object_get(node, "output");
        if (strcmp(json_string_value(json_object_get(node, "op")), "linear") != 0 ||
            json_integer_value(json_array_get(shape, 2)) != 512)
            continue;
        assert_string_equal(json_string_value(json_object_get(node, "chosen_by")), source);
        n++;
    }
    assert_true(n > 0);
    json_decref(plan);
}

static void a_dry_run_lists_classes(void **state)
{
    json_t *root, *first;

    (void)state;
    cli_run("tune --dry-run");
    assert_non_null(strstr(cli_out, "conv2d I=128 O=128 kH=3 kW=3"));
    assert_non_null(strstr(cli_out, "linear M=24 N=512 K=128"));
    assert_string_equal(cli_err, "");
    root = cli_run_json("tune --dry-run " TEXT " --batch 3 --tokens 7 --json");
    first = json_array_get(json_object_get(root, "classes"), 0);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(first, "dims"), "M")), 21);
    assert_true(json_integer_value(json_object_get(first, "candidates")) > 50);
    assert_string_equal(json_string_value(json_object_get(first, "outcome")), "not reached");
    json_decref(root);
    assert_int_equal(cli_count("tuning.json"), 0);
}

static void what_was_tuned_is_planned(void **state)
{
    json_t *root;

    (void)state;
    assert_chosen_by("table");
    cli_run("tune " TEXT " --budget 1 --share sent.json");
    assert_non_null(strstr(cli_out, "written to tuning.json\n"));
    assert_string_equal(cli_err, "");
    assert_chosen_by("tuned");
    cli_same_file("tuning.json", "sent.json");
    root = cli_run_json("tune " TEXT " --budget 1 --json");
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(json_object_get(root, "classes"), 0), "outcome")),
                        "known");
    json_decref(root);
    assert_int_equal(cli_shell("GALIP_TUNING=off $GALIP plan --part text | grep -q ' tuned'"), 1);
    assert_int_equal(cli_shell("$GALIP plan --part text | grep -q ' tuned MR='"), 0);
}

static void a_damaged_file_is_a_warning(void **state)
{
    (void)state;
    assert_int_equal(cli_shell("mv tuning.json good.json && head -c 300 good.json >tuning.json"),
                     0);
    cli_run("encode text 'a red circle'");
    assert_int_equal(strncmp(cli_err, "galip: warning: tuning.json, line ", 34), 0);
    assert_chosen_by("table");
    assert_int_equal(cli_shell("rm tuning.json && mkdir tuning.json"), 0);
    cli_run("plan --part text");
    assert_non_null(strstr(cli_err, "galip: warning: "));
    assert_int_equal(cli_shell("$GALIP tune " TEXT " --budget 1"), 1);
    assert_non_null(strstr(cli_err, "galip: cannot read tuning.json"));
    assert_int_equal(cli_shell("rmdir tuning.json && mv good.json tuning.json"), 0);
    assert_chosen_by("tuned");
}

static void an_interrupt_keeps_what_is_there(void **state)
{
    char *before, *after;
    size_t n;

    (void)state;
    assert_int_equal(gcl_file_read(&before, &n, cli_path("tuning.json"), 1 << 20, NULL), GCL_OK);
    /* --foreground: one signal; else timeout's process group gets it, too, and a second one kills */
    assert_int_equal(cli_shell("timeout --foreground --preserve-status -s INT 4 $GALIP tune --op "
                               "linear --budget 60"),
                     1);
    assert_non_null(strstr(cli_err, "interrupted with "));
    assert_int_equal(gcl_file_read(&after, &n, cli_path("tuning.json"), 1 << 20, NULL), GCL_OK);
    assert_int_equal(strncmp(after, before, strlen(before) - 4), 0); /* but for the closing "]}" */
    free(before);
    free(after);
    cli_run("plan --part text");
    assert_string_equal(cli_err, "");
}

static void wrong_usage_is_told(void **state)
{
    (void)state;
    cli_fails(2, "--budget is \"0\"", "tune --budget 0");
    cli_fails(2, "there is no part \"netX\"", "tune --part netX");
    cli_fails(2, "--op is \"add\", needs an op that can be tuned", "tune --op add");
    cli_fails(2, "--dry-run and --share exclude each other", "tune --dry-run --share x.json");
    cli_fails(1, "nosuch/x.json", "tune --share nosuch/x.json");
    setenv("GALIP_TUNING", "off", 1);
    cli_fails(1, "GALIP_TUNING is \"off\"", "tune");
    setenv("GALIP_TUNING", "/proc/nosuch/tuning.json", 1);
    cli_fails(1, "/proc/nosuch", "tune " TEXT " --budget 1");
    setenv("GALIP_TUNING", "tuning.json", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dry_run_lists_classes),
        cmocka_unit_test(what_was_tuned_is_planned),
        cmocka_unit_test(a_damaged_file_is_a_warning),
        cmocka_unit_test(an_interrupt_keeps_what_is_there),
        cmocka_unit_test(wrong_usage_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, cli_remove_folder);
}
