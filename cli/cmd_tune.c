/* cmd_tune.c - galip tune: measures how the model's ops run best on a device. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/tune.h"
#include "cli/output.h"
#include "cli/session.h"

enum {
    KEY_PART = CLI_KEY_OWN,
    KEY_TOKENS,
    KEY_OP,
    KEY_BUDGET,
    KEY_AGAIN,
    KEY_EXHAUSTIVE,
    KEY_DRY_RUN,
    KEY_SHARE,
    MAX_BATCHES = 16,
    MAX_BUDGET = 86400
};

static const cli_flag flags[] = {
    {"budget", KEY_BUDGET, "SECONDS", "how long to measure (default 30)"},
    {"part", KEY_PART, "PART",
     "text, netG, image or netD; may be repeated (default all that\nthe model has)"},
    {"batch", 'b', "B", "batch size, 1 .. 4096; may be repeated (default 1)"},
    {"tokens", KEY_TOKENS, "N",
     "text: tokens of a sentence, start and end included (default:\n"
     "all that the model can read)"},
    {"op", KEY_OP, "OP", "tune this op only"},
    {"again", KEY_AGAIN, NULL, "search also what is in the tuning file already"},
    {"exhaustive", KEY_EXHAUSTIVE, NULL,
     "try every value of every variant with hope, whatever the budget"},
    {"dry-run", KEY_DRY_RUN, NULL, "print classes and how many candidates they have; measure none"},
    {"share", KEY_SHARE, "FILE", "write what is known of this device to a file, to be sent"},
    {"seed", 's', "SEED", "of the operands and the search (default 1)"},
    CLI_FLAG_WEIGHTS,
    CLI_FLAG_PRESET,
    CLI_FLAG_DEVICE,
    CLI_FLAG_JSON,
    CLI_FLAG_HELP,
    {NULL, 0, NULL, NULL},
};

typedef struct options {
    bench_tune_options tune;
    size_t batches[MAX_BATCHES];
    const char *share;
    bool dry_run;
} options;

static gcl_status add_batch(options *o, const char *value, gcl_error *err)
{
    if (o->tune.n_batches == MAX_BATCHES)
        return CLI_USAGE(err, "--batch is given more than %d times", MAX_BATCHES);
    o->tune.batches = o->batches;
    return cli_size(&o->batches[o->tune.n_batches++], "--batch", value, 1, 4096, err);
}

static gcl_status set_op(options *o, const char *value, gcl_error *err)
{
    const gcl_op *op = gcl_op_find(value);

    o->tune.op = value;
    if (op == NULL || op->dim_names == NULL)
        return CLI_USAGE(err, "--op is \"%s\", needs an op that can be tuned: linear or conv2d",
                         value);
    return GCL_OK;
}

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    options *o = user;
    uint64_t n = 0;
    gcl_part part;
    gcl_status st = GCL_OK;

    switch (key) {
    case KEY_BUDGET:
        st = cli_number(&n, "--budget", value, 1, MAX_BUDGET, err);
        o->tune.budget_s = (double)n;
        return st;
    case KEY_PART:
        if (gcl_part_find(&part, value, err) != GCL_OK)
            return CLI_E_USAGE;
        o->tune.parts |= 1u << part;
        return GCL_OK;
    case 'b':
        return add_batch(o, value, err);
    case KEY_TOKENS:
        return cli_size(&o->tune.tokens, "--tokens", value, 1, INT32_MAX, err);
    case KEY_OP:
        return set_op(o, value, err);
    case KEY_SHARE:
        o->share = value;
        return GCL_OK;
    case 's':
        return cli_number(&o->tune.seed, "--seed", value, 0, UINT64_MAX, err);
    case KEY_AGAIN:
        o->tune.again = true;
        return GCL_OK;
    case KEY_EXHAUSTIVE:
        o->tune.exhaustive = true;
        return GCL_OK;
    default:
        o->dry_run = true;
        return GCL_OK;
    }
}

/* ---- ending early ---- */

static volatile sig_atomic_t stopped;
static struct sigaction usual; /* what SIGINT does otherwise */

static void stop(int signal)
{
    stopped = 1;
    sigaction(signal, &usual, NULL);
}

