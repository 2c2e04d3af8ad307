/* zip.c - archives in memory through libzip. */
#include "weights/zip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zip.h>
#include <zlib.h>

/* The archive as libzip reads it. */
typedef struct bytes_source {
    const uint8_t *data;
    size_t bytes, at;
    size_t first_read; /* where the first read since it was set to SIZE_MAX began */
    zip_error_t error;
} bytes_source;

struct gcl_zip {
    const char *path;
    bytes_source source;
    zip_t *archive;
    gcl_zip_entry *entries; /* [count], sorted by name */
    size_t count;
};

/* ---- the source ---- */

static zip_int64_t source_read(bytes_source *s, void *to, zip_uint64_t bytes)
{
    const size_t n = bytes < s->bytes - s->at ? (size_t)bytes : s->bytes - s->at;

    if (s->first_read == SIZE_MAX)
        s->first_read = s->at;
    memcpy(to, s->data + s->at, n);
    s->at += n;
    return (zip_int64_t)n;
}

static zip_int64_t source_seek(bytes_source *s, void *data, zip_uint64_t bytes)
{
    const zip_int64_t to = zip_source_seek_compute_offset(s->at, s->bytes, data, bytes, &s->error);

    if (to < 0)
        return -1;
    s->at = (size_t)to;
    return 0;
}

static zip_int64_t source_stat(const bytes_source *s, zip_stat_t *stat)
{
    zip_stat_init(stat);
    stat->size = s->bytes;
    stat->valid = ZIP_STAT_SIZE;
    return sizeof *stat;
}

static zip_int64_t run_source(void *user, void *data, zip_uint64_t bytes, zip_source_cmd_t command)
{
    bytes_source *s = user;

    switch (command) {
    case ZIP_SOURCE_OPEN:
        s->at = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return source_read(s, data, bytes);
    case ZIP_SOURCE_SEEK:
        return source_seek(s, data, bytes);
    case ZIP_SOURCE_TELL:
        return (zip_int64_t)s->at;
    case ZIP_SOURCE_STAT:
        return source_stat(s, data);
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&s->error, data, bytes);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
        return 0;
    case ZIP_SOURCE_SUPPORTS:
        return ZIP_SOURCE_SUPPORTS_SEEKABLE;
    default:
        zip_error_set(&s->error, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
}

/* ---- the directory ---- */

static gcl_status open_archive(gcl_zip *z, gcl_error *err)
{
    gcl_status st = GCL_OK;
    zip_error_t error;
    zip_source_t *source;

    zip_error_init(&error);
    errno = 0; /* libzip takes some failed allocations for a broken archive */
    source = zip_source_function_create(run_source, &z->source, &error);
    if (source != NULL)
        z->archive = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
    if (z->archive != NULL)
        goto done;
    if (errno == ENOMEM)
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for the zip archive's directory",
                      z->path);
    else
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: the zip archive cannot be read or is cut short: %s",
                      z->path,
                      zip_error_code_zip(&error) == ZIP_ER_EXISTS ? "an entry occurs twice"
                                                                  : zip_error_strerror(&error));
    zip_source_free(source);
done:
    zip_error_fini(&error);
    return st;
}

/* Nothing is ever unpacked; such a name tells that the file is not what it says. */
static bool leads_elsewhere(const char *name)
{
    if (name[0] == '/' || strchr(name, '\\') != NULL)
        return true;
    for (const char *part = name; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return true;
    }
    return false;
}

static gcl_status read_entry(gcl_zip *z, uint64_t index, gcl_error *err)
{
    const zip_uint64_t wanted = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_CRC |
                                ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    gcl_zip_entry *e = &z->entries[z->count++];
    zip_stat_t stat;

    e->index = index;
    e->name = zip_get_name(z->archive, index, ZIP_FL_ENC_RAW);
    if (e->name == NULL || zip_stat_index(z->archive, index, 0, &stat) != 0 ||
        (stat.valid & wanted) != wanted)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: zip entry %zu: %s", z->path, (size_t)index,
                        zip_strerror(z->archive));
    if (leads_elsewhere(e->name))
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: zip entry %.200s leads out of the archive", z->path,
                        e->name);
    if (stat.encryption_method != ZIP_EM_NONE)
        return GCL_FAIL(err, GCL_E_UNSUPPORTED, "%s: zip entry %.200s is encrypted", z->path,
                        e->name);
    if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)
        return GCL_FAIL(err, GCL_E_UNSUPPORTED,
                        "%s: zip entry %.200s is compressed by method %u; stored and deflated "
                        "entries are read",
                        z->path, e->name, (unsigned)stat.comp_method);
    e->is_stored = stat.comp_method == ZIP_CM_STORE;
    if (stat.size > SIZE_MAX || stat.comp_size > z->source.bytes ||
        (e->is_stored && stat.size != stat.comp_size))
        return GCL_FAIL(err, GCL_E_FORMAT,
                        "%s: zip entry %.200s cannot have %zu bytes, packed %zu, in a file of %zu",
                        z->path, e->name, (size_t)stat.size, (size_t)stat.comp_size,
                        z->source.bytes);
    e->bytes = (size_t)stat.size;
    e->crc = stat.crc;
    return GCL_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const gcl_zip_entry *)a)->name, ((const gcl_zip_entry *)b)->name);
}

