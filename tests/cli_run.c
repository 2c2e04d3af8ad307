/* cli_run.c - running the program from a test. */
#include "cli_run.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

enum { LIMIT_BYTES = 1 << 26, LINE_ROOM = 16384 };

char cli_folder[] = "/tmp/test_cli.XXXXXX";
char *cli_out, *cli_err;

int cli_make_folder(void **state)
{
    (void)state;
    return mkdtemp(cli_folder) == NULL || setenv("GALIP", GALIP, 1) != 0 ||
           setenv("GALIP_DATA_DIR", SOURCE_DIR "/weights", 1) != 0 ||
           setenv("GALIP_TUNING", "off", 1) != 0; /* not what this machine's user has tuned */
}

int cli_remove_folder(void **state)
{
    char line[64];

    (void)state;
    free(cli_out);
    free(cli_err);
    cli_out = cli_err = NULL;
    snprintf(line, sizeof line, "rm -rf '%s'", cli_folder);
    return system(line);
}

const char *cli_path(const char *name)
{
    static char paths[2][512];
    static int next;
    char *path = paths[next ^= 1];

    snprintf(path, sizeof paths[0], "%s/%s", cli_folder, name);
    return path;
}

static char *load(const char *name, size_t *bytes)
{
    gcl_error err = GCL_ERROR_INIT;
    char *data = NULL;

    if (gcl_file_read(&data, bytes, cli_path(name), LIMIT_BYTES, &err) != GCL_OK)
        fail_msg("%s", err.message);
    return data;
}

static int run_line(const char *line)
{
    char *whole = malloc(strlen(line) + 256);
    size_t bytes;
    int status;

    assert_non_null(whole);
    sprintf(whole, "cd '%s' || exit 99; exec </dev/null >.out 2>.err; %s", cli_folder, line);
    status = system(whole);
    free(whole);
    free(cli_out);
    free(cli_err);
    cli_out = load(".out", &bytes);
    cli_err = load(".err", &bytes);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void format(char line[LINE_ROOM], const char *before, const char *fmt, va_list ap)
{
    const size_t n = strlen(before);

    memcpy(line, before, n);
    assert_in_range(vsnprintf(line + n, LINE_ROOM - n, fmt, ap), 0, LINE_ROOM - n - 1);
}

#define FORMAT(before)             \
    char line[LINE_ROOM];          \
    va_list ap;                    \
    va_start(ap, fmt);             \
    format(line, before, fmt, ap); \
    va_end(ap)

int cli_shell(const char *fmt, ...)
{
    FORMAT("");
    return run_line(line);
}

static void run_well(const char *line)
{
    const int status = run_line(line);

    if (status != 0)
        fail_msg("%s: exit status %d: %s", line, status, cli_err);
}

void cli_run(const char *fmt, ...)
{
    FORMAT("\"$GALIP\" ");
    run_well(line);
}

json_t *cli_run_json(const char *fmt, ...)
{
    json_error_t where;
    json_t *json;
    FORMAT("\"$GALIP\" ");

    run_well(line);
    json = json_loads(cli_out, 0, &where);
    if (json == NULL)
        fail_msg("%s: line %d of the output: %s", line, where.line, where.text);
    return json;
}

void cli_fails(int status, const char *message, const char *fmt, ...)
{
    int got;
    const char *end;
    FORMAT("\"$GALIP\" ");

    got = run_line(line);
    end = strchr(cli_err, '\n');
    if (got != status || strncmp(cli_err, "galip: ", 7) != 0 || strstr(cli_err, message) == NULL)
        fail_msg("%s: exit status %d, needs %d and \"%s\"; said: %s", line, got, status, message,
                 cli_err);
    if (end == NULL || end[1] != '\0')
        fail_msg("%s: not one line: %s", line, cli_err);
    if (*cli_out != '\0')
        fail_msg("%s: printed besides its error: %s", line, cli_out);
}

void cli_same_file(const char *a, const char *b)
{
    size_t bytes_a, bytes_b;
    char *x = load(a, &bytes_a), *y = load(b, &bytes_b);
    const int differ = bytes_a != bytes_b || memcmp(x, y, bytes_a) != 0;

    free(x);
    free(y);
    if (differ)
        fail_msg("%s and %s differ", a, b);
}

size_t cli_count(const char *prefix)
{
    DIR *dir = opendir(cli_folder);
    struct dirent *entry;
    size_t n = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        n += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    closedir(dir);
    return n;
}

void cli_read(gcl_image *image, const char *name)
{
    gcl_error err = GCL_ERROR_INIT;

    if (gcl_image_read(image, cli_path(name), &err) != GCL_OK)
        fail_msg("%s", err.message);
}

char *cli_text(const char *name, const char *key)
{
    gcl_error err = GCL_ERROR_INIT;
    char *text = NULL;

    if (gcl_png_read_text(cli_path(name), key, &text, &err) != GCL_OK)
        fail_msg("%s", err.message);
    return text;
}
