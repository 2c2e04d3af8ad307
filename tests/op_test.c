/* op_test.c - runs one op suite on a device. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "host/plan_internal.h"
#include "op_test.h"

/* ---- operands ---- */

static const void *find(const op_data *d, const char *name, gcl_dtype dtype)
{
    for (int i = 0; i < d->n; i++)
        if (strcmp(d->t[i].name, name) == 0 && d->t[i].dtype == dtype)
            return d->t[i].data;
    fprintf(stderr, "op_test: a reference asks for operand %s, which build did not make\n", name);
    abort();
}

const float *op_f32(const op_data *d, const char *name)
{
    return find(d, name, GCL_F32);
}

const int32_t *op_i32(const op_data *d, const char *name)
{
    return find(d, name, GCL_I32);
}

const uint8_t *op_u8(const op_data *d, const char *name)
{
    return find(d, name, GCL_U8);
}

uint64_t op_random(op_rng *rng) /* splitmix64 */
{
    uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double op_uniform(op_rng *rng, double from, double to)
{
    return from + (to - from) * (double)(op_random(rng) >> 40) * 0x1p-24;
}

double op_sum_tolerance(double n)
{
    return 4.0 * sqrt(n) + 4.0;
}

static void free_data(op_data *d)
{
    for (int i = 0; i < d->n; i++)
        free(d->t[i].data);
}

static void make_data(op_data *d, const op_suite *s, const op_case *c, const gcl_graph *g,
                      gcl_value out, uint64_t seed)
{
    const gcl_tensor *result = gcl_graph_tensor(g, out);

    memset(d, 0, sizeof *d);
    d->out_dtype = result->dtype;
    d->out_shape = result->shape;
    d->out_count = gcl_shape_count(&result->shape);
    for (gcl_value v = 0; v < gcl_graph_n_values(g) && d->n < OP_MAX_TENSORS; v++) {
        const gcl_tensor *t = gcl_graph_tensor(g, v);
        struct op_tensor *o = &d->t[d->n];
        op_rng rng = {seed};

        if (t->kind != GCL_VALUE_INPUT && t->kind != GCL_VALUE_WEIGHT)
            continue;
        o->name = t->name;
        o->dtype = t->dtype;
        o->shape = t->shape;
        o->count = gcl_shape_count(&t->shape);
        o->data = calloc(o->count, gcl_dtype_bytes(t->dtype));
        d->n++;
        rng.state = gcl_fnv1a64(rng.state ^ GCL_FNV1A64_INIT, s->op, strlen(s->op));
        rng.state = gcl_fnv1a64(rng.state, c->name, strlen(c->name));
        rng.state = gcl_fnv1a64(rng.state, t->name, strlen(t->name));
        if (s->fill != NULL)
            s->fill(c->p, o, &rng);
        else
            for (size_t i = 0; i < o->count; i++)
                ((float *)o->data)[i] = (float)op_uniform(&rng, -1.0, 1.0);
    }
}

/* gcl_weight_source over op_data */
static gcl_status load(void *self, const char *name, const gcl_shape *required, float *dst,
                       gcl_error *err)
{
    (void)err;
    memcpy(dst, find(self, name, GCL_F32), gcl_shape_count(required) * sizeof *dst);
    return GCL_OK;
}

/* ---- one case with one variant ---- */

static double element(const void *data, gcl_dtype dtype, size_t i)
{
    return dtype == GCL_F32   ? (double)((const float *)data)[i]
           : dtype == GCL_I32 ? (double)((const int32_t *)data)[i]
                              : (double)((const uint8_t *)data)[i];
}

static void print_case(const op_suite *s, const op_case *c, const char *variant,
                       const op_options *opt)
{
    printf("  op %s, case %s:", s->op, c->name);
    for (int i = 0; s->params[i] != NULL; i++)
        printf(" %s=%ld", s->params[i], c->p[i]);
    printf("\n  repeat: op_test --op %s --case %s --variant %s --seed %llu\n", s->op, c->name,
           variant, (unsigned long long)opt->seed);
}

/* A NaN is right where the reference has one, unless it is what fresh memory was filled with. */
static bool is_close(const void *data, gcl_dtype dtype, size_t i, double want, double allowed)
{
    const double got = element(data, dtype, i);
    const uint32_t fresh = GCL_GUARD_PATTERN;

    if (isnan(want))
        return isnan(got) && memcmp((const float *)data + i, &fresh, sizeof fresh) != 0;
    return fabs(got - want) <= allowed;
}

/* Compares with the reference; prints the first element that is out of bounds. */
static bool agrees(const op_suite *s, const op_case *c, const op_data *d, const void *got)
{
    double *want = malloc(d->out_count * sizeof *want);
    double *scale = malloc(d->out_count * sizeof *scale);
    const double units = s->tolerance(c->p) * 0x1p-24;
    size_t bad = SIZE_MAX;
    char text[96];

    for (size_t i = 0; i < d->out_count; i++)
        scale[i] = 1.0;
    s->reference(c->p, d, want, scale);
    for (size_t i = 0; i < d->out_count && bad == SIZE_MAX; i++)
        if (!is_close(got, d->out_dtype, i, want[i], units * scale[i]))
            bad = i;
    if (bad != SIZE_MAX) {
        size_t rest = bad, at[GCL_MAX_RANK] = {0};
        for (int k = d->out_shape.rank - 1; k >= 0; k--) {
            at[k] = rest % d->out_shape.dim[k];
            rest /= d->out_shape.dim[k];
        }
        printf("FAIL element [");
        for (int k = 0; k < d->out_shape.rank; k++)
            printf("%s%zu", k ? "," : "", at[k]);
        printf("] of %s: got %.9g, want %.9g, allowed +-%.3g\n",
               gcl_shape_text(text, sizeof text, &d->out_shape), element(got, d->out_dtype, bad),
               want[bad], units * scale[bad]);
    }
    free(want);
    free(scale);
    return bad == SIZE_MAX;
}

static gcl_status run_plan(gcl_plan *plan, const op_data *d, const gcl_graph *g, void *first,
                           void *second, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t bytes = d->out_count * gcl_dtype_bytes(d->out_dtype);

    for (int i = 0; i < d->n; i++)
        if (gcl_graph_tensor(g, gcl_graph_find(g, d->t[i].name))->kind == GCL_VALUE_INPUT)
            GCL_TRY(gcl_plan_write(plan, d->t[i].name, d->t[i].data,
                                   d->t[i].count * gcl_dtype_bytes(d->t[i].dtype), err));
    GCL_TRY(gcl_plan_run(plan, err));
    GCL_TRY(gcl_plan_read(plan, "result", first, bytes, err));
    GCL_TRY(gcl_plan_check_guards(plan, err));
    GCL_TRY(gcl_plan_run(plan, err));
    GCL_TRY(gcl_plan_read(plan, "result", second, bytes, err));
done:
    return st;
}

/* Runs one variant; false when it failed. *ran is false when the variant refuses the case. */
static bool run_variant(gcl_context *ctx, const op_suite *s, const gcl_op *op, const op_case *c,
                        const gcl_graph *g, op_data *d, const char *variant, bool *ran)
{
    gcl_status st = GCL_OK;
    gcl_error err = GCL_ERROR_INIT;
    char request[96];
    /* an op of one variant needs no request, and need not be in the table of ops */
    const bool only = op->variants[1].name == NULL;
    const gcl_plan_options po = {.guard = true, .variants = only ? NULL : request};
    const size_t bytes = d->out_count * gcl_dtype_bytes(d->out_dtype);
    unsigned char *first = malloc(bytes), *second = malloc(bytes);
    gcl_weight_set *weights = NULL;
    gcl_plan *plan = NULL;
    bool ok = false;

    *ran = true;
    snprintf(request, sizeof request, "%s=%s", s->op, variant);
    GCL_TRY(gcl_weight_set_create(&weights, ctx, (gcl_weight_source){d, load}, &err));
    GCL_TRY(gcl_plan_create(&plan, ctx, g, weights, &po, &err));
    if (gcl_plan_n_nodes(plan) != s->n_nodes) {
        printf("FAIL %d nodes after fusion, the suite expects %d\n", gcl_plan_n_nodes(plan),
               s->n_nodes);
        goto done;
    }
    *ran = false;
    for (int i = 0; i < gcl_plan_n_nodes(plan); i++) {
        const gcl_plan_node n = gcl_plan_node_at(plan, i);
        *ran |= strcmp(n.node->op->name, s->op) == 0 && strcmp(n.variant, variant) == 0;
    }
    if (!*ran)
        goto done;
    GCL_TRY(run_plan(plan, d, g, first, second, &err));
    ok = agrees(s, c, d, first);
    if (ok && memcmp(first, second, bytes) != 0) {
        printf("FAIL a second run gave other bits\n");
        ok = false;
    }
done:
    if (st != GCL_OK)
        printf("FAIL %s: %s\n%s", gcl_status_name(st), err.message, err.log ? err.log : "");
    gcl_plan_destroy(plan);
    gcl_weight_set_destroy(weights);
    free(first);
    free(second);
    gcl_error_clear(&err);
    return ok;
}

static void run_case(gcl_context *ctx, const op_suite *s, const gcl_op *op, const op_case *c,
                     const op_options *opt, op_tally *t)
{
    gcl_graph *g = NULL;
    gcl_error err = GCL_ERROR_INIT;
    op_data d = {0};
    gcl_value out = GCL_NO_VALUE;

    if (gcl_graph_create(&g, &err) == GCL_OK) {
        out = s->build(g, c->p);
        gcl_graph_output(g, out, "result");
    }
    if (g == NULL || gcl_graph_status(g, &err) != GCL_OK) {
        printf("FAIL build: %s\n", err.message);
        print_case(s, c, "-", opt);
        t->failed++;
    } else {
        make_data(&d, s, c, g, out, opt->seed);
        for (const gcl_variant *v = op->variants; v->name != NULL; v++) {
            bool ran, ok;
            if (opt->variant != NULL && strcmp(opt->variant, v->name) != 0)
                continue;
            ok = run_variant(ctx, s, op, c, g, &d, v->name, &ran);
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
            if (!ok)
                print_case(s, c, v->name, opt);
        }
        free_data(&d);
    }
    gcl_graph_destroy(g);
    gcl_error_clear(&err);
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
        n_variants += opt->variant == NULL || strcmp(opt->variant, v->name) == 0;
    for (int i = 0; i < s->n_cases; i++) {
        if (opt->one_case != NULL && strcmp(opt->one_case, s->cases[i].name) != 0)
            continue;
        run_case(ctx, s, op, &s->cases[i], opt, &t);
        t.expected += n_variants;
    }
    for (int i = 0; i < s->n_bad_calls && opt->one_case == NULL; i++) {
        const bool ok = fails_as_documented(&s->bad_calls[i]);
        t.passed += ok;
        t.failed += !ok;
        t.expected++;
    }
    return t;
}
