/* tuning_shipped.c - the measured choices that come with the program. */
#include <stdio.h>

#include "host/choice.h"
#include "host/tuning_internal.h"

typedef struct shipped_row {
    const char *op, *family, *dims;
    size_t batch;
    const char *choice;
    double ns, table_ns;
    const char *source; /* the measurement that the row comes from */
} shipped_row;

/* clang-format off */
static const shipped_row rows[] = {
#define TUNED(family, dims, batch, choice, ns, table_ns, source) \
    {"linear", family, dims, batch, choice, ns, table_ns, source},
#include "host/tune/linear.def"
#undef TUNED
#define TUNED(family, dims, batch, choice, ns, table_ns, source) \
    {"conv2d", family, dims, batch, choice, ns, table_ns, source},
#include "host/tune/conv2d.def"
#undef TUNED
    {NULL, NULL, NULL, 0, NULL, 0, 0, NULL},
};
/* clang-format on */

/* "M=50 N=768 K=768": every dim of the op, in its order. */
static bool read_dims(gcl_tuning_class *c, const char *text)
{
    int i = 0, used = 0;

    for (; c->op->dim_names[i] != NULL; i++) {
        const size_t n = strlen(c->op->dim_names[i]);
        if (strncmp(text, c->op->dim_names[i], n) != 0 || text[n] != '=' ||
            sscanf(text + n + 1, "%zu%n", &c->dim[i], &used) != 1)
            return false;
        text += n + 1 + (size_t)used;
        text += *text == ' ';
    }
    return *text == '\0';
}

/* "block_f32:MR=10:NV=2": every tunable of the variant. */
static gcl_status read_choice(gcl_tuning_row *out, const char *choice, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char request[GCL_TUNING_TEXT];

    snprintf(request, sizeof request, "%s=%s", out->what.op->name, choice);
    GCL_TRY(gcl_requests_check(request, err));
    memset(&out->tuning, 0xff, sizeof out->tuning);
    out->variant = gcl_requests_variant(request, out->what.op);
    gcl_requests_tuning(request, out->what.op, &out->tuning);
    for (int i = 0; out->variant->tunables != NULL && out->variant->tunables[i].name != NULL; i++)
        if (out->tuning.value[i] < 0)
            st = GCL_FAIL(err, GCL_E_NOT_FOUND, "%s lacks the tunable %s", request,
                          out->variant->tunables[i].name);
done:
    return st;
}

gcl_status gcl_tunings_ship(gcl_tunings *t, gcl_error *err)
{
    gcl_status st = GCL_OK;

    for (const shipped_row *r = rows; r->op != NULL; r++) {
        gcl_tuning_row row = {.what = {.op = gcl_op_find(r->op), .batch = r->batch},
                              .ns = r->ns,
                              .table_ns = r->table_ns};
        if (!read_dims(&row.what, r->dims)) {
            st = GCL_FAIL(err, GCL_E_FORMAT, "host/tune/%s.def: \"%s\" are not its dims", r->op,
                          r->dims);
            goto done;
        }
        GCL_TRY(read_choice(&row, r->choice, err));
        snprintf(row.by, sizeof row.by, "%s", r->source);
        if (strcmp(r->family, t->family) == 0)
            GCL_TRY(gcl_tunings_add(t, &row, TUNING_SHIPPED, err));
    }
done:
    return st;
}
