/* cmd_convert.c - galip convert: weights into one file, in the types wanted. */
#include <string.h>

#include "cli/convert_report.h"
#include "cli/options.h"
#include "cli/output.h"

enum { KEY_F16 = CLI_KEY_OWN, KEY_F16_ALL, KEY_F32, KEY_ACTIVATION, KEY_DRY_RUN };

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
    {"vocab", CLI_KEY_VOCAB, "FILE",
     "embed these BPE merges: CLIP's bpe_simple_vocab_16e6.txt, plain or\n"
     ".gz, or Hugging Face's merges.txt or tokenizer.json"},
    {"preset", CLI_KEY_PRESET, "NAME",
     "what no tensor's shape tells is as in galip-224 or galip-56\n"
     "(default: as the inputs say, or the preset whose shapes they have)"},
    {"activation", KEY_ACTIVATION, "NAME",
     "quick_gelu (OpenAI's) or gelu (most of open_clip's own), for a CLIP\n"
     "whose files do not say which"},
    {"dry-run", KEY_DRY_RUN, NULL, "check everything, write nothing"},
    CLI_FLAG_JSON,
    CLI_FLAG_HELP,
    {NULL, 0, NULL, NULL},
};

typedef struct options {
    const char *output, *activation;
    gcl_store store;
    bool dry_run;
} options;

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    options *o = user;
    const gcl_store store = key == KEY_F16       ? GCL_STORE_F16
                            : key == KEY_F16_ALL ? GCL_STORE_F16_ALL
                                                 : GCL_STORE_F32;

    if (key == 'o')
        o->output = value;
    else if (key == KEY_DRY_RUN)
        o->dry_run = true;
    else if (key == KEY_ACTIVATION && strcmp(value, "quick_gelu") != 0 &&
             strcmp(value, "gelu") != 0)
        return CLI_USAGE(err, "--activation is \"%s\", needs quick_gelu or gelu", value);
    else if (key == KEY_ACTIVATION)
        o->activation = value;
    else if (o->store != GCL_STORE_AS_IS && o->store != store)
        return CLI_USAGE(err, "--f16, --f16-all and --f32 exclude each other");
    else
        o->store = store;
    return GCL_OK;
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    static const char *const made_up[] = {"synthetic:1"};
    gcl_status st = GCL_OK;
    cli_common common = {0};
    options o = {0};
    gcl_conversion_options from = {.inputs = made_up, .n_inputs = 1};
    gcl_conversion *c = NULL;
    int first;

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &o, &first, err));
    if (first < argc) {
        from.inputs = (const char *const *)argv + first;
        from.n_inputs = (size_t)(argc - first);
    } else if (common.preset == NULL) {
        st = CLI_USAGE(err, "needs a file, synthetic:SEED or --preset");
        goto done;
    }
    if (o.output == NULL && !o.dry_run) {
        st = CLI_USAGE(err, "--output is missing");
        goto done;
    }
    if (!o.dry_run)
        GCL_TRY(cli_check_writable(o.output, err));
    from.preset = common.preset;
    from.activation = o.activation;
    from.vocab = common.vocab;
    from.store = o.store;
    st = gcl_conversion_open(&c, &from, err);
    if (st == GCL_E_ARG && strncmp(from.inputs[0], "synthetic:", 10) == 0)
        st = CLI_E_USAGE;
    GCL_TRY(st);
    if (!o.dry_run)
        GCL_TRY(gcl_conversion_write(c, o.output, err));
    GCL_TRY(cli_convert_report(c, o.dry_run ? NULL : o.output, common.json, err));
done:
    gcl_conversion_close(c);
    return st;
}

const cli_command cli_convert = {
    "convert",
    "make one weights file from published ones",
    "[OPTIONS] IN... -o PATH",
    "Makes one .safetensors file, which every command takes as --weights, from the files that are\n"
    "published: OpenAI's ViT-B-32.pt, CLIPs of Hugging Face and open_clip (PyTorch or "
    "safetensors),\n"
    "GALIP's checkpoints; also from galip's own files, and from made-up weights (synthetic:SEED,\n"
    "with --preset; --preset alone means synthetic:1). What kind a file is tells its content. A "
    "CLIP's\n"
    "config.json or open_clip_config.json among the inputs says what its tensors do not: "
    "attention\n"
    "heads and the activation. The copy of CLIP's image tower in GALIP's checkpoints must be equal "
    "to\n"
    "the CLIP given, and is not stored again. Shows what each part comes from; without --f16,\n"
    "--f16-all and --f32 no tensor changes its type (F64 becomes F32).",
    flags,
    "galip convert ViT-B-32.pt pre_cc12m.pth --vocab bpe_simple_vocab_16e6.txt.gz \\\n"
    "    -o galip-cc12m.safetensors\n"
    "galip convert clip/model.safetensors clip/config.json --vocab clip/merges.txt -o "
    "clip.safetensors\n"
    "galip convert --preset galip-224 --f16 -o galip-224.safetensors",
    run,
};
