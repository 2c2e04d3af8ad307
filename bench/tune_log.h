/*
 * tune_log.h - what a run of the tuner has measured, appended to a file line by line as it comes, so
 * that a run that was killed goes on where it stopped.
 */
#ifndef BENCH_TUNE_LOG_H
#define BENCH_TUNE_LOG_H

#include <jansson.h>

#include "bench/tune_measure.h"

typedef struct tune_log {
    FILE *file;      /* NULL: nothing is kept */
    json_t *entries; /* key -> entry, of the run before */
    bool resumed;    /* there was one like this, which had not finished */
} tune_log;

/**
 * Opens the log and locks it until it is closed; waits while another process has it.
 *
 * @param path  NULL: there is no log
 * @param run   what the run depends on: entries of a run that differs are dropped
 * @param wait  called once when the log is locked by another process; NULL: nobody is told
 */
gcl_status tune_log_open(tune_log *log, const char *path, const json_t *run,
                         void (*wait)(void *user, const char *message), void *user, gcl_error *err);
/* Legal on a zeroed one. */
void tune_log_close(tune_log *log);

/* What was measured before under a key, and the seconds it took; false: nothing. */
bool tune_log_find(const tune_log *log, const char *key, tune_result *out, double *seconds);

gcl_status tune_log_append(tune_log *log, const char *key, const tune_result *result,
                           double seconds, gcl_error *err);

/* The run is finished: forgets everything. */
gcl_status tune_log_finish(tune_log *log, gcl_error *err);

#endif
