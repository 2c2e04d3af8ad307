/* torch_collect.c - names for the tensors and scalars of a pickle, by the way to them. */
#include "weights/torch_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Deepest nesting of dicts, lists and objects. */
#define MAX_DEPTH 64
/* Longest text that is kept as metadata; a longer one is passed over. */
#define MAX_TEXT 4096
/* Memory for tensors, metadata and names, which a small pickle could otherwise multiply by sharing. */
#define MAX_BYTES ((size_t)64 << 20)

typedef gcl_pickle_value value;

typedef struct walk {
    gcl_torch_file *file;
    const value *path[MAX_DEPTH]; /* from the root to the value */
    int depth;
    char name[GCL_TENSOR_MAX_NAME + 1];
    size_t length; /* of name */
    size_t steps;
    size_t bytes; /* of MAX_BYTES */
} walk;

static gcl_status visit(walk *w, const value *v, gcl_error *err);

static gcl_status take_memory(walk *w, size_t bytes, gcl_error *err)
{
    if (bytes > MAX_BYTES - w->bytes)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: the names of its tensors take more than %zu bytes",
                        w->file->path, MAX_BYTES);
    w->bytes += bytes;
    return GCL_OK;
}

/* The array with room for one more, twice as large when it is full. */
static gcl_status make_room(const walk *w, void **array, size_t *room, size_t count, size_t size,
                            gcl_error *err)
{
    const size_t more = *room == 0 ? 64 : 2 * *room;
    void *p;

    if (count < *room)
        return GCL_OK;
    p = realloc(*array, more * size);
    if (p == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", w->file->path,
                        more * size);
    *array = p;
    *room = more;
    return GCL_OK;
}

static gcl_status copy_text(const walk *w, char **out, const char *text, size_t bytes,
                            gcl_error *err)
{
    *out = malloc(bytes + 1);
    if (*out == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", w->file->path,
                        bytes + 1);
    memcpy(*out, text, bytes);
    (*out)[bytes] = '\0';
    return GCL_OK;
}

/* ---- what is kept ---- */

static gcl_status add_tensor(walk *w, const value *call, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_torch_file *f = w->file;
    void *array = f->tensors;
    gcl_torch_tensor *t;
    char *name;

    if (w->length == 0) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: a tensor has no name: the file holds no dict of them",
                      f->path);
        goto done;
    }
    GCL_TRY(take_memory(w, sizeof *t + w->length + 1, err));
    GCL_TRY(make_room(w, &array, &f->room, f->count, sizeof *t, err));
    f->tensors = array;
    GCL_TRY(copy_text(w, &name, w->name, w->length, err));
    t = &f->tensors[f->count++];
    memset(t, 0, sizeof *t);
    t->view.file = f->path;
    t->view.name = name;
    GCL_TRY(gcl_torch_tensor_read(t, f, call, err));
done:
    return st;
}

static gcl_status add_metadata(walk *w, const value *v, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_torch_file *f = w->file;
    void *array = f->metadata;
    gcl_torch_text *row;
    char number[40];
    const char *text = number;
    size_t bytes;

    if (v->kind == GCL_PICKLE_TEXT) {
        text = v->text.data;
        bytes = v->text.bytes;
    } else if (v->kind == GCL_PICKLE_INT) {
        bytes = (size_t)snprintf(number, sizeof number, "%" PRId64, v->integer);
    } else {
        bytes = (size_t)snprintf(number, sizeof number, "%.17g", v->real);
    }
    if (w->length == 0 || bytes > MAX_TEXT)
        goto done;
    GCL_TRY(take_memory(w, sizeof *row + w->length + bytes + 2, err));
    GCL_TRY(make_room(w, &array, &f->metadata_room, f->n_metadata, sizeof *row, err));
    f->metadata = array;
    row = &f->metadata[f->n_metadata++];
    row->value = NULL;
    GCL_TRY(copy_text(w, &row->key, w->name, w->length, err));
    GCL_TRY(copy_text(w, &row->value, text, bytes, err));
done:
    return st;
}

/* ---- the way ---- */

static bool is_scalar(const value *v)
{
    return v->kind < GCL_PICKLE_LIST; /* the kinds are in this order */
}

/* Visits v under the name so far with one part more. */
static gcl_status visit_part(walk *w, const char *part, size_t bytes, const value *v,
                             gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t before = w->length, dot = before > 0;

    if (before + dot + bytes > GCL_TENSOR_MAX_NAME)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: a name longer than %d bytes: %.*s.%.*s",
                        w->file->path, GCL_TENSOR_MAX_NAME, (int)(before < 80 ? before : 80),
                        w->name, (int)(bytes < 80 ? bytes : 80), part);
    if (dot)
        w->name[w->length++] = '.';
    memcpy(w->name + w->length, part, bytes);
    w->length += bytes;
    GCL_TRY(visit(w, v, err));
