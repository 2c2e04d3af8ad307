/* bench.c - what the kinds of `galip bench` share. */
#include "cli/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/report.h"
#include "cli/output.h"

gcl_status cli_bench_set_format(const char **format, const char *value, gcl_error *err)
{
    static const char *const formats[] = {"text", "md", "csv", "json", "html"};

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(value, formats[i]) == 0) {
            *format = formats[i];
            return GCL_OK;
        }
    return CLI_USAGE(err, "-o is \"%s\", needs text, md, csv, json or html", value);
}

gcl_status cli_bench_open(cli_bench_session *s, const cli_common *common, int argc, char **argv,
                          gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_device_info device;
    char flags[1024] = "galip bench";
    size_t used = strlen(flags);

    for (int i = 0; i < argc && used < sizeof flags; i++)
        used += (size_t)snprintf(flags + used, sizeof flags - used, " %s", argv[i]);
    GCL_TRY(gcl_device_find(&device, common->device, err));
    GCL_TRY(gcl_context_create(&s->ctx, &device, err));
    GCL_TRY(bench_run_create(&s->run, &device, flags, err));
    s->records = json_array();
    if (s->records == NULL)
        st = GCL_FAIL(err, GCL_E_NOMEM, "records: host allocation failed");
done:
    return st;
}

void cli_bench_close(cli_bench_session *s)
{
    json_decref(s->records);
    json_decref(s->run);
    gcl_context_destroy(s->ctx);
}

gcl_status cli_bench_add(cli_bench_session *s, json_t *more, gcl_error *err)
{
    const int failed = json_array_extend(s->records, more);

    json_decref(more);
    return failed ? GCL_FAIL(err, GCL_E_NOMEM, "records: host allocation failed") : GCL_OK;
}

void cli_bench_progress(void *user, const char *row)
{
    (void)user;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K%s", row);
}

gcl_status cli_bench_print(const cli_bench_session *s, const char *format, gcl_error *err)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    return bench_report_write(stdout, format != NULL ? format : "text", s->records, err);
}
