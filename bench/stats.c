/* stats.c - order statistics, the stop rule, and the comparison of two samples. */
#include "bench/stats.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MAX 20      /* samples a side of the exact rank test */
#define RESAMPLES 2000    /* of the bootstrap */
#define INTERVAL_MIN 6    /* P(all of n above the median) <= 2.5 % first holds for n = 6 */
#define BINOMIAL_MAX 1000 /* 2^-n is still a normal double */

static int ascending(const void *x, const void *y)
{
    const double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static gcl_status sorted_copy(double **out, const double *samples, size_t n, gcl_error *err)
{
    *out = NULL;
    if (n == 0)
        return GCL_FAIL(err, GCL_E_ARG, "statistics: at least one sample is required, got none");
    for (size_t i = 0; i < n; i++)
        if (!isfinite(samples[i]))
            return GCL_FAIL(err, GCL_E_ARG, "statistics: sample %zu of %zu is %g, not finite",
                            i + 1, n, samples[i]);
    *out = malloc(n * sizeof **out);
    if (*out == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "statistics: host allocation of %zu samples", n);
    memcpy(*out, samples, n * sizeof **out);
    qsort(*out, n, sizeof **out, ascending);
    return GCL_OK;
}

double bench_quantile(const double *sorted, size_t n, double q)
{
    const double at = q * (double)(n - 1);
    const size_t i = (size_t)at;

    if (i + 1 >= n)
        return sorted[n - 1];
    return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

gcl_status bench_summarise(bench_summary *out, const double *samples, size_t n, gcl_error *err)
{
    double *x = NULL;
    gcl_status st = sorted_copy(&x, samples, n, err);

    memset(out, 0, sizeof *out);
    if (st != GCL_OK)
        return st;
    out->n = n;
    out->min = x[0];
    out->p10 = bench_quantile(x, n, 0.1);
    out->median = bench_quantile(x, n, 0.5);
    out->p90 = bench_quantile(x, n, 0.9);
    out->spread = out->median != 0.0 ? (out->p90 - out->p10) / out->median : 0.0;
    free(x);
    return GCL_OK;
}

/* Largest r >= 1 with P(Binomial(n, 1/2) <= r - 1) <= 2.5 %; the interval is x_(r) .. x_(n+1-r). */
static size_t interval_rank(size_t n)
{
    double term = ldexp(1.0, -(int)n), sum = term;
    size_t r = 0;

    while (sum <= 0.025) {
        term *= (double)(n - r) / (double)(r + 1);
        sum += term;
        r++;
    }
    return r;
}

bool bench_median_interval(const double *sorted, size_t n, double *low, double *high)
{
    size_t r;

    if (n < INTERVAL_MIN)
        return false;
    if (n <= BINOMIAL_MAX)
        r = interval_rank(n);
    else
        r = (size_t)(0.5 * (double)n - 0.98 * sqrt((double)n)); /* 1.96 * sqrt(n) / 2 */
    *low = sorted[r - 1];
    *high = sorted[n - r];
    return true;
}

double bench_median_width(const double *sorted, size_t n)
{
    const double median = n > 0 ? bench_quantile(sorted, n, 0.5) : 0.0;
    double low, high;

    return bench_median_interval(sorted, n, &low, &high) && median > 0.0 ? (high - low) / median
                                                                         : INFINITY;
}

static gcl_status sampler_grow(bench_sampler *s, gcl_error *err)
{
    const size_t room = s->room == 0 ? 64 : 2 * s->room;
    double *p = realloc(s->samples, room * sizeof *p);

    if (p != NULL) {
        s->samples = p;
        p = realloc(s->sorted, room * sizeof *p);
    }
    if (p == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "sampler: host allocation of %zu samples", room);
    s->sorted = p;
    s->room = room;
    return GCL_OK;
}

gcl_status bench_sampler_add(bench_sampler *s, double sample, double elapsed_s, gcl_error *err)
{
    const bench_rule *rule = &s->rule;
    gcl_status st = GCL_OK;
    size_t low = 0, high = s->n;

    if (!isfinite(sample) || sample < 0.0)
        return GCL_FAIL(err, GCL_E_ARG, "sampler: a sample must be finite and >= 0, got %g",
                        sample);
    if (s->n == s->room && (st = sampler_grow(s, err)) != GCL_OK)
        return st;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (s->sorted[mid] <= sample)
            low = mid + 1;
        else
            high = mid;
    }
    memmove(s->sorted + low + 1, s->sorted + low, (s->n - low) * sizeof *s->sorted);
    s->sorted[low] = sample;
    s->samples[s->n++] = sample;

    s->stop = BENCH_STOP_NOT;
    if (s->n >= rule->min_samples && elapsed_s >= rule->min_s &&
        bench_median_width(s->sorted, s->n) <= rule->max_width)
        s->stop = BENCH_STOP_SETTLED;
    else if (s->n >= rule->max_samples)
        s->stop = BENCH_STOP_SAMPLES;
    else if (elapsed_s >= rule->limit_s)
        s->stop = BENCH_STOP_TIME;
    return GCL_OK;
}

void bench_sampler_free(bench_sampler *s)
{
    free(s->samples);
    free(s->sorted);
    memset(s, 0, sizeof *s);
}

const char *bench_verdict_name(bench_verdict v)
{
    return v == BENCH_FASTER ? "FASTER" : v == BENCH_SLOWER ? "SLOWER" : "SAME";
}

/*
 * P(U >= u) with no ties. The number of orders with U = k is the coefficient of q^k in the
 * Gaussian binomial, prod_i (1 - q^(n_b+i)) / (1 - q^i), i = 1 .. n_a; exact in doubles up to
 * C(40, 20) = 1.4e11.
 */
static double exact_tail(size_t n_a, size_t n_b, double u)
{
    double count[EXACT_MAX * EXACT_MAX + 1] = {1.0};
    const size_t top = n_a * n_b;
    double total = 0.0, tail = 0.0;

    for (size_t i = 1; i <= n_a; i++) {
        for (size_t k = top + 1; k-- > n_b + i;)
            count[k] -= count[k - n_b - i];
        for (size_t k = i; k <= top; k++)
            count[k] += count[k - i];
    }
    for (size_t k = 0; k <= top; k++) {
        total += count[k];
        if ((double)k >= u)
            tail += count[k];
    }
    return tail / total;
}

/* Both samples ascending. */
static bench_rank rank_sorted(const double *a, size_t n_a, const double *b, size_t n_b)
{
    const double n = (double)n_a + (double)n_b, pairs = (double)n_a * (double)n_b;
    bench_rank out = {0.0, 1.0};
    double ties = 0.0; /* sum of t^3 - t over groups of t equal values */

    for (size_t i = 0, j = 0; i < n_a || j < n_b;) {
        const double x = i == n_a || (j < n_b && b[j] < a[i]) ? b[j] : a[i];
        double t_a = 0.0, t_b = 0.0;
        const double below = (double)j;
        for (; i < n_a && a[i] == x; i++)
            t_a += 1.0;
        for (; j < n_b && b[j] == x; j++)
            t_b += 1.0;
        out.u += t_a * (below + 0.5 * t_b);
        ties += (t_a + t_b) * ((t_a + t_b) * (t_a + t_b) - 1.0);
    }
    const double u = fmax(out.u, pairs - out.u);
    if (ties == 0.0 && n_a <= EXACT_MAX && n_b <= EXACT_MAX) {
        out.p = fmin(1.0, 2.0 * exact_tail(n_a, n_b, u));
    } else {
        const double variance = pairs / 12.0 * (n + 1.0 - ties / (n * (n - 1.0)));
        if (variance > 0.0) /* 0: every value is the same */
            out.p = fmin(1.0, erfc((u - 0.5 * pairs - 0.5) / sqrt(2.0 * variance)));
    }
    return out;
}

gcl_status bench_rank_test(bench_rank *out, const double *a, size_t n_a, const double *b,
                           size_t n_b, gcl_error *err)
{
    gcl_status st = GCL_OK;
    double *x = NULL, *y = NULL;

    *out = (bench_rank){0.0, 1.0};
    GCL_TRY(sorted_copy(&x, a, n_a, err));
    GCL_TRY(sorted_copy(&y, b, n_b, err));
    *out = rank_sorted(x, n_a, y, n_b);
done:
    free(y);
    free(x);
    return st;
}

/* splitmix64 (Steele, Lea, Flood 2014), reduced to [0, n) by its upper half. */
static size_t random_below(uint64_t *state, size_t n)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (size_t)(((z >> 32) * (uint64_t)n) >> 32);
}

