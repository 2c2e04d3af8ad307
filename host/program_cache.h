/**
 * Compiled programs on disk: $XDG_CACHE_HOME/galip (else ~/.cache/galip), one file a program.
 *
 * A file holds its whole key (device, driver, options, source) and a checksum, so a stale,
 * truncated or foreign file is never used; it is replaced by the next store. Files appear by
 * rename, so any number of processes may share the folder. No cache folder means no cache: that
 * is slower, never an error.
 */
#ifndef GCL_HOST_PROGRAM_CACHE_H
#define GCL_HOST_PROGRAM_CACHE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Looks up a program.
 *
 * @param key     everything that the binary depends on
 * @return        the binary, *bytes long, owned (free); NULL when there is none that fits
 */
void *gcl_program_cache_load(const char *program, const void *key, size_t key_bytes, size_t *bytes);

/** Stores a program; failures are told to gcl_verbose only. */
void gcl_program_cache_store(const char *program, const void *key, size_t key_bytes,
                             const void *binary, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
