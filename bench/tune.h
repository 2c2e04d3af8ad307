/**
 * `galip tune`: measures how the nodes of a model run best on a device, class by class, and keeps the
 * choices (host/tuning.h).
 *
 * A candidate is a variant with values of its tunables. It is timed only after its result, at the
 * class's own shape with canaries around all memory, agreed with the float64 reference of the op's
 * suite; on a CPU a class that depends on the batch also needs the bits of the table's choice, so that a
 * picture is the same in any batch. It is chosen when it is clearly faster than the table's choice in
 * paired runs, and else the table's choice stays.
 */
#ifndef BENCH_TUNE_H
#define BENCH_TUNE_H

#include <signal.h>

#include "host/tuning.h"
#include "model/parts.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Takes the place of clock and device, for tests of the search. */
typedef struct bench_tune_timer {
    void *user;
    double (*clock)(void *user); /* seconds */
    /* Seconds of one run of op with a choice, as gcl_tuning_text writes it. */
    double (*sample)(void *user, const char *op, const char *choice);
} bench_tune_timer;

typedef enum bench_tune_outcome {
    BENCH_TUNE_NOT_REACHED, /* the budget or the user ended the run before */
    BENCH_TUNE_KNOWN,       /* the device's own row was there */
    BENCH_TUNE_VERIFIED,    /* a row of another driver or of other kernels passed again */
    BENCH_TUNE_TABLE,       /* nothing was clearly faster than the table's choice */
    BENCH_TUNE_FASTER,
    BENCH_TUNE_FAILED, /* the table's own choice fails: note tells how */
    BENCH_TUNE_OUTCOMES
} bench_tune_outcome;

/** Static string. */
const char *bench_tune_outcome_name(bench_tune_outcome outcome);

typedef struct bench_tune_class {
    gcl_tuning_class what;
    const gcl_graph *graph; /* borrowed from the list, like node: the first of the class */
    const gcl_node *node;
    size_t nodes;      /* in all parts and batches */
    double share;      /* estimated, of the time of all classes */
    size_t candidates; /* that variants accept and allow */
    bench_tune_outcome outcome;
    gcl_tuning_row row; /* unless not reached or failed */
    size_t tried;       /* candidates that were planned */
    size_t wrong,
        refused;    /* of them: with a wrong result or other bits; that did not build or run */
    bool sampled;   /* only some elements were compared with the reference, for its time; all of
                              them with the table's result */
    char note[256]; /* the first wrong or refused candidate, or what failed */
} bench_tune_class;

typedef struct bench_tune_options {
    unsigned parts;        /* bit 1 << gcl_part; 0: all that the model has */
    const size_t *batches; /* [n_batches], borrowed; NULL: 1 */
    size_t n_batches;
    size_t tokens;  /* of the part text; 0: context_length */
    const char *op; /* NULL: all that have classes */
    double budget_s;
    bool exhaustive; /* all variants, all values of those with hope, whatever the budget */
    bool again;      /* search also where the device's own row is there */
    uint64_t seed;   /* of operands and search */
    gcl_plan_options plan;
    const char *path;                  /* the tuning file; its log is PATH.log. NULL: neither */
    const char *date, *by;             /* of new rows */
    const bench_tune_timer *timer;     /* NULL: the device */
    const volatile sig_atomic_t *stop; /* set to end early, between two candidates; NULL: never */
    /* Before each class, and once at the end with done = total and class NULL. NULL: none */
    void (*progress)(void *user, const bench_tune_class *c, size_t done, size_t total);
    void (*warn)(void *user, const char *message); /* NULL: none */
    void *user;
} bench_tune_options;

typedef struct bench_tune_list {
    bench_tune_class *classes; /* those that take longest first; owned, like the graphs */
    size_t n, room;
    gcl_graph **graphs;
    size_t n_graphs;
} bench_tune_list;

/**
 * The classes of a model's parts, as they would be planned. Compiles nothing.
 *
 * @param out  zero-initialised; bench_tune_free whatever the result
 */
gcl_status bench_tune_collect(bench_tune_list *out, const gcl_config *config,
                              const gcl_device_info *device, const bench_tune_options *opt,
                              gcl_error *err);
void bench_tune_free(bench_tune_list *list);

/**
 * Tunes the classes of a list, and fills them in. New rows are put into rows and, with a path, into the
 * file, also when the run is ended early. What was measured is appended to the log as it comes: after a
 * run that was killed, the same call goes on where that stopped and ends with the same rows.
 * A second run on the same file waits for the first.
 *
 * @param rows  read from the same file, and read again when the lock is there
 */
gcl_status bench_tune_run(bench_tune_list *list, gcl_context *ctx, gcl_tunings *rows,
                          const bench_tune_options *opt, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
