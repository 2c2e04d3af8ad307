/* model.c - plans of the parts, and running them. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/verbose.h"

struct gcl_model {
    gcl_context *ctx;
    gcl_checkpoint *checkpoint;
    const gcl_config *config;
    gcl_weight_set *weights;
    gcl_plan_options options;
    struct {
        gcl_plan *plan;
        size_t batch, tokens;
    } parts[GCL_PART_COUNT_];
};

gcl_status gcl_model_create(gcl_model **out, gcl_context *ctx, gcl_checkpoint *checkpoint,
                            const gcl_plan_options *options, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_model *m = calloc(1, sizeof *m);

    *out = NULL;
    if (m == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "model: host allocation of %zu bytes", sizeof *m);
        goto done;
    }
    m->ctx = ctx;
    m->checkpoint = checkpoint;
    m->config = gcl_checkpoint_config(checkpoint);
    if (options != NULL)
        m->options = *options;
    GCL_TRY(gcl_weight_set_create(&m->weights, ctx, gcl_checkpoint_source(checkpoint), err));
    *out = m;
    m = NULL;
done:
    gcl_model_destroy(m);
    return st;
}

void gcl_model_destroy(gcl_model *m)
{
    if (m == NULL)
        return;
    for (int i = 0; i < GCL_PART_COUNT_; i++)
        gcl_plan_destroy(m->parts[i].plan);
    gcl_weight_set_destroy(m->weights);
    free(m);
}

const gcl_config *gcl_model_config(const gcl_model *m)
{
    return m->config;
}

/* tokens: of text; of no meaning for other parts, but the same at each call */
static gcl_status get_plan(gcl_model *m, gcl_plan **out, gcl_part part, size_t batch, size_t tokens,
                           gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_graph *graph = NULL;

    *out = NULL;
    if (m->parts[part].plan == NULL || m->parts[part].batch != batch ||
        m->parts[part].tokens != tokens) {
        gcl_plan_destroy(m->parts[part].plan);
        m->parts[part].plan = NULL;
        if (part == GCL_PART_TEXT)
            GCL_TRY(gcl_text_graph(&graph, m->config, batch, tokens, err));
        else
            GCL_TRY(gcl_part_graph(&graph, m->config, part, batch, err));
        GCL_TRY(gcl_plan_create(&m->parts[part].plan, m->ctx, graph, m->weights, &m->options, err));
        m->parts[part].batch = batch;
        m->parts[part].tokens = tokens;
    }
    *out = m->parts[part].plan;
done:
    gcl_graph_destroy(graph);
    return st;
}

gcl_status gcl_model_plan(gcl_model *m, gcl_plan **out, gcl_part part, size_t batch, gcl_error *err)
{
    return get_plan(m, out, part, batch, m->config->context_length, err);
}

gcl_status gcl_model_text_plan(gcl_model *m, gcl_plan **out, size_t batch, size_t T, gcl_error *err)
{
    return get_plan(m, out, GCL_PART_TEXT, batch, T, err);
}

static gcl_status check_tokens(const gcl_config *c, const int32_t *tokens, size_t n, gcl_error *err)
{
    for (size_t i = 0; i < n * c->context_length; i++)
        if (tokens[i] < 0 || (size_t)tokens[i] >= c->vocab_size)
            return GCL_FAIL(err, GCL_E_ARG, "token %zu of sentence %zu is %d, needs 0 .. %zu",
                            i % c->context_length, i / c->context_length, tokens[i],
                            c->vocab_size - 1);
    return GCL_OK;
}

/* A sentence up to its end token. */
typedef struct sentence {
    const int32_t *tokens; /* borrowed */
    size_t length;
    float *vector; /* [embed_dim], borrowed */
} sentence;

/* The end token has the highest id; what pool_eot finds. */
static size_t length_of(const int32_t *tokens, size_t context_length)
{
    size_t end = 0;

    for (size_t t = 1; t < context_length; t++)
        if (tokens[t] > tokens[end])
            end = t;
    return end + 1;
}

/* Shorter ones first; 0 for the same tokens. */
static int by_tokens(const void *a, const void *b)
{
    const sentence *x = a, *y = b;

    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    return memcmp(x->tokens, y->tokens, x->length * sizeof *x->tokens);
}

static gcl_status encode(gcl_plan *plan, const sentence *s, size_t T, size_t vector_bytes,
                         gcl_error *err)
{
    gcl_status st = GCL_OK;

    GCL_TRY(gcl_plan_write(plan, "tokens", s->tokens, T * sizeof *s->tokens, err));
    GCL_TRY(gcl_plan_run(plan, err));
    GCL_TRY(gcl_plan_read(plan, "text.sentence", s->vector, vector_bytes, err));
done:
    return st;
}

