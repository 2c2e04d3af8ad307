/* torch_file.c - PyTorch files: the archive, its pickle, and the tensors' data on demand. */
#include "weights/torch_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weights/kind.h"

/* An entry's memory that was only checked is given back from this size on. */
#define DROP_BYTES ((size_t)1 << 20)

/* Longest folder of the entries: the file's name at the time of writing, without its ending. */
#define MAX_PREFIX 250

/* ---- the archive ---- */

static gcl_status check_kind(const gcl_torch_file *f, const void *data, size_t bytes,
                             gcl_error *err)
{
    switch (gcl_weights_kind_of_bytes(data, bytes)) {
    case GCL_WEIGHTS_TORCH:
        return GCL_OK;
    case GCL_WEIGHTS_TORCH_LEGACY:
        return GCL_FAIL(
            err, GCL_E_UNSUPPORTED,
            "%s: in the format of before PyTorch 1.6, which is not read; in Python, "
            "torch.save(torch.load('old.pth', map_location='cpu'), 'new.pth') writes it "
            "anew",
            f->path);
    default:
        return GCL_FAIL(
            err, GCL_E_FORMAT,
            "%s: not a file of torch.save or torch.jit.save: it does not begin as a zip "
            "archive",
            f->path);
    }
}

/* The folder of data.pkl, of which there is one. */
static gcl_status find_prefix(gcl_torch_file *f, gcl_error *err)
{
    for (size_t i = 0; i < gcl_zip_count(f->zip); i++) {
        const char *name = gcl_zip_at(f->zip, i)->name, *slash = strchr(name, '/');
        if (slash == NULL || strcmp(slash, "/data.pkl") != 0)
            continue;
        if (slash - name > MAX_PREFIX)
            return GCL_FAIL(err, GCL_E_FORMAT,
                            "%s: a folder's name of %zu bytes, at most %d allowed", f->path,
                            (size_t)(slash - name), MAX_PREFIX);
        if (f->prefix != NULL)
            return GCL_FAIL(err, GCL_E_FORMAT, "%s: both %s and %s have a data.pkl", f->path,
                            f->prefix, name);
        f->prefix = strndup(name, (size_t)(slash - name));
        if (f->prefix == NULL)
            return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", f->path,
                            (size_t)(slash - name) + 1);
    }
    if (f->prefix == NULL)
        return GCL_FAIL(
            err, GCL_E_FORMAT,
            "%s: a zip archive without data.pkl, so none of torch.save or torch.jit.save", f->path);
    return GCL_OK;
}

gcl_zip_entry *gcl_torch_file_entry(const gcl_torch_file *f, const char *name)
{
    char path[MAX_PREFIX + 40];

    snprintf(path, sizeof path, "%s/%s", f->prefix, name);
    return gcl_zip_find(f->zip, path);
}

/* Files without the entry are of before PyTorch 2.1. */
static gcl_status check_byte_order(gcl_torch_file *f, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_zip_entry *e = gcl_torch_file_entry(f, "byteorder");

    if (e == NULL)
        return GCL_OK;
    if (e->bytes > 6) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: zip entry %s has %zu bytes, it should say \"little\"",
                      f->path, e->name, e->bytes);
        goto done;
    }
    GCL_TRY(gcl_zip_load(f->zip, e, err));
    if (e->bytes != 6 || memcmp(e->data, "little", 6) != 0)
        st = GCL_FAIL(err, GCL_E_UNSUPPORTED, "%s: byte order \"%.*s\"; \"little\" is read",
                      f->path, (int)e->bytes, (const char *)e->data);
done:
    return st;
}

static gcl_status read_pickle(gcl_torch_file *f, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_zip_entry *e = gcl_torch_file_entry(f, "data.pkl");
    gcl_pickle *pickle = NULL;
    const gcl_pickle_global *allowed;
    size_t n_allowed;
    char label[600];

    if (e->bytes > GCL_PICKLE_MAX_BYTES) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: zip entry %s has %zu bytes, at most %d allowed",
                      f->path, e->name, e->bytes, GCL_PICKLE_MAX_BYTES);
        goto done;
    }
    GCL_TRY(gcl_zip_load(f->zip, e, err));
    snprintf(label, sizeof label, "%.300s: %s", f->path, e->name);
    allowed = gcl_torch_globals(&n_allowed, f->is_script);
    GCL_TRY(gcl_pickle_read(&pickle, label, e->data, e->bytes, allowed, n_allowed, err));
    GCL_TRY(gcl_torch_collect(f, gcl_pickle_root(pickle), err));
