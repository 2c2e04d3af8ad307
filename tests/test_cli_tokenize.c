/* test_cli_tokenize.c - galip tokenize: ids and pieces, from where they come, and back. */
#include "cli_run.h"

#include <stdio.h>
#include <string.h>

#define MERGES TEST_DATA "/tokens-demo-merges.txt"

static const char circle[] = "   320  a</w>\n   539  red</w>\n   586  circle</w>\n";

static void ids_and_pieces(void **state)
{
    (void)state;
    cli_run("tokenize 'A red  circle'");
    assert_string_equal(cli_out, circle);
    assert_string_equal(cli_err, "");
    cli_run("tokenize ''");
    assert_string_equal(cli_out, "");
    cli_run("tokenize a '' '<|EndOfText|>'");
    assert_string_equal(cli_out, "   320  a</w>\n\n\n  1023  <|endoftext|>\n");
}

static void json_tells_the_same(void **state)
{
    json_t *json = cli_run_json("tokenize 'a red circle' 'caf\u00E9' --json");
    const json_t *texts = json_object_get(json, "texts"), *first = json_array_get(texts, 0);

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(json, "vocab")), 1024);
    assert_int_equal(json_array_size(texts), 2);
    assert_string_equal(json_string_value(json_object_get(first, "text")), "a red circle");
    assert_int_equal(json_array_size(json_object_get(first, "ids")), 3);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(first, "ids"), 1)), 539);
    assert_string_equal(json_string_value(json_array_get(json_object_get(first, "pieces"), 1)),
                        "red</w>");
    assert_string_equal(json_string_value(json_object_get(json_array_get(texts, 1), "text")),
                        "caf\u00E9");
    json_decref(json);
}

static void standard_input_is_one_text(void **state)
{
    (void)state;
    assert_int_equal(cli_shell("printf 'a\\nred c\\0ircle\\n' | \"$GALIP\" tokenize -"), 0);
    assert_string_equal(cli_out, circle);
    assert_int_equal(
        cli_shell("printf 'red c\\0ircle \\377\\0' | \"$GALIP\" tokenize --json - 2>warning"), 0);
    assert_non_null(strstr(cli_out, "\"red c\\u0000ircle \uFFFD\\u0000\""));
    assert_int_equal(cli_shell("head -c 17000000 /dev/zero | \"$GALIP\" tokenize -"), 1);
    assert_non_null(strstr(cli_err, "/dev/stdin"));
}

static void merges_come_from_the_file_named(void **state)
{
    (void)state;
    cli_run("tokenize --vocab '%s' '<|startoftext|>red'", MERGES);
    assert_string_equal(cli_out, " 49406  <|startoftext|>\n   539  red</w>\n");
    cli_run("tokenize --vocab '%s' -w '%s' '<|startoftext|>'", MERGES,
            SOURCE_DIR "/weights/galip-56-demo.safetensors");
    assert_string_equal(cli_out, "  1022  <|startoftext|>\n");
    cli_run("tokenize -w synthetic:1 in"); /* the built-in ones */
    assert_string_equal(cli_out, "   520  in</w>\n");
}

static void decode_goes_back(void **state)
{
    json_t *json;

    (void)state;
    cli_run("tokenize --decode ' 1022 320,539, 586,1023 '");
    assert_string_equal(cli_out, "<|startoftext|>a red circle <|endoftext|>\n");
    cli_run("tokenize --decode ''");
    assert_string_equal(cli_out, "\n");
    json = cli_run_json("tokenize --decode 320,539 --json");
    assert_string_equal(json_string_value(json_object_get(json, "text")), "a red ");
    assert_int_equal(json_array_size(json_object_get(json, "ids")), 2);
    json_decref(json);
}

static void not_utf8_is_warned_of(void **state)
{
    (void)state;
    cli_run("tokenize 'a\xFF\xE2\x82'");
    assert_string_equal(cli_err, "galip: warning: text \"a\xFF\xE2\x82\" is not UTF-8 in 2 places; "
                                 "U+FFFD is read there\n");
    cli_run("tokenize 'a\uFFFD\uFFFD' >want; \"$GALIP\" tokenize 'a\xFF\xE2\x82' 2>/dev/null >got");
    cli_same_file("want", "got");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_and_pieces),
        cmocka_unit_test(json_tells_the_same),
        cmocka_unit_test(standard_input_is_one_text),
        cmocka_unit_test(merges_come_from_the_file_named),
        cmocka_unit_test(decode_goes_back),
        cmocka_unit_test(not_utf8_is_warned_of),
    };

    return cmocka_run_group_tests(tests, cli_make_folder, cli_remove_folder);
}
