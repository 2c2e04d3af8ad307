/* main.c - galip: finds the command, runs it, reports its error. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/options.h"

static const cli_command *const commands[] = {
    &cli_devices, &cli_info,  &cli_convert,  &cli_generate, &cli_interpolate,
    &cli_encode,  &cli_score, &cli_tokenize, &cli_plan,     &cli_tune,
    &cli_verify,  &cli_check, &cli_bench,
};

enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static void print_overview(void)
{
    printf("usage: galip COMMAND [OPTIONS] [ARGUMENTS]\n\n"
           "Draws pictures from text with CLIP and GALIP on any OpenCL 1.2 device.\n\n"
           "commands:\n");
    for (int i = 0; i < N_COMMANDS; i++)
        printf("  %-13s %s\n", commands[i]->name, commands[i]->summary);
    printf("\noptions:\n"
           "  -h, --help    show this help; `galip COMMAND --help` explains a command\n"
           "      --version show the version\n\n"
           "environment:\n"
           "  GALIP_DEVICE    device to use when --device is not given\n"
           "  GALIP_DATA_DIR  folder of the default weights\n"
           "  GALIP_TUNING    file of what `galip tune` has measured (default tuning.json in\n"
           "                  the folder galip of XDG_DATA_HOME, else of ~/.local/share);\n"
           "                  off: choose without it\n"
           "  GALIP_VERBOSE   1: tell on standard error which kernels are built and why\n"
           "  XDG_CACHE_HOME  compiled kernels are kept in its folder galip (default ~/.cache)\n\n"
           "exit status: 0 done, 1 failed, 2 wrong usage\n\n"
           "examples:\n"
           "  galip generate \"a red circle on a blue square\" --seed 1 -o circle.png\n"
           "  galip score circle.png \"a red circle\" \"a green star\"\n");
}

static const cli_command *find(const char *name)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static gcl_status dispatch(int argc, char **argv, const cli_command **cmd, gcl_error *err)
{
    char *as_flag[] = {argv[0], argc > 2 ? argv[2] : NULL, "--help", NULL};

    if (argc < 2)
        return CLI_USAGE(err, "a command is missing");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        (strcmp(argv[1], "help") == 0 && argc == 2)) {
        print_overview();
        return GCL_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("galip %s\n", GALIP_VERSION);
        return GCL_OK;
    }
    if (strcmp(argv[1], "help") == 0) {
        argc = 3;
        argv = as_flag;
    }
    *cmd = find(argv[1]);
    if (*cmd != NULL)
        return (*cmd)->run(*cmd, argc - 1, argv + 1, err);
    return CLI_USAGE(err, "unknown %s \"%s\"", argv[1][0] == '-' ? "option" : "command", argv[1]);
}

/* Ends as the signal would have ended it, but leaves no half-written file. */
static void discard_and_end(int signal)
{
    gcl_writers_discard();
    raise(signal); /* delivered once this returns; SA_RESETHAND has put the default back */
}

static void clean_up_on_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction a = {.sa_handler = discard_and_end, .sa_flags = (int)SA_RESETHAND}, old;

    sigemptyset(&a.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) /* nohup */
            sigaction(signals[i], &a, NULL);
}

int main(int argc, char **argv)
{
    gcl_error err = GCL_ERROR_INIT;
    const cli_command *cmd = NULL;
    gcl_status st;

    clean_up_on_signals();
    st = dispatch(argc, argv, &cmd, &err);

    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && (st == GCL_OK || st == CLI_SHOWN))
        st = GCL_FAIL(&err, GCL_E_FILE, "cannot write to standard output%s%s",
                      errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
    if (st == CLI_E_USAGE)
        fprintf(stderr, "galip: %s (see `galip %s%s--help`)\n", err.message,
                cmd != NULL ? cmd->name : "", cmd != NULL ? " " : "");
    else if (st != GCL_OK && st != CLI_SHOWN)
        fprintf(stderr, "galip: %s\n", err.message);
    if (err.log != NULL && err.log[0] != '\0')
        fprintf(stderr, "%s\n", err.log);
    gcl_error_clear(&err);
    return st == GCL_OK || st == CLI_SHOWN ? 0 : st == CLI_E_USAGE ? 2 : 1;
}