/* Median of n draws with replacement from sorted[n]; drawn[n] counts them, so nothing is sorted. */
static double resampled_median(const double *sorted, size_t n, uint32_t *drawn, uint64_t *state)
{
    size_t seen = 0, i = 0;

    memset(drawn, 0, n * sizeof *drawn);
    for (size_t k = 0; k < n; k++)
        drawn[random_below(state, n)]++;
    while (seen + drawn[i] < (n + 1) / 2)
        seen += drawn[i++];
    const double lower = sorted[i];
    while (seen + drawn[i] < n / 2 + 1)
        seen += drawn[i++];
    return 0.5 * (lower + sorted[i]);
}

static gcl_status bootstrap(bench_ratio *out, const double *a, size_t n_a, const double *b,
                            size_t n_b, gcl_error *err)
{
    const size_t most = n_a > n_b ? n_a : n_b;
    gcl_status st = GCL_OK;
    uint64_t state = 1;
    double *ratios = malloc(RESAMPLES * sizeof *ratios);
    uint32_t *drawn = malloc(most * sizeof *drawn);

    if (ratios == NULL || drawn == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "bootstrap: host allocation for %zu samples", most);
        goto done;
    }
    for (size_t i = 0; i < RESAMPLES; i++) {
        const double m_a = resampled_median(a, n_a, drawn, &state);
        ratios[i] = resampled_median(b, n_b, drawn, &state) / m_a;
    }
    qsort(ratios, RESAMPLES, sizeof *ratios, ascending);
    out->low = bench_quantile(ratios, RESAMPLES, 0.025);
    out->high = bench_quantile(ratios, RESAMPLES, 0.975);
