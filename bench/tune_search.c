/* tune_search.c - variants by their own choice first, then steps and jumps around the best. */
#include "bench/tune_search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/verbose.h"
#include "bench/model_subject.h"
#include "bench/stats.h"

/* A class ends when so many candidates one after the other have not improved it by a hundredth; every
 * JUMP-th of them is taken anywhere, the others next to the best of a variant. */
enum { PATIENCE = 32, JUMP = 3, FINALISTS = 4, TOO_SLOW = 2 };

/* A close comparison has all memory in so many places, one after the other, since where it lies changes
 * times more than many a tunable does; where the first FEW_PLACES show no gain they are enough. */
enum { PLACES = 8, FEW_PLACES = 3, PLACE_PAIRS = 3, FIRST_PAIRS = TUNE_MAX_PAIRS };
static const double min_effect = 0.02, give_up = 1.3;

/* Ratios that are progress, and worth a close comparison. */
static const double progress = 0.99, worth_a_look = 0.99;

/* Of a class's time, for the search; the rest is for close comparisons. */
static const double search_share = 0.6;

/* Tables go from best to plainest: behind a variant that is so many times slower than the base none is
 * tried, and where that happened in TOO_SLOW classes the variant is not, either. Values are tried of
 * variants that are not so much slower than the best one, each with its own values. An exhaustive search
 * tries all variants, and values of all that end_of_table leaves. */
static const double end_of_table = 3.0, hopeless_variant = 1.5;

typedef struct search {
    tune_run *run;
    bench_tune_class *c;
    double search_until_s, until_s; /* of run->spent_s */
    tune_space space;
    tune_result *results; /* [space.n] */
    bool *tried;          /* [space.n] */
    size_t base, best;    /* of points; base: what the planner takes without tuning */
    tune_case one;        /* opened when something has to be measured that the log does not know */
    bool is_open;
    op_rng rng;
} search;

bool tune_is_stopped(const tune_run *run)
{
    return run->opt->stop != NULL && *run->opt->stop != 0;
}

static double clock_of(const tune_run *run)
{
    const bench_tune_timer *t = run->opt->timer;

    return t != NULL ? t->clock(t->user) : bench_clock();
}

/* ---- one candidate ---- */

/* How a point is measured: alone, as the base; a first time; and at each place, CLOSE, CLOSE + 1, ... */
enum { BASE, FIRST, CLOSE };

static const char *make_key(char *out, size_t room, const bench_tune_class *c, const tune_point *p,
                            int k)
{
    char what[GCL_TUNING_TEXT], choice[GCL_TUNING_TEXT], place[16];

    snprintf(place, sizeof place, "%d", k - CLOSE);
    snprintf(out, room, "%s %s batch=%zu %s %s", c->what.op->name,
             gcl_tuning_class_text(what, sizeof what, &c->what), c->what.batch,
             gcl_tuning_text(choice, sizeof choice, p->variant, &p->tuning),
             k == BASE    ? "base"
             : k == FIRST ? "first"
                          : place);
    return out;
}

static gcl_status open_case(search *s, gcl_error *err)
{
    gcl_status st = GCL_OK;

    if (s->is_open)
        return GCL_OK;
    st = tune_case_open(&s->one, &s->run->bench, s->c, &s->space.points[s->base], err);
    s->is_open = st == GCL_OK;
    s->c->sampled |= s->is_open && tune_case_is_sampled(&s->one);
    if (!s->is_open)
        tune_case_close(&s->one);
    return st;
}

/* The case in other memory: the old is given back only when the new one has its own. */
static gcl_status move_case(search *s, gcl_error *err)
{
    gcl_status st = GCL_OK;
    tune_case old = s->one;

    memset(&s->one, 0, sizeof s->one);
    s->is_open = false;
    st = open_case(s, err);
    tune_case_close(&old);
    return st;
}

