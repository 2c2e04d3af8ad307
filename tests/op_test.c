/* op_test.c - runs one op suite on a device. */
#include "op_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite/op_case.h"

/* ---- one case with one variant ---- */

static void print_case(const op_suite *s, const op_case *c, const char *variant,
                       const op_options *opt)
{
    printf("  op %s, case %s:", s->op, c->name);
    for (int i = 0; s->params[i] != NULL; i++)
        printf(" %s=%ld", s->params[i], c->p[i]);
    printf("\n  repeat: op_test --op %s --case %s --variant %s --seed %llu\n", s->op, c->name,
           variant, (unsigned long long)opt->seed);
}

/* Compares with the reference; prints the first element that is out of bounds. */
static gcl_status check_result(op_instance *i, const void *got, bool *ok, gcl_error *err)
{
    gcl_status st = GCL_OK;
    op_deviation d;
    char index[96], shape[96];

    GCL_TRY(op_instance_compare(i, got, &d, err));
    *ok = d.ok;
    if (!d.ok)
        printf("FAIL element %s of %s: got %.9g, want %.9g, allowed +-%.3g\n",
               op_instance_index(i, d.bad, index, sizeof index),
               gcl_shape_text(shape, sizeof shape, &i->data.out_shape), d.got, d.want, d.allowed);
done:
    return st;
}

static gcl_status run_twice(op_instance *i, gcl_plan *plan, bool apart, bool *ok, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t bytes = op_instance_bytes(i);
    unsigned char *first = malloc(bytes), *second = malloc(bytes);

    if (first == NULL || second == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "host allocation of %zu bytes", bytes);
        goto done;
    }
    GCL_TRY(op_instance_write(i, plan, err));
    GCL_TRY(gcl_plan_run(plan, err));
    GCL_TRY(gcl_plan_read(plan, "result", first, bytes, err));
    if (!apart)
        GCL_TRY(gcl_plan_check_guards(plan, err));
    GCL_TRY(gcl_plan_run(plan, err));
    GCL_TRY(gcl_plan_read(plan, "result", second, bytes, err));
    GCL_TRY(check_result(i, first, ok, err));
    if (*ok && memcmp(first, second, bytes) != 0) {
        printf("FAIL a second run gave other bits\n");
        *ok = false;
    }
done:
    free(first);
    free(second);
    return st;
}

/* Runs one variant; false when it failed. *ran is false when the variant refuses the case. */
static bool run_variant(gcl_context *ctx, op_instance *i, const char *variant, bool apart,
                        bool *ran)
{
    gcl_status st = GCL_OK;
    gcl_error err = GCL_ERROR_INIT;
    gcl_weight_set *weights = NULL;
    gcl_plan *plan = NULL;
    const gcl_plan_options options = {.guard = !apart, .apart = apart};
    bool ok = false;

    *ran = true;
    GCL_TRY(gcl_weight_set_create(&weights, ctx, op_instance_source(i), &err));
    GCL_TRY(op_instance_plan(i, &plan, ctx, weights, variant, options, &err));
    *ran = plan != NULL;
    if (*ran)
        GCL_TRY(run_twice(i, plan, apart, &ok, &err));
done:
    if (st != GCL_OK)
        printf("FAIL %s: %s\n%s", gcl_status_name(st), err.message, err.log ? err.log : "");
    gcl_plan_destroy(plan);
    gcl_weight_set_destroy(weights);
    gcl_error_clear(&err);
    return ok && st == GCL_OK;
}

/* FLOPs plus elements of operands and result: what a simulator's time goes with. */
static double work(const op_instance *i)
{
    double sum = (double)i->data.out_count;

    for (int k = 0; k < i->data.n; k++)
        sum += (double)i->data.t[k].count;
    for (int k = 0; k < gcl_graph_n_nodes(i->graph); k++) {
        const gcl_node *n = gcl_graph_node_at(i->graph, k);
        sum += n->op->flops(i->graph, n);
    }
    return sum;
}

static void run_case(gcl_context *ctx, const op_suite *s, const gcl_op *op, const op_case *c,
                     const op_options *opt, op_tally *t)
{
    gcl_error err = GCL_ERROR_INIT;
    bool too_large;
    op_instance i;

    if (op_instance_open(&i, s, op, c, opt->seed, &err) != GCL_OK) {
        printf("FAIL build: %s\n", err.message);
        print_case(s, c, "-", opt);
        t->failed++;
    }
    too_large = err.status == GCL_OK && opt->max_work > 0 && work(&i) > opt->max_work;
    for (const gcl_variant *v = op->variants; v->name != NULL && err.status == GCL_OK; v++) {
        bool ran, ok;
        if (opt->variant != NULL && !op_is_variant(opt->variant, v->name))
            continue;
        if (opt->list) {
            if (!too_large)
                printf("%s %s %s\n", s->op, c->name, v->name);
            continue;
        }
        if (too_large) {
            t->too_large++;
            continue;
        }
        ok = run_variant(ctx, &i, opt->variant != NULL ? opt->variant : v->name, opt->apart, &ran);
        if (!ran && v[1].name == NULL) {
            printf("FAIL the last variant, %s, must accept every case\n", v->name);
            ran = true;
        }
        if (!ran) {
            t->refused++;
            continue;
        }
        t->passed += ok;
        t->failed += !ok;
        t->variants_run |= 1u << (v - op->variants);
        if (!ok)
            print_case(s, c, v->name, opt);
    }
    op_instance_close(&i);
    gcl_error_clear(&err);
}

