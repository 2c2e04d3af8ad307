/* cmd_generate.c - galip generate: pictures from prompts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/output.h"
#include "cli/pictures.h"

enum { KEY_PROMPT_FILE = CLI_KEY_OWN, KEY_GRID, KEY_NOISE };

static const cli_flag flags[] = {
    {"prompt", 'p', "TEXT", "a prompt, as the arguments are; may be repeated"},
    {"prompt-file", KEY_PROMPT_FILE, "FILE", "prompts, one a line; - reads standard input"},
    {"number", 'n', "N", "pictures of each prompt (default 1)"},
    {"seed", 's', "SEED",
     "0 .. 2^64-1 (default: random, and printed). Picture i of a run\n"
     "depends on the seed and on i alone, counted over all prompts"},
    {"batch", 'b', "B",
     "pictures computed at a time, 1 .. 4096 (default 1); changes\nspeed and "
     "memory, never the pictures"},
    {"output", 'o', "PATH",
     "PNG to write (default galip.png). For several pictures it holds\n"
     "%d or %0Nd, the picture's number from 0, unless --grid is given"},
    {"grid", KEY_GRID, "[COLUMNS]",
     "one PNG with all pictures, row by row (default: as wide as\nhigh)"},
    {"noise", KEY_NOISE, "FILE",
     "take the latents from a .safetensors file, tensor `noise` or\n"
     "`in.noise`, F32 [pictures, nz], instead of from a seed"},
    CLI_FLAG_TRUNCATE,
    CLI_FLAG_WEIGHTS,
    CLI_FLAG_PRESET,
    CLI_FLAG_PRECISION,
    CLI_FLAG_WEIGHTS_PRECISION,
    CLI_FLAG_VOCAB,
    CLI_FLAG_DEVICE,
    CLI_FLAG_JSON,
    CLI_FLAG_HELP,
    {NULL, 0, NULL, NULL},
};

enum { MAX_PROMPT_FILE_BYTES = 1 << 28 };

typedef struct options {
    cli_pictures pictures;
    const char *prompt_file, *noise, *output;
    size_t each;
    bool has_seed, grid;
    char **prompts; /* [n_prompts]; the array is owned, its strings are not */
    size_t n_prompts;
    char *file_text; /* owned */
} options;

static gcl_status add_prompt(options *o, char *text, gcl_error *err)
{
    char **grown;

    if (o->n_prompts >= CLI_MAX_PICTURES)
        return GCL_FAIL(err, GCL_E_UNSUPPORTED, "more than %d prompts", CLI_MAX_PICTURES);
    grown = realloc(o->prompts, (o->n_prompts + 1) * sizeof *grown);
    if (grown == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "prompts: host allocation failed");
    grown[o->n_prompts++] = text;
    o->prompts = grown;
    return GCL_OK;
}

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    options *o = user;

    switch (key) {
    case 'p':
        return add_prompt(o, value, err);
    case KEY_PROMPT_FILE:
        o->prompt_file = value;
        return GCL_OK;
    case 'n':
        return cli_size(&o->each, "--number", value, 1, CLI_MAX_PICTURES, err);
    case 's':
        o->has_seed = true;
        return cli_number(&o->pictures.seed, "--seed", value, 0, UINT64_MAX, err);
    case 'b':
        return cli_size(&o->pictures.batch, "--batch", value, 1, CLI_MAX_BATCH, err);
    case 'o':
        o->output = value;
        return GCL_OK;
    case KEY_NOISE:
        o->noise = value;
        return GCL_OK;
    default:
        o->grid = true;
        return value == NULL
                   ? GCL_OK
                   : cli_size(&o->pictures.columns, "--grid", value, 1, CLI_MAX_PICTURES, err);
    }
}

/* Lines of the prompt file; empty ones are passed over. */
static gcl_status read_prompt_file(options *o, gcl_error *err)
{
    gcl_status st = GCL_OK;
    size_t bytes = 0;
    const char *path = strcmp(o->prompt_file, "-") == 0 ? "/dev/stdin" : o->prompt_file;
    char *end;

    GCL_TRY(gcl_file_read(&o->file_text, &bytes, path, MAX_PROMPT_FILE_BYTES, err));
    for (char *line = o->file_text; line < o->file_text + bytes; line = end + 1) {
        end = line + strcspn(line, "\n");
        *end = '\0';
        line[strcspn(line, "\r")] = '\0';
        if (*line != '\0')
            GCL_TRY(add_prompt(o, line, err));
    }
    if (o->n_prompts == 0)
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s holds no prompt", o->prompt_file);
done:
    return st;
}

