/* model_bench.c - the rows of `bench model`. */
#include "bench/model_bench.h"

#include <stdlib.h>
#include <string.h>

#include "bench/model_first.h"
#include "bench/model_memory.h"
#include "bench/model_row.h"
#include "bench/record.h"

enum { WARM_RUNS = 3, WHY_ROOM = 1024 };

const char *bench_part_name(int part)
{
    return part == BENCH_PART_PIPELINE ? "pipeline" : gcl_part_name((gcl_part)part);
}

const char *bench_phase_name(bench_phase phase)
{
    static const char *const names[] = {"cold", "warm", "steady"};

    return names[phase];
}

gcl_status bench_part_find(int *out, const char *name, gcl_error *err)
{
    char known[128] = "";

    for (int i = 0; i < BENCH_PART_COUNT; i++) {
        if (strcmp(name, bench_part_name(i)) == 0) {
            *out = i;
            return GCL_OK;
        }
        strcat(strcat(known, i > 0 ? ", " : ""), bench_part_name(i));
    }
    return GCL_FAIL(err, GCL_E_NOT_FOUND, "there is no part \"%s\"; parts: %s", name, known);
}

gcl_status bench_phase_find(bench_phase *out, const char *name, gcl_error *err)
{
    for (int i = 0; i < BENCH_PHASE_COUNT; i++)
        if (strcmp(name, bench_phase_name((bench_phase)i)) == 0) {
            *out = (bench_phase)i;
            return GCL_OK;
        }
    return GCL_FAIL(err, GCL_E_NOT_FOUND, "there is no phase \"%s\"; phases: cold, warm, steady",
                    name);
}

/* ---- a run of the benchmark ---- */

typedef struct bench {
    gcl_context *ctx;
    gcl_checkpoint *checkpoint;
    const bench_model_options *opt;
    json_t *records; /* owned until handed over */
    size_t done, total;

    /* of the part at hand */
    gcl_model *model;
    size_t known_batch; /* 0, or a batch whose memory is known */
    bench_subject_totals known;
} bench;

static bool wants_phase(const bench *b, bench_phase phase)
{
    return b->opt->phases == 0 || (b->opt->phases & 1u << phase) != 0;
}

static bool wants_part(const bench *b, int part)
{
    return b->opt->parts == 0 || (b->opt->parts & 1u << part) != 0;
}

static void tell(const bench *b, const char *name)
{
    if (b->opt->progress != NULL)
        b->opt->progress(b->opt->user, name, b->done, b->total);
}

static gcl_status keep(bench *b, json_t *record, gcl_error *err)
{
    b->done++;
    if (json_array_append(b->records, record) != 0)
        return GCL_FAIL(err, GCL_E_NOMEM, "bench model: host allocation of a record");
    return GCL_OK;
}

static gcl_status skip(bench *b, int part, size_t batch, bench_phase phase, const char *why,
                       gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *record = NULL;

    GCL_TRY(bench_row_create(&record, b->opt, part, batch, phase, err));
    GCL_TRY(bench_record_text(record, "skipped", why, err));
    GCL_TRY(keep(b, record, err));
done:
    json_decref(record);
    return st;
}

/* Failures that tell of this device and model, not of a fault: the row is left out. */
static bool is_refusal(gcl_status st)
{
    switch (st) {
    case GCL_E_BUFFER:
    case GCL_E_NOMEM:
    case GCL_E_UNSUPPORTED:
    case CL_MEM_OBJECT_ALLOCATION_FAILURE:
    case CL_OUT_OF_RESOURCES:
    case CL_OUT_OF_HOST_MEMORY:
    case CL_INVALID_BUFFER_SIZE:
        return true;
    default:
        return false;
    }
}

/* ---- steady ---- */

static double wall(const bench_times *t)
{
    return bench_sum(t->laps, BENCH_LAP_COUNT);
}

static int by_wall(const void *a, const void *b)
{
    const double x = wall(a), y = wall(b);

    return (x > y) - (x < y);
}

/* Plain runs are the samples. A run with times stands beside each, so that both see the same
 * state of the machine. @param times  [rule.max_samples] */
