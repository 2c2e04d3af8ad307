/* ceiling.c - all ceilings one after the other, their statistics and records. */
#include "bench/ceiling_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double search_share = 0.7; /* of the budget; samples take the rest */

typedef struct method {
    gcl_status (*search)(bench_rig *, bench_ceiling_id, bench_shape *, bench_ceiling *,
                         gcl_error *);
    gcl_status (*sample)(bench_rig *, bench_ceiling_id, const bench_shape *, bench_ceiling *,
                         gcl_error *);
} method;

static const method kernel = {bench_kernel_search, bench_kernel_sample};
static const method launch = {bench_launch_search, bench_launch_sample};
static const method transfer = {bench_transfer_search, bench_transfer_sample};

static const struct {
    const char *name, *unit;
    const method *how;
} table[BENCH_N_CEILINGS] = {
    [BENCH_FMA_F32] = {"fma_f32", "GFLOP/s", &kernel},
    [BENCH_FMA_F16] = {"fma_f16", "GFLOP/s", &kernel},
    [BENCH_DOT_I8] = {"dot_i8", "GOP/s", &kernel},
    [BENCH_READ] = {"read", "GB/s", &kernel},
    [BENCH_COPY] = {"copy", "GB/s", &kernel},
    [BENCH_LOCAL] = {"local", "GB/s", &kernel},
    [BENCH_LAUNCH] = {"launch", "us", &launch},
    [BENCH_LAUNCH_WAIT] = {"launch_wait", "us", &launch},
    [BENCH_HOST_TO_DEVICE] = {"host_to_device", "GB/s", &transfer},
    [BENCH_DEVICE_TO_HOST] = {"device_to_host", "GB/s", &transfer},
};

const char *bench_ceiling_name(bench_ceiling_id id)
{
    return table[id].name;
}

const char *bench_ceiling_unit(bench_ceiling_id id)
{
    return table[id].unit;
}

double bench_ceiling_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Linear between the two nearest. */
static double quantile(const double *sorted, int n, double q)
{
    const double at = q * (n - 1);
    const int i = (int)at < n - 1 ? (int)at : n - 1;
    const int j = i + 1 < n ? i + 1 : i;

    return sorted[i] + (at - i) * (sorted[j] - sorted[i]);
}

void bench_ceiling_add(bench_ceiling *c, bench_ceiling_id id, double sample)
{
    const bool is_time = table[id].how == &launch;
    double sorted[BENCH_CEILING_SAMPLES];
    double p10, p90;

    c->samples[c->n++] = sample;
    memcpy(sorted, c->samples, (size_t)c->n * sizeof *sorted);
    qsort(sorted, (size_t)c->n, sizeof *sorted, ascending);
    p10 = quantile(sorted, c->n, 0.1);
    p90 = quantile(sorted, c->n, 0.9);
    c->median = quantile(sorted, c->n, 0.5);
    c->spread = (p90 - p10) / c->median;
    c->value = is_time ? p10 : p90;
}

gcl_status bench_ceiling_measure(gcl_context *ctx, bench_ceilings *out, double budget_seconds,
                                 gcl_error *err)
{
    gcl_status st = GCL_OK;
    const double start = bench_ceiling_clock();
    const double search_end = start + search_share * budget_seconds;
    const time_t now = time(NULL);
    bench_shape shapes[BENCH_N_CEILINGS] = {0};
    bench_rig rig = {0};
    struct tm utc;

    memset(out, 0, sizeof *out);
    if (!(budget_seconds > 0.0))
        return GCL_FAIL(err, GCL_E_ARG, "ceilings: a budget of %g s, must be above 0",
                        budget_seconds);
    GCL_TRY(bench_rig_open(&rig, ctx, err));
    for (int id = 0; id < BENCH_N_CEILINGS; id++) {
        const double clock = bench_ceiling_clock();
        const int searches_left = id < BENCH_LAUNCH ? BENCH_LAUNCH - id : 1;
        rig.until = clock + fmax(search_end - clock, 0.0) / searches_left;
        GCL_TRY(table[id].how->search(&rig, id, &shapes[id], &out->of[id], err));
    }
    for (int round = 0; round < BENCH_ROUNDS; round++)
        for (int id = 0; id < BENCH_N_CEILINGS; id++)
            if (shapes[id].v[AXIS_WIDTH] > 0)
                GCL_TRY(table[id].how->sample(&rig, id, &shapes[id], &out->of[id], err));
    gmtime_r(&now, &utc);
    strftime(out->date, sizeof out->date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    out->seconds = bench_ceiling_clock() - start;
done:
    bench_rig_close(&rig);
    return st;
}

static json_t *record(const bench_ceilings *ceilings, bench_ceiling_id id, json_t *common)
{
    const bench_ceiling *c = &ceilings->of[id];
    json_t *samples = json_array();
    json_t *own = NULL, *row = common == NULL ? json_object() : json_copy(common);

    for (int i = 0; i < c->n; i++)
        json_array_append_new(samples, json_real(c->samples[i]));
    own =
        json_pack("{s:s, s:s, s:s, s:f, s:s, s:O, s:f, s:f, s:s}", "kind", "ceiling", "name",
                  table[id].name, "date", ceilings->date, "value", c->value, "unit", table[id].unit,
                  "samples", samples, "median", c->median, "spread", c->spread, "shape", c->shape);
    if (own == NULL || json_object_update(row, own) != 0) {
        json_decref(row);
        row = NULL;
    }
    json_decref(own);
    json_decref(samples);
    return row;
}

gcl_status bench_ceiling_records(json_t **out, const bench_ceilings *ceilings, json_t *common,
                                 gcl_error *err)
{
    json_t *rows = json_array();

    *out = NULL;
    for (int id = 0; id < BENCH_N_CEILINGS; id++)
        if (ceilings->of[id].n > 0 &&
            json_array_append_new(rows, record(ceilings, id, common)) != 0) {
            json_decref(rows);
            return GCL_FAIL(err, GCL_E_NOMEM, "record of ceiling %s: host allocation failed",
                            table[id].name);
        }
    if (rows == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "records of ceilings: host allocation failed");
    *out = rows;
    return GCL_OK;
}
