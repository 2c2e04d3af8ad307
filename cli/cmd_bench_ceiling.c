/* cmd_bench_ceiling.c - galip bench ceiling: what the device can do. */
#include "bench/ceiling.h"
#include "cli/bench.h"

enum { KEY_FRESH = CLI_KEY_BENCH_OWN };

static const cli_flag flags[] = {
    {"fresh", KEY_FRESH, NULL, "measure now, whatever is stored for this device and driver"},
    CLI_FLAG_FORMAT,
    CLI_FLAG_DEVICE,
    CLI_FLAG_HELP,
    {NULL, 0, NULL, NULL},
};

typedef struct options {
    bool fresh;
    const char *format;
} options;

static gcl_status set(void *user, int key, char *value, gcl_error *err)
{
    options *o = user;

    if (key != KEY_FRESH)
        return cli_bench_set_format(&o->format, value, err);
    o->fresh = true;
    return GCL_OK;
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    gcl_status st = GCL_OK;
    cli_common common = {0};
    cli_bench_session s = {0};
    options o = {0};
    bench_ceilings ceilings;
    json_t *rows = NULL;

    GCL_TRY(cli_parse(self, argc, argv, &common, set, &o, NULL, err));
    GCL_TRY(cli_bench_open(&s, &common, argc, argv, err));
    cli_bench_progress(NULL, "ceilings");
    GCL_TRY(bench_ceiling_get(s.ctx, o.fresh, &ceilings, err));
    GCL_TRY(bench_ceiling_records(&rows, &ceilings, s.run, err));
    GCL_TRY(cli_bench_add(&s, rows, err));
    GCL_TRY(cli_bench_print(&s, o.format, err));
done:
    cli_bench_close(&s);
    return st;
}

const cli_command cli_bench_ceiling = {
    "bench ceiling",
    "measure what the device can do",
    "[OPTIONS]",
    "Measures, with small kernels of its own and the best launch shape that a short search\n"
    "finds: multiply-adds, reading, copying and local memory, launches, and transfers between\n"
    "host and device. The figures are kept for the device and driver in the cache folder; other\n"
    "benchmarks give percentages of them.",
    flags,
    "galip bench ceiling\n"
    "galip bench ceiling --fresh -o json",
    run,
};
