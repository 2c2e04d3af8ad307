/* judge.c - what a run with a failing call must look like. */
#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "sweep.h"

/* Failures that the program may survive, its result unchanged. */
static const struct {
    const char *call; /* begins with this */
    const char *path; /* and concerns a file whose name holds this; NULL: any */
} tolerated[] = {
    {"clRelease", NULL},                 /* nothing is left to lose */
    {"clGetDeviceIDs", NULL},            /* of another platform than the one chosen */
    {"clGetDeviceInfo", NULL},           /* what a device does not tell has a default */
    {"clGetPlatformInfo", NULL},         /* the platform's name is for people only */
    {"clCreateProgramWithBinary", NULL}, /* a stored program: built from source instead */
    {"clBuildProgram", NULL},            /* the same; one from source must not pass (cold runs) */
    {"clGetProgramInfo", NULL},          /* the binary that would be stored */
    {"malloc", NULL},                    /* the cache's copies, the device's strings */
    {"realloc", NULL},                   /* utf8proc giving surplus memory back */
    {"mmap", NULL},                      /* a stored program */
    {"open", "cache"},
    {"open", "urandom"}, /* the seed of jansson's hash: the clock then */
    {"mkdir", NULL},     /* only the cache makes folders */
    {"fdopen", NULL},    /* of a file to store; that of the picture must not pass (result) */
    {"fwrite", "cache"},
    {"fflush", "cache"},
    {"fclose", "cache"},
    {"fclose", ".tmp."}, /* no. 1: the trial before the work, thrown away */
    {"rename", "cache"},
};

static bool is_tolerated(const sweep_run *r, const char *path)
{
    const char *call = sweep_names[r->fault.call];

    if (r->scenario->cold && strcmp(call, "clBuildProgram") == 0)
        return false;
    for (size_t i = 0; i < sizeof tolerated / sizeof tolerated[0]; i++)
        if (strncmp(call, tolerated[i].call, strlen(tolerated[i].call)) == 0 &&
            (tolerated[i].path == NULL || strstr(path, tolerated[i].path) != NULL))
            return strcmp(sweep_names[r->fault.call], "fclose") != 0 || r->fault.at == 1 ||
                   strstr(path, "cache") != NULL;
    return false;
}

/* Without a picture the result is the figures that verify prints. Where the device does not tell its
 * properties other variants may run, whose figures differ: their verdict, the exit status, counts. */
static bool same_result(const sweep_run *r, const char *printed)
{
    const sweep_scenario *s = r->scenario;
    gcl_image image = {0};
    bool same = strcmp(printed, s->printed) == 0;

    if (s->picture.rgb == NULL && strcmp(sweep_names[r->fault.call], "clGetDeviceInfo") == 0)
        return true;

    if (same && s->picture.rgb != NULL) {
        same = gcl_image_read(&image, "out.png", NULL) == GCL_OK &&
               image.width == s->picture.width && image.height == s->picture.height &&
               memcmp(image.rgb, s->picture.rgb, 3 * image.width * image.height) == 0;
        gcl_image_free(&image);
    }
    return same;
}

/* One line that tells the OpenCL call and its status, or the reason that the system gave. */
static bool names_the_call(const sweep_run *r, const char *message, const char *path)
{
    const char *end = strchr(message, '\n'), *slash = strrchr(path, '/');
    const char *file = slash != NULL ? slash + 1 : path;
    const int code = layer_codes[r->fault.call][r->fault.code];

    if (strncmp(message, "galip: ", 7) != 0 || end == NULL || end[1] != '\0')
        return false;
    if (code < 0)
        return strstr(message, sweep_names[r->fault.call]) != NULL &&
               strstr(message, gcl_status_name(code)) != NULL;
    /* jansson loses a byte when its buffer cannot grow, and goes on: the file is found wrong */
    if (r->fault.call == AT_malloc && strstr(message, "safetensors:") != NULL)
        return true;
    if (r->fault.call <= AT_strdup)
        return strstr(message, "allocation") != NULL || strstr(message, "memory") != NULL;
    return strstr(message, strerror(code)) != NULL &&
           (strcmp(path, "-") == 0 || strcmp(file, "stdout") == 0 ||
            strstr(message, file) != NULL || strstr(file, ".tmp.") != NULL);
}

