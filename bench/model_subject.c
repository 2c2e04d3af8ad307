/* model_subject.c - a part or the pipeline, ready to be timed. */
#include "bench/model_subject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "image/image.h"
#include "weights/synthetic.h"

enum { MAX_STAGES = 3, MAX_IO = 4, STAGE_TEXT = 0, STAGE_NOISE = 1, STAGE_NETG = 2 };

/* A plan's input or output with its host memory, for all repeats one behind the other. */
typedef struct io {
    const char *name; /* borrowed from the plan */
    size_t bytes;     /* of one run */
    uint8_t *data;
    bool owned;
} io;

/* A plan that a run of the subject runs `repeat` times: the pipeline encodes one text a run. */
typedef struct stage {
    gcl_plan *plan; /* borrowed from the model */
    size_t repeat;
    io in[MAX_IO], out[MAX_IO];
    int n_in, n_out;
    uint64_t *node_ns; /* [n_nodes] */
} stage;

struct bench_subject {
    const gcl_config *config;
    stage stages[MAX_STAGES];
    int n_stages;
    size_t batch;
    size_t tokens;                  /* for which the text tower runs */
    gcl_tokenizer *tokenizer;       /* the pipeline has one; NULL for a part */
    int32_t *ids;                   /* [context_length], of a sentence; the pipeline has them */
    char folder[BENCH_FOLDER_ROOM]; /* of its pictures, removed in the end; "" for a part */
    char picture[BENCH_FOLDER_ROOM + 16];
};

double bench_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

gcl_status bench_temp_folder(char out[BENCH_FOLDER_ROOM], gcl_error *err)
{
    const char *given = getenv("TMPDIR"), *base = given != NULL && *given != '\0' ? given : "/tmp";
    const int n = snprintf(out, BENCH_FOLDER_ROOM, "%s/galip-bench-XXXXXX", base);
    const bool fits = n > 0 && n < BENCH_FOLDER_ROOM;

    if (fits && mkdtemp(out) != NULL)
        return GCL_OK;
    out[0] = '\0';
    return GCL_FAIL(err, GCL_E_FILE, "cannot make a temporary folder in %s: %s", base,
                    fits ? strerror(errno) : "its name is too long");
}

/* Random inputs: numbers in [-1, 1), ids below the vocabulary, keys. */
static gcl_status fill(io *x, const gcl_tensor *t, size_t vocab, uint64_t seed, gcl_error *err)
{
    const size_t n = x->bytes / gcl_dtype_bytes(t->dtype);
    float *unit = malloc(n * sizeof *unit);

    if (unit == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu numbers", x->name, n);
    gcl_synthetic_uniform(t->name, seed, 1.0, n, unit);
    for (size_t i = 0; i < n; i++) {
        const double u = 0.5 * ((double)unit[i] + 1.0);
        const int32_t id = (int32_t)(u * (double)vocab);
        if (t->dtype == GCL_F32)
            memcpy(x->data + i * sizeof unit[i], &unit[i], sizeof unit[i]);
        else if (t->dtype == GCL_I32)
            memcpy(x->data + i * sizeof id, &id, sizeof id);
        else
            x->data[i] = (uint8_t)(u * 256.0);
    }
    free(unit);
    return GCL_OK;
}

/* only: the one output that is read; NULL: every output. */
static gcl_status add_stage(bench_subject *s, gcl_model *m, gcl_part part, size_t batch,
                            size_t repeat, const char *only, uint64_t seed, gcl_error *err)
{
    gcl_status st = GCL_OK;
    stage *g = &s->stages[s->n_stages++];
    const gcl_graph *graph;

    g->repeat = repeat;
    if (part == GCL_PART_TEXT)
        GCL_TRY(gcl_model_text_plan(m, &g->plan, batch, s->tokens, err));
    else
        GCL_TRY(gcl_model_plan(m, &g->plan, part, batch, err));
    graph = gcl_plan_graph(g->plan);
    g->node_ns = malloc(((size_t)gcl_plan_n_nodes(g->plan) + 1) * sizeof *g->node_ns);
    if (g->node_ns == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed", gcl_part_name(part));
        goto done;
    }
    for (gcl_value v = 0; v < gcl_graph_n_values(graph); v++) {
        const gcl_tensor *t = gcl_graph_tensor(graph, v);
        const bool input = t->kind == GCL_VALUE_INPUT;
        io *x;

        if (!input && (!t->is_output || (only != NULL && strcmp(only, t->name) != 0)))
            continue;
        if ((input ? g->n_in : g->n_out) == MAX_IO) {
            st = GCL_FAIL(err, GCL_E_UNSUPPORTED, "%s has more than %d inputs or outputs",
                          gcl_part_name(part), MAX_IO);
            goto done;
        }
        x = input ? &g->in[g->n_in++] : &g->out[g->n_out++];
        x->name = t->name;
        x->bytes = gcl_shape_count(&t->shape) * gcl_dtype_bytes(t->dtype);
        x->data = calloc(repeat, x->bytes);
        x->owned = true;
        if (x->data == NULL) {
            st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", t->name,
                          repeat * x->bytes);
            goto done;
        }
        if (input)
            GCL_TRY(fill(x, t, part == GCL_PART_TEXT ? s->config->vocab_size : 1 << 30, seed, err));
    }
done:
    return st;
}