static gcl_status sample(bench_sampler *sampler, bench_times *times, bench_subject *subject,
                         gcl_error *err)
{
    gcl_status st = GCL_OK;
    const double begin = bench_clock();

    GCL_TRY(bench_subject_run(subject, NULL, err)); /* the first run is not steady */
    while (sampler->stop == BENCH_STOP_NOT) {
        const double start = bench_clock();
        double end;

        GCL_TRY(bench_subject_run(subject, NULL, err));
        end = bench_clock();
        GCL_TRY(bench_subject_run(subject, &times[sampler->n], err));
        GCL_TRY(bench_sampler_add(sampler, end - start, bench_clock() - begin, err));
    }
done:
    return st;
}

static gcl_status steady_record(bench *b, bench_subject *subject, int part, size_t batch,
                                gcl_error *err)
{
    gcl_status st = GCL_OK;
    const bench_subject_totals t = bench_subject_total(subject);
    bench_sampler sampler = {.rule = b->opt->rule};
    bench_times *times = calloc(sampler.rule.max_samples, sizeof *times);
    json_t *record = NULL;

    if (times == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "bench model: host allocation for %zu samples",
                      sampler.rule.max_samples);
        goto done;
    }
    GCL_TRY(bench_row_create(&record, b->opt, part, batch, BENCH_STEADY, err));
    GCL_TRY(sample(&sampler, times, subject, err));
    GCL_TRY(bench_record_times(record, sampler.samples, sampler.n, err));
    GCL_TRY(bench_row_rates(record, b->opt, &t, batch, err));
    qsort(times, sampler.n, sizeof *times, by_wall);
    GCL_TRY(bench_row_groups(record, &times[sampler.n / 2], &t, bench_row_median(record), err));
    GCL_TRY(keep(b, record, err));
done:
    json_decref(record);
    free(times);
    bench_sampler_free(&sampler);
    return st;
}

/* ---- cold and warm ---- */

static gcl_status first_record(bench *b, const bench_first *f, const bench_subject_totals *t,
                               int part, size_t batch, bench_phase phase, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *record = NULL, *groups = json_array();
    const double last = f->samples_s[f->n - 1];

    GCL_TRY(bench_row_create(&record, b->opt, part, batch, phase, err));
    GCL_TRY(bench_record_times(record, f->samples_s, f->n, err));
    GCL_TRY(bench_row_rates(record, b->opt, t, batch, err));
    for (int i = 0; i < BENCH_FIRST_PARTS; i++)
        GCL_TRY(bench_row_group(groups, bench_first_part_name(i), f->parts_s[i], last, 1, err));
    GCL_TRY(bench_record_real(record, "explained", bench_sum(f->parts_s, BENCH_FIRST_PARTS) / last,
                              err));
    if (json_object_set(record, "groups", groups) != 0) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "bench model: host allocation of groups");
        goto done;
    }
    GCL_TRY(keep(b, record, err));
done:
    json_decref(groups);
    json_decref(record);
    return st;
}

/* t: of the part at this batch, unless why says that there is nothing to measure. */
static gcl_status first_rows(bench *b, const bench_subject_totals *t, const char *why, int part,
                             size_t batch, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const bool cold = wants_phase(b, BENCH_COLD), warm = wants_phase(b, BENCH_WARM);
    bench_first first[2];
    char name[BENCH_ROW_NAME];

    if (!cold && !warm)
        return GCL_OK;
    bench_row_name(name, b->opt, part, batch, cold ? BENCH_COLD : BENCH_WARM);
    tell(b, name);
    if (why[0] == '\0' && b->opt->first_run == NULL)
        why = "first runs need a process of their own, and no program was named";
    if (why[0] == '\0')
        GCL_TRY(bench_first_measure(&first[0], &first[1], warm ? WARM_RUNS : 0, part, batch, b->opt,
                                    err));
    for (int i = 0; i < 2; i++) {
        const bench_phase phase = i == 0 ? BENCH_COLD : BENCH_WARM;
        if (!wants_phase(b, phase))
            continue;
        if (why[0] != '\0')
            GCL_TRY(skip(b, part, batch, phase, why, err));
        else
            GCL_TRY(first_record(b, &first[i], t, part, batch, phase, err));
    }
done:
    return st;
}

/* ---- the rows ---- */

