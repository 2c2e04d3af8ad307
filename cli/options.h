/**
 * The command line: what a command looks like, its flags (one table gives both the parser and the
 * help), numbers as arguments, and the statuses that main turns into exit codes.
 */
#ifndef GCL_CLI_OPTIONS_H
#define GCL_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "host/plan.h"

/** Beyond gcl_status's own: a wrong command line (exit 2), and help that was asked for and shown
 *  (exit 0). */
enum { CLI_E_USAGE = 100, CLI_SHOWN };

typedef struct cli_flag {
    const char *name;  /* without the dashes; NULL ends a table */
    int key;           /* its short letter, or a number above 255 */
    const char *value; /* what follows it, as the help calls it; NULL: nothing */
    const char *help;  /* lines; NULL: not shown */
} cli_flag;

typedef struct cli_command {
    const char *name;
    const char *summary;  /* one line for `galip --help` */
    const char *synopsis; /* what follows the name */
    const char *about;    /* lines */
    const cli_flag *flags;
    const char *examples; /* lines */
    gcl_status (*run)(const struct cli_command *self, int argc, char **argv, gcl_error *err);
} cli_command;

extern const cli_command cli_devices, cli_info, cli_convert, cli_generate, cli_interpolate,
    cli_encode, cli_score, cli_tokenize, cli_plan, cli_verify, cli_check, cli_bench;

/** What several commands take. Strings are borrowed from argv. */
typedef struct cli_common {
    const char *device, *weights, *preset, *vocab;
    bool json, truncate;
    gcl_precision precision;
    gcl_weights_precision weights_precision;
} cli_common;

enum {
    CLI_KEY_JSON = 256,
    CLI_KEY_PRESET,
    CLI_KEY_PRECISION,
    CLI_KEY_WEIGHTS_PRECISION,
    CLI_KEY_VOCAB,
    CLI_KEY_TRUNCATE,
    CLI_KEY_OWN /* the first number free for a command's own flags */
};

/* Rows for the flag tables. */
#define CLI_FLAG_HELP                       \
    {                                       \
        "help", 'h', NULL, "show this help" \
    }
#define CLI_FLAG_JSON                                                            \
    {                                                                            \
        "json", CLI_KEY_JSON, NULL, "print one JSON document on standard output" \
    }
#define CLI_FLAG_DEVICE                                                           \
    {                                                                             \
        "device", 'd', "DEVICE",                                                  \
            "OpenCL device: its index in `galip devices` or a part of its name\n" \
            "(default: environment variable GALIP_DEVICE, else the first GPU,\n"  \
            "else the first device)"                                              \
    }
#define CLI_FLAG_WEIGHTS                                                      \
    {                                                                         \
        "weights", 'w', "WEIGHTS",                                            \
            "a .safetensors file, or synthetic:SEED for made-up weights\n"    \
            "(default: galip-56-demo.safetensors from the folder in the\n"    \
            "environment variable GALIP_DATA_DIR, from beside the program,\n" \
            "or from where it was installed to)"                              \
    }
#define CLI_FLAG_PRESET                                                     \
    {                                                                       \
        "preset", CLI_KEY_PRESET, "NAME",                                   \
            "what synthetic weights make: galip-224 or galip-56 (default\n" \
            "galip-224); without --weights, galip-224 means synthetic:1"    \
    }
#define CLI_FLAG_PRECISION                                                          \
    {                                                                               \
        "precision", CLI_KEY_PRECISION, "TYPE",                                     \
            "f32, or f16: operands of products are rounded to f16 where a device\n" \
            "gains by it, sums are in f32 (default f32)"                            \
    }
#define CLI_FLAG_WEIGHTS_PRECISION                                                     \
    {                                                                                  \
        "weights-precision", CLI_KEY_WEIGHTS_PRECISION, "TYPE",                        \
            "how weights of linear layers are kept in memory where arithmetic\n"       \
            "is in f32. f32; auto: f16 where the file has F16, which loses nothing;\n" \
            "f16: rounded to it, too, in GALIP's own networks (default auto)"          \
    }
#define CLI_FLAG_VOCAB                                                     \
    {                                                                      \
        "vocab", CLI_KEY_VOCAB, "FILE",                                    \
            "BPE merges: CLIP's bpe_simple_vocab_16e6.txt, plain or .gz\n" \
            "(default: those in the weights, else built-in ones)"          \
    }
#define CLI_FLAG_TRUNCATE                                                   \
    {                                                                       \
        "truncate", CLI_KEY_TRUNCATE, NULL,                                 \
            "cut texts that are too long for the model (default: an error)" \
    }

/**
 * Parses argv. Flags may stand after other arguments; the others end up in argv[*first ..].
 *
 * @param set      takes the command's own flags; value is borrowed from argv. NULL: it has none
 * @param options  for set
 * @param first    may be NULL: arguments that are no flags are an error
 * @return CLI_SHOWN after --help; CLI_E_USAGE
 */
gcl_status cli_parse(const cli_command *cmd, int argc, char **argv, cli_common *common,
                     gcl_status (*set)(void *options, int key, char *value, gcl_error *err),
                     void *options, int *first, gcl_error *err);

/** Reads a whole decimal number; CLI_E_USAGE, naming what, unless it is in min .. max. */
gcl_status cli_number(uint64_t *out, const char *what, const char *text, uint64_t min, uint64_t max,
                      gcl_error *err);
gcl_status cli_size(size_t *out, const char *what, const char *text, size_t min, size_t max,
                    gcl_error *err);

#define CLI_USAGE(err, ...) GCL_FAIL((err), CLI_E_USAGE, __VA_ARGS__)

#endif