/* Makes the input of netG the memory that an earlier stage's output lies in. */
static gcl_status link_stages(bench_subject *s, const char *input, int from, gcl_error *err)
{
    stage *to = &s->stages[STAGE_NETG];
    const io *out = &s->stages[from].out[0];

    for (int i = 0; i < to->n_in; i++) {
        io *in = &to->in[i];
        if (strcmp(in->name, input) != 0)
            continue;
        if (in->bytes != out->bytes * s->batch)
            return GCL_FAIL(err, GCL_E_SHAPE, "netG's %s needs %zu bytes, %s gives %zu", input,
                            in->bytes, out->name, out->bytes * s->batch);
        free(in->data);
        in->data = out->data;
        in->owned = false;
        return GCL_OK;
    }
    return GCL_FAIL(err, GCL_E_NOT_FOUND, "netG has no input %s", input);
}

/* The pipeline's sentences, in turn. */
static const char *const sentences[] = {
    "a red circle on a blue square", "a small bird with a yellow belly and grey wings",
    "a bowl of fruit on a wooden table", "two people walking on the beach at sunset"};

enum { N_SENTENCES = sizeof sentences / sizeof sentences[0] };

/* Makes the tokenizer, and finds how many tokens the longest sentence has. */
static gcl_status prepare_sentences(bench_subject *s, gcl_checkpoint *checkpoint, const char *vocab,
                                    gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t context = s->config->context_length;

    GCL_TRY(gcl_checkpoint_tokenizer(&s->tokenizer, checkpoint, vocab, err));
    s->ids = malloc(context * sizeof *s->ids);
    if (s->ids == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "bench: host allocation of %zu tokens", context);
        goto done;
    }
    for (int i = 0; i < N_SENTENCES; i++) {
        size_t used;
        GCL_TRY(
            gcl_tokenizer_prompt(s->tokenizer, sentences[i], context, true, s->ids, &used, err));
        s->tokens = used > s->tokens ? used : s->tokens;
    }
done:
    return st;
}

static gcl_status create_pipeline(bench_subject *s, gcl_model *m, gcl_checkpoint *checkpoint,
                                  const bench_model_options *opt, gcl_error *err)
{
    gcl_status st = GCL_OK;

    GCL_TRY(prepare_sentences(s, checkpoint, opt->vocab, err));
    GCL_TRY(add_stage(s, m, GCL_PART_TEXT, 1, s->batch, "text.sentence", opt->seed, err));
    GCL_TRY(add_stage(s, m, GCL_PART_NOISE, 1, s->batch, "noise", opt->seed, err));
    GCL_TRY(add_stage(s, m, GCL_PART_NETG, s->batch, 1, "gen.rgb", opt->seed, err));
    GCL_TRY(link_stages(s, "sentence", STAGE_TEXT, err));
    GCL_TRY(link_stages(s, "noise", STAGE_NOISE, err));
    GCL_TRY(bench_temp_folder(s->folder, err));
    snprintf(s->picture, sizeof s->picture, "%s/picture.png", s->folder);
done:
    return st;
}

gcl_status bench_subject_create(bench_subject **out, gcl_model *m, gcl_checkpoint *checkpoint,
                                int part, size_t batch, const bench_model_options *opt,
                                gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_subject *s = calloc(1, sizeof *s);

    *out = NULL;
    if (s == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "bench: host allocation of %zu bytes", sizeof *s);
    s->config = gcl_model_config(m);
    s->batch = batch;
    if (part != BENCH_PART_PIPELINE)
        s->tokens = opt->tokens > 0 ? opt->tokens : s->config->context_length;
    if (part == BENCH_PART_PIPELINE)
        GCL_TRY(create_pipeline(s, m, checkpoint, opt, err));
    else
        GCL_TRY(add_stage(s, m, (gcl_part)part, batch, 1, NULL, opt->seed, err));
    *out = s;
    s = NULL;
done:
    bench_subject_destroy(s);
    return st;
}

