/* tuning.c - rows of measured choices, and what the planner takes from them. */
#include "host/tuning_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/verbose.h"
#include "host/kernel_source.h"

/* A dim below EXACT has to be equal in a near class; dims together may differ by so many doublings; and
 * a near row must have gained as much, since the table knows the shape and the row does not. */
enum { EXACT = 16 };
static const double max_doublings = 1.0, min_gain = 1.1;

/* ---- classes ---- */

bool gcl_tuning_class_of(gcl_tuning_class *out, const gcl_graph *g, const gcl_node *node)
{
    *out = (gcl_tuning_class){.op = node->op};
    if (node->op->dim_names == NULL)
        return false;
    node->op->dims(g, node, out->dim);
    out->batch = node->op->any_batch ? gcl_out_shape(g, node)->dim[0] : 0;
    return true;
}

bool gcl_tuning_class_equal(const gcl_tuning_class *a, const gcl_tuning_class *b)
{
    return a->op == b->op && memcmp(a->dim, b->dim, sizeof a->dim) == 0;
}

const char *gcl_tuning_class_text(char *out, size_t room, const gcl_tuning_class *c)
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; c->op->dim_names[i] != NULL && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%s=%zu", i > 0 ? " " : "",
                                 c->op->dim_names[i], c->dim[i]);
    return out;
}

const char *gcl_tuning_text(char *out, size_t room, const gcl_variant *variant,
                            const gcl_tuning *tuning)
{
    size_t used = (size_t)snprintf(out, room, "%s", variant->name);

    for (int i = 0; variant->tunables != NULL && variant->tunables[i].name != NULL && used < room;
         i++)
        used += (size_t)snprintf(out + used, room - used, ":%s=%d", variant->tunables[i].name,
                                 tuning->value[i]);
    return out;
}

/* Doublings between two classes of an op; infinite where a small dim differs. */
static double distance(const gcl_tuning_class *a, const gcl_tuning_class *b)
{
    double sum = 0;

    for (int i = 0; a->op->dim_names[i] != NULL; i++) {
        const size_t x = a->dim[i], y = b->dim[i];
        if (x != y && (x < EXACT || y < EXACT))
            return INFINITY;
        if (x != y)
            sum += fabs(log2((double)x / (double)y));
    }
    return sum;
}

/* ---- rows ---- */

/* Of all programs OP.cl and OP/.. and what they include. 0: they cannot be read. */
static uint64_t hash_sources(const gcl_op *op)
{
    uint64_t hash = GCL_FNV1A64_INIT;
    const size_t n = strlen(op->name);

    for (const gcl_embedded_kernel *k = gcl_embedded_kernels; k->name != NULL; k++) {
        const size_t length = strlen(k->name);
        char program[128], *text = NULL;
        if (strncmp(k->name, op->name, n) != 0 || (k->name[n] != '/' && k->name[n] != '.') ||
            strcmp(k->name + length - 3, ".cl") != 0)
            continue;
        snprintf(program, sizeof program, "%.*s", (int)length - 3, k->name);
        if (gcl_kernel_source(&text, program, NULL) != GCL_OK)
            return 0;
        hash = gcl_fnv1a64(hash, text, strlen(text));
        free(text);
    }
    return hash;
}

uint64_t gcl_tunings_sources(const gcl_tunings *t, const gcl_op *op)
{
    int i = 0;

    while (gcl_ops[i] != NULL && gcl_ops[i] != op)
        i++;
    return gcl_ops[i] != NULL ? t->sources[i] : 0;
}

static tuning_entry *find(const gcl_tunings *t, const gcl_tuning_class *c, tuning_origin origin,
                          bool any_batch)
{
    for (int i = 0; i < t->n; i++) {
        const gcl_tuning_class *what = &t->entries[i]->row.what;
        if (t->entries[i]->origin == origin && gcl_tuning_class_equal(what, c) &&
            (any_batch || what->batch == c->batch))
            return t->entries[i];
    }
    return NULL;
}

gcl_status gcl_tunings_add(gcl_tunings *t, const gcl_tuning_row *row, tuning_origin origin,
                           gcl_error *err)
{
    tuning_entry *e = find(t, &row->what, origin, false);
    char text[GCL_TUNING_TEXT - 16];

    if (e == NULL && t->n == t->room) {
        const int room = t->room > 0 ? 2 * t->room : 64;
        tuning_entry **grown = realloc(t->entries, (size_t)room * sizeof *grown);
        if (grown == NULL)
            return GCL_FAIL(err, GCL_E_NOMEM, "tuning: host allocation of %d rows", room);
        t->entries = grown;
        t->room = room;
    }
    if (e == NULL) {
        e = calloc(1, sizeof *e);
        if (e == NULL)
            return GCL_FAIL(err, GCL_E_NOMEM, "tuning: host allocation of %zu bytes", sizeof *e);
        t->entries[t->n++] = e;
    }
    e->row = *row;
    e->origin = origin;
    snprintf(e->nearest, sizeof e->nearest, "nearest: %s",
             gcl_tuning_class_text(text, sizeof text, &row->what));
    return GCL_OK;
}

gcl_status gcl_tunings_put(gcl_tunings *t, const gcl_tuning_row *row, gcl_error *err)
{
    return gcl_tunings_add(t, row, TUNING_OWN, err);
}

void gcl_tunings_doubt(gcl_tunings *t)
{
    for (int i = 0; i < t->n; i++)
        if (t->entries[i]->origin == TUNING_OWN)
            t->entries[i]->origin = TUNING_STALE;
}

void gcl_tunings_drop(gcl_tunings *t, const gcl_tuning_class *c)
{
    tuning_entry *e = find(t, c, TUNING_OWN, false);

    if (e != NULL)
        e->origin = TUNING_DROPPED;
}