done:
    free(drawn);
    free(ratios);
    return st;
}

/* Comparisons with NAN, an interval that is not there, are false. */
static bench_verdict verdict_of(const bench_ratio *r, double effect)
{
    if ((r->p < BENCH_ALPHA && r->ratio > effect) || r->low > effect)
        return BENCH_SLOWER;
    if ((r->p < BENCH_ALPHA && r->ratio < 1.0 / effect) || r->high < 1.0 / effect)
        return BENCH_FASTER;
    return BENCH_SAME;
}

gcl_status bench_ratio_of(bench_ratio *out, const double *a, size_t n_a, const double *b,
                          size_t n_b, double min_effect, double floor, gcl_error *err)
{
    gcl_status st = GCL_OK;
    double *x = NULL, *y = NULL;

    *out = (bench_ratio){NAN, NAN, NAN, 1.0, BENCH_SAME};
    GCL_TRY(sorted_copy(&x, a, n_a, err));
    GCL_TRY(sorted_copy(&y, b, n_b, err));
    if (x[0] <= 0.0 || y[0] <= 0.0) {
        st = GCL_FAIL(err, GCL_E_ARG, "comparison: times must be > 0, got %g",
                      x[0] <= 0.0 ? x[0] : y[0]);
        goto done;
    }
    const double m_x = bench_quantile(x, n_a, 0.5), m_y = bench_quantile(y, n_b, 0.5);
    out->ratio = m_y / m_x;
    out->p = rank_sorted(x, n_a, y, n_b).p;
    if (n_a >= INTERVAL_MIN && n_b >= INTERVAL_MIN)
        GCL_TRY(bootstrap(out, x, n_a, y, n_b, err));
    out->verdict = fabs(m_y - m_x) > floor ? verdict_of(out, 1.0 + min_effect) : BENCH_SAME;
done:
    free(y);
    free(x);
    return st;
}
