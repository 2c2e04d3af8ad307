/* cmd_score.c - galip score: how well texts fit a picture. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/output.h"
#include "cli/session.h"

static const cli_flag flags[] = {
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

typedef struct score {
    const char *text;
    float cosine;
} score;

static int by_cosine(const void *a, const void *b)
{
    const float x = ((const score *)a)->cosine, y = ((const score *)b)->cosine;

    return (x < y) - (x > y);
}

/* Fills scores, best first. */
static gcl_status compute(cli_session *s, const cli_common *common, const char *picture,
                          char *const *texts, size_t n, score *scores, gcl_error *err)
{
    gcl_status st = GCL_OK;
    float *image = NULL, *sentences = NULL, *cosine = NULL;

    GCL_TRY(cli_alloc(&image, gcl_model_config(s->model)->embed_dim, sizeof *image, "vector", err));
    GCL_TRY(cli_alloc(&cosine, n, sizeof *cosine, "cosines", err));
    GCL_TRY(cli_session_photo(s, picture, image, err));
    GCL_TRY(cli_session_encode(s, common, texts, n, &sentences, err));
    GCL_TRY(gcl_model_cosine(s->model, image, 1, sentences, n, cosine, err));
    for (size_t i = 0; i < n; i++)
        scores[i] = (score){texts[i], cosine[i]};
    qsort(scores, n, sizeof *scores, by_cosine);
done:
    free(image);
    free(sentences);
    free(cosine);
    return st;
}

static json_t *describe(const char *picture, const score *scores, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:o, s:o}", "text", cli_json_text(scores[i].text),
                                              "cosine", cli_json_real((double)scores[i].cosine)));
    return json_pack("{s:o, s:o}", "image", cli_json_text(picture), "scores", list);
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    cli_session s = {0};
    score *scores = NULL;
    size_t n;
    int first;

    GCL_TRY(cli_parse(self, argc, argv, &common, NULL, NULL, &first, err));
    if (argc - first < 2) {
        st = CLI_USAGE(err, "needs a picture and at least one text");
        goto done;
    }
    n = (size_t)(argc - first - 1);
    GCL_TRY(cli_alloc(&scores, n, sizeof *scores, "scores", err));
    GCL_TRY(cli_session_open(&s, &common, NULL, err));
    GCL_TRY(compute(&s, &common, argv[first], argv + first + 1, n, scores, err));
    if (common.json)
        GCL_TRY(cli_json_print(describe(argv[first], scores, n), err));
    for (size_t i = 0; i < n && !common.json; i++) {
        printf("%8.5f  ", (double)scores[i].cosine);
        cli_print_text(stdout, scores[i].text);
        putchar('\n');
    }
    cli_session_notes(&s);
done:
    free(scores);
    cli_session_close(&s);
    return st;
}

const cli_command cli_score = {
    "score",
    "tell how well texts fit a picture",
    "[OPTIONS] IMAGE TEXT...",
    "Prints the cosine similarity, -1 to 1, of CLIP's vector of a PNG or JPEG picture with that "
    "of\n"
    "each text, the best first.",
    flags,
    "galip score photo.jpg \"a dog\" \"a cat\" \"a bird\"\n"
    "galip score circle.png \"a red circle\" \"a green star\" --json",
    run,
};
