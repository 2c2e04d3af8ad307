/* ceiling_cache.c - measured ceilings on disk, one JSON file a device and driver. */
#include "bench/ceiling_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/verbose.h"

/* Raised when a change of kernels or search makes older figures another thing. */
static const char method[] = "ceilings 1";

enum { MAX_FILE_BYTES = 1 << 20, KEY_BYTES = 640 };
static const double default_budget_seconds = 16.0;

static void make_key(char key[KEY_BYTES], const gcl_device_info *d)
{
    snprintf(key, KEY_BYTES, "%s\n%s\n%s\n%s\n%s", method, d->platform_name, d->name, d->version,
             d->driver);
}

static int cache_folder(char *out, size_t room)
{
    const char *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int n = -1;

    if (xdg != NULL && xdg[0] == '/')
        n = snprintf(out, room, "%s/galip", xdg);
    else if (home != NULL && home[0] == '/')
        n = snprintf(out, room, "%s/.cache/galip", home);
    return n > 0 && (size_t)n < room;
}

gcl_status bench_ceiling_path(char *out, size_t room, const gcl_device_info *device, gcl_error *err)
{
    char key[KEY_BYTES], folder[3072];
    int n;

    make_key(key, device);
    if (!cache_folder(folder, sizeof folder))
        return GCL_FAIL(err, GCL_E_NOT_FOUND, "neither XDG_CACHE_HOME nor HOME is a full path");
    n = snprintf(out, room, "%s/ceilings-%016" PRIx64 ".json", folder,
                 gcl_fnv1a64(GCL_FNV1A64_INIT, key, strlen(key)));
    if (n < 0 || (size_t)n >= room)
        return GCL_FAIL(err, GCL_E_BUFFER, "path of the ceilings in %s is too long", folder);
    return GCL_OK;
}

static bool positive(json_t *value, double *out)
{
    *out = json_number_value(value);
    return json_is_number(value) && isfinite(*out) && *out > 0.0;
}

static bool parse_record(bench_ceilings *out, json_t *record)
{
    const char *name = json_string_value(json_object_get(record, "name"));
    const char *unit = json_string_value(json_object_get(record, "unit"));
    const char *shape = json_string_value(json_object_get(record, "shape"));
    const char *date = json_string_value(json_object_get(record, "date"));
    json_t *samples = json_object_get(record, "samples");
    bench_ceiling *c = NULL;
    size_t n = json_array_size(samples);
    double stored, sample;
    int id = 0;

    while (name != NULL && id < BENCH_N_CEILINGS && strcmp(bench_ceiling_name(id), name) != 0)
        id++;
    if (name == NULL || unit == NULL || shape == NULL || date == NULL || n == 0 ||
        n > BENCH_CEILING_SAMPLES || id == BENCH_N_CEILINGS || out->of[id].n != 0 ||
        strcmp(unit, bench_ceiling_unit(id)) != 0 || strlen(shape) >= sizeof c->shape ||
        strlen(date) >= sizeof out->date || !positive(json_object_get(record, "value"), &stored))
        return false;
    c = &out->of[id];
    for (size_t i = 0; i < n; i++) {
        if (!positive(json_array_get(samples, i), &sample))
            return false;
        bench_ceiling_add(c, id, sample);
    }
    strcpy(c->shape, shape);
    strcpy(out->date, date);
    return isfinite(c->spread) && fabs(c->value - stored) <= 1e-9 * stored;
}

gcl_status bench_ceiling_parse(bench_ceilings *out, json_t *records, gcl_error *err)
{
    const size_t n = json_array_size(records);

    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < n; i++)
        if (!parse_record(out, json_array_get(records, i)))
            return GCL_FAIL(err, GCL_E_FORMAT, "record %zu of the ceilings is damaged", i);
    for (int id = 0; id < BENCH_N_CEILINGS; id++)
        if (out->of[id].n == 0 && id != BENCH_FMA_F16 && id != BENCH_DOT_I8)
            return GCL_FAIL(err, GCL_E_FORMAT, "ceiling %s is missing", bench_ceiling_name(id));
    return GCL_OK;
}

static gcl_status load(bench_ceilings *out, const char *path, const char *key, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char *text = NULL;
    size_t bytes = 0;
    json_t *root = NULL;
    json_error_t bad;
    const char *stored;

    GCL_TRY(gcl_file_read(&text, &bytes, path, MAX_FILE_BYTES, err));
    root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &bad);
    if (root == NULL) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s, line %d: %s", path, bad.line, bad.text);
        goto done;
    }
    stored = json_string_value(json_object_get(root, "key"));
    if (stored == NULL || strcmp(stored, key) != 0) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s is of another device, driver or program", path);
        goto done;
    }
    GCL_TRY(bench_ceiling_parse(out, json_object_get(root, "ceilings"), err));
    out->seconds = json_number_value(json_object_get(root, "seconds"));
done:
    free(text);
    json_decref(root);
    return st;
}

static gcl_status store(const bench_ceilings *c, const char *path, const char *key, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char folder[4096], *text = NULL;
    json_t *rows = NULL, *root = NULL;

    GCL_TRY(bench_ceiling_records(&rows, c, NULL, err));
    root = json_pack("{s:s, s:f, s:O}", "key", key, "seconds", c->seconds, "ceilings", rows);
    text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(1));
    if (text == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation failed", path);
        goto done;
    }
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    GCL_TRY(gcl_make_dirs(folder, err));
    GCL_TRY(gcl_file_write(path, text, strlen(text), err));
done:
    free(text);
    json_decref(root);
    json_decref(rows);
    return st;
}

gcl_status bench_ceiling_get(gcl_context *ctx, bool fresh, bench_ceilings *out, gcl_error *err)
{
    const gcl_device_info *device = gcl_context_device(ctx);
    gcl_error cache_err = GCL_ERROR_INIT;
    char path[4096], key[KEY_BYTES];
    gcl_status st = bench_ceiling_path(path, sizeof path, device, &cache_err);
    const bool cached = st == GCL_OK;

    make_key(key, device);
    if (cached && !fresh && load(out, path, key, &cache_err) == GCL_OK)
        return GCL_OK;
    st = bench_ceiling_measure(ctx, out, default_budget_seconds, err);
    if (st == GCL_OK && cached) {
        if (!fresh)
            gcl_verbose("ceilings: measured anew: %s", cache_err.message);
        gcl_error_clear(&cache_err);
        store(out, path, key, &cache_err);
    }
    if (st == GCL_OK && cache_err.status != GCL_OK)
        gcl_verbose("ceilings: not stored: %s", cache_err.message);
    gcl_error_clear(&cache_err);
    return st;
}
