/* check.c - runs the rows of a check and records them. */
#include "bench/check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/verbose.h"
#include "bench/check_internal.h"

static const char fast_math[] = "-cl-fast-relaxed-math";

/* ---- what the filters leave ---- */

typedef struct selected {
    const op_suite *suite;
    const gcl_op *op;
} selected;

/* The at-th suite of the run; false at the end. Suites of other ops are passed over. */
static bool suite_at(const bench_check_options *o, int *at, selected *out)
{
    if (o->inject != NULL) {
        out->suite = *at == 0 ? bench_wrong_suite(o->inject, &out->op) : NULL;
        ++*at;
        return out->suite != NULL;
    }
    while (op_suites[*at] != NULL) {
        out->suite = op_suites[(*at)++];
        out->op = gcl_op_find(out->suite->op);
        if (o->op == NULL || strcmp(o->op, out->suite->op) == 0)
            return true;
    }
    return false;
}

static bool is(const char *wanted, const char *name)
{
    return wanted == NULL || strcmp(wanted, name) == 0;
}

/* A list that has no room for all names ends with "...". */
static void append(char *list, size_t room, const char *name)
{
    const size_t used = strlen(list);

    if (used >= 3 && strcmp(list + used - 3, "...") == 0)
        return;
    snprintf(list + used, room - used, "%s%s", used > 0 ? ", " : "",
             used + strlen(name) + sizeof ", , ..." <= room ? name : "...");
}

gcl_status bench_check_select(const bench_check_options *o, gcl_error *err)
{
    char ops[512] = "", cases[768] = "", variants[768] = "";
    bool has_case = false, has_variant = false;
    const char *op = o->op != NULL ? o->op : "any op";
    selected s;

    for (int at = 0; suite_at(o, &at, &s);) {
        append(ops, sizeof ops, s.suite->op);
        for (int i = 0; i < s.suite->n_cases; i++) {
            has_case |= is(o->one_case, s.suite->cases[i].name);
            append(cases, sizeof cases, s.suite->cases[i].name);
        }
        for (const gcl_variant *v = s.op->variants; v->name != NULL; v++) {
            has_variant |= is(o->variant, v->name);
            append(variants, sizeof variants, v->name);
        }
    }
    if (ops[0] == '\0' && o->inject != NULL)
        return GCL_FAIL(err, GCL_E_NOT_FOUND,
                        "there is no wrong kernel \"%s\", needs element, bounds or race",
                        o->inject);
    if (ops[0] == '\0') {
        for (int i = 0; op_suites[i] != NULL; i++)
            append(ops, sizeof ops, op_suites[i]->op);
        return GCL_FAIL(err, GCL_E_NOT_FOUND, "there is no op \"%s\"; there are %s", o->op, ops);
    }
    if (!has_case)
        return GCL_FAIL(err, GCL_E_NOT_FOUND, "%s has no case \"%s\"%s%s", op, o->one_case,
                        o->op != NULL ? "; it has " : "", o->op != NULL ? cases : "");
    if (!has_variant)
        return GCL_FAIL(err, GCL_E_NOT_FOUND, "%s has no variant \"%s\"%s%s", op, o->variant,
                        o->op != NULL ? "; it has " : "", o->op != NULL ? variants : "");
    return GCL_OK;
}

/* ---- one row ---- */

typedef struct row_result {
    const char *fault; /* by name; NULL: none */
    char what[640];    /* where and how, when there is a fault */
    op_deviation d;
    bool compared, guards;
    size_t special;
    int runs;      /* made */
    int differing; /* the run whose bits were other than the first one's; 0: none */
} row_result;

/* Runs until all agree or one differs from the first; that one's result is left in `other`. */
static gcl_status run_all(op_instance *i, gcl_plan *plan, int runs, void *first, void *other,
                          row_result *r, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t bytes = op_instance_bytes(i);

    GCL_TRY(op_instance_write(i, plan, err));
    while (r->runs < runs && r->differing == 0) {
        void *to = r->runs == 0 ? first : other;
        GCL_TRY(gcl_plan_run(plan, err));
        GCL_TRY(gcl_plan_read(plan, "result", to, bytes, err));
        r->runs++;
        if (memcmp(first, to, bytes) != 0)
            r->differing = r->runs;
    }
    st = gcl_plan_check_guards(plan, err);
    r->guards = st == GCL_OK;
    if (st == GCL_E_BUFFER) {
        r->fault = "memory written outside";
        snprintf(r->what, sizeof r->what, "%.600s", err->message);
        gcl_error_clear(err);
        st = GCL_OK;
    }
done:
    return st;
}

