/* op_case.c - operands, reference and plans of one case. */
#include "tests/suite/op_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "host/plan_internal.h"

#define OP(name) extern const op_suite op_suite_##name;
#include "host/ops/ops.def"
#undef OP

const op_suite *const op_suites[] = {
#define OP(name) &op_suite_##name,
#include "host/ops/ops.def"
#undef OP
    NULL,
};

/* ---- operands ---- */

static const struct op_tensor *find(const op_data *d, const char *name, gcl_dtype dtype)
{
    for (int i = 0; i < d->n; i++)
        if (strcmp(d->t[i].name, name) == 0 && d->t[i].dtype == dtype)
            return &d->t[i];
    fprintf(stderr, "op_test: a reference asks for operand %s, which build did not make\n", name);
    abort();
}

const float *op_f32(const op_data *d, const char *name)
{
    return find(d, name, GCL_F32)->data;
}

const int32_t *op_i32(const op_data *d, const char *name)
{
    return find(d, name, GCL_I32)->data;
}

const uint8_t *op_u8(const op_data *d, const char *name)
{
    return find(d, name, GCL_U8)->data;
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

double op_f16_tolerance(double n)
{
    return 0x1p14 * fmin(1.0, 16.0 / (3.0 * sqrt(n)));
}

/* Random numbers of one tensor: seeded from run seed, op, case and tensor name. */
static op_rng tensor_rng(uint64_t seed, const op_suite *s, const op_case *c, const char *tensor)
{
    op_rng rng = {gcl_fnv1a64(seed ^ GCL_FNV1A64_INIT, s->op, strlen(s->op))};

    rng.state = gcl_fnv1a64(rng.state, c->name, strlen(c->name));
    rng.state = gcl_fnv1a64(rng.state, tensor, strlen(tensor));
    return rng;
}

/* F16 numbers below 1, subnormal ones among them: a sign bit, 5 of the exponent, 10 of the mantissa. */
static gcl_status fill_f16(struct op_tensor *o, op_rng *rng, gcl_error *err)
{
    float *data = o->data;

    o->halves = malloc(o->count * sizeof *o->halves);
    if (o->halves == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed", o->name);
    for (size_t k = 0; k < o->count; k++) {
        const uint64_t bits = op_random(rng);
        const int exponent = (int)(bits >> 32 & 0xffff) % 15, mantissa = (int)(bits >> 16 & 1023);
        const float magnitude = exponent == 0 ? ldexpf((float)mantissa, -24)
                                              : ldexpf((float)(1024 + mantissa), exponent - 25);
        o->halves[k] =
            (uint16_t)((bits >> 63) << 15 | (uint64_t)exponent << 10 | (uint64_t)mantissa);
        data[k] = bits >> 63 ? -magnitude : magnitude;
    }
    return GCL_OK;
}

static gcl_status fill_operand(op_instance *i, const gcl_tensor *t, uint64_t seed, gcl_error *err)
{
    struct op_tensor *o = &i->data.t[i->data.n];
    op_rng rng = tensor_rng(seed, i->suite, i->row, t->name);

    o->name = t->name;
    o->dtype = t->dtype;
    o->shape = t->shape;
    o->count = gcl_shape_count(&t->shape);
    o->data = calloc(o->count, gcl_dtype_bytes(t->dtype));
    if (o->data == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed", t->name);
    i->data.n++;
    if (t->kind == GCL_VALUE_WEIGHT && i->suite->is_f16 != NULL &&
        i->suite->is_f16(i->row->p, t->name))
        return fill_f16(o, &rng, err);
    if (i->suite->fill != NULL)
        i->suite->fill(i->row->p, o, &rng);
    else
        for (size_t k = 0; k < o->count; k++)
            ((float *)o->data)[k] = (float)op_uniform(&rng, -1.0, 1.0);
    return GCL_OK;
}

gcl_status op_instance_open(op_instance *i, const op_suite *suite, const gcl_op *op,
                            const op_case *row, uint64_t seed, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_value out;

    memset(i, 0, sizeof *i);
    i->suite = suite;
    i->op = op;
    i->row = row;
    GCL_TRY(gcl_graph_create(&i->graph, err));
    out = suite->build(i->graph, row->p);
    gcl_graph_output(i->graph, out, "result");
    GCL_TRY(gcl_graph_status(i->graph, err));
    i->data.out_dtype = gcl_graph_tensor(i->graph, out)->dtype;
    i->data.out_shape = gcl_graph_tensor(i->graph, out)->shape;
    i->data.out_count = gcl_shape_count(&i->data.out_shape);
    for (gcl_value v = 0; v < gcl_graph_n_values(i->graph) && i->data.n < OP_MAX_TENSORS; v++) {
        const gcl_tensor *t = gcl_graph_tensor(i->graph, v);
        if (t->kind == GCL_VALUE_INPUT || t->kind == GCL_VALUE_WEIGHT)
            GCL_TRY(fill_operand(i, t, seed, err));
    }
done:
    if (st != GCL_OK)
        op_instance_close(i);
    return st;
}

void op_instance_close(op_instance *i)
{
    for (int k = 0; k < i->data.n; k++) {
        free(i->data.t[k].data);
        free(i->data.t[k].halves);
    }
    free(i->want);
    free(i->scale);
    gcl_graph_destroy(i->graph);
    memset(i, 0, sizeof *i);
}

/* gcl_weight_source.view */
static gcl_status view(void *self, const char *name, const gcl_shape *required,
                       gcl_weight_view *out, gcl_error *err)
{
    const op_instance *i = self;
    const struct op_tensor *t = find(&i->data, name, GCL_F32);

    (void)required;
    (void)err;
    out->data = t->halves != NULL ? (const void *)t->halves : t->data;
    out->dtype = t->halves != NULL ? GCL_WEIGHT_F16 : GCL_WEIGHT_F32;
    return GCL_OK;
}

/* gcl_weight_source.allows_half */
static bool allows_half(void *self, const char *name, bool rounded)
{
    const op_instance *i = self;

    (void)rounded;
    return find(&i->data, name, GCL_F32)->halves != NULL;
}

gcl_weight_source op_instance_source(op_instance *i)
{
    return (gcl_weight_source){i, view, allows_half};
}

bool op_is_variant(const char *text, const char *name)
{
    const size_t n = strcspn(text, ":");

    return strlen(name) == n && strncmp(text, name, n) == 0;
}

static bool rounds_to_f16(const op_instance *i)
{
    for (const gcl_variant *v = i->op->variants; v->name != NULL && i->variant != NULL; v++)
        if (op_is_variant(i->variant, v->name))
            return v->rounds_to_f16;
    return false;
}

/* The variant with the values that the case is for. */
static const char *with_values(const op_instance *i, const char *variant)
{
    for (const op_values *v = i->suite->values; v != NULL && v->row != NULL; v++)
        if (strcmp(v->row, i->row->name) == 0 && strchr(variant, ':') == NULL &&
            op_is_variant(v->variant, variant))
            return v->variant;
    return variant;
}

gcl_status op_instance_plan(op_instance *i, gcl_plan **plan, gcl_context *ctx,
                            gcl_weight_set *weights, const char *variant, gcl_plan_options options,
                            gcl_error *err)
{
    gcl_status st = GCL_OK;
    char request[256];
    bool used = false;

    *plan = NULL;
    i->variant = variant;
    snprintf(request, sizeof request, "%s=%s", i->suite->op, with_values(i, variant));
    /* an op of one variant needs no request, and need not be in the table of ops */
    options.variants = i->op->variants[1].name == NULL ? NULL : request;
    options.precision = rounds_to_f16(i) ? GCL_PRECISION_F16 : GCL_PRECISION_F32;
    options.split_bytes = SIZE_MAX; /* a case is one node, whatever the device's cache */
    st = gcl_plan_create(plan, ctx, i->graph, weights, &options, err);
    if (st == GCL_E_UNSUPPORTED && strchr(variant, ':') != NULL) { /* the values are refused */
        gcl_error_clear(err);
        return GCL_OK;
    }
    GCL_TRY(st);
    if (gcl_plan_n_nodes(*plan) != i->suite->n_nodes) {
        st = GCL_FAIL(err, GCL_E_MISMATCH, "%d nodes after fusion, the suite expects %d",
                      gcl_plan_n_nodes(*plan), i->suite->n_nodes);
        goto done;
    }
    for (int k = 0; k < gcl_plan_n_nodes(*plan); k++) {
        const gcl_plan_node n = gcl_plan_node_at(*plan, k);
        if (n.node->op == i->op && op_is_variant(variant, n.choice.variant->name)) {
            used = true;
            i->tuning = n.choice.tuning;
        }
    }
done:
    if (st != GCL_OK || !used) {
        gcl_plan_destroy(*plan);
        *plan = NULL;
    }
    return st;
}

gcl_status op_instance_write(op_instance *i, gcl_plan *plan, gcl_error *err)
{
    gcl_status st = GCL_OK;

    for (int k = 0; k < i->data.n && st == GCL_OK; k++) {
        const struct op_tensor *t = &i->data.t[k];
        const gcl_value v = gcl_graph_find(i->graph, t->name);
        if (gcl_graph_tensor(i->graph, v)->kind == GCL_VALUE_INPUT)
            st = gcl_plan_write(plan, t->name, t->data, t->count * gcl_dtype_bytes(t->dtype), err);
    }
    return st;
}

size_t op_instance_bytes(const op_instance *i)
{
    return i->data.out_count * gcl_dtype_bytes(i->data.out_dtype);
}

/* ---- comparison ---- */

static size_t step_of(const op_instance *i)
{
    return i->step > 0 ? i->step : 1;
}

static gcl_status make_reference(op_instance *i, gcl_error *err)
{
    const size_t n = i->data.out_count;

    if (i->want != NULL)
        return GCL_OK;
    i->want = malloc(n * sizeof *i->want);
    i->scale = malloc(n * sizeof *i->scale);
    if (i->want == NULL || i->scale == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "reference of %s: host allocation failed", i->row->name);
    for (size_t k = 0; k < n; k++)
        i->scale[k] = 1.0;
    if (i->suite->reference != NULL)
        i->suite->reference(i->row->p, &i->data, i->want, i->scale);
    for (size_t k = 0; i->suite->reference == NULL && k < n; k += step_of(i))
        i->suite->element(i->row->p, &i->data, k, &i->want[k], &i->scale[k]);
    return GCL_OK;
}

double op_element(const void *data, gcl_dtype dtype, size_t i)
{
    return dtype == GCL_F32   ? (double)((const float *)data)[i]
           : dtype == GCL_I32 ? (double)((const int32_t *)data)[i]
                              : (double)((const uint8_t *)data)[i];
}

/* A NaN is right where the reference has one, unless it is what fresh memory was filled with. */
static double error_of(const void *data, gcl_dtype dtype, size_t i, double want)
{
    const double got = op_element(data, dtype, i);
    const uint32_t fresh = GCL_GUARD_PATTERN;

    if (isnan(want))
        return isnan(got) && memcmp((const float *)data + i, &fresh, sizeof fresh) != 0 ? 0.0
                                                                                        : INFINITY;
    return got == want ? 0.0 : isnan(got) ? INFINITY : fabs(got - want);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

gcl_status op_instance_compare(op_instance *i, const void *got, op_deviation *out, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t step = step_of(i), n = (i->data.out_count - 1) / step + 1;
    double *units = malloc(n * sizeof *units);
    double errors2 = 0, wants2 = 0;

    memset(out, 0, sizeof *out);
    if (units == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed", i->row->name);
        goto done;
    }
    GCL_TRY(make_reference(i, err));
    out->ok = true;
    out->tolerance = i->suite->tolerance(i->row->p);
    if (i->suite->growth != NULL && i->variant != NULL)
        out->tolerance *= i->suite->growth(i->variant);
    if (rounds_to_f16(i))
        out->tolerance += i->suite->f16_tolerance(i->row->p);
    for (size_t at = 0; at < n; at++) {
        const size_t k = at * step;
        const double e = error_of(got, i->data.out_dtype, k, i->want[k]);
        const double unit = 0x1p-24 * i->scale[k];
        units[at] = e == 0.0 ? 0.0 : unit > 0.0 ? e / unit : INFINITY;
        if (out->ok && e != 0.0 && !(e <= out->tolerance * unit)) {
            out->ok = false;
            out->bad = k;
            out->got = op_element(got, i->data.out_dtype, k);
            out->want = i->want[k];
            out->allowed = out->tolerance * unit;
        }
        if (isfinite(i->want[k])) {
            errors2 += e * e;
            wants2 += i->want[k] * i->want[k];
        }
    }
    qsort(units, n, sizeof *units, ascending);
    out->max_units = units[n - 1];
    out->p99_units = units[(n - 1) * 99 / 100];
    out->nmse = wants2 > 0 ? errors2 / wants2 : errors2;
done:
    free(units);
    return st;
}

const char *op_instance_index(const op_instance *i, size_t at, char *text, size_t room)
{
    const gcl_shape *s = &i->data.out_shape;
    size_t rest = at, used = 0, index[GCL_MAX_RANK] = {0};

    for (int k = s->rank - 1; k >= 0; k--) {
        index[k] = rest % s->dim[k];
        rest /= s->dim[k];
    }
    used = (size_t)snprintf(text, room, "[");
    for (int k = 0; k < s->rank && used < room; k++)
        used += (size_t)snprintf(text + used, room - used, "%s%zu", k ? "," : "", index[k]);
    if (used < room)
        snprintf(text + used, room - used, "]");
    return text;
}
