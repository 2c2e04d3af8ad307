/* kernel_source.c - finds a program's text and resolves its includes. */
#include "host/kernel_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { MAX_SOURCE_BYTES = 1 << 20 };

/* A growing string; `failed` remembers that memory ran out. */
typedef struct text {
    char *s;
    size_t used, room;
    int failed;
} text;

static void append(text *t, const char *s, size_t n)
{
    if (t->failed)
        return;
    if (t->used + n + 1 > t->room) {
        const size_t room = 2 * (t->used + n + 1);
        char *p = realloc(t->s, room);
        if (p == NULL) {
            t->failed = 1;
            return;
        }
        t->s = p;
        t->room = room;
    }
    memcpy(t->s + t->used, s, n);
    t->used += n;
    t->s[t->used] = '\0';
}

/* *owned is set when the text came from disk and must be freed. */
static gcl_status load(const char **out, char **owned, const char *name, gcl_error *err)
{
    const char *dir = getenv("GALIP_KERNEL_DIR");
    size_t bytes;

    *owned = NULL;
    if (dir != NULL && *dir != '\0') {
        char path[4096];
        gcl_status st;

        snprintf(path, sizeof path, "%s/%s", dir, name);
        st = gcl_file_read(owned, &bytes, path, MAX_SOURCE_BYTES, err);
        *out = *owned;
        return st;
    }
    for (const gcl_embedded_kernel *k = gcl_embedded_kernels; k->name != NULL; k++)
        if (strcmp(k->name, name) == 0) {
            *out = k->text;
            return GCL_OK;
        }
    return GCL_FAIL(err, GCL_E_NOT_FOUND, "no kernel source named %s", name);
}

static gcl_status append_file(text *t, const char *name, gcl_error *err)
{
    static const char directive[] = "#include \"";
    gcl_status st = GCL_OK;
    const char *s = NULL;
    char *owned = NULL;
    char line_mark[160];
    int line = 0;

    GCL_TRY(load(&s, &owned, name, err));
    while (*s != '\0') {
        const size_t n = strcspn(s, "\n") + (s[strcspn(s, "\n")] == '\n');
        line++;
        if (strncmp(s, directive, sizeof directive - 1) == 0) {
            char included[128];
            const char *from = s + sizeof directive - 1;
            snprintf(included, sizeof included, "%.*s", (int)strcspn(from, "\"\n"), from);
            snprintf(line_mark, sizeof line_mark, "#line 1 \"%s\"\n", included);
            append(t, line_mark, strlen(line_mark));
            GCL_TRY(append_file(t, included, err));
            snprintf(line_mark, sizeof line_mark, "#line %d \"%s\"\n", line + 1, name);
            append(t, line_mark, strlen(line_mark));
        } else {
            append(t, s, n);
        }
        s += n;
    }
done:
    free(owned);
    return st;
}

gcl_status gcl_kernel_source(char **out, const char *program, gcl_error *err)
{
    gcl_status st = GCL_OK;
    text t = {0};
    char name[128];

    *out = NULL;
    snprintf(name, sizeof name, "%s.cl", program);
    GCL_TRY(append_file(&t, name, err));
    if (t.failed || t.s == NULL) {
        st = GCL_FAIL(err, GCL_E_NOMEM, "kernel source %s: host allocation failed", name);
        goto done;
    }
    *out = t.s;
    t.s = NULL;
done:
    free(t.s);
    return st;
}
