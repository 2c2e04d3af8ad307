/* safetensors_write.c - writer: header built with jansson, data streamed behind it. */
#include "weights/safetensors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"

/* What data begins at a multiple of; the largest type of OpenCL, long16, needs no more. */
enum { ALIGN = 128 };

/* By falling element size, whole multiples of ALIGN first, then small ones first, then by name: each
 * tensor ends up aligned to its element, and as many as can be to ALIGN; small ones that are used in
 * place lie together, for touching one may bring in 2 MB of what is around it. */
static int compare_tensors(const void *a, const void *b)
{
    const gcl_tensor_view *x = a, *y = b;
    const size_t size_x = gcl_tensor_dtype_bytes(x->dtype);
    const size_t size_y = gcl_tensor_dtype_bytes(y->dtype);
    const bool whole_x = x->bytes % ALIGN == 0, whole_y = y->bytes % ALIGN == 0;

    if (size_x != size_y)
        return size_x > size_y ? -1 : 1;
    if (whole_x != whole_y)
        return whole_x ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? -1 : 1;
    return strcmp(x->name, y->name);
}

static gcl_status check_tensor(gcl_tensor_view *t, const char *path, gcl_error *err)
{
    const size_t length = strlen(t->name);

    if (length == 0 || length > GCL_TENSOR_MAX_NAME || strcmp(t->name, "__metadata__") == 0)
        return GCL_FAIL(err, GCL_E_ARG,
                        "%s: tensor name \"%.80s\": 1 to %d bytes required, not __metadata__", path,
                        t->name, GCL_TENSOR_MAX_NAME);
    if (t->rank < 0 || t->rank > GCL_TENSOR_MAX_RANK)
        return GCL_FAIL(err, GCL_E_ARG, "%s: tensor %s: rank %d, 0 to %d required", path, t->name,
                        t->rank, GCL_TENSOR_MAX_RANK);
    if ((int)t->dtype < 0 || t->dtype >= GCL_TENSOR_DTYPE_COUNT_)
        return GCL_FAIL(err, GCL_E_ARG, "%s: tensor %s: dtype %d does not exist", path, t->name,
                        (int)t->dtype);
    if (!gcl_tensor_size(&t->count, &t->bytes, t->dtype, t->rank, t->shape))
        return GCL_FAIL(err, GCL_E_ARG, "%s: tensor %s: the size of its shape overflows", path,
                        t->name);
    return GCL_OK;
}

/* Takes ownership of value. jansson refuses a key that is not UTF-8. */
static gcl_status add(json_t *object, const char *key, json_t *value, const char *path,
                      gcl_error *err)
{
    if (json_object_get(object, key) != NULL) {
        json_decref(value);
        return GCL_FAIL(err, GCL_E_ARG, "%s: %s is given twice", path, key);
    }
    if (value == NULL || json_object_set_new(object, key, value) != 0)
        return GCL_FAIL(err, GCL_E_ARG, "%s: %.80s: name or value is not UTF-8", path, key);
    return GCL_OK;
}

static gcl_status add_tensor(json_t *header, const gcl_tensor_view *t, size_t begin,
                             const char *path, gcl_error *err)
{
    json_t *shape = json_array();

    for (int i = 0; i < t->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)t->shape[i]));
    return add(header, t->name,
               json_pack("{s:s, s:o, s:[I, I]}", "dtype", gcl_tensor_dtype_name(t->dtype), "shape",
                         shape, "data_offsets", (json_int_t)begin, (json_int_t)(begin + t->bytes)),
               path, err);
}

static gcl_status make_header(char **out, const char *path, const gcl_tensor_view *tensors,
                              size_t n_tensors, const gcl_metadata_pair *metadata,
                              size_t n_metadata, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *header = json_object(), *pairs = json_object();
    size_t at = 0;

    for (size_t i = 0; i < n_metadata; i++)
        GCL_TRY(add(pairs, metadata[i].key, json_string(metadata[i].value), path, err));
    if (n_metadata > 0)
        GCL_TRY(add(header, "__metadata__", json_incref(pairs), path, err));
    for (size_t i = 0; i < n_tensors; i++) {
        GCL_TRY(add_tensor(header, &tensors[i], at, path, err));
        at += tensors[i].bytes;
    }
    *out = json_dumps(header, JSON_COMPACT);
    if (*out == NULL)
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: header of %zu tensors", path, n_tensors);
done:
    json_decref(pairs);
    json_decref(header);
    return st;
}

