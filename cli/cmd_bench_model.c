/* cmd_bench_model.c - galip bench model and claims: the models' parts and the whole pipeline. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/ceiling.h"
#include "bench/claims.h"
#include "bench/model_bench.h"
#include "cli/bench.h"
#include "cli/session.h"

enum {
    KEY_PART = CLI_KEY_BENCH_OWN,
    KEY_PHASE,
    KEY_TOKENS,
    KEY_SECONDS,
    KEY_MAX_MEMORY,
    KEY_FIRST_RUN, /* of the processes that measure cold and warm starts; not in the help */
    MAX_BATCHES = 16
};

#define FLAG_SECONDS                                                              \
    {                                                                             \
        "seconds", KEY_SECONDS, "S", "longest time for a steady row (default 10)" \
    }

static const cli_flag model_flags[] = {
    {"part", KEY_PART, "PART",
     "text, noise, netG, image, netD or pipeline (sentence to PNG);\n"
     "may be repeated (default all)"},
    {"batch", 'b', "B", "batch size; may be repeated (default 1, 2, 4, 8, 16, 32)"},
    {"phase", KEY_PHASE, "PHASE",
     "cold (empty kernel caches), warm (new process) or steady; may\n"
     "be repeated (default all)"},
    {"tokens", KEY_TOKENS, "N",
     "text: tokens of a sentence, start and end included (default:\n"
     "all that the model can read)"},
    FLAG_SECONDS,
    {"max-memory", KEY_MAX_MEMORY, "MB",
     "leave out rows that need more device memory (default: three\n"
     "quarters of the device's)"},
    {"seed", 's', "SEED", "of the random inputs (default 1)"},
    CLI_FLAG_FORMAT,
    CLI_FLAG_WEIGHTS,
    CLI_FLAG_PRESET,
    CLI_FLAG_PRECISION,
    CLI_FLAG_WEIGHTS_PRECISION,
    CLI_FLAG_VOCAB,
    CLI_FLAG_DEVICE,
    CLI_FLAG_HELP,
    {"first-run", KEY_FIRST_RUN, "WHICH", NULL},
    {NULL, 0, NULL, NULL},
};

static const cli_flag claims_flags[] = {
    FLAG_SECONDS,    CLI_FLAG_FORMAT,    CLI_FLAG_WEIGHTS,
    CLI_FLAG_PRESET, CLI_FLAG_PRECISION, CLI_FLAG_WEIGHTS_PRECISION,
    CLI_FLAG_DEVICE, CLI_FLAG_HELP,      {NULL, 0, NULL, NULL},
};

typedef struct options {
    bench_model_options bench;
    size_t batches[MAX_BATCHES];
    const char *format, *first_run;
} options;

static gcl_status add_batch(options *o, const char *value, gcl_error *err)
{
    if (o->bench.n_batches == MAX_BATCHES)
        return CLI_USAGE(err, "--batch is given more than %d times", MAX_BATCHES);
    o->bench.batches = o->batches;
    return cli_size(&o->batches[o->bench.n_batches++], "--batch", value, 1, 4096, err);
}

static gcl_status add_part(options *o, const char *value, gcl_error *err)
{
    int part;

    if (bench_part_find(&part, value, err) != GCL_OK)
        return CLI_E_USAGE;
    o->bench.parts |= 1u << part;
    return GCL_OK;
}

static gcl_status add_phase(options *o, const char *value, gcl_error *err)
{
    bench_phase phase;

    if (bench_phase_find(&phase, value, err) != GCL_OK)
        return CLI_E_USAGE;
    o->bench.phases |= 1u << phase;
    return GCL_OK;
}

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    options *o = user;
    uint64_t n = 0;
    gcl_status st;

    switch (key) {
    case 'b':
        return add_batch(o, value, err);
    case KEY_PART:
        return add_part(o, value, err);
    case KEY_PHASE:
        return add_phase(o, value, err);
    case KEY_TOKENS:
        return cli_size(&o->bench.tokens, "--tokens", value, 1, INT32_MAX, err);
    case KEY_SECONDS:
        st = cli_number(&n, "--seconds", value, 1, 86400, err);
        o->bench.rule.limit_s = (double)n;
        return st;
    case KEY_MAX_MEMORY:
        st = cli_number(&n, "--max-memory", value, 1, UINT64_MAX >> 20, err);
        o->bench.max_memory_bytes = n * 1000000;
        return st;
    case KEY_FIRST_RUN:
        o->first_run = value;
        return GCL_OK;
    case 's':
        return cli_number(&o->bench.seed, "--seed", value, 0, UINT64_MAX, err);
    default:
        return cli_bench_set_format(&o->format, value, err);
    }
}

static void show_row(void *user, const char *name, size_t done, size_t total)
{
    char row[160];

    if (name == NULL)
        return;
    snprintf(row, sizeof row, "%zu/%zu %s", done + 1, total, name);
    cli_bench_progress(user, row);
}

/* What the command line asks for, on an open session. */
typedef struct bench_run {
    cli_session session;
    cli_bench_session bench;
} bench_run;

