/*
 * test_cli_usage.c - the program's help, and its failures: exit status, message, nothing left over.
 */
#include "cli_run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define DEMO SOURCE_DIR "/weights/galip-56-demo.safetensors"
#define CIRCLE "'a red circle on a blue square'"

static const char *const commands[] = {"devices",     "info",   "convert", "generate",
                                       "interpolate", "encode", "score",   "tokenize",
                                       "plan",        "tune",   "verify",  "check"};

static void help_teaches(void **state)
{
    char usage[64], help[4096];

    (void)state;
    cli_run("--help");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        cli_run("--help");
        assert_non_null(strstr(cli_out, commands[i]));
        cli_run("%s --help", commands[i]);
        snprintf(usage, sizeof usage, "usage: galip %s ", commands[i]);
        assert_int_equal(strncmp(cli_out, usage, strlen(usage)), 0);
        assert_non_null(strstr(cli_out, "\noptions:\n"));
        assert_non_null(strstr(cli_out, "--json"));
        assert_non_null(strstr(cli_out, "\nexamples:\n  "));
        assert_string_equal(cli_err, "");
        snprintf(help, sizeof help, "%s", cli_out);
        cli_run("help %s", commands[i]);
        assert_int_equal(strncmp(cli_out, help, strlen(help)), 0);
    }
    cli_run("--version");
    assert_string_equal(cli_out, "galip " VERSION "\n");
}

