/* convert_gather.c - from the tensors of the inputs to those of the model. */
#include "model/convert_internal.h"

#include <stdlib.h>
#include <string.h>

#include "model/names.h"

/* A tensor of an input and what it is for the model. */
typedef struct entry {
    char *name; /* galip's; owned */
    gcl_name_role role;
    gcl_piece piece;
} entry;

typedef struct entry_list {
    entry *entries;
    size_t n;
} entry_list;

static const gcl_tensor_view *entry_view(const entry *e)
{
    return gcl_tensor_file_at(e->piece.file, e->piece.index);
}

gcl_status gcl_conversion_add_file(gcl_conversion *c, const char *path, gcl_error *err)
{
    gcl_tensor_file **more = realloc(c->files, (c->n_files + 1) * sizeof *more);

    if (more == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed", path);
    c->files = more;
    c->files[c->n_files] = NULL;
    return gcl_tensor_file_open(&c->files[c->n_files++], path, err);
}

/* ---- names ---- */

static gcl_status add_entry(gcl_conversion *c, entry_list *list, gcl_piece piece, gcl_error *err)
{
    const gcl_tensor_view *t = gcl_tensor_file_at(piece.file, piece.index);
    entry *e = &list->entries[list->n];
    gcl_name found;

    gcl_name_find(&found, t->name);
    if (found.role == GCL_NAME_UNKNOWN) {
        c->unknown[c->notes.n_unknown++] = t->name;
        return GCL_OK;
    }
    if (found.role == GCL_NAME_USELESS) {
        c->notes.n_useless++;
        return GCL_OK;
    }
    *e = (entry){strdup(found.name), found.role, piece};
    if (e->name == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: tensor %s: host allocation failed", t->file,
                        t->name);
    list->n++;
    return GCL_OK;
}

/* By name, netG's copies behind all others, q before k before v. */
static int compare_entries(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    const int order = strcmp(x->name, y->name);

    return order != 0 ? order : (int)x->role - (int)y->role;
}

static gcl_status list_entries(gcl_conversion *c, entry_list *list, gcl_error *err)
{
    gcl_status st = GCL_OK;
    size_t n = 0;

    for (size_t f = 0; f < c->n_files; f++)
        n += gcl_tensor_file_count(c->files[f]);
    list->entries = calloc(n + 1, sizeof *list->entries);
    c->unknown = calloc(n + 1, sizeof *c->unknown);
    c->items.items = calloc(n + 1, sizeof *c->items.items);
    c->copies.items = calloc(n + 1, sizeof *c->copies.items);
    if (list->entries == NULL || c->unknown == NULL || c->items.items == NULL ||
        c->copies.items == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for %zu tensors", c->origin, n);
        goto done;
    }
    for (size_t f = 0; f < c->n_files; f++)
        for (size_t i = 0; i < gcl_tensor_file_count(c->files[f]); i++)
            GCL_TRY(add_entry(c, list, (gcl_piece){c->files[f], i}, err));
    qsort(list->entries, list->n, sizeof *list->entries, compare_entries);
done:
    return st;
}

/* ---- items ---- */

static gcl_status fail_twice(const entry *a, const entry *b, gcl_error *err)
{
    return GCL_FAIL(err, GCL_E_FORMAT, "tensor %s comes twice: as %s in %s and as %s in %s",
                    a->name, entry_view(a)->name, entry_view(a)->file, entry_view(b)->name,
                    entry_view(b)->file);
}

/* q, k and v of one shape and type. */
static gcl_status join_thirds(gcl_item *item, const entry *e, size_t n, gcl_error *err)
{
    const gcl_tensor_view *q = entry_view(e);
    char shape_q[GCL_TENSOR_SHAPE_TEXT_BYTES], shape[GCL_TENSOR_SHAPE_TEXT_BYTES];

    for (size_t i = 1; i < n; i++)
        if (e[i].role == e[i - 1].role)
            return fail_twice(&e[i - 1], &e[i], err);
    if (n != 3)
        return GCL_FAIL(
            err, GCL_E_NOT_FOUND,
            "%s: tensor %s needs three, for queries, keys and values; there %s %zu: %s%s%s",
            q->file, e->name, n == 1 ? "is" : "are", n, q->name, n > 1 ? ", " : "",
            n > 1 ? entry_view(&e[1])->name : "");
    for (size_t i = 1; i < n; i++) {
        const gcl_tensor_view *t = entry_view(&e[i]);
        if (t->dtype != q->dtype || t->rank != q->rank || q->rank == 0 ||
            memcmp(t->shape, q->shape, sizeof q->shape) != 0)
            return GCL_FAIL(
                err, GCL_E_SHAPE, "%s: tensor %s is %s %s, must be as %s, which is %s %s", t->file,
                t->name, gcl_tensor_dtype_name(t->dtype),
                gcl_tensor_shape_text(shape, t->rank, t->shape), q->name,
                gcl_tensor_dtype_name(q->dtype), gcl_tensor_shape_text(shape_q, q->rank, q->shape));
    }
    item->view.shape[0] *= 3;
    return GCL_OK;
}

static gcl_status check_dtype(const gcl_tensor_view *t, gcl_error *err)
{
    if (t->dtype == GCL_TENSOR_F32 || t->dtype == GCL_TENSOR_F16 || t->dtype == GCL_TENSOR_BF16 ||
        t->dtype == GCL_TENSOR_F64)
        return GCL_OK;
    return GCL_FAIL(err, GCL_E_UNSUPPORTED, "%s: tensor %s: F32, F16, BF16 or F64 required, is %s",
                    t->file, t->name, gcl_tensor_dtype_name(t->dtype));
}

/* Makes the next item of the list from the n entries of one tensor; it takes their name. */
static gcl_status add_item(gcl_item_list *list, entry *e, size_t n, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_item *item = &list->items[list->n];
    const gcl_tensor_view *t = entry_view(e);
    char shape[GCL_TENSOR_SHAPE_TEXT_BYTES];

    GCL_TRY(check_dtype(t, err));
    *item = (gcl_item){.view = *t, .dtype = t->dtype, .n_pieces = (int)n};
    item->view.name = e->name;
    item->view.data = NULL;
    if (e->role >= GCL_NAME_Q && e->role <= GCL_NAME_V)
        GCL_TRY(join_thirds(item, e, n, err));
    else if (n > 1)
        GCL_TRY(fail_twice(&e[0], &e[1], err));
    if (e->role == GCL_NAME_TRANSPOSED) {
        if (t->rank != 2) {
            st = GCL_FAIL(err, GCL_E_SHAPE, "%s: tensor %s is %s, needs 2 dims", t->file, t->name,
                          gcl_tensor_shape_text(shape, t->rank, t->shape));
            goto done;
        }
        item->is_transposed = true;
        item->view.shape[0] = t->shape[1];
        item->view.shape[1] = t->shape[0];
    }
    if (!gcl_tensor_size(&item->view.count, &item->view.bytes, item->dtype, item->view.rank,
                         item->view.shape)) {
        st = GCL_FAIL(err, GCL_E_SHAPE, "%s: tensor %s: the size of %s overflows", t->file, t->name,
                      gcl_tensor_shape_text(shape, item->view.rank, item->view.shape));
        goto done;
    }
    for (size_t i = 0; i < n; i++)
        item->pieces[i] = e[i].piece;
    e->name = NULL; /* the item's now */
    list->n++;
done:
    return st;
}

gcl_status gcl_conversion_gather(gcl_conversion *c, gcl_error *err)
{
    gcl_status st = GCL_OK;
    entry_list list = {0};

    GCL_TRY(list_entries(c, &list, err));
    c->notes.unknown = c->unknown;
    for (size_t i = 0; i < list.n;) {
        entry *e = &list.entries[i];
        size_t same = 1, own = e->role != GCL_NAME_COPY;
        while (i + same < list.n && strcmp(e[same].name, e->name) == 0)
            own += e[same++].role != GCL_NAME_COPY;
        i += same;
        for (size_t k = own; k < same; k++) {
            c->notes.copied++;
            c->notes.copy_values += entry_view(&e[k])->count;
        }
        c->notes.copy_is_used |= own == 0;
        if (own < same)
            GCL_TRY(add_item(own > 0 ? &c->copies : &c->items, e + own, same - own, err));
        if (own > 0)
            GCL_TRY(add_item(&c->items, e, own, err));
    }
done:
    for (size_t i = 0; i < list.n; i++)
        free(list.entries[i].name);
    free(list.entries);
    return st;
}

/* ---- synthetic weights ---- */

static int compare_items(const void *a, const void *b)
{
    return strcmp(((const gcl_item *)a)->view.name, ((const gcl_item *)b)->view.name);
}

static gcl_status add_weight(gcl_item_list *list, const gcl_tensor *t, gcl_error *err)
{
    gcl_item *item = &list->items[list->n];

    *item = (gcl_item){.view = {.name = strdup(t->name), .rank = t->shape.rank},
                       .dtype = GCL_TENSOR_F32,
                       .n_pieces = 1};
    if (item->view.name == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "tensor %s: host allocation failed", t->name);
    for (int i = 0; i < t->shape.rank; i++)
        item->view.shape[i] = t->shape.dim[i];
    item->view.count = gcl_shape_count(&t->shape);
    list->n++;
    return GCL_OK;
}

/* Sorts, and keeps one of the items that several parts read. */
static void drop_doubles(gcl_item_list *list)
{
    size_t n = 0;

    qsort(list->items, list->n, sizeof *list->items, compare_items);
    for (size_t i = 0; i < list->n; i++) {
        if (n > 0 && compare_items(&list->items[n - 1], &list->items[i]) == 0)
            free((char *)(uintptr_t)list->items[i].view.name);
        else
            list->items[n++] = list->items[i];
    }
    list->n = n;
}

gcl_status gcl_conversion_gather_synthetic(gcl_conversion *c, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_graph *graphs[GCL_PART_COUNT_] = {NULL};
    size_t room = 0;

    for (int p = 0; p < GCL_PART_COUNT_; p++) {
        GCL_TRY(gcl_part_graph(&graphs[p], &c->config, (gcl_part)p, 1, 0, err));
        room += (size_t)gcl_graph_n_values(graphs[p]);
    }
    c->items.items = calloc(room + 1, sizeof *c->items.items);
    if (c->items.items == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for %zu tensors", c->origin, room);
        goto done;
    }
    for (int p = 0; p < GCL_PART_COUNT_; p++)
        for (gcl_value v = 0; v < gcl_graph_n_values(graphs[p]); v++)
            if (gcl_graph_tensor(graphs[p], v)->kind == GCL_VALUE_WEIGHT)
                GCL_TRY(add_weight(&c->items, gcl_graph_tensor(graphs[p], v), err));
    drop_doubles(&c->items);
done:
    for (int p = 0; p < GCL_PART_COUNT_; p++)
        gcl_graph_destroy(graphs[p]);
    return st;
}

/* ---- lists ---- */

void gcl_item_list_free(gcl_item_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free((char *)(uintptr_t)list->items[i].view.name);
    free(list->items);
}

gcl_item *gcl_item_find(const gcl_item_list *list, const char *name)
{
    const gcl_item wanted = {.view = {.name = name}};

    return list->n == 0
               ? NULL
               : bsearch(&wanted, list->items, list->n, sizeof *list->items, compare_items);
}
