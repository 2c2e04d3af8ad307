/**
 * Whole-file reading, read-only mapping, and writing that leaves a whole file or none.
 */
#ifndef GCL_BASE_FILE_H
#define GCL_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A file mapped read-only. data is NULL when the file is empty. */
typedef struct gcl_map {
    const uint8_t *data; /* owned by the map */
    size_t bytes;
} gcl_map;

/** Maps a regular file; a directory, a missing or an unreadable file is GCL_E_FILE. */
gcl_status gcl_map_open(gcl_map *out, const char *path, gcl_error *err);

/** Legal on a zeroed map. */
void gcl_map_close(gcl_map *map);

/** Gives back the memory of a part of a map that was read. Reading it again reads the file again. */
void gcl_map_drop(const void *data, size_t bytes);

/**
 * Reads a whole file of at most limit_bytes (longer: GCL_E_FORMAT) and appends a NUL that is
 * not counted. *out is owned by the caller (free).
 */
gcl_status gcl_file_read(char **out, size_t *out_bytes, const char *path, size_t limit_bytes,
                         gcl_error *err);

/** A file being written beside its final place. Zero-initialise before the first use. */
typedef struct gcl_writer {
    FILE *file;      /* write here; owned by the writer */
    char *path;      /* final place; owned */
    char *temp_path; /* PATH.tmp.PID.N in the same folder; owned */
} gcl_writer;

/** Opens a new temporary file beside path. */
gcl_status gcl_writer_open(gcl_writer *w, const char *path, gcl_error *err);

/**
 * Flushes, checks, and renames the file to its final place; after a failure the temporary file is
 * gone and a file that stood at path before is untouched. The writer is empty afterwards.
 */
gcl_status gcl_writer_commit(gcl_writer *w, gcl_error *err);

/** Gives up: removes the temporary file. Legal on an empty writer, so it can stand at `done:`. */
void gcl_writer_abort(gcl_writer *w);

/** Removes the temporary files of all open writers. For a signal handler that ends the process: calls
 *  nothing that is not async-signal-safe. */
void gcl_writers_discard(void);

/** gcl_writer_open, one write, gcl_writer_commit. */
gcl_status gcl_file_write(const char *path, const void *data, size_t bytes, gcl_error *err);

/** Creates a directory and its missing parents; one that exists is fine. */
gcl_status gcl_make_dirs(const char *path, gcl_error *err);

#ifdef __cplusplus
}
#endif
#endif