/* From the log or measured now, and then put there. */
static gcl_status measure(search *s, const tune_point *p, int k, tune_result *out, gcl_error *err)
{
    gcl_status st = GCL_OK;
    tune_run *run = s->run;
    const double best = s->tried[s->best] ? s->results[s->best].ratio : 1.0;
    char key[2 * GCL_TUNING_TEXT + 80];
    double seconds = 0;

    make_key(key, sizeof key, s->c, p, k);
    if (!tune_log_find(&run->log, key, out, &seconds)) {
        const double start = clock_of(run);
        GCL_TRY(k >= CLOSE ? move_case(s, err) : open_case(s, err));
        if (k == BASE)
            GCL_TRY(tune_measure_base(&s->one, out, err));
        else
            GCL_TRY(tune_measure(&s->one, p, k == FIRST ? FIRST_PAIRS : PLACE_PAIRS,
                                 k == FIRST ? give_up * best : INFINITY, out, err));
        seconds = clock_of(run) - start;
        GCL_TRY(tune_log_append(&run->log, key, out, seconds, err));
    }
    run->spent_s += seconds;
    gcl_verbose("tune: %s: %s, ratio %.3f %s", key,
                out->verdict == TUNE_OK      ? "right"
                : out->verdict == TUNE_WRONG ? "wrong"
                                             : "refused",
                out->ratio, out->why);
done:
    return st;
}

static void count(bench_tune_class *c, const tune_point *p, const tune_result *r)
{
    char choice[GCL_TUNING_TEXT];

    c->tried++;
    c->wrong += r->verdict == TUNE_WRONG;
    c->refused += r->verdict == TUNE_REFUSED;
    if (r->verdict != TUNE_OK && c->note[0] == '\0')
        snprintf(c->note, sizeof c->note, "%.120s: %.130s",
                 gcl_tuning_text(choice, sizeof choice, p->variant, &p->tuning), r->why);
}

/* Tries a point of the space; *improved tells whether it is the best by more than a little. */
static gcl_status try_point(search *s, size_t at, bool *improved, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const double best = s->results[s->best].ratio;
    tune_result *r = &s->results[at];

    *improved = false;
    if (s->tried[at])
        return GCL_OK;
    GCL_TRY(measure(s, &s->space.points[at], FIRST, r, err));
    s->tried[at] = true;
    count(s->c, &s->space.points[at], r);
    if (r->verdict == TUNE_OK && r->ratio < best) {
        *improved = r->ratio < progress * best;
        s->best = at;
    }
done:
    return st;
}

static bool is_late(const search *s, double until_s)
{
    return !s->run->opt->exhaustive && s->run->spent_s >= until_s;
}

static bool is_over(const search *s)
{
    return tune_is_stopped(s->run) || is_late(s, s->search_until_s);
}

/* ---- the way through the space ---- */

/* Classes in which the variant was hopeless. */
static int *times_slow(tune_run *run, const gcl_variant *v)
{
    int i = 0;

    while (i < TUNE_MAX_SLOW - 1 && run->slow[i].variant != NULL && run->slow[i].variant != v)
        i++;
    run->slow[i].variant = v;
    return &run->slow[i].times;
}

/* What each variant chooses itself. */
static gcl_status try_variants(search *s, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bool improved;

    for (size_t k = 0; k < s->space.n_own && !is_over(s); k++) {
        int *slow = times_slow(s->run, s->space.points[k].variant);
        if (*slow >= TOO_SLOW && !s->run->opt->exhaustive)
            continue;
        GCL_TRY(try_point(s, k, &improved, err));
        if (s->results[k].verdict != TUNE_OK || s->results[k].ratio <= end_of_table)
            continue;
        ++*slow;
        if (k > s->base && !s->run->opt->exhaustive)
            break;
    }
done:
    return st;
}

/* Ratio of a variant with its own values; infinite where that failed or was not tried. */
static double own_ratio(const search *s, const gcl_variant *v)
{
    for (size_t k = 0; k < s->space.n_own; k++)
        if (s->space.points[k].variant == v && s->tried[k] && s->results[k].verdict == TUNE_OK)
            return s->results[k].ratio;
    return INFINITY;
}

