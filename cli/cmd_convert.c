/* cmd_convert.c - galip convert: weights into one file, in the types wanted. */
#include "cli/info.h"
#include "cli/options.h"
#include "cli/output.h"
#include "model/convert.h"

enum { KEY_F16 = CLI_KEY_OWN, KEY_F16_ALL, KEY_F32 };

static const cli_flag flags[] = {
    {"output", 'o', "PATH", "the .safetensors file to write"},
    {"f16", KEY_F16, NULL,
     "store weights of linear layers, convolutions, attention and\n"
     "projections as F16 where that loses nothing, and rounded those\n"
     "of GALIP's networks but the affine ones; all else as F32"},
    {"f16-all", KEY_F16_ALL, NULL,
     "store all of these weights as F16, for measuring: rounding a CLIP\n"
     "that is not as published moves results beyond what verify allows"},
    {"f32", KEY_F32, NULL, "store everything as F32"},
    CLI_FLAG_PRESET,
    CLI_FLAG_JSON,
    CLI_FLAG_HELP,
    {NULL, 0, NULL, NULL},
};

typedef struct options {
    const char *output;
    gcl_store store;
} options;

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    options *o = user;
    const gcl_store store = key == KEY_F16       ? GCL_STORE_F16
                            : key == KEY_F16_ALL ? GCL_STORE_F16_ALL
                                                 : GCL_STORE_F32;

    if (key == 'o')
        o->output = value;
    else if (o->store != GCL_STORE_AS_IS && o->store != store)
        return CLI_USAGE(err, "--f16, --f16-all and --f32 exclude each other");
    else
        o->store = store;
    return GCL_OK;
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    options o = {0};
    gcl_checkpoint *from = NULL;
    const char *in;
    int first;

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &o, &first, err));
    in = first < argc ? argv[first] : common.preset != NULL ? "synthetic:1" : NULL;
    if (in == NULL || argc - first > 1) {
        st = CLI_USAGE(err, "needs one file, synthetic:SEED or --preset, got %d", argc - first);
        goto done;
    }
    if (o.output == NULL) {
        st = CLI_USAGE(err, "--output is missing");
        goto done;
    }
    GCL_TRY(cli_check_writable(o.output, err));
    st = gcl_checkpoint_open(&from, in, common.preset, err);
    if (st == GCL_E_ARG)
        st = CLI_E_USAGE; /* it checks the spec and the preset alone */
    GCL_TRY(st);
    GCL_TRY(gcl_convert(o.output, from, o.store, err));
    GCL_TRY(cli_info_weights(o.output, common.json, false, err));
done:
    gcl_checkpoint_close(from);
    return st;
}

const cli_command cli_convert = {
    "convert",
    "write weights into one file",
    "[OPTIONS] FILE|synthetic:SEED -o PATH",
    "Writes the weights of a .safetensors file, or made-up ones, into a new .safetensors file\n"
    "with the same metadata, and shows what it holds. Without --f16, --f16-all and --f32 no\n"
    "tensor changes its type. --preset alone means synthetic:1.",
    flags,
    "galip convert galip-56-demo.safetensors --f32 -o demo-f32.safetensors\n"
    "galip convert --preset galip-224 --f16 -o galip-224.safetensors",
    run,
};
