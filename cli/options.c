/* options.c - flags from tables: parsing and help. */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/config.h"

enum { MAX_FLAGS = 24, HELP_COLUMN = 26 };

/* ---- help ---- */

/* Lines after the first start at the column. */
static void print_lines(const char *lines, int column)
{
    for (const char *end; (end = strchr(lines, '\n')) != NULL; lines = end + 1)
        printf("%.*s\n%*s", (int)(end - lines), lines, column, "");
    printf("%s\n", lines);
}

static void print_flag(const cli_flag *f)
{
    char left[80];
    int n = f->key < 256 ? snprintf(left, sizeof left, "  -%c, --%s", f->key, f->name)
                         : snprintf(left, sizeof left, "      --%s", f->name);

    if (f->value != NULL)
        n += snprintf(left + n, sizeof left - (size_t)n, " %s", f->value);
    if (n + 2 <= HELP_COLUMN)
        printf("%-*s", HELP_COLUMN, left);
    else
        printf("%s\n%*s", left, HELP_COLUMN, "");
    print_lines(f->help, HELP_COLUMN);
}

static void print_help(const cli_command *cmd)
{
    printf("usage: galip %s %s\n\n", cmd->name, cmd->synopsis);
    print_lines(cmd->about, 0);
    printf("\noptions:\n");
    for (const cli_flag *f = cmd->flags; f->name != NULL; f++)
        if (f->help != NULL)
            print_flag(f);
    printf("\nexamples:\n  ");
    print_lines(cmd->examples, 2);
}

/* ---- parsing ---- */

static gcl_status set_precision(gcl_precision *out, const char *value, gcl_error *err)
{
    for (gcl_precision p = GCL_PRECISION_F32; p <= GCL_PRECISION_F16; p++)
        if (strcmp(value, gcl_precision_name(p)) == 0) {
            *out = p;
            return GCL_OK;
        }
    return CLI_USAGE(err, "--precision is \"%s\", needs f32 or f16", value);
}

static gcl_status set_weights_precision(gcl_weights_precision *out, const char *value,
                                        gcl_error *err)
{
    for (gcl_weights_precision p = GCL_WEIGHTS_AUTO; p <= GCL_WEIGHTS_F16; p++)
        if (strcmp(value, gcl_weights_precision_name(p)) == 0) {
            *out = p;
            return GCL_OK;
        }
    return CLI_USAGE(err, "--weights-precision is \"%s\", needs auto, f32 or f16", value);
}

static gcl_status set_common(cli_common *c, int key, const char *value, bool *known, gcl_error *err)
{
    gcl_config config;

    *known = true;
    switch (key) {
    case CLI_KEY_JSON:
        c->json = true;
        break;
    case CLI_KEY_TRUNCATE:
        c->truncate = true;
        break;
    case CLI_KEY_VOCAB:
        c->vocab = value;
        break;
    case 'd':
        c->device = value;
        break;
    case 'w':
        c->weights = value;
        break;
    case CLI_KEY_PRESET:
        c->preset = value;
        return gcl_config_preset(&config, value, err) == GCL_OK ? GCL_OK : CLI_E_USAGE;
    case CLI_KEY_PRECISION:
        return set_precision(&c->precision, value, err);
    case CLI_KEY_WEIGHTS_PRECISION:
        return set_weights_precision(&c->weights_precision, value, err);
    default:
        *known = false;
    }
    return GCL_OK;
}

static gcl_status fail_flag(const cli_command *cmd, int result, char **argv, gcl_error *err)
{
    const cli_flag *f = cmd->flags;

    while (f->name != NULL && f->key != optopt)
        f++;
    if (optopt != 0 && f->name != NULL)
        return CLI_USAGE(err, "--%s %s", f->name,
                         result == ':' ? "needs a value" : "takes no value");
    if (optopt != 0)
        return CLI_USAGE(err, "unknown option -%c", optopt);
    return CLI_USAGE(err, "unknown option %s", argv[optind - 1]);
}

/* getopt's two forms of the table. */
static void fill_tables(const cli_flag *flags, struct option *longs, char *shorts)
{
    *shorts++ = ':'; /* a missing value is reported as ':' */
    for (; flags->name != NULL; flags++, longs++) {
        longs->name = flags->name;
        longs->has_arg = flags->value == NULL     ? no_argument
                         : flags->value[0] == '[' ? optional_argument
                                                  : required_argument;
        longs->val = flags->key;
        if (flags->key > 255)
            continue;
        *shorts++ = (char)flags->key;
        if (flags->value != NULL)
            *shorts++ = ':';
    }
}

/* An optional value may also be the next word when that is a number: --grid 4. */
static char *number_ahead(int argc, char **argv)
{
    char *word = optind < argc ? argv[optind] : NULL;

    if (word == NULL || *word == '\0' || word[strspn(word, "0123456789")] != '\0')
        return NULL;
    optind++;
    return word;
}

gcl_status cli_parse(const cli_command *cmd, int argc, char **argv, cli_common *common,
                     gcl_status (*set)(void *options, int key, char *value, gcl_error *err),
                     void *options, int *first, gcl_error *err)
{
    gcl_status st = GCL_OK;
    struct option longs[MAX_FLAGS + 1] = {{0}};
    char shorts[2 * MAX_FLAGS + 2] = "";
    int key, position = -1;

    fill_tables(cmd->flags, longs, shorts);
    opterr = 0;
    while ((key = getopt_long(argc, argv, shorts, longs, &position)) != -1) {
        bool known = false;

        if (key == '?' || key == ':')
            return fail_flag(cmd, key, argv, err);
        if (key == 'h') {
            print_help(cmd);
            return CLI_SHOWN;
        }
        if (position >= 0 && longs[position].has_arg == optional_argument && optarg == NULL)
            optarg = number_ahead(argc, argv);
        position = -1;
        GCL_TRY(set_common(common, key, optarg, &known, err));
        if (!known)
            GCL_TRY(set(options, key, optarg, err));
    }
    if (first != NULL)
        *first = optind;
    else if (optind < argc)
        st = CLI_USAGE(err, "unexpected argument \"%s\"", argv[optind]);
done:
    return st;
}

gcl_status cli_number(uint64_t *out, const char *what, const char *text, uint64_t min, uint64_t max,
                      gcl_error *err)
{
    char *end = NULL;
    unsigned long long v;

    errno = 0;
    v = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || v < min || v > max)
        return CLI_USAGE(err, "%s is \"%s\", needs a whole number %" PRIu64 " .. %" PRIu64, what,
                         text, min, max);
    *out = v;
    return GCL_OK;
}

gcl_status cli_size(size_t *out, const char *what, const char *text, size_t min, size_t max,
                    gcl_error *err)
{
    uint64_t v = 0;
    const gcl_status st = cli_number(&v, what, text, min, max, err);

    *out = (size_t)v;
    return st;
}
