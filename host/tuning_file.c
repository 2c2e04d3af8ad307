/* tuning_file.c - the database of measured choices as a file of JSON. */
#include "host/tuning_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "base/file.h"
#include "base/verbose.h"

/* Rows of a hundred devices have less. Parsed, JSON may take 80 times its bytes. */
enum { MAX_FILE_BYTES = 8 << 20, FORMAT = 1, HASH_TEXT = 17 };

gcl_status gcl_tunings_path(char *out, size_t room, gcl_error *err)
{
    const char *given = getenv("GALIP_TUNING"), *xdg = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    int n = -1;

    if (given != NULL && strcmp(given, "off") == 0)
        return GCL_FAIL(err, GCL_E_NOT_FOUND, "GALIP_TUNING is \"off\"");
    if (given != NULL && *given != '\0')
        n = snprintf(out, room, "%s", given);
    else if (xdg != NULL && xdg[0] == '/') /* the XDG specification: relative paths are ignored */
        n = snprintf(out, room, "%s/galip/tuning.json", xdg);
    else if (home != NULL && home[0] == '/')
        n = snprintf(out, room, "%s/.local/share/galip/tuning.json", home);
    else
        return GCL_FAIL(err, GCL_E_NOT_FOUND,
                        "no folder for the tuning file: neither GALIP_TUNING, XDG_DATA_HOME nor "
                        "HOME is a full path");
    if (n > 0 && (size_t)n < room)
        return GCL_OK;
    return GCL_FAIL(err, GCL_E_BUFFER, "the tuning file's path is longer than %zu bytes", room - 1);
}

/* ---- reading ---- */

static bool is_text(const json_t *object, const char *key, const char *text)
{
    const char *found = json_string_value(json_object_get(object, key));

    return found != NULL && strcmp(found, text) == 0;
}

/* A text of the file, cut between characters where it is too long; without one it is "". */
static void copy_text(char *out, size_t room, const json_t *object, const char *key)
{
    const char *found = json_string_value(json_object_get(object, key));
    size_t n = found != NULL ? strlen(found) : 0;

    if (n >= room)
        for (n = room - 1; n > 0 && (found[n] & 0xc0) == 0x80;)
            n--;
    memcpy(out, found != NULL ? found : "", n);
    out[n] = '\0';
}

static bool read_count(size_t *out, const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);

    *out = (size_t)json_integer_value(v);
    return json_is_integer(v) && json_integer_value(v) >= 0 && json_integer_value(v) <= INT32_MAX;
}

static bool read_tuning(gcl_tuning_row *row, const json_t *tunables)
{
    size_t v;

    for (int i = 0; row->variant->tunables != NULL && row->variant->tunables[i].name != NULL; i++) {
        if (!read_count(&v, tunables, row->variant->tunables[i].name))
            return false;
        row->tuning.value[i] = (int)v;
    }
    return true;
}

/* False for a row that this program does not understand. */
static bool read_row(gcl_tuning_row *row, const json_t *from)
{
    const char *op = json_string_value(json_object_get(from, "op"));
    const char *variant = json_string_value(json_object_get(from, "variant"));
    const json_t *dims = json_object_get(from, "dims");

    *row = (gcl_tuning_row){.what.op = op != NULL ? gcl_op_find(op) : NULL};
    if (row->what.op == NULL || row->what.op->dim_names == NULL || variant == NULL)
        return false;
    row->variant = gcl_op_variant(row->what.op, variant);
    for (int i = 0; row->what.op->dim_names[i] != NULL; i++)
        if (!read_count(&row->what.dim[i], dims, row->what.op->dim_names[i]))
            return false;
    if (row->variant == NULL || !read_count(&row->what.batch, from, "batch") ||
        !read_tuning(row, json_object_get(from, "tunables")))
        return false;
    row->ns = json_number_value(json_object_get(from, "ns"));
    row->table_ns = json_number_value(json_object_get(from, "table_ns"));
    row->spread = json_number_value(json_object_get(from, "spread"));
    row->units = json_number_value(json_object_get(from, "units"));
    copy_text(row->date, sizeof row->date, from, "date");
    copy_text(row->by, sizeof row->by, from, "by");
    return true;
}

/* The file's rows, whoever's; owned (json_decref). No file: none. */
static gcl_status load(json_t **rows, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char *text = NULL;
    size_t bytes = 0, i;
    json_t *root = NULL, *row;
    json_error_t bad;

    *rows = NULL;
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        *rows = json_array();
        return *rows != NULL ? GCL_OK : GCL_FAIL(err, GCL_E_NOMEM, "%s: out of memory", path);
    }
    GCL_TRY(gcl_file_read(&text, &bytes, path, MAX_FILE_BYTES, err));
    root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &bad);
    if (root == NULL) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s, line %d: %s", path, bad.line, bad.text);
        goto done;
    }
    *rows = json_object_get(root, "rows");
    if (json_integer_value(json_object_get(root, "galip_tuning")) != FORMAT ||
        !json_is_array(*rows)) {
        *rows = NULL;
        st = GCL_FAIL(err, GCL_E_FORMAT,
                      "%s is no tuning file: it needs \"galip_tuning\": %d and an array \"rows\"",
                      path, FORMAT);
        goto done;
    }
    json_array_foreach(*rows, i, row) if (!json_is_object(row))
    {
        *rows = NULL;
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: row %zu is no object", path, i);
        goto done;
    }
    json_incref(*rows);
done:
    free(text);
    json_decref(root);
    return st;
}

static void hash_text(char out[HASH_TEXT], const gcl_tunings *t, const gcl_op *op)
{
    snprintf(out, HASH_TEXT, "%016" PRIx64, gcl_tunings_sources(t, op));
}

