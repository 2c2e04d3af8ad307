/**
 * What the fuzz targets share. A target, fuzz_NAME.c, gives bytes to one reader (or writer) and checks
 * what must hold for any bytes. libFuzzer makes the bytes up (GALIP_FUZZ); replay.c gives it those that
 * were kept in corpus/NAME.
 */
#ifndef GCL_TESTS_FUZZ_FUZZ_H
#define GCL_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/** The target; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/** FOLDER/NAME in a folder that goes with the process; lasts until the next call. */
const char *fuzz_path(const char *name);

/** Writes a file there, for readers that take no memory, and returns its path. */
const char *fuzz_file(const char *name, const void *data, size_t bytes);

/** Ends the process unless the condition holds. */
#define FUZZ_CHECK(condition) fuzz_check((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

void fuzz_check(int holds, const char *condition, const char *file, int line);

#endif