done:
    w->length = before;
    return st;
}

static gcl_status visit_index(walk *w, int64_t index, const value *v, gcl_error *err)
{
    char part[24];
    const int bytes = snprintf(part, sizeof part, "%" PRId64, index);

    return visit_part(w, part, (size_t)bytes, v, err);
}

static bool has_key(const value *dict, const char *key)
{
    for (size_t i = 0; i < dict->items.count; i += 2) {
        const value *k = dict->items.at[i];
        if (k->kind == GCL_PICKLE_TEXT && k->text.bytes == strlen(key) &&
            memcmp(k->text.data, key, k->text.bytes) == 0)
            return true;
    }
    return false;
}

static gcl_status visit_dict(walk *w, const value *dict, gcl_error *err)
{
    gcl_status st = GCL_OK;

    w->steps += dict->items.count;
    if (has_key(dict, "state") && has_key(dict, "param_groups"))
        goto done; /* of an optimizer */
    for (size_t i = 0; i < dict->items.count; i += 2) {
        const value *key = dict->items.at[i], *v = dict->items.at[i + 1];
        if (key->kind == GCL_PICKLE_TEXT)
            st = visit_part(w, key->text.data, key->text.bytes, v, err);
        else if (key->kind == GCL_PICKLE_INT)
            st = visit_index(w, key->integer, v, err);
        else
            st = GCL_FAIL(err, GCL_E_FORMAT,
                          "%s: a key of dict %.*s is %s; texts and whole numbers are read",
                          w->file->path, (int)w->length, w->name, gcl_pickle_kind_name(key->kind));
        GCL_TRY(st);
    }
done:
    return st;
}

/* Of numbers and texts in a list none is kept. */
static gcl_status visit_list(walk *w, const value *list, gcl_error *err)
{
    gcl_status st = GCL_OK;

    w->steps += list->items.count;
    for (size_t i = 0; i < list->items.count; i++) {
        const value *v = list->items.at[i];
        if (!is_scalar(v))
            GCL_TRY(visit_index(w, (int64_t)i, v, err));
    }
done:
    return st;
}

static gcl_status visit_call(walk *w, const value *call, gcl_error *err)
{
    const gcl_pickle_items *args = &call->call.args->items;

    switch (call->call.callee->id) {
    case GCL_TORCH_TENSOR:
    case GCL_TORCH_TENSOR_V3:
    case GCL_TORCH_PARAMETER:
        return add_tensor(w, call, err);
    case GCL_TORCH_WRAPPER:
        return args->count > 0 ? visit(w, args->at[0], err) : GCL_OK;
    case GCL_TORCH_OBJECT:
        return call->call.state != NULL ? visit(w, call->call.state, err) : GCL_OK;
    default:
        return GCL_OK;
    }
}

static gcl_status enter(walk *w, const value *v, gcl_error *err)
{
    if (w->depth == MAX_DEPTH)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: %.*s is nested deeper than %d", w->file->path,
                        (int)w->length, w->name, MAX_DEPTH);
    for (int i = 0; i < w->depth; i++)
        if (w->path[i] == v)
            return GCL_FAIL(err, GCL_E_FORMAT, "%s: %.*s contains itself", w->file->path,
                            (int)w->length, w->name);
    w->path[w->depth++] = v;
    return GCL_OK;
}

static gcl_status visit(walk *w, const value *v, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const int depth = w->depth;

    if (w->steps++ > GCL_PICKLE_MAX_STEPS) /* no pickle has as many values, unless it shares them */
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: more than %d values below its root", w->file->path,
                        GCL_PICKLE_MAX_STEPS);
    if (!is_scalar(v))
        GCL_TRY(enter(w, v, err));
    switch (v->kind) {
    case GCL_PICKLE_INT:
    case GCL_PICKLE_FLOAT:
    case GCL_PICKLE_TEXT:
        st = add_metadata(w, v, err);
        break;
    case GCL_PICKLE_DICT:
        st = visit_dict(w, v, err);
        break;
    case GCL_PICKLE_LIST:
    case GCL_PICKLE_TUPLE:
        st = visit_list(w, v, err);
        break;
    case GCL_PICKLE_CALL:
        st = visit_call(w, v, err);
        break;
    default:
        break;
    }
done:
    w->depth = depth;
    return st;
}

gcl_status gcl_torch_collect(gcl_torch_file *f, const gcl_pickle_value *root, gcl_error *err)
{
    walk w = {.file = f};

    return visit(&w, root, err);
}
