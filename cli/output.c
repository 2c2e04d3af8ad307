/* output.c - printing. */
#include "cli/output.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "model/tokenizer.h"

/* Bytes of the UTF-8 character at p, before end; 0 when there is none. jansson knows the rules. */
static size_t character_bytes(const char *p, const char *end)
{
    for (size_t n = 1; n <= 4 && n <= (size_t)(end - p); n++) {
        json_t *one = json_stringn(p, n);
        json_decref(one);
        if (one != NULL)
            return n;
    }
    return 0;
}

json_t *cli_json_bytes(const char *text, size_t bytes)
{
    static const char replacement[] = "\xef\xbf\xbd";
    json_t *json = json_stringn(text, bytes);
    const char *end = text + bytes;
    char *clean, *out;

    if (json != NULL || (out = clean = malloc(3 * bytes + 1)) == NULL)
        return json;
    while (text < end) {
        const size_t n = character_bytes(text, end);
        memcpy(out, n > 0 ? text : replacement, n > 0 ? n : 3);
        out += n > 0 ? n : 3;
        text += n > 0 ? n : 1;
    }
    json = json_stringn(clean, (size_t)(out - clean));
    free(clean);
    return json;
}

json_t *cli_json_text(const char *text)
{
    return cli_json_bytes(text, strlen(text));
}

json_t *cli_json_seed(uint64_t seed)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, seed);
    return json_string(text);
}

json_t *cli_json_real(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

json_t *cli_json_floats(const float *v, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, cli_json_real((double)v[i]));
    return list;
}

gcl_status cli_json_print(json_t *root, gcl_error *err)
{
    int bad;

    if (root == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "JSON output: host allocation failed");
    bad = json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(root);
    if (bad != 0)
        return GCL_FAIL(err, GCL_E_FILE, "cannot write to standard output");
    putchar('\n');
    return GCL_OK;
}

void cli_print_text(FILE *f, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        fputc(c < 0x20 || c == 0x7f ? '?' : c, f);
    }
}

void cli_warn_not_utf8(const char *text, size_t bytes)
{
    const size_t n = gcl_tokenizer_invalid(text, bytes);
    char begin[41];

    if (n == 0)
        return;
    snprintf(begin, sizeof begin, "%s", text);
    fprintf(stderr, "galip: warning: text \"");
    cli_print_text(stderr, begin);
    fprintf(stderr, "%s\" is not UTF-8 in %zu place%s; U+FFFD is read there\n",
            strlen(text) >= sizeof begin ? "..." : "", n, n == 1 ? "" : "s");
}

enum { VALUE_COLUMN = 20 };

/* Lines after the first start in the column too. */
static void print_lines(const char *text)
{
    char line[256];

    for (;;) {
        const size_t n = strcspn(text, "\n"), part = n < sizeof line ? n : sizeof line - 1;
        snprintf(line, sizeof line, "%.*s", (int)part, text);
        cli_print_text(stdout, line);
        text += part;
        if (*text == '\0')
            return;
        if (*text == '\n') {
            printf("\n%*s", VALUE_COLUMN, "");
            text++;
        }
    }
}

void cli_print_pair(const char *key, const json_t *v)
{
    const int width = 2 + (int)strlen(key);

    printf("  ");
    cli_print_text(stdout, key);
    printf("%*s", width < VALUE_COLUMN ? VALUE_COLUMN - width : 1, "");
    if (json_is_string(v))
        print_lines(json_string_value(v));
    else if (json_is_integer(v))
        printf("%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (json_is_real(v))
        printf("%g", json_real_value(v));
    else
        for (size_t i = 0; i < json_array_size(v); i++)
            printf("%s%" JSON_INTEGER_FORMAT, i > 0 ? " " : "",
                   json_integer_value(json_array_get(v, i)));
    putchar('\n');
}

void cli_progress(size_t done, size_t total)
{
    enum { WIDTH = 30 };
    const int filled = (int)((double)done / (double)total * WIDTH);

    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K");
    if (done < total)
        fprintf(stderr, "[%.*s%*s] picture %zu/%zu", filled,
                "==============================", WIDTH - filled, "", done, total);
    fflush(stderr);
}

double cli_seconds(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const char *cli_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

gcl_status cli_alloc(void *out, size_t n, size_t size, const char *what, gcl_error *err)
{
    void *p = n > SIZE_MAX / size ? NULL : malloc(n * size + 1);

    memcpy(out, &p, sizeof p);
    if (p == NULL)
        return GCL_FAIL(err, GCL_E_NOMEM, "%s: host allocation of %zu x %zu bytes", what, n, size);
    return GCL_OK;
}

gcl_status cli_check_writable(const char *path, gcl_error *err)
{
    gcl_writer w = {0};
    struct stat sb;
    gcl_status st;

    if (stat(path, &sb) == 0 && !S_ISREG(sb.st_mode))
        return GCL_FAIL(err, GCL_E_FILE, "cannot write %s: it is not a regular file", path);
    st = gcl_writer_open(&w, path, err);
    gcl_writer_abort(&w);
    return st;
}
