/* test_bench_stats.c - statistics against R and SciPy, the stop rule, verdicts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/stats.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-9 * fmax(1.0, fabs(want))))
        fail_msg("got %.17g, want %.17g", got, want);
}

/* numpy.quantile(x, q), NumPy's default method "linear" = R's type 7 */
static void quantiles_are_of_type_7(void **state)
{
    const double x[] = {3.1, 1.2, 5.9, 2.2, 4.8, 9.7, 7.3};
    gcl_error err = GCL_ERROR_INIT;
    bench_summary s;

    (void)state;
    assert_int_equal(bench_summarise(&s, x, COUNT(x), &err), GCL_OK);
    near(s.p10, 1.8);
    near(s.median, 4.8);
    near(s.p90, 8.26);
    near(s.min, 1.2);
    near(s.spread, (8.26 - 1.8) / 4.8);
    assert_int_equal(s.n, 7);
    near(bench_quantile((const double[]){1.0, 2.0}, 2, 0.25), 1.25);
    near(bench_quantile((const double[]){4.0}, 1, 0.9), 4.0);
}

static void summary_refuses_none_and_nan(void **state)
{
    const double x[] = {1.0, NAN};
    gcl_error err = GCL_ERROR_INIT;
    bench_summary s;

    (void)state;
    assert_int_equal(bench_summarise(&s, x, 0, &err), GCL_E_ARG);
    assert_int_equal(bench_summarise(&s, x, 2, &err), GCL_E_ARG);
    assert_non_null(strstr(err.message, "sample 2 of 2"));
}

/* Ranks to n = 1000 from scipy.stats.binom.ppf(0.025, n, 0.5). */
static void median_interval_uses_binomial_ranks(void **state)
{
    static const struct {
        size_t n, rank;
    } cases[] = {{6, 1}, {9, 2}, {20, 6}, {100, 40}, {1000, 469}, {1001, 469}};
    double x[1001];

    (void)state;
    for (size_t i = 0; i < COUNT(x); i++)
        x[i] = (double)i + 1.0;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const double n = (double)cases[i].n, median = 0.5 * (n + 1.0);
        double low, high;
        assert_true(bench_median_interval(x, cases[i].n, &low, &high));
        near(low, (double)cases[i].rank);
        near(high, n + 1.0 - (double)cases[i].rank);
        near(bench_median_width(x, cases[i].n), (n + 1.0 - 2.0 * (double)cases[i].rank) / median);
    }
    assert_true(isinf(bench_median_width(x, 5)));
    assert_true(isinf(bench_median_width(x, 0)));
}