gcl_status gcl_model_encode_text(gcl_model *m, const int32_t *tokens, size_t n, float *sentences,
                                 gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_config *c = m->config;
    const size_t vector_bytes = c->embed_dim * sizeof *sentences;
    sentence *s = malloc((n + 1) * sizeof *s);
    gcl_plan *plan = NULL;
    size_t T, n_runs = 0;

    if (s == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "texts: host allocation for %zu sentences", n);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        const int32_t *row = tokens + i * c->context_length;
        s[i] = (sentence){row, length_of(row, c->context_length), sentences + i * c->embed_dim};
    }
    qsort(s, n, sizeof *s, by_tokens);
    T = n > 0 ? s[n - 1].length : 1;
    GCL_TRY(gcl_model_text_plan(m, &plan, 1, T, err));
    GCL_TRY(check_tokens(c, tokens, n, err));
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && by_tokens(&s[i - 1], &s[i]) == 0) {
            memcpy(s[i].vector, s[i - 1].vector, vector_bytes);
            continue;
        }
        GCL_TRY(encode(plan, &s[i], T, vector_bytes, err));
        n_runs++;
    }
    gcl_verbose("text: %zu sentences, %zu of them different, %zu of %zu tokens", n, n_runs, T,
                c->context_length);
done:
    free(s);
    return st;
}

gcl_status gcl_model_noise(gcl_model *m, uint64_t seed, size_t first, size_t n, float *noise,
                           gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t nz = m->config->nz;
    gcl_plan *plan = NULL;

    GCL_TRY(gcl_model_plan(m, &plan, GCL_PART_NOISE, 1, err));
    for (size_t i = 0; i < n; i++) {
        /* key: seed low, seed high, picture, stream (0: latents) */
        const uint32_t key[4] = {(uint32_t)seed, (uint32_t)(seed >> 32), (uint32_t)(first + i), 0};
        GCL_TRY(gcl_plan_write(plan, "key", key, sizeof key, err));
        GCL_TRY(gcl_plan_run(plan, err));
        GCL_TRY(gcl_plan_read(plan, "noise", noise + i * nz, nz * sizeof *noise, err));
    }
done:
    return st;
}

/* Writes rows [first, first + count) of [n, width] data into an input of batch rows. */
static gcl_status write_rows(gcl_plan *plan, const char *input, const float *data, size_t first,
                             size_t count, size_t batch, size_t width, gcl_error *err)
{
    gcl_status st;
    float *rows;

    if (count == batch)
        return gcl_plan_write(plan, input, data + first * width, batch * width * sizeof *data, err);
    rows = calloc(batch * width, sizeof *rows);
    if (rows == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed", input);
    memcpy(rows, data + first * width, count * width * sizeof *rows);
    st = gcl_plan_write(plan, input, rows, batch * width * sizeof *rows, err);
    free(rows);
    return st;
}

gcl_status gcl_model_draw(gcl_model *m, const float *noise, const float *sentences, size_t n,
                          size_t batch, uint8_t *rgb, gcl_progress progress, void *user,
                          gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_config *c = m->config;
    const size_t picture_bytes = c->image_size * c->image_size * 3;
    gcl_plan *plan = NULL;
    uint8_t *all = NULL; /* a whole batch, when only a part of it is wanted */

    GCL_TRY(gcl_model_plan(m, &plan, GCL_PART_NETG, batch, err));
    all = malloc(batch * picture_bytes);
    if (all == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "pictures: host allocation of %zu bytes",
                      batch * picture_bytes);
        goto done;
    }
    for (size_t i = 0; i < n; i += batch) {
        const size_t count = n - i < batch ? n - i : batch;
        GCL_TRY(write_rows(plan, "noise", noise, i, count, batch, c->nz, err));
        GCL_TRY(write_rows(plan, "sentence", sentences, i, count, batch, c->cond_dim, err));
        GCL_TRY(gcl_plan_run(plan, err));
        GCL_TRY(gcl_plan_read(plan, "gen.rgb", all, batch * picture_bytes, err));
        memcpy(rgb + i * picture_bytes, all, count * picture_bytes);
        if (progress != NULL)
            progress(user, i + count, n);
    }
done:
    free(all);
    return st;
}

gcl_status gcl_model_encode_photo(gcl_model *m, const uint8_t *rgb, size_t width, size_t height,
                                  float *embedding, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_graph *graph = NULL;
    gcl_plan *plan = NULL;

    GCL_TRY(gcl_photo_graph(&graph, m->config, width, height, err));
    GCL_TRY(gcl_plan_create(&plan, m->ctx, graph, m->weights, &m->options, err));
    GCL_TRY(gcl_plan_write(plan, "photo", rgb, width * height * 3, err));
    GCL_TRY(gcl_plan_run(plan, err));
    GCL_TRY(gcl_plan_read(plan, "image.embedding", embedding,
                          m->config->embed_dim * sizeof *embedding, err));
done:
    gcl_plan_destroy(plan);
    gcl_graph_destroy(graph);
    return st;
}

gcl_status gcl_model_cosine(gcl_model *m, const float *images, size_t n_images, const float *texts,
                            size_t n_texts, float *cosine, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t d = m->config->embed_dim;
    gcl_graph *graph = NULL;
    gcl_plan *plan = NULL;

    GCL_TRY(gcl_cosine_graph(&graph, n_images, n_texts, d, err));
    GCL_TRY(gcl_plan_create(&plan, m->ctx, graph, NULL, &m->options, err));
    GCL_TRY(gcl_plan_write(plan, "image", images, n_images * d * sizeof *images, err));
    GCL_TRY(gcl_plan_write(plan, "text", texts, n_texts * d * sizeof *texts, err));
    GCL_TRY(gcl_plan_run(plan, err));
    GCL_TRY(gcl_plan_read(plan, "cosine", cosine, n_images * n_texts * sizeof *cosine, err));
done:
    gcl_plan_destroy(plan);
    gcl_graph_destroy(graph);
    return st;
}
