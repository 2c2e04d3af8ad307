/* layer.c - what the fault layer was told, counted and reports. */
#include "layer.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[AT_COUNT_] = {
#define FAULT_CL(name, ...) #name,
#define FAULT_HOST(name, ...) #name,
#include "calls.def"
};
static const char *const kinds[LIVE_COUNT_] = {"context", "queue", "mem",   "program",
                                               "kernel",  "event", "memory"};

static atomic_int calls[AT_COUNT_], live[LIVE_COUNT_];
static char report_path[4096], injected_path[4096];
static const char *fault_call;
static int fault_at, fault_code, fork_fd = -1;
static layer_choice choice;
int layer_streams, layer_written;

static int number(const char *name)
{
    const char *text = getenv(name);

    return text != NULL ? atoi(text) : 0;
}

/* The driver's own children (a linker, say) shall not be counted: they do not get the layer. */
__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAULT_REPORT"), *wanted = getenv("FAULT_CALL");

    if (path != NULL)
        snprintf(report_path, sizeof report_path, "%s", path);
    for (int i = 0; wanted != NULL && i < AT_COUNT_; i++)
        if (strcmp(names[i], wanted) == 0)
            fault_call = names[i];
    fault_at = number("FAULT_AT");
    fault_code = number("FAULT_CODE");
    if (getenv("FAULT_FORK") != NULL) {
        fork_fd = number("FAULT_FORK");
        choice.step = number("FAULT_STEP");
        choice.offset = number("FAULT_OFFSET");
        choice.workers = number("FAULT_WORKERS");
        choice.worker = number("FAULT_WORKER");
    }
    unsetenv("LD_PRELOAD");
}

__attribute__((destructor)) static void end(void)
{
    FILE *f = report_path[0] != '\0' ? fopen(report_path, "w") : NULL;

    if (f == NULL)
        return;
    for (int i = 0; i < AT_COUNT_; i++)
        fprintf(f, "calls %s %d\n", names[i], calls[i]);
    for (int i = 0; i < LIVE_COUNT_; i++)
        fprintf(f, "live %s %d\n", kinds[i], live[i]);
    if (injected_path[0] != '\0')
        fprintf(f, "injected %s\n", injected_path);
    fclose(f);
}

static bool one_thread(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int n = 0;

    for (struct dirent *e; tasks != NULL && (e = readdir(tasks)) != NULL;)
        n += e->d_name[0] != '.';
    if (tasks != NULL)
        closedir(tasks);
    return n == 1;
}

static bool may_fork(int call, int n)
{
    return fork_fd >= 0 && call <= AT_strdup && layer_streams == 0 &&
           layer_chosen(&choice, call, n) && one_thread();
}

static void redirect(const char *path, int fd)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

    dup2(file, fd);
    close(file);
}

/* True in a child, where the call shall fail. */
static bool forked(int call, int n, int code)
{
    const pid_t child = fork();
    layer_message m = {.call = call, .at = n, .code = code, .written = layer_written};
    char go;

    if (child == 0) {
        close(fork_fd);
        fork_fd = -1;
        redirect("stdout", STDOUT_FILENO);
        redirect("stderr", STDERR_FILENO);
        if (getenv("FAULT_CACHE") != NULL)
            setenv("XDG_CACHE_HOME", getenv("FAULT_CACHE"), 1);
        snprintf(injected_path, sizeof injected_path, "-");
        alarm(LAYER_TIMEOUT_S);
        return true;
    }
    if (child < 0 || waitpid(child, &m.status, 0) != child ||
        write(fork_fd, &m, sizeof m) != (ssize_t)sizeof m || read(fork_fd, &go, 1) != 1)
        _exit(99); /* the test is gone */
    return false;
}

int layer_hit(int call, const char *path)
{
    const int n = atomic_fetch_add(&calls[call], 1) + 1;

    if (may_fork(call, n))
        for (int i = 0; layer_codes[call][i] != 0; i++)
            if (forked(call, n, i))
                return layer_codes[call][i];
    if (names[call] != fault_call || n != fault_at)
        return 0;
    snprintf(injected_path, sizeof injected_path, "%s", path != NULL ? path : "-");
    return fault_code;
}

void layer_live(int kind, int more)
{
    atomic_fetch_add(&live[kind], more);
}

void layer_find(void *function_pointer, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL)
        abort();
    memcpy(function_pointer, &found, sizeof found);
}
