/* session.c - finding weights, opening device and model. */
#include "cli/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "image/image.h"

static const char default_weights[] = "galip-56-demo.safetensors";
static const char default_preset[] = "galip-56";
static const char made_up[] = "synthetic:1";

enum { PATH_ROOM = 4096, CLIP_VOCAB = 49408 };

/* Where the program lies, with the last '/'; "" when the system does not tell. */
static void program_folder(char out[PATH_ROOM])
{
    const ssize_t n = readlink("/proc/self/exe", out, PATH_ROOM - 1);
    char *slash;

    out[n > 0 ? n : 0] = '\0';
    slash = strrchr(out, '/');
    if (slash != NULL)
        slash[1] = '\0';
}

/* The demo weights; false when they are nowhere. */
static bool find_default(char path[PATH_ROOM])
{
    char beside[PATH_ROOM];
    const char *given = getenv("GALIP_DATA_DIR");
    const struct {
        const char *base, *folder;
    } places[] = {
        {given, "/"}, {beside, "../weights/"}, {beside, "../share/galip/"}, {GALIP_DATADIR, "/"}};

    program_folder(beside);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int n;
        if (places[i].base == NULL || places[i].base[0] == '\0')
            continue;
        n = snprintf(path, PATH_ROOM, "%s%s%s", places[i].base, places[i].folder, default_weights);
        if (n > 0 && n < PATH_ROOM && access(path, R_OK) == 0)
            return true;
    }
    return false;
}

static gcl_status open_checkpoint(cli_session *s, const cli_common *common, gcl_error *err)
{
    char path[PATH_ROOM];
    const char *weights = common->weights, *preset = common->preset;
    gcl_status st;

    if (weights == NULL && preset != NULL && strcmp(preset, default_preset) != 0) {
        weights = made_up;
    } else if (weights == NULL && find_default(path)) {
        weights = path;
    } else if (weights == NULL) {
        s->fallback = true;
        weights = made_up;
        preset = default_preset;
    }
    st = gcl_checkpoint_open(&s->checkpoint, weights, preset, err);
    return st == GCL_E_ARG ? CLI_E_USAGE : st; /* it checks the spec and the preset alone */
}

gcl_status cli_session_open(cli_session *s, const cli_common *common, const gcl_plan_options *plan,
                            gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_plan_options options = plan != NULL ? *plan : (gcl_plan_options){0};

    options.precision = common->precision;
    options.weights = common->weights_precision;
    GCL_TRY(open_checkpoint(s, common, err));
    GCL_TRY(gcl_device_find(&s->device, common->device, err));
    GCL_TRY(gcl_context_create(&s->ctx, &s->device, err));
    GCL_TRY(gcl_model_create(&s->model, s->ctx, s->checkpoint, &options, err));
done:
    return st;
}

void cli_session_close(cli_session *s)
{
    gcl_model_destroy(s->model);
    gcl_context_destroy(s->ctx);
    gcl_checkpoint_close(s->checkpoint);
    memset(s, 0, sizeof *s);
}

void cli_session_notes(const cli_session *s)
{
    if (s->fallback)
        fprintf(stderr, "galip: note: %s was not found (--weights, GALIP_DATA_DIR)\n",
                default_weights);
    if (gcl_checkpoint_is_synthetic(s->checkpoint))
        fprintf(stderr,
                "galip: note: the weights are %s of %s: pictures and numbers mean nothing\n",
                gcl_checkpoint_spec(s->checkpoint), gcl_checkpoint_config(s->checkpoint)->preset);
}

const char *cli_session_weights(const cli_session *s)
{
    return cli_base_name(gcl_checkpoint_spec(s->checkpoint));
}

/* The error of a text that is too long says how to go on. */
static gcl_status suggest_truncate(const char *text, gcl_status st, gcl_error *err)
{
    char message[sizeof err->message];

    memcpy(message, err->message, sizeof message);
    return GCL_FAIL(err, st, "text \"%.40s%s\": %s; --truncate cuts it", text,
                    strlen(text) > 40 ? "..." : "", message);
}

gcl_status cli_session_encode(cli_session *s, const cli_common *common, char *const *texts,
                              size_t n, float **sentences, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_config *c = gcl_model_config(s->model);
    gcl_tokenizer *tok = NULL;
    int32_t *tokens = NULL;
    float *out = NULL;

    *sentences = NULL;
    GCL_TRY(gcl_checkpoint_tokenizer(&tok, s->checkpoint, common->vocab, err));
    GCL_TRY(cli_alloc(&tokens, n, c->context_length * sizeof *tokens, "texts", err));
    GCL_TRY(cli_alloc(&out, n, c->embed_dim * sizeof *out, "sentence vectors", err));
    for (size_t i = 0; i < n; i++) {
        size_t used;
        cli_warn_not_utf8(texts[i], strlen(texts[i]));
        st = gcl_tokenizer_prompt(tok, texts[i], c->context_length, common->truncate,
                                  tokens + i * c->context_length, &used, err);
        if (st == GCL_E_ARG)
            st = suggest_truncate(texts[i], st, err);
        GCL_TRY(st);
    }
    GCL_TRY(gcl_model_encode_text(s->model, tokens, n, out, err));
    *sentences = out;
    out = NULL;
done:
    free(out);
    free(tokens);
    gcl_tokenizer_destroy(tok);
    return st;
}

gcl_status cli_tokenizer_open(gcl_tokenizer **out, const cli_common *common, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_session s = {0};

    if (common->vocab != NULL && common->weights == NULL)
        return gcl_tokenizer_create_file(out, common->vocab, CLIP_VOCAB, err);
    GCL_TRY(open_checkpoint(&s, common, err));
    GCL_TRY(gcl_checkpoint_tokenizer(out, s.checkpoint, common->vocab, err));
done:
    cli_session_close(&s);
    return st;
}

gcl_status cli_session_photo(cli_session *s, const char *path, float *embedding, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_image image = {0};

    GCL_TRY(gcl_image_read(&image, path, err));
    GCL_TRY(gcl_model_encode_photo(s->model, image.rgb, image.width, image.height, embedding, err));
done:
    gcl_image_free(&image);
    return st;
}