/* Files that the run left beside those it was given. */
static bool left_something(char *name, size_t room, bool may_write)
{
    static const char *const known[] = {".",     "..",    "stdout",     "stderr",    "report",
                                        "cache", "child", "stdout.all", "stderr.all"};
    static const char *const folders[] = {".", "cache/galip", "child/galip"};
    bool left = false;

    for (int k = 0; k < 3; k++) {
        DIR *dir = opendir(folders[k]);
        struct dirent *e;
        while (dir != NULL && (e = readdir(dir)) != NULL) {
            bool ok = k > 0 && strstr(e->d_name, ".tmp.") == NULL;
            for (size_t i = 0; k == 0 && i < sizeof known / sizeof known[0]; i++)
                ok |= strcmp(e->d_name, known[i]) == 0;
            if (ok || (may_write && strcmp(e->d_name, "out.png") == 0))
                continue;
            left = true;
            snprintf(name, room, "%s/%s", folders[k], e->d_name);
            remove(name);
        }
        if (dir != NULL)
            closedir(dir);
    }
    return left;
}

static int complain(const sweep_run *r, const char *message, const char *fmt, ...)
{
    const layer_message *f = &r->fault;
    va_list ap;

    printf("FAILED %s: ", r->scenario->name);
    if (f->at > 0)
        printf("%s no. %d = %d: ", sweep_names[f->call], f->at, layer_codes[f->call][f->code]);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("; said: %s\n", message);
    fflush(stdout);
    return 1;
}

/* References that the report tells were not given back: its line, or NULL. */
static const char *leak(char *report)
{
    for (char *line = strstr(report, "live "); line != NULL; line = strstr(line + 1, "live ")) {
        const char *kind = line + 5;
        char *end = line + strcspn(line, "\n");
        if (strncmp(end - 2, " 0", 2) == 0)
            continue;
        *end = '\0';
        return kind;
    }
    return NULL;
}

int sweep_judge(const sweep_run *r)
{
    char *said = sweep_read("stderr"), *printed = sweep_read("stdout");
    char *report = sweep_read("report"), left[512] = "", path[4096] = "-";
    const char *injected = strstr(report, "injected "), *leaked = leak(report);
    const int status = r->fault.status, code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    /* printing comes last: a picture is whole by then, and stays */
    const bool may_write = code == 0 || r->fault.written || r->fault.call == AT_fflush;
    int bad = 0;

    if (injected != NULL)
        sscanf(injected, "injected %4095[^\n]", path);
    if (WIFSIGNALED(status))
        bad = complain(r, said, WTERMSIG(status) == SIGALRM ? "hangs" : "signal %d",
                       WTERMSIG(status));
    else if (injected == NULL && r->fault.at > 0)
        bad = complain(r, said, "the call was not made");
    else if (code != 0 && (code != 1 || r->fault.at == 0))
        bad = complain(r, said, "exit status %d", code);
    else if (code == 0 && r->fault.at > 0 && !is_tolerated(r, path))
        bad = complain(r, said, "exit status 0 (%s)", path);
    else if (code == 0 && r->fault.at > 0 && (*said != '\0' || !same_result(r, printed)))
        bad = complain(r, said, "survived with another result (%s)", path);
    else if (code == 1 && !names_the_call(r, said, path))
        bad = complain(r, said, "the message does not name the call in one line (%s)", path);
    else if (leaked != NULL)
        bad = complain(r, said, "leak: %s", leaked);
    if (left_something(left, sizeof left, may_write))
        bad = complain(r, said, "left %s", left);
    if (!r->fault.written)
        remove("out.png");
    remove("report");
    free(said);
    free(printed);
    free(report);
    return bad;
}