static const gcl_tuning_row *row_of(const tuning_entry *e)
{
    return e != NULL ? &e->row : NULL;
}

const gcl_tuning_row *gcl_tunings_get(const gcl_tunings *t, const gcl_tuning_class *c)
{
    return row_of(find(t, c, TUNING_OWN, false));
}

const gcl_tuning_row *gcl_tunings_get_any(const gcl_tunings *t, const gcl_tuning_class *c)
{
    return row_of(find(t, c, TUNING_OWN, true));
}

const gcl_tuning_row *gcl_tunings_get_stale(const gcl_tunings *t, const gcl_tuning_class *c)
{
    return row_of(find(t, c, TUNING_STALE, false));
}

const char *gcl_tunings_family(const gcl_tunings *t)
{
    return t->family;
}

/* ---- choosing ---- */

static const tuning_entry *find_nearest(const gcl_tunings *t, const gcl_tuning_class *c)
{
    const tuning_entry *best = NULL;
    double least = INFINITY;

    for (int i = 0; i < t->n; i++) {
        const tuning_entry *e = t->entries[i];
        double d;
        if (e->origin > TUNING_SHIPPED || e->row.what.op != c->op)
            continue;
        d = distance(&e->row.what, c);
        if (d <= max_doublings && d < least) {
            best = e;
            least = d;
        }
    }
    return best != NULL && best->row.table_ns >= min_gain * best->row.ns ? best : NULL;
}

/* The row's variant with its tunables or, in another batch, with those that the variant chooses. */
static bool take(gcl_choice *out, const tuning_entry *e, const char *source, bool same_batch,
                 const gcl_graph *g, const gcl_node *node, const gcl_device_info *device)
{
    const gcl_variant *v = e->row.variant;
    char why[256] = "";

    if (!gcl_variant_accepts(v, g, node, device, why, sizeof why)) {
        gcl_verbose("%s: %s: %s, %s, refused: %s", node->scope, node->op->name, v->name, source,
                    why);
        return false;
    }
    *out = (gcl_choice){.variant = v, .tuning = e->row.tuning, .source = source};
    if (!same_batch && v->choose != NULL)
        v->choose(g, node, device, &out->tuning);
    return true;
}

/* gcl_choices.find */
static bool choose(void *user, gcl_choice *out, const gcl_graph *g, const gcl_node *node)
{
    const gcl_tunings *t = user;
    const tuning_entry *e;
    gcl_tuning_class c;
    char text[GCL_TUNING_TEXT];

    if (!gcl_tuning_class_of(&c, g, node))
        return false;
    for (tuning_origin o = TUNING_OWN; o <= TUNING_SHIPPED; o++) {
        const char *source = o == TUNING_OWN ? "tuned" : t->shipped;
        const tuning_entry *any = find(t, &c, o, true);
        e = find(t, &c, o, false);
        if (e != NULL && e->row.variant == any->row.variant)
            return take(out, e, source, true, g, node, &t->device);
        if (any != NULL)
            return take(out, any, source, false, g, node, &t->device);
    }
    if (find(t, &c, TUNING_STALE, true) != NULL)
        gcl_verbose("%s: %s: %s was tuned with another driver or other kernels; `galip tune` "
                    "verifies it anew",
                    node->scope, node->op->name, gcl_tuning_class_text(text, sizeof text, &c));
    e = find_nearest(t, &c);
    return e != NULL && take(out, e, e->nearest, e->row.what.batch == c.batch, g, node, &t->device);
}

const gcl_choices *gcl_tunings_choices(gcl_tunings *t)
{
    return &t->choices;
}

/* ---- life ---- */

/* CPUs by the vectors of their code, other devices by the word that their vendor is known by. */
static void name_family(char out[TUNING_FAMILY], const gcl_device_info *d)
{
    static const char *const vendors[][2] = {
        {"NVIDIA", "nvidia"}, {"Advanced Micro Devices", "amd"},
        {"AMD", "amd"},       {"Intel", "intel"},
        {"ARM", "arm"},       {"QUALCOMM", "qualcomm"},
        {"Apple", "apple"},   {NULL, "gpu"}};
    int i = 0;

    if (gcl_device_is_cpu(d)) {
        snprintf(out, TUNING_FAMILY, "cpu-%u", d->vector_width_f32);
        return;
    }
    while (vendors[i][0] != NULL && strstr(d->vendor, vendors[i][0]) == NULL)
        i++;
    snprintf(out, TUNING_FAMILY, "%s", vendors[i][1]);
}

gcl_status gcl_tunings_create(gcl_tunings **out, const gcl_device_info *device, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_tunings *t = calloc(1, sizeof *t);

    *out = NULL;
    if (t == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "tuning: host allocation of %zu bytes", sizeof *t);
    t->device = *device;
    t->choices = (gcl_choices){t, choose};
    name_family(t->family, device);
    snprintf(t->shipped, sizeof t->shipped, "shipped: %s", t->family);
    for (int i = 0; i < TUNING_MAX_OPS && gcl_ops[i] != NULL; i++)
        if (gcl_ops[i]->dim_names != NULL)
            t->sources[i] = hash_sources(gcl_ops[i]);
    GCL_TRY(gcl_tunings_ship(t, err));
    *out = t;
    t = NULL;
done:
    gcl_tunings_destroy(t);
    return st;
}

void gcl_tunings_destroy(gcl_tunings *t)
{
    if (t == NULL)
        return;
    for (int i = 0; i < t->n; i++)
        free(t->entries[i]);
    free(t->entries);
    free(t);
}
