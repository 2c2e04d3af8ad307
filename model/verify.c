/* verify.c - stage-by-stage comparison with a golden file. */
#include "model/verify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

/* Where an input of a part comes from: the golden file, or an earlier part's output. */
typedef struct source {
    const char *input; /* NULL ends the list */
    const char *golden;
    const char *computed; /* NULL: only the golden file has it */
} source;

/* In pipeline order. */
static const struct {
    gcl_part part;
    source sources[3];
} stages[] = {
    {GCL_PART_TEXT, {{"tokens", "in.tokens", NULL}}},
    {GCL_PART_NETG, {{"noise", "in.noise", NULL}, {"sentence", "text.sentence", "text.sentence"}}},
    {GCL_PART_IMAGE, {{"image", "in.image", NULL}}},
    {GCL_PART_NETD,
     {{"features", "image.features", "image.features"},
      {"sentence", "text.sentence", "text.sentence"}}},
};

enum { N_STAGES = sizeof stages / sizeof stages[0], MAX_KEPT = 4 };

typedef struct run {
    const gcl_safetensors *golden;
    const gcl_verify_options *options;
    gcl_verify_summary *summary;
    gcl_model *model;
    bool *compared; /* [tensors of golden] */
    char first_failure[160];
    struct {
        const char *name;
        void *data; /* owned */
        size_t bytes;
        size_t batch;
    } kept[MAX_KEPT]; /* outputs that later parts read */
    int n_kept;
} run;

/* ---- one tensor ---- */

/* The golden tensor of a stage: NAME or NAME@S; *stride is S or 1. */
static const gcl_tensor_view *find_expected(const run *r, const char *name, size_t *stride,
                                            size_t *index)
{
    const size_t n = strlen(name);

    for (size_t i = 0; i < gcl_safetensors_count(r->golden); i++) {
        const gcl_tensor_view *t = gcl_safetensors_at(r->golden, i);
        char *end = NULL;

        if (strncmp(t->name, name, n) != 0)
            continue;
        *index = i;
        *stride = 1;
        if (t->name[n] == '\0')
            return t;
        if (t->name[n] != '@')
            continue;
        *stride = strtoul(t->name + n + 1, &end, 10);
        if (*stride > 0 && *end == '\0')
            return t;
    }
    return NULL;
}

static gcl_status check_shape(const gcl_tensor_view *want, const gcl_shape *shape, size_t stride,
                              gcl_error *err)
{
    const size_t count = gcl_shape_count(shape);
    bool same = stride == 1 ? want->rank == shape->rank
                            : want->rank == 1 && want->count == (count + stride - 1) / stride;
    char found[GCL_TENSOR_SHAPE_TEXT_BYTES], need[96];

    for (int i = 0; same && stride == 1 && i < shape->rank; i++)
        same = want->shape[i] == shape->dim[i];
    if (same)
        return GCL_OK;
    return GCL_FAIL(err, GCL_E_SHAPE, "%s: tensor %s is %s, the stage computes %s, stride %zu",
                    want->file, want->name, gcl_tensor_shape_text(found, want->rank, want->shape),
                    gcl_shape_text(need, sizeof need, shape), stride);
}

static gcl_status compare(run *r, const gcl_tensor_view *want, size_t stride, const float *got,
                          gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_verify_row row = {.want = want};
    double largest = 0, diff2 = 0, want2 = 0;
    bool numbers = true;
    float *expected = malloc(want->count * sizeof *expected);

    if (expected == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed", want->name);
        goto done;
    }
    GCL_TRY(gcl_tensor_to_f32(want, expected, err));
    for (size_t i = 0; i < want->count; i++) {
        const double w = (double)expected[i];
        const double d = fabs((double)got[i * stride] - w);
        numbers &= isfinite(d) != 0;
        row.max_abs = d > row.max_abs ? d : row.max_abs;
        largest = fabs(w) > largest ? fabs(w) : largest;
        diff2 += d * d;
        want2 += w * w;
    }
    row.max_rel = largest > 0 ? row.max_abs / largest : row.max_abs;
    row.rel_l2 = want2 > 0 ? sqrt(diff2 / want2) : sqrt(diff2);
    row.pass = numbers && row.max_rel <= r->summary->tol;
    r->summary->passed += row.pass;
    r->summary->failed += !row.pass;
    if (!row.pass && r->first_failure[0] == '\0')
        snprintf(r->first_failure, sizeof r->first_failure,
                 "%s: largest error %.3g of the largest magnitude, limit %.3g%s", want->name,
                 row.max_rel, r->summary->tol, numbers ? "" : ", with values that are no numbers");
    if (r->options->report != NULL)
        r->options->report(r->options->user, &row);
done:
    free(expected);
    return st;
}

/* ---- one part ---- */