static bool has_hope(const search *s, const gcl_variant *v)
{
    double best = INFINITY;

    for (size_t k = 0; k < s->space.n_own; k++)
        best = fmin(best, own_ratio(s, s->space.points[k].variant));
    return own_ratio(s, v) <= (s->run->opt->exhaustive ? end_of_table : hopeless_variant) * best;
}

/* One of the points seen so far, each as likely as the others. */
static void draw(search *s, size_t at, size_t *seen, size_t *drawn)
{
    if (op_random(&s->rng) % ++*seen == 0)
        *drawn = at;
}

/* The variant's best point so far; space.n: none. */
static size_t best_of(const search *s, const gcl_variant *v)
{
    size_t best = s->space.n;

    for (size_t k = 0; k < s->space.n; k++)
        if (s->space.points[k].variant == v && s->tried[k] && s->results[k].verdict == TUNE_OK &&
            (best == s->space.n || s->results[k].ratio < s->results[best].ratio))
            best = k;
    return best;
}

/* A random point that was not tried, next to the best of a variant with hope. space.n: there is none. */
static size_t pick_near(search *s)
{
    size_t seen = 0, drawn = s->space.n;

    for (size_t i = 0; i < s->space.n_own; i++) {
        const gcl_variant *v = s->space.points[i].variant;
        const size_t best = has_hope(s, v) ? best_of(s, v) : s->space.n;
        for (size_t k = 0; best < s->space.n && k < s->space.n; k++)
            if (!s->tried[k] && tune_are_neighbours(&s->space.points[best], &s->space.points[k]))
                draw(s, k, &seen, &drawn);
    }
    return drawn;
}

/* The same anywhere in the space of these variants. */
static size_t pick_anywhere(search *s)
{
    size_t seen = 0, drawn = s->space.n;

    for (size_t k = 0; k < s->space.n; k++)
        if (!s->tried[k] && has_hope(s, s->space.points[k].variant))
            draw(s, k, &seen, &drawn);
    return drawn;
}

static gcl_status walk(search *s, gcl_error *err)
{
    gcl_status st = GCL_OK;
    int idle = 0, step = 0;

    while (!is_over(s) && (s->run->opt->exhaustive || idle < PATIENCE)) {
        bool improved;
        size_t at = ++step % JUMP == 0 ? s->space.n : pick_near(s);
        if (at == s->space.n)
            at = pick_anywhere(s);
        if (at == s->space.n)
            break;
        GCL_TRY(try_point(s, at, &improved, err));
        idle = improved ? 0 : idle + 1;
    }
done:
    return st;
}

/* ---- the decision ---- */

static void set_row(search *s, const tune_point *p, const tune_result *r)
{
    gcl_tuning_row *row = &s->c->row;

    *row = (gcl_tuning_row){.what = s->c->what,
                            .variant = p->variant,
                            .tuning = p->tuning,
                            .ns = r->ns,
                            .table_ns = r->table_ns,
                            .spread = r->spread,
                            .units = r->units};
    snprintf(row->date, sizeof row->date, "%s", s->run->opt->date != NULL ? s->run->opt->date : "");
    snprintf(row->by, sizeof row->by, "%s", s->run->opt->by != NULL ? s->run->opt->by : "");
}

/* Compares a candidate with the base in memory at several places. */
static gcl_status compare_closely(search *s, const tune_point *p, tune_result *out,
                                  bench_verdict *verdict, gcl_error *err)
{
    gcl_status st = GCL_OK;
    double base[PLACES], ours[PLACES], ns[PLACES], ratios[PLACES];
    bench_summary sum;
    bench_ratio ratio;
    size_t n = 0;

    *verdict = BENCH_SAME;
    while (n < PLACES) {
        GCL_TRY(measure(s, p, CLOSE + (int)n, out, err));
        if (out->verdict != TUNE_OK)
            goto done;
        base[n] = out->table_ns;
        ns[n] = out->ns;
        ratios[n] = out->ratio;
        ours[n] = out->ratio * out->table_ns;
        GCL_TRY(bench_summarise(&sum, ratios, ++n, err));
        if (n == FEW_PLACES && sum.median > worth_a_look && sum.median < 1.0 / worth_a_look)
            goto done;
    }
    GCL_TRY(bench_ratio_of(&ratio, base, n, ours, n, min_effect, 0.0, err));
    *verdict = ratio.verdict;
    out->ratio = ratio.ratio;
    GCL_TRY(bench_summarise(&sum, base, n, err));
    out->table_ns = sum.median;
    GCL_TRY(bench_summarise(&sum, ns, n, err));
    out->ns = sum.median;
    out->spread = sum.spread;
done:
    return st;
}