static gcl_status open_run(bench_run *r, options *o, const cli_common *common, int argc,
                           char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_ceilings ceilings;

    GCL_TRY(cli_bench_open(&r->bench, common, argc, argv, err));
    GCL_TRY(cli_session_open(&r->session, common, NULL, err));
    cli_bench_progress(NULL, "ceilings");
    GCL_TRY(bench_ceiling_get(r->bench.ctx, false, &ceilings, err));
    o->bench.fma_gflops = ceilings.of[BENCH_FMA_F32].value;
    o->bench.run = r->bench.run;
    o->bench.vocab = common->vocab;
    o->bench.plan.precision = common->precision;
    o->bench.plan.weights = common->weights_precision;
    o->bench.progress = show_row;
done:
    return st;
}

static void close_run(bench_run *r)
{
    cli_session_close(&r->session);
    cli_bench_close(&r->bench);
}

static gcl_status measure_models(options *o, const cli_common *common, int argc, char **argv,
                                 gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_run r = {0};
    json_t *rows = NULL;
    char device[16], tokens[24], program[4096];
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    char *first_run[18] = {program, "bench", "model"};
    int n = 3;

    program[length > 0 ? length : 0] = '\0';
    GCL_TRY(open_run(&r, o, common, argc, argv, err));
    snprintf(device, sizeof device, "%d", r.session.device.index);
    first_run[n++] = "--device";
    first_run[n++] = device;
    first_run[n++] = "--weights";
    first_run[n++] = (char *)(size_t)gcl_checkpoint_spec(r.session.checkpoint);
    if (common->preset != NULL) {
        first_run[n++] = "--preset";
        first_run[n++] = (char *)(size_t)common->preset;
    }
    if (o->bench.tokens > 0) {
        snprintf(tokens, sizeof tokens, "%zu", o->bench.tokens);
        first_run[n++] = "--tokens";
        first_run[n++] = tokens;
    }
    first_run[n++] = "--precision";
    first_run[n++] = (char *)(size_t)gcl_precision_name(common->precision);
    first_run[n++] = "--weights-precision";
    first_run[n++] = (char *)(size_t)gcl_weights_precision_name(common->weights_precision);
    first_run[n++] = "--first-run";
    o->bench.first_run = length > 0 ? first_run : NULL;
    GCL_TRY(bench_model_run(&rows, r.bench.ctx, r.session.checkpoint, &o->bench, err));
    GCL_TRY(cli_bench_add(&r.bench, rows, err));
    GCL_TRY(cli_bench_print(&r.bench, o->format, err));
    cli_session_notes(&r.session);
done:
    close_run(&r);
    return st;
}

static gcl_status first_run(options *o, const cli_common *common, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_checkpoint *checkpoint = NULL;
    gcl_device_info device;

    o->bench.plan.precision = common->precision;
    o->bench.plan.weights = common->weights_precision;
    GCL_TRY(gcl_device_find(&device, common->device, err));
    GCL_TRY(gcl_checkpoint_open(&checkpoint, common->weights, common->preset, err));
    GCL_TRY(bench_model_first_run(stdout, &device, checkpoint, o->first_run, &o->bench, err));
done:
    gcl_checkpoint_close(checkpoint);
    return st;
}

static gcl_status run_model(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    options o = {.bench = {.rule = BENCH_RULE_INIT, .seed = 1}};

    o.bench.rule.limit_s = 10.0;
    GCL_TRY(cli_parse(self, argc, argv, &common, set, &o, NULL, err));
    if (o.first_run != NULL && common.weights != NULL)
        GCL_TRY(first_run(&o, &common, err));
    else
        GCL_TRY(measure_models(&o, &common, argc, argv, err));
done:
    return st;
}

static gcl_status run_claims(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    options o = {.bench = {.rule = BENCH_RULE_INIT, .seed = 1}};
    bench_run r = {0};
    json_t *rows = NULL;

    o.bench.rule.limit_s = 10.0;
    GCL_TRY(cli_parse(self, argc, argv, &common, set, &o, NULL, err));
    if (common.weights == NULL && common.preset == NULL)
        common.preset = "galip-224"; /* the published size */
    GCL_TRY(open_run(&r, &o, &common, argc, argv, err));
    GCL_TRY(bench_claims_run(&rows, r.bench.ctx, r.session.checkpoint, &o.bench, err));
    GCL_TRY(cli_bench_add(&r.bench, rows, err));
    GCL_TRY(cli_bench_print(&r.bench, o.format, err));
done:
    close_run(&r);
    return st;
}

const cli_command cli_bench_model = {
    "bench model",
    "time the model's parts and the whole pipeline",
    "[OPTIONS]",
    "Times text tower, image tower, NetG, NetD with NetC, and the way from a sentence to a PNG,\n"
    "for several batch sizes: first run with empty kernel caches, first run of a new process,\n"
    "and steady state; with the time of each op from events, what lies between the kernels, the\n"
    "memory, and naive FLOPs per second, also in percent of the measured ceiling.",
    model_flags,
    "galip bench model --part netG --batch 1 --phase steady\n"
    "galip bench model --part text --tokens 12 --batch 1 --preset galip-224\n"
    "galip bench model --preset galip-224 -o html > model.html",
    run_model,
};

const cli_command cli_bench_claims = {
    "bench claims",
    "set this device beside the paper's speed claim",
    "[OPTIONS]",
    "Measures GALIP's time from a sentence to a picture at the published size and sets beside it\n"
    "the paper's claim and other published figures, each with hardware, size and source, and the\n"
    "ratio of work to LDM at 50 and 250 steps. The baselines are not measured here.",
    claims_flags,
    "galip bench claims\n"
    "galip bench claims -o md",
    run_claims,
};
