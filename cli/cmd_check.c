/* cmd_check.c - galip check: the conformance report for a device. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/check_report.h"
#include "bench/record.h"
#include "cli/options.h"
#include "cli/output.h"

enum {
    KEY_OP = CLI_KEY_OWN,
    KEY_CASE,
    KEY_VARIANT,
    KEY_SEED,
    KEY_RUNS,
    KEY_MATH,
    KEY_INJECT,
    KEY_BOUNDS,
    MAX_RUNS = 1000
};

static const cli_flag flags[] = {
    {"op", KEY_OP, "OP", "check this op only"},
    {"case", KEY_CASE, "CASE", "check this case only"},
    {"variant", KEY_VARIANT, "VARIANT", "check this variant only"},
    {"math", KEY_MATH, "MATH",
     "strict, fast (programs built with -cl-fast-relaxed-math) or both\n(default both)"},
    {"seed", KEY_SEED, "SEED", "seed of the random operands (default 1)"},
    {"runs", KEY_RUNS, "N", "runs that must give the same bits, 2 .. 1000 (default 5)"},
    {"output", 'o', "FORMAT",
     "text, md, json (one object a line, one line a row) or html\n(default text)"},
    {"json", CLI_KEY_JSON, NULL, "the same as --output json"},
    {"inject", KEY_INJECT, "FAULT",
     "run a kernel with a fault instead: element, bounds or race;\n"
     "the check must fail and name it. right: the same without one"},
    {"bounds", KEY_BOUNDS, NULL, "print each op's error bound and its derivation instead"},
    CLI_FLAG_DEVICE,
    CLI_FLAG_HELP,
    {NULL, 0, NULL, NULL},
};

typedef struct options {
    bench_check_options check;
    bench_format format;
    bool bounds;
} options;

static gcl_status set_math(bench_check_options *o, const char *value, gcl_error *err)
{
    if (strcmp(value, "strict") == 0)
        o->math = BENCH_MATH_STRICT;
    else if (strcmp(value, "fast") == 0)
        o->math = BENCH_MATH_FAST;
    else if (strcmp(value, "both") != 0)
        return CLI_USAGE(err, "--math is \"%s\", needs strict, fast or both", value);
    return GCL_OK;
}

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    options *o = user;
    uint64_t runs = 0;
    gcl_status st = GCL_OK;

    switch (key) {
    case KEY_OP:
        o->check.op = value;
        break;
    case KEY_CASE:
        o->check.one_case = value;
        break;
    case KEY_VARIANT:
        o->check.variant = value;
        break;
    case KEY_MATH:
        return set_math(&o->check, value, err);
    case KEY_SEED:
        return cli_number(&o->check.seed, "--seed", value, 0, UINT64_MAX, err);
    case KEY_RUNS:
        st = cli_number(&runs, "--runs", value, 2, MAX_RUNS, err);
        o->check.runs = (int)runs;
        break;
    case 'o':
        return bench_format_find(&o->format, value, err) == GCL_OK ? GCL_OK : CLI_E_USAGE;
    case KEY_INJECT:
        o->check.inject = value;
        break;
    default:
        o->bounds = true;
    }
    return st;
}

/* What every row says of the run. */
static gcl_status common_keys(json_t **out, const gcl_device_info *d, uint64_t seed, int argc,
                              char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char line[1024] = "galip check";
    size_t used = strlen(line);

    for (int i = 1; i < argc && used < sizeof line; i++)
        used += (size_t)snprintf(line + used, sizeof line - used, " %s", argv[i]);
    GCL_TRY(bench_run_create(out, d, line, err));
    json_object_set_new(*out, "seed", cli_json_seed(seed));
done:
    return st;
}

static gcl_status check(gcl_context *ctx, options *o, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_check_report report = {0};
    bench_check_summary sum;

    o->check.report = bench_check_row;
    o->check.user = &report;
    GCL_TRY(bench_check_begin(&report, stdout, o->format, o->check.common, err));
    GCL_TRY(bench_check_run(&sum, ctx, &o->check, err));
    bench_check_end(&report, &sum);
    if (sum.failed > 0)
        st = GCL_FAIL(err, GCL_E_MISMATCH, "%zu of %zu rows failed; the first: %s", sum.failed,
                      sum.passed + sum.failed + sum.noted, sum.first);
done:
    bench_check_report_clear(&report);
    return st;
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    options o = {.check = {.math = BENCH_MATH_STRICT | BENCH_MATH_FAST,
                           .seed = 1,
                           .runs = BENCH_CHECK_RUNS}};
    gcl_device_info device;
    gcl_context *ctx = NULL;
    json_t *keys = NULL;

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &o, NULL, err));
    if (o.bounds) {
        bench_check_print_bounds(stdout);
        return GCL_OK;
    }
    if (common.json)
        o.format = BENCH_JSON;
    if (o.check.inject != NULL && (o.check.op != NULL || o.check.one_case != NULL)) {
        st = CLI_USAGE(err, "--inject and --op or --case exclude each other");
        goto done;
    }
    if (bench_check_select(&o.check, err) != GCL_OK) {
        st = CLI_E_USAGE;
        goto done;
    }
    GCL_TRY(gcl_device_find(&device, common.device, err));
    GCL_TRY(gcl_context_create(&ctx, &device, err));
    GCL_TRY(common_keys(&keys, &device, o.check.seed, argc, argv, err));
    o.check.common = keys;
    o.check.device = common.device;
    GCL_TRY(check(ctx, &o, err));
done:
    json_decref(keys);
    gcl_context_destroy(ctx);
    return st;
}

const cli_command cli_check = {
    "check",
    "check every kernel on a device against its reference",
    "[OPTIONS]",
    "The conformance report for a device, for people who test OpenCL compilers and drivers. Runs\n"
    "every case of every op with every variant that the device accepts, with and without\n"
    "-cl-fast-relaxed-math, on seeded random operands, and compares with a float64 reference:\n"
    "error in units of the result's last place beside a bound derived from the op's arithmetic,\n"
    "NaN and infinities, the same bits from every run, and canaries around all memory. Under fast\n"
    "math OpenCL leaves the accuracy to the device: elements beyond the bound are notes there.\n"
    "Each failing line ends with the command that repeats it. The last line is\n"
    "\"N passed, N failed\"; exit status 1 unless none failed.",
    flags,
    "galip check\n"
    "galip check --op linear --variant plain_f32 --math strict\n"
    "galip check -o html > report.html\n"
    "galip check --inject race",
    run,
};
