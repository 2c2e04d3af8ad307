/*
 * cmd_interpolate.c - galip interpolate: a row of pictures between two prompts and two seeds.
 *
 * Sentences go along the straight line. Noise goes along the arc (slerp): netG has learned from
 * vectors of independent normal numbers, whose norms all lie near sqrt(nz); the straight line
 * between two of them dips to about 0.7 of that, the arc keeps it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/pictures.h"

enum { KEY_SEED2 = CLI_KEY_OWN, KEY_FRAMES };

static const cli_flag flags[] = {
    {"prompt", 'p', "TEXT", "a prompt, as the arguments are; at most two in all"},
    {"seed", 's', "SEED", "0 .. 2^64-1, of the first picture (default: random, and printed)"},
    {"seed2", KEY_SEED2, "SEED", "of the last picture (default: the same)"},
    {"frames", KEY_FRAMES, "N", "pictures with both ends, >= 2 (default 8)"},
    {"batch", 'b', "B", "pictures computed at a time, 1 .. 4096 (default 1)"},
    {"output", 'o', "PATH",
     "PNG with all pictures in a row (default galip.png); with %d or\n"
     "%0Nd a PNG for each, numbered from 0"},
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

typedef struct options {
    cli_pictures pictures;
    const char *output;
    bool has_seed, has_seed2;
    char *prompts[2];
    size_t n_prompts;
} options;

static gcl_status add_prompt(options *o, char *text, gcl_error *err)
{
    if (o->n_prompts == 2)
        return CLI_USAGE(err, "more than two prompts; \"%s\" is one too many", text);
    o->prompts[o->n_prompts++] = text;
    return GCL_OK;
}

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    options *o = user;

    switch (key) {
    case 'p':
        return add_prompt(o, value, err);
    case 's':
        o->has_seed = true;
        return cli_number(&o->pictures.seed, "--seed", value, 0, UINT64_MAX, err);
    case KEY_SEED2:
        o->has_seed2 = true;
        return cli_number(&o->pictures.seed2, "--seed2", value, 0, UINT64_MAX, err);
    case KEY_FRAMES:
        return cli_size(&o->pictures.n, "--frames", value, 2, CLI_MAX_PICTURES, err);
    case 'b':
        return cli_size(&o->pictures.batch, "--batch", value, 1, CLI_MAX_BATCH, err);
    default:
        o->output = value;
        return GCL_OK;
    }
}

static gcl_status check_options(options *o, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_pictures *p = &o->pictures;

    if (o->n_prompts == 0) {
        st = CLI_USAGE(err, "a prompt is missing");
        goto done;
    }
    if (o->n_prompts == 1 && !o->has_seed2) {
        st = CLI_USAGE(err, "nothing to go to: a second prompt or --seed2 is missing");
        goto done;
    }
    if (!o->has_seed)
        GCL_TRY(cli_random_seed(&p->seed, err));
    if (!o->has_seed2)
        p->seed2 = p->seed;
    p->prompts = o->prompts;
    p->n_prompts = 1;
    p->prompt2 = o->prompts[o->n_prompts - 1];
    GCL_TRY(cli_pattern_parse(&p->output, o->output, err));
    p->columns = p->output.numbered ? 0 : p->n;
done:
    return st;
}

/* out[i] = wa a[i] + wb b[i] */
static void mix(float *out, const float *a, const float *b, size_t n, double wa, double wb)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(wa * (double)a[i] + wb * (double)b[i]);
}

static void slerp(float *out, const float *a, const float *b, size_t n, double t)
{
    double ab = 0, aa = 0, bb = 0, angle;

    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    angle = acos(fmax(-1.0, fmin(1.0, ab / sqrt(aa * bb))));
    if (!(sin(angle) > 1e-6)) /* the same direction, or opposite ones, which no arc joins */
        mix(out, a, b, n, 1.0 - t, t);
    else
        mix(out, a, b, n, sin((1.0 - t) * angle) / sin(angle), sin(t * angle) / sin(angle));
}

/* Fills every frame; both ends are exactly the ones that generate would draw. */
static gcl_status fill_frames(const options *o, cli_session *s, const float *sentences,
                              gcl_error *err)
{
    gcl_status st = GCL_OK;
    const cli_pictures *p = &o->pictures;
    const gcl_config *c = gcl_model_config(s->model);
    const size_t last = p->n - 1;
    const float *to = sentences + (o->n_prompts - 1) * c->cond_dim;
    float *ends = NULL; /* [2, nz] */

    GCL_TRY(cli_alloc(&ends, 2, c->nz * sizeof *ends, "noise", err));
    GCL_TRY(gcl_model_noise(s->model, p->seed, 0, 1, ends, err));
    GCL_TRY(gcl_model_noise(s->model, p->seed2, 0, 1, ends + c->nz, err));
    for (size_t i = 0; i <= last; i++) {
        const double t = (double)i / (double)last;
        float *noise = p->noise + i * c->nz;

        mix(p->sentences + i * c->cond_dim, sentences, to, c->cond_dim, 1.0 - t, t);
        if (i == 0 || i == last)
            memcpy(noise, i == 0 ? ends : ends + c->nz, c->nz * sizeof *noise);
        else
            slerp(noise, ends, ends + c->nz, c->nz, t);
    }
done:
    free(ends);
    return st;
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    cli_session s = {0};
    options o = {.output = "galip.png", .pictures = {.n = 8, .batch = 1}};
    float *sentences = NULL;
    int first;

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &o, &first, err));
    for (int i = first; i < argc; i++)
        GCL_TRY(add_prompt(&o, argv[i], err));
    GCL_TRY(check_options(&o, err));
    GCL_TRY(cli_session_open(&s, &common, NULL, err));
    GCL_TRY(cli_pictures_prepare(&o.pictures, &s, err));
    GCL_TRY(cli_session_encode(&s, &common, o.prompts, o.n_prompts, &sentences, err));
    GCL_TRY(fill_frames(&o, &s, sentences, err));
    GCL_TRY(cli_pictures_draw(&o.pictures, &s, common.json, err));
    cli_session_notes(&s);
done:
    free(sentences);
    cli_pictures_free(&o.pictures);
    cli_session_close(&s);
    return st;
}

const cli_command cli_interpolate = {
    "interpolate",
    "draw the pictures between two prompts or seeds",
    "[OPTIONS] PROMPT_A [PROMPT_B]",
    "Draws a row of pictures that leads from prompt A to prompt B, from --seed to --seed2, or\n"
    "both. Sentence vectors change along a straight line, noise along an arc (slerp), which keeps\n"
    "the length that a vector of normal numbers has. The first and the last picture are those\n"
    "that `galip generate` draws with the same prompt and seed.",
    flags,
    "galip interpolate \"a red circle\" \"a green star\" --seed 1 -o row.png\n"
    "galip interpolate \"a red circle\" --seed 1 --seed2 2 --frames 30 -o 'frames/%03d.png'",
    run,
};
