/* cmd_encode.c - galip encode: CLIP's vectors of texts or pictures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/session.h"

static const cli_flag flags[] = {
    {"output", 'o', "PATH",
     "write a .safetensors file with the tensor `text` or `image`,\n"
     "F32 [n, embed_dim], instead of printing"},
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

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    const char **output = user;

    (void)key;
    *output = value;
    return *value != '\0' ? GCL_OK : CLI_USAGE(err, "--output is empty");
}

static gcl_status encode_images(cli_session *s, char *const *paths, size_t n, float **vectors,
                                gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t d = gcl_model_config(s->model)->embed_dim;

    GCL_TRY(cli_alloc(vectors, n, d * sizeof **vectors, "vectors", err));
    for (size_t i = 0; i < n; i++)
        GCL_TRY(cli_session_photo(s, paths[i], *vectors + i * d, err));
done:
    return st;
}

static json_t *describe(const char *kind, char *const *inputs, const float *vectors, size_t n,
                        size_t d)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:o, s:o}", "input", cli_json_text(inputs[i]),
                                              "vector", cli_json_floats(vectors + i * d, d)));
    return json_pack("{s:s, s:I, s:o}", "kind", kind, "embed_dim", (json_int_t)d, "vectors", list);
}

static void print_vectors(const float *vectors, size_t n, size_t d)
{
    for (size_t i = 0; i < n * d; i++)
        printf("%.9g%c", (double)vectors[i], (i + 1) % d == 0 ? '\n' : ' ');
}

static gcl_status write_file(const char *path, const cli_session *s, const char *kind,
                             const float *vectors, size_t n, size_t d, gcl_error *err)
{
    const gcl_tensor_view tensor = {
        .name = kind, .dtype = GCL_TENSOR_F32, .rank = 2, .shape = {n, d}, .data = vectors};
    const gcl_safetensors_pair metadata[] = {
        {"software", "galip " GALIP_VERSION},
        {"weights", cli_session_weights(s)},
    };

    return gcl_safetensors_write(path, &tensor, 1, metadata, 2, err);
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    cli_session s = {0};
    const char *output = NULL, *kind;
    float *vectors = NULL;
    char **inputs;
    size_t n, d;
    int first;

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &output, &first, err));
    kind = first < argc ? argv[first] : "";
    if (strcmp(kind, "text") != 0 && strcmp(kind, "image") != 0) {
        st = CLI_USAGE(err, "the first argument is \"%s\", needs text or image", kind);
        goto done;
    }
    if (first + 1 == argc) {
        st = CLI_USAGE(err, "nothing to encode: a %s is missing",
                       strcmp(kind, "text") == 0 ? "text" : "file");
        goto done;
    }
    inputs = argv + first + 1;
    n = (size_t)(argc - first - 1);
    if (output != NULL)
        GCL_TRY(cli_check_writable(output, err));
    GCL_TRY(cli_session_open(&s, &common, NULL, err));
    d = gcl_model_config(s.model)->embed_dim;
    if (strcmp(kind, "text") == 0)
        GCL_TRY(cli_session_encode(&s, &common, inputs, n, &vectors, err));
    else
        GCL_TRY(encode_images(&s, inputs, n, &vectors, err));
    if (output != NULL)
        GCL_TRY(write_file(output, &s, kind, vectors, n, d, err));
    if (common.json)
        GCL_TRY(cli_json_print(describe(kind, inputs, vectors, n, d), err));
    else if (output == NULL)
        print_vectors(vectors, n, d);
    cli_session_notes(&s);
done:
    free(vectors);
    cli_session_close(&s);
    return st;
}

const cli_command cli_encode = {
    "encode",
    "print CLIP's vectors of texts or pictures",
    "text|image [OPTIONS] TEXT...|FILE...",
    "Prints the vector that CLIP gives to each text, or to each PNG or JPEG picture, one a line,\n"
    "not normalised. Pictures are resized and cropped as CLIP does it.",
    flags,
    "galip encode text \"a red circle\" \"a green star\"\n"
    "galip encode image photo.jpg --json\n"
    "galip encode image *.png -o vectors.safetensors",
    run,
};