/* printf shows the sign of a NaN, which means nothing. */
static double shown(double v)
{
    return isnan(v) ? fabs((double)NAN) : v;
}

static void tell_race(const op_instance *i, const void *first, const void *other, row_result *r)
{
    const gcl_dtype dtype = i->data.out_dtype;
    const size_t size = gcl_dtype_bytes(dtype);
    size_t k = 0;
    char index[96];

    while (memcmp((const char *)first + k * size, (const char *)other + k * size, size) == 0)
        k++;
    r->fault = "runs differ";
    snprintf(r->what, sizeof r->what, "%s: run 1 got %.9g, run %d got %.9g",
             op_instance_index(i, k, index, sizeof index), shown(op_element(first, dtype, k)),
             r->differing, shown(op_element(other, dtype, k)));
}

static void tell_element(const op_instance *i, row_result *r)
{
    char index[96];

    r->fault = "wrong element";
    snprintf(r->what, sizeof r->what, "%s: got %.9g, want %.9g, allowed +-%.3g",
             op_instance_index(i, r->d.bad, index, sizeof index), shown(r->d.got), shown(r->d.want),
             r->d.allowed);
}

/* One fault has one name: writes outside may cause the others, and a race wrong elements. */
static gcl_status judge(op_instance *i, gcl_plan *plan, int runs, row_result *r, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t bytes = op_instance_bytes(i);
    void *first = malloc(bytes), *other = malloc(bytes);

    if (first == NULL || other == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "result: host allocation of %zu bytes", bytes);
        goto done;
    }
    GCL_TRY(run_all(i, plan, runs, first, other, r, err));
    GCL_TRY(op_instance_compare(i, first, &r->d, err));
    r->compared = true;
    for (size_t k = 0; k < i->data.out_count; k++)
        r->special += !isfinite(i->want[k]);
    if (r->fault == NULL && r->differing != 0)
        tell_race(i, first, other, r);
    if (r->fault == NULL && !r->d.ok)
        tell_element(i, r);
done:
    free(first);
    free(other);
    return st;
}

/* ---- records ---- */

static json_t *real(double v)
{
    return isfinite(v) ? json_real(v) : json_null(); /* JSON has no other numbers */
}

static void set_repeat(json_t *row, const bench_check_options *o, const op_instance *i,
                       const char *variant, const char *math)
{
    char what[256], runs[32] = "";

    if (o->inject != NULL)
        snprintf(what, sizeof what, "--inject %s --math %s", o->inject, math);
    else
        snprintf(what, sizeof what, "--op %s --case %s --variant %s --math %s", i->suite->op,
                 i->row->name, variant, math);
    if (o->runs != BENCH_CHECK_RUNS)
        snprintf(runs, sizeof runs, " --runs %d", o->runs);
    json_object_set_new(row, "repeat",
                        json_sprintf("galip check %s --seed %" PRIu64 "%s%s%s%s", what, o->seed,
                                     runs, o->device != NULL ? " --device '" : "",
                                     o->device != NULL ? o->device : "",
                                     o->device != NULL ? "'" : ""));
}

static void set_figures(json_t *row, const op_instance *i, const row_result *r)
{
    json_t *params = json_object();

    for (int k = 0; i->suite->params[k] != NULL; k++)
        json_object_set_new(params, i->suite->params[k], json_integer(i->row->p[k]));
    json_object_set_new(row, "params", params);
    json_object_set_new(row, "elements", json_integer((json_int_t)i->data.out_count));
    if (!r->compared)
        return;
    json_object_set_new(row, "special", json_integer((json_int_t)r->special));
    json_object_set_new(row, "max_ulp", real(r->d.max_units / 2));
    json_object_set_new(row, "p99_ulp", real(r->d.p99_units / 2));
    json_object_set_new(row, "bound_ulp", real(r->d.tolerance / 2));
    json_object_set_new(row, "nmse", real(r->d.nmse));
    json_object_set_new(row, "runs", json_integer(r->runs));
    json_object_set_new(row, "deterministic", json_boolean(r->differing == 0));
    json_object_set_new(row, "guards", json_boolean(r->guards));
}

typedef struct run_state {
    gcl_context *ctx;
    const bench_check_options *o;
    bench_check_summary *sum;
} run_state;