/* The first Ctrl-C ends the run behind the candidate at hand, a second one at once. */
static void catch_interrupt(void)
{
    struct sigaction a = {.sa_handler = stop};

    sigemptyset(&a.sa_mask);
    if (sigaction(SIGINT, NULL, &usual) == 0 && usual.sa_handler != SIG_IGN)
        sigaction(SIGINT, &a, NULL);
}

/* ---- what is printed ---- */

static void show_progress(void *user, const bench_tune_class *c, size_t done, size_t total)
{
    char text[GCL_TUNING_TEXT];

    (void)user;
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K");
    if (c != NULL)
        fprintf(stderr, "%zu/%zu %s %s", done + 1, total, c->what.op->name,
                gcl_tuning_class_text(text, sizeof text, &c->what));
    fflush(stderr);
}

static bool is_measured(const bench_tune_class *c)
{
    return c->outcome != BENCH_TUNE_NOT_REACHED && c->outcome != BENCH_TUNE_FAILED;
}

/* "conv2d I=64 ... batch=1" */
static const char *name_class(char *out, size_t room, const bench_tune_class *c)
{
    char text[GCL_TUNING_TEXT], batch[32] = "";

    if (c->what.batch > 0)
        snprintf(batch, sizeof batch, " batch=%zu", c->what.batch);
    snprintf(out, room, "%s %s%s", c->what.op->name,
             gcl_tuning_class_text(text, sizeof text, &c->what), batch);
    return out;
}

static void print_class(const bench_tune_class *c, bool dry_run)
{
    char name[GCL_TUNING_TEXT + 64], choice[GCL_TUNING_TEXT], tried[32] = "";

    if (!dry_run)
        snprintf(tried, sizeof tried, "%zu/", c->tried);
    printf("%-76s %5zu %6.1f %6s%-6zu", name_class(name, sizeof name, c), c->nodes,
           100.0 * c->share, tried, c->candidates);
    if (!dry_run && is_measured(c))
        printf(" %12.1f %12.1f  %-9s %s", c->row.table_ns / 1e3, c->row.ns / 1e3,
               bench_tune_outcome_name(c->outcome),
               gcl_tuning_text(choice, sizeof choice, c->row.variant, &c->row.tuning));
    else if (!dry_run)
        printf(" %12s %12s  %-9s %s", "-", "-", bench_tune_outcome_name(c->outcome), c->note);
    putchar('\n');
}

static void print_list(const bench_tune_list *list, bool dry_run, const char *path)
{
    size_t faster = 0, open = 0, wrong = 0, sampled = 0;

    printf("%-76s %5s %6s %12s", "class", "nodes", "share%", dry_run ? "candidates" : "tried/all");
    printf(dry_run ? "\n" : " %12s %12s  %-9s %s\n", "table/us", "choice/us", "outcome", "choice");
    for (size_t i = 0; i < list->n; i++) {
        const bench_tune_class *c = &list->classes[i];
        print_class(c, dry_run);
        faster += c->outcome == BENCH_TUNE_FASTER;
        open += !is_measured(c);
        wrong += c->wrong;
        sampled += c->sampled;
    }
    if (dry_run)
        return;
    printf("\n%zu of %zu classes are faster, %zu were not measured; %zu candidates had a wrong "
           "result, or not the bits that a picture needs\n",
           faster, list->n, open, wrong);
    if (sampled > 0)
        printf("%zu classes had only a part of their elements compared with the reference, and "
               "all of them with the table's result\n",
               sampled);
    printf("written to %s\n", path);
}

static json_t *describe_class(const bench_tune_class *c)
{
    char text[GCL_TUNING_TEXT];
    json_t *dims = json_object(), *o;

    for (int i = 0; c->what.op->dim_names[i] != NULL; i++)
        json_object_set_new(dims, c->what.op->dim_names[i],
                            json_integer((json_int_t)c->what.dim[i]));
    o = json_pack("{s:s, s:o, s:I, s:I, s:f, s:I, s:s, s:I, s:I, s:I, s:b, s:o}", "op",
                  c->what.op->name, "dims", dims, "batch", (json_int_t)c->what.batch, "nodes",
                  (json_int_t)c->nodes, "share", c->share, "candidates", (json_int_t)c->candidates,
                  "outcome", bench_tune_outcome_name(c->outcome), "tried", (json_int_t)c->tried,
                  "wrong", (json_int_t)c->wrong, "refused", (json_int_t)c->refused, "sampled",
                  c->sampled, "note", cli_json_text(c->note));
    if (!is_measured(c))
        return o;
    json_object_set_new(
        o, "choice",
        json_string(gcl_tuning_text(text, sizeof text, c->row.variant, &c->row.tuning)));
    json_object_set_new(o, "ns", cli_json_real(c->row.ns));
    json_object_set_new(o, "table_ns", cli_json_real(c->row.table_ns));
    json_object_set_new(o, "spread", cli_json_real(c->row.spread));
    json_object_set_new(o, "units", cli_json_real(c->row.units));
    return o;
}

