/* merges.c - reading merges from the files that are published. */
#include "model/merges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <zlib.h>

#include "model/tokenizer_internal.h"

/* CLIP's has 2 MB. Parsed, JSON may take 80 times its bytes. */
#define MAX_JSON_BYTES ((size_t)8 << 20)

/* Reads a plain or gzipped file of at most GCL_MERGES_BYTES unpacked; *out is owned. */
static gcl_status read_unpacked(char **out, size_t *bytes, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gzFile f = NULL;
    char *data = NULL;
    size_t room = 1 << 20;
    int got = 0, code = Z_OK;

    *out = NULL;
    *bytes = 0;
    errno = 0;
    f = gzopen(path, "rbe");
    if (f == NULL)
        return GCL_FAIL(err, GCL_E_FILE, "cannot open %s: %s", path, strerror(errno));
    do {
        char *more = realloc(data, room);
        if (more == NULL) {
            st = GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu bytes", path, room);
            goto done;
        }
        data = more;
        got = gzread(f, data + *bytes, (unsigned)(room - *bytes - 1));
        *bytes += got > 0 ? (size_t)got : 0;
        if (*bytes > GCL_MERGES_BYTES) {
            st = GCL_FAIL(err, GCL_E_FORMAT, "%s: more than %zu bytes unpacked", path,
                          GCL_MERGES_BYTES);
            goto done;
        }
        room *= *bytes == room - 1 ? 2 : 1;
    } while (got > 0);
    gzerror(f, &code);
    if (code != Z_OK && code != Z_STREAM_END) {
        st = code == Z_ERRNO
                 ? GCL_FAIL(err, GCL_E_FILE, "cannot read %s: %s", path, strerror(errno))
                 : GCL_FAIL(err, GCL_E_FORMAT, "%s: damaged gzip data (zlib error %d)", path, code);
        goto done;
    }
    *out = data;
    data = NULL;
done:
    free(data);
    gzclose(f);
    return st;
}

/* One merge, "LEFT RIGHT" or [LEFT, RIGHT], as a line; returns its end, NULL when it is neither. */
static char *print_merge(char *at, json_t *merge)
{
    const char *left = json_string_value(json_array_get(merge, 0));
    const char *right = json_string_value(json_array_get(merge, 1));

    if (json_is_string(merge))
        return at + sprintf(at, "%s\n", json_string_value(merge));
    if (json_array_size(merge) == 2 && left != NULL && right != NULL)
        return at + sprintf(at, "%s %s\n", left, right);
    return NULL;
}

/* tokenizer.json becomes lines, which are shorter than it. */
static gcl_status from_json(char *text, size_t *bytes, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_error_t why;
    json_t *root = NULL, *merges, *merge;
    char *at = text;
    size_t i;

    if (*bytes > MAX_JSON_BYTES) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: JSON of %zu bytes, at most %zu allowed", path, *bytes,
                      MAX_JSON_BYTES);
        goto done;
    }
    root = json_loadb(text, *bytes, 0, &why);
    merges = json_object_get(json_object_get(root, "model"), "merges");
    if (!json_is_array(merges)) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "%s: no tokenizer.json: %s", path,
                      root == NULL ? why.text : "it has no array model.merges");
        goto done;
    }
    json_array_foreach(merges, i, merge)
    {
        at = print_merge(at, merge);
        if (at == NULL) {
            st = GCL_FAIL(err, GCL_E_FORMAT, "%s: model.merges[%zu] is no pair of texts", path, i);
            goto done;
        }
    }
    *bytes = (size_t)(at - text);
done:
    json_decref(root);
    return st;
}

gcl_status gcl_merges_read(char **out, size_t *bytes, const char *path, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char *text = NULL;

    *out = NULL;
    GCL_TRY(read_unpacked(&text, bytes, path, err));
    if (*bytes > 0 && text[0] == '{')
        GCL_TRY(from_json(text, bytes, path, err));
    text[*bytes] = '\0';
    *out = text;
    text = NULL;
done:
    free(text);
    return st;
}

void gcl_merges_trim(char *merges, size_t vocab)
{
    const char *first = strchr(merges, '\n');
    const char *mark = strstr(merges, "#version:");
    char *end = merges;

    if (mark != NULL && first != NULL && mark < first)
        memmove(merges, first + 1, strlen(first + 1) + 1);
    for (size_t n = vocab - 2 - 2 * GCL_UNITS; n > 0 && *end != '\0'; n--) {
        end += strcspn(end, "\n");
        end += *end == '\n';
    }
    *end = '\0';
}