done:
    gcl_pickle_free(pickle);
    return st;
}

/* ---- the tensors ---- */

static int compare_names(const void *a, const void *b)
{
    const gcl_tensor_view *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static int compare_metadata(const void *a, const void *b)
{
    return strcmp(((const gcl_torch_text *)a)->key, ((const gcl_torch_text *)b)->key);
}

static gcl_status sort_names(gcl_torch_file *f, gcl_error *err)
{
    f->by_name = calloc(f->count + 1, sizeof *f->by_name);
    if (f->by_name == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for %zu tensors", f->path, f->count);
    for (size_t i = 0; i < f->count; i++)
        f->by_name[i] = &f->tensors[i].view;
    qsort(f->by_name, f->count, sizeof *f->by_name, compare_names);
    for (size_t i = 1; i < f->count; i++)
        if (compare_names(&f->by_name[i - 1], &f->by_name[i]) == 0)
            return GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor %s occurs twice", f->path,
                            f->by_name[i]->name);
    if (f->n_metadata > 0)
        qsort(f->metadata, f->n_metadata, sizeof *f->metadata, compare_metadata);
    for (size_t i = 1; i < f->n_metadata; i++)
        if (compare_metadata(&f->metadata[i - 1], &f->metadata[i]) == 0)
            return GCL_FAIL(err, GCL_E_FORMAT, "%s: %s occurs twice", f->path, f->metadata[i].key);
    return GCL_OK;
}

/**
 * Compression, strides of 0 and shared storages let a small file describe much data. Its entries
 * together, and its tensors together, may be 16 times as large as the file and 64 MB.
 */
static gcl_status check_sizes(const gcl_torch_file *f, uint64_t file_bytes, gcl_error *err)
{
    const uint64_t limit =
        (file_bytes < UINT64_MAX / 32 ? 16 * file_bytes : UINT64_MAX / 2) + ((uint64_t)64 << 20);
    uint64_t left = limit;

    for (size_t i = 0; i < gcl_zip_count(f->zip); i++) {
        const gcl_zip_entry *e = gcl_zip_at(f->zip, i);
        if (e->bytes > left)
            return GCL_FAIL(err, GCL_E_FORMAT,
                            "%s: zip entry %.200s: with it the entries have more than 16 times the "
                            "file's %" PRIu64 " bytes",
                            f->path, e->name, file_bytes);
        left -= e->bytes;
    }
    left = limit;
    for (size_t i = 0; i < f->count; i++) {
        const gcl_tensor_view *t = &f->tensors[i].view;
        if (t->bytes > left)
            return GCL_FAIL(err, GCL_E_FORMAT,
                            "%s: tensor %s: with it the tensors have more than 16 times the file's "
                            "%" PRIu64 " bytes",
                            f->path, t->name, file_bytes);
        left -= t->bytes;
    }
    return GCL_OK;
}

static gcl_status open_bytes(gcl_torch_file *f, const void *data, size_t bytes, gcl_error *err)
{
    gcl_status st = GCL_OK;

    GCL_TRY(check_kind(f, data, bytes, err));
    GCL_TRY(gcl_zip_open(&f->zip, f->path, data, bytes, err));
    GCL_TRY(find_prefix(f, err));
    f->is_script = gcl_torch_file_entry(f, "constants.pkl") != NULL;
    GCL_TRY(check_byte_order(f, err));
    GCL_TRY(read_pickle(f, err));
    GCL_TRY(sort_names(f, err));
    GCL_TRY(check_sizes(f, bytes, err));
done:
    return st;
}

static gcl_status create(gcl_torch_file **out, const char *path, gcl_error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out != NULL && ((*out)->path = strdup(path)) != NULL)
        return GCL_OK;
    return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", path, sizeof **out);
}

gcl_status gcl_torch_file_open(gcl_torch_file **out, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_torch_file *f = NULL;

    *out = NULL;
    GCL_TRY(create(&f, path, err));
    GCL_TRY(gcl_map_open(&f->map, path, err));
    GCL_TRY(open_bytes(f, f->map.data, f->map.bytes, err));

    *out = f;
    f = NULL; /* ownership moved to the caller */
done:
    gcl_torch_file_close(f);
    return st;
}

