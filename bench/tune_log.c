/* tune_log.c - the append-only log of a run. */
#include "bench/tune_log.h"

#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { MAX_LINE = 4096 };

static gcl_status lock(int fd, const char *path, void (*wait)(void *user, const char *message),
                       void *user, gcl_error *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char message[4200];

    if (fcntl(fd, F_SETLK, &whole) == 0)
        return GCL_OK;
    snprintf(message, sizeof message, "waiting for another run that writes %s", path);
    if (wait != NULL)
        wait(user, message);
    while (fcntl(fd, F_SETLKW, &whole) != 0)
        if (errno != EINTR)
            return GCL_FAIL(err, GCL_E_FILE, "cannot lock %s: %s", path, strerror(errno));
    return GCL_OK;
}

/* Reads the lines of a run like this one; a line that was cut off ends them. Leaves the position behind
 * the last whole line. @return whether it was such a run */
static bool read_entries(tune_log *log, const json_t *run)
{
    char line[MAX_LINE];
    long end = 0;
    bool same = false;

    while (fgets(line, sizeof line, log->file) != NULL && strchr(line, '\n') != NULL) {
        json_t *entry = json_loads(line, 0, NULL);
        const char *key = json_string_value(json_object_get(entry, "key"));
        const bool first = end == 0;
        same |= first && entry != NULL && json_equal(entry, (json_t *)(size_t)run);
        if (same && key != NULL)
            json_object_set(log->entries, key, entry);
        json_decref(entry);
        if (!same || (!first && key == NULL))
            break;
        end = ftell(log->file);
    }
    return same && fseek(log->file, end, SEEK_SET) == 0 && ftruncate(fileno(log->file), end) == 0;
}

/* The file without a line. */
static gcl_status empty(tune_log *log, gcl_error *err)
{
    rewind(log->file);
    if (ftruncate(fileno(log->file), 0) != 0)
        return GCL_FAIL(err, GCL_E_FILE, "cannot empty the log: %s", strerror(errno));
    return GCL_OK;
}

static gcl_status append(tune_log *log, const json_t *line, gcl_error *err)
{
    if (json_dumpf(line, log->file, JSON_COMPACT) != 0 || fputc('\n', log->file) == EOF ||
        fflush(log->file) != 0)
        return GCL_FAIL(err, GCL_E_FILE, "cannot write the log: %s", strerror(errno));
    return GCL_OK;
}

gcl_status tune_log_open(tune_log *log, const char *path, const json_t *run,
                         void (*wait)(void *user, const char *message), void *user, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char folder[4096];
    int fd = -1;

    memset(log, 0, sizeof *log);
    if (path == NULL)
        return GCL_OK;
    if (strrchr(path, '/') > path) {
        snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
        GCL_TRY(gcl_make_dirs(folder, err));
    }
    log->entries = json_object();
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || (log->file = fdopen(fd, "r+")) == NULL) {
        st = GCL_FAIL(err, GCL_E_FILE, "cannot open %s: %s", path, strerror(errno));
        goto done;
    }
    fd = -1;
    GCL_TRY(lock(fileno(log->file), path, wait, user, err));
    log->resumed = read_entries(log, run);
    if (!log->resumed) {
        json_object_clear(log->entries);
        GCL_TRY(empty(log, err));
        GCL_TRY(append(log, run, err));
    }
done:
    if (fd >= 0)
        close(fd);
    if (st != GCL_OK)
        tune_log_close(log);
    return st;
}

void tune_log_close(tune_log *log)
{
    if (log->file != NULL)
        fclose(log->file);
    json_decref(log->entries);
    memset(log, 0, sizeof *log);
}

/* JSON has no other numbers. */
static double finite(double v)
{
    return isfinite(v) ? v : DBL_MAX;
}

static double real(const json_t *entry, const char *key)
{
    return json_number_value(json_object_get(entry, key));
}

bool tune_log_find(const tune_log *log, const char *key, tune_result *out, double *seconds)
{
    const json_t *e = json_object_get(log->entries, key);
    const char *why = json_string_value(json_object_get(e, "why"));

    if (e == NULL)
        return false;
    *out = (tune_result){
        .verdict = (tune_verdict)json_integer_value(json_object_get(e, "verdict")),
        .ratio = real(e, "ratio"),
        .ns = real(e, "ns"),
        .table_ns = real(e, "table_ns"),
        .spread = real(e, "spread"),
        .units = real(e, "units"),
    };
    snprintf(out->why, sizeof out->why, "%s", why != NULL ? why : "");
    *seconds = real(e, "seconds");
    return true;
}

gcl_status tune_log_append(tune_log *log, const char *key, const tune_result *r, double seconds,
                           gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_t *why = NULL, *line = NULL;

    if (log->file == NULL)
        return GCL_OK;
    why = json_string(r->why);
    if (why == NULL) /* a driver's words that are no UTF-8 */
        why = json_string("?");
    line = json_pack("{s:s, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:o}", "key", key, "verdict",
                     (int)r->verdict, "ratio", finite(r->ratio), "ns", finite(r->ns), "table_ns",
                     finite(r->table_ns), "spread", finite(r->spread), "units", finite(r->units),
                     "seconds", seconds, "why", why);
    if (line == NULL)
        st = GCL_FAIL(err, GCL_E_NOMEM, "tune: host allocation of a line of the log");
    else
        st = append(log, line, err);
    json_decref(line);
    return st;
}

gcl_status tune_log_finish(tune_log *log, gcl_error *err)
{
    return log->file != NULL ? empty(log, err) : GCL_OK;
}
