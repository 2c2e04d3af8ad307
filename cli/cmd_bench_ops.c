/* cmd_bench_ops.c - galip bench ops: times the cases of the op suites. */
#include <stdlib.h>
#include <string.h>

#include "bench/ceiling.h"
#include "bench/op_bench.h"
#include "cli/bench.h"
#include "host/op.h"

enum { KEY_OP = CLI_KEY_BENCH_OWN, KEY_CASE, KEY_VARIANTS, KEY_CACHE, KEY_VS, KEY_SECONDS };

static const cli_flag flags[] = {
    {"op", KEY_OP, "OP", "only this op"},
    {"case", KEY_CASE, "REGEX", "only cases whose name fits (POSIX extended)"},
    {"variants", KEY_VARIANTS, "V",
     "all: every variant that accepts the case; or one by name\n"
     "(default: what the planner chooses)"},
    {"cache", KEY_CACHE, "KIND", "hot, cold (flushed before each run) or both (default both)"},
    {"vs", KEY_VS, "PEER",
     "clblast: time CLBlast's product (linear; conv2d on im2col\n"
     "columns) in the same run, in turn, with ratio and verdict"},
    {"seconds", KEY_SECONDS, "S", "longest time for a row (default 2)"},
    {"seed", 's', "SEED", "of the random operands (default 1)"},
    CLI_FLAG_FORMAT,
    CLI_FLAG_DEVICE,
    CLI_FLAG_HELP,
    {NULL, 0, NULL, NULL},
};

typedef struct options {
    bench_op_options bench;
    const char *format;
} options;

static gcl_status set_cache(bench_op_options *o, const char *value, gcl_error *err)
{
    o->hot = strcmp(value, "cold") != 0;
    o->cold = strcmp(value, "hot") != 0;
    if (strcmp(value, "hot") == 0 || strcmp(value, "cold") == 0 || strcmp(value, "both") == 0)
        return GCL_OK;
    return CLI_USAGE(err, "--cache is \"%s\", needs hot, cold or both", value);
}

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    options *o = user;
    uint64_t seconds = 0;

    switch (key) {
    case KEY_OP:
        o->bench.op = value;
        return GCL_OK;
    case KEY_CASE:
        o->bench.case_regex = value;
        return GCL_OK;
    case KEY_VARIANTS:
        o->bench.variant = value;
        return GCL_OK;
    case KEY_CACHE:
        return set_cache(&o->bench, value, err);
    case KEY_VS:
        o->bench.versus_clblast = strcmp(value, "clblast") == 0;
        return o->bench.versus_clblast
                   ? GCL_OK
                   : CLI_USAGE(err, "--vs is \"%s\", the only peer is clblast", value);
    case KEY_SECONDS:
        if (cli_number(&seconds, "--seconds", value, 1, 3600, err) != GCL_OK)
            return CLI_E_USAGE;
        o->bench.rule.limit_s = (double)seconds;
        return GCL_OK;
    case 's':
        return cli_number(&o->bench.seed, "--seed", value, 0, UINT64_MAX, err);
    default:
        return cli_bench_set_format(&o->format, value, err);
    }
}

static gcl_status check_op(const char *op, gcl_error *err)
{
    return op == NULL || gcl_op_find(op) != NULL
               ? GCL_OK
               : CLI_USAGE(err, "--op is \"%s\", which is no op", op);
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    cli_bench_session s = {0};
    bench_ceilings ceilings;
    options o = {.bench = {.hot = true,
                           .cold = true,
                           .seed = 1,
                           .rule = {.min_samples = 10,
                                    .max_samples = 20,
                                    .min_s = 0.05,
                                    .limit_s = 2.0,
                                    .max_width = 0.05},
                           .progress = cli_bench_progress}};

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &o, NULL, err));
    GCL_TRY(check_op(o.bench.op, err));
    GCL_TRY(cli_bench_open(&s, &common, argc, argv, err));
    cli_bench_progress(NULL, "ceilings");
    GCL_TRY(bench_ceiling_get(s.ctx, false, &ceilings, err));
    o.bench.fma_gflops = ceilings.of[BENCH_FMA_F32].value;
    o.bench.read_gbps = ceilings.of[BENCH_READ].value;
    o.bench.launch_us = ceilings.of[BENCH_LAUNCH].value;
    GCL_TRY(bench_op_run(s.records, s.run, s.ctx, &o.bench, err));
    GCL_TRY(cli_bench_print(&s, o.format, err));
done:
    cli_bench_close(&s);
    return st;
}

const cli_command cli_bench_ops = {
    "bench ops",
    "time every op's cases by events",
    "[OPTIONS]",
    "Times the cases of the op suites, the same that the tests check, by event time: hot, with\n"
    "caches as the run before left them, and cold. Operands are random and seeded, and a result\n"
    "is compared with its float64 reference before it is timed. A row ends when the interval of\n"
    "its median is narrow enough, or at --seconds. Rates are in naive FLOPs, and also in percent\n"
    "of the device's measured ceilings (`galip bench ceiling`).",
    flags,
    "galip bench ops --op conv2d --cache hot\n"
    "galip bench ops --op linear --case 'text|vit' --vs clblast\n"
    "galip bench ops --variants all -o json > ops.json",
    run,
};