/* What can be said before any device is touched. */
static gcl_status check_options(options *o, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_pictures *p = &o->pictures;

    if (o->n_prompts == 0) {
        st = CLI_USAGE(err, "a prompt is missing");
        goto done;
    }
    if (o->each > CLI_MAX_PICTURES / o->n_prompts) {
        st =
            CLI_USAGE(err, "%zu prompts with %zu pictures each are more than the %d a run may have",
                      o->n_prompts, o->each, CLI_MAX_PICTURES);
        goto done;
    }
    if (o->has_seed && o->noise != NULL) {
        st = CLI_USAGE(err, "--seed and --noise exclude each other");
        goto done;
    }
    p->n = o->n_prompts * o->each;
    p->prompts = o->prompts;
    p->n_prompts = o->n_prompts;
    p->noise_file = o->noise;
    if (o->grid && p->columns == 0)
        p->columns = (size_t)ceil(sqrt((double)p->n));
    GCL_TRY(cli_pattern_parse(&p->output, o->output, err));
    if (p->n > 1 && !p->output.numbered && p->columns == 0)
        st = CLI_USAGE(err, "%zu pictures need --grid or %%d in --output, as in galip-%%03d.png",
                       p->n);
    else if (!o->has_seed && o->noise == NULL)
        st = cli_random_seed(&p->seed, err);
done:
    return st;
}

static gcl_status read_noise(cli_pictures *p, size_t nz, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_safetensors *file = NULL;
    const gcl_tensor_view *t;
    char found[GCL_TENSOR_SHAPE_TEXT_BYTES];

    GCL_TRY(gcl_safetensors_open(&file, p->noise_file, err));
    t = gcl_safetensors_find(file, "noise");
    if (t == NULL)
        t = gcl_safetensors_find(file, "in.noise");
    if (t == NULL) {
        st = GCL_FAIL(err, GCL_E_NOT_FOUND, "%s has no tensor noise or in.noise", p->noise_file);
        goto done;
    }
    if (t->dtype != GCL_TENSOR_F32 || t->rank != 2 || t->shape[0] != p->n || t->shape[1] != nz) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "%s: tensor %s is %s %s, needs F32 [%zu, %zu]",
                      p->noise_file, t->name, gcl_tensor_dtype_name(t->dtype),
                      gcl_tensor_shape_text(found, t->rank, t->shape), p->n, nz);
        goto done;
    }
    GCL_TRY(gcl_tensor_to_f32(t, p->noise, err));
    for (size_t i = 0; i < t->count; i++)
        if (!isfinite(p->noise[i])) {
            st = GCL_FAIL(err, GCL_E_FORMAT, "%s: %s[%zu] is not a finite number", p->noise_file,
                          t->name, i);
            goto done;
        }
done:
    gcl_safetensors_close(file);
    return st;
}

/* A row for each picture from a row for each prompt. */
static void spread(const cli_pictures *p, const float *sentences, size_t d)
{
    const size_t each = p->n / p->n_prompts;

    for (size_t i = 0; i < p->n; i++)
        memcpy(p->sentences + i * d, sentences + i / each * d, d * sizeof *sentences);
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    cli_session s = {0};
    options o = {.each = 1, .output = "galip.png", .pictures = {.batch = 1}};
    cli_pictures *p = &o.pictures;
    float *sentences = NULL;
    int first;

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &o, &first, err));
    for (int i = first; i < argc; i++)
        GCL_TRY(add_prompt(&o, argv[i], err));
    if (o.prompt_file != NULL)
        GCL_TRY(read_prompt_file(&o, err));
    GCL_TRY(check_options(&o, err));
    GCL_TRY(cli_session_open(&s, &common, NULL, err));
    GCL_TRY(cli_pictures_prepare(p, &s, err));
    if (o.noise != NULL)
        GCL_TRY(read_noise(p, gcl_model_config(s.model)->nz, err));
    else
        GCL_TRY(gcl_model_noise(s.model, p->seed, 0, p->n, p->noise, err));
    GCL_TRY(cli_session_encode(&s, &common, o.prompts, o.n_prompts, &sentences, err));
    spread(p, sentences, gcl_model_config(s.model)->cond_dim);
    GCL_TRY(cli_pictures_draw(p, &s, common.json, err));
    cli_session_notes(&s);
done:
    free(sentences);
    cli_pictures_free(p);
    cli_session_close(&s);
    free(o.prompts);
    free(o.file_text);
    return st;
}

const cli_command cli_generate = {
    "generate",
    "draw pictures from text",
    "[OPTIONS] PROMPT...",
    "Draws pictures of what the prompts say and writes them as PNG files, each with the text\n"
    "chunks prompt, seed, index, weights, preset, device, software and parameters, which\n"
    "`galip info` shows. With --json it prints an array with path, prompt, seed (a string, since\n"
    "it may exceed what JSON numbers carry), index and seconds of each picture.",
    flags,
    "galip generate \"a red circle on a blue square\" --seed 1 -o circle.png\n"
    "galip generate -n 16 --grid 4 --batch 4 \"a green star\" -o stars.png\n"
    "galip generate --prompt-file prompts.txt -o 'out/%03d.png' --json",
    run,
};