gcl_status gcl_torch_file_open_memory(gcl_torch_file **out, const char *path, const void *data,
                                      size_t bytes, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_torch_file *f = NULL;

    *out = NULL;
    GCL_TRY(create(&f, path, err));
    GCL_TRY(open_bytes(f, data, bytes, err));

    *out = f;
    f = NULL; /* ownership moved to the caller */
done:
    gcl_torch_file_close(f);
    return st;
}

void gcl_torch_file_close(gcl_torch_file *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < f->count; i++) {
        free((char *)(uintptr_t)f->tensors[i].view.name);
        free(f->tensors[i].gathered);
    }
    for (size_t i = 0; i < f->n_metadata; i++) {
        free(f->metadata[i].key);
        free(f->metadata[i].value);
    }
    free(f->metadata);
    free(f->by_name);
    free(f->tensors);
    free(f->prefix);
    gcl_zip_close(f->zip);
    gcl_map_close(&f->map);
    free(f->path);
    free(f);
}

gcl_status gcl_torch_file_load(gcl_torch_file *f, size_t i, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_torch_tensor *t = &f->tensors[i];
    gcl_error cause = GCL_ERROR_INIT;
    bool is_checked = t->entry->data != NULL;

    if (t->view.data != NULL || t->view.bytes == 0)
        goto done;
    st = gcl_zip_load(f->zip, t->entry, &cause);
    if (st != GCL_OK) {
        st = GCL_FAIL(err, st, "%s (tensor %s)", cause.message, t->view.name);
        goto done;
    }
    if (!is_checked && f->map.data != NULL && !t->entry->is_owned && t->entry->bytes >= DROP_BYTES)
        gcl_map_drop(t->entry->data, t->entry->bytes);
    if (gcl_torch_tensor_is_contiguous(t)) {
        t->view.data = t->entry->data + (size_t)t->offset * gcl_tensor_dtype_bytes(t->view.dtype);
        goto done;
    }
    t->gathered = malloc(t->view.bytes);
    if (t->gathered == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: tensor %s: host allocation of %zu bytes", f->path,
                      t->view.name, t->view.bytes);
        goto done;
    }
    gcl_torch_tensor_gather(t, t->entry->data, t->gathered);
    t->view.data = t->gathered;
done:
    return st;
}

void gcl_torch_file_drop(gcl_torch_file *f, size_t i)
{
    gcl_torch_tensor *t = &f->tensors[i];

    if (t->gathered == NULL && f->map.data != NULL && !t->entry->is_owned && t->view.data != NULL)
        gcl_map_drop(t->view.data, t->view.bytes);
    free(t->gathered);
    t->gathered = NULL;
    t->view.data = NULL;
}

/* ---- what it holds ---- */

const char *gcl_torch_file_path(const gcl_torch_file *f)
{
    return f->path;
}

bool gcl_torch_file_is_script(const gcl_torch_file *f)
{
    return f->is_script;
}

size_t gcl_torch_file_count(const gcl_torch_file *f)
{
    return f->count;
}

const gcl_tensor_view *gcl_torch_file_at(const gcl_torch_file *f, size_t i)
{
    return &f->tensors[i].view;
}

const gcl_tensor_view *gcl_torch_file_find(const gcl_torch_file *f, const char *name)
{
    const gcl_tensor_view wanted = {.name = name}, *key = &wanted;
    const gcl_tensor_view *const *hit =
        bsearch(&key, f->by_name, f->count, sizeof *f->by_name, compare_names);

    return hit != NULL ? *hit : NULL;
}

const char *gcl_torch_file_metadata(const gcl_torch_file *f, const char *name)
{
    const gcl_torch_text wanted = {.key = (char *)(uintptr_t)name};
    const gcl_torch_text *hit = f->n_metadata == 0 ? NULL
                                                   : bsearch(&wanted, f->metadata, f->n_metadata,
                                                             sizeof *f->metadata, compare_metadata);

    return hit != NULL ? hit->value : NULL;
}

size_t gcl_torch_file_metadata_count(const gcl_torch_file *f)
{
    return f->n_metadata;
}

const char *gcl_torch_file_metadata_key(const gcl_torch_file *f, size_t i)
{
    return f->metadata[i].key;
}