static gcl_status read_directory(gcl_zip *z, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const size_t n = (size_t)zip_get_num_entries(z->archive, 0);

    z->entries = calloc(n + 1, sizeof *z->entries);
    if (z->entries == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation for %zu zip entries", z->path, n);
        goto done;
    }
    for (size_t i = 0; i < n; i++)
        GCL_TRY(read_entry(z, i, err));
    qsort(z->entries, z->count, sizeof *z->entries, compare_names);
done:
    return st;
}

gcl_status gcl_zip_open(gcl_zip **out, const char *path, const void *data, size_t bytes,
                        gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_zip *z = NULL;

    *out = NULL;
    z = calloc(1, sizeof *z);
    if (z == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", path, sizeof *z);
        goto done;
    }
    z->path = path;
    z->source.data = data;
    z->source.bytes = bytes;
    zip_error_init(&z->source.error);
    GCL_TRY(open_archive(z, err));
    GCL_TRY(read_directory(z, err));

    *out = z;
    z = NULL; /* ownership moved to the caller */
done:
    gcl_zip_close(z);
    return st;
}

void gcl_zip_close(gcl_zip *z)
{
    if (z == NULL)
        return;
    for (size_t i = 0; i < z->count; i++)
        if (z->entries[i].is_owned)
            free((void *)(uintptr_t)z->entries[i].data);
    free(z->entries);
    if (z->archive != NULL)
        zip_discard(z->archive);
    zip_error_fini(&z->source.error);
    free(z);
}

size_t gcl_zip_count(const gcl_zip *z)
{
    return z->count;
}

gcl_zip_entry *gcl_zip_at(gcl_zip *z, size_t i)
{
    return &z->entries[i];
}

gcl_zip_entry *gcl_zip_find(gcl_zip *z, const char *name)
{
    const gcl_zip_entry wanted = {.name = name};

    return bsearch(&wanted, z->entries, z->count, sizeof *z->entries, compare_names);
}

/* ---- contents ---- */

/* libzip does not tell where an entry lies; where it reads the first byte from, it does. */
static gcl_status load_stored(gcl_zip *z, gcl_zip_entry *e, zip_file_t *file, gcl_error *err)
{
    const uint8_t *data;
    uint8_t first;
    uLong crc;

    z->source.first_read = SIZE_MAX;
    if (zip_fread(file, &first, 1) != 1 || z->source.first_read == SIZE_MAX ||
        e->bytes > z->source.bytes - z->source.first_read)
        return GCL_FAIL(err, GCL_E_FORMAT, "%s: zip entry %.200s: its %zu bytes are cut short",
                        z->path, e->name, e->bytes);
    data = z->source.data + z->source.first_read;
    crc = crc32_z(0, data, e->bytes);
    if (crc != e->crc)
        return GCL_FAIL(err, GCL_E_FORMAT,
                        "%s: zip entry %.200s: the CRC of its bytes is %08lx, it should be %08lx",
                        z->path, e->name, crc, (unsigned long)e->crc);
    e->data = data;
    return GCL_OK;
}

static gcl_status load_deflated(gcl_zip *z, gcl_zip_entry *e, zip_file_t *file, gcl_error *err)
{
    gcl_status st = GCL_OK;
    uint8_t *data = malloc(e->bytes), more;
    zip_int64_t n;

    if (data == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: zip entry %.200s: host allocation of %zu bytes",
                      z->path, e->name, e->bytes);
        goto done;
    }
    n = zip_fread(file, data, e->bytes);
    /* its end, where libzip compares the CRC */
    if (n != (zip_int64_t)e->bytes || (n = zip_fread(file, &more, 1)) != 0) {
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s: zip entry %.200s does not inflate to its %zu bytes: %s", z->path,
                      e->name, e->bytes, n < 0 ? zip_file_strerror(file) : "wrong length");
        goto done;
    }
    e->data = data;
    e->is_owned = true;
    data = NULL;
done:
    free(data);
    return st;
}

gcl_status gcl_zip_load(gcl_zip *z, gcl_zip_entry *e, gcl_error *err)
{
    gcl_status st = GCL_OK;
    zip_file_t *file = NULL;

    if (e->data != NULL || e->bytes == 0)
        return GCL_OK;
    errno = 0;
    file = zip_fopen_index(z->archive, e->index, e->is_stored ? ZIP_FL_COMPRESSED : 0);
    if (file == NULL) {
        st = errno == ENOMEM ? GCL_FAIL(err, GCL_E_NOMEM, "%s: zip entry %.200s: host allocation",
                                        z->path, e->name)
                             : GCL_FAIL(err, GCL_E_FORMAT, "%s: zip entry %.200s: %s", z->path,
                                        e->name, zip_strerror(z->archive));
        goto done;
    }
    GCL_TRY(e->is_stored ? load_stored(z, e, file, err) : load_deflated(z, e, file, err));
done:
    if (file != NULL)
        zip_fclose(file);
    return st;
}
