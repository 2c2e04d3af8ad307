/*
 * sweep.c - makes every call of two commands fail, once each and with every code it may give.
 *
 *   fault [--all] [--seed N] [--step N]
 *
 * Without --all only every N-th call of each kind (and the first); the seed says which.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sweep.h"

enum { MAX_WORKERS = 64, N_KILLS = 200, SAMPLE_STEP = 240, COLD_STEP = 4 };

#define DEMO SOURCE_DIR "/weights/galip-56-demo.safetensors"

static sweep_scenario scenarios[] = {
    {.name = "generate",
     .args = {"galip", "generate", "a red circle", "--seed", "1", "-w", DEMO, "-o", "out.png"}},
    {.name = "verify",
     .args = {"galip", "verify", "-w", DEMO, SOURCE_DIR "/tests/data/golden/demo.safetensors"}},
    {.name = "generate, cold cache",
     .args = {"galip", "generate", "a red circle", "--seed", "1", "-w", DEMO, "-o", "out.png"},
     .cold = true},
    {.name = "info",
     .args = {"galip", "info", "--tensors", SOURCE_DIR "/tests/data/torch/tensors.pth"}},
};
enum { N_SCENARIOS = sizeof scenarios / sizeof scenarios[0] };

/* Shared by the workers. */
typedef struct board {
    int faults[MAX_WORKERS], in_forks[MAX_WORKERS], bad[MAX_WORKERS];
    uint32_t done[MAX_WORKERS][AT_COUNT_][SWEEP_MAX_AT]; /* bit per code */
} board;

/* What could not be done in a fork: a process of its own each. */
static void single_runs(const sweep_scenario *s, const layer_choice *c, int w, board *b)
{
    for (int call = 0; call < AT_COUNT_; call++)
        for (int at = 1; at <= s->calls[call]; at++)
            for (int k = 0; layer_chosen(c, call, at) && layer_codes[call][k] != 0; k++) {
                sweep_run r = {.scenario = s, .fault = {.call = call, .at = at, .code = k}};
                if (b->done[w][call][at] >> k & 1)
                    continue;
                r.fault.status = sweep_start(s, &r.fault);
                b->faults[w]++;
                b->bad[w] += sweep_judge(&r);
            }
}

/* Every scenario by all workers, each in a folder with caches of its own. */
static void sweep(const sweep_scenario *s, int step, unsigned seed, int workers, board *b)
{
    memset(b->done, 0, sizeof b->done);
    fflush(stdout); /* the workers would print it again */
    for (int w = 0; w < workers; w++) {
        const layer_choice c = {step, (int)(seed % (unsigned)step), workers, w};
        char folder[32], cache[4096];
        if (fork() != 0)
            continue;
        snprintf(folder, sizeof folder, "../worker-%d", w);
        sweep_shell("rm -rf %s && mkdir %s && cp -r cache %s", folder, folder, folder);
        if (chdir(folder) != 0)
            _exit(1);
        sweep_shell("mkdir -p child");
        if (getcwd(cache, sizeof cache - 8) == NULL)
            _exit(1);
        setenv("XDG_CACHE_HOME", strcat(cache, "/cache"), 1);
        b->bad[w] += sweep_forks(s, &c, b->done[w], &b->faults[w]);
        b->in_forks[w] = b->faults[w];
        single_runs(s, &c, w, b);
        fflush(stdout);
        _exit(0);
    }
    while (wait(NULL) > 0)
        ;
}

/* The undisturbed run: it must succeed and leak nothing, and tells how many calls there are. */
static int measure(sweep_scenario *s)
{
    sweep_run r = {.scenario = s};
    int total = 0;

    r.fault.status = sweep_start(s, NULL); /* fills the caches of the driver */
    r.fault.status = sweep_start(s, NULL);
    sweep_remember(s);
    for (int i = 0; i < AT_COUNT_; i++) {
        total += s->calls[i];
        if (s->calls[i] >= SWEEP_MAX_AT) {
            printf("fault: %d calls of %s are too many\n", s->calls[i], sweep_names[i]);
            return 1;
        }
    }
    printf("%s: %d calls\n", s->name, total);
    return sweep_judge(&r);
}

static int sweep_scenarios(board *b, int all, int step, unsigned seed, int workers)
{
    int bad = 0;

    for (int i = 0; i < N_SCENARIOS; i++) {
        sweep_scenario *s = &scenarios[i];
        int faults = 0, forks = 0, wrong = measure(s);
        memset(b->faults, 0, sizeof b->faults);
        memset(b->in_forks, 0, sizeof b->in_forks);
        memset(b->bad, 0, sizeof b->bad);
        if (wrong == 0)
            sweep(s, all ? 1 : s->cold ? COLD_STEP * step : step, seed, workers, b);
        for (int w = 0; w < workers; w++) {
            faults += b->faults[w];
            forks += b->in_forks[w];
            wrong += b->bad[w];
        }
        printf("%s: %d faults injected (%d in forks), %d wrong\n", s->name, faults, forks, wrong);
        fflush(stdout);
        bad += wrong > 0;
    }
    return bad;
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/galip-fault.XXXXXX", cache[64];
    unsigned seed = (unsigned)time(NULL);
    int all = 0, step = SAMPLE_STEP, bad;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const int workers = cores < 1 ? 1 : cores > MAX_WORKERS ? MAX_WORKERS : (int)cores;
    board *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    for (int i = 1; i < argc; i++) {
        all |= strcmp(argv[i], "--all") == 0;
        if (i + 1 < argc && strcmp(argv[i], "--seed") == 0)
            seed = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--step") == 0)
            step = atoi(argv[++i]);
    }
    if (b == MAP_FAILED || step < 1 || mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    printf("seed %u, %s, %d workers, %s\n", seed, all ? "all calls" : "a sample", workers, folder);
    sweep_shell("mkdir -p base/cache base/child pocl");
    snprintf(cache, sizeof cache, "%s/base/cache", folder);
    setenv("XDG_CACHE_HOME", cache, 1);
    snprintf(cache, sizeof cache, "%s/pocl", folder);
    setenv("POCL_CACHE_DIR", cache, 1); /* PoCL's own cache stays warm */
    setenv("GALIP_TUNING", "off", 1);   /* not what this machine's user has tuned */
    setenv("POCL_DEVICES", "basic", 1); /* PoCL's device of one thread, in which one may fork */
    if (chdir("base") != 0)
        return 1;
    bad = sweep_scenarios(b, all, step, seed, workers);
    bad += sweep_kill(&scenarios[0], N_KILLS, seed) > 0;
    printf("%d passed, %d failed\n", N_SCENARIOS + 1 - bad, bad);
    if (bad == 0 && chdir("/") == 0)
        sweep_shell("rm -rf %s", folder);
    return bad > 0;
}