/* scipy.stats.mannwhitneyu: a, b with method="asymptotic" (1.06 comes twice), c, d with "exact" */
static void rank_test_of_few_is_exact(void **state)
{
    const double a[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
    const double b[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
    const double c[] = {1.1, 2.2, 3.3, 4.4, 5.5};
    const double d[] = {2.5, 3.5, 4.5, 5.6, 6.7, 7.8, 8.9};
    gcl_error err = GCL_ERROR_INIT;
    bench_rank r;

    (void)state;
    assert_int_equal(bench_rank_test(&r, a, COUNT(a), b, COUNT(b), &err), GCL_OK);
    near(r.u, 58.0);
    near(r.p, 0.13291945818531892);
    assert_int_equal(bench_rank_test(&r, c, COUNT(c), d, COUNT(d), &err), GCL_OK);
    near(r.u, 6.0);
    near(r.p, 0.07323232323232323);
    assert_int_equal(bench_rank_test(&r, d, COUNT(d), c, COUNT(c), &err), GCL_OK);
    near(r.u, 29.0);
    near(r.p, 0.07323232323232323);
}

/* scipy.stats.mannwhitneyu(a, b, method="asymptotic"), with ties */
static void rank_test_corrects_for_ties(void **state)
{
    double a[30], b[25];
    gcl_error err = GCL_ERROR_INIT;
    bench_rank r;

    (void)state;
    for (size_t i = 0; i < COUNT(a); i++)
        a[i] = (double)(i * 7 % 25);
    for (size_t i = 0; i < COUNT(b); i++)
        b[i] = (double)(i * 11 % 29 + 2);
    assert_int_equal(bench_rank_test(&r, a, COUNT(a), b, COUNT(b), &err), GCL_OK);
    near(r.u, 271.0);
    near(r.p, 0.08003007622170988);

    for (size_t i = 0; i < COUNT(a); i++)
        a[i] = 1.0;
    assert_int_equal(bench_rank_test(&r, a, COUNT(a), a, COUNT(a), &err), GCL_OK);
    near(r.p, 1.0);
    assert_int_equal(bench_rank_test(&r, a, 0, b, COUNT(b), &err), GCL_E_ARG);
}

/* 30 times around 1 ms with 1 % noise, times factor. */
static void times(double *out, size_t n, double factor, unsigned seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        out[i] = 1e-3 * factor * (1.0 + 0.01 * ((double)(seed >> 8) / 16777216.0 - 0.5));
    }
}

static void verdict_needs_p_and_effect(void **state)
{
    static const struct {
        double factor;
        bench_verdict want;
    } cases[] = {{1.0, BENCH_SAME},
                 {1.004, BENCH_SAME},
                 {1.03, BENCH_SLOWER},
                 {0.97, BENCH_FASTER},
                 {1.1, BENCH_SLOWER}};
    double a[30], b[30];
    gcl_error err = GCL_ERROR_INIT;
    bench_ratio r, again;

    (void)state;
    times(a, COUNT(a), 1.0, 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        times(b, COUNT(b), cases[i].factor, 2);
        assert_int_equal(bench_ratio_of(&r, a, 30, b, 30, BENCH_MIN_EFFECT, 0.0, &err), GCL_OK);
        assert_string_equal(bench_verdict_name(r.verdict), bench_verdict_name(cases[i].want));
        assert_true(r.low <= r.ratio && r.ratio <= r.high);
        assert_true(r.low < cases[i].factor && cases[i].factor < r.high);
        assert_true(r.high - r.low < 0.01);
    }
    assert_int_equal(bench_ratio_of(&again, a, 30, b, 30, BENCH_MIN_EFFECT, 0.0, &err), GCL_OK);
    assert_true(again.low == r.low && again.high == r.high);
    assert_int_equal(bench_ratio_of(&r, a, 30, b, 30, 0.2, 0.0, &err), GCL_OK);
    assert_int_equal(r.verdict, BENCH_SAME); /* 10 % is below a minimal effect of 20 % */
    assert_int_equal(bench_ratio_of(&r, a, 30, b, 30, 0.01, 0.11e-3, &err), GCL_OK);
    assert_int_equal(r.verdict, BENCH_SAME); /* 0.1 ms is below what the clock tells apart */
    assert_int_equal(bench_ratio_of(&r, a, 30, b, 30, 0.01, 0.09e-3, &err), GCL_OK);
    assert_int_equal(r.verdict, BENCH_SLOWER);
    assert_int_equal(bench_ratio_of(&r, a, 5, b, 30, 0.01, 0.0, &err), GCL_OK);
    assert_true(isnan(r.low) && isnan(r.high));
    a[3] = 0.0;
    assert_int_equal(bench_ratio_of(&r, a, 30, b, 30, 0.01, 0.0, &err), GCL_E_ARG);
}

/* The interval of equal distributions must contain 1 about 95 % of the time. */
static void interval_covers_19_of_20(void **state)
{
    double a[20], b[20];
    gcl_error err = GCL_ERROR_INIT;
    bench_ratio r;
    int inside = 0;

    (void)state;
    for (unsigned i = 0; i < 400; i++) {
        times(a, COUNT(a), 1.0, 2 * i + 1000);
        times(b, COUNT(b), 1.0, 2 * i + 1001);
        assert_int_equal(bench_ratio_of(&r, a, 20, b, 20, 0.01, 0.0, &err), GCL_OK);
        inside += r.low <= 1.0 && 1.0 <= r.high;
    }
    assert_in_range(inside, 368, 396); /* 92 .. 99 % */
}

static void sampling_stops_for_each_reason(void **state)
{
    const bench_rule rule = {8, 40, 0.5, 2.0, 0.02};
    gcl_error err = GCL_ERROR_INIT;
    bench_sampler s;

    (void)state;
    memset(&s, 0, sizeof s);
    s.rule = rule;
    for (int i = 0; i < 7; i++) { /* quiet, but too few */
        assert_int_equal(bench_sampler_add(&s, 1.0, 1.0, &err), GCL_OK);
        assert_int_equal(s.stop, BENCH_STOP_NOT);
    }
    assert_int_equal(bench_sampler_add(&s, 1.0, 0.4, &err), GCL_OK);
    assert_int_equal(s.stop, BENCH_STOP_NOT); /* too short */
    assert_int_equal(bench_sampler_add(&s, 1.0, 0.5, &err), GCL_OK);
    assert_int_equal(s.stop, BENCH_STOP_SETTLED);
    bench_sampler_free(&s);

    s.rule = rule;
    for (int i = 0; i < 40; i++) {
        assert_int_equal(bench_sampler_add(&s, i % 2 ? 3.0 : 1.0, 1.0, &err), GCL_OK);
        assert_int_equal(s.stop, i < 39 ? BENCH_STOP_NOT : BENCH_STOP_SAMPLES);
    }
    assert_true(s.samples[0] == 1.0 && s.samples[1] == 3.0 && s.samples[39] == 3.0);
    assert_true(s.sorted[0] == 1.0 && s.sorted[19] == 1.0 && s.sorted[20] == 3.0);
    bench_sampler_free(&s);

    s.rule = rule;
    assert_int_equal(bench_sampler_add(&s, 9.0, 2.0, &err), GCL_OK);
    assert_int_equal(s.stop, BENCH_STOP_TIME); /* one slow sample, below min_samples */
    assert_int_equal(bench_sampler_add(&s, -1.0, 2.0, &err), GCL_E_ARG);
    assert_int_equal(s.n, 1);
    bench_sampler_free(&s);
}

static void sampler_keeps_order_and_sorts(void **state)
{
    const bench_rule rule = BENCH_RULE_INIT;
    gcl_error err = GCL_ERROR_INIT;
    bench_sampler s;

    (void)state;
    memset(&s, 0, sizeof s);
    s.rule = rule;
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(bench_sampler_add(&s, (double)(i * 617 % 1000), 0.0, &err), GCL_OK);
    for (size_t i = 0; i < 1000; i++)
        assert_true(s.sorted[i] == (double)i && s.samples[i] == (double)(i * 617 % 1000));
    bench_sampler_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_of_type_7),
        cmocka_unit_test(summary_refuses_none_and_nan),
        cmocka_unit_test(median_interval_uses_binomial_ranks),
        cmocka_unit_test(rank_test_of_few_is_exact),
        cmocka_unit_test(rank_test_corrects_for_ties),
        cmocka_unit_test(verdict_needs_p_and_effect),
        cmocka_unit_test(interval_covers_19_of_20),
        cmocka_unit_test(sampling_stops_for_each_reason),
        cmocka_unit_test(sampler_keeps_order_and_sorts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