static void *find_kept(const run *r, const char *name, size_t *bytes)
{
    for (int i = 0; i < r->n_kept; i++)
        if (name != NULL && strcmp(r->kept[i].name, name) == 0) {
            *bytes = r->kept[i].bytes;
            return r->kept[i].data;
        }
    return NULL;
}

static bool have_inputs(const run *r, const source *s)
{
    size_t bytes;

    for (; s->input != NULL; s++)
        if (find_kept(r, s->computed, &bytes) == NULL &&
            gcl_safetensors_find(r->golden, s->golden) == NULL)
            return false;
    return true;
}

static gcl_status write_golden(gcl_plan *plan, const char *input, const gcl_tensor_view *t,
                               const gcl_config *c, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_graph *g = gcl_plan_graph(plan);
    const gcl_tensor *need = gcl_graph_tensor(g, gcl_graph_find(g, input));
    int32_t *data = NULL; /* or floats */

    GCL_TRY(check_shape(t, &need->shape, 1, err));
    data = malloc(t->count * sizeof *data);
    if (data == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed", t->name);
        goto done;
    }
    if (need->dtype == GCL_F32)
        GCL_TRY(gcl_tensor_to_f32(t, (float *)(void *)data, err));
    else
        GCL_TRY(gcl_tensor_to_i32(t, data, err));
    for (size_t i = 0; need->dtype == GCL_I32 && i < t->count; i++)
        if (data[i] < 0 || (size_t)data[i] >= c->vocab_size) {
            st = GCL_FAIL(err, GCL_E_FORMAT, "%s: %s[%zu] is %d, needs a token id below %zu",
                          t->file, t->name, i, data[i], c->vocab_size);
            goto done;
        }
    GCL_TRY(gcl_plan_write(plan, input, data, t->count * sizeof *data, err));
done:
    free(data);
    return st;
}

/* Batch size of a part: rows of its first input. */
static size_t batch_of(const run *r, const source *s)
{
    const gcl_tensor_view *t = gcl_safetensors_find(r->golden, s->golden);

    for (int i = 0; i < r->n_kept; i++)
        if (s->computed != NULL && strcmp(r->kept[i].name, s->computed) == 0)
            return r->kept[i].batch;
    return t != NULL && t->rank > 0 ? (size_t)t->shape[0] : 0;
}

/* Reads a named value, keeps it when a later part wants it, compares it when it is expected. */
static gcl_status check_value(run *r, gcl_plan *plan, const gcl_tensor *value, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t count = gcl_shape_count(&value->shape);
    size_t stride = 1, index = 0;
    const gcl_tensor_view *want = find_expected(r, value->name, &stride, &index);
    const bool keep =
        strcmp(value->name, "text.sentence") == 0 || strcmp(value->name, "image.features") == 0;
    float *got = NULL;

    if (want == NULL && !keep)
        goto done;
    got = malloc(count * sizeof *got);
    if (got == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed", value->name);
        goto done;
    }
    GCL_TRY(gcl_plan_read(plan, value->name, got, count * sizeof *got, err));
    if (want != NULL) {
        GCL_TRY(check_shape(want, &value->shape, stride, err));
        r->compared[index] = true;
        GCL_TRY(compare(r, want, stride, got, err));
    }
    if (keep && r->n_kept < MAX_KEPT) {
        r->kept[r->n_kept].name =
            strcmp(value->name, "text.sentence") == 0 ? "text.sentence" : "image.features";
        r->kept[r->n_kept].data = got;
        r->kept[r->n_kept].batch = value->shape.dim[0];
        r->kept[r->n_kept++].bytes = count * sizeof *got;
        got = NULL;
    }
done:
    free(got);
    return st;
}

static bool stopped(const run *r)
{
    return r->summary->failed > 0 && !r->options->keep_going;
}

static gcl_status run_part(run *r, gcl_part part, const source *sources, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_plan *plan = NULL;
    const gcl_graph *g;

    GCL_TRY(gcl_model_plan(r->model, &plan, part, batch_of(r, sources), 0, err));
    for (const source *s = sources; s->input != NULL; s++) {
        size_t bytes = 0;
        void *computed = find_kept(r, s->computed, &bytes);
        if (computed != NULL)
            GCL_TRY(gcl_plan_write(plan, s->input, computed, bytes, err));
        else
            GCL_TRY(write_golden(plan, s->input, gcl_safetensors_find(r->golden, s->golden),
                                 gcl_model_config(r->model), err));
    }
    GCL_TRY(gcl_plan_run(plan, err));
    g = gcl_plan_graph(plan);
    for (gcl_value v = 0; v < gcl_graph_n_values(g) && !stopped(r); v++) {
        const gcl_tensor *t = gcl_graph_tensor(g, v);
        if (t->is_output && t->dtype == GCL_F32)
            GCL_TRY(check_value(r, plan, t, err));
    }
done:
    return st;
}

