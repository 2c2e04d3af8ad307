/* cmd_bench_compare.c - galip bench compare: two files of records, row by row. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/compare.h"
#include "bench/report.h"
#include "cli/bench.h"

enum { KEY_THRESHOLD = CLI_KEY_BENCH_OWN };

static const cli_flag flags[] = {
    {"threshold", KEY_THRESHOLD, "X", "slowdown that counts, as a fraction (default 0.05)"},
    CLI_FLAG_FORMAT,
    CLI_FLAG_HELP,
    {NULL, 0, NULL, NULL},
};

typedef struct options {
    double threshold;
    const char *format;
} options;

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    options *o = user;
    char *end = NULL;

    if (key != KEY_THRESHOLD)
        return cli_bench_set_format(&o->format, value, err);
    o->threshold = strtod(value, &end);
    if (end == value || *end != '\0' || !isfinite(o->threshold) || o->threshold <= 0)
        return CLI_USAGE(err, "--threshold is \"%s\", needs a number > 0", value);
    return GCL_OK;
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    options o = {BENCH_THRESHOLD, "text"};
    json_t *rows = NULL;
    bool regression = false;
    int first;

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &o, &first, err));
    if (argc - first != 2) {
        st = CLI_USAGE(err, "needs two files of JSON lines, got %d", argc - first);
        goto done;
    }
    GCL_TRY(bench_compare(argv[first], argv[first + 1], o.threshold, &rows, &regression, err));
    GCL_TRY(bench_report_write(stdout, o.format, rows, err));
    if (regression)
        st = GCL_FAIL(err, GCL_E_MISMATCH, "%s is slower than %s beyond %g %%", argv[first + 1],
                      argv[first], 100.0 * o.threshold);
done:
    json_decref(rows);
    return st;
}

const cli_command cli_bench_compare = {
    "bench compare",
    "compare two runs, row by row",
    "[OPTIONS] A.json B.json",
    "Matches the rows of two files written with -o json and prints, for each, the ratio of the\n"
    "times (above 1: B is slower), its 95 % interval, and the verdict FASTER, SLOWER or SAME from\n"
    "a rank test and the interval. Exit status 1 when a row is SLOWER beyond the threshold.",
    flags,
    "galip bench compare before.json after.json\n"
    "galip bench compare before.json after.json --threshold 0.02 -o md",
    run,
};