/* Records the row, counts it and hands it on. log may be NULL. */
static void report(run_state *s, const op_instance *i, const char *variant, bool fast,
                   const row_result *r, const char *log)
{
    const char *math = fast ? "fast" : "strict";
    const bool noted = fast && r->fault != NULL && r->compared && r->guards && r->differing == 0;
    json_t *row = json_object();
    char message[sizeof s->sum->first] = "";

    if (s->o->common != NULL)
        json_object_update(row, (json_t *)(size_t)s->o->common);
    json_object_set_new(row, "kind", json_string("check"));
    json_object_set_new(row, "name",
                        json_sprintf("%s/%s/%s/%s", i->suite->op, i->row->name, variant, math));
    json_object_set_new(row, "op", json_string(i->suite->op));
    json_object_set_new(row, "case", json_string(i->row->name));
    json_object_set_new(row, "variant", json_string(variant));
    json_object_set_new(row, "math", json_string(math));
    set_figures(row, i, r);
    json_object_set_new(row, "verdict",
                        json_string(r->fault == NULL ? "pass"
                                    : noted          ? "note"
                                                     : "fail"));
    if (r->fault != NULL) {
        snprintf(message, sizeof message, "%s: op %s, case %s, variant %s, %s math: %s", r->fault,
                 i->suite->op, i->row->name, variant, math, r->what);
        json_object_set_new(row, "fault", json_string(r->fault));
        json_object_set_new(row, "message", json_string(message));
        set_repeat(row, s->o, i, variant, math);
    }
    if (log != NULL)
        json_object_set_new(row, "log", json_string(log));
    s->sum->passed += r->fault == NULL;
    s->sum->noted += noted;
    s->sum->failed += r->fault != NULL && !noted;
    s->sum->special += !fast && r->special > 0;
    if (r->fault != NULL && !noted && s->sum->first[0] == '\0')
        memcpy(s->sum->first, message, sizeof message);
    s->o->report(s->o->user, row);
    json_decref(row);
}

/* ---- the rows ---- */

static void check_row(run_state *s, op_instance *i, gcl_weight_set *weights,
                      const gcl_variant *variant, bool fast)
{
    const gcl_plan_options options = {.guard = true, .build_options = fast ? fast_math : NULL};
    gcl_error err = GCL_ERROR_INIT;
    gcl_plan *plan = NULL;
    row_result r = {0};
    gcl_status st;

    gcl_verbose("check: %s, %s, %s, %s math", i->suite->op, i->row->name, variant->name,
                fast ? "fast" : "strict");
    st = op_instance_plan(i, &plan, s->ctx, weights, variant->name, options, &err);
    if (st == GCL_OK && plan != NULL)
        st = judge(i, plan, s->o->runs, &r, &err);
    else if (st == GCL_OK && variant[1].name == NULL)
        st = GCL_FAIL(&err, GCL_E_UNSUPPORTED, "the last variant must accept every case");
    if (st != GCL_OK) {
        r.fault = "error";
        snprintf(r.what, sizeof r.what, "%.600s", err.message);
    }
    if (st != GCL_OK || plan != NULL)
        report(s, i, variant->name, fast, &r, err.log);
    else
        s->sum->refused += !fast || !(s->o->math & BENCH_MATH_STRICT);
    gcl_plan_destroy(plan);
    gcl_error_clear(&err);
}

static gcl_status check_case(run_state *s, const selected *what, const op_case *row, gcl_error *err)
{
    gcl_status st = GCL_OK;
    op_instance i = {0};
    gcl_weight_set *weights = NULL;

    GCL_TRY(op_instance_open(&i, what->suite, what->op, row, s->o->seed, err));
    GCL_TRY(gcl_weight_set_create(&weights, s->ctx, op_instance_source(&i), err));
    for (const gcl_variant *v = what->op->variants; v->name != NULL; v++) {
        if (!is(s->o->variant, v->name))
            continue;
        if (s->o->math & BENCH_MATH_STRICT)
            check_row(s, &i, weights, v, false);
        if (s->o->math & BENCH_MATH_FAST)
            check_row(s, &i, weights, v, true);
    }
done:
    gcl_weight_set_destroy(weights);
    op_instance_close(&i);
    return st;
}

gcl_status bench_check_run(bench_check_summary *out, gcl_context *ctx, const bench_check_options *o,
                           gcl_error *err)
{
    gcl_status st = GCL_OK;
    run_state s = {ctx, o, out};
    selected what;

    memset(out, 0, sizeof *out);
    GCL_TRY(bench_check_select(o, err));
    for (int at = 0; suite_at(o, &at, &what);)
        for (int k = 0; k < what.suite->n_cases; k++)
            if (is(o->one_case, what.suite->cases[k].name))
                GCL_TRY(check_case(&s, &what, &what.suite->cases[k], err));
    if (out->passed + out->failed + out->noted == 0)
        st = GCL_FAIL(err, GCL_E_UNSUPPORTED, "no row was checked: %zu variants refused the cases",
                      out->refused);
done:
    return st;
}
