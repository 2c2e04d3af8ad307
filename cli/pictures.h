/**
 * Drawing a run of pictures and writing them as PNG files: what `generate` and `interpolate` share.
 */
#ifndef GCL_CLI_PICTURES_H
#define GCL_CLI_PICTURES_H

#include "cli/session.h"

enum { CLI_MAX_PICTURES = 1000000, CLI_MAX_BATCH = 4096, CLI_GRID_GAP = 2 /* pixels */ };

/** An output path, which may hold one %d or %0Nd for the picture's index; %% is a percent sign. */
typedef struct cli_pattern {
    const char *text; /* borrowed */
    bool numbered;
} cli_pattern;

/** CLI_E_USAGE for any other conversion. */
gcl_status cli_pattern_parse(cli_pattern *out, const char *text, gcl_error *err);

/** The path of picture index. @param path  owned by the caller (free) */
gcl_status cli_pattern_path(const cli_pattern *p, size_t index, char **path, gcl_error *err);

typedef struct cli_pictures {
    size_t n, batch;
    cli_pattern output;
    size_t columns;       /* of the grid; 0: a file for each picture */
    char *const *prompts; /* [n_prompts], for n / n_prompts pictures each; borrowed */
    size_t n_prompts;
    uint64_t seed;
    const char *noise_file; /* where the noise came from when not from the seed; else NULL */
    const char *prompt2;    /* interpolate: the end of the row; else NULL */
    uint64_t seed2;
    float *noise;     /* [n, nz]; owned */
    float *sentences; /* [n, cond_dim]; owned */
} cli_pictures;

void cli_pictures_free(cli_pictures *p);

/**
 * To be called before the work: allocates noise and sentences, checks that the weights have a
 * generator, that the grid is not too large and that every file can be written.
 */
gcl_status cli_pictures_prepare(cli_pictures *p, const cli_session *s, gcl_error *err);

/** Draws, writes and reports the pictures. */
gcl_status cli_pictures_draw(const cli_pictures *p, cli_session *s, bool json, gcl_error *err);

/** A random number below 2^32: short enough to be typed again. */
gcl_status cli_random_seed(uint64_t *seed, gcl_error *err);

#endif