/* Runs the variant with each value of each tunable, the others as it chooses them. */
static void run_variant_corners(gcl_context *ctx, op_instance *i, const gcl_variant *v,
                                const op_options *opt, op_tally *t)
{
    gcl_tuning chosen;
    char variant[96];
    bool ran, ok;

    ok = run_variant(ctx, i, v->name, opt->apart, &ran);
    chosen = i->tuning;
    t->failed += ran && !ok;
    for (const gcl_tunable *u = v->tunables; ran && u->name != NULL; u++)
        for (int k = 0; k < u->n_candidates; k++) {
            bool allowed;
            if (u->candidates[k] == chosen.value[u - v->tunables])
                continue;
            snprintf(variant, sizeof variant, "%s:%s=%d", v->name, u->name, u->candidates[k]);
            ok = run_variant(ctx, i, variant, opt->apart, &allowed);
            t->refused += !allowed;
            t->passed += allowed && ok;
            t->failed += allowed && !ok;
            if (allowed && !ok)
                print_case(i->suite, i->row, variant, opt);
        }
}

op_tally op_run_corners(gcl_context *ctx, const op_suite *s, const gcl_op *op,
                        const op_options *opt)
{
    op_tally t = {0};
    gcl_error err = GCL_ERROR_INIT;
    op_instance i = {0};
    int k = 0;

    if (s->corners == NULL)
        return t;
    while (k < s->n_cases && strcmp(s->cases[k].name, s->corners) != 0)
        k++;
    if (k == s->n_cases || op_instance_open(&i, s, op, &s->cases[k], opt->seed, &err) != GCL_OK) {
        printf("FAIL corners of %s, case %s: %s\n", s->op, s->corners,
               k == s->n_cases ? "there is none of the name" : err.message);
        t.failed++;
    }
    for (const gcl_variant *v = op->variants; t.failed == 0 && v->name != NULL; v++)
        if (v->tunables != NULL && (opt->variant == NULL || strcmp(opt->variant, v->name) == 0))
            run_variant_corners(ctx, &i, v, opt, &t);
    t.expected = t.passed + t.failed + t.refused;
    op_instance_close(&i);
    gcl_error_clear(&err);
    return t;
}

static bool fails_as_documented(const op_bad_call *b)
{
    gcl_graph *g = NULL;
    gcl_error err = GCL_ERROR_INIT;
    gcl_status st = gcl_graph_create(&g, &err);
    bool ok;

    if (st == GCL_OK) {
        b->build(g);
        st = gcl_graph_status(g, &err);
    }
    ok = st == b->status && strstr(err.message, b->message) != NULL;
    if (!ok)
        printf("FAIL bad call %s: got %s \"%s\", want %s with \"%s\"\n", b->name,
               gcl_status_name(st), err.message, gcl_status_name(b->status), b->message);
    gcl_graph_destroy(g);
    gcl_error_clear(&err);
    return ok;
}

op_tally op_run_suite(gcl_context *ctx, const op_suite *s, const gcl_op *op, const op_options *opt)
{
    op_tally t = {0};
    int n_variants = 0;

    for (const gcl_variant *v = op->variants; v->name != NULL; v++)
        n_variants += opt->variant == NULL || op_is_variant(opt->variant, v->name);
    for (int i = 0; i < s->n_cases; i++) {
        if (opt->one_case != NULL && strcmp(opt->one_case, s->cases[i].name) != 0)
            continue;
        run_case(ctx, s, op, &s->cases[i], opt, &t);
        t.expected += n_variants;
    }
    for (const gcl_variant *v = op->variants; t.too_large > 0 && !opt->pretends && v->name != NULL;
         v++) {
        if (opt->variant != NULL && !op_is_variant(opt->variant, v->name))
            continue;
        if ((t.variants_run & 1u << (v - op->variants)) != 0)
            continue;
        printf("FAIL --max-work %.0f leaves no case for variant %s\n", opt->max_work, v->name);
        t.failed++;
        t.expected++;
    }
    for (int i = 0; i < s->n_bad_calls && opt->one_case == NULL && !opt->list; i++) {
        const bool ok = fails_as_documented(&s->bad_calls[i]);
        t.passed += ok;
        t.failed += !ok;
        t.expected++;
    }
    return t;
}