/* Another variant serves the other batches of the class too, with its own values: it must not be slower
 * there. */
static gcl_status check_batches(search *s, const tune_point *p, bool *ok, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_device_info *device = gcl_context_device(s->run->bench.ctx);
    bench_tune_list *list = s->run->list;

    *ok = true;
    for (size_t i = 0; i < list->n && *ok && p->variant != s->space.points[s->base].variant; i++) {
        bench_tune_class *other = &list->classes[i];
        bool no = false;
        search at = {.run = s->run, .c = other, .tried = &no};
        bench_verdict verdict = BENCH_SAME;
        tune_result r = {.verdict = TUNE_OK};
        size_t k = 0;
        if (other == s->c || !gcl_tuning_class_equal(&other->what, &s->c->what))
            continue;
        GCL_TRY(tune_space_create(&at.space, other->graph, other->node, device,
                                  s->run->opt->plan.precision, NULL, err));
        while (k < at.space.n_own && at.space.points[k].variant != p->variant)
            k++;
        if (k < at.space.n_own)
            st = compare_closely(&at, &at.space.points[k], &r, &verdict, err);
        *ok = st == GCL_OK && k < at.space.n_own && r.verdict == TUNE_OK && verdict != BENCH_SLOWER;
        tune_case_close(&at.one);
        tune_space_free(&at.space);
        GCL_TRY(st);
    }
done:
    return st;
}

/* Takes a candidate when it is faster than the base beyond doubt. */
static gcl_status challenge(search *s, const tune_point *p, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bench_verdict verdict;
    tune_result r;
    bool ok = false;

    GCL_TRY(compare_closely(s, p, &r, &verdict, err));
    if (r.verdict == TUNE_OK && verdict == BENCH_FASTER)
        GCL_TRY(check_batches(s, p, &ok, err));
    if (ok) {
        set_row(s, p, &r);
        s->c->outcome = BENCH_TUNE_FASTER;
    }
done:
    return st;
}

/* The best few, one after the other. */
static gcl_status decide(search *s, gcl_error *err)
{
    gcl_status st = GCL_OK;

    set_row(s, &s->space.points[s->base], &s->results[s->base]);
    s->c->outcome = BENCH_TUNE_TABLE;
    for (int k = 0; k < FINALISTS && s->c->outcome == BENCH_TUNE_TABLE; k++) {
        size_t best = s->base;
        for (size_t i = 0; i < s->space.n; i++)
            if (s->tried[i] && s->results[i].verdict == TUNE_OK &&
                s->results[i].ratio < s->results[best].ratio)
                best = i;
        if (best == s->base || s->results[best].ratio > worth_a_look ||
            (k > 0 && is_late(s, s->until_s)))
            break;
        GCL_TRY(challenge(s, &s->space.points[best], err));
        s->tried[best] = false; /* not a finalist again */
    }
done:
    return st;
}

/* The place of a row that has to be verified anew; space.n: there is none. */
static size_t find_stale(const search *s)
{
    const gcl_tuning_row *row = gcl_tunings_get_stale(s->run->rows, &s->c->what);
    size_t k = row == NULL ? s->space.n : 0;

    while (k < s->space.n &&
           !tune_point_equal(&s->space.points[k], &(tune_point){row->variant, row->tuning}))
        k++;
    return k;
}