static gcl_status write_all(FILE *file, const char *path, const void *data, size_t bytes,
                            gcl_error *err)
{
    if (bytes > 0 && fwrite(data, 1, bytes, file) != bytes)
        return GCL_FAIL(err, GCL_E_FILE, "cannot write %s: %s", path, strerror(errno));
    return GCL_OK;
}

static gcl_status write_header(FILE *file, const char *path, const char *header, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t length = strlen(header), padding = (ALIGN - (length + 8) % ALIGN) % ALIGN;
    uint8_t prefix[8], spaces[ALIGN];

    if (length + padding > GCL_SAFETENSORS_MAX_HEADER) {
        st = GCL_FAIL(err, GCL_E_ARG, "%s: header length %zu, at most %d allowed", path,
                      length + padding, GCL_SAFETENSORS_MAX_HEADER);
        goto done;
    }
    for (int i = 0; i < 8; i++)
        prefix[i] = (uint8_t)((uint64_t)(length + padding) >> 8 * i);
    GCL_TRY(write_all(file, path, prefix, sizeof prefix, err));
    GCL_TRY(write_all(file, path, header, length, err));
    memset(spaces, ' ', sizeof spaces);
    GCL_TRY(write_all(file, path, spaces, padding, err));
done:
    return st;
}

gcl_status gcl_safetensors_write_from(const char *path, const gcl_tensor_view *tensors,
                                      size_t n_tensors, const gcl_metadata_pair *metadata,
                                      size_t n_metadata, const gcl_tensor_source *source,
                                      gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_writer w = {0};
    gcl_tensor_view *sorted = NULL;
    char *header = NULL;

    sorted = calloc(n_tensors + 1, sizeof *sorted);
    if (sorted == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for %zu tensors", path, n_tensors);
        goto done;
    }
    for (size_t i = 0; i < n_tensors; i++) {
        sorted[i] = tensors[i];
        GCL_TRY(check_tensor(&sorted[i], path, err));
    }
    qsort(sorted, n_tensors, sizeof *sorted, compare_tensors);
    GCL_TRY(make_header(&header, path, sorted, n_tensors, metadata, n_metadata, err));

    GCL_TRY(gcl_writer_open(&w, path, err));
    GCL_TRY(write_header(w.file, path, header, err));
    for (size_t i = 0; i < n_tensors; i++) {
        const void *data = NULL;
        GCL_TRY(source->read(source->self, &sorted[i], &data, err));
        GCL_TRY(write_all(w.file, path, data, sorted[i].bytes, err));
    }
    GCL_TRY(gcl_writer_commit(&w, err));
done:
    gcl_writer_abort(&w);
    free(header);
    free(sorted);
    return st;
}

/* gcl_tensor_source.read of views that have their data; self is the path. */
static gcl_status read_view(void *self, const gcl_tensor_view *t, const void **data, gcl_error *err)
{
    *data = t->data;
    if (t->bytes > 0 && t->data == NULL)
        return GCL_FAIL(err, GCL_E_ARG, "%s: tensor %s: no data for its %zu bytes",
                        (const char *)self, t->name, t->bytes);
    return GCL_OK;
}

gcl_status gcl_safetensors_write(const char *path, const gcl_tensor_view *tensors, size_t n_tensors,
                                 const gcl_metadata_pair *metadata, size_t n_metadata,
                                 gcl_error *err)
{
    const gcl_tensor_source source = {(void *)(uintptr_t)path, read_view};

    return gcl_safetensors_write_from(path, tensors, n_tensors, metadata, n_metadata, &source, err);
}
