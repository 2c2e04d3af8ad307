/* safetensors.c - reader: map the file, parse the header with jansson, check every field. */
#include "weights/safetensors.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"

struct gcl_safetensors {
    char *path;
    gcl_map map;
    json_t *header;           /* tensor names, metadata keys and values are its strings */
    json_t *metadata;         /* part of header; NULL when the file has none */
    gcl_metadata_pair *pairs; /* the same, sorted */
    const uint8_t *data;
    size_t data_bytes;
    gcl_tensor_view *tensors;
    const gcl_tensor_view **by_name; /* [count], sorted */
    size_t count;
    gcl_tensor_set set;
};

static gcl_status parse_header(gcl_safetensors *f, gcl_error *err)
{
    const uint8_t *start = f->map.data;
    uint64_t length = 0;
    json_error_t json_error;

    if (f->map.bytes < 8)
        return GCL_FAIL(err, GCL_E_FORMAT,
                        "%s: %zu bytes, shorter than the 8 that begin a safetensors file", f->path,
                        f->map.bytes);
    for (int i = 0; i < 8; i++)
        length |= (uint64_t)start[i] << 8 * i;
    if (length > GCL_SAFETENSORS_MAX_HEADER)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: header length %" PRIu64 ", at most %d allowed",
                        f->path, length, GCL_SAFETENSORS_MAX_HEADER);
    if (length > f->map.bytes - 8)
        return GCL_FAIL(err, GCL_E_FORMAT,
                        "%s: header length %" PRIu64 ", but only %zu bytes follow it", f->path,
                        length, f->map.bytes - 8);
    if (length == 0 || start[8] != '{')
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: the header does not begin with '{'", f->path);
    errno = 0;
    f->header =
        json_loadb((const char *)start + 8, (size_t)length, JSON_REJECT_DUPLICATES, &json_error);
    if (f->header == NULL && errno == ENOMEM) /* jansson would blame the text */
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for the header failed", f->path);
    if (f->header == NULL)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: header byte %d: %s", f->path, json_error.position,
                        json_error.text);
    f->data = start + 8 + length;
    f->data_bytes = f->map.bytes - 8 - (size_t)length;
    return GCL_OK;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const gcl_metadata_pair *)a)->key, ((const gcl_metadata_pair *)b)->key);
}

static gcl_status read_metadata(gcl_safetensors *f, gcl_error *err)
{
    const char *key;
    json_t *value;
    size_t n = 0;

    f->metadata = json_object_get(f->header, "__metadata__");
    if (f->metadata == NULL)
        return GCL_OK;
    if (!json_is_object(f->metadata))
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: __metadata__ is not an object", f->path);
    f->pairs = calloc(json_object_size(f->metadata) + 1, sizeof *f->pairs);
    if (f->pairs == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu metadata keys", f->path,
                        json_object_size(f->metadata));
    json_object_foreach(f->metadata, key, value)
    {
        if (!json_is_string(value))
            return GCL_FAIL(err, GCL_E_FORMAT, "%s: __metadata__ key %.80s: value is no string",
                            f->path, key);
        f->pairs[n++] = (gcl_metadata_pair){key, json_string_value(value)};
    }
    qsort(f->pairs, n, sizeof *f->pairs, compare_keys);
    return GCL_OK;
}

static gcl_status read_shape(gcl_tensor_view *t, const json_t *shape, gcl_error *err)
{
    const size_t rank = json_array_size(shape);

    if (!json_is_array(shape))
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor %s: shape is not an array", t->file,
                        t->name);
    if (rank > GCL_TENSOR_MAX_RANK)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor %s: %zu dimensions, at most %d supported",
                        t->file, t->name, rank, GCL_TENSOR_MAX_RANK);
    t->rank = (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *size = json_array_get(shape, i);
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            return GCL_FAIL(err, GCL_E_FORMAT,
                            "%s: tensor %s: shape[%zu] is not an integer of 0 or more", t->file,
                            t->name, i);
        t->shape[i] = (uint64_t)json_integer_value(size);
    }
    return GCL_OK;
}

static gcl_status read_offsets(const gcl_safetensors *f, gcl_tensor_view *t, const json_t *offsets,
                               gcl_error *err)
{
    const json_t *first = json_array_get(offsets, 0), *last = json_array_get(offsets, 1);
    const json_int_t begin = json_integer_value(first), end = json_integer_value(last);
    char shape[GCL_TENSOR_SHAPE_TEXT_BYTES];

    if (json_array_size(offsets) != 2 || !json_is_integer(first) || !json_is_integer(last))
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor %s: data_offsets is not two integers",
                        t->file, t->name);
    if (begin < 0 || end < begin || (uint64_t)end > f->data_bytes)
        return GCL_FAIL(err, GCL_E_FORMAT,
                        "%s: tensor %s: data_offsets [%" JSON_INTEGER_FORMAT
                        ", %" JSON_INTEGER_FORMAT "] do not lie in the file's %zu bytes of data",
                        t->file, t->name, begin, end, f->data_bytes);
    gcl_tensor_shape_text(shape, t->rank, t->shape);
    if (!gcl_tensor_size(&t->count, &t->bytes, t->dtype, t->rank, t->shape))
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor %s: the size of %s %s overflows", t->file,
                        t->name, gcl_tensor_dtype_name(t->dtype), shape);
    if ((uint64_t)(end - begin) != t->bytes)
        return GCL_FAIL(
            err, GCL_E_FORMAT,
            "%s: tensor %s: data_offsets hold %" JSON_INTEGER_FORMAT " bytes, %s %s needs %zu",
            t->file, t->name, end - begin, gcl_tensor_dtype_name(t->dtype), shape, t->bytes);
    t->data = f->data + begin;
    return GCL_OK;
}

