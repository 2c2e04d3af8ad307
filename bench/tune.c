/* tune.c - a run of the tuner over the classes of a model. */
#include "bench/tune.h"

#include <inttypes.h>
#include <stdio.h>

#include "bench/tune_search.h"

/* Seconds that a class gets at least, for the variants' own choices. */
static const double min_class_s = 0.5;

const char *bench_tune_outcome_name(bench_tune_outcome outcome)
{
    static const char *const names[BENCH_TUNE_OUTCOMES] = {"not reached", "known",  "verified",
                                                           "table",       "faster", "failed"};

    return names[outcome];
}

/* What a log depends on: entries of another run are of no use. */
static json_t *describe(const bench_tune_list *list, const gcl_device_info *d,
                        const bench_tune_options *opt, const gcl_tunings *rows)
{
    json_t *classes = json_array();

    for (size_t i = 0; i < list->n; i++) {
        const gcl_tuning_class *c = &list->classes[i].what;
        char text[GCL_TUNING_TEXT];
        json_array_append_new(classes,
                              json_sprintf("%s %s batch=%zu kernels=%016" PRIx64, c->op->name,
                                           gcl_tuning_class_text(text, sizeof text, c), c->batch,
                                           gcl_tunings_sources(rows, c->op)));
    }
    return json_pack("{s:s, s:s, s:s, s:I, s:f, s:b, s:b, s:i, s:s, s:o}", "device", d->name,
                     "platform", d->platform_name, "driver", d->driver, "seed",
                     (json_int_t)opt->seed, "budget_s", opt->budget_s, "exhaustive",
                     opt->exhaustive, "again", opt->again, "precision", (int)opt->plan.precision,
                     "by", opt->by != NULL ? opt->by : "", "classes", classes);
}

/* Each class gets its share of what is left, so that what an early one leaves is not lost. */
static double deadline(const tune_run *run, size_t at)
{
    const double left = run->opt->budget_s - run->spent_s;
    double shares = 0, part;

    for (size_t i = at; i < run->list->n; i++)
        shares += run->list->classes[i].outcome == BENCH_TUNE_NOT_REACHED
                      ? run->list->classes[i].share
                      : 0.0;
    part = left * run->list->classes[at].share / shares;
    return run->spent_s + (part > min_class_s ? part : min_class_s);
}

/* Classes whose rows were there when the run began. The log remembers them: a run that goes on forgets
 * the rows that it wrote when it was ended early, and finds them again in the log. */
static gcl_status find_known(tune_run *run, gcl_error *err)
{
    gcl_status st = GCL_OK;

    for (size_t i = 0; i < run->list->n; i++) {
        bench_tune_class *c = &run->list->classes[i];
        const gcl_tuning_row *own = gcl_tunings_get(run->rows, &c->what);
        char key[GCL_TUNING_TEXT + 80], text[GCL_TUNING_TEXT];
        tune_result known = {.verdict = TUNE_OK};
        double seconds;

        snprintf(key, sizeof key, "%s %s batch=%zu known", c->what.op->name,
                 gcl_tuning_class_text(text, sizeof text, &c->what), c->what.batch);
        if (own == NULL)
            continue;
        if (run->log.resumed && !tune_log_find(&run->log, key, &known, &seconds)) {
            gcl_tunings_drop(run->rows, &c->what);
            continue;
        }
        if (!run->log.resumed)
            GCL_TRY(tune_log_append(&run->log, key, &known, 0.0, err));
        c->outcome = BENCH_TUNE_KNOWN;
        c->row = *own;
    }
done:
    return st;
}

static gcl_status run_classes(tune_run *run, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_tune_list *list = run->list;
    const bench_tune_options *opt = run->opt;

    for (size_t i = 0; i < list->n && !tune_is_stopped(run); i++) {
        if (opt->progress != NULL)
            opt->progress(opt->user, &list->classes[i], i, list->n);
        if (list->classes[i].outcome == BENCH_TUNE_KNOWN)
            continue;
        if (run->spent_s >= opt->budget_s && !opt->exhaustive)
            break;
        GCL_TRY(tune_search(run, &list->classes[i], deadline(run, i), err));
    }
    if (opt->progress != NULL)
        opt->progress(opt->user, NULL, list->n, list->n);
done:
    return st;
}

gcl_status bench_tune_run(bench_tune_list *list, gcl_context *ctx, gcl_tunings *rows,
                          const bench_tune_options *opt, gcl_error *err)
{
    gcl_status st = GCL_OK;
    tune_run run = {.opt = opt, .list = list, .rows = rows};
    gcl_error damage = GCL_ERROR_INIT;
    json_t *of_run = describe(list, gcl_context_device(ctx), opt, rows);
    char log[4096];

    if (of_run == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "tune: the device's name is no UTF-8, or memory ran out");
        goto done;
    }
    snprintf(log, sizeof log, "%s.log", opt->path != NULL ? opt->path : "");
    GCL_TRY(
        tune_log_open(&run.log, opt->path != NULL ? log : NULL, of_run, opt->warn, opt->user, err));
    if (opt->path != NULL) /* another run may have written since; of damage the caller knows */
        gcl_tunings_read(rows, opt->path, &damage);
    if (opt->again || opt->exhaustive)
        gcl_tunings_doubt(rows);
    GCL_TRY(find_known(&run, err));
    GCL_TRY(tune_bench_create(&run.bench, ctx, opt, err));
    st = run_classes(&run, err);
    if (st == GCL_OK && opt->path != NULL)
        GCL_TRY(gcl_tunings_write(rows, opt->path, err));
    if (st == GCL_OK && !tune_is_stopped(&run))
        GCL_TRY(tune_log_finish(&run.log, err));
done:
    tune_bench_free(&run.bench);
    tune_log_close(&run.log);
    json_decref(of_run);
    gcl_error_clear(&damage);
    return st;
}