/* ---- the file ---- */

/* The checkpoint that the metadata names; a file name is relative to the golden file's folder. */
static gcl_status open_weights(gcl_checkpoint **out, const run *r, gcl_error *err)
{
    const char *path = gcl_safetensors_path(r->golden);
    const char *named = gcl_safetensors_metadata(r->golden, "weights");
    const char *preset = r->options->preset != NULL ? r->options->preset
                                                    : gcl_safetensors_metadata(r->golden, "preset");
    const char *slash = strrchr(path, '/');
    char beside[4096];

    if (r->options->weights != NULL)
        return gcl_checkpoint_open(out, r->options->weights, preset, err);
    if (named == NULL)
        return GCL_FAIL(err, GCL_E_FORMAT,
                        "%s: metadata weights is missing; it names the weights to run", path);
    if (strncmp(named, "synthetic:", 10) == 0 || named[0] == '/' || slash == NULL)
        return gcl_checkpoint_open(out, named, preset, err);
    snprintf(beside, sizeof beside, "%.*s/%s", (int)(slash - path), path, named);
    return gcl_checkpoint_open(out, beside, preset, err);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* gcl_verify_summary.rounded */
static bool is_rounded(const run *r, const gcl_checkpoint *c)
{
    const char *named = gcl_safetensors_metadata(r->golden, "weights");
    const gcl_safetensors *file = gcl_checkpoint_file(c);

    if (r->options->plan.weights == GCL_WEIGHTS_F16)
        return true;
    if (file == NULL ||
        (named != NULL && strcmp(base_name(named), base_name(gcl_checkpoint_spec(c))) == 0))
        return false;
    for (size_t i = 0; i < gcl_safetensors_count(file); i++)
        if (gcl_safetensors_at(file, i)->dtype == GCL_TENSOR_F16)
            return true;
    return false;
}

/* Every tensor that is not an input must have been compared. */
static gcl_status check_complete(const run *r, gcl_error *err)
{
    for (size_t i = 0; i < gcl_safetensors_count(r->golden); i++) {
        const gcl_tensor_view *t = gcl_safetensors_at(r->golden, i);
        if (strncmp(t->name, "in.", 3) != 0 && strncmp(t->name, "train.", 6) != 0 &&
            !r->compared[i])
            return GCL_FAIL(err, GCL_E_FORMAT,
                            "%s: no stage computes %s from the inputs that the file has", t->file,
                            t->name);
    }
    if (r->summary->passed + r->summary->failed == 0)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s holds no expected tensor",
                        gcl_safetensors_path(r->golden));
    return GCL_OK;
}

gcl_status gcl_verify_file(gcl_verify_summary *summary, gcl_context *ctx, const char *path,
                           const gcl_verify_options *options, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_safetensors *golden = NULL;
    gcl_checkpoint *checkpoint = NULL;
    gcl_plan_options plan_options = options->plan;
    run r = {.options = options, .summary = summary};

    memset(summary, 0, sizeof *summary);
    plan_options.keep_named = true;
    GCL_TRY(gcl_safetensors_open(&golden, path, err));
    r.golden = golden;
    r.compared = calloc(gcl_safetensors_count(golden) + 1, sizeof *r.compared);
    if (r.compared == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "verify: host allocation failed");
        goto done;
    }
    for (size_t i = 0; i < gcl_safetensors_count(golden); i++)
        summary->skipped += strncmp(gcl_safetensors_at(golden, i)->name, "train.", 6) == 0;
    GCL_TRY(open_weights(&checkpoint, &r, err));
    summary->rounded = is_rounded(&r, checkpoint);
    summary->tol = options->tol >= 0                              ? options->tol
                   : options->plan.precision == GCL_PRECISION_F16 ? GCL_VERIFY_TOL_F16_PRODUCTS
                   : summary->rounded                             ? GCL_VERIFY_TOL_F16
                                                                  : GCL_VERIFY_TOL;
    GCL_TRY(gcl_model_create(&r.model, ctx, checkpoint, &plan_options, err));
    for (int i = 0; i < N_STAGES && !stopped(&r); i++)
        if (have_inputs(&r, stages[i].sources))
            GCL_TRY(run_part(&r, stages[i].part, stages[i].sources, err));
    if (!stopped(&r))
        GCL_TRY(check_complete(&r, err));
    if (summary->failed > 0)
        st = GCL_FAIL(err, GCL_E_MISMATCH, "%s", r.first_failure);
done:
    for (int i = 0; i < r.n_kept; i++)
        free(r.kept[i].data);
    free(r.compared);
    gcl_model_destroy(r.model);
    gcl_checkpoint_close(checkpoint);
    gcl_safetensors_close(golden);
    return st;
}