/* The steady row of a part at a batch. A refusal becomes its record: GCL_OK with the reason in
 * why, which is "" otherwise. */
static gcl_status measure_batch(bench *b, int part, size_t batch, char why[WHY_ROOM],
                                gcl_error *err)
{
    gcl_status st = GCL_OK;
    const bool steady = wants_phase(b, BENCH_STEADY);
    bench_subject *subject = NULL;
    gcl_error refusal = GCL_ERROR_INIT;
    char name[BENCH_ROW_NAME];

    why[0] = '\0';
    bench_row_name(name, b->opt, part, batch, BENCH_STEADY);
    tell(b, name);
    st = bench_memory_check(b->ctx, gcl_checkpoint_config(b->checkpoint), b->opt, part, batch,
                            b->known_batch, &b->known, &refusal);
    if (st == GCL_OK)
        st = bench_subject_create(&subject, b->model, b->checkpoint, part, batch, b->opt, &refusal);
    if (st == GCL_OK) {
        b->known = bench_subject_total(subject);
        b->known_batch = batch;
        if (steady)
            st = steady_record(b, subject, part, batch, &refusal);
    }
    if (st != GCL_OK && is_refusal(st)) {
        snprintf(why, WHY_ROOM, "%s", refusal.message);
        st = steady ? skip(b, part, batch, BENCH_STEADY, why, err) : GCL_OK;
    } else if (st != GCL_OK && err != NULL) {
        gcl_error_clear(err);
        *err = refusal;
        refusal = (gcl_error)GCL_ERROR_INIT;
    }
    bench_subject_destroy(subject);
    gcl_error_clear(&refusal);
    return st;
}

/* First runs come last, when the part's memory is free again. */
static gcl_status measure_part(bench *b, int part, const size_t *batches, size_t n, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_subject_totals first = {0};
    char why[WHY_ROOM], why_first[WHY_ROOM] = "";

    b->known_batch = 0;
    GCL_TRY(gcl_model_create(&b->model, b->ctx, b->checkpoint, &b->opt->plan, err));
    for (size_t i = 0; i < n; i++) {
        GCL_TRY(measure_batch(b, part, batches[i], why, err));
        if (i == 0) {
            first = b->known;
            memcpy(why_first, why, sizeof why);
        }
    }
    gcl_model_destroy(b->model);
    b->model = NULL;
    GCL_TRY(first_rows(b, &first, why_first, part, batches[0], err));
done:
    gcl_model_destroy(b->model);
    b->model = NULL;
    return st;
}

static size_t count_rows(const bench *b, size_t n_batches)
{
    size_t parts = 0, rows = 0;

    for (int part = 0; part < BENCH_PART_COUNT; part++)
        parts += wants_part(b, part);
    rows += wants_phase(b, BENCH_STEADY) ? n_batches : 0;
    rows += (size_t)wants_phase(b, BENCH_COLD) + (size_t)wants_phase(b, BENCH_WARM);
    return parts * rows;
}

gcl_status bench_model_run(json_t **records, gcl_context *ctx, gcl_checkpoint *checkpoint,
                           const bench_model_options *opt, gcl_error *err)
{
    static const size_t usual[] = {1, 2, 4, 8, 16, 32};
    const size_t *batches = opt->batches != NULL ? opt->batches : usual;
    size_t n = opt->batches != NULL ? opt->n_batches : sizeof usual / sizeof usual[0];
    bench b = {.ctx = ctx, .checkpoint = checkpoint, .opt = opt, .records = json_array()};
    gcl_status st = GCL_OK;

    *records = NULL;
    if (b.records == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "bench model: host allocation failed");
        goto done;
    }
    if (n == 0) {
        st = GCL_FAIL(err, GCL_E_ARG, "bench model: at least one batch size is required, got none");
        goto done;
    }
    if (!wants_phase(&b, BENCH_STEADY))
        n = 1;
    b.total = count_rows(&b, n);
    for (int part = 0; part < BENCH_PART_COUNT; part++)
        if (wants_part(&b, part))
            GCL_TRY(measure_part(&b, part, batches, n, err));
    tell(&b, NULL);
    *records = b.records;
    b.records = NULL;
done:
    json_decref(b.records);
    return st;
}
