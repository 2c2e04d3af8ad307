/* cmd_bench.c - galip bench: finds the kind of benchmark. */
#include <stdio.h>
#include <string.h>

#include "cli/bench.h"

static const cli_command *const kinds[] = {
    &cli_bench_ceiling, &cli_bench_ops, &cli_bench_model, &cli_bench_claims, &cli_bench_compare,
};

enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

static void print_overview(void)
{
    printf("usage: galip bench KIND [OPTIONS]\n\nMeasures a device.\n\nkinds:\n");
    for (int i = 0; i < N_KINDS; i++)
        printf("  %-9s %s\n", kinds[i]->name + sizeof "bench", kinds[i]->summary);
    printf("\n`galip bench KIND --help` explains a kind; docs/benchmarking.md every column.\n");
}

static gcl_status run(const cli_command *self, int argc, char **argv, gcl_error *err)
{
    (void)self;
    if (argc < 2)
        return CLI_USAGE(err, "a kind of benchmark is missing: ceiling, ops, model, claims or "
                              "compare");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_overview();
        return CLI_SHOWN;
    }
    for (int i = 0; i < N_KINDS; i++)
        if (strcmp(kinds[i]->name + sizeof "bench", argv[1]) == 0)
            return kinds[i]->run(kinds[i], argc - 1, argv + 1, err);
    return CLI_USAGE(
        err, "unknown benchmark \"%s\"; there are ceiling, ops, model, claims, compare", argv[1]);
}

const cli_command cli_bench = {
    "bench", "measure a device: its ceilings, the ops, the models", "KIND [OPTIONS]", "", NULL, "",
    run,
};
