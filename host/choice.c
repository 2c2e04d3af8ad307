/* choice.c - reads requests of variants and tunables. */
#include "host/choice.h"

#include <stdlib.h>

/* A request, "OP=VARIANT:TUNABLE=VALUE:...", in pieces that are not ended by NUL. */
typedef struct request {
    const char *op, *variant, *tunables; /* tunables: behind the first ':', or at the end */
    int n_op, n_variant;
} request;

/* Reads the request at *at and moves on to the next; false at the end of the list. */
static bool next_request(const char **at, request *r)
{
    const char *p = *at, *end;

    if (p == NULL)
        return false;
    end = p + strcspn(p, ",");
    r->op = p;
    r->n_op = (int)strcspn(p, "=,");
    r->variant = p[r->n_op] == '=' ? p + r->n_op + 1 : end;
    r->n_variant = (int)strcspn(r->variant, ":,");
    r->tunables = r->variant + r->n_variant;
    *at = *end == ',' ? end + 1 : NULL;
    return true;
}

/* Reads ":NAME=VALUE" at *at; false at the end of the request. *value is NULL without '='. */
static bool next_tunable(const char **at, const char **name, int *n_name, const char **value)
{
    const char *p = *at;

    if (*p != ':')
        return false;
    *name = p + 1;
    *n_name = (int)strcspn(*name, "=:,");
    *value = (*name)[*n_name] == '=' ? *name + *n_name + 1 : NULL;
    *at = *name + strcspn(*name, ":,");
    return true;
}

static bool is_text(const char *piece, int n, const char *text)
{
    return strlen(text) == (size_t)n && strncmp(piece, text, (size_t)n) == 0;
}

static const gcl_op *op_of(const request *r)
{
    for (const gcl_op *const *op = gcl_ops; *op != NULL; op++)
        if (is_text(r->op, r->n_op, (*op)->name))
            return *op;
    return NULL;
}

static const gcl_variant *variant_of(const request *r, const gcl_op *op)
{
    for (const gcl_variant *v = op->variants; v->name != NULL; v++)
        if (is_text(r->variant, r->n_variant, v->name))
            return v;
    return NULL;
}

static int find_tunable(const gcl_variant *variant, const char *name, int n)
{
    for (int i = 0; variant->tunables != NULL && variant->tunables[i].name != NULL; i++)
        if (is_text(name, n, variant->tunables[i].name))
            return i;
    return -1;
}

int gcl_variant_tunable(const gcl_variant *variant, const char *name)
{
    return find_tunable(variant, name, (int)strlen(name));
}

/* The number at text, which ends at ':', ',' or the end; -1 for anything else. */
static int read_value(const char *text)
{
    char *end = NULL;
    const long v = text != NULL && *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : -1;

    return end != NULL && (*end == '\0' || *end == ':' || *end == ',') && v <= INT32_MAX ? (int)v
                                                                                         : -1;
}

static gcl_status check_tunables(const request *r, const gcl_variant *v, gcl_error *err)
{
    const char *at = r->tunables, *name, *value;
    int n;

    while (next_tunable(&at, &name, &n, &value)) {
        if (find_tunable(v, name, n) < 0)
            return GCL_FAIL(err, GCL_E_NOT_FOUND,
                            "variants \"%.*s\": %s has no tunable \"%.*s\"%s%s", (int)(at - r->op),
                            r->op, v->name, n, name,
                            v->tunables != NULL ? "; the first is " : ", nor any other",
                            v->tunables != NULL ? v->tunables[0].name : "");
        if (read_value(value) < 0)
            return GCL_FAIL(err, GCL_E_ARG, "variants \"%.*s\": %.*s needs a number, 0 .. %d",
                            (int)(at - r->op), r->op, n, name, INT32_MAX);
    }
    return GCL_OK;
}

gcl_status gcl_requests_check(const char *list, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const char *at = list;
    request r;

    while (next_request(&at, &r)) {
        const gcl_op *op = op_of(&r);
        if (op == NULL)
            return GCL_FAIL(err, GCL_E_NOT_FOUND, "variants \"%s\": there is no op \"%.*s\"", list,
                            r.n_op, r.op);
        if (variant_of(&r, op) == NULL)
            return GCL_FAIL(err, GCL_E_NOT_FOUND,
                            "variants \"%s\": op %s needs OP=VARIANT with one of its variants; "
                            "the first is %s",
                            list, op->name, op->variants[0].name);
        GCL_TRY(check_tunables(&r, variant_of(&r, op), err));
    }
done:
    return st;
}

/* The first request for op. */
static bool find_request(const char *list, const gcl_op *op, request *r)
{
    const char *at = list;

    while (next_request(&at, r))
        if (is_text(r->op, r->n_op, op->name))
            return true;
    return false;
}

const gcl_variant *gcl_requests_variant(const char *list, const gcl_op *op)
{
    request r;

    return find_request(list, op, &r) ? variant_of(&r, op) : NULL;
}

bool gcl_requests_tuning(const char *list, const gcl_op *op, gcl_tuning *tuning)
{
    const char *at, *name, *value;
    bool any = false;
    request r;
    int n;

    if (!find_request(list, op, &r))
        return false;
    at = r.tunables;
    while (next_tunable(&at, &name, &n, &value)) {
        tuning->value[find_tunable(variant_of(&r, op), name, n)] = read_value(value);
        any = true;
    }
    return any;
}