static gcl_status print(const bench_tune_list *list, const options *o, bool json,
                        const gcl_device_info *device, gcl_error *err)
{
    json_t *classes;

    if (!json) {
        print_list(list, o->dry_run, o->tune.path);
        return GCL_OK;
    }
    classes = json_array();
    for (size_t i = 0; i < list->n; i++)
        json_array_append_new(classes, describe_class(&list->classes[i]));
    return cli_json_print(
        json_pack("{s:o, s:o, s:o, s:o}", "device", cli_json_text(device->name), "driver",
                  cli_json_text(device->driver), "file",
                  o->tune.path != NULL ? cli_json_text(o->tune.path) : json_null(), "classes",
                  classes),
        err);
}

/* ---- the command ---- */

static gcl_status tune(const cli_session *s, options *o, bool json, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_tune_list list = {0};
    size_t open = 0;

    GCL_TRY(
        bench_tune_collect(&list, gcl_checkpoint_config(s->checkpoint), &s->device, &o->tune, err));
    if (!o->dry_run)
        GCL_TRY(bench_tune_run(&list, s->ctx, s->tunings, &o->tune, err));
    GCL_TRY(print(&list, o, json, &s->device, err));
    if (o->share != NULL)
        GCL_TRY(gcl_tunings_share(s->tunings, o->share, err));
    for (size_t i = 0; i < list.n; i++)
        open += !is_measured(&list.classes[i]);
    if (stopped)
        st = GCL_FAIL(err, GCL_E_UNSUPPORTED,
                      "interrupted with %zu classes to go; the same command goes on", open);
done:
    bench_tune_free(&list);
    return st;
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    options o = {.tune = {.budget_s = 30.0,
                          .seed = 1,
                          .by = "galip " GALIP_VERSION,
                          .stop = &stopped,
                          .progress = show_progress,
                          .warn = cli_warn}};
    const time_t now = time(NULL);
    char path[4096], date[24];
    cli_session s = {0};
    struct tm utc;

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &o, NULL, err));
    if (o.dry_run && o.share != NULL) {
        st = CLI_USAGE(err, "--dry-run and --share exclude each other");
        goto done;
    }
    if (!o.dry_run)
        catch_interrupt();
    if (!o.dry_run)
        GCL_TRY(gcl_tunings_path(path, sizeof path, err));
    if (o.share != NULL)
        GCL_TRY(cli_check_writable(o.share, err));
    o.tune.path = o.dry_run ? NULL : path;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    o.tune.date = date;
    GCL_TRY(cli_session_open(&s, &common, NULL, err));
    GCL_TRY(tune(&s, &o, common.json, err));
done:
    cli_session_close(&s);
    return st;
}

const cli_command cli_tune = {
    "tune",
    "measure how the model runs best on a device",
    "[OPTIONS]",
    "Looks, for each op and shape of the model, for the variant and the values of its tunables "
    "that\n"
    "run fastest on this device, and keeps them in a file that every later command reads. The "
    "time\n"
    "is spent where the model's time is. A candidate's result is compared with a float64 "
    "reference\n"
    "before it is timed, and it is chosen only when it is clearly faster than what the program\n"
    "chooses by itself, in runs that take turns. Shapes that are in the file are not measured\n"
    "again; after a change of the driver they are verified again, which is quick. A run that was\n"
    "killed or interrupted goes on when it is started again.\n"
    "`galip plan` shows where each choice came from; GALIP_TUNING=off switches the file off, and\n"
    "GALIP_TUNING=FILE names another one. docs/tuning.md describes it.",
    flags,
    "galip tune\n"
    "galip tune --preset galip-224 --batch 1 --batch 8 --budget 120\n"
    "galip tune --part netG --dry-run\n"
    "galip tune --share my-device.json",
    run,
};
