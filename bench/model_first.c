/* model_first.c - first runs in processes of their own. */
#include "bench/model_first.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/model_subject.h"

enum { FIRST_CONTEXT, FIRST_PLAN, FIRST_WRITE, FIRST_RUN, FIRST_READ, MAX_ARGS = 128 };

extern char **environ;

/* Folders in which compiled kernels are kept: ours, PoCL, Mesa, CUDA, Intel, AMD. */
static const char *const cache_variables[] = {"XDG_CACHE_HOME",        "POCL_CACHE_DIR",
                                              "MESA_SHADER_CACHE_DIR", "CUDA_CACHE_PATH",
                                              "NEO_CACHE_DIR",         "AMD_COMGR_CACHE_DIR"};

enum { N_CACHES = sizeof cache_variables / sizeof cache_variables[0] };

const char *bench_first_part_name(int i)
{
    static const char *const names[] = {"context", "plan", "write inputs", "run", "read outputs"};

    return names[i];
}

/* ---- the child ---- */

static gcl_status parse_which(int *part, size_t *batch, const char *which, gcl_error *err)
{
    char name[32];
    const char *slash = strchr(which, '/');
    char *end = NULL;

    if (slash == NULL || (size_t)(slash - which) >= sizeof name)
        return GCL_FAIL(err, GCL_E_ARG, "first run \"%s\": needs PART/BATCH", which);
    memcpy(name, which, (size_t)(slash - which));
    name[slash - which] = '\0';
    errno = 0;
    *batch = strtoul(slash + 1, &end, 10);
    if (errno != 0 || end == slash + 1 || *end != '\0' || *batch == 0)
        return GCL_FAIL(err, GCL_E_ARG, "first run \"%s\": batch needs a number >= 1", which);
    return bench_part_find(part, name, err);
}

static gcl_status report(FILE *out, double total, const double *parts, gcl_error *err)
{
    json_t *list = json_array(), *o;
    int bad;

    for (int i = 0; i < BENCH_FIRST_PARTS; i++)
        json_array_append_new(list, json_real(parts[i]));
    o = json_pack("{s:f, s:o}", "total_s", total, "parts_s", list);
    bad = o == NULL || json_dumpf(o, out, 0) != 0 || fputc('\n', out) == EOF || fflush(out) != 0;
    json_decref(o);
    return bad ? GCL_FAIL(err, GCL_E_FILE, "first run: cannot write its times") : GCL_OK;
}

gcl_status bench_model_first_run(FILE *out, const gcl_device_info *device,
                                 gcl_checkpoint *checkpoint, const char *which,
                                 const bench_model_options *opt, gcl_error *err)
{
    gcl_status st = GCL_OK;
    gcl_context *ctx = NULL;
    gcl_model *model = NULL;
    bench_subject *subject = NULL;
    bench_times times;
    double parts[BENCH_FIRST_PARTS] = {0}, start, at, total;
    int part = 0;
    size_t batch = 0;

    GCL_TRY(parse_which(&part, &batch, which, err));
    start = bench_clock();
    GCL_TRY(gcl_context_create(&ctx, device, err));
    at = bench_clock();
    parts[FIRST_CONTEXT] = at - start;
    GCL_TRY(gcl_model_create(&model, ctx, checkpoint, &opt->plan, err));
    GCL_TRY(bench_subject_create(&subject, model, checkpoint, part, batch, opt, err));
    parts[FIRST_PLAN] = bench_clock() - at;
    GCL_TRY(bench_subject_run(subject, &times, err));
    total = bench_clock() - start;
    parts[FIRST_WRITE] = times.laps[BENCH_LAP_WRITE] + times.laps[BENCH_LAP_TOKENIZE];
    parts[FIRST_RUN] = times.laps[BENCH_LAP_RUN];
    parts[FIRST_READ] = times.laps[BENCH_LAP_READ] + times.laps[BENCH_LAP_PNG];
    GCL_TRY(report(out, total, parts, err));
done:
    bench_subject_destroy(subject);
    gcl_model_destroy(model);
    gcl_context_destroy(ctx);
    return st;
}

/* ---- the parent ---- */