void bench_subject_destroy(bench_subject *s)
{
    if (s == NULL)
        return;
    for (int k = 0; k < MAX_STAGES; k++) {
        stage *g = &s->stages[k];
        for (int i = 0; i < MAX_IO; i++) {
            free(g->in[i].owned ? g->in[i].data : NULL);
            free(g->out[i].owned ? g->out[i].data : NULL);
        }
        free(g->node_ns);
    }
    if (s->folder[0] != '\0') {
        unlink(s->picture);
        rmdir(s->folder);
    }
    gcl_tokenizer_destroy(s->tokenizer);
    free(s->ids);
    free(s);
}

/* ---- running ---- */

/* Adds the time since *since to a lap and starts the next one. */
static void lap(bench_times *times, bench_lap which, double *since)
{
    double now;

    if (times == NULL)
        return;
    now = bench_clock();
    times->laps[which] += now - *since;
    *since = now;
}

static int op_index(const gcl_op *op)
{
    int i = 0;

    while (gcl_ops[i] != op)
        i++;
    return i;
}

static gcl_status run_kernels(const stage *g, bench_times *times, gcl_error *err)
{
    gcl_status st = GCL_OK;

    if (times == NULL)
        return gcl_plan_run(g->plan, err);
    GCL_TRY(gcl_plan_run_timed(g->plan, g->node_ns, err));
    for (int i = 0; i < gcl_plan_n_nodes(g->plan); i++)
        times->op_s[op_index(gcl_plan_node_at(g->plan, i).node->op)] +=
            1e-9 * (double)g->node_ns[i];
done:
    return st;
}

static gcl_status run_stage(const stage *g, size_t row, bench_times *times, double *since,
                            gcl_error *err)
{
    gcl_status st = GCL_OK;

    for (int i = 0; i < g->n_in; i++)
        GCL_TRY(gcl_plan_write(g->plan, g->in[i].name, g->in[i].data + row * g->in[i].bytes,
                               g->in[i].bytes, err));
    lap(times, BENCH_LAP_WRITE, since);
    GCL_TRY(run_kernels(g, times, err));
    lap(times, BENCH_LAP_RUN, since);
    for (int i = 0; i < g->n_out; i++)
        GCL_TRY(gcl_plan_read(g->plan, g->out[i].name, g->out[i].data + row * g->out[i].bytes,
                              g->out[i].bytes, err));
    lap(times, BENCH_LAP_READ, since);
done:
    return st;
}

/* The token ids of the batch's sentences. */
static gcl_status tokenize(bench_subject *s, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const io *tokens = &s->stages[STAGE_TEXT].in[0];

    for (size_t i = 0; i < s->batch; i++) {
        size_t used;
        GCL_TRY(gcl_tokenizer_prompt(s->tokenizer, sentences[i % N_SENTENCES],
                                     s->config->context_length, true, s->ids, &used, err));
        memcpy(tokens->data + i * tokens->bytes, s->ids, tokens->bytes);
    }
done:
    return st;
}

static gcl_status write_pictures(bench_subject *s, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const io *rgb = &s->stages[STAGE_NETG].out[0];
    const size_t side = s->config->image_size;

    for (size_t i = 0; i < s->batch && st == GCL_OK; i++)
        st = gcl_image_write_png(s->picture, rgb->data + i * side * side * 3, side, side, NULL, 0,
                                 err);
    return st;
}

gcl_status bench_subject_run(bench_subject *s, bench_times *times, gcl_error *err)
{
    gcl_status st = GCL_OK;
    double since = bench_clock();

    if (times != NULL)
        *times = (bench_times){{0}, {0}};
    if (s->tokenizer != NULL) {
        GCL_TRY(tokenize(s, err));
        lap(times, BENCH_LAP_TOKENIZE, &since);
    }
    for (int k = 0; k < s->n_stages; k++)
        for (size_t row = 0; row < s->stages[k].repeat; row++)
            GCL_TRY(run_stage(&s->stages[k], row, times, &since, err));
    if (s->folder[0] != '\0') {
        GCL_TRY(write_pictures(s, err));
        lap(times, BENCH_LAP_PNG, &since);
    }
done:
    return st;
}

bench_subject_totals bench_subject_total(const bench_subject *s)
{
    bench_subject_totals out = {0};

    for (int k = 0; k < s->n_stages; k++) {
        const stage *g = &s->stages[k];
        const gcl_plan_totals t = gcl_plan_total(g->plan);
        out.flops += t.flops * (double)g->repeat;
        out.weight_bytes += t.weight_bytes;
        out.const_bytes += t.const_bytes;
        out.arena_bytes += t.arena_bytes;
        for (int i = 0; i < gcl_plan_n_nodes(g->plan); i++) {
            const gcl_plan_node n = gcl_plan_node_at(g->plan, i);
            out.calls[op_index(n.node->op)] += (size_t)n.n_steps * g->repeat;
        }
    }
    return out;
}