static gcl_status read_tensor(const gcl_safetensors *f, gcl_tensor_view *t, const char *name,
                              const json_t *entry, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const json_t *dtype = json_object_get(entry, "dtype");

    t->file = f->path;
    t->name = name;
    if (name[0] == '\0' || strlen(name) > GCL_TENSOR_MAX_NAME) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor name of %zu bytes, 1 to %d allowed: %.80s",
                      f->path, strlen(name), GCL_TENSOR_MAX_NAME, name);
        goto done;
    }
    if (!json_is_object(entry)) {
        st =
            GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor %s: its entry is not an object", f->path, name);
        goto done;
    }
    if (!json_is_string(dtype) || !gcl_tensor_dtype_find(&t->dtype, json_string_value(dtype))) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: tensor %s: dtype %.40s is not a known type", f->path,
                      name, json_is_string(dtype) ? json_string_value(dtype) : "(no string)");
        goto done;
    }
    GCL_TRY(read_shape(t, json_object_get(entry, "shape"), err));
    GCL_TRY(read_offsets(f, t, json_object_get(entry, "data_offsets"), err));
done:
    return st;
}

/* By place, an empty tensor before the one that begins where it lies. */
static int compare_places(const void *a, const void *b)
{
    const gcl_tensor_view *x = a, *y = b;
    const uint8_t *px = x->data, *py = y->data;

    if (px != py)
        return px < py ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The format allows neither shared nor unused bytes. */
static gcl_status check_layout(const gcl_safetensors *f, gcl_error *err)
{
    size_t at = 0;

    for (size_t i = 0; i < f->count; i++) {
        const gcl_tensor_view *t = &f->tensors[i];
        const size_t begin = (size_t)((const uint8_t *)t->data - f->data);
        if (begin < at)
            return GCL_FAIL(err, GCL_E_FORMAT,
                            "%s: tensor %s: begins at byte %zu, inside tensor %s", f->path, t->name,
                            begin, t[-1].name);
        if (begin > at)
            return GCL_FAIL(err, GCL_E_FORMAT,
                            "%s: tensor %s: begins at byte %zu, leaving %zu bytes unused before it",
                            f->path, t->name, begin, begin - at);
        at = begin + t->bytes;
    }
    if (at != f->data_bytes)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: %zu bytes follow the last tensor", f->path,
                        f->data_bytes - at);
    return GCL_OK;
}

static int compare_names(const void *a, const void *b)
{
    const gcl_tensor_view *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static gcl_status read_tensors(gcl_safetensors *f, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t room = json_object_size(f->header) + 1; /* never asks calloc for nothing */
    const char *name;
    json_t *entry;

    f->tensors = calloc(room, sizeof *f->tensors);
    f->by_name = calloc(room, sizeof *f->by_name);
    if (f->tensors == NULL || f->by_name == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for %zu tensors", f->path, room);
        goto done;
    }
    json_object_foreach(f->header, name, entry)
    {
        if (entry != f->metadata)
            GCL_TRY(read_tensor(f, &f->tensors[f->count++], name, entry, err));
    }
    qsort(f->tensors, f->count, sizeof *f->tensors, compare_places);
    GCL_TRY(check_layout(f, err));
    for (size_t i = 0; i < f->count; i++)
        f->by_name[i] = &f->tensors[i];
    qsort(f->by_name, f->count, sizeof *f->by_name, compare_names);
done:
    return st;
}

gcl_status gcl_safetensors_open(gcl_safetensors **out, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_safetensors *f = NULL;

    *out = NULL;
    f = calloc(1, sizeof *f);
    if (f == NULL || (f->path = strdup(path)) == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", path, sizeof *f);
        goto done;
    }
    GCL_TRY(gcl_map_open(&f->map, path, err));
    GCL_TRY(parse_header(f, err));
    GCL_TRY(read_metadata(f, err));
    GCL_TRY(read_tensors(f, err));
    f->set =
        (gcl_tensor_set){f->path, f->by_name, f->count, f->pairs, json_object_size(f->metadata)};

    *out = f;
    f = NULL; /* ownership moved to the caller */
done:
    gcl_safetensors_close(f);
    return st;
}

void gcl_safetensors_close(gcl_safetensors *f)
{
    if (f == NULL)
        return;
    free(f->by_name);
    free(f->tensors);
    free(f->pairs);
    json_decref(f->header);
    gcl_map_close(&f->map);
    free(f->path);
    free(f);
}

const char *gcl_safetensors_path(const gcl_safetensors *f)
{
    return f->path;
}

const gcl_tensor_set *gcl_safetensors_set(const gcl_safetensors *f)
{
    return &f->set;
}

size_t gcl_safetensors_count(const gcl_safetensors *f)
{
    return f->count;
}

const gcl_tensor_view *gcl_safetensors_at(const gcl_safetensors *f, size_t i)
{
    return &f->tensors[i];
}

const gcl_tensor_view *gcl_safetensors_find(const gcl_safetensors *f, const char *name)
{
    return gcl_tensor_set_find(&f->set, name);
}

const char *gcl_safetensors_metadata(const gcl_safetensors *f, const char *key)
{
    return gcl_tensor_set_metadata(&f->set, key);
}

size_t gcl_safetensors_metadata_count(const gcl_safetensors *f)
{
    return f->set.n_metadata;
}

const char *gcl_safetensors_metadata_key(const gcl_safetensors *f, size_t i)
{
    return f->pairs[i].key;
}