static void usage_errors(void **state)
{
    static const struct {
        const char *arguments, *message;
    } cases[] = {
        {"", "a command is missing (see `galip --help`)"},
        {"draw", "unknown command \"draw\" (see `galip --help`)"},
        {"--draw", "unknown option \"--draw\""},
        {"help draw", "unknown command \"draw\""},
        {"devices x", "unexpected argument \"x\" (see `galip devices --help`)"},
        {"generate", "a prompt is missing"},
        {"generate x --bad", "unknown option --bad (see `galip generate --help`)"},
        {"generate x -Z", "unknown option -Z"},
        {"generate x --seed", "--seed needs a value"},
        {"generate x -s", "--seed needs a value"},
        {"generate x --json=1", "--json takes no value"},
        {"generate x --seed -1",
         "--seed is \"-1\", needs a whole number 0 .. 18446744073709551615"},
        {"generate x --seed 18446744073709551616", "--seed is \"18446744073709551616\""},
        {"generate x --seed 1x", "--seed is \"1x\""},
        {"generate x -n 0", "--number is \"0\", needs a whole number 1 .. 1000000"},
        {"generate x -n 99999999999999999999", "--number is"},
        {"generate x y -n 1000000 --grid", "a run may have"},
        {"generate x --precision half", "--precision is \"half\", needs f32 or f16"},
        {"generate x --batch 0", "--batch is \"0\""},
        {"generate x --batch 4097", "--batch is \"4097\", needs a whole number 1 .. 4096"},
        {"generate x --grid=0", "--grid is \"0\""},
        {"generate x -n 2", "need --grid or %d in --output"},
        {"generate x y", "need --grid or %d in --output"},
        {"generate x -o %s.png", "--output is \"%s.png\""},
        {"generate x -o %5d.png", "--output is \"%5d.png\""},
        {"generate x -o %-3d.png", "--output is"},
        {"generate x -o %0d.png", "--output is"},
        {"generate x -o %00d.png", "--output is"},
        {"generate x -o %010d.png", "--output is"},
        {"generate x -o %n", "--output is"},
        {"generate x -o %", "--output is"},
        {"generate x -o %d%d.png", "one %d only"},
        {"generate x -o ''", "--output is empty"},
        {"generate x --seed 1 --noise f", "exclude each other"},
        {"generate x --preset galip-57", "there is no preset \"galip-57\""},
        {"generate x --weights synthetic:", "synthetic: needs a seed"},
        {"generate x --weights synthetic:1x", "synthetic: needs a seed"},
        {"generate x --preset galip-224 --weights " DEMO, "is of preset \"galip-56\""},
        {"interpolate", "a prompt is missing"},
        {"interpolate x", "a second prompt or --seed2 is missing"},
        {"interpolate x y z", "more than two prompts"},
        {"interpolate x y --frames 1", "--frames is \"1\""},
        {"encode", "needs text or image"},
        {"encode sound x", "the first argument is \"sound\""},
        {"encode text", "a text is missing"},
        {"encode image", "a file is missing"},
        {"encode text x -o ''", "--output is empty"},
        {"score", "needs a picture and at least one text"},
        {"score x.png", "needs a picture and at least one text"},
        {"tokenize", "a text is missing"},
        {"tokenize x --decode 1", "--decode and the text \"x\" exclude each other"},
        {"tokenize --decode 1,x", "--decode has \"x\" where a token id is needed"},
        {"tokenize --decode=-1", "--decode has \"-1\""},
        {"tokenize --decode 4294967296", "--decode has \"4294967296\""},
        {"info", "needs one file, got 0"},
        {"info a b", "needs one file, got 2"},
        {"convert", "needs a file, synthetic:SEED or --preset"},
        {"convert a", "--output is missing"},
        {"convert a -o b --f16 --f32", "exclude each other"},
        {"convert a -o b --f16 --f16-all", "exclude each other"},
        {"convert synthetic:x -o b", "synthetic: needs a seed"},
        {"plan --part netX", "there is no part \"netX\""},
        {"plan --batch x", "--batch is \"x\""},
        {"plan --tokens 0", "--tokens is \"0\""},
        {"plan --tokens 7", "--tokens is of --part text, the part is netG"},
        {"plan --variant conv2d", "needs OP=NAME"},
        {"bench model --tokens 0", "--tokens is \"0\", needs a whole number 1 .. 2147483647"},
        {"verify", "needs one golden file, got 0"},
        {"verify x --tol -1", "--tol is \"-1\""},
        {"verify x --tol nan", "--tol is \"nan\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cli_fails(2, cases[i].message, "%s", cases[i].arguments);
}

static void failures(void **state)
{
    static const struct {
        const char *arguments, *message;
    } cases[] = {
        {"generate x --device 99", "no OpenCL device matches \"99\""},
        {"generate x --device nosuchdevice", "there are: 0 = "},
        {"generate x --weights absent.safetensors", "cannot open absent.safetensors"},
        {"generate x --weights broken.safetensors", "broken.safetensors: "},
        {"generate x --weights empty.safetensors", "empty.safetensors"},
        {"generate x --weights .", ". is not a regular file"},
        {"generate x --vocab absent.txt", "absent.txt"},
        {"generate x --prompt-file absent.txt", "cannot open absent.txt"},
        {"generate --prompt-file /dev/null", "holds no prompt"},
        {"generate \"$(yes word | head -n 99 | tr '\\n' ' ')\"", "the limit is 24; --truncate"},
        {"generate x -o absent/x.png", "cannot write absent/x.png"},
        {"generate x -n 2 -o absent/%d.png", "cannot write absent/0.png"},
        {"generate x -o .", "cannot write .: it is not a regular file"},
        {"plan --part text --tokens 25", "text of 25 tokens, the text tower takes 1 .. 24"},
        {"generate x -n 1000000 --grid=1000000", "the limit is 32768 a side"},
        {"generate x --noise absent.safetensors", "cannot open absent.safetensors"},
        {"generate x --noise " DEMO, "has no tensor noise or in.noise"},
        {"interpolate x y --frames 1000000", "the limit is 32768 a side"},
        {"interpolate x y -o absent/x.png", "cannot write absent/x.png"},
        {"encode text x -o absent/x", "cannot write absent/x"},
        {"encode image absent.png", "cannot open absent.png"},
        {"score broken.safetensors x", "begin neither like PNG nor like JPEG"},
        {"tokenize x --vocab absent.txt", "cannot open absent.txt"},
        {"tokenize x --weights broken.safetensors", "broken.safetensors: "},
        {"tokenize --decode 1,1100", "id 1100 at 1 is not in the vocabulary"},
        {"info absent", "cannot open absent"},
        {"info empty.safetensors", "empty.safetensors"},
        {"convert absent -o c.safetensors", "cannot open absent"},
        {"convert " DEMO " -o absent/c", "cannot write absent/c"},
        {"plan --variant conv2d=nosuch", "conv2d"},
        {"plan --variant nosuch=plain_f32", "there is no op \"nosuch\""},
        {"plan --variant linear=block_f32:MR=99", "no node takes these values of block_f32; "},
        {"verify absent", "cannot open absent"},
        {"verify " DEMO, "metadata weights is missing"},
    };

    (void)state;
    assert_int_equal(cli_shell("head -c 5000 '%s' >broken.safetensors; : >empty.safetensors", DEMO),
                     0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cli_fails(1, cases[i].message, "%s", cases[i].arguments);
    assert_int_equal(cli_count("galip"), 0); /* no picture, no temporary file */
    assert_int_equal(cli_shell("\"$GALIP\" --help >/dev/full"), 1);
    assert_string_equal(cli_err,
                        "galip: cannot write to standard output: No space left on device\n");
}

/* A write that the system cuts short leaves neither a picture nor a temporary file. */
static void cut_off_write(void **state)
{
    (void)state;
    cli_run("generate " CIRCLE " --seed 1 -o whole.png"); /* the kernels are in the cache now */
    assert_int_equal(cli_shell("trap '' XFSZ; ulimit -f 4; exec \"$GALIP\" generate " CIRCLE
                               " --seed 1 -o cut.png"),
                     1);
    assert_non_null(strstr(cli_err, "cannot write cut.png"));
    assert_int_equal(cli_count("cut.png"), 0);
    assert_int_equal(cli_shell("cp whole.png old.png; trap '' XFSZ; ulimit -f 4; exec \"$GALIP\" "
                               "generate x --seed 2 -o old.png"),
                     1);
    cli_same_file("whole.png", "old.png");
    assert_int_equal(cli_count("old.png"), 1);
}

/* Nor does a signal that ends the program while it writes a large file. */
static void ended_by_a_signal(void **state)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"TERM", SIGTERM}, {"HUP", SIGHUP}}; /* a shell's background ignores INT */

    (void)state;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        assert_int_equal(
            cli_shell("\"$GALIP\" convert --preset galip-224 -o ended.safetensors & "
                      "until find . -name 'ended.safetensors.tmp.*' -size +0 | grep -q .; do "
                      "kill -0 $! || exit 99; sleep 0.01; done; kill -%s $!; wait $!",
                      signals[i].name),
            128 + signals[i].number);
        assert_int_equal(cli_count("ended.safetensors"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_teaches),      cmocka_unit_test(usage_errors),
        cmocka_unit_test(failures),          cmocka_unit_test(cut_off_write),
        cmocka_unit_test(ended_by_a_signal),
    };

    signal(SIGTERM, SIG_DFL); /* what is ignored, by nohup say, the program ignores, too */
    signal(SIGHUP, SIG_DFL);
    return cmocka_run_group_tests(tests, cli_make_folder, cli_remove_folder);
}
