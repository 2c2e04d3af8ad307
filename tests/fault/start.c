/* start.c - running the program under the fault layer. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "sweep.h"

const char *const sweep_names[AT_COUNT_] = {
#define FAULT_CL(name, ...) #name,
#define FAULT_HOST(name, ...) #name,
#include "calls.def"
};

void sweep_shell(const char *fmt, ...)
{
    char line[4096];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (system(line) == 0)
        return;
    printf("fault: %s failed\n", line);
    exit(1);
}

char *sweep_read(const char *path)
{
    char *text = NULL;
    size_t bytes;

    if (gcl_file_read(&text, &bytes, path, 1 << 26, NULL) != GCL_OK)
        text = calloc(1, 1);
    if (text == NULL)
        exit(1);
    return text;
}

static void set_number(const char *name, int v)
{
    char text[16];

    snprintf(text, sizeof text, "%d", v);
    setenv(name, text, 1);
}

/* In the child. */
static void become(const sweep_scenario *s, const char *suffix)
{
    char path[64];
    static const char *const streams[] = {"stdout", "stderr"};

    for (int i = 0; i < 2; i++) {
        int file;
        snprintf(path, sizeof path, "%s%s", streams[i], suffix);
        file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        dup2(file, STDOUT_FILENO + i);
        close(file);
    }
    setenv("FAULT_REPORT", "report", 1);
    setenv("LD_PRELOAD", LAYER, 1);
    execv(GALIP, (char *const *)(size_t)s->args);
    _exit(127);
}

static void empty_cache(const sweep_scenario *s)
{
    if (s->cold)
        sweep_shell("rm -rf cache/galip child/galip");
}

int sweep_start(const sweep_scenario *s, const layer_message *fault)
{
    int status = 0;
    pid_t child;

    empty_cache(s);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        if (fault != NULL) {
            setenv("FAULT_CALL", sweep_names[fault->call], 1);
            set_number("FAULT_AT", fault->at);
            set_number("FAULT_CODE", layer_codes[fault->call][fault->code]);
        }
        alarm(fault != NULL ? LAYER_TIMEOUT_S : 600); /* undisturbed: every kernel is compiled */
        become(s, "");
    }
    waitpid(child, &status, 0);
    return status;
}

int sweep_forks(const sweep_scenario *s, const layer_choice *choice, uint32_t (*done)[SWEEP_MAX_AT],
                int *total)
{
    sweep_run r = {.scenario = s};
    int ends[2], status, bad = 0;
    pid_t child;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        exit(1);
    empty_cache(s);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        char cache[4096];
        close(ends[0]);
        set_number("FAULT_FORK", ends[1]);
        set_number("FAULT_STEP", choice->step);
        set_number("FAULT_OFFSET", choice->offset);
        set_number("FAULT_WORKERS", choice->workers);
        set_number("FAULT_WORKER", choice->worker);
        if (s->cold && getcwd(cache, sizeof cache - 8) != NULL)
            setenv("FAULT_CACHE", strcat(cache, "/child"), 1);
        become(s, ".all");
    }
    close(ends[1]);
    while (read(ends[0], &r.fault, sizeof r.fault) == (ssize_t)sizeof r.fault) {
        bad += sweep_judge(&r);
        ++*total;
        if (r.fault.at < SWEEP_MAX_AT)
            done[r.fault.call][r.fault.at] |= 1u << r.fault.code;
        if (s->cold)
            sweep_shell("rm -rf child/galip");
        if (write(ends[0], "", 1) != 1)
            break;
    }
    close(ends[0]);
    waitpid(child, &status, 0);
    remove("report");
    remove("out.png");
    if (status != 0) {
        bad++;
        printf("FAILED %s: the process that forks ended with status %d\n", s->name, status);
    }
    return bad;
}

void sweep_remember(sweep_scenario *s)
{
    char *report = sweep_read("report");
    char name[64];
    int n, used;

    for (const char *p = report; sscanf(p, "calls %63s %d\n%n", name, &n, &used) == 2; p += used)
        for (int i = 0; i < AT_COUNT_; i++)
            if (strcmp(sweep_names[i], name) == 0)
                s->calls[i] = n;
    free(report);
    s->printed = sweep_read("stdout");
    gcl_image_read(&s->picture, "out.png", NULL);
}
