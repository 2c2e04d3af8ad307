/**
 * The fault sweep: runs of the program in which one call fails, and what each must look like.
 *
 * Paths are relative to a worker's folder, which is its current one.
 */
#ifndef TESTS_FAULT_SWEEP_H
#define TESTS_FAULT_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "image/image.h"
#include "layer.h"

enum { SWEEP_MAX_ARGS = 12, SWEEP_MAX_AT = 16384 };

typedef struct sweep_scenario {
    const char *name;
    const char *args[SWEEP_MAX_ARGS]; /* NULL at the end */
    bool cold;                        /* its kernel cache is empty at each start */
    int calls[AT_COUNT_];             /* what an undisturbed run makes */
    char *printed;                    /* and prints; owned */
    gcl_image picture;                /* and draws into out.png, if it draws */
} sweep_scenario;

/** One ended run. at 0: nothing was to fail. status: as waitpid tells it. */
typedef struct sweep_run {
    const sweep_scenario *scenario;
    layer_message fault;
} sweep_run;

extern const char *const sweep_names[AT_COUNT_];

/** Starts the program in the current folder, with or without a fault, and waits for its end. */
int sweep_start(const sweep_scenario *s, const layer_message *fault);

/** One process that forks at every chosen call; each is judged and marked in done. Returns how many
 * were not as they must be. */
int sweep_forks(const sweep_scenario *s, const layer_choice *choice, uint32_t (*done)[SWEEP_MAX_AT],
                int *total);

/** Judges what a run left in the current folder, tells on standard output what is wrong, and
 * removes what it left. Returns 1 when something was. */
int sweep_judge(const sweep_run *run);

/** Reads out.png, the printed text and the call counts of an undisturbed run. */
void sweep_remember(sweep_scenario *s);

/** Kills n runs at random moments; returns how many left something wrong. */
int sweep_kill(sweep_scenario *s, int n, unsigned seed);

/** Runs a line of shell, formatted; ends the program when it fails. */
void sweep_shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** File as a string ("" when absent); owned (free). */
char *sweep_read(const char *path);

#endif
