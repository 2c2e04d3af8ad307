/* cmd_tokenize.c - galip tokenize: what the text tower reads of a text. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/output.h"
#include "cli/session.h"

enum { KEY_DECODE = CLI_KEY_OWN };

static const cli_flag flags[] = {
    {"decode", KEY_DECODE, "IDS",
     "print the text that token ids stand for: numbers with spaces or\ncommas between"},
    CLI_FLAG_VOCAB,
    CLI_FLAG_WEIGHTS,
    CLI_FLAG_JSON,
    CLI_FLAG_HELP,
    {NULL, 0, NULL, NULL},
};

typedef struct text_ids {
    int32_t *ids; /* [n]; owned */
    size_t n;
} text_ids;

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    (void)key, (void)err;
    *(const char **)user = value;
    return GCL_OK;
}

static json_t *json_ids(const text_ids *t)
{
    json_t *list = json_array();

    for (size_t i = 0; i < t->n; i++)
        json_array_append_new(list, json_integer(t->ids[i]));
    return list;
}

static json_t *describe(const gcl_tokenizer *tok, const char *text, size_t bytes, const text_ids *t)
{
    json_t *pieces = json_array();

    for (size_t i = 0; i < t->n; i++) {
        const char *piece = "";
        size_t n = 0;
        gcl_tokenizer_piece(tok, t->ids[i], &piece, &n);
        json_array_append_new(pieces, json_stringn(piece, n));
    }
    return json_pack("{s:o, s:o, s:o}", "text", cli_json_bytes(text, bytes), "ids", json_ids(t),
                     "pieces", pieces);
}

static void print_pieces(const gcl_tokenizer *tok, const text_ids *t)
{
    for (size_t i = 0; i < t->n; i++) {
        const char *piece = "";
        size_t bytes = 0;
        gcl_tokenizer_piece(tok, t->ids[i], &piece, &bytes);
        printf("%6d  %.*s\n", t->ids[i], (int)bytes, piece);
    }
}

/* One text: its lines on standard output, or a member of list, which is NULL without --json. */
static gcl_status encode(const gcl_tokenizer *tok, const char *text, size_t bytes, json_t *list,
                         gcl_error *err)
{
    gcl_status st = GCL_OK;
    text_ids t = {NULL, 0};

    GCL_TRY(gcl_tokenizer_encode_bytes(tok, text, bytes, &t.ids, &t.n, err));
    if (list != NULL)
        json_array_append_new(list, describe(tok, text, bytes, &t));
    else
        print_pieces(tok, &t);
    cli_warn_not_utf8(text, bytes);
done:
    free(t.ids);
    return st;
}

static gcl_status encode_all(const gcl_tokenizer *tok, char *const *texts, size_t n, bool json,
                             gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *list = json ? json_array() : NULL;
    char *input = NULL;
    size_t bytes = 0;

    for (size_t i = 0; i < n; i++) {
        if (i > 0 && !json)
            putchar('\n');
        if (strcmp(texts[i], "-") != 0) {
            GCL_TRY(encode(tok, texts[i], strlen(texts[i]), list, err));
            continue;
        }
        free(input);
        input = NULL;
        GCL_TRY(gcl_file_read(&input, &bytes, "/dev/stdin", GCL_TOKENIZER_TEXT_BYTES, err));
        GCL_TRY(encode(tok, input, bytes, list, err));
    }
    if (json)
        GCL_TRY(cli_json_print(
            json_pack("{s:I, s:O}", "vocab", (json_int_t)gcl_tokenizer_vocab(tok), "texts", list),
            err));
done:
    json_decref(list);
    free(input);
    return st;
}

static gcl_status read_ids(text_ids *out, const char *list, gcl_error *err)
{
    const gcl_status st = cli_alloc(&out->ids, strlen(list) / 2 + 1, sizeof *out->ids, "ids", err);

    if (st != GCL_OK)
        return st;
    for (;;) {
        char *end = NULL;
        long id;
        while (*list == ',' || isspace((unsigned char)*list))
            list++;
        if (*list == '\0')
            return GCL_OK;
        errno = 0;
        id = strtol(list, &end, 10);
        if (!isdigit((unsigned char)*list) || errno != 0 || id > INT32_MAX)
            return CLI_USAGE(err, "--decode has \"%.20s\" where a token id is needed", list);
        out->ids[out->n++] = (int32_t)id;
        list = end;
    }
}

static gcl_status decode(const gcl_tokenizer *tok, const text_ids *t, bool json, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char *text = NULL;

    GCL_TRY(gcl_tokenizer_decode(tok, t->ids, t->n, &text, err));
    if (json) {
        GCL_TRY(cli_json_print(
            json_pack("{s:o, s:o}", "ids", json_ids(t), "text", cli_json_text(text)), err));
    } else {
        cli_print_text(stdout, text);
        putchar('\n');
    }
done:
    free(text);
    return st;
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    gcl_tokenizer *tok = NULL;
    text_ids t = {NULL, 0};
    const char *ids = NULL;
    int first;

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &ids, &first, err));
    if (ids != NULL && first < argc) {
        st = CLI_USAGE(err, "--decode and the text \"%.40s\" exclude each other", argv[first]);
        goto done;
    }
    if (ids == NULL && first == argc) {
        st = CLI_USAGE(err, "a text is missing");
        goto done;
    }
    if (ids != NULL)
        GCL_TRY(read_ids(&t, ids, err));
    GCL_TRY(cli_tokenizer_open(&tok, &common, err));
    if (ids != NULL)
        GCL_TRY(decode(tok, &t, common.json, err));
    else
        GCL_TRY(encode_all(tok, argv + first, (size_t)(argc - first), common.json, err));
done:
    free(t.ids);
    gcl_tokenizer_destroy(tok);
    return st;
}

const cli_command cli_tokenize = {
    "tokenize",
    "print the tokens of texts, or the text of tokens",
    "[OPTIONS] TEXT...|--decode IDS",
    "Prints the id and the piece of every token of each text, one a line, without start and end.\n"
    "The text - is standard input, all of it. With --vocab and no --weights the ids are those of\n"
    "CLIP's 49,408 tokens.",
    flags,
    "galip tokenize \"a red circle\"\n"
    "galip tokenize --vocab bpe_simple_vocab_16e6.txt.gz --json \"a red circle\"\n"
    "galip tokenize --decode 320,539,586\n"
    "galip tokenize - <caption.txt",
    run,
};
