/* tune_space.c - enumerates candidates. */
#include "bench/tune_space.h"

#include <stdlib.h>

static int count_tunables(const gcl_variant *v)
{
    int n = 0;

    while (v->tunables != NULL && v->tunables[n].name != NULL)
        n++;
    return n;
}

bool tune_point_equal(const tune_point *a, const tune_point *b)
{
    return a->variant == b->variant &&
           memcmp(a->tuning.value, b->tuning.value,
                  (size_t)count_tunables(a->variant) * sizeof a->tuning.value[0]) == 0;
}

/* Twice the place of a value among the candidates; odd between two of them. */
static int rank_of(const gcl_tunable *t, int value)
{
    int i = 0;

    while (i < t->n_candidates && t->candidates[i] < value)
        i++;
    return i < t->n_candidates && t->candidates[i] == value ? 2 * i : 2 * i - 1;
}

bool tune_are_neighbours(const tune_point *a, const tune_point *b)
{
    int differing = 0, step = 0;

    if (a->variant != b->variant)
        return false;
    for (int i = 0; i < count_tunables(a->variant); i++)
        if (a->tuning.value[i] != b->tuning.value[i]) {
            differing++;
            step = rank_of(&a->variant->tunables[i], a->tuning.value[i]) -
                   rank_of(&a->variant->tunables[i], b->tuning.value[i]);
        }
    return differing == 1 && abs(step) <= 2;
}

static gcl_status append(tune_space *s, const tune_point *p, gcl_error *err)
{
    if (s->n == s->room) {
        const size_t room = s->room > 0 ? 2 * s->room : 256;
        tune_point *grown = realloc(s->points, room * sizeof *grown);
        if (grown == NULL)
            return GCL_FAIL(err, GCL_E_NOMEM, "tune: host allocation of %zu candidates", room);
        s->points = grown;
        s->room = room;
    }
    s->points[s->n++] = *p;
    return GCL_OK;
}

gcl_status tune_space_add(tune_space *s, const tune_point *p, size_t *at, gcl_error *err)
{
    for (*at = 0; *at < s->n; ++*at)
        if (tune_point_equal(&s->points[*at], p))
            return GCL_OK;
    return append(s, p, err);
}

/* Moves on to the next values of the product; false behind the last. */
static bool advance(int *index, const gcl_variant *v, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        if (++index[i] < v->tunables[i].n_candidates)
            return true;
        index[i] = 0;
    }
    return false;
}

/* What was added before, own choices, is not added again. */
static gcl_status add_product(tune_space *s, const gcl_graph *g, const gcl_node *node,
                              const gcl_device_info *device, const gcl_variant *v, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const int n = count_tunables(v);
    int index[GCL_MAX_TUNABLES] = {0};

    if (n == 0)
        return GCL_OK;
    do {
        tune_point p = {.variant = v};
        char why[256];
        bool known = false;
        for (int i = 0; i < n; i++)
            p.tuning.value[i] = v->tunables[i].candidates[index[i]];
        for (size_t k = 0; k < s->n_own; k++)
            known |= tune_point_equal(&s->points[k], &p);
        if (!known && v->allows(g, node, device, &p.tuning, why, sizeof why))
            GCL_TRY(append(s, &p, err));
    } while (s->n < TUNE_MAX_POINTS && advance(index, v, n));
done:
    return st;
}

gcl_status tune_space_create(tune_space *s, const gcl_graph *g, const gcl_node *node,
                             const gcl_device_info *device, gcl_precision precision,
                             const gcl_variant *only, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char why[256];

    for (const gcl_variant *v = node->op->variants; v->name != NULL; v++) {
        tune_point p = {.variant = v};
        if ((only != NULL && v != only) || (v->rounds_to_f16 && precision != GCL_PRECISION_F16) ||
            !gcl_variant_accepts(v, g, node, device, why, sizeof why))
            continue;
        if (v->choose != NULL)
            v->choose(g, node, device, &p.tuning);
        GCL_TRY(append(s, &p, err));
    }
    s->n_own = s->n;
    for (size_t k = 0; k < s->n_own; k++)
        GCL_TRY(add_product(s, g, node, device, s->points[k].variant, err));
done:
    return st;
}

void tune_space_free(tune_space *s)
{
    free(s->points);
    memset(s, 0, sizeof *s);
}