/* Runs argv; what it writes to standard output goes to *out, up to room - 1 bytes. */
static gcl_status run_process(char *const *argv, char *out, size_t room, gcl_error *err)
{
    gcl_status st = GCL_OK;
    posix_spawn_file_actions_t actions;
    int ends[2], code, state = 0;
    size_t n = 0;
    ssize_t got;
    pid_t pid;

    if (pipe(ends) != 0)
        return GCL_FAIL(err, GCL_E_FILE, "pipe: %s", strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    code = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (code != 0) {
        close(ends[0]);
        return GCL_FAIL(err, GCL_E_FILE, "cannot run %s: %s", argv[0], strerror(code));
    }
    while ((got = read(ends[0], out + n, room - 1 - n)) > 0 || (got < 0 && errno == EINTR))
        n += got > 0 ? (size_t)got : 0;
    out[n] = '\0';
    close(ends[0]);
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0)
        st = GCL_FAIL(err, GCL_E_FILE, "%s ended with %s %d", argv[0],
                      WIFEXITED(state) ? "status" : "signal",
                      WIFEXITED(state) ? WEXITSTATUS(state) : WTERMSIG(state));
    return st;
}

static gcl_status parse_report(bench_first *f, const char *text, const char *which, gcl_error *err)
{
    gcl_status st = GCL_OK;
    json_error_t why;
    json_t *o = json_loads(text, 0, &why);
    const json_t *parts = json_object_get(o, "parts_s");

    if (!json_is_real(json_object_get(o, "total_s")) ||
        json_array_size(parts) != BENCH_FIRST_PARTS) {
        st = GCL_FAIL(err, GCL_E_FORMAT, "first run of %s: its process wrote \"%.80s\", not times",
                      which, text);
        goto done;
    }
    f->samples_s[f->n++] = json_real_value(json_object_get(o, "total_s"));
    for (size_t i = 0; i < BENCH_FIRST_PARTS; i++)
        f->parts_s[i] = json_real_value(json_array_get(parts, i));
done:
    json_decref(o);
    return st;
}

/* One process: `env` sets the cache folders, then the program with `which` behind its arguments. */
static gcl_status measure_one(bench_first *f, const char *folder, char *which,
                              const bench_model_options *opt, gcl_error *err)
{
    char settings[N_CACHES][BENCH_FOLDER_ROOM + 32], env[] = "env", out[4096];
    char *argv[MAX_ARGS + N_CACHES + 3];
    gcl_status st;
    size_t n = 0;

    argv[n++] = env;
    for (int i = 0; i < N_CACHES; i++) {
        snprintf(settings[i], sizeof settings[i], "%s=%s", cache_variables[i], folder);
        argv[n++] = settings[i];
    }
    for (size_t i = 0; opt->first_run[i] != NULL; i++) {
        if (i == MAX_ARGS)
            return GCL_FAIL(err, GCL_E_ARG, "first run: more than %d arguments", MAX_ARGS);
        argv[n++] = opt->first_run[i];
    }
    argv[n++] = which;
    argv[n] = NULL;
    st = run_process(argv, out, sizeof out, err);
    return st == GCL_OK ? parse_report(f, out, which, err) : st;
}

gcl_status bench_first_measure(bench_first *cold, bench_first *warm, size_t n_warm, int part,
                               size_t batch, const bench_model_options *opt, gcl_error *err)
{
    gcl_status st = GCL_OK;
    char folder[BENCH_FOLDER_ROOM], which[64], none[256];
    char rm[] = "rm", flags[] = "-rf";
    char *const remove_folder[] = {rm, flags, folder, NULL};

    memset(cold, 0, sizeof *cold);
    memset(warm, 0, sizeof *warm);
    snprintf(which, sizeof which, "%s/%zu", bench_part_name(part), batch);
    st = bench_temp_folder(folder, err);
    if (st != GCL_OK)
        return st;
    GCL_TRY(measure_one(cold, folder, which, opt, err));
    for (size_t i = 0; i < n_warm; i++)
        GCL_TRY(measure_one(warm, folder, which, opt, err));
done:
    run_process(remove_folder, none, sizeof none, NULL);
    return st;
}
