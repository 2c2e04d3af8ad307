/**
 * The fault layer: a library to preload (LD_PRELOAD; Linux with glibc) that stands before OpenCL
 * and the C library, counts the program's calls and makes one of them fail.
 *
 *   FAULT_REPORT  file that it writes when the program ends, one fact a line:
 *                   calls NAME N     calls made of NAME
 *                   live KIND N      references to OpenCL objects not given back, or host blocks
 *                                    ("memory") not freed
 *                   injected PATH    the fault happened; PATH: its file, "-" when it has none
 *   FAULT_CALL    name of the call that fails (calls.def); none: only count
 *   FAULT_AT      which of its calls, from 1
 *   FAULT_CODE    the OpenCL status or errno that it gives
 *   FAULT_FORK    a socket. At each selected call the process forks once for every code of it; in
 *                 the child the call fails, and the child goes on to its end with files stdout and
 *                 stderr of its own. The parent then sends a layer_message, waits for one byte, and
 *                 makes the call as if nothing had been. Only in a process of one thread, and not
 *                 for calls that concern files, nor while a file is being written: parent and child
 *                 would share it. FAULT_STEP, FAULT_OFFSET, FAULT_WORKERS and FAULT_WORKER select.
 *   FAULT_CACHE   XDG_CACHE_HOME of such a child
 *
 * Calls count when the program or a library that works for it alone (LAYER_OURS) makes them; those of
 * the OpenCL loader, its drivers and the C library itself go through untouched.
 */
#ifndef TESTS_FAULT_LAYER_H
#define TESTS_FAULT_LAYER_H

#include <stdbool.h>

enum {
#define FAULT_CL(name, ...) AT_##name,
#define FAULT_HOST(name, ...) AT_##name,
#include "calls.def"
    AT_COUNT_
};

enum {
    LIVE_CONTEXT,
    LIVE_QUEUE,
    LIVE_MEM,
    LIVE_PROGRAM,
    LIVE_KERNEL,
    LIVE_EVENT,
    LIVE_MEMORY,
    LIVE_COUNT_
};

/* A run that compiles every kernel anew, for a device that does not tell its vector width, takes half
 * a minute. */
enum { LAYER_TIMEOUT_S = 180, LAYER_MAX_CODES = 24 };

/** A child has ended: which call of it failed, with the code of that index; as waitpid tells it.
 * written: the parent had written its picture before. */
typedef struct layer_message {
    int call, at, code, status, written;
} layer_message;

/** Which calls a sampled run makes fail, spread over workers. The first one is always among them.
 */
typedef struct layer_choice {
    int step, offset, workers, worker;
} layer_choice;

static inline bool layer_chosen(const layer_choice *c, int call, int at)
{
    return (at == 1 || at % c->step == c->offset) &&
           (call + at / c->step) % c->workers == c->worker;
}

/** Codes of each call, ended by 0. */
extern const int layer_codes[][LAYER_MAX_CODES];

/** Files open for writing; whether the program's own output has its name. */
extern int layer_streams, layer_written;

/** Counts a call; the code it shall fail with, or 0. path: its file, or NULL. */
int layer_hit(int call, const char *path);

/** Whether a return address lies in the program or in a library that works for it alone. */
bool layer_is_ours(const void *address);

/** More or fewer references to a kind of object. */
void layer_live(int kind, int more);

/** The function that this library stands before: layer_find(&pointer, "name"). */
void layer_find(void *function_pointer, const char *name);

#endif