/* Bytes that are no UTF-8 cannot be in the file: a device of such a name has none of its own. */
static bool is_of_device(const gcl_tunings *t, const json_t *row)
{
    return is_text(row, "device", t->device.name) &&
           is_text(row, "platform", t->device.platform_name);
}

gcl_status gcl_tunings_read(gcl_tunings *t, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *rows = NULL, *from;
    size_t i;

    GCL_TRY(load(&rows, path, err));
    json_array_foreach(rows, i, from)
    {
        gcl_tuning_row row;
        char hash[HASH_TEXT];
        if (!is_of_device(t, from))
            continue;
        if (!read_row(&row, from)) {
            gcl_verbose("%s: row %zu is of another version of this program", path, i);
            continue;
        }
        hash_text(hash, t, row.what.op);
        GCL_TRY(gcl_tunings_add(t, &row,
                                is_text(from, "driver", t->device.driver) &&
                                        is_text(from, "sources", hash)
                                    ? TUNING_OWN
                                    : TUNING_STALE,
                                err));
    }
done:
    json_decref(rows);
    return st;
}

/* ---- writing ---- */

static json_t *describe(const gcl_tunings *t, const gcl_tuning_row *row)
{
    json_t *dims = json_object(), *tunables = json_object();
    const gcl_tuning_class *c = &row->what;
    char hash[HASH_TEXT];

    for (int i = 0; c->op->dim_names[i] != NULL; i++)
        json_object_set_new(dims, c->op->dim_names[i], json_integer((json_int_t)c->dim[i]));
    for (int i = 0; row->variant->tunables != NULL && row->variant->tunables[i].name != NULL; i++)
        json_object_set_new(tunables, row->variant->tunables[i].name,
                            json_integer(row->tuning.value[i]));
    hash_text(hash, t, c->op);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:I, s:s, s:o, s:f, s:f, s:f, s:f, s:s, s:s}",
                     "device", t->device.name, "platform", t->device.platform_name, "driver",
                     t->device.driver, "sources", hash, "op", c->op->name, "dims", dims, "batch",
                     (json_int_t)c->batch, "variant", row->variant->name, "tunables", tunables,
                     "ns", row->ns, "table_ns", row->table_ns, "spread", row->spread, "units",
                     row->units, "date", row->date, "by", row->by);
}

/* Whether the new row takes the place of an old one: of the same batch, whatever its kernels, and of
 * other batches with another variant, as there is one for all. */
static bool replaces(const json_t *row, const json_t *old)
{
    static const char *const keys[] = {"device", "platform", "driver", "op", "dims"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (!json_equal(json_object_get(row, keys[i]), json_object_get(old, keys[i])))
            return false;
    return json_equal(json_object_get(row, "batch"), json_object_get(old, "batch")) ||
           !json_equal(json_object_get(row, "variant"), json_object_get(old, "variant"));
}

static gcl_status merge(json_t *rows, const gcl_tunings *t, const char *path, gcl_error *err)
{
    for (int i = 0; i < t->n; i++) {
        json_t *row;
        if (t->entries[i]->origin != TUNING_OWN)
            continue;
        row = describe(t, &t->entries[i]->row);
        if (row == NULL)
            return GCL_FAIL(err, GCL_E_FORMAT, "%s: the name of device %s is no UTF-8", path,
                            t->device.name);
        for (size_t k = json_array_size(rows); k-- > 0;)
            if (replaces(row, json_array_get(rows, k)))
                json_array_remove(rows, k);
        if (json_array_append_new(rows, row) != 0)
            return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed", path);
    }
    return GCL_OK;
}

/* One row a line, so that people and `diff` can read it. */
static gcl_status print(FILE *f, const json_t *rows, const char *path, gcl_error *err)
{
    json_t *row;
    size_t i;

    fprintf(f, "{\"galip_tuning\": %d, \"rows\": [", FORMAT);
    json_array_foreach(rows, i, row)
    {
        fputs(i > 0 ? ",\n" : "\n", f);
        if (json_dumpf(row, f, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9)) != 0)
            return GCL_FAIL(err, GCL_E_FILE, "cannot write %s: row %zu", path, i);
    }
    fputs("\n]}\n", f);
    return GCL_OK;
}

static gcl_status store(json_t *rows, const gcl_tunings *t, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_writer w = {0};

    GCL_TRY(merge(rows, t, path, err));
    GCL_TRY(gcl_writer_open(&w, path, err));
    GCL_TRY(print(w.file, rows, path, err));
    GCL_TRY(gcl_writer_commit(&w, err));
done:
    gcl_writer_abort(&w);
    return st;
}

gcl_status gcl_tunings_share(const gcl_tunings *t, const char *path, gcl_error *err)
{
    json_t *rows = json_array();
    const gcl_status st = rows != NULL
                              ? store(rows, t, path, err)
                              : GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed", path);

    json_decref(rows);
    return st;
}

gcl_status gcl_tunings_write(const gcl_tunings *t, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    const char *slash = strrchr(path, '/');
    char other[4096];
    json_t *rows = NULL;

    if (slash != NULL && slash != path) {
        snprintf(other, sizeof other, "%.*s", (int)(slash - path), path);
        GCL_TRY(gcl_make_dirs(other, err));
    }
    st = load(&rows, path, err);
    if (st == GCL_E_FORMAT) {
        snprintf(other, sizeof other, "%s.damaged", path);
        gcl_error_clear(err);
        st = rename(path, other) == 0
                 ? load(&rows, path, err)
                 : GCL_FAIL(err, GCL_E_FILE, "cannot rename %s to %s", path, other);
    }
    GCL_TRY(st);
    GCL_TRY(store(rows, t, path, err));
done:
    json_decref(rows);
    return st;
}