/* Unless the user wants a search, it passes again and that is all. */
static gcl_status try_stale(search *s, size_t at, gcl_error *err)
{
    gcl_status st = GCL_OK;
    bool improved;

    if (s->run->opt->again || s->run->opt->exhaustive)
        return try_point(s, at, &improved, err);
    set_row(s, &s->space.points[s->base], &s->results[s->base]);
    if (at != s->base)
        GCL_TRY(challenge(s, &s->space.points[at], err));
    if (at == s->base || s->c->outcome == BENCH_TUNE_FASTER)
        s->c->outcome = BENCH_TUNE_VERIFIED;
done:
    return st;
}

static gcl_status prepare(search *s, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const gcl_tuning_class *what = &s->c->what;
    const gcl_tuning_row *other = gcl_tunings_get_any(s->run->rows, what); /* of another batch */
    const gcl_tuning_row *stale = gcl_tunings_get_stale(s->run->rows, what);
    char text[GCL_TUNING_TEXT];
    size_t at;

    GCL_TRY(tune_space_create(&s->space, s->c->graph, s->c->node,
                              gcl_context_device(s->run->bench.ctx), s->run->opt->plan.precision,
                              other != NULL ? other->variant : NULL, err));
    if (s->space.n == 0) {
        st = GCL_FAIL(err, GCL_E_UNSUPPORTED, "no variant accepts it");
        goto done;
    }
    if (stale != NULL && (other == NULL || stale->variant == other->variant))
        GCL_TRY(tune_space_add(&s->space, &(tune_point){stale->variant, stale->tuning}, &at, err));
    s->results = calloc(s->space.n, sizeof *s->results);
    s->tried = calloc(s->space.n, sizeof *s->tried);
    if (s->results == NULL || s->tried == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "tune: host allocation of %zu candidates", s->space.n);
        goto done;
    }
    gcl_tuning_class_text(text, sizeof text, what);
    s->rng.state = gcl_fnv1a64(s->run->opt->seed ^ GCL_FNV1A64_INIT, text, strlen(text));
done:
    return st;
}

static gcl_status measure_base(search *s, gcl_error *err)
{
    gcl_status st = GCL_OK;

    s->best = s->base;
    GCL_TRY(measure(s, &s->space.points[s->base], BASE, &s->results[s->base], err));
    s->tried[s->base] = true;
    s->c->tried++;
done:
    return st;
}

static gcl_status search_class(search *s, gcl_error *err)
{
    gcl_status st = GCL_OK;
    size_t stale;

    GCL_TRY(prepare(s, err));
    GCL_TRY(measure_base(s, err));
    stale = find_stale(s);
    if (stale < s->space.n)
        GCL_TRY(try_stale(s, stale, err));
    if (s->c->outcome == BENCH_TUNE_NOT_REACHED) {
        GCL_TRY(try_variants(s, err));
        GCL_TRY(walk(s, err));
        if (!tune_is_stopped(s->run))
            GCL_TRY(decide(s, err));
    }
    if (s->c->outcome != BENCH_TUNE_NOT_REACHED)
        GCL_TRY(gcl_tunings_put(s->run->rows, &s->c->row, err));
done:
    return st;
}

gcl_status tune_search(tune_run *run, bench_tune_class *c, double until_s, gcl_error *err)
{
    gcl_error trouble = GCL_ERROR_INIT;
    search s = {.run = run,
                .c = c,
                .search_until_s = run->spent_s + search_share * (until_s - run->spent_s),
                .until_s = until_s};
    gcl_status st = search_class(&s, &trouble);

    if (st != GCL_OK && st != GCL_E_NOMEM && st != GCL_E_FILE) {
        c->outcome = BENCH_TUNE_FAILED;
        snprintf(c->note, sizeof c->note, "%.250s", trouble.message);
        st = GCL_OK;
    } else if (st != GCL_OK && err != NULL) {
        *err = trouble;
        trouble = (gcl_error)GCL_ERROR_INIT;
    }
    gcl_error_clear(&trouble);
    tune_case_close(&s.one);
    tune_space_free(&s.space);
    free(s.results);
    free(s.tried);
    return st;
}
